"""A mempool is computed from what arrived and from the head: nothing is stored, so nothing can be forgotten.

``expect`` is the same definition written the slow and plain way; the last test holds the two together.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.crypto.signatures import get_public_key
from chain.errors import InvalidTransaction
from chain.ledger.actions import Transfer
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.node.mempool import check_admissible, check_replacement, compute_mempool
from chain.units import COIN, Address
from chain.wallet.address import compute_address

PARAMETERS = LedgerParameters(max_transactions=6, expiry_us=1_000, initial_base_fee_per_gas=1_000)
BASE_FEE = 875  # of the first block after an empty genesis block
SOMEBODY = Address(b"s" * 20)


class Person:
    def __init__(self, number: int) -> None:
        self.seed = number.to_bytes(32)
        self.public_key = get_public_key(self.seed)
        self.address = compute_address(self.public_key)

    def pay(self, nonce: int = 0, tip: int = 100, cap: int = 2_000, amount: int = COIN, **other: Any):
        fields = {"chain_id": 1, "gas_limit": 21_000} | other
        action = Transfer(SOMEBODY, amount)
        transaction = Transaction(
            authority=self.public_key,
            nonce=nonce,
            max_fee_per_gas=cap,
            max_tip_per_gas=tip,
            action=action,
            **fields,
        )
        return sign_transaction(transaction, self.seed)


ANNA, BEN, CARL = PEOPLE = [Person(number) for number in (1, 2, 3)]


@pytest.fixture
def ledger():
    return open_ledger()


def open_ledger(parameters=PARAMETERS):
    return Ledger(parameters, {person.address: 100 * COIN for person in PEOPLE})


def compute(ledger, *arrived, head=None, now_us=100):
    """Compute the mempool of a node that heard these, one a microsecond."""
    entries = [(place, signed) for place, signed in enumerate(arrived, start=1)]
    return compute_mempool(entries, ledger, head or ledger.genesis.hash, now_us)


def reasons(hindrances):
    return [(hindrance.signed, hindrance.rule) for hindrance in hindrances]


# Pending and queued ---------------------------------------------------------------------------------------------------


def test_pending_is_ordered_by_tip_then_by_arrival(ledger):
    low, high, also_low = ANNA.pay(tip=5), BEN.pay(tip=9), CARL.pay(tip=5)
    assert compute(ledger, low, high, also_low).pending == (high, low, also_low)
    assert compute(ledger, also_low, low, high).pending == (high, also_low, low)


def test_the_fee_cap_limits_the_tip_that_counts(ledger):
    capped, plain = ANNA.pay(tip=500, cap=BASE_FEE + 5), BEN.pay(tip=6)
    assert compute(ledger, capped, plain).pending == (plain, capped)


def test_a_later_nonce_never_ranks_above_an_earlier_one(ledger):
    first, second, other = ANNA.pay(0, tip=5), ANNA.pay(1, tip=90), BEN.pay(tip=50)
    assert compute(ledger, second, other, first).pending == (other, first, second)


def test_a_gap_queues_what_comes_after_it(ledger):
    first, third, fourth = ANNA.pay(0), ANNA.pay(2), ANNA.pay(3)
    view = compute(ledger, fourth, third, first)
    assert view.pending == (first,)
    assert {(h.signed, h.message) for h in view.queued} == {
        (third, "nonce 2 waits for nonce 1"),
        (fourth, "nonce 3 waits for nonce 1"),
    }
    assert compute(ledger, fourth, third, first, ANNA.pay(1)).queued == ()


def test_what_the_balance_does_not_cover_waits(ledger):
    first, second, third = (ANNA.pay(nonce, amount=40 * COIN) for nonce in range(3))
    view = compute(ledger, first, second, third)
    assert view.pending == (first, second)
    assert reasons(view.queued) == [(third, "ledger/balance")]
    assert "has 19.916, needs 40.042" in view.queued[0].message
    assert "earlier ones may take 80.084" in view.queued[0].message


def test_a_fee_cap_below_the_base_fee_waits_with_what_follows(ledger):
    first, second = ANNA.pay(0, cap=BASE_FEE - 1), ANNA.pay(1)
    view = compute(ledger, first, second)
    assert view.pending == ()
    assert set(reasons(view.queued)) == {(first, "ledger/fee-cap"), (second, "ledger/nonce")}


# Replacement ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cap", "tip", "replaces"),
    [(2_200, 110, True), (2_199, 110, False), (2_200, 109, False), (4_000, 100, False), (2_000, 200, False)],
)
def test_a_replacement_must_raise_both_fees_by_a_tenth(ledger, cap, tip, replaces):
    old, new = ANNA.pay(cap=2_000, tip=100), ANNA.pay(cap=cap, tip=tip)
    view = compute(ledger, old, new)
    assert view.pending == ((new,) if replaces else (old,))
    assert reasons(view.refused) == [(old if replaces else new, "mempool/replacement")]


def test_the_refusal_tells_what_would_do():
    message = "fee cap 2100 and tip 0 units per gas; .* nonce 0 they must be at least 2200 and 1; rule: mempool/replac"
    with pytest.raises(InvalidTransaction, match=message):
        check_replacement(ANNA.pay(cap=2_100, tip=0), ANNA.pay(cap=2_000, tip=0), PARAMETERS)


def test_the_same_transaction_twice_is_one(ledger):
    signed = ANNA.pay()
    view = compute(ledger, signed, signed)
    assert (view.pending, view.queued, view.refused) == ((signed,), (), ())


# Time, room and the chain ---------------------------------------------------------------------------------------------


def test_a_transaction_is_there_from_arrival_to_expiry(ledger):
    signed = ANNA.pay()
    for now_us, expected in [(49, ()), (50, (signed,)), (1_049, (signed,)), (1_050, ())]:
        view = compute_mempool([(50, signed)], ledger, ledger.genesis.hash, now_us)
        assert view.pending == expected, now_us


def test_what_has_expired_does_not_hold_its_nonce(ledger):
    old, new = ANNA.pay(cap=2_000), ANNA.pay(cap=1_900)
    entries = [(0, old), (500, new)]
    assert compute_mempool(entries, ledger, ledger.genesis.hash, 999).pending == (old,)
    assert compute_mempool(entries, ledger, ledger.genesis.hash, 1_000).pending == (new,)


def test_when_it_is_full_the_lowest_tips_find_no_room(ledger):
    good = [ANNA.pay(nonce, tip=50) for nonce in range(4)] + [BEN.pay(0, tip=40)]
    bad, last, queued = BEN.pay(1, tip=90 - 60), CARL.pay(0, tip=10), CARL.pay(9, tip=500)
    view = compute(ledger, queued, last, bad, *good)
    assert view.pending == (*good, bad)
    assert view.queued == ()
    assert [(h.signed, h.message) for h in view.refused] == [
        (queued, "the mempool is full with 6 transactions; an effective tip of 500 is not enough"),
        (last, "the mempool is full with 6 transactions; an effective tip of 10 is not enough"),
    ]


def test_a_block_takes_its_transactions_out_and_a_reorg_puts_them_back(ledger):
    genesis, arrived = ledger.genesis.hash, [ANNA.pay(0), ANNA.pay(1), BEN.pay(0)]
    block = ledger.build_block(genesis, SOMEBODY, 1, [arrived[0], arrived[2]], b"")
    rival = ledger.build_block(genesis, SOMEBODY, 2, [], b"")
    ledger.add(block)
    ledger.add(rival)
    assert compute(ledger, *arrived, head=block.hash).pending == (arrived[1],)
    assert compute(ledger, *arrived, head=rival.hash).pending == tuple(arrived)
    # The replaced one is in the chain: neither it nor its replacement is of any interest.
    view = compute(ledger, arrived[0], ANNA.pay(0, tip=900, cap=9_000), head=block.hash)
    assert (view.pending, view.queued, view.refused) == ((), (), ())


def test_a_proposer_can_include_everything_pending(ledger):
    arrived = [ANNA.pay(0, tip=1), ANNA.pay(1, tip=900), BEN.pay(0), BEN.pay(2), CARL.pay(0, cap=800)]
    pending = compute(ledger, *arrived).pending
    block = ledger.build_block(ledger.genesis.hash, SOMEBODY, 1, pending, b"")
    assert set(block.transactions) == set(pending) == {*arrived[:3]}


# Admission ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "signed"),
    [
        ("ledger/chain-id", ANNA.pay(chain_id=3)),
        ("ledger/signature", SignedTransaction(ANNA.pay().transaction, BEN.pay().signature)),
        ("ledger/fee-cap", ANNA.pay(cap=BASE_FEE - 1)),
        ("ledger/balance", ANNA.pay(amount=100 * COIN)),
        ("ledger/gas-limit", ANNA.pay(gas_limit=20_999)),
    ],
)
def test_what_a_node_does_not_let_in(ledger, rule, signed):
    with pytest.raises(InvalidTransaction) as refused:
        check_admissible(signed, ledger.state(ledger.genesis.hash), BASE_FEE, PARAMETERS)
    assert refused.value.rule == rule


def test_a_used_nonce_is_not_let_in_and_a_later_one_is(ledger):
    block = ledger.build_block(ledger.genesis.hash, SOMEBODY, 1, [ANNA.pay(0)], b"")
    ledger.add(block)
    state, base_fee = ledger.state(block.hash), ledger.next_base_fee(block.hash)
    check_admissible(ANNA.pay(1), state, base_fee, PARAMETERS)
    check_admissible(ANNA.pay(7), state, base_fee, PARAMETERS)
    with pytest.raises(InvalidTransaction, match="nonce 0 is already used; the account's next nonce is 1"):
        check_admissible(ANNA.pay(0, tip=1), state, base_fee, PARAMETERS)


# The laws -------------------------------------------------------------------------------------------------------------

arrivals = st.tuples(
    st.integers(0, 400),  # microseconds after the one before
    st.sampled_from(PEOPLE),
    st.integers(0, 4),  # nonce
    st.sampled_from([0, 10, 11, 12, 100, 110]),  # tip
    st.sampled_from([BASE_FEE - 1, BASE_FEE + 11, 1_000, 1_100, 2_000]),  # fee cap
    st.sampled_from([1, 45 * COIN]),
)


def expect(entries, ledger, head, now_us):
    """The definition, plainly: sets of ids (pending in order, queued, refused)."""
    state, base_fee = ledger.state(head), ledger.next_base_fee(head)
    live = [
        (place, signed)
        for place, (arrival_us, signed) in enumerate(entries)
        if arrival_us <= now_us < arrival_us + PARAMETERS.expiry_us
        and signed.transaction.nonce >= state.get_account(signed.sender).nonce
    ]
    kept, refused = [], []
    for place, signed in live:
        rivals = [k for k in kept if (k[1].sender, k[1].transaction.nonce) == (signed.sender, signed.transaction.nonce)]
        if not rivals:
            kept.append((place, signed))
        elif rivals[0][1] != signed:
            old, new = rivals[0][1].transaction, signed.transaction
            enough = all(
                10 * after >= 11 * before and after > before
                for before, after in [
                    (old.max_fee_per_gas, new.max_fee_per_gas),
                    (old.max_tip_per_gas, new.max_tip_per_gas),
                ]
            )
            refused.append(rivals[0][1] if enough else signed)
            if enough:
                kept[kept.index(rivals[0])] = (place, signed)

    def tip(signed):
        return min(signed.transaction.max_tip_per_gas, signed.transaction.max_fee_per_gas - base_fee)

    def get_chain(signed):
        """The transactions of the sender from its next nonce to this one, or None when one is missing or too dear."""
        account = state.get_account(signed.sender)
        own = {k[1].transaction.nonce: k for k in kept if k[1].sender == signed.sender}
        chain = [own.get(nonce) for nonce in range(account.nonce, signed.transaction.nonce + 1)]
        if None in chain or any(tip(s) < 0 for _, s in chain):
            return None
        return chain if sum(s.transaction.compute_max_cost() for _, s in chain) <= account.balance else None

    ready = [(get_chain(signed), signed) for _, signed in kept]
    pending = sorted(
        (-min(tip(s) for _, s in chain), max(p for p, _ in chain), len(chain), signed.id)
        for chain, signed in ready
        if chain
    )
    waiting = sorted((-tip(signed), place, signed.id) for place, signed in kept if not get_chain(signed))
    ids, waiting_ids = [p[-1] for p in pending], [w[-1] for w in waiting]
    room, room_waiting = PARAMETERS.max_transactions, max(PARAMETERS.max_transactions - len(ids), 0)
    crowded = waiting_ids[room_waiting:] + ids[room:]
    return ids[:room], waiting_ids[:room_waiting], sorted([s.id for s in refused] + crowded)


@settings(deadline=None, max_examples=150)
@given(st.lists(arrivals, max_size=14), st.integers(0, 3), st.integers(0, 3_000))
def test_it_is_what_the_definition_says(plan, included, later_us):
    ledger, entries, now_us = open_ledger(), [], 0
    for wait_us, person, nonce, tip, cap, amount in plan:
        now_us += wait_us
        entries.append((now_us, person.pay(nonce, min(tip, cap), cap, amount)))
    block = ledger.build_block(ledger.genesis.hash, SOMEBODY, 1, [signed for _, signed in entries[:included]], b"")
    ledger.add(block)
    now_us = max(now_us + later_us - 1_500, 0)
    view = compute_mempool(entries, ledger, block.hash, now_us)
    found = (
        [signed.id for signed in view.pending],
        [hindrance.signed.id for hindrance in view.queued],
        sorted(hindrance.signed.id for hindrance in view.refused),
    )
    assert found == expect(entries, ledger, block.hash, now_us)
    # What has expired or not yet arrived makes no difference.
    heard = [entry for entry in entries if now_us - PARAMETERS.expiry_us < entry[0] <= now_us]
    assert compute_mempool(heard, ledger, block.hash, now_us) == view
    # Everything pending can be in the next block.
    built = ledger.build_block(block.hash, SOMEBODY, 2, view.pending, b"")
    assert set(built.transactions) == set(view.pending)

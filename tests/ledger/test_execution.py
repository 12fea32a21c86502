"""What a transaction and a block do, what a proposer chooses, and that what is invalid leaves no trace."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.errors import InvalidBlock, InvalidTransaction
from chain.ledger import execution as execution_module
from chain.ledger.block import (
    Block,
    compute_transactions_root,
    decode_block,
    encode_block,
    set_nonce,
)
from chain.ledger.context import BlockContext, Reward
from chain.ledger.execution import (
    apply_transaction,
    build_body,
    execute,
    execute_block,
)
from chain.ledger.ledger import CHECKPOINT_INTERVAL_BLOCKS, RECENT_STATES, Ledger
from chain.ledger.parameters import LedgerParameters
from chain.ledger.state import Account, State
from chain.ledger.transaction import SignedTransaction, decode_transaction, encode_transaction
from chain.units import COIN

PARAMETERS = LedgerParameters(gas_limit=210_000)


def get_context(people, base_fee=1_000):
    return BlockContext(1, 1, people[3].address, base_fee, PARAMETERS)


def fund(people, *balances):
    """Return a state in which the first people own so much."""
    return State().put_accounts({p.address: Account(0, b) for p, b in zip(people, balances, strict=False)})


def open_ledger(people):
    return Ledger(PARAMETERS, {person.address: 100 * COIN for person in people[:3]})


# One transaction ------------------------------------------------------------------------------------------------------


def test_a_payment_moves_money_burns_the_base_fee_and_tips_the_proposer(people):
    anna, ben, _, dora = people
    state = fund(people, 10 * COIN)
    signed = anna.pay(ben.address, amount=3 * COIN, max_fee_per_gas=2_000, max_tip_per_gas=100, memo="hi")
    after, receipt = apply_transaction(state, signed, get_context(people))
    assert (receipt.transaction, receipt.is_success, receipt.gas_used) == (signed.id, True, 21_032)
    assert (receipt.burned, receipt.tip) == (21_032 * 1_000, 21_032 * 100)
    assert after.get_account(anna.address) == Account(1, 7 * COIN - 21_032 * 1_100)
    assert after.get_account(ben.address) == Account(0, 3 * COIN)
    assert after.get_account(dora.address) == Account(0, 21_032 * 100)
    assert state.get_account(anna.address) == Account(0, 10 * COIN)


def test_the_fee_cap_limits_the_tip(people):
    anna, ben, *_ = people
    signed = anna.pay(ben.address, max_fee_per_gas=1_030, max_tip_per_gas=100)
    _, receipt = apply_transaction(fund(people, 10 * COIN), signed, get_context(people))
    assert receipt.tip_per_gas == 30


def test_paying_oneself_and_the_proposer(people):
    anna, _, _, dora = people
    after, receipt = apply_transaction(fund(people, 10 * COIN), anna.pay(anna.address), get_context(people))
    assert after.get_account(anna.address) == Account(1, 10 * COIN - receipt.fee)
    after, receipt = apply_transaction(fund(people, 10 * COIN), anna.pay(dora.address), get_context(people))
    assert after.get_account(dora.address).balance == COIN + receipt.tip
    after, receipt = apply_transaction(
        State().put_accounts({dora.address: Account(0, 10 * COIN)}), dora.pay(anna.address), get_context(people)
    )
    assert after.get_account(dora.address).balance == 9 * COIN - receipt.burned


def test_independent_payments_in_any_order_lead_to_one_state(people):
    anna, ben, carl, _ = people
    state, context = fund(people, 10 * COIN, 10 * COIN, 10 * COIN), get_context(people)
    payments = [anna.pay(ben.address), ben.pay(carl.address), carl.pay(anna.address)]
    roots = {
        execute(state, context, [payments[i] for i in order])[0].root
        for order in [(0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0)]
    }
    assert len(roots) == 1


# Choosing -------------------------------------------------------------------------------------------------------------


def choose(people, candidates, state=None):
    chosen, _, _ = build_body(state or fund(people, *[100 * COIN] * 3), get_context(people), candidates)
    return list(chosen)


def test_the_best_tips_come_first_and_ties_in_the_order_of_candidates(people):
    anna, ben, carl, dora = people
    low, high = anna.pay(dora.address, max_tip_per_gas=5), ben.pay(dora.address, max_tip_per_gas=9)
    also_low = carl.pay(dora.address, max_tip_per_gas=5)
    assert choose(people, [low, high, also_low]) == [high, low, also_low]
    assert choose(people, [also_low, high, low]) == [high, also_low, low]


def test_nonces_come_in_order_however_good_the_later_tip(people):
    anna, ben, _, dora = people
    first, second = anna.pay(dora.address, 0, max_tip_per_gas=1), anna.pay(dora.address, 1, max_tip_per_gas=500)
    between = ben.pay(dora.address, max_tip_per_gas=50)
    assert choose(people, [second, between, first]) == [between, first, second]


def test_what_is_invalid_is_left_out_with_what_depends_on_it(people):
    anna, ben, carl, dora = people
    used, good = anna.pay(dora.address, 0), anna.pay(dora.address, 1)
    state = State().put_accounts({anna.address: Account(1, 100 * COIN), ben.address: Account(0, COIN)})
    poor, after_poor = ben.pay(dora.address, 0, amount=2 * COIN), ben.pay(dora.address, 1, amount=1)
    gap = anna.pay(dora.address, 3)
    forged = SignedTransaction(carl.write(dora.address), bytes(64))
    candidates = [used, gap, poor, after_poor, forged, good]
    assert choose(people, candidates, state) == [good]


def test_of_two_with_one_nonce_the_better_tip_is_taken(people):
    anna, _, _, dora = people
    low, high = anna.pay(dora.address, 0, max_tip_per_gas=5), anna.pay(dora.address, 0, max_tip_per_gas=9)
    later = anna.pay(dora.address, 1)
    assert choose(people, [low, high, later]) == [high, later]


def test_a_block_takes_what_fits(people):
    anna, _, _, dora = people
    candidates = [anna.pay(dora.address, nonce, gas_limit=21_000) for nonce in range(12)]
    assert choose(people, candidates) == candidates[:10]


# Blocks ---------------------------------------------------------------------------------------------------------------


def build(people, ledger):
    """Return a block with two payments on top of the ledger's genesis."""
    anna, ben, _, dora = people
    payments = [anna.pay(ben.address), ben.pay(anna.address)]
    return ledger.build_block(ledger.genesis.hash, dora.address, 5, payments, b"")


def test_a_built_block_is_accepted_by_a_ledger_that_only_has_its_bytes(people):
    ledger, other = open_ledger(people), open_ledger(people)
    block = build(people, ledger)
    ledger.add(block)
    execution = other.add(decode_block(encode_block(block)))
    assert execution == ledger.execution(block.hash)
    assert other.state(block.hash).root == block.header.state_root
    assert [receipt.transaction for receipt in other.receipts(block.hash)] == [t.id for t in block.transactions]
    assert (execution.gas_used, execution.burned) == (42_000, 42_000 * block.header.base_fee_per_gas)
    assert (execution.tips, execution.subsidy) == (42_000 * 100, 50 * COIN)


def test_the_base_fee_follows_the_gas_used(people):
    ledger = open_ledger(people)
    block = build(people, ledger)
    ledger.add(block)
    assert block.header.base_fee_per_gas == 875  # after an empty genesis block
    assert ledger.next_base_fee(block.hash) == 875 - 875 * (105_000 - 42_000) // 105_000 // 8


def test_an_own_block_is_not_executed_again_whatever_its_nonce(people, monkeypatch):
    ledger = open_ledger(people)
    block = set_nonce(build(people, ledger), b"12345678")
    monkeypatch.setattr(execution_module, "execute_block", None)
    ledger.add(block)
    assert ledger.add(block) is ledger.execution(block.hash)
    assert ledger.state(block.hash).root == block.header.state_root


def test_an_own_block_is_not_executed_again_whatever_its_seal(people, monkeypatch):
    ledger = open_ledger(people)
    block = change_header(consensus=b"signed afterwards")(build(people, ledger))
    monkeypatch.setattr(execution_module, "execute_block", None)
    assert ledger.add(block).gas_used == 42_000


def test_a_block_pays_the_rewards_that_the_protocol_asks_for(people):
    anna, ben, _, dora = people
    rewards = (Reward(ben.address, 7 * COIN), Reward(dora.address, COIN))
    ledger, other = open_ledger(people), open_ledger(people)
    block = ledger.build_block(ledger.genesis.hash, dora.address, 5, [anna.pay(ben.address)], b"", rewards)
    for each in (ledger, other):
        execution, before, after = each.add(block, rewards), each.state(each.genesis.hash), each.state(block.hash)
        assert execution.rewards == rewards
        assert after.get_account(ben.address).balance == before.get_account(ben.address).balance + 8 * COIN
        created = execution.subsidy + 8 * COIN - execution.burned
        assert after.compute_total_balance() == before.compute_total_balance() + created


def test_a_block_that_pays_other_rewards_is_refused_by_who_built_it_too(people):
    ledger, dora = open_ledger(people), people[3]
    reward = (Reward(people[1].address, COIN),)
    block = ledger.build_block(ledger.genesis.hash, dora.address, 5, [], b"", reward)
    with pytest.raises(InvalidBlock, match="ledger/state-root"):
        ledger.add(block)
    assert ledger.add(block, reward).rewards == reward


def test_forgotten_states_are_computed_again_with_their_rewards(people):
    ledger, parent, dora = open_ledger(people), None, people[3]
    hashes = [ledger.genesis.hash]
    for height in range(1, 200):
        rewards = (Reward(people[1].address, height),)
        parent = ledger.build_block(hashes[-1], dora.address, height, [], b"", rewards)
        ledger.add(parent, rewards)
        hashes.append(parent.hash)
    for height in (1, 5, 31, 40):
        paid = ledger.state(hashes[height]).get_account(people[1].address).balance
        assert paid == ledger.state(hashes[0]).get_account(people[1].address).balance + height * (height + 1) // 2


def test_a_foreign_block_is_executed_once(people, monkeypatch):
    ledger = open_ledger(people)
    block = decode_block(encode_block(build(people, open_ledger(people))))
    execution = ledger.add(block)
    monkeypatch.setattr(execution_module, "execute_block", None)
    assert ledger.add(decode_block(encode_block(block))) is execution


def change_header(**changes):
    return lambda block: Block(msgspec.structs.replace(block.header, **changes), block.transactions)


def change_body(change):
    """Change the transactions and let the header commit to them."""

    def apply(block):
        transactions = change(block.transactions)
        root = compute_transactions_root(transactions)
        return Block(msgspec.structs.replace(block.header, transactions_root=root), transactions)

    return apply


def forge(signed):
    return SignedTransaction(msgspec.structs.replace(signed.transaction, nonce=0), bytes(64))


INVALID = [
    ("ledger/parent", "the parent 0101010101010101… is not known", change_header(parent=b"\1" * 32)),
    ("ledger/height", "the header says height 2; it must be 1", change_header(height=2)),
    ("ledger/time", "time 0 µs is not after the parent's 0 µs", change_header(time_us=0)),
    ("ledger/block-gas-limit", "the header says gas limit 210001; it must be 210000", change_header(gas_limit=210_001)),
    ("ledger/base-fee", "the header says base fee 876; it must be 875", change_header(base_fee_per_gas=876)),
    ("ledger/gas-used", "the header says gas used 42001; it must be 42000", change_header(gas_used=42_001)),
    ("ledger/gas-used", "the header says 210001 gas used; its limit is 210000", change_header(gas_used=210_001)),
    ("ledger/transactions-root", "the header commits to 0000", change_header(transactions_root=bytes(32))),
    ("ledger/receipts-root", "the header says receipts 0000000000000000…; it", change_header(receipts_root=bytes(32))),
    ("ledger/state-root", "the header says state 0000000000000000…; it must be", change_header(state_root=bytes(32))),
    ("ledger/state-root", "the header says state", change_header(proposer=b"\2" * 20)),
    ("ledger/nonce", "nonce 0 is already used; the account's next nonce is 1", change_body(lambda t: (*t, t[0]))),
    ("ledger/signature", "transaction 1 (", change_body(lambda t: (t[0], forge(t[1])))),
    ("ledger/gas-used", "the header says gas used 42000; it must be 21000", change_body(lambda t: t[:1])),
]


@pytest.mark.parametrize(("rule", "message", "change"), INVALID)
def test_an_invalid_block_leaves_no_trace(people, rule, message, change):
    ledger = open_ledger(people)
    good = build(people, open_ledger(people))
    bad = change(good)
    before = ledger.state(ledger.genesis.hash).root
    for _ in range(2):
        with pytest.raises(InvalidBlock) as refused:
            ledger.add(bad)
        assert refused.value.rule == rule
        assert message in refused.value.message
    assert ledger.state(ledger.genesis.hash).root == before
    with pytest.raises(KeyError):
        ledger.execution(bad.hash)
    assert ledger.add(good).gas_used == 42_000


def test_a_wrong_parent_header_is_refused(people):
    ledger = open_ledger(people)
    block = build(people, ledger)
    other = msgspec.structs.replace(ledger.genesis.header, consensus=b"another chain")
    with pytest.raises(InvalidBlock, match="ledger/parent"):
        execute_block(other, ledger.state(ledger.genesis.hash), block, PARAMETERS)


def test_a_known_header_with_another_body_is_refused_and_the_block_stays(people):
    ledger = open_ledger(people)
    block = build(people, ledger)
    execution = ledger.add(block)
    with pytest.raises(InvalidBlock, match="ledger/transactions-root"):
        ledger.add(Block(block.header, block.transactions[:1]))
    assert ledger.add(block) is execution


def test_an_own_header_with_another_body_is_refused(people):
    ledger = open_ledger(people)
    block = build(people, ledger)
    with pytest.raises(InvalidBlock, match="ledger/transactions-root"):
        ledger.add(Block(block.header, block.transactions[:1]))
    assert ledger.add(block).gas_used == 42_000


def test_too_much_gas_asked_for_in_one_block(people):
    anna, _, _, dora = people
    payments = [anna.pay(dora.address, nonce, gas_limit=21_000) for nonce in range(9)]
    payments.append(anna.pay(dora.address, 9, gas_limit=21_001))
    message = r"transaction 9 .*the gas limit is 21001; 21000 of the block's 210000 are left; rule: ledger/block-gas"
    with pytest.raises(InvalidBlock, match=message):
        execute(fund(people, 100 * COIN), get_context(people), payments)


def test_states_of_long_ago_are_executed_again(people):
    anna, ben, _, dora = people
    ledger = open_ledger(people)
    hashes = [ledger.genesis.hash]
    roots = [ledger.genesis.header.state_root]
    for height in range(1, RECENT_STATES + 3 * CHECKPOINT_INTERVAL_BLOCKS):
        payment = anna.pay(ben.address, height - 1, amount=height)
        block = ledger.build_block(hashes[-1], dora.address, height, [payment], b"")
        ledger.add(block)
        hashes.append(block.hash)
        roots.append(block.header.state_root)
    for height in (1, 31, 2, 63, 33, len(hashes) - 1):
        assert ledger.state(hashes[height]).root == roots[height]
        assert ledger.state(hashes[height]).get_account(anna.address).nonce == height


# Supply ---------------------------------------------------------------------------------------------------------------

attempts = st.tuples(
    st.integers(0, 3),  # who pays
    st.integers(0, 3),  # whom
    st.integers(-1, 2),  # how far the nonce is off
    st.one_of(st.integers(0, 3 * COIN), st.integers(0, 200 * COIN)),  # how much
    st.integers(500, 3_000),  # fee cap
    st.integers(0, 1_000),  # tip
    st.integers(20_900, 23_000),  # gas limit
    st.sampled_from(["", "thanks", "\x1b"]),
    st.booleans() | st.just(True),  # is it signed?
)


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(attempts, max_size=14), min_size=1, max_size=5))
def test_no_unit_is_lost_or_made_and_nonces_have_no_gaps(people, plan):
    """Whatever is tried: total = allocations + subsidies - burned, in the proposer's ledger and in everyone's."""
    ledger, other = open_ledger(people), open_ledger(people)
    head, total, sent = ledger.genesis, 300 * COIN, dict.fromkeys(people, 0)
    for time_us, wishes in enumerate(plan, start=1):
        candidates = [try_to_pay(people, sent, wish, place) for place, wish in enumerate(wishes)]
        block = ledger.build_block(head.hash, people[3].address, time_us, [c for c in candidates if c], b"")
        execution = ledger.add(block)
        assert other.add(decode_block(encode_block(block))) == execution
        total += execution.subsidy - execution.burned
        assert execution.burned == execution.gas_used * block.header.base_fee_per_gas
        for signed in block.transactions:
            sender = next(person for person in people if person.address == signed.sender)
            assert signed.transaction.nonce == sent[sender]
            sent[sender] += 1
        state = ledger.state(block.hash)
        assert state.compute_total_balance() == total
        for person in people:
            account = state.get_account(person.address)
            assert account.nonce == sent[person]
            assert account.balance >= 0
        head = block


def try_to_pay(people, sent, wish, place):
    payer, payee, off, amount, max_fee, tip, gas_limit, memo, is_signed = wish
    person, nonce = people[payer], max(sent[people[payer]] + off + place // 4, 0)
    signed = person.pay(
        people[payee].address,
        nonce,
        amount=amount,
        max_fee_per_gas=max_fee,
        max_tip_per_gas=tip,
        gas_limit=gas_limit,
        memo=memo,
    )
    if is_signed:
        return decode_transaction(encode_transaction(signed))
    return SignedTransaction(signed.transaction, signed.signature[:-1] + bytes([signed.signature[-1] ^ 1]))


@settings(deadline=None, max_examples=60)
@given(st.lists(attempts, min_size=1, max_size=10))
def test_a_refused_transaction_leaves_no_trace(people, wishes):
    state, context, sent = fund(people, *[100 * COIN] * 4), get_context(people), dict.fromkeys(people, 0)
    for place, wish in enumerate(wishes):
        signed, root = try_to_pay(people, sent, wish, place), state.root
        try:
            state, receipt = apply_transaction(state, signed, context)
        except InvalidTransaction:
            assert state.root == root
        else:
            sent[next(person for person in people if person.address == signed.sender)] += 1
            assert receipt.fee <= signed.transaction.gas_limit * signed.transaction.max_fee_per_gas
            assert state.root != root

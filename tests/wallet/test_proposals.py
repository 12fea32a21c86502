"""Payments that several keys must sign: created, signed one by one, combined, finished; and everything forged."""

import json
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.proposals import Proposal, build_proposal, combine, finish, format_proposal, parse_proposal, sign_proposal
from chain.errors import InvalidInput
from chain.ledger.actions import Batch, Transfer
from chain.ledger.policy import Policy, build_policy
from chain.ledger.transaction import Transaction
from chain.units import COIN, Address
from chain.wallet.derivation import DerivedKey, derive_key, get_path
from chain.wallet.secret import Secret

KEYS = [derive_key(Secret(bytes([number]) * 32), get_path(0)) for number in range(4)]
THREE = [key.public_key for key in KEYS[:3]]
BAKERY = Address(bytes(range(20)))


def propose(policy: Policy, amount: int = 5 * COIN, nonce: int = 0) -> Proposal:
    return build_proposal(Transaction(1, policy, nonce, 60_000, 2_000, 60, Transfer(BAKERY, amount, "rent")))


@pytest.fixture
def policy() -> Policy:
    return build_policy(2, tuple(THREE))


@dataclass
class Person:
    """Somebody with one key, who only sees texts."""

    key: DerivedKey

    def sign(self, text: str) -> str:
        return format_proposal(sign_proposal(parse_proposal(text), self.key))


def test_two_of_three_sign_in_turn(policy: Policy) -> None:
    text = format_proposal(propose(policy))
    assert json.loads(text)["in_words"]["needs"] == "2 of 3 signatures"
    text = Person(KEYS[2]).sign(text)
    proposal = parse_proposal(text)
    assert (proposal.signed_keys, proposal.missing_count) == ((KEYS[2].public_key,), 1)
    with pytest.raises(InvalidInput, match="2 of the policy's keys"):
        finish(proposal)
    signed = finish(parse_proposal(Person(KEYS[0]).sign(text)))
    assert signed.is_signature_valid
    assert signed.sender == policy.address


def test_signatures_made_apart_are_combined_and_one_too_many_does_no_harm(policy: Policy) -> None:
    text = format_proposal(propose(policy))
    parts = [parse_proposal(Person(key).sign(text)) for key in KEYS[:3]]
    whole = combine(parts)
    assert len(whole.signatures) == 3
    assert finish(whole).is_signature_valid
    assert combine([*parts, *parts]) == whole


def test_signatures_of_another_payment_are_not_combined(policy: Policy) -> None:
    one, other = propose(policy), propose(policy, amount=6 * COIN)
    with pytest.raises(InvalidInput, match="signatures of one payment"):
        combine([sign_proposal(one, KEYS[0]), sign_proposal(other, KEYS[1])])


def test_a_stranger_cannot_sign_and_one_key_needs_no_proposal(policy: Policy) -> None:
    with pytest.raises(InvalidInput, match="one of the 3 keys"):
        sign_proposal(propose(policy), KEYS[3])
    with pytest.raises(InvalidInput, match="policy"):
        build_proposal(Transaction(1, KEYS[0].public_key, 0, 60_000, 2_000, 60, Transfer(BAKERY, 1)))


def test_what_was_changed_on_the_way_is_found(policy: Policy) -> None:
    document = json.loads(Person(KEYS[0]).sign(format_proposal(propose(policy))))
    richer = json.loads(format_proposal(propose(policy, amount=500 * COIN)))
    forged = document | {"transaction": richer["transaction"]}
    with pytest.raises(InvalidInput, match="made of this payment"):
        parse_proposal(json.dumps(forged))
    forged = document | {"signatures": [{"public_key": KEYS[3].public_key.hex(), "signature": "00" * 64}]}
    with pytest.raises(InvalidInput, match="one of the 3 keys"):
        parse_proposal(json.dumps(forged))
    nicer = document | {"in_words": {"pays": "nothing at all"}}
    assert parse_proposal(json.dumps(nicer)).transaction.action.amount == 5 * COIN, "words do not count"


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", "nonsense", '{"kind": "chainroom partly signed transaction"}', "[" * 9999]
)
def test_what_is_no_proposal_is_refused_in_words(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_proposal(text)


@given(
    st.lists(
        st.tuples(st.integers(1, 10**12), st.text(st.characters(categories=["L", "N"]), max_size=9)),
        min_size=1,
        max_size=5,
    )
)
def test_whatever_is_written_is_read_again(rows: list[tuple[int, str]]) -> None:
    action = Batch(tuple(Transfer(BAKERY, amount, memo) for amount, memo in rows))
    policy = build_policy(1, (KEYS[0].public_key, KEYS[1].public_key), 77)
    proposal = sign_proposal(build_proposal(Transaction(1, policy, 3, 200_000, 9, 1, action)), KEYS[1])
    assert parse_proposal(format_proposal(proposal)) == proposal

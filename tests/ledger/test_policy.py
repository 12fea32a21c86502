"""Accounts of several keys, and accounts locked until a time."""

import msgspec
import pytest

from chain.errors import InvalidInput, InvalidTransaction
from chain.ledger.actions import Transfer
from chain.ledger.block_run import BlockRun
from chain.ledger.context import BlockContext
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.parameters import LedgerParameters
from chain.ledger.policy import MAX_POLICY_KEYS, Policy, build_policy, check_policy
from chain.ledger.state import Account, State
from chain.ledger.transaction import (
    Transaction,
    decode_transaction,
    encode_transaction,
    join_signatures,
    sign_for_policy,
)
from chain.units import COIN

BOB = bytes([1]) * 20


def get_policy(people, threshold=2, not_before_us=0):
    return build_policy(threshold, tuple(person.public_key for person in people[:3]), not_before_us)


def write(policy):
    return Transaction(1, policy, 0, 40_000, 2_000, 100, Transfer(BOB, COIN))


def sign(people, transaction, *signers):
    return join_signatures(transaction, [sign_for_policy(transaction, people[signer].seed) for signer in signers])


def run(policy, signed, time_us=10):
    context = BlockContext(1, time_us, bytes([9]) * 20, 1_000, LedgerParameters())
    block = BlockRun(State().put_accounts({policy.address: Account(0, 2 * COIN)}), context)
    block.apply(signed)
    return block


def test_the_same_keys_give_the_same_address_in_whatever_order(people):
    keys = [person.public_key for person in people[:3]]
    policy = build_policy(2, tuple(keys))
    assert build_policy(2, tuple(reversed(keys))).address == policy.address
    assert build_policy(3, tuple(keys)).address != policy.address
    assert build_policy(2, tuple(keys), 1).address != policy.address
    assert len(policy.address) == 20


@pytest.mark.parametrize("signers", [(0, 1), (1, 0), (0, 2), (2, 1), (0, 1, 2)])
def test_any_two_of_three_can_pay(people, signers):
    policy = get_policy(people)
    signed = sign(people, write(policy), *signers)
    assert decode_transaction(encode_transaction(signed)) == signed
    assert signed.sender == policy.address
    block = run(policy, signed)
    assert block.changes.get_account(BOB).balance == COIN
    assert block.receipts[0].gas_used == 21_000 + 3_000 == compute_intrinsic_gas(Transfer(BOB, COIN), policy)


@pytest.mark.parametrize("signers", [(0,), (), (1,)])
def test_too_few_signatures_are_refused(people, signers):
    policy = get_policy(people)
    with pytest.raises(InvalidTransaction, match="exactly 2 valid signatures") as refusal:
        run(policy, sign(people, write(policy), *signers))
    assert refusal.value.rule == "ledger/signature"


def test_signatures_count_once_in_their_order_and_for_this_payment_only(people):
    policy = get_policy(people)
    transaction = write(policy)
    good = sign(people, transaction, 0, 1)
    (first, left), (second, right) = good.signature
    other = sign(people, msgspec.structs.replace(transaction, nonce=1), 0, 1).signature
    for wrong in (
        ((first, left), (first, left)),
        ((second, right), (first, left)),
        ((first, right), (second, left)),
        ((first, left), (99, right)),
        ((-1, left), (second, right)),
        other,
        left,
    ):
        assert not msgspec.structs.replace(good, signature=wrong).is_signature_valid
    assert good.is_signature_valid


def test_a_stranger_cannot_sign(people):
    with pytest.raises(InvalidInput, match="one of the 3 keys"):
        sign(people, write(get_policy(people)), 3)


def test_a_locked_account_pays_from_its_time_on(people):
    policy = get_policy(people, 1, not_before_us=1_000)
    signed = sign(people, write(policy), 0)
    with pytest.raises(InvalidTransaction) as refusal:
        run(policy, signed, 999)
    assert refusal.value.rule == "ledger/locked"
    assert run(policy, signed, 1_000).receipts[0].is_success


@pytest.mark.parametrize(
    "policy",
    [
        Policy(0, (bytes(32),)),
        Policy(2, (bytes(32),)),
        Policy(1, ()),
        Policy(1, (bytes(32), bytes(32))),
        Policy(1, (bytes([2]) * 32, bytes([1]) * 32)),
        Policy(1, (b"short",)),
        Policy(1, tuple(bytes([n]) * 32 for n in range(MAX_POLICY_KEYS + 1))),
        Policy(1, (bytes(32),), -1),
    ],
)
def test_policies_that_make_no_sense_are_refused(policy):
    with pytest.raises(InvalidTransaction) as refusal:
        check_policy(policy)
    assert refusal.value.rule == "ledger/policy"

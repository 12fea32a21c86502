"""What a transaction can do beside a plain transfer, and what each action costs and changes."""

import pytest

from chain.encoding import decode, encode
from chain.errors import InvalidTransaction
from chain.ledger.actions import (
    MAX_CANDIDATES,
    MAX_TRANSFERS,
    Action,
    Anchor,
    Batch,
    Call,
    Commit,
    Create,
    Deposit,
    Exit,
    Transfer,
    Vote,
)
from chain.ledger.block_run import BlockRun
from chain.ledger.context import BlockContext, StakeChange
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.parameters import LedgerParameters
from chain.ledger.state import Account, State
from chain.ledger.transaction import Transaction, sign_transaction
from chain.units import COIN, SECOND

BOB = bytes([1]) * 20
CONTEXT = BlockContext(5, 7 * SECOND, bytes([9]) * 20, 1_000, LedgerParameters(gas_limit=1_000_000))
EVERY_ACTION = [
    Transfer(BOB, 3, "hi"),
    Batch((Transfer(BOB, 3), Transfer(bytes(20), 4, "x"))),
    Create(5, b"\x00"),
    Call(BOB, 6, b"data"),
    Vote((BOB, bytes(20))),
    Deposit(8, BOB),
    Exit(BOB),
    Anchor(2, 100, bytes(32)),
    Commit(bytes([7]) * 32),
]

# Puts the caller's word into place 0 of its storage, logs it, and returns it; reverts with it when it is 0.
#   PUSH0 CALLDATALOAD DUP1 PUSH0 SSTORE DUP1 PUSH0 MSTORE PUSH1 32 PUSH0 LOG0 PUSH1 0x13 JUMPI PUSH1 32 PUSH0 REVERT
#   JUMPDEST PUSH1 32 PUSH0 RETURN
KEEPER = bytes.fromhex("5f35805f55805f5260205fa060135760205ffd5b60205ff3")
INITCODE = bytes.fromhex(f"60{len(KEEPER):02x}600b5f3960{len(KEEPER):02x}5ff300") + KEEPER  # CODECOPY from 11, RETURN


def write(person, action, nonce=0, gas_limit=200_000):
    unsigned = Transaction(1, person.public_key, nonce, gas_limit, 2_000, 100, action)
    return sign_transaction(unsigned, person.seed)


def begin(person, balance=1_000 * COIN):
    return BlockRun(State().put_accounts({person.address: Account(0, balance)}), CONTEXT)


@pytest.mark.parametrize("action", EVERY_ACTION, ids=lambda action: type(action).__name__)
def test_every_action_has_one_encoding_and_takes_its_amount_and_its_gas(people, action):
    assert decode(Action, encode(action)) == action
    run = begin(people[0])
    run.apply(write(people[0], action))
    receipt = run.receipts[0]
    left = run.changes.get_account(people[0].address)
    assert left == Account(1, 1_000 * COIN - action.amount * receipt.is_success - receipt.fee)
    assert receipt.gas_used >= compute_intrinsic_gas(action)


def test_a_batch_pays_all_or_is_refused_whole(people):
    run = begin(people[0], COIN)
    run.apply(write(people[0], Batch((Transfer(BOB, 1), Transfer(BOB, 2), Transfer(people[1].address, 3)))))
    assert run.changes.get_account(BOB).balance == 3
    assert run.receipts[0].gas_used == 21_000 + 2 * 9_000
    with pytest.raises(InvalidTransaction, match="ledger/balance"):
        run.apply(write(people[0], Batch((Transfer(BOB, COIN // 2), Transfer(BOB, COIN // 2))), nonce=1))
    assert run.changes.get_account(BOB).balance == 3


def test_consensus_is_told_of_votes_and_stake_in_the_order_of_the_block(people):
    run = begin(people[0])
    asked = [Deposit(5 * COIN, BOB), Vote((BOB,)), Exit(BOB)]
    for nonce, action in enumerate(asked):
        run.apply(write(people[0], action, nonce))
    _, execution = run.finish()
    assert execution.changes == tuple(StakeChange(people[0].address, action) for action in asked)
    assert execution.deposited == 5 * COIN


def test_money_is_kept_to_the_unit(people):
    run = begin(people[0])
    for nonce, action in enumerate(EVERY_ACTION):
        run.apply(write(people[0], action, nonce, 100_000))
    state, execution = run.finish()
    created = execution.subsidy + sum(reward.amount for reward in execution.rewards)
    gone = execution.burned + execution.deposited
    assert state.compute_total_balance() == 1_000 * COIN + created - gone


def test_a_contract_is_created_called_and_remembered(people):
    run = begin(people[0])
    run.apply(write(people[0], Create(0, INITCODE)))
    contract = run.receipts[0].created
    assert run.changes.get_code(contract) == KEEPER
    run.apply(write(people[0], Call(contract, 7, (42).to_bytes(32)), 1))
    receipt = run.receipts[1]
    assert receipt.is_success
    assert receipt.output == (42).to_bytes(32)
    assert [log.data for log in receipt.logs] == [(42).to_bytes(32)]
    state, _ = run.finish()
    assert state.get_code(contract) == KEEPER
    assert list(state.iterate_storage(contract)) == [(0, 42)]
    assert state.get_account(contract) == Account(1, 7)
    assert list(state.iterate_contracts()) == [(contract, KEEPER)]


def test_a_failed_call_costs_its_gas_and_changes_nothing_else(people):
    run = begin(people[0])
    run.apply(write(people[0], Create(0, INITCODE)))
    contract, before = run.receipts[0].created, run.changes.get_account(people[0].address)
    run.apply(write(people[0], Call(contract, 7, bytes(32)), 1))
    receipt = run.receipts[1]
    assert (receipt.is_success, receipt.error, receipt.output, receipt.logs) == (False, "reverted", bytes(32), ())
    assert 21_000 < receipt.gas_used < 60_000
    assert run.changes.get_account(contract).balance == 0
    assert run.changes.get_account(people[0].address) == Account(2, before.balance - receipt.fee)


def test_a_contract_without_enough_gas_takes_all_of_it(people):
    run = begin(people[0])
    run.apply(write(people[0], Create(0, INITCODE), gas_limit=54_000))
    receipt = run.receipts[0]
    assert (receipt.error, receipt.gas_used, receipt.created) == ("out of gas", 54_000, None)


@pytest.mark.parametrize(
    ("action", "rule"),
    [
        (Batch(()), "ledger/batch"),
        (Batch((Transfer(BOB, 1),) * (MAX_TRANSFERS + 1)), "ledger/batch"),
        (Batch((Transfer(BOB, (1 << 63) - 1),) * 2), "ledger/amount"),
        (Batch((Transfer(BOB, 0),)), "ledger/amount"),
        (Batch((Transfer(BOB, 1, "bell \x07"),)), "ledger/memo"),
        (Create(-1, b""), "ledger/amount"),
        (Create(0, bytes(49_153)), "ledger/code"),
        (Call(b"short"), "ledger/recipient"),
        (Call(BOB, -1), "ledger/amount"),
        (Call(BOB, 0, bytes(131_073)), "ledger/data"),
        (Vote((BOB, BOB)), "ledger/candidates"),
        (Vote(tuple(bytes([n]) * 20 for n in range(MAX_CANDIDATES + 1))), "ledger/candidates"),
        (Vote((b"short",)), "ledger/recipient"),
        (Deposit(0, BOB), "ledger/amount"),
        (Deposit(1, b"short"), "ledger/recipient"),
        (Exit(b"short"), "ledger/recipient"),
    ],
)
def test_what_no_state_could_allow_is_refused(action, rule):
    with pytest.raises(InvalidTransaction) as refusal:
        action.check()
    assert refusal.value.rule == rule

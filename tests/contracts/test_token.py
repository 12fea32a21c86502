"""A real contract on the machine: an ERC-20 token written in Vyper, from its source to its events."""

import shutil
import subprocess
from pathlib import Path

import pytest
from tokens import ALICE, BOB, SUPPLY, TOKEN, call, deploy_token, make_call

from chain.contracts.addresses import compute_create_address
from chain.contracts.estimate import estimate_gas
from chain.contracts.evm import Account, Context, Halt, Mode, execute_message
from chain.units import Address


def test_a_token_is_deployed_where_its_creator_and_nonce_say() -> None:
    """The constructor's arguments stand behind the initcode; what it returns becomes the code."""
    host, token = deploy_token()
    assert token == compute_create_address(ALICE, 0)
    assert host.codes[token] == TOKEN.runtime
    assert host.accounts[token] == Account(nonce=1, balance=0)
    [name] = TOKEN.abi.get_function("name").decode_output(call(host, token, BOB, "name").output)
    assert name == "Coin"


def test_a_transfer_moves_money_and_tells_so() -> None:
    """The gas is the specification's, to the unit (test_specification.py holds the rest)."""
    host, token = deploy_token()
    result = call(host, token, ALICE, "transfer", BOB, 250)
    assert (result.success, result.gas_used) == (True, 50_658)
    event = TOKEN.abi.decode_log(result.logs[0])
    assert event is not None
    assert event[0].name == "Transfer"
    assert event[1] == {"sender": ALICE, "receiver": BOB, "amount": 250}
    balances = [call(host, token, ALICE, "balanceOf", who).output for who in (ALICE, BOB)]
    assert [int.from_bytes(balance) for balance in balances] == [SUPPLY - 250, 250]


def test_a_transfer_that_fails_leaves_no_trace() -> None:
    """Gas is used; the host is as before; the revert says why where the source does."""
    host, token = deploy_token()
    before = {address: dict(slots) for address, slots in host.storages.items()}
    too_much = call(host, token, BOB, "transfer", ALICE, 1)
    assert (too_much.success, too_much.error, too_much.logs) == (False, Halt.REVERT, ())
    nowhere = call(host, token, ALICE, "transfer", Address(bytes(20)), 1)
    assert TOKEN.abi.explain_revert(nowhere.output) == "no receiver"
    assert host.storages == before


def test_an_allowance_is_used_up() -> None:
    host, token = deploy_token()
    assert not call(host, token, BOB, "transferFrom", ALICE, BOB, 10).success
    assert call(host, token, ALICE, "approve", BOB, 15).success
    assert call(host, token, BOB, "transferFrom", ALICE, BOB, 10).success
    assert not call(host, token, BOB, "transferFrom", ALICE, BOB, 10).success


def test_a_message_can_be_tried_without_writing() -> None:
    host, token = deploy_token()
    before = dict(host.storages[token])
    assert execute_message(host, Context(), make_call(token, ALICE, "transfer", BOB, 5), write=False).success
    assert host.storages[token] == before


def test_a_hot_token_gives_the_same_results() -> None:
    """After some hundred transfers its code is translated; nothing in the results tells."""
    plain, token = deploy_token()
    hot, _ = deploy_token()
    for amount in range(300):
        message = make_call(token, ALICE, "transfer", BOB, amount)
        assert execute_message(hot, Context(), message) == execute_message(plain, Context(), message, mode=Mode.PLAIN)
    assert hot == plain


def test_gas_is_estimated_to_the_unit() -> None:
    """With the estimate it succeeds, with one less it does not; a call that must fail says so."""
    host, token = deploy_token()
    message = make_call(token, ALICE, "transfer", BOB, 5)
    limit, result = estimate_gas(host, Context(), message)
    assert result.success
    assert not execute_message(host, Context(), make_call(token, ALICE, "transfer", BOB, 5, gas=limit - 1)).success
    assert execute_message(host, Context(), make_call(token, ALICE, "transfer", BOB, 5, gas=limit)).success
    _, failed = estimate_gas(host, Context(), make_call(token, BOB, "transfer", ALICE, SUPPLY))
    assert failed.error is Halt.REVERT


@pytest.mark.skipif(shutil.which("vyper") is None, reason="needs the Vyper compiler")
def test_the_source_compiles_to_the_artifact() -> None:
    source = Path(__file__).parent / "material" / "token.vy"
    done = subprocess.run(["vyper", "-f", "bytecode", source.name], cwd=source.parent, capture_output=True, check=True)
    assert done.stdout.decode().strip() == "0x" + TOKEN.bytecode.hex()

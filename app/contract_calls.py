"""Calls of contracts before they are sent: what they would do, what they would cost, why they would fail.

Everything is tried on the state at the head of the person's node; nothing is written. So a call that would fail says so
before anybody signs it; by the time it is in a block the state may of course have changed.
"""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from app.contract_failures import describe_failure, explain_failure, explain_refusal
from app.present.contracts import Shelf
from app.storage.accounts import Account
from chain.contracts.abi import Abi, Function, encode_arguments
from chain.contracts.artifact import Artifact
from chain.contracts.estimate import estimate_gas
from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.message import Message, Result
from chain.contracts.evm.transaction import execute_message
from chain.errors import InvalidEncoding, InvalidInput, InvalidTransaction
from chain.ledger.actions import Call, Create
from chain.simulation.simulation import Simulation
from chain.units import Address, NodeId, TimeUs

READ_GAS: Final = 30_000_000
"""Gas a question may use; it costs nothing and is never sent."""
SPARE_PERCENT: Final = 20
"""Gas beyond the estimate that a call is given: the state may differ when its turn comes."""


class Trial(NamedTuple):
    """What a call would do."""

    gas_limit: int
    """Gas to send it with."""
    result: Result | None
    """None when it could not run at all."""
    problem: str
    """Why it would fail, in words; empty when it would not."""
    place: str = ""
    """The line of source that stops it, where it is known."""
    advice: str = ""
    """What to do about it."""


def build_create(artifact: Artifact, arguments: Sequence[Any], value: int = 0) -> Create:
    """Return the action that deploys a contract. Raises InvalidInput naming the argument that does not fit."""
    return Create(value, artifact.bytecode + encode_arguments(artifact.abi.constructor.inputs, arguments))


def build_call(contract: Address, function: Function, arguments: Sequence[Any], value: int = 0) -> Call:
    """Return the action that calls a function. Raises InvalidInput naming the argument that does not fit."""
    return Call(contract, value, function.encode_call(arguments))


def open_state(simulation: Simulation, node: NodeId, at_us: TimeUs) -> tuple[Host, Context]:
    """Return accounts and context as a node would run a contract at a moment."""
    head = simulation.world.view(node, at_us).get_head()
    return simulation.world.ledger.open_next(head.hash, max(at_us, head.block.header.time_us + 1))


def try_action(
    simulation: Simulation, node: NodeId, at_us: TimeUs, account: Account, action: Create | Call, abi: Abi,
    shelf: Shelf,
) -> Trial:  # fmt: skip
    """Return what an action would do now, with the gas it needs; of one that would fail, why and what to do."""
    host, context = open_state(simulation, node, at_us)
    limit = simulation.world.setup.ledger.gas_limit
    target, data = (None, action.code) if isinstance(action, Create) else (action.contract, action.data)
    if target is not None and not host.get_code(target):
        problem = f"n{node:02d}, which your wallet talks to, knows no contract at this address"
        return Trial(limit, None, problem, "", "What to do: wait until its block has reached the node.")
    message = Message(account.address, target, limit, action.value, data)
    try:
        gas, result = estimate_gas(host, context, message)
    except InvalidTransaction as error:
        return Trial(limit, None, *explain_refusal(error, host.get_account(account.address), message))
    if result.success:
        return Trial(min(limit, gas + gas * SPARE_PERCENT // 100), result, "")
    return Trial(gas, result, *explain_failure(host, context, message, result, abi, shelf))


def read_function(
    host: Host, context: Context, contract: Address, function: Function, arguments: Sequence[Any], abi: Abi,
    sender: Address | None = None,
) -> tuple[Any, ...]:  # fmt: skip
    """Return what a function answers; nothing is sent. Raises InvalidInput, InvalidTransaction with the reason."""
    message = Message(sender or Address(bytes(20)), contract, READ_GAS, 0, function.encode_call(arguments))
    result = execute_message(host, context, message, write=False)
    if not result.success:
        raise InvalidTransaction("contract/revert", describe_failure(result, abi))
    try:
        return function.decode_output(result.output)
    except InvalidEncoding as error:
        raise InvalidInput("answer of the contract", error.value, error.allowed) from None

"""What a person may change about one who takes part in consensus, and the commands that do it.

Which changes there are follows from what the node's agent can do: change its hash rate, vote on signers, put down stake
or leave. A change that needs a value says what to type; ``build_commands`` reads it.
"""

import re
from typing import Final, NamedTuple

from app.present.words import format_hashes, name_node
from chain.errors import InvalidInput
from chain.simulation import commands as c
from chain.simulation.world import World
from chain.units import NodeId, TimeUs, parse_amount

_POWERS: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}


class Change(NamedTuple):
    """One thing that can be done to a node."""

    id: str
    title: str
    help: str
    prompt: str = ""
    """What to type for it; empty where nothing is asked."""
    value: str = ""
    """What stands in the field at first."""


def list_changes(world: World, node: int, at_us: TimeUs) -> tuple[Change, ...]:
    """Return what can be done to a node under the run's protocol."""
    agent, name = world.consensus.agents.get(NodeId(node)), name_node(node)
    changes: list[Change] = []
    if hasattr(agent, "set_hash_rate"):
        rate = format_hashes(agent.hash_rate_per_s).removesuffix("H").replace(" ", "")  # type: ignore[union-attr]  # just asked
        help_ = f"How many hashes {name} tries a second, from now on; 0 stops it."
        changes.append(
            Change("hash-rate", "Hash rate", help_, "hashes a second, such as 500G or 1.2T; 0 to stop", rate)
        )
    if hasattr(agent, "set_proposal"):
        changes += [
            Change("add-signer", "Vote in", f"Every signer votes from now on to make {name} a signer."),
            Change("drop-signer", "Vote out", f"Every signer votes from now on to drop {name} as a signer."),
            Change("withdraw", "Withdraw votes", f"No signer votes on {name} any longer; votes already cast stay."),
        ]
    if world.consensus.rules.takes_stake:
        help_ = f"The faucet puts down stake for {name}, in a transaction; a newcomer waits in the queue."
        changes.append(Change("deposit", "Deposit", help_, "coins, such as 32", "32"))
        changes.append(Change("exit", "Leave", f"{name} asks to leave; the exit queue decides when it may."))
    if world.network.links.is_online(node, at_us):
        changes.append(Change("stop", "Stop", f"{name} is switched off: it neither proposes nor votes nor hears."))
    else:
        changes.append(Change("start", "Start", f"{name} is switched on again and catches up."))
    return tuple(changes)


def build_commands(world: World, node: int, change: str, value: str) -> tuple[c.Command, ...]:
    """Return the commands of a change. Raises InvalidInput where the value is not what was asked for."""
    match change:
        case "hash-rate":
            return (c.SetHashRate(node, parse_hash_rate(value)),)
        case "add-signer" | "drop-signer":
            return tuple(c.ProposeSigner(it, node, change == "add-signer") for it in _get_signers(world))
        case "withdraw":
            return tuple(c.WithdrawProposal(it, node) for it in _get_signers(world))
        case "deposit":
            return (c.DepositStake(node, parse_amount(value)),)
        case "exit":
            return (c.ExitValidator(node),)
        case "start":
            return (c.StartNode(node),)
    return (c.StopNode(node),)


def parse_hash_rate(text: str) -> int:
    """Read a hash rate such as ``1.2T`` or ``500 G`` and return hashes a second. Raises InvalidInput."""
    allowed = "a number of hashes a second, such as 500G or 1.2T"
    match = re.fullmatch(r"\s*(\d{1,19})(?:\.(\d{1,9}))?\s*([kMGTPE]?)(?:H(?:/s)?)?\s*", text)
    if match is None:
        raise InvalidInput("hash rate", text, allowed)
    whole, fraction, power = match[1], match[2] or "", _POWERS[match[3]]
    hashes: int = int(whole + fraction) * power // 10 ** len(fraction)
    return hashes


def _get_signers(world: World) -> list[int]:
    """Return the nodes of the signers as of now, who vote in the blocks they sign."""
    signers = world.get_canonical().state.snapshot.signers
    return [node for node, account in enumerate(world.tables.proposers) if account in signers]

"""What a person may change about one who takes part in consensus, and the commands that do it.

Which changes there are follows from what the node's agent can do: change its hash rate, vote on signers, put down stake
or leave. A change that needs a value says what to type; ``build_commands`` reads it.
"""

import re
from typing import Final, NamedTuple

from app.present.words import format_hashes, name_node
from chain.adversary.base import Byzantine
from chain.adversary.behaviours import BEHAVIOURS, get_refusal
from chain.consensus.base import Agent
from chain.consensus.delegated import DelegatedRules
from chain.errors import InvalidInput
from chain.ledger.actions import Action, Deposit, Exit, Vote
from chain.simulation import commands as c
from chain.simulation.world import World
from chain.units import Address, NodeId, TimeUs, parse_amount

_POWERS: Final = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "P": 10**15, "E": 10**18}

STAKE_WORDS: Final = {
    "proof-of-stake": (
        "The faucet stakes for {name}; a newcomer waits in the queue.",
        "{name} asks to leave; the exit queue decides when it may.",
    ),
    "tendermint": (
        "The faucet stakes for {name}; it counts from the height after the next.",
        "Its stake is taken back; no power from the height after the next on.",
    ),
    "delegated-proof-of-stake": (
        "The faucet stakes for {name}; its own vote weighs more when counted.",
        "Its stake is taken back; its own vote weighs nothing when counted.",
    ),
}
"""By protocol what a deposit leads to, and what leaving means."""


class Change(NamedTuple):
    """One thing that can be done to a node."""

    id: str
    title: str
    help: str
    prompt: str = ""
    """What to type for it; empty where nothing is asked."""
    value: str = ""
    """What stands in the field at first."""
    choices: tuple[str, ...] = ()
    """What can be chosen instead of being typed."""
    is_signed: bool = False
    """Whether it is a transaction that the person's own account signs."""


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
    rules = world.consensus.rules
    if isinstance(rules, DelegatedRules) and any(one.node == node for one in rules.keyring.validators):
        prompt = "coins to stake, such as 50"
        changes += [
            Change("vote", "Vote", f"Your account approves {name} beside those it approves.", is_signed=True),
            Change("unvote", "Unvote", f"Your account approves {name} no longer.", is_signed=True),
            Change("stake", "Stake", "Your votes weigh what you stake.", prompt, "50", is_signed=True),
            Change("unstake", "Unstake", "You take back what you staked; it comes later.", is_signed=True),
        ]
    if rules.takes_stake:
        joining, leaving = (it.format(name=name) for it in STAKE_WORDS.get(world.consensus.name, ("", "")))
        changes.append(Change("deposit", "Deposit", joining, "coins, such as 32", "32"))
        changes.append(Change("exit", "Leave", leaving))
    if agent is not None:
        changes.append(_build_turn(world, agent, name))
    if world.network.links.is_online(node, at_us):
        changes.append(Change("stop", "Stop", f"{name} is switched off: it neither proposes nor votes nor hears."))
    else:
        changes.append(Change("start", "Start", f"{name} is switched on again and catches up."))
    return tuple(changes)


def _build_turn(world: World, agent: Agent, name: str) -> Change:
    if isinstance(agent, Byzantine):
        return Change("honest", "Turn honest", f"{name} keeps to the protocol again.")
    ways = tuple(it for it in BEHAVIOURS if not get_refusal(world.consensus.rules, it))
    return Change("bad", "Turn bad", f"{name} breaks the protocol from now on, in one of these ways.", choices=ways)


def build_action(world: World, node: int, change: str, value: str, voter: Address) -> Action:
    """Return what the person's account asks for in a transaction. Raises InvalidInput."""
    if change == "stake":
        return Deposit(parse_amount(value), voter)
    if change == "unstake":
        return Exit(voter)
    approved, wanted = get_approved(world, voter), world.tables.proposers[node]
    if change == "vote" and wanted not in approved:
        return Vote((*approved, wanted))
    if change == "unvote" and wanted in approved:
        return Vote(tuple(account for account in approved if account != wanted))
    allowed = "a node your account does not approve yet" if change == "vote" else "a node your account approves"
    raise InvalidInput("vote", name_node(node), allowed)


def get_approved(world: World, voter: Address) -> tuple[Address, ...]:
    """Return whom an account approves under delegated proof of stake: as its latest vote says, in a block or not."""
    waiting = [it.signed.transaction for it in world.transactions.open.values() if it.signed.sender == voter]
    votes = sorted((it.nonce, it.action.candidates) for it in waiting if isinstance(it.action, Vote))
    if votes:
        return votes[-1][1]
    state, rules = world.get_canonical().state, world.consensus.rules
    accounts = [validator.account for validator in rules.keyring.validators]  # type: ignore[attr-defined]
    return tuple(accounts[index] for index in dict(state.electorate.ballots).get(voter, ()))


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
        case "bad":
            return (c.TurnByzantine(node, value),)  # type: ignore[arg-type]  # one of the choices
        case "honest":
            return (c.TurnByzantine(node, "honest"),)
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

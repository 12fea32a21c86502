"""The one door in: everything a person, a scenario or an attack may do to a run, as typed values.

The kernel stamps a command with virtual time when it is applied and records it; the log of commands, with the scenario
and the seed, *is* the run. A command that cannot be applied raises CommandRefused (or InvalidTransaction) and is not
recorded. Nodes are named by index.
"""

import re
from typing import Literal

import msgspec

from chain.units import TimeUs

Behaviour = Literal["honest", "equivocating", "forging", "silent", "withholding"]
RightName = Literal["join", "read", "send", "propose"]


def _get_tag(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


class _Command(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="command", tag=_get_tag):
    """Base of all commands: frozen, and named in a save by its class, as in ``stop-node``."""


class SubmitTransaction(_Command, frozen=True):
    """Hand a signed transaction to a node, which checks it and passes it on."""

    node: int
    transaction: bytes
    """The canonical bytes of a SignedTransaction."""


class RequestCoins(_Command, frozen=True):
    """Ask the faucet to pay an address; the faucet signs a transfer and hands it to the node."""

    node: int
    address: bytes
    amount: int


class MineBlock(_Command, frozen=True):
    """Let a node propose a block now, whatever its luck."""

    node: int


class StopNode(_Command, frozen=True):
    """Switch a node off: it neither proposes nor hears anything."""

    node: int


class StartNode(_Command, frozen=True):
    """Switch a node on again; it catches up."""

    node: int


class CutNode(_Command, frozen=True):
    """Close all links of a node; it goes on working alone."""

    node: int


class ReconnectNode(_Command, frozen=True):
    """Open the links of a node again."""

    node: int


class CutLink(_Command, frozen=True):
    """Close the link between two nodes, both ways."""

    node: int
    other: int


class OpenLink(_Command, frozen=True):
    """Open the link between two nodes again."""

    node: int
    other: int


class Partition(_Command, frozen=True):
    """Close every link between nodes of different groups; nodes in no group form one more."""

    groups: tuple[tuple[int, ...], ...]


class Heal(_Command, frozen=True):
    """Open every link again."""


class SetLag(_Command, frozen=True):
    """Add latency to everything a node sends or receives; 0 takes it away."""

    node: int
    extra_us: int


class SetLinkLag(_Command, frozen=True):
    """Add latency to the link between two nodes; 0 takes it away."""

    node: int
    other: int
    extra_us: int


class SetHashRate(_Command, frozen=True):
    """Change a miner's hash rate, in hashes a second."""

    node: int
    hash_rate_per_s: int


class ProposeSigner(_Command, frozen=True):
    """Let a node vote, in every block it signs, on making another node a signer or on dropping it (Clique)."""

    node: int
    other: int
    authorize: bool
    """True adds, False drops."""


class WithdrawProposal(_Command, frozen=True):
    """Let a node no longer vote on another one; votes already cast stay."""

    node: int
    other: int


class DepositStake(_Command, frozen=True):
    """Let the faucet put down stake for a node's validator, in a transaction (protocols with stake)."""

    node: int
    amount: int
    """In units."""


class ExitValidator(_Command, frozen=True):
    """Let a node's validator ask to leave (proof of stake), or the faucet take back what it put down for it."""

    node: int


class TurnByzantine(_Command, frozen=True):
    """Let a node break the protocol from now on, in one of the ways of chain/adversary/, or keep to it again."""

    node: int
    behaviour: Behaviour


class SetTraffic(_Command, frozen=True):
    """Change how often people pay each other: payments a thousand seconds; 0 stops them."""

    per_1000_s: int


class GrantAccess(_Command, frozen=True):
    """Let a node join, read or propose, with what it needs for that; or let those who live there send."""

    node: int
    right: RightName


class RevokeAccess(_Command, frozen=True):
    """Take a right from a node, with those that rest on it; or from those who live there the right to send."""

    node: int
    right: RightName


class GrantSending(_Command, frozen=True):
    """Let an account send transactions."""

    account: bytes


class RevokeSending(_Command, frozen=True):
    """Let an account no longer send transactions."""

    account: bytes


class SharePayload(_Command, frozen=True):
    """Give something to some nodes alone, and hand a transaction that commits to it to a node."""

    node: int
    transaction: bytes
    """The canonical bytes of a SignedTransaction whose action is Commit."""
    salt: bytes
    content: bytes
    """UTF-8."""
    members: tuple[int, ...]
    """The nodes that may read it."""


Command = (
    SubmitTransaction
    | RequestCoins
    | MineBlock
    | StopNode
    | StartNode
    | CutNode
    | ReconnectNode
    | CutLink
    | OpenLink
    | Partition
    | Heal
    | SetLag
    | SetLinkLag
    | SetHashRate
    | ProposeSigner
    | WithdrawProposal
    | DepositStake
    | ExitValidator
    | TurnByzantine
    | SetTraffic
    | GrantAccess
    | RevokeAccess
    | GrantSending
    | RevokeSending
    | SharePayload
)


class CommandEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A command as it was applied: the inputs of a run are a list of these."""

    time_us: TimeUs
    """Virtual time at which it was applied."""
    step: int
    """How many kernel events had been handled before it: settles the order at one and the same microsecond."""
    command: Command

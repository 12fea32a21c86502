"""What every consensus protocol is made of: rules, which are objective, and agents, which are not.

``Rules`` are pure and shared by all nodes: they check a block against the consensus state of its parent and compute the
state after it. An ``Agent`` is one node's part in the protocol: a state machine without input or output of its own,
whose handlers look at a ``View`` (what this node knows at this moment) and return effects. The simulation exhausts a
handler's effects before it applies any. Neither knows the network, and neither knows the ledger's state: what
consensus needs of it (stake, votes) arrives as data.

A protocol is one module that offers a ``Rules`` and builds an ``Agent`` for each acting node.
All are named in chain/consensus/registry.py.
"""

from collections.abc import Iterable
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import Generic, Protocol, TypeVar

import msgspec

from chain.ledger.block import Block
from chain.units import Hash, NodeId, TimeUs

S = TypeVar("S")
"""A protocol's branch state: one frozen value per block."""
S_co = TypeVar("S_co", covariant=True)
S_contra = TypeVar("S_contra", contravariant=True)


class Finality(Enum):
    """What "final" means under a protocol; screens must say which."""

    NONE = "none"
    """Nothing is ever final."""
    DEPTH = "depth"
    """A block is taken as final after a number of confirmations; it can still be undone, at a cost that grows."""
    ECONOMIC = "economic"
    """Undoing it costs at least a third of the stake."""
    INSTANT = "instant"
    """Once committed it cannot be undone while fewer than a third are Byzantine."""


class Publish(msgspec.Struct, frozen=True):
    """Publish a block from this node to the network."""

    block: Block


class SetTimer(msgspec.Struct, frozen=True):
    """Wake this agent at ``at_us``. A timer of the same name replaces the old one."""

    name: str
    at_us: TimeUs
    data: int = 0


class CancelTimer(msgspec.Struct, frozen=True):
    """Forget the timer of this name, if it is set."""

    name: str


Effect = Publish | SetTimer | CancelTimer
Effects = Iterable[Effect]


class Rules(Protocol[S]):
    """The objective side: valid or not, and the state that follows."""

    finality: Finality

    def genesis(self, block: Block) -> S:
        """Return the consensus state after the genesis block."""

    def check(self, parent: S, block: Block) -> None:
        """Raise InvalidBlock, naming the rule and the numbers, unless the block may follow its parent."""

    def apply(self, parent: S, block: Block) -> S:
        """Return the state after a block that ``check`` accepted."""

    def wakes_agents(self, parent: S, state: S) -> bool:
        """Return whether agents must be woken when a block with this state, on such a parent, reaches them."""

    def weight(self, state: S) -> int:
        """Return the weight of the branch that ends here; heavier branches win the fork choice."""


class View(Protocol[S_co]):
    """What one node knows at one moment. Agents decide from this alone."""

    node: NodeId
    now_us: TimeUs

    def heaviest(self) -> Hash:
        """Return the known block of greatest weight; ties go to the one seen first, then to the smaller hash."""

    def state(self, block: Hash) -> S_co:
        """Return the consensus state after a known block."""

    def build_block(self, parent: Hash, consensus: bytes) -> Block:
        """Return an executed block on ``parent`` with this node's best pending transactions and a zero nonce."""

    def draw_exponential(self, mean_us: int, purpose: str, *key: int | bytes | str) -> int:
        """Return an exponential waiting time in microseconds, drawn for this node under that name."""


class Agent(Protocol[S_contra]):
    """The subjective side: one acting node."""

    def start(self, view: View[S_contra]) -> Effects:
        """Begin, or begin again after having been offline."""

    def on_block(self, view: View[S_contra], block: Hash) -> Effects:
        """Handle the arrival of a block for which ``Rules.wakes_agents`` says so."""

    def on_timer(self, view: View[S_contra], name: str, data: int) -> Effects:
        """Handle a timer that fired."""

    def stop(self, view: View[S_contra]) -> None:
        """Take note that the node goes offline; its timers are gone."""

    def on_demand(self, view: View[S_contra]) -> Effects:
        """Handle a person's wish to propose a block now. Raises CommandRefused where the protocol has no such thing."""

    def head(self, view: View[S_contra]) -> Hash:
        """Return the block this node builds on."""

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        """Return the energy the node has spent on the protocol since the start of the run."""


@dataclass(frozen=True, slots=True)
class Setup(Generic[S]):
    """What a protocol's module builds for a run."""

    name: str
    """The protocol, as ``consensus.protocol`` names it."""
    rules: Rules[S]
    """Shared by all nodes."""
    agents: dict[NodeId, Agent[S]]
    """The acting nodes."""
    depth: int
    """Confirmations after which a block is final under Finality.DEPTH; 0 under the other kinds."""

    def copy(self) -> "Setup[S]":
        """Return a setup whose agents are independent; rules never change."""
        agents = {node: copy(agent) for node, agent in self.agents.items()}
        return Setup(self.name, self.rules, agents, self.depth)

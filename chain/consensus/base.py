"""What every consensus protocol is made of: rules, which are objective, and agents, which are not.

``Rules`` are pure and shared by all nodes: they check a block against the consensus state of its parent and compute the
state after it. An ``Agent`` is one node's part in the protocol: a state machine without input or output of its own,
whose handlers look at a ``View`` (what this node knows at this moment) and return effects. The simulation exhausts a
handler's effects before it applies any. Neither knows the network, and neither knows the ledger's state: what
consensus needs of it (stake, votes) arrives as data.

A protocol is one module that offers a ``Rules`` and builds an ``Agent`` for each acting node; all are named in
chain/consensus/registry.py. What all nodes do at once is an ``Ensemble`` (chain/consensus/ensemble.py).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterable, Iterator
from copy import copy
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from chain.consensus.block_tree import BlockRecord, Nodes
from chain.errors import CommandRefused, InvalidMessage
from chain.ledger.block import Block
from chain.ledger.context import Reward, StakeChange
from chain.units import Address, Hash, NodeId, TimeUs

if TYPE_CHECKING:
    from chain.consensus.ensemble import Ensemble

S = TypeVar("S")
"""A protocol's branch state: one frozen value per block."""


Topic = tuple[int | str, ...]
"""What a message is about, such as ``("prevote", height, round)``."""


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


class Envelope(NamedTuple):
    """What the rules read in a message; whoever sends it has no say in this."""

    topic: Topic
    value: bytes
    """What it speaks for: a block hash, or nothing."""
    sender: int
    """Index of the validator that signed it."""
    weight: int = 1
    """Voting power."""


class Broadcast(msgspec.Struct, frozen=True):
    """Send a signed message to every node, or to one."""

    message: Any
    """The protocol's own frozen struct, signature included."""
    wakes: bool = False
    """Whether agents are woken by it (``on_message``); otherwise they ask, or await a quorum."""
    block: Block | None = None
    """A new block that travels in the message, as in a proposal: whoever has the one has the other."""
    target: NodeId | None = None
    """The one node it is sent to, which is woken by it; None: every node."""


class Await(msgspec.Struct, frozen=True):
    """Wake this agent (``on_quorum``) once it has messages of so much weight on a topic, at once if it has them."""

    name: str
    topic: Topic
    value: bytes | None
    """Only messages for this value count; None: any, one a sender."""
    threshold: int


class Forget(msgspec.Struct, frozen=True):
    """Drop the messages and quorums of old topics for all nodes; for what no honest node will ask for again."""

    topics: tuple[Topic, ...]


class Finalize(msgspec.Struct, frozen=True):
    """This node takes a block, and all before it, as final."""

    block: Hash


class FinalizeFor(msgspec.Struct, frozen=True):
    """So many nodes at once take a block, and all before it, as final. For an ``Ensemble``."""

    block: Hash
    nodes: Nodes
    """Their indices."""


class Prefer(msgspec.Struct, frozen=True):
    """From now on nodes prefer these children of a block, whichever they knew first. For an ``Ensemble``."""

    parent: Hash
    choices: Nodes
    """By node the index of the child's record; -1: still the one it knew first."""


Effect = Publish | SetTimer | CancelTimer | Broadcast | Await | Forget | Finalize | FinalizeFor | Prefer
Effects = Iterable[Effect]


class View(Protocol):
    """What one node knows at one moment. Rules and agents decide from this alone."""

    node: NodeId
    now_us: TimeUs

    def heaviest(self) -> BlockRecord:
        """Return the known block of greatest weight; ties go to the one seen first, then to the smaller hash."""

    def get_known(self, block: Hash) -> BlockRecord | None:
        """Return a block if this node knows it."""

    def get_known_us(self, record: BlockRecord) -> int:
        """Return when this node knew a block; NEVER if it does not yet."""

    def iter_known(self, since: BlockRecord) -> Iterator[BlockRecord]:
        """Yield the known blocks published after a block, in order of publication: parents before children."""

    def iter_known_back(self) -> Iterator[BlockRecord]:
        """Yield the known blocks, the latest published first: children before parents, genesis last."""

    def latest_final(self) -> BlockRecord:
        """Return the highest block for which this node's agent returned Finalize; genesis before the first."""

    def get_choice(self, parent: BlockRecord) -> BlockRecord | None:
        """Return the child of a block this node was led to prefer (``Prefer``); None: the one it knew first."""

    def get_messages(self, topic: Topic) -> list[Any]:
        """Return the protocol's messages on a topic that this node has, in order of publication."""

    def get_weight(self, topic: Topic, value: bytes) -> int:
        """Return the weight of the messages for a value on a topic that this node has, one a sender."""

    def get_conflicts(self, topic: Topic) -> list[tuple[Any, Any]]:
        """Return pairs of messages on a topic, both known, in which one sender speaks for two values."""

    def build_block(self, parent: Hash, consensus: bytes, later_us: int = 0, is_empty: bool = False) -> Block:
        """Return an executed block on ``parent`` with this node's best pending transactions and a zero nonce.

        Those who make two blocks at a time make the other one ``later_us`` later, or without transactions.
        """

    def may_propose(self) -> bool:
        """Return whether this node is allowed to propose the block after its head; in a public network everybody is."""

    def draw_exponential(self, mean_us: int, purpose: str, *key: int | bytes | str) -> int:
        """Return this node's next exponential waiting time under that name, in microseconds."""

    def draw_below(self, n: int, purpose: str, *key: int | bytes | str) -> int:
        """Return this node's next uniform integer in 0 … n − 1 under that name."""


class Rules(ABC, Generic[S]):
    """The objective side, one object for all nodes: what is valid, what state follows, which head a view has."""

    finality: Finality
    takes_stake = False
    """Whether deposits and exits in transactions mean anything."""

    @abstractmethod
    def genesis(self, block: Block) -> S:
        """Return the consensus state after the genesis block."""

    @abstractmethod
    def check(self, parent: S, block: Block) -> None:
        """Raise InvalidBlock, naming the rule and the numbers, unless the block may follow its parent.

        InvalidEncoding may escape when the seal cannot be read; the world makes it an InvalidBlock.
        """

    def check_references(self, block: Block, get_valid: Callable[[Hash], BlockRecord | None]) -> None:
        """Raise InvalidBlock unless the blocks named beside the parent, such as uncles, are valid and as it tells.

        ``get_valid`` returns any valid block that has been published. Called after ``check``.
        """

    def compute_rewards(self, parent: S, proposer: Address, consensus: bytes, subsidy: int) -> tuple[Reward, ...]:
        """Return what a block with this proposer and seal pays beside the subsidy of its height, in units.

        InvalidEncoding may escape when the seal cannot be read.
        """
        return ()

    @abstractmethod
    def apply(self, parent: S, block: Block, changes: tuple[StakeChange, ...] = ()) -> S:
        """Return the state after a block that ``check`` accepted.

        ``changes`` is what its transactions ask of consensus: votes, deposits, exits, in their order.
        """

    @abstractmethod
    def weight(self, state: S) -> int:
        """Return the weight of the branch that ends here."""

    def head(self, view: View) -> BlockRecord:
        """Return the block a node with this view builds on: the fork choice."""
        return view.heaviest()

    def finalized(self, view: View) -> BlockRecord:
        """Return the highest block that a node with this view takes as final, in the sense of ``finality``."""
        return view.latest_final()

    def wakes_agents(self, parent: S, state: S) -> bool | Collection[int]:
        """Return whether agents must be woken when a block with this state, on such a parent, reaches them.

        A collection of nodes wakes the agents of these nodes alone.
        """
        return False

    def check_message(self, view: View, message: Any) -> Envelope:
        """Return what a message is about, who sent it and what that one's vote weighs.

        Raises InvalidMessage unless it is well formed and really signed by whom it names. ``view`` is that of the node
        that sends it, for protocols in which weights change.
        """
        raise InvalidMessage("consensus/message", f"{type(message).__name__} is no message of this protocol")


class Agent:
    """The subjective side: one acting node. A protocol overrides the handlers it needs."""

    def start(self, view: View) -> Effects:
        """Begin, or begin again after having been offline."""
        return ()

    def stop(self, view: View) -> None:
        """Take note that the node goes offline; its timers are gone."""

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        """Handle the arrival of a block for which ``Rules.wakes_agents`` says so."""
        return ()

    def on_message(self, view: View, message: Any) -> Effects:
        """Handle the arrival of a message that was sent with ``wakes``."""
        return ()

    def on_quorum(self, view: View, quorum: Await) -> Effects:
        """Handle a quorum this agent awaited; each Await is answered at most once."""
        return ()

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        """Handle a timer that fired."""
        return ()

    def on_demand(self, view: View) -> Effects:
        """Handle a person's wish to propose a block now. Raises CommandRefused where that is not possible."""
        raise CommandRefused("command/propose", "under this protocol nobody can propose a block out of turn")

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        """Return the energy the node has spent on the protocol since the start of the run."""
        return 0

    def copy(self) -> "Agent":
        """Return an independent agent in the same state. Containers that change must be copied by the protocol."""
        return copy(self)


@dataclass(frozen=True, slots=True)
class Setup(Generic[S]):
    """What a protocol's module builds for a run."""

    name: str
    """The protocol, as ``consensus.protocol`` names it."""
    rules: Rules[S]
    """Shared by all nodes."""
    agents: dict[NodeId, Agent]
    """The acting nodes."""
    depth: int
    """Confirmations after which a block is final under Finality.DEPTH; 0 under the other kinds."""
    ensemble: "Ensemble | None" = None
    """What all nodes do together, where the protocol has such a thing."""

    def copy(self) -> "Setup[S]":
        """Return a setup whose agents are independent; rules never change."""
        agents = {node: agent.copy() for node, agent in self.agents.items()}
        return Setup(self.name, self.rules, agents, self.depth, self.ensemble and self.ensemble.copy())

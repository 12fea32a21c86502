"""All nodes at once: for what each of them does so often that only whole tables can keep up, such as Snowman's polls.

An ``Ensemble`` is to all nodes what an ``Agent`` is to one: its handlers look at a ``Stage`` and return effects. It
speaks for many nodes with ``FinalizeFor`` and ``Prefer``.
"""

from abc import ABC, abstractmethod
from typing import Protocol

from chain.consensus.base import Effects
from chain.consensus.block_tree import BlockRecord, BlockTree, Nodes, Times
from chain.units import NodeId, TimeUs


class Stage(Protocol):
    """What an ``Ensemble`` works on: everything published, and the ways between all nodes."""

    seed: int
    now_us: TimeUs
    tree: BlockTree

    def get_online(self) -> Nodes:
        """Return the indices of the nodes that are switched on."""

    def get_groups(self) -> Nodes:
        """Return a label for each node: two have the same one when open links lead from one to the other."""

    def ask(self, sources: Nodes, targets: Nodes, luck: Times, size_bytes: int) -> Times:
        """Return how long small messages between pairs of nodes take, in µs; ``luck`` is uniform in 0 … 4095.

        They are counted as sent, but for those of a node to itself, which take no time.
        """

    def compute_asked_us(self, sources: Nodes, targets: Nodes, luck: Times) -> Times:
        """Return the same and count nothing."""

    def count_asked(self, messages: int, size_bytes: int) -> None:
        """Count small messages as sent."""

    def get_longest_us(self) -> Times | None:
        """Return, by luck, the longest that small messages take between any nodes; None where that is not known."""


class Ensemble(ABC):
    """All nodes at once, for what each of them does so often that only whole tables can keep up.

    A protocol that has one leaves to its agents what nodes do one by one, such as proposing.
    """

    @abstractmethod
    def on_block(self, stage: Stage, block: BlockRecord) -> Effects:
        """Handle that a block has been published; who knows it when stands in the record."""

    @abstractmethod
    def on_start(self, stage: Stage, node: NodeId) -> Effects:
        """Handle that a node begins, or begins again after having been offline."""

    @abstractmethod
    def on_timer(self, stage: Stage, name: str, data: int) -> Effects:
        """Handle a timer that fired."""

    @abstractmethod
    def copy(self) -> "Ensemble":
        """Return an independent ensemble in the same state."""

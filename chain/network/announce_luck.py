"""What is fixed for one announced item before it moves: the luck of its messages, and what they take over each edge.

Arrays "by position" are here for the edge owner → neighbor, the way the loops walk.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chain.network.compact import COMPACT_BYTES, CompactNodes, compute_missing_bytes
from chain.network.flight import Item
from chain.network.latency import LUCK_SHIFT
from chain.network.links import Links
from chain.network.timing import Timing

IntArray = npt.NDArray[np.int64]

CONTROL_US = 10_000
"""Added to inventories and requests (SimBlock, ``networkMessage``); nothing in the models constant and uniform."""


@dataclass(frozen=True, slots=True)
class Luck:
    """The luck of one item. Levels are entries of the latency table of the edge a message takes."""

    inventory: npt.NDArray[np.uint16]
    """By position: level of the inventory."""
    request: IntArray
    """By node, as the next three: level of its request."""
    block: IntArray
    """Level of the block or compact block sent to it."""
    missing_request: IntArray
    """Level of its request for what is missing."""
    missing_block: IntArray
    """Level of what is missing, sent to it."""
    fails: npt.NDArray[np.bool_]
    """By node: a compact block cannot be rebuilt."""
    missing_bytes: IntArray
    """By node: what is then missing of the block."""


class Announcing:
    """What never changes in a network that announces. Shared by its copies."""

    def __init__(self, timing: Timing, compact: CompactNodes) -> None:
        topology = timing.topology
        self.timing = timing
        self.topology = topology
        self.table_start: IntArray = timing.table_start.take(topology.twin)
        """By position: where the edge's latency table starts."""
        self.is_compact: npt.NDArray[np.bool_] = compact.supports[topology.owner] & compact.supports[topology.neighbor]
        """By position: both ends support compact blocks."""
        self.control_us = CONTROL_US if timing.processing_us else 0
        self._failure = compact.failure

    def draw_luck(self, item: Item) -> Luck:
        """Return the luck of an item: 16 bits by edge and six times 16 bits by node."""
        edges, nodes = self.timing.edges, self.topology.nodes
        values = self.timing.draw_levels(item.key, edges + 6 * nodes)
        by_node = values[edges:].reshape(6, nodes).astype(np.int64)
        levels = by_node[:4] >> LUCK_SHIFT
        missing = compute_missing_bytes(by_node[5], item.size_bytes)
        inventory = np.asarray(values[:edges] >> LUCK_SHIFT, dtype=np.uint16)
        return Luck(
            inventory,
            levels[0],
            levels[1],
            levels[2],
            levels[3],
            by_node[4] < self._failure,
            missing,
        )

    def get_first_bytes(self, size_bytes: int, is_compact: npt.NDArray[np.bool_]) -> IntArray:
        """Return the sizes of first block messages: that of a compact block, if it is smaller, where one is sent."""
        return np.where(is_compact, min(COMPACT_BYTES, size_bytes), size_bytes)

    def get_first_transfer_us(self, size_bytes: int, links: Links) -> IntArray:
        """Return, by position, transfer and processing of the first block message."""
        bandwidth = self.get_bandwidth(links)
        return self.get_first_bytes(size_bytes, self.is_compact) * 8_000_000 // bandwidth + self.timing.processing_us

    def get_bandwidth(self, links: Links) -> IntArray:
        """Return bit/s by position, slowed by lag."""
        return self.timing.get_bandwidth(links).take(self.topology.twin)

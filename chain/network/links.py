"""The state of links and nodes over time: open or closed, online or offline, cut by a partition, slowed down.

A link is open when nobody closed it, no partition cuts it and both its nodes are online. ``open_since`` tells since
when. Every change is made at a moment not before the last one and is kept, so any past moment can be looked up. Closing
at c lets everything delivered at or before c through: what a node knows at t are the arrivals at or before t.

The arrays are replaced, never changed, so a copy (for a checkpoint) shares them.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.errors import InvalidInput
from chain.network.topology import Topology
from chain.units import NEVER

IntArray = npt.NDArray[np.int64]

FULL_BANDWIDTH: Final = 1000
"""Thousandths of the measured bandwidth that a link has when nothing slows it."""


class Links:
    """Every link of a topology, from moment 0, when all are open and all nodes online."""

    __slots__ = (
        "_bandwidth",
        "_closed",
        "_extra",
        "_group",
        "_link_changes",
        "_node_changes",
        "_offline",
        "bandwidth_per_mille",
        "changed_us",
        "extra_us",
        "is_all_open",
        "is_lagged",
        "open_since",
        "topology",
    )

    def __init__(self, topology: Topology) -> None:
        nodes, links = topology.nodes, len(topology.links)
        self.topology = topology
        self.changed_us = 0
        """The moment of the last change."""
        self.open_since: IntArray = np.zeros(links, dtype=np.int64)
        """By link: the moment since when it is open without a break, NEVER when it is closed."""
        self.extra_us: IntArray = np.zeros(links, dtype=np.int64)
        """By link: what its own lag and that of its two nodes add to the latency of each message."""
        self.bandwidth_per_mille: IntArray = np.full(links, FULL_BANDWIDTH, dtype=np.int64)
        """By link: the least of its own and its two nodes' thousandths of bandwidth."""
        self.is_all_open = True
        """Whether every link is open."""
        self.is_lagged = False
        """Whether any link is slowed down."""
        self._closed = np.zeros(links, dtype=np.bool_)
        self._offline = np.zeros(nodes, dtype=np.bool_)
        self._group = np.zeros(nodes, dtype=np.int64)
        # lag set on links and on nodes, one after another
        self._extra: IntArray = np.zeros(links + nodes, dtype=np.int64)
        self._bandwidth: IntArray = np.full(links + nodes, FULL_BANDWIDTH, dtype=np.int64)
        # moments at which a link closed, opened, closed … and a node went, came, went …
        self._link_changes: dict[int, tuple[int, ...]] = {}
        self._node_changes: dict[int, tuple[int, ...]] = {}

    def copy(self) -> "Links":
        """Return a copy that goes its own way; cheap, since arrays and past are shared."""
        twin = object.__new__(Links)
        for name in self.__slots__:
            setattr(twin, name, getattr(self, name))
        twin._link_changes, twin._node_changes = dict(self._link_changes), dict(self._node_changes)
        return twin

    def is_like(self, other: "Links") -> bool:
        """Return whether the same links are open, as long, and as slow."""
        arrays = ((links.open_since, links.extra_us, links.bandwidth_per_mille) for links in (self, other))
        return all(np.array_equal(one, two) for one, two in zip(*arrays, strict=True))

    def get_node_lags(self) -> IntArray:
        """Return by node what its own lag adds to each message it sends or receives, in µs."""
        return self._extra[len(self.topology.links) :]

    def is_open(self, link: int, at_us: int) -> bool:
        """Return whether a link was open at a moment. At the moment of a change the new state holds."""
        return bisect_right(self._link_changes.get(link, ()), at_us) % 2 == 0

    def is_online(self, node: int, at_us: int) -> bool:
        """Return whether a node was online at a moment. At the moment of a change the new state holds."""
        return bisect_right(self._node_changes.get(node, ()), at_us) % 2 == 0

    def get_online_now(self) -> npt.NDArray[np.intp]:
        """Return the indices of the nodes that are online after the last change."""
        return np.flatnonzero(~self._offline)

    def is_online_now(self, node: int) -> bool:
        """Return whether a node is online after the last change."""
        return not self._offline.item(node)

    def get_changes(self, link: int) -> tuple[int, ...]:
        """Return the moments at which a link closed, opened, closed …, in order."""
        return self._link_changes.get(link, ())

    def close(self, links: Iterable[int], now_us: int) -> None:
        """Close links until ``open`` is called for them. Raises InvalidInput for a link that does not exist."""
        self._set_closed(links, now_us, closed=True)

    def open(self, links: Iterable[int], now_us: int) -> None:
        """Open links again that were closed; a partition or an offline node may still keep them shut."""
        self._set_closed(links, now_us, closed=False)

    def set_online(self, node: int, online: bool, now_us: int) -> None:
        """Let a node go offline, which shuts all its links, or come back."""
        self._check_nodes([node])
        self._advance(now_us)
        if self.is_online_now(node) == online:
            return
        self._offline = self._offline.copy()
        self._offline[node] = not online
        self._node_changes[node] = (*self._node_changes.get(node, ()), now_us)
        self._refresh(now_us)

    def partition(self, groups: Sequence[Iterable[int]], now_us: int) -> None:
        """Cut every link between nodes of different groups; nodes not named form one more group.

        It replaces an earlier partition. Raises InvalidInput for a node that does not exist or is named twice.
        """
        group = np.zeros_like(self._group)
        for index, nodes in enumerate(groups, start=1):
            for node in nodes:
                self._check_nodes([node])
                if group[node]:
                    raise InvalidInput("partition", node, "each node in one group only")
                group[node] = index
        self._advance(now_us)
        self._group = group
        self._refresh(now_us)

    def heal(self, now_us: int) -> None:
        """End a partition; closed links and offline nodes stay as they are."""
        self._advance(now_us)
        self._group = np.zeros_like(self._group)
        self._refresh(now_us)

    def set_lag(
        self,
        now_us: int,
        *,
        links: Iterable[int] = (),
        nodes: Iterable[int] = (),
        extra_us: int = 0,
        bandwidth_per_mille: int = FULL_BANDWIDTH,
    ) -> None:
        """Slow links or all links of nodes; it replaces their earlier lag, and the default values end it.

        The latencies of a link and its two nodes add up; of their bandwidths the least counts.
        """
        if extra_us < 0 or not 1 <= bandwidth_per_mille <= FULL_BANDWIDTH:
            raise InvalidInput("lag", (extra_us, bandwidth_per_mille), "0 µs or more, and 1 to 1000 thousandths")
        links, nodes = list(links), list(nodes)
        self._check_links(links)
        self._check_nodes(nodes)
        self._advance(now_us)
        count = len(self.topology.links)
        places = [*links, *(count + node for node in nodes)]
        self._extra, self._bandwidth = self._extra.copy(), self._bandwidth.copy()
        self._extra[places], self._bandwidth[places] = extra_us, bandwidth_per_mille
        ends = self.topology.ends + count
        self.extra_us = self._extra[:count] + self._extra[ends].sum(axis=1)
        self.bandwidth_per_mille = np.minimum(self._bandwidth[:count], self._bandwidth[ends].min(axis=1))
        self.is_lagged = bool(self._extra.any() or (self._bandwidth != FULL_BANDWIDTH).any())

    def _set_closed(self, links: Iterable[int], now_us: int, *, closed: bool) -> None:
        links = list(links)
        self._check_links(links)
        self._advance(now_us)
        self._closed = self._closed.copy()
        self._closed[links] = closed
        self._refresh(now_us)

    def _refresh(self, now_us: int) -> None:
        """Work out which links are open now, and note those that changed."""
        ends = self.topology.ends
        shut = self._closed | self._offline[ends].any(axis=1) | (self._group[ends[:, 0]] != self._group[ends[:, 1]])
        changed = np.flatnonzero((self.open_since == NEVER) != shut)
        self.open_since = self.open_since.copy()
        self.open_since[changed] = np.where(shut[changed], NEVER, now_us)
        self.is_all_open = not shut.any()
        for link in changed.tolist():
            self._link_changes[link] = (*self._link_changes.get(link, ()), now_us)

    def _advance(self, now_us: int) -> None:
        if now_us < self.changed_us:
            raise InvalidInput("moment of a change of links", now_us, f"{self.changed_us} or later")
        self.changed_us = now_us

    def _check_links(self, links: list[int]) -> None:
        for link in links:
            if not 0 <= link < len(self.topology.links):
                raise InvalidInput("link", link, f"0 to {len(self.topology.links) - 1}")

    def _check_nodes(self, nodes: list[int]) -> None:
        for node in nodes:
            if not 0 <= node < self.topology.nodes:
                raise InvalidInput("node", node, f"0 to {self.topology.nodes - 1}")

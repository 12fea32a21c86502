"""How long the messages of one item take over every edge: latency by luck, transfer by size and bandwidth, lag.

Arrays "by position" are ordered as in ``Topology``: the edge neighbor → owner. Luck is drawn by the item's key, 16 bits
an edge or a node, so sending an item again over the same edge takes as long as before.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from chain.draws import draw_array, draw_bytes
from chain.network.latency import LEVELS, LUCK_SHIFT, build_latency_tables
from chain.network.links import FULL_BANDWIDTH, Links
from chain.network.parameters import NetworkParameters
from chain.network.placement import Place
from chain.network.regions import REGIONS, YEARS
from chain.network.topology import Topology

IntArray = npt.NDArray[np.int64]

PROCESSING_US: Final = 2_000
"""What a node takes to process an item (SimBlock, ``Node.processingTime``)."""
NO_LIMIT: Final = 1 << 50
"""Bandwidth, in bit/s, where transfers take no time."""
KEPT_TRANSFERS: Final = 20_000
"""Sizes times edges whose transfer times are kept; one size always is."""
FEW_VALUES: Final = 1_000
"""Up to this many values BLAKE2b is faster than setting up Philox."""


class Timing:
    """The fixed part: which latency table and which bandwidth each edge has. Shared by copies of a network."""

    def __init__(self, parameters: NetworkParameters, seed: int, topology: Topology, places: tuple[Place, ...]) -> None:
        measured = parameters.delay_model == "regions"
        region = np.array([REGIONS.index(place.region) for place in places], dtype=np.int64)
        source, target = region[topology.neighbor], region[topology.owner]
        self._region = region
        year = YEARS[parameters.year]
        pairs = [year.get_bandwidth(one, other) if measured else NO_LIMIT for one in range(6) for other in range(6)]
        self.seed = seed
        self.topology = topology
        self.edges = len(topology.neighbor)
        """Number of directed edges, two a link."""
        self.tables, starts = build_latency_tables(parameters.delay_model, parameters.delay_us, parameters.year)
        """Latencies in µs; entry ``table_start + level`` is that of a message over the edge."""
        is_short = int(self.tables.max()) < 1 << 31
        self._short_tables = self.tables.astype(np.int32 if is_short else np.int64)  # of half the size: in the cache
        self._starts = starts.ravel()
        self.table_start: IntArray = starts[source, target]
        """By position: where the edge's latency table starts."""
        self.processing_us = PROCESSING_US if measured else 0
        """Added to every item received; nothing in the models constant and uniform."""
        self._constant_us = parameters.delay_us if parameters.delay_model == "constant" else None
        self._pair: IntArray = source * len(REGIONS) + target
        self._bandwidth: IntArray = np.array(pairs, dtype=np.int64)
        self._transfers: dict[int, IntArray] = {}

    def draw_levels(self, key: bytes, count: int) -> npt.NDArray[np.uint16]:
        """Return ``count`` values of 16 bits of luck of the item named ``key``."""
        if count <= FEW_VALUES:
            return np.frombuffer(draw_bytes(self.seed, 2 * count, "gossip", key), dtype="<u2")
        raw = draw_array(self.seed, "gossip", key, size=(count + 3) // 4)
        return raw.astype("<u8", copy=False).view("<u2")[:count]

    def get_bandwidth(self, links: Links) -> IntArray:
        """Return bit/s by position, slowed by lag."""
        bandwidth = self._bandwidth.take(self._pair)
        if links.is_lagged:
            slowed = bandwidth * links.bandwidth_per_mille.take(self.topology.link) // FULL_BANDWIDTH
            bandwidth = np.maximum(slowed, 1)
        return bandwidth

    def get_transfer_us(self, size_bytes: int, links: Links) -> IntArray:
        """Return, by position, what transfer and processing of that many bytes take; the last sizes are kept."""
        if links.is_lagged:
            return size_bytes * 8_000_000 // self.get_bandwidth(links) + self.processing_us
        transfer = self._transfers.get(size_bytes)
        if transfer is None:
            by_pair = size_bytes * 8_000_000 // self._bandwidth + self.processing_us
            transfer = by_pair.take(self._pair)
            if len(self._transfers) * self.edges >= KEPT_TRANSFERS:
                self._transfers = {}
            self._transfers[size_bytes] = transfer
        return transfer

    def compute_push_delays(self, key: bytes, size_bytes: int, links: Links) -> IntArray:
        """Return, by position, latency + transfer + processing + lag of the item over each edge, open or closed."""
        delays = self._draw_latencies(key, self.table_start)
        delays += self.get_transfer_us(size_bytes, links)
        if links.is_lagged:
            delays += links.extra_us.take(self.topology.link)
        return delays

    def compute_many_delays(
        self, keys: list[bytes], sizes: list[int], links: Links, places: IntArray | None
    ) -> IntArray:
        """Return the same for many items, a row each.

        With ``places``, which has a row of positions an item: only those, as in ``compute_direct_delays``.
        """
        starts = self.table_start if places is None else self.table_start.take(places)
        luck = [key if places is None else key + b">" for key in keys]
        delays = self._draw_many_latencies(luck, starts)
        for size in dict.fromkeys(sizes):
            transfer = self.get_transfer_us(size, links)
            rows = slice(None) if sizes.count(size) == len(sizes) else [it == size for it in sizes]
            delays[rows] += transfer if places is None else transfer.take(places[rows])
        if links.is_lagged:
            lag_us = links.extra_us.take(self.topology.link)
            delays += lag_us if places is None else lag_us.take(places)
        return delays

    def _draw_many_latencies(self, keys: list[bytes], starts: IntArray) -> IntArray:
        count = starts.shape[-1]
        if self._constant_us is not None:
            return np.full((len(keys), count), self._constant_us, dtype=np.int64)
        levels = np.concatenate([self.draw_levels(key, count) for key in keys]).reshape(len(keys), count)
        return self._short_tables.take((levels >> LUCK_SHIFT) + starts).astype(np.int64)

    def compute_direct_delays(self, key: bytes, size_bytes: int, links: Links, places: IntArray) -> IntArray:
        """Return the same for some positions only, with luck of their own: what one node sends itself."""
        delays = self._draw_latencies(key + b">", self.table_start.take(places))
        delays += self.get_transfer_us(size_bytes, links).take(places)
        if links.is_lagged:
            delays += links.extra_us.take(self.topology.link.take(places))
        return delays

    def compute_small_delays(self, sources: IntArray, targets: IntArray, levels: IntArray, links: Links) -> IntArray:
        """Return latency + processing + lag of messages too small to take time themselves, between any two nodes."""
        place = self._region.take(sources) * len(REGIONS) + self._region.take(targets)
        delays = self._starts.take(place)
        delays += levels
        delays = self.tables.take(delays)
        delays += self.processing_us
        if links.is_lagged:
            lag_us = links.get_node_lags()
            delays += lag_us[sources] + lag_us[targets]
        return delays

    def get_longest_us(self) -> IntArray:
        """Return, by level of luck, the longest that ``compute_small_delays`` gives to any pair, without lag."""
        return np.asarray(self.tables.reshape(-1, LEVELS).max(axis=0) + self.processing_us)

    def _draw_latencies(self, key: bytes, starts: IntArray) -> IntArray:
        if self._constant_us is not None:  # whatever the luck
            return np.full(len(starts), self._constant_us, dtype=np.int64)
        index = self.draw_levels(key, len(starts)) >> LUCK_SHIFT
        return self._short_tables.take(index + starts).astype(np.int64)

"""The announce relay: spreads of blocks by ``run_announce``, and their future again when links change.

Uploads of several blocks share a node's one upload at a time: those of the block that was published first go first. So
a block finds each node busy until its last upload for any earlier block ends, even one that starts later than its own.
That is a simplification. A spread that is computed again keeps the uploads it found when it was published.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chain.network import announce
from chain.network.announce_changes import run_changes
from chain.network.announce_luck import Announcing, Luck
from chain.network.flight import Base, Change, Flight, Item, build_spread
from chain.network.links import Links
from chain.network.push import FAR
from chain.network.spread import NO_PARENT, Spread
from chain.units import NEVER

IntArray = npt.NDArray[np.int64]

COMPILE_AT_NODES = 300
"""Networks from this size on run the compiled loop where numba is installed; importing it takes half a second."""


class AnnounceRelay:
    """Computes spreads by announce. Holds no state of a run; uploads under way are handed in and out."""

    def __init__(self, announcing: Announcing, fast: bool | None) -> None:
        """``fast`` chooses the compiled loop or plain Python; None decides by size and by what is installed."""
        self._announcing = announcing
        self._topology = announcing.topology
        large = self._topology.nodes >= COMPILE_AT_NODES
        self._is_compiled = (large and announce.is_numba_installed()) if fast is None else fast
        self._kept: tuple[int, tuple[Any, ...]] | None = None

    def start(self, item: Item, links: Links, uploads: IntArray) -> Flight:
        """Return the flight of an item published now; ``uploads`` tells, by node, when its last upload so far ends."""
        luck = self._announcing.draw_luck(item)
        busy = np.maximum(uploads - item.start_us, 0)
        arrival, via, busy_after = self._run(item, luck, links, busy.copy())
        reached = via >= 0
        parent = np.where(reached, self._topology.owner.take(via), NO_PARENT)
        spread, last_us, is_complete = build_spread(item, arrival, parent)
        is_compact = self._announcing.is_compact.take(via)
        missed = luck.fails & is_compact & reached
        bytes_sent = int((self._announcing.get_first_bytes(item.size_bytes, is_compact) * reached).sum())
        bytes_sent += int((luck.missing_bytes * missed).sum())
        messages = self._count_messages(spread, links, is_complete) + 2 * int(np.count_nonzero(missed))
        base = Base(uploads, None, links, ())
        ends = np.where(busy_after > busy, busy_after + item.start_us, 0)
        return Flight(spread, last_us, is_complete, messages, bytes_sent, base=base, upload_ends=ends)

    def change(self, flight: Flight, change: Change, uploads: IntArray) -> Flight:
        """Return the flight after a change of links: arrivals up to now stand."""
        spread = flight.spread
        if flight.last_us > change.now_us:
            assert flight.base is not None
            base = replace(flight.base, changes=(*flight.base.changes, change))
        elif change.opened:
            base = Base(uploads, spread, change.before, (change,))
        else:
            return flight
        item = Item(spread.key, spread.origin, spread.start_us, spread.size_bytes, spread.kind, spread.relay)
        arrival, parent, ends, bytes_sent = run_changes(self._announcing, item, base)
        moments = np.array(arrival, dtype=np.int64)
        moments[moments < NEVER] -= item.start_us
        fresh, last_us, is_complete = build_spread(item, np.minimum(moments, FAR), parent)
        messages = self._count_messages(fresh, change.after, is_complete)
        bytes_sent += flight.bytes_sent if base.spread is not None else 0
        upload_ends = np.zeros(len(moments), dtype=np.int64)
        upload_ends[list(ends)] = list(ends.values())
        return Flight(fresh, last_us, is_complete, messages, bytes_sent, base=base, upload_ends=upload_ends)

    def _run(self, item: Item, luck: Luck, links: Links, busy: IntArray) -> tuple[IntArray, IntArray, IntArray]:
        """Return (arrival, via, busy) in µs after the start."""
        announcing, topology = self._announcing, self._topology
        inventory = announcing.timing.tables.take(announcing.table_start + luck.inventory) + announcing.control_us
        if links.is_lagged:
            inventory += links.extra_us.take(topology.link)
        if not links.is_all_open:
            inventory[links.open_since.take(topology.link) == NEVER] = FAR
        by_node = (luck.request, luck.block, luck.missing_request, luck.missing_block, luck.fails.astype(np.int64))
        missing_bits = luck.missing_bytes * 8
        best = np.full(topology.nodes, FAR - 1, dtype=np.int64)
        via = np.full(topology.nodes, -1, dtype=np.int64)
        arrival = np.full(topology.nodes, FAR, dtype=np.int64)
        fixed = self._get_fixed(item.size_bytes, links)
        state = (*by_node, missing_bits)
        times = (announcing.control_us, announcing.timing.processing_us)
        start = (item.origin, int(item.relay), *fixed[:3])
        loop: Callable[..., None] = announce.get_compiled() if self._is_compiled else announce.run_announce
        if self._is_compiled:
            loop(*start, inventory, *fixed[3:], *state, *times, busy, best, via, arrival)
            return arrival, via, busy
        lists = [array.tolist() for array in (busy, best, via, arrival)]
        plain = [array.tolist() for array in state]
        loop(*start, inventory.tolist(), *fixed[3:], *plain, *times, *lists)
        return (
            np.array(lists[3], dtype=np.int64),
            np.array(lists[2], dtype=np.int64),
            np.array(lists[0], dtype=np.int64),
        )

    def _get_fixed(self, size_bytes: int, links: Links) -> tuple[Any, ...]:
        """Return what depends on size and lag only; the last one without lag is kept."""
        if not links.is_lagged and self._kept is not None and self._kept[0] == size_bytes:
            return self._kept[1]
        announcing, topology = self._announcing, self._topology
        arrays = (
            topology.first,
            topology.neighbor,
            topology.owner,
            announcing.table_start,
            links.extra_us.take(topology.link),
            announcing.get_first_transfer_us(size_bytes, links),
            announcing.is_compact.astype(np.int64),
            announcing.get_bandwidth(links),
            announcing.timing.tables,
        )
        fixed: tuple[Any, ...] = arrays if self._is_compiled else tuple(array.tolist() for array in arrays)
        if not links.is_lagged:
            self._kept = (size_bytes, fixed)
        return fixed

    def _count_messages(self, spread: Spread, links: Links, is_complete: bool) -> int:
        """Return the inventories of all that pass it on over open links, and request and block for each receiver."""
        if is_complete and spread.relay and links.is_all_open:
            return self._announcing.timing.edges + 2 * (self._topology.nodes - 1)
        holders = spread.arrival < FAR if spread.relay else np.arange(len(spread.arrival)) == spread.origin
        is_open = links.open_since.take(self._topology.link) < NEVER
        inventories = int(np.count_nonzero(holders.take(self._topology.owner) & is_open))
        return inventories + 2 * (int(np.count_nonzero(spread.arrival < FAR)) - 1)

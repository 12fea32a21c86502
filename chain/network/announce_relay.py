"""The announce relay: spreads of blocks by ``run_announce``, and their future again when links change.

Uploads of several blocks share a node's one upload at a time: those of the block that was published first go first, and
later ones start in the first gap they fit into, where a real node would serve whoever asks first. Measured against one
loop over all blocks (600 nodes, 535 KB): the mean arrival is 0.5 % late with a block every 10 s, 1–4 % with one every
5 s, 4 % with one every 2 s, and equal at 600 s. A spread that is computed again keeps the reservations it found.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chain.network import announce
from chain.network.announce_changes import run_changes
from chain.network.announce_luck import Announcing, Luck
from chain.network.flight import Base, Change, Flight, Item, Reserved, build_spread
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

    def start(self, item: Item, links: Links, reserved: Reserved) -> Flight:
        """Return the flight of an item published now, while nodes upload what is ``reserved``."""
        luck = self._announcing.draw_luck(item)
        via, arrival, first_begin, first_end, missing_begin = self._run(item, luck, links, reserved)
        reached = via >= 0
        parent = np.where(reached, self._topology.owner.take(via), NO_PARENT)
        spread, last_us, is_complete = build_spread(item, arrival, parent)
        is_compact = self._announcing.is_compact.take(via)
        missed = luck.fails & is_compact & reached
        bytes_sent = int((self._announcing.get_first_bytes(item.size_bytes, is_compact) * reached).sum())
        bytes_sent += int((luck.missing_bytes * missed).sum())
        messages = self._count_messages(spread, links, is_complete) + 2 * int(np.count_nonzero(missed))
        base = Base(reserved, None, links, ())
        uploads = ((parent, first_begin, first_end), (parent, missing_begin, arrival))
        return Flight(spread, last_us, is_complete, messages, bytes_sent, base=base, uploads=uploads)

    def change(self, flight: Flight, change: Change, reserved: Reserved) -> Flight:
        """Return the flight after a change of links: arrivals up to now stand."""
        if flight.last_us > change.now_us:
            assert flight.base is not None
            base = replace(flight.base, changes=(*flight.base.changes, change))
        elif change.opened:
            base = Base(reserved, flight.spread, change.before, (change,))
        else:
            return flight
        item = flight.item
        arrival, parent, uploads, bytes_sent = run_changes(self._announcing, item, base)
        spread, last_us, is_complete = build_spread(item, arrival, parent)
        messages = self._count_messages(spread, change.after, is_complete)
        bytes_sent += flight.bytes_sent if base.spread is not None else 0
        return Flight(spread, last_us, is_complete, messages, bytes_sent, base=base, uploads=(uploads,))

    def _run(self, item: Item, luck: Luck, links: Links, reserved: Reserved) -> list[IntArray]:
        """Return (via, arrival, first_begin, first_end, missing_begin) of ``run_announce``."""
        announcing, topology = self._announcing, self._topology
        inventory = announcing.timing.tables.take(announcing.table_start + luck.inventory) + announcing.control_us
        if links.is_lagged:
            inventory += links.extra_us.take(topology.link)
        if not links.is_all_open:
            inventory[links.open_since.take(topology.link) == NEVER] = FAR
        fixed = self._get_fixed(item.size_bytes, links)
        by_node = (luck.request, luck.block, luck.missing_request, luck.missing_block, luck.fails.astype(np.int64))
        taken = (reserved.first, reserved.begin_us - item.start_us, reserved.end_us - item.start_us)
        state = [np.full(topology.nodes, value, dtype=np.int64) for value in (0, FAR - 1, -1, FAR, FAR, FAR, FAR)]
        changing: Any = [inventory, *by_node, luck.missing_bytes * 8, *taken, *state]
        if not self._is_compiled:
            changing = [array.tolist() for array in changing]
        loop: Callable[..., None] = announce.get_compiled() if self._is_compiled else announce.run_announce
        times = (announcing.control_us, announcing.timing.processing_us)
        loop(item.origin, int(item.relay), *times, *fixed, *changing)
        return [np.array(values, dtype=np.int64, copy=None) for values in changing[-5:]]

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

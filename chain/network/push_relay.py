"""The push relay: items as messages to every neighbour, each with a delay drawn by the item's key."""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from chain.network import push
from chain.network.flight import Change, Flight, Item, build_spread, build_spreads
from chain.network.links import Links
from chain.network.push import FAR, SMALL_EDGES
from chain.network.timing import Timing

IntArray = npt.NDArray[np.int64]


class PushRelay:
    """Computes spreads by push, and their future again when links change. Holds no state of a run."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._topology = timing.topology
        self._adjacency = push.build_adjacency(timing.topology) if timing.edges <= SMALL_EDGES else None

    def start(self, item: Item, links: Links) -> Flight:
        """Return the flight of an item published now."""
        delays = self._timing.compute_push_delays(item.key, item.size_bytes, links)
        return self._compute(item, delays, links, {item.origin: 0}, None)

    def start_many(self, items: list[Item], links: Links) -> list[Flight]:
        """Return the flights of items that have all been published since the links last changed."""
        if len(items) == 1 or self._adjacency is not None or not links.is_all_open:
            return [self.start(item, links) for item in items]
        keys, sizes = [item.key for item in items], [item.size_bytes for item in items]
        delays = self._timing.compute_many_delays(keys, sizes, links, None)
        arrival = np.full((len(items), self._topology.nodes), FAR, dtype=np.int64)
        arrival[np.arange(len(items)), [item.origin for item in items]] = 0
        spreads = build_spreads(items, *push.compute_push_large(self._topology, delays, arrival, None))
        if not all(is_complete for _, _, is_complete in spreads):
            return [self.start(item, links) for item in items]
        count = self._count_complete()
        return [Flight(spread, last_us, True, count, count * spread.size_bytes) for spread, last_us, _ in spreads]

    def change(self, flight: Flight, change: Change) -> Flight:
        """Return the flight after a change: arrivals up to now stand, later ones are computed again.

        A message that was sent keeps its delay; one that is sent later takes the new lag. What happens at the moment of
        the change happens before it.
        """
        if flight.last_us <= change.now_us and not change.opened:
            return flight
        spread, item, timing = flight.spread, flight.item, self._timing
        known = {item.origin: 0} | {
            node: moment - item.start_us
            for node, moment in enumerate(spread.arrival.tolist())
            if moment <= change.now_us
        }
        open_since = np.maximum(change.after.open_since.take(self._topology.link) - item.start_us, 0)
        memory, delays = flight.delays, timing.compute_push_delays(item.key, item.size_bytes, change.after)
        if memory is not None or change.before.is_lagged or change.after.is_lagged:
            old = memory if memory is not None else timing.compute_push_delays(item.key, item.size_bytes, change.before)
            delays = memory = np.where(self._is_sent(known, change, item.start_us), old, delays)
        fresh = self._compute(item, delays, change.after, known, open_since, memory)
        parent = np.where(spread.arrival <= change.now_us, spread.parent, fresh.spread.parent)
        parent.flags.writeable = False
        return replace(fresh, spread=replace(fresh.spread, parent=parent))

    def _is_sent(self, known: dict[int, int], change: Change, start_us: int) -> npt.NDArray[np.bool_]:
        """Return, by position, whether the message over the edge is on its way since before the change."""
        arrival = np.full(self._topology.nodes, FAR, dtype=np.int64)
        arrival[list(known)] = list(known.values())
        before, after = (links.open_since.take(self._topology.link) for links in (change.before, change.after))
        sent_us = np.maximum(arrival.take(self._topology.neighbor) + start_us, before)
        return np.asarray((sent_us <= change.now_us) & (before == after), dtype=np.bool_)

    def _compute(
        self,
        item: Item,
        delays: IntArray,
        links: Links,
        known: dict[int, int],
        open_since: IntArray | None,
        memory: IntArray | None = None,
    ) -> Flight:
        topology = self._topology
        if not (links.is_all_open and item.relay):
            shut = links.open_since.take(topology.link) >= FAR
            delays = np.where(shut if item.relay else shut | (topology.neighbor != item.origin), FAR, delays)
        if self._adjacency is not None:
            since = None if open_since is None else open_since.tolist()
            small = push.compute_push_small(self._adjacency, delays.tolist(), known, since)
            spread, last_us, is_complete = build_spread(item, *small)
        else:
            start = np.full(topology.nodes, FAR, dtype=np.int64)
            start[list(known)] = list(known.values())
            large = push.compute_push_large(topology, delays, start, open_since)
            spread, last_us, is_complete = build_spread(item, *large)
        if is_complete and item.relay and links.is_all_open:
            messages = self._count_complete()
        else:
            messages = self._count_messages(spread.arrival < FAR, delays, item.relay)
        return Flight(spread, last_us, is_complete, messages, messages * item.size_bytes, memory)

    def _count_complete(self) -> int:
        """Return how many messages are sent when every node is reached and every link open."""
        return self._timing.edges - (self._topology.nodes - 1)

    def _count_messages(self, reached: npt.NDArray[np.bool_], delays: IntArray, relay: bool) -> int:
        """Return how many messages are sent: over every open edge out of a reached node, but not back to its parent."""
        sent = int(np.count_nonzero(reached.take(self._topology.neighbor) & (delays < FAR)))
        return sent - int(np.count_nonzero(reached)) + 1 if relay else sent

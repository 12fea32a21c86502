"""The direct relay: whoever has something to say sends it to each it is for, and nobody passes it on without need.

So votes travel in a full mesh, and what one node says to one other in any topology. A node that the origin cannot reach
itself gets the item from others who have it, on the quickest way there is, each asking once: where no link is open, it
waits until one opens.

When links change, what has arrived stands, and so does what is on its way over a link that stays open; what was lost is
sent anew from then on, with new luck. Each message sent counts once; one that is lost has counted already.
"""

import numpy as np
import numpy.typing as npt

from chain.network.flight import Change, Flight, Item, build_spread, build_spreads
from chain.network.links import Links
from chain.network.push import FAR, compute_push_large
from chain.network.spread import NO_PARENT, Spread
from chain.network.timing import Timing

IntArray = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


class DirectRelay:
    """Computes spreads of what is sent directly, and their future again when links change. Holds no state of a run."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._topology = topology = timing.topology
        first = topology.first.tolist()
        spans = [slice(first[node], first[node + 1]) for node in range(topology.nodes)]
        self._neighbors = [topology.neighbor[span] for span in spans]
        self._places = [topology.twin[span] for span in spans]
        self._parents = [_build_parents(topology.nodes, node, self._neighbors[node]) for node in range(topology.nodes)]
        self._components: tuple[Links, IntArray] | None = None

    def start(self, item: Item, links: Links, target: int | None = None) -> Flight:
        """Return the flight of an item published now, for every node or for one."""
        origin = item.origin
        neighbors, places = self._neighbors[origin], self._places[origin]
        if target is None and links.is_all_open and len(neighbors) == self._topology.nodes - 1:
            return self._start_everywhere(item, links)
        if target is not None:
            chosen = neighbors == target
            neighbors, places = neighbors[chosen], places[chosen]
        delays = self._timing.compute_direct_delays(item.key, item.size_bytes, links, places)
        if not links.is_all_open:
            is_open = links.open_since.take(self._topology.link.take(places)) < FAR
            neighbors, delays = neighbors[is_open], delays[is_open]
        arrival = np.full(self._topology.nodes, FAR, dtype=np.int64)
        arrival[neighbors] = delays
        arrival[origin] = 0
        parent = np.full(self._topology.nodes, NO_PARENT, dtype=np.int64)
        parent[neighbors] = origin
        if len(neighbors) < (self._topology.nodes - 1 if target is None else 1):
            missing = (arrival >= FAR) & self._is_linked_with(origin, links)
            if missing.any() if target is None else missing[target]:
                arrival, parent = self._pass_on(item, links, arrival, parent, missing, None)
        return self._build(item, target, arrival, parent, 0)

    def _start_everywhere(self, item: Item, links: Links) -> Flight:
        """Return the same for every node in a full mesh without a closed link: what happens nearly always."""
        origin, start_us = item.origin, item.start_us
        delays = self._timing.compute_direct_delays(item.key, item.size_bytes, links, self._places[origin])
        last_us, count = start_us + int(delays.max(initial=0)), len(delays)
        arrival = np.empty(count + 1, dtype=np.int64)
        arrival[:origin], arrival[origin], arrival[origin + 1 :] = delays[:origin], 0, delays[origin:]
        arrival += start_us
        arrival.flags.writeable = False
        parent = self._parents[origin]
        spread = Spread(item.key, origin, start_us, item.size_bytes, item.kind, item.relay, arrival, parent)
        return Flight(spread, last_us, True, count, count * item.size_bytes, is_direct=True)

    def start_many(self, items: list[Item], links: Links) -> list[Flight]:
        """Return the flights of items for every node that have all been published since the links last changed."""
        nodes, origins = self._topology.nodes, [item.origin for item in items]
        if len(items) == 1 or not links.is_all_open or any(len(self._neighbors[it]) < nodes - 1 for it in origins):
            return [self.start(item, links) for item in items]
        keys, sizes = [item.key for item in items], [item.size_bytes for item in items]
        places = np.stack([self._places[origin] for origin in origins])
        arrival = np.zeros((len(items), nodes), dtype=np.int64)
        is_origin = np.arange(nodes) == np.array([[origin] for origin in origins])
        arrival[~is_origin] = self._timing.compute_many_delays(keys, sizes, links, places).ravel()
        parent = np.stack([self._parents[origin] for origin in origins])
        spreads = build_spreads(items, arrival, parent)
        count = nodes - 1
        return [
            Flight(spread, last_us, True, count, count * spread.size_bytes, is_direct=True)
            for spread, last_us, _ in spreads
        ]

    def change(self, flight: Flight, change: Change) -> Flight:
        """Return the flight after a change of links: what has arrived or is still on its way stands."""
        spread, now_us, target = flight.spread, change.now_us, flight.target
        if flight.last_us <= now_us and (flight.is_complete or not change.opened):
            return flight
        known = spread.arrival <= now_us
        missing = ~(known | self._is_standing(flight, known, change))
        if not (missing.any() if target is None else missing[target]):
            return flight
        arrival = np.where(missing, FAR, spread.arrival - spread.start_us)
        parent = np.where(missing, NO_PARENT, spread.parent.astype(np.int64))
        arrival, parent = self._pass_on(flight.item, change.after, arrival, parent, missing, now_us - spread.start_us)
        sent = flight.messages - int(np.count_nonzero(spread.parent.take(np.flatnonzero(~missing)) != NO_PARENT))
        return self._build(flight.item, target, arrival, parent, sent)

    def _is_standing(self, flight: Flight, known: Mask, change: Change) -> Mask:
        """Return, by node, whether the message to it is on its way over a link that the change leaves open."""
        spread, topology = flight.spread, self._topology
        standing = np.zeros(topology.nodes, dtype=np.bool_)
        for node in np.flatnonzero(~known & (spread.parent != NO_PARENT)).tolist():
            parent = spread.parent_of(node)
            link = topology.get_link(parent, node)
            assert link is not None
            unchanged = change.before.open_since[link] == change.after.open_since[link]
            standing[node] = known[parent] and bool(unchanged)
        return standing

    def _pass_on(
        self, item: Item, links: Links, arrival: IntArray, parent: IntArray, missing: Mask, since_us: int | None
    ) -> tuple[IntArray, IntArray]:
        """Return (arrival, parent) after the missing nodes got the item from those who have it.

        It is sent from ``since_us`` after the start on; None: at once.
        """
        topology = self._topology
        delays = self._timing.compute_push_delays(item.key, item.size_bytes, links)
        shut = (links.open_since.take(topology.link) >= FAR) | ~missing.take(topology.owner)
        since = None if since_us is None else np.full(len(delays), since_us, dtype=np.int64)
        arrival, found = compute_push_large(topology, np.where(shut, FAR, delays), arrival, since)
        return arrival, np.where(missing, found, parent)

    def _build(self, item: Item, target: int | None, arrival: IntArray, parent: IntArray, sent: int) -> Flight:
        if target is not None:
            on_way = np.zeros(len(arrival), dtype=np.bool_)
            node = target if arrival[target] < FAR else item.origin
            while node != NO_PARENT:
                on_way[node] = True
                node = int(parent[node])
            arrival, parent = np.where(on_way, arrival, FAR), np.where(on_way, parent, NO_PARENT)
        spread, last_us, is_complete = build_spread(item, arrival, parent)
        if target is not None:
            is_complete = bool(arrival[target] < FAR)
        messages = sent + int(np.count_nonzero(parent != NO_PARENT))
        size = messages * item.size_bytes
        return Flight(spread, last_us, is_complete, messages, size, is_direct=True, target=target)

    def get_groups(self, links: Links) -> IntArray:
        """Return a label for each node; nodes have the same one when open links connect them, over others or not."""
        if self._components is None or self._components[0] is not links:
            self._components = links, _compute_components(links, self._topology.ends, self._topology.nodes)
        return self._components[1]

    def _is_linked_with(self, origin: int, links: Links) -> Mask:
        labels = self.get_groups(links)
        return np.asarray(labels == labels[origin], dtype=np.bool_)


def _build_parents(nodes: int, origin: int, neighbors: IntArray) -> npt.NDArray[np.int16]:
    """Return the parents of a spread that reaches all neighbours from the origin."""
    parent = np.full(nodes, NO_PARENT, dtype=np.int16)
    parent[neighbors] = origin
    parent.flags.writeable = False
    return parent


def _compute_components(links: Links, ends: IntArray, nodes: int) -> IntArray:
    """Return a label for each node; nodes have the same one when open links connect them."""
    one, other = ends[links.open_since < FAR].T
    labels = np.arange(nodes, dtype=np.int64)
    while True:
        lowest = labels.copy()
        np.minimum.at(lowest, one, labels[other])
        np.minimum.at(lowest, other, labels[one])
        if np.array_equal(lowest, labels):
            return labels
        labels = lowest[lowest]

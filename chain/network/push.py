"""Push: whoever gets an item sends it to every neighbour at once; when it reaches whom is one shortest-path problem.

``arrival[v] = min over open links u→v of max(arrival[u], open_since[u, v]) + delay[u, v]``; among equal ones the
neighbour with the lowest index is the parent. Nodes send to all neighbours side by side, so nothing queues.

When links change at ``now``, arrivals up to ``now`` stay and the later ones are computed again from the same formula.
So a message in flight over a link that closes is lost, and is sent anew, with the same luck, when the link opens.

Two ways to the same numbers: Dijkstra's over plain integers in a heap for small networks, Bellman and Ford's over whole
arrays for large ones.
"""

from heapq import heappop, heappush
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.network.spread import NO_PARENT
from chain.network.topology import Topology

IntArray = npt.NDArray[np.int64]
Adjacency = list[list[tuple[int, int]]]

SMALL_EDGES: Final = 300
"""Up to this many directed edges plain integers are faster than arrays."""
FAR: Final = 1 << 60
"""Later than any arrival, in µs after the start; twice of it still fits into 64 bits."""
NODE_BITS: Final = 15
NODE_MASK: Final = (1 << NODE_BITS) - 1


def build_adjacency(topology: Topology) -> Adjacency:
    """Return, for each node, its neighbours, each with the position of the edge towards it."""
    twin, neighbor, first = topology.twin.tolist(), topology.neighbor.tolist(), topology.first.tolist()
    return [
        [(neighbor[place], twin[place]) for place in range(first[node], first[node + 1])]
        for node in range(topology.nodes)
    ]


def compute_push_small(
    adjacency: Adjacency, delay: list[int], known: dict[int, int], open_since: list[int] | None
) -> tuple[list[int], list[int]]:
    """Return (arrival, parent) by node, in µs after the start, FAR and NO_PARENT where the item does not get.

    ``delay`` is by position (the edge neighbor → owner), FAR when closed; ``known`` holds the arrivals that stand;
    ``open_since`` is by position, None when no open link is younger than the first arrival.
    """
    nodes = len(adjacency)
    best = [FAR] * nodes
    arrival, parent = [FAR] * nodes, [NO_PARENT] * nodes
    heap: list[int] = []
    for node, moment in known.items():
        best[node] = -1  # no offer is better
        heappush(heap, moment << NODE_BITS | node)
    while heap:
        entry = heappop(heap)
        node = entry & NODE_MASK
        if arrival[node] != FAR:
            continue
        moment = arrival[node] = entry >> NODE_BITS
        for target, place in adjacency[node]:
            offer = (moment if open_since is None else max(moment, open_since[place])) + delay[place]
            if offer < best[target]:
                best[target] = offer
                parent[target] = node
                heappush(heap, offer << NODE_BITS | target)
            elif offer == best[target] and node < parent[target]:
                parent[target] = node
    return arrival, parent


def compute_push_large(
    topology: Topology, delay: IntArray, arrival: IntArray, open_since: IntArray | None
) -> tuple[IntArray, IntArray]:
    """Return (arrival, parent) by node like ``compute_push_small``, by relaxing all edges until nothing improves.

    ``arrival`` holds the arrivals that stand, FAR elsewhere. Every round gives a node the best offer of its neighbours'
    arrivals of the round before, so it takes one round more than the longest way has hops.
    """
    linked = topology.linked
    starts = topology.first[linked]
    standing = arrival < FAR
    offers = np.empty(len(delay), dtype=np.int64)
    if np.count_nonzero(standing) == 1 and open_since is None:
        arrival = _relax_first(topology, delay, arrival)
    while True:
        _compute_offers(topology, delay, arrival, open_since, offers)
        better = arrival.copy()
        better[linked] = np.minimum.reduceat(offers, starts) if len(starts) else FAR
        np.minimum(better, arrival, out=better)
        if (better == arrival).all():
            break
        arrival = better
    parent = np.full(topology.nodes, NO_PARENT, dtype=np.int64)
    chosen = np.flatnonzero(offers == arrival.take(topology.owner))[::-1]  # the lowest neighbour is written last
    parent[topology.owner[chosen]] = topology.neighbor[chosen]
    parent[standing | (arrival >= FAR)] = NO_PARENT
    return arrival, parent


def _relax_first(topology: Topology, delay: IntArray, arrival: IntArray) -> IntArray:
    """Return the arrivals after the first round, in which only the origin has something to offer."""
    origin = int(arrival.argmin())
    places = slice(topology.first[origin], topology.first[origin + 1])
    arrival = arrival.copy()
    arrival[topology.neighbor[places]] = np.minimum(arrival[origin] + delay[topology.twin[places]], FAR)
    return arrival


def _compute_offers(
    topology: Topology, delay: IntArray, arrival: IntArray, open_since: IntArray | None, offers: IntArray
) -> None:
    """Write into ``offers``, by position, when the message over each edge would arrive."""
    np.take(arrival, topology.neighbor, out=offers, mode="clip")
    if open_since is not None:
        np.maximum(offers, open_since, out=offers)
    np.add(offers, delay, out=offers)

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

SMALL_EDGES: Final = 200
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
    arrivals of the round before, so it takes one round more than the longest way has hops. With one axis more in front
    of ``delay`` and ``arrival`` it is done for many items at once.
    """
    parent = np.full(arrival.shape, NO_PARENT, dtype=np.int64)
    if not delay.size:
        return arrival, parent
    is_standing, neighbor, linked = arrival < FAR, topology.neighbor, topology.linked
    starts, is_all_linked = topology.first[linked], len(linked) == topology.nodes
    before = arrival.tobytes()  # whether bytes are equal is told in a tenth of the time that arrays take
    while True:
        offers = arrival.take(neighbor, axis=-1)
        if open_since is not None:
            np.maximum(offers, open_since, out=offers)
        offers += delay
        best = np.minimum.reduceat(offers, starts, axis=-1)
        if is_all_linked:
            arrival = np.minimum(best, arrival, out=best)
        else:
            arrival = arrival.copy()
            arrival[..., linked] = np.minimum(best, arrival[..., linked])
        after = arrival.tobytes()
        if after == before:
            break
        before = after
    chosen = (offers == arrival.take(topology.owner, axis=-1)).ravel().nonzero()[0][::-1]
    item, place = np.divmod(chosen, len(neighbor)) if arrival.ndim > 1 else (0, chosen)
    parent.ravel()[item * topology.nodes + topology.owner.take(place)] = neighbor.take(place)  # the lowest comes last
    parent[is_standing | (arrival >= FAR)] = NO_PARENT
    return arrival, parent

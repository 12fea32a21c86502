"""Who is connected with whom: rings, complete, random, random regular and small-world networks, or a given list.

A link always carries messages both ways. Every built kind but ``explicit`` is connected: a random network or a small
world that falls into parts gets one drawn link per part more, a random regular one is drawn again.

Sources: random peers without duplicates and measured out-degrees as in SimBlock (Aoki et al. 2019); random regular
graphs after Steger & Wormald, "Generating random regular graphs quickly" (1999); small worlds after Watts & Strogatz,
Nature 393 (1998). Simplification: peers never change during a run.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.draws import draw_below, draw_shuffled
from chain.errors import InvalidScenario
from chain.network.parameters import NetworkParameters
from chain.network.regions import OUT_DEGREES

Pair = tuple[int, int]
IntArray = npt.NDArray[np.int64]

MAX_ATTEMPTS: Final = 200
"""Random regular networks drawn before giving up."""


@dataclass(frozen=True, slots=True)
class Topology:
    """Links and, for every node, its neighbours in ascending order, as arrays one after another.

    Position p in first[v] … first[v + 1] − 1 stands for the neighbour u = neighbor[p] of v = owner[p] and for two
    directed edges: the edge u → v when sorted by target, the edge v → u when sorted by source. The other position
    of the same link is ``twin[p]``, so an array over edges by target, taken at ``twin``, is in order of source.
    """

    nodes: int
    """Number of nodes."""
    links: tuple[Pair, ...]
    """Pairs of nodes; the first one opened the connection. A link is named by its index here."""
    ends: IntArray = field(repr=False)
    """The same pairs as an array, links × 2."""
    first: IntArray = field(repr=False)
    """Where each node's neighbours begin, nodes + 1 long."""
    linked: IntArray = field(repr=False)
    """The nodes that have neighbours."""
    owner: IntArray = field(repr=False)
    """The node each position belongs to, 2 × links long."""
    neighbor: IntArray = field(repr=False)
    """The neighbour at each position."""
    link: IntArray = field(repr=False)
    """The link at each position."""
    twin: IntArray = field(repr=False)
    """The position of the same link at its other end."""

    def get_neighbors(self, node: int) -> list[int]:
        """Return the neighbours of a node, in ascending order."""
        neighbors: list[int] = self.neighbor[self.first[node] : self.first[node + 1]].tolist()
        return neighbors

    def get_links(self, node: int) -> list[int]:
        """Return the links of a node, in the order of its neighbours."""
        links: list[int] = self.link[self.first[node] : self.first[node + 1]].tolist()
        return links

    def get_link(self, one: int, other: int) -> int | None:
        """Return the link between two nodes, or None."""
        start, end = int(self.first[one]), int(self.first[one + 1])
        place = start + int(np.searchsorted(self.neighbor[start:end], other))
        return int(self.link[place]) if place < end and self.neighbor[place] == other else None


def build_topology(parameters: NetworkParameters, seed: int) -> Topology:
    """Return the topology described by ``parameters``, drawn from ``seed``. Raises InvalidScenario."""
    return index_links(parameters.nodes, _BUILDERS[parameters.topology](parameters, seed))


@lru_cache(maxsize=8)
def index_links(nodes: int, links: tuple[Pair, ...]) -> Topology:
    """Return the arrays for these links; read-only, so that networks and checkpoints may share them."""
    ends = np.array(links, dtype=np.int64).reshape(-1, 2)
    target = np.concatenate([ends[:, 1], ends[:, 0]])
    source = np.concatenate([ends[:, 0], ends[:, 1]])
    link = np.tile(np.arange(len(links), dtype=np.int64), 2)
    order = np.lexsort((source, target))
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    first = np.searchsorted(target[order], np.arange(nodes + 1)).astype(np.int64)
    twin = place[(order + len(links)) % max(2 * len(links), 1)]
    arrays = (ends, first, np.flatnonzero(np.diff(first)), target[order], source[order], link[order], twin)
    for array in arrays:
        array.flags.writeable = False
    return Topology(nodes, links, *arrays)


def _build_ring(parameters: NetworkParameters, _seed: int) -> tuple[Pair, ...]:
    nodes = parameters.nodes
    return tuple((node, (node + 1) % nodes) for node in range(nodes if nodes > 2 else nodes - 1))


def _build_complete(parameters: NetworkParameters, _seed: int) -> tuple[Pair, ...]:
    return tuple((one, other) for one in range(parameters.nodes) for other in range(one + 1, parameters.nodes))


def _build_explicit(parameters: NetworkParameters, _seed: int) -> tuple[Pair, ...]:
    return parameters.edges


def _build_random(parameters: NetworkParameters, seed: int) -> tuple[Pair, ...]:
    """Let every node, in turn, open its number of connections to random nodes it is not yet connected with."""
    nodes = parameters.nodes
    wanted = _draw_out_degrees(parameters, seed)
    known: list[set[int]] = [{node} for node in range(nodes)]
    links: list[Pair] = []
    for node in range(nodes):
        opened = attempt = 0
        while opened < wanted[node] and len(known[node]) < nodes:
            peer = draw_below(seed, nodes, "topology/peer", node, attempt)
            attempt += 1
            if peer not in known[node]:
                opened += 1
                known[node].add(peer)
                known[peer].add(node)
                links.append((node, peer))
    return _join_parts(nodes, links, seed)


def _draw_out_degrees(parameters: NetworkParameters, seed: int) -> list[int]:
    """Return how many connections each node opens: every degree as often as its share says, in random order."""
    if not parameters.degrees:
        return [parameters.degree] * parameters.nodes
    cumulative = OUT_DEGREES[parameters.degrees]
    return draw_by_quota(parameters.nodes, cumulative, seed, "topology/degree", lambda index: index + 1)


def draw_by_quota(
    count: int, cumulative: tuple[int, ...], seed: int, purpose: str, value: Callable[[int], int] = lambda index: index
) -> list[int]:
    """Return ``count`` values, each as often as its share of the running sums says (rounded), in random order."""
    ends = [count * total // cumulative[-1] for total in cumulative]
    ordered = [value(index) for index, end in enumerate(ends) for _ in range(end - (ends[index - 1] if index else 0))]
    return [ordered[place] for place in draw_shuffled(seed, count, purpose)]


def _build_regular(parameters: NetworkParameters, seed: int) -> tuple[Pair, ...]:
    """Draw random regular graphs until one is connected (nearly always the first, for a degree of 3 or more)."""
    nodes, degree = parameters.nodes, parameters.degree
    if degree == 2:  # pairing would give several rings; a connected one is a ring in random order
        order = draw_shuffled(seed, nodes, "topology/regular")
        return tuple((order[place - 1], order[place]) for place in range(nodes))
    for attempt in range(MAX_ATTEMPTS):
        links = _pair_stubs(nodes, degree, seed, attempt)
        if links is not None and len(_find_parts(nodes, links)) == 1:
            return tuple(links)
    raise InvalidScenario("network.degree", degree, f"a degree that a connected network of {nodes} nodes can have")


def _pair_stubs(nodes: int, degree: int, seed: int, attempt: int) -> list[Pair] | None:
    """Pair loose ends at random, keep the pairs that are new links, and try again with the rest; None when stuck."""
    stubs = [node for node in range(nodes) for _ in range(degree)]
    links: list[Pair] = []
    seen: set[Pair] = set()
    for turn in range(MAX_ATTEMPTS):
        order = draw_shuffled(seed, len(stubs), "topology/regular", attempt, turn)
        left: list[int] = []
        for place in range(0, len(stubs), 2):
            one, other = sorted((stubs[order[place]], stubs[order[place + 1]]))
            if one == other or (one, other) in seen:
                left += [one, other]
            else:
                seen.add((one, other))
                links.append((one, other))
        if not left:
            return links
        stubs = left
    return None


def _build_small_world(parameters: NetworkParameters, seed: int) -> tuple[Pair, ...]:
    """Connect every node with its nearest on a ring, then lay some links to a random node instead."""
    nodes, known = parameters.nodes, [{node} for node in range(parameters.nodes)]
    lattice = [(node, (node + step) % nodes) for step in range(1, parameters.degree // 2 + 1) for node in range(nodes)]
    lattice = list({(min(pair), max(pair)): pair for pair in lattice}.values())
    for one, other in lattice:
        known[one].add(other)
        known[other].add(one)
    links = []
    for index, (one, other) in enumerate(lattice):
        end = other
        if draw_below(seed, 1000, "topology/rewire", index) < parameters.rewire_per_mille and len(known[one]) < nodes:
            end = _draw_stranger(known[one], nodes, seed, index)
            known[one].discard(other)
            known[other].discard(one)
            known[one].add(end)
            known[end].add(one)
        links.append((one, end))
    return _join_parts(nodes, links, seed)


def _draw_stranger(known: set[int], nodes: int, seed: int, index: int) -> int:
    attempt = 0
    while (peer := draw_below(seed, nodes, "topology/rewired", index, attempt)) in known:
        attempt += 1
    return peer


def _join_parts(nodes: int, links: list[Pair], seed: int) -> tuple[Pair, ...]:
    """Return the links, with one more from each smaller part to the largest when the network falls into parts."""
    parts = sorted(_find_parts(nodes, links), key=lambda part: (-len(part), part[0]))
    for part in parts[1:]:
        one = part[draw_below(seed, len(part), "topology/join", part[0], 0)]
        links = [*links, (one, parts[0][draw_below(seed, len(parts[0]), "topology/join", part[0], 1)])]
    return tuple(links)


def _find_parts(nodes: int, links: Iterable[Pair]) -> list[list[int]]:
    """Return the connected parts, each a list of nodes in ascending order."""
    leader = list(range(nodes))

    def find(node: int) -> int:
        while leader[node] != node:
            leader[node] = leader[leader[node]]
            node = leader[node]
        return node

    for one, other in links:
        leader[find(one)] = find(other)
    parts: dict[int, list[int]] = {}
    for node in range(nodes):
        parts.setdefault(find(node), []).append(node)
    return list(parts.values())


_BUILDERS: Final = {
    "ring": _build_ring,
    "complete": _build_complete,
    "random": _build_random,
    "regular": _build_regular,
    "small-world": _build_small_world,
    "explicit": _build_explicit,
}

"""Distances in random regular graphs, beside graphs whose distances are known and beside drawn ones."""

import pytest

from chain.network.parameters import NetworkParameters
from chain.network.topology import build_topology
from chain.theory.graphs import compute_regular_distances, compute_regular_mean_distance


def compute_mean_distance(nodes: int, degree: int, seed: int) -> float:
    """Return the mean over all pairs in one drawn graph, by breadth-first search."""
    topology = build_topology(NetworkParameters(nodes=nodes, topology="regular", degree=degree), seed)
    total = 0
    for origin in range(nodes):
        found, level, hops = {origin}, [origin], 0
        while level:
            hops += 1
            level = sorted({there for here in level for there in topology.get_neighbors(here)} - found)
            found.update(level)
            total += hops * len(level)
    return total / nodes / (nodes - 1)


@pytest.mark.parametrize(("nodes", "degree"), [(300, 3), (300, 6), (500, 12)])
def test_drawn_graphs_have_the_distances_expected(nodes: int, degree: int) -> None:
    found = sum(compute_mean_distance(nodes, degree, seed) for seed in range(3)) / 3
    assert compute_regular_mean_distance(nodes, degree) == pytest.approx(found, rel=0.015)


def test_first_steps_are_the_degree_and_its_square() -> None:
    shares = compute_regular_distances(10**6, 8)
    assert shares[:3] == pytest.approx([1, 1 - 8e-6, 1 - 64e-6], abs=1e-7)


def test_1000_nodes_of_degree_8() -> None:
    """3.579 computed elsewhere for a sample; drawn graphs here have 3.597."""
    assert compute_regular_mean_distance(1000, 8) == pytest.approx(3.579, rel=0.01)
    assert compute_regular_mean_distance(1000, 8) == pytest.approx(compute_mean_distance(1000, 8, 1), rel=0.005)


def test_a_complete_graph_is_one_hop_wide() -> None:
    assert compute_regular_mean_distance(50, 49) == pytest.approx(1.36, abs=0.02)  # pairing may repeat a pair

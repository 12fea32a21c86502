"""Who is connected with whom: every kind of topology, what it promises, and what it refuses."""

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidScenario
from chain.network.parameters import NetworkParameters
from chain.network.topology import Topology, build_topology


def build(seed: int = 1, **fields: object) -> Topology:
    return build_topology(NetworkParameters(**fields), seed)


def count_hops(topology: Topology, origin: int) -> list[int]:
    """Breadth-first search, the plain way; -1 where there is no way."""
    hops, frontier = [-1] * topology.nodes, [origin]
    hops[origin] = 0
    for node in frontier:
        for neighbor in topology.get_neighbors(node):
            if hops[neighbor] < 0:
                hops[neighbor] = hops[node] + 1
                frontier.append(neighbor)
    return hops


def test_a_ring_has_two_neighbours_each() -> None:
    ring = build(nodes=6, topology="ring")
    assert [ring.get_neighbors(node) for node in (0, 1, 5)] == [[1, 5], [0, 2], [0, 4]]
    assert build(nodes=2, topology="ring").links == ((0, 1),)
    assert build(nodes=1, topology="ring").links == ()


def test_a_complete_network_links_every_pair_once() -> None:
    complete = build(nodes=7, topology="complete")
    assert len(complete.links) == 21
    assert complete.get_neighbors(3) == [0, 1, 2, 4, 5, 6]


def test_explicit_links_are_taken_as_they_are() -> None:
    explicit = build(nodes=4, topology="explicit", edges=((0, 2), (3, 2)))
    assert explicit.get_neighbors(2) == [0, 3]
    assert explicit.get_neighbors(1) == []
    assert (explicit.get_link(2, 3), explicit.get_link(3, 2), explicit.get_link(0, 1)) == (1, 1, None)
    assert explicit.get_links(2) == [0, 1]


def test_random_peers_are_opened_by_each_node_and_never_twice() -> None:
    topology = build(nodes=200, degree=5)
    opened = np.bincount([one for one, _ in topology.links], minlength=200)
    assert set(opened.tolist()) == {5}
    assert len({frozenset(pair) for pair in topology.links}) == len(topology.links)


def test_measured_out_degrees_come_in_their_shares() -> None:
    topology = build(nodes=600, degrees="btc2015")
    opened = np.bincount([one for one, _ in topology.links], minlength=600)
    assert np.bincount(opened).tolist()[1:9] == [15, 15, 15, 15, 60, 60, 60, 60]
    assert abs(len(topology.links) / 600 - 8.645) < 0.01  # SimBlock's mean out-degree
    assert set(np.bincount([one for one, _ in build(nodes=40, degrees="doge").links])) == {8}


@pytest.mark.parametrize(("nodes", "degree"), [(10, 3), (8, 2), (6, 5), (1000, 8)])
def test_a_random_regular_network_gives_every_node_its_degree(nodes: int, degree: int) -> None:
    topology = build(nodes=nodes, topology="regular", degree=degree)
    assert set(np.diff(topology.first).tolist()) == {degree}


def test_random_regular_networks_have_the_known_mean_distance() -> None:
    """n = 1000, d = 8: mean distance 3.598 here, and so by edge switching; quoted as 3.579. Eccentricity 5."""
    topology = build(nodes=1000, topology="regular", degree=8)
    hops = np.array([count_hops(topology, origin) for origin in range(0, 1000, 25)])
    mean = hops.sum() / (40 * 999)
    assert abs(mean / 3.598 - 1) < 0.003
    assert abs(mean / 3.579 - 1) < 0.01
    assert {int(row.max()) for row in hops} == {5}


def test_a_small_world_is_a_lattice_with_shortcuts() -> None:
    lattice = build(nodes=100, topology="small-world", degree=4, rewire_per_mille=0)
    assert lattice.get_neighbors(10) == [8, 9, 11, 12]
    small_world = build(nodes=100, topology="small-world", degree=4, rewire_per_mille=200)
    assert len(small_world.links) == 200
    assert np.mean(count_hops(small_world, 0)) < np.mean(count_hops(lattice, 0)) / 2


@given(
    st.sampled_from(["ring", "complete", "random", "regular", "small-world"]),
    st.integers(3, 40),
    st.integers(0, 2**64 - 1),
)
def test_every_built_kind_is_connected(kind: str, nodes: int, seed: int) -> None:
    degree = {"random": 1, "regular": 2, "small-world": 2}.get(kind, 3)
    topology = build(seed, nodes=nodes, topology=kind, degree=degree, rewire_per_mille=500)
    assert min(count_hops(topology, 0)) >= 0


@given(st.integers(2, 30), st.integers(1, 40), st.integers(0, 1000))
def test_arrays_agree_with_the_links(nodes: int, degree: int, seed: int) -> None:
    topology = build(seed, nodes=nodes, degree=degree)
    for place, (owner, neighbor) in enumerate(zip(topology.owner.tolist(), topology.neighbor.tolist(), strict=True)):
        assert set(topology.links[topology.link[place]]) == {owner, neighbor}
        twin = topology.twin[place]
        assert (topology.owner[twin], topology.neighbor[twin]) == (neighbor, owner)
        assert topology.first[owner] <= place < topology.first[owner + 1]


def test_the_seed_decides_and_nothing_else() -> None:
    assert build(7, nodes=50).links == build(7, nodes=50).links != build(8, nodes=50).links


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"nodes": 0}, "network.nodes: '0' is not allowed; allowed: 1 to 20000"),
        ({"nodes": 5, "topology": "regular", "degree": 3}, "network.degree: '3'.*nodes × degree must be even"),
        ({"nodes": 5, "topology": "regular", "degree": 5}, "network.degree: '5'.*2 to 4 with 5 nodes"),
        ({"nodes": 9, "topology": "small-world", "degree": 3}, "network.degree: '3'.*an even number"),
        ({"nodes": 2000, "topology": "complete"}, "network.nodes: '2000'.*at most 1000 in a complete topology"),
        ({"nodes": 3, "topology": "explicit", "edges": ((0, 3),)}, r"network.edges: '\(0, 3\)'"),
        ({"nodes": 3, "topology": "explicit", "edges": ((0, 1), (1, 0))}, "each pair once"),
        ({"degree": 0}, "network.degree: '0'"),
        ({"degrees": "btc1815"}, "network.degrees: 'btc1815'.*btc2015, ltc, doge"),
        ({"year": 2016}, "network.year: '2016'.*2015, 2019, 2021"),
        ({"shares": "moon"}, "network.shares: 'moon'"),
        ({"regions": ("EU", "Mars")}, "network.regions"),
        ({"delay_us": 0}, "network.delay_us"),
        ({"rewire_per_mille": 1001}, "network.rewire_per_mille"),
        ({"block_bytes": -1}, "network.block_bytes"),
    ],
)
def test_impossible_parameters_are_refused_by_name(fields: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidScenario, match=message):
        NetworkParameters(**fields)


def test_parameters_read_from_a_scenario_are_checked_too() -> None:
    assert msgspec.convert({"nodes": 3, "topology": "explicit", "edges": [[0, 1]]}, NetworkParameters).edges == (
        (0, 1),
    )
    with pytest.raises(InvalidScenario, match=r"network\.nodes"):
        msgspec.convert({"nodes": 0}, NetworkParameters)

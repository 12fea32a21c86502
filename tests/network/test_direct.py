"""Direct: the origin sends to each it is for by itself; others pass the item on only where a link is closed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.spread import NO_PARENT, Spread
from chain.units import NEVER

SECOND = 1_000_000


def build(seed: int = 1, **fields: object) -> Network:
    return Network(NetworkParameters(**{"delay_model": "constant", "delay_us": SECOND, **fields}), seed)


@pytest.mark.parametrize("nodes", [1, 2, 7, 40])
def test_in_a_full_mesh_one_message_goes_to_each_other_node(nodes: int) -> None:
    network = build(nodes=nodes, topology="complete")
    spread = network.send(b"vote", nodes - 1, 5, 100, "message")
    assert (spread.arrival - 5).tolist() == [SECOND] * (nodes - 1) + [0]
    assert spread.parent.tolist() == [nodes - 1] * (nodes - 1) + [NO_PARENT]
    assert (network.messages, network.bytes_sent) == (nodes - 1, 100 * (nodes - 1))


def test_delays_are_those_of_the_links() -> None:
    network = build(nodes=2, topology="complete", delay_model="regions", regions=("EU",))
    delays = [network.send(b"%d" % index, 0, 0, 1_000_000, "message").arrival_us(1) for index in range(400)]
    fixed = 1_000_000 * 8_000_000 // 20_700_000 + 2_000
    assert min(delays) >= fixed + 6_000
    assert abs(np.mean(delays) - fixed - 11_000) < 1_500


def test_what_is_for_one_node_reaches_only_those_on_its_way() -> None:
    network = build(nodes=5, topology="ring")
    near = network.send(b"near", 0, 0, 10, "message", target=1)
    far = network.send(b"far", 0, 0, 10, "message", target=3)
    assert near.arrival.tolist() == [0, SECOND, NEVER, NEVER, NEVER]
    assert far.arrival.tolist() == [0, NEVER, NEVER, 2 * SECOND, SECOND]
    assert far.parent.tolist() == [NO_PARENT, NO_PARENT, NO_PARENT, 4, 0]
    assert network.messages == 1 + 2


def test_others_pass_on_what_the_origin_cannot_send() -> None:
    network = build(nodes=4, topology="complete")
    link = network.topology.get_link(0, 3)
    assert link is not None
    network.close_links([link], 0)
    spread = network.send(b"vote", 0, 0, 10, "message")
    assert spread.arrival.tolist() == [0, SECOND, SECOND, 2 * SECOND]
    assert (spread.parent_of(3), network.messages) == (1, 3)


def test_what_is_lost_on_the_way_is_passed_on_from_then_on() -> None:
    network = build(nodes=4, topology="complete")
    network.send(b"vote", 0, 0, 10, "message")
    link = network.topology.get_link(0, 3)
    assert link is not None
    assert network.close_links([link], SECOND) == []  # delivered at the moment of closing
    network.send(b"again", 0, 2 * SECOND, 10, "message", target=2)
    link = network.topology.get_link(0, 2)
    assert link is not None
    (changed,) = network.close_links([link], 2 * SECOND + SECOND // 2)
    half = SECOND // 2
    assert changed.arrival.tolist() == [2 * SECOND, 3 * SECOND + half, 4 * SECOND + half, NEVER]
    assert changed.parent.tolist() == [NO_PARENT, 0, 1, NO_PARENT]


def test_a_node_that_was_offline_gets_it_from_whoever_has_it() -> None:
    network = build(nodes=3, topology="complete")
    network.set_online(2, False, 0)
    network.send(b"vote", 0, 0, 10, "message")
    assert network.messages == 1
    network.set_online(0, False, 5 * SECOND)
    (changed,) = network.set_online(2, True, 9 * SECOND)
    assert (changed.arrival_us(2), changed.parent_of(2), network.messages) == (10 * SECOND, 1, 2)


CHANGES = st.tuples(st.sampled_from(["cut", "open", "off", "on", "split", "heal"]), st.integers(0, 99))


def change(network: Network, what: str, which: int, now_us: int) -> list[Spread]:
    node, link = which % network.topology.nodes, which % len(network.topology.links)
    match what:
        case "cut":
            return network.close_links([link], now_us)
        case "open":
            return network.open_links([link], now_us)
        case "off" | "on":
            return network.set_online(node, what == "on", now_us)
        case "split":
            return network.partition([range(node + 1)], now_us)
    return network.heal(now_us)


@given(
    st.integers(2, 8),
    st.sampled_from(["complete", "ring", "random"]),
    st.lists(st.tuples(CHANGES, st.integers(0, 700_000)), max_size=12),
    st.lists(st.tuples(st.integers(0, 99), st.none() | st.integers(0, 99)), min_size=1, max_size=6),
)
def test_the_past_stands_and_whatever_heals_everything_arrives(
    nodes: int, topology: str, story: list[tuple[tuple[str, int], int]], items: list[tuple[int, int | None]]
) -> None:
    network = build(nodes=nodes, topology=topology, delay_model="uniform", delay_us=SECOND // 2)
    spreads: dict[bytes, Spread] = {}
    targets: dict[bytes, int | None] = {}
    now_us = 0
    for number, ((what, which), wait_us) in enumerate([*story, (("none", 0), 0)]):
        if number < len(items):
            origin, chosen = items[number][0] % nodes, items[number][1]
            target = None if chosen is None or chosen % nodes == origin else chosen % nodes
            key = b"%d" % number
            spreads[key], targets[key] = network.send(key, origin, now_us, 10, "message", target), target
        now_us += wait_us
        for spread in change(network, what, which, now_us) if what != "none" else []:
            old = spreads[spread.key]
            past = old.arrival <= now_us
            assert np.array_equal(old.arrival[past], spread.arrival[past])
            assert (spread.arrival[~past] > now_us).all()
            spreads[spread.key] = spread
    for node in range(nodes):
        for spread in network.set_online(node, True, now_us):
            spreads[spread.key] = spread
    for spread in [*network.heal(now_us), *network.open_links(range(len(network.topology.links)), now_us)]:
        spreads[spread.key] = spread
    for key, spread in spreads.items():
        reached = np.flatnonzero(spread.arrival < NEVER).tolist()
        target = targets[key]
        assert reached == list(range(nodes)) if target is None else target in reached
        for node in reached:
            parent = spread.parent_of(node)
            assert parent == NO_PARENT if node == spread.origin else spread.arrival[parent] < spread.arrival[node]

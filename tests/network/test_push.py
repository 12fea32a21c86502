"""Push: how an item reaches everyone, in numbers small enough to follow by hand."""

import numpy as np
import pytest

from chain.errors import InvalidInput
from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.spread import NO_PARENT
from chain.units import NEVER

SECOND = 1_000_000


def build(seed: int = 1, **fields: object) -> Network:
    return Network(NetworkParameters(**{"delay_model": "constant", "delay_us": SECOND, **fields}), seed)


def test_with_a_constant_delay_arrivals_count_hops() -> None:
    network = build(nodes=6, topology="ring")
    spread = network.publish(b"key", 0, 5, 100, "block")
    assert (spread.arrival - 5).tolist() == [0, SECOND, 2 * SECOND, 3 * SECOND, 2 * SECOND, SECOND]
    assert spread.parent.tolist() == [NO_PARENT, 0, 1, 2, 5, 0]  # node 3: the lower of two equal parents
    assert [spread.count_known(at_us) for at_us in (4, 5, SECOND + 5, 3 * SECOND + 5)] == [0, 1, 3, 6]
    assert (spread.get_share_time_us(500), spread.get_share_time_us(1000)) == (SECOND, 3 * SECOND)
    assert (spread.arrival_us(4), spread.parent_of(4), spread.is_known(4, 2 * SECOND)) == (2 * SECOND + 5, 5, False)


def test_measured_delays_add_latency_transfer_and_processing() -> None:
    """Frankfurt → London, 2019: latency 6 ms or more, 1 MB at 20.7 Mbit/s, 2 ms."""
    network = build(nodes=2, topology="ring", delay_model="regions", regions=("EU",))
    delays = [network.publish(b"%d" % index, 0, 0, 1_000_000, "tx").arrival_us(1) for index in range(400)]
    fixed = 1_000_000 * 8_000_000 // 20_700_000 + 2_000
    assert min(delays) >= fixed + 6_000
    assert abs(np.mean(delays) - fixed - 11_000) < 1_500


def test_an_invalid_item_stops_at_the_neighbours() -> None:
    network = build(nodes=6, topology="ring")
    spread = network.publish(b"bad", 2, 0, 100, "block", relay=False)
    assert [node for node in range(6) if spread.is_known(node, NEVER - 1)] == [1, 2, 3]
    assert network.messages == 2


def test_blocks_may_count_with_another_size() -> None:
    network = build(nodes=2, topology="ring", block_bytes=7)
    assert network.publish(b"b", 0, 0, 100, "block").size_bytes == 7
    assert network.publish(b"t", 0, 0, 100, "transaction").size_bytes == 100
    assert (network.messages, network.bytes_sent) == (2, 107)


def test_a_node_that_comes_back_catches_up() -> None:
    network = build(nodes=4, topology="ring")
    network.set_online(2, False, 0)
    first = network.publish(b"1", 0, 10, 1, "block")
    network.publish(b"2", 0, 20, 1, "block")
    assert first.arrival_us(2) == NEVER
    changed = network.set_online(2, True, 9 * SECOND)
    assert [(spread.key, spread.arrival_us(2)) for spread in changed] == [(b"1", 10 * SECOND), (b"2", 10 * SECOND)]
    assert first.arrival_us(2) == NEVER  # spreads never change; the new one replaces it
    assert network.links.is_online(2, 9 * SECOND)
    assert not network.links.is_online(2, 8 * SECOND)


def test_a_message_over_a_closing_link_is_lost_and_sent_again_when_it_opens() -> None:
    network = build(nodes=2, topology="ring")
    network.publish(b"1", 0, 0, 1, "block")
    (lost,) = network.close_links([0], SECOND // 2)
    assert lost.arrival_us(1) == NEVER
    (again,) = network.open_links([0], 7 * SECOND)
    assert again.arrival_us(1) == 8 * SECOND
    assert network.close_links([0], 8 * SECOND) == []  # delivered at the moment of closing


def test_a_partition_holds_until_it_heals() -> None:
    network = build(nodes=6, topology="complete")
    network.partition([[0, 1, 2]], 0)
    spread = network.publish(b"1", 0, 0, 1, "block")
    assert spread.count_known(NEVER - 1) == 3
    (healed,) = network.heal(100 * SECOND)
    assert healed.arrival.tolist() == [0, SECOND, SECOND, *[101 * SECOND] * 3]


def test_lag_slows_messages_sent_from_then_on() -> None:
    network = build(nodes=3, topology="explicit", edges=((0, 1), (1, 2)))
    network.publish(b"1", 0, 0, 1, "block")
    (slowed,) = network.set_lag(SECOND // 2, nodes=[1], extra_us=SECOND)
    assert slowed.arrival.tolist() == [0, SECOND, 3 * SECOND]


def test_a_change_that_changes_nothing_touches_no_spread() -> None:
    network = build(nodes=6, topology="ring")
    network.publish(b"1", 0, 0, 1, "block")
    assert network.open_links(range(6), 10) == []
    assert network.set_online(3, True, 20) == []
    assert network.links.changed_us == 20


@pytest.mark.parametrize("relay", ["push", "announce"])
def test_a_network_of_one_node_knows_what_it_publishes(relay: str) -> None:
    network = build(nodes=1, relay=relay)
    assert network.publish(b"1", 0, 7, 1, "block").arrival.tolist() == [7]
    assert network.set_online(0, False, 8) == []
    assert (network.messages, network.topology.links) == (0, ())


def test_settled_spreads_are_dropped_and_unreached_ones_kept() -> None:
    network = build(nodes=4, topology="ring")
    network.publish(b"done", 0, 0, 1, "block")
    network.set_online(2, False, 9 * SECOND)
    network.publish(b"waiting", 0, 9 * SECOND, 1, "block")
    assert [spread.key for spread in network.get_flights()] == [b"waiting"]
    network.forget([b"waiting"])
    assert network.set_online(2, True, 99 * SECOND) == []


def test_what_cannot_be_published_is_refused_by_name() -> None:
    network = build(nodes=4, topology="ring")
    network.publish(b"\x01", 0, 0, 1, "block")
    with pytest.raises(InvalidInput, match=r"item: '01'.*not in flight already"):
        network.publish(b"\x01", 1, 5, 1, "block")
    network.heal(9)
    with pytest.raises(InvalidInput, match=r"moment of publishing: '8'.*9 or later"):
        network.publish(b"\x02", 1, 8, 1, "block")


def test_spreads_are_read_only_and_small() -> None:
    spread = build().publish(b"key", 0, 0, 1, "block")
    with pytest.raises(ValueError, match="read-only"):
        spread.arrival[0] = 1
    assert spread.arrival.nbytes + spread.parent.nbytes == 12 * (8 + 2)


def test_luck_belongs_to_the_item_and_the_edge() -> None:
    """Publishing something else in between, or at another moment, changes nothing."""
    one, other = build(delay_model="regions"), build(delay_model="regions")
    other.publish(b"noise", 3, 0, 1, "transaction")
    first, second = one.publish(b"key", 0, 0, 1, "block"), other.publish(b"key", 0, SECOND, 1, "block")
    assert np.array_equal(first.arrival, second.arrival - SECOND)
    assert not np.array_equal(first.arrival, build(2, delay_model="regions").publish(b"key", 0, 0, 1, "block").arrival)


def test_large_networks_count_hops_too() -> None:
    """Random regular, n = 1000, d = 8, constant delay: arrivals are distances, mean 3.6, farthest 5."""
    network = build(nodes=1000, topology="regular", degree=8)
    spreads = [network.publish(b"%d" % node, node, 0, 1, "block") for node in range(0, 1000, 50)]
    hops = np.array([spread.arrival // SECOND for spread in spreads])
    assert abs(hops.sum() / (20 * 999) / 3.598 - 1) < 0.01
    assert hops.max() == 5


def test_the_two_ways_of_computing_agree() -> None:
    network = build(nodes=60, degree=4, delay_model="regions")
    small = network.publish(b"key", 7, 0, 1000, "block")
    network.forget([b"key"])
    network._push._adjacency = None
    large = network.publish(b"key", 7, 0, 1000, "block")
    assert small.is_like(large)


# Many at once ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("topology", ["ring", "random", "complete"])
@pytest.mark.parametrize("delay_model", ["regions", "constant"])
def test_what_is_published_later_is_spread_as_if_at_once(topology: str, delay_model: str) -> None:
    """Sizes and origins differ; twelve nodes go the way of small networks, seventy that of large ones."""
    for nodes in (12, 70):
        later, once = (build(nodes=nodes, topology=topology, delay_model=delay_model, delay_us=777) for _ in range(2))
        is_mesh, waiting = topology == "complete", []
        for index in range(30):
            key, origin, size = b"%d" % index, index * 7 % nodes, 100 + index % 3
            waiting.append(later.publish_later(key, origin, index, size, "message"))
            send = once.send if is_mesh else once.publish
            spread = send(key, origin, index, size, "message")
            if index % 11 == 5:  # somebody looks at one of them
                assert waiting[-1].arrival.tolist() == spread.arrival.tolist()
        assert (later.messages, later.bytes_sent) == (once.messages, once.bytes_sent)
        for one, other in zip(waiting, once.get_flights(), strict=True):
            assert (one.key, one.parent.tolist()) == (other.key, other.parent.tolist())
            assert one.is_like(other)


def test_what_waits_is_sent_before_links_change_and_goes_into_copies() -> None:
    network = build(nodes=6, topology="ring")
    spread = network.publish_later(b"1", 0, 0, 1, "message")
    with pytest.raises(InvalidInput, match="not in flight already"):
        network.publish_later(b"1", 0, 0, 1, "message")
    (cut,) = network.copy().partition([[0, 1]], SECOND)
    assert cut.arrival.tolist() == [0, SECOND, 4 * SECOND, 3 * SECOND, 2 * SECOND, SECOND]
    assert spread.arrival.tolist() == [0, SECOND, 2 * SECOND, 3 * SECOND, 2 * SECOND, SECOND]
    with pytest.raises(AttributeError, match="colour"):
        _ = network.publish_later(b"2", 0, SECOND, 1, "message").colour  # type: ignore[attr-defined]

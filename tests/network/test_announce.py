"""Announce: inventory, request, block, one upload at a time, compact blocks; compiled or not, the same microseconds."""

import subprocess
import sys

import numpy as np
import pytest

from chain.draws import draw_below
from chain.network import announce
from chain.network.announce_changes import run_changes
from chain.network.compact import MISSING_PERCENT, draw_compact_nodes
from chain.network.flight import Base, Item, build_reserved
from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.spread import Spread

SECOND = 1_000_000


def build(seed: int = 1, fast: bool | None = False, **fields: object) -> Network:
    return Network(NetworkParameters(**{"relay": "announce", **fields}), seed, fast)


def publish_many(network: Network, count: int, gap_us: int = 600 * SECOND) -> list[Spread]:
    nodes = network.topology.nodes
    return [
        network.publish(b"block %d" % index, draw_below(1, nodes, "who", index), index * gap_us, 535_000, "block")
        for index in range(count)
    ]


def test_a_hop_is_an_inventory_a_request_and_a_block() -> None:
    network = build(nodes=3, topology="explicit", edges=((0, 1), (1, 2)), delay_model="constant", delay_us=SECOND)
    spread = network.publish(b"key", 0, 0, 1000, "block")
    assert spread.arrival.tolist() == [0, 3 * SECOND, 6 * SECOND]
    assert spread.parent.tolist() == [-1, 0, 1]
    assert (network.messages, network.bytes_sent) == (4 + 2 * 2, 2000)


def test_transactions_are_pushed_all_the_same() -> None:
    network = build(nodes=3, topology="explicit", edges=((0, 1), (1, 2)), delay_model="constant", delay_us=SECOND)
    assert network.publish(b"key", 0, 0, 100, "transaction").arrival.tolist() == [0, SECOND, 2 * SECOND]


def test_a_node_uploads_to_one_neighbour_at_a_time() -> None:
    """A star of five in one city region, 1 MB at 20.7 Mbit/s: the hub needs one transfer after another."""
    network = build(nodes=5, topology="explicit", edges=((0, 1), (0, 2), (0, 3), (0, 4)), regions=("EU",))
    spread = network.publish(b"key", 0, 0, 1_000_000, "block")
    arrivals = np.sort(spread.arrival[1:])
    transfer_us = 1_000_000 * 8_000_000 // 20_700_000 + 2_000
    assert arrivals[0] > transfer_us
    assert (np.diff(arrivals) >= transfer_us + 6_000).all()


def test_uploads_of_an_earlier_block_go_first() -> None:
    network = build(nodes=2, topology="ring", regions=("EU",))
    first = network.publish(b"1", 0, 0, 1_000_000, "block").arrival_us(1)
    alone = build(nodes=2, topology="ring", regions=("EU",)).publish(b"2", 0, 1000, 1_000_000, "block").arrival_us(1)
    queued = network.publish(b"2", 0, 1000, 1_000_000, "block").arrival_us(1)
    assert alone < queued
    transfer_us = 1_000_000 * 8_000_000 // 20_700_000 + 2_000
    assert queued >= first + transfer_us + 6_000
    later = network.publish(b"3", 0, 9 * SECOND, 1_000_000, "block").arrival_us(1)
    assert later - 9 * SECOND < queued


def test_compact_blocks_spare_most_bytes() -> None:
    full, compact = build(nodes=100, degree=8), build(nodes=100, degree=8, compact_blocks=True)
    slow, quick = publish_many(full, 5), publish_many(compact, 5)
    assert full.bytes_sent == 5 * 99 * 535_000
    assert compact.bytes_sent < full.bytes_sent / 4
    assert sum(s.get_last_us() - s.start_us for s in quick) < sum(s.get_last_us() - s.start_us for s in slow)


def test_compact_blocks_fail_as_measured() -> None:
    nodes = draw_compact_nodes(6000, 1, enabled=True)
    assert nodes.supports.sum() == 6000 * 964 // 1000
    assert abs(nodes.failure.mean() / 65536 - (0.976 * 0.27 + 0.024 * 0.13)) < 1e-4
    assert (round(MISSING_PERCENT.mean(), 2), np.median(MISSING_PERCENT), MISSING_PERCENT.max()) == (8.72, 1, 96)
    assert not draw_compact_nodes(10, 1, enabled=False).supports.any()


def test_an_invalid_block_is_fetched_by_neighbours_only() -> None:
    network = build(nodes=6, topology="ring")
    spread = network.publish(b"bad", 2, 0, 1000, "block", relay=False)
    assert [node for node in range(6) if spread.is_known(node, 10**9)] == [1, 2, 3]


def test_a_node_that_comes_back_catches_up() -> None:
    network = build(nodes=30, degree=3)
    network.set_online(4, False, 0)
    (before,) = publish_many(network, 1)
    (after,) = network.set_online(4, True, 3600 * SECOND)
    assert before.count_known(10**15) == 29
    assert 3600 * SECOND < after.arrival_us(4) < 3602 * SECOND
    others = [node for node in range(30) if node != 4]
    assert np.array_equal(before.arrival[others], after.arrival[others])


def test_the_loop_and_the_single_events_agree_where_nothing_changes() -> None:
    network = build(nodes=120, degrees="btc2015", compact_blocks=True)
    relay = network._announce
    assert relay is not None
    for spread in publish_many(network, 3):
        item = Item(spread.key, spread.origin, spread.start_us, spread.size_bytes, spread.kind, spread.relay)
        base = Base(build_reserved(120, []), None, network.links, ())
        arrival, parent, _, _ = run_changes(relay._announcing, item, base)
        assert (arrival + spread.start_us).tolist() == spread.arrival.tolist()
        assert parent == spread.parent.tolist()


@pytest.mark.skipif(not announce.is_numba_installed(), reason="the extra `fast` is not installed")
def test_compiled_and_plain_give_the_same_microseconds() -> None:
    settings = {"nodes": 300, "degrees": "btc2015", "compact_blocks": True, "block_bytes": 535_000}
    plain, compiled = build(fast=False, **settings), build(fast=True, **settings)
    for network in (plain, compiled):
        network.set_online(5, False, 0)
        network.set_lag(0, nodes=[7], extra_us=50_000, bandwidth_per_mille=100)
    pairs = zip(publish_many(plain, 10, 2 * SECOND), publish_many(compiled, 10, 2 * SECOND), strict=True)
    assert all(one.is_like(other) for one, other in pairs)
    assert (plain.messages, plain.bytes_sent) == (compiled.messages, compiled.bytes_sent)


def test_small_networks_never_import_numba() -> None:
    network = build(nodes=12, fast=None)
    publish_many(network, 1)
    assert "numba" not in sys.modules or announce.get_compiled.cache_info().currsize


@pytest.mark.parametrize("relay", ["push", "announce"])
def test_nothing_depends_on_the_hash_seed_of_the_process(relay: str) -> None:
    code = (
        "from chain.network.network import Network; from chain.network.parameters import NetworkParameters as P\n"
        f"n = Network(P(nodes=40, relay='{relay}', compact_blocks=True, block_bytes=535000), 3, False)\n"
        "n.publish(b'a', 0, 0, 9, 'block'); n.publish(b'b', 3, 100, 9, 'block')\n"
        "changed = n.partition([range(20)], 300000) + n.heal(900000) + n.set_online(2, False, 950000)\n"
        "print([(s.arrival.tolist(), s.parent.tolist()) for s in changed + n.get_flights()])\n"
        "print(n.places, n.topology.links)"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1

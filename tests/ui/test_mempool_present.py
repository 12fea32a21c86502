"""Mempools as the screen tells them: projected blocks, what a fee buys, how nodes differ, and the past as it was."""

from pathlib import Path
from typing import Any

import pytest

from app.present import mempool as present
from app.present.index import get_index
from app.present.mempool_nodes import compare_nodes
from chain.crypto.signatures import get_public_key
from chain.ledger.actions import Transfer
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.node.mempool import MempoolView
from chain.scenario import build, load_scenario
from chain.simulation.simulation import Simulation
from chain.units import MINUTE, Address, NodeId, TimeUs


def sign(person: int, nonce: int, tip: int, cap: int = 10_000) -> SignedTransaction:
    """A payment of some person; as many gas units as a transfer needs."""
    seed = bytes([person]) * 32
    action = Transfer(Address(bytes(20)), 1)
    return sign_transaction(Transaction(1, get_public_key(seed), nonce, 21_000, cap, tip, action), seed)


def build_mempool(story: Any, *pending: SignedTransaction, gas_limit: int = 42_000) -> present.Mempool:
    """A mempool with room for two payments a block and a base fee of 100."""
    head = story.simulation.world.tree.records[0]
    return present.Mempool(NodeId(0), TimeUs(0), head, 100, gas_limit, MempoolView(pending, (), ()))


@pytest.fixture(scope="module")
def classroom() -> Simulation:
    """Ten minutes of people paying each other."""
    path = Path(__file__).parents[2] / "chain" / "scenarios" / "classroom.toml"
    simulation = build(load_scenario(path.read_text(encoding="utf-8"), "classroom"), 3)
    simulation.run_until(TimeUs(10 * MINUTE))
    return simulation


def test_blocks_are_filled_in_order_of_the_mempool(story: Any) -> None:
    waiting = [sign(1, 0, 300), sign(2, 0, 200), sign(3, 0, 60), sign(4, 0, 20), sign(5, 0, 5)]
    blocks = present.project_blocks(build_mempool(story, *waiting))
    assert [list(block.tips) for block in blocks] == [[300, 200], [60, 20], [5]]
    assert [block.height for block in blocks] == [1, 2, 3]
    assert [block.base_fee for block in blocks] == [100, 112, 126], "full blocks raise the base fee by an eighth"
    assert blocks[0].gas_by_band == (0, 0, 0, 21_000, 21_000)
    bars = present.build_block_bars(blocks)
    assert bars[0].label == "next #1"
    assert sum(bars[0].parts) == pytest.approx(1.0)
    assert bars[2].note == "1 tx · 50 %"


def test_a_transaction_that_cannot_pay_the_base_fee_holds_up_its_sender_only(story: Any) -> None:
    waiting = [sign(1, 0, 50, cap=99), sign(1, 1, 50), sign(2, 0, 40)]
    first = present.project_blocks(build_mempool(story, *waiting))[0]
    assert [signed.sender for signed in first.transactions] == [waiting[2].sender]


def test_a_quote_counts_what_goes_first(story: Any) -> None:
    mempool = build_mempool(story, sign(1, 0, 300), sign(2, 0, 200), sign(3, 0, 60), sign(4, 0, 20))
    low, high = present.quote(mempool, 10, 1_000), present.quote(mempool, 250, 1_000)
    assert (low.ahead, low.blocks, low.wait_us) == (4, 3, 3_000)
    assert (high.ahead, high.blocks, high.fee) == (1, 1, 21_000 * 350)


@pytest.mark.parametrize(("tip", "band"), [(0, 0), (29, 0), (30, 1), (80, 2), (150, 3), (300, 4), (10**6, 4)])
def test_fee_bands(tip: int, band: int) -> None:
    assert present.get_band(tip) == band


def test_the_histogram_counts_every_pending_transaction_once(story: Any) -> None:
    bars = present.build_histogram(
        build_mempool(story, sign(1, 0, 300), sign(2, 0, 200), sign(3, 0, 60), sign(4, 0, 0))
    )
    counts = {bar.label: bar.parts[0] for bar in bars if bar.parts[0]}
    assert counts == {"<10": 1, "50": 1, "200": 2}


def test_nodes_differ_while_they_are_cut_apart_and_agree_again(story: Any) -> None:
    world = story.simulation.world
    apart = compare_nodes(world, NodeId(0), story.moments["asked"])
    assert [it.waiting for it in apart] == [0, 0, 0, 1, 1, 1]
    assert [(it.missing, it.extra) for it in apart] == [(0, 0)] * 3 + [(0, 1)] * 3
    seen_from_the_other_side = compare_nodes(world, NodeId(4), story.moments["asked"])
    assert [(it.missing, it.extra) for it in seen_from_the_other_side] == [(1, 0)] * 3 + [(0, 0)] * 3
    healed = compare_nodes(world, NodeId(0), story.moments["healed"])
    assert [it.waiting for it in healed] == [1] * 6, "the stale block's transaction waits again, everywhere"
    assert all(it.waiting == 0 for it in compare_nodes(world, NodeId(0), story.moments["included"]))


def test_counting_agrees_with_every_nodes_own_mempool(classroom: Simulation) -> None:
    world = classroom.world
    for at_us in (TimeUs(3 * MINUTE), TimeUs(7 * MINUTE), world.now_us):
        for it in compare_nodes(world, NodeId(2), at_us):
            view = present.get_mempool(world, it.node, at_us).view
            assert it.waiting == len(view.pending) + len(view.queued) + len(view.refused)


def test_the_past_is_what_it_was(classroom: Simulation) -> None:
    at_us = TimeUs(4 * MINUTE)
    path = Path(__file__).parents[2] / "chain" / "scenarios" / "classroom.toml"
    then = build(load_scenario(path.read_text(encoding="utf-8"), "classroom"), 3)
    then.run_until(at_us)
    for node in (NodeId(0), NodeId(5)):
        assert (
            present.get_mempool(classroom.world, node, at_us).view == present.get_mempool(then.world, node, at_us).view
        )


def test_the_oldest_is_the_one_that_arrived_first(classroom: Simulation) -> None:
    world = classroom.world
    mempool = present.get_mempool(world, NodeId(1), TimeUs(5 * MINUTE))
    oldest = present.find_oldest(world, mempool)
    assert oldest is not None
    arrivals = [present.get_arrival_us(world, signed.id, NodeId(1)) for signed in mempool.view.pending]
    assert oldest[1] == mempool.at_us - min(arrivals)
    facts = present.build_facts(world, get_index(world), mempool)
    assert facts.links["oldest"].key == oldest[0].id


def test_base_fee_history_ends_at_the_head(classroom: Simulation) -> None:
    world = classroom.world
    head = world.tree.get_best(world.now_us)
    points = present.build_fee_history(get_index(world), head, 10).points
    assert points[-1] == (head.height, head.block.header.base_fee_per_gas)
    assert [x for x, _ in points] == list(range(head.height - 9, head.height + 1))

"""What the network looks like at any moment, from the tables of a run: heads, flights, faults, one node's view."""

from pathlib import Path

import pytest

from app.present.heads import compute_heads
from app.present.network import (
    NetworkPresenter,
    build_blocks,
    compute_groups,
    compute_mining,
    describe_mining,
    iter_flights,
)
from app.present.node import (
    build_facts,
    build_mempool_rows,
    build_peers,
    build_sights,
    explain_state,
    get_lag_us,
)
from app.present.timeline import Timeline, build_header, build_transport
from app.present.why import explain_thing, get_copy_text
from app.screens.view import Thing
from app.session import Session
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import MILLISECOND, SECOND, NodeId, TimeUs

SCENARIOS = Path(__file__).parents[2] / "chain" / "scenarios"
STEP_US = 700 * MILLISECOND


def build_run(name: str = "two-continents", *settings: str) -> Simulation:
    """A scenario of the library at its beginning."""
    text = (SCENARIOS / f"{name}.toml").read_text(encoding="utf-8")
    return build(apply_settings(load_scenario(text, name), settings), 5)


def play(simulation: Simulation, seconds: float) -> TimeUs:
    """Go on; return the new moment."""
    simulation.run_until(TimeUs(simulation.now_us + round(seconds * SECOND)))
    return simulation.now_us


@pytest.fixture(scope="module")
def run() -> Simulation:
    """Four minutes in which a node is stopped, one is cut off, one is slow, and the slow link makes forks."""
    simulation = build_run()
    play(simulation, 60)
    simulation.submit(c.StopNode(2))
    simulation.submit(c.CutNode(7))
    play(simulation, 60)
    simulation.submit(c.SetLag(4, 2 * SECOND))
    simulation.submit(c.StartNode(2))
    play(simulation, 60)
    simulation.submit(c.ReconnectNode(7))
    play(simulation, 60)
    return simulation


# Heads -----------------------------------------------------------------------------------------------------------


def test_heads_of_all_nodes_are_those_of_each(run: Simulation) -> None:
    world = run.world
    for at_us in range(0, run.now_us, STEP_US):
        expected = [world.tree.get_head(NodeId(node), TimeUs(at_us)).index for node in range(world.node_count)]
        assert compute_heads(world, TimeUs(at_us)).tolist() == expected


def test_heads_of_nodes_that_have_slept_for_long(run: Simulation) -> None:
    simulation = build_run("classroom", "consensus.interval=1s")
    play(simulation, 20)
    simulation.submit(c.StopNode(3))
    now_us = play(simulation, 200)
    heads = compute_heads(simulation.world, now_us)
    assert heads[3] == simulation.world.tree.get_head(NodeId(3), now_us).index
    assert heads[3] < heads[0]


def test_groups_cover_every_node_that_is_on(run: Simulation) -> None:
    for at_us in range(0, run.now_us, STEP_US):
        groups = compute_groups(run.world, TimeUs(at_us))
        assert sum(group.count for group in groups.groups) + groups.offline == run.world.node_count
        weights = [head.weight for head in groups.heads]
        assert weights == sorted(weights, reverse=True)
        assert len({group.label for group in groups.groups}) == len(groups.groups)


def test_offline_nodes_are_those_that_were_stopped(run: Simulation) -> None:
    presenter = NetworkPresenter(run.world)
    assert [node.node for node in presenter.build_view(TimeUs(90 * SECOND), SECOND).nodes if not node.is_online] == [2]
    assert all(node.is_online for node in presenter.build_view(run.now_us, SECOND).nodes)


# What moves ------------------------------------------------------------------------------------------------------


def test_flights_are_between_who_has_it_and_who_has_it_not(run: Simulation) -> None:
    world, seen = run.world, 0
    links = {frozenset(ends) for ends in world.network.topology.links}
    for at_us in range(0, run.now_us, STEP_US):
        spreads = [*world.spreads.values(), *(record.spread for record in world.transactions.records)]
        for flight in iter_flights(world, TimeUs(at_us)):
            seen += 1
            assert 0 <= flight.fraction < 1
            assert frozenset((flight.source, flight.target)) in links
            assert any(
                spread.parent_of(flight.target) == flight.source
                and spread.arrival_us(flight.source) <= at_us < spread.arrival_us(flight.target)
                for spread in spreads
            )
    assert seen > 20


def test_a_flight_is_half_way_at_half_time_whichever_way_time_runs(run: Simulation) -> None:
    spread = run.world.spreads[run.world.tree.records[1].hash]
    node = int(spread.arrival.argmax())  # the last to get it, across the slow link
    start_us, end_us = spread.arrival_us(spread.parent_of(node)), spread.arrival_us(node)

    def look(part: float) -> float:
        at_us = TimeUs(start_us + round((end_us - start_us) * part))
        hop = (spread.parent_of(node), node)
        return next(f.fraction for f in iter_flights(run.world, at_us) if (f.source, f.target) == hop)

    parts = [0.0, 0.25, 0.5, 0.75]
    assert [look(part) for part in parts] == pytest.approx(parts, abs=0.01)
    assert [look(part) for part in reversed(parts)] == pytest.approx(parts[::-1], abs=0.01)


def test_the_spread_of_the_newest_block_grows_to_all(run: Simulation) -> None:
    presenter, block = NetworkPresenter(run.world), run.world.tree.records[1]
    early = presenter.build_view(block.published_us, SECOND).spread
    assert early is not None
    assert early.reached == 1 / run.world.node_count
    later = presenter.build_view(TimeUs(run.world.tree.records[2].published_us - 1), SECOND).spread
    assert later is not None
    assert later.label == "block #1"
    assert later.reached > early.reached


def test_a_young_block_has_a_ring_and_a_trail(run: Simulation) -> None:
    block = run.world.tree.records[1]
    view = NetworkPresenter(run.world).build_view(TimeUs(block.published_us + SECOND), 2 * SECOND)
    assert [(pulse.node, pulse.fraction) for pulse in view.pulses] == [(block.origin, 0.5)]
    assert view.trails
    assert all(run.world.spreads[block.hash].parent_of(target) == source for source, target in view.trails)


def test_cut_links_are_cut_and_open_again(run: Simulation) -> None:
    presenter = NetworkPresenter(run.world)
    cut = [link for link in presenter.build_view(TimeUs(90 * SECOND), SECOND).links if link.is_cut]
    assert cut
    assert all(7 in (link.source, link.target) for link in cut)
    assert not any(link.is_cut for link in presenter.build_view(run.now_us, SECOND).links)


def test_what_does_not_change_is_the_same_object(run: Simulation) -> None:
    presenter = NetworkPresenter(run.world)
    one, two = (presenter.build_view(TimeUs(200 * SECOND + tick), SECOND) for tick in range(2))
    assert one.nodes is two.nodes
    assert one.links is two.links
    assert presenter.build_strip(run.now_us) is presenter.build_strip(run.now_us)


# The strip -------------------------------------------------------------------------------------------------------


def test_the_strip_has_one_canonical_block_a_height_and_the_stale_ones(run: Simulation) -> None:
    strip = NetworkPresenter(run.world).build_strip(run.now_us)
    kept = [block.height for block in strip if block.state in ("canonical", "final")]
    assert len(set(kept)) == len(kept)
    assert any(block.state == "stale" for block in strip)
    depth = run.world.consensus.depth
    assert all(
        (kept[-1] - block.height + 1 >= depth) == (block.state == "final") for block in strip if block.state != "stale"
    )


def test_a_rival_as_heavy_as_the_head_is_undecided_then_stale(run: Simulation) -> None:
    world = run.world
    rival = next(r for r in world.tree.records[2:] if world.tree.records[r.index - 1].height == r.height)

    def get_state(at_us: int) -> set[str]:
        pair = {world.tree.records[rival.index - 1].hash.hex(), rival.hash.hex()}
        return {block.state for block in NetworkPresenter(world).build_strip(TimeUs(at_us)) if block.block in pair}

    assert get_state(rival.published_us) == {"canonical", "pending"}
    assert get_state(run.now_us) & {"stale"}


def test_a_node_shows_only_what_it_knows(run: Simulation) -> None:
    world, at_us = run.world, TimeUs(115 * SECOND)
    head = world.tree.get_head(NodeId(7), at_us)
    final = world.view(7, at_us).get_finalized()
    blocks = build_blocks(world, head, final, world.tree.count_published(at_us), 7, at_us)
    known = [world.tree[bytes.fromhex(block.block)] for block in blocks]  # type: ignore[index]
    assert all(record.known_us[7] <= at_us for record in known)
    assert len(blocks) < world.tree.count_published(at_us)


def test_says_who_is_at_work(run: Simulation) -> None:
    assert "10 miners at work" in describe_mining(compute_mining(run.world, run.now_us))
    assert "9 miners at work" in describe_mining(compute_mining(run.world, TimeUs(90 * SECOND)))
    assert "press m" in describe_mining(compute_mining(build_run("quiet").world, TimeUs(0)))


# One node --------------------------------------------------------------------------------------------------------


def test_facts_of_a_node_are_its_own(run: Simulation) -> None:
    at_us = TimeUs(115 * SECOND)
    facts = {field.key: field for field in build_facts(run, 7, at_us)}
    assert facts["head"].value.startswith(f"#{run.world.tree.get_head(NodeId(7), at_us).height} ")
    assert "0 open" in facts["peers"].value
    assert "behind" in facts["state"].value
    assert {field.key: field for field in build_facts(run, 2, at_us)}["state"].value == "○ switched off"


def test_rewards_count_the_blocks_on_its_own_branch(run: Simulation) -> None:
    world, at_us = run.world, run.now_us
    for node in range(world.node_count):
        head = world.tree.get_head(NodeId(node), at_us)
        found = sum(record.origin == node for record in world.tree.iter_branch(head) if record.height)
        value = {field.key: field for field in build_facts(run, node, at_us)}["rewards"].value
        assert value.startswith(f"{found} block")


def test_lag_is_what_the_last_command_said(run: Simulation) -> None:
    assert get_lag_us(run, 4, TimeUs(60 * SECOND)) == 0
    assert get_lag_us(run, 4, run.now_us) == 2 * SECOND
    slow = {peer.node: peer.latency_us for peer in build_peers(run, 4, run.now_us)}
    quick = {peer.node: peer.latency_us for peer in build_peers(run, 4, TimeUs(0))}
    assert all(slow[node] == quick[node] + 2 * SECOND for node in quick)


def test_sights_are_in_order_and_never_from_the_future(run: Simulation) -> None:
    for at_us in (30 * SECOND, 115 * SECOND, run.now_us):
        times = [sight.time_us for sight in build_sights(run.world, 7, TimeUs(at_us))]
        assert times == sorted(times, reverse=True)
        assert times[0] <= at_us


def test_a_refusal_is_seen_with_its_why() -> None:
    simulation = build_run("classroom")
    play(simulation, 30)
    world = simulation.world
    signed = world.transactions.records[0].signed
    world.submit_transaction(NodeId(3), signed)
    sight = build_sights(world, 3, simulation.now_us)[0]
    assert sight.why is not None
    assert sight.why.rule == "mempool/known"
    assert sight.tone == "bad"
    thing = Thing("transaction", bytes(signed.id))
    assert explain_thing(simulation, thing, simulation.now_us) is not None


def test_the_mempool_of_a_node_is_listed_best_tip_first(run: Simulation) -> None:
    rows = build_mempool_rows(run.world, 0, run.now_us)
    mempool = run.world.view(0, run.now_us).compute_mempool()
    assert [row.transaction for row in rows] == [
        *(signed.id for signed in mempool.pending),
        *(hindrance.signed.id for hindrance in mempool.queued),
    ]


# Explanations ----------------------------------------------------------------------------------------------------


def test_every_block_transaction_and_node_can_be_explained(run: Simulation) -> None:
    world = run.world
    for block in world.tree.records:
        why = explain_thing(run, Thing("block", block.hash), run.now_us)
        assert why is not None
        assert f"#{block.height}" in why.title
    for record in world.transactions.records[-20:]:
        why = explain_thing(run, Thing("transaction", record.id), run.now_us)
        assert why is not None
        assert why.text
    for place, event in enumerate(world.history.records):  # more of them than nodes, and never taken for one
        why = explain_thing(run, Thing("event", place), run.now_us)
        assert why is not None
        assert why.title == event.kind.replace("-", " ")
        assert get_copy_text(Thing("event", place)) == (f"event {place + 1}", "the event")
    balance = explain_thing(run, Thing("address", world.faucet.address), run.now_us)
    assert balance is not None
    assert (balance.title, balance.rule) == ("Balance", "ledger/account")
    assert get_copy_text(Thing("list", b"rich")) == ("Rich list", "the name of the list")
    assert "switched off" in explain_state(world, 2, TimeUs(90 * SECOND)).text
    assert "still on its way" in explain_state(world, 7, TimeUs(115 * SECOND)).text


def test_copies_names_and_whole_hashes() -> None:
    assert get_copy_text(Thing("node", 3))[0] == "n03"
    assert get_copy_text(Thing("block", bytes(32)))[0] == "0" * 64
    assert get_copy_text(Thing("address", bytes(20)))[0].startswith("cr1q")


# The clock -------------------------------------------------------------------------------------------------------


def test_forks_and_faults_are_marked_once(run: Simulation) -> None:
    session, timeline = Session(run), Timeline(run.world)
    marks = timeline.build_marks(session)
    assert timeline.build_marks(session) == marks
    assert sum(mark.kind == "attack" for mark in marks) == 5
    children: dict[int, int] = {}
    for record in run.world.tree.records[1:]:
        assert record.parent is not None
        children[record.parent.index] = children.get(record.parent.index, 0) + 1
    assert sum(mark.kind == "fork" for mark in marks) == sum(count - 1 for count in children.values())
    assert all(0 <= mark.fraction <= 1 for mark in marks)


def test_the_bars_say_where_the_cursor_is(run: Simulation) -> None:
    session, timeline = Session(run), Timeline(run.world)
    session.go_live()
    assert build_transport(session, timeline).fraction == 1.0
    assert build_header(session).state == "playing"
    session.seek(run.now_us // 2)
    view = build_transport(session, timeline)
    assert view.fraction == 0.5
    assert view.moment.strip() == "00:02:00"
    header = build_header(session)
    assert header.state == "past"
    assert header.height == run.world.tree.get_best(session.cursor_us).height

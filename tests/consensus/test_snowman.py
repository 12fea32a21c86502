"""Snowman: windows and proposers, polls that accept blocks, contests, silence, partitions, and safety throughout."""

from importlib.resources import files
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.consensus.signed_seal import sign_block
from chain.consensus.snowman import SEAL_DOMAIN, SnowmanParameters, SnowmanRules, SnowmanSeal
from chain.consensus.snowman_polls import Polls
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import Heal, Partition, SetLag, StartNode, StopNode
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import NEVER, SECOND, TimeUs


def start(*changes: str, seed: int = 5, name: str = "quiet") -> Simulation:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    scenario = apply_settings(load_scenario(text, name), ("consensus.protocol=snowman", *changes))
    return build(scenario, seed)


def run(simulation: Simulation, seconds: float) -> Simulation:
    simulation.run_until(TimeUs(simulation.now_us + round(seconds * SECOND)))
    return simulation


def check_safety(simulation: Simulation) -> BlockRecord:
    """Fail unless all blocks that any node accepted lie on one branch; return the highest of them."""
    final = [record for record in simulation.world.tree.records if record.final_us is not None]
    top = max(final, key=lambda record: record.height, default=simulation.world.tree.records[0])
    for record in final:
        assert simulation.world.tree.get_ancestor(top, record.height) is record
    return top


def get_heights(simulation: Simulation) -> list[int]:
    world = simulation.world
    return [world.view(node).get_finalized().height for node in range(world.node_count)]


# A run without trouble ------------------------------------------------------------------------------------------------


def test_the_classroom_runs_under_snowman_and_accepts_every_block() -> None:
    simulation = run(start(name="classroom"), 600)
    report = compute_report(simulation)
    assert report["blocks"] == report["blocks"] | {"proposed": 60, "stale": 0}
    assert report["finality"]["kind"] == "instant"
    assert report["finality"]["height"] == 59
    # beta polls, one each quarter of a second, and an answer may take a second
    assert 20 * 0.25 + 0.75 <= report["finality"]["lag_seconds_mean"] < 8
    assert min(get_heights(simulation)) == 59
    assert simulation.world.consensus.rules.finality is Finality.INSTANT


def test_a_block_is_accepted_when_the_last_of_beta_polls_ends() -> None:
    simulation = run(
        start("network.delay_model=constant", "network.delay_us=1000", "consensus.poll_interval=100ms"), 60
    )
    for record in simulation.world.tree.records[1:4]:
        assert record.final_us is not None
        first_tick = record.published_us // 100_000 + 1  # in the proposer's own first poll nobody else knows the block
        assert set(record.final_us.tolist()) == {(first_tick + 19 + 4) * 100_000}


def test_polls_cost_messages_only_while_a_block_is_open() -> None:
    simulation = run(start("consensus.interval=1h"), 2 * 3600)
    world, polls = simulation.world, 20
    blocks = len(world.tree) - 1
    assert blocks >= 1
    most = blocks * (world.node_count * 2 * 20 * (polls + 4) + 2 * world.node_count)
    assert 0 < world.network.messages <= most


def test_a_copy_goes_on_in_the_same_way() -> None:
    simulation = run(start("consensus.window=200ms"), 61.3)
    copy = simulation.copy()
    assert run(copy, 60).compute_digest() == run(simulation, 60).compute_digest()


def test_energy_is_watts_by_time() -> None:
    simulation = run(start("consensus.watts_per_node=50", "consensus.interval=20m"), 3600)
    assert compute_report(simulation)["energy_kwh"] == pytest.approx(6 * 0.05)


def test_proposers_are_drawn_by_stake() -> None:
    simulation = start("nodes.stakes_coins=[10,30,60]")
    rules = simulation.world.consensus.rules
    assert isinstance(rules, SnowmanRules)
    counts = [0, 0, 0]
    for height in range(3000):
        counts[rules.get_proposer(height, 0)] += 1
    for count, share in zip(counts, (0.1, 0.3, 0.6), strict=True):
        assert abs(count - 3000 * share) < 4 * (3000 * share * (1 - share)) ** 0.5
    assert {record.origin for record in run(simulation, 120).world.tree.records[1:]} == {0, 1, 2}
    assert min(get_heights(simulation)) > 5  # who has no stake accepts like everybody


# Rules ----------------------------------------------------------------------------------------------------------------


@pytest.fixture
def signed() -> tuple[SnowmanRules, Block]:
    """Rules and the first block of a run."""
    world = run(start(), 60).world
    assert isinstance(world.consensus.rules, SnowmanRules)
    return world.consensus.rules, world.tree.records[1].block


def test_a_block_outside_its_window_or_by_another_is_refused(signed: tuple[SnowmanRules, Block]) -> None:
    rules, block = signed
    genesis = msgspec.structs.replace(rules.genesis(block), height=0, time_us=TimeUs(0))
    rules.check(genesis, block)

    def change(window: int, index: int, **changes: object) -> Block:
        proposer = rules.keyring.validators[index].account
        header = msgspec.structs.replace(block.header, **{"proposer": proposer} | changes)
        return sign_block(Block(header, block.transactions), SnowmanSeal(window), rules.keyring, index, SEAL_DOMAIN)

    owner = rules.get_proposer(1, 0)
    with pytest.raises(InvalidBlock, match="snowman/window"):
        rules.check(genesis, change(1, owner))
    with pytest.raises(InvalidBlock, match="snowman/window"):
        rules.check(genesis, change(-1, owner, time_us=rules.parameters.interval - 1))
    with pytest.raises(InvalidBlock, match="snowman/proposer"):
        rules.check(genesis, change(0, (owner + 1) % 6))
    forged = msgspec.structs.replace(block.header, consensus=encode(SnowmanSeal(0, bytes(64))))
    with pytest.raises(InvalidBlock, match="snowman/signature"):
        rules.check(genesis, Block(forged, block.transactions))


@pytest.mark.parametrize("alpha", [10, 21])
def test_alpha_is_more_than_half_and_no_more_than_all(alpha: int) -> None:
    with pytest.raises(InvalidScenario, match=r"consensus\.alpha"):
        SnowmanParameters(alpha=alpha)


# Contests -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_blocks_that_compete_are_settled_by_polls(seed: int) -> None:
    """Windows shorter than the way between continents: two proposers often build on one parent."""
    changes = ("network.nodes=40", "network.topology=random", "consensus.window=150ms", "consensus.interval=8s")
    simulation = run(start(*changes, seed=seed), 300)
    top, tree = check_safety(simulation), simulation.world.tree
    stale = [record for record in tree.records if tree.get_ancestor(top, min(record.height, top.height)) is not record]
    assert any(record.height <= top.height for record in stale)
    assert any(record.choices for record in tree.records)
    assert top.height > 30
    assert min(get_heights(simulation)) >= top.height - 3


def test_the_preferred_tip_is_on_top_of_what_is_accepted_at_any_moment() -> None:
    simulation = run(start("network.nodes=30", "network.topology=random", "consensus.window=100ms"), 60)
    for at_us in range(5 * SECOND, 60 * SECOND, 7 * SECOND):
        for node in range(0, 30, 7):
            view = simulation.world.view(node, TimeUs(at_us))
            final, head = view.get_finalized(), view.get_head()
            assert simulation.world.tree.get_ancestor(head, final.height) is final
            assert head.get_known_us(view.node) <= at_us
    assert simulation.world.get_canonical().height >= simulation.world.get_finalized().height > 2


@pytest.mark.parametrize(
    ("changes", "are_contested"),
    [
        (("network.delay_model=uniform", "network.delay_us=300000"), False),
        (("network.nodes=40", "network.topology=random", "consensus.concurrent_polls=2"), False),
        (("nodes.stakes_coins=[10,30,0,60]",), False),
        (("network.nodes=30", "consensus.window=400ms", "consensus.interval=8s"), True),
    ],
)
def test_polls_without_a_contest_are_counted_the_short_way_with_the_same_results(
    changes: tuple[str, ...], are_contested: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Answers that come too late and blocks still on their way are among them, and trouble after half of the time."""
    counted = list[bool]()
    short, simulations = Polls._end_uncontested, [start(*changes), start(*changes)]

    def count(polls: Polls, *arguments: Any) -> Any:
        effects = short(polls, *arguments)
        counted.append(effects is not None)
        return effects

    for simulation, way in zip(simulations, (count, lambda *_: None), strict=True):
        monkeypatch.setattr(Polls, "_end_uncontested", way)
        run(simulation, 40)
        simulation.submit(StopNode(1))
        simulation.submit(SetLag(2, 200_000))
        run(simulation, 5)
        simulation.submit(SetLag(2, 0))
        simulation.submit(StartNode(1))
        run(simulation, 15)
    assert simulations[0].compute_digest() == simulations[1].compute_digest()
    assert simulations[0].world.network.messages == simulations[1].world.network.messages
    assert any(counted)
    assert not are_contested or not all(counted[:100])
    assert max(get_heights(simulations[0])) > 0


# Silence and partitions -----------------------------------------------------------------------------------------------


def test_one_of_twelve_silent_only_slows_the_chain() -> None:
    simulation = start(name="classroom")
    simulation.submit(StopNode(3))
    run(simulation, 600)
    assert check_safety(simulation).height > 45


def test_with_half_of_the_stake_silent_nothing_is_accepted_and_nothing_is_lost() -> None:
    simulation = run(start(name="classroom"), 65)
    before = check_safety(simulation).height
    for node in range(6):
        simulation.submit(StopNode(node))
    run(simulation, 600)
    assert check_safety(simulation).height <= before + 1
    head = simulation.world.get_canonical()
    assert head.height - simulation.world.get_finalized().height <= 10  # proposers wait
    for node in range(6):
        simulation.submit(StartNode(node))
    run(simulation, 300)
    assert min(get_heights(simulation)) > before + 15
    check_safety(simulation)


def test_a_node_that_was_away_catches_up() -> None:
    simulation = start(name="classroom")
    simulation.submit(StopNode(2))
    run(simulation, 900)
    simulation.submit(StartNode(2))
    run(simulation, 60)
    heights = get_heights(simulation)
    assert heights[2] >= max(heights) - 1 > 60


def test_divided_halves_stop_and_one_chain_goes_on_after_healing() -> None:
    simulation = run(start(name="classroom"), 65)
    before = check_safety(simulation).height
    simulation.submit(Partition((tuple(range(6)),)))
    run(simulation, 400)
    assert check_safety(simulation).height <= before + 1
    simulation.submit(Heal())
    run(simulation, 600)
    assert check_safety(simulation).height > before + 20
    assert min(get_heights(simulation)) > before + 20


@settings(max_examples=12, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    troubles=st.lists(
        st.tuples(st.sampled_from(("divide", "heal", "stop", "start", "lag")), st.integers(0, 9), st.integers(1, 40)),
        max_size=8,
    ),
)
def test_no_schedule_of_trouble_makes_two_conflicting_blocks_final(
    seed: int, troubles: list[tuple[str, int, int]]
) -> None:
    changes = ("network.nodes=10", "network.topology=random", "consensus.window=100ms", "consensus.beta=12")
    simulation, off = start(*changes, seed=seed), set[int]()
    for kind, node, seconds in troubles:
        if kind == "divide" and 0 < node < 9:
            simulation.submit(Partition((tuple(range(node)),)))
        elif kind == "heal":
            simulation.submit(Heal())
        elif kind == "lag":
            simulation.submit(SetLag(node, seconds * 100_000))
        elif kind == "stop" and node not in off:
            simulation.submit(StopNode(node))
            off.add(node)
        elif kind == "start" and node in off:
            simulation.submit(StartNode(node))
            off.remove(node)
        run(simulation, seconds)
        check_safety(simulation)
    # heal everything, and the chain goes on
    simulation.submit(Heal())
    for node in range(10):
        simulation.submit(SetLag(node, 0))
        if node in off:
            simulation.submit(StartNode(node))
    before = check_safety(simulation).height
    run(simulation, 180)
    assert check_safety(simulation).height > before + 10
    assert min(get_heights(simulation)) > before + 10
    assert all(record.final_us is None or record.final_us.min() < NEVER for record in simulation.world.tree.records)

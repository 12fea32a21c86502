"""Byzantine behaviours: what a node turned to one does, what the others make of it, and that it can be turned back."""

from importlib.resources import files

import pytest

from chain.adversary.base import Byzantine
from chain.consensus.tendermint_messages import EVIDENCE, Evidence
from chain.errors import CommandRefused
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import TurnByzantine
from chain.simulation.simulation import Simulation
from chain.units import SECOND, NodeId, TimeUs

SIGNED = ("proof-of-stake", "delegated-proof-of-stake", "proof-of-authority", "tendermint", "snowman")
TRAITOROUS = (*SIGNED, "proof-of-work", "ghost")
ALL = (*TRAITOROUS, "raft")


def start(protocol: str, *changes: str, seed: int = 3) -> Simulation:
    """Begin a small network; proof of stake has short epochs."""
    name = "classroom-pos" if protocol == "proof-of-stake" else "classroom"
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    base = (f"consensus.protocol={protocol}", "network.nodes=7", "nodes.stake_coins=32", "consensus.interval=2s")
    return build(apply_settings(load_scenario(text, name), (*base, "traffic.rate_per_s=0.5", *changes)), seed)


def run(simulation: Simulation, seconds: int) -> Simulation:
    simulation.run_until(TimeUs(simulation.now_us + seconds * SECOND))
    return simulation


def count_by_origin(simulation: Simulation, since: int = 1) -> dict[int, int]:
    counts: dict[int, int] = {}
    for record in simulation.world.tree.records[since:]:
        counts[record.origin] = counts.get(record.origin, 0) + 1
    return counts


@pytest.mark.parametrize("protocol", ALL)
def test_the_silent_make_no_blocks_until_they_are_honest_again(protocol: str) -> None:
    simulation = start(protocol)
    simulation.submit(TurnByzantine(2, "silent"))
    run(simulation, 200)
    assert 2 not in count_by_origin(simulation)
    before = len(simulation.world.tree)
    assert before > 20  # the others go on
    simulation.submit(TurnByzantine(2, "honest"))
    run(simulation, 300 if protocol != "raft" else 5)
    assert protocol == "raft" or 2 in count_by_origin(simulation, before)  # under Raft only the leader makes blocks


@pytest.mark.parametrize("protocol", TRAITOROUS)
def test_what_the_forging_publish_reaches_their_neighbours_and_goes_no_further(protocol: str) -> None:
    simulation = start(protocol)
    simulation.submit(TurnByzantine(4, "forging"))
    run(simulation, 200)
    world = simulation.world
    assert world.refusals.items
    neighbours = {(origin, node) for origin in range(7) for node in world.network.topology.get_neighbors(origin)}
    for item in world.refusals.items:
        refused = [node for _, node, block, _ in world.invalid_blocks if block is item.block]
        assert len(set(refused)) == len(refused)
        assert {(item.spread.origin, node) for node in refused} <= neighbours
    assert 4 not in count_by_origin(simulation)
    rules = {record.detail.split(":")[0] for record in world.history.records if record.kind == "refused-block"}
    assert len(rules) == 1  # of the protocol's seal, or of the ledger


@pytest.mark.parametrize("protocol", TRAITOROUS)
def test_the_withholding_publish_an_interval_late(protocol: str) -> None:
    simulation = start(protocol)
    simulation.submit(TurnByzantine(1, "withholding"))
    run(simulation, 200)
    own = [record for record in simulation.world.tree.records[1:] if record.origin == 1]
    assert own
    assert all(record.published_us - record.block.header.time_us >= 2 * SECOND for record in own)


@pytest.mark.parametrize("protocol", SIGNED)
def test_the_equivocating_make_two_blocks_where_they_may_make_one(protocol: str) -> None:
    simulation = start(protocol)
    first = run(simulation.copy(), 30).world.tree.records[1].origin
    simulation.submit(TurnByzantine(first, "equivocating"))
    run(simulation, 60)
    world = simulation.world
    counts: dict[tuple[int, bytes, int], int] = {}
    for record in world.tree.records[1:]:
        key = (record.origin, record.block.header.parent, record.block.header.time_us // 2)
        counts[key] = counts.get(key, 0) + 1
    assert {origin for (origin, _, _), count in counts.items() if count == 2} == {first}
    assert not world.invalid_blocks  # each of them is valid by itself


def test_double_votes_and_proposals_are_slashed_before_ones_eyes() -> None:
    simulation = start("proof-of-stake")
    simulation.submit(TurnByzantine(3, "equivocating"))
    run(simulation, 120)
    registry = simulation.world.get_canonical().state.registry
    assert [index for index, it in enumerate(registry.validators) if it.is_slashed] == [3]
    assert registry.validators[3].exit_epoch < 10**6
    assert simulation.world.get_finalized().height > 30


def test_double_votes_cost_the_seat_under_tendermint() -> None:
    simulation = start("tendermint")
    simulation.submit(TurnByzantine(3, "equivocating"))
    run(simulation, 60)
    world = simulation.world
    evidence = world.view(0).get_messages(EVIDENCE)
    assert {it.one.validator for it in evidence if isinstance(it, Evidence)} == {3}
    state = world.get_finalized().state
    assert (state.convicted, state.powers[3]) == ((3,), 0)
    assert world.get_finalized().height > 20


def test_a_scenario_turns_nodes_by_an_event_and_a_copy_goes_on_alike() -> None:
    text = (files("chain") / "scenarios/classroom-pos.toml").read_text(encoding="utf-8")
    event = '\n[[event]]\nat = "9s"\ncommand = "turn-byzantine"\nnode = 2\nbehaviour = "withholding"\n'
    simulation = run(build(load_scenario(text + event, "x"), 1), 20)
    agent = simulation.world.consensus.agents[NodeId(2)]
    assert isinstance(agent, Byzantine)
    assert agent.name == "withholding"
    copy = simulation.copy()
    assert run(copy, 60).compute_digest() == run(simulation, 60).compute_digest()


def test_the_scenario_of_traitors_shows_a_slashing_and_refused_blocks_and_goes_on() -> None:
    text = (files("chain") / "scenarios/traitors.toml").read_text(encoding="utf-8")
    simulation = run(build(load_scenario(text, "traitors"), 7), 1200)
    world = simulation.world
    slashed = [index for index, it in enumerate(world.get_canonical().state.registry.validators) if it.is_slashed]
    assert slashed == [3]
    assert {item.spread.origin for item in world.refusals.items} == {10}
    assert world.get_canonical().state.epoch - world.get_canonical().state.justification.finalized.epoch <= 3


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(CommandRefused, match="command/byzantine"):
        start("proof-of-work").submit(TurnByzantine(0, "equivocating"))
    with pytest.raises(CommandRefused, match="command/byzantine"):
        start("raft").submit(TurnByzantine(0, "forging"))
    with pytest.raises(CommandRefused, match="command/byzantine"):
        start("proof-of-authority", "consensus.variant=aura", "consensus.signers=3").submit(TurnByzantine(6, "silent"))

"""Finality by depth does revert in a partition, and the screen says so: while two finals contradict, and afterwards."""

import pytest

from app.present.captions import build_caption
from app.present.consensus import build_panel
from app.present.consensus_events import get_log
from app.present.undone import find_undone
from app.session import Session
from app.starting import read_shipped_scenario
from chain.scenario import apply_settings, build
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs


def start(protocol: str, *more: str) -> Simulation:
    settings = [
        f"consensus.protocol={protocol}",
        "network.topology=complete",
        "network.nodes=8",
        "traffic.rate_per_s=0",
    ]
    return build(apply_settings(read_shipped_scenario("classroom"), [*settings, *more]), 4)


def run(simulation: Simulation, seconds: int) -> None:
    simulation.run_until(TimeUs(simulation.now_us + seconds * SECOND))


def get_items(simulation: Simulation, node: int | None = None) -> dict[str, str]:
    """What the numbers of the consensus page say."""
    model = build_panel(simulation.world, simulation.now_us, node)
    return {item.field.label: item.field.value for item in model.items}


@pytest.mark.parametrize("protocol", ["proof-of-work", "ghost", "proof-of-authority"])
def test_what_is_final_on_both_sides_contradicts_and_is_undone_on_one(protocol: str) -> None:
    simulation = start(protocol, "consensus.confirmations=3")
    world = simulation.world
    run(simulation, 60)
    simulation.submit(c.Partition(((0, 1, 2, 3),)))
    run(simulation, 240)
    finals = [world.view(node).get_finalized() for node in (0, 7)]
    fork = world.tree.get_fork_point(*finals)
    assert fork not in finals
    items = get_items(simulation)
    assert "undone" not in items
    verbs, name = ("is", "are"), items["conflict"].rpartition(" ")[2]
    loser = next(final for final in finals if world.view(int(name[1:])).get_finalized() is final)
    blocks = f"#{fork.height + 1}" + (f"–#{loser.height}" if loser.height > fork.height + 1 else "")
    assert items["conflict"] == f"{blocks} {verbs[loser.height > fork.height + 1]} final for {name}"
    assert [it for it in get_log(world).events if it.text.endswith("not for others") and it.tone == "attack"]
    assert {"conflict", "undone"}.isdisjoint(get_items(simulation, 0))  # nobody on one side can know

    simulation.submit(c.Heal())
    run(simulation, 60)
    assert len({world.view(node).get_head().hash for node in range(8)}) == 1
    assert get_items(simulation)["undone"].partition(" ")[0] == blocks
    assert get_items(simulation, int(name[1:]))["undone"].endswith(f"final for {name}")
    others = [node for node in range(8) if world.tree.get_ancestor(finals[node // 4], loser.height) is not loser]
    assert {"conflict", "undone"}.isdisjoint(get_items(simulation, others[0]))
    told = [it for it in get_log(world).events if it.text.endswith("undone")]
    assert [it.text for it in told] == [f"{get_items(simulation)['undone']}: undone"]
    session = Session(simulation, is_playing=False)
    session.seek(told[0].time_us)
    assert build_caption(session) == f"{told[0].text}."
    session.seek(TimeUs(told[0].time_us - 1))
    assert "undone" not in build_caption(session)


@pytest.mark.parametrize(
    ("protocol", "more"),
    [
        ("proof-of-work", ["consensus.interval=2s"]),  # many stale blocks, none of them deep
        ("ghost", ["consensus.interval=2s"]),
        ("proof-of-authority", []),
        ("proof-of-authority", ["consensus.variant=aura"]),
        ("delegated-proof-of-stake", ["consensus.irreversible=bitshares"]),
        ("tendermint", []),
        ("snowman", ["consensus.window=100ms"]),
    ],
)
def test_where_nothing_final_is_undone_nothing_is_said(protocol: str, more: list[str]) -> None:
    simulation = start(protocol, *more)
    run(simulation, 200)
    simulation.submit(c.Partition(((0, 1, 2),)))
    run(simulation, 20)  # too short for three nodes to bury anything
    simulation.submit(c.Heal())
    run(simulation, 100)
    assert {"conflict", "undone"}.isdisjoint(get_items(simulation))
    assert not [it for it in get_log(simulation.world).events if "final for" in it.text]


def test_after_one_confirmation_every_stale_block_was_final_for_its_maker() -> None:
    simulation = start("proof-of-work", "consensus.interval=2s", "consensus.confirmations=1")
    run(simulation, 100)
    tree, head = simulation.world.tree, simulation.world.get_canonical()
    undone = find_undone(simulation.world, simulation.now_us, head)
    assert undone is not None
    assert tree.get_ancestor(head, undone.final.height) is not undone.final
    assert find_undone(simulation.world, TimeUs(0), tree.records[0]) is None


def test_a_partition_that_outlasts_the_leak_makes_two_finals_and_nobody_is_to_blame() -> None:
    """Casper FFG, section 4.2. Seven of twelve are away, then back."""
    settings = ["network.topology=complete", "traffic.rate_per_s=0", "consensus.interval=2s"]
    settings += ["consensus.slots_per_epoch=4", "consensus.inactivity_quotient=64"]
    simulation = build(apply_settings(read_shipped_scenario("classroom-pos"), settings), 4)
    run(simulation, 60)
    simulation.submit(c.Partition((tuple(range(5)),)))
    run(simulation, 240)
    world = simulation.world
    finals = [world.view(node).get_finalized() for node in (0, 11)]
    assert world.tree.get_fork_point(*finals) not in finals
    assert "final for" in get_items(simulation)["conflict"]
    assert not any(it.is_slashed for it in world.get_canonical().state.registry.validators)
    simulation.submit(c.Heal())
    run(simulation, 60)
    assert len({world.view(node).get_finalized().hash for node in range(12)}) == 1
    assert "final for" in get_items(simulation)["undone"]
    assert [it.text for it in get_log(world).events if it.text.endswith(("not for others", "undone"))][1:]

"""Reorgs as the report counts them, held against a count by hand: every node asked for its head at every arrival.

Under proof of work the arrays of the block tree do it; under GHOST and Gasper the fork choice is asked anew, in the
ranges in which there are forks.
"""

from typing import Any

import pytest

from chain.simulation import commands as c
from chain.simulation.report import compute_reorgs
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import NEVER, SECOND, NodeId, TimeUs


def count_by_hand(world: World) -> dict[str, int]:
    """Ask every node for its head whenever a block reaches it."""
    count = max_depth = 0
    for node in range(world.node_count):
        head = world.tree.records[0]
        for time_us in sorted({int(record.known_us[node]) for record in world.tree.records[1:]}):
            if time_us < NEVER and time_us <= world.now_us:
                new = world.view(NodeId(node), TimeUs(time_us)).get_head()
                depth = head.height - world.tree.get_fork_point(head, new).height
                count, max_depth, head = count + (depth > 0), max(max_depth, depth), new
    return {"count": count, "max_depth": max_depth}


@pytest.fixture
def run_divided(start: Any) -> Any:
    """Play a scenario with two halves that hear nothing of each other for a while."""

    def run(name: str, *settings: str) -> Simulation:
        simulation: Simulation = start(name, 5, *settings)
        simulation.run_until(TimeUs(60 * SECOND))
        simulation.submit(c.Partition(((0, 1, 2),)))
        simulation.run_until(TimeUs(120 * SECOND))
        simulation.submit(c.Heal())
        simulation.run_until(TimeUs(200 * SECOND))
        return simulation

    return run


@pytest.mark.parametrize("protocol", ["proof-of-work", "ghost", "proof-of-authority"])
def test_reorgs_are_those_a_count_by_hand_finds(run_divided: Any, protocol: str) -> None:
    settings = (f"consensus.protocol={protocol}", "network.nodes=6", "consensus.interval=3s")
    world = run_divided("classroom", *settings).world
    found = compute_reorgs(world)
    assert found == count_by_hand(world)
    assert found["count"] >= 1


def test_a_fork_of_gasper_is_counted_though_votes_decide_it(run_divided: Any) -> None:
    world = run_divided("classroom-pos", "network.nodes=6", "consensus.interval=3s").world
    found = compute_reorgs(world)
    assert found["count"] >= 1
    assert found["max_depth"] == count_by_hand(world)["max_depth"]


def test_where_finality_is_at_once_nothing_is_undone(run_divided: Any) -> None:
    world = run_divided("classroom", "consensus.protocol=tendermint", "network.nodes=6", "consensus.interval=3s").world
    assert compute_reorgs(world) == {"count": 0, "max_depth": 0}

"""What a node holds, now and looking back, on whatever branch it is."""

from importlib.resources import files

from chain.scenario import apply_settings, build, load_scenario
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import MINUTE, TimeUs


def start() -> Simulation:
    text = (files("chain") / "scenarios/classroom.toml").read_text(encoding="utf-8")
    return build(apply_settings(load_scenario(text, "classroom"), ["consensus.grind_hashes=16"]), 5)


def get_pending(simulation: Simulation, node: int, at_us: int) -> list[bytes]:
    return [signed.id for signed in simulation.world.view(node, TimeUs(at_us)).compute_mempool().pending]


def test_a_mempool_reads_the_same_from_any_later_moment() -> None:
    simulation = start()
    seen = {}
    for quarter in range(1, 24):
        at_us = quarter * MINUTE // 4
        simulation.run_until(TimeUs(at_us))
        seen[at_us] = [get_pending(simulation, node, at_us) for node in range(12)]
        if quarter == 8:
            simulation.submit(c.Partition(((0, 1, 2, 3),)))
        if quarter == 16:
            simulation.submit(c.Heal())
    assert any(any(mempools) for mempools in seen.values())
    for at_us, mempools in seen.items():
        assert [get_pending(simulation, node, at_us) for node in range(12)] == mempools


def test_a_reorg_puts_back_what_only_the_lost_branch_included() -> None:
    simulation = start()
    simulation.submit(c.SetTraffic(0))
    simulation.submit(c.CutNode(0))
    for node in range(1, 12):
        simulation.submit(c.SetHashRate(node, 0))
    simulation.submit(c.SetHashRate(0, 0))
    simulation.submit(c.RequestCoins(0, bytes(20), 10**9))
    paid = simulation.world.transactions.records[0].id
    simulation.run_until(TimeUs(MINUTE))
    simulation.submit(c.MineBlock(0))  # the lost branch includes it
    assert get_pending(simulation, 0, simulation.now_us) == []
    for _ in range(2):
        simulation.run_until(TimeUs(simulation.now_us + MINUTE))
        simulation.submit(c.MineBlock(1))
    simulation.submit(c.ReconnectNode(0))
    simulation.run_until(TimeUs(simulation.now_us + MINUTE))
    world = simulation.world
    assert world.view(0).get_head() is world.view(1).get_head()
    assert get_pending(simulation, 0, simulation.now_us) == [paid]
    simulation.submit(c.MineBlock(2))
    simulation.run_until(TimeUs(simulation.now_us + MINUTE))
    assert [signed.id for signed in world.view(5).get_head().block.transactions] == [paid]

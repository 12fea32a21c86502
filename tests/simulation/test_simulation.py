"""A run is a function of scenario, seed and inputs, however it is sliced, copied or replayed."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from chain.errors import CommandRefused
from chain.simulation import commands as c
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, MINUTE, SECOND, TimeUs

Start = Callable[..., Simulation]

SCRIPT = """
from importlib.resources import files
from chain.scenario import build, load_scenario
text = (files("chain") / "scenarios/{name}.toml").read_text(encoding="utf-8")
simulation = build(load_scenario(text, "{name}"), {seed})
simulation.run_until({until})
print(simulation.compute_digest())
"""


def compute_digest_elsewhere(name: str, seed: int, hash_seed: int) -> str:
    """Run in a process of its own, with another hash seed."""
    script = SCRIPT.format(name=name, seed=seed, until=5 * MINUTE)
    environment = {"PYTHONHASHSEED": str(hash_seed)}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, env=environment)
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["classroom", "two-continents"])
def test_one_digest_whatever_the_hash_seed(name: str) -> None:
    digests = {compute_digest_elsewhere(name, 7, hash_seed) for hash_seed in (0, 1, 4242)}
    assert len(digests) == 1
    assert compute_digest_elsewhere(name, 8, 0) not in digests


def test_slices_of_any_size_change_nothing(start: Start) -> None:
    whole, sliced = start(), start()
    whole.run_until(TimeUs(3 * MINUTE))
    for index in range(1, 181):
        while not sliced.run_until(TimeUs(index * SECOND), max_events=1 + index % 3):
            pass
    assert sliced.compute_digest() == whole.compute_digest()


@pytest.mark.parametrize("name", ["classroom", "classroom-pos", "classroom-hybrid", "classroom-private"])
def test_a_frozen_moment_can_be_lived_again_however_far_the_run_has_gone_on(start: Start, name: str) -> None:
    simulation = start(name)
    simulation.run_until(TimeUs(70 * SECOND))
    simulation.submit(c.CutNode(3))
    simulation.run_until(TimeUs(90 * SECOND))
    before, build = simulation.compute_digest(), simulation.freeze()
    simulation.run_until(TimeUs(100 * SECOND))
    simulation.submit(c.ReconnectNode(3))
    simulation.run_until(TimeUs(2 * MINUTE))
    for _ in range(2):
        again = build()
        assert again.compute_digest() == before
        again.feed(simulation.log)
        again.run_until(TimeUs(2 * MINUTE))
        assert again.compute_digest() == simulation.compute_digest()


def test_a_branch_leaves_the_trunk_alone(start: Start) -> None:
    trunk = start()
    trunk.run_until(TimeUs(MINUTE))
    branch = trunk.copy()
    branch.submit(c.Partition(((0, 1, 2, 3, 4, 5),)))
    branch.run_until(TimeUs(4 * MINUTE))
    trunk.run_until(TimeUs(4 * MINUTE))
    untouched = start()
    untouched.run_until(TimeUs(4 * MINUTE))
    assert trunk.compute_digest() == untouched.compute_digest() != branch.compute_digest()


@pytest.mark.parametrize(
    ("command", "rule"),
    [
        (c.MineBlock(99), "command/node"),
        (c.StopNode(-1), "command/node"),
        (c.StartNode(2), "command/online"),
        (c.CutLink(0, 0), "command/link"),
        (c.Partition(((0, 0),)), "command/partition"),
        (c.Partition(()), "command/partition"),
        (c.SetLag(0, -5), "command/lag"),
        (c.SetHashRate(0, -1), "command/hash-rate"),
        (c.SetTraffic(-1), "command/traffic"),
        (c.RequestCoins(0, b"short", COIN), "faucet/address"),
        (c.RequestCoins(0, bytes(20), 10**6 * COIN), "faucet/amount"),
        (c.SubmitTransaction(0, b"nonsense"), "command/transaction"),
    ],
)
def test_a_refused_command_names_its_rule_and_leaves_no_trace(start: Start, command: c.Command, rule: str) -> None:
    simulation = start()
    simulation.run_until(TimeUs(30 * SECOND))
    before = simulation.compute_digest()
    with pytest.raises(CommandRefused) as caught:
        simulation.submit(command)
    assert caught.value.rule == rule
    assert (simulation.compute_digest(), simulation.log) == (before, [])


def test_the_faucet_pays_what_it_is_asked(start: Start) -> None:
    simulation = start("quiet")
    address = bytes(range(20))
    simulation.submit(c.RequestCoins(0, address, 25 * COIN))
    simulation.submit(c.RequestCoins(2, address, 5 * COIN))
    simulation.run_until(TimeUs(5 * SECOND))
    simulation.submit(c.MineBlock(1))
    simulation.run_until(TimeUs(10 * SECOND))
    world = simulation.world
    head = world.view(4).get_head()
    assert head.height == 1
    assert world.ledger.state(head.hash).get_account(address).balance == 30 * COIN  # type: ignore[arg-type]


def test_a_stopped_node_neither_hears_nor_mines_and_catches_up(start: Start) -> None:
    simulation = start()
    simulation.run_until(TimeUs(MINUTE))
    simulation.submit(c.StopNode(4))
    height = simulation.world.view(4).get_head().height
    simulation.run_until(TimeUs(6 * MINUTE))
    world = simulation.world
    assert world.view(4).get_head().height == height
    assert not [r for r in world.tree.records if r.origin == 4 and r.published_us > MINUTE]
    simulation.submit(c.StartNode(4))
    simulation.run_until(TimeUs(6 * MINUTE + 5 * SECOND))
    assert world.view(4).get_head().height >= world.tree.get_best(TimeUs(6 * MINUTE)).height


def test_a_cut_node_mines_alone_and_gives_up_its_branch(start: Start) -> None:
    simulation = start("classroom", 5, "nodes.hash_rate_deviation_percent=0")
    simulation.submit(c.CutNode(0))
    simulation.run_until(TimeUs(20 * MINUTE))
    world = simulation.world
    alone = world.view(0).get_head()
    assert alone.origin == 0
    assert alone.height < world.view(1).get_head().height
    simulation.submit(c.ReconnectNode(0))
    simulation.run_until(TimeUs(20 * MINUTE + 30 * SECOND))
    assert world.view(0).get_head().height > alone.height
    assert compute_report(simulation)["reorgs"]["max_depth"] >= alone.height


def test_history_reads_the_same_from_any_later_moment(start: Start) -> None:
    simulation = start()
    seen = []
    for minute in (1, 2, 3):
        at_us = TimeUs(minute * MINUTE)
        simulation.run_until(at_us)
        seen.append((at_us, [simulation.world.view(n).get_head().hash for n in range(12)]))
    simulation.submit(c.Partition(((0, 1, 2),)))
    simulation.run_until(TimeUs(6 * MINUTE))
    for at_us, heads in seen:
        assert [simulation.world.view(n, at_us).get_head().hash for n in range(12)] == heads

"""Safety and liveness of every protocol, by checkers that stand outside.

Hypothesis writes stories of partitions, crashes, cut links and delays, with as many Byzantine nodes as the protocol
claims to bear. The checker remembers whatever any honest node ever took as final, at many moments. Where finality is
economic or instant no two of these blocks may conflict, and none may be taken back. Then everything is healed, and
every honest node must go on. Where finality is by depth a partition does undo what was final; that too is shown.

Evidence against a third where more than a third is Byzantine: test_tendermint.py and test_proof_of_stake_safety.py,
whose traitors plot together.
"""

import os
from collections.abc import Callable
from importlib.resources import files
from itertools import pairwise
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.errors import CommandRefused
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation import commands as c
from chain.simulation import world as world_module
from chain.simulation.kernel import Kernel
from chain.simulation.simulation import Simulation
from chain.units import MILLISECOND, SECOND, TimeUs

EXAMPLES = 40 if os.environ.get("CHAINROOM_FULL") else 3


class Case(NamedTuple):
    """A protocol, the network it is tried on, and what it claims to bear."""

    nodes: int
    byzantine: int
    """How many nodes may be traitors."""
    healing_s: int
    """How long after healing everybody must have gone on."""
    behaviours: tuple[str, ...] = ("silent", "withholding", "equivocating", "forging")
    settings: tuple[str, ...] = ()
    scenario: str = "classroom"


SAFE = {
    "tendermint": Case(7, 2, 120),
    "proof-of-stake": Case(9, 2, 120, settings=("consensus.slots_per_epoch=4",), scenario="classroom-pos"),
    "delegated-proof-of-stake": Case(10, 3, 120),
    "snowman": Case(12, 2, 120, settings=("consensus.sample_size=8", "consensus.alpha=6", "consensus.beta=12")),
    "raft": Case(5, 2, 120, behaviours=("silent",)),
}
"""Where final means final: less than a third of traitors; under Raft a minority that is silent."""
DEEP = {
    "proof-of-work": Case(8, 0, 300),
    "ghost": Case(8, 0, 300),
    "clique": Case(8, 0, 300, settings=("consensus.protocol=proof-of-authority",)),
    "aura": Case(8, 0, 300, settings=("consensus.protocol=proof-of-authority", "consensus.variant=aura")),
    "bitshares": Case(
        8, 0, 300, settings=("consensus.protocol=delegated-proof-of-stake", "consensus.irreversible=bitshares")
    ),
}
"""Where final means deep: the same stories, and nothing is promised but to go on."""
ALL = SAFE | DEEP


def start(name: str, seed: int, *more: str) -> Simulation:
    case = ALL[name]
    text = (files("chain") / f"scenarios/{case.scenario}.toml").read_text(encoding="utf-8")
    base = [f"network.nodes={case.nodes}", "nodes.stake_coins=32", "consensus.interval=2s", "traffic.rate_per_s=0.2"]
    base += [f"consensus.protocol={name}"] if name not in DEEP or name in {"proof-of-work", "ghost"} else []
    base += ["consensus.grind_hashes=16"]
    return build(apply_settings(load_scenario(text, name), [*base, *case.settings, *more]), seed)


def run(simulation: Simulation, ms: int) -> None:
    simulation.run_until(TimeUs(simulation.now_us + ms * MILLISECOND))


class Checker:
    """Remembers all that any honest node ever took as final."""

    def __init__(self, simulation: Simulation, honest: list[int]) -> None:
        self.simulation, self.honest = simulation, honest
        self.finals: dict[bytes, BlockRecord] = {}
        self.heights = dict.fromkeys(honest, 0)

    def look(self) -> None:
        for node in self.honest:
            record = self.simulation.world.view(node).get_finalized()
            self.finals[record.hash] = record
            if self.simulation.world.consensus.rules.finality is not Finality.DEPTH:
                assert record.height >= self.heights[node], f"n{node:02d} takes back what was final"
            self.heights[node] = record.height

    def find_conflict(self) -> tuple[BlockRecord, BlockRecord] | None:
        """Return two finals of which neither is an ancestor of the other."""
        tree, ordered = self.simulation.world.tree, sorted(self.finals.values(), key=lambda record: record.height)
        for lower, higher in pairwise(ordered):
            if tree.get_ancestor(higher, lower.height) is not lower:
                return lower, higher
        return None


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["split", "split", "heal", "stop", "start", "lag", "cut", "reconnect", "run"]),
        st.integers(min_value=0, max_value=99),
        st.sampled_from([400, 3_000, 9_000, 25_000]),
    ),
    max_size=8,
)


def disturb(simulation: Simulation, what: str, which: int, ms: int) -> None:
    """Do something bad to the network, or undo it."""
    count = simulation.world.node_count
    node = which % count
    commands: dict[str, Callable[[], c.Command]] = {
        "split": lambda: c.Partition((tuple(it for it in range(count) if it * (which + 3) % count <= count // 2),)),
        "heal": c.Heal,
        "stop": lambda: c.StopNode(node),
        "start": lambda: c.StartNode(node),
        "lag": lambda: c.SetLag(node, ms * MILLISECOND // 4),
        "cut": lambda: c.CutNode(node),
        "reconnect": lambda: c.ReconnectNode(node),
    }
    try:
        if what in commands:
            simulation.submit(commands[what]())
    except CommandRefused:
        assert what in {"stop", "start"}


def heal_everything(simulation: Simulation) -> None:
    for node in range(simulation.world.node_count):
        disturb(simulation, "start", node, 0)
        disturb(simulation, "lag", node, 0)
    simulation.submit(c.Heal())


def tell(
    name: str, seed: int, steps: list[tuple[str, int, int]], traitors: dict[int, str]
) -> tuple[Checker, int, list[int]]:
    """Run a story; return the checker, the highest final block before healing, and final heights long after."""
    simulation = start(name, seed)
    for node, behaviour in traitors.items():
        simulation.submit(c.TurnByzantine(node, behaviour))  # type: ignore[arg-type]  # one of those there are
    checker = Checker(simulation, [node for node in range(ALL[name].nodes) if node not in traitors])
    run(simulation, 5_000)
    for what, which, ms in steps:
        disturb(simulation, what, which, ms)
        run(simulation, ms // 2)
        checker.look()
        run(simulation, ms - ms // 2)
        checker.look()
    heal_everything(simulation)
    before = max(checker.heights.values())
    run(simulation, ALL[name].healing_s * 1000)
    checker.look()
    return checker, before, list(checker.heights.values())


@pytest.mark.parametrize("name", SAFE)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_nothing_final_conflicts_and_after_healing_everybody_goes_on(name: str, data: st.DataObject) -> None:
    case = ALL[name]
    seed, steps = data.draw(st.integers(0, 10**6), "seed"), data.draw(STEPS, "steps")
    behaviour = st.sampled_from(case.behaviours)
    traitors = data.draw(
        st.dictionaries(st.integers(0, case.nodes - 1), behaviour, max_size=case.byzantine), "traitors"
    )
    checker, before, after = tell(name, seed, steps, traitors)
    assert checker.find_conflict() is None
    assert min(after) > before


@pytest.mark.parametrize("name", DEEP)
@settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 10**6), steps=STEPS)
def test_where_finality_is_by_depth_everybody_goes_on_after_healing(
    name: str, seed: int, steps: list[tuple[str, int, int]]
) -> None:
    _, before, after = tell(name, seed, steps, {})
    assert min(after) > before


@pytest.mark.parametrize("name", ["proof-of-work", "ghost", "clique"])
def test_finality_by_depth_is_undone_by_a_partition(name: str) -> None:
    """Both sides go on, each calls its own blocks final, and one of them is wrong.

    Aura and BitShares ask for a majority, which one side alone cannot have.
    """
    simulation = start(name, 4, "consensus.confirmations=3", "network.topology=complete")
    assert simulation.world.consensus.rules.finality is Finality.DEPTH
    checker = Checker(simulation, list(range(8)))
    run(simulation, 20_000)
    simulation.submit(c.Partition(((0, 1, 2, 3),)))
    for _ in range(20):
        run(simulation, 5_000)
        checker.look()
    conflict = checker.find_conflict()
    assert conflict is not None
    simulation.submit(c.Heal())
    run(simulation, 60_000)
    final = simulation.world.get_finalized()
    kept = [simulation.world.tree.get_ancestor(final, record.height) is record for record in checker.finals.values()]
    assert not all(kept)  # what was called final is gone


# Order --------------------------------------------------------------------------------------------------------------


class ScatteredKernel(Kernel):
    """Handles what is due at one moment, in one lane, in another order."""

    def _rank(self, serial: int) -> int:
        return serial * 0x9E3779B1 % (1 << 32)  # odd, so no two serials get one rank


class ReversedKernel(Kernel):
    """The last first."""

    def _rank(self, serial: int) -> int:
        return (1 << 32) - serial


@pytest.mark.parametrize("is_cut", [False, True], ids=["whole", "cut"])
@pytest.mark.parametrize(
    ("delays", "kernel"),
    [
        ("constant", ScatteredKernel),
        ("constant", ReversedKernel),
        ("regions", ScatteredKernel),
    ],
)
@pytest.mark.parametrize("name", ALL)
def test_the_order_of_what_happens_at_one_moment_changes_no_head(
    name: str, delays: str, kernel: type[Kernel], is_cut: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    more = (f"network.delay_model={delays}", "network.topology=complete", "traffic.rate_per_s=1")
    plain = start(name, 6, *more)
    monkeypatch.setattr(world_module, "Kernel", kernel)
    shuffled = start(name, 6, *more)
    nodes = range(ALL[name].nodes)
    for step in range(6):
        for simulation in (plain, shuffled):
            if is_cut and step in (2, 4):
                simulation.submit(c.Partition((tuple(nodes[::2]),)) if step == 2 else c.Heal())
            simulation.run_until(TimeUs(simulation.now_us + 10 * SECOND))
        views = [[simulation.world.view(node) for node in nodes] for simulation in (plain, shuffled)]
        heads, finals = (
            [[getattr(view, what)().hash for view in side] for side in views] for what in ("get_head", "get_finalized")
        )
        assert heads[0] == heads[1]
        assert finals[0] == finals[1]
    assert plain.world.get_canonical().height > 4

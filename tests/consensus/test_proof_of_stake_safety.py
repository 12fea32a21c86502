"""No two conflicting blocks are final, whatever the network does and whatever less than a third of the stake does.

The checker stands outside: it asks every node at many moments what it takes as final and compares branches itself. The
Byzantine validators here do the worst that votes allow: two nodes hold their keys and run them as twins, each on its
side of a partition, voting for both branches and proposing twice.
"""

from collections.abc import Callable
from importlib.resources import files
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.consensus import registry
from chain.consensus.base import Agent, Effects, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.casper_ffg import is_slashable
from chain.consensus.gasper import get_vote_topic
from chain.consensus.proof_of_stake import GasperValidator, ProofOfStakeParameters, build
from chain.consensus.validators import Context
from chain.errors import CommandRefused
from chain.scenario import apply_settings, load_scenario
from chain.scenario import build as build_simulation
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import MILLISECOND, SECOND, NodeId, TimeUs

NODES = 9
SLOT_US = 2 * SECOND
EPOCH_US = 4 * SLOT_US
BASE = (
    f"network.nodes={NODES}",
    "network.topology=complete",
    "traffic.rate_per_s=0",
    "consensus.interval=2s",
    "consensus.slots_per_epoch=4",
    "consensus.inactivity_quotient=0",
)


class Twin(Agent):
    """Runs several validators' keys at once, blind to what its twin on the other side signs with them."""

    def __init__(self, validators: list[GasperValidator]) -> None:
        self.validators = validators

    def start(self, view: View) -> Effects:
        return [effect for number in range(len(self.validators)) for effect in self.run(number, "start", view)]

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        number, _, rest = name.partition("/")
        return self.run(int(number), "on_timer", view, rest, data)

    def run(self, number: int, handler: str, *arguments: Any) -> Effects:
        for effect in getattr(self.validators[number], handler)(*arguments):
            is_timer = isinstance(effect, SetTimer)
            yield SetTimer(f"{number}/{effect.name}", effect.at_us, effect.data) if is_timer else effect

    def copy(self) -> "Twin":
        return Twin([validator.copy() for validator in self.validators])  # type: ignore[misc]  # the same kind


class Silent(Agent):
    """A Byzantine validator whose keys the twins use."""


def build_with_twins(byzantine: int) -> Callable[[ProofOfStakeParameters, Context], Setup[Any]]:
    """Return a build under which nodes 0 and 1 both run the keys of the first ``byzantine`` validators."""

    def build_some(parameters: ProofOfStakeParameters, context: Context) -> Setup[Any]:
        setup = build(parameters, context)
        for node in range(byzantine):
            setup.agents[NodeId(node)] = Silent()
        for node in range(min(2, byzantine)):
            keys = [GasperValidator(setup.rules, index, 0) for index in range(byzantine)]
            setup.agents[NodeId(node)] = Twin(keys)
        return setup

    return build_some


def start(monkeypatch: pytest.MonkeyPatch, byzantine: int, seed: int, *more: str) -> Simulation:
    entry = registry.ProtocolEntry(ProofOfStakeParameters, build_with_twins(byzantine))
    monkeypatch.setitem(registry.PROTOCOLS, "proof-of-stake", entry)
    text = (files("chain") / "scenarios/classroom-pos.toml").read_text(encoding="utf-8")
    return build_simulation(apply_settings(load_scenario(text, "classroom-pos"), [*BASE, *more]), seed)


class Checker:
    """Remembers all that any node ever took as final."""

    def __init__(self) -> None:
        self.finals: dict[bytes, BlockRecord] = {}
        self.heights = [0] * NODES

    def look(self, simulation: Simulation) -> None:
        for node in range(NODES):
            record = simulation.world.view(node).get_finalized()
            self.finals[record.hash] = record
            assert record.height >= self.heights[node], f"n{node:02d} takes back what was final"
            self.heights[node] = record.height

    def find_conflict(self) -> tuple[BlockRecord, BlockRecord] | None:
        """Return two finals of which neither is an ancestor of the other."""
        ordered = sorted(self.finals.values(), key=lambda record: record.height)
        for lower, higher in pairwise(ordered):
            above: BlockRecord | None = higher
            while above is not None and above.height > lower.height:
                above = above.parent
            if above is not lower:
                return lower, higher
        return None


def find_offenders(simulation: Simulation, epochs: int) -> set[int]:
    """Return whom the votes that have been sent convict."""
    tallies = simulation.world.messages.tallies
    votes: dict[int, list[Any]] = {}
    for epoch in range(epochs):
        for record in tallies[get_vote_topic(epoch)].records if get_vote_topic(epoch) in tallies else ():
            votes.setdefault(record.sender, []).append(record.message.vote)
    return {
        sender
        for sender, cast in votes.items()
        if any(is_slashable(a, b) for n, a in enumerate(cast) for b in cast[:n])
    }


WHAT = ("partition", "partition", "heal", "stop", "start", "lag", "cut", "reconnect", "run", "run")
STEPS = st.lists(
    st.tuples(
        st.sampled_from(WHAT),
        st.integers(min_value=0, max_value=NODES - 1),
        st.sampled_from([300, 2_000, 8_000, 24_000, 60_000]),
    ),
    max_size=10,
)


def apply(simulation: Simulation, what: str, node: int, amount: int) -> None:
    side = (0, *range(2, 2 + (node + amount) % (NODES - 2)))  # the twins stand on different sides
    command: dict[str, c.Command] = {
        "partition": c.Partition((side,)),
        "heal": c.Heal(),
        "stop": c.StopNode(node),
        "start": c.StartNode(node),
        "lag": c.SetLag(node, amount * MILLISECOND // 8),
        "cut": c.CutNode(node),
        "reconnect": c.ReconnectNode(node),
    }
    try:
        if what in command:
            simulation.submit(command[what])
    except CommandRefused:
        assert what in {"stop", "start"}


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, byzantine=st.sampled_from([0, 2]), seed=st.integers(min_value=0, max_value=1000))
def test_below_a_third_nothing_final_conflicts_and_healing_brings_finality_back(
    monkeypatch: pytest.MonkeyPatch, steps: list[tuple[str, int, int]], byzantine: int, seed: int
) -> None:
    simulation, checker = start(monkeypatch, byzantine, seed), Checker()
    for what, node, amount in steps:
        apply(simulation, what, node, amount)
        simulation.run_until(TimeUs(simulation.now_us + amount * MILLISECOND))
        checker.look(simulation)
    simulation.submit(c.Heal())
    for node in range(NODES):
        apply(simulation, "start", node, 0)
        apply(simulation, "reconnect", node, 0)
        apply(simulation, "lag", node, 0)
    healed = max(checker.heights)
    simulation.run_until(TimeUs(simulation.now_us + 12 * EPOCH_US))
    checker.look(simulation)
    assert checker.find_conflict() is None
    assert min(checker.heights) > healed  # liveness: every node goes on


def test_the_honest_are_never_convicted(monkeypatch: pytest.MonkeyPatch) -> None:
    simulation = start(monkeypatch, 2, 3)
    for number in range(5):
        apply(simulation, "partition", number, number)
        simulation.run_until(TimeUs(simulation.now_us + 3 * EPOCH_US))
        simulation.submit(c.Heal())
        simulation.run_until(TimeUs(simulation.now_us + EPOCH_US))
    assert find_offenders(simulation, 20) <= {0, 1}
    registry_after = simulation.world.get_canonical().state.registry
    slashed = {index for index, validator in enumerate(registry_after.validators) if validator.is_slashed}
    assert slashed == {0, 1}  # and those who did it are


def test_beyond_a_third_conflicts_come_with_evidence_against_a_third(monkeypatch: pytest.MonkeyPatch) -> None:
    """4 of 9 on both sides, with 3 honest on the one and 2 on the other: 7 and 6 of 9 finalise what contradicts."""
    simulation, checker = start(monkeypatch, 4, 1), Checker()
    simulation.submit(c.Partition(((0, 4, 5, 6),)))  # before anybody sees that two speak with one key
    for epoch in range(1, 12):
        simulation.run_until(TimeUs(epoch * EPOCH_US))
        checker.look(simulation)
    assert checker.find_conflict() is not None
    assert find_offenders(simulation, 12) == {0, 1, 2, 3}  # more than a third of nine

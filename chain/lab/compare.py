"""One scenario under several protocols: same seed, same people, same network, and a scoreboard.

People's payments, places, links and latencies are drawn by name from the seed and do not ask which protocol is running,
so every protocol is given the same traffic over the same network (chain/draws.py). What differs is when blocks come,
when they count as final, and what it costs. docs/compare.md explains each column.

``Comparison`` runs in slices of events, so that a screen may show how far it is and stop it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from chain.consensus import registry
from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.errors import ChainroomError, InvalidInput, InvalidScenario
from chain.lab.security import (
    compute_majority_cost,
    compute_nakamoto_coefficient,
    describe_holdings,
    get_holdings,
)
from chain.scenario import Scenario, apply_settings, build
from chain.simulation.report import compute_blocks, compute_energy_kwh, compute_final_times
from chain.simulation.simulation import Simulation
from chain.units import NEVER, SECOND, TimeUs

SLICE_EVENTS = 2_000
MEANINGS = {
    Finality.NONE: "never final",
    Finality.DEPTH: "by depth: can be undone",
    Finality.ECONOMIC: "undoing costs a third of the stake",
    Finality.INSTANT: "for good",
}


@dataclass(slots=True)
class Comparison:
    """A comparison under way. Raises InvalidInput or InvalidScenario, naming the protocol, when it cannot be run."""

    scenario: Scenario
    protocols: tuple[str, ...]
    seed: int | None
    until_us: TimeUs
    scores: list[dict[str, Any]] = field(default_factory=list)
    """Of the protocols that are through, in order."""
    _running: Simulation | None = None

    def __post_init__(self) -> None:
        """Build every run once, so that a mistake shows before the first one starts."""
        check_protocols(self.protocols)
        for protocol in self.protocols:
            self._build(protocol)

    @property
    def is_done(self) -> bool:
        """Whether all have been run."""
        return len(self.scores) == len(self.protocols)

    @property
    def protocol(self) -> str:
        """The one being run; the last one when all are through."""
        return self.protocols[min(len(self.scores), len(self.protocols) - 1)]

    def get_progress(self) -> float:
        """Return how much of all is done, 0 to 1, counted in virtual time."""
        part = self._running.now_us / self.until_us if self._running is not None else 0.0
        return (len(self.scores) + part) / len(self.protocols)

    def advance(self, max_events: int = SLICE_EVENTS) -> bool:
        """Run a slice; return whether all is done. Errors of a run name its protocol."""
        if self.is_done:
            return True
        if self._running is None:
            self._running = self._build(self.protocol)
        try:
            if self._running.run_until(self.until_us, max_events):
                self.scores.append(compute_score(self._running))
                self._running = None
        except ChainroomError as error:
            raise InvalidScenario("consensus.protocol", self.protocol, f"a protocol that runs here ({error})") from None
        return self.is_done

    def _build(self, protocol: str) -> Simulation:
        try:
            return build(apply_settings(self.scenario, [f"consensus.protocol={protocol}"]), self.seed)
        except InvalidScenario as error:
            raise InvalidScenario(f"{error.thing} under {protocol}", error.value, error.allowed) from None


def check_protocols(protocols: Sequence[str]) -> None:
    """Raise InvalidInput unless all are names of protocols, each once."""
    known = list(registry.PROTOCOLS)
    for protocol in protocols:
        if protocol not in known:
            raise InvalidInput("protocol", protocol, f"one of {', '.join(known)}")
        if protocols.count(protocol) > 1:
            raise InvalidInput("protocol", protocol, "each protocol once")
    if not protocols:
        raise InvalidInput("protocols", "none", f"one or more of {', '.join(known)}")


def compute_score(simulation: Simulation) -> dict[str, Any]:
    """Return the line of the scoreboard of a run, as it stands now."""
    world = simulation.world
    canonical = list(world.tree.iter_branch(world.get_canonical()))[-2::-1]
    blocks, holdings = compute_blocks(world, canonical), get_holdings(simulation)
    inclusion_s, finality_s = compute_waits(simulation, canonical)
    confirmed, energy_kwh, sent = len(inclusion_s), compute_energy_kwh(world), world.network
    parameters = getattr(world.consensus.rules, "parameters", None)
    return {
        "protocol": world.consensus.name,
        "finality": world.consensus.rules.finality.value,
        "finality_meaning": MEANINGS[world.consensus.rules.finality],
        "virtual_seconds": world.now_us / SECOND,
        "blocks": blocks["canonical"],
        "interval_seconds": blocks["interval_mean_seconds"],
        "submitted": len(world.transactions),
        "confirmed": confirmed,
        "throughput_per_s": confirmed * SECOND / world.now_us if world.now_us else 0.0,
        "inclusion_seconds_mean": _compute_mean(inclusion_s),
        "inclusion_seconds_median": median(inclusion_s) if inclusion_s else None,
        "finality_seconds_mean": _compute_mean(finality_s),
        "finality_seconds_median": median(finality_s) if finality_s else None,
        "stale_rate": blocks["stale_rate"],
        "messages": sent.messages,
        "messages_per_block": _divide(sent.messages, blocks["canonical"]),
        "messages_per_transaction": _divide(sent.messages, confirmed),
        "bytes": sent.bytes_sent,
        "bytes_per_block": _divide(sent.bytes_sent, blocks["canonical"]),
        "bytes_per_transaction": _divide(sent.bytes_sent, confirmed),
        "energy_kwh": energy_kwh,
        "energy_kwh_per_transaction": _divide(energy_kwh, confirmed),
        "nakamoto_coefficient": compute_nakamoto_coefficient(holdings),
        "nakamoto_rule": describe_holdings(holdings),
        "majority_cost": compute_majority_cost(holdings, getattr(parameters, "joules_per_terahash", 50)),
    }


def compute_waits(simulation: Simulation, canonical: list[BlockRecord]) -> tuple[list[float], list[float]]:
    """Return how long each confirmed transaction waited from being handed in to its block, and to being final, in s."""
    final_times_us = compute_final_times(simulation.world, canonical)
    inclusion_s, finality_s = [], []
    for index, record in enumerate(canonical):
        final_us = final_times_us[index] if index < len(final_times_us) else NEVER
        for submitted_us in _iter_submitted(simulation, record):
            inclusion_s.append((record.published_us - submitted_us) / SECOND)
            if final_us < NEVER:
                finality_s.append((final_us - submitted_us) / SECOND)
    return inclusion_s, finality_s


def _iter_submitted(simulation: Simulation, record: BlockRecord) -> Iterator[int]:
    for signed in record.block.transactions:
        known = simulation.world.transactions.get(signed.id)
        if known is not None:
            yield known.submitted_us


def _compute_mean(values: list[float]) -> float | None:
    return sum(values) / len(values) if values else None


def _divide(amount: float, count: int) -> float | None:
    return amount / count if count else None

"""What is known, beside what is simulated: the frame of ``chainroom check``.

A ``Check`` is a claim with its source, the value expected and the largest relative error that counts as agreement; its
measure runs something and returns an ``Outcome``. A row is ``ok`` when the relative error is within the tolerance and,
where the outcome has a standard error, within four of them. Exact claims have tolerance 0 and no standard error.

Runs are long enough that four standard errors are about the tolerance (``N = (1 − p) / p · (z / r)²`` for a share ``p``
and a relative tolerance ``r``), so that a seed with odd luck passes and a wrong mechanism does not. A quick run is
shorter and, where a check says so, allows more. Where a published value is itself a count of few events, its own
standard error is added to that of the simulation.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from math import hypot
from typing import Any

from chain.scenario import Scenario, apply_settings, build
from chain.simulation.simulation import Simulation
from chain.units import parse_span

Z_LIMIT = 4.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a measure found."""

    value: float
    samples: int = 1
    """How many independent things it was found from."""
    error: float | None = None
    """Standard error of the value; None where it is exact or not known."""


@dataclass(slots=True)
class Bench:
    """What a measure is given: the seed, the size of the run, scenarios, and what other measures found already."""

    seed: int
    is_quick: bool
    read_scenario: Callable[[str], Scenario]
    """Returns a scenario of the library by name."""
    _kept: dict[str, Any] = field(default_factory=dict)

    def choose(self, quick: int, full: int) -> int:
        """Return the size for this run."""
        return quick if self.is_quick else full

    def once(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what another measure may have made already under this name."""
        if name not in self._kept:
            self._kept[name] = make()
        return self._kept[name]

    def run(self, scenario: str, *settings: str, until: str = "0s") -> Simulation:
        """Return a run of a scenario of the library with settings, at a moment."""
        simulation = build(apply_settings(self.read_scenario(scenario), settings), self.seed)
        simulation.run_until(parse_span(until))
        return simulation


@dataclass(frozen=True, slots=True)
class Check:
    """A claim and how it is measured."""

    name: str
    source: str
    expected: float
    tolerance: float
    """The largest relative error; 0: exactly."""
    measure: Callable[[Bench], Outcome]
    quick_tolerance: float | None = None
    """The same in a quick run, where it is another one."""
    is_quick: bool = True
    """Whether a quick run has time for it."""
    published_error: float = 0.0
    """Standard error of the expected value, where it was counted or measured itself, or is an approximation."""


def compute_row(check: Check, bench: Bench) -> dict[str, Any]:
    """Measure and judge: an object with name, source, expected, measured, samples, z, tolerance and verdict."""
    outcome = check.measure(bench)
    has_quick = bench.is_quick and check.quick_tolerance is not None
    tolerance = check.quick_tolerance if has_quick else check.tolerance
    assert tolerance is not None
    difference = outcome.value - check.expected
    z = None
    if outcome.error is not None:
        error = hypot(outcome.error, check.published_error)
        z = difference / error if error else 0.0 if difference == 0 else None
    is_near = abs(difference) <= tolerance * abs(check.expected)
    return {
        "name": check.name,
        "source": check.source,
        "expected": check.expected,
        "measured": outcome.value,
        "samples": outcome.samples,
        "z": z,
        "tolerance": tolerance,
        "verdict": "ok" if is_near and (z is None or abs(z) <= Z_LIMIT) else "outside",
    }


def compute_share_outcome(hits: int, samples: int) -> Outcome:
    """Return a share of independent samples with its standard error; none at all counts as one for the error."""
    share = hits / samples
    return Outcome(share, samples, (max(share * (1 - share), 1 / samples) / samples) ** 0.5)

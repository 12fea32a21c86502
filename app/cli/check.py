"""``chainroom check``: theory or a published value beside what is simulated, with z and a verdict.

A check holds when the relative error is within its tolerance and, where the spread of the measurement is known, when it
lies within four standard errors. Runs are long enough for four standard errors to be less than the tolerance: a share
p within the relative tolerance r takes (1 - p) / p * (4 / r)^2 blocks, a mean interval (4 / r)^2. So a seed with odd
luck passes (seed 1 once gave 7.75 % stale blocks of 5000, where 24 seeds have a mean of 8.93 and a deviation of 0.39).
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import click

from app.cli.base import json_option, seed_option, show_progress, tell, tell_json, tell_table
from app.cli.sources import read_scenario
from chain.scenario import apply_settings, build
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import parse_span

Z_LIMIT = 4.0
Measured = tuple[float, float | None]
"""A value and its standard error, None where it is not known."""


@dataclass(frozen=True, slots=True)
class Check:
    """A claim about a run."""

    name: str
    source: str
    expected: float
    unit: str
    tolerance: float
    """The largest relative error."""
    scenario: str
    settings: tuple[str, ...]
    until: str
    measure: Callable[[Simulation, dict[str, Any]], Measured]


def _get_intervals(simulation: Simulation) -> list[int]:
    times = [record.published_us for record in simulation.world.tree.records]
    return [later - earlier for earlier, later in pairwise(times)]


def _measure_interval(simulation: Simulation, _report: dict[str, Any]) -> Measured:
    intervals = _get_intervals(simulation)
    mean = sum(intervals) / len(intervals) / 10**6
    return mean, mean / math.sqrt(len(intervals))


def _measure_long_intervals(simulation: Simulation, _report: dict[str, Any]) -> Measured:
    intervals = _get_intervals(simulation)
    share = sum(interval > 600 * 10**6 for interval in intervals) / len(intervals)
    return share, math.sqrt(share * (1 - share) / len(intervals))


def _measure_stale(_simulation: Simulation, report: dict[str, Any]) -> Measured:
    share, count = report["blocks"]["stale_rate"], report["blocks"]["proposed"]
    return share, math.sqrt(max(share, 1 / count) / count)


def _measure_share(_simulation: Simulation, report: dict[str, Any]) -> Measured:
    share, count = report["proposers"].get("n00", 0.0), report["blocks"]["canonical"]
    return share, math.sqrt(share * (1 - share) / count)


def _measure_spread(key: str) -> Callable[[Simulation, dict[str, Any]], Measured]:
    return lambda _simulation, report: (report["propagation"][key] or 0.0, None)


_LONG, _LONGER = "1111h", "3333h"  # 6666 and 20 000 blocks of 600 s
_MINERS = ("network.nodes=20", "network.relay=push")
_DELAYED = ("network.nodes=100", "network.topology=complete", "network.relay=push", "network.delay_model=constant")
_EQUAL = (*_DELAYED, "nodes.hash_rate_deviation_percent=0")
CHECKS = (
    Check("block interval", "Poisson process: mean", 600, "s", 0.05, "bitcoin-2019", _MINERS, _LONG, _measure_interval),
    Check(
        "intervals over the mean",
        "exponential law: 1/e",
        math.exp(-1),
        "",
        0.1,
        "bitcoin-2019",
        _MINERS,
        _LONG,
        _measure_long_intervals,
    ),
    Check(
        "stale share, delay a tenth of the interval",
        "uniform delay: x/(1+x)",
        0.1 / 1.1,
        "",
        0.1,
        "bitcoin-2019",
        (*_EQUAL, "network.delay_us=60000000"),
        _LONGER,
        _measure_stale,
    ),
    Check(
        "share of a miner with three quarters",
        "its share of the hash rate",
        0.75,
        "",
        0.05,
        "bitcoin-2019",
        (*_MINERS, "nodes.hash_rates_per_s=[3000, 1000]"),
        _LONG,
        _measure_share,
    ),
    Check(
        "half of 600 nodes, 2019",
        "SimBlock, 2019 settings",
        975,
        "ms",
        0.05,
        "bitcoin-2019",
        (),
        "83h20m",
        _measure_spread("t50_ms"),
    ),
    Check(
        "nine tenths of 600 nodes, 2019",
        "SimBlock, 2019 settings",
        2186,
        "ms",
        0.05,
        "bitcoin-2019",
        (),
        "83h20m",
        _measure_spread("t90_ms"),
    ),
    Check(
        "half of 6000 nodes, 2015",
        "Croman et al. 2016: 8.7 s",
        8700,
        "ms",
        0.2,
        "bitcoin-2015",
        (),
        "5h",
        _measure_spread("t50_ms"),
    ),
)


@click.command()
@seed_option
@json_option
def command(seed: int | None, as_json: bool) -> None:
    """Compare the simulation with theory and published values. Exits with 1 when a check does not hold."""
    rows = []
    with show_progress("checking", len(CHECKS)) as advance:
        for number, check in enumerate(CHECKS, 1):
            rows.append(compute_row(check, seed))
            advance(number)
    if as_json:
        tell_json(rows)
    else:
        head = ("CHECK", "EXPECTED", "SIMULATED", "Z", "VERDICT", "SOURCE")
        tell_table([head, *(_get_cells(row) for row in rows)])
    failed = sum(not row["holds"] for row in rows)
    if failed:
        raise click.ClickException(f"{failed} of {len(rows)} checks do not hold")
    if not as_json:
        tell(f"all {len(rows)} checks hold")


def compute_row(check: Check, seed: int | None) -> dict[str, Any]:
    """Run what a check is about and compare."""
    simulation = build(apply_settings(read_scenario(check.scenario), check.settings), seed)
    simulation.run_until(parse_span(check.until))
    value, error = check.measure(simulation, compute_report(simulation))
    return {
        "name": check.name,
        "source": check.source,
        "unit": check.unit,
        "expected": check.expected,
        "simulated": value,
        "z": None if error is None else (value - check.expected) / error,
        "holds": is_within(value, check.expected, check.tolerance, error),
    }


def is_within(value: float, expected: float, tolerance: float, error: float | None) -> bool:
    """Tell whether a measured value agrees with what is expected."""
    difference = abs(value - expected)
    return difference <= tolerance * abs(expected) and (error is None or difference <= Z_LIMIT * error)


def _get_cells(row: dict[str, Any]) -> tuple[str, str, str, str, str, str]:
    z = "" if row["z"] is None else f"{row['z']:+.2f}"
    expected, simulated = (f"{row[key]:.4g} {row['unit']}".strip() for key in ("expected", "simulated"))
    return row["name"], expected, simulated, z, "holds" if row["holds"] else "FAILS", row["source"]

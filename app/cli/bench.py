"""``chainroom bench``: how fast this machine runs the workloads that other simulators are measured with.

SimBlock (Java) is the yardstick: 13–16 s for 600 nodes × 1000 blocks and 34–42 s for 6000 × 100, on two cores. Times of
different machines differ; take the ratio for what it is. The announce relay runs compiled where the extra ``fast`` is
installed; compiling and importing are done in a short run before the clock starts.
"""

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from app.cli.base import json_option, show_progress, tell_json, tell_table
from app.cli.sources import read_scenario
from chain.crypto.signatures import is_valid_signature
from chain.ledger.block import Block, decode_block, encode_block
from chain.ledger.ledger import Ledger
from chain.ledger.transaction import compute_signing_hash
from chain.scenario import apply_settings, build
from chain.simulation.simulation import Simulation
from chain.units import parse_span


@dataclass(frozen=True, slots=True)
class Workload:
    """A headless run that is timed."""

    name: str
    scenario: str
    settings: tuple[str, ...]
    until: str
    simblock_s: float | None
    """What SimBlock takes, the middle of its range; None where it has no such workload."""


_SMALL, _LARGE = "network.nodes=600", "network.nodes=6000"
WORKLOADS = (
    Workload("classroom-2h", "classroom", (), "2h", None),
    Workload("push-600x1000", "bitcoin-2019", (_SMALL, "network.relay=push"), "166h40m", 14.5),
    Workload("announce-600x1000", "bitcoin-2019", (_SMALL,), "166h40m", 14.5),
    Workload("push-6000x100", "bitcoin-2019", (_LARGE, "network.relay=push"), "16h40m", 38.0),
    Workload("announce-6000x100", "bitcoin-2019", (_LARGE,), "16h40m", 38.0),
)
WARM_UP = "1h"
VALIDATION = "validation"
Row = dict[str, Any]
T = TypeVar("T")


@click.command()
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    type=click.Choice([*(w.name for w in WORKLOADS), VALIDATION]),
    help="Only this row. May be repeated.",
)
@click.option("--repeat", type=click.IntRange(1, 100), default=1, help="Take the median of so many runs.")
@json_option
def command(only: tuple[str, ...], repeat: int, as_json: bool) -> None:
    """Measure the speed on this machine."""
    chosen = [workload for workload in WORKLOADS if not only or workload.name in only]
    has_validation = not only or VALIDATION in only
    rows = []
    with show_progress("measuring", len(chosen) + has_validation) as advance:
        for workload in chosen:
            rows.append(measure_workload(workload, repeat))
            advance(len(rows))
        if has_validation:
            rows.append(measure_validation(repeat))
            advance(len(rows))
    if as_json:
        tell_json(rows)
    else:
        tell_table([("WORKLOAD", "SECONDS", "AMOUNT", "RATIO"), *(_get_cells(row) for row in rows)])


def measure_workload(workload: Workload, repeat: int) -> Row:
    """Time a run from its beginning, building included; importing and compiling (numba) come before."""
    scenario = apply_settings(read_scenario(workload.scenario), workload.settings)
    _run(build(scenario, 1), WARM_UP)
    seconds, simulation = _time(lambda: _run(build(scenario, 1), workload.until), repeat)
    ratio = None if workload.simblock_s is None else workload.simblock_s / seconds
    blocks = len(simulation.world.tree) - 1
    return {"name": workload.name, "seconds": seconds, "blocks": blocks, "ratio": ratio, "to": "SimBlock"}


def _run(simulation: Simulation, until: str) -> Simulation:
    simulation.run_until(parse_span(until))
    return simulation


def measure_validation(repeat: int) -> Row:
    """Time the validation of real blocks of a run, and the bare check of their signatures."""
    simulation = _run(build(read_scenario("classroom"), 1), "30m")
    world = simulation.world
    branch = list(world.tree.iter_branch(world.tree.get_best(simulation.now_us)))[-2::-1]
    encoded = [encode_block(record.block) for record in branch]
    signed = [each for record in branch for each in record.block.transactions]
    checks = [
        (it.transaction.authority, compute_signing_hash(it.transaction), it.signature)
        for it in signed
        if isinstance(it.transaction.authority, bytes) and isinstance(it.signature, bytes)
    ]
    bare_s, _ = _time(lambda: [is_valid_signature(*check) for check in checks], repeat)
    # Decoded anew each time, because a transaction remembers that its signature was checked.
    times_s = [_validate([decode_block(data) for data in encoded], world.setup) for _ in range(repeat)]
    seconds = statistics.median(times_s)
    return {
        "name": VALIDATION,
        "seconds": seconds,
        "transactions": len(signed),
        "ratio": bare_s / seconds,
        "to": "Ed25519",
    }


def _validate(blocks: list[Block], setup: Any) -> float:
    ledger = Ledger(setup.ledger, setup.allocations)
    started_s = time.perf_counter()
    for block in blocks:
        ledger.add(block)
    return time.perf_counter() - started_s


def _time(work: Callable[[], T], repeat: int) -> tuple[float, T]:
    times_s = []
    for _ in range(repeat):
        started_s = time.perf_counter()
        result = work()
        times_s.append(time.perf_counter() - started_s)
    return statistics.median(times_s), result


def _get_cells(row: Row) -> tuple[str, str, str, str]:
    amount = f"{row['blocks']} blocks" if "blocks" in row else f"{row['transactions']} transactions"
    ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f} × {row['to']}"
    return row["name"], f"{row['seconds']:.3f}", amount, ratio

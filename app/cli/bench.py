"""``chainroom bench``: how fast this machine runs the workloads that other simulators are measured with.

SimBlock (Java) is the yardstick: 13–16 s for 600 nodes × 1000 blocks and 34–42 s for 6000 × 100, on two cores. Times of
different machines differ; take the ratio for what it is. The announce relay runs compiled where the extra ``fast`` is
installed; compiling and importing are done in a short run before the clock starts.
"""

import functools
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from app.cli.base import json_option, show_progress, tell_json, tell_table
from app.cli.sources import read_scenario
from chain.crypto.signatures import expand_seed, is_valid_signature, sign
from chain.ledger.block import Block, decode_block, encode_block
from chain.ledger.ledger import Ledger
from chain.ledger.transaction import compute_signing_hash
from chain.scenario import apply_settings, build
from chain.simulation.simulation import Simulation
from chain.units import SECOND, TimeUs, parse_span


@dataclass(frozen=True, slots=True)
class Workload:
    """A headless run that is timed."""

    name: str
    scenario: str
    settings: tuple[str, ...]
    until: str
    simblock_s: float | None = None
    """What SimBlock takes, the middle of its range; None where it has no such workload."""
    is_long: bool = False
    """Whether it takes a minute or more, and is measured only when asked for."""


_CALM = ("traffic.rate_per_s=0",)
_SMALL, _LARGE = "network.nodes=600", "network.nodes=6000"
WORKLOADS = (
    Workload("classroom-2h", "classroom", (), "2h"),
    Workload("push-600x1000", "bitcoin-2019", (_SMALL, "network.relay=push"), "166h40m", 14.5),
    Workload("announce-600x1000", "bitcoin-2019", (_SMALL,), "166h40m", 14.5),
    Workload("push-6000x100", "bitcoin-2019", (_LARGE, "network.relay=push"), "16h40m", 38.0),
    Workload("announce-6000x100", "bitcoin-2019", (_LARGE,), "16h40m", 38.0),
    Workload(
        "gasper-100-validators",
        "classroom-pos",
        ("network.nodes=100", "consensus.interval=12s", "consensus.slots_per_epoch=32", *_CALM),
        "2h",
    ),
    Workload(
        "clique-21-signers-day",
        "classroom",
        ("consensus.protocol=proof-of-authority", "network.nodes=21", "consensus.interval=15s", *_CALM),
        "24h",
        is_long=True,
    ),
    Workload(
        "snowman-500-nodes-day",
        "classroom",
        ("consensus.protocol=snowman", "network.nodes=500", "consensus.interval=2s", *_CALM),
        "24h",
        is_long=True,
    ),
)
WARM_UP = "1h"
VALIDATION = "validation"
TENDERMINT, TENDERMINT_HEIGHTS, TENDERMINT_SLICES = "tendermint-100x1000", 1_000, 20
TENDERMINT_SETTINGS = (
    "consensus.protocol=tendermint",
    "consensus.interval=5s",
    "network.nodes=100",
    "network.topology=complete",
    *_CALM,
)
Row = dict[str, Any]
T = TypeVar("T")


@click.command(
    epilog="Examples: chainroom bench    chainroom bench --long --json    chainroom bench --only classroom-2h"
)
@click.option(
    "--only",
    multiple=True,
    metavar="NAME",
    type=click.Choice([*(w.name for w in WORKLOADS), VALIDATION, TENDERMINT]),
    help="Only this row. May be repeated.",
)
@click.option("--repeat", type=click.IntRange(1, 100), default=1, help="Take the median of so many runs.")
@click.option("--long", "has_long", is_flag=True, help="The rows too that take minutes.")
@json_option
def command(only: tuple[str, ...], repeat: int, has_long: bool, as_json: bool) -> None:
    """Measure the speed on this machine."""
    chosen = [it for it in WORKLOADS if it.name in only or (not only and (has_long or not it.is_long))]
    works: list[Callable[[], Row]] = [functools.partial(measure_workload, workload, repeat) for workload in chosen]
    if not only or VALIDATION in only:
        works.append(lambda: measure_validation(repeat))
    if TENDERMINT in only or (not only and has_long):
        works.append(measure_tendermint)
    rows = []
    with show_progress("measuring", len(works)) as advance:
        for work in works:
            rows.append(work())
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
    blocks, real_s = len(simulation.world.tree) - 1, simulation.now_us / SECOND
    if workload.simblock_s is None:
        return {
            "name": workload.name,
            "seconds": seconds,
            "blocks": blocks,
            "ratio": real_s / seconds,
            "to": "real time",
        }
    ratio = workload.simblock_s / seconds
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


def measure_tendermint() -> Row:
    """Time a hundred validators for a thousand heights on a full mesh, and their signatures alone.

    Signatures are made and checked in slices between those of the run, so that a busy machine slows both alike; the
    ratio is of processor times: how many times as long as the signatures the whole takes.
    """
    scenario = apply_settings(read_scenario("classroom"), TENDERMINT_SETTINGS)
    _run(build(scenario, 1), "1m")
    simulation, run_s, signatures_s = build(scenario, 1), 0.0, 0.0
    for part in range(1, TENDERMINT_SLICES + 1):
        before, started_s = simulation.world.messages.count, time.process_time()
        heights = TENDERMINT_HEIGHTS * part // TENDERMINT_SLICES
        simulation.run_until(TimeUs((5 * heights + 4) * SECOND))
        run_s += time.process_time() - started_s
        signatures_s += _time_signatures(simulation.world.messages.count - before)
    blocks = simulation.world.get_finalized().height
    return {"name": TENDERMINT, "seconds": run_s, "blocks": blocks, "ratio": run_s / signatures_s, "to": "signatures"}


def _time_signatures(count: int) -> float:
    """Return the seconds of processor time that so many signatures take to make and to check."""
    key, started_s = expand_seed(bytes(32)), time.process_time()
    for number in range(count):
        message = number.to_bytes(32)
        if not is_valid_signature(key[32:], message, sign(key, message)):
            raise AssertionError(number)
    return time.process_time() - started_s


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

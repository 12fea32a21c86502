"""``chainroom run``: a scenario without the interface."""

import time
from typing import Any

import click

from app.cli.base import (
    force_option,
    json_option,
    saves_option,
    seed_option,
    settings_option,
    show_progress,
    tell,
    tell_json,
    tell_table,
)
from app.cli.saves import open_saves
from app.cli.sources import read_scenario
from app.storage.errors import ExistingFile, MissingFile
from app.storage.saves import check_name
from chain.replay import record
from chain.scenario import apply_settings, build
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN_SYMBOL, TimeUs, format_amount, format_time, parse_span

SLICE_EVENTS = 2_000


@click.command()
@click.argument("scenario")
@seed_option
@click.option("--until", metavar="SPAN", help="How far, such as 250ms, 30m, 2h, 7d; by default what the scenario says.")
@settings_option
@click.option("--save", metavar="NAME", help="Save the run under this name.")
@force_option
@json_option
@saves_option
@click.pass_context
def command(
    ctx: click.Context,
    scenario: str,
    seed: int | None,
    until: str | None,
    settings: tuple[str, ...],
    save: str | None,
    force: bool,
    as_json: bool,
) -> None:
    """Run SCENARIO, a name or a path to a .toml file, and print what came of it."""
    described = apply_settings(read_scenario(scenario), settings)
    until_us = TimeUs(int(described.until)) if until is None else parse_span(until)
    if save is not None:
        check_name(save) if force else check_is_free(ctx, save)
    started_s = time.perf_counter()
    simulation = build(described, seed)
    run_to(simulation, until_us)
    report = compute_report(simulation) | {"wall_seconds": round(time.perf_counter() - started_s, 3)}
    if save is not None:
        open_saves(ctx).write(save, record(simulation), overwrite=force)
    if as_json:
        tell_json(report)
    else:
        tell_report(report)
        if save is not None:
            tell(f"saved as {save}")


def check_is_free(ctx: click.Context, name: str) -> None:
    """Refuse a name that is taken, before a long run. Raises ExistingFile, InvalidInput."""
    try:
        entry = open_saves(ctx).get_entry(name)
    except MissingFile:
        return
    if not entry.is_shipped:
        raise ExistingFile(f"{entry.path}: a save of this name exists already; choose another name or add --force")


def run_to(simulation: Simulation, until_us: TimeUs, label: str = "running") -> None:
    """Run to a moment, with a progress bar on a terminal."""
    with show_progress(label, until_us) as advance:
        while not simulation.run_until(until_us, max_events=SLICE_EVENTS):
            advance(simulation.now_us)
        advance(until_us)


def tell_report(report: dict[str, Any]) -> None:
    """Print the numbers of a run as a table."""
    blocks, reorgs, transactions = report["blocks"], report["reorgs"], report["transactions"]
    finality, propagation = report["finality"], report["propagation"]
    tell_table(
        [
            ("scenario", f"{report['scenario']}, seed {report['seed']}"),
            ("consensus", f"{report['consensus']}, {report['nodes']} node{'s' if report['nodes'] != 1 else ''}"),
            ("time", f"{format_time(round(report['virtual_seconds'] * 10**6))}, in {report['wall_seconds']:.2f} s"),
            (
                "blocks",
                f"{blocks['canonical']} canonical, {blocks['stale']} stale ({100 * blocks['stale_rate']:.2f} % of "
                f"{blocks['proposed']}), every {_show(blocks['interval_mean_seconds'], 's')}",
            ),
            ("reorgs", f"{reorgs['count']}, deepest {reorgs['max_depth']}"),
            ("transactions", ", ".join(f"{count} {state}" for state, count in transactions.items())),
            (
                "finality",
                f"{finality['kind']}, height {finality['height']}, lag {_show(finality['lag_seconds_mean'], 's')}",
            ),
            (
                "propagation",
                f"half {_show(propagation['t50_ms'], 'ms')}, nine tenths {_show(propagation['t90_ms'], 'ms')}",
            ),
            ("supply", f"{format_amount(report['supply'])} {COIN_SYMBOL}"),
            ("energy", f"{report['energy_kwh']:.3f} kWh"),
            ("digest", report["digest"]),
        ]
    )


def _show(value: float | None, unit: str) -> str:
    return "unknown" if value is None else f"{value:.1f} {unit}"

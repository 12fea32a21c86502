"""``chainroom check``: what is known beside what is simulated, with z and a verdict (chain/lab/checks.py)."""

from typing import Any

import click

from app.cli.base import json_option, seed_option, show_progress, tell, tell_json, tell_table
from app.cli.sources import read_scenario
from chain.errors import InvalidInput
from chain.lab.all_checks import CHECKS
from chain.lab.checks import Bench, Check, compute_row

DEFAULT_SEED = 1
EXAMPLE = "Examples: chainroom check --quick --seed 5    chainroom check --only leak --json"


@click.command(epilog=EXAMPLE)
@click.option("--quick", is_flag=True, help="Shorter runs and fewer rows: less than a minute.")
@click.option("--only", multiple=True, metavar="NAME", help="Only rows whose name holds this. May be repeated.")
@seed_option
@json_option
def command(quick: bool, only: tuple[str, ...], seed: int | None, as_json: bool) -> None:
    """Compare the simulation with theory and published values. Exits with 1 when a row is outside."""
    chosen = choose_checks(quick, only)
    bench, rows = Bench(DEFAULT_SEED if seed is None else seed, quick, read_scenario), []
    with show_progress("checking", len(chosen)) as advance:
        for number, check in enumerate(chosen, 1):
            rows.append(compute_row(check, bench))
            advance(number)
    if as_json:
        tell_json(rows)
    else:
        head = ("CHECK", "EXPECTED", "MEASURED", "SAMPLES", "Z", "TOLERANCE", "VERDICT", "SOURCE")
        tell_table([head, *(get_cells(row) for row in rows)])
    outside = sum(row["verdict"] == "outside" for row in rows)
    if outside:
        raise click.ClickException(f"{outside} of {len(rows)} checks are outside")
    if not as_json:
        tell(f"all {len(rows)} checks are ok")


def choose_checks(quick: bool, only: tuple[str, ...]) -> list[Check]:
    """Return the checks asked for: by a part of their names, or those there is time for. Raises InvalidInput."""
    names = [part.casefold() for part in only]
    if not names:
        return [check for check in CHECKS if check.is_quick or not quick]
    for part in names:
        if not any(part in check.name.casefold() for check in CHECKS):
            raise InvalidInput("name", part, "a part of a name in the table, such as leak, stale, quorum or base fee")
    return [check for check in CHECKS if any(part in check.name.casefold() for part in names)]


def get_cells(row: dict[str, Any]) -> tuple[str, ...]:
    """Return a row of the table."""
    z = "" if row["z"] is None else f"{row['z']:+.2f}"
    tolerance = "exact" if row["tolerance"] == 0 else f"±{100 * row['tolerance']:g} %"
    expected, measured = (f"{row[key]:.7g}" for key in ("expected", "measured"))
    return row["name"], expected, measured, str(row["samples"]), z, tolerance, row["verdict"], row["source"]

"""``chainroom lab compare``: one scenario under several protocols, side by side."""

from collections.abc import Callable
from typing import Any

import click

from app.cli.base import json_option, seed_option, settings_option, show_progress, tell, tell_json, tell_table
from app.cli.sources import read_scenario
from chain.lab.compare import Comparison
from chain.scenario import apply_settings
from chain.units import TimeUs, parse_span

PROGRESS_STEPS = 1000
EXAMPLE = "Example: chainroom lab compare classroom --consensus proof-of-work,tendermint,raft --seed 7 --until 1h"


@click.command(epilog=EXAMPLE)
@click.argument("scenario")
@click.option("--consensus", required=True, metavar="A,B,C", help="The protocols, with commas between them.")
@seed_option
@click.option("--until", metavar="SPAN", default="1h", show_default=True, help="How far each of them runs.")
@settings_option
@json_option
def command(
    scenario: str, consensus: str, seed: int | None, until: str, settings: tuple[str, ...], as_json: bool
) -> None:
    """Run SCENARIO under several protocols: same seed, same payments, same network; print a scoreboard."""
    protocols = tuple(name.strip() for name in consensus.split(",") if name.strip())
    described = apply_settings(read_scenario(scenario), settings)
    comparison = Comparison(described, protocols, seed, TimeUs(parse_span(until)))
    with show_progress("comparing", PROGRESS_STEPS) as advance:
        while not comparison.advance():
            advance(int(comparison.get_progress() * PROGRESS_STEPS))
        advance(PROGRESS_STEPS)
    if as_json:
        tell_json(comparison.scores)
        return
    tell_table(build_table(comparison.scores))
    for score in comparison.scores:
        cost = score["majority_cost"]
        tell(f"{score['protocol']}: {score['nakamoto_rule']}; majority: {cost['explanation']}")


Show = Callable[[dict[str, Any]], str]


def show_number(key: str, unit: str = "", digits: int = 2) -> Show:
    """Return what shows a number of a score, an en dash where it has none."""

    def show(score: dict[str, Any]) -> str:
        value = score[key]
        return "–" if value is None else f"{value:,.{digits}f} {unit}".strip()

    return show


def show_size(key: str) -> Show:
    """Return what shows a number of bytes of a score in the unit that fits."""

    def show(score: dict[str, Any]) -> str:
        value = score[key]
        if value is None:
            return "–"
        for unit, size in (("MB", 10**6), ("kB", 10**3)):
            if value >= size:
                return f"{value / size:,.1f} {unit}"
        return f"{value:,.0f} B"

    return show


def show_pair(mean: Show, middle: Show) -> Show:
    """Return what shows a mean and a median."""
    return lambda score: f"{mean(score)} / {middle(score)}"


ROWS: tuple[tuple[str, Show], ...] = (
    ("blocks", show_number("blocks", digits=0)),
    ("time between blocks", show_number("interval_seconds", "s")),
    ("confirmed payments", show_number("confirmed", digits=0)),
    ("throughput, tx/s", show_number("throughput_per_s", digits=3)),
    (
        "to a block, mean / median",
        show_pair(show_number("inclusion_seconds_mean"), show_number("inclusion_seconds_median", "s")),
    ),
    (
        "to final, mean / median",
        show_pair(show_number("finality_seconds_mean"), show_number("finality_seconds_median", "s")),
    ),
    ("final means", lambda score: score["finality_meaning"]),
    ("stale blocks", lambda score: f"{100 * score['stale_rate']:.2f} %"),
    ("messages a block", show_number("messages_per_block", digits=0)),
    ("bytes a block", show_size("bytes_per_block")),
    ("bytes a payment", show_size("bytes_per_transaction")),
    ("energy", show_number("energy_kwh", "kWh", 4)),
    ("energy a payment", show_number("energy_kwh_per_transaction", "kWh", 6)),
    ("Nakamoto coefficient", show_number("nakamoto_coefficient", digits=0)),
    ("cost of a majority", lambda score: f"{score['majority_cost']['amount']:,.0f} {score['majority_cost']['unit']}"),
)
"""What the scoreboard shows, a row each; a column is a protocol."""


def build_table(scores: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return the scoreboard: a row a measure, a column a protocol."""
    head = ("", *(score["protocol"] for score in scores))
    return [head, *((label, *(show(score) for score in scores)) for label, show in ROWS)]

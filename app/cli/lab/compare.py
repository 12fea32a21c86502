"""``chainroom lab compare``: one scenario under several protocols, side by side."""

from typing import Any

import click

from app.cli.base import json_option, seed_option, settings_option, show_progress, tell, tell_json, tell_table
from app.cli.sources import read_scenario
from app.present.lab import MEASURES
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


def build_table(scores: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """Return the scoreboard: a row a measure, a column a protocol."""
    head = ("", *(score["protocol"] for score in scores))
    return [head, *((it.label, *(it.show(score) for score in scores)) for it in MEASURES)]

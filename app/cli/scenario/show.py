"""``chainroom scenario show``."""

import click

from app.cli.base import json_option, tell, tell_json
from app.cli.sources import find_scenario, read_scenario_text
from chain.scenario import load_scenario, to_table


@click.command()
@click.argument("scenario")
@json_option
def command(scenario: str, as_json: bool) -> None:
    """Print SCENARIO as it is written; with --json every key, defaults too."""
    text = read_scenario_text(scenario)
    loaded = load_scenario(text, find_scenario(scenario).stem)
    if as_json:
        tell_json(to_table(loaded))
        return
    for line in text.splitlines():
        tell(line)

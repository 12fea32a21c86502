"""``chainroom scenario list``."""

import click

from app.cli.base import json_option, tell_json, tell_table
from app.cli.sources import get_scenario_names, read_scenario


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the scenarios that ship."""
    scenarios = [read_scenario(name) for name in get_scenario_names()]
    if as_json:
        tell_json([{"name": each.name, "title": each.title, "description": each.description} for each in scenarios])
    else:
        tell_table([("NAME", "WHAT"), *((each.name, each.description) for each in scenarios)])

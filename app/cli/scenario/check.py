"""``chainroom scenario check``."""

import click

from app.cli.base import settings_option, tell
from app.cli.sources import read_scenario
from chain.scenario import apply_settings, build


@click.command()
@click.argument("scenario")
@settings_option
def command(scenario: str, settings: tuple[str, ...]) -> None:
    """Check that SCENARIO can be run; otherwise say which key is wrong and what is allowed."""
    checked = apply_settings(read_scenario(scenario), settings)
    build(checked)
    tell(f"{checked.name}: can be run, {checked.network.nodes} nodes")

"""``chainroom lab``: experiments that run one thing several times."""

import click

from app.cli.base import LazyGroup

COMMANDS = {"compare": "Run a scenario under several protocols and print a scoreboard."}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
def command() -> None:
    """Run experiments, such as one scenario under several protocols."""

"""``chainroom scenario``: the library of described runs, and files of one's own."""

import click

from app.cli.base import LazyGroup

COMMANDS = {
    "list": "List the scenarios that ship.",
    "show": "Print a scenario.",
    "check": "Check a scenario and its settings.",
}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
def command() -> None:
    """List, show and check scenarios."""

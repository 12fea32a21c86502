"""``chainroom saves``: the saved runs of a person, and those that ship."""

from app.cli.base import LazyGroup, State, note, saves_option
from app.storage.paths import get_saves, get_shipped_saves
from app.storage.saves import Saves

import click

COMMANDS = {
    "list": "List the saved runs.",
    "show": "Show what a saved run is.",
    "export": "Copy a saved run to a file.",
    "import": "Copy a file into your saved runs.",
    "delete": "Delete a saved run of your own.",
}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
@saves_option
def command() -> None:
    """List, show, export, import and delete saved runs."""


def open_saves(ctx: click.Context) -> Saves:
    """The saves this call is about; notices go to standard error."""
    state = ctx.find_root().ensure_object(State)
    return Saves(get_saves(state.saves), get_shipped_saves(), note)

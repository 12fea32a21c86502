"""``chainroom saves show``."""

import click

from app.cli.base import json_option, saves_option, tell_json, tell_table
from app.cli.saves import open_saves
from app.cli.saves.list import get_fields


@click.command()
@click.argument("name")
@json_option
@saves_option
@click.pass_context
def command(ctx: click.Context, name: str, as_json: bool) -> None:
    """Show what a saved run is."""
    saves = open_saves(ctx)
    entry, document = saves.get_entry(name), saves.read(name)
    lengths = {key: len(value) for key, value in document.items() if isinstance(value, list)}
    if as_json:
        tell_json({**get_fields(entry), "counts": lengths})
        return
    rows = [(key, str(value)) for key, value in entry.summary.items()]
    rows += [(key, f"{length} entries") for key, length in lengths.items()]
    tell_table([("name", entry.name), ("file", str(entry.path)), *rows])

"""``chainroom saves show``."""

from pathlib import Path

import click

from app.cli.base import json_option, saves_option, tell_json, tell_table
from app.cli.saves import open_saves
from app.cli.saves.list import get_fields
from app.cli.sources import is_path, read_save
from app.storage.saves import read_entry
from chain.units import TimeUs, format_time


@click.command()
@click.argument("save")
@json_option
@saves_option
@click.pass_context
def command(ctx: click.Context, save: str, as_json: bool) -> None:
    """Show what SAVE is, a name or a path to a .json file."""
    document = read_save(ctx, save)
    entry = read_entry(Path(save)) if is_path(save) else open_saves(ctx).get_entry(save)
    lengths = {key: len(value) for key, value in document.items() if isinstance(value, list)}
    if as_json:
        tell_json({**get_fields(entry), "counts": lengths})
        return
    rows = [_get_row(key, value) for key, value in entry.summary.items()]
    rows += [(key, f"{length} entries") for key, length in lengths.items()]
    tell_table([("name", entry.name), ("file", str(entry.path)), *rows])


def _get_row(key: str, value: str | int) -> tuple[str, str]:
    return ("end", format_time(TimeUs(value))) if key == "end_us" and isinstance(value, int) else (key, str(value))

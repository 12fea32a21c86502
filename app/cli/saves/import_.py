"""``chainroom saves import``."""

from pathlib import Path

import click

from app.cli.base import force_option, saves_option, tell
from app.cli.saves import open_saves
from app.storage.saves import read_save_file
from chain.replay import read


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@click.option("--name", help="Its name here; by default that of the file.")
@force_option
@saves_option
@click.pass_context
def command(ctx: click.Context, source: Path, name: str | None, force: bool) -> None:
    """Copy the file SOURCE into your saved runs."""
    read(read_save_file(source))  # a run of this program, whole, before anything is written
    tell(f"imported as {open_saves(ctx).take_in(source, name, overwrite=force)}")

"""``chainroom saves export``."""

from pathlib import Path

import click

from app.cli.base import force_option, saves_option, tell
from app.cli.saves import open_saves


@click.command()
@click.argument("name")
@click.argument("target", type=click.Path(path_type=Path))
@force_option
@saves_option
@click.pass_context
def command(ctx: click.Context, name: str, target: Path, force: bool) -> None:
    """Copy the saved run NAME to TARGET, a file or a directory."""
    tell(f"exported to {open_saves(ctx).export(name, target, overwrite=force)}")

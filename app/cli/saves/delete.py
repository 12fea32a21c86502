"""``chainroom saves delete``."""

import sys

import click

from app.cli.base import saves_option, tell
from app.cli.saves import open_saves


@click.command()
@click.argument("name")
@click.option("--yes", is_flag=True, help="Do not ask.")
@saves_option
@click.pass_context
def command(ctx: click.Context, name: str, yes: bool) -> None:
    """Delete the saved run NAME, one of your own."""
    saves = open_saves(ctx)
    entry = saves.get_entry(name)
    if not yes and sys.stdin.isatty():
        click.confirm(f"Delete {entry.name}?", abort=True, err=True)
    tell(f"deleted {saves.delete(name)}")

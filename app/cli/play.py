"""``chainroom play``, and ``chainroom`` alone: the interface."""

import sys
from typing import TYPE_CHECKING

import click

from app.cli.base import State, ascii_option, saves_option, seed_option, settings_option

if TYPE_CHECKING:
    from app.storage.saves import SaveDocument, Saves
    from chain.scenario import Scenario


@click.command()
@click.argument("source", metavar="SCENARIO|SAVE", default="classroom")
@seed_option
@settings_option
@saves_option
@ascii_option
@click.pass_context
def command(ctx: click.Context, source: str, seed: int | None, settings: tuple[str, ...]) -> None:
    """Open the interface on a scenario or a saved run."""
    open_interface(ctx, source, seed, settings)


def open_interface(
    ctx: click.Context, source: str | None = None, seed: int | None = None, settings: tuple[str, ...] = ()
) -> None:
    """Start the interface, and leave with its exit code.

    ``source`` is None for the default scenario, with the first-run walk. Raises what finding and reading the source
    raises, before the screen is taken over.
    """
    if not _has_terminal():
        raise click.ClickException("the interface needs a terminal; 'chainroom run' works without")
    from app.app import ChainroomApp

    scenario, document = (None, None) if source is None else _read_source(ctx, source, seed, settings)
    is_ascii = ctx.find_root().ensure_object(State).ascii
    app = ChainroomApp(scenario, seed, document, lambda: _open_saves(ctx), ascii_glyphs=is_ascii)
    app.run()
    ctx.exit(app.return_code or 0)


def _read_source(
    ctx: click.Context, source: str, seed: int | None, settings: tuple[str, ...]
) -> "tuple[Scenario | None, SaveDocument | None]":
    """The scenario or the document of a saved run. Importing the engine waits until there is something to read."""
    from app.cli.sources import is_scenario, read_save, read_scenario

    if is_scenario(ctx, source):
        from chain.scenario import apply_settings

        return apply_settings(read_scenario(source), settings), None
    if seed is not None or settings:
        raise click.UsageError("a saved run has its own seed and settings", ctx)
    return None, read_save(ctx, source)


def _open_saves(ctx: click.Context) -> "Saves":
    """The saved runs; the interface asks for them after its first paint."""
    from app.cli.saves import open_saves

    return open_saves(ctx)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()

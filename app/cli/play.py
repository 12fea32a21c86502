"""``chainroom play``, and ``chainroom`` alone: the interface."""

import sys

import click

from app.cli.base import State, ascii_option, saves_option, seed_option, settings_option


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
    from app.cli.saves import open_saves
    from app.cli.sources import is_scenario, read_save, read_scenario

    scenario, document = None, None
    if source is not None and is_scenario(ctx, source):
        from chain.scenario import apply_settings

        scenario = apply_settings(read_scenario(source), settings)
    elif source is not None:
        if seed is not None or settings:
            raise click.UsageError("a saved run has its own seed and settings", ctx)
        document = read_save(ctx, source)
    is_ascii = ctx.find_root().ensure_object(State).ascii
    app = ChainroomApp(scenario, seed, document, open_saves(ctx), ascii_glyphs=is_ascii)
    app.run()
    ctx.exit(app.return_code or 0)


def _has_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty()

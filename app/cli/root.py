"""The top command: its table of commands, and the interface when no command is given."""

import click

from app.cli.base import RootGroup, ascii_option, debug_option, saves_option

COMMANDS = {
    "play": "Open the interface on a scenario or a saved run.",
    "run": "Run a scenario without the interface.",
    "replay": "Run a saved run again and check every digest.",
    "saves": "List, show, export, import and delete saved runs.",
    "scenario": "List, show and check scenarios.",
    "wallet": "Make and use a wallet.",
    "lab": "Run a scenario under several protocols side by side.",
    "verify-proof": "Check an exported proof, without the chain.",
    "check": "Compare the simulation with theory and published values.",
    "bench": "Measure the speed on this machine.",
}


def _show_version(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    if value and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"chainroom {version('chainroom')}")
        ctx.exit()


@click.group(
    cls=RootGroup,
    package="app.cli",
    table=COMMANDS,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_show_version, help="Show it.")
@debug_option
@saves_option
@ascii_option
@click.pass_context
def cli(ctx: click.Context) -> None:
    """A blockchain you can hold in your hands.

    Without a command it opens the interface.
    """
    if ctx.invoked_subcommand is None:
        from app.cli.play import open_interface

        open_interface(ctx)

"""``chainroom wallet multisig send``."""

from pathlib import Path

import click

from app.cli.base import json_option, saves_option
from app.cli.replay import reopen
from app.cli.run import run_to
from app.cli.saves import open_saves
from app.cli.wallet.balance import check_node
from app.cli.wallet.multisig import read_proposal
from app.cli.wallet.send import check_target, hand_in, tell_sent
from app.proposals import finish
from chain.replay import record
from chain.units import TimeUs, parse_span


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@click.option("--run", "save", required=True, metavar="SAVE", help="The saved run, a name or a path to a .json file.")
@click.option("--node", type=click.IntRange(min=0), default=0, help="The node it is handed to; 0 unless said.")
@click.option("--for", "span", default="2m", metavar="SPAN", help="How long the run goes on; 2m unless said.")
@click.option("--save", "target", metavar="NAME", help="Save under this name; else the run itself is continued.")
@json_option
@saves_option
@click.pass_context
def command(ctx: click.Context, file: Path, save: str, node: int, span: str, target: str | None, as_json: bool) -> None:
    """Hand the payment in FILE, signed by enough, to a node at the end of a saved run. Needs no password."""
    signed, span_us = finish(read_proposal(file)), parse_span(span)
    check_target(ctx, save, target)
    replay = reopen(ctx, save)
    simulation = replay.simulation
    check_node(simulation, node)
    hand_in(simulation, node, signed)
    run_to(simulation, TimeUs(simulation.now_us + span_us))
    open_saves(ctx).write(target or save, record(simulation, replay.document.bookmarks), overwrite=target is None)
    tell_sent(simulation, signed, as_json)

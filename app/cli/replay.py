"""``chainroom replay``: a saved run, run again and compared event by event."""

import time

import click

from app.cli.base import json_option, saves_option, show_progress, tell, tell_json
from app.cli.run import SLICE_EVENTS, tell_report
from app.cli.sources import read_save
from chain.errors import InvalidReplay
from chain.replay import Replay
from chain.simulation.report import compute_report
from chain.simulation.simulation import RULES_VERSION
from chain.units import format_time


@click.command()
@click.argument("save")
@click.option("--verify", is_flag=True, help="Only tell whether every digest is reproduced.")
@json_option
@saves_option
@click.pass_context
def command(ctx: click.Context, save: str, verify: bool, as_json: bool) -> None:
    """Run SAVE again, a name or a path to a .json file, and compare every digest.

    Exits with 1 at the first event that differs, and says which one it is. A run that other rules recorded cannot be
    compared and exits with 1 too.
    """
    started_s = time.perf_counter()
    replay = reopen(ctx, save)
    report = compute_report(replay.simulation) | {"wall_seconds": round(time.perf_counter() - started_s, 3)}
    events = len(replay.simulation.history.records)
    if as_json:
        tell_json(report | {"verified": True, "events": events})
        return
    if not verify:
        tell_report(report)
    end = format_time(replay.document.end_us)
    tell(f"verified: {events} events to {end}, digest {replay.document.digest}")


def reopen(ctx: click.Context, save: str) -> Replay:
    """Return a saved run, executed again to its end and compared all the way; a bar shows it on a terminal.

    Raises ReplayDiverged at the first event that differs, InvalidReplay, and what reading the save raises.
    """
    try:
        replay = Replay(read_save(ctx, save))
    except InvalidReplay as error:
        raise InvalidReplay(f"{save}: {error}") from None
    if not replay.is_comparable:
        recorded = replay.document.rules_version
        raise InvalidReplay(f"{save}: recorded with rules version {recorded}; this program has {RULES_VERSION}")
    with show_progress("replaying", replay.document.end_us) as advance:
        while not replay.is_finished:
            replay.advance(SLICE_EVENTS)
            advance(replay.simulation.now_us)
    return replay

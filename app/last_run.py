"""The last run: kept while it goes and at its end, continued at the next start, so a wallet finds its history again.

A run is kept as the save named ``last``, like any other save: commands and digests, no state. Continuing re-executes it
to its end, compares every digest on the way, and goes on from there as a live run. What cannot be continued (another
rules version, a damaged file, a run too long to wait for) is told, and a new run begins; the save stays where it is
until the new run is kept in its place. A run in which somebody did something is not lost to another one that was opened
or branched off: it becomes the save named ``before``.
"""

from collections.abc import Callable
from typing import Final

from app.session import Session
from app.storage.errors import MissingFile
from app.storage.saves import SaveDocument, Saves
from chain.errors import ChainroomError, InvalidReplay
from chain.replay import Replay, record
from chain.units import TimeUs

LAST: Final = "last"
BEFORE: Final = "before"
"""The run whose place the last one took, if somebody had done something in it."""
MOST_EVENTS: Final = 400_000
"""Longer runs are not continued unasked: about a minute of waiting."""
_SLICE_EVENTS: Final = 500


def build_document(session: Session) -> SaveDocument | None:
    """Return what is to be kept of a session; None while a replay is being watched, which is kept elsewhere."""
    session.settle()
    return None if session.replay is not None else record(session.simulation, tuple(session.bookmarks))


def keep_run(saves: Saves, document: SaveDocument) -> str:
    """Save a run as the last one; return what went wrong, or nothing. Another run there becomes the one before."""
    try:
        _set_aside(saves, document)
        saves.write(LAST, document, overwrite=True)
    except ChainroomError as error:
        return f"the run was not kept: {error}"
    return ""


def _set_aside(saves: Saves, document: SaveDocument) -> None:
    try:
        other = saves.read(LAST)
        is_continued = str(document["digests"]["short"]).startswith(other["digests"]["short"])
    except (ChainroomError, KeyError, TypeError):  # there is none, or nothing that could be played
        return
    if (other.get("commands") or other.get("bookmarks")) and not is_continued:
        saves.write(BEFORE, other, overwrite=True)


def continue_run(saves: Saves, on_progress: Callable[[int], None]) -> Session | None:
    """Return a live session at the end of the last run, None when there is none. Takes as long as the run is.

    Raises InvalidReplay, ReplayDiverged, DamagedFile and the like when it cannot be continued.
    """
    try:
        document = saves.read(LAST)
    except MissingFile:
        return None
    replay = Replay(document)
    if not replay.is_comparable:
        raise InvalidReplay("it was recorded with other rules than this program has")
    if replay.document.steps > MOST_EVENTS:
        raise InvalidReplay(f"it is long, {replay.document.steps} events; 'chainroom play {LAST}' plays it again")
    end_us = max(1, replay.document.end_us)
    while not (replay.advance(_SLICE_EVENTS) and replay.is_finished):
        on_progress(100 * replay.simulation.now_us // end_us)
    speed = replay.simulation.scenario.view.speed  # type: ignore[attr-defined]  # built from a scenario
    session = Session(replay.simulation, speed=speed, bookmarks=list(replay.document.bookmarks))
    session.cursor_us = TimeUs(session.now_us)
    return session

"""Keeping Python's cyclic collector from walking the whole history: its pauses would grow with the run.

What has lived for a while is history and lives on: whenever enough of it has come together, it is searched once for
garbage and set aside. What is set aside and dies later in a cycle (pages that were closed, lines that were on the
screen just then) is found only when another run is opened or branched off. So this happens as the history grows and
never by the clock: twice a second it kept a third of a megabyte of painted lines each second.
Measured: without it, pauses of 50 to 150 ms after an hour of the classroom at 1000×.
"""

import gc
import sys
from typing import Any, Final

from textual.app import App

LOOK_EVERY_S: Final = 0.5
ENOUGH: Final = 50_000
"""Objects that have lived for a while; to search so many for garbage takes some milliseconds."""
TOO_MANY: Final = 4_000_000
"""Blocks of memory in a run so long that searching all of it would take a second: its garbage is left alone."""
THRESHOLDS: Final = (3_000, 10, 1_000_000)
"""Allocations between young collections, young ones between middle ones; full ones only here."""


def calm_collector(app: App[Any]) -> None:
    """Collect everything now, unless that is too much, and then never again. Does nothing in a test: it is shared."""
    if app.is_headless:
        return
    if sys.getallocatedblocks() < TOO_MANY:
        gc.unfreeze()
        gc.collect()
    gc.freeze()
    if gc.get_threshold() != THRESHOLDS:
        gc.set_threshold(*THRESHOLDS)
        app.set_interval(LOOK_EVERY_S, set_aside_history)


def set_aside_history() -> None:
    """Set aside what has lived for a while, if that is enough; of garbage in it nothing is left."""
    if len(gc.get_objects(generation=2)) >= ENOUGH:
        gc.collect()
        gc.freeze()

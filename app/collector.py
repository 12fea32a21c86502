"""Keeping Python's cyclic collector from walking the whole history: its pauses would grow with the run.

What has lived for a while is history and lives on, so it is set aside twice a second, after a quick look at what is
young. What is set aside and dies later (pages that were closed) is found when another run is opened or branched off.
Measured: without this, pauses of 50 to 150 ms after an hour of the classroom at 1000×.
"""

import gc
from typing import Any, Final

from textual.app import App

SET_ASIDE_EVERY_S: Final = 0.5
THRESHOLDS: Final = (3_000, 10, 1_000_000)
"""Allocations between young collections, young ones between middle ones; full ones only here."""


def calm_collector(app: App[Any]) -> None:
    """Collect everything now, then never everything by itself. Does nothing in a test, where the process is shared."""
    if app.is_headless:
        return
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    if gc.get_threshold() != THRESHOLDS:
        gc.set_threshold(*THRESHOLDS)
        app.set_interval(SET_ASIDE_EVERY_S, _set_aside)


def _set_aside() -> None:
    gc.collect(1)
    gc.freeze()

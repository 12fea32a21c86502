"""Keys and clicks that wait until they have taken effect, however busy the machine is.

Textual's pilot calls the program idle when its process has used little time for 20 ms. On a busy machine a program that
gets no turn looks just like that, so tests went on too early; on an idle one every key cost 40 ms of sleep. Here the
program is at rest when every message pump waits for its next message and nothing is left to lay out or to paint. Where
its clock ticks faster than the machine can paint it never rests: then it is enough that every pump has handled what it
had before it, and what came of that, a few times over.

What runs beside the messages (workers, timers, threads) is not waited for: a test names the condition it waits for.
"""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from textual.app import App, ReturnType
from textual.message_pump import MessagePump
from textual.pilot import Pilot
from textual.screen import Screen

PATIENCE_S = 60.0
BUSY_S = 1.0
"""After so long without rest it is the clock that keeps the program busy."""
_ROUNDS = 4
"""How often in a row the program must be found at rest: what one task ends wakes the next a round later."""

_GENERATIONS = 5
"""How many times over the pumps are emptied: a click presses, asks, answers, opens, paints."""
_TEXTUALS_PILOT: Any = Pilot


def _is_at_work(pump: MessagePump) -> bool:
    """Whether a pump has a message in hand or before it."""
    if not pump._running or pump._closing or pump._closed:
        return False
    ready = pump._message_queue.ready_event
    is_waiting = not ready.is_set() and bool(ready._waiters)  # type: ignore[attr-defined]
    return bool(pump._next_callbacks) or not is_waiting


def _is_to_paint(screen: Screen[Any]) -> bool:
    return bool(
        screen._callbacks
        or screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._recompose_required
        or screen._dirty_widgets
    )


async def wait_for_rest(app: App[Any]) -> None:
    """Let the program work until it waits for its person."""
    busy_s, rounds = time.monotonic() + BUSY_S, 0
    while rounds < _ROUNDS:
        await asyncio.sleep(0)
        if app._exception is not None or not app._running or not app._screen_stack:
            return
        if time.monotonic() > busy_s:
            await _wait_for_queues(app)
            return
        if _is_at_work(app) or app.animator._animations or any(_is_at_work(node) for node in app._registry):
            rounds = 0
        elif app._resize_event is not None:
            app._check_resize()
            rounds = 0
        elif _is_to_paint(app.screen):
            app.screen._on_timer_update()
            rounds = 0
        else:
            rounds += 1


async def _wait_for_queues(app: App[Any]) -> None:
    """Let every pump handle what it has before it, and what comes of that."""
    for _ in range(_GENERATIONS):
        await _TEXTUALS_PILOT(app)._wait_for_screen(PATIENCE_S)
        app._check_resize()
        if app._screen_stack:
            app.screen._on_timer_update()


async def wait_until(holds: Callable[[], object], what: Callable[[], str] = lambda: "it") -> None:
    """Let the program work until the condition holds; ``what`` says what never came."""
    end_s = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end_s:
            raise AssertionError(f"{what()} never came in {PATIENCE_S:.0f} s")
        await asyncio.sleep(0.01)


class QuietPilot(Pilot[ReturnType]):
    """Textual's pilot, which waits for rest instead of idleness."""

    async def press(self, *keys: str) -> None:
        """Press keys, each one after the effect of the last."""
        for key in keys:
            await self.app._press_keys([key])
            await wait_for_rest(self.app)

    async def pause(self, delay: float | None = None) -> None:
        """Wait until the program is at rest; before that, let some time pass."""
        if delay is not None:
            await asyncio.sleep(delay)
        await wait_for_rest(self.app)

    async def _wait_for_screen(self, timeout: float = 30.0) -> bool:
        await wait_for_rest(self.app)
        return True


async def _go_on(min_sleep: float = 0, max_sleep: float = 0) -> None:
    """What stands in for Textual's ``wait_for_idle``: the pilot waits itself."""


def install(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give every ``run_test`` this pilot."""
    monkeypatch.setattr("textual.pilot.Pilot", QuietPilot)
    monkeypatch.setattr("textual.app.wait_for_idle", _go_on)

"""The run that is open: the session, the clock that drives it, and all that is done to it.

The simulation gets a slice of every tick (60 a second) on the event loop, and the screen on top shows the run at the
cursor about fifteen times a second. Only ``submit`` changes a run; what is refused says why. The run is kept on disk a
while after somebody did something, and when they leave.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Final

from textual import events
from textual.timer import Timer

from app.collector import calm_collector
from app.person_app import PersonApp
from app.screens.main import MainScreen
from app.screens.run_screen import RunScreen

if TYPE_CHECKING:
    from collections.abc import Callable

    from app.session import Session
    from app.starting import Source
    from app.storage.saves import Saves
    from app.widgets.models import Why
    from chain.simulation.commands import Command
    from chain.simulation.simulation import Simulation

TICKS_PER_S: Final = 60
FRAMES_PER_S: Final = 15
GIVE_WAY_S: Final = 0.03
"""How long the simulation waits after a key, so that its effect is painted first."""
MOST_WAIT_S: Final = 0.1
"""How long it waits at most, while a key is held down."""
KEEP_AFTER_S: Final = 5.0
"""Seconds after a command until the run is kept on disk."""
BRANCH_TOLD_S: Final = 0.5
"""Seconds after which a branch that is still being built is spoken of."""
BUSY_TOLD_S: Final = 1.0
"""Seconds after which a block that is still being executed is spoken of."""


class RunApp(PersonApp):
    """The session and its clock."""

    def __init__(self, saves: "Callable[[], Saves] | None" = None, ascii_glyphs: bool = False) -> None:
        super().__init__(saves, ascii_glyphs)
        self.session: Session | None = None
        """None until the first paint is done and the run is built."""
        self.last_refusal: Why | None = None
        """What ``?`` explains when nothing better is chosen."""
        self._last_tick_s = self._last_frame_s = self._last_input_s = 0.0
        self._busy_since_s = 0.0
        self._clock: Timer | None = None
        self._keeper: Timer | None = None

    @property
    def home(self) -> MainScreen:
        """The screen at the bottom of the stack."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def show(self) -> None:
        """Bring the screen on top up to date with the run; below a dialog, the screen under it.

        The explorer's index grows with every frame, whoever looks: reading a long run all at once takes seconds.
        """
        if self.session is None:
            return
        from app.present.index import get_index

        get_index(self.session.simulation.world)
        for screen in reversed(self.screen_stack):
            if isinstance(screen, RunScreen):
                if screen.is_ready and screen.is_running and screen.children:  # not half built, nor half taken down
                    screen.show(self.session)
                return

    def action_go(self, name: str) -> None:
        """Show a numbered view."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.home.go(name)

    # The clock --------------------------------------------------------------------------------------------------------

    def start_clock(self) -> None:
        """Let the session have its slices from now on."""
        calm_collector(self)
        self._last_tick_s = time.perf_counter()
        self._clock = self.set_interval(1 / TICKS_PER_S, self._tick)

    async def on_event(self, event: events.Event) -> None:
        """Note when the person did something: the simulation gives way to it."""
        if isinstance(event, events.InputEvent) and not self.screen_stack:
            return  # the program is ending, and nobody is left whom a key could be for
        if isinstance(event, events.Key | events.MouseDown):
            self._last_input_s = time.perf_counter()
        await super().on_event(event)

    def _tick(self) -> None:
        now_s = time.perf_counter()
        elapsed_s = now_s - self._last_tick_s
        if now_s - self._last_input_s < GIVE_WAY_S and elapsed_s < MOST_WAIT_S:
            return
        self._last_tick_s = now_s
        self.guard(lambda session: session.tick(elapsed_s))
        self._tell_busy(now_s)
        if now_s - self._last_frame_s >= 1 / FRAMES_PER_S - 0.5 / TICKS_PER_S:
            self._last_frame_s = now_s
            self.show()

    def _tell_busy(self, now_s: float) -> None:
        """Say once that a block takes long, when it does."""
        if self.session is None or not self.session.is_busy:
            self._busy_since_s = now_s
        elif 0 <= self._busy_since_s < now_s - BUSY_TOLD_S:
            self._busy_since_s = -1.0
            self.tell("a block with much contract code is being executed; look at whatever you like meanwhile")

    def guard(self, act: "Callable[[Session], object]") -> None:
        """Let the session do something; a replay that leaves its recorded path stops there and says where."""
        from chain.errors import InvalidReplay

        if self.session is None:
            return
        try:
            act(self.session)
        except InvalidReplay as error:
            self.session.is_playing, self.session.replay = False, None
            self.tell(f"the replay stops: {error}", "error")

    # What is done to the run ------------------------------------------------------------------------------------------

    def submit(self, command: "Command") -> bool:
        """Apply a command now; return whether it was. A refusal is told, and ``?`` explains it."""
        from app.widgets.models import Why
        from chain.errors import RuleBroken

        if self.session is None:
            return False
        try:
            self.session.submit(command)
        except RuleBroken as error:
            self.last_refusal = Why("Refused", error.rule, (), error.message)
            self.tell(f"{error.message}  (? why)", "warning")
            return False
        self._keep_soon()
        self.show()
        return True

    async def branch(self) -> None:
        """Go on from the moment under the cursor; the run so far is kept aside."""
        session = self.session
        if session is None or self._clock is None:
            return
        if session.is_live and session.replay is None:
            self.tell("this is now already: go back first, then branch")
            return
        self._clock.pause()
        patience = self.set_timer(BRANCH_TOLD_S, self._tell_branch)
        try:
            await asyncio.to_thread(session.settle)
            at_us = session.cursor_us
            run = await asyncio.to_thread(session.build_branch, at_us)
            await self.prepare_run(run)
        finally:
            patience.stop()
            self._last_tick_s = time.perf_counter()
            self._clock.resume()
        if session is not self.session or session.cursor_us != at_us:
            self.tell("no branch: you went to another moment meanwhile")
            return
        session.take_branch(run, at_us)
        calm_collector(self)
        self.tell("a new branch: what came after is gone from here, commands work again")
        self.show()

    def _tell_branch(self) -> None:
        self.tell("this long run is being built again up to here; go to another moment to give that up")

    def open_run(self, source: "Source") -> None:
        """Leave this run and open another. Raises nothing: what is wrong with it is told."""
        self.run_worker(self._open_run(source), exclusive=True, group="open")

    async def _open_run(self, source: "Source") -> None:
        from app.starting import build_session, read_source
        from chain.errors import ChainroomError

        await self._keep_run()
        try:
            session = await asyncio.to_thread(lambda: build_session(*read_source(source, self.saves)))
            await self.prepare_run(session.simulation)
            self.session = session
        except ChainroomError as error:
            self.tell(f"{source.name} was not opened: {error}", "error")
            return
        self.last_refusal = None
        calm_collector(self)
        self.action_go("network")
        self.home.begin()

    async def prepare_run(self, simulation: "Simulation") -> None:
        """Read a long run into the explorer's index before anybody waits for it."""
        from app.present.index import get_index

        await asyncio.to_thread(get_index, simulation.world)

    # Keeping it -------------------------------------------------------------------------------------------------------

    def _keep_soon(self) -> None:
        """Keep the run a while after somebody did something, in case the terminal goes away."""
        if self._keeper is None:
            self._keeper = self.set_timer(KEEP_AFTER_S, lambda: self.run_worker(self._keep_run()))

    async def _keep_run(self) -> None:
        from app.last_run import build_document, keep_run

        self._keeper = None
        while self.session is not None and self.session.is_busy:
            await asyncio.sleep(0.05)  # what is in the middle cannot be kept; the ticks bring it to its end
        document = build_document(self.session) if self.session is not None else None
        problem = await asyncio.to_thread(keep_run, self.saves, document) if document is not None else ""
        if problem:
            self.tell(problem, "warning")

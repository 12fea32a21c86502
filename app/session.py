"""The run a person is looking at: the one object that touches the simulation.

A live run and a replay are one thing: a timeline whose right end is *now*. The session gives the simulation a slice of
each tick, so the interface never waits, and keeps the cursor: the moment the screens show. ``cursor_us`` equals
``now_us`` while following; behind it, everything on the screens is read from history. Going on from a past moment is a
branch.
"""

import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from app.turns import Job
from chain.errors import CommandRefused
from chain.ledger.actions import Call, Create
from chain.replay import Bookmark, Replay
from chain.simulation.commands import Command
from chain.simulation.simulation import Simulation
from chain.units import MINUTE, SECOND, TimeUs

SPEEDS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 60, 100, 200, 500, 1000, 2000, 5000, 10_000)
BEGINNING = TimeUs(0)
SLICE_S = 0.006
"""Seconds of each tick that the simulation may take."""
SLICE_EVENTS = 2
"""Events between two looks at the clock: a block takes milliseconds, and a key is waiting."""
CATCH_UP_S = 0.03
"""Seconds of each tick while a branch is being computed."""
HEAVY_GAS = 1_000_000
"""Gas of waiting contract calls above which blocks are executed in turns with the interface: hostile code takes up to
0.7 s of machine time a million."""
CHECKPOINT_EVERY_US = 10 * MINUTE
CHECKPOINT_EVERY_S = 5.0
"""Seconds of the person's time between checkpoints: noting down a run of a million transactions takes a moment."""
MAX_CHECKPOINTS = 12


class Checkpoint(NamedTuple):
    """A moment from which a run can be computed again."""

    now_us: TimeUs
    build: Callable[[], Simulation]


@dataclass
class Session:
    """A simulation, the cursor in its timeline, and the speed."""

    simulation: Simulation
    speed: float = 10.0
    """Virtual seconds a second."""
    is_playing: bool = True
    cursor_us: TimeUs = BEGINNING
    """The moment the screens show, at most ``now_us``."""
    bookmarks: list[Bookmark] = field(default_factory=list)
    reached_speed: float = 0.0
    """Virtual seconds a second that were really reached, averaged over about a second."""
    replay: Replay | None = None
    """The saved run being re-executed, until its recorded end."""
    parents: list[Simulation] = field(default_factory=list)
    """Runs that were left by branching, oldest first."""
    clock: Callable[[], float] = time.perf_counter
    catch_up_us: TimeUs | None = None
    """Where a branch begins while the run up to there is still being computed again; None otherwise."""
    due_us: TimeUs | None = None
    """A moment at which something waits to be done: nothing runs past it until whoever waits sets another; or None."""
    _target_us: float = 0.0
    _job: Job[bool] | None = None
    """An event that takes long, in the middle of it."""
    _checkpoints: list[Checkpoint] = field(default_factory=list)
    _checkpoint_s: float = 0.0

    @property
    def now_us(self) -> TimeUs:
        """The right end of the timeline."""
        return self.simulation.now_us

    @property
    def is_live(self) -> bool:
        """Whether the cursor follows the right end."""
        return self.cursor_us >= self.now_us

    @property
    def is_busy(self) -> bool:
        """Whether an event that takes long is in the middle: nothing can be handed in until it is over."""
        return self._job is not None

    @property
    def is_at_work(self) -> bool:
        """Whether what is handed in now goes into the run."""
        return self.is_live and self.replay is None and self.catch_up_us is None

    # Time ------------------------------------------------------------------------------------------------------------

    def tick(self, elapsed_s: float) -> None:
        """Move on by so many seconds of the person's time, within the slice."""
        if self._job is not None:
            self._go_on(self._job)
            return
        if self.catch_up_us is not None:
            self._catch_up()
            return
        if not self.is_playing or elapsed_s <= 0:
            self.reached_speed = 0.0
            return
        elapsed_s = min(elapsed_s, 0.25)  # after a stall, do not rush to catch up
        before_us = self.cursor_us
        if self.is_live:
            self._advance(elapsed_s * self.speed * SECOND)
            self.cursor_us = self.now_us
        else:
            self.cursor_us = TimeUs(min(self.now_us, self.cursor_us + round(elapsed_s * self.speed * SECOND)))
        reached = (self.cursor_us - before_us) / SECOND / elapsed_s
        weight = min(1.0, elapsed_s)
        self.reached_speed += (reached - self.reached_speed) * (weight if self.reached_speed else 1.0)

    def _advance(self, span_us: float) -> None:
        self._target_us = max(self._target_us, float(self.now_us)) + span_us
        if self.due_us is not None and self.due_us >= self.now_us:
            self._target_us = min(self._target_us, float(self.due_us))
        deadline, target_us = self.clock() + SLICE_S, TimeUs(int(self._target_us))
        while self.clock() < deadline and self._job is None:
            if self._work(lambda: self._run(target_us, SLICE_EVENTS), SLICE_S):
                self._keep_checkpoint()
                return
        self._target_us = float(self.now_us)

    def _work(self, run: Callable[[], bool], seconds: float) -> bool:
        """Handle a few events; return what came of it, or False while one that takes long is in the middle."""
        if not self._is_heavy():
            return run()
        job = Job(run, self.clock)
        if job.go_on(seconds):
            return job.get()
        self._job = job
        return False

    def _is_heavy(self) -> bool:
        """Tell whether much contract code waits to be executed."""
        waiting = (it.signed.transaction for it in self.simulation.world.transactions.open.values())
        return sum(it.gas_limit for it in waiting if isinstance(it.action, Create | Call)) > HEAVY_GAS

    def _go_on(self, job: Job[bool], seconds: float = SLICE_S) -> None:
        was_live = self.is_live
        if job.go_on(seconds):
            self._job = None
        if was_live:
            self.cursor_us = self.now_us

    def settle(self) -> None:
        """Finish what is in the middle, so that the run can be copied or saved. May take seconds."""
        while self._job is not None:
            self._go_on(self._job, 3600.0)

    def _run(self, target_us: TimeUs, max_events: int) -> bool:
        if self.replay is not None and self.replay.simulation is self.simulation:
            is_done = self.replay.advance(max_events, target_us)
            if self.replay.is_finished:
                self.replay = None
            return is_done
        return self.simulation.run_until(target_us, max_events)

    def step(self, direction: int) -> None:
        """Pause, and move the cursor to the next or the previous thing that happened."""
        self.is_playing = False
        self.settle()
        if direction > 0 and self.is_live:
            self._step_on()
            self.cursor_us = self.now_us
            return
        records = self.simulation.history.records
        if direction > 0:
            after = bisect_right(records, self.cursor_us, key=lambda record: record.time_us)
            self.cursor_us = records[after].time_us if after < len(records) else self.now_us
        else:
            before = bisect_left(records, self.cursor_us, key=lambda record: record.time_us)
            self.cursor_us = records[before - 1].time_us if before else TimeUs(0)

    def _step_on(self) -> None:
        if self.replay is None:
            limit_us = self.now_us + 3600 * SECOND
            if self.due_us is not None and self.due_us >= self.now_us:
                limit_us = min(limit_us, self.due_us)
            self.simulation.step(TimeUs(limit_us))
            return
        before = len(self.simulation.history.records)
        while not self.replay.is_finished and len(self.simulation.history.records) == before:
            self._run(self.replay.document.end_us, 1)
            if self.replay is None:
                return

    def seek(self, time_us: int) -> None:
        """Move the cursor to a moment between the beginning and now."""
        self.cursor_us = TimeUs(max(0, min(int(time_us), self.now_us)))

    def go_live(self) -> None:
        """Move the cursor to the right end."""
        self.cursor_us = self.now_us

    def change_speed(self, steps: int) -> None:
        """Take the next faster or slower speed."""
        nearest = min(range(len(SPEEDS)), key=lambda index: abs(SPEEDS[index] - self.speed))
        self.speed = SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + steps))]

    # Inputs ----------------------------------------------------------------------------------------------------------

    def submit(self, command: Command) -> None:
        """Apply a command now. Raises CommandRefused, also while the cursor is in the past or a replay is running."""
        if not self.is_live:
            raise CommandRefused(
                "session/past", "you are looking at the past: press end to go to now, or B to branch here"
            )
        if self._job is not None:
            raise CommandRefused("session/busy", "much contract code is being executed: one moment")
        if self.catch_up_us is not None:
            raise CommandRefused("session/branch", "the branch is still being computed: one moment")
        if self.replay is not None:
            raise CommandRefused("session/replay", "this is a replay: press B to branch here and make it your own")
        self.simulation.submit(command)

    def bookmark(self, name: str, at_us: TimeUs | None = None) -> Bookmark:
        """Mark a moment, by default that under the cursor."""
        mark = Bookmark(self.cursor_us if at_us is None else at_us, name)
        self.bookmarks = sorted([*self.bookmarks, mark], key=lambda bookmark: bookmark.time_us)
        return mark

    def branch(self) -> None:
        """Go on from the moment under the cursor, as if what came after had not happened.

        The run up to there is computed again from the last checkpoint, over several ticks when that takes long.
        """
        self.settle()
        self.take_branch(self.build_branch(self.cursor_us), self.cursor_us)

    def build_branch(self, at_us: TimeUs) -> Simulation:
        """Return another run that will be in the state of a moment once it has run up to there.

        Changes nothing, and may take seconds for a long run: a thread can do it, as long as this run stands still.
        """
        base = self._find_checkpoint(at_us)
        run = base.build() if base is not None else _restart(self.simulation)
        run.feed([entry for entry in self.simulation.log if entry.time_us <= at_us])
        return run

    def take_branch(self, run: Simulation, at_us: TimeUs) -> None:
        """Go on with a branch that was built from a moment."""
        self.parents.append(self.simulation)
        self.simulation, self.replay, self.catch_up_us = run, None, at_us
        self._checkpoints = [point for point in self._checkpoints if point.now_us <= at_us]
        self._catch_up()

    def _catch_up(self) -> None:
        assert self.catch_up_us is not None
        deadline = self.clock() + CATCH_UP_S
        catch_up_us = self.catch_up_us
        while not self._work(lambda: self.simulation.run_until(catch_up_us, SLICE_EVENTS), CATCH_UP_S):
            if self._job is not None or self.clock() >= deadline:
                self.cursor_us = self.now_us
                return
        self.cursor_us, self.catch_up_us = self.now_us, None
        self._target_us = float(self.now_us)

    def _find_checkpoint(self, time_us: TimeUs) -> Checkpoint | None:
        points = [point for point in self._checkpoints if point.now_us <= time_us]
        return points[-1] if points else None

    def _keep_checkpoint(self) -> None:
        last_us = self._checkpoints[-1].now_us if self._checkpoints else 0
        now_s = self.clock()
        if self.now_us - last_us < CHECKPOINT_EVERY_US or now_s - self._checkpoint_s < CHECKPOINT_EVERY_S:
            return
        self._checkpoints.append(Checkpoint(self.now_us, self.simulation.freeze()))
        self._checkpoint_s = now_s
        if len(self._checkpoints) > MAX_CHECKPOINTS:
            del self._checkpoints[1::2]


def _restart(simulation: Simulation) -> Simulation:
    return Simulation(simulation.world.setup, simulation.scenario)

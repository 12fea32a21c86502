"""The face of a run: move time, hand in commands, read the world, branch.

A run is a function of scenario, seed and commands. ``run_until`` may be cut into slices of any size without changing
anything, so the interface can give it a few milliseconds at a time.
"""

import hashlib
from collections.abc import Callable, Sequence
from typing import NoReturn

from chain.encoding import encode
from chain.errors import CommandRefused, ReplayDiverged
from chain.simulation.apply import apply_command
from chain.simulation.commands import Command, CommandEntry
from chain.simulation.history import History
from chain.simulation.kernel import Event
from chain.simulation.world import World, WorldSetup
from chain.units import TimeUs, format_time

RULES_VERSION = 2
"""Raised whenever the same inputs would give another digest."""


class Simulation:
    """A run whose right end is ``now_us``."""

    __slots__ = ("_inputs", "log", "scenario", "world")

    def __init__(self, setup: WorldSetup, scenario: object) -> None:
        self.scenario = scenario
        """The scenario it was built from (chain/scenario.py), kept for saving and branching."""
        self.world = World(setup)
        self.log: list[CommandEntry] = []
        """The commands applied so far: the run's inputs."""
        self._inputs: list[CommandEntry] = []  # still to be applied, last first

    @property
    def seed(self) -> int:
        """The seed of all luck."""
        return self.world.setup.seed

    @property
    def now_us(self) -> TimeUs:
        """Virtual time."""
        return self.world.now_us

    @property
    def history(self) -> History:
        """What has happened."""
        return self.world.history

    def run_until(self, time_us: TimeUs, max_events: int | None = None) -> bool:
        """Handle what is due up to and including ``time_us``; return whether that moment has been reached.

        With ``max_events`` it returns False after so many events, and goes on at the next call. Raises ReplayDiverged
        when a recorded command does not fit the run it is fed to.
        """
        kernel, count = self.world.kernel, 0
        while True:
            if self._apply_due_input(time_us):
                continue
            next_us = kernel.get_next_us()
            if next_us is None or next_us > time_us:
                break
            if max_events is not None and count >= max_events:
                return False
            self._handle(kernel.pop())
            count += 1
        kernel.now_us = max(kernel.now_us, time_us)
        return True

    def _handle(self, event: Event) -> None:
        if event.kind != "scenario":
            self.world.handle(event)
            return
        command = self.world.setup.events[event.data][1]
        try:
            apply_command(self.world, command)
        except CommandRefused as error:
            self.world.record_refusal(command, error)

    def _apply_due_input(self, time_us: TimeUs) -> bool:
        kernel = self.world.kernel
        if not self._inputs or kernel.steps < self._inputs[-1].step or self._inputs[-1].time_us > time_us:
            return False
        entry = self._inputs.pop()
        next_us = kernel.get_next_us()
        has_passed = entry.step < kernel.steps or entry.time_us < kernel.now_us
        if has_passed or (next_us is not None and next_us < entry.time_us):
            self._diverge(entry, "the command's time does not fit")
        kernel.now_us = entry.time_us
        try:
            self.submit(entry.command)
        except CommandRefused as error:
            self._diverge(entry, str(error))
        return True

    def _diverge(self, entry: CommandEntry, why: str) -> NoReturn:
        node = getattr(entry.command, "node", -1)
        where = format_time(entry.time_us) + (f", node n{node:02d}" if node >= 0 else "")
        raise ReplayDiverged(len(self.history.records), entry.time_us, f"{where}: {why}")

    def step(self, limit_us: TimeUs) -> bool:
        """Run to the next record of history, but not beyond ``limit_us``; return whether there was one."""
        before = len(self.history.records)
        while len(self.history.records) == before:
            next_us = self.world.kernel.get_next_us()
            if next_us is None or next_us > limit_us:
                return False
            self.run_until(TimeUs(next_us), max_events=1)
        return True

    def submit(self, command: Command) -> None:
        """Apply a command now and log it. Raises CommandRefused, and logs nothing, when it cannot be applied."""
        entry = CommandEntry(self.now_us, self.world.kernel.steps, command)
        apply_command(self.world, command)
        self.log.append(entry)

    def feed(self, entries: Sequence[CommandEntry]) -> None:
        """Take a recorded log of commands; those not applied yet are applied when their moment comes."""
        self._inputs = list(reversed(entries[len(self.log) :]))

    def compute_digest(self) -> str:
        """Return the digest of the run so far, in hex: of its seed, its history, and the moment it has reached."""
        run = encode((self.seed, self.history.compute_digest(), self.now_us, self.world.kernel.steps))
        return hashlib.blake2b(run, digest_size=32, person=b"chainroom-end").hexdigest()

    def copy(self) -> "Simulation":
        """Return an independent run in the same state."""
        return self.freeze()()

    def freeze(self) -> "Callable[[], Simulation]":
        """Return what builds independent runs in the state of now: a checkpoint, from which a branch starts.

        Quick, however long the run, so that it can be done while somebody watches; the building takes longer.
        """
        scenario, build_world = self.scenario, self.world.freeze()
        log, inputs = self.log.copy(), self._inputs.copy()

        def build() -> Simulation:
            other = Simulation.__new__(Simulation)
            other.scenario, other.world, other.log, other._inputs = scenario, build_world(), log.copy(), inputs.copy()
            return other

        return build

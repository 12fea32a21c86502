"""The clock and the queue: a heap of (time, lane, serial).

Events are plain tuples, so a queue can be copied and compared. At one moment lanes settle the order (arrivals before
timers before traffic), then the order of scheduling.
"""

from heapq import heappop, heappush
from typing import Final, NamedTuple

from chain.units import NodeId, TimeUs

LANE_SCENARIO: Final = 0
LANE_ARRIVAL: Final = 1
LANE_TIMER: Final = 2
LANE_TRAFFIC: Final = 3
ALL_NODES: Final = NodeId(-1)
"""Whose effects and timers those of an ensemble are."""


class Event(NamedTuple):
    """Something the world will handle at a moment."""

    time_us: int
    lane: int
    serial: int
    kind: str
    node: int
    name: str
    data: int


class Kernel:
    """Virtual time and what is due."""

    __slots__ = ("_heap", "_serial", "now_us", "steps")

    def __init__(self) -> None:
        self.now_us = TimeUs(0)
        self.steps = 0
        """Events handled so far."""
        self._heap: list[Event] = []
        self._serial = 0

    def schedule(self, time_us: int, lane: int, kind: str, node: int = 0, name: str = "", data: int = 0) -> int:
        """Queue an event, not before now, and return its serial."""
        assert time_us >= self.now_us, (time_us, self.now_us)
        self._serial += 1
        serial = self._rank(self._serial)
        heappush(self._heap, Event(time_us, lane, serial, kind, node, name, data))
        return serial

    def _rank(self, serial: int) -> int:
        """Return what settles the order at one moment and in one lane; a test puts another order in its place."""
        return serial

    def get_next_us(self) -> int | None:
        """Return the time of the next event, or None when nothing is due."""
        return self._heap[0].time_us if self._heap else None

    def pop(self) -> Event:
        """Move the clock to the next event and return it."""
        event = heappop(self._heap)
        self.now_us = TimeUs(event.time_us)
        self.steps += 1
        return event

    def copy(self) -> "Kernel":
        """Return an independent kernel in the same state."""
        other = type(self)()
        other.now_us, other.steps, other._serial = self.now_us, self.steps, self._serial
        other._heap = self._heap.copy()
        return other

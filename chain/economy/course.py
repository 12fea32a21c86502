"""What something costs in the world outside the chain: the price that oracles report and arbitrage aims at.

A course has a trend, straight from turn to turn and then from the beginning again, and waves on it: between moments a
period apart, at which luck says how far the price is off the trend, it goes straight too. So the price at any moment is
computed without those before it, is the same in every run of a seed, and never strays farther than all waves together.

Simplification: nobody's trade on the chain moves it.
"""

from functools import lru_cache
from typing import NamedTuple

from chain.draws import draw_below

PPM = 10**6


class Wave(NamedTuple):
    """One kind of unrest."""

    period_s: int
    height_ppm: int
    """How far it leads at most, up or down, in millionths of the trend."""


WAVES = (Wave(600, 25_000), Wave(150, 8_000), Wave(40, 2_000))


class Course(NamedTuple):
    """A price over time."""

    seed: int
    name: str
    """Luck is drawn under it."""
    start: int
    """The price that the turns multiply, in whatever unit."""
    turns: tuple[tuple[int, int], ...]
    """(second, trend in millionths of the start), in order, from second 0; the last one is where it begins again."""
    waves: tuple[Wave, ...] = WAVES

    def compute_price(self, time_s: int) -> int:
        """Return the price at a moment, rounded down."""
        return _compute_price(self, time_s)

    def compute_trend_ppm(self, time_s: int) -> int:
        """Return where the trend is at a moment, in millionths of the start, rounded down."""
        at_s = time_s % self.turns[-1][0]
        place = next(place for place, (turn_s, _) in enumerate(self.turns) if turn_s > at_s)
        (from_s, before), (to_s, after) = self.turns[place - 1], self.turns[place]
        return before + (after - before) * (at_s - from_s) // (to_s - from_s)


@lru_cache(maxsize=10_000)
def _compute_price(course: Course, time_s: int) -> int:
    off_ppm = PPM + sum(_compute_height(course, wave, time_s) for wave in course.waves)
    return course.start * course.compute_trend_ppm(time_s) * off_ppm // PPM**2


def _compute_height(course: Course, wave: Wave, time_s: int) -> int:
    """Return how far a wave leads at a moment, straight between two heights."""
    number, at_s = divmod(time_s, wave.period_s)
    before, after = (_draw_height(course, wave, number + step) for step in (0, 1))
    return before + (after - before) * at_s // wave.period_s


def _draw_height(course: Course, wave: Wave, number: int) -> int:
    height = wave.height_ppm
    return draw_below(course.seed, 2 * height + 1, "course", course.name, wave.period_s, number) - height

"""Moments of a run as people type them: a span from now, a time of the run, a block."""

import re
from typing import Final, NamedTuple

from chain.errors import InvalidInput
from chain.units import DAY, HOUR, MINUTE, NEVER, SECOND, TimeUs, parse_span

ALLOWED: Final = "in 10m, 02:30:00, day 1 08:00, or block 120"
_CLOCK: Final = re.compile(r"(?:day\s*(\d{1,6})\s+)?(\d{1,2}):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,6}))?)?", re.ASCII)
_BLOCK: Final = re.compile(r"(?:block\s*|#\s*)(\d{1,12})", re.ASCII)


class Moment(NamedTuple):
    """Either a virtual time or a height; the other one is None."""

    at_us: TimeUs | None
    height: int | None


def parse_moment(text: str, now_us: int) -> Moment:
    """Return the moment a text means. Raises InvalidInput."""
    clean = " ".join(text.lower().split())
    if (match := _BLOCK.fullmatch(clean)) is not None:
        return Moment(None, int(match[1]))
    if (match := _CLOCK.fullmatch(clean)) is not None:
        days, hours, minutes, seconds, fraction = match.groups(default="0")
        at_us = int(days) * DAY + int(hours) * HOUR + int(minutes) * MINUTE + int(seconds) * SECOND
        return _check(text, at_us + int(fraction.ljust(6, "0")))
    try:
        return _check(text, now_us + parse_span(clean.removeprefix("in ").removeprefix("+")))
    except InvalidInput:
        raise InvalidInput("moment", text, ALLOWED) from None


def _check(text: str, at_us: int) -> Moment:
    if at_us >= NEVER:
        raise InvalidInput("moment", text, "a time that comes")
    return Moment(TimeUs(at_us), None)

"""Units and identifiers, named so that a wrong mix shows in the type checker.

Time is an integer of microseconds since the start of the run. Money is an integer of the smallest unit; one coin is
``COIN`` units. Nothing in the engine decides with floating-point numbers.
"""

from typing import Final, NewType

from chain.errors import InvalidInput

TimeUs = NewType("TimeUs", int)
"""A moment of virtual time: microseconds since the start of the run."""
NodeId = NewType("NodeId", int)
"""The index of a node in its network, from 0."""
Hash = NewType("Hash", bytes)
"""A 32-byte digest that identifies a block, a transaction or a state."""
Address = NewType("Address", bytes)
"""The 20 bytes that name an account."""
Amount = NewType("Amount", int)
"""Money in the smallest unit; 10**9 of them are one coin."""

MILLISECOND: Final = 1_000
SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

NEVER: Final = TimeUs(1 << 62)
"""A moment after every other: "not (yet) reached"."""

COIN_DECIMALS: Final = 9
COIN: Final = 10**COIN_DECIMALS
"""Units in one coin."""
COIN_SYMBOL: Final = "CR"

_SPAN_UNITS: Final = {"us": 1, "ms": MILLISECOND, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": 7 * DAY}


def parse_span(text: str) -> TimeUs:
    """Read a virtual span such as ``250ms``, ``30m``, ``1h30m`` or ``7d`` and return microseconds.

    Raises InvalidInput when the text is not a sum of whole or decimal numbers with a unit.
    """
    rest, total_us, seen = text.strip().lower(), 0, False
    while rest:
        digits = len(rest) - len(rest.lstrip("0123456789."))
        number, rest = rest[:digits], rest[digits:]
        letters = len(rest) - len(rest.lstrip("umshdw"))
        unit, rest = rest[:letters], rest[letters:].lstrip()
        if unit not in _SPAN_UNITS or not number.replace(".", "", 1).isdecimal() or len(number) > 18:
            raise InvalidInput("span", text, "numbers with a unit, such as 250ms, 30m, 1h30m, 7d")
        whole, _, fraction = number.partition(".")
        scale = _SPAN_UNITS[unit]
        total_us += int(whole or "0") * scale + (int(fraction) * scale // 10 ** len(fraction) if fraction else 0)
        seen = True
    if not seen or total_us >= NEVER:
        raise InvalidInput("span", text, "numbers with a unit, such as 250ms, 30m, 1h30m, 7d")
    return TimeUs(total_us)


class Span(int):
    """A length of virtual time in microseconds that scenarios write as text: ``10s``, ``1h30m``."""

    def __str__(self) -> str:
        rest, text = int(self), ""
        for unit in ("w", "d", "h", "m", "s", "ms", "us"):
            count, rest = divmod(rest, _SPAN_UNITS[unit])
            text += f"{count}{unit}" if count else ""
        return text or "0s"


def format_time(time_us: int) -> str:
    """Write a moment as people read it: ``day 0  02:14:37.250``."""
    days, rest = divmod(time_us, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, rest = divmod(rest, SECOND)
    return f"day {days}  {hours:02d}:{minutes:02d}:{seconds:02d}.{rest // MILLISECOND:03d}"


def parse_amount(text: str) -> Amount:
    """Read an amount of coins such as ``25`` or ``0.001`` and return units. Raises InvalidInput."""
    clean = text.strip().replace("_", "").replace(" ", "").replace(" ", "")
    whole, _, fraction = clean.partition(".")
    digits = whole + fraction
    if not digits.isascii() or not digits.isdecimal() or len(fraction) > COIN_DECIMALS or len(whole) > 12:
        raise InvalidInput("amount", text, f"a positive number of coins with at most {COIN_DECIMALS} decimals")
    return Amount(int(whole or "0") * COIN + int((fraction or "0").ljust(COIN_DECIMALS, "0")))


def format_amount(amount: int, decimals: int = COIN_DECIMALS) -> str:
    """Write an amount in coins, grouped, without trailing zeros: ``1 240.5``. Cuts (never rounds) to ``decimals``."""
    whole, fraction = divmod(abs(amount), COIN)
    tail = f"{fraction:0{COIN_DECIMALS}d}"[:decimals].rstrip("0")
    return ("-" if amount < 0 else "") + f"{whole:,}".replace(",", " ") + (f".{tail}" if tail else "")

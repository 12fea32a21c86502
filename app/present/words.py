"""Moments, spans, hashes and nodes as people read them."""

from chain.units import COIN_SYMBOL, DAY, HOUR, MILLISECOND, MINUTE, NEVER, SECOND, format_amount


def format_span(span_us: int) -> str:
    """Return a span in one or two units: ``312 ms``, ``1.9 s``, ``4 min 05 s``, ``3 h 12 min``, ``2 d 3 h``."""
    if span_us >= NEVER // 2:
        return "never"
    if span_us < MILLISECOND:
        return f"{span_us} µs"
    if span_us < SECOND:
        return f"{span_us // MILLISECOND} ms"
    if span_us < MINUTE:
        return f"{span_us / SECOND:.1f} s"
    if span_us < HOUR:
        return f"{span_us // MINUTE} min {span_us % MINUTE // SECOND:02d} s"
    if span_us < DAY:
        return f"{span_us // HOUR} h {span_us % HOUR // MINUTE:02d} min"
    return f"{span_us // DAY} d {span_us % DAY // HOUR} h"


def format_clock(time_us: int) -> str:
    """Return a moment to the millisecond, without the day on day 0: ``02:14:37.250``, ``day 3 02:14:37.250``."""
    if time_us >= NEVER:
        return "never"
    days, rest = divmod(time_us, DAY)
    hours, rest = divmod(rest, HOUR)
    minutes, rest = divmod(rest, MINUTE)
    seconds, rest = divmod(rest, SECOND)
    clock = f"{hours:02d}:{minutes:02d}:{seconds:02d}.{rest // MILLISECOND:03d}"
    return f"day {days} {clock}" if days else clock


def format_delay(span_us: int) -> str:
    """Return how much later something was: ``+312 ms``."""
    return "–" if span_us >= NEVER // 2 else f"+{format_span(span_us)}"


def format_coins(amount: int, decimals: int = 9) -> str:
    """Return an amount with the name of the coin: ``1 240.5 CR``."""
    return f"{format_amount(amount, decimals)} {COIN_SYMBOL}"


def format_count(number: int) -> str:
    """Return a whole number in groups of three: ``420 000``."""
    return f"{number:,}".replace(",", " ")


def plural(count: int, one: str, many: str = "") -> str:
    """Return a count and its noun: ``1 block``, ``3 blocks``."""
    return f"{format_count(count)} {one if count == 1 else many or one + 's'}"


def shorten_hash(digest: bytes) -> str:
    """Return a hash short enough for a table: ``0014…6234``, both ends, since the zeros say little."""
    text = digest.hex()
    return f"{text[:4]}…{text[-4:]}"


def name_node(node: int) -> str:
    """Return the name of a node: ``n07``."""
    return f"n{node:02d}"


def format_quantity(number: int) -> str:
    """Return a large number with its power of a thousand: ``12.4 T``."""
    for power, letter in ((18, "E"), (15, "P"), (12, "T"), (9, "G"), (6, "M"), (3, "k")):
        if number >= 10**power:
            return f"{number / 10**power:.3g} {letter}"
    return str(number)


def format_hashes(number: int) -> str:
    """Return a number of hashes as miners write it: ``107 TH``."""
    return format_quantity(number) + ("H" if number >= 1000 else " H")

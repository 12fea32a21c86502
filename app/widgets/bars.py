"""Small pictures in one line of text: sparklines, bars, numbers that stay short."""

from collections.abc import Sequence

from app.widgets.glyphs import EIGHTHS, RISING


def get_sparkline(values: Sequence[float], width: int | None = None) -> str:
    """``▂▃▅▆▅▃▂``: one character a value, from 0 to the largest; the last ``width`` values, padded on the left."""
    shown = list(values if width is None else values[max(0, len(values) - width) :])
    top = max((value for value in shown if value > 0), default=0)
    line = "".join(RISING[max(1, min(8, round(8 * value / top)))] if top and value > 0 else "▁" for value in shown)
    return line.rjust(width) if width is not None else line


def get_bar(fraction: float, width: int) -> str:
    """``██████▋   ``: exactly ``width`` cells, filled by eighths of a cell."""
    eighths = round(min(1.0, max(0.0, fraction)) * width * 8)
    full, rest = divmod(eighths, 8)
    return ("█" * full + (EIGHTHS[rest] if rest else "")).ljust(width)


def format_short(value: float) -> str:
    """A number in at most six characters: ``950``, ``12.3k``, ``4.5M``."""
    size = abs(value)
    for limit, suffix in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if size >= limit:
            return f"{value / (1000 if suffix == 'k' else limit):.3g}{suffix}"
    if size >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.3g}"

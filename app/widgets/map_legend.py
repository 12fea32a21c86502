"""The line below the map: which glyph follows which head, and how far the newest block has spread."""

from collections.abc import Mapping

from app.widgets.bars import get_bar
from app.widgets.canvas import Canvas
from app.widgets.glyphs import HEADS, OFFLINE
from app.widgets.models import BlockSpread, MapView
from app.widgets.text import clean


def build_legend(view: MapView, width: int, pen: Mapping[str, int]) -> Canvas:
    """One row that says what the glyphs mean and how far the newest block has spread."""
    canvas = Canvas(width, 1)
    room = width - (24 if view.spread else 0)
    x = 1
    for number, group in enumerate(view.groups[: len(HEADS)]):
        text = f"on {clean(group.label, 12)} ({group.count})"
        if number and x + len(text) + 2 > room:
            break
        x = canvas.put(x, 0, HEADS[number] + " ", pen[f"head-{number + 1}"])
        x = canvas.put(x, 0, text, pen["text"]) + 3
    offline = f"{OFFLINE} offline ({view.offline})"
    if x + len(offline) <= room:
        x = canvas.put(x, 0, offline, pen["muted"]) + 3
    if view.spread:
        _put_spread(canvas, x, view.spread, pen)
    return canvas


def _put_spread(canvas: Canvas, x: int, spread: BlockSpread, pen: Mapping[str, int]) -> None:
    """``block #812 reached 87 % in 1.9 s  ▕██████▋ ▏``, or less of it when there is less room."""
    percent, label, elapsed = f"{100 * spread.reached:.0f} %", clean(spread.label, 20), clean(spread.elapsed, 12)
    for text, bar_width in (
        (f"{label} reached {percent} in {elapsed}", 16),
        (f"{label} reached {percent} in {elapsed}", 8),
        (f"{label} {percent} in {elapsed}", 6),
        (f"{percent} in {elapsed}", 5),
    ):
        start = canvas.width - len(text) - bar_width - 5
        if start >= x:
            at = canvas.put(start, 0, text, pen["text"]) + 2
            bar = get_bar(spread.reached, bar_width)
            at = canvas.put(at, 0, "▕", pen["unfilled"])
            at = canvas.put(at, 0, bar, pen["fill"])
            canvas.put(at, 0, "▏", pen["unfilled"])
            return

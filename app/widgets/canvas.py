"""A grid of cells that a widget draws on: text, one pen byte per cell, and what lies under each cell.

Idea: a widget redraws its canvas when its data or size changes and hands out rows as strips; ``things`` answers what
was clicked. Wide characters take two cells, anything outside is clipped.
"""

import re
from functools import lru_cache
from typing import Any, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.strip import Strip
from textual.widget import Widget

from app.widgets.glyphs import to_ascii
from app.widgets.pens import PenMixin

_EQUAL_PENS: Final = re.compile(rb"(.)\1*", re.DOTALL)


@lru_cache(maxsize=4096)
def _is_narrow(text: str) -> bool:
    """Whether every character takes one cell."""
    return text.isascii() or all(cell_len(char) == 1 for char in text)


@lru_cache(maxsize=16)
def build_absorbing_runs(plain_pens: int) -> re.Pattern[bytes]:
    """A pattern of runs in which empty cells (pen 0) join the plain pen 1 … ``plain_pens`` on their left.

    Only right when pen 0 stands for blank cells and the plain pens have no background: saves most segments of a map.
    """
    return re.compile(rb"([\x01-\x%02x])(?:\1|\0)*|(.)\2*" % plain_pens, re.DOTALL)


def build_strip(
    text: str,
    pens: bytes | bytearray,
    styles: list[Style],
    runs: re.Pattern[bytes] = _EQUAL_PENS,
    *,
    ascii_only: bool = False,
) -> Strip:
    """Turn a row into a strip with one segment per run. ``text`` has one character per cell and pen byte."""
    if ascii_only:
        text = to_ascii(text)
    segments = [Segment(text[m.start() : m.end()], styles[pens[m.start()]]) for m in runs.finditer(pens)]
    return Strip(segments, len(pens))


class Canvas:
    """``width`` × ``height`` cells."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.rows: list[list[str]] = [[" "] * width for _ in range(height)]
        self.pens: list[bytearray] = [bytearray(width) for _ in range(height)]
        self.things: dict[tuple[int, int], Any] = {}

    def put(self, x: int, y: int, text: str, pen: int = 0, thing: Any = None) -> int:
        """Write ``text`` from cell (x, y) to the right, clipped; return the column after it."""
        if not 0 <= y < self.height:
            return x + cell_len(text)
        row, pens = self.rows[y], self.pens[y]
        if thing is None and x >= 0 and _is_narrow(text):
            shown = text[: max(0, self.width - x)]
            row[x : x + len(shown)], pens[x : x + len(shown)] = shown, bytes((pen,)) * len(shown)
            return x + len(text)
        for char in text:
            size = 1 if char.isascii() else cell_len(char)
            if size == 0:
                if 0 < x <= self.width:
                    row[x - 1] += char
                continue
            if x >= 0 and x + size <= self.width:
                row[x], pens[x] = char, pen
                if size == 2:
                    row[x + 1], pens[x + 1] = "", pen
                if thing is not None:
                    self.things[x, y] = thing
                    self.things[x + size - 1, y] = thing
            x += size
        return x

    def paint(self, x: int, y: int, width: int, pen: int, thing: Any = None) -> None:
        """Give cells a pen (and a thing) without changing their text."""
        if not 0 <= y < self.height:
            return
        for column in range(max(0, x), min(self.width, x + width)):
            self.pens[y][column] = pen
            if thing is not None:
                self.things[column, y] = thing

    def get_strip(self, y: int, styles: list[Style], *, ascii_only: bool = False) -> Strip:
        """Row ``y`` as a strip."""
        pens, row = self.pens[y], self.rows[y]
        segments = []
        for run in _EQUAL_PENS.finditer(pens):
            text = "".join(row[run.start() : run.end()])
            segments.append(Segment(to_ascii(text) if ascii_only else text, styles[pens[run.start()]]))
        return Strip(segments, self.width)


class CanvasWidget(PenMixin, Widget):
    """A widget that draws itself on a canvas: implement ``draw``; call ``redraw`` when the data changed."""

    _canvas: Canvas | None = None

    def draw(self, canvas: Canvas) -> None:
        """Draw everything; the canvas is blank and has the size of the content."""
        raise NotImplementedError

    def redraw(self) -> None:
        """Draw again with the next paint."""
        self._canvas = None
        self.refresh()

    def get_canvas(self) -> Canvas:
        """The drawn canvas at the present size."""
        width, height = self.size
        if self._canvas is None or (self._canvas.width, self._canvas.height) != (width, height):
            canvas = Canvas(width, height)
            self.draw(canvas)
            self._canvas = canvas
        return self._canvas

    def render_line(self, y: int) -> Strip:
        """Textual's Line API."""
        canvas, styles = self.get_canvas(), self.get_pens()
        return (
            canvas.get_strip(y, styles, ascii_only=self.is_ascii)
            if y < canvas.height
            else Strip.blank(self.size.width, styles[0])
        )

    def get_thing_at(self, event: events.MouseEvent) -> Any:
        """What lies under the mouse, or None."""
        offset = event.get_content_offset(self)
        return None if offset is None else self.get_canvas().things.get((offset.x, offset.y))

    def on_focus(self) -> None:
        """The cursor shows only in the focused widget."""
        self.redraw()

    def on_blur(self) -> None:
        """The cursor shows only in the focused widget."""
        self.redraw()

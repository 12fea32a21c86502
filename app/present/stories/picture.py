"""A grid of cells on which stories draw: boxes, arrows and words, each cell with a tone."""

from itertools import groupby
from typing import Final

from app.widgets.models import Line, Tone
from app.widgets.text import cut, fit

WIDTH: Final = 74
"""Cells that a drawing has in the smallest terminal."""
JOINTS: Final = " ╵╷│╴┘┐┤╶└┌├─┴┬┼"
"""The box line that goes up (1), down (2), left (4) and right (8): the sum is the place."""
UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8


class Picture:
    """Cells that are written one after another; what is written later covers what was there."""

    def __init__(self, width: int = WIDTH) -> None:
        self.width = width
        self._cells: dict[tuple[int, int], tuple[str, Tone]] = {}
        self.height = 0

    def put(self, x: int, y: int, text: str, tone: Tone = "text") -> None:
        """Write text to the right of a cell; what reaches over the edge is cut."""
        for place, char in enumerate(cut(text, max(0, self.width - x))):
            self._cells[x + place, y] = char, tone
        self.height = max(self.height, y + 1)

    def join(self, x: int, y: int, arms: int, tone: Tone = "muted") -> None:
        """Add arms of a line to a cell: two lines that meet there are joined."""
        before = JOINTS.find(self._cells.get((x, y), (" ", tone))[0])
        self._cells[x, y] = JOINTS[arms | max(0, before)], tone
        self.height = max(self.height, y + 1)

    def draw_box(self, x: int, y: int, width: int, title: str, rows: list[str], tone: Tone = "text") -> None:
        """Draw a box with a title in its upper edge and a row of text for each line inside."""
        self.put(x, y, f"╭{cut(f' {title} ', width - 2):─<{width - 2}}╮", tone)
        for place, row in enumerate(rows, 1):
            self.put(x, y + place, f"│{fit(row, width - 2)}│", tone)
        self.put(x, y + len(rows) + 1, f"╰{'─' * (width - 2)}╯", tone)

    def get_lines(self) -> tuple[Line, ...]:
        """Return the drawing."""
        return tuple(self._build_line(y) for y in range(self.height))

    def _build_line(self, y: int) -> Line:
        cells = [self._cells.get((x, y), (" ", "text")) for x in range(self.width)]
        runs = ((tone, "".join(char for char, _ in run)) for tone, run in groupby(cells, key=lambda cell: cell[1]))
        return tuple((text, tone) for tone, text in runs)


def draw_bar(fraction: float, width: int) -> str:
    """Return ``███░░``: a bar of exactly ``width`` cells."""
    full = round(min(1.0, max(0.0, fraction)) * width)
    return "█" * full + "░" * (width - full)


def draw_bar_with_mark(fraction: float, mark: float, width: int) -> str:
    """Return ``███░│░``: a bar with a line where it has to reach."""
    bar, place = draw_bar(fraction, width), round(min(1.0, max(0.0, mark)) * (width - 1))
    return f"{bar[:place]}│{bar[place + 1 :]}"

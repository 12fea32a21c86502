"""Drawing with braille dots: two dots wide and four high in every cell.

Idea: one byte of dots and one pen byte per cell, in plain bytearrays. A terminal cell has one colour, so layers meet in
the cell: a higher pen replaces what a lower pen drew there (a line over land gets a thin dark halo), a lower pen is
ignored, an equal pen adds its dot. Dots outside are clipped.
Source: Unicode block U+2800, where bit k of the byte is dot k+1 of the cell; line after Bresenham (1965).
"""

from collections.abc import Iterable, Iterator
from typing import Final

DOT_BITS: Final = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""Bit of the dot at (y % 4, x % 2)."""


def get_line_dots(x0: int, y0: int, x1: int, y1: int) -> Iterator[tuple[int, int]]:
    """Every dot on the straight line between two dots, both included."""
    dx, dy = abs(x1 - x0), -abs(y1 - y0)
    step_x, step_y = (1 if x0 < x1 else -1), (1 if y0 < y1 else -1)
    error = dx + dy
    while True:
        yield x0, y0
        if (x0, y0) == (x1, y1):
            return
        twice = 2 * error
        if twice >= dy:
            error += dy
            x0 += step_x
        if twice <= dx:
            error += dx
            y0 += step_y


class BrailleCanvas:
    """``width`` × ``height`` cells of dots; ``bits`` and ``pens`` are its rows. Pen 0 means an empty cell."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.bits = [bytearray(width) for _ in range(height)]
        self.pens = [bytearray(width) for _ in range(height)]

    def copy(self) -> "BrailleCanvas":
        """An independent canvas with the same dots."""
        twin = BrailleCanvas(0, 0)
        twin.width, twin.height = self.width, self.height
        twin.bits, twin.pens = [row[:] for row in self.bits], [row[:] for row in self.pens]
        return twin

    def set_dot(self, x: int, y: int, pen: int) -> None:
        """Set one dot (0 ≤ x < 2·width, 0 ≤ y < 4·height); outside does nothing."""
        column, line = x >> 1, y >> 2
        if not (0 <= column < self.width and 0 <= line < self.height):
            return
        pens = self.pens[line]
        if pens[column] == pen:
            self.bits[line][column] |= DOT_BITS[y & 3][x & 1]
        elif pens[column] < pen:
            pens[column] = pen
            self.bits[line][column] = DOT_BITS[y & 3][x & 1]

    def add_under(self, dots: Iterable[tuple[int, int]], pen: int) -> None:
        """Set dots only in cells that are empty or have this pen already."""
        for x, y in dots:
            column, line = x >> 1, y >> 2
            if 0 <= column < self.width and 0 <= line < self.height and self.pens[line][column] in (0, pen):
                self.set_dot(x, y, pen)

    def set_dots(self, dots: Iterable[tuple[int, int]], pen: int) -> None:
        """Set many dots."""
        for x, y in dots:
            self.set_dot(x, y, pen)

    def draw_line(self, x0: int, y0: int, x1: int, y1: int, pen: int) -> None:
        """Set the dots of a straight line."""
        self.set_dots(get_line_dots(x0, y0, x1, y1), pen)

    def get_row(self, y: int) -> str:
        """Row ``y`` as text, one character per cell; empty cells are spaces."""
        return get_braille_text(self.bits[y])


def get_braille_text(bits: bytes | bytearray) -> str:
    """Bytes of dots as braille characters; empty cells become spaces (some fonts draw U+2800)."""
    codes = bytearray(b"\x00\x28" * len(bits))
    codes[0::2] = bits
    return codes.decode("utf-16-le").replace("\u2800", " ")

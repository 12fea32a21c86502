"""Charts in cells: lines of braille dots with axes, histograms, and stacked bands such as projected blocks.

Idea: a chart is drawn once per change of data or size and then only handed out. Numbers on the axes are round (1, 2 or
5 times a power of ten). Every series has a colour and its name in the legend; a chart without data says so.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, Final

from rich.cells import cell_len

from app.widgets.bars import format_short
from app.widgets.braille import BrailleCanvas
from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.glyphs import HEADS, RISING
from app.widgets.models import Bar, Series
from app.widgets.text import clean, cut, fit, set_in

_LABEL_CELLS: Final = 6
_FEES: Final = 5


def get_ticks(low: float, high: float, most: int) -> list[float]:
    """Round numbers from ``low`` to ``high``, at most ``most`` of them."""
    span = high - low
    if span <= 0 or not math.isfinite(span) or most < 1:
        return [low]
    power = 10.0 ** math.floor(math.log10(span / most))
    step = next(factor * power for factor in (1, 2, 5, 10, 20) if span / (factor * power) <= most)
    first = math.ceil(low / step - 1e-9)
    return [round(number * step, 12) for number in range(first, math.floor(high / step + 1e-9) + 1)]


class LineChart(CanvasWidget):
    """Lines over x and y; ``is_area`` fills below the first; ``markers`` are drawn as points: what was measured."""

    PENS = (
        "text", "axis", *(f"series-{n}" for n in range(1, len(HEADS) + 1)), "muted", "title", "strong",
    )  # fmt: skip

    def __init__(
        self, series: Sequence[Series] = (), *, x_label: str = "", y_label: str = "", is_area: bool = False,
        y_range: tuple[float, float] | None = None, empty: str = "No data yet", **options: Any
    ) -> None:  # fmt: skip
        super().__init__(**options)
        self.series: tuple[Series, ...] = tuple(series)
        self.markers: tuple[Series, ...] = ()
        self.x_label, self.y_label, self.is_area, self.y_range, self.empty = x_label, y_label, is_area, y_range, empty

    def show(self, series: Sequence[Series], markers: Sequence[Series] = ()) -> None:
        """Show other lines and measured points (``markers`` take the colours of the series in the same place)."""
        self.series, self.markers = tuple(series), tuple(markers)
        self.redraw()

    def _get_ranges(self) -> tuple[float, float, float, float] | None:
        points = [
            point for line in (*self.series, *self.markers) for point in line.points if all(map(math.isfinite, point))
        ]
        if not points:
            return None
        xs, ys = [x for x, _ in points], [y for _, y in points]
        low, high = self.y_range or (min(0.0, *ys), max(ys))
        high = high if high > low else low + 1
        return min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1, low, high

    def draw(self, canvas: Canvas) -> None:
        """Legend line, plot with y axis, x axis."""
        ranges = self._get_ranges()
        if ranges is None or canvas.height < 4 or canvas.width < 16:
            why = self.empty if ranges is None else "No room for the chart"
            canvas.put(1, canvas.height // 2, cut(why, canvas.width - 2), self.PEN["muted"])
            return
        self._draw_legend(canvas)
        left, top, width, height = _LABEL_CELLS + 1, 1, canvas.width - _LABEL_CELLS - 2, canvas.height - 3
        low_x, high_x, low, high = ranges
        dots = BrailleCanvas(width, height)

        def place(x: float, y: float) -> tuple[int, int]:
            across = round((x - low_x) / (high_x - low_x) * (2 * width - 1))
            up = round((y - low) / (high - low) * (4 * height - 1))
            return across, 4 * height - 1 - max(-1, min(4 * height, up))

        for number, line in enumerate(self.series):
            self._draw_series(dots, [place(x, y) for x, y in line.points if math.isfinite(y)], number)
        for y in range(height):
            for x, (char, rank) in enumerate(zip(dots.get_row(y), dots.pens[y], strict=True)):
                if rank:
                    canvas.put(left + x, top + y, char, self._get_pen(len(self.series) - rank))
        for number, line in enumerate(self.markers):
            for x, y in (place(x, y) for x, y in line.points if math.isfinite(y)):
                canvas.put(left + x // 2, top + y // 4, HEADS[number % len(HEADS)], self._get_pen(number))
        self._draw_axes(canvas, left, top, width, height, ranges)

    def _get_pen(self, number: int) -> int:
        """Return the colour of a series; one without a name belongs to the one before and has the same."""
        while 0 < number < len(self.series) and not self.series[number].label:
            number -= 1
        return self.PEN[f"series-{number % len(HEADS) + 1}"]

    def _draw_series(self, dots: BrailleCanvas, places: list[tuple[int, int]], number: int) -> None:
        rank = len(self.series) - number  # where lines meet, the first one is seen
        for (x0, y0), (x1, y1) in pairwise(places):
            dots.draw_line(x0, y0, x1, y1, rank)
        if len(places) == 1:
            dots.set_dot(*places[0], rank)
        if self.is_area and number == 0:
            lowest = {}
            for (x0, y0), (x1, y1) in pairwise(places):
                for x in range(x0, x1 + 1):
                    lowest[x] = y0 if x1 == x0 else y0 + (y1 - y0) * (x - x0) // (x1 - x0)
            dots.set_dots(
                ((x, y) for x, top in lowest.items() for y in range(top, 4 * dots.height) if (x + y) % 2 == 0), rank
            )

    def _draw_legend(self, canvas: Canvas) -> None:
        label = clean(self.y_label, 30)
        canvas.put(0, 0, label, self.PEN["muted"])
        x = max(_LABEL_CELLS + 1, cell_len(label)) + 1
        names = {number: clean(line.label, 24) for number, line in enumerate(self.series) if line.label}
        heads = [f"{HEADS[number] if number < len(self.markers) else '━'}━ " for number in range(len(self.series))]
        if sum(cell_len(name) + 5 for name in names.values()) - 2 > canvas.width - x:
            x = cell_len(label) + 1 if label else 0
            heads = [head[0] + " " for head in heads]
            names = _share_room(names, canvas.width - x + 2 - 4 * len(names))
        for number, name in names.items():
            x = canvas.put(x, 0, heads[number], self._get_pen(number))
            x = canvas.put(x, 0, name, self.PEN["text"]) + 2

    def _draw_axes(
        self, canvas: Canvas, left: int, top: int, width: int, height: int, ranges: tuple[float, float, float, float]
    ) -> None:
        low_x, high_x, low, high = ranges
        axis, muted = self.PEN["axis"], self.PEN["muted"]
        for y in range(height):
            canvas.put(left - 1, top + y, "│", axis)
        canvas.put(left - 1, top + height, "└" + "─" * width, axis)
        for tick in get_ticks(low, high, max(2, height // 2)):
            y = top + height - 1 - round((tick - low) / (high - low) * (4 * height - 1)) // 4
            canvas.put(0, y, format_short(tick).rjust(_LABEL_CELLS - 1), muted)
            canvas.put(left - 1, y, "┤", axis)
        end = canvas.put(0, top + height + 1, clean(self.x_label, left + 4), muted) if self.x_label else 0
        for tick in get_ticks(low_x, high_x, max(2, width // 14)):
            x = left + round((tick - low_x) / (high_x - low_x) * (2 * width - 1)) // 2
            text = format_short(tick)
            start = min(x - len(text) // 2, canvas.width - len(text))
            if start > end:
                canvas.put(x, top + height, "┴", axis)
                end = canvas.put(start, top + height + 1, text, muted)


def _share_room(names: dict[int, str], room: int) -> dict[int, str]:
    """Return names cut so that together they have no more cells than there is room; the short ones stay whole."""
    widths = dict.fromkeys(names, 0)
    by_length = sorted(names, key=lambda number: cell_len(names[number]))
    for place, number in enumerate(by_length):
        widths[number] = min(cell_len(names[number]), max(0, room) // (len(names) - place))
        room -= widths[number]
    return {number: cut(name, widths[number]) for number, name in names.items() if widths[number]}


class Histogram(CanvasWidget):
    """Upright bars; each has one part or several bands from the bottom, coloured by ``pens``."""

    PENS = ("text", "axis", "muted", "strong", "fill", *(f"fee-{n}" for n in range(1, _FEES + 1)))

    def __init__(self, bars: Sequence[Bar] = (), *, unit: str = "", empty: str = "No data yet", **options: Any) -> None:
        super().__init__(**options)
        self.bars, self.unit, self.empty = tuple(bars), unit, empty

    def show(self, bars: Sequence[Bar]) -> None:
        """Show other bars."""
        self.bars = tuple(bars)
        self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Bars over their labels, with an axis on the left."""
        top = max((sum(bar.parts) for bar in self.bars), default=0)
        left, height = _LABEL_CELLS + 1, canvas.height - 2
        top *= height / max(1, height - any(bar.note for bar in self.bars))  # the tallest bar keeps its note
        if not self.bars or top <= 0 or height < 2 or canvas.width < left + 2 * len(self.bars):
            canvas.put(1, canvas.height // 2, cut(self.empty, canvas.width - 2), self.PEN["muted"])
            return
        slot = (canvas.width - left) // len(self.bars)
        wide = max(1, min(10, slot - 1))
        for y in range(height):
            canvas.put(left - 1, y, "│", self.PEN["axis"])
        for tick in get_ticks(0, top, max(2, height // 2)):
            y = height - 1 - min(height - 1, int(tick / top * height))
            canvas.put(0, y, format_short(tick).rjust(_LABEL_CELLS - 1), self.PEN["muted"])
            canvas.put(left - 1, y, "┤", self.PEN["axis"])
        canvas.put(left - 1, height, "└" + "─" * (canvas.width - left), self.PEN["axis"])
        canvas.put(0, height + 1, clean(self.unit, _LABEL_CELLS), self.PEN["muted"])
        for number, bar in enumerate(self.bars):
            x = left + number * slot
            self._draw_bar(canvas, bar, x, wide, height, top)
            canvas.put(
                x, height + 1, fit(clean(bar.label, slot - 1), wide, "center") if slot > 2 else "", self.PEN["muted"]
            )

    def _draw_bar(self, canvas: Canvas, bar: Bar, x: int, wide: int, height: int, top: float) -> None:
        """Bands from the bottom in whole cells; only the top of the bar is filled by eighths."""
        reached, row = 0.0, 0
        for place, part in enumerate(bar.parts):
            pen = self.PEN["fill"] if len(bar.parts) == 1 else self.PEN[f"fee-{min(place, _FEES - 1) + 1}"]
            reached += part
            eighths = round(reached / top * height * 8)
            is_top = place == len(bar.parts) - 1
            end = -(-eighths // 8) if is_top else round(eighths / 8)
            while row < end:
                canvas.put(x, height - 1 - row, RISING[min(8, eighths - 8 * row) if is_top else 8] * wide, pen)
                row += 1
        if bar.note and height - 2 - int(reached / top * height) >= 0:
            canvas.put(
                x,
                height - 2 - int(reached / top * height),
                fit(clean(bar.note, wide), wide, "center"),
                self.PEN["strong"],
            )


class StackedBands(CanvasWidget):
    """Projected blocks: boxes side by side, each filled from below with fee bands (parts add up to at most 1)."""

    PENS = ("text", "muted", "strong", "border", "unfilled", *(f"fee-{n}" for n in range(1, _FEES + 1)), "cursor")
    _BOX: Final = 16

    def __init__(
        self,
        bars: Sequence[Bar] = (),
        *,
        bands: Sequence[str] = (),
        empty: str = "The mempool is empty",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.bars, self.bands, self.empty = tuple(bars), tuple(bands), empty

    def show(self, bars: Sequence[Bar]) -> None:
        """Show other blocks, the next one first."""
        self.bars = tuple(bars)
        self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Boxes, then the legend of bands in the last row."""
        if not self.bars or canvas.height < 5:
            canvas.put(1, canvas.height // 2, cut(self.empty, canvas.width - 2), self.PEN["muted"])
            return
        rows = canvas.height - 3
        shown = max(1, (canvas.width + 1) // (self._BOX + 1))
        for number, bar in enumerate(self.bars[:shown]):
            x = number * (self._BOX + 1)
            self._draw_box(canvas, bar, x, rows, is_next=number == 0)
        hidden = len(self.bars) - shown
        x = 0
        for number, band in enumerate(self.bands[:_FEES]):
            if x + len(band) + 3 > canvas.width - (10 if hidden > 0 else 0):
                break
            x = canvas.put(x, canvas.height - 1, "█ ", self.PEN[f"fee-{number + 1}"])
            x = canvas.put(x, canvas.height - 1, clean(band, 16), self.PEN["muted"]) + 2
        if hidden > 0:
            canvas.put(canvas.width - 8, canvas.height - 1, f"+{hidden} more", self.PEN["muted"])

    def _draw_box(self, canvas: Canvas, bar: Bar, x: int, rows: int, *, is_next: bool) -> None:
        edge, inner = self.PEN["strong" if is_next else "border"], self._BOX - 2
        top, side, bottom = ("┏━┓", "┃", "┗━┛") if is_next else ("┌─┐", "│", "└─┘")
        title = clean(bar.label, inner - 2)
        canvas.put(x, 0, top[0] + set_in(title, inner, top[1]) + top[2], edge)
        levels = [sum(bar.parts[:place]) for place in range(len(bar.parts) + 1)]
        for row in range(rows - 1):
            y = rows - 1 - row
            canvas.put(x, y, side + " " * inner + side, edge)
            middle = (row + 0.5) / (rows - 1)
            band = next((place for place in range(len(bar.parts)) if levels[place] <= middle < levels[place + 1]), None)
            canvas.put(
                x + 1,
                y,
                ("░" if band is None else "█") * inner,
                self.PEN["unfilled" if band is None else f"fee-{min(band, _FEES - 1) + 1}"],
            )
        canvas.put(x, rows, bottom[0] + bottom[1] * inner + bottom[2], edge)
        canvas.put(x, rows + 1, fit(clean(bar.note, self._BOX), self._BOX, "center"), self.PEN["text"])

"""A table of any length that only ever builds the rows one can see.

Idea: the table knows the number of rows and asks ``get_row(index)`` for what is visible; a hundred thousand rows cost
as much as thirty. The header stays in place. Rows come back by index in messages.
Keys: up, down, page up and down, home, end move the cursor; enter opens.
"""

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import Any, ClassVar

from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.widgets.canvas import Canvas
from app.widgets.keys import bind
from app.widgets.models import Cell, Column
from app.widgets.pens import PenMixin
from app.widgets.text import clean, cut, fit

Row = Sequence[Cell | str]
HEADER_ROWS = 1
_GAP = 2


class VirtualTable(PenMixin, ScrollView, can_focus=True):
    """``VirtualTable(columns, count, get_row, empty="No transactions wait")``."""

    PENS = (
        "text", "muted", "strong", "good", "warning", "bad", "pending", "final",
        "stale", "attack", "accent", "key", "title", "hover", "cursor-dim", "cursor",
    )  # fmt: skip
    DEFAULT_CSS = """
    VirtualTable {
        overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1; scrollbar-color: $line; scrollbar-background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1)", "table.up", "Choose the row above"),
        bind("down", "move(1)", "table.down", "Choose the row below"),
        bind("pageup", "page(-1)", "table.pageup", "Go one page up"),
        bind("pagedown", "page(1)", "table.pagedown", "Go one page down"),
        bind("home", "go(0)", "table.first", "Choose the first row"),
        bind("end", "go(-1)", "table.last", "Choose the last row"),
        bind("enter", "open", "table.open", "Open the chosen row", show=True),
    ]

    class RowChosen(Message):
        """The cursor moved to another row."""

        def __init__(self, table: "VirtualTable", row: int) -> None:
            self.table, self.row = table, row
            super().__init__()

        @property
        def control(self) -> "VirtualTable":
            """The table, for ``@on(..., selector)``."""
            return self.table

    class RowOpened(RowChosen):
        """A row should be opened: enter, or a click on the chosen row."""

    def __init__(
        self,
        columns: Sequence[Column],
        count: int = 0,
        get_row: Callable[[int], Row] = lambda _: (),
        *,
        empty: str = "Nothing here yet",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.columns, self.count, self.get_row, self.empty = tuple(columns), count, get_row, empty
        self.cursor = 0
        self.hovered: int | None = None

    def show(self, count: int, get_row: Callable[[int], Row] | None = None) -> None:
        """Show other rows (all visible ones are painted again)."""
        self.count, self.get_row = count, get_row or self.get_row
        self.cursor = max(0, min(self.cursor, count - 1))
        self.virtual_size = Size(1, count + HEADER_ROWS)  # rows are as wide as the table: only their number counts
        self.refresh()

    def refresh_row(self, index: int) -> None:
        """Paint one row again, if it is visible."""
        y = index - self.scroll_offset.y + HEADER_ROWS
        if HEADER_ROWS <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def on_mount(self) -> None:
        """There is something to scroll now."""
        self.show(self.count)

    # Painting

    def get_widths(self, width: int) -> list[int]:
        """Cells of each column; columns that do not fit any more are 0, what is left goes to the flexible ones."""
        widths, left = [], width - 2
        for column in self.columns:
            taken = min(column.width, left) if left >= min(column.width, 4) else 0
            widths.append(taken)
            left -= taken + _GAP
        flexible = [place for place, column in enumerate(self.columns) if column.is_flexible and widths[place]]
        for number, place in enumerate(flexible):
            if left + _GAP > 0:
                share, rest = divmod(left + _GAP, len(flexible))
                widths[place] += share + (1 if number < rest else 0)
        return widths

    def render_line(self, y: int) -> Strip:
        """Textual's Line API: the header, then rows from the scroll position."""
        styles, width = self.get_pens(), self.size.width
        canvas = Canvas(width, 1)
        index = y - HEADER_ROWS + self.scroll_offset.y
        if y < HEADER_ROWS:
            self._draw_row(canvas, [Cell(column.title, "muted") for column in self.columns], self.PEN["title"])
        elif self.count == 0:
            lines = wrap(clean(self.empty, 1000), max(8, width - 4))
            if 0 <= (line := y - HEADER_ROWS - 1) < len(lines):
                canvas.put(2, 0, cut(lines[line], width - 3), self.PEN["muted"])
        elif index < self.count:
            pen = None
            if index == self.cursor:
                pen = self.PEN["cursor" if self.has_focus else "cursor-dim"]
            elif index == self.hovered:
                pen = self.PEN["hover"]
            self._draw_row(canvas, self.get_row(index), pen)
        return canvas.get_strip(0, styles, ascii_only=self.is_ascii)

    def _draw_row(self, canvas: Canvas, row: Row, pen: int | None) -> None:
        if pen is not None:
            canvas.paint(0, 0, canvas.width, pen)
        x = 1
        for column, width, cell in zip(self.columns, self.get_widths(canvas.width), row, strict=False):
            if width:
                text, tone = (cell.text, cell.tone) if isinstance(cell, Cell) else (cell, "text")
                canvas.put(x, 0, fit(clean(text, width), width, column.justify), self.PEN[tone] if pen is None else pen)
                x += width + _GAP

    # Choosing

    def choose(self, row: int) -> None:
        """Move the cursor, bring it into view, and say so."""
        row = max(0, min(row, self.count - 1))
        if self.count == 0 or row == self.cursor:
            return
        old, self.cursor = self.cursor, row
        self.refresh_row(old)
        self.refresh_row(row)
        top, page = self.scroll_offset.y, self._get_page()
        if not top <= row < top + page:
            self.scroll_to(y=row if row < top else row - page + 1, animate=False, force=True, immediate=True)
        self.post_message(self.RowChosen(self, row))

    def _get_page(self) -> int:
        return max(1, self.size.height - HEADER_ROWS)

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.choose(self.cursor + step)

    def action_page(self, step: int) -> None:
        """One page up or down."""
        self.choose(self.cursor + step * self._get_page())

    def action_go(self, row: int) -> None:
        """To a row; -1 is the last. Already there, the key is somebody else's (go to the start, go to now)."""
        target = row if row >= 0 else self.count - 1
        if not self.count or target == self.cursor:
            raise SkipAction
        self.choose(target)

    def action_open(self) -> None:
        """Open the chosen row."""
        if self.count:
            self.post_message(self.RowOpened(self, self.cursor))

    def _get_row_under(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < HEADER_ROWS:
            return None
        index = offset.y - HEADER_ROWS + self.scroll_offset.y
        return index if index < self.count else None

    def on_click(self, event: events.Click) -> None:
        """Choose a row; open the one that is chosen already."""
        row = self._get_row_under(event)
        if row is not None and row == self.cursor:
            self.action_open()
        elif row is not None:
            self.choose(row)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Show what a click would choose."""
        self._hover(self._get_row_under(event))

    def on_leave(self) -> None:
        """No row is under the mouse any more."""
        self._hover(None)

    def _hover(self, row: int | None) -> None:
        old, self.hovered = self.hovered, row
        for index in {old, row} - {None} if old != row else ():
            self.refresh_row(index)  # type: ignore[arg-type]

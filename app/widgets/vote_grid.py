"""A grid of short cells with a cursor: votes by validator and round, attestations by slot, blocks by signer.

Every cell can be chosen, so that each vote can be asked why; the cursor stays on its place while the picture changes.
Keys: arrows choose, enter opens what the cell stands for. Rows and columns that do not fit scroll with the cursor.
"""

from typing import Any, ClassVar, Final

from rich.cells import cell_len
from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.keys import bind
from app.widgets.models import Grid, GridCell
from app.widgets.text import clean, cut, fit

MOST_LABEL_CELLS: Final = 16


class VoteGrid(CanvasWidget, can_focus=True):
    """``show`` gives it another grid."""

    PENS = (
        "text", "muted", "strong", "good", "warning", "bad", "pending", "final", "stale", "attack", "accent", "key",
        "title", "border", "hover", "cursor-dim", "cursor",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1, 0)", "grid.up", "Choose the cell above"),
        bind("down", "move(1, 0)", "grid.down", "Choose the cell below"),
        bind("left", "move(0, -1)", "grid.left", "Choose the cell to the left"),
        bind("right", "move(0, 1)", "grid.right", "Choose the cell to the right"),
        bind("enter", "open", "grid.open", "Open what the cell stands for", show=True),
    ]

    class CellOpened(Message):
        """What a cell stands for should be opened."""

        def __init__(self, row: int, column: int) -> None:
            self.row, self.column = row, column
            super().__init__()

    def __init__(self, grid: Grid | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.grid = grid or Grid()
        self.row = self.column = 0
        self._top = self._left = 0

    def show(self, grid: Grid) -> None:
        """Show another grid; the cursor stays where it is, as far as there is such a place."""
        if grid != self.grid:
            if grid.is_newest_last and (not self.grid.rows or not self.grid.is_newest_last):
                self.column = max((len(row.cells) for row in grid.rows), default=1) - 1
            self.grid = grid
            self._choose(self.row, self.column)
            self.redraw()

    def get_chosen(self) -> GridCell | None:
        """Return the cell under the cursor."""
        rows = self.grid.rows
        cells = rows[self.row].cells if self.row < len(rows) else ()
        return cells[self.column] if self.column < len(cells) else None

    # Painting

    def draw(self, canvas: Canvas) -> None:
        """Headings, the rows that fit, and what the glyphs mean."""
        grid, pen = self.grid, self.PEN
        if not grid.rows:
            canvas.put(1, 0, clean(grid.empty, canvas.width - 2), pen["muted"])
            return
        label = min(MOST_LABEL_CELLS, max(cell_len(row.label) for row in grid.rows))
        widths = self._compute_widths()
        first_y = 1 if any(grid.columns) else 0
        legend = self._wrap_legend(canvas.width - 2, canvas.height - first_y - 1)
        height = max(1, canvas.height - first_y - len(legend))
        self._top = max(0, min(self._top, self.row, len(grid.rows) - height), self.row - height + 1)
        self._scroll_columns(widths, canvas.width - label - 3)
        if first_y:
            self._draw_cells(canvas, 0, label + 3, widths, [GridCell(text, "muted") for text in grid.columns], None)
        for y, place in enumerate(range(self._top, min(self._top + height, len(grid.rows))), start=first_y):
            row = grid.rows[place]
            canvas.put(1, y, fit(clean(row.label, label), label), pen["strong" if row.is_current else "muted"])
            self._draw_cells(canvas, y, label + 3, widths, list(row.cells), place)
        if self._top:
            canvas.put(0, first_y, "↑", pen["muted"])
        if self._top + height < len(grid.rows):
            canvas.put(0, first_y + height - 1, "↓", pen["muted"])
        for number, line in enumerate(legend):
            canvas.put(1, canvas.height - len(legend) + number, line, pen["muted"])

    def _compute_widths(self) -> list[int]:
        rows = [self.grid.columns, *([cell.text for cell in row.cells] for row in self.grid.rows)]
        count = max(len(row) for row in rows)
        return [
            max(max((cell_len(row[place]) for row in rows if place < len(row)), default=1), 1) for place in range(count)
        ]

    def _wrap_legend(self, width: int, room: int) -> list[str]:
        """Return the legend in one or two lines, as far as rows are left for the grid."""
        if not self.grid.legend or room < 3:
            return []
        lines = [""]
        for part in self.grid.legend.split("  "):
            longer = f"{lines[-1]}  {part}" if lines[-1] else part
            if cell_len(longer) > width and lines[-1]:
                lines.append(part)
            else:
                lines[-1] = longer
        return [cut(line, width) for line in lines[: 2 if room > 6 else 1]]

    def _scroll_columns(self, widths: list[int], room: int) -> None:
        self._left = min(self._left, self.column)
        while self._left < self.column and sum(width + 1 for width in widths[self._left : self.column + 1]) > room:
            self._left += 1

    def _draw_cells(
        self, canvas: Canvas, y: int, x: int, widths: list[int], cells: list[GridCell], row: int | None
    ) -> None:
        if self._left:
            canvas.put(x - 2, y, "‥" if row is None else " ", self.PEN["muted"])
        for place, cell in list(enumerate(cells))[self._left :]:
            if x + widths[place] > canvas.width:
                canvas.put(canvas.width - 1, y, "→", self.PEN["muted"])
                return
            is_chosen = row is not None and (row, place) == (self.row, self.column)
            pen = self.PEN[("cursor" if self.has_focus else "cursor-dim") if is_chosen else cell.tone]
            thing = None if row is None else (row, place)
            canvas.put(x, y, fit(clean(cell.text, widths[place]), widths[place]), pen, thing)
            x += widths[place] + 1

    # Choosing

    def _choose(self, row: int, column: int) -> None:
        rows = self.grid.rows
        self.row = max(0, min(row, len(rows) - 1))
        cells = rows[self.row].cells if rows else ()
        self.column = max(0, min(column, len(cells) - 1))

    def action_move(self, down: int, right: int) -> None:
        """Choose a neighbour; at the edge the key is somebody else's."""
        before = (self.row, self.column)
        self._choose(self.row + down, self.column + right)
        if (self.row, self.column) == before:
            raise SkipAction
        self.redraw()

    def action_open(self) -> None:
        """Open what the chosen cell stands for."""
        if self.get_chosen() is not None:
            self.post_message(self.CellOpened(self.row, self.column))

    def on_click(self, event: events.Click) -> None:
        """Choose a cell; open the one that is chosen already."""
        place = self.get_thing_at(event)
        if place is None:
            return
        if place == (self.row, self.column):
            self.action_open()
        self._choose(*place)
        self.redraw()

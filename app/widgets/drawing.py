"""A picture made of text, such as the way of a batch of goods: lines of words and box lines, each piece with a tone.

What a picture shows is built elsewhere (``app/present/stories``); here it is only put on cells. Keys: up, down and the
page keys scroll what does not fit; the mouse wheel does too.
"""

from typing import Any, ClassVar, Final, get_args

from textual import events
from textual.binding import BindingType

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.keys import bind
from app.widgets.models import Line, Tone
from app.widgets.text import clean

MOST_CELLS: Final = 200


class Drawing(CanvasWidget, can_focus=True):
    """``show(lines)``."""

    PENS: ClassVar[tuple[str, ...]] = get_args(Tone)
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "scroll_lines(-1)", "drawing.up", "Look further up"),
        bind("down", "scroll_lines(1)", "drawing.down", "Look further down"),
        bind("pageup", "scroll_lines(-8)", "drawing.page-up", "Look much further up"),
        bind("pagedown", "scroll_lines(8)", "drawing.page-down", "Look much further down"),
    ]

    def __init__(self, lines: tuple[Line, ...] = (), **options: Any) -> None:
        super().__init__(**options)
        self.lines = lines
        self._top = 0

    def show(self, lines: tuple[Line, ...]) -> None:
        """Show another picture, from where one looks at the present one."""
        if lines != self.lines:
            self.lines = lines
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """The lines from the first visible one."""
        self._top = max(0, min(self._top, len(self.lines) - canvas.height))
        for y, line in enumerate(self.lines[self._top : self._top + canvas.height]):
            x = 1
            for text, tone in line:
                x = canvas.put(x, y, clean(text, MOST_CELLS), self.PEN[tone])
        if self._top:
            canvas.put(canvas.width - 1, 0, "↑", self.PEN["accent"])
        if self._top + canvas.height < len(self.lines):
            canvas.put(canvas.width - 1, canvas.height - 1, "↓", self.PEN["accent"])

    def action_scroll_lines(self, step: int) -> None:
        """Move the window on the picture."""
        top = max(0, min(self._top + step, len(self.lines) - self.size.height))
        if top != self._top:
            self._top = top
            self.redraw()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """Scroll by three lines."""
        self.action_scroll_lines(3)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """Scroll by three lines."""
        self.action_scroll_lines(-3)

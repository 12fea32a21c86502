"""The last line: the most useful keys of this screen, as many as fit; a click does what the key does."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget


class Hint(NamedTuple):
    """A key and what it does."""

    id: str
    key: str
    title: str


class KeyHints(CanvasWidget):
    """``space pause  , . step  ? why``."""

    PENS = ("text", "muted", "key")
    DEFAULT_CSS = "KeyHints { height: 1; }"

    class HintChosen(Message):
        """A hint was clicked."""

        def __init__(self, command_id: str) -> None:
            self.command_id = command_id
            super().__init__()

    def __init__(self, hints: Sequence[Hint] = (), **options: Any) -> None:
        super().__init__(**options)
        self.hints = tuple(hints)

    def show(self, hints: Sequence[Hint]) -> None:
        """Show other hints."""
        if tuple(hints) != self.hints:
            self.hints = tuple(hints)
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """From the left until the line is full."""
        x = 1
        for hint in self.hints:
            if x + cell_len(hint.key) + cell_len(hint.title) + 1 > canvas.width:
                return
            x = canvas.put(x, 0, hint.key, self.PEN["key"], hint.id)
            x = canvas.put(x + 1, 0, hint.title, self.PEN["muted"], hint.id) + 2

    def on_click(self, event: events.Click) -> None:
        """Do what the key does."""
        command_id = self.get_thing_at(event)
        if command_id is not None:
            self.post_message(self.HintChosen(command_id))

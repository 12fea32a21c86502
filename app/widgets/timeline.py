"""A life told from top to bottom: one line an event, joined by a thread; what is to come stands last and dim.

Keys: up and down choose an event, enter opens what it names. Events that do not fit scroll with the cursor.
"""

from typing import Any, ClassVar, Final, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.keys import bind
from app.widgets.models import Tone
from app.widgets.text import clean

TIME_CELLS: Final = 12


class Event(NamedTuple):
    """One event."""

    mark: str
    """A glyph of one cell."""
    time: str
    """When; empty for what is still to come."""
    text: str
    tone: Tone = "text"
    note: str = ""
    """Shown at the right, or under the text where it is too long for that."""


class Timeline(CanvasWidget, can_focus=True):
    """Shows a tuple of events."""

    PENS = (
        "text", "muted", "strong", "good", "warning", "bad", "pending", "final", "stale", "attack", "accent", "key",
        "border", "cursor-dim", "cursor",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1)", "timeline.up", "Choose the event before"),
        bind("down", "move(1)", "timeline.down", "Choose the event after"),
        bind("enter", "open", "timeline.open", "Open what the event names"),
    ]

    class EventOpened(Message):
        """What an event names should be opened."""

        def __init__(self, place: int) -> None:
            self.place = place
            super().__init__()

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.events: tuple[Event, ...] = ()
        self.cursor = 0

    def show(self, shown: tuple[Event, ...]) -> None:
        """Show other events."""
        if shown != self.events:
            self.events = shown
            self.cursor = max(0, min(self.cursor, len(shown) - 1))
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """The events from the first visible one; two rows each where there is room."""
        step = 2 if 2 * len(self.events) - 1 <= canvas.height else 1
        rows = max(1, -(-canvas.height // step))
        first = max(0, min(self.cursor - rows // 2, len(self.events) - rows))
        for row, place in enumerate(range(first, min(first + rows, len(self.events)))):
            self._draw_event(canvas, row * step, place)
            if step == 2 and place + 1 < len(self.events):
                thread = "│" if self.events[place + 1].time else "┆"
                canvas.put(2, row * step + 1, thread, self.PEN["border"])

    def _draw_event(self, canvas: Canvas, y: int, place: int) -> None:
        event = self.events[place]
        canvas.paint(0, y, canvas.width, 0, place)
        canvas.put(2, y, event.mark, self.PEN[event.tone])
        canvas.put(4, y, event.time, self.PEN["muted"])
        x = 4 + TIME_CELLS + 2
        text, note = clean(event.text, max(1, canvas.width - x - 1)), clean(event.note, 60)
        end = canvas.put(x, y, text, self.PEN[event.tone])
        if note and end + cell_len(note) + 3 <= canvas.width:
            canvas.put(canvas.width - 1 - cell_len(note), y, note, self.PEN["muted"])
        if place == self.cursor and self.has_focus:
            canvas.paint(0, y, canvas.width, self.PEN["cursor"])

    def action_move(self, step: int) -> None:
        """Up or down."""
        self.cursor = max(0, min(self.cursor + step, len(self.events) - 1))
        self.redraw()

    def action_open(self) -> None:
        """Open what the chosen event names."""
        if self.events:
            self.post_message(self.EventOpened(self.cursor))

    def on_click(self, event: events.Click) -> None:
        """Choose an event; open the one that is chosen already."""
        place = self.get_thing_at(event)
        if place is not None and place == self.cursor and self.has_focus:
            self.action_open()
        elif place is not None:
            self.cursor = place
            self.redraw()

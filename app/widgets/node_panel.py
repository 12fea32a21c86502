"""A node in a narrow column: its facts, then what it saw, newest first.

Keys: up and down choose what it saw, enter opens it. The chosen line stays chosen while newer ones push it down.
"""

from typing import Any, ClassVar, Final, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.keys import bind
from app.widgets.models import Field, Tone
from app.widgets.text import clean, cut

LABEL_CELLS: Final = 10


class SightLine(NamedTuple):
    """One thing the node saw."""

    key: str
    """Identifier, unique in the panel."""
    clock: str
    """When, such as ``37.0``."""
    text: str
    note: str = ""
    """Shown at the right, such as ``+312 ms``."""
    tone: Tone = "text"
    has_why: bool = False


class NodePanel(CanvasWidget, can_focus=True):
    """``show`` gives it facts and lines."""

    PENS = (
        "text", "muted", "strong", "good", "warning", "bad", "pending", "final", "stale", "attack", "accent", "key",
        "title", "border", "hover", "cursor-dim", "cursor",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1)", "panel.up", "Choose the line above"),
        bind("down", "move(1)", "panel.down", "Choose the line below"),
        bind("enter", "open", "panel.open", "Open what the node saw"),
    ]

    class SightOpened(Message):
        """Something the node saw should be opened."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    def __init__(self, heading: str = "What it saw", **options: Any) -> None:
        super().__init__(**options)
        self.heading = heading
        self.fields: tuple[Field, ...] = ()
        self.sights: tuple[SightLine, ...] = ()
        self.chosen: str | None = None
        self._keys_at: dict[int, str] = {}  # the line in each row

    def show(self, fields: tuple[Field, ...], sights: tuple[SightLine, ...]) -> None:
        """Show other facts and lines."""
        if (fields, sights) != (self.fields, self.sights):
            self.fields, self.sights = fields, sights
            if all(sight.key != self.chosen for sight in sights):
                self.chosen = None
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Facts above, lines below."""
        self._keys_at.clear()
        y = 0
        for field in self.fields:
            self._draw_field(canvas, y, field)
            y += 1
        if self.fields:
            canvas.put(0, y, "─" * canvas.width, self.PEN["border"])
            canvas.put(1, y, f" {self.heading} ", self.PEN["title"])
            y += 1
        if not self.sights:
            canvas.put(1, y, "nothing yet", self.PEN["muted"])
        room, place = canvas.height - y, self._get_place()
        first = max(0, min(place - room + 1, len(self.sights) - room)) if room > 0 else 0
        for number, sight in enumerate(self.sights[first : first + max(0, room)]):
            self._draw_sight(canvas, y + number, sight)

    def _draw_field(self, canvas: Canvas, y: int, field: Field) -> None:
        canvas.put(1, y, cut(field.label, LABEL_CELLS - 1), self.PEN["muted"])
        room = canvas.width - LABEL_CELLS - 2
        value = clean(field.value, room)
        end = canvas.put(LABEL_CELLS + 1, y, value, self.PEN[field.tone])
        note = clean(field.note, 24)
        if note and end + cell_len(note) + 2 < canvas.width:
            canvas.put(canvas.width - cell_len(note) - 1, y, note, self.PEN["muted"])

    def _draw_sight(self, canvas: Canvas, y: int, sight: SightLine) -> None:
        note = "? " if sight.has_why else clean(sight.note, 12)
        note_x = canvas.width - cell_len(note) - 1
        x = canvas.put(1, y, sight.clock, self.PEN["muted"]) + 1
        canvas.put(x, y, clean(sight.text, max(1, note_x - x - 1)), self.PEN[sight.tone])
        canvas.put(note_x, y, note, self.PEN["key" if sight.has_why else "muted"])
        self._keys_at[y] = sight.key
        if self.has_focus and sight.key == (self.chosen or self.sights[0].key):
            canvas.paint(0, y, canvas.width, self.PEN["cursor"])

    # Choosing

    def _get_place(self) -> int:
        return next((place for place, sight in enumerate(self.sights) if sight.key == self.chosen), 0)

    def get_chosen(self) -> str | None:
        """Return the key of the chosen line."""
        return self.sights[self._get_place()].key if self.sights else None

    def action_move(self, step: int) -> None:
        """Choose another line."""
        if self.sights:
            self.chosen = self.sights[max(0, min(len(self.sights) - 1, self._get_place() + step))].key
            self.redraw()

    def action_open(self) -> None:
        """Open the chosen line."""
        key = self.get_chosen()
        if key is not None:
            self.post_message(self.SightOpened(key))

    def on_click(self, event: events.Click) -> None:
        """Choose a line; open the one that is chosen already."""
        offset = event.get_content_offset(self)
        key = self._keys_at.get(offset.y) if offset is not None else None
        if key is None:
            return
        if key == self.chosen:
            self.action_open()
        self.chosen = key
        self.redraw()

"""A thing, field by field: name on the left, value on the right, every row can be chosen.

Keys: up and down choose, enter opens what the value names, ? asks why, y copies. The zeros a proof of work had to find
are highlighted at the start of a hash.
"""

from typing import Any, ClassVar, Final

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.keys import bind
from app.widgets.models import Field
from app.widgets.text import clean, cut, fit

_MOST_LABEL_CELLS: Final = 14


class FieldList(CanvasWidget, can_focus=True):
    """Rows of ``Field``; scrolls by itself so that the chosen row is visible."""

    PENS = (
        "text", "muted", "strong", "good", "warning", "bad", "pending", "final",
        "stale", "attack", "accent", "key", "zeros", "cursor-dim", "cursor",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "move(-1)", "fields.up", "Choose the field above"),
        bind("down", "move(1)", "fields.down", "Choose the field below"),
        bind("enter", "open", "fields.open", "Open what the value names"),
        bind("question_mark", "why", "fields.why", "Explain why the value is as it is", show=True),
        bind("y", "copy", "fields.copy", "Copy the value", show=True),
    ]

    class FieldMessage(Message):
        """Something about one field."""

        def __init__(self, key: str) -> None:
            self.key = key
            super().__init__()

    class FieldChosen(FieldMessage):
        """Another field was chosen."""

    class FieldOpened(FieldMessage):
        """What the value names should be opened."""

    class WhyAsked(FieldMessage):
        """Why is it so?"""

    class CopyAsked(FieldMessage):
        """The value should be copied."""

    def __init__(self, fields: tuple[Field, ...] = (), *, empty: str = "Nothing chosen", **options: Any) -> None:
        super().__init__(**options)
        self.fields, self.empty = fields, empty
        self.cursor = self._top = 0

    def show(self, fields: tuple[Field, ...]) -> None:
        """Show other fields; the cursor stays on the same key if there is one."""
        if fields != self.fields:
            key = self.fields[self.cursor].key if self.cursor < len(self.fields) else ""
            self.fields = fields
            self.cursor = next((place for place, field in enumerate(fields) if field.key == key), 0)
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """The rows from the first visible one."""
        if not self.fields:
            canvas.put(1, 0, clean(self.empty, canvas.width - 2), self.PEN["muted"])
            return
        self._top = max(
            0, min(self._top, self.cursor, len(self.fields) - canvas.height), self.cursor - canvas.height + 1
        )
        label = min(_MOST_LABEL_CELLS, max(cell_len(clean(field.label, _MOST_LABEL_CELLS)) for field in self.fields))
        for y, field in enumerate(self.fields[self._top : self._top + canvas.height]):
            self._draw_field(canvas, y, field, label, is_chosen=self._top + y == self.cursor)
        if self._top + canvas.height < len(self.fields):
            canvas.put(canvas.width - 1, canvas.height - 1, "↓", self.PEN["muted"])
        if self._top:
            canvas.put(canvas.width - 1, 0, "↑", self.PEN["muted"])

    def _draw_field(self, canvas: Canvas, y: int, field: Field, label: int, *, is_chosen: bool) -> None:
        canvas.paint(0, y, canvas.width, 0, self._top + y)
        x = canvas.put(1, y, fit(clean(field.label, label), label), self.PEN["muted"], self._top + y) + 2
        room = canvas.width - x - 1
        note = clean(field.note, 24)
        tail = (" ?" if field.has_why else "") if not note else f"  {note}" + (" ?" if field.has_why else "")
        value = (
            clean(field.value, max(1, room - cell_len(tail)))
            if room > cell_len(tail) + 8
            else cut(clean(field.value), max(1, room))
        )
        zeros = min(field.zeros, len(value))
        x = canvas.put(x, y, value[:zeros], self.PEN["zeros"], self._top + y)
        x = canvas.put(x, y, value[zeros:], self.PEN[field.tone], self._top + y)
        if canvas.width - x - 1 >= cell_len(tail):
            canvas.put(canvas.width - 1 - cell_len(tail), y, tail, self.PEN["muted"], self._top + y)
        if is_chosen:
            canvas.paint(0, y, canvas.width, self.PEN["cursor" if self.has_focus else "cursor-dim"])

    def _choose(self, place: int) -> None:
        place = max(0, min(place, len(self.fields) - 1))
        if self.fields and place != self.cursor:
            self.cursor = place
            self.redraw()
            self.post_message(self.FieldChosen(self.fields[place].key))

    def _post(self, kind: type[FieldMessage]) -> None:
        if self.fields:
            self.post_message(kind(self.fields[self.cursor].key))

    def action_move(self, step: int) -> None:
        """Up or down."""
        self._choose(self.cursor + step)

    def action_open(self) -> None:
        """Open what the value names."""
        self._post(self.FieldOpened)

    def action_why(self) -> None:
        """Ask why."""
        self._post(self.WhyAsked)

    def action_copy(self) -> None:
        """Ask to copy; the screen decides, and says what it copied."""
        self._post(self.CopyAsked)

    def on_click(self, event: events.Click) -> None:
        """Choose a field; open the one that is chosen already."""
        place = self.get_thing_at(event)
        if place is not None and place == self.cursor:
            self.action_open()
        elif place is not None:
            self._choose(place)

"""The two top lines: what is running, and the screens."""

from collections.abc import Sequence
from typing import Any, Final

from rich.cells import cell_len
from textual import events
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.glyphs import FINAL, HEADS, WAITING
from app.widgets.models import HeaderView
from app.widgets.text import clean

_NARROW: Final = 100
"""Below this width heights are written short …"""
_NARROWEST: Final = 72
"""… and below this one the state is a glyph."""
_STATES: Final = {
    "playing": (HEADS[0], "recording", "bad"),
    "paused": (WAITING, "paused", "pending"),
    "past": ("◂", "past", "accent"),
}
_REPLAYING: Final = ("▸", "replaying", "good")


class HeaderBar(CanvasWidget):
    """``chainroom  Proof of Work · public · 24 nodes   height 812 · final 806   day 0  02:14:37.250   ● recording``."""

    PENS = ("text", "muted", "strong", "brand", "title", "final", "good", "bad", "pending", "accent")
    DEFAULT_CSS = "HeaderBar { height: 1; }"

    def __init__(self, view: HeaderView | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.view = view or HeaderView()

    def show(self, view: HeaderView) -> None:
        """Show other facts."""
        if view != self.view:
            self.view = view
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """From the right: state, time, heights; what is left goes to the facts, the most important first."""
        view, pen = self.view, self.PEN
        glyph, word, tone = _REPLAYING if view.is_replay and view.state == "playing" else _STATES[view.state]
        end = canvas.width - 1
        parts = [
            (f"{glyph} {word}" if canvas.width >= _NARROWEST else glyph, pen[tone]),
            (clean(view.moment, 24), pen["strong"]),
        ]
        x = canvas.put(0, 0, f" {clean(view.name, 16)} ", pen["brand"]) + 1
        room = end - x - sum(cell_len(text) + 3 for text, _ in parts)
        heights, first = self._choose_words(room, is_narrow=canvas.width < _NARROW)
        parts.append((heights, pen["final"]))
        for text, colour in parts:
            if text and end - cell_len(text) - 2 > x:
                canvas.put(end - cell_len(text), 0, text, colour)
                end -= cell_len(text) + 3
        for number, fact in enumerate((first, *view.facts[1:])):
            text = (" · " if number else "") + clean(fact, 30)
            if x + cell_len(text) > end:
                break
            x = canvas.put(x, 0, text, pen["text" if number == 0 else "muted"])

    def _choose_words(self, room: int, *, is_narrow: bool) -> tuple[str, str]:
        """Return heights and first fact, in the longest words that leave room for both."""
        view = self.view
        final, first = clean(view.final, 20), clean(view.facts[0], 30) if view.facts else ""
        long = f"height {view.height}" + (f" · final {final}" if final else "")
        middle = f"#{view.height}" + (f" {FINAL}{final}" if final else "")
        short = f"#{view.height}" + (f" {FINAL}{final.partition(' ')[0]}" if final else "")
        brief = clean(view.short, 12) or first
        choices = [(middle, first), (middle, brief), (short, first), (short, brief), (short, "")]
        if not is_narrow:
            choices = [(long, first), (long, brief), *choices]
        return next((it for it in choices if cell_len(it[0]) + cell_len(it[1]) + 3 <= room), choices[-1])


class TabBar(CanvasWidget):
    """`` 1 Network  2 Chain  3 Wallet …``: click or number key; names shorten when there is little room."""

    PENS = ("text", "muted", "key", "tab", "hover")
    DEFAULT_CSS = "TabBar { height: 1; }"

    class TabChosen(Message):
        """Another screen is wished; ``index`` counts from 0."""

        def __init__(self, index: int) -> None:
            self.index = index
            super().__init__()

    def __init__(self, names: Sequence[str] = (), active: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.names, self.active = tuple(names), active

    def show(self, active: int) -> None:
        """Mark the screen that is shown."""
        if active != self.active:
            self.active = active
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Whole names, closer together when there is little room, then shorter ones, then only the active name."""
        names = [clean(name, 16) for name in self.names]
        for most, gap in ((16, 2), (16, 1), (6, 1), (4, 1), (0, 1)):
            shown = [name if index == self.active else name[:most] for index, name in enumerate(names)]
            if sum(len(name) + 2 + gap for name in shown) <= canvas.width:
                break
        x = 0
        for index, name in enumerate(shown):
            is_active = index == self.active
            x = canvas.put(x, 0, f" {index + 1}", self.PEN["tab" if is_active else "key"], index)
            text = f" {name}" + (" " if gap > 1 else "") if name else ""
            x = canvas.put(x, 0, text, self.PEN["tab" if is_active else "muted"], index)

    def on_click(self, event: events.Click) -> None:
        """Choose a screen."""
        index = self.get_thing_at(event)
        if index is not None:
            self.post_message(self.TabChosen(index))

"""The one clock: buttons, speed, and the timeline whose right end is now.

Idea: one line on every screen. The bar only posts what was asked for; what it shows comes back in a ``TransportView``.
Keys (when it has the focus; screens bind the same actions): space, comma and full stop step, < and > speed, left and
right scrub, home and end. Mouse: the buttons, click or drag on the timeline, click on a mark.
"""

from collections.abc import Callable
from typing import Any, ClassVar, Final, Literal

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.message import Message

from app.widgets.bars import format_short
from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.glyphs import ATTACK, BOOKMARK, CHANGE, FORK, FORWARD, NOW, PAUSE, PLAY, REWIND, STEP, STEP_BACK
from app.widgets.keys import bind
from app.widgets.models import TransportView
from app.widgets.text import clean

SPEEDS: Final = (0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1800, 3600)
"""Virtual seconds per second that < and > walk through."""
SCRUB: Final = 0.02
"""Part of the run that left and right move by."""
_MARKS: Final = {
    "fork": (FORK, "head-2"), "bookmark": (BOOKMARK, "accent"), "attack": (ATTACK, "attack"),
    "change": (CHANGE, "good"),
}  # fmt: skip
_EDGE_CELLS: Final = 2


class TransportBar(CanvasWidget, can_focus=True):
    """Shows the state of the clock, posts wishes."""

    PENS = (
        "text",
        "muted",
        "strong",
        "axis",
        "fill",
        "head-2",
        "accent",
        "attack",
        "good",
        "pending",
        "key",
        "cursor",
        "cursor-dim",
    )
    DEFAULT_CSS = "TransportBar { height: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("space", "play_or_pause", "transport.toggle", "Pause or go on"),
        bind("comma", "step(-1)", "transport.back", "Go back by one event"),
        bind("full_stop", "step(1)", "transport.step", "Go on by one event"),
        bind("less_than_sign", "speed(-1)", "transport.slower", "Let time pass more slowly"),
        bind("greater_than_sign", "speed(1)", "transport.faster", "Let time pass faster"),
        bind("left", "scrub(-1)", "transport.left", "Go to an earlier moment"),
        bind("right", "scrub(1)", "transport.right", "Go to a later moment"),
        bind("home", "seek(0)", "transport.home", "Go to the start of the run"),
        bind("end", "seek(1)", "transport.end", "Go to now"),
        bind("left_square_bracket", "mark(-1)", "transport.before", "Go to the mark before"),
        bind("right_square_bracket", "mark(1)", "transport.after", "Go to the mark after"),
    ]

    class Paused(Message):
        """Time should stop."""

    class Resumed(Message):
        """Time should go on."""

    class Stepped(Message):
        """Go by one event: -1 back, 1 on."""

        def __init__(self, step: Literal[-1, 1]) -> None:
            self.step = step
            super().__init__()

    class SpeedChanged(Message):
        """Another speed is wished: virtual seconds per second."""

        def __init__(self, speed: float) -> None:
            self.speed = speed
            super().__init__()

    class SeekTo(Message):
        """Go to a part of the run: 0 is the start, 1 is now."""

        def __init__(self, fraction: float) -> None:
            self.fraction = fraction
            super().__init__()

    def __init__(self, view: TransportView | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.view = view or TransportView()
        self._line = (0, 0)
        self._is_dragging = False

    def show(self, view: TransportView) -> None:
        """Show another state of the clock."""
        if view != self.view:
            self.view = view
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Buttons, speed, timeline, moment, and the meaning of the marks when there is room."""
        view, pen = self.view, self.PEN
        x, is_wide = 1, canvas.width >= 60
        is_playing = view.state == "playing"
        buttons = [
            (REWIND, "seek-start"),
            (STEP_BACK, "back"),
            (PAUSE * 2 if is_playing else PLAY + " ", "toggle"),
            (STEP, "step"),
            (FORWARD, "seek-now"),
        ]
        if self.has_focus:
            canvas.put(0, 0, "▐", pen["fill"])
        for glyph, action in buttons if is_wide else buttons[1:4]:
            main = action == "toggle"
            x = (
                canvas.put(
                    x, 0, glyph, pen["good" if main and is_playing else "pending" if main else "key"], ("do", action)
                )
                + 1
            )
        x = canvas.put(x + 1, 0, self._get_speed_text(), pen["strong"], ("do", "faster")) + 2
        tail = clean(view.moment, 28)
        hints = f"   {FORK} fork  {BOOKMARK} bookmark  {ATTACK} attack"
        is_hinted = canvas.width - x - cell_len(tail) - cell_len(hints) >= 50
        end = canvas.width - 2 - cell_len(tail) - (cell_len(hints) if is_hinted else 0)
        if end - x < 8:
            end, tail = canvas.width - 1, ""
        self._draw_line(canvas, x, end)
        at = canvas.put(end + 1, 0, tail, pen["strong" if view.state == "past" else "muted"]) if tail else end
        if is_hinted:
            for glyph, name in ((FORK, "fork"), (BOOKMARK, "bookmark"), (ATTACK, "attack")):
                at = canvas.put(at + 2, 0, glyph + " ", pen[_MARKS[name][1]])
                at = canvas.put(at, 0, name, pen["muted"])

    def _get_speed_text(self) -> str:
        """``60×``, or ``34× of 60×`` when the simulation cannot keep up."""
        view = self.view
        wished = f"{format_short(view.speed)}×"
        if view.state == "playing" and view.reached is not None and view.reached < 0.95 * view.speed:
            return f"{format_short(round(view.reached) if view.reached >= 10 else view.reached)}× of {wished}"
        return wished

    def _draw_line(self, canvas: Canvas, x: int, end: int) -> None:
        pen, cells = self.PEN, max(1, end - x - _EDGE_CELLS)
        self._line = (x + 1, cells)
        cursor = self._get_cell(self.view.fraction)
        canvas.put(x, 0, "├", pen["axis"])
        canvas.put(x + 1 + cells, 0, "┤", pen["axis"])
        for place in range(cells):
            done = x + 1 + place <= cursor
            canvas.put(
                x + 1 + place,
                0,
                "━" if done else "─",
                pen["fill" if done else "axis"],
                ("at", place / max(1, cells - 1)),
            )
        for mark in self.view.marks:
            glyph, name = _MARKS[mark.kind]
            canvas.put(self._get_cell(mark.fraction), 0, glyph, pen[name], ("at", mark.fraction))
        canvas.put(
            cursor,
            0,
            NOW if self.view.state != "past" else "┃",
            pen["cursor" if self.has_focus else "strong"],
            ("at", self.view.fraction),
        )

    def _get_cell(self, fraction: float) -> int:
        start, cells = self._line
        return start + round(min(1.0, max(0.0, fraction)) * (cells - 1))

    # Wishes

    def action_play_or_pause(self) -> None:
        """Pause, or go on."""
        self.post_message(self.Paused() if self.view.state == "playing" else self.Resumed())

    def action_step(self, step: Literal[-1, 1]) -> None:
        """One event back or on."""
        self.post_message(self.Stepped(step))

    def action_speed(self, step: int) -> None:
        """The next slower or faster speed."""
        nearest = min(range(len(SPEEDS)), key=lambda place: abs(SPEEDS[place] - self.view.speed))
        self.post_message(self.SpeedChanged(SPEEDS[max(0, min(len(SPEEDS) - 1, nearest + step))]))

    def action_scrub(self, step: int) -> None:
        """A little earlier or later."""
        self.action_seek(self.view.fraction + step * SCRUB)

    def action_seek(self, fraction: float) -> None:
        """To a part of the run."""
        self.post_message(self.SeekTo(min(1.0, max(0.0, fraction))))

    def action_mark(self, step: int) -> None:
        """To the mark before or after the cursor."""
        here = self.view.fraction
        ahead = [mark.fraction for mark in self.view.marks if (mark.fraction - here) * step > 1e-9]
        if ahead:
            self.action_seek(min(ahead) if step > 0 else max(ahead))

    def on_click(self, event: events.Click) -> None:
        """A button."""
        kind, what = self.get_thing_at(event) or ("", "")
        if kind == "do":
            actions: dict[str, Callable[[], None]] = {
                "seek-start": lambda: self.action_seek(0.0),
                "back": lambda: self.action_step(-1),
                "toggle": self.action_play_or_pause,
                "step": lambda: self.action_step(1),
                "seek-now": lambda: self.action_seek(1.0),
                "faster": lambda: self.action_speed(1),
            }
            actions[what]()

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Start to scrub."""
        kind, what = self.get_thing_at(event) or ("", 0.0)
        if kind == "at":
            self._is_dragging = True
            self.capture_mouse()
            self.action_seek(what)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Scrub while the button is down."""
        start, cells = self._line
        if self._is_dragging:
            self.action_seek((event.x - self.content_region.x + self.region.x - start) / max(1, cells - 1))

    def on_mouse_up(self) -> None:
        """Done scrubbing."""
        if self._is_dragging:
            self._is_dragging = False
            self.release_mouse()

"""Source code to read: coloured, with line numbers, a note per line (such as its gas), and the line that is running.

Keys: up, down, page up and down, home, end scroll; shift with left or right moves long lines, as does shift with the
wheel; in the debugger the marked line is kept in view. A line is coloured when it is first seen: a listing of opcodes
may have twenty thousand.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

from rich.cells import cell_len
from textual import events
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.widgets.canvas import Canvas
from app.widgets.keys import bind
from app.widgets.pens import PenMixin
from app.widgets.text import clean

MAX_LINE_CELLS: Final = 400
_TAB: Final = "    "
_TOKENS: Final = re.compile(
    r"""(?P<muted>\#.*|//.*)
    |(?P<good>\"{3}.*?(?:\"{3}|$)|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?)
    |(?P<accent>@\w+)
    |(?P<title>\b(?:def|event|struct|interface|flag|import|from|as|if|elif|else|for|in|while|return|assert|raise|log
        |pass|break|continue|and|or|not|extcall|staticcall|implements|uses|initializes|exports|constant|immutable
        |public|indexed|contract|function|returns|require|emit|mapping|modifier|constructor|external|internal|view
        |payable|pure|nonreentrant)\b)
    |(?P<key>\b(?:True|False|self|msg|block|tx|empty|max_value|min_value|unsafe_add|unsafe_sub|raw_call|send)\b)
    |(?P<warning>\b0x[0-9a-fA-F]+\b|\b\d[\d_]*(?:\.\d+)?\b)
    |(?P<text>\w+|\s+|.)""",
    re.VERBOSE,
)
_DOCSTRING: Final = '"""'


class Marked(NamedTuple):
    """A piece of source that is running: lines from 1, columns from 0."""

    line: int
    column: int = 0
    end_line: int = 0
    end_column: int = 0


class SourceView(PenMixin, ScrollView, can_focus=True):
    """``show(source)``, then ``mark`` a piece and give ``notes`` by line."""

    PENS = ("text", "muted", "good", "accent", "title", "key", "warning", "bad", "hover", "cursor-dim", "cursor")
    DEFAULT_CSS = """
    SourceView {
        overflow-x: hidden; overflow-y: auto;
        scrollbar-size-vertical: 1; scrollbar-color: $line; scrollbar-background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("up", "scroll_lines(-1)", "source.up", "Scroll up"),
        bind("down", "scroll_lines(1)", "source.down", "Scroll down"),
        bind("shift+left", "shift(-1)", "source.left", "Beginning of long lines"),
        bind("shift+right", "shift(1)", "source.right", "End of long lines"),
    ]

    def __init__(self, *, empty: str = "No source is known for this code", **options: Any) -> None:
        super().__init__(**options)
        self.empty = empty
        self.lines: tuple[str, ...] = ()
        self.marked: Marked | None = None
        self.problems: frozenset[int] = frozenset()
        self._notes: Mapping[int, str] = {}
        self._texts: frozenset[int] = frozenset()
        """Lines that lie within a text of several lines."""
        self._tokens: dict[int, list[tuple[str, str]]] = {}
        self._shift = 0
        """Cells by which the lines are moved to the left."""
        self._source: str | None = None

    def show(self, source: str, notes: Mapping[int, str] | None = None, problems: frozenset[int] = frozenset()) -> None:
        """Show a source; ``notes`` stand before their lines, ``problems`` are lines drawn as wrong."""
        self._notes, self.problems = notes or {}, problems
        if source != self._source:
            self._source = source
            self.lines = tuple(source.replace("\t", _TAB).splitlines())
            self._texts, self._tokens = find_texts(self.lines), {}
            self.marked, self._shift = None, 0
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.virtual_size = Size(self.size.width, len(self.lines))
        self.refresh()

    def mark(self, marked: Marked | None) -> None:
        """Mark the running piece and bring it into view."""
        if marked == self.marked:
            return
        self.marked = marked
        self._bring_into_view()
        self.refresh()

    def _bring_into_view(self) -> None:
        top, page = self.scroll_offset.y, max(1, self.size.height)
        if self.marked is not None and not top + 1 < self.marked.line <= top + page - 2:
            self.scroll_to(y=max(0, self.marked.line - 1 - page // 2), animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        """The width is the widget's own; what is marked stays in view."""
        self.virtual_size = Size(self.size.width, len(self.lines))
        self._bring_into_view()

    def action_scroll_lines(self, step: int) -> None:
        """One line up or down."""
        self.scroll_relative(y=step, animate=False, force=True, immediate=True)

    def action_shift(self, direction: int) -> None:
        """Move long lines by half a page."""
        longest = max((len(it) for it in self.lines), default=0)
        step = direction * max(8, self.size.width // 2)
        self._shift = max(0, min(self._shift + step, min(longest, MAX_LINE_CELLS) - 8))
        self.refresh()

    def on_mouse_scroll_down(self, event: events.MouseScrollDown) -> None:
        """With shift, to the right."""
        self._scroll_aside(event, 1)

    def on_mouse_scroll_up(self, event: events.MouseScrollUp) -> None:
        """With shift, to the left."""
        self._scroll_aside(event, -1)

    def _scroll_aside(self, event: events.MouseEvent, direction: int) -> None:
        if event.shift:
            event.prevent_default()
            event.stop()
            self.action_shift(direction)

    def render_line(self, y: int) -> Strip:
        """Textual's Line API: number, note, text."""
        canvas, index = Canvas(self.scrollable_content_region.width, 1), y + self.scroll_offset.y
        if not self.lines and y == 1:
            canvas.put(2, 0, clean(self.empty, max(1, canvas.width - 4)), self.PEN["muted"])
        elif index < len(self.lines):
            self._draw_line(canvas, index)
        return canvas.get_strip(0, self.get_pens(), ascii_only=self.is_ascii)

    def _draw_line(self, canvas: Canvas, index: int) -> None:
        number, digits, line, marked = index + 1, max(2, len(str(len(self.lines)))), self.lines[index], self.marked
        is_marked = marked is not None and marked.line <= number <= max(marked.line, marked.end_line)
        width = max(map(cell_len, self._notes.values())) + 1 if self._notes else 0
        start = digits + 2 + width
        x = start - self._shift
        for pen, text in self._get_tokens(index):
            x = canvas.put(x, 0, text, self.PEN[pen])
        if x > canvas.width:
            canvas.put(canvas.width - 1, 0, "…", self.PEN["muted"])
        canvas.put(0, 0, " " * start)
        canvas.put(0, 0, "▸" if is_marked else ("✖" if number in self.problems else " "), self.PEN["bad"])
        canvas.put(1, 0, f"{number:>{digits}} ", self.PEN["muted"])
        canvas.put(digits + 2, 0, f"{self._notes.get(number, ''):>{width - 1}}" if width else "", self.PEN["warning"])
        if is_marked and marked is not None:
            first = marked.column if number == marked.line else len(line) - len(line.lstrip())
            last = min(marked.end_column, len(line)) if number == marked.end_line else len(line)
            pen_name = "cursor" if self.has_focus else "cursor-dim"
            left, right = max(start, start + first - self._shift), start + max(last, first + 1) - self._shift
            canvas.paint(left, 0, max(0, right - left), self.PEN[pen_name])

    def _get_tokens(self, index: int) -> list[tuple[str, str]]:
        if index not in self._tokens:
            self._tokens[index] = tokenize(self.lines[index], index in self._texts)
        return self._tokens[index]


def find_texts(lines: tuple[str, ...]) -> frozenset[int]:
    """Return the lines that lie within a text of several lines, with the one that begins it."""
    found, in_text = set[int](), False
    for place, line in enumerate(lines):
        quotes = line[:MAX_LINE_CELLS].count(_DOCSTRING)
        if in_text or (quotes == 1 and line.lstrip().startswith(_DOCSTRING)):
            found.add(place)
        in_text ^= quotes % 2 == 1
    return frozenset(found)


def tokenize(line: str, is_text: bool = False) -> list[tuple[str, str]]:
    """Return a line as (pen, text) pieces; texts are clean."""
    shown = clean(line, MAX_LINE_CELLS)
    if is_text:
        return [("good", shown)]
    return [(match.lastgroup or "text", match[0]) for match in _TOKENS.finditer(shown)]

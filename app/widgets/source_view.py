"""Source code to read: coloured, with line numbers, a note per line (such as its gas), and the line that is running.

Keys: up, down, page up and down, home, end scroll; in the debugger the marked line is kept in view.
"""

import re
from collections.abc import Mapping
from typing import Any, ClassVar, Final, NamedTuple

from rich.cells import cell_len
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
    ]

    def __init__(self, *, empty: str = "No source is known for this code", **options: Any) -> None:
        super().__init__(**options)
        self.empty = empty
        self.lines: tuple[str, ...] = ()
        self.marked: Marked | None = None
        self.problems: frozenset[int] = frozenset()
        self._notes: Mapping[int, str] = {}
        self._tokens: list[list[tuple[str, str]]] = []
        self._source: str | None = None

    def show(self, source: str, notes: Mapping[int, str] | None = None, problems: frozenset[int] = frozenset()) -> None:
        """Show a source; ``notes`` stand before their lines, ``problems`` are lines drawn as wrong."""
        self._notes, self.problems = notes or {}, problems
        if source != self._source:
            self._source = source
            self.lines = tuple(source.replace("\t", _TAB).splitlines())
            self._tokens = tokenize(self.lines)
            self.marked = None
            self.scroll_to(y=0, animate=False, force=True, immediate=True)
        self.virtual_size = Size(self.size.width, len(self.lines))
        self.refresh()

    def mark(self, marked: Marked | None) -> None:
        """Mark the running piece and bring it into view."""
        if marked == self.marked:
            return
        self.marked = marked
        if marked is not None:
            top, page = self.scroll_offset.y, max(1, self.size.height)
            if not top + 1 < marked.line <= top + page - 2:
                self.scroll_to(y=max(0, marked.line - page // 2), animate=False, force=True, immediate=True)
        self.refresh()

    def on_resize(self) -> None:
        """The width is the widget's own."""
        self.virtual_size = Size(self.size.width, len(self.lines))

    def action_scroll_lines(self, step: int) -> None:
        """One line up or down."""
        self.scroll_relative(y=step, animate=False, force=True, immediate=True)

    def render_line(self, y: int) -> Strip:
        """Textual's Line API: number, note, text."""
        canvas, index = Canvas(self.size.width, 1), y + self.scroll_offset.y
        if not self.lines and y == 1:
            canvas.put(2, 0, clean(self.empty, max(1, canvas.width - 4)), self.PEN["muted"])
        elif index < len(self.lines):
            self._draw_line(canvas, index)
        return canvas.get_strip(0, self.get_pens(), ascii_only=self.is_ascii)

    def _draw_line(self, canvas: Canvas, index: int) -> None:
        number, digits, line, marked = index + 1, max(2, len(str(len(self.lines)))), self.lines[index], self.marked
        is_marked = marked is not None and marked.line <= number <= max(marked.line, marked.end_line)
        x = canvas.put(0, 0, "▸" if is_marked else ("✖" if number in self.problems else " "), self.PEN["bad"])
        x = canvas.put(x, 0, f"{number:>{digits}} ", self.PEN["muted"])
        if self._notes:
            width = max(map(cell_len, self._notes.values()))
            x = canvas.put(x, 0, f"{self._notes.get(number, ''):>{width}} ", self.PEN["warning"])
        start = x
        for pen, text in self._tokens[index]:
            x = canvas.put(x, 0, text, self.PEN[pen])
        if is_marked and marked is not None:
            first = marked.column if number == marked.line else len(line) - len(line.lstrip())
            last = min(marked.end_column, len(line)) if number == marked.end_line else len(line)
            pen_name = "cursor" if self.has_focus else "cursor-dim"
            canvas.paint(start + first, 0, max(1, last - first), self.PEN[pen_name])


def tokenize(lines: tuple[str, ...]) -> list[list[tuple[str, str]]]:
    """Return each line as (pen, text) pieces; texts are clean."""
    found, in_text = list[list[tuple[str, str]]](), False
    for line in lines:
        shown = clean(line, MAX_LINE_CELLS)
        quotes = shown.count(_DOCSTRING)
        if in_text or (quotes == 1 and shown.lstrip().startswith(_DOCSTRING)):
            found.append([("good", shown)])
        else:
            found.append([(match.lastgroup or "text", match[0]) for match in _TOKENS.finditer(shown)])
        if quotes % 2:
            in_text = not in_text
    return found

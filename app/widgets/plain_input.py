"""Fields that show whatever is pasted into them harmlessly.

What a person pastes may hold control characters that move the cursor, marks that reverse other text, or halves of
characters no terminal can write. The fields keep the text as it came, so that a check can say what is wrong with it and
a signature over it stays one, and draw a replacement character in its place.
Source: "Trojan Source" (CVE-2021-42574).
"""

import unicodedata
from typing import Any, Final

from rich.segment import Segment
from textual.strip import Strip
from textual.widgets import Input, TextArea

_DANGEROUS: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
REPLACEMENT: Final = "\ufffd"


def make_visible(text: str) -> str:
    """Return a text in which every character that could do something else than stand there is replaced."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(REPLACEMENT if unicodedata.category(letter) in _DANGEROUS else letter for letter in text)


def make_strip_visible(strip: Strip) -> Strip:
    """Return a row of cells in which nothing can move the cursor or turn text around."""
    if all(make_visible(segment.text) is segment.text for segment in strip):
        return strip
    return Strip([Segment(make_visible(it.text), it.style, it.control) for it in strip])


class PlainInput(Input):
    """A line to type or paste into."""

    def render_line(self, y: int) -> Strip:
        """Draw the line without anything dangerous."""
        return make_strip_visible(super().render_line(y))


class PlainArea(TextArea):
    """Several lines to type or paste into."""

    DEFAULT_CSS = """
    PlainArea { border: tall $line; padding: 0 1; background: $panel; }
    PlainArea:focus { border: tall $primary; }
    """

    def __init__(self, text: str = "", **options: Any) -> None:
        super().__init__(text, tab_behavior="focus", **options)

    def render_line(self, y: int) -> Strip:
        """Draw a row without anything dangerous."""
        return make_strip_visible(super().render_line(y))

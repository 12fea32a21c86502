"""Text that comes from people or from the network, made safe for a grid of cells.

Idea: whatever arrives (a name, a memo, an error) is data. ``clean`` removes what could move the cursor, reorder or hide
other text, or break the grid; the result goes to the screen as plain ``Segment``/``Content`` text, never as markup.
Invariants: the result has no control, format (bidirectional, zero width), private or unassigned character, at most two
combining marks in a row, and is at most ``limit`` cells wide.
Source: Unicode general categories (UAX #44), bidirectional controls (UAX #9), "Trojan Source" (CVE-2021-42574).
"""

import unicodedata
from typing import Final, Literal

from rich.cells import cell_len, set_cell_size

Justify = Literal["left", "right", "center"]

_DROPPED: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_SPACES: Final = frozenset("\t\n\r\x0b\x0c\x85\u2028\u2029\xa0\u202f")
_INVISIBLE: Final = frozenset("\u115f\u1160\u3164\uffa0\u034f") | frozenset(chr(c) for c in range(0xFE00, 0xFE10))
_MARKS_IN_A_ROW: Final = 2


def clean(text: str, limit: int = 200) -> str:
    """Return ``text`` without dangerous characters, on one line, cut to ``limit`` cells with an ellipsis."""
    kept: list[str] = []
    marks = 0
    for char in text[: 8 * limit + 64]:  # bounded: a hostile text of megabytes costs no more than a long one
        if char in _SPACES:
            char, category = " ", "Zs"  # noqa: PLW2901
        else:
            category = unicodedata.category(char)
        if category in _DROPPED or char in _INVISIBLE:
            continue
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if marks and (marks > _MARKS_IN_A_ROW or not kept):
            continue
        kept.append(char)
    return cut("".join(kept), limit)


def cut(text: str, width: int) -> str:
    """Return ``text`` if it fits into ``width`` cells, otherwise as much as fits and an ellipsis."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + "…" if width > 0 else ""


def fit(text: str, width: int, justify: Justify = "left") -> str:
    """Return ``text`` cut or padded to exactly ``width`` cells."""
    text = cut(text, width)
    room = max(0, width - cell_len(text))
    left = {"left": 0, "right": room, "center": room // 2}[justify]
    return " " * left + text + " " * (room - left)


def set_in(text: str, width: int, line: str) -> str:
    """Return ``text`` set into the middle of a line: ``── text ──``."""
    text = f" {text} " if cell_len(text) + 2 <= width else cut(text, width)
    left = (width - cell_len(text)) // 2
    return line * left + text + line * (width - left - cell_len(text))

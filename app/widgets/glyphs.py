"""The glyphs of the screens, and the plain ASCII stand-in of each.

Idea: widgets draw with the Unicode glyphs named here, each a single cell wide in every terminal (no emoji, no CJK).
A terminal or font that lacks them gets the same picture through ``to_ascii``: a table from cell to cell, applied where
a row becomes a strip, so no widget has two ways to draw.
"""

from typing import Final

HEADS: Final = "●◆■▲▼★"
"""Shapes for the groups of nodes that follow the same head, most common group first."""
OFFLINE: Final = "○"
CUT: Final = "✕"
FINAL: Final = "▣"
BLOCK: Final = "■"
STALE: Final = "□"
WAITING: Final = "◌"
FORK: Final = "◆"
BOOKMARK: Final = "⚑"
ATTACK: Final = "✕"
CHANGE: Final = "▲"
NOW: Final = "●"
REWIND, STEP_BACK, PAUSE, PLAY, STEP, FORWARD = "⇤", "◂", "❚", "▶", "▸", "⇥"
EIGHTHS: Final = " ▏▎▍▌▋▊▉█"
"""Parts of a cell filled from the left: nothing, one eighth … full."""
RISING: Final = " ▁▂▃▄▅▆▇█"
"""Parts of a cell filled from below."""

_STAND_INS: Final = {
    "●": "@", "◆": "#", "■": "%", "▲": "^", "▼": "v", "★": "*", "○": "o", "✕": "x", "▣": "$", "□": "=", "◌": ".",
    "⚑": "P", "⇤": "[", "⇥": "]", "◂▶▸": "<>>", "❚": "|", "▏▎▍▌▋▊▉█▐▕": "|||||###||", "▁▂▃▄▅▆▇▀": "_..--==^",
    "░▒▓": ".:#", "━─┄┈╌═╍": "-------", "┃│┆┊║╎": "||::|:", "┏┓┗┛┣┫┳┻╋┌┐└┘├┤┬┴┼╭╮╰╯": "+" * 22,
    "╴╶╸╺": "----", "╷╵╻╹": "||||", "…·•∙×′◔⋮": "....x'o:", "→←↑↓↵": "><^v<", "✓✔✗✖": "vvxx", "≥≤−≈": "><-~",
}  # fmt: skip


def _build_table() -> dict[int, str]:
    pairs = {ord(fancy): plain for key, value in _STAND_INS.items() for fancy, plain in zip(key, value, strict=True)}
    density = " .':;+*%#"
    return pairs | {0x2800 + bits: density[bits.bit_count()] for bits in range(256)}


_TABLE: Final = _build_table()


def to_ascii(text: str) -> str:
    """Return ``text`` with each glyph replaced by one ASCII character; anything else unknown becomes ``?``."""
    return text if text.isascii() else text.translate(_TABLE).encode("ascii", "replace").decode("ascii")

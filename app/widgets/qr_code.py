"""A QR code in half blocks: two modules in a cell, always dark on light with the quiet zone, whatever the theme.

Source: ISO/IEC 18004 through the library segno. Idea: scanners want dark on light; where no colours are to be had the
code would be inverted, which every current scanner reads too.
"""

from typing import Any

import segno

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.text import clean

_HALVES = {(0, 0): " ", (1, 0): "▀", (0, 1): "▄", (1, 1): "█"}


def get_qr_rows(text: str, *, border: int = 2) -> list[str]:
    """The code as rows of half blocks; two modules of quiet zone."""
    matrix = [
        list(row)
        for row in segno.make(text, error="m" if len(text) < 60 else "l", micro=False).matrix_iter(border=border)
    ]
    if len(matrix) % 2:
        matrix.append([0] * len(matrix[0]))
    return [
        "".join(_HALVES[int(bool(a)), int(bool(b))] for a, b in zip(*matrix[y : y + 2], strict=True))
        for y in range(0, len(matrix), 2)
    ]


class QrCode(CanvasWidget):
    """Shows ``text`` as a QR code, with the text below."""

    PENS = ("text", "muted", "qr")
    DEFAULT_CSS = "QrCode { width: auto; height: auto; }"

    def __init__(self, text: str, *, has_text: bool = True, **options: Any) -> None:
        super().__init__(**options)
        self.text, self._has_text = text, has_text
        self._rows = get_qr_rows(text)

    def show(self, text: str) -> None:
        """Show another text."""
        self.text, self._rows = text, get_qr_rows(text)
        self.refresh(layout=True)
        self.redraw()

    def get_content_width(self, *_: Any) -> int:
        """As wide as the code."""
        return len(self._rows[0])

    def get_content_height(self, *_: Any) -> int:
        """The code, and a line of text if it has one."""
        return len(self._rows) + self._has_text

    def draw(self, canvas: Canvas) -> None:
        """The code, or how much room it needs."""
        if canvas.width < len(self._rows[0]) or canvas.height < len(self._rows):
            canvas.put(
                0, 0, clean(f"needs {len(self._rows[0])} × {len(self._rows)} cells", canvas.width), self.PEN["muted"]
            )
            return
        left = (canvas.width - len(self._rows[0])) // 2
        for y, row in enumerate(self._rows):
            canvas.put(left, y, row, self.PEN["qr"])
        canvas.put(left, len(self._rows), clean(self.text, len(self._rows[0])), self.PEN["muted"])

"""Pens: the named styles every widget draws with, resolved once per theme instead of once per frame.

Idea: a widget lists the pens it uses in ``PENS``; their colours come from the one table here and the theme, so a theme
changes a colour in one place. A pen's number is its place in ``PENS``; rows of cells are stored as text plus one byte
per cell, and become runs of equal pens, because painting costs per segment. Number 0 is always ``text``.
Pens are no component classes: Textual would match each against every rule of the style sheet whenever the focus or a
class changes, which took most of the time in which a page opens.
Source: measured on Textual 8.2, pooled styles in runs are 20 times cheaper than a new Style per cell.
"""

from typing import Any, ClassVar, Final, NamedTuple

from rich.style import Style
from textual.color import TRANSPARENT, Color
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from app.widgets.glyphs import HEADS


class Pen(NamedTuple):
    """A style in names of the theme's variables, or colours."""

    colour: str
    is_bold: bool = False
    background: str = ""
    """Nothing: that of the widget."""
    strength: float = 1.0
    """Less than 1 mixes the colour with the background."""


PEN_RULES: Final[dict[str, Pen]] = {
    "text": Pen("foreground"),
    "strong": Pen("foreground", is_bold=True),
    "muted": Pen("muted"),
    "title": Pen("primary", is_bold=True),
    "key": Pen("accent", is_bold=True),
    "border": Pen("line"),
    "good": Pen("success"),
    "warning": Pen("warning"),
    "bad": Pen("error", is_bold=True),
    "accent": Pen("accent"),
    "brand": Pen("background", is_bold=True, background="primary"),
    "tab": Pen("primary", is_bold=True, background="panel"),
    "cursor": Pen("background", is_bold=True, background="primary"),
    "cursor-dim": Pen("foreground", is_bold=True, background="panel"),
    "hover": Pen("foreground", background="panel"),
    "land": Pen("land"),
    "link": Pen("link"),
    "link-active": Pen("link-active"),
    "cut": Pen("attack", strength=0.75),
    "transaction": Pen("flight-transaction"),
    "block-tail": Pen("flight-tail"),
    "block-flight": Pen("flight-block", is_bold=True),
    "pulse": Pen("flight-tail"),
    "offline": Pen("muted"),
    "final": Pen("final"),
    "canonical": Pen("head-1", is_bold=True),
    "stale": Pen("stale"),
    "pending": Pen("pending"),
    "attack": Pen("attack", is_bold=True),
    "zeros": Pen("primary", is_bold=True),
    "axis": Pen("line"),
    "fill": Pen("primary"),
    "unfilled": Pen("unfilled"),
    "qr": Pen("#000000", background="#ffffff"),
    **{f"head-{number}": Pen(f"head-{number}", is_bold=True) for number in range(1, len(HEADS) + 1)},
    **{
        f"chip-{number}": Pen("background", is_bold=True, background=f"head-{number}")
        for number in range(1, len(HEADS) + 1)
    },
    **{f"series-{number}": Pen(f"head-{number}") for number in range(1, len(HEADS) + 1)},
    **{f"fee-{number}": Pen(f"fee-{number}") for number in range(1, 6)},
}
"""Name of the pen → what it looks like. The variables beyond Textual's own are those of ``app.themes``."""

_WITHOUT_COLOUR: Final[dict[str, Style]] = {
    "cursor": Style(reverse=True),
    "brand": Style(reverse=True),
    "tab": Style(underline=True),
    "hover": Style(underline=True),
    "cursor-dim": Style(underline=True),
    "attack": Style(bold=True, underline=True),
    "bad": Style(bold=True, underline=True),
    "zeros": Style(underline=True),
    "block-flight": Style(bold=True),
    **{f"chip-{number}": Style(reverse=True) for number in range(1, len(HEADS) + 1)},
}


class PenMixin:
    """Gives a widget its pens. Put it before the widget class: ``class Chart(PenMixin, Widget)``."""

    PENS: ClassVar[tuple[str, ...]] = ("text",)
    """Names from ``PEN_RULES`` in drawing order: in a braille cell the higher number lies on top."""
    PEN: ClassVar[dict[str, int]] = {"text": 0}
    """Name → number; filled from ``PENS``."""

    _pen_key: Any = None
    _pen_styles: list[Style]
    _are_pens_known: bool = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "PENS" in cls.__dict__:
            assert cls.PENS[0] == "text", "pen 0 is the base"
            cls.PEN = {pen: number for number, pen in enumerate(cls.PENS)}

    def get_pens(self) -> list[Style]:
        """The styles by pen number, rebuilt only when the theme or the background changed."""
        assert isinstance(self, Widget)
        if self._are_pens_known:
            return self._pen_styles
        variables, background, text_style = self.app.theme_variables, self.background_colors[1], self.text_style
        key = (variables, background, text_style)
        if key != self._pen_key:
            styles = [text_style + _build_style(PEN_RULES[pen], background, variables) for pen in self.PENS]
            if self.app.no_color:
                styles = [
                    style + _WITHOUT_COLOUR.get(pen, Style()) for pen, style in zip(self.PENS, styles, strict=True)
                ]
            self._pen_key, self._pen_styles = key, styles
        return self._pen_styles

    def render_lines(self, crop: Region) -> list[Strip]:
        """Textual's Line API: look once whether the pens still hold, not for every line."""
        self.get_pens()
        self._are_pens_known = True
        try:
            return super().render_lines(crop)  # type: ignore[misc, no-any-return]
        finally:
            self._are_pens_known = False

    def notify_style_update(self) -> None:
        """Textual's word that styles were matched: paint again when that was for another theme."""
        super().notify_style_update()  # type: ignore[misc]
        if self._pen_key is not None and self._pen_key[0] is not self.app.theme_variables:  # type: ignore[attr-defined]
            self.refresh()  # type: ignore[attr-defined]

    @property
    def is_ascii(self) -> bool:
        """Whether the application asks for plain ASCII glyphs (``app.ascii_glyphs``)."""
        assert isinstance(self, Widget)
        return bool(getattr(self.app, "ascii_glyphs", False))


def _build_style(pen: Pen, behind: Color, variables: dict[str, str]) -> Style:
    colour, own = (Color.parse(variables.get(it, it)) if it else TRANSPARENT for it in (pen.colour, pen.background))
    background = behind + own
    return Style.from_color(
        (background + colour.multiply_alpha(pen.strength)).rich_color, background.rich_color
    ) + Style(bold=pen.is_bold or None)

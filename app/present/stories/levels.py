"""Levels that must not fall below a mark, such as the health of a debt: a bar each, below one another."""

from typing import Final, NamedTuple

from app.present.stories.picture import draw_bar_with_mark
from app.widgets.models import Line, Tone

NAME_CELLS, BAR_CELLS = 11, 32
SIGNS: Final[dict[Tone, str]] = {"good": "✔", "warning": "!", "bad": "✖"}


class Level(NamedTuple):
    """How high something stands."""

    name: str
    value: float
    text: str
    """The value in words."""
    tone: Tone
    note: str = ""

    @property
    def sign(self) -> str:
        """A sign for the tone, and the value."""
        return f"{SIGNS.get(self.tone, ' ')} {self.text}"


def draw_levels(levels: list[Level], mark: float, top: float) -> tuple[Line, ...]:
    """Return a line each: name, bar from nothing to ``top`` with a line at the mark, value, note."""
    return tuple(
        (
            (f"{level.name:<{NAME_CELLS}}", "muted"),
            (draw_bar_with_mark(level.value / top, mark / top, BAR_CELLS), level.tone),
            (f" {level.sign:<9}", level.tone),
            (level.note, "muted"),
        )
        for level in levels
    )

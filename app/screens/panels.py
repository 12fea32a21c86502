"""Panels that fold: side by side where there is room, one at a time with their names as tabs where there is not."""

from collections.abc import Sequence
from typing import NamedTuple

from textual.content import Content
from textual.widget import Widget

from app.widgets.text import clean
from app.widgets.way_back import build_key_link

PANELS_CSS = """
{name} .panel {{ border: round $line; border-title-color: $primary; border-subtitle-color: $muted; padding: 0; }}
{name} .panel:focus, {name} .panel:focus-within {{ border: round $primary; }}
"""


class Panel(NamedTuple):
    """A widget of a view and what it is called."""

    widget: Widget
    title: str


class PanelDeck:
    """Decides which panels are visible, and writes their titles."""

    def __init__(self) -> None:
        self.active = 0
        """Place of the panel that is visible when folded."""
        self._shown: object = None

    def arrange(self, panels: Sequence[Panel], room: int) -> None:
        """Show ``room`` panels from the active one on, all when they fit; hidden ones are named in the title."""
        self.active %= max(1, len(panels))
        order = [*range(self.active, len(panels)), *range(self.active)]
        visible = sorted(order[:room])
        for place, panel in enumerate(panels):
            panel.widget.display = place in visible
        state = (tuple(panels), tuple(visible), self.active)
        if state == self._shown:
            return
        self._shown = state
        for place, panel in enumerate(panels):
            is_alone = len(visible) < len(panels) and place == self.active
            panel.widget.border_title = (
                build_tabs([it.title for it in panels], visible) if is_alone else Content(clean(panel.title, 60))
            )
            panel.widget.border_subtitle = build_key_link("v next", "v") if is_alone else ""

    def turn(self, panels: Sequence[Panel], step: int = 1) -> None:
        """Make another panel the active one, and give it the focus."""
        self.active = (self.active + step) % max(1, len(panels))


def build_tabs(titles: Sequence[str], visible: Sequence[int]) -> Content:
    """Return the names of all panels on one line, the visible ones marked."""
    parts = []
    for place, title in enumerate(titles):
        text = clean(title, 24)
        parts.append(Content.styled(f"▸{text}", "bold") if place in visible else Content.styled(text, "dim"))
    return Content("  ").join(parts)

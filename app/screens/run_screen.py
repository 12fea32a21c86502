"""What every full screen has: the header with the clock above, the transport bar and the key hints below.

The application calls ``show`` about twelve times a second on the screen on top, and on no other. Everything shown is
read at the session's cursor. The one timeline works everywhere, so a page of a node can be scrubbed like the map.
"""

from typing import TYPE_CHECKING

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen
from textual.widgets import Static

if TYPE_CHECKING:
    from app.screens.view import Thing
    from app.session import Session

SMALLEST = (60, 18)
"""Columns and rows below which nothing can be shown."""


class RunScreen(Screen[None]):
    """A screen around the run: override ``compose_body``, ``show_body`` and ``get_focused_thing``."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (150, "-wide")]
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]
    DEFAULT_CSS = """
    RunScreen { layout: vertical; overflow: hidden; }
    RunScreen > .bar { height: 1; }
    RunScreen > #too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; text-align: center; }
    RunScreen.-too-small > * { display: none; }
    RunScreen.-too-small > #too-small { display: block; }
    """

    def compose(self) -> ComposeResult:
        """Bars around the body."""
        yield Static("chainroom", id="header", classes="bar")
        yield from self.compose_body()
        yield Static(id="transport", classes="bar")
        yield Static(id="hints", classes="bar")
        yield Static(id="too-small")

    def compose_body(self) -> ComposeResult:
        """Yield what stands between the bars."""
        yield from ()

    def on_resize(self, event: events.Resize) -> None:
        """Below the smallest size only say so; the keys stay alive."""
        size = event.size
        is_small = size.width < SMALLEST[0] or size.height < SMALLEST[1]
        self.set_class(is_small, "-too-small")
        if is_small:
            needs, has = f"{SMALLEST[0]}×{SMALLEST[1]}", f"{size.width}×{size.height}"
            self.query_one("#too-small", Static).update(f"chainroom needs {needs}\nthis window has {has}")

    def show(self, session: "Session") -> None:
        """Bring everything up to date with the run at the cursor."""
        self.query_one("#header", Static).update(f"chainroom {session.cursor_us}")
        self.show_body(session)

    def show_body(self, session: "Session") -> None:
        """Bring what stands between the bars up to date."""

    def get_focused_thing(self) -> "Thing | None":
        """Return what is under the focus, for enter, y and ?."""
        return None

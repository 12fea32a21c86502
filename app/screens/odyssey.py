"""The odyssey of a transaction: one vertical timeline over the whole screen."""

from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.widgets import Static

from app.commands import get_bindings
from app.present.odyssey import build_odyssey
from app.present.pages import Milestone
from app.present.words import shorten_hash
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.session import Session
from app.widgets.timeline import Event, Timeline
from chain.units import Hash

FRAMES_PER_LOOK = 3


class OdysseyPage(RunScreen):
    """Keypress, signature, mempools, blocks, reorganisations, final; enter opens what a line names."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("odyssey")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="OdysseyPage")
        + """
    OdysseyPage #odyssey-title { height: 1; padding: 0 1; }
    OdysseyPage Timeline.panel { width: 1fr; height: 1fr; }
    """
    )

    def __init__(self, transaction: Hash) -> None:
        super().__init__()
        self._transaction = transaction
        self._steps: tuple[Milestone, ...] = ()
        self._key: object = None
        self._frames = 0

    def compose_body(self) -> ComposeResult:
        """Title and timeline."""
        yield Static(id="odyssey-title", markup=False)
        yield Timeline(classes="panel")

    def on_mount(self) -> None:
        """Show it at once."""
        self.query_one(Timeline).border_title = "From the key to the chain"
        if self.app.session is not None:
            self.show_body(self.app.session)
        self.query_one(Timeline).focus()

    def show_body(self, session: Session) -> None:
        """Bring it up to the cursor."""
        simulation = session.simulation
        key = (simulation.world, session.cursor_us, len(simulation.history.records), self.app.theme)
        self._frames += 1
        if key == self._key or (self._key is not None and session.is_playing and self._frames % FRAMES_PER_LOOK):
            return
        self._key = key
        holders = get_holders(self.app, simulation.world)
        self._steps = build_odyssey(simulation, holders, self._transaction, session.cursor_us)
        title = Text(f"Odyssey of transaction {shorten_hash(self._transaction)}", style="bold")
        if not self._steps:
            title.append("   it has not been sent by this moment: go forward in time, or esc to go back")
        self.query_one("#odyssey-title", Static).update(title)
        self.query_one(Timeline).show(tuple(Event(*step[:5]) for step in self._steps))

    def get_focused_thing(self) -> Thing | None:
        """Return what the chosen line names, or the transaction."""
        place = self.query_one(Timeline).cursor
        thing = self._steps[place].thing if place < len(self._steps) else None
        return thing or Thing("transaction", self._transaction)

    @on(Timeline.EventOpened)
    def on_event_opened(self, message: Timeline.EventOpened) -> None:
        """Open what a line names."""
        thing = self._steps[message.place].thing if message.place < len(self._steps) else None
        if thing is not None:
            self.app.open_thing(thing)
        else:
            self.action_why()

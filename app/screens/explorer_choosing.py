"""What is chosen on a page of the explorer, and what the keys do with it: open, explain, copy, prove, tell its life.

The page itself (app/screens/explorer.py) draws; here the focused panel, its cursor and the model behind it are brought
together. What is chosen may be another thing than the page's own: a field, a row or an event that names one.
"""

from typing import TYPE_CHECKING, Any

from textual import on

from app.present.chain import get_block
from app.present.chain_why import explain_field
from app.present.pages import Page, TableModel
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.widgets.field_list import FieldList
from app.widgets.models import Why
from app.widgets.timeline import Timeline
from app.widgets.virtual_table import VirtualTable
from chain.units import Hash

if TYPE_CHECKING:
    from app.app import ChainroomApp


class ChoosingPage(RunScreen):
    """A page of one thing whose parts can be chosen."""

    app: "ChainroomApp"

    def __init__(self, thing: Thing, **options: Any) -> None:
        super().__init__(**options)
        self._thing = thing
        self._page: Page | None = None

    def _get_table(self, place: int) -> VirtualTable:
        return self.query_one(f"#page-table-{place}", VirtualTable)

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_focused_thing(self) -> Thing | None:
        """Return what the cursor of the focused panel stands on, or the thing itself."""
        page, focused = self._page, self.focused
        if page is None:
            return None
        found: Thing | None = None
        if isinstance(focused, FieldList) and focused.fields:
            found = page.facts.links.get(focused.fields[focused.cursor].key)
        elif isinstance(focused, Timeline) and page.timeline:
            found = page.timeline[focused.cursor].thing
        elif isinstance(focused, VirtualTable):
            found = self._get_row_thing(focused, focused.cursor)
        return found or self._thing

    def _get_model(self, table: VirtualTable) -> TableModel | None:
        tables = self._page.tables if self._page is not None else ()
        return next((it for place, it in enumerate(tables) if self._get_table(place) is table), None)

    def _get_row_thing(self, table: VirtualTable, row: int) -> Thing | None:
        model = self._get_model(table)
        return model.get_thing(row) if model is not None and row < model.count else None

    def _get_row_why(self, table: VirtualTable, row: int) -> Why | None:
        model = self._get_model(table)
        return model.get_why(row) if model is not None and row < model.count else None

    def get_why(self) -> Why | None:
        """Return why the chosen field is as it is, or the thing itself."""
        page, session, focused = self._page, self.app.session, self.focused
        if page is None or session is None or self.get_focused_thing() != self._thing:
            return None
        if isinstance(focused, VirtualTable):
            return self._get_row_why(focused, focused.cursor) or page.why
        world, at_us = session.simulation.world, session.cursor_us
        record = get_block(world, self._thing.key, at_us) if isinstance(self._thing.key, bytes) else None
        if self._thing.kind == "block" and record is not None and isinstance(focused, FieldList) and focused.fields:
            return explain_field(world, record, focused.fields[focused.cursor].key, at_us)
        if isinstance(focused, FieldList) and focused.fields:
            return page.whys.get(focused.fields[focused.cursor].key, page.why)
        return page.why

    # What is done with it --------------------------------------------------------------------------------------------

    def _get_thing_of(self, *kinds: str) -> Thing | None:
        """Return what is chosen, or else the page's own thing, whichever is of these kinds."""
        return next((it for it in (self.get_focused_thing(), self._thing) if it is not None and it.kind in kinds), None)

    def action_proof(self) -> None:
        """Prove the transaction or the balance."""
        from app.screens.proof import ProofPage

        thing = self._get_thing_of("transaction", "address")
        if thing is None:
            self.app.tell("transactions and balances can be proved: choose one, then press p")
        else:
            self.app.push_screen(ProofPage(thing))

    def action_odyssey(self) -> None:
        """The life of the transaction."""
        from app.screens.odyssey import OdysseyPage

        thing = self._get_thing_of("transaction")
        if thing is None:
            self.app.tell("only a transaction has an odyssey: choose one, then press o")
        else:
            assert isinstance(thing.key, bytes)
            self.app.push_screen(OdysseyPage(Hash(thing.key)))

    def action_debug(self) -> None:
        """Walk through what the transaction's code did."""
        from app.screens.debugger import build_debugger_screen

        thing, session = self._get_thing_of("transaction"), self.app.session
        screen = None
        if thing is not None and session is not None and isinstance(thing.key, bytes):
            screen = build_debugger_screen(session.simulation.world, Hash(thing.key), session.cursor_us)
        if screen is None:
            self.app.tell("choose a transaction in a block that made or called a contract, then press d")
        else:
            self.app.push_screen(screen)

    def _open(self, thing: Thing | None) -> None:
        if thing is not None and thing != self._thing:
            self.app.open_thing(thing)
        else:
            self.action_why()

    @on(FieldList.FieldOpened)
    def on_field_opened(self, message: FieldList.FieldOpened) -> None:
        """Open what a field names, or explain it."""
        self._open(self._page.facts.links.get(message.key) if self._page is not None else None)

    @on(FieldList.WhyAsked)
    def on_why_asked(self) -> None:
        """Explain the chosen field."""
        self.action_why()

    @on(FieldList.CopyAsked)
    def on_copy_asked(self, message: FieldList.CopyAsked) -> None:
        """Copy the chosen value, whole where the field shows a part of it."""
        page = self._page
        field = next((field for field in page.facts.fields if field.key == message.key), None) if page else None
        if page is None or field is None:
            return
        if message.key == "state":
            self.app.copy_text(*page.copy)
        elif message.key in page.facts.links:
            self.action_copy()
        else:
            self.app.copy_text(field.value, field.label.strip())

    @on(VirtualTable.RowOpened)
    def on_row_opened(self, message: VirtualTable.RowOpened) -> None:
        """Open what a row names."""
        thing = self._get_row_thing(message.table, message.row)
        if thing is not None:
            self.app.open_thing(thing)
        else:
            self.action_why()

    @on(Timeline.EventOpened)
    def on_event_opened(self, message: Timeline.EventOpened) -> None:
        """Open what an event names."""
        page = self._page
        thing = page.timeline[message.place].thing if page and message.place < len(page.timeline) else None
        if thing is not None:
            self.app.open_thing(thing)

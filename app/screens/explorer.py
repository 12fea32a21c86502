"""The page of a block, a transaction or an address: one screen that shows whatever page the presentation builds.

Left the fields, right the timeline and the tables; at 80×24 one of them at a time. ``enter`` opens what a field, a row
or an event names, escape goes back. The page follows the cursor: in the past it shows what was true then, and says so
when the thing did not exist yet.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final, NamedTuple

from rich.text import Text
from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Static

from app.commands import get_bindings
from app.present.events import build_event_page
from app.present.explorer import build_block_page
from app.present.explorer_address import build_address_page
from app.present.explorer_transaction import build_transaction_page
from app.present.lists import build_list_page
from app.present.pages import NotThere, Page, TableModel
from app.screens.explorer_choosing import ChoosingPage
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.view import Thing
from app.session import Session
from app.widgets.field_list import FieldList
from app.widgets.models import Tone
from app.widgets.text import clean
from app.widgets.timeline import Event, Timeline
from app.widgets.virtual_table import VirtualTable
from chain.units import Address, Hash

if TYPE_CHECKING:
    from app.app import ChainroomApp

MOST_TABLES: Final = 5
TONE_VARIABLES: Final[dict[Tone, str]] = {
    "good": "success",
    "bad": "error",
    "warning": "warning",
    "final": "final",
    "pending": "pending",
    "stale": "stale",
    "accent": "accent",
    "muted": "muted",
}
FRAMES_PER_LOOK: Final = 3
"""Frames between two looks while time passes."""


def build_page(thing: Thing) -> "ThingPage":
    """Return the screen of whatever has a page of fields and tables."""
    return ThingPage(thing)


def present_thing(session: Session, app: "ChainroomApp", thing: Thing) -> Page | NotThere:
    """Return what there is to say about a thing at the cursor."""
    simulation, at_us, key = session.simulation, session.cursor_us, thing.key
    holders = get_holders(app, simulation.world)
    if isinstance(key, int):
        return build_event_page(simulation, holders, key, at_us)
    if thing.kind == "list":
        return build_list_page(simulation, holders, key, at_us)
    if thing.kind == "block":
        return build_block_page(simulation, holders, Hash(key), at_us)
    if thing.kind == "transaction":
        return build_transaction_page(simulation, holders, Hash(key), at_us)
    return build_address_page(simulation, holders, Address(key), at_us)


class _Place(NamedTuple):
    """Where somebody was before going on."""

    thing: Thing
    focused: Widget | None
    active: int
    field: int
    rows: tuple[int, ...]


class ThingPage(ChoosingPage):
    """Title, fields, timeline and tables of one thing."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("page")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="ThingPage")
        + """
    ThingPage #page-title { height: auto; max-height: 6; padding: 0 1; }
    ThingPage #page-none { display: none; height: 1fr; content-align: center middle; text-align: center; }
    ThingPage #page-body { height: 1fr; }
    ThingPage .panel { width: 1fr; height: 1fr; }
    ThingPage FieldList.panel { width: 1fr; max-width: 64; }
    ThingPage #page-right { width: 1fr; height: 1fr; }
    ThingPage Timeline.panel { height: 1fr; }
    ThingPage.-empty #page-body, ThingPage.-empty #page-title { display: none; }
    ThingPage.-empty #page-none { display: block; }
    ThingPage.-folded FieldList.panel { max-width: 100%; }
    ThingPage.-folded.-fields #page-right { display: none; }
    """
    )

    def __init__(self, thing: Thing, **options: Any) -> None:
        super().__init__(thing, **options)
        self._deck = PanelDeck()
        self._frames = 0
        self._key: object = None
        self._is_composed = False
        self._trail: list[_Place] = []
        self._is_begun = False  # whether the page was opened and not yet arranged on a small terminal

    def compose_body(self) -> ComposeResult:
        """The title above, fields beside timeline and tables."""
        yield Static(id="page-title", markup=False)
        yield Static(id="page-none", markup=False)
        with Horizontal(id="page-body"):
            yield FieldList(classes="panel")
            with Vertical(id="page-right"):
                yield Timeline(classes="panel")
                for place in range(MOST_TABLES):
                    yield VirtualTable((), id=f"page-table-{place}", classes="panel")

    def on_mount(self) -> None:
        """Show the thing at once; a page that is taken down before its parts are there shows nothing."""
        self._is_composed = self.is_ready
        if self._is_composed:
            self._begin(self._thing)

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    # From page to page: the screen stays, since mounting one takes longer than all else ------------------------------

    def start(self, thing: Thing) -> None:
        """Show a thing as if the screen had just been opened."""
        self._trail.clear()
        self._thing = thing
        if self._is_composed:
            self._begin(thing)

    def go_to(self, thing: Thing) -> None:
        """Show another thing; escape leads back to this one, and to where the cursor stood."""
        cursors = tuple(self._get_table(place).cursor for place in range(MOST_TABLES))
        fields = self.query_one(FieldList)
        self._trail.append(_Place(self._thing, self.focused, self._deck.active, fields.cursor, cursors))
        self._begin(thing)

    def _begin(self, thing: Thing) -> None:
        is_list = thing.kind == "list"
        self._thing, self._deck.active, self._is_begun, self._key = thing, 0, True, None
        self.query_one(FieldList).cursor = 0
        for place in range(MOST_TABLES):
            table = self._get_table(place)
            table.cursor = 0
            table.scroll_to(y=0, animate=False)
        if self.app.session is not None:
            self.show_body(self.app.session)
        (self._get_table(0) if is_list else self.query_one(FieldList)).focus()

    def action_back(self) -> None:
        """Back to the page one came from, or out of the pages."""
        if not self._trail:
            super().action_back()
            return
        place = self._trail.pop()
        self._begin(place.thing)
        self._deck.active = place.active
        self._arrange()
        fields = self.query_one(FieldList)
        fields.cursor = min(place.field, max(0, len(fields.fields) - 1))
        fields.redraw()
        for number, row in enumerate(place.rows):
            self._get_table(number).choose(row)
        if place.focused is not None:
            place.focused.focus()

    # What is shown ---------------------------------------------------------------------------------------------------

    def show_body(self, session: Session) -> None:
        """Bring the page up to the cursor."""
        world = session.simulation.world
        key = (world, session.cursor_us, len(world.history.records), self._thing, self.app.theme)
        self._frames += 1
        is_same_thing = isinstance(self._key, tuple) and self._key[3] == self._thing
        if (
            not self._is_composed
            or key == self._key
            or (is_same_thing and session.is_playing and self._frames % FRAMES_PER_LOOK)
        ):
            return
        self._key = key
        page = present_thing(session, self.app, self._thing)
        self.set_class(isinstance(page, NotThere), "-empty")
        if isinstance(page, NotThere):
            self._page = None
            self.query_one("#page-none", Static).update(f"{page.title}\n\n{page.message}")
            return
        self._page = page
        self._show_page(page)

    def _show_page(self, page: Page) -> None:
        colours = self.app.theme_variables
        muted, colour = colours.get("muted", ""), colours.get(TONE_VARIABLES.get(page.tone, "foreground"), "")
        title = Text()
        title.append(clean(page.title, 80), style="bold")
        title.append(f"   {clean(page.state, 160)}", style=colour)
        title.append(f"\n{clean(page.meaning, 320)}", style=muted)
        self.query_one("#page-title", Static).update(title)
        self.query_one(FieldList).show(page.facts.fields)
        self.query_one(Timeline).show(tuple(Event(*milestone[:5]) for milestone in page.timeline))
        for place, model in enumerate(page.tables):
            self._show_table(self._get_table(place), model)
        self._arrange()

    def _show_table(self, table: VirtualTable, model: TableModel) -> None:
        table.columns, table.empty = model.columns, model.empty
        table.show(model.count, model.get_row)

    def _get_panels(self) -> list[Panel]:
        page = self._page
        if page is None:
            return []
        timeline = [Panel(self.query_one(Timeline), "Its life")] if page.timeline else []
        return [*timeline, *(Panel(self._get_table(place), model.title) for place, model in enumerate(page.tables))]

    def _arrange(self) -> None:
        """Fields always where there is room, beside at most two panels; else everything in turn."""
        page, fields = self._page, self.query_one(FieldList)
        if page is None:
            return
        is_folded = self.has_class("-narrow")
        self.set_class(is_folded, "-folded")
        panels = self._get_panels()
        used = {panel.widget for panel in panels}
        for widget in self.query("#page-right > *"):
            if widget not in used:
                widget.display = False
        if is_folded:
            if self._is_begun and self._thing.kind == "list":
                self._deck.active = 1  # what is listed comes first
            self._is_begun = False
            self._deck.arrange([Panel(fields, "Fields"), *panels], 1)
        else:
            fields.display, fields.border_title, fields.border_subtitle = True, "Fields", ""
            self._deck.arrange(panels, 1 if self.has_class("-short") else 2)
        self.set_class(fields.display, "-fields")

    def action_panel(self) -> None:
        """The next of the folded panels."""
        is_folded = self.has_class("-folded")
        panels = [Panel(self.query_one(FieldList), "Fields"), *self._get_panels()] if is_folded else self._get_panels()
        if panels:
            self._deck.turn(panels)
            self._arrange()
            panels[self._deck.active].widget.focus()

    def action_turn(self, step: int) -> None:
        """The page of the block after this one, or before."""
        thing = None if self._page is None else self._page.next if step > 0 else self._page.previous
        if thing is None:
            has_order = self._thing.kind in ("block", "event")
            self.app.tell(
                "there is none that way at this moment" if has_order else "only blocks and events have a next"
            )
            return
        self._thing = thing
        if self.app.session is not None:
            self.show_body(self.app.session)

"""Contracts: the shelf of sources, the contracts of this run, and all one can do with them.

Left the contracts that are deployed and the shelf one can deploy from; right the chosen one: its source, its form to
deploy, read and write, what it was asked, what it told, what it keeps, and what it is for. Everything is read at the
cursor; what is sent goes through the wallet.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button

from app.commands import get_bindings
from app.present import contracts as present
from app.present.contracts import Deployed, Told
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.storage import STORAGE_COLUMNS, list_storage
from app.present.stories import build_story, find_application, list_applications
from app.present.stories.reader import Story
from app.screens.contract_actions import ContractActions
from app.screens.contract_desk import ContractDesk
from app.screens.contract_form import ContractForm
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS
from app.screens.story import StoryPanel
from app.screens.view import Thing
from app.session import Session
from app.widgets.field_list import FieldList
from app.widgets.models import Cell, Column
from app.widgets.source_view import SourceView
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from app.widgets.way_back import build_key_link
from chain.contracts.artifact import Artifact
from chain.contracts.library import get_codes
from chain.ledger.state import State
from chain.units import Address

if TYPE_CHECKING:
    from app.app import ChainroomApp

FRAMES_PER_LOOK: Final = 4
"""Frames between two looks while time passes."""
READ_CODES_S: Final = 2.0
"""When the codes of the shipped contracts are read: after the first paint."""
SHELF_COLUMNS: Final = (Column("to deploy", 20, is_flexible=True), Column("", 8))
SHELF_KEYS: Final = (("e edit a copy ", "e"), ("L open a file", "L"))
PANELS: Final = {
    "story": "Story",
    "source": "Source",
    "use": "Use",
    "calls": "Calls",
    "events": "Events",
    "storage": "Storage",
    "about": "About",
}


class ContractsView(ContractActions):
    """Two lists, and the chosen contract."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("contracts")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="ContractsView")
        + """
    ContractsView { layout: horizontal; }
    ContractsView .panel { width: 1fr; height: 1fr; }
    ContractsView #contracts-left { width: 40; height: 1fr; }
    ContractsView #contracts-right { width: 1fr; height: 1fr; }
    ContractsView #contracts-tabs { height: 1; padding: 0 1; }
    ContractsView #contracts-tabs Button {
        height: 1; min-width: 6; width: auto; border: none; padding: 0 1; background: transparent; color: $muted;
    }
    ContractsView #contracts-tabs Button.-chosen { color: $primary; text-style: bold underline; }
    ContractsView #contracts-tabs Button:focus { background: $panel; }
    ContractsView.-folded { layout: vertical; }
    ContractsView.-folded #form-args Horizontal, ContractsView.-folded #form-title { margin-bottom: 0; }
    ContractsView.-folded #contracts-left { width: 1fr; height: 8; layout: horizontal; }
    ContractsView.-folded.-story #contracts-left { height: 5; }
    """
    )

    app: "ChainroomApp"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._chosen_name = ""
        """The chosen contract of the shelf; empty when a deployed one is chosen."""
        self._address: Address | None = None
        self._deployed: tuple[Deployed, ...] = ()
        self._told: list[Told] = []
        self._is_fresh = True
        """Whether nobody has chosen anything yet: then the first contract of the run is shown."""
        self._frames = 0
        self._key: object = None

    def compose(self) -> ComposeResult:
        """Lists left, the chosen contract right."""
        with Vertical(id="contracts-left"):
            yield VirtualTable(
                present.DEPLOYED_COLUMNS, id="contracts-deployed", classes="panel", empty="None yet: deploy one"
            )
            yield VirtualTable(SHELF_COLUMNS, id="contracts-shelf", classes="panel")
        with Vertical(id="contracts-right"):
            with Horizontal(id="contracts-tabs"):
                for name, title in PANELS.items():
                    yield Button(title, id=f"tab-{name}", compact=True)
            yield StoryPanel(id="panel-story", classes="panel")
            yield SourceView(id="panel-source", classes="panel")
            yield ContractDesk(self.shelf, id="panel-use", classes="panel")
            yield VirtualTable(
                present.CALL_COLUMNS, id="panel-calls", classes="panel", empty="Nobody has called it yet"
            )
            yield VirtualTable(
                present.EVENT_COLUMNS, id="panel-events", classes="panel", empty="It has told nothing yet"
            )
            yield VirtualTable(STORAGE_COLUMNS, id="panel-storage", classes="panel", empty="It keeps nothing")
            yield FieldList(id="panel-about", classes="panel")

    def on_mount(self) -> None:
        """The shelf does not change by itself."""
        self._chosen_name = self.shelf.get_names()[0]
        self.show_shelf()
        self._show_panel("source")
        self.set_timer(READ_CODES_S, get_codes)  # the first page of a contract asks for them

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold, when the screen knows its own size."""
        self.call_after_refresh(lambda: self.set_class(self.screen.has_class("-narrow"), "-folded"))

    def on_show(self) -> None:
        """Seen again after another view: nothing shown before counts."""
        self._key = None

    # What is shown ---------------------------------------------------------------------------------------------------

    @property
    def session(self) -> Session:
        """The run on screen."""
        assert self.app.session is not None
        return self.app.session

    def get_state(self) -> State:
        """Return accounts and contracts at the cursor."""
        world = self.session.simulation.world
        return world.ledger.state(get_canonical(world, self.session.cursor_us).hash)

    def get_holders(self) -> Holders:
        """Return who is behind the addresses."""
        return get_holders(self.app, self.session.simulation.world)

    def get_chosen(self) -> Deployed | None:
        """Return the chosen contract of the run, None while one of the shelf is chosen."""
        return next((it for it in self._deployed if it.address == self._address), None)

    def get_artifact(self) -> Artifact | None:
        """Return what is known of the chosen contract's code."""
        chosen = self.get_chosen()
        return (
            chosen.artifact if chosen is not None else self.shelf.get(self._chosen_name) if self._chosen_name else None
        )

    def begin(self, session: Session) -> bool:
        """Begin with another run: with its people's story, and return True, if there are people who use contracts."""
        has_story = bool(list_applications(session.simulation))
        self._is_fresh, self._address, self._key = True, None, None
        self._show_panel("story" if has_story else "source")
        return has_story

    def show(self, session: Session) -> None:
        """Bring lists and panel up to the cursor."""
        world = session.simulation.world
        self._frames += 1
        key = (world, session.cursor_us, len(world.tree), self._address, self._chosen_name, self._panel, self.app.theme)
        is_due = not session.is_playing or self._frames % FRAMES_PER_LOOK == 0
        is_other = not isinstance(self._key, tuple) or self._key[3:] != key[3:] or self._key[0] is not world
        if key == self._key or not (is_due or is_other):
            return
        self._key = key
        holders, state = self.get_holders(), self.get_state()
        self._deployed = present.list_deployed(world, session.cursor_us, self.shelf, holders)
        rows = [present.build_deployed_row(it, state) for it in self._deployed]
        table = self.query_one("#contracts-deployed", VirtualTable)
        table.show(len(rows), rows.__getitem__)
        table.border_title = f"In this run {len(rows)}"
        table.border_subtitle = build_key_link("d debug", "d") if rows else ""
        if self._is_fresh and self._deployed:
            self._address, self._is_fresh = self._deployed[0].address, False
        if self._address is not None and self.get_chosen() is None:
            self._address, self._is_fresh = None, True  # the moment is before it was deployed
            self._chosen_name = self._chosen_name or self.shelf.get_names()[0]
        self._show_chosen(state, holders)

    def show_shelf(self) -> None:
        """List what lies on the shelf."""
        names = self.shelf.get_names()
        rows = [
            (Cell(name.replace("_", " ")), Cell("yours" if name in self.shelf.own else "", "accent")) for name in names
        ]
        table = self.query_one("#contracts-shelf", VirtualTable)
        table.show(len(rows), rows.__getitem__)
        table.border_title = f"Shelf {len(rows)} · enter to deploy"
        table.border_subtitle = Content(" ").join(build_key_link(text, key) for text, key in SHELF_KEYS)

    def _show_chosen(self, state: State, holders: Holders) -> None:
        chosen, artifact = self.get_chosen(), self.get_artifact()
        title = clean(chosen.name if chosen else f"{self._chosen_name.replace('_', ' ')} (not deployed)", 60)
        self.query_one("#contracts-right").border_title = title
        self.query_one(f"#panel-{self._panel}").border_title = f"{PANELS[self._panel]} · {title}"
        if self._panel == "story":
            self._show_story(chosen, holders)
        elif self._panel == "source":
            self.query_one(SourceView).show(artifact.source if artifact else "")
        elif self._panel == "use":
            self.query_one(ContractDesk).show_contract(chosen, artifact)
        elif chosen is not None:
            self._show_run_panel(chosen, state, holders)
        else:
            for name in ("calls", "events", "storage"):
                self.query_one(f"#panel-{name}", VirtualTable).show(0)
            self.query_one("#panel-about", FieldList).show(())

    def _show_run_panel(self, chosen: Deployed, state: State, holders: Holders) -> None:
        if self._panel == "calls":
            self._doings = doings = chosen.doings[::-1]
            build = present.build_call_row
            self.query_one("#panel-calls", VirtualTable).show(
                len(doings), lambda row: build(doings[row], chosen, holders)
            )
        elif self._panel == "events":
            self._told = told = present.list_events(chosen)
            show = present.build_event_row
            self.query_one("#panel-events", VirtualTable).show(len(told), lambda row: show(told[row], chosen, holders))
        elif self._panel == "storage":
            rows, is_unfinished = list_storage(self.session.simulation.world, chosen, state, holders)
            if is_unfinished:
                self._key = None  # the rest of the names has its turn in the next frame
            self.query_one("#panel-storage", VirtualTable).show(len(rows), rows.__getitem__)
        else:
            self.query_one("#panel-about", FieldList).show(present.build_contract_fields(chosen, state, holders))

    def _show_story(self, chosen: Deployed | None, holders: Holders) -> None:
        simulation, panel = self.session.simulation, self.query_one(StoryPanel)
        applications = list_applications(simulation) if self._is_fresh else []
        application = next(iter(applications), None) if chosen is None else find_application(simulation, chosen.address)
        if application is not None:
            panel.border_title = f"Story · {application.title}"
            panel.show(build_story(simulation, application, self.session.cursor_us, holders))
        elif chosen is None:
            panel.show(Story("Not deployed here. Use deploys it; docs/contracts tells what it is for."))
        else:
            panel.show(Story("A contract of your own: Use asks and calls it, Events tells what it did."))

    def _show_panel(self, name: str) -> None:
        self._panel = name
        self.set_class(name == "story", "-story")
        for it in PANELS:
            self.query_one(f"#panel-{it}").display = it == name
            self.query_one(f"#tab-{it}").set_class(it == name, "-chosen")
        if self.app.session is not None:
            self.show(self.app.session)

    # Choosing --------------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#contracts-tabs Button")
    def on_tab_pressed(self, event: Button.Pressed) -> None:
        """Show another panel."""
        event.stop()
        self._show_panel(str(event.button.id).removeprefix("tab-"))

    def action_panel(self) -> None:
        """The next panel, with the focus in it."""
        names = list(PANELS)
        self._show_panel(names[(names.index(self._panel) + 1) % len(names)])
        panel = self.query_one(f"#panel-{self._panel}")
        target = panel if panel.can_focus else next(iter(panel.query("OptionList, FieldList")), None)
        if target is not None:
            target.focus()

    def choose(self, name: str = "", address: Address | None = None) -> None:
        """Choose a contract of the shelf by name, or one of the run."""
        self._chosen_name, self._address, self._is_fresh = name, address, False
        self.show(self.session)

    @on(VirtualTable.RowChosen, "#contracts-deployed")
    def on_deployed_chosen(self, message: VirtualTable.RowChosen) -> None:
        """Show a contract of the run."""
        if message.row < len(self._deployed):
            self.choose(address=self._deployed[message.row].address)

    @on(VirtualTable.RowOpened, "#contracts-deployed")
    def on_deployed_opened(self, message: VirtualTable.RowOpened) -> None:
        """Go to what one can do with it."""
        self.on_deployed_chosen(message)
        self._show_panel("use")
        self.query_one("#panel-use OptionList").focus()

    @on(VirtualTable.RowChosen, "#contracts-shelf")
    def on_shelf_chosen(self, message: VirtualTable.RowChosen) -> None:
        """Show a contract of the shelf."""
        self.choose(self.shelf.get_names()[message.row])

    @on(VirtualTable.RowOpened, "#contracts-shelf")
    def on_shelf_opened(self, message: VirtualTable.RowOpened) -> None:
        """Go to the form that deploys it."""
        self.on_shelf_chosen(message)
        self._show_panel("use")
        self.query_one("#panel-use OptionList").focus()

    @on(ContractForm.Left)
    def on_form_left(self) -> None:
        """Back to the lists."""
        self.query_one("#contracts-deployed" if self._address else "#contracts-shelf").focus()

    def get_focused_thing(self) -> Thing | None:
        """Return the chosen transaction, or the contract's account."""
        calls, told = self.query_one("#panel-calls", VirtualTable), self.query_one("#panel-events", VirtualTable)
        if calls.has_focus and calls.cursor < len(self._doings):
            return Thing("transaction", self._doings[calls.cursor].signed.id)
        if told.has_focus and told.cursor < len(self._told):
            return Thing("transaction", self._told[told.cursor].doing.signed.id)
        return None if self._address is None else Thing("address", self._address)

    # Actions ---------------------------------------------------------------------------------------------------------

    @on(VirtualTable.RowOpened, "#panel-calls")
    def on_call_opened(self) -> None:
        """Walk through the call."""
        self.action_debug()

    @on(VirtualTable.RowOpened, "#panel-events")
    def on_event_opened(self) -> None:
        """Open the transaction that told it."""
        thing = self.get_focused_thing()
        if thing is not None:
            self.app.open_thing(thing)

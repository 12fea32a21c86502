"""Consensus: the numbers of the protocol, a grid of votes or turns, and everybody who takes part.

Everything is read at the cursor, as somebody sees it who hears all at once, or as one node does (``[`` and ``]``). Each
number, each cell and each member can be asked why; what the protocol lets one change stands in the buttons.
"""

from typing import Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from app.commands import get_bindings, get_command, get_key
from app.present.command_words import WAYS, describe_behaviour
from app.present.consensus import build_panel
from app.present.consensus_changes import Change, build_action, build_commands, list_changes
from app.present.consensus_events import Event, get_log
from app.present.consensus_model import Item, Model
from app.present.words import format_clock, name_node
from app.screens.dialogs import Choice, ChoiceDialog, NameDialog
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.session import Session
from app.widgets.field_list import FieldList
from app.widgets.models import Cell, Column, Why
from app.widgets.virtual_table import Row, VirtualTable
from app.widgets.vote_grid import VoteGrid
from chain.errors import ChainroomError
from chain.ledger.fees import compute_intrinsic_gas

REFRESH_EVERY: Final = 3
"""Frames between two looks at a run that goes on."""
MOST_BUTTONS: Final = 8
LINKS: Final = ("go.access", "run.new")
"""Where else one may want to go from here; where there is little room their keys have to do."""
FEWEST_EVENT_ROWS: Final = 4
EVENT_COLUMNS: Final = (Column("when", 8), Column("what happened", 20, is_flexible=True))
NO_EVENTS: Final = "Nobody has joined, left or been punished"


class ConsensusPage(RunScreen):
    """Numbers on the left, grid and members on the right; one after the other where there is little room."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("consensus")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="ConsensusPage")
        + """
    ConsensusPage > #consensus { height: 1fr; }
    ConsensusPage .panel { width: 1fr; height: 1fr; }
    ConsensusPage #consensus-left { width: 56; height: 1fr; }
    ConsensusPage #consensus-right { width: 1fr; height: 1fr; }
    ConsensusPage.-wide #consensus-left { width: 76; }
    ConsensusPage.-folded #consensus-left, ConsensusPage.-folded #consensus-right { width: 1fr; }
    ConsensusPage #consensus-buttons { height: 1; padding: 0 1; }
    ConsensusPage #consensus-buttons Button { margin-right: 1; min-width: 8; width: auto; }
    ConsensusPage #consensus-links { width: 1fr; height: 1; align-horizontal: right; }
    ConsensusPage.-narrow #consensus-links { display: none; }
    ConsensusPage #consensus-chosen { width: auto; margin-right: 1; color: $muted; }
    """
    )

    def __init__(self) -> None:
        super().__init__()
        self._node: int | None = None
        self._model: Model | None = None
        self._deck = PanelDeck()
        self._frames = 0
        self._key: object = None
        self._changes: tuple[Change, ...] = ()
        self._shown_events: list[Event] = []

    def compose_body(self) -> ComposeResult:
        """Three panels and a row of buttons."""
        with Horizontal(id="consensus"):
            with Vertical(id="consensus-left"):
                yield FieldList(empty="Nothing has happened yet", classes="panel")
                yield VirtualTable(EVENT_COLUMNS, empty=NO_EVENTS, id="consensus-events", classes="panel")
            with Vertical(id="consensus-right"):
                yield VoteGrid(classes="panel")
                yield VirtualTable((), empty="Nobody takes part", id="consensus-members", classes="panel")
        with Horizontal(id="consensus-buttons"):
            yield Static(id="consensus-chosen", markup=False)
            for place in range(MOST_BUTTONS):
                yield Button("", id=f"change-{place}", compact=True)
            with Horizontal(id="consensus-links"):
                for command_id in LINKS:
                    spec = get_command(command_id)
                    label = f"{spec.title} ({get_key(spec)})"
                    yield Button(label, id=command_id.replace(".", "-"), compact=True, tooltip=spec.help)

    @property
    def _fields(self) -> FieldList:
        return self.query_one(FieldList)

    @property
    def _grid(self) -> VoteGrid:
        return self.query_one(VoteGrid)

    @property
    def _members(self) -> VirtualTable:
        return self.query_one("#consensus-members", VirtualTable)

    @property
    def _events(self) -> VirtualTable:
        return self.query_one("#consensus-events", VirtualTable)

    def on_mount(self) -> None:
        """Show at once."""
        self._fields.focus()
        self.app.show()

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show_body(self, session: Session) -> None:
        """Bring the panels up to the cursor."""
        world, at_us = session.simulation.world, session.cursor_us
        key = (world, at_us, self._node, world.kernel.steps, len(world.history.records))
        is_due = self._frames % REFRESH_EVERY == 0 or not (session.is_playing and session.is_live)
        self._frames += 1
        if key != self._key and is_due:
            self._key = key
            node = self.get_node() if self._model is not None else None
            self._model = model = build_panel(world, at_us, self._node)
            self._fields.show(tuple(item.field for item in model.items))
            self._grid.show(model.grid)
            if self._members.columns != model.columns:
                self._members.columns = model.columns
            self._members.show(len(model.members), self._get_row)
            self._follow(node)
            self._shown_events = get_log(world).get_until(at_us)[::-1]
            self._events.show(len(self._shown_events), self._get_event_row)
            self._show_buttons(session)
        self._arrange()

    def _follow(self, node: int | None) -> None:
        """Keep the node chosen that was, wherever it stands among the members now."""
        members = self._model.members if self._model is not None else ()
        self._members.cursor = next((it for it, member in enumerate(members) if member.node == node), 0)

    def _get_event_row(self, place: int) -> Row:
        event = self._shown_events[place]
        return Cell(format_clock(event.time_us)[:-4], "muted"), Cell(event.text, event.tone)

    def _get_row(self, place: int) -> Row:
        members = self._model.members if self._model is not None else ()
        return members[place].cells if place < len(members) else ()

    def _show_buttons(self, session: Session) -> None:
        node = self.get_node()
        changes = list_changes(session.simulation.world, node, session.cursor_us)
        self.query_one("#consensus-chosen", Static).update(f"{name_node(node)}:")
        if changes == self._changes:
            return
        self._changes = changes
        for place in range(MOST_BUTTONS):
            button = self.query_one(f"#change-{place}", Button)
            button.display = place < len(changes)
            if place < len(changes):
                button.label, button.tooltip = changes[place].title, changes[place].help
                button.refresh(layout=True)  # a longer word needs more room

    def _arrange(self) -> None:
        is_narrow, is_short = self.has_class("-narrow"), self.has_class("-short")
        self.set_class(is_narrow, "-folded")
        model = self._model
        who = "everybody" if self._node is None else name_node(self._node)
        titles = (model.title, model.grid.title, model.members_title) if model is not None else ("", "", "")
        panels = [
            Panel(self._fields, titles[0] if not is_narrow else f"Numbers · {who}"),
            Panel(self._grid, titles[1] if not is_narrow else "Grid"),
            Panel(self._members, titles[2] if not is_narrow else "Members"),
        ]
        if is_narrow:
            self._deck.arrange(panels, 1)
            self._show_events()
            self.query_one("#consensus-left").display = self._fields.display
            self.query_one("#consensus-right").display = not self._fields.display
            return
        self._arrange_beside(panels, is_short)
        self._fields.border_subtitle = f"seen by {who} · [ ]"

    def _arrange_beside(self, panels: list[Panel], is_short: bool) -> None:
        """Numbers beside the rest; of grid and members one at a time where there are few rows."""
        self.query_one("#consensus-left").display = self.query_one("#consensus-right").display = True
        self._fields.display, self._fields.border_title = True, panels[0].title
        self._show_events()
        if is_short:
            self._deck.arrange(panels[1:], 1)
        else:
            self._deck.arrange(panels[1:], 2)

    def _show_events(self) -> None:
        """What happened stands below the numbers where these leave room."""
        rows = len(self._model.items) + 2 if self._model is not None else 0
        self._events.display = self.size.height - rows > FEWEST_EVENT_ROWS + 6
        self._fields.styles.height = rows if self._events.display else "1fr"
        self._events.border_title = "What happened"

    def action_panel(self) -> None:
        """The next of the folded panels."""
        panels: list[Any] = [self._fields, self._grid, self._members]
        if not self.has_class("-narrow"):
            panels = panels[1:]
        self._deck.turn([Panel(widget, "") for widget in panels])
        self._arrange()
        panels[self._deck.active].focus()

    def action_turn(self, step: int) -> None:
        """Take the view of the next node; before the first and after the last one that of everybody."""
        session = self.app.session
        if session is not None:
            count = session.simulation.world.node_count
            place = (-1 if self._node is None else self._node) + step
            self._node = (place + 1) % (count + 1) - 1
            self._node = None if self._node < 0 else self._node
            self._frames, self._key = 0, None
            self.app.show()

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_node(self) -> int:
        """Return the node that buttons are about: the one chosen among the members."""
        members = self._model.members if self._model is not None else ()
        return members[self._members.cursor].node if self._members.cursor < len(members) else self._node or 0

    def _get_item(self) -> Item | None:
        items = self._model.items if self._model is not None else ()
        return items[self._fields.cursor] if self._fields.cursor < len(items) else None

    def get_focused_thing(self) -> Thing | None:
        """Return what the chosen number, cell or member stands for."""
        if self._model is None:
            return None
        if self._grid.has_focus:
            return self._model.grid_things.get((self._grid.row, self._grid.column))
        if self._fields.has_focus:
            item = self._get_item()
            return item.thing if item is not None else None
        if self._events.has_focus:
            chosen = self._shown_events[self._events.cursor : self._events.cursor + 1]
            return Thing("block", chosen[0].block) if chosen else None
        return Thing("node", self.get_node())

    def get_why(self) -> Why | None:
        """Return why the chosen number, cell or member is as it is."""
        model = self._model
        if model is None:
            return None
        if self._grid.has_focus:
            cell = self._grid.get_chosen()
            return Why(model.grid.title, model.grid_rule, (), cell.words) if cell is not None and cell.words else None
        if self._fields.has_focus:
            item = self._get_item()
            return item.why if item is not None else None
        if self._events.has_focus:
            chosen = self._shown_events[self._events.cursor : self._events.cursor + 1]
            when = (("when", format_clock(chosen[0].time_us)),) if chosen else ()
            return Why(chosen[0].text, "", when, chosen[0].why) if chosen else None
        return model.members[self._members.cursor].why if self._members.cursor < len(model.members) else None

    @on(FieldList.FieldOpened)
    def on_field_opened(self) -> None:
        """Open what a number names, or say why it is as it is."""
        if self.get_focused_thing() is not None:
            self.action_open()
        else:
            self.action_why()

    @on(FieldList.WhyAsked)
    def on_why_asked(self) -> None:
        """Explain the chosen number."""
        self.action_why()

    @on(FieldList.CopyAsked)
    def on_copy_asked(self) -> None:
        """Copy the chosen number."""
        item = self._get_item()
        if item is not None:
            self.app.copy_text(item.field.value, item.field.label)

    @on(VoteGrid.CellOpened)
    @on(VirtualTable.RowOpened)
    def on_opened(self) -> None:
        """Open what a cell or a row stands for."""
        self.action_open()

    @on(VirtualTable.RowChosen)
    def on_row_chosen(self) -> None:
        """Another member: the buttons are about it."""
        if self.app.session is not None:
            self._show_buttons(self.app.session)

    # What can be changed ---------------------------------------------------------------------------------------------

    @on(Button.Pressed)
    def on_pressed(self, message: Button.Pressed) -> None:
        """Do what the button says."""
        name = message.button.id or ""
        if name.startswith("go-"):
            self.action_access()
            return
        if name.startswith("run-"):
            self.action_new_run()
            return
        place = int(name.removeprefix("change-"))
        if place < len(self._changes):
            self._begin_change(self._changes[place].id)

    def action_change(self) -> None:
        """Choose what to change about the chosen member."""
        choices = [Choice(change.id, change.title, change.help) for change in self._changes]
        title = f"Change {name_node(self.get_node())}"
        self.app.push_screen(ChoiceDialog(title, choices), lambda key: self._begin_change(key) if key else None)

    def _begin_change(self, change_id: str) -> None:
        change = next((it for it in self._changes if it.id == change_id), None)
        if change is None:
            return
        if change.choices:
            choices = [Choice(it, it, WAYS.get(it, "")) for it in change.choices]
            ways = ChoiceDialog(f"{change.title}: {name_node(self.get_node())}", choices)
            self.app.push_screen(ways, lambda way: self._tell(self._change(change, way)) if way else None)
            return
        if not change.prompt:
            self._tell(self._change(change, ""))
            return
        title = f"{change.title} of {name_node(self.get_node())}"
        dialog = NameDialog(
            title, f"{change.help} Type {change.prompt}.", change.value, lambda it: self._change(change, it)
        )
        self.app.push_screen(dialog)

    def _change(self, change: Change, value: str) -> str:
        """Hand the commands of a change to the run; return what is wrong with it, or nothing."""
        session, node = self.app.session, self.get_node()
        if session is None:
            return ""
        if change.is_signed:
            return self._sign(session, node, change, value)
        try:
            commands = build_commands(session.simulation.world, node, change.id, value)
        except ChainroomError as error:
            return str(error)
        are_applied = [self.app.submit(command) for command in commands]
        if not all(are_applied):
            return self.app.last_refusal.text if self.app.last_refusal is not None else "it was refused"
        self._frames, self._key = 0, None
        self.app.tell(f"{name_node(node)} {describe_behaviour(value)}." if change.choices else change.help)
        return ""

    def _tell(self, problem: str) -> None:
        if problem:
            self.app.tell(problem, "warning")

    def _sign(self, session: Session, node: int, change: Change, value: str) -> str:
        """Let the person's account send a vote or stake; return what is wrong, or nothing."""
        wallet: Any = self.app.home.get_view("wallet")
        account = wallet.wallets.account if wallet is not None else None
        if account is None or account.authority is None:
            return "your account votes: make a wallet first (3, then w)"
        try:
            action = build_action(session.simulation.world, node, change.id, value, account.address)
        except ChainroomError as error:
            return str(error)
        wallet.show(session)
        gas = compute_intrinsic_gas(action, account.authority)
        self.run_worker(wallet.send_action(action, gas, change.title, change.help), exclusive=True, group="stake")
        return ""

"""Tamper: edit any field of a block as one node stores it, and see what the others say to it.

Left the fields of the block, right the node's chain from there on, below what mining again costs. Everything happens in
a copy: the run goes on untouched, and ``u`` throws the copy away as a re-sync would.
"""

from typing import ClassVar, Final

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from app.commands import get_bindings
from app.present.chain import format_bytes, get_block
from app.present.tamper import (
    COLUMNS,
    build_cost,
    build_fields,
    build_row,
    explain_cost,
    explain_row,
    get_value,
    open_copy,
)
from app.present.words import name_node, plural
from app.screens.dialogs import NameDialog
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.session import Session
from app.widgets.field_list import FieldList
from app.widgets.models import Why
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from chain.errors import ChainroomError
from chain.simulation.tampering import StoredCopy
from chain.units import Hash

PAUSE_S: Final = 0.02
"""Between two blocks that are mined again, so that one sees them turn."""


class TamperPage(RunScreen):
    """Fields, the chain above, the cost."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("tamper")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="TamperPage")
        + """
    TamperPage #tamper-title { height: auto; max-height: 3; padding: 0 1; }
    TamperPage #tamper-buttons { height: 1; padding: 0 1; }
    TamperPage #tamper-buttons Button { margin-right: 1; min-width: 8; width: auto; }
    TamperPage #tamper-body { height: 1fr; }
    TamperPage .panel { width: 1fr; height: 1fr; }
    TamperPage #tamper-right { width: 1fr; height: 1fr; }
    TamperPage #tamper-cost.panel { height: 10; }
    TamperPage.-narrow #tamper-fields.panel { display: none; }
    TamperPage.-narrow.-fields #tamper-fields.panel { display: block; }
    TamperPage.-narrow.-fields #tamper-right { display: none; }
    TamperPage.-narrow #tamper-cost.panel { height: 1fr; }
    """
    )

    def __init__(self, block: Hash, node: int = 0) -> None:
        super().__init__()
        self._block, self._node = block, node
        self._copy: StoredCopy | None = None
        self._problem = ""
        self._deck = PanelDeck()
        self._is_mining = False

    def compose_body(self) -> ComposeResult:
        """Title and buttons above; fields beside chain and cost."""
        yield Static(id="tamper-title", markup=False)
        with Horizontal(id="tamper-buttons"):
            yield Button("e edit", id="tamper-edit", compact=True)
            yield Button("x drop tx", id="tamper-drop", compact=True)
            yield Button("r mine again", id="tamper-mine", compact=True)
            yield Button("R mine all", id="tamper-all", compact=True)
            yield Button("u re-sync", id="tamper-resync", compact=True)
        with Horizontal(id="tamper-body"):
            yield FieldList(id="tamper-fields", classes="panel")
            with Vertical(id="tamper-right"):
                yield VirtualTable(COLUMNS, id="tamper-chain", empty="Nothing is stored from here on", classes="panel")
                yield FieldList(id="tamper-cost", classes="panel")

    @property
    def _fields(self) -> FieldList:
        return self.query_one("#tamper-fields", FieldList)

    @property
    def _table(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    @property
    def _cost(self) -> FieldList:
        return self.query_one("#tamper-cost", FieldList)

    def on_mount(self) -> None:
        """Open the copy at the moment one came in; it does not move with the clock."""
        self._open()
        self._fields.focus()

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    def _open(self) -> None:
        session = self.app.session
        if session is None:
            return
        world, at_us = session.simulation.world, session.cursor_us
        record = get_block(world, self._block, at_us)
        found = open_copy(world, self._node, record, at_us) if record is not None else "there is no such block by now"
        self._copy, self._problem = (None, found) if isinstance(found, str) else (found, "")
        self._is_mining = False
        self._refresh(session)

    def show_body(self, session: Session) -> None:
        """Leave the copy of another run."""
        if self._copy is not None and self._copy.world is not session.simulation.world:
            self._open()

    def _refresh(self, session: Session) -> None:
        copy, colours = self._copy, self.app.theme_variables
        title = Text(
            f"Tamper with #{copy.records[0].height} as {name_node(self._node)} stores it" if copy else "Tamper"
        )
        title.stylize("bold")
        if copy is None:
            title.append(f"\n{clean(self._problem, 160)}", style=colours.get("warning", ""))
        else:
            words = "In a copy: the run is not touched. Edit a field with enter; u takes the others' blocks again"
            title.append(f"\n{words}", style=colours.get("muted", ""))
        self.query_one("#tamper-title", Static).update(title)
        holders = get_holders(self.app, session.simulation.world)
        self._fields.show(build_fields(copy, holders) if copy else ())
        self._cost.show(build_cost(copy, self._node, session.cursor_us) if copy else ())
        self._table.show(len(copy.blocks) if copy else 0, (lambda place: build_row(copy, place)) if copy else None)
        self._arrange()

    def _get_panels(self) -> list[Panel]:
        count = len(self._copy.blocks) if self._copy else 0
        chain = Panel(self._table, f"Stored by {name_node(self._node)}: {plural(count, 'block')}")
        return [chain, Panel(self._cost, "What it takes")]

    def _arrange(self) -> None:
        panels = self._get_panels()
        if self.has_class("-narrow"):
            self._deck.arrange([Panel(self._fields, "Fields"), *panels], 1)
            self.set_class(self._fields.display, "-fields")
            return
        self._fields.display, self._fields.border_title = True, "Fields"
        self._deck.arrange(panels, 2)

    def action_panel(self) -> None:
        """The next panel."""
        panels = self._get_panels()
        if self.has_class("-narrow"):
            panels.insert(0, Panel(self._fields, "Fields"))
        self._deck.turn(panels)
        self._arrange()
        panels[self._deck.active].widget.focus()

    # What one can do -------------------------------------------------------------------------------------------------

    def action_turn(self, step: int) -> None:
        """The copy of another node; edits are left behind."""
        session = self.app.session
        if session is not None:
            self._node = (self._node + step) % session.simulation.world.node_count
            self._open()

    def action_edit(self) -> None:
        """Ask for another value of the chosen field."""
        copy, fields = self._copy, self._fields
        if copy is None or not fields.fields:
            return
        field = fields.fields[fields.cursor]
        lead = "What this node's disk would say. Everybody else keeps the block as it was."
        value = get_value(copy, field.key)
        self.app.push_screen(NameDialog(f"Edit {field.label}", lead, value, lambda text: self._edit(field.key, text)))

    def _edit(self, key: str, text: str) -> str:
        if self._copy is None:
            return "there is no copy"
        try:
            self._copy.edit(key, text)
        except ChainroomError as error:
            return str(error)
        self._show_change()
        return ""

    def _show_change(self) -> None:
        if self.app.session is not None:
            self._refresh(self.app.session)

    def action_drop(self) -> None:
        """Take the chosen transaction out of the block."""
        copy, fields = self._copy, self._fields
        if copy is None or not fields.fields:
            return
        _, _, number = fields.fields[fields.cursor].key.partition("-")
        if not number:
            self.app.tell("choose a field of a transaction, then press x")
            return
        copy.drop(int(number))
        self._show_change()

    def action_mine_again(self) -> None:
        """Mine the first refused block again."""
        self._mine_next()

    def action_mine_all(self) -> None:
        """Mine one block after the other, until none is left or the person leaves."""
        self._is_mining = not self._is_mining
        if self._is_mining:
            self._mine_on()

    def _mine_on(self) -> None:
        if self._is_mining and self.is_current:
            self._is_mining = self._mine_next()
            if self._is_mining:
                self.set_timer(PAUSE_S, self._mine_on)

    def _mine_next(self) -> bool:
        copy = self._copy
        if copy is None:
            return False
        place = copy.find_broken()
        if place is None:
            self.app.tell("nothing is left to mine again" if copy.mined else "edit a field first")
            return False
        try:
            copy.mine_again(place)
        except ChainroomError as error:
            self.app.tell(str(error), "warning")
            return False
        self._table.choose(place)
        self._show_change()
        return True

    def action_resync(self) -> None:
        """Throw the copy away: the node takes the blocks of its neighbours again."""
        if self._copy is not None:
            size = sum(record.block.size_bytes for record in self._copy.records)
            self._copy.heal()
            self._is_mining = False
            count = plural(len(self._copy.blocks), "block")
            self.app.tell(
                f"{name_node(self._node)} fetched {count}, {format_bytes(size)}, from its neighbours: all well"
            )
            self._show_change()

    @on(Button.Pressed)
    def on_pressed(self, message: Button.Pressed) -> None:
        """What the buttons say."""
        acts = {
            "tamper-edit": self.action_edit,
            "tamper-drop": self.action_drop,
            "tamper-mine": self.action_mine_again,
            "tamper-all": self.action_mine_all,
            "tamper-resync": self.action_resync,
        }
        acts[message.button.id or ""]()

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_focused_thing(self) -> Thing | None:
        """Return the network's block at the chosen height."""
        if self._copy is None:
            return None
        place = self._table.cursor if self._table.has_focus else 0
        return Thing("block", self._copy.records[min(place, len(self._copy.records) - 1)].hash)

    def get_why(self) -> Why | None:
        """Return what the others say of the chosen block, or what it would take."""
        if self._copy is None:
            return None
        if self._cost.has_focus:
            return explain_cost(self._copy)
        return explain_row(self._copy, self._table.cursor if self._table.has_focus else 0)

    @on(FieldList.FieldOpened)
    def on_field_opened(self) -> None:
        """Edit, or explain the cost."""
        if self._cost.has_focus:
            self.action_why()
        else:
            self.action_edit()

    @on(FieldList.WhyAsked)
    def on_why_asked(self) -> None:
        """Explain."""
        self.action_why()

    @on(FieldList.CopyAsked)
    def on_copy_asked(self, message: FieldList.CopyAsked) -> None:
        """Copy the chosen value."""
        fields = (*self._fields.fields, *self._cost.fields)
        field = next((it for it in fields if it.key == message.key), None)
        if field is not None:
            self.app.copy_text(field.value, field.label)

    @on(VirtualTable.RowOpened)
    def on_row_opened(self) -> None:
        """Tell what the others say."""
        self.action_why()

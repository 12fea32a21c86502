"""Who may do what: a matrix of nodes and rights, what was refused, what only members read, and the anchors.

The matrix has the focus: its cursor says whom and which right ``g`` grants and ``r`` revokes, and as which node the
shared contents are read. ``enter`` or ``?`` explains the chosen cell, refusal or commitment, and verifies an anchor.
"""

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Static

from app.commands import get_bindings, get_key, iter_commands
from app.present import access as present
from app.present.access import RIGHTS, Refusals
from app.present.words import name_node, plural
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.screens.wallet_forms import Field as FormField
from app.screens.wallet_forms import FormDialog, Values, build_save_dialog
from app.session import Session
from app.sharing import build_share
from app.wallets import get_wallets
from app.widgets.models import Column, Why
from app.widgets.text import clean
from app.widgets.virtual_table import Row, VirtualTable
from app.widgets.vote_grid import VoteGrid
from chain.access import Right
from chain.simulation import commands as c
from chain.simulation.anchoring import AnchorRecord
from chain.simulation.history import Record
from chain.units import Hash

if TYPE_CHECKING:
    from app.app import ChainroomApp

REFRESH_EVERY: Final = 3
"""Frames between two looks at a run that goes on."""


class AccessPage(RunScreen):
    """The matrix on the left, refusals and what is shared on the right; one after the other where room is short."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("access")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="AccessPage")
        + """
    AccessPage > #access-kind { height: auto; max-height: 2; padding: 0 1; color: $muted; }
    AccessPage > #access { height: 1fr; }
    AccessPage #access-left { width: 44; height: 1fr; }
    AccessPage #access-right { width: 1fr; height: 1fr; }
    AccessPage .panel { width: 1fr; height: 1fr; }
    AccessPage.-folded #access-left, AccessPage.-folded #access-right { width: 1fr; }
    AccessPage #access-buttons { height: 1; padding: 0 1; }
    AccessPage #access-buttons Button { margin-right: 1; min-width: 8; width: auto; }
    AccessPage #access-chosen { width: auto; margin-right: 1; color: $muted; }
    AccessPage.-narrow #access-chosen { display: none; }
    """
    )

    app: "ChainroomApp"

    def __init__(self) -> None:
        super().__init__()
        self._deck = PanelDeck()
        self._frames = 0
        self._key: object = None
        self._refusals: Refusals | None = None
        self._refused: list[Record] = []
        self._shared: list[Hash] = []
        self._anchors: list[AnchorRecord] = []

    def compose_body(self) -> ComposeResult:
        """A line about the kind, the panels, the buttons."""
        yield Static(id="access-kind", markup=False)
        with Horizontal(id="access"):
            with Vertical(id="access-left"):
                yield VoteGrid(classes="panel")
            with Vertical(id="access-right"):
                yield self._build_table("refusals", present.REFUSAL_COLUMNS, "Nobody was refused by a list")
                yield self._build_table("shared", present.PAYLOAD_COLUMNS, "Members have shared nothing yet")
                yield self._build_table("anchors", present.ANCHOR_COLUMNS, "No block has been anchored yet")
        with Horizontal(id="access-buttons"):
            yield Static(id="access-chosen", markup=False)
            for spec in iter_commands("access"):
                name = spec.id.partition(".")[2]
                if name != "panel":
                    label = f"{spec.title} ({get_key(spec)})"
                    yield Button(label, id=f"access-{name}", compact=True, tooltip=spec.help)

    def _build_table(self, name: str, columns: tuple[Column, ...], empty: str) -> VirtualTable:
        get_row = {"refusals": self._get_refusal, "shared": self._get_shared, "anchors": self._get_anchor}[name]
        return VirtualTable(columns, get_row=get_row, empty=empty, id=name, classes="panel")

    @property
    def _grid(self) -> VoteGrid:
        return self.query_one(VoteGrid)

    def _table(self, name: str) -> VirtualTable:
        return self.query_one(f"#{name}", VirtualTable)

    def on_mount(self) -> None:
        """Show at once."""
        self._grid.focus()
        self.app.show()

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show_body(self, session: Session) -> None:
        """Bring the panels up to the cursor."""
        world, at_us = session.simulation.world, session.cursor_us
        key = (world, at_us, self._grid.row, self._grid.column, len(world.history.records))
        is_due = self._frames % REFRESH_EVERY == 0 or not (session.is_playing and session.is_live)
        self._frames += 1
        if key != self._key and is_due:
            self._key = key
            if self._refusals is None or self._refusals.world is not world:
                self._refusals = Refusals(world)
            self._grid.show(present.build_matrix(world, at_us))
            self._refused = self._refusals.get(at_us)
            self._shared = present.list_commitments(world, at_us)
            self._anchors = present.list_anchors(world, at_us)
            for name, rows in (("refusals", self._refused), ("shared", self._shared), ("anchors", self._anchors)):
                self._table(name).show(len(rows))
            self.query_one("#access-kind", Static).update(present.describe_kind(world, at_us))
            self._show_buttons(session)
        self._arrange()

    def _get_refusal(self, place: int) -> Row:
        return present.build_refusal_row(self._refused[place]) if place < len(self._refused) else ()

    def _get_shared(self, place: int) -> Row:
        session = self.app.session
        if session is None or place >= len(self._shared):
            return ()
        world = session.simulation.world
        return present.build_payload_row(world, self._shared[place], self.get_node(), session.cursor_us)

    def _get_anchor(self, place: int) -> Row:
        session = self.app.session
        if session is None or place >= len(self._anchors):
            return ()
        return present.build_anchor_row(session.simulation.world, self._anchors[place], session.cursor_us)

    def _show_buttons(self, session: Session) -> None:
        access, right = session.simulation.world.access, self.get_right()
        self.query_one("#access-chosen", Static).update(f"{name_node(self.get_node())} {right.value}:")
        for name in ("grant", "revoke", "share", "own"):
            self.query_one(f"#access-{name}", Button).disabled = access.is_public
        self.query_one("#access-export", Button).disabled = not self._anchors
        self.query_one("#access-public", Button).display = access.kind == "hybrid"

    def _get_panels(self) -> list[Panel]:
        """Only what this kind of network has; short names where they are tabs."""
        session, is_narrow = self.app.session, self.has_class("-narrow")
        kind = session.simulation.world.access.kind if session is not None else "public"
        name = name_node(self.get_node())
        panels = [
            Panel(self._grid, "Rights" if is_narrow else f"Who may do what · {kind}"),
            Panel(self._table("refusals"), "Refused"),
        ]
        if kind != "public":
            panels.append(Panel(self._table("shared"), f"As {name}" if is_narrow else f"Members only · seen by {name}"))
        if kind == "hybrid":
            panels.append(Panel(self._table("anchors"), "Anchors" if is_narrow else "Anchors in the public chain"))
        for name in ("shared", "anchors"):
            if all(panel.widget is not self._table(name) for panel in panels):
                self._table(name).display = False
        return panels

    def _arrange(self) -> None:
        is_narrow, panels = self.has_class("-narrow"), self._get_panels()
        self.set_class(is_narrow, "-folded")
        left, right = self.query_one("#access-left"), self.query_one("#access-right")
        if is_narrow:
            self._deck.arrange(panels, 1)
            left.display, right.display = self._grid.display, not self._grid.display
            return
        left.display = right.display = self._grid.display = True
        self._grid.border_title, self._grid.border_subtitle = clean(panels[0].title, 60), ""
        self._deck.arrange(panels[1:], 1 if self.has_class("-short") else 3)

    def action_panel(self) -> None:
        """The next of the folded panels; where all fit, the focus goes on."""
        panels = self._get_panels() if self.has_class("-narrow") else self._get_panels()[1:]
        self._deck.turn(panels)
        self._arrange()
        panels[self._deck.active].widget.focus()

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_node(self) -> int:
        """Return the node of the matrix's row."""
        return self._grid.row

    def get_right(self) -> Right:
        """Return the right of the matrix's column."""
        return RIGHTS[min(self._grid.column, len(RIGHTS) - 1)]

    def _get_chosen_anchor(self) -> AnchorRecord | None:
        place = self._table("anchors").cursor
        return self._anchors[place] if place < len(self._anchors) else None

    def get_focused_thing(self) -> Thing | None:
        """Return what the chosen row names: a node, an anchored block."""
        if self._table("anchors").has_focus:
            row = self._get_chosen_anchor()
            return Thing("block", row.block) if row is not None else None
        if self._grid.has_focus:
            return Thing("node", self.get_node())
        return None

    def get_why(self) -> Why | None:
        """Return why the chosen cell, refusal, commitment or anchor is as it is; of nothing, what kind of network."""
        session = self.app.session
        if session is None:
            return None
        world, at_us, node = session.simulation.world, session.cursor_us, self.get_node()
        explain: dict[str, tuple[list[Any], Callable[[Any], Why]]] = {
            "refusals": (self._refused, present.explain_refusal),
            "shared": (self._shared, lambda it: present.explain_payload(world, it, node, at_us)),
            "anchors": (self._anchors, lambda it: present.explain_anchor(world, it, at_us)),
        }
        for name, (rows, build) in explain.items():
            table = self._table(name)
            if table.has_focus:
                return build(rows[table.cursor]) if table.cursor < len(rows) else present.explain_kind(world, at_us)
        return present.explain_cell(world, node, self.get_right(), at_us)

    @on(VoteGrid.CellOpened)
    @on(VirtualTable.RowOpened)
    def on_opened(self) -> None:
        """Say why; of an anchor, verify it."""
        self.action_why()

    # What can be done ------------------------------------------------------------------------------------------------

    @on(Button.Pressed)
    def on_pressed(self, message: Button.Pressed) -> None:
        """Do what the button says."""
        match message.button.id:
            case "access-grant":
                self.action_change(True)
            case "access-revoke":
                self.action_change(False)
            case "access-export":
                self.action_export()
            case "access-share":
                self.action_share()
            case "access-own":
                self.action_own()
            case "access-public":
                self.action_list("public")

    def action_change(self, is_allowed: bool) -> None:
        """Grant or revoke what the matrix's cursor stands on."""
        node, right = self.get_node(), self.get_right()
        if self.app.submit(present.build_change(node, right, is_allowed)):
            self._frames, self._key = 0, None
            self.app.tell(present.describe_change(node, right, is_allowed))
            self.app.show()

    def action_share(self) -> None:
        """Ask what the chosen node's member shares, and with whom."""
        session, node = self.app.session, self.get_node()
        if session is None:
            return

        def share(values: Values) -> None:
            session.submit(build_share(session.simulation.world, node, values["text"], values["members"]))
            self._key = None
            self.app.show()

        lead = f"Only {name_node(node)} and those you name can read it; the chain holds a commitment to it."
        fields = [FormField("text", "what"), FormField("members", "who may read", hint="n03 n05")]
        self.app.push_screen(FormDialog("Share among members", lead, fields, "Share", share))

    def action_own(self) -> None:
        """Let the accounts of the person's own wallet send."""
        session = self.app.session
        if session is None:
            return
        access = session.simulation.world.access
        accounts = get_wallets(self.app).get_all()
        new = [it.address for it in accounts if not access.is_allowed(Right.SEND, it.address, session.cursor_us)]
        if not accounts:
            self.app.tell("you have no account yet: make a wallet first (3, then w)", "warning")
        elif not new:
            self.app.tell("all your accounts may send")
        elif all(self.app.submit(c.GrantSending(address)) for address in new):
            self.app.tell(f"{plural(len(new), 'account')} of yours may send now")

    def action_export(self) -> None:
        """Ask where the proof of the chosen anchor shall be written."""
        session, row = self.app.session, self._get_chosen_anchor()
        if session is None or row is None:
            self.app.tell("no anchor is chosen: let the run go on until one is sent", "warning")
            return
        checked = present.verify(session.simulation.world, row, session.cursor_us)
        if checked is None:
            self.app.tell("this anchor is still on its way: no public block holds it yet", "warning")
            return
        text = json.dumps(checked[1], indent=2)
        self.app.push_screen(build_save_dialog(f"anchor-{row.height}.json", text))

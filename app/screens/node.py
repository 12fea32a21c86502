"""The page of a node: its own view of the chain, its mempool, its peers, what it saw; and what can be done to it."""

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button

from app.commands import get_bindings, get_key, iter_commands
from app.present import node as node_present
from app.present.heads import get_node_finalized, get_node_head
from app.present.network import build_blocks
from app.present.node import MempoolRow, Peer, Sight
from app.screens.network import build_line, get_sight_key
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.session import Session
from app.widgets.block_strip import BlockStrip
from app.widgets.models import Cell, Column, Tone, Why
from app.widgets.node_panel import NodePanel
from app.widgets.virtual_table import Row, VirtualTable
from chain.simulation import commands as c
from chain.units import SECOND

LAG_US: Final = 2 * SECOND
"""What the button Lag adds to everything the node sends and hears."""
REFRESH_EVERY: Final = 4
"""Frames between two looks at the mempool and the peers."""
BUTTONS: Final = ("stop", "start", "cut", "reconnect", "lag", "mine")
_PEER_COLUMNS: Final = (
    Column("peer", 5), Column("place", 11, is_flexible=True), Column("latency", 8, "right"), Column("head", 6, "right"),
    Column("state", 9),
)  # fmt: skip
_MEMPOOL_COLUMNS: Final = (
    Column("#", 3, "right"), Column("tx", 9), Column("amount", 9, "right", is_flexible=True),
    Column("tip/gas", 7, "right"), Column("state", 8),
)  # fmt: skip


class NodePage(RunScreen):
    """Facts and what it saw on the left, peers and mempool on the right, its chain below."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("node")
    DEFAULT_CSS = """
    NodePage > #upper { height: 1fr; }
    NodePage NodePanel { width: 1fr; border: round $line; border-title-color: $primary; }
    NodePage #lists { width: 1fr; }
    NodePage VirtualTable { height: 1fr; border: round $line; border-title-color: $primary; }
    NodePage BlockStrip { height: 7; border: round $line; border-title-color: $primary; }
    NodePage NodePanel:focus, NodePage VirtualTable:focus, NodePage BlockStrip:focus { border: round $primary; }
    NodePage #buttons { height: 1; padding: 0 1; }
    NodePage #buttons Button { margin-right: 1; min-width: 8; width: auto; }
    NodePage #lag { min-width: 13; }
    NodePage.-short BlockStrip { height: 5; }
    NodePage.-wide NodePanel { width: 52; }
    """

    def __init__(self, node: int) -> None:
        super().__init__()
        self.node = node
        self._frames = 0
        self._head = ""
        self._lists_key: object = None
        self._sights: dict[str, Sight] = {}
        self._peers: tuple[Peer, ...] = ()
        self._mempool: tuple[MempoolRow, ...] = ()

    def compose_body(self) -> ComposeResult:
        """Panel, lists, strip, buttons."""
        with Horizontal(id="upper"):
            yield NodePanel()
            with Vertical(id="lists"):
                yield VirtualTable(_PEER_COLUMNS, get_row=self._get_peer_row, empty="no peers", id="peers")
                yield VirtualTable(
                    _MEMPOOL_COLUMNS, get_row=self._get_mempool_row, empty="nothing waits here", id="mempool"
                )
        yield BlockStrip()
        with Horizontal(id="buttons"):
            for spec in iter_commands("node"):
                name = spec.id.partition(".")[2]
                if name in BUTTONS:
                    button = Button(f"{spec.title} ({get_key(spec)})", id=name, compact=True, tooltip=spec.help)
                    button.can_focus = True
                    yield button

    def on_mount(self) -> None:
        """Name the parts, and show at once."""
        self.query_one("#peers").border_title = "Peers"
        self.query_one("#mempool").border_title = "Its mempool"
        self.query_one(BlockStrip).border_title = "Its chain"
        self.query_one(NodePanel).focus()
        self.app.show()

    def start(self, node: int) -> None:
        """Show another node as if the page had just been opened."""
        self.node, self._frames, self._head, self._lists_key = node, 0, "", None
        if self.is_ready and self.app.session is not None:
            for table in self.query(VirtualTable):
                table.cursor = 0
                table.scroll_to(y=0, animate=False)
            self.query_one(NodePanel).focus()
            self.show(self.app.session)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show_body(self, session: Session) -> None:
        """Bring the node's view up to the cursor."""
        world, at_us = session.simulation.world, session.cursor_us
        self.node = min(self.node, world.node_count - 1)
        head, final = get_node_head(world, self.node, at_us), get_node_finalized(world, self.node, at_us)
        published = world.tree.count_published(at_us)
        key = f"{self.node}/{head.index}/{final.index}/{published}"
        if key != self._head:
            self._head = key
            self.query_one(BlockStrip).show(build_blocks(world, head, final, published, self.node, at_us))
        is_running = session.is_playing and session.is_live
        lists_key = (world, at_us, self.node, len(world.history.records))
        if lists_key != self._lists_key and (self._frames % REFRESH_EVERY == 0 or not is_running):
            self._lists_key = lists_key
            self._show_lists(session)
        self._frames += 1

    def _show_lists(self, session: Session) -> None:
        simulation, world, at_us = session.simulation, session.simulation.world, session.cursor_us
        panel = self.query_one(NodePanel)
        panel.border_title = node_present.describe_node(world, self.node)
        self._sights = {get_sight_key(sight): sight for sight in node_present.build_sights(world, self.node, at_us)}
        lines = tuple(build_line(key, sight) for key, sight in self._sights.items())
        panel.show(node_present.build_facts(simulation, self.node, at_us), lines)
        peers = node_present.build_peers(simulation, self.node, at_us)
        mempool = node_present.build_mempool_rows(world, self.node, at_us)
        if peers != self._peers:
            self._peers = peers
            self._table("peers").show(len(peers))
        if mempool != self._mempool:
            self._mempool = mempool
            self._table("mempool").show(len(mempool))
        self._show_buttons(session)

    def _show_buttons(self, session: Session) -> None:
        links, at_us = session.simulation.world.network.links, session.cursor_us
        is_online = links.is_online(self.node, at_us)
        is_lagged = node_present.get_lag_us(session.simulation, self.node, at_us) > 0
        possible = {
            "stop": is_online,
            "start": not is_online,
            "cut": any(peer.state == "open" for peer in self._peers),
            "reconnect": any(peer.state == "cut" for peer in self._peers),
            "mine": is_online,
        }
        for name, is_possible in possible.items():
            self.query_one(f"#{name}", Button).disabled = not is_possible
        label = "Lag off (l)" if is_lagged else "Lag (l)"
        button = self.query_one("#lag", Button)
        if str(button.label) != label:
            button.label = label

    def _table(self, name: str) -> VirtualTable:
        return self.query_one(f"#{name}", VirtualTable)

    def _get_peer_row(self, place: int) -> Row:
        peer = self._peers[place]
        tone: Tone = "good" if peer.state == "open" else "bad"
        glyph = {"open": "●", "cut": "✕"}.get(peer.state, "○")
        return (
            Cell(f"n{peer.node:02d}", "strong"),
            peer.place,
            Cell(node_present.format_latency(peer), "text"),
            Cell(f"#{peer.height}", "muted"),
            Cell(f"{glyph} {peer.state}", tone),
        )

    def _get_mempool_row(self, place: int) -> Row:
        row = self._mempool[place]
        return (str(place + 1), Cell(row.name, "strong"), row.amount, row.tip, Cell(row.state, row.tone))

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_focused_thing(self) -> Thing | None:
        """Return what the cursor of the focused list stands on; otherwise the node itself."""
        focused = self.focused
        if isinstance(focused, VirtualTable) and focused.count:
            if focused.id == "peers":
                return Thing("node", self._peers[focused.cursor].node)
            return Thing("transaction", self._mempool[focused.cursor].transaction)
        if isinstance(focused, BlockStrip) and focused.chosen is not None:
            return Thing("block", bytes.fromhex(focused.chosen))
        sight = self._get_sight()
        return sight.thing if sight is not None and sight.thing is not None else Thing("node", self.node)

    def get_why(self) -> Why | None:
        """Return why something was refused, or why a transaction waits."""
        if self.focused is self._table("mempool") and self._mempool:
            return self._mempool[self._table("mempool").cursor].why
        sight = self._get_sight()
        return sight.why if sight is not None else None

    def _get_sight(self) -> Sight | None:
        panel = self.query_one(NodePanel)
        return self._sights.get(panel.get_chosen() or "") if panel.has_focus else None

    @on(VirtualTable.RowOpened)
    def on_row_opened(self) -> None:
        """Open what the row names."""
        self.action_open()

    @on(BlockStrip.BlockOpened)
    def on_block_opened(self) -> None:
        """Open the chosen block."""
        self.action_open()

    @on(NodePanel.SightOpened)
    def on_sight_opened(self) -> None:
        """Open what the node saw, or say why it was refused."""
        if self.get_why() is not None:
            self.action_why()
        else:
            self.action_open()

    def action_open(self) -> None:
        """Open what is focused, unless it is this very page."""
        thing = self.get_focused_thing()
        if thing is not None and thing != Thing("node", self.node):
            self.app.open_thing(thing)

    # What can be done ------------------------------------------------------------------------------------------------

    @on(Button.Pressed)
    def on_pressed(self, message: Button.Pressed) -> None:
        """Do what the button says."""
        self.action_do(message.button.id or "")

    def action_do(self, name: str) -> None:
        """Hand a command about this node to the run."""
        session = self.app.session
        if session is None:
            return
        lag_us = node_present.get_lag_us(session.simulation, self.node, session.cursor_us)
        commands: dict[str, c.Command] = {
            "stop": c.StopNode(self.node),
            "start": c.StartNode(self.node),
            "cut": c.CutNode(self.node),
            "reconnect": c.ReconnectNode(self.node),
            "lag": c.SetLag(self.node, 0 if lag_us else LAG_US),
            "mine": c.MineBlock(self.node),
        }
        if self.app.submit(commands[name]):
            self._frames = 0
            self.app.show()

    def action_turn(self, step: int) -> None:
        """The page of the next node."""
        if self.app.session is not None:
            self.node = (self.node + step) % self.app.session.simulation.world.node_count
            self._frames = 0
            self.app.show()

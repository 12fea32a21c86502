"""The network: where the nodes are, what travels between them, the newest blocks, and one node's own view.

The map is drawn for every frame; the node's panel costs more (its mempool is a query) and follows a few times a second.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal

from app.commands import get_bindings
from app.present import node as node_present
from app.present.network import NetworkPresenter, compute_mining, describe_mining
from app.present.words import format_clock
from app.screens.view import Thing, View
from app.session import Session
from app.widgets.block_strip import BlockStrip
from app.widgets.models import Why
from app.widgets.network_map import NetworkMap
from app.widgets.node_panel import NodePanel, SightLine
from chain.units import HOUR, SECOND

if TYPE_CHECKING:
    from app.app import ChainroomApp

GLOW_S: Final = 0.9
"""How many of the person's seconds a new block's ring and trail stay visible."""
PANEL_EVERY: Final = 4
"""Frames between two looks into a node."""
FAST: Final = 100
"""Virtual seconds a second from which nobody can follow single blocks anyway …"""
FAST_PACE: Final = 3
"""… so that strip and panel are drawn so many times less often, and keys are answered sooner."""


class NetworkView(View):
    """Map, node panel and block strip."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("network")
    SCOPED_CSS = False  # the rules look at the size classes of the screen
    DEFAULT_CSS = """
    NetworkView { layout: vertical; }
    NetworkView > #upper { height: 1fr; }
    NetworkView NetworkMap { width: 1fr; height: 1fr; border: round $line; border-title-color: $primary; padding: 0; }
    NetworkView NodePanel { width: 38; height: 1fr; border: round $line; border-title-color: $primary; }
    NetworkView BlockStrip { height: 7; border: round $line; border-title-color: $primary; }
    NetworkView NetworkMap:focus, NetworkView NodePanel:focus, NetworkView BlockStrip:focus { border: round $primary; }
    .-short NetworkView BlockStrip { height: 5; }
    .-wide NetworkView NodePanel { width: 46; }
    .-narrow NetworkView NodePanel { display: none; }
    .-narrow NetworkView.-panel NodePanel { display: block; width: 1fr; }
    .-narrow NetworkView.-panel NetworkMap { display: none; }
    """

    app: "ChainroomApp"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._presenter: NetworkPresenter | None = None
        self._frames = 0
        self._panel_key: object = None
        self._sights: dict[str, node_present.Sight] = {}

    def compose(self) -> ComposeResult:
        """The map beside the panel, the strip below."""
        with Horizontal(id="upper"):
            yield NetworkMap()
            yield NodePanel()
        yield BlockStrip()

    def on_mount(self) -> None:
        """Name the parts."""
        self._map.border_title = "Network"
        self._strip.border_title = "Blocks"

    @property
    def _map(self) -> NetworkMap:
        return self.query_one(NetworkMap)

    @property
    def _panel(self) -> NodePanel:
        return self.query_one(NodePanel)

    @property
    def _strip(self) -> BlockStrip:
        return self.query_one(BlockStrip)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Bring map, strip and panel up to the cursor."""
        world, at_us = session.simulation.world, session.cursor_us
        if self._presenter is None or self._presenter.world is not world:
            self._begin(session)
        assert self._presenter is not None
        mining = compute_mining(world, at_us)
        glow_us = max(round(GLOW_S * session.speed * SECOND), 1)
        glow_us = min(glow_us, mining.mean_us or glow_us)  # at high speed one ring at a time is enough
        self._map.enlarge(self.app.is_presenting)
        self._map.show(self._presenter.build_view(at_us, glow_us))
        is_running = session.is_playing and session.is_live
        pace = FAST_PACE if is_running and session.speed >= FAST else 1
        if self._frames % pace == 0:
            self._strip.show(self._presenter.build_strip(at_us), describe_mining(mining))
        if self._panel.display and (self._frames % (PANEL_EVERY * pace) == pace // 2 or not is_running):
            self._show_panel(session)
        self._frames += 1
        if self._map.border_subtitle != self._map.node_layout:
            self._map.border_subtitle = self._map.node_layout

    def _begin(self, session: Session) -> None:
        """Take up another run."""
        is_new = self._presenter is None or self._presenter.world.setup is not session.simulation.world.setup
        self._presenter = NetworkPresenter(session.simulation.world)
        if is_new:
            scenario: Any = session.simulation.scenario
            self._map.node_layout = scenario.view.layout
            self._map.choose(0)

    def _show_panel(self, session: Session) -> None:
        world, at_us, node = session.simulation.world, session.cursor_us, self.get_node()
        key = (world, at_us, node, len(world.history.records))
        if key == self._panel_key:
            return
        self._panel_key = key
        self._panel.border_title = node_present.describe_node(world, node)
        sights = node_present.build_sights(world, node, at_us)
        self._sights = {get_sight_key(sight): sight for sight in sights}
        lines = tuple(build_line(key, sight) for key, sight in self._sights.items())
        self._panel.show(node_present.build_facts(session.simulation, node, at_us), lines)

    def get_node(self) -> int:
        """Return the node that is chosen on the map."""
        count = len(self._presenter.world.network.places) if self._presenter is not None else 1
        return min(self._map.chosen or 0, count - 1)

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_focused_thing(self) -> Thing | None:
        """Return the chosen block or what the node saw, where these have the focus; otherwise the node."""
        if self._strip.has_focus and self._strip.chosen is not None:
            return Thing("block", bytes.fromhex(self._strip.chosen))
        if self._panel.has_focus:
            sight = self._sights.get(self._panel.get_chosen() or "")
            if sight is not None:
                return sight.thing
        return Thing("node", self.get_node())

    def get_why(self) -> Why | None:
        """Return the refusal the panel's cursor stands on."""
        sight = self._sights.get(self._panel.get_chosen() or "") if self._panel.has_focus else None
        return sight.why if sight is not None else None

    @on(NetworkMap.NodeFocused)
    def on_node_focused(self) -> None:
        """Another node: its panel follows at once."""
        if self.app.session is not None and self._presenter is not None and self._panel.display:
            self._show_panel(self.app.session)

    @on(NetworkMap.NodeOpened)
    def on_node_opened(self, message: NetworkMap.NodeOpened) -> None:
        """Open the page of a node."""
        self.app.open_thing(Thing("node", message.node))

    @on(BlockStrip.BlockOpened)
    def on_block_opened(self, message: BlockStrip.BlockOpened) -> None:
        """Open the page of a block."""
        self.app.open_thing(Thing("block", bytes.fromhex(message.block)))

    @on(NodePanel.SightOpened)
    def on_sight_opened(self, message: NodePanel.SightOpened) -> None:
        """Open what the node saw, or say why it was refused."""
        sight = self._sights.get(message.key)
        if sight is None:
            return
        if sight.why is not None:
            self.app.explain(sight.why.title, sight.why.rule, sight.why.text)
        elif sight.thing is not None:
            self.app.open_thing(sight.thing)

    # Actions ---------------------------------------------------------------------------------------------------------

    def action_layout(self) -> None:
        """Map → graph → ring."""
        self._map.action_next_layout()

    def action_panel(self) -> None:
        """Swap map and panel where both do not fit."""
        self.toggle_class("-panel")
        self._frames = 0
        (self._panel if self.has_class("-panel") else self._map).focus()


def get_sight_key(sight: node_present.Sight) -> str:
    """Return what names a line of the panel."""
    return f"{sight.time_us}/{sight.text}"


def build_line(key: str, sight: node_present.Sight) -> SightLine:
    """Return a line of the panel: minutes and tenths of a second, hours and seconds after the first hour."""
    clock = format_clock(sight.time_us)
    clock = clock[-12:-4] if sight.time_us >= HOUR else clock[-9:-2]
    return SightLine(key, clock, sight.text, sight.delay, sight.tone, sight.why is not None)

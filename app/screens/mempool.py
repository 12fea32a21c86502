"""The mempool: what waits at one node, which blocks it would make of it, what a fee buys, and how the nodes differ.

Keys: ``[`` and ``]`` choose another node, as does the cursor in the table of nodes. Counting goes on with every second
frame while time passes, lists follow a few times a second; at a standstill everything is shown once.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from app.commands import get_bindings
from app.present import mempool as present
from app.present.chain import Facts
from app.present.heads import get_canonical
from app.present.index import get_index
from app.present.mempool_nodes import DIFFERENCE_COLUMNS, Difference, build_difference_row, compare_nodes
from app.present.words import format_coins, name_node, plural
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.view import Thing, View
from app.session import Session
from app.widgets.charts import Histogram, LineChart, StackedBands
from app.widgets.field_list import FieldList
from app.widgets.models import Bar, Why
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from chain.units import NodeId

if TYPE_CHECKING:
    from app.app import ChainroomApp

FRAMES_PER_LOOK: Final = 2
"""Frames between two looks into the mempool while time passes."""
FRAMES_PER_LIST: Final = 6
"""Frames between two looks at what takes longer: the list with its ages, and every other node."""
MOST_TIP: Final = 10**9
BOX_CELLS: Final = 17
"""Cells that a block takes in the picture of blocks."""
EMPTY_BARS: Final = (Bar("next", (0.0,), "nothing waits"),)


class MempoolView(View):
    """Projected blocks, numbers, histogram, base fee, ladder, list, nodes."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("mempool")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="MempoolView")
        + """
    MempoolView { layout: vertical; }
    MempoolView Horizontal { height: 1fr; width: 1fr; }
    MempoolView .panel { width: 1fr; height: 1fr; }
    MempoolView #mempool-top { height: 11; }
    MempoolView #mempool-middle { height: 11; }
    MempoolView .panel.-side { width: 46; }
    MempoolView.-roomy .panel.-side { width: 62; }
    MempoolView.-roomy #mempool-top, MempoolView.-roomy #mempool-middle { height: 13; }
    MempoolView #mempool-ladder Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    MempoolView #mempool-ladder Static { height: 1; color: $foreground; padding: 0 1; }
    MempoolView #mempool-ladder VirtualTable { height: 1fr; }
    MempoolView.-folded .panel, MempoolView.-folded .panel.-side { width: 1fr; }
    MempoolView.-folded Horizontal { height: 1fr; }
    MempoolView.-folded #mempool-top { layout: vertical; height: 9; }
    MempoolView.-folded.-facts #mempool-top { height: 1fr; }
    MempoolView.-folded StackedBands { height: 9; }
    """
    )

    app: "ChainroomApp"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._deck = PanelDeck()
        self._node = NodeId(0)
        self._frames = 0
        self._key: object = None
        self._moment: object = None
        self._mempool: present.Mempool | None = None
        self._facts = Facts((), {})
        self._blocks: tuple[present.ProjectedBlock, ...] = ()
        self._entries: list[present.Entry] = []
        self._differences: list[Difference] = []
        self._quotes: list[present.Quote] = []
        self._tip: int | None = None

    def compose(self) -> ComposeResult:
        """Three rows: the next blocks, fees, lists."""
        with Horizontal(id="mempool-top"):
            yield StackedBands(bands=present.BAND_LABELS, classes="panel")
            yield FieldList(classes="panel -side")
        with Horizontal(id="mempool-middle"):
            yield Histogram(unit="tip", empty="Nothing waits", classes="panel")
            yield LineChart(x_label="block", y_label="", is_area=True, empty="No blocks yet", classes="panel")
            with Vertical(id="mempool-ladder", classes="panel -side"):
                yield PlainInput(placeholder="your tip, units per gas", type="integer", max_length=10, compact=True)
                yield Static(id="mempool-answer", markup=False)
                yield VirtualTable(present.LADDER_COLUMNS, id="mempool-tips")
        with Horizontal(id="mempool-bottom"):
            yield VirtualTable(
                present.LIST_COLUMNS,
                id="mempool-list",
                empty="No transaction waits here: send one (s)",
                classes="panel",
            )
            yield VirtualTable(DIFFERENCE_COLUMNS, id="mempool-nodes", classes="panel -side")

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold; how many blocks fit is known when the parts have their size."""
        self._arrange()
        self.call_after_refresh(self._show_again)

    def _show_again(self) -> None:
        self._key = None
        if self.app.session is not None and self.display:
            self.show(self.app.session)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Bring the panels up to the cursor."""
        world, at_us = session.simulation.world, session.cursor_us
        self._frames += 1
        key, moment = (world, self._node, self._tip), (at_us, len(world.transactions))
        is_other = key != self._key
        if not is_other and (moment == self._moment or (session.is_playing and self._frames % FRAMES_PER_LOOK)):
            return
        self._key, self._moment = key, moment
        self._node = NodeId(min(self._node, world.node_count - 1))
        self._mempool = mempool = present.get_mempool(world, self._node, at_us)
        self._blocks = present.project_blocks(mempool)
        self._show_pictures(session, mempool)
        if is_other or not session.is_playing or self._frames % (FRAMES_PER_LIST + world.node_count // 100) == 0:
            self._show_lists(session, mempool)
        self._arrange()

    def _show_pictures(self, session: Session, mempool: present.Mempool) -> None:
        """Show blocks, numbers, histogram, base fee and ladder; what has not changed is not painted again."""
        world = session.simulation.world
        index = get_index(world)
        bands, histogram, chart = self.query_one(StackedBands), self.query_one(Histogram), self.query_one(LineChart)
        bars, counts = present.build_block_bars(self._blocks), present.build_histogram(mempool)
        room = (bands.size.width + 1) // BOX_CELLS - max(1, len(bars))
        bars = (bars or EMPTY_BARS) + present.build_mined_bars(world, index, mempool.head, max(0, room))
        if bars != bands.bars:
            bands.show(bars)
        if counts != histogram.bars:
            histogram.show(counts)
        line = present.build_fee_history(index, mempool.head)
        if (line,) != chart.series:
            chart.show((line,))
        self._facts = present.build_facts(world, index, mempool)
        self.query_one(FieldList).show(self._facts.fields)
        self._show_ladder(present.compute_interval_us(world, index, mempool.head))

    def _show_ladder(self, interval_us: int) -> None:
        assert self._mempool is not None
        tips = sorted({*present.LADDER} | ({self._tip} if self._tip is not None else set()))
        quotes = [present.quote(self._mempool, tip, interval_us) for tip in tips]
        if quotes != self._quotes:
            self._quotes = quotes
            rows = [present.build_ladder_row(it, it.tip == self._tip) for it in quotes]
            self._tips.show(len(rows), rows.__getitem__)
        mine = next((it for it in quotes if it.tip == self._tip), None)
        self.query_one("#mempool-answer", Static).update(describe_quote(mine))

    def _show_lists(self, session: Session, mempool: present.Mempool) -> None:
        """Show what waits with its age, and the other nodes."""
        world, holders = session.simulation.world, get_holders(self.app, session.simulation.world)
        self._entries = entries = present.list_entries(mempool, self._blocks)
        self._list.show(len(entries), lambda place: present.build_entry_row(world, mempool, entries[place], holders))
        self._differences = compare_nodes(world, self._node, session.cursor_us)
        best, node, rows = get_canonical(world, session.cursor_us), self._node, self._differences
        self._node_table.cursor = self._node
        self._node_table.show(len(rows), lambda place: build_difference_row(rows[place], node, best))

    # Parts -----------------------------------------------------------------------------------------------------------

    @property
    def _tips(self) -> VirtualTable:
        return self.query_one("#mempool-tips", VirtualTable)

    @property
    def _list(self) -> VirtualTable:
        return self.query_one("#mempool-list", VirtualTable)

    @property
    def _node_table(self) -> VirtualTable:
        return self.query_one("#mempool-nodes", VirtualTable)

    def _get_panels(self) -> list[Panel]:
        differing = sum(it.missing > 0 or it.extra > 0 for it in self._differences)
        nodes = f"Nodes · {differing} differ" if differing else "Nodes · all alike"
        return [
            Panel(self._list, f"Waiting {len(self._entries)}"),
            Panel(self.query_one(FieldList), f"At {name_node(self._node)}"),
            Panel(self.query_one("#mempool-ladder"), "What a fee buys"),
            Panel(self._node_table, nodes),
            Panel(self.query_one(Histogram), "Tips"),
            Panel(self.query_one(LineChart), "Base fee"),
        ]

    def _arrange(self) -> None:
        is_folded = self.screen.has_class("-narrow") or self.screen.has_class("-short")
        self.set_class(is_folded, "-folded")
        self.set_class(self.size.width >= 150, "-roomy")
        self.query_one(
            StackedBands
        ).border_title = f"Next blocks as {name_node(self._node)} would build them, and the last ones ✓"
        panels = self._get_panels()
        self._deck.arrange(panels, 1 if is_folded else len(panels))
        self.set_class(self.query_one(FieldList).display, "-facts")
        for row in self.query(Horizontal):
            row.display = any(child.display for child in row.children)

    def action_panel(self) -> None:
        """The next of the folded panels."""
        panels = self._get_panels()
        had_focus = any(panel.widget.has_focus_within or panel.widget.has_focus for panel in panels)
        self._deck.turn(panels)
        self._arrange()
        if had_focus:
            panels[self._deck.active].widget.focus()

    def action_turn(self, step: int) -> None:
        """The mempool of another node."""
        if self.app.session is not None:
            self._choose_node((self._node + step) % self.app.session.simulation.world.node_count)

    def _choose_node(self, node: int) -> None:
        if node != self._node and self.app.session is not None:
            self._node = NodeId(node)
            self.show(self.app.session)

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_focused_thing(self) -> Thing | None:
        """Return the chosen transaction, link or node."""
        fields = self.query_one(FieldList)
        if self._list.has_focus and self._list.cursor < len(self._entries):
            return Thing("transaction", self._entries[self._list.cursor].signed.id)
        if fields.has_focus and fields.fields:
            return self._facts.links.get(fields.fields[fields.cursor].key) or Thing("node", self._node)
        return Thing("node", self._node)

    def get_why(self) -> Why | None:
        """Return why the chosen transaction does not go into a block, if it does not."""
        if not self._list.has_focus or self._list.cursor >= len(self._entries):
            return None
        hindrance = self._entries[self._list.cursor].hindrance
        if hindrance is None:
            return None
        return Why(f"Held back at {name_node(self._node)}", hindrance.rule, (), hindrance.message)

    @on(VirtualTable.RowChosen, "#mempool-nodes")
    def on_node_chosen(self, message: VirtualTable.RowChosen) -> None:
        """Look into another node."""
        self._choose_node(message.row)

    @on(VirtualTable.RowOpened, "#mempool-nodes")
    def on_node_opened(self, message: VirtualTable.RowOpened) -> None:
        """Open the page of a node."""
        self.app.open_thing(Thing("node", message.row))

    @on(VirtualTable.RowOpened, "#mempool-list")
    def on_entry_opened(self, message: VirtualTable.RowOpened) -> None:
        """Open the page of a transaction."""
        if message.row < len(self._entries):
            self.app.open_thing(Thing("transaction", self._entries[message.row].signed.id))

    @on(VirtualTable.RowOpened, "#mempool-tips")
    def on_tip_opened(self, message: VirtualTable.RowOpened) -> None:
        """Take a tip of the ladder for one's own."""
        if message.row < len(self._quotes):
            self.query_one(Input).value = str(self._quotes[message.row].tip)

    @on(Input.Changed)
    def on_tip_changed(self, message: Input.Changed) -> None:
        """Answer for another tip."""
        text = message.value.strip()
        self._tip = min(int(text), MOST_TIP) if text.isascii() and text.isdecimal() else None
        if self.app.session is not None:
            self.show(self.app.session)

    @on(FieldList.FieldOpened)
    def on_field_opened(self, message: FieldList.FieldOpened) -> None:
        """Open what a number names."""
        link = self._facts.links.get(message.key)
        if link is not None:
            self.app.open_thing(link)

    @on(FieldList.CopyAsked)
    def on_copy_asked(self, message: FieldList.CopyAsked) -> None:
        """Copy the chosen value."""
        field = next((field for field in self._facts.fields if field.key == message.key), None)
        if field is not None:
            self.app.copy_text(field.value, field.label)


def describe_quote(quote: present.Quote | None) -> str:
    """Return in a few words what the person's own tip buys."""
    if quote is None:
        return "type a tip: will it get in?"
    block = "the next block" if quote.blocks == 1 else f"block {quote.blocks} from now"
    return clean(f"{block}, {plural(quote.ahead, 'payment')} ahead, {format_coins(quote.fee, 6)}", 80)

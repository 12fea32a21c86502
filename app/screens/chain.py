"""The chain: the block tree over height, and the chosen block with its fields, its transactions and its Merkle tree.

The newest block is chosen until the person chooses another one; end goes back to following. Only a window of heights is
handed to the tree, moved along when somebody comes near its edge, so that a long chain costs no more than a short one.
Everything is computed again only when the branch, the window or the chosen block changes.
"""

from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.message import Message

from app.commands import get_bindings
from app.present.chain import Facts, build_block_facts, build_tree, get_block
from app.present.chain_why import explain_block, explain_field
from app.present.explorer import build_transactions_table
from app.present.heads import get_canonical, get_finalized
from app.present.index import get_index
from app.present.pages import TableModel
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.view import Thing, View
from app.session import Session
from app.widgets.block_tree import ZOOMS, BlockTree
from app.widgets.field_list import FieldList
from app.widgets.merkle_tree import MerkleTree
from app.widgets.models import Why
from app.widgets.virtual_table import VirtualTable
from chain.consensus.block_tree import BlockRecord
from chain.crypto.merkle import compute_levels

if TYPE_CHECKING:
    from app.app import ChainroomApp

WINDOW_HEIGHTS: Final = 120
WINDOW_STEP: Final = 40
"""The window moves by so many heights at once, so that it stays as it is from block to block."""
EDGE_HEIGHTS: Final = 6


class ChainTree(BlockTree):
    """A block tree over a window of the chain: its ends are those of the chain, not those of the window."""

    class EndAsked(Message):
        """Go to the first block (-1), or to the tip (1)."""

        def __init__(self, end: int) -> None:
            self.end = end
            super().__init__()

    def action_first(self) -> None:
        """Ask for the first block of the chain."""
        self.post_message(self.EndAsked(-1))

    def action_follow(self) -> None:
        """Ask for the tip of the chain. Already there, the key is somebody else's (go to now)."""
        self.skip_when_at_tip()
        self.post_message(self.EndAsked(1))

    def get_first(self) -> int:
        """Return the lowest height in the window."""
        return self._first


class ChainView(View):
    """Tree, fields, Merkle tree, transactions."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("chain")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="ChainView")
        + """
    ChainView { layout: horizontal; }
    ChainView .panel { width: 1fr; height: 1fr; }
    ChainView #chain-left { width: 1fr; height: 1fr; }
    ChainView #chain-right { width: 58; height: 1fr; }
    ChainView ChainTree.panel { height: 12; }
    ChainView FieldList.panel { height: 21; max-height: 65%; }
    ChainView.-roomy #chain-right { width: 84; }
    ChainView.-roomy ChainTree.panel { height: 16; }
    ChainView.-folded { layout: vertical; }
    ChainView.-folded #chain-left { height: 10; }
    ChainView.-folded #chain-right { width: 1fr; }
    ChainView.-folded ChainTree.panel { height: 10; }
    ChainView.-folded FieldList.panel { height: 1fr; max-height: 100%; }
    ChainView.-folded.-merkle #chain-left { height: 1fr; }
    ChainView.-folded.-merkle #chain-right { display: none; }
    """
    )

    app: "ChainroomApp"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._deck = PanelDeck()
        self._is_pinned = False
        self._window = (0, WINDOW_HEIGHTS)
        self._chosen: BlockRecord | None = None
        self._facts = Facts((), {})
        self._table: TableModel | None = None
        self._keys: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Four panels; where they do not fit, three of them fold under the tree."""
        with Vertical(id="chain-left"):
            yield ChainTree(classes="panel")
            yield MerkleTree(classes="panel")
        with Vertical(id="chain-right"):
            yield FieldList(empty="No block is chosen", classes="panel")
            yield VirtualTable((), empty="An empty block", classes="panel")

    @property
    def _tree(self) -> ChainTree:
        return self.query_one(ChainTree)

    @property
    def _fields(self) -> FieldList:
        return self.query_one(FieldList)

    @property
    def _merkle(self) -> MerkleTree:
        return self.query_one(MerkleTree)

    @property
    def _transactions(self) -> VirtualTable:
        return self.query_one(VirtualTable)

    def on_mount(self) -> None:
        """Name the tree."""
        self._tree.border_title = "Blocks by height"

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        self._arrange()

    # What is shown ---------------------------------------------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Bring tree and block up to the cursor."""
        world, at_us = session.simulation.world, session.cursor_us
        if self._is_new("world", world):
            self._keys = {"world": world}
            self._is_pinned, self._chosen = False, None
        head, published = get_canonical(world, at_us), world.tree.count_published(at_us)
        final = get_finalized(world, at_us)
        chosen = get_block(world, self._chosen.hash, at_us) if self._is_pinned and self._chosen is not None else None
        if chosen is None:
            self._is_pinned, chosen = False, head
        self._move_window(head, chosen)
        if self._is_new("tree", (published, head.index, final.index, self._window)):
            self._show_tree(build_tree(world, get_index(world), at_us, *self._window))
        if self._is_new("block", (chosen.index, published, head.index, final.index)):
            self._show_block(session, chosen)

    def _is_new(self, key: str, value: object) -> bool:
        """Return whether something changed since it was shown last."""
        if self._keys.get(key, None) == value:
            return False
        self._keys[key] = value
        return True

    def _move_window(self, head: BlockRecord, chosen: BlockRecord) -> None:
        """Choose the heights that the tree gets: the newest, or those around what the person looks at."""
        if not self._is_pinned and self._tree.is_following:
            low = max(0, head.height - WINDOW_HEIGHTS) // WINDOW_STEP * WINDOW_STEP
            self._window = (low, low + WINDOW_HEIGHTS + WINDOW_STEP)
            return
        low, high = self._window
        if not low <= chosen.height <= high:
            low = max(0, chosen.height - WINDOW_HEIGHTS // 2) // WINDOW_STEP * WINDOW_STEP
        first_seen, last_seen = self._get_visible_heights()
        near_low = min(first_seen, chosen.height) if self._is_pinned else first_seen
        if low > 0 and near_low < low + EDGE_HEIGHTS:
            low = max(0, low - WINDOW_STEP * 2)
        elif (
            head.height > low + WINDOW_HEIGHTS + WINDOW_STEP
            and last_seen > low + WINDOW_HEIGHTS + WINDOW_STEP - EDGE_HEIGHTS
        ):
            low += WINDOW_STEP * 2
        self._window = (low, low + WINDOW_HEIGHTS + WINDOW_STEP)

    def _get_visible_heights(self) -> tuple[int, int]:
        tree = self._tree
        step = ZOOMS[tree.zoom]
        first = tree.get_first() + tree.scroll_offset.x // step
        return first, first + tree.size.width // step

    def _show_tree(self, blocks: tuple[Any, ...]) -> None:
        tree = self._tree
        first, is_following, left = tree.get_first(), tree.is_following and not self._is_pinned, tree.scroll_offset.x
        tree.is_following = is_following
        tree.show(blocks)
        if not is_following and tree.get_first() != first:
            left += (first - tree.get_first()) * ZOOMS[tree.zoom]
            tree.scroll_to(x=left, animate=False, force=True, immediate=True)
            tree.is_following = False

    def _show_block(self, session: Session, record: BlockRecord) -> None:
        world, at_us = session.simulation.world, session.cursor_us
        holders = get_holders(self.app, world)
        self._facts = build_block_facts(world, holders, record, at_us)
        self._fields.show(self._facts.fields)
        is_other = record is not self._chosen or self._table is None
        self._chosen = record
        self._mark_chosen(record)
        if is_other:
            self._table = table = build_transactions_table(world, holders, record)
            self._transactions.columns = table.columns
            self._transactions.cursor = 0
            self._transactions.show(table.count, table.get_row)
            ids = [signed.id for signed in record.block.transactions]
            self._merkle.show(tuple(tuple(it.hex()[:4] for it in level) for level in compute_levels(ids)), 0)
        self._arrange()

    def _mark_chosen(self, record: BlockRecord) -> None:
        """Show which block of the tree is chosen, without the tree saying so."""
        if self._tree.chosen != record.hash.hex():
            self._tree.chosen = record.hash.hex()
            self._tree.refresh()

    # Folding ---------------------------------------------------------------------------------------------------------

    def _get_panels(self) -> list[Panel]:
        title = f"Block #{self._chosen.height}" if self._chosen is not None else "Block"
        count = self._table.title if self._table is not None else "Transactions"
        return [
            Panel(self._fields, title),
            Panel(self._transactions, count),
            Panel(self._merkle, "Merkle tree"),
        ]

    def _arrange(self) -> None:
        is_folded = self.screen.has_class("-narrow") or self.screen.has_class("-short")
        self.set_class(is_folded, "-folded")
        self.set_class(self.size.width >= 150, "-roomy")
        self._deck.arrange(self._get_panels(), 1 if is_folded else 3)
        self.set_class(self._merkle.display, "-merkle")

    def action_panel(self) -> None:
        """The next of the folded panels."""
        panels = self._get_panels()
        had_focus = any(panel.widget.has_focus for panel in panels)
        self._deck.turn(panels)
        self._arrange()
        if had_focus:
            panels[self._deck.active].widget.focus()

    def action_tamper(self) -> None:
        """Edit the chosen block as one node stores it."""
        from app.screens.tamper import TamperPage

        if self._chosen is None or self._chosen.parent is None:
            self.app.tell("choose a block above genesis, then press t")
        else:
            self.app.push_screen(TamperPage(self._chosen.hash, self._chosen.origin))

    # What is chosen --------------------------------------------------------------------------------------------------

    def get_focused_thing(self) -> Thing | None:
        """Return the link of the chosen field, the chosen transaction, or the chosen block."""
        if self._fields.has_focus and self._fields.fields:
            link = self._facts.links.get(self._fields.fields[self._fields.cursor].key)
            if link is not None:
                return link
        if self._transactions.has_focus or self._merkle.has_focus:
            place = self._transactions.cursor if self._transactions.has_focus else self._merkle.chosen
            thing = self._get_transaction(place)
            if thing is not None:
                return thing
        return Thing("block", self._chosen.hash) if self._chosen is not None else None

    def _get_transaction(self, place: int) -> Thing | None:
        return self._table.get_thing(place) if self._table is not None and place < self._table.count else None

    def get_why(self) -> Why | None:
        """Return why the chosen field or block is as it is."""
        session, record = self.app.session, self._chosen
        if session is None or record is None or self._transactions.has_focus or self._merkle.has_focus:
            return None
        world, at_us = session.simulation.world, session.cursor_us
        if self._fields.has_focus and self._fields.fields:
            return explain_field(world, record, self._fields.fields[self._fields.cursor].key, at_us)
        return explain_block(world, record, at_us)

    @on(BlockTree.BlockChosen)
    def on_block_chosen(self, message: BlockTree.BlockChosen) -> None:
        """The person chose a block: stay on it, unless it is the tip."""
        session = self.app.session
        if session is None:
            return
        at_us = session.cursor_us
        record = get_block(session.simulation.world, message.block, at_us)
        if record is None:
            return
        self._is_pinned = record is not get_canonical(session.simulation.world, at_us)
        self._tree.is_following = not self._is_pinned
        self._show_block(session, record)
        self._keys.pop("block", None)
        self.show(session)

    @on(ChainTree.EndAsked)
    def on_end_asked(self, message: ChainTree.EndAsked) -> None:
        """Go to the first block, or follow the tip again."""
        session = self.app.session
        if session is None:
            return
        self._is_pinned = message.end < 0
        if message.end < 0:
            self._show_block(session, session.simulation.world.tree.records[0])
            self._window = (0, WINDOW_HEIGHTS + WINDOW_STEP)
        self._tree.is_following = message.end > 0
        self._keys = {"world": session.simulation.world}
        self.show(session)
        if message.end < 0:
            self._tree.scroll_to(x=0, animate=False, force=True, immediate=True)
            self._tree.is_following = False

    @on(BlockTree.BlockOpened)
    def on_block_opened(self, message: BlockTree.BlockOpened) -> None:
        """Open the page of a block."""
        self.app.open_thing(Thing("block", bytes.fromhex(message.block)))

    @on(VirtualTable.RowChosen)
    def on_row_chosen(self, message: VirtualTable.RowChosen) -> None:
        """Light the path of the chosen transaction."""
        self._merkle.show(self._merkle.levels, message.row)

    @on(MerkleTree.LeafChosen)
    def on_leaf_chosen(self, message: MerkleTree.LeafChosen) -> None:
        """Choose the transaction of the leaf."""
        self._transactions.choose(message.leaf)

    @on(VirtualTable.RowOpened)
    def on_row_opened(self, message: VirtualTable.RowOpened) -> None:
        """Open the page of a transaction."""
        thing = self._get_transaction(message.row)
        if thing is not None:
            self.app.open_thing(thing)

    @on(FieldList.FieldOpened)
    def on_field_opened(self, message: FieldList.FieldOpened) -> None:
        """Open what a field names, or say why it is as it is."""
        link = self._facts.links.get(message.key)
        if link is not None:
            self.app.open_thing(link)
        else:
            self.on_why_asked()

    @on(FieldList.WhyAsked)
    def on_why_asked(self) -> None:
        """Explain the chosen field."""
        why = self.get_why()
        if why is not None:
            self.app.show_why(why)

    @on(FieldList.CopyAsked)
    def on_copy_asked(self, message: FieldList.CopyAsked) -> None:
        """Copy the chosen value."""
        field = next((field for field in self._facts.fields if field.key == message.key), None)
        if field is not None:
            self.app.copy_text(field.value, f"the block's {field.label}")

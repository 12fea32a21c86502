"""The block tree: height runs to the right, every branch has its own lane.

Idea: only what is visible is drawn, so a long chain costs no more than a short one; the view follows the tip until
somebody scrolls or chooses a block, and again after ``end``. Zoom changes the width of a height.
Keys: left/right along a branch (to the parent, to the child), up/down between branches, home/end, + and - zoom, enter.
"""

from typing import Any, ClassVar, Final

from rich.cells import cell_len
from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from app.widgets.block_lanes import compute_lanes
from app.widgets.block_picker import BlockPicker, bind_picker
from app.widgets.canvas import Canvas
from app.widgets.glyphs import BLOCK, FINAL, STALE, WAITING
from app.widgets.keys import bind
from app.widgets.models import ChainBlock
from app.widgets.pens import PenMixin
from app.widgets.text import clean

ZOOMS: Final = (3, 6, 11, 17)
"""Cells for one height."""
AXIS_ROWS: Final = 2
LANE_ROWS: Final = 3
_GLYPHS: Final = {"canonical": BLOCK, "final": FINAL, "stale": STALE, "pending": WAITING}
_STATE_WORDS: Final = {"canonical": "", "final": "final", "stale": "stale", "pending": "pending"}


class BlockTree(BlockPicker, PenMixin, ScrollView, can_focus=True):
    """Shows the tree of a node or of the whole network."""

    PENS = (
        "text",
        "muted",
        "strong",
        "border",
        "canonical",
        "final",
        "stale",
        "pending",
        "cursor",
        "cursor-dim",
        "axis",
    )
    DEFAULT_CSS = """
    BlockTree {
        overflow-x: auto; overflow-y: auto; scrollbar-size-horizontal: 1; scrollbar-size-vertical: 1;
        scrollbar-color: $line; scrollbar-background: $background;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        *bind_picker("tree"),
        bind("home", "first", "tree.first", "Choose the first block"),
        bind("plus,equals_sign", "zoom(1)", "tree.in", "More room for each block"),
        bind("minus", "zoom(-1)", "tree.out", "Less room for each block"),
    ]

    def __init__(self, blocks: tuple[ChainBlock, ...] = (), **options: Any) -> None:
        super().__init__(**options)
        self.chosen: str | None = None
        self.is_following = True
        self.zoom = 2
        self._take(blocks)

    def _take(self, blocks: tuple[ChainBlock, ...]) -> None:
        self.blocks = blocks
        self._lanes = compute_lanes(blocks)
        self._known = {block.block: block for block in blocks}
        self._by_height: dict[int, list[ChainBlock]] = {}
        for block in blocks:
            self._by_height.setdefault(block.height, []).append(block)
        self._first = min(self._by_height, default=0)
        self._things: dict[tuple[int, int], str] = {}
        self._window: tuple[Any, Canvas] | None = None

    def show(self, blocks: tuple[ChainBlock, ...]) -> None:
        """Show these blocks (the same tuple again costs nothing)."""
        if blocks is not self.blocks:
            self._take(blocks)
            self._resize()

    def _resize(self) -> None:
        self._window = None
        heights = max(self._by_height, default=0) - self._first + 1
        lanes = max(self._lanes.values(), default=0) + 1
        self.virtual_size = Size(heights * ZOOMS[self.zoom] + 4, AXIS_ROWS + lanes * LANE_ROWS)
        if self.is_following:
            self.scroll_to(x=self.max_scroll_x, y=0, animate=False, force=True, immediate=True)
        self.refresh()

    def on_mount(self) -> None:
        """The size is known now."""
        self._resize()

    def on_resize(self) -> None:
        """Stay at the tip."""
        self._resize()

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        """At the right end the view follows the tip, elsewhere it stays."""
        super().watch_scroll_x(old_value, new_value)
        self.is_following = round(new_value) >= self.max_scroll_x

    # Painting

    def render_line(self, y: int) -> Strip:
        """Textual's Line API; the axis stays in place when lanes scroll."""
        canvas = self._get_window()
        return (
            canvas.get_strip(y, self.get_pens(), ascii_only=self.is_ascii)
            if y < canvas.height
            else Strip.blank(self.size.width)
        )

    def _get_window(self) -> Canvas:
        width, height = self.size
        key = (width, height, self.scroll_offset, self.zoom, self.chosen, self.has_focus)
        if self._window is None or self._window[0] != key:
            canvas = Canvas(width, height)
            self._draw(canvas)
            self._window = (key, canvas)
        return self._window[1]

    def _draw(self, canvas: Canvas) -> None:
        if not self.blocks:
            canvas.put(2, min(1, canvas.height - 1), f"{WAITING} no blocks yet", self.PEN["muted"])
            return
        step, left, top = ZOOMS[self.zoom], *self.scroll_offset
        low = self._first + left // step - 1
        high = self._first + (left + canvas.width) // step + 1
        for height in range(low, high + 1):
            for block in self._by_height.get(height, ()):
                self._draw_block(canvas, block, 2 + (height - self._first) * step - left, step, top)
        for x in range(canvas.width):  # the axis lies over lanes that scrolled under it
            canvas.put(x, 0, " ")
            canvas.put(x, 1, " ")
        every = max(1, -(-8 // step))
        for height in range(low, high + 1):
            if height in self._by_height and height % every == 0:
                canvas.put(2 + (height - self._first) * step - left, 0, str(height), self.PEN["muted"])
                canvas.put(2 + (height - self._first) * step - left, 1, "╷", self.PEN["axis"])

    def _draw_block(self, canvas: Canvas, block: ChainBlock, x: int, step: int, top: int) -> None:
        lane = self._lanes[block.block]
        y = AXIS_ROWS + lane * LANE_ROWS - top
        pen = self.PEN[block.state]
        parent = self._known.get(block.parent or "")
        if parent is not None:
            self._draw_edge(canvas, x, y, step, lane - self._lanes[parent.block], pen, is_thin=block.state == "stale")
        is_chosen = block.block == self.chosen
        name = self.PEN["cursor" if self.has_focus else "cursor-dim"] if is_chosen else pen
        canvas.put(x, y, _GLYPHS[block.state], name, block.block)
        if step >= 6:
            canvas.put(x, y + 1, clean(block.label, step - 2), name if is_chosen else self.PEN["muted"], block.block)
        if step >= 11:
            text = f"{block.transactions} tx"
            word = _STATE_WORDS[block.state] if step >= 17 or block.state == "stale" else ""
            canvas.put(
                x + cell_len(clean(block.label, step - 2)) + 1,
                y + 1,
                clean(word or block.proposer, step - 6),
                pen,
                block.block,
            )
            if step >= 17:
                canvas.put(x, y + 2, clean(f"{block.proposer} · {text}", step - 2), self.PEN["muted"], block.block)

    def _draw_edge(self, canvas: Canvas, x: int, y: int, step: int, lanes: int, pen: int, *, is_thin: bool) -> None:
        """The line from the parent, ``step`` cells to the left and ``lanes`` lanes away."""
        flat, down, corner = ("─", "│", "└") if is_thin else ("━", "┃", "┗")
        if lanes == 0:
            canvas.put(x - step + 1, y, flat * (step - 1), pen)
            return
        turn = x - step + max(1, step - 4)
        for row in range(y - lanes * LANE_ROWS + 1, y):
            if 0 <= row < canvas.height and 0 <= turn < canvas.width and canvas.rows[row][turn] == " ":
                canvas.put(turn, row, down, pen)
        canvas.put(turn, y, corner + flat * (x - turn - 1), pen)

    # Choosing

    def choose(self, block: str | None) -> None:
        """Choose a block, bring it into view, and say so."""
        if block == self.chosen:
            return
        self.chosen = block
        self._window = None
        if block is not None:
            self._show_block(self._known[block])
            tip = self._get_tip()
            self.is_following = tip is not None and tip.block == block
            self.post_message(self.BlockChosen(block))
        self.refresh()

    def _show_block(self, block: ChainBlock) -> None:
        step = ZOOMS[self.zoom]
        x, width = (block.height - self._first) * step, self.size.width
        y = self._lanes[block.block] * LANE_ROWS
        left, top = self.scroll_offset
        if x < left or x + step > left + width:
            left = max(0, min(self.max_scroll_x, x - width // 2))
        top = min(top, y) if y < top else max(top, y + LANE_ROWS + AXIS_ROWS - self.size.height)
        self.scroll_to(x=left, y=max(0, top), animate=False, force=True, immediate=True)

    def _get_chosen(self) -> ChainBlock | None:
        return self._known.get(self.chosen or "")

    def _get_tip(self) -> ChainBlock | None:
        main = [block for block in self.blocks if self._lanes[block.block] == 0]
        return max(main, key=lambda block: block.height, default=None)

    def action_move(self, step: int) -> None:
        """Go to the parent (-1), or to the child on the lowest lane (1)."""
        chosen, tip = self._get_chosen(), self._get_tip()
        if chosen is None:
            self.choose(tip.block if tip else None)
        elif step < 0 and chosen.parent in self._known:
            self.choose(chosen.parent)
        elif step > 0:
            lane = self._lanes[chosen.block]
            children = [block for block in self._by_height.get(chosen.height + 1, ()) if block.parent == chosen.block]
            if children:
                self.choose(
                    min(children, key=lambda block: (self._lanes[block.block] != lane, self._lanes[block.block])).block
                )

    def action_lane(self, step: int) -> None:
        """Choose another branch of the same height, or of a height near it."""
        chosen = self._get_chosen()
        if chosen is None:
            self.action_move(0)
            return
        lane = self._lanes[chosen.block]
        others = [block for block in self.blocks if (self._lanes[block.block] - lane) * step > 0]
        if others:
            best = min(
                others, key=lambda b: (abs(b.height - chosen.height), abs(self._lanes[b.block] - lane), b.height)
            )
            self.choose(best.block)

    def action_first(self) -> None:
        """Choose the first block."""
        if self.blocks:
            self.choose(min(self.blocks, key=lambda block: (block.height, self._lanes[block.block])).block)

    def action_follow(self) -> None:
        """Choose the tip, and follow it from now on. Already so, the key is somebody else's (go to now)."""
        self.skip_when_at_tip()
        tip = self._get_tip()
        self.choose(tip.block if tip else None)
        self.is_following = True
        self._resize()

    def skip_when_at_tip(self) -> None:
        """Leave the key to others when there is nothing to follow that is not followed already. Raises SkipAction."""
        tip = self._get_tip()
        if self.is_following and self.chosen in (None, tip and tip.block):
            raise SkipAction

    def action_zoom(self, step: int) -> None:
        """Another width for each height."""
        self.zoom = max(0, min(len(ZOOMS) - 1, self.zoom + step))
        self._resize()
        chosen = self._get_chosen()
        if chosen is not None and not self.is_following:
            self._show_block(chosen)

    def get_block_at(self, event: events.MouseEvent) -> str | None:
        """Return the block under the mouse."""
        offset = event.get_content_offset(self)
        return None if offset is None else self._get_window().things.get((offset.x, offset.y))

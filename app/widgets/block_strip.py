"""The last blocks as boxes on a line, with what is being worked on at the right end.

Keys: left and right choose a block (up and down among the branches of a height), end follows the tip, enter opens.
"""

from typing import Any, ClassVar, Final

from rich.cells import cell_len
from textual import events
from textual.actions import SkipAction
from textual.binding import BindingType

from app.widgets.block_lanes import compute_lanes
from app.widgets.block_picker import BlockPicker, bind_picker
from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.glyphs import FINAL, WAITING
from app.widgets.models import ChainBlock
from app.widgets.text import clean, fit, set_in

BOX_CELLS: Final = 8
STEP_CELLS: Final = 11
LANE_ROWS: Final = 2
_EDGES: Final = {"canonical": "┌─┐│└┘", "final": "┏━┓┃┗┛", "stale": "┌┄┐┆└┘", "pending": "┌┄┐┆└┘"}


class BlockStrip(BlockPicker, CanvasWidget, can_focus=True):
    """Boxes of the newest blocks that fit; ``show`` gives new ones."""

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
        "hover",
    )
    DEFAULT_CSS = "BlockStrip { height: 5; }"
    BINDINGS: ClassVar[list[BindingType]] = bind_picker("strip")

    def __init__(self, blocks: tuple[ChainBlock, ...] = (), working: str = "", **options: Any) -> None:
        super().__init__(**options)
        self.blocks, self.working = blocks, working
        self.chosen: str | None = None
        self._lanes = compute_lanes(blocks)

    def show(self, blocks: tuple[ChainBlock, ...], working: str = "") -> None:
        """Show these blocks, and what is being worked on (``9 miners at work · expected in 4.1 s``)."""
        if blocks is not self.blocks:
            self.blocks, self._lanes = blocks, compute_lanes(blocks)
            if self.chosen not in self._lanes:
                self.chosen = None
        elif working == self.working:
            return
        self.working = working
        self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Textual asks through ``render_line``."""
        if not self.blocks:
            canvas.put(2, min(1, canvas.height - 1), f"{WAITING} no blocks yet", self.PEN["muted"])
            return
        tip = max(block.height for block in self.blocks)
        room = canvas.width - (min(cell_len(self.working) + 4, 42) if canvas.width >= 70 else 2)
        columns = max(1, (room - 3) // STEP_CELLS)
        chosen_height = next((block.height for block in self.blocks if block.block == self.chosen), tip)
        first = max(0, min(tip - columns + 1, chosen_height))
        shown = {block.block: block for block in self.blocks if first <= block.height < first + columns}
        for block in shown.values():
            self._draw_block(canvas, block, 3 + (block.height - first) * STEP_CELLS, is_first=block.height == first)
        x = 3 + (min(tip, first + columns - 1) - first + 1) * STEP_CELLS
        if self.working and x + 12 < canvas.width:
            text = clean(self.working, canvas.width - x - 2)
            canvas.put(x, 1, f"{WAITING} ", self.PEN["pending"])
            canvas.put(x + 2, 1, text, self.PEN["muted"])

    def _draw_block(self, canvas: Canvas, block: ChainBlock, x: int, *, is_first: bool) -> None:
        lane, edge = self._lanes[block.block], self.PEN[block.state]
        pen = edge
        if block.block == self.chosen:
            pen = self.PEN["cursor" if self.has_focus else "cursor-dim"]
        left, flat, right, side, low_left, low_right = tuple(_EDGES[block.state])
        room = BOX_CELLS - 2
        title = f"{block.height}" + ("′" if block.state == "stale" else "")
        if block.state == "final" and len(title) < 5:
            title = f"{FINAL} {title}"
        if lane == 0:
            y = 0
            canvas.put(x - 3, 1, "  ╺" if is_first else "━━━", edge)
            transactions = fit(f"{block.transactions} tx", room, "center")
            canvas.put(x, 1, side + transactions + side, pen, block.block)
        else:
            y = 3 + (lane - 1) * LANE_ROWS
            if y + 1 >= canvas.height:
                canvas.put(x + BOX_CELLS, canvas.height - 1, "⋮", edge)  # no room: there is another branch below
                return
            self._draw_branch(canvas, block, x - 3, y)
        name = "stale" if block.state == "stale" else clean(block.proposer, BOX_CELLS - 4)
        canvas.put(x, y, left + set_in(title, room, flat) + right, pen, block.block)
        canvas.put(x, y + (1 if lane else 2), low_left + set_in(name, room, flat) + low_right, pen, block.block)

    def _draw_branch(self, canvas: Canvas, block: ChainBlock, x: int, y: int) -> None:
        """The line to a stale block, from its parent on the same lane or from the fork above."""
        if self._lanes.get(block.parent or "") == self._lanes[block.block]:
            canvas.put(x, y, "┄┄┄", self.PEN["stale"])
            return
        for row in range(2, y):
            canvas.put(x + 1, row, "┆", self.PEN["stale"])
        canvas.put(x + 1, y, "└┄", self.PEN["stale"])

    # Choosing

    def choose(self, block: str) -> None:
        """Choose a block and say so."""
        if block != self.chosen:
            self.chosen = block
            self.redraw()
            self.post_message(self.BlockChosen(block))

    def _get_chosen(self) -> ChainBlock | None:
        return next((block for block in self.blocks if block.block == self.chosen), None)

    def action_move(self, step: int) -> None:
        """Choose the block before or after, on the same lane if there is one, else on the main lane."""
        chosen = self._get_chosen()
        if chosen is None:
            tips = [block for block in self.blocks if self._lanes[block.block] == 0]
            if tips:
                self.choose(max(tips, key=lambda block: block.height).block)
            return
        lane = self._lanes[chosen.block]
        there = [block for block in self.blocks if block.height == chosen.height + step]
        if there:
            self.choose(
                min(there, key=lambda block: (self._lanes[block.block] != lane, self._lanes[block.block])).block
            )

    def action_lane(self, step: int) -> None:
        """Choose the next branch of the same height."""
        chosen = self._get_chosen()
        if chosen is None:
            self.action_move(0)
            return
        same = sorted((self._lanes[block.block], block.block) for block in self.blocks if block.height == chosen.height)
        place = same.index((self._lanes[chosen.block], chosen.block)) + step
        if 0 <= place < len(same):
            self.choose(same[place][1])

    def action_follow(self) -> None:
        """Choose nothing: the newest blocks are shown. Already so, the key is somebody else's (go to now)."""
        if self.chosen is None:
            raise SkipAction
        self.chosen = None
        self.redraw()

    def get_block_at(self, event: events.MouseEvent) -> str | None:
        """Return the block under the mouse."""
        block: str | None = self.get_thing_at(event)
        return block

"""A Merkle tree with the path of one leaf lit: what must be hashed again, and the siblings that prove it.

Idea: ``levels`` run from the leaves to the root. As many leaves around the chosen one as fit are drawn as a tree; above
them the path goes on as a ladder of pairs, so a block of two thousand transactions is still one picture. An odd node at
the end of a level moves up unpaired. Lit nodes are ●, the siblings that prove them ◆.
Keys: left and right choose another leaf.
"""

from typing import Any, ClassVar, Final

from textual import events
from textual.binding import BindingType
from textual.message import Message

from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.keys import bind
from app.widgets.text import clean

SLOT: Final = 7
"""Cells for one leaf: a mark, four characters of its hash, space."""
_SHOWN: Final = 4


class MerkleTree(CanvasWidget, can_focus=True):
    """Shows ``levels`` (hashes as text, leaves first) and the path of leaf ``chosen``."""

    PENS = ("text", "muted", "border", "title", "head-1", "head-2", "cursor", "cursor-dim")
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left", "move(-1)", "merkle.left", "Choose the leaf before"),
        bind("right", "move(1)", "merkle.right", "Choose the leaf after"),
    ]

    class LeafChosen(Message):
        """Another leaf was chosen."""

        def __init__(self, leaf: int) -> None:
            self.leaf = leaf
            super().__init__()

    def __init__(self, levels: tuple[tuple[str, ...], ...] = (), chosen: int = 0, **options: Any) -> None:
        super().__init__(**options)
        self.levels, self.chosen = levels, chosen

    def show(self, levels: tuple[tuple[str, ...], ...], chosen: int | None = None) -> None:
        """Show another tree, or the path of another leaf."""
        self.levels = levels
        leaves = len(levels[0]) if levels else 0
        self.chosen = max(0, min(self.chosen if chosen is None else chosen, leaves - 1))
        self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Root on top; two rows a level."""
        if not self.levels or not self.levels[0]:
            canvas.put(1, 0, "No transactions, no tree", self.PEN["muted"])
            return
        leaves = len(self.levels[0])
        window = 1
        while window * 2 * SLOT <= canvas.width and window < leaves:
            window *= 2
        first = self.chosen // window * window
        places: dict[tuple[int, int], int] = {}  # (level, index) → middle column
        for index in range(first, min(first + window, leaves)):
            places[0, index] = (index - first) * SLOT + SLOT // 2
        for level in range(1, len(self.levels)):
            self._place_level(places, level, canvas.width)
        bottom = min(canvas.height - 1, 2 * (len(self.levels) - 1))
        for (level, index), x in sorted(places.items(), reverse=True):
            self._draw_node(canvas, level, index, x, bottom - 2 * level, places)
        if leaves > window and bottom + 1 < canvas.height:
            text = f"leaves {first + 1}–{min(first + window, leaves)} of {leaves}"
            canvas.put(0, bottom + 1, text, self.PEN["muted"])

    def _place_level(self, places: dict[tuple[int, int], int], level: int, width: int) -> None:
        """Parents stand in the middle of their children; on the ladder, the sibling stands beside the path."""
        for index in range(len(self.levels[level])):
            below = [places[level - 1, child] for child in (2 * index, 2 * index + 1) if (level - 1, child) in places]
            if below:
                places[level, index] = sum(below) // len(below)
        on_path = self.chosen >> level
        sibling = on_path ^ 1
        if (level, on_path) in places and (level, sibling) not in places and sibling < len(self.levels[level]):
            x = places[level, on_path] + (SLOT + 2 if sibling > on_path else -SLOT - 2)
            if not 2 <= x <= width - _SHOWN:
                x = places[level, on_path] - (x - places[level, on_path])
            places[level, sibling] = x

    def _draw_node(
        self, canvas: Canvas, level: int, index: int, x: int, y: int, places: dict[tuple[int, int], int]
    ) -> None:
        on_path, is_leaf = index == self.chosen >> level, level == 0
        is_sibling = index == (self.chosen >> level) ^ 1
        name = "head-1" if on_path else "head-2" if is_sibling else "muted"
        if is_leaf and on_path:
            name = "cursor" if self.has_focus else "cursor-dim"
        mark = "●" if on_path else "◆" if is_sibling else "·"
        text = mark + clean(self.levels[level][index], _SHOWN)
        canvas.put(x - len(text) // 2, y, text, self.PEN[name], index if is_leaf else None)
        children = [child for child in (2 * index, 2 * index + 1) if (level - 1, child) in places]
        if level == 0 or not children:
            return
        xs = [places[level - 1, child] for child in children]
        lit = self.PEN["head-1" if on_path else "border"]
        for column in range(min(xs), max(xs) + 1):
            canvas.put(column, y + 1, "─", self.PEN["border"])
        for child, column in zip(children, xs, strict=True):
            child_lit = on_path and child == self.chosen >> (level - 1)
            if child_lit:
                for between in range(min(column, x), max(column, x) + 1):
                    canvas.put(between, y + 1, "━", lit)
        for child, column in zip(children, xs, strict=True):
            corner = "│" if len(xs) == 1 else "╭" if column == min(xs) else "╮"
            child_lit = on_path and child == self.chosen >> (level - 1)
            canvas.put(column, y + 1, corner, lit if child_lit else self.PEN["border"])
        if len(xs) > 1:
            canvas.put(x, y + 1, "┴", lit)

    def _choose(self, leaf: int) -> None:
        leaf = max(0, min(leaf, len(self.levels[0]) - 1)) if self.levels else 0
        if leaf != self.chosen:
            self.chosen = leaf
            self.redraw()
            self.post_message(self.LeafChosen(leaf))

    def action_move(self, step: int) -> None:
        """Another leaf."""
        self._choose(self.chosen + step)

    def on_click(self, event: events.Click) -> None:
        """Choose a leaf."""
        leaf = self.get_thing_at(event)
        if leaf is not None:
            self._choose(leaf)

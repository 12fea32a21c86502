"""The network as a picture: nodes on the world, as a graph or as a ring, with everything that is in flight.

Idea: three layers. What rarely changes (land, links) is drawn once into a braille canvas and copied; what moves
(blocks with a tail, transactions, pulses) is drawn on the copy for each frame; nodes and labels are characters on top.
After a frame only rows that really differ are painted again. A node's glyph and colour tell the head it follows.
Keys: arrows and [ ] move between nodes, enter opens one, g changes the layout; the mouse does the same.
Simplifications: links are arcs, not cables; nodes of one city are moved apart by a few cells so that each can be seen.
"""

from collections.abc import Iterable
from typing import Any, ClassVar, Final

from rich.segment import Segment
from textual import events
from textual.binding import BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget

from app.widgets.braille import BrailleCanvas, get_braille_text
from app.widgets.canvas import build_absorbing_runs, build_strip
from app.widgets.glyphs import CUT, HEADS, OFFLINE
from app.widgets.keys import bind
from app.widgets.map_layout import Spot
from app.widgets.map_legend import build_legend
from app.widgets.map_picture import MapPicture
from app.widgets.models import MapNode, MapView
from app.widgets.pens import PenMixin
from app.widgets.text import clean, cut

LAYOUTS: Final = ("map", "graph", "ring")
MOST_LABELLED_NODES: Final = 40
"""With more nodes only the chosen one and the one under the mouse show their names."""
_RUNS: Final = build_absorbing_runs(8)

Glyph = tuple[int, str, int]
"""Column, character, pen."""


class NetworkMap(PenMixin, Widget, can_focus=True):
    """Shows a ``MapView``; give it a new one with ``show`` for every frame."""

    PENS = (
        "text", "land", "link", "cut", "link-active", "pulse", "transaction", "block-tail", "block-flight",
        "muted", "offline", *(f"head-{n}" for n in range(1, len(HEADS) + 1)),
        *(f"chip-{n}" for n in range(1, len(HEADS) + 1)), "attack", "strong", "fill", "unfilled",
        "cursor-dim", "hover", "cursor",
    )  # fmt: skip
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("left", "move(-1, 0)", "map.left", "Choose the node to the left"),
        bind("right", "move(1, 0)", "map.right", "Choose the node to the right"),
        bind("up", "move(0, -1)", "map.up", "Choose the node above"),
        bind("down", "move(0, 1)", "map.down", "Choose the node below"),
        bind("right_square_bracket", "cycle(1)", "map.next", "Choose the next node"),
        bind("left_square_bracket", "cycle(-1)", "map.previous", "Choose the node before"),
        bind("enter", "open", "map.open", "Open the page of the chosen node", show=True),
        bind("g", "next_layout", "map.layout", "Show the nodes on the world map, as a graph or on a ring", show=True),
    ]

    class NodeFocused(Message):
        """Another node was chosen (keyboard or click)."""

        def __init__(self, node: int) -> None:
            self.node = node
            super().__init__()

    class NodeOpened(Message):
        """A node should be opened: enter, or a click on the chosen node."""

        def __init__(self, node: int) -> None:
            self.node = node
            super().__init__()

    def __init__(self, view: MapView | None = None, *, layout: str = "map", **options: Any) -> None:
        super().__init__(**options)
        self.view = view or MapView()
        self.node_layout = layout
        self.is_large = False
        """Whether nodes are drawn as chips with their names, for the last row of a room."""
        self.chosen: int | None = None
        self.hovered: int | None = None
        self._picture: MapPicture | None = None
        self._still: BrailleCanvas | None = None
        self._glyphs: list[list[Glyph]] = []
        self._glyphs_are_old = True
        self._frame: BrailleCanvas = BrailleCanvas(0, 0)

    # What is shown

    def show(self, view: MapView) -> None:
        """Show another picture; only rows that changed are painted."""
        old, self.view = self.view, view
        if view.nodes is not old.nodes:
            if _get_places(view.nodes) != _get_places(old.nodes):
                self._picture = None
            self._glyphs_are_old = True
        if view.links is not old.links and view.links != old.links:
            self._picture = None
        self._paint_changes(legend=(view.groups, view.offline, view.spread) != (old.groups, old.offline, old.spread))

    def _paint_changes(self, *, legend: bool = False) -> None:
        """Draw the next frame and paint the rows in which it differs from the last one."""
        if not self.is_mounted or not self.size or self._picture is None or self._picture.size != self.size:
            self.refresh()
            return
        old, old_glyphs = self._frame, self._glyphs
        new = self._frame = self._draw_frame()
        if self._glyphs_are_old:
            self._build_glyphs()
        glyphs = self._glyphs
        changed = [
            y
            for y in range(new.height)
            if new.bits[y] != old.bits[y] or new.pens[y] != old.pens[y] or glyphs[y] != old_glyphs[y]
        ]
        if legend:
            changed.append(self.size.height - 1)
        if changed:
            self.refresh(*_get_regions(changed, self.size.width))

    def _get_picture(self) -> MapPicture:
        """The picture at the present size, with its first frame drawn."""
        if self._picture is None or self._picture.size != self.size or self._picture.layout != self.node_layout:
            self._picture = MapPicture(self.view, self.size, self.node_layout, self.PEN)
            self._still = None
            self._frame = self._draw_frame()
            self._build_glyphs()
        return self._picture

    # One frame

    def _draw_frame(self) -> BrailleCanvas:
        assert self._picture
        if self._still is None:
            self._still = self._picture.draw_still(self.view, {self.chosen, self.hovered})
        return self._picture.draw_moving(self.view, self._still)

    def _build_glyphs(self) -> None:
        """Nodes, cut marks and names as characters, by row."""
        assert self._picture
        picture, pen = self._picture, self.PEN
        rows: list[list[Glyph]] = [[] for _ in range(max(1, self.size.height - 1))]
        taken = set(picture.nodes_at)
        for x, y in picture.cut_spots:
            if 0 <= y < len(rows) and (x, y) not in taken:
                rows[y].append((x, CUT, pen["attack"]))
                taken.add((x, y))
        chosen = [node for node in self.view.nodes if node.node in (self.chosen, self.hovered)]
        for node in self.view.nodes:
            x, y = picture.spots[node.node]
            glyph, name = self._get_node_glyph(node)
            rows[y].append((x, glyph, pen[name]))
        if len(self.view.nodes) <= MOST_LABELLED_NODES:
            for node in self.view.nodes:
                if node not in chosen:
                    self._add_label(rows, taken, node)
        for node in sorted(chosen, key=lambda node: node.node == self.chosen):
            self._add_chip(rows, node)
        self._glyphs, self._glyphs_are_old = rows, False

    def _get_node_glyph(self, node: MapNode) -> tuple[str, str]:
        if not node.is_online:
            return OFFLINE, "offline"
        group = node.group % len(HEADS)
        return HEADS[group], "attack" if node.is_hostile else f"{'chip' if self.is_large else 'head'}-{group + 1}"

    def _get_label_pen(self, node: MapNode) -> str:
        is_chip = self.is_large and node.is_online
        return "attack" if node.is_hostile else self._get_node_glyph(node)[1] if is_chip else "muted"

    def _add_label(self, rows: list[list[Glyph]], taken: set[Spot], node: MapNode) -> None:
        assert self._picture
        text = f" {_get_name(node)} " if self.is_large else _get_name(node)
        x, y = self._picture.spots[node.node]
        for start in (x + 1, x - len(text)):
            cells = [(start + place, y) for place in range(-1, len(text) + 1)]
            free = all(cell not in taken for cell in cells if cell != (x, y))
            if free and start >= 0 and start + len(text) <= self.size.width:
                taken.update(cells)
                pen = self.PEN[self._get_label_pen(node)]
                rows[y] += [(start + place, char, pen) for place, char in enumerate(text)]
                return

    def _add_chip(self, rows: list[list[Glyph]], node: MapNode) -> None:
        """The name and place of the chosen node or of the one under the mouse, on a background."""
        assert self._picture
        x, y = self._picture.spots[node.node]
        pen = self.PEN["hover"]
        if node.node == self.chosen:
            pen = self.PEN["cursor" if self.has_focus else "cursor-dim"]
        text = f" {_get_name(node)} {cut(clean(node.place, 24), 24)} ".replace("  ", " ")
        start = x + 1 if x + 1 + len(text) <= self.size.width else max(0, x - len(text))
        glyph, _ = self._get_node_glyph(node)
        rows[y].append((x, glyph, pen))
        rows[y] += [(start + place, char, pen) for place, char in enumerate(text) if start + place < self.size.width]

    # Painting

    def render_line(self, y: int) -> Strip:
        """Textual's Line API: the last row is the legend."""
        styles, width, height = self.get_pens(), self.size.width, self.size.height
        if y >= height or width < 1:
            return Strip.blank(width, styles[0])
        if y == height - 1:
            return build_legend(self.view, width, self.PEN).get_strip(0, styles, ascii_only=self.is_ascii)
        self._get_picture()
        if self._glyphs_are_old:
            self._build_glyphs()
        text, pens = get_braille_text(self._frame.bits[y]), self._frame.pens[y]
        if self._glyphs[y]:
            cells, pens = list(text), pens[:]
            for x, char, pen in self._glyphs[y]:
                cells[x], pens[x] = char, pen
            text = "".join(cells)
        if not any(pens):
            return Strip([Segment(" " * width, styles[0])], width)
        return build_strip(text, pens, styles, _RUNS, ascii_only=self.is_ascii)

    # Choosing

    def enlarge(self, is_large: bool) -> None:
        """Draw nodes as chips, or as glyphs."""
        if is_large != self.is_large:
            self.is_large, self._glyphs_are_old = is_large, True
            self._paint_changes()

    def choose(self, node: int | None) -> None:
        """Choose a node (or none) and say so."""
        if node != self.chosen:
            self.chosen = node
            self._still = None
            self._glyphs_are_old = True
            self._paint_changes()
            if node is not None:
                self.post_message(self.NodeFocused(node))

    def action_move(self, dx: int, dy: int) -> None:
        """Choose the nearest node in a direction."""
        spots = self._get_picture().spots
        if self.chosen not in spots:
            self.action_cycle(1)
            return
        x, y = spots[self.chosen]

        def get_cost(spot: Spot) -> int:
            along, across = (
                ((spot[0] - x) * dx, abs(spot[1] - y) * 4) if dx else ((spot[1] - y) * dy * 2, abs(spot[0] - x) * 2)
            )
            return along + across if along > 0 else 1 << 30

        nearest = min(spots, key=lambda node: (get_cost(spots[node]), node))
        if get_cost(spots[nearest]) < 1 << 30:
            self.choose(nearest)

    def action_cycle(self, step: int) -> None:
        """Choose the next node by number."""
        nodes = sorted(node.node for node in self.view.nodes)
        if nodes:
            place = nodes.index(self.chosen) + step if self.chosen in nodes else 0
            self.choose(nodes[place % len(nodes)])

    def action_open(self) -> None:
        """Open the chosen node."""
        if self.chosen is not None:
            self.post_message(self.NodeOpened(self.chosen))

    def action_next_layout(self) -> None:
        """Map → graph → ring → map."""
        self.node_layout = LAYOUTS[(LAYOUTS.index(self.node_layout) + 1) % len(LAYOUTS)]
        self._picture = None
        self.refresh()

    def get_node_at(self, x: int, y: int) -> int | None:
        """The node in a cell or right beside it."""
        nodes = self._get_picture().nodes_at
        return next((nodes[x + dx, y] for dx in (0, -1, 1) if (x + dx, y) in nodes), None)

    def _get_node_under(self, event: events.MouseEvent) -> int | None:
        offset = event.get_content_offset(self)
        return None if offset is None else self.get_node_at(offset.x, offset.y)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Name the node under the mouse."""
        self._hover(self._get_node_under(event))

    def on_leave(self) -> None:
        """No node is under the mouse any more."""
        self._hover(None)

    def _hover(self, node: int | None) -> None:
        if node != self.hovered:
            self.hovered = node
            self._still = None
            self._glyphs_are_old = True
            self._paint_changes()

    def on_click(self, event: events.Click) -> None:
        """Choose a node; open the one that is chosen already."""
        node = self._get_node_under(event)
        if node is not None and node == self.chosen:
            self.action_open()
        elif node is not None:
            self.choose(node)

    def on_focus(self) -> None:
        """The chosen node shows brighter; without one, choose the first."""
        self._glyphs_are_old = True
        if self.chosen is None:
            self.action_cycle(1)
        self.refresh()

    def on_blur(self) -> None:
        """The chosen node shows dimmer."""
        self._glyphs_are_old = True
        self.refresh()


def _get_name(node: MapNode) -> str:
    return clean(node.name, 12) + ("!" if node.is_hostile else "")


def _get_places(nodes: Iterable[MapNode]) -> list[tuple[int, float, float]]:
    return [(node.node, node.latitude, node.longitude) for node in nodes]


def _get_regions(rows: list[int], width: int) -> list[Region]:
    """Rows in order as few regions."""
    regions: list[Region] = []
    for y in rows:
        if regions and regions[-1].bottom == y:
            last = regions.pop()
            regions.append(Region(0, last.y, width, last.height + 1))
        else:
            regions.append(Region(0, y, width, 1))
    return regions

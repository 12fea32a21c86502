"""The braille part of the map: land and links drawn once, and what moves drawn on a copy for every frame."""

from collections.abc import Collection, Mapping
from typing import Final

from textual.geometry import Size

from app.widgets.braille import BrailleCanvas
from app.widgets.map_layout import (
    Spot,
    build_path,
    get_land_dots,
    get_map_rows,
    place_as_graph,
    place_on_map,
    place_on_ring,
)
from app.widgets.models import Flight, MapView

TAIL_DOTS: Final = 12
"""Length of the tail of a block in flight."""
LINKS_PER_CELL: Final = 2
"""With more than one link for so many cells of width, links run below the land, or nothing would be left of it; those
of the chosen node always lie on top."""
_BEND: Final = {"map": 0.16, "graph": 0.0, "ring": 0.0}


class MapPicture:
    """Places, land and links of one view at one size. ``pen`` maps the names of pens to their numbers."""

    def __init__(self, view: MapView, size: Size, layout: str, pen: Mapping[str, int]) -> None:
        self.size, self.layout, self._pen = size, layout, pen
        self.width, self.height = size.width, max(1, size.height - 1)
        self._base = BrailleCanvas(self.width, self.height)
        self._paths: dict[tuple[int, int], tuple[Spot, ...]] = {}
        self.cut_spots: list[Spot] = []
        """Cells where a cut is marked."""
        self.spots = {node.node: spot for node, spot in zip(view.nodes, self._place(view), strict=True)}
        self.nodes_at = {spot: node for node, spot in self.spots.items()}
        self._draw_links(view)

    def _place(self, view: MapView) -> list[Spot]:
        if self.layout == "graph":
            return place_as_graph(view.nodes, view.links, self.width, self.height)
        if self.layout == "ring":
            return place_on_ring(view.nodes, self.width, self.height)
        rows = get_map_rows(self.width, self.height)
        top = (self.height - rows) // 2
        for y, row in enumerate(get_land_dots(2 * self.width, 4 * rows)):
            self._base.set_dots(((x, y + 4 * top) for x, dot in enumerate(row) if dot), self._pen["land"])
        return [(x, y + top) for x, y in place_on_map(view.nodes, self.width, rows)]

    def _draw_links(self, view: MapView) -> None:
        is_dense = LINKS_PER_CELL * len(view.links) > self.width
        for link in view.links:
            path = self.get_path(link.source, link.target)
            if link.is_cut and path:
                self._base.set_dots(path[::5], self._pen["cut"])
                x, y = path[len(path) // 2]
                if all(abs(x // 2 - a) > 6 or abs(y // 4 - b) > 1 for a, b in self.cut_spots):
                    self.cut_spots.append((x // 2, y // 4))
            else:
                draw = self._base.add_under if is_dense else self._base.set_dots
                draw(path, self._pen["link"])

    def get_path(self, source: int, target: int) -> tuple[Spot, ...]:
        """Dots from one node to the other; empty when one is not shown."""
        key = (source, target) if source < target else (target, source)
        path = self._paths.get(key)
        if path is None:
            start, end = self.spots.get(key[0]), self.spots.get(key[1])
            wrap = 2 * self.width if self.layout == "map" else 0
            path = build_path(start, end, _BEND[self.layout], wrap) if start and end else ()
            self._paths[key] = path
        return path if source < target else path[::-1]

    def draw_still(self, view: MapView, lit: Collection[int | None]) -> BrailleCanvas:
        """What stays until somebody chooses another node: the links of the ``lit`` nodes are brighter."""
        canvas = self._base.copy()
        for link in view.links:
            if not link.is_cut and (link.source in lit or link.target in lit):
                canvas.set_dots(self.get_path(link.source, link.target), self._pen["link-active"])
        return canvas

    def draw_moving(self, view: MapView, still: BrailleCanvas) -> BrailleCanvas:
        """A copy of ``still`` with trails, pulses and flights."""
        frame = still.copy()
        for source, target in view.trails:
            frame.set_dots(self.get_path(source, target), self._pen["link-active"])
        for pulse in view.pulses:
            if pulse.node in self.spots and 0 <= pulse.fraction < 1:
                frame.set_dots(_get_ring_dots(self.spots[pulse.node], 3 + 11 * pulse.fraction), self._pen["pulse"])
        for flight in view.flights:
            self._draw_flight(frame, flight)
        return frame

    def _draw_flight(self, frame: BrailleCanvas, flight: Flight) -> None:
        path = self.get_path(flight.source, flight.target)
        if not path:
            return
        at = min(len(path) - 1, max(0, int(flight.fraction * len(path))))
        if flight.kind == "transaction":
            frame.set_dots(path[max(0, at - 1) : at + 1], self._pen["transaction"])
        else:
            x, y = path[at]
            frame.set_dots(path[max(0, at - TAIL_DOTS) : at], self._pen["block-tail"])
            frame.set_dots([(x, y), (x - 1, y), (x + 1, y), (x, y - 1), (x, y + 1)], self._pen["block-flight"])


def _get_ring_dots(spot: Spot, radius: float) -> list[Spot]:
    """The dots of a circle around a cell."""
    x, y, squared = 2 * spot[0], 4 * spot[1] + 2, radius * radius
    reach = int(radius) + 1
    return [
        (x + dx, y + dy)
        for dx in range(-reach, reach + 1)
        for dy in range(-reach, reach + 1)
        if abs(dx * dx + dy * dy - squared) < radius * 0.9
    ]

"""Where nodes stand: on the world map, as a graph pulled together by its links, or on a ring.

Idea: every layout gives each node a cell of its own, deterministically: the same nodes, links and size give the same
picture, so nothing jumps when a frame is drawn again or a run is replayed. The map is the plate carrée (longitude and
latitude are proportional to x and y), which gives crowded northern Europe the most room.
Simplifications: the graph is a plain spring model (Fruchterman and Reingold, 1991) from starting places that depend on
the node number only; more nodes get fewer rounds.
"""

import math
import zlib
from base64 import b85decode
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from app.widgets import world_land
from app.widgets.models import MapLink, MapNode

if TYPE_CHECKING:
    import numpy as np

Spot = tuple[int, int]
"""A cell: column, row."""


@lru_cache(maxsize=8)
def get_land_dots(width: int, height: int) -> tuple[bytes, ...]:
    """The land at a size in dots, as rows of 0 and 1: a dot is land when half of its area is."""
    import numpy as np  # late: the first frame does not wait for it

    packed = np.frombuffer(zlib.decompress(b85decode(world_land.LAND)), dtype=np.uint8)
    land = np.unpackbits(packed).reshape(world_land.HEIGHT, world_land.WIDTH).astype(np.int64)
    total = np.zeros((world_land.HEIGHT + 1, world_land.WIDTH + 1), dtype=np.int64)
    total[1:, 1:] = land.cumsum(0).cumsum(1)
    tops, bottoms = _get_edges(world_land.HEIGHT, height)
    lefts, rights = _get_edges(world_land.WIDTH, width)
    sums = total[bottoms][:, rights] - total[tops][:, rights] - total[bottoms][:, lefts] + total[tops][:, lefts]
    areas = np.outer(bottoms - tops, rights - lefts)
    return tuple(bytes(row) for row in (2 * sums > areas).astype(np.uint8))


def _get_edges(cells: int, dots: int) -> "tuple[np.ndarray, np.ndarray]":
    import numpy as np

    firsts = np.arange(dots) * cells // dots
    lasts = np.maximum(firsts + 1, (np.arange(dots) + 1) * cells // dots)
    return firsts, lasts


def get_map_place(latitude: float, longitude: float, width: int, height: int) -> Spot:
    """The cell of a place on a map of ``width`` × ``height`` cells; outside the cut goes to the edge."""
    x = (longitude - world_land.WEST_DEGREES) % 360 / 360
    y = (world_land.NORTH_DEGREES - latitude) / (world_land.NORTH_DEGREES - world_land.SOUTH_DEGREES)
    return min(width - 1, int(x * width)), min(height - 1, max(0, int(y * height)))


def get_map_rows(width: int, height: int) -> int:
    """How many of ``height`` rows a world of ``width`` cells fills without looking stretched."""
    return max(1, min(height, width * 4 // 17 + 2))


MOST_GRAPH_NODES: Final = 1500
"""The spring model costs their square in time and memory."""
CELLS_PER_NODE: Final = 4
"""So many cells are left to each node, so that a map of thousands is a map still."""


@lru_cache(maxsize=1)
def _get_offsets() -> tuple[Spot, ...]:
    """Offsets around a cell, nearest first; a row is as high as two cells are wide, and neighbours stay apart."""
    offsets = [(dx, dy) for dy in range(-12, 13) for dx in range(-36, 37)]
    return tuple(sorted(offsets, key=lambda spot: (spot[0] ** 2 + 4 * spot[1] ** 2, spot[1], -spot[0])))


def spread_spots(wanted: Sequence[Spot], width: int, height: int) -> list[Spot]:
    """Give each wanted cell a free one near it, in order, with a free cell left and right if there is room.

    A quarter of all cells is taken at most: who comes later shares the cells of those who wanted the same one, in turn.
    """
    taken: set[Spot] = set()
    spots: list[Spot] = []
    shared: dict[Spot, list[Spot]] = {}
    for spot in wanted:
        if len(taken) < max(1, width * height // CELLS_PER_NODE) or spot not in shared:
            spots.append(_take_spot(spot, taken, width, height))
            shared.setdefault(spot, []).append(spots[-1])
        else:
            others = shared[spot]
            others.append(others.pop(0))
            spots.append(others[-1])
    return spots


def _take_spot(spot: Spot, taken: set[Spot], width: int, height: int) -> Spot:
    for margin in (1, 0):
        for dx, dy in _get_offsets():
            x, y = spot[0] + dx, spot[1] + dy
            if not (0 <= x < width and 0 <= y < height):
                continue
            if not any((x + near, y) in taken for near in range(-margin, margin + 1)):
                taken.add((x, y))
                return x, y
    return spot  # more nodes than cells: they share


def place_on_map(nodes: Sequence[MapNode], width: int, height: int) -> list[Spot]:
    """Cells on the world map."""
    return spread_spots([get_map_place(node.latitude, node.longitude, width, height) for node in nodes], width, height)


def place_on_ring(nodes: Sequence[MapNode], width: int, height: int) -> list[Spot]:
    """Cells on an ellipse, clockwise from the top in the order of the nodes."""
    spots = []
    for index in range(len(nodes)):
        angle = 2 * math.pi * index / len(nodes)
        x, y = 0.5 + 0.42 * math.sin(angle), 0.5 - 0.45 * math.cos(angle)
        spots.append((round(x * (width - 1)), round(y * (height - 1))))
    return spread_spots(spots, width, height)


def place_as_graph(nodes: Sequence[MapNode], links: Sequence[MapLink], width: int, height: int) -> list[Spot]:
    """Cells of the spring model, stretched to the size; more nodes than it can place at once stand on a ring."""
    if not nodes or len(nodes) > MOST_GRAPH_NODES:
        return place_on_ring(nodes, width, height)
    points = _compute_graph(tuple(node.node for node in nodes), tuple((link.source, link.target) for link in links))
    spots = [(round((0.06 + 0.88 * x) * (width - 1)), round((0.05 + 0.9 * y) * (height - 1))) for x, y in points]
    return spread_spots(spots, width, height)


@lru_cache(maxsize=4)
def _compute_graph(nodes: tuple[int, ...], links: tuple[tuple[int, int], ...]) -> tuple[tuple[float, float], ...]:
    """Places between 0 and 1 in both directions."""
    import numpy as np

    count, index = len(nodes), {node: place for place, node in enumerate(nodes)}
    seeds = [(node * 2654435761 + 40503) % (1 << 32) for node in nodes]
    places = np.array([(seed >> 16, seed & 0xFFFF) for seed in seeds], dtype=np.float64) / 65536
    ends = np.array(
        [(index[a], index[b]) for a, b in links if a in index and b in index and a != b], dtype=np.intp
    ).reshape(-1, 2)
    spring = 1 / math.sqrt(count)
    rounds = max(12, min(250, 1_500_000 // (count * count)))
    for step in range(rounds):
        apart = places[:, None, :] - places[None, :, :]
        distance = np.sqrt((apart**2).sum(axis=2)) + 1e-6
        force = (apart * (spring**2 / distance**2)[:, :, None]).sum(axis=1)
        pull = places[ends[:, 1]] - places[ends[:, 0]]
        pull *= (np.sqrt((pull**2).sum(axis=1)) / spring)[:, None]
        np.add.at(force, ends[:, 0], pull)
        np.add.at(force, ends[:, 1], -pull)
        force += (0.5 - places) * 0.6
        length = np.sqrt((force**2).sum(axis=1)) + 1e-9
        places += force / length[:, None] * np.minimum(length, 0.12 * (1 - step / rounds))[:, None]
    low, high = places.min(axis=0), places.max(axis=0)
    places = (places - low) / np.maximum(high - low, 1e-9)
    ranks = places.argsort(axis=0, kind="stable").argsort(axis=0) / max(1, count - 1)
    places = 0.35 * places + 0.65 * ranks  # one far node must not squeeze the others
    return tuple((float(x), float(y)) for x, y in np.round(places, 4))


def build_path(start: Spot, end: Spot, bend: float, wrap_dots: int = 0) -> tuple[Spot, ...]:
    """The dots from the middle of one cell to the middle of another, bent upwards by ``bend`` of the distance.

    With ``wrap_dots`` (the width of the world) the shorter way round is taken, and x is folded back into the width.
    """
    x0, y0, x1, y1 = 2 * start[0], 4 * start[1] + 2, 2 * end[0], 4 * end[1] + 2
    if wrap_dots:
        x1 += wrap_dots * round((x0 - x1) / wrap_dots)
    middle_x, middle_y = (x0 + x1) / 2, (y0 + y1) / 2 - bend * math.hypot(x1 - x0, y1 - y0)
    steps = max(1, round(1.5 * max(abs(x1 - x0), abs(y1 - y0), 1)))
    dots = []
    for step in range(steps + 1):
        t = step / steps
        x = (1 - t) ** 2 * x0 + 2 * t * (1 - t) * middle_x + t**2 * x1
        y = (1 - t) ** 2 * y0 + 2 * t * (1 - t) * middle_y + t**2 * y1
        dots.append((round(x) % wrap_dots if wrap_dots else round(x), round(y)))
    return (dots[0], *(dot for before, dot in pairwise(dots) if dot != before))

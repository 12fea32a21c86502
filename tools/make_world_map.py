"""Make ``app/widgets/world_land.py``, the land of the world as bits, from Natural Earth.

Source: Natural Earth 1:110m countries (public domain, naturalearthdata.com), as shipped in the wheel geopandas 0.14.4::

    pip download --no-deps geopandas==0.14.4 && unzip geopandas-*.whl 'geopandas/datasets/naturalearth_lowres/*'
    pip install pyshp                       # in a throw-away environment: the project does not need it
    python tools/make_world_map.py geopandas/datasets/naturalearth_lowres/naturalearth_lowres.shp

Format: base 85 of zlib of rows from north to south, one bit per half degree, most significant bit first. A cell is land
when its centre lies inside a ring by the even-odd rule (holes are countries too, so rings need not be told apart).
Longitude starts at the Bering Strait, so no continent is cut; latitude runs from 78 to -58.
"""

import base64
import sys
import zlib
from itertools import pairwise
from pathlib import Path

STEP_DEGREES = 0.5
WEST, NORTH, SOUTH = -169.0, 78.0, -58.0
WIDTH, HEIGHT = 720, int((NORTH - SOUTH) / STEP_DEGREES)
TARGET = Path(__file__).parent.parent / "app" / "widgets" / "world_land.py"

HEAD = f'''"""The land of the world as bits, made by tools/make_world_map.py from Natural Earth (public domain)."""

from typing import Final

WIDTH: Final = {WIDTH}
HEIGHT: Final = {HEIGHT}
WEST_DEGREES: Final = {WEST}
NORTH_DEGREES: Final = {NORTH}
SOUTH_DEGREES: Final = {SOUTH}
LAND: Final = (
'''
"""The module up to the data."""

Ring = list[tuple[float, float]]


def read_rings(path: str) -> list[Ring]:
    """Every closed ring of the shapefile, holes included (the even-odd rule makes them holes again)."""
    import shapefile  # type: ignore[import-not-found,import-untyped,unused-ignore]

    rings: list[Ring] = []
    for shape in shapefile.Reader(path).shapes():
        starts = [*shape.parts, len(shape.points)]
        rings += [[tuple(point[:2]) for point in shape.points[a:b]] for a, b in pairwise(starts)]
    return rings


def fill_row(ring: Ring, latitude: float, row: bytearray) -> None:
    """Toggle the cells of one ring along one parallel."""
    crossings = sorted(
        x0 + (latitude - y0) * (x1 - x0) / (y1 - y0)
        for (x0, y0), (x1, y1) in pairwise(ring)
        if (y0 <= latitude) != (y1 <= latitude)
    )
    for west, east in zip(crossings[::2], crossings[1::2], strict=False):
        first, last = round((west + 180) / STEP_DEGREES), round((east + 180) / STEP_DEGREES)
        for cell in range(first, last):
            row[(cell + round((-180 - WEST) / STEP_DEGREES)) % WIDTH] = 1


def rasterise(rings: list[Ring]) -> list[bytearray]:
    """The land as rows of 0 and 1."""
    rows = [bytearray(WIDTH) for _ in range(HEIGHT)]
    for index, row in enumerate(rows):
        for ring in rings:
            fill_row(ring, NORTH - (index + 0.5) * STEP_DEGREES, row)
    return rows


def main() -> None:
    """Write the file."""
    rows = rasterise(read_rings(sys.argv[1]))
    bits = b"".join(int("".join(map(str, row)), 2).to_bytes(WIDTH // 8, "big") for row in rows)
    packed = base64.b85encode(zlib.compress(bits, 9)).decode("ascii")
    lines = [packed[start : start + 112] for start in range(0, len(packed), 112)]
    TARGET.write_text(HEAD + "\n".join(f'    "{line}"' for line in lines) + "\n)\n", encoding="ascii")


if __name__ == "__main__":
    main()

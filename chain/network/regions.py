"""Six measured regions of the world: latency, bandwidth, shares of nodes, and cities to draw them on a map.

Source: dsg-titech/simblock ``NetworkConfiguration.java`` at 5fc7f9f (2015 and 2019) and Unipisa/SimBlock at ebc8279
(2021); Aoki et al., "SimBlock: A Blockchain Network Simulator", 2019; Nagayama et al., arXiv:1912.04464 (2019).
Latencies are means of one-way messages, bandwidths are per node. A transfer runs at the lesser of the sender's upload
and the receiver's download bandwidth. Cities are for pictures only; nothing is computed from them.
"""

from dataclasses import dataclass
from typing import Final

REGIONS: Final = ("NA", "EU", "SA", "AP", "JP", "AU")
"""North America, Europe, South America, Asia-Pacific, Japan, Australia; tables below are in this order."""


@dataclass(frozen=True, slots=True)
class RegionTable:
    """What was measured in one year."""

    latency_ms: tuple[tuple[int, ...], ...]
    """Mean one-way latency from region (row) to region (column)."""
    upload_bit_per_s: tuple[int, ...]
    """Upload bandwidth of a node, by region."""
    download_bit_per_s: tuple[int, ...]
    """Download bandwidth of a node, by region."""

    def get_bandwidth(self, source: int, target: int) -> int:
        """Return the bit/s of a transfer from a node of region ``source`` to a node of region ``target``."""
        return min(self.upload_bit_per_s[source], self.download_bit_per_s[target])


YEARS: Final = {
    2015: RegionTable(
        latency_ms=(
            (36, 119, 255, 310, 154, 208),
            (119, 12, 221, 242, 266, 350),
            (255, 221, 137, 347, 256, 269),
            (310, 242, 347, 99, 172, 278),
            (154, 266, 256, 172, 9, 163),
            (208, 350, 269, 278, 163, 22),
        ),
        upload_bit_per_s=(4_700_000, 8_100_000, 1_800_000, 5_300_000, 3_400_000, 5_200_000),
        download_bit_per_s=(25_000_000, 24_000_000, 6_500_000, 10_000_000, 17_500_000, 14_000_000),
    ),
    2019: RegionTable(
        latency_ms=(
            (32, 124, 184, 198, 151, 189),
            (124, 11, 227, 237, 252, 294),
            (184, 227, 88, 325, 301, 322),
            (198, 237, 325, 85, 58, 198),
            (151, 252, 301, 58, 12, 126),
            (189, 294, 322, 198, 126, 16),
        ),
        upload_bit_per_s=(19_200_000, 20_700_000, 5_800_000, 15_700_000, 10_200_000, 11_300_000),
        download_bit_per_s=(52_000_000, 40_000_000, 18_000_000, 22_800_000, 22_800_000, 29_900_000),
    ),
    2021: RegionTable(
        latency_ms=(
            (30, 86, 187, 230, 158, 152),
            (86, 12, 240, 236, 227, 253),
            (187, 240, 41, 327, 317, 327),
            (230, 236, 327, 87, 51, 151),
            (158, 227, 317, 51, 15, 113),
            (152, 253, 327, 151, 113, 14),
        ),
        upload_bit_per_s=(13_000_000, 17_000_000, 6_000_000, 13_000_000, 18_000_000, 17_000_000),
        download_bit_per_s=(41_000_000, 39_000_000, 21_000_000, 20_000_000, 29_000_000, 46_000_000),
    ),
}

SHARES: Final = {
    "btc2015": (386_900, 515_900, 11_300, 57_400, 11_900, 16_600),
    "btc2019": (331_600, 499_800, 9_000, 117_700, 22_400, 19_500),
    "btc2021": (188_616, 597_868, 43_349, 136_794, 15_887, 17_486),
    "ltc": (366_100, 479_100, 14_900, 102_200, 23_800, 13_900),
    "doge": (392_400, 487_900, 21_200, 69_700, 10_600, 18_200),
    "even": (1, 1, 1, 1, 1, 1),
}
"""Weights of the regions among the nodes (in millionths where measured); "even" is for small networks to look at."""

OUT_DEGREES: Final = {
    "btc2015": (25, 50, 75, 100, 200, 300, 400, 500, 600, 700, 800, 850, 900, 950, 970, 970, 980, 990, 995, 1000),
    "ltc": (10, 20, 40, 70, 90, 140, 200, 280, 390, 500, 600, 690, 760, 810, 850, 870, 890, 920, 930, 1000),
    "doge": (0, 0, 0, 0, 0, 0, 0, 1000),
}
"""Cumulative shares, in thousandths, of nodes that open at most 1, 2, 3 … connections."""


@dataclass(frozen=True, slots=True)
class City:
    """A place on the map. Latitude and longitude in degrees, north and east positive."""

    name: str
    latitude: float
    longitude: float


CITIES: Final = {
    "NA": (
        City("New York", 40.7, -74.0),
        City("San Francisco", 37.8, -122.4),
        City("Toronto", 43.7, -79.4),
        City("Chicago", 41.9, -87.6),
        City("Dallas", 32.8, -96.8),
        City("Mexico City", 19.4, -99.1),
        City("Vancouver", 49.3, -123.1),
        City("Miami", 25.8, -80.2),
    ),
    "EU": (
        City("Frankfurt", 50.1, 8.7),
        City("London", 51.5, -0.1),
        City("Paris", 48.9, 2.4),
        City("Helsinki", 60.2, 24.9),
        City("Madrid", 40.4, -3.7),
        City("Warsaw", 52.2, 21.0),
        City("Zurich", 47.4, 8.5),
        City("Athens", 38.0, 23.7),
    ),
    "SA": (
        City("São Paulo", -23.6, -46.6),
        City("Buenos Aires", -34.6, -58.4),
        City("Bogotá", 4.7, -74.1),
        City("Santiago", -33.4, -70.7),
        City("Lima", -12.0, -77.0),
        City("Recife", -8.1, -34.9),
    ),
    "AP": (
        City("Singapore", 1.4, 103.8),
        City("Seoul", 37.6, 127.0),
        City("Mumbai", 19.1, 72.9),
        City("Hong Kong", 22.3, 114.2),
        City("Jakarta", -6.2, 106.8),
        City("Bangkok", 13.8, 100.5),
        City("Taipei", 25.0, 121.6),
        City("Delhi", 28.6, 77.2),
    ),
    "JP": (
        City("Tokyo", 35.7, 139.7),
        City("Osaka", 34.7, 135.5),
        City("Sapporo", 43.1, 141.4),
        City("Fukuoka", 33.6, 130.4),
        City("Nagoya", 35.2, 136.9),
        City("Sendai", 38.3, 140.9),
    ),
    "AU": (
        City("Sydney", -33.9, 151.2),
        City("Perth", -31.9, 115.9),
        City("Melbourne", -37.8, 145.0),
        City("Brisbane", -27.5, 153.0),
        City("Auckland", -36.8, 174.8),
        City("Adelaide", -34.9, 138.6),
    ),
}
"""Cities of each region, most central first; a region with more nodes than cities uses them again."""

"""What a network is described by: the ``[network]`` table of a scenario. Reading it needs no numpy."""

from typing import Final, Literal

import msgspec

from chain.errors import InvalidScenario
from chain.network.regions import OUT_DEGREES, REGIONS, SHARES, YEARS

MAX_NODES: Final = 20_000
MAX_COMPLETE: Final = 1_000
MAX_DEGREE: Final = 1_000
MAX_DELAY_US: Final = 86_400_000_000


class NetworkParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The shape and the speed of a network; every field has a key of the same name in a scenario's ``[network]``."""

    nodes: int = 12
    """How many nodes, 1 … 20 000."""
    topology: Literal["ring", "complete", "random", "regular", "small-world", "explicit"] = "random"
    """Who is connected with whom."""
    degree: int = 3
    """Connections each node opens (random: while there are strangers left; about twice as many in all), or has."""
    degrees: str = ""
    """Random topology: a measured distribution of opened connections instead of ``degree``: btc2015, ltc, doge."""
    rewire_per_mille: int = 100
    """Small world: the chance, in thousandths, that a link of the ring lattice is laid elsewhere."""
    edges: tuple[tuple[int, int], ...] = ()
    """Explicit topology: the links, as pairs of node indices."""
    relay: Literal["push", "announce"] = "push"
    """How blocks travel: sent to every neighbour at once, or announced first and fetched one upload at a time."""
    year: int = 2019
    """Whose year's latency and bandwidth: 2015, 2019, 2021."""
    shares: str = "btc2019"
    """How nodes are spread over the regions: btc2015, btc2019, btc2021, ltc, doge, even."""
    regions: tuple[str, ...] = ()
    """The regions of the nodes, in turn (NA, EU, SA, AP, JP, AU); replaces ``shares`` when given."""
    delay_model: Literal["regions", "constant", "uniform"] = "regions"
    """Measured latency and bandwidth, or for studies of theory: a message takes ``delay_us``, or 0.5 … 1.5 times it."""
    delay_us: int = 100_000
    """The delay of the models constant and uniform; nothing is added for bandwidth or processing there."""
    compact_blocks: bool = False
    """Announce: nodes that can (96.4 %) send compact blocks to each other (BIP 152)."""
    block_bytes: int = 0
    """The size a block counts with on the wire; 0 takes its real size."""

    def __post_init__(self) -> None:
        """Refuse values no network can be built from. Raises InvalidScenario naming the key."""
        _check("nodes", self.nodes, 1 <= self.nodes <= MAX_NODES, f"1 to {MAX_NODES}")
        _check("year", self.year, self.year in YEARS, ", ".join(map(str, YEARS)))
        _check("shares", self.shares, self.shares in SHARES, ", ".join(SHARES))
        _check("degrees", self.degrees, self.degrees in ("", *OUT_DEGREES), ", ".join(OUT_DEGREES))
        _check("regions", self.regions, all(name in REGIONS for name in self.regions), ", ".join(REGIONS))
        _check("delay_us", self.delay_us, 1 <= self.delay_us <= MAX_DELAY_US, f"1 to {MAX_DELAY_US}")
        _check("block_bytes", self.block_bytes, 0 <= self.block_bytes <= 10**10, "0 to 10000000000")
        share = self.rewire_per_mille
        _check("rewire_per_mille", share, 0 <= share <= 1000, "0 to 1000")
        self._check_topology()

    def _check_topology(self) -> None:
        nodes, degree = self.nodes, self.degree
        if self.topology == "complete":
            _check("nodes", nodes, nodes <= MAX_COMPLETE, f"at most {MAX_COMPLETE} in a complete topology")
        elif self.topology == "random" and not self.degrees:
            _check("degree", degree, 1 <= degree <= MAX_DEGREE, f"1 to {MAX_DEGREE}")
        elif self.topology == "regular":
            fits = 2 <= degree < nodes and degree * nodes % 2 == 0
            _check("degree", degree, fits, f"2 to {nodes - 1} with {nodes} nodes, and nodes × degree must be even")
        elif self.topology == "small-world":
            fits = 2 <= degree < nodes and degree % 2 == 0
            _check("degree", degree, fits, f"an even number from 2 to {nodes - 1} with {nodes} nodes")
        elif self.topology == "explicit":
            _check_edges(nodes, self.edges)


def _check(key: str, value: object, fits: bool, allowed: str) -> None:
    if not fits:
        raise InvalidScenario(f"network.{key}", value, allowed)


def _check_edges(nodes: int, edges: tuple[tuple[int, int], ...]) -> None:
    seen = set()
    for one, other in edges:
        fits = 0 <= one < nodes and 0 <= other < nodes and one != other
        _check("edges", (one, other), fits, f"pairs of two different nodes from 0 to {nodes - 1}")
        pair = (min(one, other), max(one, other))
        _check("edges", (one, other), pair not in seen, "each pair once")
        seen.add(pair)

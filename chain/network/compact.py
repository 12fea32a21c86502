"""Compact blocks (BIP 152): who can receive them, how often they fail to be rebuilt, and how much is missing then.

Source: SimBlock, ``SimulationConfiguration.java``, after measurements in Imtiaz et al., "Churn in the Bitcoin Network"
(2019): 96.4 % of nodes use compact blocks of 18 000 bytes; 97.6 % of nodes come and go, and for these 27 % of compact
blocks fail, for the others 13 %. Simplification: what is missing has the distribution of the nodes that come and go
for all nodes.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.network.topology import draw_by_quota

COMPACT_BYTES: Final = 18_000
SUPPORT_PER_MILLE: Final = 964
CHURN_PER_MILLE: Final = 976
FAILURE_CHURN: Final = 27 * 65_536 // 100
FAILURE_CONTROL: Final = 13 * 65_536 // 100
"""Compact blocks fail where 16 bits of luck are below this."""

_MISSING_RUNS: Final = (
    *((1, 546), (2, 66), (3, 39), (4, 27), (5, 21), (6, 17), (7, 14), (8, 12), (9, 11), (10, 10), (11, 9), (12, 8)),
    *((13, 7), (14, 7), (15, 6), (16, 6), *((percent, 5) for percent in range(17, 20))),
    *((percent, 4) for percent in range(20, 25)),
    *((percent, 3) for percent in range(25, 33)),
    *((percent, 2) for percent in range(33, 49)),
    *((percent, 1) for percent in range(49, 97)),
)
MISSING_PERCENT: Final = np.repeat(*np.array(_MISSING_RUNS, dtype=np.int64).T)
"""Equally likely shares of a block, in percent, that are missing after a failure: mean 8.72, median 1, most 96."""


@dataclass(frozen=True, slots=True)
class CompactNodes:
    """Which nodes can do what, drawn once for a network."""

    supports: npt.NDArray[np.bool_]
    """By node: sends and receives compact blocks."""
    failure: npt.NDArray[np.int64]
    """By node: the luck, of 65 536, below which a compact block cannot be rebuilt."""


def draw_compact_nodes(nodes: int, seed: int, enabled: bool) -> CompactNodes:
    """Return which of the nodes use compact blocks and how often these fail; none use them unless ``enabled``."""
    supports = draw_by_quota(nodes, (SUPPORT_PER_MILLE, 1000), seed, "compact/support")
    churns = draw_by_quota(nodes, (CHURN_PER_MILLE, 1000), seed, "compact/churn")
    return CompactNodes(
        (np.array(supports) == 0) & enabled,
        np.where(np.array(churns) == 0, FAILURE_CHURN, FAILURE_CONTROL),
    )


def compute_missing_bytes(luck: npt.NDArray[np.int64], size_bytes: int) -> npt.NDArray[np.int64]:
    """Return how many bytes of a block are missing for each value of 16 bits of luck."""
    return np.asarray(size_bytes * MISSING_PERCENT.take(luck * len(MISSING_PERCENT) >> 16) // 100, dtype=np.int64)

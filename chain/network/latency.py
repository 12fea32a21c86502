"""How long a message takes: the delay models as tables of equally likely values, in integers only.

A model is a table of ``LEVELS`` delays per pair of regions; a message takes the one its 12 bits of luck point at.

``regions``: one-way latency is Pareto with scale m − 5 ms and shape 0.2 · m for a measured mean of m ms (SimBlock,
``Network.getLatency``). Entry k is the mean of that distribution over its k-th part of 1/4096 of probability, which is
``4096 · m · (((k + 1) / 4096)^(1 − 5/m) − (k / 4096)^(1 − 5/m))``, so the table has exactly the mean m.
``constant``: always D. ``uniform``: evenly spread from D/2 to 3D/2.

Powers are fixed-point numbers; an entry is off by less than 2 µs. Simplification: the rarest 1/4096 of messages all
take their mean instead of spreading further out.
"""

from functools import lru_cache
from math import isqrt
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.draws import compute_log
from chain.network.regions import YEARS

IntArray = npt.NDArray[np.int64]

LEVEL_BITS: Final = 12
LEVELS: Final = 1 << LEVEL_BITS
"""Equally likely delays in a table."""
LUCK_SHIFT: Final = 16 - LEVEL_BITS
"""What turns 16 bits of luck into a level."""


@lru_cache(maxsize=4)
def build_latency_tables(delay_model: str, delay_us: int, year: int) -> tuple[IntArray, IntArray]:
    """Return (tables, start): all tables in µs, one after another, and where that of [source, target] region starts."""
    if delay_model == "regions":
        means = YEARS[year].latency_ms
        distinct = sorted({mean for row in means for mean in row})
        tables = np.concatenate([_build_pareto(mean) for mean in distinct])
        start = np.array([[distinct.index(mean) * LEVELS for mean in row] for row in means], dtype=np.int64)
    else:
        steps = 2 * np.arange(LEVELS, dtype=np.int64) + 1
        spread = delay_us * steps // (2 * LEVELS) if delay_model == "uniform" else delay_us - delay_us // 2
        tables = np.full(LEVELS, delay_us // 2, dtype=np.int64) + spread
        start = np.zeros((6, 6), dtype=np.int64)
    tables.flags.writeable = start.flags.writeable = False
    return tables, start


def _build_pareto(mean_ms: int) -> IntArray:
    """Return the delays in µs, longest first, of the Pareto distribution with this mean (more than 5 ms)."""
    powers = _compute_powers(_compute_log2_levels() * (mean_ms - 5) // mean_ms)
    share = np.diff(powers, prepend=0) >> 22
    return np.asarray(share * (LEVELS * mean_ms * 1000) >> 40, dtype=np.int64)


@lru_cache(maxsize=1)
def _compute_log2_levels() -> IntArray:
    """Return log2(LEVELS / k) for k = 1 … LEVELS with 40 fraction bits."""
    top, ln_2 = compute_log(LEVELS), compute_log(2)
    return np.array([((top - compute_log(k)) << 40) // ln_2 for k in range(1, LEVELS + 1)], dtype=np.int64)


def _compute_powers(exponent: IntArray) -> IntArray:
    """Return 2^−x with 62 fraction bits, for x ≥ 0 with 40 fraction bits; off by less than 2^-30.

    The first eight fraction bits come from a table, the rest from five terms of the series of e^−z.
    """
    whole, fraction = exponent >> 40, exponent & (1 << 40) - 1
    rest = (fraction & (1 << 32) - 1) * _LN_2_Q31 >> 31
    square = rest * rest >> 40
    cube = square * rest >> 40
    series = (1 << 40) - rest + (square >> 1) - cube // 6 + (cube * rest >> 40) // 24
    return np.asarray(_build_roots()[fraction >> 32] * (series >> 9) >> whole, dtype=np.int64)


@lru_cache(maxsize=1)
def _build_roots() -> IntArray:
    """Return 2^(−k/256) with 31 fraction bits, from eight square roots of one half."""
    root = 1 << 95
    for _ in range(8):
        root = isqrt(root << 96)
    powers = [1 << 96]
    for _ in range(255):
        powers.append(powers[-1] * root >> 96)
    return np.array([power >> 65 for power in powers], dtype=np.int64)


_LN_2_Q31: Final = compute_log(2) >> 49

"""Which pools lose blocks: few unequal miners, and one delay between all of them.

To first order in the delay over the interval, ``x``: a block of pool ``i`` has a rival when another pool finds one
within a delay before or after it. Everybody but the finder of the rival hears of the earlier of the two first and works
on it, so the next block settles for the earlier one unless the rival's finder finds it. Source: derived here, after
C. Decker, R. Wattenhofer, P2P 2013; confirmed by simulation (``chainroom check``).
"""

from collections.abc import Sequence


def compute_pool_stale_shares(shares: Sequence[float], delay_per_interval: float) -> list[float]:
    """Return, by pool, the share of its blocks that end stale; ``shares`` of the hash rate add up to one.

    ``x · ((1 − a)² + Σ b²)`` over the other pools' shares ``b``: as the later of two it loses unless it finds the next
    block itself, as the earlier one it loses when the other does. Exact to first order in ``x``: off by about ``x``.
    """
    squares = sum(share * share for share in shares)
    return [delay_per_interval * ((1 - share) ** 2 + squares - share * share) for share in shares]

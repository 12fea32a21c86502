"""Mining as a Poisson process: stale blocks, and what the retarget rule does to the interval.

Every miner finds blocks at a rate proportional to its hash rate and independent of everything else, so all together
they are one Poisson process. Sources: C. Decker, R. Wattenhofer, "Information Propagation in the Bitcoin Network", P2P
2013, for forks by delay; Bitcoin Core, ``src/pow.cpp``, for the retarget whose off-by-one the equilibrium shows.
"""

from math import exp, log1p


def compute_stale_share(delay_per_interval: float, miners: int | None = None) -> float:
    """Return the share of all blocks that end off the heaviest branch when every block takes one delay to everybody.

    With many small miners it is ``x / (1 + x)`` for a delay of ``x`` intervals: the chain grows by one block in a delay
    and an interval. Of ``n`` equal miners the one who found the last block goes on at once, and another one may find
    his own at that height and go on from it: until the delay is over nobody has found the next one with probability
    ``e^−t · (1 + t/n)^(n−1)``, after it with ``e^−(t−x)`` of that. (Nobody is taken to be two blocks behind.)
    """
    x = delay_per_interval
    if miners is None:
        return x / (1 + x)
    steps = 1000  # Simpson's rule: exact to ten digits
    values = [_compute_waiting(x * place / steps, miners) for place in range(steps + 1)]
    total = values[0] + 4 * sum(values[1::2]) + 2 * sum(values[2:-1:2]) + values[-1]
    interval = total * x / steps / 3 + values[-1]
    return 1 - 1 / interval


def _compute_waiting(time: float, miners: int) -> float:
    return exp(-time + (miners - 1) * log1p(time / miners))


def compute_equilibrium_factor(window: int) -> float:
    """Return the long-run mean interval, in intended intervals, of Bitcoin's retarget over ``window`` ≥ 3 blocks.

    The rule sets the time of ``window − 1`` intervals against that of ``window``, and of ``n`` exponential intervals
    the mean of ``1 / sum`` is ``1 / (n − 1)``: together ``window / (window − 2)``. Every window after the first starts
    from there, whatever the hash rate was before, as long as no adjustment meets its limit of four.
    """
    return window / (window - 2)

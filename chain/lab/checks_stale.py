"""Checks of stale blocks: many miners with one delay, sixteen pools with it, and the race of pools by interval."""

from collections.abc import Callable, Sequence
from math import sqrt
from typing import Final

from chain.lab.checks import Bench, Check, Outcome, compute_share_outcome
from chain.lab.checks_work import BATCHES, DELAYED, MINERS
from chain.lab.pool_race import POOL_SHARES, Race, run_race
from chain.simulation.simulation import Simulation
from chain.theory.mining import compute_stale_share
from chain.theory.pools import compute_pool_stale_shares
from chain.theory.statistics import compute_mean_and_error
from chain.units import SECOND


def get_kept(simulation: Simulation) -> set[int]:
    """Return the indices of the blocks of the canonical branch."""
    return {record.index for record in simulation.world.tree.iter_branch(simulation.world.get_canonical())}


def compute_stale_outcome(is_stale: Sequence[bool]) -> Outcome:
    """Return the stale share with an error from batches, because stale blocks come in clusters."""
    size = len(is_stale) // BATCHES
    shares = [sum(is_stale[start : start + size]) / size for start in range(0, BATCHES * size, size)]
    mean, error = compute_mean_and_error(shares)
    least = compute_share_outcome(sum(is_stale), len(is_stale)).error or 0.0  # they cluster: it is no less than this
    return Outcome(mean, len(is_stale), max(error, least))


def measure_stale(per_cent: int, quick: int, full: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the stale share where every block takes so many per cent of the interval to everybody."""

    def measure(bench: Bench) -> Outcome:
        blocks = bench.choose(quick, full)
        settings = (
            "network.nodes=100",
            f"network.delay_us={per_cent * 6 * SECOND}",
            "nodes.hash_rate_deviation_percent=0",
        )
        simulation = bench.run("bitcoin-2019", *MINERS, *DELAYED, *settings, until=f"{blocks * 600}s")
        kept = get_kept(simulation)
        return compute_stale_outcome([r.index not in kept for r in simulation.world.tree.records[1:]])

    return measure


POOL_DELAY_S: Final = 18
"""Three per cent of the interval: first order is good to about as much."""


def measure_pool(pool: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the stale share of one pool's blocks, in a world of sixteen pools and one delay."""

    def make(bench: Bench) -> Simulation:
        rates = f"nodes.hash_rates_per_s=[{', '.join(str(share * 10**6) for share in POOL_SHARES)}]"
        settings = ("network.nodes=16", f"network.delay_us={POOL_DELAY_S * SECOND}", rates)
        blocks = bench.choose(12_000, 120_000)
        return bench.run("bitcoin-2019", *MINERS, *DELAYED, *settings, until=f"{blocks * 600}s")

    def measure(bench: Bench) -> Outcome:
        simulation: Simulation = bench.once("pools", lambda: make(bench))
        kept = get_kept(simulation)
        own = [record.index not in kept for record in simulation.world.tree.records[1:] if record.origin == pool]
        return compute_share_outcome(sum(own), len(own))

    return measure


def measure_race(interval_s: float, has_relay: bool, quick: int, full: int) -> Callable[[Bench], Outcome]:
    """Return a measure of the stale share among sixteen pools, after Gervais et al."""

    def measure(bench: Bench) -> Outcome:
        return compute_stale_outcome(get_race(bench, interval_s, has_relay, bench.choose(quick, full)).is_stale)

    return measure


def get_race(bench: Bench, interval_s: float, has_relay: bool, blocks: int) -> Race:
    """Return a race of pools, the same one for all that ask."""
    name = f"race {interval_s} {has_relay} {blocks}"
    race: Race = bench.once(name, lambda: run_race(bench.seed, interval_s, blocks, has_relay))
    return race


PUBLISHED_RACES: Final = {
    False: {
        1500: 1.72,
        600: 1.51,
        150: 1.82,
        60: 2.15,
        30: 2.54,
        20: 3.20,
        10: 4.77,
        5: 8.64,
        2: 16.65,
        1: 26.74,
        0.5: 38.15,
    },
    True: {
        1500: 0.03,
        600: 0.14,
        150: 0.16,
        60: 0.25,
        30: 0.51,
        20: 0.85,
        10: 1.41,
        5: 2.99,
        2: 7.28,
        1: 12.59,
        0.5: 20.87,
    },
}
"""Stale blocks in per cent by interval in seconds, standard and with a relay network: the companion simulator's results
(github arthurgervais/Bitcoin-Simulator, results.html, "Impact of Block Generation Interval")."""
PUBLISHED_BLOCKS: Final = 10_000
"""Blocks a published value is taken to be counted from, as many as in the paper: its own standard error."""


def _build_race_checks() -> list[Check]:
    checks = []
    for has_relay, rows in PUBLISHED_RACES.items():
        for interval_s, per_cent in rows.items():
            share = per_cent / 100
            error = sqrt(share * (1 - share) / PUBLISHED_BLOCKS)
            few = 4 * error / share  # three to twenty-five blocks in all: nobody can say it to 15 per cent
            blocks = min(200_000, max(6_000, round(2_500 / share)))
            checks.append(
                Check(
                    f"stale blocks of 16 pools, {interval_s:g} s, {'relay' if has_relay else 'standard'}",
                    "Gervais et al. 2016, simulator's results",
                    share,
                    0.15 if share >= 0.005 else round(few, 2),
                    measure_race(interval_s, has_relay, blocks // 8, blocks),
                    quick_tolerance=0.35,
                    is_quick=interval_s in (600, 10) and share >= 0.005,
                    published_error=error,
                )
            )
    return checks


_POOL_STALE: Final = compute_pool_stale_shares([share / sum(POOL_SHARES) for share in POOL_SHARES], POOL_DELAY_S / 600)
CHECKS: Final = (
    *(
        Check(
            f"stale share, delay {per_cent} % of the interval",
            "uniform delay, many miners: x/(1+x)",
            compute_stale_share(per_cent / 100),
            0.1,
            measure_stale(per_cent, quick, full),
            quick_tolerance=0.2,
        )
        for per_cent, quick, full in ((10, 4_000, 20_000), (50, 2_000, 10_000))
    ),
    *(
        Check(
            f"stale share of the pool with {POOL_SHARES[pool] / 10:g} %",
            "first order in delay/interval",
            _POOL_STALE[pool],
            0.15,
            measure_pool(pool),
            quick_tolerance=0.5,
        )
        for pool in range(4)
    ),
    *_build_race_checks(),
)

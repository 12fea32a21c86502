"""Mining is a Poisson process, rewards go by hash rate, and difficulty follows it."""

from collections.abc import Callable
from itertools import pairwise
from statistics import mean

import pytest

from chain.simulation import commands as c
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.theory.mining import compute_equilibrium_factor, compute_stale_share
from chain.theory.statistics import (
    compute_chi_square,
    compute_chi_square_z,
    compute_exponential_distance,
    compute_kolmogorov_tail,
    compute_mean_and_error,
)
from chain.units import SECOND, NodeId, TimeUs

Study = Callable[..., Simulation]
Scale = Callable[[int, int], int]

POOLS_PER_MILLE = (289, 196, 159, 133, 66, 54, 29, 16, 12, 12, 12, 9, 5, 5, 2, 2)
"""Shares of Bitcoin's pools. Source: Gervais et al., CCS 2016, inputs of their simulator."""


def compute_intervals_s(simulation: Simulation) -> list[float]:
    """Return the time between each block found and the one before it, on whatever branch."""
    times_us = [record.published_us for record in simulation.world.tree.records]
    return [(later - earlier) / SECOND for earlier, later in pairwise(times_us)]


@pytest.fixture(scope="module")
def pools(study: Study, scale: Scale) -> Simulation:
    """Sixteen pools, close together, for 20 000 or 100 000 blocks."""
    network = {"nodes": 16, "topology": "complete", "delay_model": "constant", "delay_us": 1_000}
    rates = {"hash_rates_per_s": [share * 10**9 for share in POOLS_PER_MILLE]}
    return study(11, scale(20_000, 100_000), network=network, nodes=rates)


@pytest.mark.statistics
def test_the_mean_interval_is_what_was_asked_for(pools: Simulation, scale: Scale) -> None:
    intervals_s = compute_intervals_s(pools)
    assert len(intervals_s) > scale(19_000, 98_500)
    assert mean(intervals_s) == pytest.approx(600, rel=scale(23, 10) / 1000)  # ± 1 % at 100 000: 3.2 standard errors


@pytest.mark.statistics
def test_intervals_are_exponential(pools: Simulation) -> None:
    intervals_s = compute_intervals_s(pools)
    distance = compute_exponential_distance(intervals_s, 600)
    assert compute_kolmogorov_tail(distance, len(intervals_s)) > 0.001
    for wrong_mean_s in (560, 640):  # the test is sharp enough to tell these
        distance = compute_exponential_distance(intervals_s, wrong_mean_s)
        assert compute_kolmogorov_tail(distance, len(intervals_s)) < 0.001


@pytest.mark.statistics
def test_blocks_go_by_hash_rate(pools: Simulation) -> None:
    found = [0] * len(POOLS_PER_MILLE)
    for record in pools.world.tree.records[1:]:
        found[record.origin] += 1
    expected = [share * sum(found) / sum(POOLS_PER_MILLE) for share in POOLS_PER_MILLE]
    assert abs(compute_chi_square_z(compute_chi_square(found, expected), len(found) - 1)) < 4
    turned = compute_chi_square(found, [expected[1], expected[0], *expected[2:]])
    assert compute_chi_square_z(turned, len(found) - 1) > 4


@pytest.mark.statistics
def test_the_report_gives_the_same_shares(pools: Simulation) -> None:
    shares = compute_report(pools)["proposers"]
    assert sum(shares.values()) == pytest.approx(1)
    for node, share in enumerate(POOLS_PER_MILLE[:6]):
        expected = share / sum(POOLS_PER_MILLE)
        error = (expected * (1 - expected) / (len(pools.world.tree) - 1)) ** 0.5
        assert abs(shares[f"n{node:02d}"] - expected) < 4 * error


# Stale blocks --------------------------------------------------------------------------------------------------------


def measure_stale(simulation: Simulation, batches: int = 25) -> tuple[float, float]:
    """Return the stale share and its standard error, from batches, because stale blocks come in clusters."""
    world = simulation.world
    kept = {record.index for record in world.tree.iter_branch(world.tree.get_best(world.now_us))}
    size = (len(world.tree) - 1) // batches
    starts = range(1, 1 + size * batches, size)
    shares = [sum(index not in kept for index in range(start, start + size)) / size for start in starts]
    return compute_mean_and_error(shares)


@pytest.mark.statistics
@pytest.mark.parametrize("per_cent", [2, 10, 25, 50, 100, 200])
def test_stale_blocks_are_as_many_as_a_uniform_delay_makes(study: Study, scale: Scale, per_cent: int) -> None:
    """Every block takes the same time to everybody; x is that time in intervals."""
    miners = 60
    network = {"nodes": miners, "topology": "complete", "delay_model": "constant", "delay_us": per_cent * 6 * SECOND}
    simulation = study(per_cent, scale(2_500, 40_000), network=network)
    share, error = measure_stale(simulation)
    assert abs(share - compute_stale_share(per_cent / 100, miners)) < 4 * error
    assert 0 < error < max(0.03 * share, scale(150, 35) / 10_000)
    assert compute_report(simulation)["blocks"]["stale_rate"] == pytest.approx(share, abs=0.01)


@pytest.mark.statistics
@pytest.mark.parametrize("miners", [2, 3, 8])
def test_few_miners_compete_less(study: Study, scale: Scale, miners: int) -> None:
    network = {"nodes": miners, "topology": "complete", "delay_model": "constant", "delay_us": 300 * SECOND}
    share, error = measure_stale(study(4, scale(6_000, 60_000), network=network))
    assert abs(share - compute_stale_share(0.5, miners)) < 4 * error
    assert compute_stale_share(0.5) - share > 4 * error


# Difficulty ----------------------------------------------------------------------------------------------------------

NEAR = {"nodes": 2, "topology": "ring", "delay_model": "constant", "delay_us": 1_000}


@pytest.mark.statistics
@pytest.mark.parametrize("window", [10, 20, 100])
def test_short_windows_make_longer_intervals(study: Study, scale: Scale, window: int) -> None:
    """Bitcoin's off-by-one: the long-run interval is window / (window − 2) of what was asked for."""
    simulation = study(window, scale(15_000, 100_000), network=NEAR, consensus={"retarget_window": window})
    intervals_s = compute_intervals_s(simulation)
    assert mean(intervals_s[:window]) < 2.5 * 600
    settled = intervals_s[window - 1 :]
    by_window = [mean(settled[start : start + window]) for start in range(0, len(settled) - window, window)]
    found, error = compute_mean_and_error(by_window)
    assert abs(found / 600 - compute_equilibrium_factor(window)) < 4 * error / 600
    if window < 100:
        assert found > 600 + 4 * error


@pytest.mark.statistics
@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_difficulty_follows_a_step_of_the_hash_rate(study: Study, scale: Scale, factor: float) -> None:
    """After the step intervals are as much shorter or longer; after the window that began with it, as they were."""
    window, rate = 20, 10**12
    by_window: dict[int, list[float]] = {}
    for seed in range(scale(60, 600)):
        nodes = {"hash_rate_per_s": rate}
        simulation = study(seed, 0, network=NEAR, nodes=nodes, consensus={"retarget_window": window})
        go_to_height(simulation, 3 * window - 1)
        for node in range(2):
            simulation.submit(c.SetHashRate(node, int(rate * factor)))
        go_to_height(simulation, 6 * window - 1)
        intervals_s = compute_intervals_s(
            simulation
        )  # the first one leads to height 1, and windows begin with height 0
        for place in range(6):
            first = max(0, place * window - 1)
            by_window.setdefault(place, []).append(mean(intervals_s[first : (place + 1) * window - 1]))
    settled = compute_equilibrium_factor(window)
    for place, expected in enumerate([1, settled, settled, settled / factor, settled, settled]):
        found, error = compute_mean_and_error(by_window[place])
        assert abs(found / 600 - expected) < 4 * error / 600, f"window {place}"
        assert error < 0.06 * found


def go_to_height(simulation: Simulation, height: int) -> None:
    """Run until the heaviest branch is so high, and not an event further."""
    tree = simulation.world.tree
    while tree.get_best(simulation.now_us).height < height:
        assert simulation.step(TimeUs(1 << 60))


@pytest.mark.statistics
def test_a_miner_that_stops_leaves_its_share_to_the_others(study: Study, scale: Scale) -> None:
    simulation = study(3, scale(2_000, 20_000), network=NEAR, nodes={"hash_rates_per_s": [10**12, 3 * 10**12]})
    found = [record.origin for record in simulation.world.tree.records[1:]]
    share, count = found.count(NodeId(0)) / len(found), len(found)
    assert abs(share - 0.25) < 4 * (0.25 * 0.75 / count) ** 0.5
    simulation.submit(c.StopNode(1))
    before = len(simulation.world.tree)
    simulation.run_until(TimeUs(2 * simulation.now_us))
    alone = simulation.world.tree.records[before:]
    assert {record.origin for record in alone} == {0}
    expected = count / 4
    assert abs(len(alone) - expected) < 5 * expected**0.5

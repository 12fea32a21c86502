"""How blocks spread: by hops where delays are equal, and as SimBlock and measurements say on the measured networks."""

from collections.abc import Callable
from importlib.resources import files
from statistics import mean

import numpy as np
import pytest

from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.theory.graphs import compute_regular_distances, compute_regular_mean_distance
from chain.units import SECOND, TimeUs

Study = Callable[..., Simulation]
Scale = Callable[[int, int], int]


def run_shipped(name: str, seed: int, blocks: int, *settings: str) -> Simulation:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    simulation = build(apply_settings(load_scenario(text, name), settings), seed)
    simulation.run_until(TimeUs(blocks * 600 * SECOND))
    return simulation


@pytest.mark.statistics
@pytest.mark.parametrize(("nodes", "degree"), [(1000, 8), (400, 4), (200, 3)])
def test_equal_delays_count_the_hops_of_a_random_regular_graph(
    study: Study, scale: Scale, nodes: int, degree: int
) -> None:
    """Mean distance over graphs and origins; 1000 nodes of degree 8: about 3.59, the farthest 5 away."""
    network = {"nodes": nodes, "topology": "regular", "degree": degree, "delay_model": "constant", "delay_us": 100_000}
    hops: list[int] = []
    for seed in range(scale(8, 80)):
        simulation = study(seed, 25, network=network)
        for record in simulation.world.tree.records[1:]:
            hops += [it for it in ((record.arrival_us - record.published_us) // 100_000).tolist() if it]
    assert mean(hops) == pytest.approx(compute_regular_mean_distance(nodes, degree), rel=0.01)
    shares = np.cumsum(np.bincount(hops)[::-1])[::-1][1:] / len(hops)  # more than 0, 1, 2 … hops away
    assert shares == pytest.approx(compute_regular_distances(nodes, degree)[: len(shares)], abs=0.015)
    if (nodes, degree) == (1000, 8):
        assert mean(hops) == pytest.approx(3.579, rel=0.01)
        assert max(hops) == 5


@pytest.mark.statistics
def test_uniform_delays_have_the_mean_asked_for(study: Study) -> None:
    network = {"nodes": 2, "topology": "ring", "delay_model": "uniform", "delay_us": 80_000}
    simulation = study(1, 4_000, network=network)
    delays_ms = [(r.arrival_us.max() - r.published_us) / 1000 for r in simulation.world.tree.records[1:]]
    assert min(delays_ms) == pytest.approx(40, abs=0.5)
    assert max(delays_ms) == pytest.approx(120, abs=0.5)
    assert mean(delays_ms) == pytest.approx(80, abs=4 * 80 / 12**0.5 / len(delays_ms) ** 0.5)


@pytest.mark.statistics
def test_bitcoin_2019_spreads_as_in_simblock(scale: Scale) -> None:
    """600 nodes: half have a block after 948 to 1001 ms, nine tenths after 2160 to 2212 ms, all after about 4.6 s."""
    simulation = run_shipped("bitcoin-2019", 5, scale(200, 1_000))
    report = compute_report(simulation)
    assert report["propagation"]["t50_ms"] == pytest.approx(975, rel=0.05)
    assert report["propagation"]["t90_ms"] == pytest.approx(2186, rel=0.05)
    last_s = [int(r.arrival_us.max() - r.published_us) / SECOND for r in simulation.world.tree.records[1:]]
    assert mean(last_s) == pytest.approx(4.6, rel=0.15)
    assert report["blocks"]["stale_rate"] <= 0.01


@pytest.mark.statistics
def test_bitcoin_2015_spreads_as_measured(scale: Scale) -> None:
    """Half of the nodes after 8.7 s (Croman et al. 2016, section 3.1), within 20 %."""
    report = compute_report(run_shipped("bitcoin-2015", 5, scale(8, 60)))
    assert report["blocks"]["proposed"] > scale(3, 40)
    assert report["propagation"]["t50_ms"] == pytest.approx(8_700, rel=0.2)


@pytest.mark.statistics
def test_a_shorter_interval_makes_more_stale_blocks(scale: Scale) -> None:
    """The same network at 600 s and 5 s: stale blocks grow about as the interval shrinks."""
    settings = ("network.nodes=100", "nodes.hash_rate_deviation_percent=0")
    shares = []
    for interval_s in (60, 5):
        simulation = run_shipped("bitcoin-2019", 3, scale(4, 40), *settings, f"consensus.interval={interval_s}s")
        shares.append(compute_report(simulation)["blocks"]["stale_rate"])
    assert shares[1] > 4 * shares[0]
    assert shares[1] > 0.05

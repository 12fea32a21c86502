"""How long messages take: the tables of each delay model, and where the nodes stand."""

from collections import Counter

import numpy as np
import pytest

from chain.network.latency import LEVELS, _build_pareto, build_latency_tables
from chain.network.parameters import NetworkParameters
from chain.network.placement import build_places
from chain.network.regions import CITIES, REGIONS, SHARES, YEARS


@pytest.mark.parametrize("mean_ms", [9, 11, 32, 124, 347])
def test_measured_latency_is_pareto_with_the_measured_mean(mean_ms: int) -> None:
    """Scale mean − 5 ms, shape 0.2 · mean: floating point appears here only, as the judge."""
    table = _build_pareto(mean_ms)
    exponent = 1 - 5 / mean_ms
    exact = LEVELS * mean_ms * 1000 * np.diff((np.arange(LEVELS + 1) / LEVELS) ** exponent)
    assert np.abs(table - exact).max() < 2
    assert abs(table.mean() - mean_ms * 1000) < 1
    median = (mean_ms - 5) * 1000 * 2 ** (5 / mean_ms)
    assert abs(np.median(table) - median) < 5


def test_each_pair_of_regions_points_at_its_table() -> None:
    tables, start = build_latency_tables("regions", 1, 2015)
    for source in range(6):
        for target in range(6):
            mean_ms = YEARS[2015].latency_ms[source][target]
            assert np.array_equal(tables[start[source, target] :][:LEVELS], _build_pareto(mean_ms))


def test_constant_and_uniform_models_have_the_mean_delay() -> None:
    constant, _ = build_latency_tables("constant", 101, 2019)
    assert set(constant.tolist()) == {101}
    uniform, _ = build_latency_tables("uniform", 10_000, 2019)
    assert (uniform.min(), uniform.max(), abs(uniform.mean() - 10_000) < 1) == (5001, 14998, True)


def test_latency_and_bandwidth_are_those_of_the_sources() -> None:
    assert YEARS[2019].latency_ms[1][1] == 11
    assert YEARS[2019].get_bandwidth(1, 2) == 18_000_000  # Europe's upload, South America's download
    assert YEARS[2015].get_bandwidth(2, 1) == 1_800_000
    for year in YEARS.values():
        assert [list(column) for column in zip(*year.latency_ms, strict=True)] == [list(row) for row in year.latency_ms]


def test_nodes_stand_in_the_regions_by_their_shares() -> None:
    counts = Counter(place.region for place in build_places(NetworkParameters(nodes=6000), 3))
    total = sum(SHARES["btc2019"])
    for region, share in zip(REGIONS, SHARES["btc2019"], strict=True):
        assert abs(counts[region] - 6000 * share / total) <= 1


def test_given_regions_are_taken_in_turn() -> None:
    places = build_places(NetworkParameters(nodes=5, regions=("EU", "JP")), 1)
    assert [place.region for place in places] == ["EU", "JP", "EU", "JP", "EU"]
    assert [place.city for place in places] == ["Frankfurt", "Tokyo", "London", "Osaka", "Paris"]


def test_every_city_lies_on_the_globe() -> None:
    cities = [city for region in REGIONS for city in CITIES[region]]
    assert len({city.name for city in cities}) == len(cities)
    assert all(-90 < city.latitude < 90 and -180 < city.longitude <= 180 for city in cities)

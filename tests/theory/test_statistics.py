"""The tests that judge the simulation, judged themselves: known values, and how often they say no to the truth."""

from math import log, sqrt

import pytest

from chain.draws import draw_below, draw_exponential
from chain.theory.statistics import (
    compute_chi_square,
    compute_chi_square_z,
    compute_exponential_distance,
    compute_kolmogorov_tail,
    compute_mean_and_error,
)


def test_evenly_spread_quantiles_are_half_a_step_from_the_law() -> None:
    values = [-log(1 - (place + 0.5) / 20) for place in range(20)]
    assert compute_exponential_distance(values, 1) == pytest.approx(1 / 40)
    assert compute_exponential_distance([value * 3 for value in reversed(values)], 3) == pytest.approx(1 / 40)


@pytest.mark.parametrize(("x", "tail"), [(1.2238, 0.10), (1.3581, 0.05), (1.6276, 0.01), (1.9495, 0.001)])
def test_kolmogorovs_limit(x: float, tail: float) -> None:
    assert compute_kolmogorov_tail(x / sqrt(10**8), 10**8) == pytest.approx(tail, rel=0.005)


def test_the_truth_is_doubted_as_often_as_it_says() -> None:
    doubted = 0
    for sample in range(400):
        values = [draw_exponential(sample, 10**6, "test", place) for place in range(60)]
        distance = compute_exponential_distance(values, 10**6)
        doubted += compute_kolmogorov_tail(distance, len(values)) < 0.1
    assert abs(doubted - 40) < 4 * sqrt(400 * 0.1 * 0.9)


@pytest.mark.parametrize(
    ("chi_square", "freedom", "z"), [(24.996, 15, 1.6449), (30.578, 15, 2.3263), (15.987, 10, 1.2816)]
)
def test_chi_square_quantiles(chi_square: float, freedom: int, z: float) -> None:
    assert compute_chi_square_z(chi_square, freedom) == pytest.approx(z, abs=0.01)


def test_fair_dice_pass_and_loaded_ones_do_not() -> None:
    found = [0] * 6
    for throw in range(6000):
        found[draw_below(1, 6, "dice", throw)] += 1
    assert compute_chi_square([1, 2], [1.5, 1.5]) == pytest.approx(1 / 3)
    assert abs(compute_chi_square_z(compute_chi_square(found, [1000] * 6), 5)) < 4
    assert compute_chi_square_z(compute_chi_square([800, *found[1:]], [1000] * 6), 5) > 4


def test_mean_and_error_by_hand() -> None:
    assert compute_mean_and_error([1, 2, 3, 4]) == (2.5, pytest.approx(sqrt(5 / 12)))

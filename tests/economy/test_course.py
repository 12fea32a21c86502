"""Prices of the world outside: a trend with waves, computed at any moment on its own."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chain.economy.course import PPM, Course, Wave

TURNS = ((0, PPM), (600, 2 * PPM), (1_200, PPM))
CALM = Course(1, "calm", 1_000_000, TURNS, ())


def test_without_waves_it_goes_straight_from_turn_to_turn_and_round_again():
    assert [CALM.compute_price(s) for s in (0, 300, 600, 900)] == [1_000_000, 1_500_000, 2_000_000, 1_500_000]
    assert [CALM.compute_price(s + 1_200) for s in (0, 300, 600)] == [CALM.compute_price(s) for s in (0, 300, 600)]


def test_a_wave_goes_straight_between_heights_that_luck_draws():
    course = CALM._replace(turns=((0, PPM), (10**9, PPM)), waves=(Wave(100, 50_000),))
    prices = [course.compute_price(s) for s in range(0, 2_001, 50)]
    corners, middles = prices[::2], prices[1::2]
    assert all(abs(2 * it - sum(ends)) <= 2 for it, ends in zip(middles, pairwise(corners), strict=True))
    assert len(set(corners)) == len(corners)
    assert max(corners) > 1_020_000
    assert min(corners) < 980_000


@given(st.integers(0, 10**6), st.integers(0, 10**5))
def test_it_never_strays_farther_than_its_waves_together(time_s, seed):
    course = Course(seed, "coin", 2 * 10**9, TURNS)
    most = sum(wave.height_ppm for wave in course.waves)
    trend = course.start * course.compute_trend_ppm(time_s) // PPM
    assert abs(course.compute_price(time_s) - trend) <= trend * most // PPM + 1


def test_names_and_seeds_have_luck_of_their_own():
    courses = [Course(seed, name, 10**9, TURNS) for seed in (1, 2) for name in ("coin", "house")]
    assert len({tuple(course.compute_price(s) for s in range(0, 1_200, 60)) for course in courses}) == 4

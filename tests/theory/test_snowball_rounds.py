"""Snowball as a Markov chain: chances and waiting times, by hand and beside the exact fractions."""

from fractions import Fraction
from math import comb

import pytest

from chain.theory.snowball import (
    compute_acceptance,
    compute_mean_rounds,
    compute_query_chance,
    compute_rounds_deviation,
)


@pytest.mark.parametrize(("share", "chance"), [(0.6, 0.125599), (0.8, 0.804208), (1.0, 1.0), (0.0, 0.0)])
def test_a_query_follows_the_binomial_law(share: float, chance: float) -> None:
    assert compute_query_chance(share, 20, 15) == pytest.approx(chance, abs=5e-7)
    exact = sum(
        Fraction(comb(20, count)) * Fraction(share) ** count * Fraction(1 - share) ** (20 - count)
        for count in range(15, 21)
    )
    assert compute_query_chance(share, 20, 15) == pytest.approx(float(exact))


def test_heads_in_a_row() -> None:
    assert compute_mean_rounds(0.5, 3) == pytest.approx(14)
    assert compute_rounds_deviation(0.5, 2) == pytest.approx(22**0.5)
    assert compute_mean_rounds(1.0, 20) == 20
    assert compute_rounds_deviation(1.0, 20) == 0
    assert compute_mean_rounds(1 / 3, 1) == pytest.approx(3)


@pytest.mark.parametrize(("chance", "beta"), [(0.5, 3), (0.8, 5)])
def test_the_chain_has_that_mean(chance: float, beta: int) -> None:
    """The mean is the sum of the chances not to have accepted yet."""
    mean = sum(1 - compute_acceptance(chance, beta, rounds) for rounds in range(400))
    assert mean == pytest.approx(compute_mean_rounds(chance, beta), rel=1e-6)
    assert compute_acceptance(chance, beta, beta) == pytest.approx(chance**beta)

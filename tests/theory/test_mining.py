"""Stale blocks and the retarget in closed form. tests/fidelity/ holds the simulation against them."""

import pytest

from chain.theory.mining import compute_equilibrium_factor, compute_stale_share


@pytest.mark.parametrize(("delay", "share"), [(0, 0), (0.01, 0.0099), (0.1, 0.09091), (0.5, 0.33333), (1, 0.5)])
def test_many_small_miners(delay: float, share: float) -> None:
    assert compute_stale_share(delay) == pytest.approx(share, abs=5e-6)
    assert compute_stale_share(delay, 10**6) == pytest.approx(share, abs=5e-6)


def test_a_miner_alone_has_no_rival() -> None:
    assert compute_stale_share(0.5, 1) == pytest.approx(0)


def test_two_miners_by_hand() -> None:
    """With two, nobody has found the next block at t with e^−t (1 + t/2), until the delay is over."""
    from math import exp

    x = 0.5
    until = (1 - exp(-x)) + (1 - exp(-x) * (1 + x)) / 2
    assert compute_stale_share(x, 2) == pytest.approx(1 - 1 / (until + exp(-x) * (1 + x / 2)))


def test_bitcoins_window_makes_600_6_seconds() -> None:
    assert 600 * compute_equilibrium_factor(2016) == pytest.approx(600.5958, abs=5e-5)

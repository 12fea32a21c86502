"""The inactivity leak: what is left after so many epochs, and when two thirds are back."""

import pytest

from chain.theory.leak import compute_epochs_to_balance, compute_epochs_to_finality, compute_leaked_balance


def test_what_is_left() -> None:
    assert compute_leaked_balance(0) == 1
    assert compute_leaked_balance(4686) * 32 == pytest.approx(16.75, rel=0.01)
    assert compute_epochs_to_balance(compute_leaked_balance(1234)) == pytest.approx(1234)


def test_the_time_goes_with_the_root_of_the_quotient() -> None:
    assert compute_epochs_to_balance(0.5, 1 << 26) == pytest.approx(2 * compute_epochs_to_balance(0.5))


def test_a_third_away_leaks_nothing_and_more_takes_longer_until_ejection() -> None:
    assert compute_epochs_to_finality(1 / 3 - 1e-9) == 0
    times = [compute_epochs_to_finality(away) for away in (0.34, 0.36, 0.4, 0.45, 0.49)]
    assert times == sorted(times)
    ejection = compute_epochs_to_balance(16.75 / 32)
    assert compute_epochs_to_finality(0.6) == compute_epochs_to_finality(0.9) == ejection

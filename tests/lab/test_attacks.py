"""Races of an attacker, block by block, against what closed forms say of them."""

import pytest

from chain.lab.attacks import run_double_spends, run_selfish_pool
from chain.theory.double_spend import compute_double_spend
from chain.theory.selfish_mining import compute_revenue_share


@pytest.mark.parametrize(("share", "confirmations", "lead"), [(0.1, 1, 0), (0.3, 4, 0), (0.3, 2, 1), (0.45, 3, 0)])
def test_double_spends_succeed_as_often_as_they_should(share: float, confirmations: int, lead: int) -> None:
    races = 20_000
    expected = compute_double_spend(share, confirmations, lead)
    found = run_double_spends(9, races, share, confirmations, lead)
    assert abs(found - expected) < 4 * (expected * (1 - expected) / races) ** 0.5


@pytest.mark.parametrize(("share", "gamma"), [(0.1, 0.0), (0.25, 1.0), (0.4, 0.5)])
def test_a_selfish_pool_earns_what_eyal_and_sirer_say(share: float, gamma: float) -> None:
    assert run_selfish_pool(9, 200_000, share, gamma) == pytest.approx(compute_revenue_share(share, gamma), rel=0.03)


def test_without_hash_rate_nothing_is_won() -> None:
    assert run_double_spends(1, 500, 0.0, 1, 0) == 0
    assert run_selfish_pool(1, 1_000, 0.0, 1.0) == 0

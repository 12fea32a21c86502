"""Weak subjectivity: the tables of the specification."""

import pytest

from chain.consensus.stake_accounting import StakeConstants
from chain.consensus.weak_subjectivity import (
    compute_weak_subjectivity_period,
    compute_weak_subjectivity_period_by_balance,
)

MAINNET = StakeConstants()


@pytest.mark.parametrize(
    ("balance_coins", "validators", "epochs"),
    [
        *[(28, 32768, 504), (28, 65536, 752), (28, 131072, 1248), (28, 262144, 2241), (28, 524288, 2241)],
        *[(32, 32768, 665), (32, 65536, 1075), (32, 131072, 1894), (32, 262144, 3532), (32, 1048576, 3532)],
    ],
)
def test_weak_subjectivity_as_the_specification_tabulates_it(balance_coins: int, validators: int, epochs: int) -> None:
    assert compute_weak_subjectivity_period(validators, balance_coins, MAINNET) == epochs


@pytest.mark.parametrize(("millions", "epochs"), [(1, 665), (2, 1075), (4, 1894), (8, 3532), (16, 3532)])
def test_weak_subjectivity_since_electra_counts_coins(millions: int, epochs: int) -> None:
    assert compute_weak_subjectivity_period_by_balance(millions << 20, MAINNET) == epochs

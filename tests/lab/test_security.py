"""The Nakamoto coefficient and the cost of a majority, by hand."""

import pytest

from app.cli.sources import read_scenario
from chain.consensus.registry import PROTOCOLS
from chain.lab.security import (
    Holdings,
    compute_least_amount,
    compute_majority_cost,
    compute_nakamoto_coefficient,
    get_holdings,
)
from chain.scenario import apply_settings, build
from chain.units import COIN


def half(*amounts: int) -> Holdings:
    return Holdings("hash rate", amounts, 1, 2, is_reached_by_equal=False)


def third(*amounts: int) -> Holdings:
    return Holdings("stake", amounts, 1, 3, is_reached_by_equal=True)


@pytest.mark.parametrize(
    ("holdings", "coefficient"),
    [
        (half(51, 49), 1),
        (half(50, 50), 2),  # a half is not more than a half
        (half(1, 1, 1, 1), 3),
        (half(289, 196, 159, 133, 66, 54, 29, 74), 3),  # Bitcoin's pools of 2015
        (third(1, 1, 1), 1),  # a third is enough to stop
        (third(1, 1, 1, 1), 2),
        (third(10, 20, 30, 40), 1),
        (half(), 0),
        (half(0, 0), 0),
    ],
)
def test_fewest_holders_that_reach_the_share(holdings: Holdings, coefficient: int) -> None:
    assert compute_nakamoto_coefficient(holdings) == coefficient


@pytest.mark.parametrize(
    ("total", "holdings", "least"), [(100, half(), 51), (101, half(), 51), (99, third(), 33), (100, third(), 34)]
)
def test_the_least_amount_reaches_the_share(total: int, holdings: Holdings, least: int) -> None:
    assert compute_least_amount(total, holdings) == least


def test_work_is_bought_new_and_paid_by_the_hour() -> None:
    cost = compute_majority_cost(half(2 * 10**12, 10**12), joules_per_terahash=50)
    assert cost["amount"] == 3 * 15
    assert cost["unit"] == "$"
    assert "0.01 $ an hour" in cost["explanation"]  # 150 W at 0.05 $ a kWh


def test_stake_is_bought_from_those_who_have_it() -> None:
    assert compute_majority_cost(third(*(32 * COIN,) * 12))["amount"] == 128


@pytest.mark.parametrize("protocol", list(PROTOCOLS))
def test_holders_are_read_from_the_protocol_itself(protocol: str) -> None:
    settings = [f"consensus.protocol={protocol}", "nodes.stakes_coins=[32, 32, 64]", "nodes.hash_rates_per_s=[3, 1]"]
    holdings = get_holdings(build(apply_settings(read_scenario("classroom"), settings), 1))
    expected = {
        "proof-of-work": [3, 1],
        "ghost": [3, 1],
        "proof-of-stake": [32 * COIN, 32 * COIN, 64 * COIN],
        "tendermint": [32 * COIN, 32 * COIN, 64 * COIN],
        "snowman": [32 * COIN, 32 * COIN, 64 * COIN],
    }
    assert [amount for amount in holdings.amounts if amount] == expected.get(protocol, [1, 1, 1])
    assert compute_nakamoto_coefficient(holdings) == (1 if protocol in expected or protocol.startswith("del") else 2)

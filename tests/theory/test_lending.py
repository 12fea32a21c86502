"""Interest, health and liquidation in closed form, against the points in tests/vectors/defi/rates.json."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.theory.lending import (
    RAY,
    WAD,
    compute_aave_rate,
    compute_health_factor,
    compute_jump_rate,
    compute_largest_leverage,
    compute_liquidation_price,
    compute_ray_power,
    compute_supply_rate,
    compute_utilization,
)

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "defi" / "rates.json").read_text())
PERCENT = WAD // 100
BLOCKS_PER_YEAR = 2_102_400


@pytest.mark.parametrize("case", VECTORS["compound"]["cases"])
def test_compounds_points(case: dict[str, Any]) -> None:
    """As its tests ask: exact for a year, and by the block, whose parameters are rounded down, to 0.01 points."""
    base, slope, jump, kink = (case[name] * PERCENT for name in ("base", "slope", "jump", "kink"))
    for utilization, rate in case["points"]:
        borrows = WAD if utilization else 0
        lent = compute_utilization(10**36 // (utilization * PERCENT) if utilization else 0, borrows, borrows)
        assert lent == utilization * PERCENT
        assert compute_jump_rate(lent, base, slope, jump, kink) == round(rate * 10) * PERCENT // 10
        block = compute_jump_rate(lent, *(part // BLOCKS_PER_YEAR for part in (base, slope, jump)), kink)
        assert block * BLOCKS_PER_YEAR / PERCENT == pytest.approx(rate, abs=1e-2)


@pytest.mark.parametrize(("cash", "borrows"), [tuple(map(int, pair)) for pair in VECTORS["compound"]["inputs"]])
def test_compounds_inputs(cash: int, borrows: int) -> None:
    """10 % and 45 %, in units of any size."""
    exact = 0.1 + 0.45 * (borrows / (cash + borrows) if borrows else 0)
    rate = compute_jump_rate(compute_utilization(cash, borrows), WAD // 10, WAD * 45 // 100, 0, WAD)
    assert rate / WAD == pytest.approx(exact, abs=1e-15)


@pytest.mark.parametrize("case", VECTORS["aave"]["cases"], ids=lambda case: case["name"])
def test_aaves_points(case: dict[str, Any]) -> None:
    for available, borrowed, rate in case["rows"]:
        assert compute_aave_rate(int(available), int(borrowed), *map(int, case["parameters"])) == int(rate)


@given(
    cash=st.integers(0, 10**27),
    borrows=st.integers(0, 10**27),
    optimal=st.integers(RAY // 100, 99 * RAY // 100),
    slopes=st.tuples(st.integers(0, RAY), st.integers(0, 5 * RAY)),
)
def test_aave_and_compound_say_the_same(cash: int, borrows: int, optimal: int, slopes: tuple[int, int]) -> None:
    """One kinked line in two notations: Aave gives its heights at the corners, Compound its steepness."""
    aave = compute_aave_rate(cash, borrows, optimal, 0, *slopes)
    steepness = (slopes[0] * WAD // optimal, slopes[1] * WAD // (RAY - optimal))
    jump = compute_jump_rate(compute_utilization(cash, borrows), 0, *steepness, optimal // 10**9)
    assert aave / RAY == pytest.approx(jump / WAD, abs=1e-12)


@given(u=st.integers(0, WAD), base=st.integers(0, WAD), factor=st.integers(0, WAD))
def test_suppliers_never_earn_more_than_borrowers_pay(u: int, base: int, factor: int) -> None:
    borrow = compute_jump_rate(u, base, WAD // 5, WAD, 9 * WAD // 10)
    assert compute_supply_rate(borrow, u, factor) <= borrow * u // WAD


@given(collateral=st.integers(1, 10**24), debt=st.integers(1, 10**24), threshold=st.integers(WAD // 2, WAD * 99 // 100))
def test_below_the_liquidation_price_a_position_is_unhealthy(collateral: int, debt: int, threshold: int) -> None:
    price = compute_liquidation_price(collateral, threshold, debt)
    assert (compute_health_factor(collateral, price, threshold, debt) or 0) >= WAD
    assert (compute_health_factor(collateral, price - 1, threshold, debt) or 0) < WAD
    assert compute_health_factor(collateral, price, threshold, 0) is None


def test_health_by_hand() -> None:
    """10 coins at 200, four fifths count, 1000 owed: 1.6; it breaks at 125."""
    assert compute_health_factor(10 * WAD, 200 * WAD, WAD * 8 // 10, 1000 * WAD) == WAD * 16 // 10
    assert compute_liquidation_price(10 * WAD, WAD * 8 // 10, 1000 * WAD) == 125 * WAD


def test_borrowing_and_depositing_again_is_a_geometric_series() -> None:
    factor, total, part = WAD * 3 // 4, 0.0, 1.0
    for _ in range(200):
        total, part = total + part, part * factor / WAD
    assert compute_largest_leverage(factor) == pytest.approx(total) == 4


def test_a_fee_by_the_second_is_the_fee_of_a_year() -> None:
    """MakerDAO's duty for 5 % a year."""
    duty = 1_000_000_001_547_125_957_863_212_448
    assert compute_ray_power(duty, 31_536_000) / RAY == pytest.approx(1.05, abs=1e-12)
    assert (compute_ray_power(duty, 0), compute_ray_power(duty, 1)) == (RAY, duty)


@given(base=st.integers(RAY, RAY + RAY // 10**7), first=st.integers(0, 10**6), second=st.integers(0, 10**6))
def test_powers_add_up(base: int, first: int, second: int) -> None:
    together = compute_ray_power(base, first + second)
    apart = compute_ray_power(base, first) * compute_ray_power(base, second) // RAY
    assert together / RAY == pytest.approx(apart / RAY, rel=1e-12)

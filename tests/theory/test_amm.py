"""A constant-product pool in closed form, against Uniswap's published outputs (tests/vectors/defi/uniswap_v2.json)."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.theory.amm import (
    Reserves,
    compute_amount_in,
    compute_amount_out,
    compute_arbitrage,
    compute_arbitrage_bounds,
    compute_impermanent_loss,
    compute_liquidity_value,
    compute_loop,
    compute_reserves_after_arbitrage,
    compute_sandwich,
    compute_slippage,
    find_best_loop,
    find_best_sandwich,
    is_sandwich_profitable,
)

COIN = 10**18
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors" / "defi" / "uniswap_v2.json").read_text())


def get_rows(name: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, row)) for row in VECTORS[name]["rows"]]


@pytest.mark.parametrize(("amount", "x", "y", "out"), get_rows("input_price"))
def test_outputs_as_published(amount: int, x: int, y: int, out: int) -> None:
    assert compute_amount_out(amount * COIN, x * COIN, y * COIN) == out


def test_small_amounts_as_published() -> None:
    assert compute_amount_out(2, 100, 100) == 1
    assert compute_amount_in(1, 100, 100) == 2


@pytest.mark.parametrize(("true_x", "true_y", "x", "y"), get_rows("arbitrage"))
def test_arbitrage_as_published(true_x: int, true_y: int, x: int, y: int) -> None:
    assert compute_reserves_after_arbitrage(true_x, true_y, Reserves(10 * COIN, 1000 * COIN)) == (x, y)


@pytest.mark.parametrize(("true_x", "true_y", "x", "y"), get_rows("liquidity_value_after_arbitrage"))
def test_the_value_of_shares_after_arbitrage_as_published(true_x: int, true_y: int, x: int, y: int) -> None:
    reserves = compute_reserves_after_arbitrage(true_x, true_y, Reserves(10 * COIN, 1000 * COIN))
    assert compute_liquidity_value(5 * COIN, reserves, 100 * COIN) == (x, y)


@pytest.mark.parametrize(("true_x", "true_y", "x", "y"), get_rows("liquidity_value_with_the_sixth"))
def test_the_value_of_shares_when_a_sixth_is_taken_as_published(true_x: int, true_y: int, x: int, y: int) -> None:
    before = Reserves(20 * COIN, 2000 * COIN)
    reserves = compute_reserves_after_arbitrage(true_x, true_y, before)
    assert compute_liquidity_value(5 * COIN, reserves, 200 * COIN, k_last=before.x * before.y) == (x, y)


RESERVE = st.integers(10**3, 10**30)


@given(x=RESERVE, y=RESERVE, amount=st.integers(1, 10**30))
def test_the_product_never_falls_and_no_unit_more_could_be_given(x: int, y: int, amount: int) -> None:
    out = compute_amount_out(amount, x, y)
    counted = x * 1000 + amount * 997
    assert counted * (y - out) >= x * y * 1000 > counted * (y - out - 1)


@given(x=RESERVE, y=RESERVE, data=st.data())
def test_the_input_is_enough_and_at_most_one_unit_too_much(x: int, y: int, data: st.DataObject) -> None:
    out = data.draw(st.integers(1, y - 1))
    amount = compute_amount_in(out, x, y)
    assert compute_amount_out(amount, x, y) >= out
    if amount > 2:
        assert compute_amount_out(amount - 2, x, y) < out


@pytest.mark.parametrize(("ratio", "percent"), [(1, 0), (2, -5.7191), (0.5, -5.7191), (4, -20), (1.25, -0.6192)])
def test_impermanent_loss(ratio: float, percent: float) -> None:
    """Of a doubled price a holder of shares misses 5.7 %, whichever way it doubled."""
    assert 100 * compute_impermanent_loss(ratio) == pytest.approx(percent, abs=5e-5)


@given(price=st.integers(1, 10**4))
def test_impermanent_loss_is_what_the_whole_numbers_say(price: int) -> None:
    """A pool without fee that arbitrage keeps at the price, against holding what was brought."""
    from math import isqrt

    k = 10**48
    x, y = isqrt(k // price), isqrt(k * price)
    held = 10**24 * price + 10**24
    assert (x * price + y) / held - 1 == pytest.approx(compute_impermanent_loss(price), abs=1e-9)


def test_slippage_is_fee_and_size() -> None:
    """A trade of a hundredth of the reserve loses 0.3 % to the fee and about 1 % to itself."""
    assert compute_slippage(COIN // 1000, 1000 * COIN, 1000 * COIN) == pytest.approx(0.003, abs=1e-5)
    assert compute_slippage(10 * COIN, 1000 * COIN, 1000 * COIN) == pytest.approx(0.003 + 0.00987, abs=1e-4)


@given(x=st.integers(10**15, 10**24), y=st.integers(10**15, 10**24), ratio=st.integers(-20, 20))
def test_between_the_bounds_nobody_gains(x: int, y: int, ratio: int) -> None:
    """Inside, the trade that gains most is none; outside there is one. ``ratio`` is in thousandths off the price."""
    _, amount = compute_arbitrage((1000 + ratio) * x, 1000 * y, Reserves(x, y))
    low, high = compute_arbitrage_bounds(1.0)
    if low <= 1000 / (1000 + ratio) <= high:
        assert amount <= 2
    else:
        assert amount > 0


@given(x=st.integers(10**9, 10**24), y=st.integers(10**9, 10**24), price=st.integers(1, 10**6))
def test_no_other_trade_gains_more(x: int, y: int, price: int) -> None:
    """One unit of X is worth ``price`` of Y elsewhere; nearby sizes gain less, but for whole units."""
    puts_in_x, best = compute_arbitrage(1, price, Reserves(x, y))

    def get_gain(amount: int) -> int:
        if puts_in_x:
            return compute_amount_out(amount, x, y) - amount * price
        return compute_amount_out(amount, y, x) * price - amount

    if best:
        slack = 2 * price + 2
        assert get_gain(best) + slack >= max(get_gain(best * 9 // 10), get_gain(best * 11 // 10 + 1))


def test_a_sandwich_takes_from_the_victim() -> None:
    reserves = Reserves(1000 * COIN, 1000 * COIN)
    done = compute_sandwich(100 * COIN, 50 * COIN, reserves)
    assert done.profit > 0
    assert done.victim_out < compute_amount_out(50 * COIN, *reserves)


def test_a_small_victim_is_not_worth_two_fees() -> None:
    """The border is where ``(x + v)(x + 0.997 v) = x² / 0.997²``: v is 0.3014 % of the reserve."""
    reserve = 1000 * COIN
    border = next(v for v in range(2_900, 3_200) if is_sandwich_profitable(v * COIN // 1000, reserve))
    assert border == 3014
    for victim, sign in ((3_004, -1), (3_024, 1)):
        profit = compute_sandwich(COIN // 1000, victim * COIN // 1000, Reserves(reserve, reserve)).profit
        assert profit * sign > 0


def test_the_least_a_victim_takes_bounds_the_sandwich() -> None:
    """With half a percent of tolerance the attacker can take no more than that."""
    reserves, victim = Reserves(1000 * COIN, 1000 * COIN), 20 * COIN
    fair = compute_amount_out(victim, *reserves)
    tight = find_best_sandwich(victim, fair * 995 // 1000, reserves, 10**6 * COIN)
    loose = find_best_sandwich(victim, 0, reserves, 10**6 * COIN)
    assert tight.victim_out >= fair * 995 // 1000
    assert compute_sandwich(tight.amount_in * 101 // 100, victim, reserves).victim_out < fair * 995 // 1000
    assert 0 < tight.profit < fair * 6 // 1000 < loose.profit
    near = [compute_sandwich(loose.amount_in * part // 100, victim, reserves).profit for part in (98, 102)]
    assert loose.profit > max(near)


RESERVES = st.builds(Reserves, st.integers(10**3, 10**24), st.integers(10**3, 10**24))


@given(source=RESERVES, target=RESERVES, part=st.floats(0, 0.999))
def test_no_other_loop_gains_more_than_rounding(source: Reserves, target: Reserves, part: float) -> None:
    """Of two pools, taking from the one and selling in the other: what it owes comes first, the rest is gain."""
    best = find_best_loop(source, target)
    assert best.gain >= 0
    assert (best.amount > 0) == (best.gain > 0)
    other = compute_loop(max(1, int(source.x * part)), source, target)
    slack = 2 + target.y // max(target.x, 1) + source.y // max(source.x - max(best.amount, other.amount), 1)
    assert other.gain <= best.gain + slack


def test_between_pools_within_two_fees_nothing_is_gained() -> None:
    pool = Reserves(1000 * COIN, 2000 * COIN)
    for y, pays in ((2000, False), (2012, False), (2013, True), (2200, True)):  # 2000 / 0.997² = 2012.05
        best = find_best_loop(pool, Reserves(1000 * COIN, y * COIN))
        assert (best.gain > 0) is pays
        assert find_best_loop(Reserves(1000 * COIN, y * COIN), pool).gain == 0

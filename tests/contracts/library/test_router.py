"""Trades with a least, through one pool or several, and sandwiches; see docs/contracts/pool.md."""

from typing import NamedTuple

import pytest
from defi_stage import LATE, UNIT, Exchange, bring, build_exchange, give_tokens
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import ALICE, BOB, CAROL, FRANK, Contract, Reverted, make_address

from chain.contracts.evm import Account
from chain.theory.amm import (
    Reserves,
    compute_amount_in,
    compute_amount_out,
    compute_arbitrage,
    compute_sandwich,
    find_best_sandwich,
)


def test_quotes_as_published() -> None:
    """Uniswap's tests "quote", "getAmountOut", "getAmountIn"."""
    router = build_exchange().router
    assert (router.get("quote", 1, 100, 200), router.get("quote", 2, 200, 100)) == (2, 1)
    assert (router.get("getAmountOut", 2, 100, 100), router.get("getAmountIn", 1, 100, 100)) == (1, 2)
    for name in ("quote", "getAmountOut", "getAmountIn"):
        for values, reason in (((0, 100, 100), "no amount"), ((1, 0, 100), "empty pool"), ((1, 100, 0), "empty pool")):
            with pytest.raises(Reverted, match=reason):
                router.get(name, *values)
    with pytest.raises(Reverted, match="more than the pool has"):
        router.get("getAmountIn", 100, 100, 100)


@given(amount=st.integers(1, 10**30), x=st.integers(1, 2**112), y=st.integers(2, 2**112), data=st.data())
@settings(max_examples=60)
def test_quotes_are_the_closed_forms(amount: int, x: int, y: int, data: st.DataObject) -> None:
    router = build_exchange().router
    assert router.get("getAmountOut", amount, x, y) == compute_amount_out(amount, x, y)
    out = data.draw(st.integers(1, y - 1))
    assert router.get("getAmountIn", out, x, y) == compute_amount_in(out, x, y)


def sell(exchange: Exchange, who: bytes, gold: int, least: int = 0) -> int:
    """Sell gold for silver through the router; return what came."""
    done = exchange.router.send(
        who,  # type: ignore[arg-type]
        "swap_exact_in",
        gold,
        least,
        exchange.gold,
        [exchange.pool],
        who,
        LATE,
    )
    value: int = done.value
    return value


def test_a_trade_gives_what_was_quoted_or_nothing_happens() -> None:
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    quoted = exchange.router.get("get_amounts_out", UNIT, exchange.gold.address, [exchange.pool.address])
    assert list(quoted) == [UNIT, 1662497915624478906]
    with pytest.raises(Reverted, match="less than the least"):
        sell(exchange, BOB, UNIT, 1662497915624478907)
    before = exchange.silver.get("balanceOf", BOB)
    assert sell(exchange, BOB, UNIT, 1662497915624478906) == exchange.silver.get("balanceOf", BOB) - before


def test_an_exact_output_costs_what_was_quoted() -> None:
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    values = (UNIT, exchange.gold, [exchange.pool], BOB, LATE)
    cost = compute_amount_in(UNIT, 5 * UNIT, 10 * UNIT)
    with pytest.raises(Reverted, match="more than the most"):
        exchange.router.send(BOB, "swap_exact_out", values[0], cost - 1, *values[1:])
    before = exchange.gold.get("balanceOf", BOB), exchange.silver.get("balanceOf", BOB)
    assert exchange.router.send(BOB, "swap_exact_out", values[0], cost, *values[1:]).value == cost
    assert exchange.gold.get("balanceOf", BOB) == before[0] - cost
    assert exchange.silver.get("balanceOf", BOB) == before[1] + UNIT


class Path(NamedTuple):
    exchange: Exchange
    copper: Contract
    second: Contract


def build_path() -> Path:
    """Return gold–silver and silver–copper."""
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    copper = give_tokens(exchange.stage, "Copper", exchange.router)
    second = exchange.stage.deploy("pool", ALICE, copper, exchange.silver)  # the other way round
    exchange.router.send(ALICE, "add_liquidity", second, 900 * UNIT, 30 * UNIT, 0, 0, ALICE, LATE)
    return Path(exchange, copper, second)


def test_a_path_leads_through_several_pools() -> None:
    exchange, copper, second = build_path()
    pools = [exchange.pool, second]
    silver = compute_amount_out(UNIT, 5 * UNIT, 10 * UNIT)
    amounts = [UNIT, silver, compute_amount_out(silver, 30 * UNIT, 900 * UNIT)]
    addresses = [pool.address for pool in pools]
    assert list(exchange.router.get("get_amounts_out", UNIT, exchange.gold.address, addresses)) == amounts
    before = copper.get("balanceOf", BOB)
    exchange.router.send(BOB, "swap_exact_in", UNIT, amounts[-1], exchange.gold, pools, BOB, LATE)
    assert copper.get("balanceOf", BOB) - before == amounts[-1]


def test_a_path_can_be_walked_for_an_exact_output() -> None:
    exchange, copper, second = build_path()
    pools = [exchange.pool, second]
    silver = compute_amount_in(UNIT, 30 * UNIT, 900 * UNIT)
    gold = compute_amount_in(silver, 5 * UNIT, 10 * UNIT)
    amounts = exchange.router.get("get_amounts_in", UNIT, exchange.gold.address, [pool.address for pool in pools])
    assert list(amounts) == [gold, silver, UNIT]
    before = copper.get("balanceOf", BOB)
    exchange.router.send(BOB, "swap_exact_out", UNIT, gold, exchange.gold, pools, BOB, LATE)
    assert copper.get("balanceOf", BOB) - before >= UNIT


def test_what_is_refused() -> None:
    exchange, copper, _ = build_path()
    router, pool = exchange.router, exchange.pool
    with pytest.raises(Reverted, match="no pool"):
        router.send(BOB, "swap_exact_in", 1, 0, exchange.gold, [], BOB, LATE)
    with pytest.raises(Reverted, match="not a token of this pool"):
        router.send(BOB, "swap_exact_in", 1, 0, copper, [pool], BOB, LATE)
    late = exchange.stage.time_s - 1
    for name, values in (
        ("swap_exact_in", (1, 0, exchange.gold, [pool], BOB)),
        ("swap_exact_out", (1, 9, exchange.gold, [pool], BOB)),
        ("add_liquidity", (pool, 1, 1, 0, 0, BOB)),
        ("remove_liquidity", (pool, 1, 0, 0, BOB)),
    ):
        with pytest.raises(Reverted, match="too late"):
            router.send(BOB, name, *values, late)


def test_a_path_has_at_least_one_pool() -> None:
    exchange = build_exchange(UNIT, UNIT)
    for name in ("get_amounts_out", "get_amounts_in"):
        with pytest.raises(Reverted, match="no pool"):
            exchange.router.get(name, UNIT, exchange.gold, [])


def test_a_token_that_says_no_is_believed() -> None:
    """Some tokens answer False where others revert."""
    exchange = build_exchange()
    stage, refuser = exchange.stage, make_address(99)
    stage.host.accounts[refuser] = Account(1, 0)
    stage.host.codes[refuser] = bytes.fromhex("5f5f5260205ff3")  # answers 0 to everything
    pool = stage.deploy("pool", ALICE, refuser, exchange.gold)
    with pytest.raises(Reverted, match="not transferred"):
        exchange.router.send(ALICE, "add_liquidity", pool, UNIT, UNIT, 0, 0, ALICE, LATE)


def test_liquidity_is_brought_in_the_ratio_of_the_pool() -> None:
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    router, pool = exchange.router, exchange.pool
    gold, silver, shares = router.send(BOB, "add_liquidity", pool, UNIT, 10 * UNIT, UNIT, 2 * UNIT, BOB, LATE).value
    assert (gold, silver, pool.get("balanceOf", BOB)) == (UNIT, 2 * UNIT, shares)
    gold, silver, _ = router.send(BOB, "add_liquidity", pool, 10 * UNIT, UNIT, 0, UNIT, BOB, LATE).value
    assert (gold, silver) == (UNIT // 2, UNIT)
    with pytest.raises(Reverted, match="less of token 0"):
        router.send(BOB, "add_liquidity", pool, 10 * UNIT, UNIT, UNIT, 0, BOB, LATE)
    with pytest.raises(Reverted, match="less of token 1"):
        router.send(BOB, "add_liquidity", pool, UNIT, 10 * UNIT, 0, 3 * UNIT, BOB, LATE)


def test_who_brings_and_takes_back_gains_nothing() -> None:
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    before = exchange.gold.get("balanceOf", BOB), exchange.silver.get("balanceOf", BOB)
    values = exchange.router.send(BOB, "add_liquidity", exchange.pool, 777, 10**6, 0, 0, BOB, LATE).value
    with pytest.raises(Reverted, match="less of token"):
        exchange.router.send(BOB, "remove_liquidity", exchange.pool, values[2], 778, 0, BOB, LATE)
    exchange.router.send(BOB, "remove_liquidity", exchange.pool, values[2], 0, 0, BOB, LATE)
    after = exchange.gold.get("balanceOf", BOB), exchange.silver.get("balanceOf", BOB)
    assert after[0] <= before[0]
    assert after[1] <= before[1]


def test_the_value_of_shares_after_a_swap_as_published() -> None:
    """Uniswap's test "correct after swap": seven of a hundred shares, after selling as much gold as there was."""
    exchange = build_exchange(10 * UNIT, 1000 * UNIT)
    assert exchange.pool.get("totalSupply") == 100 * UNIT
    sell(exchange, BOB, 10 * UNIT)
    exchange.pool.send(ALICE, "transfer", exchange.pool, 7 * UNIT)
    assert exchange.pool.send(ALICE, "burn", ALICE).value == (1400000000000000000, 35052578868302453680)


def test_the_value_of_shares_after_a_swap_when_a_sixth_is_taken_as_published() -> None:
    """The same with twice as much of all, half of the shares nobody's, and the sixth switched on."""
    exchange = build_exchange(10 * UNIT, 1000 * UNIT)
    exchange.pool.send(ALICE, "setFeeTo", CAROL)
    bring(exchange, 10 * UNIT, 1000 * UNIT)
    sell(exchange, BOB, 20 * UNIT)
    exchange.pool.send(ALICE, "transfer", exchange.pool, 7 * UNIT)
    assert exchange.pool.send(ALICE, "burn", ALICE).value == (1399824934325735058, 35048195651620807684)


def test_a_sandwich_is_what_the_closed_form_says() -> None:
    """Carol sees Bob's trade waiting with no least, buys before it and sells after it."""
    exchange = build_exchange(1000 * UNIT, 1000 * UNIT)
    reserves, victim = Reserves(1000 * UNIT, 1000 * UNIT), 50 * UNIT
    plan = find_best_sandwich(victim, 0, reserves, 10**6 * UNIT)
    before = exchange.gold.get("balanceOf", CAROL)
    bought = sell(exchange, CAROL, plan.amount_in)
    got = sell(exchange, BOB, victim)
    exchange.router.send(CAROL, "swap_exact_in", bought, 0, exchange.silver, [exchange.pool], CAROL, LATE)
    assert exchange.gold.get("balanceOf", CAROL) - before == plan.profit > 0
    assert got == plan.victim_out < compute_amount_out(victim, *reserves)


def test_a_least_stops_the_sandwich_that_would_be_too_greedy() -> None:
    exchange = build_exchange(1000 * UNIT, 1000 * UNIT)
    reserves, victim = Reserves(1000 * UNIT, 1000 * UNIT), 50 * UNIT
    least = compute_amount_out(victim, *reserves) * 99 // 100
    best = find_best_sandwich(victim, least, reserves, 10**6 * UNIT)
    sell(exchange, CAROL, best.amount_in)
    assert sell(exchange, BOB, victim, least) == best.victim_out
    greedy = build_exchange(1000 * UNIT, 1000 * UNIT)
    sell(greedy, CAROL, best.amount_in * 11 // 10)
    assert compute_sandwich(best.amount_in * 11 // 10, victim, reserves).victim_out < least
    with pytest.raises(Reverted, match="less than the least"):
        sell(greedy, BOB, victim, least)


def build_two_pools() -> tuple[Exchange, Contract, Contract]:
    """Return an exchange, a second pool where gold is dearer by a tenth, and the arbitrage contract."""
    exchange = build_exchange(1000 * UNIT, 1000 * UNIT)
    second = exchange.stage.deploy("pool", ALICE, exchange.gold, exchange.silver)
    exchange.router.send(ALICE, "add_liquidity", second, 1000 * UNIT, 1100 * UNIT, 0, 0, ALICE, LATE)
    return exchange, second, exchange.stage.deploy("flash_arbitrage", ALICE)


def test_arbitrage_needs_no_own_money() -> None:
    """Frank owns neither gold nor silver, and has silver afterwards."""
    exchange, second, arbitrage = build_two_pools()
    done = arbitrage.send(FRANK, "run", exchange.pool, second, exchange.gold, 20 * UNIT, 0)
    got = compute_amount_out(20 * UNIT, 1000 * UNIT, 1100 * UNIT)
    cost = compute_amount_in(20 * UNIT, 1000 * UNIT, 1000 * UNIT)
    assert done.value == got - cost == exchange.silver.get("balanceOf", FRANK) > 0
    assert exchange.gold.get("balanceOf", arbitrage.address) == exchange.silver.get("balanceOf", arbitrage.address) == 0


def test_arbitrage_that_does_not_pay_never_happened() -> None:
    exchange, second, arbitrage = build_two_pools()
    with pytest.raises(Reverted, match="no gain"):
        arbitrage.send(BOB, "run", second, exchange.pool, exchange.gold, UNIT, 0)
    with pytest.raises(Reverted, match="less than the least"):
        arbitrage.send(BOB, "run", exchange.pool, second, exchange.gold, UNIT, UNIT)
    assert tuple(exchange.pool.get("getReserves"))[:2] == (1000 * UNIT, 1000 * UNIT)


def test_only_the_pool_that_was_called_may_call_back() -> None:
    exchange, _, arbitrage = build_two_pools()
    with pytest.raises(Reverted, match="not called"):
        arbitrage.send(BOB, "uniswapV2Call", arbitrage, 1, 0, b"")
    with pytest.raises(Reverted, match="not called"):
        exchange.pool.send(BOB, "swap", UNIT, 0, arbitrage, b"somebody else's")


def test_arbitrage_brings_two_pools_within_the_bounds() -> None:
    """Silver's pool trades until the best trade gains nothing any more."""
    exchange = build_exchange(1000 * UNIT, 1300 * UNIT)
    x, y, _ = exchange.pool.get("getReserves")
    puts_in_gold, amount = compute_arbitrage(1, 1, Reserves(x, y))
    assert puts_in_gold
    before = exchange.silver.get("balanceOf", BOB)
    sell(exchange, BOB, amount)
    assert exchange.silver.get("balanceOf", BOB) - before > amount  # silver and gold are worth the same elsewhere
    x, y, _ = exchange.pool.get("getReserves")
    assert compute_arbitrage(1, 1, Reserves(x, y))[1] <= 1
    assert sell(exchange, BOB, UNIT) < UNIT

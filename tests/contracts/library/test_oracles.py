"""Three ways to learn a price: several reporters, an average over time, the moment; see docs/contracts/oracle.md."""

from statistics import median

import pytest
from defi_stage import UNIT, Exchange, build_exchange
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import ALICE, BOB, Contract, Reverted, Stage, make_address

REPORTERS = [make_address(number) for number in range(1, 6)]
AGE = 3600


def build_oracle(count: int = 5, quorum: int = 3) -> Contract:
    return Stage().deploy("oracle", ALICE, REPORTERS[:count], quorum, AGE)


def report(oracle: Contract, *prices: int) -> None:
    """Let the first reporters say one price each."""
    for reporter, price in zip(REPORTERS, prices, strict=False):
        oracle.send(reporter, "report", price)


def test_the_one_in_the_middle_is_believed() -> None:
    oracle = build_oracle()
    report(oracle, 100, 103, 98, 5000, 101)
    assert oracle.get("price") == 101


def test_of_two_in_the_middle_the_average() -> None:
    oracle = build_oracle()
    report(oracle, 100, 110, 90, 121)
    assert oracle.get("price") == 105


def test_as_long_as_fewer_than_half_lie_the_price_is_honest() -> None:
    oracle = build_oracle()
    for lie in (1, 10**30):
        report(oracle, lie, lie, 99, 100, 101)
        assert 99 <= oracle.get("price") <= 101


def test_old_reports_do_not_count_and_too_few_make_no_price() -> None:
    oracle = build_oracle()
    report(oracle, 1, 2, 3)
    oracle.stage.pass_time(AGE)
    assert (oracle.get("price"), oracle.get("fresh_count"), oracle.get("reporter_count")) == (2, 3, 5)
    oracle.stage.pass_time(1)
    with pytest.raises(Reverted, match="too few fresh reports"):
        oracle.get("price")
    report(oracle, 7, 8, 9)
    assert oracle.get("price") == 8


def test_who_may_report_what() -> None:
    oracle = build_oracle(count=3)
    with pytest.raises(Reverted, match="only reporters"):
        oracle.send(REPORTERS[3], "report", 1)
    with pytest.raises(Reverted, match="no price"):
        oracle.send(ALICE, "report", 0)


@pytest.mark.parametrize(
    ("reporters", "quorum", "reason"),
    [
        (REPORTERS, 0, "quorum cannot be met"),
        (REPORTERS, 6, "quorum cannot be met"),
        ([ALICE, BOB, ALICE], 1, "named twice"),
    ],
)
def test_an_oracle_that_could_never_speak_is_not_deployed(reporters: list[bytes], quorum: int, reason: str) -> None:
    with pytest.raises(Reverted, match=reason):
        Stage().deploy("oracle", ALICE, reporters, quorum, AGE)


@given(prices=st.lists(st.integers(1, 2**128), min_size=1, max_size=9))
@settings(max_examples=60)
def test_it_is_the_median(prices: list[int]) -> None:
    people = [make_address(number) for number in range(1, len(prices) + 1)]
    oracle = Stage().deploy("oracle", ALICE, people, 1, AGE)
    for who, price in zip(people, prices, strict=True):
        oracle.send(who, "report", price)
    ordered = sorted(prices)
    low, high = ordered[(len(prices) - 1) // 2], ordered[len(prices) // 2]
    assert oracle.get("price") == (low + high) // 2
    assert low <= median(prices) <= high


def move(exchange: Exchange, gold: int) -> None:
    """Sell gold to the pool, so that it gets cheap."""
    exchange.router.send(BOB, "swap_exact_in", gold, 0, exchange.gold, [exchange.pool], BOB, 10**10)


@pytest.mark.parametrize(("token", "price"), [("gold", 2 * UNIT), ("silver", UNIT // 2)])
def test_the_moment_is_the_ratio_of_the_reserves(token: str, price: int) -> None:
    exchange = build_exchange(1000 * UNIT, 2000 * UNIT)
    spot = exchange.stage.deploy("spot_oracle", ALICE, exchange.pool, getattr(exchange, token))
    assert spot.get("price") == price
    move(exchange, 1000 * UNIT)
    assert spot.get("price") * 10 // price == (2 if token == "gold" else 39)


@pytest.mark.parametrize(("token", "price"), [("gold", 2 * UNIT), ("silver", UNIT // 2)])
def test_an_average_does_not_see_the_moment(token: str, price: int) -> None:
    """A price moved and moved back in one block never was."""
    exchange = build_exchange(1000 * UNIT, 2000 * UNIT)
    oracle = exchange.stage.deploy("average_oracle", ALICE, exchange.pool, getattr(exchange, token), 60)
    with pytest.raises(Reverted, match="no price yet"):
        oracle.get("price")
    exchange.stage.pass_time(59)
    with pytest.raises(Reverted, match="too early"):
        oracle.send(BOB, "update")
    exchange.stage.pass_time(1)
    move(exchange, 1000 * UNIT)
    oracle.send(BOB, "update")
    assert oracle.get("price") == pytest.approx(price, abs=2)


def test_an_average_is_weighted_by_time() -> None:
    """45 seconds at 2, 15 at the price after the trade."""
    exchange = build_exchange(1000 * UNIT, 2000 * UNIT)
    oracle = exchange.stage.deploy("average_oracle", ALICE, exchange.pool, exchange.gold, 60)
    exchange.stage.pass_time(45)
    move(exchange, 1000 * UNIT)
    x, y, _ = exchange.pool.get("getReserves")
    exchange.stage.pass_time(15)
    done = oracle.send(BOB, "update")
    expected = (45 * 2 * UNIT + 15 * (y * UNIT // x)) // 60
    assert oracle.get("price") == pytest.approx(expected, abs=2)
    assert done.events[0].values["price"] == oracle.get("price")


def test_what_was_before_the_oracle_does_not_count() -> None:
    """The pool had its price for a year; the first average is of the time since the oracle is there."""
    exchange = build_exchange(1000 * UNIT, 2000 * UNIT)
    exchange.stage.pass_time(31_536_000)
    move(exchange, 1000 * UNIT)
    x, y, _ = exchange.pool.get("getReserves")
    oracle = exchange.stage.deploy("average_oracle", ALICE, exchange.pool, exchange.gold, 60)
    exchange.stage.pass_time(60)
    oracle.send(BOB, "update")
    assert oracle.get("price") == pytest.approx(y * UNIT // x, abs=2)


def test_an_average_needs_a_time_and_a_price() -> None:
    exchange = build_exchange(UNIT, UNIT)
    with pytest.raises(Reverted, match="no period"):
        exchange.stage.deploy("average_oracle", ALICE, exchange.pool, exchange.gold, 0)
    empty = build_exchange()
    with pytest.raises(Reverted, match="empty pool"):
        empty.stage.deploy("average_oracle", ALICE, empty.pool, empty.gold, 60)


def test_an_average_that_nobody_updates_grows_too_old() -> None:
    exchange = build_exchange(1000 * UNIT, 2000 * UNIT)
    oracle = exchange.stage.deploy("average_oracle", ALICE, exchange.pool, exchange.gold, 60)
    exchange.stage.pass_time(60)
    oracle.send(BOB, "update")
    exchange.stage.pass_time(120)
    assert oracle.get("price") == 2 * UNIT
    exchange.stage.pass_time(1)
    with pytest.raises(Reverted, match="price too old"):
        oracle.get("price")


def test_a_token_must_be_in_the_pool() -> None:
    exchange = build_exchange(UNIT, UNIT)
    for name, more in (("spot_oracle", ()), ("average_oracle", (60,))):
        with pytest.raises(Reverted, match="not a token of this pool"):
            exchange.stage.deploy(name, ALICE, exchange.pool, exchange.router, *more)

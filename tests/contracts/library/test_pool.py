"""The pool is Uniswap v2's pair: its published tests, and the laws behind them; see docs/contracts/pool.md."""

import json
from pathlib import Path
from typing import Any

import pytest
from defi_stage import MOST, UNIT, bring, build_exchange
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from stage import ALICE, BOB, CAROL, NOBODY, Contract, Reverted

from chain.theory.amm import Reserves, compute_amount_out, compute_liquidity_value

MINIMUM = 1000
VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "defi" / "uniswap_v2.json").read_text())


def get_rows(name: str) -> list[tuple[int, ...]]:
    return [tuple(map(int, row)) for row in VECTORS[name]["rows"]]


def test_the_first_shares_are_the_root_of_the_product() -> None:
    """Uniswap's test "mint": 1 and 4 make 2 shares, of which nobody gets the first thousand units."""
    exchange = build_exchange()
    pool = exchange.pool
    assert bring(exchange, UNIT, 4 * UNIT) == 2 * UNIT - MINIMUM
    assert (pool.get("totalSupply"), pool.get("balanceOf", ALICE)) == (2 * UNIT, 2 * UNIT - MINIMUM)
    assert pool.get("balanceOf", NOBODY) == MINIMUM
    assert tuple(pool.get("getReserves"))[:2] == (UNIT, 4 * UNIT)


def test_what_is_told_when_liquidity_comes() -> None:
    exchange = build_exchange()
    exchange.gold.send(ALICE, "transfer", exchange.pool, UNIT)
    exchange.silver.send(ALICE, "transfer", exchange.pool, 4 * UNIT)
    events = exchange.pool.send(ALICE, "mint", ALICE).events
    assert [(event.name, list(event.values.values())) for event in events] == [
        ("Transfer", [NOBODY, NOBODY, MINIMUM]),
        ("Transfer", [NOBODY, ALICE, 2 * UNIT - MINIMUM]),
        ("Sync", [UNIT, 4 * UNIT]),
        ("Mint", [ALICE, UNIT, 4 * UNIT]),
    ]


@pytest.mark.parametrize(("amount", "gold", "silver", "out"), get_rows("input_price"))
def test_outputs_as_published(amount: int, gold: int, silver: int, out: int) -> None:
    """Uniswap's tests "getInputPrice": so much comes out and not a unit more."""
    exchange = build_exchange(gold * UNIT, silver * UNIT)
    exchange.gold.send(ALICE, "transfer", exchange.pool, amount * UNIT)
    with pytest.raises(Reverted, match="product would fall"):
        exchange.pool.send(ALICE, "swap", 0, out + 1, ALICE, b"")
    done = exchange.pool.send(ALICE, "swap", 0, out, ALICE, b"")
    assert list(done.events[-1].values.values()) == [ALICE, amount * UNIT, 0, 0, out, ALICE]
    assert tuple(exchange.pool.get("getReserves"))[:2] == ((gold + amount) * UNIT, silver * UNIT - out)


@pytest.mark.parametrize(("out", "gold", "silver", "amount"), get_rows("optimistic"))
def test_a_token_can_be_paid_back_in_itself(out: int, gold: int, silver: int, amount: int) -> None:
    """Uniswap's tests "optimistic"."""
    exchange = build_exchange(gold, silver)
    exchange.gold.send(ALICE, "transfer", exchange.pool, amount)
    with pytest.raises(Reverted, match="product would fall"):
        exchange.pool.send(ALICE, "swap", out + 1, 0, ALICE, b"")
    exchange.pool.send(ALICE, "swap", out, 0, ALICE, b"")


def test_the_other_way_round() -> None:
    """Uniswap's test "swap:token1"."""
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    exchange.silver.send(ALICE, "transfer", exchange.pool, UNIT)
    before = exchange.gold.get("balanceOf", BOB)
    exchange.pool.send(ALICE, "swap", 453305446940074565, 0, BOB, b"")
    assert exchange.gold.get("balanceOf", BOB) - before == 453305446940074565


def test_shares_give_back_their_part() -> None:
    """Uniswap's test "burn": all but the first thousand."""
    exchange = build_exchange(3 * UNIT, 3 * UNIT)
    pool = exchange.pool
    pool.send(ALICE, "transfer", pool, 3 * UNIT - MINIMUM)
    assert pool.send(ALICE, "burn", BOB).value == (3 * UNIT - 1000, 3 * UNIT - 1000)
    assert (pool.get("totalSupply"), tuple(pool.get("getReserves"))[:2]) == (MINIMUM, (1000, 1000))


def test_prices_run_up_over_time() -> None:
    """Uniswap's test "price{0,1}CumulativeLast": one for ten seconds, then a third (and three)."""
    exchange = build_exchange(3 * UNIT, 3 * UNIT)
    pool, one = exchange.pool, 2**112
    exchange.stage.pass_time(1)
    pool.send(ALICE, "sync")
    assert (pool.get("price0CumulativeLast"), pool.get("price1CumulativeLast")) == (one, one)
    exchange.gold.send(ALICE, "transfer", pool, 3 * UNIT)
    exchange.stage.pass_time(9)
    pool.send(ALICE, "swap", 0, UNIT, ALICE, b"")
    assert (pool.get("price0CumulativeLast"), pool.get("price1CumulativeLast")) == (10 * one, 10 * one)
    exchange.stage.pass_time(10)
    pool.send(ALICE, "sync")
    assert pool.get("price0CumulativeLast") == 10 * one + 10 * (one // 3)
    assert pool.get("price1CumulativeLast") == 10 * one + 10 * (one * 3)
    assert pool.get("getReserves")[2] == exchange.stage.time_s


@pytest.mark.parametrize("on", [False, True])
def test_a_sixth_of_the_fees_can_be_taken(on: bool) -> None:
    """Uniswap's tests "feeTo:off" and "feeTo:on"."""
    exchange = build_exchange()
    pool = exchange.pool
    if on:
        pool.send(ALICE, "setFeeTo", CAROL)
    bring(exchange, 1000 * UNIT, 1000 * UNIT)
    exchange.silver.send(ALICE, "transfer", pool, UNIT)
    pool.send(ALICE, "swap", 996006981039903216, 0, ALICE, b"")
    pool.send(ALICE, "transfer", pool, 1000 * UNIT - MINIMUM)
    pool.send(ALICE, "burn", ALICE)
    sixth = 249750499251388 if on else 0
    assert (pool.get("totalSupply"), pool.get("balanceOf", CAROL)) == (MINIMUM + sixth, sixth)
    if on:
        assert exchange.gold.get("balanceOf", pool.address) == 1000 + 249501683697445
        assert exchange.silver.get("balanceOf", pool.address) == 1000 + 250000187312969
    with pytest.raises(Reverted, match="only the creator"):
        pool.send(BOB, "setFeeTo", BOB)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((0, 0, ALICE), "nothing asked"),
        ((5 * UNIT, 0, ALICE), "more than the pool has"),
        ((0, MOST, ALICE), "more than the pool has"),
        ((1, 0, ALICE), "nothing came in"),
    ],
)
def test_what_is_refused(values: tuple[Any, ...], reason: str) -> None:
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    with pytest.raises(Reverted, match=reason):
        exchange.pool.send(ALICE, "swap", *values, b"")


def test_tokens_are_no_receivers() -> None:
    exchange = build_exchange(5 * UNIT, 10 * UNIT)
    for token in (exchange.gold, exchange.silver):
        with pytest.raises(Reverted, match="no receiver"):
            exchange.pool.send(ALICE, "swap", 1, 0, token, b"")


def test_too_little_makes_no_shares() -> None:
    exchange = build_exchange(10**9 * UNIT, 10**9 * UNIT)
    exchange.gold.send(BOB, "transfer", exchange.pool, UNIT)
    with pytest.raises(Reverted, match="no shares for that"):
        exchange.pool.send(BOB, "mint", BOB)
    with pytest.raises(Reverted, match="no tokens for that"):
        exchange.pool.send(BOB, "burn", BOB)
    with pytest.raises(Reverted):
        bring(build_exchange(), 10, 10)  # less than the first thousand


def test_gifts_can_be_taken_or_given_to_all() -> None:
    exchange = build_exchange(UNIT, UNIT)
    pool = exchange.pool
    exchange.gold.send(ALICE, "transfer", pool, 7)
    before = exchange.gold.get("balanceOf", BOB)
    pool.send(BOB, "skim", BOB)
    assert exchange.gold.get("balanceOf", BOB) == before + 7
    exchange.gold.send(ALICE, "transfer", pool, 7)
    pool.send(BOB, "sync")
    assert pool.get("reserve0") == UNIT + 7


def test_reserves_have_their_limit() -> None:
    exchange = build_exchange(UNIT, UNIT)
    exchange.stage.host.set_storage(exchange.gold.address, *get_balance_slot(exchange.gold, exchange.pool, 2**112 - 1))
    exchange.pool.send(ALICE, "sync")
    assert exchange.pool.get("reserve0") == 2**112 - 1
    exchange.stage.host.set_storage(exchange.gold.address, *get_balance_slot(exchange.gold, exchange.pool, 2**112))
    with pytest.raises(Reverted, match="too much for the pool"):
        exchange.pool.send(ALICE, "sync")


def get_balance_slot(token: Contract, holder: Contract, balance: int) -> tuple[int, int]:
    """Return where Vyper keeps a balance: the hash of the variable's slot and the key."""
    from chain.contracts.keccak import compute_keccak

    [slot] = [variable.slot for variable in token.artifact.variables if variable.name == "balanceOf"]
    key = compute_keccak(slot.to_bytes(32) + bytes(12) + holder.address)
    return int.from_bytes(key), balance


class Trading(RuleBasedStateMachine):
    """Whatever comes: the product for each share never falls, and nobody takes out more than shares are worth."""

    def __init__(self) -> None:
        super().__init__()
        self.exchange = build_exchange(UNIT, 3 * UNIT)
        self.pool = self.exchange.pool
        self.worth = self.get_worth()

    def get_worth(self) -> tuple[int, int]:
        """Return product and square of the shares, whose ratio is what a share is worth, squared."""
        x, y, _ = self.pool.get("getReserves")
        return x * y, self.pool.get("totalSupply") ** 2

    @rule(gold=st.booleans(), amount=st.integers(1, UNIT), greed=st.integers(-1, 1))
    def trade(self, gold: bool, amount: int, greed: int) -> None:
        """Send an amount and ask for what the formula gives, or one unit more or less."""
        x, y, _ = self.pool.get("getReserves")
        source, target = (x, y) if gold else (y, x)
        out = compute_amount_out(amount, source, target) + greed
        (self.exchange.gold if gold else self.exchange.silver).send(BOB, "transfer", self.pool, amount)
        asked = (0, out) if gold else (out, 0)
        try:
            self.pool.send(BOB, "swap", *asked, BOB, b"")
            assert greed <= 0
        except Reverted:
            assert greed > 0 or out <= 0
            self.pool.send(BOB, "skim", BOB)

    @rule(gold=st.integers(1, UNIT), silver=st.integers(1, UNIT))
    def bring(self, gold: int, silver: int) -> None:
        self.exchange.gold.send(CAROL, "transfer", self.pool, gold)
        self.exchange.silver.send(CAROL, "transfer", self.pool, silver)
        try:
            self.pool.send(CAROL, "mint", CAROL)
        except Reverted:
            self.pool.send(CAROL, "skim", CAROL)

    @rule(part=st.integers(1, 100))
    def leave(self, part: int) -> None:
        shares = self.pool.get("balanceOf", CAROL) * part // 100
        x, y, _ = self.pool.get("getReserves")
        worth = compute_liquidity_value(shares, Reserves(x, y), self.pool.get("totalSupply"))
        if min(worth):
            self.pool.send(CAROL, "transfer", self.pool, shares)
            assert tuple(self.pool.send(CAROL, "burn", CAROL).value) == worth

    @rule(seconds=st.integers(0, 100))
    def wait(self, seconds: int) -> None:
        self.exchange.stage.pass_time(seconds)

    @invariant()
    def the_product_for_each_share_never_falls(self) -> None:
        product, shares = self.get_worth()
        assert product * self.worth[1] >= self.worth[0] * shares
        self.worth = product, shares

    @invariant()
    def the_reserves_are_there(self) -> None:
        x, y, _ = self.pool.get("getReserves")
        assert (self.exchange.gold.get("balanceOf", self.pool.address), self.pool.get("reserve0")) == (x, x)
        assert (self.exchange.silver.get("balanceOf", self.pool.address), self.pool.get("reserve1")) == (y, y)


TestTrading = Trading.TestCase
TestTrading.settings = settings(max_examples=25, stateful_step_count=15)

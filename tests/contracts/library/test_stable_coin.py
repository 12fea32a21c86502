"""A stable coin made of coins that are not: vaults, fee, liquidation; see docs/contracts/stable_coin.md."""

from typing import NamedTuple

import pytest
from defi_stage import LATE, MOST, UNIT
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from stage import ALICE, BOB, CAROL, COIN, DAVE, ERIN, Contract, Reverted, Stage

from chain.theory.lending import RAY, SECONDS_PER_YEAR, WAD, compute_ray_power

RATIO = 150 * UNIT // 100
PENALTY = 113 * UNIT // 100
FEE = 1_000_000_001_547_125_957_863_212_448
"""5 % a year, MakerDAO's number."""


class Bank(NamedTuple):
    stage: Stage
    oracle: Contract
    stable: Contract


def build_bank(price: int = 20 * UNIT, fee: int = FEE, age: int = LATE) -> Bank:
    """Return a bank by Erin; Alice reports that a coin costs 20."""
    stage = Stage()
    oracle = stage.deploy("oracle", ALICE, [ALICE], 1, age)
    oracle.send(ALICE, "report", price)
    return Bank(stage, oracle, stage.deploy("stable_coin", ERIN, oracle, RATIO, fee))


def build_vault(debt: int = 100 * COIN) -> Bank:
    """Return a bank where Bob locked 10 coins, worth 200, and owes a hundred."""
    bank = build_bank()
    bank.stable.send(BOB, "lock", value=10 * COIN)
    bank.stable.send(BOB, "mint", debt)
    return bank


def test_tokens_are_made_against_coins() -> None:
    stage, _, stable = build_vault()
    assert (stable.get("totalSupply"), stable.get("balanceOf", BOB)) == (100 * COIN, 100 * COIN)
    assert (stable.get("ratio_of", BOB), stable.get("covered_ratio")) == (2 * WAD, 2 * WAD)
    assert stable.get("liquidation_price_of", BOB) == 15 * UNIT
    assert (stable.get("ratio_of", CAROL), stable.get("liquidation_price_of", CAROL)) == (MOST, 0)
    assert stage.get_balance(stable) == 10 * COIN


def test_coins_must_be_worth_half_as_much_again() -> None:
    stable = build_vault(133 * COIN).stable
    stable.send(BOB, "mint", COIN // 3)
    for name, amount in (("mint", COIN), ("free", COIN)):
        with pytest.raises(Reverted, match="too few coins"):
            stable.send(BOB, name, amount)
    with pytest.raises(Reverted, match="too few coins"):
        stable.send(CAROL, "mint", 1)


def test_who_destroys_the_tokens_gets_the_coins_back() -> None:
    stage, _, stable = build_vault()
    stable.send(BOB, "repay", BOB, MOST)
    stable.send(BOB, "free", 10 * COIN)
    assert (stable.get("totalSupply"), stable.get("debt_of", BOB), stage.get_balance(stable)) == (0, 0, 0)
    assert stage.get_balance(BOB) == 1_000_000 * COIN
    with pytest.raises(Reverted, match="more than you have"):
        stable.send(BOB, "free", 1)


@pytest.mark.parametrize("seconds", [1, 12_345, SECONDS_PER_YEAR])
def test_debts_grow_by_the_fee_and_the_treasury_gets_it(seconds: int) -> None:
    stage, _, stable = build_vault()
    stage.pass_time(seconds)
    rate = compute_ray_power(FEE, seconds)
    debt = -(-100 * COIN * rate // RAY)
    assert stable.get("debt_of", BOB) == debt
    assert stable.get("debt_total") == 100 * COIN * rate // RAY
    stable.send(CAROL, "collect_fee")
    assert stable.get("rate") == rate
    assert stable.get("balanceOf", ERIN) == 100 * COIN * rate // RAY - 100 * COIN
    assert stable.get("totalSupply") <= debt


def test_a_year_of_five_percent() -> None:
    stage, _, stable = build_vault()
    stage.pass_time(SECONDS_PER_YEAR)
    assert stable.get("debt_of", BOB) == pytest.approx(105 * COIN, abs=2)


def test_below_the_ratio_anybody_may_liquidate_with_a_penalty() -> None:
    """At 14 the ten coins are worth 140 for a debt of 100: the liquidator takes 113 worth of them."""
    stage, oracle, stable = build_vault()
    stable.send(BOB, "transfer", DAVE, 100 * COIN)
    with pytest.raises(Reverted, match="covered"):
        stable.send(DAVE, "liquidate", BOB, COIN)
    oracle.send(ALICE, "report", 14 * UNIT)
    before = stage.get_balance(DAVE)
    coins = 100 * COIN * PENALTY // (14 * UNIT)
    done = stable.send(DAVE, "liquidate", BOB, MOST)
    assert done.value == coins == stage.get_balance(DAVE) - before
    assert stable.get("debt_of", BOB) == 0
    stable.send(BOB, "free", 10 * COIN - coins)


def test_a_vault_that_is_worth_too_little_pays_what_it_has() -> None:
    """At 5 the coins are worth 50: they pay 44 of the debt, the rest is covered by nobody and stays to be seen."""
    _, oracle, stable = build_vault()
    stable.send(BOB, "transfer", DAVE, 100 * COIN)
    oracle.send(ALICE, "report", 5 * UNIT)
    assert stable.send(DAVE, "liquidate", BOB, MOST).value == 10 * COIN
    paid = -(-10 * COIN * 5 * UNIT // PENALTY)
    assert stable.get("debt_of", BOB) == 100 * COIN - paid == stable.get("totalSupply")
    with pytest.raises(Reverted, match="nothing to pay"):
        stable.send(DAVE, "liquidate", BOB, MOST)
    stable.send(DAVE, "repay", BOB, MOST)  # a friend of the bank may
    assert stable.get("debt_of", BOB) == 0


def test_while_the_oracle_is_silent_debts_can_be_paid() -> None:
    bank = build_bank(age=60)
    bank.stable.send(BOB, "lock", value=10 * COIN)
    bank.stable.send(BOB, "mint", COIN)
    bank.stage.pass_time(61)
    for name, values in (("mint", (1,)), ("free", (1,)), ("liquidate", (BOB, 1))):
        with pytest.raises(Reverted, match="too few fresh reports"):
            bank.stable.send(BOB, name, *values)
    bank.stable.send(BOB, "lock", value=COIN)
    bank.stable.send(BOB, "repay", BOB, COIN)


def test_nobody_pays_with_tokens_they_have_not() -> None:
    stable = build_vault().stable
    with pytest.raises(Reverted, match="more than there is"):
        stable.send(CAROL, "repay", BOB, 1)


def test_it_is_a_token_like_any_other() -> None:
    stable = build_vault().stable
    stable.send(BOB, "approve", CAROL, 5)
    stable.send(CAROL, "transferFrom", BOB, DAVE, 5)
    with pytest.raises(Reverted, match="more than allowed"):
        stable.send(CAROL, "transferFrom", BOB, DAVE, 1)
    assert stable.get("balanceOf", DAVE) == 5


@pytest.mark.parametrize(
    ("ratio", "fee", "reason"), [(PENALTY - 1, FEE, "below the penalty"), (RATIO, RAY - 1, "shrink")]
)
def test_a_bank_that_could_not_hold_is_not_deployed(ratio: int, fee: int, reason: str) -> None:
    with pytest.raises(Reverted, match=reason):
        Stage().deploy("stable_coin", ERIN, ALICE, ratio, fee)


class Banking(RuleBasedStateMachine):
    """Whatever people, price and time do: the supply never exceeds the debts, and every coin stays accounted for."""

    people = (BOB, CAROL, DAVE)

    def __init__(self) -> None:
        super().__init__()
        self.bank = build_bank(fee=RAY + RAY // 10**7)
        self.stable = self.bank.stable
        for who in (BOB, CAROL):
            self.stable.send(who, "lock", value=1000)
            self.stable.send(who, "mint", 13_000)  # 13333 are allowed

    def attempt(self, who: bytes, name: str, *values: object, value: int = 0) -> bool:
        try:
            self.stable.send(who, name, *values, value=value)  # type: ignore[arg-type]
        except Reverted:
            return False
        return True

    @rule(who=st.sampled_from(people), value=st.integers(0, 1000))
    def lock(self, who: bytes, value: int) -> None:
        self.attempt(who, "lock", value=value)

    @rule(who=st.sampled_from(people), name=st.sampled_from(["mint", "free"]), amount=st.integers(0, 3000))
    def use(self, who: bytes, name: str, amount: int) -> None:
        if self.attempt(who, name, amount):
            assert self.stable.get("ratio_of", who) >= RATIO

    @rule(who=st.sampled_from(people), other=st.sampled_from(people), amount=st.sampled_from([1, 777, MOST]))
    def repay(self, who: bytes, other: bytes, amount: int) -> None:
        self.attempt(who, "repay", other, amount)

    @rule(who=st.sampled_from(people), other=st.sampled_from(people), amount=st.sampled_from([1, 777, MOST]))
    def liquidate(self, who: bytes, other: bytes, amount: int) -> None:
        covered = self.stable.get("ratio_of", other) >= RATIO
        assert not (self.attempt(who, "liquidate", other, amount) and covered)

    @rule(who=st.sampled_from(people), other=st.sampled_from(people), amount=st.integers(0, 10_000))
    def give(self, who: bytes, other: bytes, amount: int) -> None:
        self.attempt(who, "transfer", other, amount)

    @rule(price=st.integers(5, 40))
    def change_price(self, price: int) -> None:
        self.bank.oracle.send(ALICE, "report", price * UNIT)

    @rule(seconds=st.sampled_from([1, 3600, 10**6]))
    def wait(self, seconds: int) -> None:
        self.bank.stage.pass_time(seconds)

    @invariant()
    def the_supply_is_owed_by_somebody(self) -> None:
        owed = sum(self.stable.get("debt_of", who) for who in self.people)
        assert self.stable.get("totalSupply") <= self.stable.get("debt_total") <= owed
        held = sum(self.stable.get("balanceOf", who) for who in (*self.people, ERIN))
        assert held == self.stable.get("totalSupply")

    @invariant()
    def every_coin_is_in_a_vault(self) -> None:
        coins = sum(self.get_coins(who) for who in self.people)
        assert self.bank.stage.get_balance(self.stable) == coins

    def get_coins(self, who: bytes) -> int:
        coins: int = self.stable.get("vault_of", who)[0]
        return coins


TestBanking = Banking.TestCase
TestBanking.settings = settings(max_examples=20, stateful_step_count=20)

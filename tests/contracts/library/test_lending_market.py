"""A lending market: exact interest, debts within collateral, no free money; see docs/contracts/lending.md."""

import pytest
from defi_stage import BONUS, FACTOR, LATE, MOST, PLENTY, RATES, THRESHOLD, UNIT, Market, build_market
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from stage import ALICE, BOB, CAROL, DAVE, Reverted

from chain.theory.lending import (
    SECONDS_PER_YEAR,
    WAD,
    compute_health_factor,
    compute_jump_rate,
    compute_liquidation_price,
    compute_supply_rate,
    compute_utilization,
)

PRICE = 200 * UNIT


def build_loan(debt: int = 1000 * UNIT) -> Market:
    """Return a market where Bob supplied 2000 and Carol owes a thousand against ten of gold."""
    market = build_market(PRICE)
    market.lending.send(BOB, "supply", 2000 * UNIT)
    market.lending.send(CAROL, "add_collateral", 10 * UNIT)
    market.lending.send(CAROL, "borrow", debt)
    return market


def test_what_is_supplied_can_be_taken_back() -> None:
    market = build_market()
    market.lending.send(BOB, "supply", 500)
    assert (market.lending.get("supplied_of", BOB), market.lending.get("supplied_total")) == (500, 500)
    assert market.lending.send(BOB, "withdraw", 200).value == 200
    assert market.lending.send(BOB, "withdraw", MOST).value == 300
    assert market.cash.get("balanceOf", BOB) == PLENTY
    with pytest.raises(Reverted, match="more than you have"):
        market.lending.send(BOB, "withdraw", 1)


def test_what_is_lent_out_cannot_be_taken() -> None:
    market = build_loan()
    with pytest.raises(Reverted, match="lent out"):
        market.lending.send(BOB, "withdraw", MOST)
    with pytest.raises(Reverted, match="lent out"):
        market.lending.send(CAROL, "borrow", 1001 * UNIT)
    market.lending.send(BOB, "withdraw", 1000 * UNIT)


def test_a_debt_stays_below_its_part_of_the_collateral() -> None:
    """Ten of gold at 200, three quarters of it: 1500."""
    market = build_loan(1500 * UNIT)
    for name, amount in (("borrow", 1), ("take_collateral", 1)):
        with pytest.raises(Reverted, match="too little collateral"):
            market.lending.send(CAROL, name, amount)
    market.lending.send(CAROL, "repay", CAROL, MOST)
    market.lending.send(CAROL, "take_collateral", 10 * UNIT)
    assert market.gold.get("balanceOf", CAROL) == PLENTY
    with pytest.raises(Reverted, match="more than you have"):
        market.lending.send(CAROL, "take_collateral", 1)


def test_interest_is_the_closed_form_to_the_unit() -> None:
    market = build_loan()
    rate = compute_jump_rate(compute_utilization(1000 * UNIT, 1000 * UNIT), *RATES)
    assert market.lending.get("borrow_rate_per_year") == rate
    assert market.lending.get("utilization") == WAD // 2
    assert market.lending.get("supply_rate_per_year") == compute_supply_rate(rate, WAD // 2, WAD // 10)
    market.stage.pass_time(12_345)
    interest = 1000 * UNIT * rate * 12_345 // (WAD * SECONDS_PER_YEAR)
    assert market.lending.get("debt_of", CAROL) - 1000 * UNIT in (interest, interest + 1)
    market.lending.send(DAVE, "accrue")
    assert market.lending.get("borrows") == 1000 * UNIT + interest
    assert market.lending.get("reserves") == interest // 10
    earned = market.lending.get("supplied_of", BOB) - 2000 * UNIT
    assert interest - interest // 10 - earned in (0, 1)


def test_parts_of_a_unit_are_kept_for_the_next_time() -> None:
    """A debt so small that a second costs nothing whole still costs the year's interest in a year."""
    market = build_loan(10**6)
    market.lending.send(BOB, "withdraw", 1999 * UNIT)
    for _ in range(50):
        market.stage.pass_time(SECONDS_PER_YEAR // 50)
        market.lending.send(DAVE, "accrue")
    twin = build_loan(10**6)
    rate = twin.lending.get("borrow_rate_per_year")
    assert market.lending.get("borrows") == pytest.approx(10**6 * (1 + rate / WAD / 50) ** 50, abs=2)


def test_nobody_owes_less_by_being_reminded_often() -> None:
    """Interest written down at every second is no less than interest written down once."""
    often, once = build_loan(), build_loan()
    for _ in range(20):
        often.stage.pass_time(1)
        often.lending.send(DAVE, "accrue")
    once.stage.pass_time(20)
    assert often.lending.get("debt_of", CAROL) >= once.lending.get("debt_of", CAROL)


def test_health_is_the_closed_form() -> None:
    market = build_loan()
    assert market.lending.get("health_factor", CAROL) == WAD * 16 // 10
    assert market.lending.get("health_factor", BOB) == MOST
    market.stage.pass_time(10**6)
    debt = market.lending.get("debt_of", CAROL)
    assert market.lending.get("health_factor", CAROL) == compute_health_factor(10 * UNIT, PRICE, THRESHOLD, debt)


def test_below_the_liquidation_price_anybody_may_pay_half_and_take_the_bonus() -> None:
    market = build_loan()
    border = compute_liquidation_price(10 * UNIT, THRESHOLD, 1000 * UNIT)
    market.oracle.send(ALICE, "report", border)
    with pytest.raises(Reverted, match="healthy"):
        market.lending.send(DAVE, "liquidate", CAROL, 1)
    market.oracle.send(ALICE, "report", border - 1)
    seized = 500 * UNIT * BONUS // (border - 1)
    done = market.lending.send(DAVE, "liquidate", CAROL, MOST)
    assert done.value == seized == market.gold.get("balanceOf", DAVE) - PLENTY
    assert done.events[-1].values == {"borrower": CAROL, "liquidator": DAVE, "repaid": 500 * UNIT, "seized": seized}
    assert market.lending.get("debt_of", CAROL) == 500 * UNIT
    assert market.lending.get("health_factor", CAROL) > WAD
    left = 10 * UNIT - seized
    assert market.lending.get("collateral_of", CAROL) == market.lending.get("collateral_total") == left


def test_what_a_bankrupt_cannot_pay_is_lost_by_the_suppliers() -> None:
    """Gold falls to 50: ten of it pay 500 less the bonus; the rest of the thousand is gone."""
    market = build_loan()
    market.oracle.send(ALICE, "report", 50 * UNIT)
    names = [event.name for event in market.lending.send(DAVE, "liquidate", CAROL, MOST).events]
    assert "DebtLost" in names
    assert market.lending.get("debt_of", CAROL) == 0
    repaid = PLENTY - market.cash.get("balanceOf", DAVE)
    assert repaid == pytest.approx(500 * UNIT * UNIT // BONUS, abs=1)
    assert market.lending.get("supplied_of", BOB) == pytest.approx(1000 * UNIT + repaid, abs=1)
    assert market.lending.send(BOB, "withdraw", MOST).value == market.cash.get("balanceOf", BOB) - PLENTY + 2000 * UNIT


def test_the_reserves_lose_first() -> None:
    """After a year there are reserves; a smaller debt that is lost costs suppliers nothing."""
    market = build_loan()
    market.lending.send(BOB, "withdraw", 500 * UNIT)
    market.stage.pass_time(SECONDS_PER_YEAR)
    debt = market.lending.get("debt_of", CAROL)
    price = debt * BONUS // UNIT * 999 // 10_000  # ten of gold are worth a thousandth less than debt and bonus
    market.oracle.send(ALICE, "report", price)
    for _ in range(8):
        market.lending.send(DAVE, "liquidate", CAROL, MOST)  # a half each
    before = market.lending.get("supplied_of", BOB)
    reserves = market.lending.get("reserves")
    market.oracle.send(ALICE, "report", UNIT)  # what is left is worth next to nothing
    done = market.lending.send(DAVE, "liquidate", CAROL, MOST)
    [lost] = [event.values["amount"] for event in done.events if event.name == "DebtLost"]
    assert 0 < lost < reserves
    assert market.lending.get("reserves") == reserves - lost
    assert market.lending.get("supplied_of", BOB) == pytest.approx(before, abs=1)


def test_anybody_may_pay_anothers_debt_and_no_more_than_it_is() -> None:
    market = build_loan()
    before = market.cash.get("balanceOf", DAVE)
    assert market.lending.send(DAVE, "repay", CAROL, MOST).value == 1000 * UNIT
    assert before - market.cash.get("balanceOf", DAVE) == 1000 * UNIT
    assert market.lending.get("debt_of", CAROL) == market.lending.get("borrows") == 0


def test_a_silent_oracle_stops_borrowing_not_paying() -> None:
    market = build_loan()
    market.stage.pass_time(LATE + 1)
    for name, values in (("borrow", (1,)), ("take_collateral", (1,)), ("liquidate", (CAROL, 1))):
        with pytest.raises(Reverted, match="too few fresh reports"):
            market.lending.send(CAROL, name, *values)
    market.lending.send(DAVE, "supply", UNIT)
    market.lending.send(CAROL, "repay", CAROL, MOST)
    market.lending.send(CAROL, "take_collateral", 10 * UNIT)  # without debt no price is needed


def test_a_gift_makes_no_share_dear() -> None:
    """The first supplier cannot rob the second by giving the market money: only what came by a call counts."""
    market = build_market()
    market.lending.send(DAVE, "supply", 1)
    market.cash.send(DAVE, "transfer", market.lending, 10**6 * UNIT)
    market.lending.send(BOB, "supply", 100)
    assert market.lending.get("supplied_of", BOB) == 100


@pytest.mark.parametrize(
    ("factor", "threshold", "bonus", "reason"),
    [
        (THRESHOLD + 1, THRESHOLD, BONUS, "factors out of order"),
        (FACTOR, UNIT, UNIT, "factors out of order"),
        (FACTOR, THRESHOLD, UNIT - 1, "bonus above"),
        (FACTOR, THRESHOLD, 125 * UNIT // 100 + 1, "bonus above"),
    ],
)
def test_a_market_that_could_not_hold_is_not_deployed(factor: int, threshold: int, bonus: int, reason: str) -> None:
    market = build_market()
    with pytest.raises(Reverted, match=reason):
        market.stage.deploy(
            "lending", ALICE, market.cash, market.gold, market.oracle, market.model, factor, threshold, bonus
        )


def test_a_liquidator_may_get_no_bonus_and_at_most_what_the_threshold_leaves() -> None:
    market = build_market()
    contracts = (market.cash, market.gold, market.oracle, market.model)
    for bonus in (UNIT, UNIT * UNIT // THRESHOLD):
        assert market.stage.deploy("lending", ALICE, *contracts, FACTOR, THRESHOLD, bonus).get("bonus") == bonus


def test_a_flash_loan_is_of_the_token_that_is_lent() -> None:
    market = build_loan()
    with pytest.raises(Reverted, match="another token"):
        market.lending.send(DAVE, "flashLoan", market.model, market.gold, 1, b"")
    with pytest.raises(Reverted, match="another token"):
        market.lending.get("flashFee", market.gold, 1)
    assert market.lending.get("maxFlashLoan", market.gold) == 0


def test_a_token_is_no_collateral_for_itself() -> None:
    market = build_market()
    contracts = (market.cash, market.cash, market.oracle, market.model)
    with pytest.raises(Reverted, match="the same token"):
        market.stage.deploy("lending", ALICE, *contracts, FACTOR, THRESHOLD, BONUS)


class Lending(RuleBasedStateMachine):
    """People supply, borrow, pay, liquidate while the price and the time go on: every unit stays accounted for."""

    people = (BOB, CAROL, DAVE)

    def __init__(self) -> None:
        super().__init__()
        self.market = build_market(PRICE)
        self.lending = self.market.lending
        self.share = (1, 10**6)
        self.lost = False
        self.lending.send(BOB, "supply", 5000)  # small amounts, where rounding is large
        for who in (CAROL, DAVE):
            self.lending.send(who, "add_collateral", 13)
            self.lending.send(who, "borrow", 1900)  # 1950 are allowed

    def attempt(self, who: bytes, name: str, *values: object) -> bool:
        try:
            done = self.lending.send(who, name, *values)  # type: ignore[arg-type]
        except Reverted:
            return False
        self.lost = self.lost or "DebtLost" in [event.name for event in done.events]
        return True

    @rule(
        who=st.sampled_from(people),
        name=st.sampled_from(["supply", "withdraw"]),
        amount=st.one_of(st.integers(1, 2000), st.just(MOST)),
    )
    def move(self, who: bytes, name: str, amount: int) -> None:
        self.attempt(who, name, amount)

    @rule(
        who=st.sampled_from(people),
        name=st.sampled_from(["add_collateral", "take_collateral"]),
        amount=st.integers(1, 10),
    )
    def move_collateral(self, who: bytes, name: str, amount: int) -> None:
        self.attempt(who, name, amount)

    @rule(who=st.sampled_from(people), amount=st.integers(0, 2000))
    def borrow(self, who: bytes, amount: int) -> None:
        if self.attempt(who, "borrow", amount) and self.lending.get("debt_of", who):
            collateral, debt = self.lending.get("collateral_of", who), self.lending.get("debt_of", who)
            assert debt * WAD <= collateral * self.market.oracle.get("price") // WAD * FACTOR

    @rule(who=st.sampled_from(people), amount=st.sampled_from([1, 333, MOST]))
    def repay(self, who: bytes, amount: int) -> None:
        self.attempt(ALICE, "repay", who, amount)

    @rule(who=st.sampled_from(people), amount=st.sampled_from([1, 100, MOST, MOST]), falls=st.booleans())
    def liquidate(self, who: bytes, amount: int, falls: bool) -> None:
        """Somebody tries, sometimes just after a fall, so that there is something to liquidate."""
        if falls:
            self.change_price(700)
        healthy = self.lending.get("health_factor", who) >= WAD
        assert not (self.attempt(ALICE, "liquidate", who, amount) and healthy)

    @rule(thousandths=st.sampled_from([400, 800, 950, 1100, 2000]))
    def move_price(self, thousandths: int) -> None:
        self.change_price(thousandths)

    def change_price(self, thousandths: int) -> None:
        price = self.market.oracle.get("price")
        self.market.oracle.send(ALICE, "report", max(price * thousandths // 1000, UNIT))

    @rule(seconds=st.sampled_from([1, 3600, SECONDS_PER_YEAR // 4]))
    def wait(self, seconds: int) -> None:
        self.market.stage.pass_time(seconds)

    @invariant()
    def every_unit_is_there(self) -> None:
        lending = self.lending
        assert self.market.cash.get("balanceOf", lending.address) == lending.get("cash")
        collateral = sum(lending.get("collateral_of", who) for who in self.people)
        assert self.market.gold.get("balanceOf", lending.address) == collateral == lending.get("collateral_total")

    @invariant()
    def suppliers_together_own_no_more_than_the_market_has(self) -> None:
        self.lending.send(ALICE, "accrue")
        owned = sum(self.lending.get("supplied_of", who) for who in self.people)
        cash, borrows, reserves = (self.lending.get(name) for name in ("cash", "borrows", "reserves"))
        assert owned <= cash + borrows - reserves

    @invariant()
    def borrowers_together_owe_at_least_what_is_lent(self) -> None:
        """Less what virtual shares carry: a unit at most."""
        owed = sum(self.lending.get("debt_of", who) for who in self.people)
        assert owed + 1 >= self.lending.get("borrows")

    @invariant()
    def a_share_never_gets_cheaper_but_by_a_lost_debt(self) -> None:
        """Rounding never takes from those who stay: worth of a share, virtual ones counted, as a fraction."""
        worth = self.lending.get("supplied_total") + 1, self.lending.get("supply_shares") + 10**6
        if not self.lost:
            assert worth[0] * self.share[1] >= self.share[0] * worth[1]
        self.share, self.lost = worth, False


TestLending = Lending.TestCase
TestLending.settings = settings(max_examples=20, stateful_step_count=20)

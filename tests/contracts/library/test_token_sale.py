"""The launch of a token: sold in whole lots until a deadline, claimed or refunded; see docs/contracts/token.md."""

from typing import NamedTuple

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from stage import ALICE, BOB, CAROL, COIN, DAVE, Contract, Reverted, Stage

LOT, PRICE, CAP, GOAL, DAY = 1000, 2 * COIN, 10, 4, 86_400


class Launch(NamedTuple):
    stage: Stage
    token: Contract
    sale: Contract


def build_launch(start: bool = True) -> Launch:
    """Return a sale of ten lots by Alice that needs four within a day."""
    stage = Stage()
    token = stage.deploy("token", ALICE, "Coin", "CN", 2, CAP * LOT)
    sale = stage.deploy("token_sale", ALICE, token, LOT, PRICE, CAP, GOAL, stage.time_s + DAY)
    token.send(ALICE, "approve", sale, CAP * LOT)
    if start:
        sale.send(ALICE, "start")
    return Launch(stage, token, sale)


def test_the_tokens_lie_there_before_the_first_coin_is_taken() -> None:
    _, token, sale = build_launch(start=False)
    assert sale.get("state") == "waiting"
    with pytest.raises(Reverted, match="not started"):
        sale.send(BOB, "buy", value=PRICE)
    with pytest.raises(Reverted, match="only the seller"):
        sale.send(BOB, "start")
    sale.send(ALICE, "start")
    assert (sale.get("state"), token.get("balanceOf", sale.address)) == ("open", CAP * LOT)


def test_whole_lots_are_sold_and_the_rest_comes_back_at_once() -> None:
    stage, _, sale = build_launch()
    before = stage.get_balance(BOB)
    done = sale.send(BOB, "buy", value=3 * PRICE + 1)
    assert done.value == 3
    assert done.events == [(sale, "Bought", {"buyer": BOB, "lots": 3, "paid": 3 * PRICE})]
    assert before - stage.get_balance(BOB) == 3 * PRICE == sale.get("raised")
    with pytest.raises(Reverted, match="sold out or too little"):
        sale.send(BOB, "buy", value=PRICE - 1)


def test_at_the_cap_it_is_over_and_reached() -> None:
    stage, token, sale = build_launch()
    sale.send(BOB, "buy", value=8 * PRICE)
    assert sale.send(CAROL, "buy", value=8 * PRICE).value == 2
    assert sale.get("state") == "reached"
    with pytest.raises(Reverted, match="sold out"):
        sale.send(DAVE, "buy", value=PRICE)
    sale.send(CAROL, "claim")
    assert token.get("balanceOf", CAROL) == 2 * LOT
    with pytest.raises(Reverted, match="nothing to take"):
        sale.send(CAROL, "claim")
    before = stage.get_balance(ALICE)
    sale.send(ALICE, "finish")
    assert (stage.get_balance(ALICE) - before, token.get("balanceOf", ALICE)) == (CAP * PRICE, 0)
    sale.send(BOB, "claim")
    assert token.get("balanceOf", BOB) == 8 * LOT


def test_a_missed_goal_undoes_all() -> None:
    stage, token, sale = build_launch()
    before = stage.get_balance(BOB)
    sale.send(BOB, "buy", value=(GOAL - 1) * PRICE)
    with pytest.raises(Reverted, match="no refund"):
        sale.send(BOB, "refund")
    stage.pass_time(DAY)
    assert sale.get("state") == "missed"
    with pytest.raises(Reverted, match="too late"):
        sale.send(CAROL, "buy", value=PRICE)
    with pytest.raises(Reverted, match="goal not reached"):
        sale.send(BOB, "claim")
    sale.send(BOB, "refund")
    sale.send(ALICE, "finish")
    assert stage.get_balance(BOB) == before
    assert token.get("balanceOf", ALICE) == CAP * LOT


def test_the_goal_decides_at_the_deadline_and_unsold_tokens_go_back() -> None:
    stage, token, sale = build_launch()
    sale.send(BOB, "buy", value=GOAL * PRICE)
    with pytest.raises(Reverted, match="not over"):
        sale.send(ALICE, "finish")
    stage.pass_time(DAY)
    with pytest.raises(Reverted, match="only the seller"):
        sale.send(BOB, "finish")
    assert sale.send(ALICE, "finish").events[0].values == {"raised": GOAL * PRICE, "unsold": (CAP - GOAL) * LOT}
    with pytest.raises(Reverted, match="finished already"):
        sale.send(ALICE, "finish")
    assert token.get("balanceOf", ALICE) == (CAP - GOAL) * LOT


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ((0, PRICE, CAP, GOAL, DAY), "no price"),
        ((LOT, 0, CAP, GOAL, DAY), "no price"),
        ((LOT, PRICE, CAP, 0, DAY), "goal above cap"),
        ((LOT, PRICE, CAP, CAP + 1, DAY), "goal above cap"),
        ((LOT, PRICE, CAP, GOAL, 0), "deadline in the past"),
    ],
)
def test_a_sale_that_makes_no_sense_is_not_deployed(values: tuple[int, ...], reason: str) -> None:
    stage = Stage()
    *rest, end = values
    with pytest.raises(Reverted, match=reason):
        stage.deploy("token_sale", ALICE, ALICE, *rest, stage.time_s + end)


class Anything(RuleBasedStateMachine):
    """Whatever people try in whatever order, no coin and no token is lost or made."""

    def __init__(self) -> None:
        super().__init__()
        self.launch = build_launch()
        self.people = (ALICE, BOB, CAROL)
        self.money = self.count_money()

    def count_money(self) -> int:
        return sum(map(self.launch.stage.get_balance, (*self.people, self.launch.sale)))

    @rule(who=st.sampled_from([BOB, CAROL]), value=st.integers(0, 6 * PRICE))
    def buy(self, who: bytes, value: int) -> None:
        self.attempt(who, "buy", value)

    @rule(who=st.sampled_from([ALICE, BOB, CAROL]), name=st.sampled_from(["claim", "refund", "finish", "start"]))
    def ask(self, who: bytes, name: str) -> None:
        self.attempt(who, name, 0)

    @rule()
    def wait(self) -> None:
        self.launch.stage.pass_time(DAY // 2)

    def attempt(self, who: bytes, name: str, value: int) -> None:
        try:
            self.launch.sale.send(who, name, value=value)  # type: ignore[arg-type]
        except Reverted:
            return

    @invariant()
    def nothing_is_lost(self) -> None:
        _, token, sale = self.launch
        assert self.count_money() == self.money
        held = [token.get("balanceOf", who) for who in (*self.people, sale.address)]
        assert sum(held) == token.get("totalSupply")

    @invariant()
    def every_promise_is_covered(self) -> None:
        """What buyers may still claim or take back, the sale has."""
        stage, token, sale = self.launch
        open_lots = sum(sale.get("lots_of", who) for who in self.people)
        if sale.get("state") == "reached":
            assert token.get("balanceOf", sale.address) >= open_lots * LOT
        else:
            assert stage.get_balance(sale) >= open_lots * PRICE


TestAnything = Anything.TestCase
TestAnything.settings = settings(max_examples=40, stateful_step_count=15)

"""An escrow gives every deal's money out exactly once, whoever stays silent; see docs/contracts/escrow.md."""

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from hypothesis.strategies import integers, sampled_from
from stage import ALICE, BOB, CAROL, COIN, DAVE, NOBODY, Contract, Reverted, Stage

BUYER, SELLER, ARBITER, STRANGER = ALICE, BOB, CAROL, DAVE
DAY_S = 24 * 3600
OFFERED, ACCEPTED, DISPUTED, CLOSED = 1, 2, 4, 8


@pytest.fixture
def escrow() -> Contract:
    """Deal 0: ten coins on offer for a day."""
    stage = Stage()
    escrow = stage.deploy("escrow", STRANGER)
    escrow.send(BUYER, "offer", SELLER, ARBITER, stage.time_s + DAY_S, value=10 * COIN)
    return escrow


def get_owed(escrow: Contract) -> tuple[int, int]:
    """Return what waits for the buyer and the seller, in coins."""
    return escrow.get("owed", BUYER) // COIN, escrow.get("owed", SELLER) // COIN


def test_a_content_buyer_releases_the_money(escrow: Contract) -> None:
    escrow.send(SELLER, "accept", 0)
    assert escrow.send(BUYER, "release", 0).events == [
        (escrow, "Closed", {"deal": 0, "to_seller": 10 * COIN, "to_buyer": 0})
    ]
    before = escrow.stage.get_balance(SELLER)
    assert escrow.send(SELLER, "withdraw").value == 10 * COIN
    assert escrow.stage.get_balance(SELLER) - before == 10 * COIN
    assert escrow.stage.get_balance(escrow) == 0
    with pytest.raises(Reverted, match="nothing owed"):
        escrow.send(SELLER, "withdraw")


def test_before_the_seller_accepts_the_buyer_can_cancel(escrow: Contract) -> None:
    escrow.send(BUYER, "cancel", 0)
    assert get_owed(escrow) == (10, 0)
    with pytest.raises(Reverted, match="not on offer"):
        escrow.send(SELLER, "accept", 0)


def test_a_seller_who_answers_after_the_deadline_is_too_late(escrow: Contract) -> None:
    escrow.stage.pass_time(DAY_S)
    with pytest.raises(Reverted, match="the deadline has passed"):
        escrow.send(SELLER, "accept", 0)
    escrow.send(BUYER, "cancel", 0)
    assert get_owed(escrow) == (10, 0)


def test_afterwards_only_the_seller_can_give_it_back(escrow: Contract) -> None:
    escrow.send(SELLER, "accept", 0)
    with pytest.raises(Reverted, match="the seller has accepted"):
        escrow.send(BUYER, "cancel", 0)
    escrow.send(SELLER, "give_back", 0)
    assert get_owed(escrow) == (10, 0)


def test_everything_is_told(escrow: Contract) -> None:
    deadline_s = escrow.stage.time_s + DAY_S
    offered = escrow.send(BUYER, "offer", SELLER, ARBITER, deadline_s, value=COIN)
    assert offered.value == 1
    told = [
        *offered.events,
        *escrow.send(SELLER, "accept", 1).events,
        *escrow.send(SELLER, "dispute", 1).events,
        *escrow.send(ARBITER, "decide", 1, COIN // 4).events,
        *escrow.send(BUYER, "withdraw").events,
    ]
    assert [event.name for event in told] == ["Offered", "Accepted", "Disputed", "Closed", "Withdrawn"]
    assert list(told[0].values.values()) == [1, BUYER, SELLER, ARBITER, COIN, deadline_s]
    assert told[2].values == {"deal": 1, "who": SELLER}
    assert told[4].values == {"who": BUYER, "amount": COIN - COIN // 4}


@pytest.mark.parametrize("complainer", [BUYER, SELLER])
def test_the_arbiter_divides_what_is_disputed(escrow: Contract, complainer: bytes) -> None:
    escrow.send(SELLER, "accept", 0)
    with pytest.raises(Reverted, match="no dispute"):
        escrow.send(ARBITER, "decide", 0, 0)
    escrow.send(complainer, "dispute", 0)
    with pytest.raises(Reverted, match="more than there is"):
        escrow.send(ARBITER, "decide", 0, 10 * COIN + 1)
    escrow.send(ARBITER, "decide", 0, 7 * COIN)
    assert get_owed(escrow) == (3, 7)


def test_a_dispute_can_still_end_in_peace(escrow: Contract) -> None:
    escrow.send(SELLER, "accept", 0)
    escrow.send(BUYER, "dispute", 0)
    escrow.send(BUYER, "release", 0)
    assert get_owed(escrow) == (0, 10)


def test_silence_cannot_lock_money_up(escrow: Contract) -> None:
    """A silent buyer's money is the seller's after the deadline; with a silent arbiter it is the buyer's."""
    stage = escrow.stage
    escrow.send(SELLER, "accept", 0)
    escrow.send(BUYER, "offer", SELLER, ARBITER, stage.time_s + DAY_S, value=5 * COIN)
    escrow.send(SELLER, "accept", 1)
    escrow.send(BUYER, "dispute", 1)
    with pytest.raises(Reverted, match="before the deadline"):
        escrow.send(STRANGER, "expire", 0)
    stage.pass_time(DAY_S)
    with pytest.raises(Reverted, match="the deadline has passed"):
        escrow.send(BUYER, "dispute", 0)
    escrow.send(STRANGER, "expire", 0)
    assert get_owed(escrow) == (0, 10)
    with pytest.raises(Reverted, match="the arbiter may still decide"):
        escrow.send(STRANGER, "expire", 1)
    stage.pass_time(escrow.get("ARBITRATION_S"))
    escrow.send(STRANGER, "expire", 1)
    assert get_owed(escrow) == (5, 10)


@pytest.mark.parametrize(
    ("name", "reason", "rest"),
    [
        ("accept", "not the seller", ()),
        ("cancel", "not the buyer", ()),
        ("release", "not the buyer", ()),
        ("give_back", "not the seller", ()),
        ("dispute", "not your deal", ()),
        ("decide", "not the arbiter", (0,)),
    ],
)
def test_a_stranger_can_do_nothing(escrow: Contract, name: str, reason: str, rest: tuple[int, ...]) -> None:
    for deal in (0, 1):  # there is no deal 1
        with pytest.raises(Reverted, match=reason):
            escrow.send(STRANGER, name, deal, *rest)
    with pytest.raises(Reverted, match="not under way"):
        escrow.send(STRANGER, "expire", 1)


@pytest.mark.parametrize(
    ("seller", "arbiter", "delay_s", "value", "reason"),
    [
        (SELLER, ARBITER, DAY_S, 0, "no money"),
        (SELLER, ARBITER, 0, COIN, "the deadline has passed"),
        (NOBODY, ARBITER, DAY_S, COIN, "no seller"),
        (BUYER, ARBITER, DAY_S, COIN, "no seller"),
        (SELLER, NOBODY, DAY_S, COIN, "must be a third"),
        (SELLER, SELLER, DAY_S, COIN, "must be a third"),
        (SELLER, BUYER, DAY_S, COIN, "must be a third"),
    ],
)
def test_a_deal_needs_three_people_money_and_time(
    escrow: Contract, seller: bytes, arbiter: bytes, delay_s: int, value: int, reason: str
) -> None:
    with pytest.raises(Reverted, match=reason):
        escrow.send(BUYER, "offer", seller, arbiter, escrow.stage.time_s + delay_s, value=value)


class Deals(RuleBasedStateMachine):
    """Anybody tries anything on any deal; the money is always where it belongs."""

    def __init__(self) -> None:
        super().__init__()
        self.stage = Stage()
        self.escrow = self.stage.deploy("escrow", STRANGER)
        self.given: dict[int, int] = {}

    @rule(amount=integers(1, 10**6), delay_s=integers(1, 3 * DAY_S))
    def offer(self, amount: int, delay_s: int) -> None:
        self.escrow.send(BUYER, "offer", SELLER, ARBITER, self.stage.time_s + delay_s, value=amount)

    @rule(seconds=sampled_from([60, DAY_S, 8 * DAY_S]))
    def wait(self, seconds: int) -> None:
        self.stage.pass_time(seconds)

    @precondition(lambda self: self.escrow.get("deal_count"))
    @rule(
        place=integers(0, 10),
        who=sampled_from([BUYER, SELLER, ARBITER]),
        name=sampled_from(["accept", "cancel", "release", "give_back", "dispute", "decide", "expire"]),
        part=integers(0, 10**6),
    )
    def try_something(self, place: int, who: bytes, name: str, part: int) -> None:
        deal = place % self.escrow.get("deal_count")
        try:
            events = self.escrow.send(who, name, deal, *([part] if name == "decide" else [])).events
        except Reverted:
            return
        for event in events:
            if event.name == "Closed":
                assert deal not in self.given  # once, and never again
                self.given[deal] = event.values["to_seller"] + event.values["to_buyer"]

    @rule(who=sampled_from([BUYER, SELLER, ARBITER]))
    def withdraw(self, who: bytes) -> None:
        owed, before = self.escrow.get("owed", who), self.stage.get_balance(who)
        if owed:
            self.escrow.send(who, "withdraw")
            assert self.stage.get_balance(who) == before + owed

    @invariant()
    def money_is_conserved(self) -> None:
        deals = [self.escrow.get("deals", deal) for deal in range(self.escrow.get("deal_count"))]
        held = sum(amount for *_, amount, _, state in deals if state != CLOSED)
        owed = sum(self.escrow.get("owed", who) for who in (BUYER, SELLER))
        assert self.stage.get_balance(self.escrow) == held + owed
        assert self.escrow.get("owed", ARBITER) == 0
        for deal, given in self.given.items():
            assert given == deals[deal][3]


TestDeals = Deals.TestCase
TestDeals.settings = settings(max_examples=25, stateful_step_count=30)

"""In the open auction the highest bid gets the deed, and nobody else pays; see docs/contracts/auction.md."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from, tuples
from stage import ALICE, BOB, CAROL, COIN, DAVE, ERIN, NOBODY, Contract, Reverted, Stage

from chain.units import Address

SELLER, BIDDERS, STRANGER = ALICE, (BOB, CAROL, DAVE), ERIN
HOUR_S = 3600


@pytest.fixture
def house() -> Contract:
    """Auction 0: deed 1, ten coins at least, for an hour."""
    return start_auction()[0]


def start_auction(minimum: int = 10 * COIN) -> tuple[Contract, Contract]:
    """Return an auction house with one auction, and the deeds."""
    stage = Stage()
    deeds = stage.deploy("deed", SELLER, "Land registry", "LAND")
    deed = deeds.send(SELLER, "mint", SELLER, "Mill Lane 4").value
    house = stage.deploy("auction", STRANGER)
    deeds.send(SELLER, "approve", house, deed)
    house.send(SELLER, "start", deeds, deed, minimum, HOUR_S)
    return house, deeds


def get_deeds(house: Contract) -> Contract:
    return house.stage.contracts[house.get("auctions", 0)[1]]


def test_the_highest_bid_wins(house: Contract) -> None:
    deeds, stage = get_deeds(house), house.stage
    assert deeds.get("ownerOf", 1) == house.address  # held while bids come in
    house.send(BOB, "bid", 0, value=10 * COIN)
    house.send(CAROL, "bid", 0, value=12 * COIN)
    assert house.get("owed", BOB) == 10 * COIN
    stage.pass_time(HOUR_S)
    assert house.send(STRANGER, "settle", 0).events[-1].values == {"auction": 0, "winner": CAROL, "price": 12 * COIN}
    assert deeds.get("ownerOf", 1) == CAROL
    for who, amount in ((SELLER, 12 * COIN), (BOB, 10 * COIN)):
        before = stage.get_balance(who)
        assert house.send(who, "withdraw").value == amount
        assert stage.get_balance(who) - before == amount
    assert stage.get_balance(house) == 0
    with pytest.raises(Reverted, match="settled already"):
        house.send(STRANGER, "settle", 0)
    with pytest.raises(Reverted, match="nothing owed"):
        house.send(CAROL, "withdraw")


def test_everything_is_told(house: Contract) -> None:
    stage, deeds = house.stage, get_deeds(house)
    deed = deeds.send(SELLER, "mint", SELLER, "Mill Lane 5").value
    deeds.send(SELLER, "approve", house, deed)
    end_s = stage.time_s + HOUR_S
    started = house.send(SELLER, "start", deeds, deed, COIN, HOUR_S)
    assert started.value == 1
    assert list(started.events[-1].values.values()) == [1, SELLER, deeds.address, deed, COIN, end_s]
    told = house.send(BOB, "bid", 1, value=COIN).events
    assert told == [(house, "Bid", {"auction": 1, "bidder": BOB, "amount": COIN, "end_s": end_s})]
    house.send(CAROL, "bid", 1, value=2 * COIN)
    assert house.send(BOB, "withdraw").events == [(house, "Withdrawn", {"who": BOB, "amount": COIN})]


def test_a_bid_tops_the_last_one_by_a_twentieth(house: Contract) -> None:
    with pytest.raises(Reverted, match="too little"):
        house.send(BOB, "bid", 0, value=10 * COIN - 1)
    house.send(BOB, "bid", 0, value=10 * COIN)
    assert house.get("get_least_bid", 0) == 10 * COIN + COIN // 2
    with pytest.raises(Reverted, match="too little"):
        house.send(CAROL, "bid", 0, value=10 * COIN + COIN // 2 - 1)


def test_even_the_smallest_bid_is_topped_by_something() -> None:
    house, _ = start_auction(minimum=1)
    house.send(BOB, "bid", 0, value=1)
    assert house.get("get_least_bid", 0) == 2


def test_a_late_bid_prolongs_the_auction(house: Contract) -> None:
    house.stage.pass_time(HOUR_S - 10)
    house.send(BOB, "bid", 0, value=10 * COIN)
    house.stage.pass_time(10)
    with pytest.raises(Reverted, match="the auction goes on"):
        house.send(STRANGER, "settle", 0)
    house.send(CAROL, "bid", 0, value=11 * COIN)
    house.stage.pass_time(house.get("EXTENSION_S"))
    with pytest.raises(Reverted, match="the auction has ended"):
        house.send(BOB, "bid", 0, value=20 * COIN)


def test_without_a_bid_the_deed_goes_back(house: Contract) -> None:
    house.stage.pass_time(HOUR_S)
    house.send(STRANGER, "settle", 0)
    assert get_deeds(house).get("ownerOf", 1) == SELLER
    assert house.get("owed", SELLER) == 0


def test_a_bidder_that_refuses_money_stops_nobody(house: Contract) -> None:
    """A bidder that is a contract and reverts when it is paid: here an escrow, which takes no plain coins."""
    refuser = house.stage.deploy("escrow", STRANGER)
    house.stage.fund(refuser.address, 100 * COIN)
    house.send(refuser, "bid", 0, value=10 * COIN)
    house.send(CAROL, "bid", 0, value=12 * COIN)
    assert house.get("owed", refuser) == 10 * COIN


def test_only_what_one_has_and_approved_is_put_up(house: Contract) -> None:
    deeds = get_deeds(house)
    mine = deeds.send(SELLER, "mint", SELLER, "Mill Lane 5").value
    for sender, deed, minimum, for_s, reason in (
        (SELLER, mine, 1, HOUR_S, "not allowed"),
        (STRANGER, mine, 1, HOUR_S, "not"),
        (SELLER, 99, 1, HOUR_S, "no such deed"),
        (SELLER, mine, 0, HOUR_S, "no minimum"),
        (SELLER, mine, 1, 0, "no time"),
    ):
        with pytest.raises(Reverted, match=reason):
            house.send(sender, "start", deeds, deed, minimum, for_s)
    with pytest.raises(Reverted):
        house.send(SELLER, "start", STRANGER, 1, 1, HOUR_S)  # no contract there
    for name in ("bid", "settle", "get_least_bid"):
        with pytest.raises(Reverted, match="no such auction"):
            house.get(name, 1)


@settings(max_examples=60)
@given(
    bids=lists(tuples(sampled_from(BIDDERS), integers(1, 2000), integers(0, HOUR_S // 4)), max_size=10),
    early=lists(sampled_from(BIDDERS), max_size=3),
)
def test_one_winner_pays_and_everybody_else_has_it_all_back(
    bids: list[tuple[Address, int, int]], early: list[Address]
) -> None:
    house, deeds = start_auction(minimum=100)
    stage = house.stage
    before = {who: stage.get_balance(who) for who in (SELLER, *BIDDERS)}
    leader, price = NOBODY, 0
    for who, amount, wait_s in bids:
        try:
            house.send(who, "bid", 0, value=amount)
            leader, price = who, amount
        except Reverted as refused:
            assert amount < (price * 21 // 20 if price else 100) + 1 or "ended" in str(refused)  # noqa: PT017
        stage.pass_time(wait_s)
    for who in early:  # fetching what was outbid changes nothing
        if house.get("owed", who):
            house.send(who, "withdraw")
    stage.pass_time(2 * HOUR_S)
    house.send(STRANGER, "settle", 0)
    for who in before:
        if house.get("owed", who):
            house.send(who, "withdraw")
    expected = dict(before)
    expected[SELLER] += price
    if leader != NOBODY:
        expected[leader] -= price
    assert {who: stage.get_balance(who) for who in before} == expected
    assert deeds.get("ownerOf", 1) == (SELLER if leader == NOBODY else leader)
    assert stage.get_balance(house) == 0

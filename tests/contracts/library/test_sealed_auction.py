"""Sealed bids, second price: the highest bid wins and pays the next one; see docs/contracts/auction.md."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import booleans, integers, lists, permutations, tuples
from stage import ALICE, BOB, CAROL, COIN, DAVE, ERIN, NOBODY, Contract, Reverted, Stage

from chain.units import Address

SELLER, BIDDERS, STRANGER = ALICE, (BOB, CAROL, DAVE), ERIN
COMMIT_S, REVEAL_S = 3600, 1800
SALT = bytes(range(32))


def start_auction(reserve: int = 10) -> tuple[Contract, Contract]:
    """Return an auction house with one auction, and the deeds."""
    stage = Stage()
    deeds = stage.deploy("deed", SELLER, "Land registry", "LAND")
    deed = deeds.send(SELLER, "mint", SELLER, "Mill Lane 4").value
    house = stage.deploy("sealed_auction", STRANGER)
    deeds.send(SELLER, "approve", house, deed)
    house.send(SELLER, "start", deeds, deed, reserve, COMMIT_S, REVEAL_S)
    return house, deeds


def commit(house: Contract, who: Address, amount: int, deposit: int) -> None:
    """Bid in secret."""
    house.send(who, "commit", 0, house.get("compute_commitment", 0, who, amount, SALT), value=deposit)


@pytest.fixture
def house() -> Contract:
    """Bob bids 50, Carol 80, Dave 60; all hide it behind a deposit of 100."""
    house, _ = start_auction()
    for who, amount in zip(BIDDERS, (50, 80, 60), strict=True):
        commit(house, who, amount, 100)
    return house


def test_the_winner_pays_the_second_bid(house: Contract) -> None:
    house.stage.pass_time(COMMIT_S)
    for who, amount in zip(BIDDERS, (50, 80, 60), strict=True):
        house.send(who, "reveal", 0, amount, SALT)
    with pytest.raises(Reverted, match="the auction goes on"):
        house.send(STRANGER, "settle", 0)
    house.stage.pass_time(REVEAL_S)
    assert house.send(STRANGER, "settle", 0).events[-1].values == {"auction": 0, "winner": CAROL, "price": 60}
    assert [house.get("owed", who) for who in (SELLER, *BIDDERS)] == [60, 100, 40, 100]
    with pytest.raises(Reverted, match="settled already"):
        house.send(STRANGER, "settle", 0)


def test_everything_is_told(house: Contract) -> None:
    stage, deeds = house.stage, house.stage.contracts[house.get("auctions", 0)[1]]
    deed = deeds.send(SELLER, "mint", SELLER, "Mill Lane 5").value
    deeds.send(SELLER, "approve", house, deed)
    started = house.send(SELLER, "start", deeds, deed, 10, COMMIT_S, REVEAL_S).events[-1]
    commit_end_s = stage.time_s + COMMIT_S
    end_s = commit_end_s + REVEAL_S
    assert list(started.values.values()) == [1, SELLER, deeds.address, deed, 10, commit_end_s, end_s]
    commitment = house.get("compute_commitment", 1, BOB, 50, SALT)
    told = [
        *house.send(BOB, "commit", 1, commitment, value=70).events,
        *house.send(CAROL, "commit", 1, commitment, value=60).events,
    ]
    stage.pass_time(COMMIT_S)
    told += house.send(BOB, "reveal", 1, 50, SALT).events
    stage.pass_time(REVEAL_S)
    told += [*house.send(DAVE, "forfeit", 1, CAROL).events, *house.send(BOB, "withdraw").events]
    assert [(event.name, *event.values.values()) for event in told] == [
        ("Committed", 1, BOB, 70),
        ("Committed", 1, CAROL, 60),
        ("Revealed", 1, BOB, 50),
        ("Forfeited", 1, CAROL, 60),
        ("Withdrawn", BOB, 20),
    ]
    with pytest.raises(Reverted, match="nothing owed"):
        house.send(BOB, "withdraw")


def test_nobody_learns_a_bid_before_all_are_in(house: Contract) -> None:
    """On the chain are a hash and a deposit, equal for all three; revealing begins when committing has ended."""
    assert [house.get("deposits", 0, who) for who in BIDDERS] == [100, 100, 100]
    with pytest.raises(Reverted, match="too early to reveal"):
        house.send(BOB, "reveal", 0, 50, SALT)
    house.stage.pass_time(COMMIT_S)
    with pytest.raises(Reverted, match="too late to bid"):
        commit(house, STRANGER, 90, 90)


def test_a_copied_commitment_is_worthless(house: Contract) -> None:
    """The bidder's address is in the hash, so the copier cannot open it."""
    house.send(STRANGER, "commit", 0, house.get("commitments", 0, CAROL), value=100)
    house.stage.pass_time(COMMIT_S)
    house.send(CAROL, "reveal", 0, 80, SALT)
    with pytest.raises(Reverted, match="not what was committed"):
        house.send(STRANGER, "reveal", 0, 80, SALT)


def test_a_bid_is_opened_once_and_as_it_was_made(house: Contract) -> None:
    house.stage.pass_time(COMMIT_S)
    for amount, salt, reason in (
        (81, SALT, "not what was committed"),
        (80, bytes(32), "not what was committed"),
        (101, SALT, "the deposit does not cover"),
    ):
        with pytest.raises(Reverted, match=reason):
            house.send(CAROL, "reveal", 0, amount, salt)
    house.send(CAROL, "reveal", 0, 80, SALT)
    with pytest.raises(Reverted, match="nothing to reveal"):
        house.send(CAROL, "reveal", 0, 80, SALT)
    house.stage.pass_time(REVEAL_S)
    with pytest.raises(Reverted, match="too late to reveal"):
        house.send(BOB, "reveal", 0, 50, SALT)


def test_one_bid_each(house: Contract) -> None:
    with pytest.raises(Reverted, match="one bid each"):
        commit(house, BOB, 90, 100)
    for commitment, value in ((bytes(32), 1), (SALT, 0)):
        with pytest.raises(Reverted, match="no bid"):
            house.send(STRANGER, "commit", 0, commitment, value=value)


def test_who_does_not_reveal_pays_for_it(house: Contract) -> None:
    house.stage.pass_time(COMMIT_S)
    house.send(BOB, "reveal", 0, 50, SALT)
    with pytest.raises(Reverted, match="there is still time"):
        house.send(STRANGER, "forfeit", 0, CAROL)
    house.stage.pass_time(REVEAL_S)
    house.send(STRANGER, "forfeit", 0, CAROL)
    assert house.get("owed", SELLER) == 100
    for who in (BOB, CAROL):
        with pytest.raises(Reverted, match="nothing to forfeit"):
            house.send(STRANGER, "forfeit", 0, who)
    house.send(STRANGER, "settle", 0)  # Bob alone: he pays the reserve
    assert (house.get("owed", SELLER), house.get("owed", BOB)) == (110, 90)


def test_below_the_reserve_nothing_is_sold() -> None:
    house, deeds = start_auction(reserve=10 * COIN)
    commit(house, BOB, 9, 20)
    house.stage.pass_time(COMMIT_S)
    house.send(BOB, "reveal", 0, 9, SALT)
    house.stage.pass_time(REVEAL_S)
    house.send(STRANGER, "settle", 0)
    assert deeds.get("ownerOf", 1) == SELLER
    assert (house.get("owed", BOB), house.get("owed", SELLER)) == (20, 0)


def test_absurd_auctions_are_refused(house: Contract) -> None:
    deeds = house.get("auctions", 0)[1]
    for reserve, commit_s, reveal_s, reason in ((0, 1, 1, "no reserve"), (1, 0, 1, "no time"), (1, 1, 0, "no time")):
        with pytest.raises(Reverted, match=reason):
            house.send(SELLER, "start", deeds, 1, reserve, commit_s, reveal_s)
    for name, *values in (("commit", SALT), ("reveal", 1, SALT), ("forfeit", BOB), ("settle",)):
        for number in (1, 7):
            with pytest.raises(Reverted, match="no such auction"):
                house.get(name, number, *values)


@settings(max_examples=60)
@given(
    reserve=integers(1, 60),
    bids=lists(tuples(integers(0, 100), integers(0, 50), booleans()), min_size=3, max_size=3),
    order=permutations(range(3)),
)
def test_one_winner_at_the_second_price_and_money_is_conserved(
    reserve: int, bids: list[tuple[int, int, bool]], order: list[int]
) -> None:
    """For all bids, deposits, silent bidders and orders of revealing, a sorted list gives the same winner and price."""
    house, deeds = start_auction(reserve)
    stage = house.stage
    before = {who: stage.get_balance(who) for who in (SELLER, *BIDDERS)}
    for who, (amount, more, _) in zip(BIDDERS, bids, strict=True):
        commit(house, who, amount, amount + more + 1)
    stage.pass_time(COMMIT_S)
    shown = [n for n in order if bids[n][2]]
    for n in shown:
        house.send(BIDDERS[n], "reveal", 0, bids[n][0], SALT)
    stage.pass_time(REVEAL_S)
    expected = dict(before)
    for n in range(3):
        if n not in shown:
            house.send(STRANGER, "forfeit", 0, BIDDERS[n])
            expected[BIDDERS[n]] -= bids[n][0] + bids[n][1] + 1
            expected[SELLER] += bids[n][0] + bids[n][1] + 1
    house.send(STRANGER, "settle", 0)
    ranked = sorted((n for n in shown if bids[n][0] >= reserve), key=lambda n: -bids[n][0])  # stable: first revealed
    winner = BIDDERS[ranked[0]] if ranked else NOBODY
    if ranked:
        price = bids[ranked[1]][0] if len(ranked) > 1 else reserve
        expected[winner] -= price
        expected[SELLER] += price
    for who in before:
        if house.get("owed", who):
            house.send(who, "withdraw")
    assert {who: stage.get_balance(who) for who in before} == expected
    assert stage.get_balance(house) == 0
    assert deeds.get("ownerOf", 1) == (winner if ranked else SELLER)

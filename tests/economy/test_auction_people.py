"""Deeds under the hammer: the highest bid wins, sealed bids pay the second price, and no coin is lost on the way."""

from itertools import pairwise

import pytest

from chain.economy.applications.auction import DEEDS, Open, Sealed
from chain.units import COIN


@pytest.fixture(scope="module")
def house(play):
    return play("auction", 20, seed=3, people=10, rate_per_s=0.35)


def group(events):
    found = {}
    for it in events:
        found.setdefault(it.values["auction"], []).append(it)
    return found


def test_in_the_open_the_highest_bid_wins_and_pays_itself(house):
    bids, settled = group(house.list_told("auction", "Bid")), house.list_told("auction", "Settled")
    assert settled
    for it in settled:
        mine = bids[it.values["auction"]]
        amounts = [bid.values["amount"] for bid in mine]
        assert all(after >= before + before // 20 for before, after in pairwise(amounts))
        assert (it.values["winner"], it.values["price"]) == (mine[-1].values["bidder"], amounts[-1])
        assert it.time_s >= mine[-1].values["end_s"] >= mine[-1].time_s + 300


def test_nobody_bids_more_than_it_is_worth_to_them(house):
    people = {signer.address: person for person, signer in enumerate(house.application.signers)}
    for label, events in (
        ("open", house.list_told("auction", "Bid")),
        ("sealed", house.list_told("sealed_auction", "Revealed")),
    ):
        for it in events:
            worth = house.application.get_worth(label, it.values["auction"], people[it.values["bidder"]])
            assert it.values["amount"] <= worth
            assert label == "open" or it.values["amount"] == worth


def test_sealed_the_highest_wins_and_pays_the_second(house):
    revealed, settled = (
        group(house.list_told("sealed_auction", "Revealed")),
        house.list_told("sealed_auction", "Settled"),
    )
    assert len(settled) >= 2
    for it in settled:
        amounts = {bid.values["bidder"]: bid.values["amount"] for bid in revealed[it.values["auction"]]}
        ranking = sorted(amounts.values(), reverse=True)
        assert amounts[it.values["winner"]] == ranking[0]
        assert it.values["price"] == max(ranking[1], 20 * COIN)


def test_a_bid_stays_secret_until_it_is_opened(house):
    """What is sent while bids are sealed is a hash and a round deposit."""
    for it in house.list_told("sealed_auction", "Committed"):
        assert it.values["deposit"] % (50 * COIN) == 0
        assert "amount" not in it.values


def test_who_forgets_loses_the_deposit_and_nobody_else_does(house):
    people = {signer.address: person for person, signer in enumerate(house.application.signers)}
    settled = {it.values["auction"] for it in house.list_told("sealed_auction", "Settled")}
    opened = {(it.values["auction"], it.values["bidder"]) for it in house.list_told("sealed_auction", "Revealed")}
    lost = {(it.values["auction"], it.values["bidder"]) for it in house.list_told("sealed_auction", "Forfeited")}
    handed_in = {(it.values["auction"], it.values["bidder"]) for it in house.list_told("sealed_auction", "Committed")}
    assert not lost & opened
    assert {it for it in handed_in if it[0] in settled} == {it for it in lost | opened if it[0] in settled}
    forgetful = {it for it in handed_in if house.application.is_forgetful(it[0], people[it[1]])}
    assert lost
    assert {it for it in forgetful if it[0] in settled} <= lost


def test_both_contracts_hold_what_they_owe_and_what_is_bid(house):
    look = house.look()
    everybody = [signer.address for signer in house.application.signers]
    owed = sum(look.read("auction", "owed", it) for it in everybody)
    last = Open(*look.read("auction", "auctions", look.read("auction", "auction_count") - 1))
    assert look.get_balance("auction") == owed + (0 if last.is_settled else last.bid)
    owed = sum(look.read("sealed_auction", "owed", it) for it in everybody)
    number = look.read("sealed_auction", "auction_count") - 1
    sealed = Sealed(*look.read("sealed_auction", "auctions", number))
    deposits = sum(look.read("sealed_auction", "deposits", n, it) for n in range(number + 1) for it in everybody)
    assert look.get_balance("sealed_auction") == owed + deposits + (0 if sealed.is_settled else sealed.highest)


def test_every_deed_has_one_owner(house):
    look = house.look()
    owners = [look.read("deed", "ownerOf", deed) for deed in range(1, len(DEEDS) + 1)]
    held = {look.get_address(label) for label in ("auction", "sealed_auction")}
    assert all(owner in held or any(owner == it.address for it in house.application.signers) for owner in owners)
    assert look.read("deed", "totalSupply") == len(DEEDS)

"""A market with escrow: every deal comes to an end, and at every moment the contract holds what it owes."""

import pytest

from chain.economy.applications.escrow import ACCEPTED, ARBITER, CLOSED, DISPUTED, OFFERED, Deal


@pytest.fixture(scope="module")
def market(play):
    return play("escrow", 18, people=12, rate_per_s=0.3)


def test_deals_end_in_every_way_people_know(market):
    ways = {told.function for told in market.list_told("escrow", "Closed")}
    assert ways >= {"release", "decide", "give_back"}
    assert market.list_told("escrow", "Withdrawn")


def test_the_contract_holds_all_open_deals_and_all_it_owes(market):
    look = market.look()
    deals = [Deal(n, *look.read("escrow", "deals", n)) for n in range(look.read("escrow", "deal_count"))]
    still_open = sum(deal.amount for deal in deals if deal.state in (OFFERED, ACCEPTED, DISPUTED))
    owed = sum(look.read("escrow", "owed", signer.address) for signer in market.application.signers)
    assert look.get_balance("escrow") == still_open + owed > 0


def test_each_closed_deal_is_divided_without_rest_by_whom_it_may(market):
    offered = {it.values["deal"]: it.values for it in market.list_told("escrow", "Offered")}
    arbiter = market.application.signers[ARBITER].address
    for told in market.list_told("escrow", "Closed"):
        deal = offered[told.values["deal"]]
        assert told.values["to_seller"] + told.values["to_buyer"] == deal["amount"]
        may = {"release": deal["buyer"], "give_back": deal["seller"], "decide": arbiter, "expire": deal["seller"]}
        assert told.sender == may[told.function]


def test_no_deal_stays_open_long_after_its_deadline(market):
    look = market.look()
    for n in range(look.read("escrow", "deal_count")):
        deal = Deal(n, *look.read("escrow", "deals", n))
        assert deal.state == CLOSED or look.time_s < deal.deadline_s + 180, deal


def test_hardly_a_call_fails(market):
    assert len(market.list_failures()) <= 2

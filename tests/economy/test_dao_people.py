"""An association at work: only what passed is carried out, nobody votes twice, bought votes do not count."""

import pytest

from chain.economy.applications.dao import BUYER, DELAY_S, SELLER, SHARES
from chain.units import COIN


@pytest.fixture(scope="module")
def dao(play):
    return play("dao", 20, people=15, rate_per_s=0.2)


def test_only_what_passed_is_carried_out_and_only_after_the_delay(dao):
    proposals = {it.values["proposal"]: it.values for it in dao.list_told("dao", "Proposed")}
    votes = {number: [0, 0] for number in proposals}
    for it in dao.list_told("dao", "Voted"):
        votes[it.values["proposal"]][it.values["is_yes"]] += it.values["votes"]
        assert it.time_s < proposals[it.values["proposal"]]["end_s"]
    executed = dao.list_told("dao", "Executed")
    assert len(executed) > 2
    for it in executed:
        number = it.values["proposal"]
        no, yes = votes[number]
        assert yes > no
        assert yes + no >= dao.look().read("dao", "proposals", number)[6]
        assert it.time_s >= proposals[number]["end_s"] + DELAY_S
    assert set(proposals) - {it.values["proposal"] for it in executed}


def test_nobody_votes_twice(dao):
    voted = [(it.values["proposal"], it.values["voter"]) for it in dao.list_told("dao", "Voted")]
    assert len(voted) == len(set(voted)) > 30


def test_votes_bought_while_a_vote_runs_do_not_count_for_it(dao):
    look = dao.look()
    bought = [it for it in dao.list_told("dao", "Transfer") if it.values["receiver"] == look.get_address(BUYER)]
    assert [it.values["amount"] for it in bought] == [SHARES // 2]
    assert bought[0].values["sender"] == look.get_address(SELLER)
    assert ("buyer of votes", "vote") in dao.list_failures()
    running = [
        it.values for it in dao.list_told("dao", "Proposed") if it.time_s < bought[0].time_s < it.values["end_s"]
    ]
    voted = [it.values for it in dao.list_told("dao", "Voted") if it.values["voter"] == look.get_address(BUYER)]
    assert not {it["proposal"] for it in running} & {it["proposal"] for it in voted}
    sellers = [
        it.values["votes"]
        for it in dao.list_told("dao", "Voted")
        if it.values["voter"] == look.get_address(SELLER) and it.values["proposal"] in {r["proposal"] for r in running}
    ]
    assert all(votes == SHARES for votes in sellers)


def test_shares_and_money_add_up(dao):
    look = dao.look()
    members = [look.read("dao", "get_votes", signer.address) for signer in dao.application.signers]
    assert sum(members) == look.read("dao", "get_total")
    proposals = {it.values["proposal"]: it.values["amount"] for it in dao.list_told("dao", "Proposed")}
    paid = sum(proposals[it.values["proposal"]] for it in dao.list_told("dao", "Executed"))
    received = sum(it.values["amount"] for it in dao.list_told("dao", "Received"))
    assert look.get_balance("dao") == 600 * COIN + received - paid

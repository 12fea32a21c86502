"""Three projects: each gets all that was pledged or gives all of it back."""

import pytest

from chain.economy.applications.crowdfunding import PROJECTS
from chain.units import COIN


@pytest.fixture(scope="module")
def village(play):
    return play("crowdfunding", 30, people=16, rate_per_s=0.15)


def test_what_is_liked_is_funded_and_what_nobody_wants_fails(village):
    look = village.look()
    assert {it.label: look.read(it.label, "is_reached") for it in PROJECTS} == {
        "well": True,
        "statue": False,
        "library": True,
    }


@pytest.mark.parametrize("place", range(len(PROJECTS)))
def test_all_goes_to_the_founder_or_back_to_the_unit(village, place):
    look, label = village.look(), PROJECTS[place].label
    pledges = {}
    for told in village.list_told(label, "Pledged"):
        pledges[told.values["who"]] = pledges.get(told.values["who"], 0) + told.values["amount"]
        assert told.time_s < PROJECTS[place].deadline_s
    claimed, refunded = village.list_told(label, "Claimed"), village.list_told(label, "Refunded")
    assert sum(pledges.values()) == look.read(label, "total") > 0
    if look.read(label, "is_reached"):
        assert [it.values["amount"] for it in claimed] == [sum(pledges.values())]
        assert claimed[0].sender == village.application.signers[place].address
        assert not refunded
    else:
        assert {it.values["who"]: it.values["amount"] for it in refunded} == pledges
        assert not claimed
    assert look.get_balance(label) == 0


def test_the_library_is_helped_in_its_last_minutes(village):
    library = PROJECTS[2]
    totals = [(it.time_s, it.values["total"]) for it in village.list_told("library", "Pledged")]
    before = max(total for time_s, total in totals if time_s < library.deadline_s * 4 // 5)
    assert before < library.goal_coins * COIN <= totals[-1][1]

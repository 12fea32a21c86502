"""Crowdfunding is all or nothing, to the unit; see docs/contracts/crowdfunding.md."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from, tuples
from stage import ALICE, BOB, CAROL, COIN, DAVE, ERIN, Contract, Reverted, Stage

OWNER, BACKERS = ALICE, (BOB, CAROL, DAVE, ERIN)
WEEK_S = 7 * 24 * 3600


def start_campaign(goal: int) -> Contract:
    """Return a campaign of a week."""
    stage = Stage()
    return stage.deploy("crowdfunding", OWNER, "A bridge", goal, stage.time_s + WEEK_S)


def test_the_goal_is_reached_and_the_owner_claims() -> None:
    campaign = start_campaign(10 * COIN)
    campaign.send(BOB, "pledge", value=6 * COIN)
    done = campaign.send(CAROL, "pledge", value=5 * COIN)
    assert done.events == [(campaign, "Pledged", {"who": CAROL, "amount": 5 * COIN, "total": 11 * COIN})]
    with pytest.raises(Reverted, match="before the deadline"):
        campaign.send(OWNER, "claim")
    campaign.stage.pass_time(WEEK_S)
    with pytest.raises(Reverted, match="not the owner"):
        campaign.send(BOB, "claim")
    with pytest.raises(Reverted, match="the goal was reached"):
        campaign.send(BOB, "refund")
    before = campaign.stage.get_balance(OWNER)
    told = campaign.send(OWNER, "claim").events
    assert told == [(campaign, "Claimed", {"owner": OWNER, "amount": 11 * COIN})]
    assert campaign.stage.get_balance(OWNER) - before == 11 * COIN
    with pytest.raises(Reverted, match="claimed already"):
        campaign.send(OWNER, "claim")


def test_the_goal_is_missed_and_everybody_is_refunded() -> None:
    campaign = start_campaign(10 * COIN)
    campaign.send(BOB, "pledge", value=9 * COIN)
    with pytest.raises(Reverted, match="before the deadline"):
        campaign.send(BOB, "refund")
    campaign.stage.pass_time(WEEK_S)
    with pytest.raises(Reverted, match="the deadline has passed"):
        campaign.send(CAROL, "pledge", value=COIN)
    with pytest.raises(Reverted, match="the goal was not reached"):
        campaign.send(OWNER, "claim")
    with pytest.raises(Reverted, match="no pledge"):
        campaign.send(CAROL, "refund")
    assert campaign.send(BOB, "refund").events == [(campaign, "Refunded", {"who": BOB, "amount": 9 * COIN})]
    with pytest.raises(Reverted, match="no pledge"):
        campaign.send(BOB, "refund")


def test_exactly_the_goal_is_the_goal() -> None:
    campaign = start_campaign(10 * COIN)
    campaign.send(BOB, "pledge", value=10 * COIN)
    campaign.stage.pass_time(WEEK_S)
    with pytest.raises(Reverted, match="the goal was reached"):
        campaign.send(BOB, "refund")
    campaign.send(OWNER, "claim")


def test_what_it_shows() -> None:
    campaign = start_campaign(10 * COIN)
    for _ in range(2):
        campaign.send(BOB, "pledge", value=5 * COIN)
    assert (campaign.get("title"), campaign.get("owner"), campaign.get("goal")) == ("A bridge", OWNER, 10 * COIN)
    assert (campaign.get("backer_count"), campaign.get("pledges", BOB)) == (1, 10 * COIN)
    assert campaign.get("is_open")
    assert campaign.get("is_reached")
    campaign.stage.pass_time(WEEK_S)
    assert not campaign.get("is_open")


def test_absurd_campaigns_and_pledges_are_refused() -> None:
    stage = Stage()
    with pytest.raises(Reverted, match="no goal"):
        stage.deploy("crowdfunding", OWNER, "nothing", 0, stage.time_s + 1)
    with pytest.raises(Reverted, match="the deadline has passed"):
        stage.deploy("crowdfunding", OWNER, "late", 1, stage.time_s)
    with pytest.raises(Reverted, match="no money"):
        start_campaign(1).send(BOB, "pledge")


@settings(max_examples=60)
@given(
    goal=integers(1, 3000),
    pledges=lists(tuples(sampled_from(BACKERS), integers(1, 1000)), max_size=8),
    late=integers(0, 10**6),
)
def test_either_the_owner_gets_all_or_everybody_exactly_the_own(
    goal: int, pledges: list[tuple[bytes, int]], late: int
) -> None:
    campaign = start_campaign(goal)
    stage = campaign.stage
    before = {who: stage.get_balance(who) for who in (OWNER, *BACKERS)}
    for who, amount in pledges:
        campaign.send(who, "pledge", value=amount)
    total = sum(amount for _, amount in pledges)
    assert (campaign.get("total"), stage.get_balance(campaign)) == (total, total)
    stage.pass_time(WEEK_S + late)
    if total >= goal:
        campaign.send(OWNER, "claim")
        assert stage.get_balance(OWNER) == before[OWNER] + total
    else:
        for who in dict.fromkeys(who for who, _ in pledges):
            campaign.send(who, "refund")
        assert {who: stage.get_balance(who) for who in before} == before
    assert stage.get_balance(campaign) == 0

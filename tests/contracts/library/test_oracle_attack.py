"""A flash loan against a market that believes the moment, and what stops it; see docs/contracts/lending.md."""

from typing import NamedTuple

import pytest
from defi_stage import BONUS, FACTOR, LATE, THRESHOLD, UNIT, build_exchange
from stage import ALICE, BOB, CAROL, DAVE, FRANK, Contract, Reverted, Stage

LOAN, KEPT = 4000 * UNIT, 10
"""What is borrowed in a flash; how many of 100 parts of the bought gold stay as collateral."""


class Crime(NamedTuple):
    stage: Stage
    cash: Contract
    gold: Contract
    pool: Contract
    victim: Contract
    thief: Contract


def build_crime(oracle_name: str) -> Crime:
    """Return a market with 900 to lend, which asks the named oracle; Frank, who owns nothing, has deployed the thief.

    Gold and cash are worth the same. The flash loan comes from another market.
    """
    exchange = build_exchange(1000 * UNIT, 1000 * UNIT)
    stage, gold, cash, pool = exchange.stage, exchange.gold, exchange.silver, exchange.pool
    model = stage.deploy("jump_rate_model", ALICE, 0, 0, 0, UNIT)
    honest = stage.deploy("oracle", ALICE, [ALICE, BOB, CAROL], 2, LATE)
    for reporter in (ALICE, BOB, CAROL):
        honest.send(reporter, "report", UNIT)
    average = stage.deploy("average_oracle", ALICE, pool, gold, 60)
    stage.pass_time(60)
    average.send(ALICE, "update")
    spot = stage.deploy("spot_oracle", ALICE, pool, gold)
    oracle = {"oracle": honest, "average_oracle": average, "spot_oracle": spot}[oracle_name]
    victim, lender = (
        stage.deploy("lending", ALICE, cash, gold, asked, model, FACTOR, THRESHOLD, BONUS) for asked in (oracle, honest)
    )
    for market, amount in ((victim, 900 * UNIT), (lender, 5000 * UNIT)):
        cash.send(BOB, "approve", market, amount)
        market.send(BOB, "supply", amount)
    return Crime(stage, cash, gold, pool, victim, stage.deploy("oracle_thief", FRANK, lender, victim, pool))


def test_a_market_that_believes_the_moment_is_robbed() -> None:
    """Frank pays nothing but gas and walks away with most of what suppliers brought."""
    crime = build_crime("spot_oracle")
    assert crime.cash.get("balanceOf", FRANK) == 0
    gain = crime.thief.send(FRANK, "attack", LOAN, KEPT).value
    assert gain == crime.cash.get("balanceOf", FRANK) > 750 * UNIT
    assert crime.victim.get("cash") == 0
    assert crime.victim.get("health_factor", crime.thief.address) < UNIT  # a moment later everybody sees it


def test_the_price_is_back_in_place_afterwards_but_for_the_gold_that_was_kept() -> None:
    crime = build_crime("spot_oracle")
    names = [event.name for event in crime.thief.send(FRANK, "attack", LOAN, KEPT).events]
    assert [name for name in names if name in ("Swap", "CollateralAdded", "Borrowed", "FlashLoan", "Robbed")] == [
        "Swap",
        "CollateralAdded",
        "Borrowed",
        "Swap",
        "FlashLoan",
        "Robbed",
    ]
    x, y, _ = crime.pool.get("getReserves")
    assert x * y >= 1000 * UNIT * 1000 * UNIT
    assert UNIT < y * UNIT // x < 14 * UNIT // 10


@pytest.mark.parametrize("oracle", ["oracle", "average_oracle"])
@pytest.mark.parametrize("loan", [10, 1000, 4000])
def test_reporters_and_averages_stop_it(oracle: str, loan: int) -> None:
    crime = build_crime(oracle)
    with pytest.raises(Reverted, match=r"too little collateral|no gain"):
        crime.thief.send(FRANK, "attack", loan * UNIT, KEPT)
    assert crime.victim.get("cash") == 900 * UNIT
    assert tuple(crime.pool.get("getReserves"))[:2] == (1000 * UNIT, 1000 * UNIT)


def test_too_small_a_loan_moves_the_price_too_little() -> None:
    crime = build_crime("spot_oracle")
    with pytest.raises(Reverted, match="too little collateral"):
        crime.thief.send(FRANK, "attack", 100 * UNIT, KEPT)


def test_the_thief_obeys_its_owner_and_its_lender_only() -> None:
    crime = build_crime("spot_oracle")
    with pytest.raises(Reverted, match="only the owner"):
        crime.thief.send(DAVE, "attack", LOAN, KEPT)
    with pytest.raises(Reverted, match="not called"):
        crime.thief.send(DAVE, "onFlashLoan", crime.thief, crime.cash, 1, 0, bytes(32))


def test_a_flash_loan_must_be_taken_and_given_back() -> None:
    """ERC-3156: the fee is 9 in 10 000, rounded up; a receiver that does not take or pay undoes it."""
    crime = build_crime("oracle")
    market = crime.victim
    assert (market.get("maxFlashLoan", crime.cash.address), market.get("maxFlashLoan", crime.gold.address)) == (
        900 * UNIT,
        0,
    )
    assert [market.get("flashFee", crime.cash.address, amount) for amount in (0, 1, 10_000, 10_001)] == [0, 1, 9, 10]
    with pytest.raises(Reverted, match="another token"):
        market.get("flashFee", crime.gold.address, 1)
    with pytest.raises(Reverted, match="lent out"):
        market.send(DAVE, "flashLoan", crime.thief, crime.cash, 901 * UNIT, b"")
    for receiver in (crime.gold, DAVE):
        with pytest.raises(Reverted):
            market.send(DAVE, "flashLoan", receiver, crime.cash, UNIT, b"")


def test_suppliers_earn_the_flash_fee() -> None:
    crime = build_crime("spot_oracle")
    lender = crime.stage.contracts[crime.thief.get("lender")]
    before = lender.get("supplied_of", BOB)
    crime.thief.send(FRANK, "attack", LOAN, KEPT)
    assert lender.get("supplied_of", BOB) - before == pytest.approx(LOAN * 9 // 10_000, abs=1)


def test_a_market_does_not_lend_twice_at_once() -> None:
    """The market locks itself while its flash loan is out: it cannot be robbed with its own money."""
    crime = build_crime("spot_oracle")
    own = crime.stage.deploy("oracle_thief", FRANK, crime.victim, crime.victim, crime.pool)
    with pytest.raises(Reverted, match=r"^revert$"):
        own.send(FRANK, "attack", 500 * UNIT, KEPT)

"""Two pools and a trader without money: nothing is put in, every loop gains, and the pools stay together."""

import pytest

from chain.economy.applications.flash_arbitrage import PENNILESS, POOLS
from chain.economy.applications.money import DOLLARS
from chain.theory.amm import compute_arbitrage_bounds


@pytest.fixture(scope="module")
def played(play):
    return play("flash_arbitrage", 15, people=8, rate_per_s=0.6)


def test_all_the_penniless_has_is_what_loops_gained(played):
    gained = [it.values["amount"] for it in played.list_told("loop", "Gained")]
    look = played.look(PENNILESS)
    assert len(gained) > 5
    assert min(gained) > 0
    assert look.read("dollar", "balanceOf", look.me) == sum(gained)
    assert look.read("coin", "balanceOf", look.me) == 0
    for label in ("coin", "dollar"):
        assert look.read(label, "balanceOf", look.get_address("loop")) == 0


def test_loops_that_came_too_late_never_happened(played):
    assert {name for name, function in played.list_failures() if function == "run"} <= {"penniless"}


def test_loops_hold_the_pools_together(played):
    """Each was worked out some seconds before it came, so trades in between may leave something to the next."""
    apart = []
    after = [[it for it in played.list_told(label, "Sync") if it.function == "run"] for label in POOLS]
    for east, west in zip(*after, strict=True):
        assert east.time_s == west.time_s
        ratio = east.values["reserve1"] * west.values["reserve0"] / (east.values["reserve0"] * west.values["reserve1"])
        apart.append(max(ratio, 1 / ratio))
    two_fees = compute_arbitrage_bounds(compute_arbitrage_bounds(1.0)[1])[1]
    assert sum(it <= two_fees for it in apart) >= len(apart) // 2
    assert max(apart) < 1.06


def test_no_money_is_made_or_lost(played):
    look = played.look()
    application = played.application
    holders = [signer.address for signer in application.signers] + list(application.addresses.values())
    assert sum(look.read("dollar", "balanceOf", it) for it in holders) == DOLLARS
    assert sum(look.read("coin", "balanceOf", it) for it in holders) == look.read("coin", "totalSupply")

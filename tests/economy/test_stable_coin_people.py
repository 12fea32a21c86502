"""The stable coin: debts are covered or liquidated, the supply is what vaults owe, a liar moves nothing."""

import pytest

from chain.contracts.library import load_artifact
from chain.economy.applications.stable_coin import KEEPER, LIES_FROM_S, MINIMUM_RATIO, SLEEPS_FROM_S
from chain.scenario import build, convert_scenario
from chain.theory.lending import WAD
from chain.units import MINUTE, NodeId, TimeUs

TABLE = {
    "name": "stable-coin-test",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "stable_coin", "people": 15, "rate_per_s": 0.5}],
}


@pytest.fixture(scope="module")
def finished():
    """After the price has halved, one reporter has fallen asleep and another has begun to lie."""
    simulation = build(convert_scenario(TABLE), 1)
    simulation.run_until(TimeUs(32 * MINUTE), 10**9)
    return simulation


def get_coin(simulation):
    return next(actor for actor in simulation.world.actors if actor.name == "stable_coin")


def look_at(simulation):
    return get_coin(simulation)._look(simulation.world, NodeId(0), 0)


def list_events(simulation, label, *names):
    """Return what a contract told, the oldest first: (seconds, values)."""
    world, coin, found = simulation.world, get_coin(simulation), []
    abi = load_artifact(coin.artifacts[label]).abi
    for record in list(world.tree.iter_branch(world.get_canonical()))[::-1]:
        for receipt in world.ledger.receipts(record.hash):
            told = (abi.decode_log(log) for log in receipt.logs if log.address == coin.addresses[label])
            time_s = record.block.header.time_us // 10**6
            found += [(time_s, values) for event, values in told if event.name in names]
    return found


def test_vaults_are_opened_and_the_fallen_ones_liquidated(finished):
    look, coin = look_at(finished), get_coin(finished)
    assert all(look.read("stable_coin", "vault_of", look.get_address(it))[0] for it in (*coin.get_owners(), KEEPER))
    liquidated = list_events(finished, "stable_coin", "Liquidated")
    assert liquidated
    assert {told["liquidator"] for _, told in liquidated} == {look.get_address(KEEPER)}
    kept = look.read("stable_coin", "ratio_of", look.get_address(KEEPER))
    assert kept > MINIMUM_RATIO * 5 // 4  # 400 % before the fall
    ratios = [look.read("stable_coin", "ratio_of", look.get_address(it)) for it in coin.get_owners()]
    assert sum(ratio < MINIMUM_RATIO for ratio in ratios) <= 1  # the keeper looks every few seconds


def test_the_supply_never_exceeds_what_is_owed_and_everything_is_covered(finished):
    look, coin = look_at(finished), get_coin(finished)
    supply, owed = look.read("stable_coin", "totalSupply"), look.read("stable_coin", "debt_total")
    people = [look.get_address(it) for it in range(len(coin.signers))]
    assert sum(look.read("stable_coin", "balanceOf", it) for it in people) == supply <= owed + 1
    assert sum(look.read("stable_coin", "debt_of", it) for it in people) == pytest.approx(owed, abs=len(people))
    assert sum(look.read("stable_coin", "vault_of", it)[0] for it in people) == look.get_balance("stable_coin")
    assert look.read("stable_coin", "covered_ratio") >= WAD


def test_shoppers_have_dollars_they_never_made(finished):
    look, coin = look_at(finished), get_coin(finished)
    shoppers = [look.get_address(it) for it in coin.get_shoppers()]
    assert all(look.read("stable_coin", "debt_of", it) == 0 for it in shoppers)
    assert sum(look.read("stable_coin", "balanceOf", it) > 0 for it in shoppers) >= len(shoppers) // 2


def test_a_sleeper_and_a_liar_do_not_move_the_price(finished):
    look, reporters = look_at(finished), get_coin(finished).reporters
    sleeper, liar = (look.get_address(it) for it in reporters.people[-2:])
    told = list_events(finished, "oracle", "Reported")
    assert max(time_s for time_s, it in told if it["reporter"] == sleeper) < SLEEPS_FROM_S + 60
    lies = [it["price"] for time_s, it in told if it["reporter"] == liar and time_s > LIES_FROM_S + 60]
    outside = reporters.course.compute_price(look.time_s)
    assert min(lies) > 5 * outside
    assert look.read("oracle", "fresh_count") == 4
    assert abs(look.read("oracle", "price") / outside - 1) < 0.08

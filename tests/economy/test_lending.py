"""The lending market: debts are covered or liquidated, suppliers lose nothing, money is neither made nor lost."""

import pytest

from chain.contracts.library import load_artifact
from chain.economy.applications.lending import BONUS, FACTOR, KINK, THRESHOLD, LendingMarket
from chain.economy.applications.money import DOLLARS
from chain.scenario import build, convert_scenario
from chain.theory.lending import WAD, compute_health_factor, compute_jump_rate
from chain.units import MINUTE, NodeId, TimeUs

TABLE = {
    "name": "lending-test",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "lending", "people": 14, "rate_per_s": 0.5}],
}


@pytest.fixture(scope="module")
def finished():
    """After the first fall of the price."""
    simulation = build(convert_scenario(TABLE), 2)
    simulation.run_until(TimeUs(18 * MINUTE), 10**9)
    return simulation


def get_market(simulation) -> LendingMarket:
    return next(actor for actor in simulation.world.actors if actor.name == "lending")


def look_at(simulation):
    return get_market(simulation)._look(simulation.world, NodeId(0), 0)


def list_events(simulation, label, *names):
    """Return what a contract told, the oldest first: (name, values)."""
    world, market, found = simulation.world, get_market(simulation), []
    abi = load_artifact(market.artifacts[label]).abi
    for record in list(world.tree.iter_branch(world.get_canonical()))[::-1]:
        for receipt in world.ledger.receipts(record.hash):
            told = (abi.decode_log(log) for log in receipt.logs if log.address == market.addresses[label])
            found += [(event.name, values) for event, values in told if event.name in names]
    return found


def test_all_roles_do_their_part(finished):
    names = {"Supplied", "CollateralAdded", "Borrowed", "InterestAccrued", "Liquidated"}
    assert {name for name, _ in list_events(finished, "lending", *names)} == names
    look, market = look_at(finished), get_market(finished)
    assert all(look.read("lending", "supplied_of", look.get_address(it)) for it in market.get_suppliers())
    assert look.read("oracle", "fresh_count") == 3


def test_the_oracle_follows_the_price_outside(finished):
    look, market = look_at(finished), get_market(finished)
    outside = market.reporters.course.compute_price(look.time_s)
    assert abs(look.read("oracle", "price") / outside - 1) < 0.05


def test_liquidators_hit_only_debts_that_are_not_healthy_and_bring_them_back(finished):
    look, market = look_at(finished), get_market(finished)
    for _, told in list_events(finished, "lending", "Liquidated"):
        price = told["repaid"] * BONUS // told["seized"]
        assert price < 2 * WAD
        assert told["borrower"] in [look.get_address(it) for it in market.get_borrowers()]
    ill = 0
    for person in market.get_borrowers():
        coins, debt = (look.read("lending", f"{what}_of", look.get_address(person)) for what in ("collateral", "debt"))
        health = compute_health_factor(coins, look.read("oracle", "price"), THRESHOLD, debt)
        assert health is None or health == look.read("lending", "health_factor", look.get_address(person))
        ill += health is not None and health < WAD
    assert ill <= 1  # the liquidator looks every few seconds


def test_careful_borrowers_owe_less_for_their_coins(finished):
    look, market = look_at(finished), get_market(finished)
    price, used = look.read("oracle", "price"), {True: [], False: []}
    for person in market.get_borrowers():
        coins, debt = (look.read("lending", f"{what}_of", look.get_address(person)) for what in ("collateral", "debt"))
        if debt:
            used[market.is_careful(person)].append(debt * WAD / (coins * price))
    assert max(used[True]) < min(used[False])
    assert max(used[True]) < FACTOR / WAD


def test_the_market_adds_up(finished):
    look, market = look_at(finished), get_market(finished)
    cash, borrows, reserves = (look.read("lending", name) for name in ("cash", "borrows", "reserves"))
    owners = [look.get_address(it) for it in range(len(market.signers))]
    everybody = owners + list(market.addresses.values())
    assert cash == look.read("dollar", "balanceOf", look.get_address("lending"))
    assert sum(look.read("dollar", "balanceOf", it) for it in everybody) == DOLLARS
    interest = sum(told["interest"] for _, told in list_events(finished, "lending", "InterestAccrued"))
    debts = sum(look.read("lending", "debt_of", it) for it in owners)
    assert sum(look.read("lending", "supplied_of", it) for it in owners) <= cash + debts - reserves
    assert borrows <= debts <= borrows + interest + len(owners)
    assert sum(look.read("lending", "collateral_of", it) for it in owners) == look.read("lending", "collateral_total")


def test_the_rate_is_the_kinked_one(finished):
    look = look_at(finished)
    used = look.read("lending", "utilization")
    assert look.read("lending", "borrow_rate_per_year") == compute_jump_rate(
        used, 2 * WAD // 100, 20 * WAD // 100, 200 * WAD // 100, KINK
    )

"""The exchange pool: the product per share never falls, nothing is made or lost, arbitrage holds the price."""

from itertools import pairwise
from math import isqrt

import pytest

from chain.contracts.library import load_artifact
from chain.economy.applications.exchange import ARBITRAGEUR
from chain.economy.applications.money import DOLLARS
from chain.errors import InvalidScenario
from chain.ledger.actions import Call
from chain.scenario import build, convert_scenario
from chain.units import COIN, MINUTE, NodeId, TimeUs

TABLE = {
    "name": "exchange-test",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "exchange", "people": 8, "rate_per_s": 0.4}],
}


@pytest.fixture(scope="module")
def finished():
    simulation = build(convert_scenario(TABLE), 5)
    simulation.run_until(TimeUs(20 * MINUTE), 10**9)
    return simulation


def get_application(simulation):
    return next(actor for actor in simulation.world.actors if actor.name == "exchange")


def list_events(simulation):
    """Return what the pool told, the oldest first: (name, values)."""
    world, pool = simulation.world, get_application(simulation).addresses["pool"]
    abi, found = load_artifact("pool").abi, []
    for record in list(world.tree.iter_branch(world.get_canonical()))[::-1]:
        for receipt in world.ledger.receipts(record.hash):
            told = (abi.decode_log(log) for log in receipt.logs if log.address == pool)
            found += [(event.name, values) for event, values in told]
    return found


def look_at(simulation, person=0):
    application = get_application(simulation)
    return application._look(simulation.world, NodeId(0), person)


def test_it_opens_within_two_minutes_and_people_trade(finished):
    application, world = get_application(finished), finished.world
    assert application.is_open
    calls = [
        receipt
        for record in world.tree.iter_branch(world.get_canonical())
        for signed, receipt in zip(record.block.transactions, world.ledger.receipts(record.hash), strict=True)
        if isinstance(signed.transaction.action, Call)
    ]
    assert sum(receipt.is_success for receipt in calls) > 0.85 * len(calls)
    assert sum(name == "Swap" for name, _ in list_events(finished)) > 100
    assert {name for name, _ in list_events(finished)} >= {"Mint", "Swap", "Sync"}


def test_the_root_of_the_product_for_each_share_never_falls(finished):
    shares, roots = 0, []
    for name, told in list_events(finished):
        if name == "Transfer":
            from_nobody, to_nobody = (told[side] == bytes(20) for side in ("sender", "receiver"))
            shares += told["amount"] if from_nobody else -told["amount"] if to_nobody else 0
        elif name == "Sync":
            roots.append(isqrt(told["reserve0"] * told["reserve1"] * 10**30 // shares**2))
    assert shares == look_at(finished).read("pool", "totalSupply")
    assert all(before <= after for before, after in pairwise(roots))
    assert roots[-1] > roots[0]


def test_every_trade_keeps_its_three_in_a_thousand(finished):
    before = after = (0, 0)
    for name, told in list_events(finished):
        if name == "Sync":
            before, after = after, (told["reserve0"], told["reserve1"])
        elif name == "Swap":
            counted = [1000 * after[side] - 3 * told[f"amount{side}In"] for side in (0, 1)]
            assert counted[0] * counted[1] >= before[0] * before[1] * 1000**2


def test_no_money_is_made_or_lost(finished):
    look, application = look_at(finished), get_application(finished)
    holders = [signer.address for signer in application.signers] + list(application.addresses.values())
    assert sum(look.read("dollar", "balanceOf", it) for it in holders) == DOLLARS
    assert sum(look.read("coin", "balanceOf", it) for it in holders) == look.read("coin", "totalSupply")
    assert look.read("coin", "totalSupply") == look.get_balance("coin")
    assert look.read("pool", "getReserves")[:2] == tuple(
        look.read(label, "balanceOf", look.get_address("pool")) for label in ("coin", "dollar")
    )


def test_arbitrage_gains_and_holds_the_price_to_the_one_outside(finished):
    look, application = look_at(finished, ARBITRAGEUR), get_application(finished)
    x, y, _ = look.read("pool", "getReserves")
    assert abs(y / x / (application.course.compute_price(look.time_s) / COIN) - 1) < 0.1
    swaps = [told for name, told in list_events(finished) if name == "Swap" and told["to"] == look.me]
    assert len(swaps) > 20


def test_a_role_without_anybody_is_refused():
    table = TABLE | {"application": [{"name": "exchange", "people": 4}]}
    with pytest.raises(InvalidScenario, match=r"application\[0\]\.people.*5 or more"):
        convert_scenario(table)

"""The shared house: rent adds up to the unit, shares and deeds have one owner each, a lost house is refused."""

import pytest

from chain.economy.applications.shared_house import BUILDER, HOUSE, RENT, SHARES
from chain.ledger.actions import Call
from chain.scenario import build, convert_scenario
from chain.units import MINUTE, NodeId, TimeUs

TABLE = {
    "name": "shared-house-test",
    "network": {"nodes": 4},
    "consensus": {"interval": "5s", "grind_hashes": 0},
    "ledger": {"gas_limit": 30_000_000, "initial_base_fee_per_gas": 10},
    "application": [{"name": "shared_house", "people": 9, "rate_per_s": 0.3}],
}


@pytest.fixture(scope="module")
def finished():
    simulation = build(convert_scenario(TABLE), 3)
    simulation.run_until(TimeUs(20 * MINUTE), 10**9)
    return simulation


def get_house(simulation):
    return next(actor for actor in simulation.world.actors if actor.name == "shared_house")


def look_at(simulation):
    return get_house(simulation)._look(simulation.world, NodeId(0), 0)


def list_calls(simulation, label):
    """Return the calls of a contract, the oldest first: (function, receipt)."""
    world, house, found = simulation.world, get_house(simulation), []
    for record in list(world.tree.iter_branch(world.get_canonical()))[::-1]:
        receipts = world.ledger.receipts(record.hash)
        for signed, receipt in zip(record.block.transactions, receipts, strict=True):
            action = signed.transaction.action
            if isinstance(action, Call) and action.contract == house.addresses[label]:
                found.append((house.get_abi(label).find_function(action.data).name, receipt))
    return found


def test_the_deed_lies_in_the_contract_and_its_shares_are_sold(finished):
    look, house = look_at(finished), get_house(finished)
    assert look.read("deed", "ownerOf", HOUSE) == house.addresses["fraction"]
    shares = [look.read("fraction", "balanceOf", look.get_address(it)) for it in range(len(house.signers))]
    assert sum(shares) == SHARES == look.read("fraction", "totalSupply")
    assert sum(count > 0 for count in shares) >= 5
    assert shares[BUILDER] < SHARES // 2


def test_rent_is_shared_out_to_the_unit(finished):
    look, house = look_at(finished), get_house(finished)
    total, paid, waiting = (look.read("fraction", f"rent_{it}") for it in ("total", "paid", "waiting"))
    claimable = sum(look.read("fraction", "claimable", look.get_address(it)) for it in range(len(house.signers)))
    assert paid + claimable + waiting == total
    assert total == RENT * sum(name == "pay_rent" and it.is_success for name, it in list_calls(finished, "fraction"))
    assert look.get_balance("fraction") == claimable + waiting
    assert paid > 0


def test_every_deed_has_one_owner_among_the_people(finished):
    look, house = look_at(finished), get_house(finished)
    people = {look.get_address(it) for it in range(len(house.signers))}
    deeds = range(HOUSE + 1, look.read("deed", "totalSupply") + 1)
    assert len(deeds) >= 2
    assert {look.read("deed", "ownerOf", deed) for deed in deeds} <= people
    assert [look.read("deed", "tokenURI", deed) for deed in deeds] == [house.get_text(deed) for deed in deeds]


def test_a_house_sent_to_the_wrong_contract_is_refused_and_not_lost(finished):
    house = get_house(finished)
    failed = [receipt for name, receipt in list_calls(finished, "deed") if not receipt.is_success]
    assert house.get_abi("deed").explain_revert(failed[0].output) == "another deed"

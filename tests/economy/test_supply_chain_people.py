"""Grain on its way: nothing appears or vanishes, every sold batch is traced to a licensed farm, recalls reach all."""

import pytest

from chain.contracts.provenance import find_recall, get_descendants, get_lineage, tell_batches
from chain.economy.applications.supply_chain import FARMS, FIRST_SHOP


@pytest.fixture(scope="module")
def grain(play):
    return play("supply_chain", 12, people=14, rate_per_s=0.5)


@pytest.fixture(scope="module")
def batches(grain):
    return tell_batches((it.time_s * 10**6, it.name, it.values) for it in grain.list_told("supply_chain"))


def test_shops_sell_and_the_authority_recalls_within_the_first_minutes(grain):
    sold = [it for it in grain.list_told("supply_chain", "Retired") if grain.name(it.sender).startswith("shop")]
    assert len(sold) > 5
    assert len(grain.list_told("supply_chain", "Recalled")) == 1


def test_what_was_made_is_live_or_retired(batches):
    made = sum(it.quantity for it in batches.values() if not it.parents)
    ended = sum(it.quantity for it in batches.values() if it.is_live or it.is_retired)
    assert made == ended > 0
    for batch in batches.values():
        children = [it for it in batches.values() if batch.number in it.parents]
        assert batch.is_used == bool(children)
        if len(children) > 1:
            assert sum(it.quantity for it in children) == batch.quantity


def test_the_way_of_every_batch_is_unbroken(grain, batches):
    farms = {grain.application.signers[farm].address for farm in FARMS}
    shops = {it.address for it in grain.application.signers[FIRST_SHOP:]}
    reached_shops = [it for it in batches.values() if it.holder in shops]
    assert len(reached_shops) > 5
    for batch in batches.values():
        way = [batches[n] for n in get_lineage(batches, batch.number)]
        assert all(it.maker in farms for it in way if not it.parents)
        assert any(not it.parents for it in way)
        for it in way:  # who splits or mixes something holds it
            assert all(batches[parent].holder == it.maker for parent in it.parents)
            givers = [it.maker, *(hand.receiver for hand in it.hand_overs)]
            assert [hand.giver for hand in it.hand_overs] == givers[:-1]


def test_events_and_contract_agree(grain, batches):
    look = grain.look()
    assert look.read("supply_chain", "batch_count") == len(batches)
    for number in list(batches)[::5]:
        assert sorted(look.read("supply_chain", "get_lineage", number)) == list(get_lineage(batches, number))
        assert look.read("supply_chain", "is_recalled", number) == (find_recall(batches, number) is not None)


def test_after_a_recall_all_it_reaches_is_taken_out(grain, batches):
    recalled = grain.list_told("supply_chain", "Recalled")[0]
    reached = get_descendants(batches, recalled.values["batch"])
    assert len(reached) > 3
    assert not any(batches[number].is_live for number in reached)
    for it in grain.list_told("supply_chain", "Handed"):
        assert it.values["batch"] not in reached or it.time_s <= recalled.time_s


def test_hardly_a_call_fails(grain):
    assert len(grain.list_failures()) <= 3

"""The chain as the screen tells it: standing of blocks at any moment, the tree, fields and why they are as they are.

The run is the story of conftest.py: after block #1 the network is cut in two, both halves make a block #2, the half of
n00 makes #3 first, the network heals, and one #2 goes stale.
"""

from typing import Any

import pytest

from app.present.chain import build_block_facts, build_tree, count_zeros, get_block, get_standing
from app.present.chain_why import explain_block, explain_field
from app.present.holders import Holders
from app.present.index import get_including_block, get_index
from chain.consensus.block_tree import BlockRecord


@pytest.fixture
def lost(story: Any) -> BlockRecord:
    """The block that goes stale: the first of height 2."""
    return get_index(story.simulation.world).heights[2][0]


def test_a_block_is_canonical_then_an_undecided_rival_then_stale(story: Any, lost: BlockRecord) -> None:
    world = story.simulation.world
    index = get_index(world)

    def get_state(name: str) -> tuple[str, int]:
        standing = get_standing(world, index, lost, story.moments[name])
        return standing.state, standing.confirmations

    assert get_state("lost") == ("canonical", 1)
    assert get_state("rival") == ("canonical", 1), "of two with equal work the one published first counts"
    assert get_state("ahead") == ("stale", 0)
    assert get_state("deep") == ("stale", 0)
    rival = index.heights[2][1]
    assert get_standing(world, index, rival, story.moments["rival"]).state == "pending"
    assert get_standing(world, index, rival, story.moments["ahead"]).state == "canonical"


def test_final_says_which_kind_and_what_would_undo_it(story: Any) -> None:
    world, at_us = story.simulation.world, story.moments["deep"]
    index = get_index(world)
    first = index.get_branch(world.tree.get_best(at_us))[1]
    standing = get_standing(world, index, first, at_us)
    assert standing.state == "final"
    assert "final by depth" in standing.words
    assert f"{standing.confirmations} confirmations" in standing.words
    assert "would still undo it" in standing.meaning
    newest = get_standing(world, index, world.tree.get_best(at_us), at_us)
    assert (newest.state, newest.words) == ("canonical", "1 of 6 confirmations")
    assert "after 5 more blocks" in newest.meaning


def test_the_tree_shows_what_was_there_at_the_moment(story: Any, lost: BlockRecord) -> None:
    world = story.simulation.world
    index = get_index(world)
    states = {
        name: [(block.height, block.state) for block in build_tree(world, index, story.moments[name], 0, 99)]
        for name in ("asked", "rival", "ahead")
    }
    assert states["asked"] == [(0, "final"), (1, "canonical")]
    assert states["rival"] == [(0, "final"), (1, "canonical"), (2, "canonical"), (2, "pending")]
    assert states["ahead"] == [(0, "final"), (1, "canonical"), (2, "stale"), (2, "canonical"), (3, "canonical")]
    window = build_tree(world, index, story.moments["deep"], 2, 3)
    assert [block.height for block in window] == [2, 2, 3]
    assert window[0].parent == index.heights[1][0].hash.hex()


def test_the_index_follows_the_branch_back_and_forth(story: Any) -> None:
    world = story.simulation.world
    index = get_index(world)
    for name in ("deep", "rival", "ahead", "lost", "deep"):
        head = world.tree.get_best(story.moments[name])
        assert index.get_branch(head)[: head.height + 1] == list(world.tree.iter_branch(head))[::-1]


def test_fields_tell_the_hash_beside_its_target(story: Any) -> None:
    world, at_us = story.simulation.world, story.moments["deep"]
    record = world.tree.get_best(at_us)
    facts = build_block_facts(world, Holders(world), record, at_us)
    fields = {field.key: field for field in facts.fields}
    assert fields["hash"].value == record.hash.hex()
    assert fields["hash"].zeros == count_zeros(record.hash.hex()) >= fields["target"].zeros > 0
    assert int(fields["hash"].value, 16) <= int(fields["target"].value, 16)
    assert facts.links["parent"].key == record.parent.hash  # type: ignore[union-attr]  # it has one
    assert facts.links["node"].key == record.origin
    execution = world.ledger.execution(record.hash)
    assert fields["reward"].value == "5 CR" == f"{(execution.subsidy + execution.tips) // 10**9} CR"
    assert len({field.key for field in facts.fields}) == len(facts.fields)


def test_genesis_has_no_links_and_says_what_it_is(story: Any) -> None:
    world = story.simulation.world
    facts = build_block_facts(world, Holders(world), world.tree.records[0], story.moments["deep"])
    assert facts.links == {}
    assert facts.fields[0].value == "▣ genesis"


def test_a_stale_block_lost_its_reward(story: Any, lost: BlockRecord) -> None:
    world = story.simulation.world
    facts = build_block_facts(world, Holders(world), lost, story.moments["deep"])
    assert next(field for field in facts.fields if field.key == "reward").note == "lost with the block"


def test_a_block_does_not_exist_before_it_is_published(story: Any, lost: BlockRecord) -> None:
    world = story.simulation.world
    assert get_block(world, lost.hash, story.moments["asked"]) is None
    assert get_block(world, lost.hash.hex(), story.moments["lost"]) is lost


def test_a_transaction_changes_its_block_with_the_branch(story: Any, lost: BlockRecord) -> None:
    world = story.simulation.world
    index, record = get_index(world), world.transactions.get(story.transaction)
    blocks = {name: get_including_block(world, index, record, at_us) for name, at_us in story.moments.items()}
    assert blocks["asked"] is None
    assert blocks["lost"] is blocks["rival"] is lost
    assert blocks["ahead"] is blocks["healed"] is None
    assert blocks["included"] is blocks["deep"] is index.get_branch(world.tree.get_best(story.moments["deep"]))[4]


def test_why_gives_the_rule_and_the_numbers(story: Any, lost: BlockRecord) -> None:
    world, at_us = story.simulation.world, story.moments["deep"]
    why = explain_block(world, lost, at_us)
    assert why.rule == "consensus/fork-choice"
    assert "stale" in why.title
    winner = get_index(world).get_branch(world.tree.get_best(at_us))[2]
    assert f"#{winner.height}" in why.text
    fee = dict(explain_field(world, winner, "base-fee", at_us).numbers)
    assert fee["this base fee"] == f"{winner.block.header.base_fee_per_gas} per gas"
    assert explain_field(world, winner, "hash", at_us).rule == "proof-of-work/target"
    assert explain_field(world, winner, "height", at_us) == explain_block(world, winner, at_us)

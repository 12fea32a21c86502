"""The tree of blocks: who knows which head when, and how ties are settled, whatever order blocks were entered in."""

from itertools import permutations

import numpy as np
import pytest

from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.ledger.block import Block, Header
from chain.units import Address, Hash, NodeId, TimeUs

NODES = 3
Entry = tuple[str, str, int, int, tuple[int, ...]]
"""Name, parent, weight, when it was published, and when each node gets it."""


def make_block(name: str, parent: Hash, height: int) -> Block:
    nothing = Hash(bytes(32))
    proposer = Address(name.encode().ljust(20, b"."))
    return Block(Header(parent, height, 0, proposer, nothing, nothing, nothing, 0, 0, 0, b""))


def grow(entries: list[Entry]) -> tuple[BlockTree, dict[str, BlockRecord]]:
    """Enter blocks in this order; ``g`` is genesis."""
    tree = BlockTree()
    genesis = make_block("g", Hash(bytes(32)), 0)
    made = {"g": tree.add(genesis, None, 0, NodeId(0), TimeUs(0), np.zeros(NODES, dtype=np.int64))}
    for name, parent, weight, published_us, arrival_us in entries:
        block = make_block(name, made[parent].hash, made[parent].height + 1)
        arrivals = np.array(arrival_us, dtype=np.int64)
        made[name] = tree.add(block, None, weight, NodeId(0), TimeUs(published_us), arrivals)
    for record in made.values():
        assert tree[record.hash] is record
    return tree, made


def get_heads(entries: list[Entry], at_us: int) -> list[bytes]:
    tree, _ = grow(entries)
    return [tree.get_head(NodeId(node), TimeUs(at_us)).hash for node in range(NODES)]


def test_a_node_follows_the_heaviest_block_it_knows() -> None:
    entries: list[Entry] = [("a", "g", 1, 10, (10, 20, 30)), ("b", "a", 2, 15, (15, 40, 50))]
    _, made = grow(entries)
    a, b, g = made["a"].hash, made["b"].hash, made["g"].hash
    assert get_heads(entries, 10) == [a, g, g]
    assert get_heads(entries, 20) == [b, a, g]
    assert get_heads(entries, 50) == [b, b, b]


def test_of_equally_heavy_blocks_the_one_known_first_stays() -> None:
    entries: list[Entry] = [("a", "g", 1, 10, (10, 30, 30)), ("b", "g", 1, 12, (20, 12, 20))]
    _, made = grow(entries)
    a, b = made["a"].hash, made["b"].hash
    assert get_heads(entries, 100) == [a, b, b]


@pytest.mark.parametrize("count", [2, 3, 4])
def test_of_those_known_at_one_moment_the_smallest_hash_counts_whatever_the_order(count: int) -> None:
    entries: list[Entry] = [(name, "g", 1, 10, (25, 25, 25)) for name in "abcd"[:count]]
    _, made = grow(entries)
    smallest = min(made[name].hash for name in "abcd"[:count])
    for order in permutations(entries):
        assert get_heads(list(order), 25) == [smallest] * NODES


def test_heavier_beats_earlier_and_smaller_in_every_order() -> None:
    entries: list[Entry] = [(name, "g", weight, 10, (20, 20, 20)) for name, weight in (("a", 1), ("b", 2), ("c", 1))]
    heaviest = grow(entries)[1]["b"].hash
    for order in permutations(entries):
        assert get_heads(list(order), 20) == [heaviest] * NODES


def test_a_block_is_known_once_its_parent_is() -> None:
    entries: list[Entry] = [("a", "g", 1, 10, (10, 90, 10)), ("b", "a", 2, 15, (15, 20, 15))]
    _, made = grow(entries)
    assert made["b"].known_us.tolist() == [15, 90, 15]
    assert get_heads(entries, 89)[1] == made["g"].hash
    assert get_heads(entries, 90)[1] == made["b"].hash

"""LMD-GHOST: the heaviest child at every fork, however the tree looks and wherever the descent begins."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.block_tree import BlockRecord
from chain.consensus.lmd_ghost import Votes, choose_head, compute_common_ancestor
from chain.crypto.hashing import digest
from chain.units import NodeId, TimeUs

NOWHERE = np.zeros(1, dtype=np.int64)


def grow(*parents: int) -> list[BlockRecord]:
    """Return blocks 0, 1, 2 …; ``parents`` are those of 1, 2 …"""
    records: list[BlockRecord] = []
    for index, number in enumerate((-1, *parents)):
        parent = records[number] if index else None
        name, height = digest("test", b"%d" % index), parent.height + 1 if parent else 0
        block, state, weight = None, None, 0
        records.append(
            BlockRecord(index, name, block, height, parent, state, weight, NodeId(0), TimeUs(0), NOWHERE, NOWHERE)
        )
    return records


def vote(records: list[BlockRecord], stakes: dict[int, int]) -> Votes:
    return {index: (records[index], stake) for index, stake in stakes.items()}


def choose(records: list[BlockRecord], stakes: dict[int, int], root: int = 0, unviable: tuple[int, ...] = ()) -> int:
    """Return the head's index."""
    head = choose_head(
        records[root],
        vote(records, stakes),
        lambda since: records[since.index + 1 :],
        lambda leaf: leaf.index not in unviable,
    )
    return head.index


def test_the_heaviest_subtree_wins_not_the_longest_branch() -> None:
    r"""0 - 1 - 2 - 3 is longer; 4 has two children that share more stake.

    ::  0 ─┬─ 1 ── 2 ── 3
           └─ 4 ─┬─ 5
                 └─ 6
    """
    records = grow(0, 1, 2, 0, 4, 4)
    assert choose(records, {3: 10, 5: 6, 6: 7}) == 6
    assert choose(records, {3: 14, 5: 6, 6: 7}) == 3
    assert choose(records, {3: 10, 4: 11}) in (5, 6)


def test_equal_stake_goes_to_the_greater_hash() -> None:
    records = grow(0, 0, 0)
    greatest = max(records[1:], key=lambda record: record.hash).index
    assert choose(records, {}) == greatest
    assert choose(records, {1: 5, 2: 5, 3: 5}) == greatest


def test_a_vote_for_an_ancestor_decides_nothing_below_it() -> None:
    records = grow(0, 1, 1)
    assert choose(records, {1: 1000, 2: 2, 3: 1}) == 2


def test_votes_beside_the_root_count_for_nothing() -> None:
    records = grow(0, 0, 2, 2)
    assert choose(records, {1: 1000, 3: 2, 4: 1}, root=2) == 3


def test_branches_without_a_viable_leaf_are_left_out() -> None:
    records = grow(0, 1, 0, 1)
    assert choose(records, {2: 10, 3: 1, 4: 5}, unviable=(2,)) == 4
    assert choose(records, {2: 10, 3: 1, 4: 5}, unviable=(2, 4)) == 3  # block 1 has children, none of them viable
    assert choose(records, {2: 10, 3: 1, 4: 5}, unviable=(2, 3, 4)) == 0


def test_the_descent_begins_where_votes_part() -> None:
    records = grow(0, 1, 2, 3, 3, 4)
    common = compute_common_ancestor(records[0], [records[5], records[6]])
    assert common.index == 3
    assert compute_common_ancestor(records[4], [records[5], records[6]]).index == 4  # root is below: root itself
    assert compute_common_ancestor(records[0], []).index == 0
    assert compute_common_ancestor(records[0], [records[6]]).index == 6


def get_head_naively(records: list[BlockRecord], stakes: dict[int, int], root: int, viable: set[int]) -> int:
    """fork-choice.md, word by word: filter the tree, then go down by weight."""

    def is_below(record: BlockRecord | None, above: BlockRecord) -> bool:
        while record is not None and record is not above:
            record = record.parent
        return record is above

    def get_children(record: BlockRecord) -> list[BlockRecord]:
        return [child for child in records if child.parent is record]

    def has_viable_leaf(record: BlockRecord) -> bool:
        children = get_children(record)
        return any(has_viable_leaf(child) for child in children) if children else record.index in viable

    def get_weight(record: BlockRecord) -> int:
        return sum(stake for index, stake in stakes.items() if is_below(records[index], record))

    head = records[root]
    while children := [child for child in get_children(head) if has_viable_leaf(child)]:
        head = max(children, key=lambda child: (get_weight(child), child.hash))
    return head.index


@given(st.data())
def test_it_is_the_specifications_head_on_any_tree(data: st.DataObject) -> None:
    size = data.draw(st.integers(min_value=1, max_value=25))
    records = grow(*(data.draw(st.integers(min_value=max(0, index - 4), max_value=index)) for index in range(size)))
    some = st.integers(min_value=0, max_value=size)
    stakes = data.draw(st.dictionaries(some, st.integers(min_value=1, max_value=5), max_size=8))
    unviable, root = data.draw(st.sets(some, max_size=6)), data.draw(some)
    expected = get_head_naively(records, stakes, root, set(range(size + 1)) - unviable)
    assert choose(records, stakes, root, tuple(unviable)) == expected

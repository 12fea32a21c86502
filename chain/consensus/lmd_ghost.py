"""LMD-GHOST: the head is found by going, fork by fork, to the child with the most stake behind it.

Idea: every validator's latest vote counts for the block it names and for all before it. From the justified block on,
the heaviest child is taken until a leaf is reached.

Source: Sompolinsky and Zohar, GHOST (FC 2015), algorithm 1; Zamfir's latest messages; ethereum/consensus-specs phase0,
``fork-choice.md``: ``get_head``, ``get_weight``, ``filter_block_tree``. Ties go to the greater hash, as there.

The descent need not start at the root: down to the deepest block that all votes share, every block on the way has all
the weight. So its cost does not grow with the length of the chain since the last justified block.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heappush

from chain.consensus.block_tree import BlockRecord

Votes = dict[int, tuple[BlockRecord, int]]
"""Stake that names a block, by the block's index."""


def choose_head(
    root: BlockRecord,
    votes: Votes,
    iter_known: Callable[[BlockRecord], Iterable[BlockRecord]],
    is_viable: Callable[[BlockRecord], bool],
) -> BlockRecord:
    """Return the head below ``root``: only branches with a viable leaf count; without one it is the root itself.

    ``iter_known`` yields the known blocks published after one, parents before children.
    """
    start = compute_common_ancestor(root, [record for record, _ in votes.values() if record.index >= root.index])
    head = _descend(start, list(iter_known(start)), votes, is_viable)
    if head is None and start is not root:
        head = _descend(root, list(iter_known(root)), votes, is_viable)
    return head or root


def _descend(
    start: BlockRecord, known: list[BlockRecord], votes: Votes, is_viable: Callable[[BlockRecord], bool]
) -> BlockRecord | None:
    weights = {record.index: votes[record.index][1] if record.index in votes else 0 for record in known}
    children: dict[int, list[BlockRecord]] = {}  # the viable ones of every block that has any
    for record in reversed(known):  # children before parents: a weight is whole when it is handed up
        parent = record.parent
        assert parent is not None
        siblings = children.setdefault(parent.index, [])
        if children[record.index] if record.index in children else is_viable(record):
            siblings.append(record)
        if parent.index in weights:
            weights[parent.index] += weights[record.index]
    if not (children[start.index] if start.index in children else is_viable(start)):
        return None
    head = start
    while children.get(head.index):
        head = max(children[head.index], key=lambda record: (weights[record.index], record.hash))
    return head


def compute_common_ancestor(root: BlockRecord, records: list[BlockRecord]) -> BlockRecord:
    """Return the deepest block at or above all ``records``; ``root`` where that is above it or beside it."""
    pending = {record.index: record for record in records}
    order = [-index for index in pending]
    heapify(order)
    while len(pending) > 1 and -order[0] > root.index:
        record = pending.pop(-heappop(order))
        assert record.parent is not None
        if record.parent.index not in pending:
            pending[record.parent.index] = record.parent
            heappush(order, -record.parent.index)
    deepest = next(iter(pending.values())) if len(pending) == 1 else root
    above: BlockRecord | None = deepest
    while above is not None and above.index > root.index:
        above = above.parent
    return deepest if above is root else root

"""Which head every node follows at a moment, for all nodes at once.

The same rule as ``BlockTree.get_head`` (heaviest known block; ties to the one known first, then to the smaller hash),
worked out with arrays: a map of thousands of nodes asks a dozen times a second.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.units import NodeId, TimeUs

LOOK_BACK_BLOCKS: Final = 128
"""Blocks looked at for all nodes together; who knows none of them (long offline) is asked one by one."""

Indices = npt.NDArray[np.int64]


def compute_heads(tree: BlockTree, nodes: int, at_us: TimeUs) -> Indices:
    """Return by node the index of the block it follows at a moment."""
    heads: Indices = np.zeros(nodes, dtype=np.int64)
    published = tree.count_published(at_us)
    for index in range(published - 1, max(0, published - 1 - LOOK_BACK_BLOCKS), -1):
        record = tree.records[index]
        if _is_settled(tree, heads, record):
            return heads
        known = record.known_us <= at_us
        for other in np.unique(heads[known]).tolist():
            here = known & (heads == other)
            heads[here & _is_better(record, tree.records[other], other)] = index
    for node in np.flatnonzero(heads == 0).tolist():
        heads[node] = tree.get_head(NodeId(node), at_us).index
    return heads


def _is_settled(tree: BlockTree, heads: Indices, record: BlockRecord) -> bool:
    """Whether no block up to this one can be heavier than what every node follows."""
    heaviest = tree.get_best(record.published_us).weight
    return all(tree.records[head].weight > heaviest for head in np.unique(heads).tolist())


def _is_better(record: BlockRecord, other: BlockRecord, other_index: int) -> npt.NDArray[np.bool_]:
    if other_index == 0 or record.weight != other.weight:
        better = np.zeros(len(record.known_us), dtype=np.bool_)
        better[:] = other_index == 0 or record.weight > other.weight
        return better
    earlier: npt.NDArray[np.bool_] = record.known_us < other.known_us
    same: npt.NDArray[np.bool_] = record.known_us == other.known_us
    return earlier | (same & (record.hash < other.hash))

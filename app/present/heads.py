"""Which heads there are at a moment: that of the run as a whole, and that of every node.

The rules' own fork choice decides (``Rules.head``), asked with the view of one node or of somebody who hears all at
once. Under rules that follow the heaviest branch the heads of all nodes are worked out together with arrays (heaviest
known block; ties to the one known first, then to the smaller hash): a map of thousands of nodes asks a dozen times a
second.
"""

from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from chain.consensus.base import Finality, Rules
from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.simulation.world import World
from chain.units import NodeId, TimeUs

LOOK_BACK_BLOCKS: Final = 128
"""Blocks looked at for all nodes together; who knows none of them (long offline) is asked one by one."""

Indices = npt.NDArray[np.int64]


class _Moment(NamedTuple):
    """What was asked last of a world: a screen asks for the same many times a frame."""

    key: tuple[int, int, int]
    canonical: BlockRecord
    finalized: BlockRecord


_moments: "WeakKeyDictionary[World, _Moment]" = WeakKeyDictionary()


def _get_moment(world: World, at_us: TimeUs) -> _Moment:
    key = (at_us, world.kernel.steps, len(world.history.records))
    known = _moments.get(world)
    if known is None or known.key != key:
        known = _moments[world] = _Moment(key, world.get_canonical(at_us), world.get_finalized(at_us))
    return known


def get_canonical(world: World, at_us: TimeUs) -> BlockRecord:
    """Return the head of the run as a whole at a moment: that of somebody who hears everything at once."""
    return _get_moment(world, at_us).canonical


def get_finalized(world: World, at_us: TimeUs) -> BlockRecord:
    """Return the highest block that is final for somebody who hears everything; genesis where nothing ever is."""
    return world.tree.records[0] if is_never_final(world) else _get_moment(world, at_us).finalized


def get_node_finalized(world: World, node: int, at_us: TimeUs) -> BlockRecord:
    """Return the highest block that one node takes as final at a moment."""
    return world.tree.records[0] if is_never_final(world) else world.view(node, at_us).get_finalized()


def is_never_final(world: World) -> bool:
    """Return whether no block is ever called final: nothing promises it, and no depth is asked for."""
    finality = world.consensus.rules.finality
    return finality is Finality.NONE or (finality is Finality.DEPTH and not world.consensus.depth)


def get_node_head(world: World, node: int, at_us: TimeUs) -> BlockRecord:
    """Return the block a node builds on at a moment."""
    return world.view(node, at_us).get_head()


def is_heaviest_followed(world: World) -> bool:
    """Return whether the fork choice is simply the branch of greatest weight."""
    return type(world.consensus.rules).head is Rules.head


def compute_heads(world: World, at_us: TimeUs) -> Indices:
    """Return by node the index of the block it follows at a moment."""
    if is_heaviest_followed(world):
        return _compute_heaviest(world.tree, world.node_count, at_us)
    heads = [world.view(node, at_us).get_head().index for node in range(world.node_count)]
    return np.array(heads, dtype=np.int64)


def _compute_heaviest(tree: BlockTree, nodes: int, at_us: TimeUs) -> Indices:
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

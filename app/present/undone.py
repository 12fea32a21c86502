"""Whether what was called final has been undone, or is contradicted: what a partition does to finality by depth.

Looked at are the branches that somebody at a moment does not follow. Whoever followed one when its tip reached him
called some block of it final by the rules; where that block lies above the fork, it was undone for him, or still is
final for him and something else for others.
"""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from app.present.words import name_node
from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.simulation.world import World
from chain.units import NodeId, TimeUs

LOOK_BACK_BLOCKS = 400


class Undone(NamedTuple):
    """What somebody called final and is not on the branch that is looked at."""

    node: int
    """Who called it final."""
    first: int
    """Height of the lowest such block."""
    final: BlockRecord
    """The highest such block."""
    is_kept: bool
    """Whether that one calls it final still: then two finals contradict each other."""

    @property
    def blocks(self) -> str:
        """The heights: ``#4`` or ``#4–#10``."""
        return f"#{self.first}" if self.first == self.final.height else f"#{self.first}–#{self.final.height}"

    def describe(self) -> str:
        """Return what it is or was to that one: ``#4–#10 were final for n10``."""
        verbs = ("is", "was") if self.first == self.final.height else ("are", "were")
        return f"{self.blocks} {verbs[not self.is_kept]} final for {name_node(self.node)}"


def find_undone(world: World, at_us: TimeUs, head: BlockRecord, node: int | None = None) -> Undone | None:
    """Return the latest blocks that were final and are not on the branch of ``head``, for a node or for their maker."""
    least = get_least_branch(world)
    for tip, fork in _find_rivals(world, at_us, head):
        who = NodeId(tip.origin if node is None else node)
        known_us = int(tip.known_us[who])
        if tip.height < fork.height + least or known_us > at_us:
            continue
        now = world.view(who, at_us).get_finalized()
        for final in (now, world.view(who, TimeUs(known_us)).get_finalized()):
            if final.height > fork.height and world.tree.get_ancestor(tip, final.height) is final:
                return Undone(who, fork.height + 1, final, is_kept=final is now)
    return None


def get_least_branch(world: World) -> int:
    """Return of how many blocks a branch must be for one of them to be final."""
    return min(2, world.consensus.depth) if world.consensus.rules.finality is Finality.DEPTH else 1


def _find_rivals(world: World, at_us: TimeUs, head: BlockRecord) -> Iterator[tuple[BlockRecord, BlockRecord]]:
    """Yield the ends of other branches, the latest first, each with the last block it shares with that of ``head``."""
    stop = world.tree.count_published(at_us)
    records = world.tree.records[max(1, stop - LOOK_BACK_BLOCKS) : stop]
    followed = {record.index for record in islice(world.tree.iter_branch(head), len(records) + 1)}
    parents = {record.parent.index for record in records if record.parent is not None}
    for tip in reversed(records):
        if tip.index not in parents and tip.index not in followed:
            fork = next((it for it in world.tree.iter_branch(tip) if it.index in followed), None)
            if fork is not None:
                yield tip, fork

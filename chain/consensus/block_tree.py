"""Every valid block of a run, once, with the moment at which each node knew it.

A node's knowledge is a column of a table: node ``n`` knows block ``b`` at time ``t`` when ``known_us[b][n] <= t``. A
block counts as known only once its parent is, so ``known_us`` is the elementwise maximum of the block's arrival and its
parent's ``known_us``. Heads at any moment, past ones too, are queries over that table. Blocks stand in the order in
which they were published, genesis first.
"""

from bisect import bisect_right, insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import numpy.typing as npt

from chain.ledger.block import Block
from chain.units import NEVER, Hash, NodeId, TimeUs

Times = npt.NDArray[np.int64]
Nodes = npt.NDArray[np.intp]
"""Indices, of nodes or by node."""


@dataclass(slots=True)
class BlockRecord:
    """A published block and what became of it."""

    index: int
    """Position in order of publication; genesis is 0."""
    hash: Hash
    block: Block
    height: int
    parent: "BlockRecord | None"
    state: Any
    """The protocol's state after the block."""
    weight: int
    """Weight of the branch that ends here."""
    origin: NodeId
    """The node that published it."""
    published_us: TimeUs
    arrival_us: Times
    """When the block itself reached each node."""
    known_us: Times
    """When each node had the block and all its ancestors."""
    final_us: Times | None = None
    """When each node's agent declared the block final, NEVER where not yet; None when none has."""
    lead: int = 0
    """By at least so much the branch up to here outweighs any rival subtree of blocks published before it: no other
    child of an ancestor has more weight below it than the branch has from there on. Negative where one might."""

    choices: list[tuple[TimeUs, Nodes]] | None = None
    """Which child each node was led to prefer, since when; -1: the one it knew first. None when none ever was."""

    def get_known_us(self, node: NodeId) -> int:
        """Return when a node knew the block; NEVER if it does not yet."""
        return int(self.known_us[node])


class BlockTree:
    """The published blocks, by order and by hash."""

    __slots__ = ("_best", "_finals", "_index", "_published_us", "_times", "_total_weights", "records")

    def __init__(self) -> None:
        self.records: list[BlockRecord] = []
        self._index: dict[Hash, int] = {}
        self._published_us: list[int] = []
        self._times: list[tuple[Times, Times]] = []  # arrival and known by block, side by side: quick to note down
        self._finals: list[int] = []  # blocks some node declared final, by height
        self._total_weights: list[int] = []  # of the first i+1 blocks, on whatever branch
        self._best: list[BlockRecord] = []  # heaviest among the first i+1, earliest published on ties

    def add(
        self, block: Block, state: Any, weight: int, origin: NodeId, published_us: TimeUs, arrival_us: Times
    ) -> BlockRecord:
        """Append a block whose parent is present (or genesis) and return its record."""
        parent = self.records[self._index[block.header.parent]] if self.records else None
        known_us = arrival_us if parent is None else np.maximum(arrival_us, parent.known_us)
        height = block.header.height
        record = BlockRecord(
            len(self.records),
            block.hash,
            block,
            height,
            parent,
            state,
            weight,
            origin,
            published_us,
            arrival_us,
            known_us,
        )
        record.lead = self._compute_lead(record)
        best = self._best[-1] if self._best else record
        self._best.append(record if weight > best.weight else best)
        self.records.append(record)
        self._published_us.append(published_us)
        self._times.append((arrival_us, known_us))
        self._index[record.hash] = record.index
        return record

    def _compute_lead(self, record: BlockRecord) -> int:
        """Note a block's own weight, and return its lead: rivals grew by no more than what came since the parent."""
        parent, totals = record.parent, self._total_weights
        if parent is None:
            totals.append(0)
            return 0
        own, since = record.weight - parent.weight, totals[-1] - totals[parent.index]
        totals.append(totals[-1] + own)
        return own - since + min(parent.lead, 0)

    def __len__(self) -> int:
        return len(self.records)

    def __contains__(self, block: Hash) -> bool:
        return block in self._index

    def __getitem__(self, block: Hash) -> BlockRecord:
        return self.records[self._index[block]]

    def get(self, block: Hash) -> BlockRecord | None:
        """Return the record of a block, or None."""
        index = self._index.get(block)
        return None if index is None else self.records[index]

    def count_published(self, at_us: TimeUs) -> int:
        """Return how many blocks had been published at a moment."""
        return bisect_right(self._published_us, at_us)

    def get_best(self, at_us: TimeUs) -> BlockRecord:
        """Return the heaviest block published by then, whoever knows it; the earliest on ties."""
        return self._best[max(0, self.count_published(at_us) - 1)]

    def get_head(self, node: NodeId, at_us: TimeUs) -> BlockRecord:
        """Return the heaviest block a node knew; ties go to the one it knew first, then to the smaller hash."""
        records, best = self.records, self._best
        chosen, chosen_rank = records[0], (0, 0, b"")
        for index in range(self.count_published(at_us) - 1, 0, -1):
            if best[index].weight < chosen.weight:
                break
            record = records[index]
            if record.weight < chosen.weight:
                continue
            known_us = int(record.known_us[node])
            if known_us <= at_us:
                rank = (-record.weight, known_us, record.hash)
                if chosen.index == 0 or rank < chosen_rank:
                    chosen, chosen_rank = record, rank
        return chosen

    def finalize(self, record: BlockRecord, node: NodeId, at_us: TimeUs) -> None:
        """Note that a node takes a block as final from now on."""
        if record.final_us is None:
            record.final_us = np.full(len(record.known_us), NEVER, dtype=np.int64)
            insort(self._finals, record.index, key=lambda index: self.records[index].height)
        final_us = record.final_us.copy()  # checkpoints share it: replaced, never changed
        final_us[node] = min(at_us, final_us.item(node))
        record.final_us = final_us

    def finalize_for(self, record: BlockRecord, nodes: Nodes, at_us: TimeUs) -> None:
        """Note that nodes, given by index and at least one, take a block as final from now on."""
        self.finalize(record, NodeId(int(nodes[0])), at_us)
        assert record.final_us is not None
        record.final_us[nodes] = np.minimum(record.final_us[nodes], at_us)  # the copy that was just made

    def get_choices(self, parent: BlockRecord, at_us: TimeUs) -> Nodes | None:
        """Return by node the index of the child it had been led to prefer; None when no node had been."""
        for since_us, choices in reversed(parent.choices or ()):
            if since_us <= at_us:
                return choices
        return None

    def get_final(self, node: NodeId, at_us: TimeUs) -> BlockRecord:
        """Return the highest block a node had declared final; genesis before the first."""
        for index in reversed(self._finals):
            final_us = self.records[index].final_us
            if final_us is not None and final_us.item(node) <= at_us:
                return self.records[index]
        return self.records[0]

    def get_first_final(self, at_us: TimeUs) -> BlockRecord:
        """Return the highest block that any node had declared final; genesis before the first."""
        for index in reversed(self._finals):
            final_us = self.records[index].final_us
            if final_us is not None and int(final_us.min()) <= at_us:
                return self.records[index]
        return self.records[0]

    def iter_branch(self, head: BlockRecord) -> Iterator[BlockRecord]:
        """Yield a block and its ancestors, genesis last."""
        record: BlockRecord | None = head
        while record is not None:
            yield record
            record = record.parent

    def get_ancestor(self, record: BlockRecord, height: int) -> BlockRecord:
        """Return the ancestor (or the block itself) at a height not above its own."""
        while record.height > height and record.parent is not None:
            record = record.parent
        return record

    def get_fork_point(self, one: BlockRecord, other: BlockRecord) -> BlockRecord:
        """Return the last block two branches share."""
        one, other = self.get_ancestor(one, other.height), self.get_ancestor(other, one.height)
        while one is not other:
            assert one.parent is not None
            assert other.parent is not None
            one, other = one.parent, other.parent
        return one

    def update_known(self, first: int) -> None:
        """Recompute ``known_us`` of all blocks from an index on, after arrivals in the future have changed."""
        for record in self.records[first:]:
            parent = record.parent
            record.known_us = record.arrival_us if parent is None else np.maximum(record.arrival_us, parent.known_us)
            self._times[record.index] = record.arrival_us, record.known_us

    def iter_head_changes(self, node: NodeId, start: int, stop: int) -> Iterator[tuple[int, BlockRecord, BlockRecord]]:
        """Yield (time, old head, new head) of a node over the blocks with index in [start, stop), in time order.

        Of what becomes known at one and the same moment only the best counts. The node's head before is taken to be the
        parent of the first block; call with a ``start`` at which it was.
        """
        records = self.records[max(1, start) : stop]
        order = sorted((r.known_us.item(node), -r.weight, r.hash, r.index) for r in records)
        head = records[0].parent if records else None
        for time_us, _, _, index in order:
            record = self.records[index]
            if time_us < NEVER and head is not None and record.weight > head.weight:
                yield time_us, head, record
                head = record

    def freeze(self) -> "Callable[[], BlockTree]":
        """Return what builds a tree in the state of now, any number of times; only what may change is noted down."""
        count, times = len(self.records), self._times.copy()
        finals = self._finals.copy()
        finals_us = {index: self.records[index].final_us for index in finals}  # replaced, never changed, as choices are
        choices = {it.index: it.choices for it in self.records if it.choices is not None}

        def build() -> BlockTree:
            other = BlockTree()
            records = other.records
            for place, it in enumerate(self.records[:count]):
                parent = None if it.parent is None else records[it.parent.index]
                record = BlockRecord(
                    place, it.hash, it.block, it.height, parent, it.state, it.weight, it.origin, it.published_us,
                    *times[place], finals_us.get(place), it.lead, choices.get(place),
                )  # fmt: skip
                records.append(record)
            other._finals = finals.copy()
            other._index = dict(islice(self._index.items(), count))
            other._published_us, other._total_weights = self._published_us[:count], self._total_weights[:count]
            other._times = times.copy()
            other._best = [records[record.index] for record in self._best[:count]]
            return other

        return build

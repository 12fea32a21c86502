"""Every transaction a run has published, once, with the moment at which each node had it.

The counterpart of the block tree: node ``n`` has a transaction at time ``t`` when ``spread.arrival[n] <= t``. Which of
them a node holds in its mempool is a query (chain/node/mempool.py). ``open`` lists those that no block of the heaviest
branch includes; a node on another branch also has what blocks above the fork include.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice

from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.ledger.transaction import SignedTransaction
from chain.network.spread import Spread
from chain.units import Address, Hash, NodeId, TimeUs


@dataclass(slots=True)
class TransactionRecord:
    """A published transaction and where it is."""

    index: int
    """Position in order of publication."""
    signed: SignedTransaction
    origin: NodeId
    """The node it was handed to."""
    submitted_us: TimeUs
    spread: Spread
    """When it reached each node, and from whom."""
    blocks: tuple[int, ...] = ()
    """Indices of the blocks that include it, stale ones too."""

    @property
    def id(self) -> Hash:
        """The transaction's hash."""
        return self.signed.id


@dataclass(slots=True)
class TransactionTable:
    """The published transactions, by order and by hash."""

    records: list[TransactionRecord] = field(default_factory=list)
    open: dict[int, TransactionRecord] = field(default_factory=dict)
    """Those not on the heaviest branch and not expired, by index."""
    changed_us: int = 0
    """Virtual time up to which ``open`` and the branch it stands for have changed."""
    best: BlockRecord | None = None
    """The end of the branch that ``open`` leaves out."""
    _index: dict[Hash, int] = field(default_factory=dict)
    _slots: dict[tuple[Address, int], tuple[int, ...]] = field(default_factory=dict)
    _expired: int = 0  # records before this one have expired
    _spreads: list[Spread] = field(default_factory=list)  # of all records, side by side: quick to note down

    def add(self, signed: SignedTransaction, origin: NodeId, submitted_us: TimeUs, spread: Spread) -> TransactionRecord:
        """Append a transaction that is not here yet and return its record."""
        record = TransactionRecord(len(self.records), signed, origin, submitted_us, spread)
        self.records.append(record)
        self._spreads.append(spread)
        self.open[record.index] = record
        self._index[signed.id] = record.index
        slot = (signed.sender, signed.transaction.nonce)
        self._slots[slot] = (*self._slots.get(slot, ()), record.index)
        self.changed_us = submitted_us
        return record

    def __len__(self) -> int:
        return len(self.records)

    def get(self, transaction: Hash) -> TransactionRecord | None:
        """Return the record of a transaction, or None."""
        index = self._index.get(transaction)
        return None if index is None else self.records[index]

    def get_rivals(self, sender: Address, nonce: int) -> list[TransactionRecord]:
        """Return the unexpired transactions of a sender with a nonce, on whatever branch they may be."""
        return [self.records[index] for index in self._slots.get((sender, nonce), ())]

    def get_recent(self, after_us: int, until_us: int) -> list[TransactionRecord]:
        """Return what was submitted after one moment and not after another."""
        start = bisect_right(self.records, after_us, key=lambda record: record.submitted_us)
        stop = bisect_right(self.records, until_us, key=lambda record: record.submitted_us)
        return self.records[start:stop]

    def refresh(self, changed: list[Spread]) -> None:
        """Take over arrivals that a change of links has moved."""
        for spread in changed:
            index = self._index.get(Hash(spread.key))
            if index is not None:
                self._spreads[index] = self.records[index].spread = spread

    def include(self, block: BlockRecord, tree: BlockTree, expired_us: int) -> None:
        """Take in a new block: it includes its transactions, and may have become the end of the heaviest branch."""
        self.changed_us = block.published_us
        for record in self._iter_records(block):
            record.blocks = (*record.blocks, block.index)
        self._expire(expired_us)
        if block is tree.get_best(block.published_us):
            self._follow(block, tree)

    def iter_above(self, block: BlockRecord, tree: BlockTree) -> Iterator[TransactionRecord]:
        """Yield the transactions that are on the heaviest branch but not below a block of another one."""
        if self.best is not None:
            fork = tree.get_fork_point(self.best, block)
            for passed in tree.iter_branch(self.best):
                if passed is fork:
                    break
                yield from self._iter_records(passed)

    def _follow(self, best: BlockRecord, tree: BlockTree) -> None:
        if best.parent is not self.best:
            for record in self.iter_above(best, tree):
                if record.index >= self._expired:
                    self.open[record.index] = record
        previous, self.best = self.best, best
        fork = tree.get_fork_point(previous, best) if previous is not None else None
        for passed in tree.iter_branch(best):
            if passed is fork:
                break
            for record in self._iter_records(passed):
                self.open.pop(record.index, None)

    def _iter_records(self, block: BlockRecord) -> Iterator[TransactionRecord]:
        for signed in block.block.transactions:
            index = self._index.get(signed.id)
            if index is not None:
                yield self.records[index]

    def _expire(self, before_us: int) -> None:
        while self._expired < len(self.records) and self.records[self._expired].submitted_us <= before_us:
            record = self.records[self._expired]
            self.open.pop(record.index, None)
            self._slots.pop((record.signed.sender, record.signed.transaction.nonce), None)
            self._expired += 1

    def freeze(self, blocks: int) -> "Callable[[BlockTree], TransactionTable]":
        """Return what builds a table in the state of now, in which there are so many blocks, any number of times.

        It takes a tree in that state, and shares what never changes. Only what may change is noted down.
        """
        count, best, changed_us, expired = len(self.records), self.best, self.changed_us, self._expired
        spreads, waiting, slots = self._spreads.copy(), list(self.open), self._slots.copy()

        def build(tree: BlockTree) -> TransactionTable:
            records = [
                TransactionRecord(
                    it.index, it.signed, it.origin, it.submitted_us, spread, it.blocks[: bisect_left(it.blocks, blocks)]
                )
                for it, spread in zip(self.records[:count], spreads, strict=True)
            ]
            return TransactionTable(
                records,
                {index: records[index] for index in waiting},
                changed_us,
                None if best is None else tree.records[best.index],
                dict(islice(self._index.items(), count)),
                slots.copy(),
                expired,
                spreads.copy(),
            )

        return build

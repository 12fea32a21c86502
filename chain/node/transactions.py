"""Every transaction a run has published, once, with the moment at which each node had it.

The counterpart of the block tree: node ``n`` has a transaction at time ``t`` when ``spread.arrival[n] <= t``. Which of
them a node holds in its mempool is a query (chain/node/mempool.py). ``open`` lists those that may still be waiting
somewhere; a transaction leaves it once it is buried deep or has expired.
"""

from dataclasses import dataclass, field

from chain.consensus.block_tree import BlockRecord
from chain.ledger.transaction import SignedTransaction
from chain.network.spread import Spread
from chain.units import Hash, NodeId, TimeUs


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
    """Those that may still be waiting somewhere, by index."""
    _index: dict[Hash, int] = field(default_factory=dict)

    def add(self, signed: SignedTransaction, origin: NodeId, submitted_us: TimeUs, spread: Spread) -> TransactionRecord:
        """Append a transaction that is not here yet and return its record."""
        record = TransactionRecord(len(self.records), signed, origin, submitted_us, spread)
        self.records.append(record)
        self.open[record.index] = record
        self._index[signed.id] = record.index
        return record

    def __len__(self) -> int:
        return len(self.records)

    def get(self, transaction: Hash) -> TransactionRecord | None:
        """Return the record of a transaction, or None."""
        index = self._index.get(transaction)
        return None if index is None else self.records[index]

    def include(self, block: BlockRecord) -> None:
        """Note that a block includes its transactions."""
        for signed in block.block.transactions:
            record = self.get(signed.id)
            if record is not None:
                record.blocks = (*record.blocks, block.index)

    def close(self, block: BlockRecord) -> None:
        """Stop offering the transactions of a block that is buried deep."""
        for signed in block.block.transactions:
            index = self._index.get(signed.id)
            if index is not None:
                self.open.pop(index, None)

    def expire(self, before_us: int) -> None:
        """Stop offering what was submitted before a moment."""
        old = []
        for index, record in self.open.items():  # in order of submission
            if record.submitted_us >= before_us:
                break
            old.append(index)
        for index in old:
            del self.open[index]

    def copy(self) -> "TransactionTable":
        """Return an independent table that shares the records' frozen parts."""
        records = [
            TransactionRecord(r.index, r.signed, r.origin, r.submitted_us, r.spread, r.blocks) for r in self.records
        ]
        return TransactionTable(records, {index: records[index] for index in self.open}, self._index.copy())

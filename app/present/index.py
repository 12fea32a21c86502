"""Look-ups that the run's own tables do not offer: blocks by height, what an account did, the heaviest branch.

An index grows with its run: ``get_index`` reads what has been added since the last call, so asking often is cheap. It
holds everything published, also what lies after the cursor; whoever asks compares moments. Nothing of it is saved.
"""

from weakref import WeakKeyDictionary

from chain.consensus.block_tree import BlockRecord
from chain.ledger.block import Block
from chain.node.transactions import TransactionRecord
from chain.simulation.history import Record
from chain.simulation.world import World
from chain.units import TimeUs


class RunIndex:
    """Blocks, transactions and refusals of one world, by what people ask for."""

    def __init__(self) -> None:
        self.heights: list[list[BlockRecord]] = []
        """Blocks by height, in order of publication."""
        self.proposed: dict[bytes, list[BlockRecord]] = {}
        """Blocks by the account their reward goes to, in order of publication."""
        self.payments: dict[bytes, list[TransactionRecord]] = {}
        """Transactions by sender and by recipient, in order of publication."""
        self.refusals: dict[bytes, list[Record]] = {}
        """Refused transactions and blocks by hash, in order of time."""
        self.refused_blocks: dict[bytes, Block] = {}
        """Invalid blocks by hash."""
        self._branch: list[BlockRecord] = []
        self._counts = [0, 0, 0, 0]

    def update(self, world: World) -> None:
        """Take in what has been published since."""
        blocks, transactions, records, invalid = self._counts
        for block in world.tree.records[blocks:]:
            while len(self.heights) <= block.height:
                self.heights.append([])
            self.heights[block.height].append(block)
            if block.parent is not None:  # nobody proposed the genesis block
                self.proposed.setdefault(block.block.header.proposer, []).append(block)
        for transaction in world.transactions.records[transactions:]:
            sender, recipient = transaction.signed.sender, transaction.signed.transaction.action.recipient
            for address in dict.fromkeys((sender, recipient)):
                self.payments.setdefault(address, []).append(transaction)
        for record in world.history.records[records:]:
            if record.kind.startswith("refused-") and record.subject:
                self.refusals.setdefault(record.subject, []).append(record)
        for _, _, refused, _ in world.invalid_blocks[invalid:]:
            self.refused_blocks[refused.hash] = refused
        self._counts = [
            len(world.tree), len(world.transactions), len(world.history.records), len(world.invalid_blocks),
        ]  # fmt: skip

    def get_branch(self, head: BlockRecord) -> list[BlockRecord]:
        """Return blocks by height up to ``head`` at least; what lies above it in the list may be another branch's."""
        branch, missing, record = self._branch, [], head
        while record.height >= len(branch) or branch[record.height] is not record:
            missing.append(record)
            if record.parent is None:
                break
            record = record.parent
        if missing:
            del branch[missing[-1].height :]
            branch.extend(reversed(missing))
        return branch

    def is_on_branch(self, record: BlockRecord, head: BlockRecord) -> bool:
        """Return whether a block is ``head`` or one of its ancestors."""
        return record.height <= head.height and self.get_branch(head)[record.height] is record

    def get_at_height(self, height: int, at_us: TimeUs) -> list[BlockRecord]:
        """Return the blocks of a height published by then."""
        at_height = self.heights[height] if 0 <= height < len(self.heights) else []
        return [record for record in at_height if record.published_us <= at_us]


_indexes: "WeakKeyDictionary[World, RunIndex]" = WeakKeyDictionary()


def get_index(world: World) -> RunIndex:
    """Return the index of a world, up to date."""
    index = _indexes.get(world)
    if index is None:
        index = _indexes[world] = RunIndex()
    index.update(world)
    return index


def get_including_block(
    world: World, index: RunIndex, transaction: TransactionRecord, at_us: TimeUs
) -> BlockRecord | None:
    """Return the block of the heaviest branch at a moment that includes a transaction, None when there is none."""
    head = world.tree.get_best(at_us)
    for place in transaction.blocks:
        record = world.tree.records[place]
        if record.published_us <= at_us and index.is_on_branch(record, head):
            return record
    return None

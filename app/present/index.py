"""Look-ups that the run's own tables do not offer: blocks by height, what an account did, hashes by either end.

An index grows with its run: ``get_index`` reads what has been added since the last call, so asking often is cheap. It
holds everything published, also what lies after the cursor; whoever asks compares moments. Nothing of it is saved.
"""

from array import array
from bisect import bisect_right
from itertools import takewhile
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.heads import get_canonical
from app.present.prefixes import PrefixIndex
from chain.consensus.block_tree import BlockRecord
from chain.ledger.block import Block
from chain.ledger.transaction import SignedTransaction
from chain.node.transactions import TransactionRecord
from chain.simulation.history import Record
from chain.simulation.world import World
from chain.units import Address, Hash, TimeUs

BEFORE: Final = TimeUs(-1)
"""A moment before the run."""


class DoubleSpend(NamedTuple):
    """Two transactions of one account with one nonce: at most one of them can be in a chain."""

    first: TransactionRecord
    second: TransactionRecord


class _Earnings:
    """The blocks one account proposed, and what they paid, added up in order of publication."""

    __slots__ = ("blocks", "contested", "tops", "totals")

    def __init__(self) -> None:
        self.blocks: list[BlockRecord] = []
        self.totals = [0]
        self.tops: list[int] = []  # the greatest height up to each block
        self.contested: list[int] = []  # places of blocks that are not alone at their height


class RunIndex:
    """Blocks, transactions and refusals of one world, by what people ask for."""

    def __init__(self) -> None:
        self.heights: list[list[BlockRecord]] = []
        """Blocks by height, in order of publication."""
        self.contested: list[int] = []
        """Heights with more than one block, in the order in which they became so."""
        self.payments: dict[bytes, list[TransactionRecord]] = {}
        """Transactions by everybody they name, in order of publication."""
        self.refusals: dict[bytes, list[Record]] = {}
        """Refused transactions and blocks by hash, in order of time."""
        self.refused_blocks: dict[bytes, Block] = {}
        """Invalid blocks by hash."""
        self.events: list[int] = []
        """Places in the run's history of what is neither a block nor a transaction."""
        self.double_spends: list[DoubleSpend] = []
        """Transactions that share a nonce with an earlier one, in order of publication."""
        self.block_hashes, self.transaction_hashes = PrefixIndex(), PrefixIndex()
        self.refused_hashes, self.addresses = PrefixIndex(), PrefixIndex()
        self.contracts: dict[Address, BlockRecord] = {}
        """Contracts by address, with the first block that created each."""
        self._earnings: dict[bytes, _Earnings] = {}
        self._sent: dict[bytes, tuple[array[int], list[TransactionRecord]]] = {}  # nonces, records
        self._branch: list[BlockRecord] = []
        self._counts = [0, 0, 0, 0]

    def update(self, world: World) -> None:
        """Take in what has been published since."""
        blocks, transactions, records, invalid = self._counts
        for block in world.tree.records[blocks:]:
            self._add_block(world, block)
        for transaction in world.transactions.records[transactions:]:
            self._add_transaction(transaction)
        for place, record in enumerate(world.history.records[records:], records):
            if record.kind not in ("block", "transaction"):
                self.events.append(place)
            if record.kind.startswith("refused-") and record.subject:
                if record.subject not in self.refusals:
                    self.refused_hashes.add(record.subject)
                self.refusals.setdefault(record.subject, []).append(record)
        for _, _, refused, _ in world.invalid_blocks[invalid:]:
            self.refused_blocks[refused.hash] = refused
        self._counts = [
            len(world.tree), len(world.transactions), len(world.history.records), len(world.invalid_blocks),
        ]  # fmt: skip
        if not self._branch:  # walked now, rather than when the first page waits for it
            self.get_branch(world.tree.get_best(world.now_us))

    def _add_block(self, world: World, block: BlockRecord) -> None:
        while len(self.heights) <= block.height:
            self.heights.append([])
        self.heights[block.height].append(block)
        self.block_hashes.add(block.hash)
        if block.parent is None:  # nobody proposed the genesis block
            for address in world.setup.allocations:
                self._add_address(address)
            return
        proposer, execution = block.block.header.proposer, world.ledger.execution(block.hash)
        self._add_address(proposer)
        for receipt in execution.receipts:
            if receipt.created is not None:
                self._add_address(receipt.created)
                self.contracts.setdefault(receipt.created, block)
        earned = self._earnings.setdefault(proposer, _Earnings())
        earned.blocks.append(block)
        earned.tops.append(max(block.height, earned.tops[-1] if earned.tops else 0))
        earned.totals.append(earned.totals[-1] + execution.subsidy + execution.tips)
        self._note_rivals(block)

    def _note_rivals(self, block: BlockRecord) -> None:
        """Note which blocks are not alone at their height any more."""
        at_height = self.heights[block.height]
        if len(at_height) == 2:
            self.contested.append(block.height)
        for record in at_height if len(at_height) == 2 else at_height[2:][-1:]:
            earned = self._earnings[record.block.header.proposer]
            earned.contested.append(bisect_right(earned.blocks, record.index, key=lambda it: it.index) - 1)

    def _add_transaction(self, record: TransactionRecord) -> None:
        signed = record.signed
        self.transaction_hashes.add(signed.id)
        for address in get_parties(signed):
            self._add_address(address)
            self.payments[address].append(record)
        nonces, records = self._sent.setdefault(signed.sender, (array("q"), []))
        nonce = signed.transaction.nonce
        if nonces and nonce <= nonces[-1] and nonce in nonces:
            self.double_spends.append(DoubleSpend(records[nonces.index(nonce)], record))
        nonces.append(nonce)
        records.append(record)

    def _add_address(self, address: bytes) -> None:
        if address not in self.payments:
            self.payments[address] = []
            self.addresses.add(address)

    # Questions -------------------------------------------------------------------------------------------------------

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

    def get_payments(self, address: Address, at_us: TimeUs, after_us: TimeUs = BEFORE) -> list[TransactionRecord]:
        """Return the transactions that name an address, published after one moment and by another, in order."""
        records = self.payments.get(address, [])
        first, end = (bisect_right(records, it, key=lambda record: record.submitted_us) for it in (after_us, at_us))
        return records[first:end]

    def get_sent(self, address: Address, nonce: int) -> list[TransactionRecord]:
        """Return the transactions an account sent with a nonce, in order of publication."""
        nonces, records = self._sent.get(address, (array("q"), []))
        return [records[place] for place, it in enumerate(nonces) if it == nonce] if nonce in nonces else []

    def get_proposed(self, address: Address, at_us: TimeUs) -> list[BlockRecord]:
        """Return the blocks an account proposed, published by then, in order of publication."""
        earned = self._earnings.get(address)
        if earned is None:
            return []
        return earned.blocks[: bisect_right(earned.blocks, at_us, key=lambda record: record.published_us)]

    def get_earnings(self, address: Address, head: BlockRecord, at_us: TimeUs) -> tuple[int, int]:
        """Return how many of an account's blocks are on the branch of ``head``, and what they paid it, in units.

        Only blocks at contested heights or above the head can be off the branch, so only these are looked at.
        """
        earned = self._earnings.get(address)
        if earned is None:
            return 0, 0
        count = bisect_right(earned.blocks, at_us, key=lambda record: record.published_us)
        units = earned.totals[count]
        for place in self._find_lost(earned, count, head):
            count, units = count - 1, units - (earned.totals[place + 1] - earned.totals[place])
        return count, units

    def _find_lost(self, earned: _Earnings, count: int, head: BlockRecord) -> list[int]:
        """Return the places, among an account's first blocks, of those that are off the branch."""
        first_above = count
        while first_above > 0 and earned.tops[first_above - 1] > head.height:
            first_above -= 1
        places = dict.fromkeys((*range(first_above, count), *(it for it in earned.contested if it < first_above)))
        return [place for place in places if not self.is_on_branch(earned.blocks[place], head)]


def get_parties(signed: SignedTransaction) -> tuple[Address, ...]:
    """Return everybody a transaction names, the sender first, each once."""
    action = signed.transaction.action
    named = (getattr(action, "contract", None), getattr(action, "validator", None))
    return tuple(
        dict.fromkeys(
            (signed.sender, *(it.recipient for it in action.get_payments()), *(it for it in named if it is not None))
        )
    )


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
    """Return the block of the canonical branch at a moment that includes a transaction, None when there is none."""
    head = get_canonical(world, at_us)
    for place in transaction.blocks:
        record = world.tree.records[place]
        if record.published_us <= at_us and index.is_on_branch(record, head):
            return record
    return None


def find_double_spends(index: RunIndex, at_us: TimeUs) -> list[DoubleSpend]:
    """Return the double spends published by then."""
    pairs = index.double_spends
    return pairs[: bisect_right(pairs, at_us, key=lambda pair: pair.second.submitted_us)]


def find_stale_blocks(index: RunIndex, head: BlockRecord, at_us: TimeUs) -> list[BlockRecord]:
    """Return the blocks published by then that are not on the branch of ``head``, in order of publication."""
    above = takewhile(
        lambda height: index.heights[height][0].published_us <= at_us, range(head.height + 1, len(index.heights))
    )
    heights = (*(height for height in index.contested if height <= head.height), *above)
    found = [
        record
        for height in heights
        for record in index.get_at_height(height, at_us)
        if not index.is_on_branch(record, head)
    ]
    return sorted(found, key=lambda record: record.index)


def get_submitted(world: World, transaction: Hash, at_us: TimeUs) -> TransactionRecord | None:
    """Return a transaction that was handed in by then."""
    record = world.transactions.get(transaction)
    return record if record is not None and record.submitted_us <= at_us else None

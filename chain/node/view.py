"""What one node knows at one moment, and what it would do with it.

A view owns nothing: it asks the run's tables with its node and its time. Agents get one at every wake-up; the interface
asks for one at any moment, past ones too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import takewhile
from typing import Any

import numpy as np

from chain.access import Access, Right
from chain.consensus.base import Rules, Topic
from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.draws import draw_below, draw_exponential
from chain.ledger.block import Block
from chain.ledger.checks import check_unlocked
from chain.ledger.ledger import Ledger
from chain.ledger.state import State
from chain.ledger.transaction import SignedTransaction
from chain.node.mempool import MempoolView, check_admissible, check_replacement, compute_mempool
from chain.node.messages import MessageRecord, MessageTable
from chain.node.payloads import Payload, PayloadTable
from chain.node.transactions import TransactionRecord, TransactionTable
from chain.units import Address, Hash, NodeId, TimeUs


@dataclass(slots=True)
class Tables:
    """Everything published in a run, and the luck its nodes have used."""

    seed: int
    tree: BlockTree
    transactions: TransactionTable
    ledger: Ledger
    proposers: tuple[Address, ...]
    """The account that each node's block rewards go to."""
    rules: Rules[Any]
    messages: MessageTable
    draw_counts: dict[tuple[int, str], int]
    """How many draws of a purpose each node has made."""
    access: Access
    """Who may do what."""
    payloads: PayloadTable
    """What only some may read."""


class NodeView:
    """A node's knowledge at ``now_us``: the ``View`` of chain/consensus/base.py."""

    __slots__ = ("_tables", "node", "now_us")

    def __init__(self, tables: Tables, node: NodeId, now_us: TimeUs) -> None:
        self._tables, self.node, self.now_us = tables, node, now_us

    def get_head(self) -> BlockRecord:
        """Return the block the node builds on, as the protocol's fork choice says."""
        return self._tables.rules.head(self)

    def get_finalized(self) -> BlockRecord:
        """Return the highest block the node takes as final, in the protocol's sense."""
        return self._tables.rules.finalized(self)

    def heaviest(self) -> BlockRecord:
        return self._tables.tree.get_head(self.node, self.now_us)

    def get_known(self, block: Hash) -> BlockRecord | None:
        record = self._tables.tree.get(block)
        return record if record is not None and record.known_us.item(self.node) <= self.now_us else None

    def get_known_us(self, record: BlockRecord) -> int:
        return record.known_us.item(self.node)

    def iter_known(self, since: BlockRecord) -> Iterator[BlockRecord]:
        tree = self._tables.tree
        for record in tree.records[since.index + 1 : tree.count_published(self.now_us)]:
            if record.known_us.item(self.node) <= self.now_us:
                yield record

    def iter_known_back(self) -> Iterator[BlockRecord]:
        tree = self._tables.tree
        for index in range(tree.count_published(self.now_us) - 1, -1, -1):
            if tree.records[index].known_us.item(self.node) <= self.now_us:
                yield tree.records[index]

    def latest_final(self) -> BlockRecord:
        return self._tables.tree.get_final(self.node, self.now_us)

    def get_choice(self, parent: BlockRecord) -> BlockRecord | None:
        choices = self._tables.tree.get_choices(parent, self.now_us)
        index = -1 if choices is None else choices.item(self.node)
        return self._tables.tree.records[index] if index >= 0 else None

    def get_messages(self, topic: Topic) -> list[Any]:
        tally = self._tables.messages.tallies.get(topic)
        return [record.message for record in tally.get_known(self.node, self.now_us)] if tally else []

    def get_weight(self, topic: Topic, value: bytes) -> int:
        tally = self._tables.messages.tallies.get(topic)
        return tally.get_stack(value).compute_weight(self.node, self.now_us) if tally else 0

    def get_conflicts(self, topic: Topic) -> list[tuple[Any, Any]]:
        tally = self._tables.messages.tallies.get(topic)
        if tally is None or not tally.conflicts:
            return []
        known_us = [(one, other, max(self._hear_us(one), self._hear_us(other))) for one, other in tally.conflicts]
        return [(one.message, other.message) for one, other, time_us in known_us if time_us <= self.now_us]

    def _hear_us(self, record: MessageRecord) -> int:
        return record.spread.arrival.item(self.node)

    def draw_exponential(self, mean_us: int, purpose: str, *key: int | bytes | str) -> int:
        return draw_exponential(self._tables.seed, mean_us, purpose, self.node, self._count_draw(purpose), *key)

    def draw_below(self, n: int, purpose: str, *key: int | bytes | str) -> int:
        return draw_below(self._tables.seed, n, purpose, self.node, self._count_draw(purpose), *key)

    def _count_draw(self, purpose: str) -> int:
        counts = self._tables.draw_counts
        count = counts.get((self.node, purpose), 0)
        counts[self.node, purpose] = count + 1
        return count

    def build_block(self, parent: Hash, consensus: bytes, later_us: int = 0, is_empty: bool = False) -> Block:
        """Return an executed block with the best pending transactions that fit; its nonce is still zero."""
        tables, record = self._tables, self._tables.tree[parent]
        pending = () if is_empty else self.compute_mempool(record).pending
        proposer = tables.proposers[self.node]
        time_us = max(self.now_us, record.block.header.time_us + 1) + later_us
        subsidy = tables.ledger.parameters.compute_subsidy(record.height + 1)
        rewards = tables.rules.compute_rewards(record.state, proposer, consensus, subsidy)
        return tables.ledger.build_block(parent, proposer, time_us, pending, consensus, rewards)

    def may_propose(self) -> bool:
        """Return whether the list of proposers names this node, for the height after its head."""
        access = self._tables.access
        return access.is_public or access.is_allowed_in(Right.PROPOSE, self.node, self.get_head().height + 1)

    def get_payload(self, commitment: Hash) -> Payload:
        """Return what a commitment stands for. Raises AccessRefused, rule access/read, where the node may not know."""
        return self._tables.payloads.get_record(commitment, self.node, self.now_us).payload

    def get_account_state(self, head: BlockRecord | None = None) -> State:
        """Return the accounts after a block, the node's head by default."""
        return self._tables.ledger.state((head or self.get_head()).hash)

    def check_admissible(self, signed: SignedTransaction) -> None:
        """Raise InvalidTransaction unless the node lets a transaction into its mempool now."""
        tables, head = self._tables, self.get_head()
        parameters = tables.ledger.parameters
        base_fee = tables.ledger.next_base_fee(head.hash)
        tables.access.check_sender(signed.sender, head.height + 1)
        check_admissible(signed, tables.ledger.state(head.hash), base_fee, parameters)
        check_unlocked(signed.transaction, self.now_us)
        for rival in tables.transactions.get_rivals(signed.sender, signed.transaction.nonce):
            if rival.spread.is_known(self.node, self.now_us):
                check_replacement(signed, rival.signed, parameters)

    def get_held(self, head: BlockRecord | None = None) -> list[tuple[int, TransactionRecord]]:
        """Return (time of arrival, record) of what has reached the node and may not be on its branch, by arrival."""
        node, now_us, transactions = self.node, self.now_us, self._tables.transactions
        if now_us >= transactions.changed_us:
            above = transactions.iter_above(head or self.get_head(), self._tables.tree)
            candidates = {record.index: record for record in above} | transactions.open
        else:
            oldest_us = now_us - self._tables.ledger.parameters.expiry_us
            branch = takewhile(
                lambda block: block.published_us > oldest_us, self._tables.tree.iter_branch(head or self.get_head())
            )
            done = {block.index for block in branch}
            recent = transactions.get_recent(oldest_us, now_us)
            candidates = {record.index: record for record in recent if done.isdisjoint(record.blocks)}
        held = [
            (time_us, index, record)
            for index, record in candidates.items()
            if (time_us := record.spread.arrival.item(node)) <= now_us
        ]
        held.sort(key=lambda entry: entry[:2])
        return [(time_us, record) for time_us, _, record in held]

    def compute_mempool(self, head: BlockRecord | None = None) -> MempoolView:
        """Return the node's mempool on top of a block, its head by default."""
        tables, head = self._tables, head or self.get_head()
        access, height = tables.access, head.height + 1
        entries = [
            (time_us, record.signed)
            for time_us, record in self.get_held(head)
            if access.is_public or access.is_allowed_in(Right.SEND, record.signed.sender, height)
        ]
        return compute_mempool(entries, tables.ledger, head.hash, self.now_us)


class ObserverView(NodeView):
    """What somebody would know who hears everything at the moment it is published: the run as a whole."""

    __slots__ = ()

    def __init__(self, tables: Tables, now_us: TimeUs) -> None:
        super().__init__(tables, NodeId(-1), now_us)

    def heaviest(self) -> BlockRecord:
        return self._tables.tree.get_best(self.now_us)

    def get_known(self, block: Hash) -> BlockRecord | None:
        record = self._tables.tree.get(block)
        return record if record is not None and record.published_us <= self.now_us else None

    def get_known_us(self, record: BlockRecord) -> int:
        return record.published_us

    def iter_known(self, since: BlockRecord) -> Iterator[BlockRecord]:
        tree = self._tables.tree
        yield from tree.records[since.index + 1 : tree.count_published(self.now_us)]

    def iter_known_back(self) -> Iterator[BlockRecord]:
        tree = self._tables.tree
        for index in range(tree.count_published(self.now_us) - 1, -1, -1):
            yield tree.records[index]

    def latest_final(self) -> BlockRecord:
        return self._tables.tree.get_first_final(self.now_us)

    def get_choice(self, parent: BlockRecord) -> BlockRecord | None:
        """Return the child most nodes were led to prefer, the earlier one on ties."""
        choices = self._tables.tree.get_choices(parent, self.now_us)
        led = choices[choices >= 0] if choices is not None else ()
        return self._tables.tree.records[int(np.bincount(led).argmax())] if len(led) else None

    def get_messages(self, topic: Topic) -> list[Any]:
        tally = self._tables.messages.tallies.get(topic)
        return [r.message for r in tally.records if r.published_us <= self.now_us] if tally else []

    def get_weight(self, topic: Topic, value: bytes) -> int:
        tally = self._tables.messages.tallies.get(topic)
        records = tally.records if tally else []
        weights = {r.sender: r.weight for r in records if r.value == value and r.published_us <= self.now_us}
        return sum(weights.values())

    def _hear_us(self, record: MessageRecord) -> int:
        return record.published_us

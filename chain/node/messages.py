"""Every consensus message a run has broadcast, with the moment at which each node had it: votes, attestations, polls.

The third table beside blocks and transactions. Messages on one topic (a tuple such as ``("prevote", height, round)``)
form a ``Tally``, and "when does node *n* have messages of so much weight" is an order statistic over their arrivals,
for all nodes at once. So voting costs a few array operations a message, and only nodes with a quorum are woken.

A validator counts once per value, and once per tally when any value will do, whatever it sends twice; what it sent
first and what contradicts it are kept as conflicts. Old topics are forgotten when the protocol says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from chain.consensus.base import Broadcast, Envelope, Topic
from chain.consensus.block_tree import Times
from chain.network.spread import Spread
from chain.units import NEVER, Hash, NodeId, TimeUs

Nodes = npt.NDArray[np.intp]


@dataclass(slots=True)
class MessageRecord:
    """A broadcast message and where it is."""

    number: int
    """Position in order of publication."""
    key: Hash
    """Digest of the message."""
    topic: Topic
    value: bytes
    """What it speaks for: a block hash, or nothing."""
    sender: int
    """Index of the validator that signed it."""
    weight: int
    wakes: bool
    message: Any
    """The protocol's own value."""
    origin: NodeId
    published_us: TimeUs
    spread: Spread
    target: NodeId | None = None
    """The one node it is for; others only pass it on."""


class Stack:
    """The arrivals of one message a sender, a row each: what an order statistic is taken from."""

    __slots__ = ("_count", "_is_even", "_new", "_ranked", "_rows", "_weights", "rows_by_sender", "total")

    def __init__(self, records: list[MessageRecord]) -> None:
        self.rows_by_sender: dict[int, int] = {}
        self.total = 0
        """Weight of all senders so far."""
        self._new: list[MessageRecord] = []  # still without a row
        self._count = 0
        self._is_even = True  # whether all weigh the same
        self._rows: Times = np.empty((0, 0), dtype=np.int64)
        self._weights: Times = np.empty(0, dtype=np.int64)
        self._ranked: dict[int, tuple[int, Times]] = {}  # by place: of so many rows the earliest, in order, by column
        for record in records:
            self.add(record)

    def add(self, record: MessageRecord) -> None:
        """Take a message; of two from one sender the earlier arrival counts."""
        row = self.rows_by_sender.setdefault(record.sender, len(self.rows_by_sender))
        if row < self._count + len(self._new):
            self._fill()
            np.minimum(self._rows[row], record.spread.arrival, out=self._rows[row])
            self._ranked = {}
        else:
            self._new.append(record)
            self.total += record.weight

    def _fill(self) -> None:
        """Give every message its row."""
        count, new = self._count, self._new
        if not new:
            return
        if count + len(new) > len(self._weights):
            room = 2 * (count + len(new))
            rows = np.empty((room, len(new[0].spread.arrival)), dtype=np.int64)
            weights = np.empty(room, dtype=np.int64)
            if count:
                rows[:count], weights[:count] = self._rows[:count], self._weights[:count]
            self._rows, self._weights = rows, weights
        for row, record in enumerate(new, start=count):
            self._rows[row], self._weights[row] = record.spread.arrival, record.weight
        self._count, self._new = count + len(new), []
        self._is_even = bool((self._weights[: self._count] == self._weights[0]).all())

    def compute_weight(self, node: int, at_us: int) -> int:
        """Return the weight of the messages a node had at a moment."""
        if not self.rows_by_sender:
            return 0
        self._fill()
        is_there = self._rows[: self._count, node] <= at_us
        if self._is_even:
            return int(np.count_nonzero(is_there)) * self._weights.item(0)
        return int(self._weights[: self._count].sum(where=is_there))

    def compute_quorum_us(self, threshold: int) -> Times | None:
        """Return when each node has messages of at least ``threshold`` weight; None when there are not that many."""
        if self.total < threshold or not self.rows_by_sender:
            return None
        self._fill()
        if self._is_even and self._weights.item(0):
            return self._rank(max(-(-threshold // self._weights.item(0)) - 1, 0))
        return compute_order_statistic(self._rows[: self._count], self._weights[: self._count], threshold)

    def _rank(self, place: int) -> Times:
        """Return by column which arrival is at a place, counted from 0, in order of time."""
        count, ranked = self._ranked.get(place, (0, self._rows[:0]))
        if not count:
            ranked = np.sort(self._rows[: self._count], axis=0)[: place + 1]
        for row in self._rows[count or self._count : self._count]:  # it goes where it belongs, and the last one out
            moved = np.minimum(ranked, row)
            np.maximum(moved[1:], ranked[:-1], out=moved[1:])
            ranked = moved
        self._ranked[place] = self._count, ranked
        last: Times = ranked[place].copy()
        return last

    def compute_earlier_us(self, quorum_us: Times, threshold: int, nodes: Nodes) -> Times:
        """Return the same after messages arrived that can only have made it earlier, and only for some nodes."""
        if self._is_even and (ranked := self.compute_quorum_us(threshold)) is not None:
            return ranked
        self._fill()
        rows, weights = self._rows[: self._count, nodes], self._weights[: self._count]
        quorum_us = quorum_us.copy()
        quorum_us[nodes] = _lower(rows, weights, threshold, quorum_us[nodes])
        return quorum_us


def _lower(rows: Times, weights: Times, threshold: int, quorum_us: Times) -> Times:
    """Return the order statistic, by column, given moments that are not before it: a few steps instead of a sort."""
    quorum_us, columns = quorum_us.copy(), np.arange(len(quorum_us))
    while True:
        is_before = rows < quorum_us[columns]
        enough = np.flatnonzero(np.einsum("i,ij->j", weights, is_before) >= threshold)
        if not len(enough):
            return quorum_us
        columns, rows = columns[enough], rows[:, enough]
        quorum_us[columns] = np.multiply(rows, is_before[:, enough]).max(axis=0)


def compute_order_statistic(arrivals: Times, weights: npt.ArrayLike, threshold: int) -> Times:
    """Return, by column, the moment at which rows of together at least ``threshold`` weight have arrived.

    ``arrivals`` has a row a message and a column a node; the weights of all rows together reach the threshold.
    """
    by_row = np.asarray(weights, dtype=np.int64)
    weight = int(by_row[0])
    if (by_row == weight).all():
        place = max(-(-threshold // weight) - 1, 0) if weight else 0
        quorum: Times = np.partition(arrivals, place, axis=0)[place]
        return quorum
    order = np.argsort(arrivals, axis=0, kind="stable")
    place_by_node = np.argmax(np.cumsum(by_row[order], axis=0) >= threshold, axis=0)
    ranked: Times = np.take_along_axis(arrivals, np.take_along_axis(order, place_by_node[None], axis=0), axis=0)[0]
    return ranked


@dataclass(slots=True)
class Tally:
    """All messages on one topic, in order of publication."""

    records: list[MessageRecord] = field(default_factory=list)
    conflicts: list[tuple[MessageRecord, MessageRecord]] = field(default_factory=list)
    """Pairs of messages in which one sender speaks for two values; the first is the first it sent."""
    _first: dict[int, MessageRecord] = field(default_factory=dict)
    _stacks: dict[bytes | None, Stack] = field(default_factory=dict)

    def add(self, record: MessageRecord) -> None:
        """Append a message."""
        self.records.append(record)
        first = self._first.setdefault(record.sender, record)
        if first.value != record.value:
            self.conflicts.append((first, record))
        for value in (None, record.value):
            stack = self._stacks.get(value)
            if stack is not None:
                stack.add(record)

    def get_stack(self, value: bytes | None) -> Stack:
        """Return the arrivals of the messages for a value; None: of one message of each sender, whatever it says."""
        stack = self._stacks.get(value)
        if stack is None:
            chosen = [record for record in self.records if value is None or record.value == value]
            stack = self._stacks[value] = Stack(chosen)
        return stack

    def forget_stacks(self) -> None:
        """Let stacks be built anew, after arrivals have moved."""
        self._stacks = {}

    def get_known(self, node: int, at_us: int) -> list[MessageRecord]:
        """Return the messages a node had at a moment, without those it only passed on."""
        return [
            record
            for record in self.records
            if record.spread.arrival.item(node) <= at_us and (record.target is None or record.target == node)
        ]

    def copy(self, records: dict[int, MessageRecord]) -> "Tally":
        """Return an independent tally of the copied records, given by number."""
        tally = Tally()
        for record in self.records:
            tally.add(records[record.number])
        return tally


@dataclass(slots=True)
class Watch:
    """Nodes that want to know when they have a quorum on a topic."""

    number: int
    """Position in order of creation."""
    topic: Topic
    value: bytes | None
    threshold: int
    name: str
    is_waiting: npt.NDArray[np.bool_]
    """By node, whether it is still to be told."""
    quorum_us: Times | None = None
    """When each node reaches it, as far as known."""
    due_us: int = NEVER
    """When the next node is to be told, as it has been scheduled."""
    waiting_us: Times | None = None
    """The same moments for the nodes that wait, NEVER for the others; None: to be put together."""

    def update(self, tally: Tally, spread: Spread | None) -> bool:
        """Recompute the moments and return whether they moved; ``spread``, if given, is all that is new."""
        before, stack = self.quorum_us, tally.get_stack(self.value)
        if stack.total < self.threshold:
            return False
        if spread is None or before is None:
            self.quorum_us, self.waiting_us = stack.compute_quorum_us(self.threshold), None
            return True
        nodes = (spread.arrival < before).nonzero()[0]
        if not len(nodes):
            return False
        self.quorum_us, self.waiting_us = stack.compute_earlier_us(before, self.threshold, nodes), None
        return True

    def wait(self, node: int) -> None:
        """Let a node wait."""
        self.is_waiting[node] = True
        if self.waiting_us is not None and self.quorum_us is not None:
            self.waiting_us[node] = self.quorum_us[node]

    def get_next_us(self) -> int:
        """Return the first moment at which a node that waits reaches the quorum; NEVER as long as none does."""
        if self.quorum_us is None:
            return NEVER
        if self.waiting_us is None:
            self.waiting_us = np.where(self.is_waiting, self.quorum_us, NEVER)
        return int(self.waiting_us.min())

    def tell_due(self, now_us: int) -> list[int]:
        """Return the nodes that have reached the quorum by now; they wait no longer."""
        if self.get_next_us() > now_us or self.waiting_us is None:
            return []
        nodes = (self.waiting_us <= now_us).nonzero()[0]
        self.is_waiting[nodes], self.waiting_us[nodes] = False, NEVER
        return nodes.tolist()


@dataclass(slots=True)
class MessageTable:
    """The messages of a run by topic, and the watches over them."""

    nodes: int
    """How many nodes there are."""
    tallies: dict[Topic, Tally] = field(default_factory=dict)
    records: dict[int, MessageRecord] = field(default_factory=dict)
    """By number."""
    watches: dict[int, Watch] = field(default_factory=dict)
    """By number."""
    count: int = 0
    """Messages broadcast since the start of the run."""
    _numbers: dict[bytes, int] = field(default_factory=dict)
    _watches_by_topic: dict[Topic, dict[tuple[bytes | None, int, str], Watch]] = field(default_factory=dict)
    _watch_count: int = 0

    def __contains__(self, key: Hash) -> bool:
        return key in self._numbers

    def get(self, key: bytes) -> MessageRecord | None:
        """Return the message of a spread's key, or None when there is none or it has been forgotten."""
        number = self._numbers.get(key)
        return None if number is None else self.records[number]

    def add(
        self, key: Hash, effect: Broadcast, about: Envelope, origin: NodeId, published_us: TimeUs, spread: Spread
    ) -> MessageRecord:
        """Append a message that is not here yet and return its record."""
        record = MessageRecord(
            self.count,
            key,
            *about,
            effect.wakes or effect.target is not None,
            effect.message,
            origin,
            published_us,
            spread,
            effect.target,
        )
        tally = self.tallies.get(record.topic)
        if tally is None:
            tally = self.tallies[record.topic] = Tally()
        tally.add(record)
        self.records[record.number] = record
        self._numbers[key] = self._numbers[spread.key] = record.number
        self.count += 1
        return record

    def watch(self, node: int, topic: Topic, value: bytes | None, threshold: int, name: str) -> Watch:
        """Let a node wait for a quorum, and return the watch."""
        watches = self._watches_by_topic.get(topic)
        if watches is None:
            watches = self._watches_by_topic[topic] = {}
        watch = watches.get((value, threshold, name))
        if watch is None:
            is_waiting = np.zeros(self.nodes, dtype=np.bool_)
            watch = Watch(self._watch_count, topic, value, threshold, name, is_waiting)
            watches[value, threshold, name] = self.watches[watch.number] = watch
            self._watch_count += 1
            tally = self.tallies.get(topic)
            if tally is not None:
                watch.update(tally, None)
        watch.wait(node)
        return watch

    def update(self, record: MessageRecord) -> list[Watch]:
        """Recompute the watches that a new message concerns; return those that moved."""
        tally = self.tallies[record.topic]
        watches = self._watches_by_topic.get(record.topic, {}).values()
        concerned = [watch for watch in watches if watch.value is None or watch.value == record.value]
        return [watch for watch in concerned if watch.update(tally, record.spread)]

    def update_topic(self, topic: Topic) -> list[Watch]:
        """Recompute all watches on a topic after arrivals have moved; return those that moved."""
        tally = self.tallies[topic]
        tally.forget_stacks()
        return [watch for watch in self._watches_by_topic.get(topic, {}).values() if watch.update(tally, None)]

    def forget(self, topics: Sequence[Topic]) -> list[bytes]:
        """Drop topics with their watches; return the keys of their messages."""
        keys: list[bytes] = []
        for topic in topics:
            tally = self.tallies.pop(topic, None)
            for record in tally.records if tally else ():
                keys.append(record.key)
                self._numbers.pop(record.key)
                self._numbers.pop(record.spread.key, None)
                del self.records[record.number]
            for watch in self._watches_by_topic.pop(topic, {}).values():
                del self.watches[watch.number]
        return keys

    def copy(self) -> "MessageTable":
        """Return an independent table; spreads are shared, since they never change."""
        records = {number: replace(record) for number, record in self.records.items()}
        watches = {
            number: replace(watch, is_waiting=watch.is_waiting.copy(), waiting_us=None)
            for number, watch in self.watches.items()
        }
        return MessageTable(
            self.nodes,
            {topic: tally.copy(records) for topic, tally in self.tallies.items()},
            records,
            watches,
            self.count,
            self._numbers.copy(),
            {
                topic: {key: watches[watch.number] for key, watch in by_key.items()}
                for topic, by_key in self._watches_by_topic.items()
            },
            self._watch_count,
        )

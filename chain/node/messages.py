"""Every consensus message a run has broadcast, with the moment at which each node had it: votes, attestations, polls.

The third table beside blocks and transactions. Messages on one topic (a tuple such as ``("prevote", height, round)``)
form a ``Tally``, and "when does node *n* have messages of so much weight" is an order statistic over their arrivals,
for all nodes at once. So voting costs a few array operations a message, and only nodes with a quorum are woken.

A validator counts once per value, and once per tally when any value will do, whatever it sends twice. Old topics are
forgotten when the protocol says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from chain.consensus.base import Broadcast, Topic
from chain.consensus.block_tree import Times
from chain.network.spread import Spread
from chain.units import NEVER, Hash, NodeId, TimeUs


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


@dataclass(slots=True)
class Tally:
    """All messages on one topic, in order of publication."""

    records: list[MessageRecord] = field(default_factory=list)

    def compute_quorum_us(self, value: bytes | None, threshold: int) -> Times | None:
        """Return when each node has messages of at least ``threshold`` weight; None when there are not that many yet.

        With a value only messages for it count; with None one of each sender, whatever it says.
        """
        arrivals: dict[int, Times] = {}
        weights: dict[int, int] = {}
        for record in self.records:
            if value is None or record.value == value:
                earlier = arrivals.get(record.sender)
                arrival = record.spread.arrival
                arrivals[record.sender] = arrival if earlier is None else np.minimum(earlier, arrival)
                weights[record.sender] = record.weight
        if sum(weights.values()) < threshold:
            return None
        return compute_order_statistic(np.array(list(arrivals.values())), list(weights.values()), threshold)

    def get_known(self, node: int, at_us: int) -> list[MessageRecord]:
        """Return the messages a node had at a moment."""
        return [record for record in self.records if record.spread.arrival.item(node) <= at_us]


def compute_order_statistic(arrivals: Times, weights: list[int], threshold: int) -> Times:
    """Return, by column, the moment at which rows of together at least ``threshold`` weight have arrived.

    ``arrivals`` has a row a message and a column a node; the weights of all rows together reach the threshold.
    """
    weight = weights[0]
    if all(other == weight for other in weights):
        place = max(-(-threshold // weight) - 1, 0)
        quorum: Times = np.partition(arrivals, place, axis=0)[place]
        return quorum
    order = np.argsort(arrivals, axis=0, kind="stable")
    gathered = np.cumsum(np.array(weights, dtype=np.int64)[order], axis=0)
    place_by_node = np.argmax(gathered >= threshold, axis=0)
    ranked: Times = np.take_along_axis(arrivals, np.take_along_axis(order, place_by_node[None], axis=0), axis=0)[0]
    return ranked


@dataclass(slots=True)
class Watch:
    """Nodes that want to know when they have a quorum on a topic."""

    number: int
    """Position in order of creation."""
    topic: Topic
    value: bytes | None
    threshold: int
    name: str
    waiting: set[int] = field(default_factory=set)
    """Nodes still to be told."""
    quorum_us: Times | None = None
    """When each node reaches it, as far as known."""


WatchKey = tuple[Topic, bytes | None, int, str]


@dataclass(slots=True)
class MessageTable:
    """The messages of a run by topic, and the watches over them."""

    tallies: dict[Topic, Tally] = field(default_factory=dict)
    records: dict[int, MessageRecord] = field(default_factory=dict)
    """By number."""
    watches: dict[int, Watch] = field(default_factory=dict)
    """By number."""
    count: int = 0
    """Messages broadcast since the start of the run."""
    _numbers: dict[bytes, int] = field(default_factory=dict)
    _watch_numbers: dict[WatchKey, int] = field(default_factory=dict)
    _watch_count: int = 0

    def __contains__(self, key: Hash) -> bool:
        return key in self._numbers

    def get(self, key: bytes) -> MessageRecord | None:
        """Return the message of a digest, or None when there is none or it has been forgotten."""
        number = self._numbers.get(key)
        return None if number is None else self.records[number]

    def add(self, key: Hash, effect: Broadcast, origin: NodeId, published_us: TimeUs, spread: Spread) -> MessageRecord:
        """Append a message that is not here yet and return its record."""
        e = effect
        record = MessageRecord(
            self.count, key, e.topic, e.value, e.sender, e.weight, e.wakes, e.message, origin, published_us, spread
        )
        self.tallies.setdefault(record.topic, Tally()).records.append(record)
        self.records[record.number] = record
        self._numbers[key] = record.number
        self.count += 1
        return record

    def watch(self, node: int, topic: Topic, value: bytes | None, threshold: int, name: str) -> Watch:
        """Let a node wait for a quorum, and return the watch."""
        key = (topic, value, threshold, name)
        number = self._watch_numbers.get(key)
        watch = None if number is None else self.watches[number]
        if watch is None:
            number = self._watch_numbers[key] = self._watch_count
            self._watch_count += 1
            watch = self.watches[number] = Watch(number, topic, value, threshold, name)
            tally = self.tallies.get(topic)
            watch.quorum_us = tally.compute_quorum_us(value, threshold) if tally else None
        watch.waiting.add(node)
        return watch

    def update(self, topic: Topic, value: bytes | None = None) -> list[tuple[Watch, list[int]]]:
        """Recompute the watches on a topic (of one value, when given); return each with the waiting nodes it moved."""
        moved = []
        for watch in self.watches.values():
            if watch.topic != topic or (value is not None and watch.value not in (None, value)):
                continue
            before, now = watch.quorum_us, self.tallies[topic].compute_quorum_us(watch.value, watch.threshold)
            watch.quorum_us = now
            if now is not None:
                changed = now < NEVER if before is None else (now != before) & (now < NEVER)
                nodes = [node for node in np.flatnonzero(changed).tolist() if node in watch.waiting]
                if nodes:
                    moved.append((watch, nodes))
        return moved

    def forget(self, topics: Sequence[Topic]) -> list[bytes]:
        """Drop topics with their watches; return the keys of their messages."""
        dropped = set(topics)
        keys: list[bytes] = []
        for topic in topics:
            tally = self.tallies.pop(topic, None)
            for record in tally.records if tally else ():
                keys.append(record.key)
                del self.records[record.number], self._numbers[record.key]
        for key in [key for key in self._watch_numbers if key[0] in dropped]:
            del self.watches[self._watch_numbers.pop(key)]
        return keys

    def copy(self) -> "MessageTable":
        """Return an independent table; spreads are shared, since they never change."""
        records = {number: replace(record) for number, record in self.records.items()}
        tallies = {topic: Tally([records[r.number] for r in tally.records]) for topic, tally in self.tallies.items()}
        watches = {number: replace(watch, waiting=set(watch.waiting)) for number, watch in self.watches.items()}
        return MessageTable(
            tallies,
            records,
            watches,
            self.count,
            self._numbers.copy(),
            self._watch_numbers.copy(),
            self._watch_count,
        )

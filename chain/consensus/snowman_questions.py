"""The questions of one tick of Snowman's polls, and what is answered to them.

A peer prefers the block it knew first among the children of each block (``BlockRecord.known_us``), unless its own polls
led it to another (``BlockRecord.choices``); both are looked up at the moment at which the question reaches it.

Sources and simplifications: chain/consensus/snowman.py.
"""

import numpy as np
import numpy.typing as npt

from chain.consensus.block_tree import BlockRecord, Nodes, Times
from chain.consensus.ensemble import Stage
from chain.consensus.snowball import Counts, Mask

_AWARE, _MAYBE, _UNAWARE = np.arange(3, dtype=np.int8)  # of a block, when a question arrives
Places = npt.NDArray[np.intp]
"""Indices of questions: row · columns + column."""


class Questions:
    """The questions of one tick: a row a node that asks, a column a question; sets of them are masks, None: no one."""

    def __init__(
        self,
        stage: Stage,
        asking: Nodes,
        peers: Nodes,
        luck: npt.NDArray[np.uint32],
        sent_us: int,
        longest_us: Times,
    ) -> None:
        self.sent_us = sent_us
        self._stage, self._asking, self._peers, self._luck = stage, asking, peers, luck
        self._longest_us = longest_us

    def find_late(self, limit_us: int) -> Mask | None:
        """Return those whose answer takes longer than a limit."""
        is_slow = self._longest_us > limit_us // 2  # by luck, if it may take up more than half of the time
        if not is_slow.any():
            return None
        there, back = self._luck & 0xFFF, self._luck >> 12 & 0xFFF
        if is_slow.argmin() == np.count_nonzero(is_slow):  # all that are slow come first
            maybe = np.minimum(there, back) < np.count_nonzero(is_slow)
        else:
            maybe = is_slow.take(there) | is_slow.take(back)
        places = maybe.ravel().nonzero()[0]
        sources, peers = self._asking.take(places // self._peers.shape[1]), self._peers.ravel().take(places)
        levels = self._luck[maybe].astype(np.int64)
        span_us = self._stage.compute_asked_us(sources, peers, levels & 0xFFF)
        span_us += self._stage.compute_asked_us(peers, sources, levels >> 12 & 0xFFF)
        late = places[span_us > limit_us]
        if not len(late):
            return None
        return self._build_mask(late)

    def find_unaware(self, known_us: Times, besides: Mask | None) -> Mask | None:
        """Return those that reach a peer before it knows a block, and others besides."""
        if known_us.max() <= self.sent_us:
            return besides
        is_aware = known_us <= self.sent_us
        stage_of = np.where(known_us <= self.sent_us + int(self._longest_us.max()), _MAYBE, _UNAWARE)
        stage_of[is_aware] = _AWARE
        found = stage_of.take(self._peers)
        unaware = found != _AWARE
        maybe = found == _MAYBE
        places = maybe.ravel().nonzero()[0]
        if len(places):
            sources, peers = self._asking.take(places // self._peers.shape[1]), self._peers.ravel().take(places)
            levels = self._luck[maybe].astype(np.int64) & 0xFFF
            out_us = self._stage.compute_asked_us(sources, peers, levels)
            unaware.ravel()[places] = known_us.take(peers) > out_us + self.sent_us
        return np.asarray(unaware if besides is None else unaware | besides, dtype=np.bool_)

    def count(self, excepted: Mask | None) -> Counts:
        """Return by row how many are not in a set."""
        rows, size = self._peers.shape
        if excepted is None:
            return np.full(rows, size, dtype=np.int64)
        return np.asarray(size - np.count_nonzero(excepted, axis=1), dtype=np.int64)

    def _build_mask(self, places: Places) -> Mask:
        mask = np.zeros(self._peers.shape, dtype=np.bool_)
        mask.ravel()[places] = True
        return mask


def compute_answers(
    parent: BlockRecord, children: list[BlockRecord], peers: Nodes, query_us: Times, sent_us: int
) -> list[Mask]:
    """Return for each child whether the peers, at these moments, knew it and preferred it to the other children.

    The children are in order of their hashes: of two known at once the one with the smaller hash is preferred.
    """
    knows = [_is_known(child, peers, query_us, sent_us) for child in children]
    if len(children) == 1:
        return knows
    indexes = np.array([child.index for child in children])
    first = indexes[np.argmin(np.stack([child.known_us for child in children]), axis=0)]
    prefers = first[peers]
    for since_us, led in parent.choices or ():
        chosen = np.where(led >= 0, led, first)[peers]
        prefers = chosen if since_us <= sent_us else np.where(query_us >= since_us, chosen, prefers)
    return [mask & (prefers == index) for mask, index in zip(knows, indexes, strict=True)]


def _is_known(block: BlockRecord, peers: Nodes, query_us: Times, sent_us: int) -> Mask:
    if block.known_us.max() <= sent_us:
        return np.ones(peers.shape, dtype=np.bool_)
    return np.asarray(block.known_us.take(peers) <= query_us)

"""Snowman's polls: all nodes ask, answer and count at once, a tick of the clock at a time.

A poll is counted at the tick at which it ends, so all it looks at is past. What is answered: snowman_questions.py.

Sources and simplifications: chain/consensus/snowman.py.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from chain.consensus.base import Effect, Effects, FinalizeFor, Prefer, SetTimer
from chain.consensus.block_tree import BlockRecord, Nodes, Times
from chain.consensus.ensemble import Ensemble, Stage
from chain.consensus.snowball import Counts, Mask, Snowball, choose_peers, split_luck
from chain.consensus.snowman_questions import Questions, compute_answers
from chain.draws import draw_array
from chain.units import NEVER, NodeId, TimeUs

POLL_BYTES: Final = 100
"""About the size of a PullQuery or of Chits."""
_POLL: Final = "poll"


class PollParameters(NamedTuple):
    """What chain/consensus/snowman.py's parameters say of polls."""

    sample_size: int
    alpha: int
    beta: int
    interval_us: int
    concurrent: int
    max_processing: int


class Polls(Ensemble):
    """All nodes' polls, a tick at a time, as long as a block is open: known and not accepted by all that run."""

    __slots__ = ("_is_ticking", "_open", "_settled", "_snowballs", "parameters", "powers")

    def __init__(self, parameters: PollParameters, powers: Sequence[int]) -> None:
        self.parameters, self.powers = parameters, tuple(powers)
        self._settled = 0  # index of the highest block that all accepted
        self._open: list[int] = []  # indices of the blocks above it, parents first
        self._snowballs: dict[int, Snowball] = {}  # by index of the parent
        self._is_ticking = False

    def copy(self) -> "Polls":
        other = Polls(self.parameters, self.powers)
        other._settled, other._is_ticking = self._settled, self._is_ticking
        other._open = self._open.copy()
        other._snowballs = {index: snowball.copy() for index, snowball in self._snowballs.items()}
        return other

    def get_streaks(self, blocks: Sequence[BlockRecord]) -> dict[int, Counts]:
        """Return, by index of a block that is polled about, how many polls in a row have succeeded at each node."""
        streaks: dict[int, Counts] = {}
        for block in blocks:
            snowball = self._snowballs.get(block.parent.index) if block.parent is not None else None
            streak = snowball.streaks.get(int.from_bytes(block.hash)) if snowball is not None else None
            if streak is not None:
                streaks[block.index] = streak
        return streaks

    def on_block(self, stage: Stage, block: BlockRecord) -> Effects:
        assert block.parent is not None
        if block.parent.index != self._settled and block.parent.index not in self._open:
            return ()  # on a branch that everybody rejected
        self._open.append(block.index)
        return self._tick_from(stage)

    def on_start(self, stage: Stage, node: NodeId) -> Effects:
        tree = stage.tree
        settled, final = tree.records[self._settled], tree.get_final(node, stage.now_us)
        if final.height < settled.height:
            lowest = max(final.height, settled.height - self.parameters.max_processing)
            self._settle(stage, tree.get_ancestor(settled, lowest))
        return self._tick_from(stage)

    def _tick_from(self, stage: Stage) -> Effects:
        if self._is_ticking or not self._open:
            return ()
        self._is_ticking, interval = True, self.parameters.interval_us
        tick = -(-stage.now_us // interval)
        return [SetTimer(_POLL, TimeUs((tick + self.parameters.concurrent) * interval), tick)]

    def on_timer(self, stage: Stage, name: str, data: int) -> Effects:
        self._advance(stage)
        self._is_ticking = bool(self._open)
        if not self._open:
            return ()
        next_us = TimeUs(stage.now_us + self.parameters.interval_us)
        return [*self._end_polls(stage, data), SetTimer(_POLL, next_us, data + 1)]

    def _advance(self, stage: Stage) -> None:
        """Move the settled block up as far as every running node has accepted, or others far more."""
        tree, online = stage.tree, stage.get_online()
        settled, top = tree.records[self._settled], tree.get_first_final(stage.now_us)
        for record in map(tree.records.__getitem__, self._open):
            if record.parent is settled and record.final_us is not None and record.final_us[online].max() < NEVER:
                settled = record
        lowest = top.height - 2 * self.parameters.max_processing
        if settled.height < lowest:
            settled = tree.get_ancestor(top, lowest)
        if settled.index != self._settled:
            self._settle(stage, settled)

    def _settle(self, stage: Stage, settled: BlockRecord) -> None:
        kept = {settled.index: None}
        for record in stage.tree.records[settled.index + 1 :]:
            if record.parent is not None and record.parent.index in kept:
                kept[record.index] = None
        self._settled, self._open = settled.index, list(kept)[1:]
        self._snowballs = {index: snowball for index, snowball in self._snowballs.items() if index in kept}

    def _end_polls(self, stage: Stage, tick: int) -> list[Effect]:
        """Count the answers to the polls that began at a tick and end now."""
        sent_us, tree = tick * self.parameters.interval_us, stage.tree
        asking = self._get_asking(stage, sent_us)
        if not len(asking):
            return []
        alone = self._end_uncontested(stage, tick, asking)
        if alone is not None:
            return alone
        peers, query_us, is_answered = self._ask(stage, tick, asking)
        agrees = {self._settled: is_answered}  # by block: whether the peer's answer speaks for it
        families: dict[int, list[BlockRecord]] = {}
        for record in map(tree.records.__getitem__, self._open):
            assert record.parent is not None
            families.setdefault(record.parent.index, []).append(record)
        effects: list[Effect] = []
        for index, family in families.items():
            parent, children = tree.records[index], sorted(family, key=lambda child: child.hash)
            answers = compute_answers(parent, children, peers, query_us, sent_us)
            votes = np.zeros((len(children), len(parent.known_us)), dtype=np.int64)
            for row, child in enumerate(children):
                agrees[child.index] = agrees[index] & answers[row]
                count = np.count_nonzero(agrees[child.index], axis=1)
                votes[row, asking] = count * (child.known_us[asking] <= sent_us)
            effects += self._count(stage, parent, children, votes, asking)
        return effects

    def _get_asking(self, stage: Stage, sent_us: int) -> Nodes:
        """Return the running nodes that knew a block then which they had not accepted."""
        online = stage.get_online()
        is_asking = np.zeros(len(online), dtype=np.bool_)
        for record in map(stage.tree.records.__getitem__, self._open):
            is_open = record.known_us[online] <= sent_us
            if record.final_us is not None:
                is_open &= record.final_us[online] > sent_us
            is_asking |= is_open
        return online[is_asking]

    def _ask(self, stage: Stage, tick: int, asking: Nodes) -> tuple[Nodes, Times, Mask]:
        """Return, with a row a node that asks and a column a question: the peer, when it is asked, if it answers."""
        peers, luck = self._draw(stage, tick, asking)
        levels, sources = luck.astype(np.int64), asking[:, None]
        out_us = stage.ask(sources, peers, levels & 0xFFF, POLL_BYTES)
        back_us = stage.ask(peers, sources, levels >> 12 & 0xFFF, POLL_BYTES)
        groups, interval = stage.get_groups(), self.parameters.interval_us
        back_us += out_us
        is_answered = back_us <= self.parameters.concurrent * interval
        if groups.any():  # not all are connected
            is_answered &= groups.take(sources) == groups.take(peers)
        out_us += tick * interval
        return peers, out_us, is_answered

    def _draw(self, stage: Stage, tick: int, asking: Nodes) -> tuple[Nodes, npt.NDArray[np.uint32]]:
        """Return, with a row a node that asks and a column a question: the peer, and luck.

        That of the way there is in the 12 lowest bits, that of the way back in the 12 next.
        """
        size, nodes = self.parameters.sample_size, len(stage.tree.records[0].known_us)
        luck = draw_array(stage.seed, "poll", tick, size=nodes * size).reshape(nodes, size)
        halves = split_luck(luck if len(asking) == nodes else luck[asking])
        return choose_peers(halves[..., 0], self.powers), halves[..., 1]

    def _end_uncontested(self, stage: Stage, tick: int, asking: Nodes) -> list[Effect] | None:
        """Do the same where no two blocks compete and all are connected; None where not.

        Then an answer depends on when a question arrives only if it may come too late, or if the peer came to know a
        block while it may have been under way: only for such questions it is computed how long they take.
        """
        records, longest_us = stage.tree.records, stage.get_longest_us()
        open_ = [records[index] for index in self._open]
        if longest_us is None or len({id(record.parent) for record in open_}) < len(open_) or stage.get_groups().any():
            return None
        if any(stage.tree.get_choices(record.parent, stage.now_us) is not None for record in open_ if record.parent):
            return None
        peers, luck = self._draw(stage, tick, asking)
        stage.count_asked(2 * (peers.size - int(np.count_nonzero(peers == asking[:, None]))), POLL_BYTES)
        questions = Questions(stage, asking, peers, luck, tick * self.parameters.interval_us, longest_us)
        silent = questions.find_late(self.parameters.concurrent * self.parameters.interval_us)
        agrees = {self._settled: silent}  # by block: which answers do not speak for it
        is_asked = np.zeros(len(records[0].known_us), dtype=np.bool_)
        is_asked[asking] = True
        effects: list[Effect] = []
        for child in open_:
            assert child.parent is not None
            is_success, knows = np.zeros(len(is_asked), dtype=np.bool_), child.known_us[asking] <= questions.sent_us
            unaware = None
            if knows.any():  # otherwise nobody has asked about it, nor about what is above it
                unaware = questions.find_unaware(child.known_us, agrees[child.parent.index])
                is_success[asking] = (questions.count(unaware) >= self.parameters.alpha) & knows
            agrees[child.index] = unaware
            effects += self._count_alone(child, is_success, is_asked)
        return effects

    def _count_alone(self, child: BlockRecord, is_success: Mask, is_asked: Mask) -> list[Effect]:
        """Let the Snowball instance of an only child count, and return who accepts it now."""
        assert child.parent is not None
        snowball, value = self._snowballs.setdefault(child.parent.index, Snowball(len(is_asked))), child.hash
        number = int.from_bytes(value)
        snowball.apply_successes(number, is_success, is_asked)
        streaks = snowball.streaks[number]
        if streaks.max() < self.parameters.beta:
            return []
        is_sure = is_asked & (streaks >= self.parameters.beta)
        if child.final_us is not None:
            is_sure &= child.final_us == NEVER
        return [FinalizeFor(child.hash, np.flatnonzero(is_sure))] if is_sure.any() else []

    def _count(
        self, stage: Stage, parent: BlockRecord, children: list[BlockRecord], votes: Counts, asking: Nodes
    ) -> list[Effect]:
        """Let the Snowball instance of a block's children count, and return who prefers and who accepts what now.

        The children are in order of their hashes.
        """
        nodes = votes.shape[1]
        snowball = self._snowballs.setdefault(parent.index, Snowball(nodes))
        is_asked = np.zeros(nodes, dtype=np.bool_)
        is_asked[asking] = True
        known_us = np.stack([child.known_us for child in children])
        values = [int.from_bytes(child.hash) for child in children]
        choice = snowball.apply_query(values, votes, known_us, self.parameters.alpha, is_asked)
        finals = [NEVER if child.final_us is None else child.final_us for child in children]
        is_free, effects = is_asked.copy(), list[Effect]()
        for row, final_us in enumerate(finals):
            choice = np.where(np.less(final_us, NEVER), row, choice)
            is_free &= np.equal(final_us, NEVER)
        for row, child in enumerate(children):
            is_sure = is_free & (snowball.streaks[values[row]] >= self.parameters.beta)
            if is_sure.any():
                choice = np.where(is_sure, row, choice)
                effects.append(FinalizeFor(child.hash, np.flatnonzero(is_sure)))
        indexes = np.array([child.index for child in children])
        led = np.where(choice == np.argmin(known_us, axis=0), -1, indexes[choice])
        before = stage.tree.get_choices(parent, stage.now_us)
        if (led >= 0).any() if before is None else (led != before).any():
            effects.append(Prefer(parent.hash, led))
        return effects

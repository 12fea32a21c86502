"""Snowball, the decision Avalanche's protocols repeat: ask a few at random, follow what many of them say, count.

A node asks ``k`` peers, drawn by stake with replacement, what they prefer. When ``alpha`` of them name one value the
query succeeds for it: the value gains strength, and the node prefers the value with the most strength. After ``beta``
successes in a row for one value the node accepts it, for good.

Everything here is for many nodes at once: arrays have a row a value and a column a node. Values are integers; a block
counts as its hash.

Source: Team Rocket, Yin, Sekniqi, van Renesse & Sirer, "Scalable and Probabilistic Leaderless BFT Consensus through
Metastability", arXiv:1906.08936, Figure 3 (Snowball); AvalancheGo, snow/consensus/snowball (tree.go), with one alpha
for preference and for confidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.draws import draw_array

Counts = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

K: Final = 20
ALPHA: Final = 15
BETA: Final = 20
"""AvalancheGo, snowball.DefaultParameters."""
UNDECIDED: Final = -1


class Snowball:
    """The counters of one decision, for all nodes.

    Between more than two values a plurality could stand for ever without a quorum, so values are decided bit by bit, as
    AvalancheGo does (tree.go): a binary instance stands at each bit in which the values below it differ first, and a
    query counts there for a side when ``alpha`` peers name any value on it.
    """

    __slots__ = ("_sides", "_strengths", "nodes", "streaks", "wins")

    def __init__(self, nodes: int) -> None:
        self.nodes = nodes
        self.wins: dict[int, Counts] = {}
        """By value, each node's successful queries: Figure 3's d."""
        self.streaks: dict[int, Counts] = {}
        """By value, those in a row, up to now: Figure 3's cnt."""
        self._strengths: dict[tuple[int, int], Counts] = {}  # by (bit, prefix above it): successes for 0 and for 1
        self._sides: dict[tuple[int, int], Counts] = {}  # what each node was led to prefer: 0, 1, or -1: nothing yet

    def apply_query(self, values: Sequence[int], votes: Counts, known_us: Counts, alpha: int, is_asked: Mask) -> Counts:
        """Count one query of each node that asked; return the row of the value every node prefers after it.

        ``values`` are in ascending order; ``votes`` and ``known_us`` have a row a value: how many peers named it, and
        since when the node knows it, which settles what it prefers before any query has succeeded.
        """
        for value, row in zip(values, votes, strict=True):
            self.apply_successes(value, row >= alpha, is_asked)
        return self._choose(values, list(range(len(values))), votes, known_us, alpha)

    def apply_successes(self, value: int, is_success: Mask, is_asked: Mask) -> None:
        """Count whose query has succeeded for a value, of those that asked; while it is the only one, that is all."""
        wins, streak = self.wins.get(value), self.streaks.get(value)
        if wins is None or streak is None:
            wins = streak = np.zeros(self.nodes, dtype=np.int64)
        self.wins[value] = wins + is_success
        self.streaks[value] = np.where(is_asked, (streak + 1) * is_success, streak)

    def _choose(self, values: Sequence[int], rows: list[int], votes: Counts, known_us: Counts, alpha: int) -> Counts:
        if len(rows) == 1:
            return np.full(self.nodes, rows[0], dtype=np.int64)
        bit = (values[rows[0]] ^ values[rows[-1]]).bit_length() - 1
        sides = [[row for row in rows if values[row] >> bit & 1 == side] for side in (0, 1)]
        key = bit, values[rows[0]] >> bit + 1
        won = np.stack([votes[side].sum(axis=0) >= alpha for side in sides])
        strength = self._strengths.get(key)
        if strength is None:  # what a value had won before another one came counts on
            strength = np.stack([sum(self.wins[values[row]] for row in side) for side in sides])
        else:
            strength = strength + won
        first = np.array([row in sides[1] for row in rows], dtype=np.int64)[np.argmin(known_us[rows], axis=0)]
        led = self._sides.get(key, np.full(self.nodes, -1, dtype=np.int64))
        prefers = np.where(led >= 0, led, first)
        for side in (0, 1):
            prefers = np.where(won[side] & (strength[side] > strength[1 - side]), side, prefers)
        self._strengths[key] = strength
        self._sides[key] = np.where((led >= 0) | (prefers != first), prefers, -1)
        zero, one = (self._choose(values, side, votes, known_us, alpha) for side in sides)
        return np.where(prefers == 0, zero, one)

    def copy(self) -> "Snowball":
        """Return independent counters; arrays are replaced, never changed."""
        other = Snowball(self.nodes)
        other.wins, other.streaks = self.wins.copy(), self.streaks.copy()
        other._strengths, other._sides = self._strengths.copy(), self._sides.copy()
        return other


def choose_peers(luck32: npt.NDArray[np.uint32], powers: Sequence[int]) -> Counts:
    """Return the node each value of luck draws, by stake to within 2^-32."""
    if min(powers) == max(powers):
        return luck32.astype(np.int64) * len(powers) >> 32
    return np.searchsorted(_build_bounds(tuple(powers)), luck32, side="right")


@lru_cache(maxsize=4)
def _build_bounds(powers: tuple[int, ...]) -> Counts:
    total = sum(powers)
    return np.array([-(-(power << 32) // total) for power in accumulate(powers)], dtype=np.int64)


def split_luck(luck: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint32]:
    """Return the halves of each value, the low one first, along a new last axis."""
    return luck.astype("<u8", copy=False).view("<u4").reshape(*luck.shape, 2)


@dataclass(frozen=True, slots=True)
class Decision:
    """How one decision between two values went."""

    rounds: Counts
    """By honest node, after how many rounds it accepted; those that have not have made them all."""
    accepted: Counts
    """By honest node, the value it accepted: 0, 1 or UNDECIDED."""


def run_snowball(
    seed: int,
    nodes: int,
    supporters: int,
    k: int = K,
    alpha: int = ALPHA,
    beta: int = BETA,
    *,
    byzantine: int = 0,
    is_frozen: bool = False,
    max_rounds: int = 2000,
) -> Decision:
    """Return one decision of ``nodes`` equal nodes in synchronous rounds; the first ``supporters`` prefer value 1.

    The last ``byzantine`` nodes always name the value that fewer honest nodes prefer, which keeps a split alive as long
    as can be. ``is_frozen``: peers answer what they preferred at the start, so that every query has the same chance.
    """
    honest = nodes - byzantine
    preference = (np.arange(honest) < supporters).astype(np.int64)
    known_us = np.stack((preference, 1 - preference))  # each knew first what it prefers
    snowball, equal = Snowball(honest), (1,) * nodes
    rounds, accepted = np.zeros(honest, dtype=np.int64), np.full(honest, UNDECIDED, dtype=np.int64)
    answers = np.empty(nodes, dtype=np.int64)
    answers[:honest] = preference
    for number in range(max_rounds):
        is_open = accepted == UNDECIDED
        if not is_open.any():
            break
        if not is_frozen:
            answers[:honest] = preference
        answers[honest:] = 2 * int(np.count_nonzero(preference)) <= honest
        luck = draw_array(seed, "snowball", number, size=honest * k).reshape(honest, k)
        for_one = answers[choose_peers(split_luck(luck)[..., 0], equal)].sum(axis=1)
        votes = np.stack((k - for_one, for_one)) * is_open
        preference = snowball.apply_query((0, 1), votes, known_us, alpha, is_open)
        rounds += is_open
        for value in (0, 1):
            accepted[is_open & (snowball.streaks[value] >= beta)] = value
        preference = np.where(accepted == UNDECIDED, preference, accepted)
    return Decision(rounds, accepted)

"""Snowball, the decision Avalanche's protocols repeat: ask a few at random, follow what many of them say, count.

A node asks ``k`` peers, drawn by stake with replacement, what they prefer. When ``alpha`` of them name one value the
query succeeds for it: the value gains strength, and the node prefers the value with the most strength. After ``beta``
successes in a row for one value the node accepts it, for good.

Everything here is for many nodes at once: arrays have a row a value and a column a node.

Source: Team Rocket, Yin, Sekniqi, van Renesse & Sirer, "Scalable and Probabilistic Leaderless BFT Consensus through
Metastability", arXiv:1906.08936, Figure 3 (Snowball); AvalancheGo, snow/consensus/snowball, with alpha for preference
and for confidence the same number.
"""

from dataclasses import dataclass
from fractions import Fraction
from math import comb
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


@dataclass(slots=True)
class Snowball:
    """The counters of one decision, for all nodes: Figure 3's d (strength) and cnt (successes in a row)."""

    strength: Counts
    streak: Counts

    def add_values(self, count: int) -> None:
        """Make room for values up to ``count``; new ones start from zero."""
        missing = count - len(self.strength)
        if missing > 0:
            zeros = np.zeros((missing, self.strength.shape[1]), dtype=np.int64)
            self.strength = np.concatenate((self.strength, zeros))
            self.streak = np.concatenate((self.streak, zeros))

    def apply_query(self, is_success: Mask, preference: Counts, is_asked: Mask) -> Counts:
        """Count one query of each node that asked, and return what every node prefers after it.

        ``is_success`` tells for which value a query succeeded, ``preference`` the row each node prefers. Since alpha is
        more than half of k, a query succeeds for one value at most, so a streak ends where another begins.
        """
        self.strength += is_success
        self.streak = np.where(is_asked, np.where(is_success, self.streak + 1, 0), self.streak)
        columns = np.arange(len(preference))
        for row, won in enumerate(is_success):
            is_stronger = won & (self.strength[row] > self.strength[preference, columns])
            preference = np.where(is_stronger, row, preference)
        return preference

    def copy(self) -> "Snowball":
        """Return independent counters."""
        return Snowball(self.strength.copy(), self.streak.copy())


def build_snowball(nodes: int) -> Snowball:
    """Return counters for no value yet."""
    return Snowball(np.zeros((0, nodes), dtype=np.int64), np.zeros((0, nodes), dtype=np.int64))


def choose_peers(luck: npt.NDArray[np.uint64], cumulative_powers: list[int]) -> Counts:
    """Return the node each value of luck (its low 32 bits) draws, by stake to within 2^-32."""
    total, luck32 = cumulative_powers[-1], (luck & np.uint64(0xFFFFFFFF)).astype(np.int64)
    bounds = np.array([-(-(power << 32) // total) for power in cumulative_powers], dtype=np.int64)
    return np.searchsorted(bounds, luck32, side="right")


def compute_query_success(share: Fraction, k: int = K, alpha: int = ALPHA) -> Fraction:
    """Return the chance that ``alpha`` of ``k`` peers, drawn with replacement, are among a share of the stake."""
    return sum((comb(k, i) * share**i * (1 - share) ** (k - i) for i in range(alpha, k + 1)), Fraction(0))


def compute_expected_rounds(success: Fraction, beta: int = BETA) -> Fraction:
    """Return the mean number of queries until ``beta`` in a row succeed, each with this chance (more than 0).

    The classical waiting time for a run: (1 − p^β) / ((1 − p) · p^β).
    """
    return Fraction(beta) if success == 1 else (1 - success**beta) / ((1 - success) * success**beta)


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
    snowball, equal = build_snowball(honest), list(range(1, nodes + 1))
    snowball.add_values(2)
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
        peers = choose_peers(draw_array(seed, "snowball", number, size=honest * k), equal).reshape(honest, k)
        for_one = answers[peers].sum(axis=1)
        is_success = np.stack((k - for_one >= alpha, for_one >= alpha)) & is_open
        preference = snowball.apply_query(is_success, preference, is_open)
        rounds += is_open
        for value in (0, 1):
            accepted[is_open & (snowball.streak[value] >= beta)] = value
        preference = np.where(accepted == UNDECIDED, preference, accepted)
    return Decision(rounds, accepted)

"""Weak subjectivity: how old a checkpoint may be that somebody new, or long away, trusts.

Idea: validators that have left can sign another history without losing anything. Whoever comes back must have a
checkpoint so recent that a third of the validators of then, less a margin, cannot have left since.

Source: ethereum/consensus-specs ``weak-subjectivity.md``: phase0 (``compute_weak_subjectivity_period``, in use until
deneb) and electra. A. Asgaonkar, Weak Subjectivity in Eth2.0 (2020) derives them.
"""

from typing import Final

from chain.consensus.stake_accounting import StakeConstants, compute_churn_limit

SAFETY_DECAY_PERCENT: Final = 10
"""How much of the safety margin of a third may be lost."""
DEPOSITS_PER_EPOCH: Final = 16 * 32
"""MAX_DEPOSITS times SLOTS_PER_EPOCH: the most top-ups of balances."""
MIN_CHURN_COINS: Final = 128
"""MIN_PER_EPOCH_CHURN_LIMIT_ELECTRA."""


def compute_weak_subjectivity_period(
    active_count: int, average_balance_coins: int, constants: StakeConstants, max_balance_coins: int = 32
) -> int:
    """Return how many epochs old a checkpoint may be for a newcomer to trust it safely (phase0 to deneb)."""
    n, t, most, decay = active_count, average_balance_coins, max_balance_coins, SAFETY_DECAY_PERCENT
    churn = compute_churn_limit(n, constants)
    period = constants.withdrawability_delay_epochs
    if most * (200 + 3 * decay) < t * (200 + 12 * decay):
        set_churn = n * (t * (200 + 12 * decay) - most * (200 + 3 * decay)) // (600 * churn * (2 * t + most))
        top_ups = n * (200 + 3 * decay) // (600 * DEPOSITS_PER_EPOCH)
        return period + max(set_churn, top_ups)
    return period + 3 * n * decay * t // (200 * DEPOSITS_PER_EPOCH * (most - t))


def compute_weak_subjectivity_period_by_balance(total_balance_coins: int, constants: StakeConstants) -> int:
    """Return the same since electra, where stake churns by balance: at least 128 coins an epoch."""
    churn_coins = max(MIN_CHURN_COINS, total_balance_coins // constants.churn_quotient)
    return constants.withdrawability_delay_epochs + SAFETY_DECAY_PERCENT * total_balance_coins // (200 * churn_coins)

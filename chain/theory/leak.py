"""How long Gasper goes without finality: the inactivity leak.

While nothing becomes final, the score of whoever is away rises by 4 an epoch, and costs balance × score / 4 / quotient:
after ``n`` epochs that is ``n / quotient`` of the balance an epoch, so the balance falls as
``exp(−n² / (2 · quotient))``. Sources: B. Edgington, Upgrading Ethereum, "Inactivity leak"; ethereum/consensus-specs
``get_inactivity_penalty_deltas``; the quotient of bellatrix is 2²⁴.

What counts for finality is the effective balance, in whole coins: it falls to a number of coins once the balance is
less than three quarters of a coin above it (hysteresis). The forms leave out that penalties are of the effective
balance too, and that missed votes cost besides: the integer recursion (chain/consensus/stake_accounting.py) has both.
"""

from math import exp, floor, log, sqrt

MAINNET_QUOTIENT = 1 << 24
EJECTION_COINS = 16


def compute_leaked_balance(epochs: float, quotient: int = MAINNET_QUOTIENT) -> float:
    """Return what is left, as a share, of a balance that is away through so many epochs of leak."""
    return exp(-(epochs**2) / (2 * quotient))


def compute_epochs_to_balance(share: float, quotient: int = MAINNET_QUOTIENT) -> float:
    """Return after how many epochs of leak so much is left of a balance."""
    return sqrt(-2 * quotient * log(share))


def compute_epochs_to_finality(away: float, quotient: int = MAINNET_QUOTIENT, stake_coins: int = 32) -> float:
    """Return how many epochs of leak it takes until those who vote are two thirds of the stake again.

    ``away`` is the share of the stake that is silent, in equal stakes: a third or less takes none. Two thirds are
    reached when the effective balance left of it is ``(1 − away) / (2 · away)``, or at ejection, if that comes first.
    """
    if 3 * away <= 1:
        return 0.0
    coins = max(EJECTION_COINS, floor(stake_coins * (1 - away) / (2 * away) + 1e-9))
    return compute_epochs_to_balance((coins + 0.75) / stake_coins, quotient)

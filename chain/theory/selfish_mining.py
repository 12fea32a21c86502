"""What a miner earns who keeps his blocks secret for a while. Source: I. Eyal, E. G. Sirer, FC 2014, section 4."""


def compute_revenue_share(share: float, gamma: float) -> float:
    """Return the selfish pool's share of all rewards.

    ``share`` is its part of the hash rate, under one half; ``gamma`` the part of the others that builds on its block
    when two compete. Equation 8.
    """
    a, g = share, gamma
    return (a * (1 - a) ** 2 * (4 * a + g * (1 - 2 * a)) - a**3) / (1 - a * (1 + (2 - a) * a))


def compute_threshold(gamma: float) -> float:
    """Return the share of hash rate above which selfish mining pays more than honest mining. Observation 1."""
    return (1 - gamma) / (3 - 2 * gamma)

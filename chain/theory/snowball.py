"""How long Snowball takes: a query succeeds by a binomial law, acceptance waits for a run of successes.

A node whose peers' preferences stand still is a Markov chain with states 0 … β: a success goes one up, a failure back
to 0, and β is the end. Sources: Team Rocket et al., arXiv:1906.08936, section 3; W. Feller, An Introduction to
Probability Theory, volume 1, XIII.7, for the waiting time of a run.
"""

from math import comb


def compute_query_chance(share: float, k: int, alpha: int) -> float:
    """Return the chance that ``alpha`` or more of ``k`` peers, drawn with replacement, are among a share."""
    return sum(comb(k, i) * share**i * (1 - share) ** (k - i) for i in range(alpha, k + 1))


def compute_mean_rounds(chance: float, beta: int) -> float:
    """Return the mean number of queries until ``beta`` in a row succeed: ``(p^−β − 1) / (1 − p)``."""
    return float(beta) if chance == 1 else (chance**-beta - 1) / (1 - chance)


def compute_rounds_deviation(chance: float, beta: int) -> float:
    """Return the standard deviation of that number (Feller, XIII.7.7)."""
    if chance == 1:
        return 0.0
    miss, run = 1 - chance, chance**beta
    variance = 1 / (miss * run) ** 2 - (2 * beta + 1) / (miss * run) - chance / miss**2
    return float(variance**0.5)


def compute_acceptance(chance: float, beta: int, rounds: int) -> float:
    """Return the chance to have accepted after so many queries: the Markov chain, step by step."""
    streaks, accepted = [1.0] + [0.0] * (beta - 1), 0.0
    for _ in range(rounds):
        accepted += streaks[-1] * chance
        streaks = [sum(streaks) * (1 - chance), *(weight * chance for weight in streaks[:-1])]
    return accepted

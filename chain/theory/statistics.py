"""Whether a sample can come from a law: the few tests that fidelity needs, exact enough to say so at four deviations.

Sources: A. Kolmogorov (1933) and M. Stephens (1970) for the distance of an empirical distribution; E. Wilson,
M. Hilferty, PNAS 17 (1931), for chi-square as a normal deviate.
"""

from collections.abc import Sequence
from math import exp, sqrt


def compute_exponential_distance(values: Sequence[float], mean: float) -> float:
    """Return the largest distance between the values' distribution and the exponential one with a known mean."""
    count, distance = len(values), 0.0
    for place, value in enumerate(sorted(values)):
        expected = 1 - exp(-value / mean)
        distance = max(distance, expected - place / count, (place + 1) / count - expected)
    return distance


def compute_kolmogorov_tail(distance: float, count: int) -> float:
    """Return the chance that ``count`` values of the very law are as far from it, or farther."""
    x = (sqrt(count) + 0.12 + 0.11 / sqrt(count)) * distance
    tail = 2 * sum((1 if k % 2 else -1) * exp(-2 * k * k * x * x) for k in range(1, 101))
    return min(1.0, max(0.0, tail))


def compute_chi_square(observed: Sequence[int], expected: Sequence[float]) -> float:
    """Return Pearson's sum of squared differences over what was expected."""
    return sum((found - wanted) ** 2 / wanted for found, wanted in zip(observed, expected, strict=True))


def compute_chi_square_z(chi_square: float, freedom: int) -> float:
    """Return a chi-square value as a standard normal deviate."""
    spread = 2 / (9 * freedom)
    return float(((chi_square / freedom) ** (1 / 3) - (1 - spread)) / sqrt(spread))


def compute_mean_and_error(values: Sequence[float]) -> tuple[float, float]:
    """Return the mean and its standard error, for values that do not depend on each other."""
    count = len(values)
    mean = sum(values) / count
    return mean, sqrt(sum((value - mean) ** 2 for value in values) / (count - 1) / count)

"""What selfish mining earns, beside the figures that follow from Eyal and Sirer's equation 8."""

import pytest

from chain.theory.selfish_mining import compute_revenue_share, compute_threshold

REVENUE = {
    0.25: (0.19512, 0.22256, 0.25, 0.27744, 0.30488),
    1 / 3: (0.33333, 0.35897, 0.38462, 0.41026, 0.4359),
    0.4: (0.48372, 0.50465, 0.52558, 0.54651, 0.56744),
}
"""For gamma 0, 0.25, 0.5, 0.75, 1."""


@pytest.mark.parametrize("share", REVENUE)
def test_revenue(share: float) -> None:
    found = [compute_revenue_share(share, gamma / 4) for gamma in range(5)]
    assert found == pytest.approx(REVENUE[share], abs=5e-6)


@pytest.mark.parametrize("gamma", [0, 0.5, 0.9])
def test_it_pays_above_the_threshold_only(gamma: float) -> None:
    threshold = compute_threshold(gamma)
    assert compute_revenue_share(threshold, gamma) == pytest.approx(threshold)
    assert compute_revenue_share(threshold + 0.01, gamma) > threshold + 0.01
    assert compute_revenue_share(threshold - 0.01, gamma) < threshold - 0.01

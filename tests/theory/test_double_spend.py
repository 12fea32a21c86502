"""How likely a confirmed payment is undone, beside the published tables."""

import pytest

from chain.theory.double_spend import compute_double_spend, compute_nakamoto

NAKAMOTO = (1, 0.2045873, 0.0509779, 0.0131722, 0.0034552, 0.0009137, 0.0002428, 6.47e-05, 1.73e-05, 4.6e-06, 1.2e-06)
"""Bitcoin, section 11, q = 0.1, z = 0 to 10."""
TIE_PER_CENT = {
    0.1: (20.0, 5.6, 1.712, 0.546, 0.178, 0.059, 0.02, 0.007, 0.002, 0.001),
    0.3: (60.0, 43.2, 32.616, 25.207, 19.762, 15.645, 12.475, 10.003, 8.055, 6.511),
}
"""Rosenfeld, arXiv:1402.2009, for 1 to 10 confirmations."""


@pytest.mark.parametrize(("confirmations", "expected"), list(enumerate(NAKAMOTO)))
def test_nakamotos_table(confirmations: int, expected: float) -> None:
    assert compute_nakamoto(0.1, confirmations) == pytest.approx(expected, abs=5e-8)


@pytest.mark.parametrize("q", TIE_PER_CENT)
def test_rosenfelds_table(q: float) -> None:
    found = [100 * compute_double_spend(q, confirmations) for confirmations in range(1, 11)]
    assert found == pytest.approx(TIE_PER_CENT[q], abs=5e-4)


def test_a_strictly_longer_branch_is_harder() -> None:
    assert compute_double_spend(0.1, 1, lead=1) == pytest.approx(0.1**2 * (3 + 0.1 / 0.9))  # by hand: 0.0311…
    for confirmations in range(1, 8):
        longer, tie = (compute_double_spend(0.2, confirmations, lead) for lead in (1, 0))
        assert longer < tie < compute_double_spend(0.2, confirmations - 1)


@pytest.mark.parametrize("q", [0.5, 0.7])
def test_a_majority_always_succeeds(q: float) -> None:
    assert compute_nakamoto(q, 100) == compute_double_spend(q, 100) == 1

"""``chainroom check``: when a row is ok, and that the rows say what they are asked."""

from dataclasses import replace

import pytest

from app.cli.sources import read_scenario
from chain.lab.all_checks import CHECKS
from chain.lab.checks import Bench, Check, Outcome, compute_row, compute_share_outcome

KEYS = ["name", "source", "expected", "measured", "samples", "z", "tolerance", "verdict"]


def build_bench(seed: int = 7) -> Bench:
    return Bench(seed, True, read_scenario)


def judge(value: float, tolerance: float, error: float | None, published_error: float = 0.0) -> str:
    check = Check("a", "b", 100.0, tolerance, lambda _: Outcome(value, 1, error), published_error=published_error)
    verdict: str = compute_row(check, build_bench())["verdict"]
    return verdict


@pytest.mark.parametrize(
    ("value", "tolerance", "error", "verdict"),
    [
        (104.0, 0.05, None, "ok"),
        (106.0, 0.05, None, "outside"),
        (104.0, 0.05, 1.01, "ok"),
        (104.0, 0.05, 0.99, "outside"),
        (96.0, 0.05, 0.99, "outside"),
        (106.0, 0.05, 100.0, "outside"),
        (100.0, 0.0, None, "ok"),
        (100.000001, 0.0, None, "outside"),
    ],
)
def test_within_tolerance_and_four_standard_errors(
    value: float, tolerance: float, error: float | None, verdict: str
) -> None:
    assert judge(value, tolerance, error) == verdict


def test_the_error_of_a_published_count_counts_too() -> None:
    assert judge(110.0, 0.2, 1.0) == "outside"
    assert judge(110.0, 0.2, 1.0, published_error=3.0) == "ok"


def test_a_quick_run_may_allow_more() -> None:
    check = Check("a", "b", 100.0, 0.05, lambda _: Outcome(110.0), quick_tolerance=0.2)
    assert compute_row(check, build_bench())["tolerance"] == 0.2
    assert compute_row(check, Bench(7, False, read_scenario))["verdict"] == "outside"


def test_shares_without_a_hit_have_an_error_all_the_same() -> None:
    assert compute_share_outcome(0, 100) == Outcome(0.0, 100, 0.01)


def test_there_are_enough_rows_and_each_names_its_source() -> None:
    names = [check.name for check in CHECKS]
    assert len(set(names)) == len(names) >= 60
    assert sum(check.is_quick for check in CHECKS) >= 30
    assert all(check.source and check.tolerance >= 0 for check in CHECKS)


EXACT = [check for check in CHECKS if check.tolerance == 0 and check.is_quick]


@pytest.mark.parametrize("check", EXACT, ids=[check.name for check in EXACT])
def test_exact_rows_are_exact_on_any_seed(check: Check) -> None:
    row = compute_row(check, build_bench(seed=11))
    assert list(row) == KEYS
    assert row["verdict"] == "ok", row
    assert row["measured"] == row["expected"]
    wrong = replace(check, expected=check.expected + 1, measure=lambda _: Outcome(row["measured"]))
    assert compute_row(wrong, build_bench())["verdict"] == "outside"


STATISTICAL = [check for check in CHECKS if check.tolerance > 0 and check.is_quick and "propos" not in check.name]


@pytest.mark.statistics
@pytest.mark.parametrize("check", STATISTICAL[::3], ids=[check.name for check in STATISTICAL[::3]])
def test_some_statistical_rows_hold_on_another_seed(check: Check) -> None:
    assert compute_row(check, build_bench(seed=23))["verdict"] == "ok"

"""``check`` and ``bench``: what a row says, when a check holds. The long runs themselves are not repeated here."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from click.testing import Result

from app.cli import bench, check
from app.cli.check import CHECKS, compute_row, is_within

Chainroom = Callable[..., Result]

SHORT = replace(CHECKS[0], settings=("network.nodes=5", "network.relay=push"), until="100h", tolerance=0.5)


@pytest.mark.parametrize(
    ("value", "tolerance", "error", "holds"),
    [
        (104.0, 0.05, None, True),
        (106.0, 0.05, None, False),
        (104.0, 0.05, 1.01, True),
        (104.0, 0.05, 0.99, False),
        (96.0, 0.05, 0.99, False),
        (106.0, 0.05, 100.0, False),
    ],
)
def test_check_holds_within_tolerance_and_four_standard_errors(
    value: float, tolerance: float, error: float | None, holds: bool
) -> None:
    assert is_within(value, 100.0, tolerance, error) == holds


def test_row_compares_theory_and_run() -> None:
    row = compute_row(SHORT, seed=3)
    assert row["expected"] == 600
    assert abs(row["simulated"] - 600) < 150
    assert row["holds"]
    assert abs(row["z"]) < 4


def test_every_check_names_its_source_and_its_own_name() -> None:
    assert len({it.name for it in CHECKS}) == len(CHECKS)
    assert all(it.source and 0 < it.tolerance <= 0.2 for it in CHECKS)


def test_check_exits_with_1_when_one_does_not_hold(chainroom: Chainroom, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = replace(SHORT, name="wrong", expected=60.0)
    monkeypatch.setattr(check, "CHECKS", (SHORT, wrong))
    result = chainroom("check", "--seed", "3")
    assert result.exit_code == 1
    assert result.stderr == "chainroom: 1 of 2 checks do not hold\n"
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["CHECK", "block", "wrong"]
    assert "FAILS" in result.stdout
    monkeypatch.setattr(check, "CHECKS", (SHORT,))
    (row,) = json.loads(chainroom("check", "--seed", "3", "--json").stdout)
    assert row["holds"] is True
    assert "all 1 checks hold" in chainroom("check", "--seed", "3").stdout


def test_bench_times_what_it_is_asked_for(chainroom: Chainroom, monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(bench.WORKLOADS[1], settings=("network.nodes=5", "network.relay=push"), until="10h")
    monkeypatch.setattr(bench, "WORKLOADS", (small,))
    (row,) = json.loads(chainroom("bench", "--only", small.name, "--repeat", "3", "--json").stdout)
    assert row["blocks"] > 30
    assert row["ratio"] == pytest.approx(14.5 / row["seconds"])
    assert small.name in chainroom("bench", "--only", small.name).stdout


def test_validation_checks_real_signatures() -> None:
    row = bench.measure_validation(1)
    assert row["transactions"] > 500
    assert row["seconds"] > 0
    assert 0 < row["ratio"] < 10

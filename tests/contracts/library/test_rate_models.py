"""Two notations of one kinked line, to the unit of Compound and Aave; see docs/contracts/lending.md."""

import json
from pathlib import Path
from typing import Any

import pytest
from defi_stage import MOST, UNIT
from hypothesis import given, settings
from hypothesis import strategies as st
from stage import ALICE, Reverted, Stage

from chain.theory.lending import RAY, compute_aave_rate, compute_jump_rate, compute_utilization

VECTORS: dict[str, Any] = json.loads((Path(__file__).parents[2] / "vectors" / "defi" / "rates.json").read_text())
PERCENT = UNIT // 100
AMOUNTS = st.integers(0, 10**30)


@pytest.mark.parametrize("case", VECTORS["compound"]["cases"])
def test_compounds_points(case: dict[str, Any]) -> None:
    parameters = (case[name] * PERCENT for name in ("base", "slope", "jump", "kink"))
    model = Stage().deploy("jump_rate_model", ALICE, *parameters)
    for utilization, rate in case["points"]:
        borrows = UNIT if utilization else 0
        cash = UNIT * UNIT // (utilization * PERCENT) if utilization else 0
        assert model.get("utilization", cash, borrows, borrows) == utilization * PERCENT
        assert model.get("borrow_rate_per_year", cash, borrows, borrows) == round(rate * 10) * PERCENT // 10


@pytest.mark.parametrize("case", VECTORS["aave"]["cases"], ids=lambda case: case["name"])
def test_aaves_points(case: dict[str, Any]) -> None:
    model = Stage().deploy("aave_rate_model", ALICE, *map(int, case["parameters"]))
    for available, borrowed, rate in case["rows"]:
        assert model.get("borrow_rate_ray", int(available), int(borrowed)) == int(rate)
        assert model.get("borrow_rate_per_year", int(available), int(borrowed), 0) == int(rate) // 10**9


@given(cash=AMOUNTS, borrows=AMOUNTS, part=st.integers(0, 100))
@settings(max_examples=60)
def test_they_are_the_closed_forms(cash: int, borrows: int, part: int) -> None:
    stage, reserves = Stage(), cash * part // 101
    line = (UNIT // 50, UNIT // 5, 2 * UNIT, 80 * UNIT // 100)
    jump = stage.deploy("jump_rate_model", ALICE, *line)
    utilization = compute_utilization(cash, borrows, reserves)
    assert jump.get("borrow_rate_per_year", cash, borrows, reserves) == compute_jump_rate(utilization, *line)
    corners = (8 * RAY // 10, RAY // 50, RAY // 25, RAY)
    aave = stage.deploy("aave_rate_model", ALICE, *corners)
    assert aave.get("borrow_rate_ray", cash, borrows) == compute_aave_rate(cash, borrows, *corners)


def test_no_more_than_all_is_lent() -> None:
    """Where suppliers own less than what is lent, the rate is that of all lent; nothing is divided by zero."""
    model = Stage().deploy("jump_rate_model", ALICE, 0, UNIT, UNIT, UNIT)
    assert [model.get("utilization", 10, 5, reserves) for reserves in (0, 9, 10, 14, 15)] == [
        5 * UNIT // 15,
        5 * UNIT // 6,
        UNIT,
        UNIT,
        UNIT,
    ]


def test_numbers_that_are_too_large_are_refused() -> None:
    """Compound's tests of overflow."""
    model = Stage().deploy("jump_rate_model", ALICE, 0, MOST, MOST, UNIT)
    for values in ((MOST, MOST, 0), (0, MOST, 0), (1, 1, 0)):
        with pytest.raises(Reverted):
            model.get("borrow_rate_per_year", *values)


@pytest.mark.parametrize("optimal", [0, RAY])
def test_a_kink_must_lie_between(optimal: int) -> None:
    with pytest.raises(Reverted, match="kink out of range"):
        Stage().deploy("aave_rate_model", ALICE, optimal, 0, 0, 0)

"""The Lab screen: protocols chosen, compared beside the running clock, stopped, explained."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any

import pytest
from textual.pilot import Pilot

from app.present import lab as present
from app.screens.lab import FIRST_CHOICE, LabView, read_span
from chain.consensus.registry import PROTOCOLS
from chain.errors import InvalidInput
from chain.units import HOUR

Start = Callable[..., AbstractAsyncContextManager[tuple[Any, Pilot[None]]]]


async def open_lab(app: Any, pilot: Pilot[None], span: str = "40s") -> LabView:
    await pilot.press("6")
    view = app.home.get_view("lab")
    assert isinstance(view, LabView)
    view.query_one("Input").value = span  # type: ignore[attr-defined]
    await pilot.pause()
    return view


async def compare(app: Any, view: LabView, pilot: Pilot[None]) -> None:
    await pilot.press("c")
    await app.wait_until(lambda: view._worker is None)
    app.show()
    await pilot.pause()
    await pilot.pause()


async def test_three_protocols_stand_side_by_side_and_the_run_is_untouched(start_still: Start) -> None:
    sizes = ((200, 50), (120, 36), (80, 24))
    async with start_still(seconds=10) as (app, pilot):
        view = await open_lab(app, pilot)
        for size in sizes:
            await pilot.resize_terminal(*size)
            assert "✓ Tendermint" in app.get_text(), size
            assert "○ Raft" in app.get_text(), size
        digest = app.run_shown.simulation.compute_digest()
        await compare(app, view, pilot)
        assert app.run_shown.simulation.compute_digest() == digest
        assert [score["protocol"] for score in view._scores] == list(FIRST_CHOICE)
        for size in reversed(sizes):
            await pilot.resize_terminal(*size)
            app.show()
            await pilot.pause()
            text = app.get_text()
            assert "Nakamoto coefficient" in text, size
            assert "proof of work" in text, size
            assert len(view._board.columns) == 1 + 3, size  # all of them fit, even into 80 columns
            if size[0] < 100:
                await pilot.press("right_square_bracket")
                assert len(view._board.columns) == 1 + 3  # there is no other place for the first of them
                scores, view._scores = view._scores, view._scores * 2
                for place in (1, 2, 3, 0):
                    await pilot.press("right_square_bracket")
                    assert view._first == place
                    assert len(view._board.columns) == 1 + 3
                view._scores = scores
                await pilot.press("v")
                assert "○ Raft" in app.get_text()
                await pilot.press("v")


async def test_enter_chooses(start_still: Start) -> None:
    async with start_still(seconds=5) as (app, pilot):
        view = await open_lab(app, pilot)
        view._choice.focus()
        view._choice.cursor = list(PROTOCOLS).index("raft")
        await pilot.press("enter")
        assert view._chosen == ["proof-of-stake", "proof-of-work", "raft", "tendermint"]
        await pilot.press("enter")
        assert "raft" not in view._chosen


async def test_it_tells_how_far_it_is_and_stops(start_still: Start) -> None:
    async with start_still(seconds=5) as (app, pilot):
        view = await open_lab(app, pilot, span="20h")
        await pilot.press("c")
        await app.wait_until(lambda: view._comparison is not None and view._comparison.get_progress() > 0)
        app.show()
        app.show()
        await pilot.pause()
        assert "%" in app.get_text()
        started = asyncio.get_running_loop().time()
        await pilot.press("1")  # another screen, while it goes on
        assert "Network" in app.get_text()
        assert asyncio.get_running_loop().time() - started < 5
        await pilot.press("6", "x")
        await pilot.pause()
        assert view._worker is None
        assert "stopped" in app.get_text()


async def test_what_cannot_be_run_is_said_in_place(start_still: Start) -> None:
    async with start_still(seconds=5) as (app, pilot):
        view = await open_lab(app, pilot, span="soon")
        await pilot.press("c")
        assert "soon" in app.get_text()
        view._chosen = []
        view.query_one("Input").value = "1m"  # type: ignore[attr-defined]
        await pilot.press("c")
        assert "choose them with enter" in " ".join(app.get_text().split())


async def test_a_row_explains_itself(start_still: Start) -> None:
    async with start_still(seconds=5) as (app, pilot):
        view = await open_lab(app, pilot)
        view._chosen = ["raft", "tendermint"]
        await compare(app, view, pilot)
        view._board.focus()
        await pilot.pause()
        for row, words in ((13, "at least 1/3 of the stake"), (14, "not for sale"), (6, "for good")):
            view._board.cursor = row
            why = view.get_why()
            assert why is not None
            assert any(words in text for _, text in why.numbers)
            assert "docs/compare.md" in why.text
        await pilot.press("question_mark")
        await pilot.pause()
        assert "final means" in app.get_text().lower()


def test_the_best_is_marked_unless_all_are_alike() -> None:
    measure = next(it for it in present.MEASURES if it.key == "stale_rate")
    row = present.build_row(measure, [{"stale_rate": 0.1}, {"stale_rate": 0.0}], 0, 2)
    assert [cell.text for cell in row] == ["stale blocks", "10.00 %", "✓ 0.00 %"]
    row = present.build_row(measure, [{"stale_rate": 0.0}, {"stale_rate": 0.0}], 0, 2)
    assert [cell.text for cell in row] == ["stale blocks", "0.00 %", "0.00 %"]


def test_numbers_that_are_not_there_are_a_dash() -> None:
    assert present.show_number("x")({"x": None}) == present.show_size("x")({"x": None}) == "–"
    assert present.show_size("x")({"x": 12_345}) == "12.3 kB"
    assert present.show_energy("x")({"x": 0.0123}) == "12.3 Wh"


def test_where_nothing_became_final_that_is_said() -> None:
    score = {"finality": "economic", "finality_seconds_mean": None, "finality_seconds_median": None}
    assert present.show_finality(score) == "none yet"
    assert present.show_finality(score | {"finality": "none"}) == "never"
    assert present.show_finality(score | {"finality_seconds_mean": 6.5, "finality_seconds_median": 6}) == "6.50 / 6.00"


def test_a_span_is_up_to_a_day() -> None:
    assert read_span(" 2h ") == 2 * HOUR
    for wrong in ("0s", "2d", "x", ""):
        with pytest.raises(InvalidInput):
            read_span(wrong)

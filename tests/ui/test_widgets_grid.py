"""A grid of short cells: each can be chosen, what does not fit scrolls with the cursor."""

from typing import Any

from app.widgets.models import Grid, GridCell, GridRow
from app.widgets.vote_grid import VoteGrid


def build_grid(rows: int = 4, columns: int = 3) -> Grid:
    cells = [
        [GridCell(f"{row}{column}", words=f"cell {row}, {column}") for column in range(columns)] for row in range(rows)
    ]
    return Grid(
        "Votes",
        tuple(f"c{column}" for column in range(columns)),
        tuple(GridRow(f"row {row}", tuple(line)) for row, line in enumerate(cells)),
        "● yes  ○ no",
    )


async def test_draws_headings_rows_and_the_legend(stage: Any) -> None:
    async with (app := stage(VoteGrid(build_grid()))).run_test(size=(40, 10)):
        lines = app.get_lines()
        assert lines[0].split() == ["c0", "c1", "c2"]
        assert lines[1].split() == ["row", "0", "00", "01", "02"]
        assert lines[-1].strip() == "● yes  ○ no"


async def test_arrows_choose_a_cell_and_enter_opens_it(stage: Any) -> None:
    widget = VoteGrid(build_grid())
    async with (app := stage(widget)).run_test(size=(40, 10), message_hook=app.watch) as pilot:
        await pilot.press("down", "right", "right", "right", "enter")
        assert widget.get_chosen() == GridCell("12", words="cell 1, 2")
        assert {(it.row, it.column) for it in app.seen if isinstance(it, VoteGrid.CellOpened)} == {(1, 2)}


async def test_scrolls_both_ways_with_the_cursor(stage: Any) -> None:
    widget = VoteGrid(build_grid(rows=40, columns=40))
    async with (app := stage(widget)).run_test(size=(40, 10)) as pilot:
        await pilot.press(*["down"] * 39, *["right"] * 39)
        assert "3939" in "".join(app.get_lines())


async def test_the_cursor_stays_on_its_place_while_the_picture_changes(stage: Any) -> None:
    widget = VoteGrid(build_grid())
    async with stage(widget).run_test(size=(40, 10)) as pilot:
        await pilot.press("down", "down", "down", "right")
        widget.show(build_grid(rows=2))
        assert (widget.row, widget.column) == (1, 1)
        widget.show(Grid(empty="No votes yet"))
        assert widget.get_chosen() is None


async def test_says_so_when_there_is_nothing(stage: Any) -> None:
    async with (app := stage(VoteGrid(Grid(empty="No votes yet")))).run_test(size=(40, 10)):
        assert "No votes yet" in app.get_lines()[0]


async def test_a_click_chooses_and_a_second_one_opens(stage: Any) -> None:
    widget = VoteGrid(build_grid())
    async with (app := stage(widget)).run_test(size=(40, 10), message_hook=app.watch) as pilot:
        await pilot.click(VoteGrid, offset=(12, 3))
        assert (widget.row, widget.column) == (2, 1)
        await pilot.click(VoteGrid, offset=(12, 3))
        assert any(isinstance(it, VoteGrid.CellOpened) for it in app.seen)

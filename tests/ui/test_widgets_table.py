"""The virtual table: a hundred thousand rows cost what one sees."""

from app.widgets.models import Cell, Column
from app.widgets.virtual_table import VirtualTable

COLUMNS = [Column("time", 6, "right"), Column("what", 10, is_flexible=True), Column("state", 8)]


def make_table(count: int = 100_000) -> tuple[VirtualTable, list[int]]:
    """A table, and the list of rows it asked for."""
    asked: list[int] = []

    def get_row(index: int):
        asked.append(index)
        return Cell(f"{index}", "muted"), f"row [/{index}]\x1b", Cell("final", "final")

    return VirtualTable(COLUMNS, count, get_row), asked


async def test_only_visible_rows_are_built(stage) -> None:
    table, asked = make_table()
    app = stage(table)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        assert set(asked) <= set(range(20))
        asked.clear()
        await pilot.press("end")
        await pilot.pause()
        assert set(asked) - {0} <= set(range(99_970, 100_000))
        assert "99999  row [/99999]" in app.get_lines()[-1]
        assert app.get_lines()[0].split() == ["time", "what", "state"]


async def test_keys_and_messages(stage) -> None:
    table, _ = make_table(50)
    app = stage(table)
    async with app.run_test(size=(60, 11), message_hook=app.watch) as pilot:
        rows = []
        for key in ("down", "pagedown", "pageup", "up", "up", "end", "home", "down", "enter"):
            await pilot.press(key)
            rows.append(table.cursor)
        assert rows == [1, 11, 1, 0, 0, 49, 0, 1, 1]
        await pilot.pause()
        assert any(type(m) is VirtualTable.RowOpened and m.row == 1 for m in app.seen)


async def test_the_mouse_chooses_then_opens(stage) -> None:
    table, _ = make_table(50)
    app = stage(table)
    async with app.run_test(size=(60, 11), message_hook=app.watch) as pilot:
        await pilot.hover(table, offset=(5, 6))
        assert table.hovered == 5
        await pilot.click(table, offset=(5, 4))
        assert table.cursor == 3
        await pilot.click(table, offset=(5, 4))
        await pilot.click(table, offset=(5, 0))  # the header is no row
        await pilot.pause()
        assert next(m.row for m in app.seen if type(m) is VirtualTable.RowOpened) == 3


async def test_moving_the_cursor_builds_two_rows(stage) -> None:
    table, asked = make_table()
    app = stage(table)
    async with app.run_test(size=(60, 20)) as pilot:
        await pilot.pause()
        asked.clear()
        await pilot.press("down")
        await pilot.pause()
        assert set(asked) == {0, 1}


async def test_an_empty_table_says_so_and_a_shrunk_one_keeps_its_cursor_inside(stage) -> None:
    table, _ = make_table(40)
    app = stage(table)
    async with app.run_test(size=(60, 10)) as pilot:
        await pilot.press("end")
        table.show(5)
        await pilot.pause()
        assert table.cursor == 4
        table.empty = "No transactions wait"
        table.show(0)
        await pilot.press("enter", "down", "end")
        assert "No transactions wait" in "\n".join(app.get_lines())


def test_columns_share_the_width() -> None:
    table, _ = make_table(0)
    assert table.get_widths(60) == [6, 40, 8]
    assert sum(table.get_widths(24)) <= 24
    assert table.get_widths(12)[-1] == 0


async def test_what_is_to_be_done_about_an_empty_table_is_told_in_full(stage) -> None:
    table = VirtualTable(COLUMNS, empty="No transaction waits here. Send one with s, or let somebody else send one.")
    app = stage(table)
    async with app.run_test(size=(30, 11)) as pilot:
        await pilot.pause()
        told = " ".join(line.strip() for line in app.get_lines()[1:]).strip()
        assert told == table.empty

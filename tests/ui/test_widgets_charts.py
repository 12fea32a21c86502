"""Charts: lines, histograms, projected blocks."""

import math

import pytest

from app.widgets.canvas import Canvas
from app.widgets.charts import Histogram, LineChart, StackedBands, get_ticks
from app.widgets.models import Bar, Series

CURVE = Series("expected", tuple((x / 10, 1 - math.exp(-x / 10)) for x in range(50)))


def test_ticks_are_round_and_few() -> None:
    assert get_ticks(0, 1, 5) == [0, 0.2, 0.4, 0.6, 0.8, 1.0] or get_ticks(0, 1, 5) == [0, 0.5, 1]
    assert get_ticks(0, 97, 5) == [0, 20, 40, 60, 80]
    assert get_ticks(3, 3, 5) == [3]
    assert len(get_ticks(-1e9, 3e9, 6)) <= 7


async def test_a_line_chart_names_its_axes_and_lines(stage) -> None:
    chart = LineChart([CURVE], x_label="s", y_label="reached")
    app = stage(chart)
    chart.styles.height = "1fr"
    async with app.run_test(size=(60, 14)) as pilot:
        chart.show([CURVE], [Series("", ((2.0, 0.9),))])
        await pilot.pause()
        lines = app.get_lines()
        assert "reached" in lines[0]
        assert "expected" in lines[0]
        assert lines[-1].split() == ["s", "0", "2", "4"]
        assert sum("●" in line for line in lines[1:]) == 1
        assert any("⠁" <= char <= "⣿" for line in lines for char in line)


@pytest.mark.parametrize(
    "series",
    [
        [],
        [Series("x", ())],
        [Series("x", ((1, 1),))],
        [Series("x", ((0, math.nan), (1, 2)))],
        [Series("x", ((0, 5), (1, 5)))],
    ],
)
async def test_little_or_odd_data_never_breaks_a_chart(stage, series) -> None:
    chart = LineChart(series, is_area=True)
    chart.styles.height = "1fr"
    app = stage(chart)
    async with app.run_test(size=(50, 10)):
        text = "\n".join(app.get_lines())
        assert ("No data yet" in text) == (not any(line.points for line in series))


@pytest.mark.parametrize(
    ("width", "legend"),
    [
        (50, "━━ pool  ━━ the price outside  ━━ bounds"),
        (34, "━ pool  ━ the price out…  ━ bounds"),
        (29, "━ pool  ━ the pric…  ━ bounds"),
        (21, "━ po…  ━ the…  ━ bou…"),
    ],
)
async def test_the_names_of_lines_share_the_room(stage, width: int, legend: str) -> None:
    """No line goes without a name: where there is little room, the long names are cut first."""
    chart = LineChart([Series(name, ((0, 1), (1, 2))) for name in ("pool", "the price outside", "bounds")])
    chart.styles.height = "1fr"
    app = stage(chart)
    async with app.run_test(size=(width, 10)):
        assert app.get_lines()[0].strip() == legend


async def test_where_lines_meet_the_first_one_is_seen_and_one_without_a_name_is_of_the_one_before(stage) -> None:
    flat, above = ((0, 1), (1, 1)), ((0, 3), (1, 3))
    chart = LineChart([Series("price", flat), Series("bounds", flat), Series("", above)], y_range=(0.0, 4.0))
    chart.styles.height = "1fr"
    app = stage(chart)
    async with app.run_test(size=(50, 12)):
        canvas = Canvas(50, 12)
        chart.draw(canvas)
        pens = {pen for row in canvas.pens[1:-2] for pen in row[8:-1] if pen}
        assert pens == {chart.PEN["series-1"], chart.PEN["series-2"]}


async def test_the_tallest_bar_reaches_the_top_and_half_is_half(stage) -> None:
    chart = Histogram([Bar("a", (10,)), Bar("b", (5,)), Bar("c", (2, 2, 1))], unit="tx")
    chart.styles.height = "1fr"
    app = stage(chart)
    async with app.run_test(size=(40, 12)):
        lines = app.get_lines()
        columns = [
            sum(line[lines[-1].index(name)] == "█" for line in lines if len(line) > lines[-1].index(name))
            for name in "abc"
        ]
        assert columns == [10, 5, 5]


async def test_projected_blocks(stage) -> None:
    chart = StackedBands([Bar("next", (0.5, 0.5), "~4 s"), Bar("+1", (0.25,), "~14 s")], bands=("<1", ">1"))
    chart.styles.height = "1fr"
    app = stage(chart)
    async with app.run_test(size=(40, 12)):
        lines = app.get_lines()
        assert "━ next ━" in lines[0]
        assert "─ +1 ─" in lines[0]
        assert "~4 s" in lines[-2]
        assert "█ <1  █ >1" in lines[-1]
        assert sum(line[5:6] == "█" for line in lines[1:-2]) == 8  # the first block is full
    app = stage(StackedBands())
    app.widget.styles.height = "1fr"
    async with app.run_test(size=(40, 12)):
        assert "The mempool is empty" in "\n".join(app.get_lines())

"""A run of an application opens on its story, which tells at every moment what happens."""

from collections.abc import Callable
from typing import Any

import pytest

from app.screens.contracts import ContractsView
from app.screens.network import NetworkView

Start = Callable[..., Any]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_story_is_told_from_the_first_second_on(start_still: Start, size: tuple[int, int]) -> None:
    async with start_still(size=size, seconds=1, scenario="exchange-pool") as (app, pilot):
        assert isinstance(app.home.get_view(), ContractsView)
        app.play(1)
        await pilot.pause()
        text = app.get_text()
        assert "Story · Exchange pool" in text
        assert "getting ready" in text
        assert "puts coin on the chain" in text
        app.play(110)
        await pilot.pause()
        text = app.get_text()
        assert "getting ready" not in text
        assert "imperm. loss" in text
        assert "Price of a coin" in text  # the chart, also in the smallest terminal
        app.run_shown.seek(2_000_000)
        app.show()
        await pilot.pause()
        assert "getting ready" in app.get_text()  # the past tells what was known then
        app.run_shown.seek(app.run_shown.now_us)
        app.show()
        await pilot.pause()
        assert "imperm. loss" in app.get_text()


async def test_a_run_in_which_nobody_uses_contracts_opens_on_its_network(start_still: Start) -> None:
    async with start_still(seconds=5, scenario="quiet") as (app, _):
        assert isinstance(app.home.get_view(), NetworkView)


async def test_charts_have_room_beside_a_drawing_or_are_left_out(start_still: Start) -> None:
    async with start_still(size=(80, 24), seconds=800, scenario="lending-market") as (app, pilot):
        shown = []
        for size in ((80, 24), (120, 36), (200, 50)):
            if app.size != size:
                await pilot.resize_terminal(*size)
            app.play(1)
            await pilot.pause()
            text = app.get_text()
            assert "falls at" in text  # the drawing of the borrowers' health
            assert "No room" not in text
            charts = [it for it in app.home.query("StoryPanel LineChart") if it.region.height]
            assert all(it.size.height >= 4 for it in charts)
            assert not [it for it in charts if it.border_title not in text]
            shown.append(len(charts))
        assert shown == sorted(shown)
        assert shown[-1] == 2

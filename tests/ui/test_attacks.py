"""The way to an attack on a contract: a bookmark, a key, a choice, and the debugger at the step."""

from collections.abc import Callable
from typing import Any

import pytest

from app.screens.debugger import DebuggerScreen

Start = Callable[..., Any]


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_key_leads_to_the_step(start_still: Start, size: tuple[int, int]) -> None:
    async with start_still(size=size, seconds=960, scenario="attack-reentrancy") as (app, pilot):
        assert [it.name for it in app.run_shown.bookmarks] == ["the bank is robbed", "the repaired bank holds"]
        await pilot.press("a")
        await pilot.pause()
        assert "the bank is robbed" in app.get_text()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, DebuggerScreen)
        text = app.get_text()
        assert "entered a second time" in text
        assert "Repaired in fixed_vault.vy: `self.balances[msg.sender] = 0`" in text
        assert "▸34" in text
        assert app.run_shown.cursor_us == app.run_shown.bookmarks[0].time_us
        assert not app.run_shown.is_playing


async def test_what_has_not_happened_says_when_it_comes(start_still: Start) -> None:
    async with start_still(seconds=60, scenario="attack-access") as (app, pilot):
        await pilot.press("a")
        await pilot.pause()
        assert "after 10 min" in app.get_text()
        await pilot.press("enter")
        await pilot.pause()
        assert not isinstance(app.screen, DebuggerScreen)


async def test_a_run_without_attacks_says_where_there_are_some(start_still: Start) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("a")
        await pilot.pause()
        assert "begins with attack" in app.get_text()


@pytest.mark.parametrize("name", ["oracle", "front-running"])
async def test_stories_fit(start_still: Start, name: str) -> None:
    async with start_still(seconds=1300, scenario=f"attack-{name}") as (app, pilot):
        await pilot.press("5")
        for size in ((80, 24), (120, 36), (200, 50)):
            await pilot.resize_terminal(*size)
            app.play(1)
            await pilot.pause()
            text = app.get_text()
            assert "press a" in text, size
            assert "average" in text or "sealed" in text, size
        await pilot.resize_terminal(80, 24)
        await pilot.press("a")
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, DebuggerScreen)
        assert any(line.startswith("│▸") for line in app.get_text().splitlines())  # in view, however small it is

"""The network screen and the page of a node, as a person uses them."""

from typing import Any

from textual.widgets import Button

from app.screens.main import MainScreen
from app.screens.network import NetworkView
from app.screens.node import NodePage
from app.screens.view import Thing
from app.widgets.block_strip import BlockStrip
from app.widgets.network_map import NetworkMap
from app.widgets.node_panel import NodePanel
from app.widgets.virtual_table import VirtualTable
from chain.simulation.commands import CutNode, SetLag, StopNode
from chain.units import NodeId

# The screen ------------------------------------------------------------------------------------------------------


async def test_shows_map_legend_and_blocks_at_every_size(start_still: Any) -> None:
    async with start_still((60, 18)) as (app, pilot):
        height = app.run_shown.simulation.world.tree.get_best(app.run_shown.now_us).height
        for size in ((60, 18), (80, 24), (120, 36), (200, 50)):
            await pilot.resize_terminal(*size)
            text = app.get_text()
            assert f"● on #{height} (12)" in text, size
            assert f" {height} " in text, size
            assert all(f"n{node:02d}" in text for node in range(12)) or size[0] < 80, size


async def test_the_panel_stands_beside_the_map_or_takes_its_place(start_still: Any) -> None:
    async with start_still((120, 36)) as (app, pilot):
        assert app.screen.query_one(NodePanel).display
        assert app.screen.query_one(NetworkMap).display
        await pilot.resize_terminal(80, 24)
        assert not app.screen.query_one(NodePanel).display
        await pilot.press("v")
        assert app.screen.query_one(NodePanel).display
        assert not app.screen.query_one(NetworkMap).display


async def test_choosing_a_node_changes_the_panel_and_g_the_layout(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        panel = app.screen.query_one(NodePanel)
        assert str(panel.border_title).startswith("n00")
        await pilot.press("right_square_bracket", "right_square_bracket")
        app.show()
        assert str(panel.border_title).startswith("n02")
        shown = app.screen.query_one(NetworkMap)
        seen = []
        for _ in range(3):
            seen.append(shown.node_layout)
            await pilot.press("g")
        assert seen == ["map", "graph", "ring"]
        assert shown.node_layout == "map"


async def test_the_past_is_drawn_from_history(start_still: Any) -> None:
    async with start_still() as (app, _):
        early = app.run_shown.simulation.world.tree.records[1]
        app.submit(StopNode(4))
        app.play(5)
        assert app.screen.query_one(NetworkMap).view.offline == 1
        app.run_shown.seek(early.published_us)
        app.show()
        view = app.screen.query_one(NetworkMap).view
        assert view.offline == 0
        assert view.spread is not None
        assert view.spread.label == "block #1"
        assert view.pulses[0].node == early.origin


async def test_every_thing_opens_with_enter_and_closes_with_escape(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        await pilot.press("enter")
        assert isinstance(app.screen, NodePage)
        await pilot.press("escape")
        strip = app.screen.query_one(BlockStrip)
        strip.focus()
        await pilot.press("left", "enter")
        await pilot.pause()
        assert not isinstance(app.screen, MainScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, MainScreen)


async def test_names_the_thing_under_the_focus(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        view = app.screen.query_one(NetworkView)
        assert view.get_focused_thing() == Thing("node", 0)
        app.screen.query_one(NodePanel).focus()
        await pilot.press("down")
        assert view.get_focused_thing().kind in ("block", "transaction")


# The page of a node ----------------------------------------------------------------------------------------------


async def test_the_page_shows_peers_mempool_and_its_chain(start_still: Any) -> None:
    async with start_still((80, 24)) as (app, pilot):
        app.open_thing(Thing("node", 3))
        for size in ((80, 24), (120, 36)):
            await pilot.resize_terminal(*size)
            text = app.get_text()
            assert all(word in text for word in ("n03", "Peers", "Its mempool", "Its chain", "What it saw", "Stop (x)"))


async def test_the_buttons_are_commands_and_their_keys_too(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.open_thing(Thing("node", 3))
        await pilot.pause()
        await pilot.click("#stop")
        assert not app.run_shown.simulation.world.network.links.is_online_now(3)
        assert app.screen.query_one("#stop", Button).disabled
        await pilot.press("a", "c", "r", "l", "m")
        names = [type(entry.command).__name__ for entry in app.run_shown.simulation.log]
        assert names == ["StopNode", "StartNode", "CutNode", "ReconnectNode", "SetLag", "MineBlock"]
        await pilot.press("l")  # the same key takes the lag away
        lags = [entry.command for entry in app.run_shown.simulation.log if isinstance(entry.command, SetLag)]
        assert [lag.extra_us > 0 for lag in lags] == [True, False]


async def test_a_node_cut_off_shows_its_own_chain(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.submit(CutNode(3))
        app.play(120)
        app.open_thing(Thing("node", 3))
        await pilot.pause()
        world, now_us = app.run_shown.simulation.world, app.run_shown.now_us
        own, best = world.tree.get_head(NodeId(3), now_us), world.tree.get_best(now_us)
        assert own is not best
        blocks = app.screen.query_one(BlockStrip).blocks
        assert own.hash.hex() in [block.block for block in blocks]
        assert best.hash.hex() not in [block.block for block in blocks]


async def test_brackets_turn_the_page_and_a_peer_opens_its_own(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.open_thing(Thing("node", 11))
        await pilot.pause()
        await pilot.press("right_square_bracket")
        assert app.screen.node == 0
        app.screen.query_one("#peers", VirtualTable).focus()
        await pilot.press("enter")
        await pilot.pause()
        assert isinstance(app.screen, NodePage)
        assert app.screen.node != 0


async def test_the_clock_works_on_the_page_too(start_still: Any) -> None:
    async with start_still() as (app, pilot):
        app.open_thing(Thing("node", 1))
        await pilot.pause()
        app.run_shown.is_playing = False
        await pilot.press("home")
        assert app.run_shown.cursor_us == 0
        assert "the first block" in app.get_text()

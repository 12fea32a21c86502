"""Chain, mempool, pages and search as a person uses them: keys, links, folding, the past."""

from collections.abc import Callable
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from app.app import ChainroomApp
from app.present.index import get_index
from app.screens.chain import ChainTree, ChainView
from app.screens.explorer import ThingPage, build_page
from app.screens.mempool import MempoolView
from app.screens.search import SearchScreen
from app.screens.view import Thing
from app.widgets.field_list import FieldList
from app.widgets.merkle_tree import MerkleTree
from app.widgets.timeline import Timeline
from app.widgets.virtual_table import VirtualTable
from app.widgets.why import WhyModal

Opened = Callable[..., Any]
pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZES = [(80, 24), (120, 36), (200, 50)]


async def press(app: ChainroomApp, pilot: "Pilot[None]", *keys: str) -> None:
    """Press keys, and draw a frame after each."""
    for key in keys:
        await pilot.press(key)
        app.show()
    await pilot.pause()


def get_text(app: ChainroomApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


@pytest.fixture
def opened(told: Opened) -> Opened:
    """The name these tests know the shared interface by."""
    return told


# Chain -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_the_chain_screen_fits(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as (app, pilot):
        await press(app, pilot, "2")
        text = get_text(app)
        assert "Blocks by height" in text
        assert "≤ target ✓" in text
        assert "v next" in text if size[0] < 100 else "Merkle tree" in text


async def test_panels_fold_into_tabs(opened: Opened) -> None:
    async with opened((80, 24)) as (app, pilot):
        await press(app, pilot, "2")
        view = app.home.get_view()
        assert isinstance(view, ChainView)
        visible = []
        for _ in range(4):
            visible.append(
                [type(w).__name__ for w in view.query(".panel") if w.display and not isinstance(w, ChainTree)]
            )
            await press(app, pilot, "v")
        assert visible == [["FieldList"], ["VirtualTable"], ["MerkleTree"], ["FieldList"]]


async def test_choosing_a_block_stays_on_it_until_end(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        await press(app, pilot, "2", "left", "left")
        view, world = app.home.get_view(), story.simulation.world
        fields = view.query_one(FieldList)
        head = world.tree.get_best(story.moments["deep"])
        assert fields.fields[1].value == str(head.height - 2)
        await press(app, pilot, "home")
        assert fields.fields[0].value == "▣ genesis"
        await press(app, pilot, "end")
        assert fields.fields[1].value == str(head.height)
        assert view.get_focused_thing() == Thing("block", head.hash)


async def test_the_stale_branch_can_be_reached_by_keys(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        await press(app, pilot, "2", "home", "right", "right", "down")
        view, index = app.home.get_view(), get_index(story.simulation.world)
        assert view.get_focused_thing() == Thing("block", index.heights[2][0].hash)
        assert view.query_one(FieldList).fields[0].value == "□ stale"
        tree = view.query_one(MerkleTree)
        assert tree.levels == ((tree.levels[0][0],),), "one transaction is its own root"
        await press(app, pilot, "question_mark")
        assert isinstance(app.screen, WhyModal)
        assert app.screen.why.rule == "consensus/fork-choice"


async def test_the_past_hides_what_came_later(opened: Opened, story: Any) -> None:
    async with opened(moment="lost") as (app, pilot):
        await press(app, pilot, "2")
        tree = app.home.get_view().query_one(ChainTree)
        assert [block.height for block in tree.blocks] == [0, 1, 2]
        app.session.seek(story.moments["ahead"])
        await press(app, pilot)
        app.show()
        assert [(block.height, block.state) for block in tree.blocks][2:4] == [(2, "stale"), (2, "canonical")]


# Mempool ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_the_mempool_screen_fits(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size, "healed") as (app, pilot):
        await press(app, pilot, "4")
        text = get_text(app)
        assert "as n00 would build them" in text
        assert "✓ #3" in text, "blocks that were made stand beside those to come"
        assert "next #4" in text
        assert "faucet" in text


async def test_another_nodes_mempool_by_keys(opened: Opened) -> None:
    async with opened((120, 36), "asked") as (app, pilot):
        await press(app, pilot, "4")
        assert "Waiting 0" in get_text(app)
        assert "3 differ" in get_text(app)
        await press(app, pilot, "left_square_bracket", "left_square_bracket")
        assert "as n04 would build them" in get_text(app)
        assert "Waiting 1" in get_text(app)


async def test_a_tip_of_ones_own_is_answered(opened: Opened) -> None:
    async with opened((120, 36), "healed") as (app, pilot):
        await press(app, pilot, "4")
        view = app.home.get_view()
        assert isinstance(view, MempoolView)
        view.query_one(Input).focus()
        await press(app, pilot, "1")
        assert "the next block, 1 payment ahead" in get_text(app)
        await press(app, pilot, "2", "3", "x")
        assert view.query_one(Input).value == "123"
        assert "the next block, 0 payments ahead" in get_text(app)


async def test_a_waiting_transaction_opens(opened: Opened, story: Any) -> None:
    async with opened((120, 36), "healed") as (app, pilot):
        await press(app, pilot, "4")
        app.home.get_view().query_one("#mempool-list", VirtualTable).focus()
        await press(app, pilot, "enter")
        assert isinstance(app.screen, ThingPage)
        assert app.screen.get_focused_thing() == Thing("transaction", story.transaction)


# Pages -----------------------------------------------------------------------------------------------------------


async def test_links_lead_on_and_escape_leads_back(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        app.open_thing(Thing("transaction", story.transaction))
        await press(app, pilot)
        await pilot.pause()
        fields = app.screen.query_one(FieldList)
        place = [field.key for field in fields.fields].index("block")
        await press(app, pilot, *["down"] * place, "enter")
        assert "Block #4" in get_text(app)
        await press(app, pilot, "left_square_bracket")
        assert "Block #3" in get_text(app)
        await press(app, pilot, "escape")
        assert "in block #4 by n02" in get_text(app)
        await press(app, pilot, "escape")
        assert app.screen is app.home


async def test_the_timeline_opens_its_blocks(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        app.open_thing(Thing("transaction", story.transaction))
        await pilot.pause()
        app.screen.query_one(Timeline).focus()
        await press(app, pilot, *["down"] * 4, "enter")
        assert "Block #2′" in get_text(app)


async def test_a_page_follows_the_cursor_into_the_past(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        app.open_thing(Thing("transaction", story.transaction))
        await pilot.pause()
        for moment, words in (
            ("healed", "seen by 6 of 6 nodes"),
            ("first", "No such transaction has been handed to a node by 00:00:19.000"),
            ("included", "1 of 6 confirmations"),
        ):
            app.session.seek(story.moments[moment])
            app.show()
            await pilot.pause()
            assert words in get_text(app)


async def test_why_on_a_refused_transaction(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        app.open_thing(Thing("transaction", story.refused))
        await pilot.pause()
        await press(app, pilot, "question_mark")
        assert isinstance(app.screen, WhyModal)
        assert app.screen.why.rule == "ledger/signature"


@pytest.mark.parametrize("size", SIZES, scope="module")
@pytest.mark.parametrize("kind", ["block", "transaction", "address"])
async def test_pages_fit(opened: Opened, story: Any, size: tuple[int, int], kind: Any) -> None:
    head = story.simulation.world.tree.get_best(story.moments["deep"])
    keys = {"block": head.hash, "transaction": story.transaction, "address": story.stranger}
    async with opened(size) as (app, pilot):
        app.push_screen(build_page(Thing(kind, keys[kind])))
        await pilot.pause()
        await press(app, pilot)
        seen = get_text(app)
        for _ in range(4 if size == SIZES[0] else 1):
            await press(app, pilot, "v")
            seen += get_text(app)
        assert "Fields" in seen
        assert {"block": "Siblings", "transaction": "submitted to n04", "address": "faucet"}[kind] in seen


# Search ----------------------------------------------------------------------------------------------------------


async def test_slash_finds_and_enter_opens(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        await press(app, pilot, "slash")
        assert isinstance(app.screen, SearchScreen)
        await press(app, pilot, *"n05")
        await press(app, pilot, "enter")
        await pilot.pause()
        assert app.screen is not app.home
        await press(app, pilot, "escape", "slash", *story.transaction.hex()[:6], "enter")
        await pilot.pause()
        assert isinstance(app.screen, ThingPage)
        assert app.screen.get_focused_thing() == Thing("transaction", story.transaction)


async def test_search_says_what_it_did_not_find_and_closes(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await press(app, pilot, "slash", *"99")
        await press(app, pilot, "enter")
        assert "There is no block #99" in get_text(app)
        await press(app, pilot, "escape")
        assert app.screen is app.home

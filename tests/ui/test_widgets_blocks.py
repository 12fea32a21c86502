"""Lanes, the strip of the last blocks, and the block tree."""

import pytest

from app.widgets.block_lanes import compute_lanes
from app.widgets.block_strip import BlockStrip
from app.widgets.block_tree import BlockTree
from app.widgets.models import ChainBlock


def make_chain(low: int = 800, high: int = 812) -> tuple[ChainBlock, ...]:
    """A main chain with a branch of two blocks at 811 and another at 812."""
    main = [
        ChainBlock(f"b{h}", f"b{h - 1}", h, f"{h:04x}", f"n{h % 7:02d}", h % 50, "final" if h < 807 else "canonical")
        for h in range(low, high + 1)
    ]
    stale = [
        ChainBlock("s811", "b810", 811, "77aa", "n03", 22, "stale"),
        ChainBlock("s812", "s811", 812, "41bc", "n03", 9, "stale"),
        ChainBlock("x812", "b811", 812, "0bd0", "n05", 1, "stale"),
    ]
    return tuple(main + stale)


def test_branches_never_share_a_lane_at_the_same_height() -> None:
    lanes = compute_lanes(make_chain())
    assert (lanes["b812"], lanes["s811"], lanes["s812"], lanes["x812"]) == (0, 1, 1, 2)
    blocks = make_chain()
    assert len({(block.height, lanes[block.block]) for block in blocks}) == len(blocks)


def test_a_lane_is_free_again_after_the_branch() -> None:
    blocks = (*make_chain(), ChainBlock("s803", "b802", 803, "aaaa", "n01", 0, "stale"))
    assert compute_lanes(blocks)["s803"] == 1


def test_orphans_without_a_known_parent_have_a_lane_too() -> None:
    lanes = compute_lanes([ChainBlock("o", "?", 5, "aaaa", "n", 0, "stale"), ChainBlock("m", None, 5, "bbbb", "n")])
    assert lanes == {"m": 0, "o": 1}


async def test_the_strip(stage, check_golden) -> None:
    app = stage(BlockStrip(make_chain(), "9 miners at work · expected in 4.1 s"))
    app.widget.styles.height = 7
    async with app.run_test(size=(110, 8)):
        check_golden(app, "strip_110x8")


async def test_the_strip_follows_the_tip_until_a_block_is_chosen(stage) -> None:
    widget = BlockStrip(make_chain())
    app = stage(widget)
    async with app.run_test(size=(60, 8), message_hook=app.watch) as pilot:
        await pilot.press("left", "left", "down", "enter")
        await pilot.pause()
        assert widget.chosen == "s811"
        assert any(isinstance(m, BlockStrip.BlockOpened) and m.block == "s811" for m in app.seen)
        widget.show(make_chain(high=830))
        await pilot.pause()
        assert "811" in "\n".join(app.get_lines())
        await pilot.press("end")
        await pilot.pause()
        assert "830" in "\n".join(app.get_lines())


async def test_clicking_a_box_chooses_it(stage) -> None:
    widget = BlockStrip(make_chain())
    app = stage(widget)
    async with app.run_test(size=(60, 8)) as pilot:
        lines = app.get_lines()
        await pilot.click(widget, offset=(lines[0].index("810"), 0))
        assert widget.chosen == "b810"


@pytest.mark.parametrize("widget", [BlockStrip(), BlockTree()])
async def test_without_blocks_it_says_so(stage, widget) -> None:
    app = stage(widget)
    async with app.run_test(size=(60, 8)) as pilot:
        await pilot.press("left", "down", "enter", "end", "home")
        assert "no blocks yet" in "\n".join(app.get_lines())


async def test_the_tree(stage, check_golden) -> None:
    app = stage(BlockTree(make_chain()))
    async with app.run_test(size=(100, 16)) as pilot:
        await pilot.pause()
        check_golden(app, "tree_100x16")


async def test_the_tree_follows_the_tip_unless_scrolled_away(stage) -> None:
    widget = BlockTree(make_chain())
    app = stage(widget)
    async with app.run_test(size=(60, 16)) as pilot:
        widget.show(make_chain(high=840))
        await pilot.pause()
        assert "840" in app.get_lines()[0]
        widget.scroll_to(x=0, animate=False)
        await pilot.pause()
        widget.show(make_chain(high=860))
        await pilot.pause()
        assert "800" in app.get_lines()[0]
        await pilot.press("end")
        await pilot.pause()
        assert "860" in app.get_lines()[0]
        assert widget.chosen == "b860"


async def test_keys_walk_the_tree(stage) -> None:
    widget = BlockTree(make_chain())
    app = stage(widget)
    async with app.run_test(size=(60, 16), message_hook=app.watch) as pilot:
        walk = []
        for key in ("left", "down", "left", "right", "up", "left", "home", "right"):
            await pilot.press(key)
            walk.append(widget.chosen)
        assert walk == ["b812", "s812", "s811", "s812", "b812", "b811", "b800", "b801"]
        await pilot.press("enter", "plus", "plus", "minus", "minus", "minus")
        await pilot.pause()
        assert any(isinstance(m, BlockTree.BlockOpened) and m.block == "b801" for m in app.seen)
        assert "801" in "\n".join(app.get_lines()) or "800" in "\n".join(app.get_lines())


async def test_clicking_a_block_of_the_tree(stage) -> None:
    widget = BlockTree(make_chain())
    app = stage(widget)
    async with app.run_test(size=(100, 16)) as pilot:
        await pilot.pause()
        y = next(y for y, line in enumerate(app.get_lines()) if "77aa" in line)
        await pilot.click(widget, offset=(app.get_lines()[y].index("77aa"), y))
        assert widget.chosen == "s811"


async def test_a_long_chain_draws_only_what_is_visible(stage) -> None:
    widget = BlockTree(make_chain(low=0, high=6000))
    app = stage(widget)
    async with app.run_test(size=(80, 16)) as pilot:
        await pilot.pause()
        drawn = []
        draw = widget._draw_block
        widget._draw_block = lambda *arguments: drawn.append(1) or draw(*arguments)  # type: ignore[method-assign]
        widget.scroll_to(x=300, animate=False)
        await pilot.pause()
        assert 0 < len(drawn) < 60

"""The lines on every screen: header, tabs, and the one clock."""

import dataclasses

import pytest

from app.widgets.header import HeaderBar, TabBar
from app.widgets.models import HeaderView, Mark, TransportView
from app.widgets.transport_bar import SPEEDS, TransportBar

VIEW = TransportView("playing", 0.5, 60, None, (Mark("fork", 0.2), Mark("bookmark", 0.6), Mark("attack", 0.8)))
HEADER = HeaderView("chainroom", ("Proof of Work", "public", "24 nodes"), "PoW", 812, "806", "day 0  02:14:37.250")
TABS = ["Network", "Chain", "Wallet", "Mempool", "Contracts", "Lab", "Analytics", "Lessons"]


@pytest.mark.parametrize(
    ("width", "left", "right"),
    [
        (120, "Proof of Work · public · 24 nodes", "height 812 · final 806   day 0  02:14:37.250   ● recording"),
        (80, "Proof of Work", "#812 ▣806   day 0  02:14:37.250   ● recording"),
        (60, "PoW", "#812 ▣806   day 0  02:14:37.250   ●"),
    ],
)
async def test_the_header_drops_what_does_not_fit(stage, width, left, right) -> None:
    app = stage(HeaderBar(HEADER))
    async with app.run_test(size=(width, 1)):
        line = app.get_lines()[0]
        assert len(line) == width - 1
        assert line.startswith(f" chainroom  {left}".rstrip() + "  ")
        assert line.endswith("  " + right)


@pytest.mark.parametrize(("state", "word"), [("playing", "● recording"), ("paused", "◌ paused"), ("past", "◂ past")])
async def test_state_is_a_glyph_and_a_word(stage, state, word) -> None:
    bar = HeaderBar(HEADER)
    app = stage(bar)
    async with app.run_test(size=(120, 1)) as pilot:
        bar.show(dataclasses.replace(HEADER, state=state))
        await pilot.pause()
        assert app.get_lines()[0].endswith(word)
        bar.show(dataclasses.replace(HEADER, state=state, is_replay=True))
        await pilot.pause()
        assert app.get_lines()[0].endswith("▸ replaying" if state == "playing" else word)


async def test_tabs_fit_80_columns_and_can_be_clicked(stage) -> None:
    bar = TabBar(TABS)
    app = stage(bar)
    async with app.run_test(size=(80, 1), message_hook=app.watch) as pilot:
        line = app.get_lines()[0]
        assert all(name in line for name in TABS)
        await pilot.click(bar, offset=(line.index("Mempool") + 2, 0))
        await pilot.pause()
        assert {m.index for m in app.seen if isinstance(m, TabBar.TabChosen)} == {3}
    app = stage(TabBar(TABS, 3))
    async with app.run_test(size=(40, 1)):
        assert "4 Mempool" in app.get_lines()[0]


async def test_the_timeline_shows_marks_and_the_speed_really_reached(stage) -> None:
    bar = TransportBar(VIEW)
    app = stage(bar)
    async with app.run_test(size=(120, 1)) as pilot:
        assert "60×" in app.get_lines()[0]
        assert all(glyph in app.get_lines()[0] for glyph in "◆⚑✕")
        bar.show(dataclasses.replace(VIEW, reached=34.2))
        await pilot.pause()
        assert "34× of 60×" in app.get_lines()[0]
        bar.show(dataclasses.replace(VIEW, reached=59.9))
        await pilot.pause()
        assert "of" not in app.get_lines()[0].split("├")[0]


@pytest.mark.parametrize("width", [20, 40, 60, 80, 200])
async def test_the_timeline_folds(stage, width) -> None:
    app = stage(TransportBar(VIEW))
    async with app.run_test(size=(width, 1)):
        line = app.get_lines()[0]
        assert len(line) <= width
        assert "├" in line
        assert ("fork" in line) == (width >= 110)


async def test_keys_wish_for_what_they_say(stage) -> None:
    app = stage(TransportBar(VIEW))
    async with app.run_test(size=(80, 1), message_hook=app.watch) as pilot:
        keys = ("space", "comma", "full_stop", "less_than_sign", "greater_than_sign", "home", "end", "left", "right")
        await pilot.press(*keys, "left_square_bracket", "right_square_bracket")
        await pilot.pause()
    wishes = list(dict.fromkeys((type(m).__name__, *vars_of(m)) for m in app.seen))
    assert wishes == [
        ("Paused",), ("Stepped", -1), ("Stepped", 1), ("SpeedChanged", 30), ("SpeedChanged", 120), ("SeekTo", 0.0),
        ("SeekTo", 1.0), ("SeekTo", 0.48), ("SeekTo", 0.52), ("SeekTo", 0.2), ("SeekTo", 0.6),
    ]  # fmt: skip


def vars_of(message) -> list[float]:
    """What a message carries."""
    return [getattr(message, name) for name in ("step", "speed", "fraction") if hasattr(message, name)]


async def test_the_fastest_stays_the_fastest_and_paused_resumes(stage) -> None:
    app = stage(TransportBar(dataclasses.replace(VIEW, state="paused", speed=SPEEDS[-1])))
    async with app.run_test(size=(80, 1), message_hook=app.watch) as pilot:
        await pilot.press("greater_than_sign", "space")
        await pilot.pause()
    assert any(isinstance(m, TransportBar.Resumed) for m in app.seen)
    assert {m.speed for m in app.seen if isinstance(m, TransportBar.SpeedChanged)} == {SPEEDS[-1]}


async def test_the_mouse_scrubs_and_presses_buttons(stage) -> None:
    bar = TransportBar(VIEW)
    app = stage(bar)
    async with app.run_test(size=(80, 1), message_hook=app.watch) as pilot:
        line = app.get_lines()[0]
        await pilot.click(bar, offset=(line.index("┤") - 1, 0))
        await pilot.click(bar, offset=(line.index("⚑"), 0))
        await pilot.click(bar, offset=(line.index("❚"), 0))
        start = line.index("├") + 1
        await pilot.mouse_down(bar, offset=(start, 0))
        await pilot.hover(bar, offset=(start + 10, 0))
        await pilot.mouse_up(bar, offset=(start + 10, 0))
        await pilot.pause()
    seeks = list(dict.fromkeys(round(m.fraction, 2) for m in app.seen if isinstance(m, TransportBar.SeekTo)))
    assert seeks[:3] == [1.0, 0.6, 0.0]
    assert 0.1 < seeks[3] < 0.4
    assert any(isinstance(m, TransportBar.Paused) for m in app.seen)

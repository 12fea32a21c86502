"""A picture made of text: pieces with tones, cleaned, scrolled by keys and wheel when it does not fit."""

from typing import Any

from app.present.stories.picture import WIDTH, Picture, draw_bar, draw_bar_with_mark
from app.widgets.drawing import Drawing


def build_lines(count: int = 30) -> tuple[Any, ...]:
    return tuple(((f"line {place} ", "text"), ("red", "bad")) for place in range(count))


async def test_draws_each_line_with_its_pieces(stage: Any) -> None:
    async with (app := stage(Drawing(build_lines(3)))).run_test(size=(40, 10)):
        assert [line.strip() for line in app.get_lines()[:4]] == ["line 0 red", "line 1 red", "line 2 red", ""]


async def test_scrolls_with_keys_and_says_that_there_is_more(stage: Any) -> None:
    widget = Drawing(build_lines())
    async with (app := stage(widget)).run_test(size=(40, 10)) as pilot:
        assert app.get_lines()[9].rstrip().endswith("↓")
        await pilot.press("down", "pagedown")
        assert app.get_lines()[0].split() == ["line", "9", "red", "↑"]
        await pilot.press("pagedown", "pagedown", "pagedown")
        assert app.get_lines()[9].split() == ["line", "29", "red"]
        await pilot.press("up")
        assert app.get_lines()[0].split() == ["line", "19", "red", "↑"]
        widget.show(build_lines(2))
        await pilot.pause()
        assert app.get_lines()[0].split() == ["line", "0", "red"]


async def test_hostile_text_is_cleaned(stage: Any) -> None:
    widget = Drawing(((("a\x1b[2Jb\u202ec[red]", "text"),),))
    async with (app := stage(widget)).run_test(size=(40, 4)):
        assert app.get_lines()[0].strip() == "a[2Jbc[red]"


def get_text(picture: Picture) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in picture.get_lines()]


def test_boxes_and_joined_lines() -> None:
    picture = Picture(12)
    picture.draw_box(0, 0, 6, "#1", ["ab", "a long text"], "good")
    assert get_text(picture) == ["╭ #1 ╮", "│ab  │", "│a l…│", "╰────╯"]
    assert [tone for text, tone in picture.get_lines()[0] if text.strip()] == ["good"]
    lines = Picture(5)
    for x, y, arms in ((0, 0, 8), (1, 0, 4 | 2), (1, 1, 1 | 2), (1, 1, 8), (2, 1, 4), (1, 2, 1 | 8)):
        lines.join(x, y, arms)
    assert get_text(lines) == ["╶┐", " ├╴", " └"]


def test_nothing_reaches_over_the_edge() -> None:
    picture = Picture()
    picture.put(WIDTH - 3, 0, "abcdef")
    assert get_text(picture)[0].endswith("ab…")
    assert len(get_text(picture)[0]) == WIDTH


def test_bars_have_exactly_their_width() -> None:
    assert draw_bar(0.5, 4) == "██░░"
    assert draw_bar(7, 4) == "████"
    assert draw_bar(-1, 4) == "░░░░"
    assert draw_bar_with_mark(0.5, 1, 5) == "██░░│"

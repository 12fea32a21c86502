"""Cells and dots: the two canvases everything is drawn on."""

from itertools import pairwise

from rich.style import Style

from app.widgets.braille import BrailleCanvas, get_line_dots
from app.widgets.canvas import Canvas, build_absorbing_runs, build_strip

STYLES = [Style(), Style(bold=True), Style(italic=True), Style(reverse=True)]


def test_put_clips_and_remembers_what_lies_where() -> None:
    canvas = Canvas(6, 2)
    assert canvas.put(-1, 0, "abc", 1, "thing") == 2
    canvas.put(4, 0, "xyz", 2)
    canvas.put(0, 5, "outside", 1)
    assert canvas.get_strip(0, STYLES).text == "bc  xy"
    assert canvas.things == {(0, 0): "thing", (1, 0): "thing"}


def test_wide_characters_take_two_cells_and_marks_none() -> None:
    canvas = Canvas(6, 1)
    assert canvas.put(0, 0, "漢e\u0301!", 1, "word") == 4
    assert canvas.get_strip(0, STYLES).cell_length == 6
    assert canvas.get_strip(0, STYLES).text == "漢e\u0301!  "
    assert canvas.things[1, 0] == "word"


def test_a_row_is_one_segment_for_each_run() -> None:
    strip = build_strip("aabbb ", b"\1\1\2\2\2\0", STYLES)
    assert [(segment.text, segment.style) for segment in strip] == [
        ("aa", STYLES[1]),
        ("bbb", STYLES[2]),
        (" ", STYLES[0]),
    ]


def test_blanks_join_plain_pens_but_never_a_background() -> None:
    runs = build_absorbing_runs(2)
    assert len(list(build_strip("a b c ", b"\1\0\1\0\2\0", STYLES, runs))) == 2
    assert [segment.text for segment in build_strip("x  ", b"\3\0\0", STYLES, runs)] == ["x", "  "]


def test_every_dot_of_a_cell() -> None:
    canvas = BrailleCanvas(1, 1)
    for x, y, text in ((0, 0, "⠁"), (1, 0, "⠉"), (0, 3, "⡉"), (1, 3, "⣉")):
        canvas.set_dot(x, y, 1)
        assert canvas.get_row(0) == text
    canvas.set_dot(9, 9, 1)
    canvas.set_dot(-1, 0, 1)
    assert canvas.get_row(0) == "⣉"


def test_the_higher_pen_wins_the_cell() -> None:
    canvas = BrailleCanvas(1, 1)
    canvas.set_dot(0, 0, 1)
    canvas.set_dot(1, 0, 2)
    canvas.set_dot(0, 3, 1)
    assert (canvas.get_row(0), canvas.pens[0][0]) == ("⠈", 2)
    canvas.add_under([(0, 0)], 1)
    assert canvas.get_row(0) == "⠈"


def test_lines_have_both_ends_and_no_gaps() -> None:
    for end in ((7, 3), (-5, 9), (0, -4), (0, 0)):
        dots = list(get_line_dots(0, 0, *end))
        assert (dots[0], dots[-1]) == ((0, 0), end)
        assert all(max(abs(a - c), abs(b - d)) == 1 for (a, b), (c, d) in pairwise(dots))


def test_a_copy_is_independent_and_blank_cells_are_spaces() -> None:
    canvas = BrailleCanvas(3, 1)
    twin = canvas.copy()
    twin.draw_line(0, 0, 5, 0, 1)
    assert (canvas.get_row(0), twin.get_row(0)) == ("   ", "⠉⠉⠉")

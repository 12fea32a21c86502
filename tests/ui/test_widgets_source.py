"""Source to read: numbers, notes, the marked piece, long lines that can be moved, texts of several lines."""

from app.widgets.source_view import Marked, SourceView, find_texts, tokenize

LONG = "assert " + "a" * 60 + " == z"


async def test_a_long_line_says_that_it_goes_on_and_can_be_moved(stage):
    view = SourceView()
    async with (app := stage(view)).run_test(size=(40, 6)) as pilot:
        view.show(f"x = 1\n{LONG}", {1: "79", 2: "2 119"})
        view.focus()
        await pilot.pause()
        first, second = app.get_lines()[:2]
        assert first == "  1    79 x = 1"
        assert second.startswith("  2 2 119 assert aaaa")
        assert second.endswith("…")
        await pilot.press("shift+right")
        assert app.get_lines()[1].startswith("  2 2 119 aaaa")
        await pilot.press("shift+right", "shift+right")
        assert app.get_lines()[1].endswith("== z")
        view.mark(Marked(2, 0, 2, 6))
        await pilot.press(*["shift+left"] * 3)
        assert app.get_lines()[1].startswith("▸ 2 2 119 assert")
        view.show("y = 2")
        await pilot.pause()
        assert app.get_lines()[0] == "  1 y = 2"


async def test_what_is_marked_stays_in_view_when_there_is_less_room(stage):
    view = SourceView()
    async with (app := stage(view)).run_test(size=(40, 30)) as pilot:
        view.show("\n".join(f"line {number}" for number in range(1, 41)))
        view.mark(Marked(27, 0, 27, 4))
        await pilot.pause()
        assert "▸27 line 27" in app.get_lines()
        await pilot.resize_terminal(40, 4)
        assert "▸27 line 27" in app.get_lines()


def test_texts_of_several_lines_are_known_before_any_is_coloured():
    lines = ("x = 1", '"""', "def no: it is a text", '"""', 'y = """one line"""', "def f(): # note")
    assert find_texts(lines) == {1, 2, 3}
    assert tokenize(lines[2], is_text=True) == [("good", lines[2])]
    assert ("title", "def") in tokenize(lines[5])
    assert tokenize(lines[5])[-1] == ("muted", "# note")
    assert ("good", '"""one line"""') in tokenize(lines[4])


def test_hostile_sources_stand_there_harmlessly():
    assert "\x1b" not in "".join(text for _, text in tokenize("# \x1b[2J \u202e"))

"""Text from strangers, glyphs, and one-line pictures."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from app.widgets import glyphs
from app.widgets.bars import format_short, get_bar, get_sparkline
from app.widgets.text import clean, cut, fit, set_in


def test_what_moves_the_cursor_or_reorders_text_is_gone() -> None:
    assert clean("pay\x1b[2J \u202etxt.exe\u2066 a\u200bb\tc\nd") == "pay[2J txt.exe ab c d"


def test_towers_of_marks_are_cut() -> None:
    assert clean("Z" + "\u0301" * 50 + "algo") == "Z\u0301\u0301algo"


def test_markup_stays_text() -> None:
    assert clean("[/foo] [bold]x") == "[/foo] [bold]x"


@given(st.text(max_size=60), st.integers(1, 40))
def test_whatever_comes_fits_and_is_harmless(text: str, limit: int) -> None:
    result = clean(text, limit)
    assert cell_len(result) <= limit
    assert not any(unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for char in result)


@given(st.text(alphabet="ab é漢·", max_size=30), st.integers(1, 20), st.sampled_from(["left", "right", "center"]))
def test_fit_gives_exactly_the_width(text: str, width: int, justify) -> None:
    assert cell_len(fit(text, width, justify)) == width


def test_a_word_can_be_set_into_a_line() -> None:
    assert set_in("812", 8, "─") == "─ 812 ──"
    assert set_in("validator", 6, "─") == "valid…"
    assert cut("validator", 20) == "validator"


def test_every_glyph_is_one_cell_and_has_an_ascii_stand_in() -> None:
    names = [value for value in vars(glyphs).values() if isinstance(value, str) and not value.isascii()]
    for char in "".join(name for name in names if len(name) < 12):
        assert cell_len(char) == 1
        assert glyphs.to_ascii(char) != "?"
        assert glyphs.to_ascii(char).isascii()


def test_braille_becomes_density() -> None:
    assert glyphs.to_ascii("⠀⠁⣿é") == " .#?"


def test_sparklines_and_bars() -> None:
    assert get_sparkline([1, 3, 5, 8, 0]) == "▁▃▅█▁"
    assert get_sparkline([], 4) == "    "
    assert get_sparkline(range(100), 3) == "███"
    assert get_bar(0.86, 8) == "██████▉ "
    assert get_bar(2.0, 4) == "████"
    assert get_bar(-1.0, 4) == "    "


def test_short_numbers() -> None:
    assert [format_short(value) for value in (0, 0.25, 950, 12_300, 4_500_000, 2e9, -20)] == [
        "0", "0.25", "950", "12.3k", "4.5M", "2G", "-20",
    ]  # fmt: skip

"""Themes: what a file may say, what happens to a bad one, and that shipped colours can be read."""

from pathlib import Path

import pytest
from textual.theme import Theme
from textual.widgets import Static

from app.themes import (
    DEFAULT_THEME,
    LARGEST_FILE_BYTES,
    OWN_VARIABLES,
    InvalidTheme,
    compute_contrast,
    get_variable_defaults,
    load_themes,
    parse_theme,
)

GOOD = 'name = "mine"\nprimary = "#f5b942"\nforeground = "#ffffff"\nbackground = "#000000"\n'
SHIPPED = load_themes().themes
HEADS = [f"head-{number}" for number in range(1, 7)]


def get_colour(theme: Theme, name: str) -> str:
    """A colour of a theme as it is drawn: its own, or our default."""
    values = get_variable_defaults(dark=theme.dark) | theme.variables
    return getattr(theme, name, None) or values[name]


def test_everything_that_ships_is_good() -> None:
    assert load_themes().problems == ()
    names = {theme.name for theme in SHIPPED}
    assert {"chainroom-dark", "chainroom-light", "projector", "okabe-ito", "monochrome"} <= names
    assert DEFAULT_THEME in names


@pytest.mark.parametrize("theme", SHIPPED, ids=lambda theme: theme.name)
@pytest.mark.parametrize("ground", ["background", "surface"])
def test_text_and_muted_text_can_be_read(theme: Theme, ground: str) -> None:
    least = 7.0 if theme.name == "projector" else 4.5
    for name in ("foreground", "muted", "primary", "error", "warning", "success", "pending", "attack", "final"):
        assert compute_contrast(get_colour(theme, name), get_colour(theme, ground)) >= least, name


@pytest.mark.parametrize("theme", SHIPPED, ids=lambda theme: theme.name)
def test_heads_and_flights_stand_out(theme: Theme) -> None:
    least = 7.0 if theme.name == "projector" else 3.0
    for name in [*HEADS, "stale", "flight-block", "link-active"]:
        assert compute_contrast(get_colour(theme, name), get_colour(theme, "background")) >= least, name


@pytest.mark.parametrize("theme", SHIPPED, ids=lambda theme: theme.name)
def test_land_lies_behind_everything(theme: Theme) -> None:
    background = get_colour(theme, "background")
    land = compute_contrast(get_colour(theme, "land"), background)
    assert 1.2 <= land < min(compute_contrast(get_colour(theme, head), background) for head in HEADS)


def test_contrast_is_that_of_wcag() -> None:
    assert compute_contrast("#ffffff", "#000000") == pytest.approx(21)
    assert compute_contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_theme_needs_only_name_and_three_colours() -> None:
    theme = parse_theme(GOOD + '[variables]\nland = "#333333"\nfooter-key-foreground = "#f5b942"\n')
    assert (theme.name, theme.dark, theme.variables["land"]) == ("mine", True, "#333333")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("name = ", "a TOML file"),
        (GOOD + 'colour = "red"', "key: 'colour'"),
        (GOOD.replace("mine", "Mine!"), "name: 'Mine!'"),
        (GOOD.replace("mine", "nord"), "Textual's own"),
        (GOOD.replace("#f5b942", "amber-ish"), "primary: 'amber-ish' is not allowed; allowed: a colour"),
        (GOOD.replace('background = "#000000"', ""), "background: 'nothing'"),
        (GOOD + "dark = 1", "true or false"),
        (GOOD + "text_alpha = 7", "from 0 to 1"),
        (GOOD + "variables = 3", "a table"),
        (GOOD + '[variables]\nland = "x; } Screen { display: none"', "land"),
        (GOOD + '[variables]\nborder = "x; } Screen { display: none"', "border"),
        (GOOD + '[variables]\n"a b" = "red"', "variable: 'a b'"),
    ],
)
def test_a_bad_theme_is_told_by_key_value_and_what_is_allowed(text: str, told: str) -> None:
    with pytest.raises(InvalidTheme) as caught:
        parse_theme(text)
    assert told in str(caught.value)


def test_a_bad_file_is_reported_and_skipped(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD)
    (tmp_path / "b.toml").write_text("primary = 3")
    (tmp_path / "c.toml").write_bytes(b"\xff\xfe")
    (tmp_path / "d.toml").write_text("#" * (LARGEST_FILE_BYTES + 1))
    loaded = load_themes([tmp_path, tmp_path / "missing"])
    assert [theme.name for theme in loaded.themes] == ["mine"]
    assert [problem.split()[1] for problem in loaded.problems] == ["b.toml", "c.toml", "d.toml"]


async def test_our_variables_have_defaults_in_the_themes_of_textual(stage) -> None:
    app = stage(Static("x"), "nord")
    async with app.run_test() as pilot:
        assert set(OWN_VARIABLES) <= set(app.theme_variables)
        app.theme = "textual-light"
        await pilot.pause()
        assert app.theme_variables["land"] == OWN_VARIABLES["land"][1]

"""Themes: one TOML file each, checked before Textual sees it.

Idea: a theme file has exactly the fields of Textual's ``Theme`` plus ``[variables]``; our own variables (the colours of
the map, the heads, the fees …) have defaults for dark and light, so every theme, also Textual's own, can draw every
widget. A bad file is reported in one line that names the file, the key, the value and what is allowed, and skipped.
Invariants: nothing outside the known fields reaches Textual; every value is a colour where a colour is meant; the
contrast of the themes that ship is held by tests (text and muted text 4.5:1, projector 7:1, head colours 3:1).
Source: contrast ratio after WCAG 2.2, 1.4.3; colours safe for colour-blind people after Okabe and Ito (2008).
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from textual.app import App
from textual.color import Color, ColorParseError
from textual.theme import BUILTIN_THEMES, Theme

from chain.errors import InvalidInput

THEMES_FOLDER: Final = Path(__file__).parent.parent / "themes"
"""The themes that ship."""
DEFAULT_THEME: Final = "chainroom-dark"
LARGEST_FILE_BYTES: Final = 64_000

_COLOUR_FIELDS: Final = (
    "primary", "secondary", "warning", "error", "success", "accent",
    "foreground", "background", "surface", "panel", "boost",
)  # fmt: skip
_NUMBER_FIELDS: Final = ("luminosity_spread", "text_alpha")
_FIELDS: Final = ("name", *_COLOUR_FIELDS, "dark", *_NUMBER_FIELDS, "variables")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_VARIABLE: Final = re.compile(r"[a-z][a-z0-9-]{0,59}")
_VARIABLE_VALUE: Final = re.compile(r"[A-Za-z0-9#%$., ()-]{1,80}")

OWN_VARIABLES: Final[dict[str, tuple[str, str]]] = {
    "muted": ("#9aa4bd", "#5a5f6b"),
    "line": ("#46527a", "#a39f94"),
    "land": ("#33415f", "#c3bda9"),
    "link": ("#3f6a86", "#8aa3b5"),
    "link-active": ("#8fc7e8", "#1f5f8b"),
    "flight-block": ("#fff2c4", "#8a2c00"),
    "flight-tail": ("#e8b04a", "#d0711c"),
    "flight-transaction": ("#7d8fb8", "#6f7f99"),
    "head-1": ("#57d9b4", "#00705a"),
    "head-2": ("#ffb454", "#a85700"),
    "head-3": ("#c99bff", "#7a3fb8"),
    "head-4": ("#ff7f96", "#c02a4c"),
    "head-5": ("#7fb2ff", "#1f5fbf"),
    "head-6": ("#d5e06a", "#667000"),
    "final": ("#8fd7ff", "#14608f"),
    "stale": ("#8b8597", "#6f6a73"),
    "pending": ("#ffd479", "#8a5a00"),
    "attack": ("#ff6b6b", "#c1121f"),
    "unfilled": ("#2a3350", "#d9d3c4"),
    "fee-1": ("#4a5f9e", "#9db4d8"),
    "fee-2": ("#4a93b5", "#5f9ec2"),
    "fee-3": ("#57c9a7", "#2f9c86"),
    "fee-4": ("#e8b04a", "#d08a1c"),
    "fee-5": ("#ff7a59", "#c9472a"),
}
"""Variable → (default in a dark theme, default in a light theme). A theme overrides them in ``[variables]``."""


class InvalidTheme(InvalidInput):
    """A theme file that is not allowed: the key, the value, what is allowed."""


@dataclass(frozen=True, slots=True)
class LoadedThemes:
    """What reading theme folders gave."""

    themes: tuple[Theme, ...]
    """The good ones, by file name; a later file replaces an earlier theme of the same name."""
    problems: tuple[str, ...]
    """One line for each file that was skipped."""


def get_variable_defaults(*, dark: bool) -> dict[str, str]:
    """Our variables for ``App.get_theme_variable_defaults``."""
    return {name: values[0 if dark else 1] for name, values in OWN_VARIABLES.items()}


def compute_contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours after WCAG, from 1 to 21."""
    light, dark = sorted((_compute_luminance(first), _compute_luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _compute_luminance(colour: str) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in Color.parse(colour).normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def parse_theme(text: str) -> Theme:
    """Read one theme file. Raises InvalidTheme."""
    try:
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidTheme("theme", str(error)[:80], "a TOML file") from None
    for key in data:
        if key not in _FIELDS:
            raise InvalidTheme("key", key, ", ".join(_FIELDS))
    name, dark = data.get("name"), data.get("dark", True)
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in BUILTIN_THEMES:
        raise InvalidTheme(
            "name", name, "lower-case letters, digits and dashes, not the name of one of Textual's own themes"
        )
    if not isinstance(dark, bool):
        raise InvalidTheme("dark", dark, "true or false")
    for key in ("primary", "foreground", "background"):
        if key not in data:
            raise InvalidTheme(key, "nothing", "a colour; primary, foreground and background are needed")
    fields: dict[str, Any] = {key: _check_colour(key, data[key]) for key in _COLOUR_FIELDS if key in data}
    fields |= {key: _check_share(key, data[key]) for key in _NUMBER_FIELDS if key in data}
    return Theme(name=name, dark=dark, variables=_check_variables(data.get("variables", {})), **fields)


def _check_colour(key: str, value: object) -> str:
    try:
        if isinstance(value, str):
            Color.parse(value)
            return value
    except ColorParseError:
        pass
    raise InvalidTheme(key, value, "a colour such as #57d9b4")


def _check_share(key: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise InvalidTheme(key, value, "a number from 0 to 1")
    return float(value)


def _check_variables(values: object) -> dict[str, str]:
    if not isinstance(values, Mapping):
        raise InvalidTheme("variables", values, "a table of names and values")
    checked = {}
    for name, value in values.items():
        if not _VARIABLE.fullmatch(name):
            raise InvalidTheme("variable", name, "a name of lower-case letters, digits and dashes")
        if name in OWN_VARIABLES:
            _check_colour(name, value)
        elif not isinstance(value, str) or not _VARIABLE_VALUE.fullmatch(value):
            raise InvalidTheme(name, value, "a style value such as '#57d9b4' or 'bold'")
        checked[name] = value
    return checked


def load_themes(folders: Iterable[Path] = (THEMES_FOLDER,)) -> LoadedThemes:
    """Read every ``*.toml`` of the folders, in the order of their names. A missing folder has no themes."""
    themes: dict[str, Theme] = {}
    problems = []
    for path in (path for folder in folders for path in sorted(folder.glob("*.toml"))):
        try:
            if path.stat().st_size > LARGEST_FILE_BYTES:
                raise InvalidTheme("size", f"{path.stat().st_size} bytes", f"at most {LARGEST_FILE_BYTES} bytes")
            theme = parse_theme(path.read_text(encoding="utf-8"))
            themes[theme.name] = theme
        except (InvalidTheme, OSError, UnicodeDecodeError) as error:
            problems.append(f"theme {path.name} skipped: {error}")
    return LoadedThemes(tuple(themes.values()), tuple(problems))


def install_themes(app: App[Any], folders: Iterable[Path] = (THEMES_FOLDER,)) -> tuple[str, ...]:
    """Register the themes with the application; return the problems, one line each."""
    loaded = load_themes(folders)
    for theme in loaded.themes:
        app.register_theme(theme)
    return loaded.problems

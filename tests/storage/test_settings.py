"""Settings: defaults, checks, and files that a person or another program has touched."""

from pathlib import Path

import pytest

from app.storage.database import FileKind, write_tables
from app.storage.errors import NewerFile
from app.storage.settings import SETTINGS, SETTINGS_FILE, Settings, check_setting
from chain.errors import InvalidInput


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "settings.json"


def test_defaults_are_allowed_and_need_no_file(path: Path) -> None:
    settings = Settings(path)
    for name, setting in SETTINGS.items():
        assert settings[name] == setting.default
        assert check_setting(name, setting.default) == setting.default
    assert not path.exists()


def test_change_lasts(path: Path) -> None:
    Settings(path).change("theme", "projector")
    Settings(path).change("speed", 60)
    assert (Settings(path)["theme"], Settings(path)["speed"]) == ("projector", 60)


def test_changes_of_two_programs_are_both_kept(path: Path) -> None:
    one, other = Settings(path), Settings(path)
    one.change("theme", "light")
    other.change("ascii", True)
    assert (Settings(path)["theme"], Settings(path)["ascii"]) == ("light", True)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("theme", ""),
        ("theme", 3),
        ("theme", "a\x1b[31m"),
        ("speed", 0),
        ("speed", 20_000),
        ("speed", True),
        ("speed", float("nan")),
        ("account", -1),
        ("account", 1.5),
        ("ascii", "yes"),
        ("colour", "red"),
    ],
)
def test_values_that_are_not_allowed_are_refused(path: Path, name: str, value: str | float) -> None:
    with pytest.raises(InvalidInput, match="setting"):
        Settings(path).change(name, value)
    assert not path.exists()


def test_unknown_setting_is_told() -> None:
    with pytest.raises(InvalidInput, match="allowed: theme, speed, account, wallet, auto_lock_min, ascii"):
        check_setting("colour", "red")


def test_stored_value_that_is_not_allowed_falls_back(path: Path) -> None:
    path.write_bytes(write_tables({"settings": {"1": {"speed": -5, "theme": "light", "old": 1}}}, SETTINGS_FILE))
    notices: list[str] = []
    settings = Settings(path, notices.append)
    assert (settings["speed"], settings["theme"]) == (SETTINGS["speed"].default, "light")
    assert len(notices) == 1
    assert "setting speed: '-5' is not allowed" in notices[0]


def test_damaged_file_never_stops_the_program(path: Path) -> None:
    path.write_text("scribble")
    notices: list[str] = []
    settings = Settings(path, notices.append)
    assert settings["theme"] == SETTINGS["theme"].default
    settings.change("theme", "light")
    assert Settings(path)["theme"] == "light"
    (kept,) = path.parent.glob("settings.json.damaged-*")
    assert kept.read_text() == "scribble"
    assert "using the default settings" in notices[0]
    assert kept.name in notices[-1]


def test_newer_file_is_read_as_defaults_and_never_overwritten(path: Path) -> None:
    newer = write_tables({"settings": {"1": {"theme": "hologram"}}}, FileKind("settings", 2))
    path.write_bytes(newer)
    settings = Settings(path, [].append)
    assert settings["theme"] == SETTINGS["theme"].default
    with pytest.raises(NewerFile):
        settings.change("theme", "light")
    assert path.read_bytes() == newer

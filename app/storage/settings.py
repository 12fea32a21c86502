"""What a person prefers: a small table of settings, each with a default and a check.

The table below is the whole list: the settings screen and the command line read it. A stored value that is no longer
allowed falls back to its default, with a notice; a damaged file never stops the program.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.storage.database import FileKind, Notice, change_database, log_notice, read_database, set_aside
from app.storage.errors import DamagedFile, StorageError
from chain.errors import InvalidInput

Value = str | int | float | bool | None

SETTINGS_FILE: Final = FileKind("settings", format=1)
_TABLE: Final = "settings"


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that can be set."""

    name: str
    default: Value
    is_allowed: Callable[[Value], bool]
    allowed: str
    """What is allowed, in words."""
    help: str


def _is_number(value: Value, low: float, high: float) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and low <= value <= high


def _is_word(value: Value) -> bool:
    return isinstance(value, str) and 1 <= len(value) <= 64 and value.isprintable()


SETTINGS: Final[Mapping[str, Setting]] = {
    setting.name: setting
    for setting in (
        Setting("theme", "dark", _is_word, "the name of a theme", "The colours of the interface."),
        Setting(
            "speed",
            1.0,
            lambda value: _is_number(value, 0.1, 10_000),
            "a number from 0.1 to 10000",
            "How many seconds of the run pass in one second.",
        ),
        Setting(
            "account",
            0,
            lambda value: _is_number(value, 0, 2**31 - 1) and isinstance(value, int),
            "the number of an account, from 0",
            "The account that pays unless another is chosen.",
        ),
        Setting(
            "wallet",
            "wallet.json",
            lambda value: isinstance(value, str) and re.fullmatch(r"wallet(-[1-9][0-9]?)?\.json", value) is not None,
            "the file name of a wallet, such as wallet-2.json",
            "The wallet that is shown.",
        ),
        Setting(
            "auto_lock_min",
            15,
            lambda value: _is_number(value, 1, 24 * 60) and isinstance(value, int),
            "whole minutes from 1 to 1440",
            "After how many minutes without you the wallet locks itself.",
        ),
        Setting(
            "ascii",
            False,
            lambda value: isinstance(value, bool),
            "true or false",
            "Only ASCII glyphs, for terminals and fonts without others.",
        ),
    )
}


def check_setting(name: str, value: Value) -> Value:
    """Return the value if it is allowed. Raises InvalidInput naming the setting and what is allowed."""
    setting = SETTINGS.get(name)
    if setting is None:
        raise InvalidInput("setting", name, ", ".join(SETTINGS))
    if not setting.is_allowed(value):
        raise InvalidInput(f"setting {name}", value, setting.allowed)
    return value


class Settings:
    """The settings of one person, read once and written at every change."""

    def __init__(self, path: Path, on_notice: Notice = log_notice) -> None:
        self._path, self._on_notice = path, on_notice
        self._values = self._read()

    def __getitem__(self, name: str) -> Value:
        """The value of a setting. Raises InvalidInput for an unknown name."""
        if name not in SETTINGS:
            raise InvalidInput("setting", name, ", ".join(SETTINGS))
        return self._values.get(name, SETTINGS[name].default)

    def change(self, name: str, value: Value) -> None:
        """Store one value; settings that another program changed meanwhile stay. Raises InvalidInput, StorageError."""
        check_setting(name, value)
        try:
            self._store(name, value)
        except DamagedFile:
            self._on_notice(f"{self._path}: the damaged file was kept as {set_aside(self._path).name}")
            self._store(name, value)
        self._values[name] = value

    def _store(self, name: str, value: Value) -> None:
        with change_database(self._path, SETTINGS_FILE, on_notice=self._on_notice) as database:
            table = database.table(_TABLE)
            stored = table.get(doc_id=1)
            table.truncate()
            table.insert({**(stored if isinstance(stored, dict) else {}), name: value})

    def _read(self) -> dict[str, Value]:
        try:
            stored = read_database(self._path, SETTINGS_FILE, self._on_notice).table(_TABLE).get(doc_id=1)
        except StorageError as error:
            self._on_notice(f"{error}; using the default settings")
            return {}
        values: dict[str, Value] = {}
        for name, value in dict(stored or {}).items():
            if name not in SETTINGS:
                continue
            try:
                values[name] = check_setting(name, value)
            except InvalidInput as error:
                self._on_notice(f"{self._path}: {error}; using the default")
        return values

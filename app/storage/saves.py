"""Saved runs: one file a run in a directory, beside the runs that ship.

What a save says (scenario, seed, commands, digests) is the business of ``chain.replay``; here it is a mapping that
JSON can hold. Names are plain words, so that no name leads out of the directory. Runs that ship can be watched and
exported, never changed; a run of one's own with the same name hides a shipped one. A save holds signed transactions and
public addresses, never a key or a phrase, so it is not encrypted.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.storage.atomic import read_whole, write_new, write_whole
from app.storage.database import (
    FileKind,
    Notice,
    Tables,
    backup_of,
    change_database,
    delete_database,
    lock_file,
    log_notice,
    parse_tables,
    read_database,
    write_tables,
)
from app.storage.errors import DamagedFile, ExistingFile, MissingFile, StorageError
from chain.errors import InvalidInput

SaveDocument = dict[str, Any]
"""A run as ``chain.replay`` writes it: keys are texts, values are what JSON can hold."""

SAVE = FileKind("save", format=1)
SUFFIX = ".json"
NAME_LIMIT = 64
IMPORT_LIMIT_BYTES = 32 * 1024 * 1024
_TABLE = "run"
_RESERVED = {"con", "prn", "aux", "nul", *(f"{port}{number}" for port in ("com", "lpt") for number in range(10))}
_ALLOWED = f"1 to {NAME_LIMIT} letters, digits, spaces, '-', '_' or '.', beginning with a letter or digit"


@dataclass(frozen=True, slots=True)
class SaveEntry:
    """A line of the list of saves."""

    name: str
    path: Path
    is_shipped: bool
    size_bytes: int
    changed_at: datetime
    summary: Mapping[str, str | int]
    """The short values at the top of the document, such as ``seed`` and ``rules_version``; empty if it is damaged."""
    problem: str | None
    """What is wrong with the file, if it cannot be read."""


def check_name(name: str) -> str:
    """Return the name of a save in its one spelling. Raises InvalidInput when it could lead elsewhere or nowhere."""
    name = unicodedata.normalize("NFC", name).removesuffix(SUFFIX)
    is_plain = all(letter.isalnum() or letter in " -_." for letter in name)
    is_short = len(name) <= NAME_LIMIT and len(name.encode("utf-8", "replace")) <= 3 * NAME_LIMIT
    if not (name and is_plain and is_short and name[0].isalnum() and name[-1] not in " ."):
        raise InvalidInput("name of a save", name, _ALLOWED)
    if name.partition(".")[0].lower() in _RESERVED:
        raise InvalidInput("name of a save", name, "any name that is not reserved by an operating system")
    return name


def read_save_file(path: Path, limit_bytes: int = IMPORT_LIMIT_BYTES) -> SaveDocument:
    """Return the run in any file. Raises MissingFile, DamagedFile, NewerFile, StorageError; changes nothing."""
    try:
        data = read_whole(path, limit_bytes)
    except FileNotFoundError:
        raise MissingFile(f"{path}: there is no such file") from None
    return _get_document(parse_tables(data, SAVE, str(path)), path)


def read_entry(path: Path, *, is_shipped: bool = False) -> SaveEntry:
    """Return what the list of saves says of any file, damaged ones too."""
    summary, problem, size_bytes, changed_s = {}, None, 0, 0.0
    try:
        status = path.stat()
        size_bytes, changed_s = status.st_size, status.st_mtime
        summary = _get_summary(read_save_file(path))
    except StorageError as error:
        problem = str(error)
    except OSError as error:
        problem = f"{path}: cannot be read: {error.strerror}"
    changed_at = datetime.fromtimestamp(changed_s, UTC)
    return SaveEntry(path.name.removesuffix(SUFFIX), path, is_shipped, size_bytes, changed_at, summary, problem)


class Saves:
    """The saved runs of a person, and those that ship."""

    def __init__(self, directory: Path, shipped: Path | None = None, on_notice: Notice = log_notice) -> None:
        self.directory, self.shipped, self._on_notice = directory, shipped, on_notice

    def get_entries(self) -> list[SaveEntry]:
        """Every save, a person's own first, by name; damaged ones too, with what is wrong."""
        entries = {entry.name: entry for entry in self._get_entries_in(self.shipped, is_shipped=True)}
        entries |= {entry.name: entry for entry in self._get_entries_in(self.directory, is_shipped=False)}
        return sorted(entries.values(), key=lambda entry: (entry.is_shipped, entry.name.lower(), entry.name))

    def get_entry(self, name: str) -> SaveEntry:
        """The save of this name. Raises MissingFile, InvalidInput."""
        path, is_shipped = self._find(name)
        return read_entry(path, is_shipped=is_shipped)

    def read(self, name: str) -> SaveDocument:
        """Return the run of this name.

        Raises MissingFile, DamagedFile, NewerFile, StorageError, InvalidInput.
        """
        path, _ = self._find(name)
        database = read_database(path, SAVE, self._on_notice)
        return _get_document(database.storage.read() or {}, path)

    def write(self, name: str, document: SaveDocument, *, overwrite: bool = False) -> Path:
        """Save a run under a name; return its file. An overwritten run is kept as its backup.

        Raises ExistingFile, StorageError, InvalidInput.
        """
        path = self._get_path(check_name(name))
        if not overwrite and path.exists():
            raise _already(path)
        with change_database(path, SAVE, on_notice=self._on_notice) as database:
            table = database.table(_TABLE)
            if not overwrite and len(table):  # made by another while we waited for the lock
                raise _already(path)
            table.truncate()
            table.insert(document)
        return path

    def export(self, name: str, target: Path, *, overwrite: bool = False) -> Path:
        """Write a copy of a run to ``target``, a file or a directory; return the file.

        Raises MissingFile, DamagedFile, ExistingFile, StorageError, InvalidInput.
        """
        path, _ = self._find(name)
        document = read_save_file(path)
        if target.is_dir():
            target = target / path.name
        data = _write_document(document)
        if overwrite:
            with lock_file(target):
                write_whole(target, data)
        else:
            write_new(target, data)
        return target

    def take_in(self, source: Path, name: str | None = None, *, overwrite: bool = False) -> str:
        """Copy a run from any file into the person's saves; return its name, by default that of the file.

        Raises MissingFile, DamagedFile, NewerFile, ExistingFile, StorageError, InvalidInput; then nothing has changed.
        """
        document = read_save_file(source)
        name = check_name(source.name if name is None else name)
        self.write(name, document, overwrite=overwrite)
        return name

    def delete(self, name: str) -> Path:
        """Delete a save of the person's own, and its backup. Raises MissingFile, StorageError, InvalidInput."""
        path, is_shipped = self._find(name)
        if is_shipped:
            raise StorageError(f"{path}: this run ships with chainroom and cannot be deleted")
        delete_database(path)
        return path

    def _get_path(self, name: str) -> Path:
        return self.directory / f"{name}{SUFFIX}"

    def _find(self, name: str) -> tuple[Path, bool]:
        name = check_name(name)
        path = self._get_path(name)
        if path.exists() or backup_of(path).exists():
            return path, False
        if self.shipped is not None and (self.shipped / path.name).exists():
            return self.shipped / path.name, True
        raise MissingFile(
            f"{name}: there is no save of this name in {self.directory}; 'chainroom saves list' lists them"
        )

    def _get_entries_in(self, directory: Path | None, *, is_shipped: bool) -> Iterator[SaveEntry]:
        if directory is None or not directory.is_dir():
            return
        try:
            paths = sorted(directory.glob(f"*{SUFFIX}"))
        except OSError as error:
            raise StorageError(f"{directory}: cannot be listed: {error.strerror}") from None
        for path in paths:
            if _is_name(path.name):
                yield read_entry(path, is_shipped=is_shipped)


def _already(path: Path) -> ExistingFile:
    return ExistingFile(f"{path}: a save of this name exists already; it was not overwritten")


def _is_name(file_name: str) -> bool:
    try:
        return check_name(file_name) + SUFFIX == file_name
    except InvalidInput:
        return False


def _get_document(tables: Tables, path: Path) -> SaveDocument:
    document = tables.get(_TABLE, {}).get("1")
    if not isinstance(document, dict):
        raise DamagedFile(f"{path}: holds no run")
    return dict(document)


def _write_document(document: SaveDocument) -> bytes:
    return write_tables({_TABLE: {"1": document}}, SAVE)


def _get_summary(document: SaveDocument) -> dict[str, str | int]:
    scenario = document.get("scenario")
    named = document | {"scenario": scenario.get("name")} if isinstance(scenario, dict) else document
    return {
        key: value
        for key, value in named.items()
        if (isinstance(value, str) and len(value) <= 80) or isinstance(value, int)
    }

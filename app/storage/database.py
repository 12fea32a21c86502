"""TinyDB documents in files that survive being killed, a full disk, a second writer and a foreign hand.

TinyDB by itself rewrites its file in place at every update, remembers ids and queries between updates and locks
nothing. So here a TinyDB never touches the file: it works on tables in memory for one reading or one change, and a
change reads, modifies and writes under an inter-process lock and is written whole (``app.storage.atomic``) once, at
its end. A change that raises writes nothing.

A file is one JSON object, a TinyDB database, whose table ``chainroom`` holds the header: the kind of file, the version
of its format and, for kinds that are not meant to be edited by hand, a checksum of the rest. The previous good version
is kept as ``NAME.bak``. A file that is damaged, foreign or missing while its backup is good is read from the backup,
with a notice; the next change keeps the damaged one as ``NAME.damaged-DATE``. A file of a newer format is refused.
Readers take no lock: the name always leads to a whole file, and a shipped file may lie in a read-only directory.
"""

import contextlib
import hashlib
import json
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from tinydb import TinyDB
from tinydb.storages import Storage

from app.storage.atomic import make_directory, read_whole, write_whole
from app.storage.errors import DamagedFile, NewerFile, StorageBusy, StorageError

Tables = dict[str, dict[str, Any]]
"""What TinyDB stores: table name → document id (decimal digits) → document."""
Notice = Callable[[str], None]
"""Receives one sentence that a person should read: a backup was used, a damaged file was kept."""

LOCK_TIMEOUT_S = 10.0
HEADER_TABLE = "chainroom"
LIMIT_BYTES = 64 * 1024 * 1024


def log_notice(text: str) -> None:
    """The notice of those who gave no other: a warning in the log."""
    logging.getLogger("chainroom.storage").warning("%s", text)


@dataclass(frozen=True, slots=True)
class FileKind:
    """A kind of file."""

    name: str
    """What the header says, and people read: ``wallet``, ``save``, ``settings``."""
    format: int
    """The newest format this program knows, from 1."""
    is_checked: bool = False
    """Whether the header carries a checksum, so that any changed byte is found."""


class _Memory(Storage):
    """Tables in memory, where TinyDB reads and writes during one reading or one change."""

    def __init__(self, tables: Tables) -> None:
        self.tables = tables

    def read(self) -> Tables:
        return self.tables

    def write(self, data: Tables) -> None:
        self.tables = data


def read_database(path: Path, kind: FileKind, on_notice: Notice = log_notice) -> TinyDB:
    """Return the file as a TinyDB of its own: changes to it go nowhere. A missing file is an empty database.

    Raises DamagedFile, NewerFile, StorageError.
    """
    return open_tables(_load(path, kind, on_notice)[0])


def open_tables(tables: Tables) -> TinyDB:
    """Return tables as a TinyDB in memory."""
    return TinyDB(tables, storage=_Memory)


@contextlib.contextmanager
def change_database(
    path: Path,
    kind: FileKind,
    *,
    on_notice: Notice = log_notice,
    timeout_s: float = LOCK_TIMEOUT_S,
    forget_previous: bool = False,
) -> Iterator[TinyDB]:
    """Read, let the caller modify, and write the file in one step, alone. An exception inside writes nothing.

    With ``forget_previous`` the backup becomes the new version too: for a change of password.

    Raises StorageBusy when another holds the lock for ``timeout_s`` seconds, DamagedFile, NewerFile, StorageError; then
    the file is as it was.
    """
    path = path.resolve()  # a link stays a link: the file it leads to is replaced
    make_directory(path.parent)
    with lock_file(path, timeout_s):
        tables, is_damaged = _load(path, kind, on_notice)
        before = write_tables(tables, kind)
        database = open_tables(tables)
        yield database
        after = write_tables(database.storage.read() or {}, kind)
        if after == before and not is_damaged:
            return
        keep_as = _get_free_name(path, "damaged") if is_damaged else backup_of(path)
        if forget_previous:  # the backup first: killed in between, nothing has changed yet
            write_whole(backup_of(path), after)
            write_whole(path, after, keep_as=keep_as if is_damaged else None)
        else:
            write_whole(path, after, keep_as=keep_as)
        if is_damaged and keep_as.exists():
            on_notice(f"{path}: the damaged file was kept as {keep_as.name}")


@contextlib.contextmanager
def lock_file(path: Path, timeout_s: float = LOCK_TIMEOUT_S) -> Iterator[None]:
    """Hold the inter-process lock of ``path``. Raises StorageBusy, StorageError."""
    from filelock import FileLock, Timeout  # costs 80 ms, so only writers pay

    lock = FileLock(str(path.with_name(f".{path.name}.lock")), timeout=timeout_s, mode=0o600)
    try:
        lock.acquire()
    except Timeout:
        raise StorageBusy(
            f"{path}: in use by another chainroom for more than {timeout_s:g} seconds; close it and try again"
        ) from None
    except OSError as error:
        raise StorageError(f"{path}: cannot be locked: {error.strerror}; nothing was changed") from None
    try:
        yield
    finally:
        lock.release()


def delete_database(path: Path) -> None:
    """Delete the file and its backup, the backup first, so that a kill between them brings nothing back."""
    with lock_file(path):
        try:
            backup_of(path).unlink(missing_ok=True)
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(f"{path}: cannot be deleted: {error.strerror}") from None


def set_aside(path: Path, mark: str = "damaged") -> Path:
    """Rename a file and its backup, so that a new one can be made; return its new name. Raises StorageError."""
    kept = _get_free_name(path, mark)
    with lock_file(path):
        try:
            for old, new in ((backup_of(path), backup_of(kept)), (path, kept)):
                if old.exists():
                    old.rename(new)
        except OSError as error:
            raise StorageError(f"{path}: cannot be set aside: {error.strerror}") from None
    return kept


def backup_of(path: Path) -> Path:
    """Where the previous good version is kept."""
    return path.with_name(path.name + ".bak")


def _get_free_name(path: Path, mark: str) -> Path:
    stamp, number = datetime.now(UTC).strftime("%Y%m%d-%H%M%S"), 0
    while True:
        kept = path.with_name(f"{path.name}.{mark}-{stamp}" + (f"-{number}" if number else ""))
        if not kept.exists():
            return kept
        number += 1


def _load(path: Path, kind: FileKind, on_notice: Notice) -> tuple[Tables, bool]:
    """Return the tables, and whether they come from the backup because the file is damaged."""
    problem: DamagedFile | None = None
    try:
        return read_tables(path, kind), False
    except FileNotFoundError:
        pass
    except DamagedFile as error:
        problem = error
    backup = backup_of(path)
    try:
        tables = read_tables(backup, kind)
    except (FileNotFoundError, DamagedFile):
        if problem is None:
            return {}, False
        raise DamagedFile(f"{problem}; there is no good backup; the file was left as it is") from None
    on_notice(f"{problem or f'{path}: is missing'}; using the backup {backup.name}, which is one change older")
    return tables, True


def read_tables(path: Path, kind: FileKind, limit_bytes: int = LIMIT_BYTES) -> Tables:
    """Return the tables of the file, without its header.

    Raises FileNotFoundError, DamagedFile naming what is wrong, NewerFile, StorageError.
    """
    return parse_tables(read_whole(path, limit_bytes), kind, str(path))


def parse_tables(data: bytes, kind: FileKind, where: str) -> Tables:
    """Return the tables that ``data``, found at ``where``, holds. Raises DamagedFile, NewerFile."""
    tables = _parse_json(data, where)
    if not isinstance(tables, dict) or not isinstance(header := _get_header(tables), dict):
        raise DamagedFile(f"{where}: is not a file of chainroom (it has no header)")
    name, version = header.get("kind"), header.get("format")
    if name != kind.name:
        raise DamagedFile(f"{where}: is a {str(name)[:40]!r} file of chainroom, not a {kind.name}")
    if type(version) is not int or version < 1:
        raise DamagedFile(f"{where}: its format is {str(version)[:40]!r}, not a positive number")
    if version > kind.format:
        raise NewerFile(
            f"{where}: has format {version}, this chainroom reads up to {kind.format}; "
            f"a newer chainroom wrote it, please update; the file was left as it is"
        )
    del tables[HEADER_TABLE]
    _check_tables(tables, where)
    if kind.is_checked and header.get("checksum") != _compute_checksum(tables):
        raise DamagedFile(f"{where}: its checksum disagrees with its content; a byte of it was changed")
    return tables


def write_tables(tables: Tables, kind: FileKind) -> bytes:
    """Return the bytes of a file with these tables. Raises StorageError when they are nested too deeply."""
    header: dict[str, object] = {"kind": kind.name, "format": kind.format}
    if kind.is_checked:
        header["checksum"] = _compute_checksum(tables)
    try:
        text = json.dumps({HEADER_TABLE: {"1": header}, **tables}, separators=(",", ":"), allow_nan=False)
    except RecursionError:
        raise StorageError(f"this {kind.name} is nested too deeply to be written") from None
    return text.encode() + b"\n"


def _compute_checksum(tables: Tables) -> str:
    text = json.dumps(tables, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _get_header(tables: dict[str, Any]) -> object:
    table = tables.get(HEADER_TABLE)
    return table.get("1") if isinstance(table, dict) else None


def _check_tables(tables: dict[str, Any], where: str) -> None:
    for name, table in tables.items():
        if not isinstance(table, dict):
            raise DamagedFile(f"{where}: its table {name[:40]!r} is not a table")
        for key, document in table.items():
            if not (key.isascii() and key.isdecimal() and len(key) <= 9 and isinstance(document, dict)):
                raise DamagedFile(f"{where}: its table {name[:40]!r} has a broken document {key[:40]!r}")


def _parse_json(data: bytes, where: str) -> object:
    if not data.strip():
        raise DamagedFile(f"{where}: is empty")
    try:
        return json.loads(data.decode("utf-8"), parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise DamagedFile(f"{where}: is not text (byte {error.start} of {len(data)})") from None
    except json.JSONDecodeError as error:
        is_cut = error.pos >= len(data.rstrip()) - 1 or error.msg.startswith("Unterminated string")
        what = f"is cut off after {len(data)} bytes" if is_cut else f"is not JSON (at character {error.pos})"
        raise DamagedFile(f"{where}: {what}") from None
    except RecursionError:
        raise DamagedFile(f"{where}: is nested too deeply") from None
    except ValueError:
        raise DamagedFile(f"{where}: holds a number that is not allowed") from None


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(text)

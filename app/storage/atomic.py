"""Whole files, written so that nobody ever sees half of one.

A write goes to a temporary file in the same directory (mode 0600 from its first byte), is synced, and takes the name of
the old file in one rename; then the directory is synced. So at any moment, whatever is killed, the name leads to either
the whole old or the whole new content. A full disk fails before the rename and changes nothing.

Before the rename the old file gets a second name (a hard link, or a copy where there are none), so that the previous
version stays beside the new one.
"""

import contextlib
import errno
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

from app.storage.errors import ExistingFile, StorageError

FILE_MODE = 0o600
DIRECTORY_MODE = 0o700
_TEMPORARY = ".tmp"
_ELSEWHERE = "write somewhere else, or set CHAINROOM_HOME to a directory of yours"
_ADVICE = {
    errno.ENOSPC: "make room on the disk and try again",
    errno.EDQUOT: "make room in your quota and try again",
    errno.EACCES: _ELSEWHERE,
    errno.EPERM: _ELSEWHERE,
    errno.EROFS: _ELSEWHERE,
}
"""What a person can do about a failure, by its number."""
_OPEN_FLAGS = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


def make_directory(path: Path) -> None:
    """Create a directory that only its owner may enter; one that exists is left as it is. Raises StorageError."""
    try:
        path.mkdir(mode=DIRECTORY_MODE, parents=True, exist_ok=True)
    except OSError as error:
        raise StorageError(f"{path}: cannot make this directory: {error.strerror}{_advise(error)}") from None


def read_whole(path: Path, limit_bytes: int) -> bytes:
    """Return the content of a regular file.

    Raises FileNotFoundError when there is none, StorageError when it is larger than ``limit_bytes``, cannot be read, or
    is no regular file (a pipe or a device could block or never end).
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | _OPEN_FLAGS)
        with open(descriptor, "rb") as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise StorageError(f"{path}: is not a regular file")
            data = file.read(limit_bytes + 1)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise StorageError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > limit_bytes:
        raise StorageError(f"{path}: is larger than the {limit_bytes:,} bytes allowed")
    return data


def write_whole(path: Path, data: bytes, *, keep_as: Path | None = None) -> None:
    """Replace the content of ``path`` in one step; the old file, if any, stays reachable as ``keep_as``.

    The caller holds the lock of the file if others may write it too. Raises StorageError; then nothing has changed.
    """
    make_directory(path.parent)
    try:
        remove_leftovers(path)
        with _written_temporary(path, data) as temporary:
            if keep_as is not None:
                keep_copy(path, keep_as)
            os.replace(temporary, path)
        _sync_directory(path.parent)
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written: {error.strerror}; nothing was changed{_advise(error)}"
        ) from None


def write_new(path: Path, data: bytes) -> None:
    """Write a file that must not exist yet. Raises ExistingFile, StorageError; then nothing has changed."""
    try:
        with _written_temporary(path, data) as temporary:
            try:
                os.link(temporary, path)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links: one rename, a race between two creators is possible
                if path.exists():
                    raise FileExistsError from None
                os.replace(temporary, path)
        _sync_directory(path.parent)
    except FileExistsError:
        raise ExistingFile(f"{path}: exists already; it was not overwritten") from None
    except OSError as error:
        raise StorageError(
            f"{path}: cannot be written: {error.strerror}; nothing was changed{_advise(error)}"
        ) from None


def remove_leftovers(path: Path) -> None:
    """Remove temporary files that killed writers of ``path`` left behind. The caller holds its lock."""
    for entry in os.listdir(path.parent):
        stem, _, mark = entry.removesuffix(_TEMPORARY).rpartition(".")
        if entry.endswith(_TEMPORARY) and stem == f".{path.name}" and mark:
            path.with_name(entry).unlink(missing_ok=True)


@contextlib.contextmanager
def _written_temporary(path: Path, data: bytes) -> Iterator[Path]:
    """A synced temporary file beside ``path`` holding ``data``; gone afterwards unless it was renamed."""
    temporary = path.with_name(f".{path.name}.{os.urandom(6).hex()}{_TEMPORARY}")
    try:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _OPEN_FLAGS
        with open(os.open(temporary, flags, FILE_MODE), "wb", buffering=0) as file:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(file.fileno(), rest) :]
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def keep_copy(path: Path, keep_as: Path) -> None:
    """Give the file at ``path`` the second name ``keep_as``, replacing what had it. No file, nothing to keep.

    The caller holds the lock of the file. Raises OSError.
    """
    second = path.with_name(f".{path.name}.keep{_TEMPORARY}")
    try:
        os.link(path, second)
    except FileNotFoundError:
        return
    except OSError:
        shutil.copy2(path, second)
        with open(second, "rb+") as file:
            os.fsync(file.fileno())
    try:
        os.replace(second, keep_as)
    finally:
        second.unlink(missing_ok=True)  # renaming onto another name of the same file leaves both (POSIX)


def _advise(error: OSError) -> str:
    """Return what a person can do about it, after a semicolon; empty where that is not known."""
    advice = _ADVICE.get(error.errno or 0)
    return f"; {advice}" if advice else ""


def _sync_directory(path: Path) -> None:
    """Make a rename survive a power cut. Where a directory cannot be synced, the rename is still whole."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

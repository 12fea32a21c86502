"""Whole files: written in one step, private from the first byte, unchanged when the disk is full."""

import errno
import os
import stat
import sys
from pathlib import Path

import pytest

from app.storage.atomic import make_directory, read_whole, remove_leftovers, write_new, write_whole
from app.storage.errors import ExistingFile, StorageError


def get_names(directory: Path) -> list[str]:
    return sorted(entry.name for entry in directory.iterdir())


def test_written_file_is_private_in_a_private_directory(tmp_path: Path) -> None:
    path = tmp_path / "home" / "file"
    write_whole(path, b"one")
    assert path.read_bytes() == b"one"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700


def test_file_is_private_before_its_first_byte(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    modes = []
    write = os.write

    def spy(descriptor: int, data: memoryview) -> int:
        modes.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", spy)
    write_whole(tmp_path / "file", b"secret")
    assert modes == [0o600]


def test_short_writes_are_continued(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:2]))
    write_whole(tmp_path / "file", b"seven b")
    assert (tmp_path / "file").read_bytes() == b"seven b"


def test_previous_content_is_kept_under_another_name(tmp_path: Path) -> None:
    path, kept = tmp_path / "file", tmp_path / "file.bak"
    for content in (b"one", b"two", b"three"):
        write_whole(path, content, keep_as=kept)
    assert (path.read_bytes(), kept.read_bytes()) == (b"three", b"two")
    assert get_names(tmp_path) == ["file", "file.bak"]


def test_previous_content_is_copied_where_there_are_no_hard_links(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, kept = tmp_path / "file", tmp_path / "file.bak"
    write_whole(path, b"one")

    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "no hard links here")

    monkeypatch.setattr(os, "link", refuse)
    write_whole(path, b"two", keep_as=kept)
    assert (path.read_bytes(), kept.read_bytes()) == (b"two", b"one")
    write_new(tmp_path / "new", b"new")
    with pytest.raises(ExistingFile):
        write_new(tmp_path / "new", b"other")
    assert (tmp_path / "new").read_bytes() == b"new"


def test_kept_name_of_the_same_file_leaves_no_leftover(tmp_path: Path) -> None:
    path, kept = tmp_path / "file", tmp_path / "file.bak"
    write_whole(path, b"one")
    os.link(path, kept)  # what a kill between keeping and renaming leaves
    write_whole(path, b"two", keep_as=kept)
    assert (path.read_bytes(), kept.read_bytes()) == (b"two", b"one")
    assert get_names(tmp_path) == ["file", "file.bak"]


@pytest.mark.parametrize("call", ["write", "fsync", "replace", "open"])
def test_full_disk_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "file"
    write_whole(path, b"one", keep_as=tmp_path / "file.bak")

    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match=r"file: cannot be written: .*; nothing was changed; make room on the disk"):
        write_whole(path, b"two", keep_as=tmp_path / "file.bak")
    monkeypatch.undo()
    assert path.read_bytes() == b"one"
    assert get_names(tmp_path) == ["file"]


def test_new_file_never_replaces_one(tmp_path: Path) -> None:
    write_new(tmp_path / "file", b"one")
    with pytest.raises(ExistingFile, match="exists already"):
        write_new(tmp_path / "file", b"two")
    assert (tmp_path / "file").read_bytes() == b"one"
    assert get_names(tmp_path) == ["file"]
    with pytest.raises(StorageError, match="nothing was changed"):
        write_new(tmp_path / "nowhere" / "file", b"")


def test_leftovers_of_killed_writers_are_removed_and_only_they(tmp_path: Path) -> None:
    for name in (".file.1234.tmp", ".file.keep.tmp", ".file.json.1234.tmp", ".other.1234.tmp", "file.tmp", ".file.tmp"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path / "file")
    assert get_names(tmp_path) == [".file.json.1234.tmp", ".file.tmp", ".other.1234.tmp", "file.tmp"]


def test_reading_is_limited_and_only_regular_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"12345")
    assert read_whole(tmp_path / "file", 5) == b"12345"
    with pytest.raises(StorageError, match="is larger than the 4 bytes allowed"):
        read_whole(tmp_path / "file", 4)
    with pytest.raises(FileNotFoundError):
        read_whole(tmp_path / "none", 4)
    with pytest.raises(StorageError):
        read_whole(tmp_path, 4)


@pytest.mark.skipif(sys.platform == "win32", reason="no named pipes in the file system")
def test_a_pipe_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="is not a regular file"):
        read_whole(tmp_path / "pipe", 10)


def test_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="cannot make this directory"):
        make_directory(tmp_path / "file" / "below")

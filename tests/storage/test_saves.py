"""Saved runs: saving, listing, exporting, importing, deleting, and everything that may be wrong with a file."""

import json
import os
from pathlib import Path

import pytest

from app.storage.database import FileKind, write_tables
from app.storage.errors import DamagedFile, ExistingFile, MissingFile, NewerFile, StorageError
from app.storage.saves import IMPORT_LIMIT_BYTES, SAVE, Saves, check_name, read_save_file
from chain.errors import InvalidInput

RUN = {
    "format": 1,
    "scenario": {"name": "quiet"},
    "rules_version": 3,
    "seed": 7,
    "commands": [[0, "pay", {"memo": "tea"}]],
    "digest": "ab" * 32,
}


def write_save(path: Path, document: dict[str, object], kind: FileKind = SAVE) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(write_tables({"run": {"1": document}}, kind))


@pytest.fixture
def saves(tmp_path: Path) -> Saves:
    write_save(tmp_path / "shipped" / "first-fork.json", RUN)
    return Saves(tmp_path / "own", tmp_path / "shipped")


def test_saved_run_is_read_back_equal(saves: Saves) -> None:
    path = saves.write("my run", RUN)
    assert path.name == "my run.json"
    assert saves.read("my run") == RUN
    assert saves.read("my run.json") == RUN


def test_list_shows_own_then_shipped_and_own_hides_shipped(saves: Saves) -> None:
    saves.write("zebra", RUN)
    entries = saves.get_entries()
    assert [(entry.name, entry.is_shipped) for entry in entries] == [("zebra", False), ("first-fork", True)]
    assert entries[0].summary == {"format": 1, "scenario": "quiet", "rules_version": 3, "seed": 7, "digest": "ab" * 32}
    assert entries[0].size_bytes == entries[0].path.stat().st_size
    saves.write("first-fork", {**RUN, "seed": 8})
    assert [(entry.name, entry.is_shipped) for entry in saves.get_entries()] == [
        ("first-fork", False),
        ("zebra", False),
    ]
    assert saves.read("first-fork")["seed"] == 8
    saves.delete("first-fork")
    assert saves.read("first-fork")["seed"] == 7


def test_list_of_no_directory_is_empty(tmp_path: Path) -> None:
    assert Saves(tmp_path / "none").get_entries() == []
    assert not (tmp_path / "none").exists()


def test_list_tells_damaged_files_and_leaves_out_others(saves: Saves) -> None:
    saves.write("good", RUN)
    (saves.directory / "bad.json").write_text('{"chainroom"')
    for name in (".hidden.json", "good.json.bak", "notes.txt", "CON.json"):
        (saves.directory / name).write_text("{}")
    own = [entry for entry in saves.get_entries() if not entry.is_shipped]
    assert [(entry.name, bool(entry.problem)) for entry in own] == [("bad", True), ("good", False)]
    assert "is cut off after 12 bytes" in str(own[0].problem)


def test_existing_save_is_not_overwritten_unasked(saves: Saves) -> None:
    saves.write("one", RUN)
    with pytest.raises(ExistingFile, match="exists already; it was not overwritten"):
        saves.write("one", {"seed": 9})
    assert saves.read("one") == RUN
    saves.write("one", {"seed": 9}, overwrite=True)
    assert saves.read("one") == {"seed": 9}


def test_damaged_save_falls_back_to_the_version_before(saves: Saves, tmp_path: Path) -> None:
    notices: list[str] = []
    saves = Saves(saves.directory, saves.shipped, notices.append)
    saves.write("one", RUN)
    saves.write("one", {"seed": 9}, overwrite=True)
    (saves.directory / "one.json").write_text("scribble")
    assert saves.read("one") == RUN
    assert "using the backup" in notices[0]


def test_shipped_run_cannot_be_deleted(saves: Saves) -> None:
    with pytest.raises(StorageError, match="ships with chainroom and cannot be deleted"):
        saves.delete("first-fork")
    assert saves.read("first-fork") == RUN


def test_missing_save_is_told(saves: Saves) -> None:
    for call in (saves.read, saves.delete, saves.get_entry):
        with pytest.raises(MissingFile, match=r"nothing: there is no save of this name in .*own"):
            call("nothing")


OUTSIDE = ("", ".json", "..", "../x", "a/b", "a\\b", "/etc/passwd", "C:x")
UNPRINTABLE = ("a\0b", "a\nb", "a\u202eb", "x\ud800")
AWKWARD = ("-x", ".hidden", "x.", "x ", "x" * 65, "*", "con", "NUL", "com1.txt", "lpt9")


@pytest.mark.parametrize("name", [*OUTSIDE, *UNPRINTABLE, *AWKWARD])
def test_names_that_lead_elsewhere_are_refused(saves: Saves, name: str) -> None:
    with pytest.raises(InvalidInput, match="name of a save"):
        check_name(name)
    for call in (saves.read, saves.delete, lambda name: saves.write(name, RUN)):
        with pytest.raises(InvalidInput):
            call(name)
    assert not saves.directory.exists()


@pytest.mark.parametrize(
    "name", ["a", "7", "my run", "first-fork", "v1.2_final", "Übung 3", "数学", "console", "x" * 64]
)
def test_plain_names_are_allowed(saves: Saves, name: str) -> None:
    saves.write(name, RUN)
    assert [entry.name for entry in saves.get_entries() if not entry.is_shipped] == [name]


def test_one_name_has_one_spelling() -> None:
    assert check_name("U\u0308bung") == check_name("\u00dcbung") == "\u00dcbung"


def test_export_and_import_carry_a_run_over(saves: Saves, tmp_path: Path) -> None:
    saves.write("one", RUN)
    assert saves.export("one", tmp_path) == tmp_path / "one.json"
    assert saves.export("first-fork", tmp_path / "fork copy.json") == tmp_path / "fork copy.json"
    other = Saves(tmp_path / "other")
    assert other.take_in(tmp_path / "one.json") == "one"
    assert other.take_in(tmp_path / "fork copy.json", "renamed") == "renamed"
    assert other.read("one") == other.read("renamed") == RUN


def test_export_and_import_do_not_overwrite_unasked(saves: Saves, tmp_path: Path) -> None:
    saves.write("one", RUN)
    target = tmp_path / "letter.json"
    target.write_text("dear aunt")
    with pytest.raises(ExistingFile):
        saves.export("one", target)
    assert target.read_text() == "dear aunt"
    saves.export("one", target, overwrite=True)
    assert read_save_file(target) == RUN
    with pytest.raises(ExistingFile):
        saves.take_in(target, "one")


@pytest.mark.parametrize(
    ("content", "error", "message"),
    [
        (b"", DamagedFile, "is empty"),
        (b'{"chainroom":{"1":', DamagedFile, "is cut off after 18 bytes"),
        (b'{"hello": "world"}', DamagedFile, "is not a file of chainroom"),
        (write_tables({}, FileKind("wallet", 1)), DamagedFile, "is a 'wallet' file of chainroom, not a save"),
        (write_tables({}, SAVE), DamagedFile, "holds no run"),
        (write_tables({"run": {"1": RUN}}, FileKind("save", 99)), NewerFile, "has format 99"),
        (b"[" * 100_000 + b"]" * 100_000, DamagedFile, "is nested too deeply"),
    ],
)
def test_bad_files_are_not_taken_in(
    saves: Saves, tmp_path: Path, content: bytes, error: type[StorageError], message: str
) -> None:
    source = tmp_path / "strange.json"
    source.write_bytes(content)
    with pytest.raises(error, match=message):
        saves.take_in(source)
    assert not saves.directory.exists()
    assert source.read_bytes() == content


def test_import_is_limited_in_size(saves: Saves, tmp_path: Path) -> None:
    source = tmp_path / "huge.json"
    with source.open("wb") as file:
        file.truncate(IMPORT_LIMIT_BYTES + 1)
    with pytest.raises(StorageError, match="is larger than the 33,554,432 bytes allowed"):
        saves.take_in(source)


def test_import_of_nothing_is_told(saves: Saves, tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="there is no such file"):
        saves.take_in(tmp_path / "nothing.json")


def test_nearly_too_deep_a_run_is_refused_or_kept_whole(saves: Saves, tmp_path: Path) -> None:
    for depth in range(900, 1010, 5):
        nested = "[" * depth + "]" * depth
        source = tmp_path / f"deep{depth}.json"
        source.write_text('{"chainroom":{"1":{"kind":"save","format":1}},"run":{"1":{"a":' + nested + "}}}")
        try:
            name = saves.take_in(source)
        except StorageError:
            continue
        assert json.dumps(saves.read(name)["a"]).replace(" ", "") == nested


def test_export_into_a_directory_that_is_not_there(saves: Saves, tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written: No such file or directory; nothing was changed"):
        saves.export("first-fork", tmp_path / "nowhere" / "x.json")
    assert sorted(os.listdir(tmp_path)) == ["shipped"]

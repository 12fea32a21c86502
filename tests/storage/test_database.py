"""A TinyDB that survives kills, full disks, second writers, damage and files from elsewhere."""

import contextlib
import errno
import json
import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.storage.database import (
    FileKind,
    backup_of,
    change_database,
    delete_database,
    lock_file,
    open_tables,
    parse_tables,
    read_database,
    set_aside,
    write_tables,
)
from app.storage.errors import DamagedFile, NewerFile, StorageBusy, StorageError

THINGS = FileKind("things", format=2)
CHECKED = FileKind("things", format=2, is_checked=True)


def add(path: Path, number: int, kind: FileKind = THINGS) -> None:
    with change_database(path, kind) as database:
        database.table("numbers").insert({"number": number})


def get_numbers(path: Path, kind: FileKind = THINGS, notices: list[str] | None = None) -> list[int]:
    database = read_database(path, kind, (notices if notices is not None else []).append)
    return [document["number"] for document in database.table("numbers")]


def test_change_is_written_once_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "home" / "things.json"
    add(path, 1)
    add(path, 2)
    assert get_numbers(path) == [1, 2]
    assert json.loads(path.read_text()) == {
        "chainroom": {"1": {"kind": "things", "format": 2}},
        "numbers": {"1": {"number": 1}, "2": {"number": 2}},
    }
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert get_numbers(tmp_path / "missing.json") == []


def test_exception_inside_a_change_writes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1)

    def change_and_fail() -> None:
        with change_database(path, THINGS) as database:
            database.table("numbers").truncate()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        change_and_fail()
    assert get_numbers(path) == [1]


def test_change_that_changes_nothing_does_not_write(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1)
    before = path.stat().st_ino
    with change_database(path, THINGS):
        pass
    assert path.stat().st_ino == before
    assert not backup_of(path).exists()


def test_reading_gives_an_own_copy(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1)
    read_database(path, THINGS).table("numbers").insert({"number": 9})
    assert get_numbers(path) == [1]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    target, link = tmp_path / "elsewhere" / "real.json", tmp_path / "things.json"
    link.symlink_to(target)
    add(link, 1)
    assert link.is_symlink()
    assert get_numbers(target) == [1]


# --- damage -----------------------------------------------------------------------------------------------------


DAMAGES = {
    "empty": (b"", "is empty"),
    "truncated": (b'{"chainroom":{"1":{"kind":"thi', "is cut off after 30 bytes"),
    "truncated at a comma": (b'{"chainroom":{},', "is cut off after 16 bytes"),
    "noise": (b"\xff\xfe\x00noise", r"is not text \(byte 0 of 8\)"),
    "text": (b"dear diary, today nothing happened", r"is not JSON \(at character 0\)"),
    "foreign": (b'{"name": "package", "version": "1.0"}', "is not a file of chainroom"),
    "list": (b"[1, 2, 3]", "is not a file of chainroom"),
    "header is no table": (b'{"chainroom": 7}', "is not a file of chainroom"),
    "other kind": (b'{"chainroom":{"1":{"kind":"stuff","format":1}}}', "is a 'stuff' file of chainroom, not a things"),
    "no version": (b'{"chainroom":{"1":{"kind":"things"}}}', "its format is 'None'"),
    "boolean version": (b'{"chainroom":{"1":{"kind":"things","format":true}}}', "its format is 'True'"),
    "table": (b'{"chainroom":{"1":{"kind":"things","format":1}},"numbers":[1]}', "its table 'numbers' is not a table"),
    "id": (
        b'{"chainroom":{"1":{"kind":"things","format":1}},"numbers":{"x":{}}}',
        "its table 'numbers' has a broken document 'x'",
    ),
    "deep": (b"[" * 200_000, "is nested too deeply|is cut off"),
    "long number": (b'{"a":' + b"9" * 10_000 + b"}", "holds a number that is not allowed"),
    "nan": (b'{"a":NaN}', "holds a number that is not allowed"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_without_backup_is_named_and_nothing_is_overwritten(tmp_path: Path, name: str) -> None:
    content, message = DAMAGES[name]
    path = tmp_path / "things.json"
    path.write_bytes(content)
    with pytest.raises(DamagedFile, match=rf"things\.json: ({message}).*; the file was left as it is"):
        read_database(path, THINGS)
    with pytest.raises(DamagedFile, match=message):
        add(path, 1)
    assert path.read_bytes() == content


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_with_backup_is_read_from_it_and_kept(tmp_path: Path, name: str) -> None:
    content, _ = DAMAGES[name]
    path, notices = tmp_path / "things.json", list[str]()
    add(path, 1)
    add(path, 2)
    path.write_bytes(content)
    assert get_numbers(path, notices=notices) == [1]
    assert len(notices) == 1
    assert "using the backup things.json.bak, which is one change older" in notices[0]
    assert path.read_bytes() == content  # reading changes nothing
    with change_database(path, THINGS, on_notice=notices.append) as database:
        database.table("numbers").insert({"number": 3})
    assert get_numbers(path) == [1, 3]
    (kept,) = tmp_path.glob("things.json.damaged-*")
    assert kept.read_bytes() == content
    assert kept.name in notices[-1]
    assert get_numbers(backup_of(path)) == [1]  # still good, not replaced by the damaged one


def test_missing_file_with_backup_is_read_from_it(tmp_path: Path) -> None:
    path, notices = tmp_path / "things.json", list[str]()
    add(path, 1)
    add(path, 2)
    path.unlink()
    assert get_numbers(path, notices=notices) == [1]
    assert "is missing; using the backup" in notices[0]


def test_default_notice_is_a_logged_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "things.json"
    add(path, 1)
    add(path, 2)
    path.write_bytes(b"")
    read_database(path, THINGS)
    assert "using the backup" in caplog.text


def test_newer_format_is_refused_even_with_a_backup(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1)
    add(path, 2)
    newer = write_tables({"numbers": {}}, FileKind("things", format=3))
    path.write_bytes(newer)
    for attempt in (lambda: read_database(path, THINGS), lambda: add(path, 3)):
        with pytest.raises(NewerFile, match="has format 3, this chainroom reads up to 2"):
            attempt()
    assert path.read_bytes() == newer


def test_older_format_is_read(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    path.write_bytes(write_tables({"numbers": {"1": {"number": 4}}}, FileKind("things", format=1)))
    assert get_numbers(path) == [4]


def test_checksum_finds_every_changed_byte(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1, CHECKED)
    good = path.read_bytes()
    found = 0
    for position, byte in enumerate(good.rstrip()):
        changed = good[:position] + bytes([byte ^ 1]) + good[position + 1 :]
        with pytest.raises((DamagedFile, NewerFile)):
            parse_tables(changed, CHECKED, "file")
        found += 1
    assert found > 100
    assert parse_tables(good, CHECKED, "file") == {"numbers": {"1": {"number": 1}}}


def test_every_truncation_is_told_as_damage(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1)
    data = path.read_bytes().rstrip()
    for length in range(len(data)):
        with pytest.raises(DamagedFile, match="is empty" if length == 0 else "is cut off after"):
            parse_tables(data[:length], THINGS, "file")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8) | st.just("1"), inner, max_size=3),
    max_leaves=12,
)
HEADERS = st.fixed_dictionaries(
    {"1": st.fixed_dictionaries({"kind": JSON | st.just("things"), "format": JSON | st.just(1)})}
)
TABLES = st.dictionaries(st.text(max_size=8), JSON, max_size=3)


@given(st.binary(max_size=200) | st.builds(lambda value: json.dumps(value).encode(), JSON))
def test_any_bytes_are_read_or_refused_in_words(data: bytes) -> None:
    with contextlib.suppress(DamagedFile, NewerFile):
        parse_tables(data, THINGS, "file")


@given(HEADERS, TABLES)
def test_any_tables_are_read_as_they_were_written_or_refused_in_words(
    header: object, tables: dict[str, object]
) -> None:
    data = json.dumps({**tables, "chainroom": header}).encode()
    try:
        read = parse_tables(data, THINGS, "file")
    except (DamagedFile, NewerFile):
        return
    assert parse_tables(write_tables(read, THINGS), THINGS, "file") == read
    open_tables(read).tables()


def test_set_aside_and_delete(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    path.write_bytes(b"junk")
    first = set_aside(path)
    path.write_bytes(b"more junk")
    second = set_aside(path)
    assert (first.read_bytes(), second.read_bytes()) == (b"junk", b"more junk")
    add(path, 1)
    add(path, 2)
    delete_database(path)
    assert not path.exists()
    assert not backup_of(path).exists()


def test_previous_version_can_be_forgotten(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    add(path, 1)
    with change_database(path, THINGS, forget_previous=True) as database:
        database.drop_tables()
    assert get_numbers(path) == get_numbers(backup_of(path)) == []
    add(path, 2)
    assert (get_numbers(path), get_numbers(backup_of(path))) == ([2], [])


# --- kills, full disks, second writers --------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_full_disk_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: str) -> None:
    path = tmp_path / "things.json"
    add(path, 1)

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(StorageError, match="No space left on device; nothing was changed"):
        add(path, 2)
    monkeypatch.undo()
    assert get_numbers(path) == [1]
    add(path, 3)
    assert get_numbers(path) == [1, 3]


KILL_AT_EVERY_CALL = """
import os, signal, sys
from pathlib import Path
from app.storage.database import FileKind, change_database, read_database

path, kind = Path(sys.argv[1]), FileKind("things", format=2)
calls = ("open", "write", "fsync", "link", "replace", "unlink")

def run_killed_at(number, step):
    count = 0
    def wrap(call):
        def counted(*args, **options):
            nonlocal count
            if count == number:
                os.kill(os.getpid(), signal.SIGKILL)
            count += 1
            return call(*args, **options)
        return counted
    with change_database(path, kind) as database:
        database.table("numbers").insert({"number": step})
        for name in calls:
            setattr(os, name, wrap(getattr(os, name)))

def get_numbers():
    return [document["number"] for document in read_database(path, kind).table("numbers")]

kills = 0
with change_database(path, kind) as database:
    database.table("numbers").insert({"number": -1})
while True:
    before = get_numbers()
    child = os.fork()
    if child == 0:
        run_killed_at(kills, kills)
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    after = get_numbers()
    assert after in (before, [*before, kills]), (kills, before, after)
    if not os.WIFSIGNALED(status):
        assert after == [*before, kills], "a change that returned is there"
        break
    kills += 1
print(kills)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="fork and SIGKILL")
def test_kill_at_every_system_call_leaves_the_old_or_the_new(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    done = subprocess.run(
        [sys.executable, "-c", KILL_AT_EVERY_CALL, str(path)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) >= 8  # it really was killed at that many different points
    assert {entry.name for entry in tmp_path.iterdir()} <= {"things.json", "things.json.bak", ".things.json.lock"}


WRITE_FOREVER = """
import sys
from pathlib import Path
from app.storage.database import FileKind, change_database
number = 0
while True:
    with change_database(Path(sys.argv[1]), FileKind("things", format=2)) as database:
        number = len(database.table("numbers"))
        database.table("numbers").insert({"number": number, "ballast": "x" * 2000})
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")
def test_kill_at_random_moments_loses_no_finished_change(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    source = random.Random(7)
    for _ in range(8):
        with subprocess.Popen(
            [sys.executable, "-c", WRITE_FOREVER, str(path)], stdout=subprocess.PIPE, text=True
        ) as child:
            assert child.stdout is not None
            told = [child.stdout.readline()]
            time.sleep(source.random() * 0.1)
            child.send_signal(signal.SIGKILL)
            told += child.stdout.readlines()
        last = max(int(line) for line in told if line.endswith("\n"))
        notices: list[str] = []
        numbers = get_numbers(path, notices=notices)
        assert numbers == list(range(len(numbers)))
        assert len(numbers) > last
        assert notices == []


def test_two_writers_at_once_lose_nothing(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    program = """
        import sys
        from pathlib import Path
        from app.storage.database import FileKind, change_database
        for number in range(40):
            with change_database(Path(sys.argv[1]), FileKind("things", format=2), timeout_s=60) as database:
                database.table("numbers").insert({"number": int(sys.argv[2]) + number})
    """
    writers = [
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(program), str(path), start]) for start in ("0", "1000")
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0]
    assert sorted(get_numbers(path)) == [*range(40), *range(1000, 1040)]


def test_lock_held_by_another_is_told(tmp_path: Path) -> None:
    path = tmp_path / "things.json"
    with (
        lock_file(path),
        pytest.raises(StorageBusy, match=r"things\.json: in use by another chainroom for more than 0\.05 seconds"),
        change_database(path, THINGS, timeout_s=0.05),
    ):
        pass
    add(path, 1)
    assert get_numbers(path) == [1]

"""The last run: kept as a save, continued to the very same digest, or told why not."""

from pathlib import Path

import pytest

from app import last_run
from app.last_run import BEFORE, LAST, build_document, continue_run, keep_run
from app.session import Session
from app.storage.errors import DamagedFile
from app.storage.paths import get_shipped_scenarios
from app.storage.saves import Saves
from chain.errors import InvalidReplay
from chain.replay import Replay
from chain.scenario import build, load_scenario
from chain.simulation.commands import MineBlock, RequestCoins
from chain.units import COIN, MINUTE, Address, TimeUs


def ignore(percent: int) -> None:
    """No progress is shown."""


@pytest.fixture
def saves(tmp_path: Path) -> Saves:
    return Saves(tmp_path / "saves")


@pytest.fixture
def session() -> Session:
    name = "classroom"
    session = Session(build(load_scenario((get_shipped_scenarios() / f"{name}.toml").read_text(), name), 5))
    session.simulation.run_until(TimeUs(2 * MINUTE))
    session.go_live()
    session.submit(RequestCoins(3, Address(bytes(20)), COIN))
    session.simulation.run_until(TimeUs(3 * MINUTE + 7))
    session.go_live()
    session.bookmark("here")
    return session


def test_a_run_goes_on_where_it_was_left(saves: Saves, session: Session) -> None:
    document = build_document(session)
    assert document is not None
    assert keep_run(saves, document) == ""
    seen: list[int] = []
    again = continue_run(saves, seen.append)
    assert again is not None
    assert again.simulation.compute_digest() == session.simulation.compute_digest()
    assert (again.cursor_us, again.is_live, again.replay) == (session.now_us, True, None)
    assert again.bookmarks == session.bookmarks
    assert seen == sorted(seen)
    for run in (session, again):
        run.submit(MineBlock(1))
        run.simulation.run_until(TimeUs(4 * MINUTE))
    assert again.simulation.compute_digest() == session.simulation.compute_digest()


def test_keeping_again_replaces_what_was_kept(saves: Saves, session: Session) -> None:
    for until_us in (4 * MINUTE, 5 * MINUTE):
        session.simulation.run_until(TimeUs(until_us))
        document = build_document(session)
        assert document is not None
        keep_run(saves, document)
    assert [entry.name for entry in saves.get_entries()] == [LAST]
    again = continue_run(saves, ignore)
    assert again is not None
    assert again.now_us == 5 * MINUTE


def test_a_run_of_somebody_is_not_lost_to_another_one(saves: Saves, session: Session) -> None:
    document = build_document(session)
    other = build_document(Session(build(session.simulation.scenario, 6)))
    assert document is not None
    assert other is not None
    for kept in (document, other):
        assert keep_run(saves, kept) == ""
    assert saves.read(BEFORE)["digest"] == document["digest"]
    assert saves.read(LAST)["digest"] == other["digest"]
    assert keep_run(saves, document) == ""  # nobody did anything in the other one
    assert saves.read(BEFORE)["digest"] == document["digest"]


def test_without_a_last_run_there_is_nothing_to_continue(saves: Saves) -> None:
    assert continue_run(saves, ignore) is None


def test_a_replay_that_is_watched_is_not_kept(session: Session) -> None:
    document = build_document(session)
    replay = Replay(document)
    assert build_document(Session(replay.simulation, replay=replay)) is None


def test_a_damaged_file_is_told(saves: Saves, session: Session) -> None:
    saves.directory.mkdir()
    (saves.directory / f"{LAST}.json").write_text("{")
    with pytest.raises(DamagedFile):
        continue_run(saves, ignore)


@pytest.mark.parametrize(
    ("change", "message"),
    [({"rules_version": 0}, "other rules"), ({"digest": "00" * 32}, "final digest"), ({"format": "other"}, "format")],
)
def test_what_cannot_be_continued_is_told(saves: Saves, session: Session, change: dict, message: str) -> None:
    document = build_document(session)
    assert document is not None
    keep_run(saves, document | change)
    with pytest.raises(InvalidReplay, match=message):
        continue_run(saves, ignore)


def test_a_run_too_long_to_wait_for_is_left_alone(
    saves: Saves, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    document = build_document(session)
    assert document is not None
    keep_run(saves, document)
    monkeypatch.setattr(last_run, "MOST_EVENTS", 10)
    with pytest.raises(InvalidReplay, match="it is long"):
        continue_run(saves, ignore)


def test_a_directory_that_cannot_be_written_is_told(tmp_path: Path, session: Session) -> None:
    (tmp_path / "saves").write_text("a file stands in the way")
    document = build_document(session)
    assert document is not None
    assert "not kept" in keep_run(Saves(tmp_path / "saves"), document)

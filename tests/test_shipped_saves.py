"""The saves that ship are golden: each replays to the digest it was recorded with, event by event."""

from pathlib import Path

import pytest

from app.storage.saves import Saves
from chain.replay import Replay, iter_verification

SAVES = Path(__file__).parents[1] / "saves"
NAMES = sorted(path.stem for path in SAVES.glob("*.json"))


def test_two_runs_ship() -> None:
    assert len(NAMES) >= 2


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_save_replays_to_its_digest(name: str) -> None:
    document = Saves(SAVES).read(name)
    replay = Replay(document)
    assert replay.is_comparable, "the rules have changed: record the saves again with tools/record_saves.py"
    for _ in iter_verification(document):
        pass


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_save_tells_a_story(name: str) -> None:
    document = Replay(Saves(SAVES).read(name)).document
    assert len(document.commands) >= 2
    assert document.bookmarks
    assert document.highlights

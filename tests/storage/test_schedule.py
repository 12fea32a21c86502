"""Payments for later: kept in a file, due at a time or a height, sent once."""

from pathlib import Path

import pytest

from app.schedule import SCHEDULE_FILE, Schedule
from chain.errors import InvalidInput, InvalidTransaction
from chain.ledger.actions import Transfer
from chain.units import COIN, MINUTE, Address

MAYA, OMAR = Address(bytes(20)), Address(bytes(range(20)))
RENT = (Transfer(OMAR, 5 * COIN, "rent"),)


@pytest.fixture
def schedule(tmp_path: Path) -> Schedule:
    return Schedule(tmp_path / SCHEDULE_FILE)


def test_what_is_scheduled_survives_and_is_listed_by_its_moment(schedule: Schedule, tmp_path: Path) -> None:
    schedule.add("aa", MAYA, RENT, "normal", None, 30)
    schedule.add("aa", MAYA, RENT, "fast", 9 * MINUTE, None)
    schedule.add("aa", MAYA, RENT, "slow", 2 * MINUTE, None)
    schedule.add("bb", MAYA, RENT, "slow", 1, None)
    schedule.add("aa", OMAR, RENT, "slow", 1, None)
    entries = Schedule(tmp_path / SCHEDULE_FILE).get_entries("aa", [MAYA])
    assert [(entry.at_us, entry.height) for entry in entries] == [(2 * MINUTE, None), (9 * MINUTE, None), (None, 30)]
    assert entries[0].payments == RENT


def test_it_is_due_from_its_moment_on(schedule: Schedule) -> None:
    at_time, at_height = (
        schedule.add("aa", MAYA, RENT, "slow", 100, None),
        schedule.add("aa", MAYA, RENT, "slow", None, 7),
    )
    assert [at_time.is_due(now_us, 0) for now_us in (99, 100, 101)] == [False, True, True]
    assert [at_height.is_due(10**9, height) for height in (6, 7, 8)] == [False, True, True]


def test_of_two_programs_only_one_sends_it(schedule: Schedule, tmp_path: Path) -> None:
    entry = schedule.add("aa", MAYA, RENT, "slow", 100, None)
    other = Schedule(tmp_path / SCHEDULE_FILE)
    assert other.remove(entry.number)
    assert not schedule.remove(entry.number)
    assert schedule.entries == ()


def test_what_could_never_be_sent_is_refused_at_once(schedule: Schedule) -> None:
    with pytest.raises(InvalidInput, match="either a time or a height"):
        schedule.add("aa", MAYA, RENT, "slow", 1, 1)
    with pytest.raises(InvalidInput, match="slow, normal, fast"):
        schedule.add("aa", MAYA, RENT, "free", 1, None)
    with pytest.raises(InvalidTransaction, match="amount"):
        schedule.add("aa", MAYA, (Transfer(OMAR, 0),), "slow", 1, None)
    assert schedule.entries == ()


def test_a_broken_file_is_told_and_costs_nothing_else(tmp_path: Path) -> None:
    (tmp_path / SCHEDULE_FILE).write_text(
        '{"chainroom":{"1":{"kind":"schedule","format":1}},"payments":{"1":{"fee":"slow"}}}'
    )
    notices: list[str] = []
    assert Schedule(tmp_path / SCHEDULE_FILE, notices.append).entries == ()
    assert "cannot be read" in notices[0]

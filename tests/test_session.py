"""The session: one clock for live runs and replays, looking back, and branching."""

from importlib.resources import files

import pytest

from app.session import Session
from chain.errors import CommandRefused
from chain.replay import Replay, iter_verification, record
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation import commands as c
from chain.units import MINUTE, SECOND, TimeUs


class Clock:
    """A clock that moves a millisecond at every look."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


def start(seed: int = 4) -> Session:
    text = (files("chain") / "scenarios/classroom.toml").read_text(encoding="utf-8")
    scenario = apply_settings(load_scenario(text, "classroom"), ["consensus.grind_hashes=16"])
    return Session(build(scenario, seed), speed=60, clock=Clock())


def play(session: Session, until_us: int) -> None:
    for _ in range(100_000):
        if session.now_us >= until_us and session.catch_up_us is None:
            return
        session.tick(1 / 60)
    raise AssertionError("the session does not get on")


def test_time_passes_at_the_chosen_speed_and_stands_still_in_a_pause() -> None:
    session = start()
    for _ in range(60):
        session.tick(1 / 60)
    assert session.now_us == pytest.approx(60 * SECOND, rel=0.05)
    session.is_playing = False
    before_us = session.now_us
    session.tick(1.0)
    assert session.now_us == session.cursor_us == before_us


def test_no_tick_and_no_step_runs_past_a_moment_that_is_due() -> None:
    session = start()
    session.speed, session.due_us = 10_000, TimeUs(45 * SECOND + 7)
    for _ in range(400):
        session.tick(1 / 60)
    assert session.now_us == session.due_us
    session.step(1)
    assert session.now_us == session.due_us
    session.due_us, session.is_playing = None, True
    play(session, 2 * MINUTE)


def test_stepping_goes_from_record_to_record_both_ways() -> None:
    session = start()
    play(session, MINUTE)
    session.step(-1)
    earlier_us = session.cursor_us
    assert not session.is_live
    session.step(-1)
    assert session.cursor_us < earlier_us
    session.step(1)
    assert session.cursor_us == earlier_us
    session.go_live()
    count = len(session.simulation.history.records)
    session.step(1)
    assert len(session.simulation.history.records) == count + 1


def test_the_past_can_be_watched_but_not_changed() -> None:
    session = start()
    play(session, 2 * MINUTE)
    session.seek(MINUTE)
    with pytest.raises(CommandRefused, match="looking at the past"):
        session.submit(c.MineBlock(0))
    session.tick(0.1)
    assert MINUTE < session.cursor_us < session.now_us


@pytest.mark.parametrize("has_checkpoints", [True, False])
def test_a_branch_starts_where_the_cursor_stands_and_leaves_the_trunk(has_checkpoints: bool) -> None:
    session = start()
    session._checkpoint_s = -60.0  # as if the last one had been long ago
    play(session, 10 * MINUTE)
    session.submit(c.CutNode(2))
    play(session, 13 * MINUTE)
    trunk, digest = session.simulation, session.simulation.compute_digest()
    assert session._checkpoints
    if not has_checkpoints:
        session._checkpoints.clear()
    session.seek(11 * MINUTE)
    session.branch()
    play(session, 11 * MINUTE)
    assert session.now_us == 11 * MINUTE
    assert [entry.command for entry in session.simulation.log] == [c.CutNode(2)]
    session.submit(c.ReconnectNode(2))
    play(session, 12 * MINUTE)
    assert session.parents == [trunk]
    assert trunk.compute_digest() == digest
    for _ in iter_verification(record(session.simulation)):
        pass


def test_a_replay_is_a_live_run_whose_inputs_are_known() -> None:
    session = start()
    play(session, MINUTE)
    session.submit(c.MineBlock(3))
    play(session, 2 * MINUTE)
    replay = Replay(record(session.simulation))
    again = Session(replay.simulation, speed=60, replay=replay, clock=Clock())
    play(again, MINUTE)
    with pytest.raises(CommandRefused, match="this is a replay"):
        again.submit(c.MineBlock(0))
    again.step(1)
    again.is_playing = True
    for _ in range(10_000):
        if again.replay is None:
            break
        again.tick(1 / 60)
    assert again.replay is None
    assert again.simulation.compute_digest() == session.simulation.compute_digest()
    again.submit(c.MineBlock(0))  # from its end on it is a run like any other


def test_bookmarks_stay_in_order() -> None:
    session = start()
    play(session, MINUTE)
    session.bookmark("later")
    session.seek(TimeUs(30 * SECOND))
    session.bookmark("earlier")
    assert [mark.name for mark in session.bookmarks] == ["earlier", "later"]

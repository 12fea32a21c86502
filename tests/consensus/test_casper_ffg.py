"""Casper FFG: what two thirds justify, the four ways to finality, and the votes nobody may cast."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.casper_ffg import Checkpoint, Justification, Vote, apply_votes, is_slashable
from chain.units import Hash

BLOCKS = [Hash(bytes([epoch]) * 32) for epoch in range(40)]
TOTAL = 12


def at(epoch: int) -> Checkpoint:
    return Checkpoint(epoch, BLOCKS[epoch])


GENESIS = Justification(0, at(0), at(0), at(0))


def run(*votes: tuple[int, int]) -> list[tuple[int, int, int]]:
    """Apply epochs with (stake for the previous target, for this one) of 12; return (epoch, justified, final)."""
    state, rows = GENESIS, []
    for epoch, balances in enumerate(votes):
        state = apply_votes(state, at(max(0, epoch - 1)), at(epoch), balances, TOTAL)
        rows.append((epoch, state.justified.epoch, state.finalized.epoch))
    return rows


def test_the_happy_path_justifies_every_epoch_at_its_end_and_finalises_the_one_before() -> None:
    """consensus-specs: the first two epochs cannot; from then on (e, e, e - 1)."""
    rows = run(*[(12, 11)] * 7)
    assert rows == [(0, 0, 0), (1, 0, 0), (2, 2, 0), (3, 3, 2), (4, 4, 3), (5, 5, 4), (6, 6, 5)]


def test_exactly_two_thirds_are_enough_and_one_less_never_is() -> None:
    assert run(*[(8, 8)] * 6)[-1] == (5, 5, 4)
    assert run(*[(7, 7)] * 30)[-1] == (29, 0, 0)


def test_votes_counted_an_epoch_later_finalise_two_epochs_later() -> None:
    """Of just two thirds, those of the last slot are counted in the next epoch only: the first of the four cases."""
    assert run(*[(8, 7)] * 6) == [(0, 0, 0), (1, 0, 0), (2, 1, 0), (3, 2, 0), (4, 3, 1), (5, 4, 2)]


def test_after_an_epoch_without_quorum_finality_goes_on() -> None:
    happy, nothing = [(12, 12)] * 9, (0, 0)
    assert run(*happy, nothing)[-1] == (9, 8, 7)
    assert run(*happy, nothing, (12, 12))[-1] == (10, 10, 8)
    assert run(*happy, nothing, (12, 0))[-1] == (10, 9, 8)


@pytest.mark.parametrize(
    ("bits", "old_previous", "old", "balances", "finalized"),
    [
        (0b0110, 7, 8, (12, 0), 7),  # the 2nd to 4th latest epochs justified, the 4th as source
        (0b0010, 8, 8, (12, 0), 8),  # the 2nd and 3rd latest, the 3rd as source
        (0b0010, 0, 8, (12, 12), 8),  # the three latest, the 3rd as source
        (0b0001, 0, 9, (0, 12), 9),  # the two latest, the 2nd as source
        (0b0100, 7, 7, (12, 0), 0),  # the 3rd latest is missing: no chain of links
        (0b0001, 0, 8, (0, 12), 0),  # the source is not the 2nd latest
    ],
)
def test_the_four_ways_to_finality(
    bits: int, old_previous: int, old: int, balances: tuple[int, int], finalized: int
) -> None:
    """At the end of epoch 10; ``bits`` are those at the end of epoch 9."""
    before = Justification(bits, at(old_previous), at(old), at(0))
    assert apply_votes(before, at(9), at(10), balances, TOTAL).finalized == at(finalized)


def vote(source: int, target: int, head: int = 0, slot: int | None = None) -> Vote:
    return Vote(target * 32 if slot is None else slot, BLOCKS[head], at(source), at(target))


@pytest.mark.parametrize(
    ("one", "other", "slashable"),
    [
        (vote(1, 2), vote(1, 2), False),  # the same vote twice says nothing new
        (vote(1, 2), vote(1, 2, head=5), True),  # double: another head
        (vote(1, 2), vote(1, 2, slot=65), True),  # double: another slot
        (vote(1, 3), vote(2, 3), True),  # double: another source
        (vote(1, 2), vote(2, 3), False),  # one after the other
        (vote(1, 5), vote(2, 3), True),  # surrounds
        (vote(2, 3), vote(1, 5), True),  # is surrounded
        (vote(2, 5), vote(2, 3), False),  # same source, nothing around
        (vote(1, 3), vote(2, 5), False),  # overlap is allowed
    ],
)
def test_what_nobody_may_vote(one: Vote, other: Vote, slashable: bool) -> None:
    assert is_slashable(one, other) is slashable
    assert is_slashable(other, one) is slashable


@given(st.lists(st.tuples(st.integers(min_value=0, max_value=12), st.integers(min_value=0, max_value=12)), max_size=38))
def test_finality_never_goes_back_and_never_overtakes_justification(votes: list[tuple[int, int]]) -> None:
    finalized, state = 0, GENESIS
    for epoch, balances in enumerate(votes):
        state = apply_votes(state, at(max(0, epoch - 1)), at(epoch), balances, TOTAL)
        assert finalized <= state.finalized.epoch <= max(0, state.justified.epoch - 1)
        assert state.finalized == at(state.finalized.epoch)
        finalized = state.finalized.epoch

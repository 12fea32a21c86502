"""Messages and lags counted from the protocols."""

import pytest

from chain.theory.voting import (
    compute_happy_path,
    compute_irreversible_lag,
    compute_raft_messages,
    compute_tendermint_messages,
)


@pytest.mark.parametrize(("validators", "messages"), [(1, 0), (4, 27), (7, 90), (100, 19_899)])
def test_a_height_of_tendermint(validators: int, messages: int) -> None:
    assert compute_tendermint_messages(validators) == messages


def test_an_append_goes_to_all_others_and_back() -> None:
    assert compute_raft_messages(7) == 12


@pytest.mark.parametrize(
    ("producers", "repetitions", "lag"),
    [(21, 12, (325, 336)), (21, 1, (29, 29)), (4, 1, (5, 5)), (1, 1, (1, 1))],
)
def test_the_lag_of_eos(producers: int, repetitions: int, lag: tuple[int, int]) -> None:
    assert compute_irreversible_lag(producers, repetitions) == lag


def test_the_happy_path_of_the_specification() -> None:
    assert [(epoch, *compute_happy_path(epoch)) for epoch in range(2, 7)] == [
        (2, 2, 0),
        (3, 3, 2),
        (4, 4, 3),
        (5, 5, 4),
        (6, 6, 5),
    ]

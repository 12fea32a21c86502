"""Quorums: how many votes decide under Tendermint, QBFT and Raft."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.quorums import compute_majority, compute_max_faulty, compute_qbft_quorum, compute_quorum


@pytest.mark.parametrize(
    ("validators", "quorum", "qbft", "faulty"),
    [
        (1, 1, 1, 0),
        (2, 2, 2, 0),
        (3, 3, 2, 0),
        (4, 3, 3, 1),
        (5, 4, 4, 1),
        (7, 5, 5, 2),
        (100, 67, 67, 33),
    ],
)
def test_the_quorums_of_small_sets(validators: int, quorum: int, qbft: int, faulty: int) -> None:
    assert compute_quorum(validators) == quorum
    assert compute_qbft_quorum(validators) == qbft
    assert compute_max_faulty(validators) == faulty


@given(st.integers(1, 10**12))
def test_a_quorum_is_more_than_two_thirds_and_no_more_than_that(total: int) -> None:
    quorum = compute_quorum(total)
    assert 3 * quorum > 2 * total >= 3 * (quorum - 1)
    qbft = compute_qbft_quorum(total)
    assert 3 * qbft >= 2 * total > 3 * (qbft - 1)


@given(st.integers(1, 10**12))
def test_two_quorums_share_an_honest_validator_and_the_honest_are_a_quorum(total: int) -> None:
    faulty, quorum = compute_max_faulty(total), compute_quorum(total)
    assert 3 * faulty < total <= 3 * (faulty + 1)
    assert 2 * quorum - total > faulty
    assert total - faulty >= quorum


@given(st.integers(1, 10**6))
def test_two_majorities_share_a_member(members: int) -> None:
    assert 2 * compute_majority(members) > members >= 2 * (compute_majority(members) - 1)

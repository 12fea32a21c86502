"""Snowball: the chance of a query, the wait for a run of successes, and decisions of many nodes."""

from math import sqrt

import numpy as np
import pytest

from chain.consensus.snowball import (
    ALPHA,
    UNDECIDED,
    Counts,
    K,
    Snowball,
    choose_peers,
    run_snowball,
)
from chain.theory.snowball import compute_mean_rounds, compute_query_chance, compute_rounds_deviation


@pytest.mark.parametrize(("percent", "beta"), [(80, 5), (90, 20), (70, 2)])
def test_rounds_to_acceptance_match_the_closed_form_while_nobody_moves(percent: int, beta: int) -> None:
    nodes = 600
    decision = run_snowball(7, nodes, nodes * percent // 100, beta=beta, is_frozen=True, max_rounds=20_000)
    chance = compute_query_chance(percent / 100, K, ALPHA)
    mean, deviation = compute_mean_rounds(chance, beta), compute_rounds_deviation(chance, beta)
    assert (decision.accepted == 1).all()
    assert abs(decision.rounds.mean() - mean) < 4 * deviation / sqrt(nodes)


def test_who_agrees_from_the_start_accepts_after_beta_rounds() -> None:
    decision = run_snowball(1, 100, 100, beta=20)
    assert set(decision.rounds.tolist()) == {20}
    assert set(decision.accepted.tolist()) == {1}


@pytest.mark.parametrize("seed", range(8))
def test_an_even_split_tips_over_and_all_accept_the_same(seed: int) -> None:
    decision = run_snowball(seed, 200, 100)
    assert set(decision.accepted.tolist()) in ({0}, {1})
    assert decision.rounds.min() > 20


def test_a_clear_majority_wins() -> None:
    assert (run_snowball(3, 300, 240).accepted == 1).all()
    assert (run_snowball(3, 300, 60).accepted == 0).all()


@pytest.mark.parametrize("seed", range(6))
def test_a_tenth_of_liars_delays_but_never_divides(seed: int) -> None:
    accepted = run_snowball(seed, 200, 90, byzantine=20, max_rounds=1000).accepted
    assert len(set(accepted.tolist()) - {UNDECIDED}) <= 1


def test_liars_beyond_the_quorum_stop_all_acceptance() -> None:
    decision = run_snowball(5, 100, 30, byzantine=40, max_rounds=300)
    assert (decision.accepted == UNDECIDED).all()
    assert (decision.rounds == 300).all()


def test_strength_decides_the_preference_and_a_failure_ends_the_streak() -> None:
    snowball, asked = Snowball(1), np.array([True])
    known_us, zero, one, none = (np.array([[a], [b]]) for a, b in ((1, 2), (20, 0), (5, 15), (10, 10)))

    def query(votes: Counts) -> int:
        return snowball.apply_query((0, 1), votes, known_us, 15, asked).item()

    assert query(zero) == 0
    assert query(one) == 0  # as strong, not stronger
    assert [snowball.streaks[value].item() for value in (0, 1)] == [0, 1]
    query(none)
    assert [snowball.streaks[value].item() for value in (0, 1)] == [0, 0]
    assert query(one) == 1
    assert [snowball.wins[value].item() for value in (0, 1)] == [1, 2]


def test_many_values_are_decided_bit_by_bit_so_that_no_plurality_stands_in_the_way() -> None:
    snowball, asked = Snowball(1), np.array([True])
    values, known_us = (0b000, 0b001, 0b110, 0b111), np.array([[4], [3], [2], [1]])

    def query(*votes: int) -> int:
        return snowball.apply_query(values, np.array(votes).reshape(4, 1), known_us, 15, asked).item()

    assert query(5, 5, 5, 5) == 3  # what it knew first
    assert query(8, 7, 3, 2) == 1  # nobody has 15, but the values that begin with 0 have; of these it knew 1 first
    assert query(15, 0, 5, 0) == 0
    assert [snowball.streaks[value].item() for value in values] == [1, 0, 0, 0]


def test_peers_are_drawn_by_stake() -> None:
    luck = np.arange(0, 1 << 32, 1 << 20, dtype=np.uint32)
    counts = np.bincount(choose_peers(luck, (1, 0, 3)), minlength=3)
    assert counts.tolist() == [1024, 0, 3072]
    assert np.bincount(choose_peers(luck, (5, 5, 5, 5))).tolist() == [1024] * 4

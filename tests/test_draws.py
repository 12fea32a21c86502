"""How luck works here: every value has a name, and the name decides the value."""

import math
import subprocess
import sys
from decimal import Decimal, getcontext

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain import draws
from chain.draws import (
    compute_log,
    draw,
    draw_array,
    draw_below,
    draw_bytes,
    draw_exponential,
    draw_normal,
    draw_shuffled,
    draw_weighted,
)
from chain.errors import InvalidInput

KEY_PARTS = st.lists(st.one_of(st.integers(), st.text(max_size=5), st.binary(max_size=5)), max_size=4)


def test_the_same_name_gives_the_same_value_and_another_name_another() -> None:
    assert draw(7, "mining", 12) == draw(7, "mining", 12)
    assert len({draw(7, "mining", 12), draw(8, "mining", 12), draw(7, "fees", 12), draw(7, "mining", 13)}) == 4


def test_values_are_fixed_for_ever() -> None:
    """Golden values: if one of these moves, every recorded run breaks."""
    assert draw(7, "mining", 12, "n07", b"\x00") == 2552649748231505511
    assert draw_exponential(7, 600_000_000, "mining", 12) == 497388535
    assert [int(value) for value in draw_array(7, "latency", b"block", size=2)] == [
        10258410302248172106,
        1601190258430436409,
    ]
    assert draw_normal(7, 400_000, 100_000, "hash power", 3) == 374440


@given(KEY_PARTS, KEY_PARTS)
def test_no_two_keys_share_an_encoding(one: list[object], other: list[object]) -> None:
    kinds = [[(type(part), part) for part in key] for key in (one, other)]
    assert (draws._encode_key(tuple(one)) == draws._encode_key(tuple(other))) == (kinds[0] == kinds[1])


def test_parts_do_not_run_together() -> None:
    names = [("a", "bc"), ("ab", "c"), ("abc",), (b"abc",), ("1",), (1,), (b"1",), (1, 1), (11,), ()]
    assert len({draw(1, "p", *name) for name in names}) == len(names)


def test_bytes_extend_one_another() -> None:
    assert draw_bytes(3, 200, "p", 1)[:64] == draw_bytes(3, 64, "p", 1)
    assert int.from_bytes(draw_bytes(3, 8, "p", 1), "little") == draw(3, "p", 1)
    assert len(draw_bytes(3, 193, "p")) == 193


@pytest.mark.parametrize("seed", [-1, 1 << 64])
def test_seeds_have_sixty_four_bits(seed: int) -> None:
    with pytest.raises(InvalidInput, match="seed"):
        draw(seed, "p")


def test_below_covers_its_range_evenly() -> None:
    counts = np.bincount([draw_below(5, 6, "die", roll) for roll in range(6000)], minlength=6)
    assert ((counts - 1000) ** 2 / 1000).sum() < 25  # chi-squared, five degrees of freedom
    assert draw_below(5, 1, "one") == 0


def test_weighted_choice_follows_the_weights() -> None:
    counts = np.bincount([draw_weighted(5, [3, 3, 10], "choice", index) for index in range(5000)], minlength=3)
    assert counts[1] == 0
    assert abs(counts[0] - 1500) < 4 * math.sqrt(5000 * 0.3 * 0.7)
    with pytest.raises(InvalidInput, match="weights"):
        draw_weighted(5, [], "choice")


@given(st.integers(1, 1 << 64))
def test_the_logarithm_is_exact_to_seventy_three_bits(value: int) -> None:
    getcontext().prec = 60
    assert abs(Decimal(value).ln() - Decimal(compute_log(value)) / 2**draws.LOG_BITS) < Decimal(2) ** -73


@given(st.integers(0, 1000), st.integers(1, 7 * 86_400_000_000))
def test_exponential_times_differ_from_exact_ones_by_less_than_a_microsecond(index: int, mean_us: int) -> None:
    getcontext().prec = 60
    exact = mean_us * (Decimal(1 << 64) / Decimal(draw(2, "wait", index) + 1)).ln()
    assert -(Decimal(2) ** -28) < exact - draw_exponential(2, mean_us, "wait", index) < 1 + Decimal(2) ** -28


def test_exponential_times_have_their_mean_and_shape() -> None:
    times = np.array([draw_exponential(9, 10_000_000, "wait", index) for index in range(20_000)])
    assert abs(times.mean() / 1e7 - 1) < 4 / math.sqrt(20_000)
    uniform = np.sort(-np.expm1(-times / 1e7))
    assert np.abs(uniform - np.arange(20_000) / 20_000).max() < 1.95 / math.sqrt(20_000)  # Kolmogorov–Smirnov, 0.1 %


def test_normal_values_have_their_mean_and_deviation() -> None:
    values = np.array([draw_normal(9, 400_000, 100_000, "power", index) for index in range(10_000)])
    assert abs(values.mean() - 400_000) < 4 * 1000
    assert abs(values.std() / 100_000 - 1) < 0.03


def test_shuffling_keeps_every_index_once() -> None:
    assert sorted(draw_shuffled(4, 100, "order")) == list(range(100))
    assert draw_shuffled(4, 100, "order") != draw_shuffled(5, 100, "order")


def test_nothing_depends_on_the_hash_seed_of_the_process() -> None:
    code = "from chain.draws import *; print(draw(1,'p','k',b'x',3), draw_array(1,'p','k',size=3).tolist())"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code], env={"PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1

"""Compact targets and the retarget, against Bitcoin Core's vectors (pow_tests.cpp, arith_uint256_tests.cpp)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.difficulty import (
    BITCOIN_POW_LIMIT,
    compute_next_bits,
    compute_work,
    decode_compact,
    encode_compact,
)

FORTNIGHT_S = 14 * 24 * 3600


@pytest.mark.parametrize(
    ("first_time_s", "last_time_s", "bits", "expected"),
    [
        (1261130161, 1262152739, 0x1D00FFFF, 0x1D00D86A),  # get_next_work
        (1231006505, 1233061996, 0x1D00FFFF, 0x1D00FFFF),  # get_next_work_pow_limit
        (1279008237, 1279297671, 0x1C05A3F4, 0x1C0168FD),  # get_next_work_lower_limit_actual
        (1263163443, 1269211443, 0x1C387F6F, 0x1D00E1FD),  # get_next_work_upper_limit_actual
    ],
)
def test_retarget_gives_bitcoin_cores_vectors(first_time_s: int, last_time_s: int, bits: int, expected: int) -> None:
    assert compute_next_bits(bits, last_time_s - first_time_s, FORTNIGHT_S) == expected


@pytest.mark.parametrize(
    ("bits", "target", "encoded"),
    [
        (0x00000000, 0, 0),
        (0x00123456, 0, 0),
        (0x01003456, 0, 0),
        (0x02000056, 0, 0),
        (0x03000000, 0, 0),
        (0x04000000, 0, 0),
        (0x01123456, 0x12, 0x01120000),
        (0x02123456, 0x1234, 0x02123400),
        (0x03123456, 0x123456, 0x03123456),
        (0x04123456, 0x12345600, 0x04123456),
        (0x05009234, 0x92340000, 0x05009234),
        (0x20123456, 0x123456 << 232, 0x20123456),
        (0x04923456, 0, 0),  # negative
        (0xFF123456, 0, 0),  # overflow
    ],
)
def test_compact_form_gives_bitcoin_cores_vectors(bits: int, target: int, encoded: int) -> None:
    assert decode_compact(bits) == target
    assert encode_compact(target) == encoded


def test_the_limit_is_what_1d00ffff_says() -> None:
    assert decode_compact(0x1D00FFFF) == BITCOIN_POW_LIMIT
    assert compute_work(BITCOIN_POW_LIMIT) == 0x100010001  # the work of Bitcoin's genesis block


@given(st.integers(min_value=1, max_value=(1 << 256) - 1))
def test_compact_form_loses_less_than_one_part_in_2_to_15(target: int) -> None:
    kept = decode_compact(encode_compact(target))
    assert kept <= target
    assert (target - kept) << 15 <= target


@given(st.integers(min_value=0, max_value=10**9))
def test_a_window_changes_the_target_by_at_most_four(timespan: int) -> None:
    bits = 0x1C0FFFFF
    target = decode_compact(compute_next_bits(bits, timespan, FORTNIGHT_S))
    assert decode_compact(bits) // 4 * 0.999 <= target <= decode_compact(bits) * 4

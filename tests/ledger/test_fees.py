"""EIP-1559, exactly; and what gas a transaction needs."""

import json
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.ledger.actions import Transfer
from chain.ledger.fees import compute_base_fee, compute_effective_tip, compute_intrinsic_gas

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "eip1559.json").read_text())["vectors"]


@pytest.mark.parametrize(("base_fee", "gas_limit", "gas_used", "expected"), VECTORS)
def test_vectors(base_fee, gas_limit, gas_used, expected):
    assert compute_base_fee(gas_limit, gas_used, base_fee) == expected


def test_it_doubles_within_six_full_blocks_and_halves_within_six_empty_ones():
    fees = [10**9]
    for _ in range(6):
        fees.append(compute_base_fee(20_000_000, 20_000_000, fees[-1]))
    assert fees[5] < 2 * fees[0] < fees[6]  # log(2) / log(9/8) = 5.885 blocks
    for _ in range(6):
        fees.append(compute_base_fee(20_000_000, 0, fees[-1]))
    assert fees[11] > fees[6] // 2 > fees[12]  # log(2) / log(8/7) = 5.191 blocks


def test_the_least_rise_is_one_unit_and_low_fees_stop_falling():
    assert compute_base_fee(20_000_000, 10_000_001, 1) == 2
    assert compute_base_fee(20_000_000, 20_000_000, 7) == 8
    assert compute_base_fee(20_000_000, 0, 7) == 7
    assert compute_base_fee(20_000_000, 0, 8) == 7


@given(st.integers(1, 10**15), st.integers(21_000, 10**12), st.data())
def test_laws(base_fee, gas_limit, data):
    """It changes by an eighth at most, rises above the target only, and never the less the fuller the block."""
    used = sorted(data.draw(st.lists(st.integers(0, gas_limit), min_size=2, max_size=5)))
    fees = [compute_base_fee(gas_limit, gas_used, base_fee) for gas_used in used]
    assert all(earlier <= later for earlier, later in pairwise(fees))
    for gas_used, fee in zip(used, fees, strict=True):
        assert fee >= 1
        assert (fee > base_fee) == (gas_used > gas_limit // 2)
        # An odd gas limit has its target rounded down, so a full block can use one unit more than twice the target.
        assert abs(fee - base_fee) <= base_fee // 8 + base_fee // (8 * (gas_limit // 2)) + 1


def test_intrinsic_gas():
    assert compute_intrinsic_gas(Transfer(bytes(20), 1)) == 21_000
    assert compute_intrinsic_gas(Transfer(bytes(20), 1, "four")) == 21_000 + 4 * 16
    assert compute_intrinsic_gas(Transfer(bytes(20), 1, "é")) == 21_000 + 2 * 16


@pytest.mark.parametrize(
    ("max_fee", "max_tip", "base_fee", "tip"),
    [(100, 10, 50, 10), (100, 10, 95, 5), (100, 10, 100, 0), (100, 10, 130, -30), (100, 0, 50, 0)],
)
def test_effective_tip(max_fee, max_tip, base_fee, tip):
    assert compute_effective_tip(max_fee, max_tip, base_fee) == tip

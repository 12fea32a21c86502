"""The subsidy follows Bitcoin; a wrong parameter is refused with its name."""

import msgspec
import pytest

from chain.ledger.parameters import LedgerParameters
from chain.units import COIN

BITCOIN = LedgerParameters(initial_subsidy=50 * 10**8, halving_interval_blocks=210_000)


@pytest.mark.parametrize(
    ("height", "subsidy"),
    [
        (1, 5_000_000_000),
        (209_999, 5_000_000_000),
        (210_000, 2_500_000_000),
        (420_000, 1_250_000_000),
        (840_000, 312_500_000),
        (32 * 210_000, 1),
        (33 * 210_000, 0),
        (64 * 210_000, 0),
        (1_000 * 210_000, 0),
    ],
)
def test_halving_as_in_bitcoin(height, subsidy):
    assert BITCOIN.compute_subsidy(height) == subsidy


def test_all_bitcoins_there_will_ever_be():
    """Bitcoin Core, validation_tests.cpp, subsidy_limit_test: 20 999 999.9769 BTC."""
    eras = (BITCOIN.compute_subsidy(era * 210_000 or 1) for era in range(64))
    assert sum(subsidy * 210_000 for subsidy in eras) == 2_099_999_997_690_000


def test_the_genesis_block_has_no_subsidy():
    assert LedgerParameters().compute_subsidy(0) == 0
    assert LedgerParameters().compute_subsidy(1) == 50 * COIN


def test_the_default_block_holds_about_forty_transfers():
    assert LedgerParameters().gas_limit // 21_000 == 42


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("chain_id", 0),
        ("gas_limit", 20_999),
        ("initial_base_fee_per_gas", 0),
        ("initial_subsidy", -1),
        ("halving_interval_blocks", 0),
        ("max_transactions", 0),
        ("expiry_us", 0),
        ("replacement_bump_percent", -1),
        ("no_such_key", 1),
    ],
)
def test_wrong_values_are_named(key, value):
    with pytest.raises(msgspec.ValidationError, match=key):
        msgspec.convert({key: value}, LedgerParameters)

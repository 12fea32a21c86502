"""A run begins with its allocations, and never has more money than fits."""

import pytest

from chain.errors import InvalidInput
from chain.ledger.genesis import NO_PARENT, build_genesis
from chain.ledger.parameters import MAX_UNITS, LedgerParameters
from chain.units import COIN


def test_the_first_block_commits_to_the_allocations(people):
    anna, ben, carl, _ = people
    block, state = build_genesis({anna.address: 5 * COIN, ben.address: 1, carl.address: 0}, LedgerParameters())
    assert state.get_account(anna.address).balance == 5 * COIN
    assert state.compute_total_balance() == 5 * COIN + 1
    assert block.header.state_root == state.root
    assert (block.header.parent, block.header.height, block.header.time_us) == (NO_PARENT, 0, 0)
    assert block.header.base_fee_per_gas == LedgerParameters().initial_base_fee_per_gas
    assert block.transactions == ()


def test_the_order_of_the_allocations_does_not_matter(people):
    allocations = {person.address: index * COIN for index, person in enumerate(people)}
    forward, _ = build_genesis(allocations, LedgerParameters())
    backward, _ = build_genesis(dict(reversed(allocations.items())), LedgerParameters())
    assert forward.hash == backward.hash


def test_what_can_never_be_money_is_refused(people):
    anna, ben, *_ = people
    for allocations in ({anna.address: -1}, {b"short": 1}, {anna.address: MAX_UNITS + 1}):
        with pytest.raises(InvalidInput, match="allocation"):
            build_genesis(allocations, LedgerParameters())
    with pytest.raises(InvalidInput, match="money of a run"):
        build_genesis({anna.address: MAX_UNITS // 2, ben.address: MAX_UNITS // 2}, LedgerParameters())
    with pytest.raises(InvalidInput, match="money of a run"):
        build_genesis({}, LedgerParameters(initial_subsidy=10**6 * COIN, halving_interval_blocks=10**9))

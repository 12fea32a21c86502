"""What stake earns and loses: the sums of the consensus specifications, without a network."""

from collections.abc import Callable
from math import isqrt

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.stake_accounting import (
    FAR_FUTURE_EPOCH,
    FORKS,
    HEAD_FLAG,
    SOURCE_FLAG,
    TARGET_FLAG,
    Registry,
    StakeConstants,
    add_to_balance,
    apply_epoch,
    build_registry,
    compute_base_reward_per_increment,
    compute_churn_limit,
    compute_correlation_penalty,
    compute_effective_balance,
    compute_proposer_reward,
    compute_slashing_penalty,
    compute_whistleblower_reward,
    initiate_exit,
    slash_validator,
)
from chain.units import COIN

MAINNET = StakeConstants()
STAKE = 32 * COIN
ALL = SOURCE_FLAG | TARGET_FLAG | HEAD_FLAG
LONG_AGO = -100
"""A finalized epoch that leaves no doubt that there is a leak."""


def build(count: int, constants: StakeConstants = MAINNET) -> Registry:
    return build_registry((STAKE,) * count, constants)


def count_leak_epochs(constants: StakeConstants, has_ended: Callable[[Registry], bool]) -> tuple[int, Registry]:
    """Apply epochs in which validator 0 is away and nothing is finalised; return how many until it has ended."""
    registry, flags, epochs = build(8, constants), bytes([0, *[ALL] * 7]), 0
    while not has_ended(registry):
        epochs += 1
        registry = apply_epoch(registry, flags, 100 + epochs, LONG_AGO, constants)
    return epochs, registry


# The inactivity leak -------------------------------------------------------------------------------------------------


def test_a_leak_ejects_after_4686_epochs_at_16_and_three_quarters() -> None:
    """Published for the inactivity penalty alone; missed votes cost besides, the more the less stake there is."""
    alone = StakeConstants(base_reward_factor=0)
    epochs, registry = count_leak_epochs(alone, lambda it: it.validators[0].exit_epoch < FAR_FUTURE_EPOCH)
    assert epochs == 4686
    assert registry.scores[0] == 4 * 4686
    assert registry.validators[0].effective_balance == 16 * COIN
    assert registry.balances[0] == pytest.approx(16.75 * COIN, abs=0.01 * COIN)
    assert registry.balances[1:] == (STAKE,) * 7  # whoever votes loses nothing


def test_missed_votes_shorten_it() -> None:
    epochs, registry = count_leak_epochs(MAINNET, lambda it: it.validators[0].exit_epoch < FAR_FUTURE_EPOCH)
    assert epochs < 4000
    assert registry.balances[1:] == (STAKE,) * 7  # in a leak nothing is earned


@pytest.mark.parametrize(("fork", "factor"), [("phase0", 2), ("altair", 3**0.5)])
def test_earlier_upgrades_leaked_more_slowly(fork: str, factor: float) -> None:
    """The quotient is 4 and 3 times bellatrix's; the time goes with its root."""
    constants = StakeConstants(fork=fork, base_reward_factor=0)
    epochs, _ = count_leak_epochs(constants, lambda it: it.validators[0].exit_epoch < FAR_FUTURE_EPOCH)
    assert epochs == pytest.approx(4686 * factor, rel=0.002)


def test_scores_rise_by_four_fall_by_one_and_recover_by_sixteen() -> None:
    registry, flags = build(2), bytes([0, ALL])
    for epoch in range(10, 13):
        registry = apply_epoch(registry, flags, epoch, LONG_AGO, MAINNET)
    assert registry.scores == (12, 0)
    registry = apply_epoch(registry, bytes([ALL, ALL]), 13, LONG_AGO, MAINNET)
    assert registry.scores == (11, 0)
    registry = apply_epoch(registry, bytes([0, ALL]), 14, 13, MAINNET)  # finality is back
    assert registry.scores == (0, 0)


def test_a_leak_begins_when_finality_is_more_than_four_epochs_late() -> None:
    flags = bytes([0, ALL])
    for finalized_epoch, score in ((5, 0), (4, 4)):
        assert apply_epoch(build(2), flags, 10, finalized_epoch, MAINNET).scores == (score, 0)


# Rewards -------------------------------------------------------------------------------------------------------------


def test_all_votes_right_earn_54_of_64_base_rewards() -> None:
    count = 100
    per_increment = COIN * 64 // isqrt(count * STAKE)
    assert compute_base_reward_per_increment(count * STAKE, MAINNET) == per_increment == 35777
    registry = apply_epoch(build(count), bytes([ALL] * count), 10, 8, MAINNET)
    earned = sum(32 * per_increment * weight // 64 for weight in (14, 26, 14))
    assert set(registry.balances) == {STAKE + earned}


def test_missed_source_and_target_cost_what_they_would_earn_and_a_missed_head_nothing() -> None:
    count, base = 100, 32 * 35777
    flags = bytes([0, SOURCE_FLAG | TARGET_FLAG, *[ALL] * (count - 2)])
    registry = apply_epoch(build(count), flags, 10, 8, MAINNET)
    assert registry.balances[0] == STAKE - base * 14 // 64 - base * 26 // 64
    share = (count - 1) * 32  # increments that voted for source and target, of 3200
    assert registry.balances[1] == STAKE + sum(base * weight * share // (3200 * 64) for weight in (14, 26))


def test_a_proposer_earns_an_eighth_of_what_it_includes() -> None:
    """8/64 of the whole base reward goes to the proposer: 8/56 of what its attesters' 54/64 (and sync's 2/64) are."""
    assert compute_proposer_reward(1_000_000 * 54) == 1_000_000 * 54 // 448


def test_effective_balance_follows_with_hysteresis() -> None:
    for balance, effective in ((31.75, 32), (31.74, 31), (33.25, 32), (33.26, 33), (40, 40), (3000, 2048)):
        assert compute_effective_balance(int(balance * COIN), STAKE, MAINNET) == effective * COIN


# Slashing ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fork", "penalty_coins", "reward_coins"),
    [("phase0", 1 / 4, 1 / 16), ("altair", 1 / 2, 1 / 16), ("bellatrix", 1, 1 / 16), ("electra", 1 / 128, 1 / 128)],
)
def test_what_a_slashing_costs_at_once(fork: str, penalty_coins: float, reward_coins: float) -> None:
    constants = StakeConstants(fork=fork)
    registry = slash_validator(build(10, constants), 3, 7, 20, constants)
    assert compute_slashing_penalty(STAKE, constants) == penalty_coins * COIN
    assert compute_whistleblower_reward(STAKE, constants) == reward_coins * COIN
    assert registry.balances[3] == STAKE - penalty_coins * COIN
    assert registry.balances[7] == STAKE + reward_coins * COIN
    slashed = registry.validators[3]
    assert slashed.is_slashed
    assert slashed.exit_epoch == 20 + 1 + 4
    assert slashed.withdrawable_epoch == 20 + 8192
    assert registry.slashings == ((20, STAKE),)


@pytest.mark.parametrize("fork", list(FORKS))
def test_the_correlation_penalty_takes_the_multiplier_times_the_slashed_share(fork: str) -> None:
    constants, multiplier = StakeConstants(fork=fork), FORKS[fork][1]
    for slashed in (1, 10, 32, 99):
        penalty = compute_correlation_penalty(STAKE, slashed * STAKE, 100 * STAKE, constants)
        exact = min(STAKE, STAKE * slashed * multiplier // 100)
        whole_coins = exact // COIN * COIN  # before electra it is rounded down to whole coins, often to none
        assert penalty == (exact // 32 * 32 if fork == "electra" else whole_coins)


def test_a_lone_offender_pays_no_correlation_penalty_in_whole_coins() -> None:
    before, since = StakeConstants(fork="bellatrix"), StakeConstants(fork="electra")
    assert compute_correlation_penalty(STAKE, STAKE, 500_000 * STAKE, before) == 0
    assert compute_correlation_penalty(STAKE, STAKE, 500_000 * STAKE, since) == 32 * (3 * STAKE // (500_000 * 32))


def test_a_third_slashed_together_loses_everything_halfway() -> None:
    constants = StakeConstants(base_reward_factor=0)
    registry = build(9, constants)
    for index in (0, 1, 2):
        registry = slash_validator(registry, index, 8, 20, constants)
    before = registry.balances[0]
    assert before == STAKE - STAKE // 4096
    flags, half = bytes([0, 0, 0, *[ALL] * 6]), 20 + 4096
    registry = apply_epoch(registry, flags, half - 1, half - 3, constants)
    assert registry.balances[0] == before
    registry = apply_epoch(registry, flags, half, half - 2, constants)
    assert registry.balances[:3] == (0, 0, 0)
    assert registry.balances[3:8] == (STAKE,) * 5


def test_a_slashing_counts_for_8192_epochs() -> None:
    registry = slash_validator(build(10), 3, 7, 20, MAINNET)
    flags = bytes([ALL] * 10)
    assert apply_epoch(registry, flags, 20 + 8190, 8209, MAINNET).slashings
    assert not apply_epoch(registry, flags, 20 + 8191, 8210, MAINNET).slashings


# Queues --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("validators", "limit"), [(100, 4), (4 * 65536, 4), (5 * 65536 - 1, 4), (5 * 65536, 5), (900_000, 13)]
)
def test_churn_is_four_or_one_in_65536(validators: int, limit: int) -> None:
    assert compute_churn_limit(validators, MAINNET) == limit


def test_exits_queue_four_an_epoch() -> None:
    registry = build(10)
    for index in range(10):
        registry = initiate_exit(registry, index, 50, MAINNET)
    assert [validator.exit_epoch for validator in registry.validators] == [55] * 4 + [56] * 4 + [57] * 2
    assert registry.validators[9].withdrawable_epoch == 57 + 256
    assert initiate_exit(registry, 0, 60, MAINNET) is registry  # leaving twice changes nothing
    assert registry.get_active(54) == tuple(range(10))
    assert registry.get_active(56) == (8, 9)


def test_newcomers_wait_for_finality_and_for_room() -> None:
    registry = build_registry((STAKE,) * 4 + (0,) * 6, MAINNET)
    assert registry.get_active(0) == (0, 1, 2, 3)
    flags = bytes([ALL] * 4 + [0] * 6)
    for index in range(4, 10):
        registry = add_to_balance(registry, index, STAKE)
    registry = apply_epoch(registry, flags, 10, 8, MAINNET)  # effective balances follow
    registry = apply_epoch(registry, flags, 11, 9, MAINNET)  # eligible from epoch 12
    assert {validator.eligibility_epoch for validator in registry.validators[4:]} == {12}
    registry = apply_epoch(registry, flags, 12, 11, MAINNET)
    assert registry.validators[4].activation_epoch == FAR_FUTURE_EPOCH  # epoch 12 is not final yet
    registry = apply_epoch(registry, flags, 13, 12, MAINNET)
    registry = apply_epoch(registry, flags, 14, 13, MAINNET)
    assert [validator.activation_epoch for validator in registry.validators[4:]] == [18] * 4 + [19] * 2


def test_less_than_the_activation_balance_stays_outside() -> None:
    registry = build_registry((STAKE, STAKE - 1), MAINNET)
    assert registry.get_active(0) == (0,)
    registry = apply_epoch(registry, bytes([ALL, 0]), 10, 8, MAINNET)
    assert registry.validators[1].eligibility_epoch == FAR_FUTURE_EPOCH


@given(st.lists(st.sampled_from([0, SOURCE_FLAG, SOURCE_FLAG | TARGET_FLAG, ALL]), min_size=4, max_size=4), st.data())
def test_no_balance_is_ever_negative_and_only_votes_earn(flags: list[int], data: st.DataObject) -> None:
    stakes = data.draw(st.lists(st.integers(min_value=1, max_value=3000), min_size=4, max_size=4))
    registry = build_registry(tuple(stake * COIN for stake in stakes), MAINNET)
    registry = msgspec.structs.replace(registry, scores=(0, 100, 10**6, 10**9))
    finalized_epoch = data.draw(st.sampled_from([LONG_AGO, 18]))
    after = apply_epoch(registry, bytes(flags), 20, finalized_epoch, MAINNET)
    for index, (before, balance) in enumerate(zip(registry.balances, after.balances, strict=True)):
        assert balance >= 0
        assert balance <= before or flags[index]

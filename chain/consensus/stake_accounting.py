"""What stake earns and loses under Gasper: the registry of validators and the arithmetic of the epoch transition.

Idea: everything here is a pure function of integers, so the sums of the specification can be checked without a network.
A ``Registry`` is one frozen value; what does not change is shared with the registry before.

Source: ethereum/consensus-specs, ``beacon-chain.md`` of phase0 (registry, churn, slashing), altair (participation
flags, inactivity scores), bellatrix and electra (penalty quotients); functions bear the names they have there but for
the first word. Amounts are units of 10^-9 coin, as the specification counts gwei.

Simplifications: no sync committee, so 2/64 of the rewards are not paid; activations and exits churn by number of
validators (phase0), not by balance (electra).
"""

from math import isqrt
from typing import Final

import msgspec
from msgspec.structs import replace

from chain.units import COIN

FAR_FUTURE_EPOCH: Final = (1 << 64) - 1
SOURCE_FLAG, TARGET_FLAG, HEAD_FLAG = 1, 2, 4
"""Bits of a validator's participation in an epoch: which of its three votes were right and in time."""
FLAG_WEIGHTS: Final = ((SOURCE_FLAG, 14), (TARGET_FLAG, 26), (HEAD_FLAG, 14))
PROPOSER_WEIGHT: Final = 8
WEIGHT_DENOMINATOR: Final = 64

FORKS: Final = {
    "phase0": (128, 1, 512, 1 << 26),
    "altair": (64, 2, 512, 3 << 24),
    "bellatrix": (32, 3, 512, 1 << 24),
    "electra": (4096, 3, 4096, 1 << 24),
}
"""By upgrade: quotient of the first slashing penalty, multiplier of the correlation penalty, quotient of the
whistleblower's reward, quotient of the inactivity penalty."""


class StakeConstants(msgspec.Struct, frozen=True):
    """The constants of the specification, with mainnet's values."""

    fork: str = "electra"
    """The upgrade whose penalties hold: a key of ``FORKS``."""
    slots_per_epoch: int = 32
    increment: int = COIN
    """EFFECTIVE_BALANCE_INCREMENT, in units."""
    max_effective_balance: int = 2048 * COIN
    """MAX_EFFECTIVE_BALANCE_ELECTRA, in units; 32 coins before electra."""
    activation_balance: int = 32 * COIN
    """MIN_ACTIVATION_BALANCE, in units."""
    ejection_balance: int = 16 * COIN
    """EJECTION_BALANCE, in units of effective balance."""
    base_reward_factor: int = 64
    inactivity_quotient: int = 0
    """INACTIVITY_PENALTY_QUOTIENT; 0: that of the upgrade."""
    inactivity_score_bias: int = 4
    inactivity_score_recovery: int = 16
    min_epochs_to_inactivity_penalty: int = 4
    epochs_per_slashings: int = 8192
    """EPOCHS_PER_SLASHINGS_VECTOR: how long a slashing counts for those that follow."""
    withdrawability_delay_epochs: int = 256
    """MIN_VALIDATOR_WITHDRAWABILITY_DELAY."""
    least_service_epochs: int = 256
    """SHARD_COMMITTEE_PERIOD: how long a validator stays before it may leave."""
    max_seed_lookahead_epochs: int = 4
    min_churn_per_epoch: int = 4
    churn_quotient: int = 65_536

    @property
    def inactivity_penalty_quotient(self) -> int:
        """What divides stake and score into the inactivity penalty of an epoch."""
        return self.inactivity_quotient or FORKS[self.fork][3]


class Validator(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One entry of the registry; its balance and score stand beside it."""

    effective_balance: int = 0
    """What counts of the balance for votes, luck and rewards: whole coins, slow to follow. In units."""
    is_slashed: bool = False
    eligibility_epoch: int = FAR_FUTURE_EPOCH
    """From when it waits in the activation queue."""
    activation_epoch: int = FAR_FUTURE_EPOCH
    exit_epoch: int = FAR_FUTURE_EPOCH
    withdrawable_epoch: int = FAR_FUTURE_EPOCH

    def is_active(self, epoch: int) -> bool:
        """Return whether the validator has duties in an epoch."""
        return self.activation_epoch <= epoch < self.exit_epoch


class Registry(msgspec.Struct, frozen=True):
    """All validators after a block. Columns have an entry a validator."""

    validators: tuple[Validator, ...]
    balances: tuple[int, ...]
    """In units."""
    scores: tuple[int, ...]
    """Inactivity scores."""
    slashings: tuple[tuple[int, int], ...] = ()
    """(epoch, effective balance) of each slashing that still counts."""

    def get_active(self, epoch: int) -> tuple[int, ...]:
        """Return the indices of the validators active in an epoch."""
        return tuple(i for i, validator in enumerate(self.validators) if validator.is_active(epoch))


def build_registry(stakes: tuple[int, ...], constants: StakeConstants) -> Registry:
    """Return the registry of genesis: who has the activation balance is active from epoch 0."""
    validators = []
    for stake in stakes:
        effective = compute_effective_balance(stake, 0, constants)
        is_genesis = effective >= constants.activation_balance
        start = 0 if is_genesis else FAR_FUTURE_EPOCH
        validators.append(Validator(effective, eligibility_epoch=start, activation_epoch=start))
    return Registry(tuple(validators), tuple(stakes), (0,) * len(stakes))


# Helpers -------------------------------------------------------------------------------------------------------------


def compute_total_balance(registry: Registry, indices: tuple[int, ...], constants: StakeConstants) -> int:
    """Return the effective balance of some validators together, at least one increment (no division by zero)."""
    return max(constants.increment, sum(registry.validators[i].effective_balance for i in indices))


def compute_base_reward_per_increment(total_active_balance: int, constants: StakeConstants) -> int:
    """Return what an increment can earn in an epoch, in units: falls with the root of all stake."""
    return constants.increment * constants.base_reward_factor // isqrt(total_active_balance)


def compute_effective_balance(balance: int, effective_balance: int, constants: StakeConstants) -> int:
    """Return the next effective balance: it moves only a quarter coin below or five quarters above (hysteresis)."""
    increment = constants.increment
    if balance + increment // 4 < effective_balance or effective_balance + 5 * increment // 4 < balance:
        return min(balance - balance % increment, constants.max_effective_balance)
    return effective_balance


def compute_churn_limit(active_count: int, constants: StakeConstants) -> int:
    """Return how many validators may enter, and how many may leave, in an epoch."""
    return max(constants.min_churn_per_epoch, active_count // constants.churn_quotient)


def is_leaking(epoch: int, finalized_epoch: int, constants: StakeConstants) -> bool:
    """Return whether finality is so late that the inactive lose stake: the inactivity leak."""
    return epoch - 1 - finalized_epoch > constants.min_epochs_to_inactivity_penalty


def compute_inactivity_penalty(effective_balance: int, score: int, constants: StakeConstants) -> int:
    """Return what a validator without a timely target vote loses in an epoch for its score, in units."""
    return effective_balance * score // (constants.inactivity_score_bias * constants.inactivity_penalty_quotient)


def compute_proposer_reward(base_reward_by_weight: int) -> int:
    """Return what a proposer earns for votes, in units, from the sum of base reward × weight over their flags."""
    denominator = (WEIGHT_DENOMINATOR - PROPOSER_WEIGHT) * WEIGHT_DENOMINATOR // PROPOSER_WEIGHT
    return base_reward_by_weight // denominator


# The epoch transition ------------------------------------------------------------------------------------------------


def apply_epoch(
    registry: Registry, flags: bytes, epoch: int, finalized_epoch: int, constants: StakeConstants
) -> Registry:
    """Return the registry after an epoch; ``flags`` is the participation in the one before it.

    ``finalized_epoch`` is that after the justification of this epoch: process_epoch without justification.
    """
    if epoch > 0:
        registry = apply_inactivity_scores(registry, flags, epoch, finalized_epoch, constants)
        registry = apply_rewards_and_penalties(registry, flags, epoch, finalized_epoch, constants)
    registry = apply_registry_updates(registry, epoch, finalized_epoch, constants)
    registry = apply_slashings(registry, epoch, constants)
    validators = tuple(
        _with_effective(validator, compute_effective_balance(balance, validator.effective_balance, constants))
        for validator, balance in zip(registry.validators, registry.balances, strict=True)
    )
    recent = tuple(entry for entry in registry.slashings if entry[0] > epoch + 1 - constants.epochs_per_slashings)
    return replace(registry, validators=validators, slashings=recent)


def _with_effective(validator: Validator, effective_balance: int) -> Validator:
    is_same = validator.effective_balance == effective_balance
    return validator if is_same else replace(validator, effective_balance=effective_balance)


def _is_eligible(validator: Validator, previous_epoch: int) -> bool:
    """Return whether an epoch's rewards and penalties concern a validator (get_eligible_validator_indices)."""
    has_duty = validator.is_active(previous_epoch)
    return has_duty or (validator.is_slashed and previous_epoch + 1 < validator.withdrawable_epoch)


def _has_voted(validator: Validator, flags: int, flag: int) -> bool:
    return bool(flags & flag) and not validator.is_slashed


def apply_inactivity_scores(
    registry: Registry, flags: bytes, epoch: int, finalized_epoch: int, constants: StakeConstants
) -> Registry:
    """Return the registry with scores up by the bias for who missed the target, down by one for who did not.

    Outside a leak all scores recover besides.
    """
    recovery = 0 if is_leaking(epoch, finalized_epoch, constants) else constants.inactivity_score_recovery
    scores = []
    for validator, score, seen in zip(registry.validators, registry.scores, flags, strict=True):
        changed = score
        if _is_eligible(validator, epoch - 1):
            changed += -min(1, score) if _has_voted(validator, seen, TARGET_FLAG) else constants.inactivity_score_bias
            changed -= min(recovery, changed)
        scores.append(changed)
    return replace(registry, scores=tuple(scores))


def apply_rewards_and_penalties(
    registry: Registry, flags: bytes, epoch: int, finalized_epoch: int, constants: StakeConstants
) -> Registry:
    """Return the registry with the votes of the epoch before paid, or fined, and inactivity penalised."""
    leaking = is_leaking(epoch, finalized_epoch, constants)
    total = compute_total_balance(registry, registry.get_active(epoch), constants)
    per_increment = compute_base_reward_per_increment(total, constants)
    shares = []  # (flag, weight, increments that voted so)
    for flag, weight in FLAG_WEIGHTS:
        voters = (
            v.effective_balance for v, s in zip(registry.validators, flags, strict=True) if _has_voted(v, s, flag)
        )
        shares.append((flag, weight, max(constants.increment, sum(voters)) // constants.increment))
    available = total // constants.increment * WEIGHT_DENOMINATOR
    balances = []
    for validator, balance, score, seen in zip(
        registry.validators, registry.balances, registry.scores, flags, strict=True
    ):
        paid = balance
        if _is_eligible(validator, epoch - 1):
            base_reward = validator.effective_balance // constants.increment * per_increment
            for flag, weight, share in shares:
                if _has_voted(validator, seen, flag):
                    paid += 0 if leaking else base_reward * weight * share // available
                elif flag != HEAD_FLAG:
                    paid = max(0, paid - base_reward * weight // WEIGHT_DENOMINATOR)
            if not _has_voted(validator, seen, TARGET_FLAG):
                paid = max(0, paid - compute_inactivity_penalty(validator.effective_balance, score, constants))
        balances.append(paid)
    return replace(registry, balances=tuple(balances))


def apply_registry_updates(registry: Registry, epoch: int, finalized_epoch: int, constants: StakeConstants) -> Registry:
    """Return the registry with newcomers queued, the poor ejected, and the queue's first activated."""
    for index, validator in enumerate(registry.validators):
        if validator.eligibility_epoch == FAR_FUTURE_EPOCH and (
            validator.effective_balance >= constants.activation_balance
        ):
            registry = _put(registry, index, replace(validator, eligibility_epoch=epoch + 1))
        elif validator.is_active(epoch) and validator.effective_balance <= constants.ejection_balance:
            registry = initiate_exit(registry, index, epoch, constants)
    queue = sorted(
        (validator.eligibility_epoch, index)
        for index, validator in enumerate(registry.validators)
        if validator.eligibility_epoch <= finalized_epoch and validator.activation_epoch == FAR_FUTURE_EPOCH
    )
    start = epoch + 1 + constants.max_seed_lookahead_epochs
    for _, index in queue[: compute_churn_limit(len(registry.get_active(epoch)), constants)]:
        registry = _put(registry, index, replace(registry.validators[index], activation_epoch=start))
    return registry


def apply_slashings(registry: Registry, epoch: int, constants: StakeConstants) -> Registry:
    """Return the registry with the correlation penalty, halfway through the time a slashing counts."""
    half = constants.epochs_per_slashings // 2
    due = [i for i, v in enumerate(registry.validators) if v.is_slashed and v.withdrawable_epoch == epoch + half]
    if not due:
        return registry
    total = compute_total_balance(registry, registry.get_active(epoch), constants)
    slashed = sum(amount for _, amount in registry.slashings)
    balances = list(registry.balances)
    for index in due:
        effective = registry.validators[index].effective_balance
        balances[index] = max(0, balances[index] - compute_correlation_penalty(effective, slashed, total, constants))
    return replace(registry, balances=tuple(balances))


# Slashing, leaving, entering -----------------------------------------------------------------------------------------


def compute_slashing_penalty(effective_balance: int, constants: StakeConstants) -> int:
    """Return what a slashed validator loses at once, in units."""
    return effective_balance // FORKS[constants.fork][0]


def compute_whistleblower_reward(effective_balance: int, constants: StakeConstants) -> int:
    """Return what the proposer who includes the evidence earns, in units; it is also the whistleblower."""
    return effective_balance // FORKS[constants.fork][2]


def compute_correlation_penalty(
    effective_balance: int, slashed_balance: int, total_balance: int, constants: StakeConstants
) -> int:
    """Return what a slashed validator loses besides, in units: the more, the more stake was slashed at that time.

    A third of all stake slashed (with multiplier 3) takes everything.
    """
    increment = constants.increment
    adjusted = min(slashed_balance * FORKS[constants.fork][1], total_balance)
    increments = effective_balance // increment
    if constants.fork == "electra":
        return adjusted // (total_balance // increment) * increments
    return increments * adjusted // total_balance * increment


def slash_validator(registry: Registry, index: int, proposer: int, epoch: int, constants: StakeConstants) -> Registry:
    """Return the registry after a slashing that ``proposer`` included: fined, on its way out, reward paid."""
    registry = initiate_exit(registry, index, epoch, constants)
    validator = registry.validators[index]
    effective = validator.effective_balance
    withdrawable_epoch = max(validator.withdrawable_epoch, epoch + constants.epochs_per_slashings)
    registry = _put(registry, index, replace(validator, is_slashed=True, withdrawable_epoch=withdrawable_epoch))
    registry = replace(registry, slashings=(*registry.slashings, (epoch, effective)))
    registry = add_to_balance(registry, index, -compute_slashing_penalty(effective, constants))
    return add_to_balance(registry, proposer, compute_whistleblower_reward(effective, constants))


def initiate_exit(registry: Registry, index: int, epoch: int, constants: StakeConstants) -> Registry:
    """Return the registry with a validator in the exit queue, at the first epoch that has room for it."""
    if registry.validators[index].exit_epoch != FAR_FUTURE_EPOCH:
        return registry
    exits = [v.exit_epoch for v in registry.validators if v.exit_epoch != FAR_FUTURE_EPOCH]
    exit_epoch = max([*exits, epoch + 1 + constants.max_seed_lookahead_epochs])
    if exits.count(exit_epoch) >= compute_churn_limit(len(registry.get_active(epoch)), constants):
        exit_epoch += 1
    withdrawable_epoch = exit_epoch + constants.withdrawability_delay_epochs
    leaving = replace(registry.validators[index], exit_epoch=exit_epoch, withdrawable_epoch=withdrawable_epoch)
    return _put(registry, index, leaving)


def add_to_balance(registry: Registry, index: int, amount: int) -> Registry:
    """Return the registry with a balance raised, or lowered to no less than zero."""
    balances = list(registry.balances)
    balances[index] = max(0, balances[index] + amount)
    return replace(registry, balances=tuple(balances))


def _put(registry: Registry, index: int, validator: Validator) -> Registry:
    validators = registry.validators
    return replace(registry, validators=(*validators[:index], validator, *validators[index + 1 :]))

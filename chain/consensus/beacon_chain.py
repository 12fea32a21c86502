"""The state of Gasper's chain after a block, and how blocks' votes and the ends of epochs change it.

Idea: one frozen value a block. Slots without a block change nothing, so epochs that end between two blocks are caught
up when the next one comes (``apply_epochs``). Duties of an epoch follow from the registry and the randomness of two
epochs before, so committees are known an epoch ahead and equal on branches that split later.

Source: ethereum/consensus-specs ``beacon-chain.md``: phase0 (``process_slots``, ``get_seed``), altair
(``get_attestation_participation_flag_indices``, ``process_attestation``) with deneb's EIP-7045.
"""

from hashlib import sha256
from math import isqrt
from typing import Final

import msgspec
from msgspec.structs import replace

from chain.consensus import stake_accounting as accounting
from chain.consensus.casper_ffg import Attestation, Checkpoint, Justification, Vote, apply_votes
from chain.consensus.shuffling import compute_committees, compute_proposer
from chain.consensus.stake_accounting import (
    FLAG_WEIGHTS,
    HEAD_FLAG,
    SOURCE_FLAG,
    TARGET_FLAG,
    Registry,
    StakeConstants,
)
from chain.units import Address, Hash

NO_SLOT: Final = -1
NOBODY: Final = -1
_PROPOSER_DOMAIN: Final = b"\x00\x00\x00\x00"
_ATTESTER_DOMAIN: Final = b"\x01\x00\x00\x00"


class Duties(msgspec.Struct, frozen=True):
    """Who does what in an epoch."""

    epoch: int
    active: tuple[int, ...]
    """The active validators."""
    balances: tuple[int, ...]
    """Their effective balances, in the same order."""
    total_balance: int
    """Of the active, in units."""
    proposer_seed: bytes
    committees: tuple[tuple[int, ...], ...]
    """The attesters of each slot."""
    slots: tuple[int, ...]
    """By validator: the slot in which it attests; NO_SLOT if it is not active."""


class BeaconState(msgspec.Struct, frozen=True):
    """The state after a block, and after the ends of epochs that no block has seen yet."""

    slot: int
    """Of the latest block."""
    block: Hash
    """The latest block."""
    proposer: int
    """Who proposed it."""
    roots: tuple[tuple[int, Hash], ...]
    """(slot, hash) of the blocks since the start of the previous epoch, and the last before; the latest is last."""
    mixes: tuple[bytes, bytes, bytes]
    """Randomness at the end of the epoch before the previous one, of the previous one, and now."""
    registry: Registry
    previous_flags: bytes
    """Participation in the previous epoch, by validator: bits of chain/consensus/stake_accounting.py."""
    flags: bytes
    """Participation in this epoch."""
    justification: Justification
    previous_duties: Duties
    duties: Duties
    """Of the epoch the state is in."""
    owners: tuple[Address, ...]
    """By validator the account its stake goes back to; empty where nobody has deposited yet."""

    @property
    def epoch(self) -> int:
        """The epoch the state is in."""
        return self.duties.epoch

    def get_root(self, slot: int) -> Hash:
        """Return the branch's block at a slot, or the last one before it. Slots since the previous epoch only."""
        return next((block for at, block in reversed(self.roots) if at <= slot), self.roots[0][1])

    def get_duties(self, epoch: int) -> Duties:
        """Return the duties of this epoch or of the previous one."""
        return self.duties if epoch == self.duties.epoch else self.previous_duties


def build_genesis_state(
    block: Hash, stakes: tuple[int, ...], owners: tuple[Address, ...], mix: bytes, constants: StakeConstants
) -> BeaconState:
    """Return the state after genesis, in which all stakes are validators and epoch 0 is justified and final."""
    registry = accounting.build_registry(stakes, constants)
    mixes, start, nothing = (mix, mix, mix), Checkpoint(0, block), bytes(len(stakes))
    justification = Justification(0, start, start, start)
    duties = _build_duties(registry, 0, mix, constants)
    return BeaconState(
        slot=0,
        block=block,
        proposer=0,
        roots=((0, block),),
        mixes=mixes,
        registry=registry,
        previous_flags=nothing,
        flags=nothing,
        justification=justification,
        previous_duties=duties,
        duties=duties,
        owners=owners,
    )


# Duties --------------------------------------------------------------------------------------------------------------


def _build_duties(registry: Registry, epoch: int, mix: bytes, constants: StakeConstants) -> Duties:
    active, slots = registry.get_active(epoch), constants.slots_per_epoch
    number = epoch.to_bytes(8, "little") + mix
    committees = compute_committees(active, sha256(_ATTESTER_DOMAIN + number).digest(), slots)
    slot_by_validator = [NO_SLOT] * len(registry.validators)
    for slot, committee in enumerate(committees, epoch * slots):
        for validator in committee:
            slot_by_validator[validator] = slot
    return Duties(
        epoch=epoch,
        active=active,
        balances=tuple(registry.validators[index].effective_balance for index in active),
        total_balance=accounting.compute_total_balance(registry, active, constants),
        proposer_seed=sha256(_PROPOSER_DOMAIN + number).digest(),
        committees=committees,
        slots=tuple(slot_by_validator),
    )


def get_proposer(duties: Duties, slot: int) -> int:
    """Return the one validator that may propose in a slot of the duties' epoch; NOBODY when none is active."""
    if not any(duties.balances):
        return NOBODY
    seed = sha256(duties.proposer_seed + slot.to_bytes(8, "little")).digest()
    return compute_proposer(duties.active, duties.balances, seed)


# The end of an epoch -------------------------------------------------------------------------------------------------


def apply_epochs(state: BeaconState, epoch: int, constants: StakeConstants) -> BeaconState:
    """Return the state at the start of an epoch, this one or a later one (process_slots)."""
    while state.epoch < epoch:
        state = _apply_epoch_end(state, constants)
    return state


def _apply_epoch_end(state: BeaconState, constants: StakeConstants) -> BeaconState:
    justification = compute_justification(state, constants)
    finalized_epoch, following = justification.finalized.epoch, state.epoch + 1
    registry = accounting.apply_epoch(state.registry, state.previous_flags, state.epoch, finalized_epoch, constants)
    first_slot = state.epoch * constants.slots_per_epoch
    older = sum(slot < first_slot for slot, _ in state.roots)
    return replace(
        state,
        roots=state.roots[max(0, older - 1) :],
        mixes=(state.mixes[1], state.mixes[2], state.mixes[2]),
        registry=registry,
        previous_flags=state.flags,
        flags=bytes(len(state.flags)),
        justification=justification,
        previous_duties=state.duties,
        duties=_build_duties(registry, following, state.mixes[1], constants),
    )


def compute_justification(state: BeaconState, constants: StakeConstants) -> Justification:
    """Return what would be justified and final if the epoch ended now: the block "pulled up" (fork-choice.md)."""
    slots, epoch = constants.slots_per_epoch, state.epoch
    previous = Checkpoint(max(0, epoch - 1), state.get_root(max(0, epoch - 1) * slots))
    current = Checkpoint(epoch, state.get_root(epoch * slots))
    balances = (_sum_targets(state.registry, state.previous_flags), _sum_targets(state.registry, state.flags))
    return apply_votes(state.justification, previous, current, balances, state.duties.total_balance)


def _sum_targets(registry: Registry, flags: bytes) -> int:
    validators = registry.validators
    return sum(
        validators[index].effective_balance
        for index, seen in enumerate(flags)
        if seen & TARGET_FLAG and not validators[index].is_slashed
    )


# A block -------------------------------------------------------------------------------------------------------------


def apply_header(state: BeaconState, slot: int, block: Hash, proposer: int, reveal: bytes) -> BeaconState:
    """Return the state with a block on top and its proposer's reveal mixed into the randomness (process_randao)."""
    mixed = int.from_bytes(state.mixes[2]) ^ int.from_bytes(sha256(reveal).digest())
    return replace(
        state,
        slot=slot,
        block=block,
        proposer=proposer,
        roots=(*state.roots, (slot, block)),
        mixes=(state.mixes[0], state.mixes[1], mixed.to_bytes(32)),
    )


def get_source(state: BeaconState, vote: Vote) -> Checkpoint:
    """Return the source that a vote with this target must have on this branch."""
    known = state.justification
    return known.justified if vote.target.epoch == state.epoch else known.previous_justified


def compute_flags(state: BeaconState, slot: int, vote: Vote, constants: StakeConstants) -> int:
    """Return what a vote, included at ``slot``, has right and in time; its source is right, or it is not includable."""
    delay = slot - vote.slot
    is_target = vote.target.block == state.get_root(vote.target.epoch * constants.slots_per_epoch)
    is_head = is_target and vote.head == state.get_root(vote.slot)
    flags = SOURCE_FLAG if delay <= isqrt(constants.slots_per_epoch) else 0
    flags |= TARGET_FLAG if is_target else 0
    return flags | (HEAD_FLAG if is_head and delay == 1 else 0)


def apply_attestations(
    state: BeaconState, slot: int, proposer: int, attestations: tuple[Attestation, ...], constants: StakeConstants
) -> BeaconState:
    """Return the state with votes that may be included counted, and their proposer paid."""
    previous, current, earned = bytearray(state.previous_flags), bytearray(state.flags), 0
    per_increment = accounting.compute_base_reward_per_increment(state.duties.total_balance, constants)
    for attestation in attestations:
        index, vote = attestation.validator, attestation.vote
        column = current if vote.target.epoch == state.epoch else previous
        fresh = compute_flags(state, slot, vote, constants) & ~column[index]
        column[index] |= fresh
        increments = state.registry.validators[index].effective_balance // constants.increment
        earned += increments * per_increment * sum(weight for flag, weight in FLAG_WEIGHTS if fresh & flag)
    reward = accounting.compute_proposer_reward(earned)
    registry = accounting.add_to_balance(state.registry, proposer, reward) if reward else state.registry
    return replace(state, previous_flags=bytes(previous), flags=bytes(current), registry=registry)

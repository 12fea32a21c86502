"""What blocks carry beside votes to change the registry: evidence of slashable votes, deposits, exits.

Idea: each is signed by whom it concerns, so anybody can check it and no proposer can make it up. Deposits and exits
travel as messages until a block carries them; evidence is found by whoever proposes, among the votes it knows.

Source: ethereum/consensus-specs phase0 ``beacon-chain.md``: ``process_attester_slashing``, ``process_deposit``,
``process_voluntary_exit``. Evidence of double proposals, which needs whole headers, is in proof_of_stake.py.

Simplifications: a deposit names the validator it is for, one a node, and brings coins from outside the ledger; it is
numbered, so that it cannot be credited twice.
"""

from collections.abc import Iterable
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chain.consensus.base import Topic, View
from chain.consensus.beacon_chain import BeaconState
from chain.consensus.casper_ffg import Attestation, is_slashable
from chain.consensus.stake_accounting import (
    FAR_FUTURE_EPOCH,
    StakeConstants,
    Validator,
    add_to_balance,
    initiate_exit,
    slash_validator,
)
from chain.consensus.validators import Keyring
from chain.encoding import encode
from chain.errors import InvalidBlock
from chain.units import COIN

_Natural = Annotated[int, Meta(ge=0)]

DEPOSIT_DOMAIN: Final = "gasper/deposit"
EXIT_DOMAIN: Final = "gasper/exit"
OPERATION_TOPIC: Final[Topic] = ("operation",)
MAX_DEPOSIT: Final = 10**9 * COIN


class Deposit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag="deposit"):
    """Stake for a validator: a new one once it reaches the activation balance, more for an old one."""

    validator: _Natural
    amount: Annotated[int, Meta(ge=1, le=MAX_DEPOSIT)]
    """In units."""
    number: _Natural
    """How many deposits the validator has made before."""
    signature: bytes = b""
    """The validator's, over this with an empty signature."""


class Exit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag="exit"):
    """A validator's wish to leave (VoluntaryExit)."""

    validator: _Natural
    epoch: _Natural
    """The first epoch in which it may be included."""
    signature: bytes = b""
    """The validator's, over this with an empty signature."""


Operation = Deposit | Exit
Evidence = tuple[Attestation, Attestation]
"""Two votes that one validator may not have cast both."""


def sign_operation(operation: Operation, keyring: Keyring) -> Operation:
    """Return the operation signed by its validator."""
    unsigned = replace(operation, signature=b"")
    return replace(operation, signature=keyring.sign(operation.validator, get_domain(operation), encode(unsigned)))


def is_signed(operation: Operation, keyring: Keyring) -> bool:
    """Return whether the operation is really its validator's."""
    unsigned = encode(replace(operation, signature=b""))
    return keyring.is_valid(operation.validator, get_domain(operation), unsigned, operation.signature)


def get_domain(operation: Operation) -> str:
    """Return the domain in which such an operation is signed."""
    return DEPOSIT_DOMAIN if isinstance(operation, Deposit) else EXIT_DOMAIN


# Deposits and exits --------------------------------------------------------------------------------------------------


def check_operation(state: BeaconState, operation: Operation, constants: StakeConstants) -> None:
    """Raise InvalidBlock unless a block may carry the operation now; its signature is checked elsewhere."""
    index, epoch = operation.validator, state.epoch
    if index >= len(state.deposits):
        raise InvalidBlock("proof-of-stake/operation", f"there is no validator {index} of {len(state.deposits)}")
    if isinstance(operation, Deposit):
        if operation.number != state.deposits[index]:
            message = f"deposit {operation.number} of validator {index}; its next one is {state.deposits[index]}"
            raise InvalidBlock("proof-of-stake/deposit", message)
        return
    validator = state.registry.validators[index]
    earliest = max(operation.epoch, _get_earliest_exit(validator, constants))
    if not validator.is_active(epoch) or validator.exit_epoch != FAR_FUTURE_EPOCH or epoch < earliest:
        leaves = "is not active" if not validator.is_active(epoch) else f"may ask to leave from epoch {earliest} on"
        leaves = "leaves already" if validator.exit_epoch != FAR_FUTURE_EPOCH else leaves
        raise InvalidBlock("proof-of-stake/exit", f"in epoch {epoch} validator {index} {leaves}")


def _get_earliest_exit(validator: Validator, constants: StakeConstants) -> int:
    return validator.activation_epoch + constants.least_service_epochs


def apply_operation(state: BeaconState, operation: Operation, constants: StakeConstants) -> BeaconState:
    """Return the state after an operation that ``check_operation`` accepted."""
    index = operation.validator
    if isinstance(operation, Exit):
        return replace(state, registry=initiate_exit(state.registry, index, state.epoch, constants))
    deposits = (*state.deposits[:index], operation.number + 1, *state.deposits[index + 1 :])
    return replace(state, registry=add_to_balance(state.registry, index, operation.amount), deposits=deposits)


def get_pending_operations(view: View, state: BeaconState, constants: StakeConstants) -> tuple[Operation, ...]:
    """Return the operations this node knows that a block on this state may carry, in order of publication."""
    pending = []
    for operation in view.get_messages(OPERATION_TOPIC):
        try:
            check_operation(state, operation, constants)
        except InvalidBlock:
            continue  # done already, or too early
        state = apply_operation(state, operation, constants)
        pending.append(operation)
    return tuple(pending)


# Evidence ------------------------------------------------------------------------------------------------------------


def is_slashable_validator(state: BeaconState, index: int) -> bool:
    """Return whether a validator can (still) be slashed."""
    validator = state.registry.validators[index]
    in_reach = validator.activation_epoch <= state.epoch < validator.withdrawable_epoch
    return in_reach and not validator.is_slashed


def find_slashable_votes(recent: Iterable[Attestation], older: Iterable[Attestation]) -> list[Evidence]:
    """Return for each validator that cast them the first two votes, at least one recent, it may not both have cast."""
    votes: dict[int, list[Attestation]] = {}
    for attestation in older:
        votes.setdefault(attestation.validator, []).append(attestation)
    found: dict[int, Evidence] = {}
    for attestation in recent:
        mine = votes.setdefault(attestation.validator, [])
        for other in mine if attestation.validator not in found else ():
            if is_slashable(other.vote, attestation.vote):
                found[attestation.validator] = other, attestation
                break
        mine.append(attestation)
    return list(found.values())


def apply_slashing(state: BeaconState, index: int, proposer: int, constants: StakeConstants) -> BeaconState:
    """Return the state with a validator slashed by the block of ``proposer``; unchanged when it was already."""
    if not is_slashable_validator(state, index):
        return state
    return replace(state, registry=slash_validator(state.registry, index, proposer, state.epoch, constants))

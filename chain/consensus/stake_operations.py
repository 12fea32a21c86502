"""What changes the registry beside votes: evidence of slashable votes, deposits, exits, withdrawals.

Evidence is found by whoever proposes, among the votes it knows. Deposits are transactions: they take money out of the
ledger's balances and add it to a validator's. Exits are asked for in two ways, by a message of the validator itself
(``VoluntaryExit``), which waits until a block carries it, or by a transaction of the account to which its stake goes
back: the validator's own, or that of whoever deposited first. Once a validator is withdrawable, blocks pay its whole
balance out to that account.

Source: ethereum/consensus-specs ``beacon-chain.md``: phase0 (``process_attester_slashing``, ``process_deposit``,
``process_voluntary_exit``), capella (``get_expected_withdrawals``), electra (EIP-7002: ``process_withdrawal_request``).
Evidence of double proposals, which needs whole headers, is in gasper.py.

Simplifications: a node has one validator, named by the node's account; what is deposited for anybody else is lost.
Only whole balances are withdrawn, from the lowest index on. Exits churn as in phase0 (stake_accounting.py).
"""

from collections.abc import Iterable, Mapping
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
    add_to_balance,
    initiate_exit,
    slash_validator,
)
from chain.consensus.validators import Keyring
from chain.encoding import encode
from chain.errors import InvalidBlock
from chain.ledger.actions import Deposit, Exit
from chain.ledger.context import Reward, StakeChange
from chain.units import Address

_Natural = Annotated[int, Meta(ge=0)]

EXIT_DOMAIN: Final = "gasper/exit"
EXIT_TOPIC: Final[Topic] = ("exit",)
MAX_WITHDRAWALS: Final = 16
"""In one block: MAX_WITHDRAWALS_PER_PAYLOAD."""


class VoluntaryExit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A validator's wish to leave."""

    validator: _Natural
    epoch: _Natural
    """The first epoch in which it may be included."""
    signature: bytes = b""
    """The validator's, over this with an empty signature."""


Evidence = tuple[Attestation, Attestation]
"""Two votes that one validator may not have cast both."""


def sign_exit(validator: int, epoch: int, keyring: Keyring) -> VoluntaryExit:
    """Return a validator's signed wish to leave from an epoch on."""
    wish = VoluntaryExit(validator, epoch)
    return replace(wish, signature=keyring.sign(validator, EXIT_DOMAIN, encode(wish)))


def is_signed(wish: VoluntaryExit, keyring: Keyring) -> bool:
    """Return whether the wish is really its validator's."""
    return keyring.is_valid(wish.validator, EXIT_DOMAIN, encode(replace(wish, signature=b"")), wish.signature)


# Deposits, exits and withdrawals -------------------------------------------------------------------------------------


def check_exit(state: BeaconState, wish: VoluntaryExit, constants: StakeConstants) -> None:
    """Raise InvalidBlock unless a block may carry the wish now; its signature is checked elsewhere."""
    index, epoch = wish.validator, state.epoch
    if index >= len(state.owners):
        raise InvalidBlock("proof-of-stake/exit", f"there is no validator {index} of {len(state.owners)}")
    validator = state.registry.validators[index]
    earliest = max(wish.epoch, validator.activation_epoch + constants.least_service_epochs)
    if not validator.is_active(epoch) or validator.exit_epoch != FAR_FUTURE_EPOCH or epoch < earliest:
        leaves = "is not active" if not validator.is_active(epoch) else f"may ask to leave from epoch {earliest} on"
        leaves = "leaves already" if validator.exit_epoch != FAR_FUTURE_EPOCH else leaves
        raise InvalidBlock("proof-of-stake/exit", f"in epoch {epoch} validator {index} {leaves}")


def may_exit(state: BeaconState, wish: VoluntaryExit, constants: StakeConstants) -> bool:
    """Return whether a block may carry the wish now: not done already, nor too early."""
    try:
        check_exit(state, wish, constants)
    except InvalidBlock:
        return False
    return True


def apply_exit(state: BeaconState, index: int, constants: StakeConstants) -> BeaconState:
    """Return the state with a validator in the exit queue."""
    return replace(state, registry=initiate_exit(state.registry, index, state.epoch, constants))


def apply_changes(
    state: BeaconState, changes: Iterable[StakeChange], indices: Mapping[Address, int], constants: StakeConstants
) -> BeaconState:
    """Return the state after what transactions ask for; ``indices`` has the validator of each account.

    What cannot be done is left undone: an exit of somebody else's validator, or before its time.
    """
    for sender, action in changes:
        index = indices.get(getattr(action, "validator", sender), -1)
        if isinstance(action, Deposit) and index >= 0:
            owners = state.owners if state.owners[index] else _put(state.owners, index, sender)
            state = replace(state, registry=add_to_balance(state.registry, index, action.units), owners=owners)
        elif isinstance(action, Exit) and index >= 0:
            is_his = sender in (state.owners[index], action.validator)
            if is_his and may_exit(state, VoluntaryExit(index, state.epoch), constants):
                state = apply_exit(state, index, constants)
    return state


def _put(owners: tuple[Address, ...], index: int, owner: Address) -> tuple[Address, ...]:
    return (*owners[:index], owner, *owners[index + 1 :])


def get_withdrawals(state: BeaconState) -> list[tuple[int, Reward]]:
    """Return (validator, what is paid to whom) of the next block on a state: whole balances, sixteen at most."""
    registry, epoch = state.registry, state.epoch
    due = [i for i, it in enumerate(registry.validators) if it.withdrawable_epoch <= epoch and registry.balances[i]]
    return [(index, Reward(state.owners[index], registry.balances[index])) for index in due[:MAX_WITHDRAWALS]]


def apply_withdrawals(state: BeaconState) -> BeaconState:
    """Return the state after a block has paid its withdrawals out."""
    for index, reward in get_withdrawals(state):
        state = replace(state, registry=add_to_balance(state.registry, index, -reward.amount))
    return state


def get_pending_exits(view: View, state: BeaconState, constants: StakeConstants) -> tuple[VoluntaryExit, ...]:
    """Return the exits this node knows that a block on this state may carry, in order of validator."""
    pending = []
    for wish in sorted(view.get_messages(EXIT_TOPIC), key=lambda wish: (wish.validator, wish.epoch)):
        if may_exit(state, wish, constants):
            state = apply_exit(state, wish.validator, constants)
            pending.append(wish)
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

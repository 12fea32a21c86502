"""Casper FFG: checkpoints that two thirds of the stake vote for are justified, then final.

Idea: a vote names a link from a justified checkpoint (source) to a newer one (target). Links of two thirds justify
their target; a justified checkpoint whose direct successors are justified from it is final. Whoever votes twice for one
epoch, or around an own vote, is slashed, so two conflicting final checkpoints cost a third of all stake.

Source: Buterin and Griffith, Casper the Friendly Finality Gadget (arXiv:1710.09437), section 2 (the two slashing
conditions); Buterin et al., Combining GHOST and Casper (arXiv:2003.03052), section 4.5 (k-finality with k up to 2);
ethereum/consensus-specs phase0, ``is_slashable_attestation_data``, ``weigh_justification_and_finalization``.
"""

from typing import Annotated, Final

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chain.units import Hash

_Hash = Annotated[Hash, Meta(min_length=32, max_length=32)]
_Natural = Annotated[int, Meta(ge=0)]

VOTE_DOMAIN: Final = "gasper/vote"


class Checkpoint(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """The last block at or before the first slot of an epoch."""

    epoch: _Natural
    block: _Hash


class Vote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What a validator says once an epoch (AttestationData)."""

    slot: _Natural
    """The slot of its committee."""
    head: _Hash
    """The vote of LMD-GHOST."""
    source: Checkpoint
    """The latest justified checkpoint of its branch."""
    target: Checkpoint
    """The checkpoint of the vote's epoch on its branch."""


class Attestation(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A vote and who signed it."""

    validator: _Natural
    vote: Vote
    signature: bytes
    """Ed25519 over the canonical bytes of the vote, in ``VOTE_DOMAIN``."""


class Justification(msgspec.Struct, frozen=True):
    """What FFG knows after a block."""

    bits: int
    """Which of the last four epochs are justified; bit 0 is the latest."""
    previous_justified: Checkpoint
    """The latest justified checkpoint as the epoch before saw it: the source of its votes."""
    justified: Checkpoint
    finalized: Checkpoint


def is_slashable(one: Vote, other: Vote) -> bool:
    """Return whether one validator may not have cast both: a double vote, or one that surrounds the other."""
    is_double = one != other and one.target.epoch == other.target.epoch
    return is_double or _surrounds(one, other) or _surrounds(other, one)


def _surrounds(one: Vote, other: Vote) -> bool:
    return one.source.epoch < other.source.epoch and other.target.epoch < one.target.epoch


def apply_votes(
    before: Justification, previous: Checkpoint, current: Checkpoint, balances: tuple[int, int], total_balance: int
) -> Justification:
    """Return what is justified and final at the end of an epoch.

    ``previous`` and ``current`` are the branch's checkpoints of the epoch before and of this one; ``balances`` what
    voted for each as target, of ``total_balance``. Epochs 0 and 1 justify nothing, as in the specification.
    """
    epoch = current.epoch
    if epoch <= 1:
        return before
    bits, justified = before.bits << 1 & 0b1111, before.justified
    if 3 * balances[0] >= 2 * total_balance:
        bits, justified = bits | 0b10, previous
    if 3 * balances[1] >= 2 * total_balance:
        bits, justified = bits | 0b01, current
    finalized = before.finalized
    old_previous, old = before.previous_justified, before.justified
    if bits & 0b1110 == 0b1110 and old_previous.epoch + 3 == epoch:  # the 2nd to 4th latest, the 4th as source
        finalized = old_previous
    if bits & 0b0110 == 0b0110 and old_previous.epoch + 2 == epoch:  # the 2nd and 3rd latest, the 3rd as source
        finalized = old_previous
    if bits & 0b0111 == 0b0111 and old.epoch + 2 == epoch:  # the three latest, the 3rd as source
        finalized = old
    if bits & 0b0011 == 0b0011 and old.epoch + 1 == epoch:  # the two latest, the 2nd as source: the happy path
        finalized = old
    return replace(before, bits=bits, previous_justified=before.justified, justified=justified, finalized=finalized)

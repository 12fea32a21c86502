"""What Tendermint's nodes send each other: proposals, votes, evidence, and commits for those who are behind.

Source: Buchman, Kwon & Milosevic, arXiv:1807.04938v3, section 3 and Algorithm 1; CometBFT, ``types/vote.go``,
``types/proposal.go``, ``types/evidence.go`` (``DuplicateVoteEvidence``).
"""

from typing import Final, TypeVar

import msgspec

from chain.consensus.base import Topic
from chain.encoding import encode

PREVOTE: Final = "prevote"
PRECOMMIT: Final = "precommit"
NIL: Final = b""
"""What a vote for no block names."""
NO_ROUND: Final = -1
"""The round of what has not happened."""
NOBODY: Final = -1
PROPOSAL: Final = "proposal"
EVIDENCE: Final[Topic] = ("evidence",)


class Proposal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """⟨PROPOSAL, height, round, block, valid_round⟩, signed."""

    height: int
    round: int
    block: bytes
    valid_round: int
    validator: int
    signature: bytes


class Vote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """⟨PREVOTE or PRECOMMIT, height, round, block or nil⟩, signed."""

    kind: str
    height: int
    round: int
    block: bytes
    validator: int
    signature: bytes


SignedMessage = TypeVar("SignedMessage", Proposal, Vote)


class Evidence(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Two votes of one kind, height and round that one validator signed for different values: it proves itself."""

    one: Vote
    other: Vote


class CatchUp(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A node far behind asks for the newest commit. Not signed: it claims nothing."""

    node: int
    height: int
    seen: int
    """The height of the proposal that told it so."""


class Commit(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The precommits that decided a block."""

    node: int
    """Who asked for it."""
    votes: tuple[Vote, ...]


def get_topic(vote: Vote) -> Topic:
    """Return the topic of a vote: all of its kind, height and round."""
    return (vote.kind, vote.height, vote.round)


def get_signed_data(message: Vote | Proposal) -> tuple[str, bytes]:
    """Return the domain of a message's signature and the bytes it covers."""
    if isinstance(message, Vote):
        return f"bft-{message.kind}", encode((message.height, message.round, message.block))
    return "bft-proposal", encode((message.height, message.round, message.block, message.valid_round))

"""What Raft's nodes send each other, and what can be told of a block by itself. How they act: chain/consensus/raft.py.

Messages are the two remote calls of figure 2 and their answers, signed by who speaks. A block is an entry of the log:
its height is the index, its seal names the term and the leader that made it. That this leader was elected cannot be
seen from the block: Raft trusts its members.

Source: Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm" (extended version), figure 2.
"""

from typing import Any, Final

import msgspec

from chain.consensus.base import Envelope, Finality, Rules, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.quorums import compute_majority
from chain.consensus.validators import Keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidMessage
from chain.ledger.block import Block
from chain.ledger.context import StakeChange

KEPT_INTERVALS: Final = 20
"""Messages are kept for so many intervals, and for as many more at most."""


class RequestVote(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A candidate asks for a vote."""

    term: int
    sender: int
    last_index: int
    last_term: int
    signature: bytes = b""


class VoteReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a member answers to a candidate."""

    term: int
    sender: int
    is_granted: bool
    signature: bytes = b""


class AppendEntries(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a leader tells a follower, or all: the entries after one that they should share; none: a heartbeat."""

    term: int
    sender: int
    number: int
    """Counts a leader's messages."""
    prev_index: int
    prev_term: int
    entries: tuple[bytes, ...]
    """Hashes of blocks."""
    leader_commit: int
    signature: bytes = b""


class AppendReply(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a follower answers."""

    term: int
    sender: int
    number: int
    """Which message it answers."""
    is_success: bool
    last_index: int
    """The last entry it shares with the leader; without success the last it may share."""
    signature: bytes = b""


Message = RequestVote | VoteReply | AppendEntries | AppendReply


class RaftSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What Raft puts into a header's ``consensus`` bytes."""

    term: int
    leader: int


class RaftState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The consensus state after a block: the last entry of a log."""

    index: int
    term: int


class RaftRules(Rules[RaftState]):
    """Checks what can be told of an entry by itself. One object serves every node."""

    finality = Finality.INSTANT

    def __init__(self, keyring: Keyring, interval_us: int) -> None:
        self.keyring, self.interval_us = keyring, interval_us
        self.members = tuple(it.index for it in keyring.validators if it.power)
        self.majority = compute_majority(len(self.members))

    def genesis(self, block: Block) -> RaftState:
        return RaftState(0, 0)

    def check(self, parent: RaftState, block: Block) -> None:
        seal = decode(RaftSeal, block.header.consensus)
        if seal.term < max(parent.term, 1):
            raise InvalidBlock("raft/term", f"an entry of term {seal.term} follows one of term {parent.term}")
        if seal.leader not in self.members:
            raise InvalidBlock("raft/leader", f"node {seal.leader} is none of {len(self.members)} members")
        if block.header.proposer != self.keyring.validators[seal.leader].account:
            message = f"the account {block.header.proposer.hex()[:16]}… is not that of node {seal.leader}"
            raise InvalidBlock("raft/leader", message)

    def apply(self, parent: RaftState, block: Block, changes: tuple[StakeChange, ...] = ()) -> RaftState:
        return RaftState(parent.index + 1, decode(RaftSeal, block.header.consensus).term)

    def weight(self, state: RaftState) -> int:
        return state.term << 40 | state.index  # §5.4.1: a later term is more up to date, then a longer log

    def head(self, view: View) -> BlockRecord:
        return view.latest_final()

    def get_era(self, now_us: int) -> int:
        """Return which messages are forgotten together: those of so many intervals."""
        return now_us // (KEPT_INTERVALS * self.interval_us)

    def check_message(self, view: View, message: Any) -> Envelope:
        if not isinstance(message, Message):
            return super().check_message(view, message)
        domain, data = get_signed_data(message)
        if not self.keyring.is_valid(message.sender, domain, data, message.signature):
            raise InvalidMessage("raft/signature", f"{domain} of node {message.sender} is not signed by it")
        return Envelope(("raft", self.get_era(view.now_us)), b"", message.sender)


def get_signed_data(message: Message) -> tuple[str, bytes]:
    """Return the domain of a message's signature and the bytes it covers."""
    kind = type(message)
    return f"raft-{kind.__name__[:8].lower()}", encode(msgspec.structs.replace(message, signature=b""))

"""What Tendermint's nodes agree on: messages and their signatures, evidence, the validators of each height.

A block names its proposer and may carry evidence; the validators that evidence convicts lose their seat in the next
block. Who proposes in a round comes out of chain/consensus/proposer_priority.py. Whether a block is decided is not in
it: the precommits that decide travel beside it, as messages. How nodes vote stands in chain/consensus/tendermint.py.

Source: Buchman, Kwon & Milosevic, arXiv:1807.04938v3, section 3; CometBFT, ``types/vote.go``, ``types/proposal.go``,
``types/evidence.go`` (``DuplicateVoteEvidence``) and ``state/execution.go``.

Simplifications. Powers change by evidence only, and from the next height on (CometBFT: the one after). A convicted
validator is out for good; no stake is burned, since power is not money here.
"""

from collections.abc import Iterable
from typing import Any, Final

import msgspec

from chain.consensus.base import Envelope, Finality, Rules, Topic, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.proposer_priority import Seats, build_seats, elect, update_seats
from chain.consensus.quorums import compute_max_faulty, compute_quorum
from chain.consensus.validators import Keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidMessage
from chain.ledger.block import Block
from chain.ledger.context import StakeChange
from chain.units import Hash

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


class TendermintSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What Tendermint puts into a header's ``consensus`` bytes."""

    proposer: int
    """Index of the validator that made the block; in a later round another one may propose it again."""
    evidence: tuple[Evidence, ...] = ()


class TendermintState(msgspec.Struct, frozen=True, array_like=True):
    """The validators of the height after a block."""

    height: int
    seats: Seats
    """The queue of proposers after the election for round 0."""
    proposer: int
    """Index of the proposer of round 0."""
    powers: tuple[int, ...]
    """Power by index; 0 where a validator has no seat."""
    quorum: int
    """More than two thirds of all power."""
    witness: int
    """More power than can be Byzantine: f + 1."""


class TendermintRules(Rules[TendermintState]):
    """Checks blocks, signatures and evidence. One object serves every node."""

    finality = Finality.INSTANT

    def __init__(self, keyring: Keyring) -> None:
        self.keyring = keyring
        self._index: dict[bytes, int] = {validator.account: validator.index for validator in keyring.validators}

    def genesis(self, block: Block) -> TendermintState:
        powers = tuple(validator.power for validator in self.keyring.validators)
        seats = build_seats({validator.account: validator.power for validator in self.keyring.validators})
        return self._elect(0, seats, powers)

    def check(self, parent: TendermintState, block: Block) -> None:
        seal, header = decode(TendermintSeal, block.header.consensus), block.header
        height, powers = parent.height + 1, parent.powers
        if not 0 <= seal.proposer < len(powers) or not powers[seal.proposer]:
            raise InvalidBlock("tendermint/proposer", f"validator {seal.proposer} has no power at height {height}")
        if header.proposer != self.keyring.validators[seal.proposer].account:
            message = f"the account {header.proposer.hex()[:16]}… is not that of validator {seal.proposer}"
            raise InvalidBlock("tendermint/proposer", message)
        convicted = [it.one.validator for it in seal.evidence]
        for evidence in seal.evidence:
            culprit = evidence.one.validator
            if not (self.is_evidence(evidence) and powers[culprit] and convicted.count(culprit) == 1):
                message = f"what is said of validator {culprit} at height {evidence.one.height} convicts nobody"
                raise InvalidBlock("tendermint/evidence", message)
        if len(convicted) >= len(parent.seats):
            raise InvalidBlock("tendermint/evidence", f"it leaves none of {len(parent.seats)} validators")

    def apply(self, parent: TendermintState, block: Block, changes: tuple[StakeChange, ...] = ()) -> TendermintState:
        convicted = {it.one.validator for it in decode(TendermintSeal, block.header.consensus).evidence}
        if not convicted:
            return self._elect(parent.height + 1, parent.seats, parent.powers)
        powers = tuple(0 if index in convicted else power for index, power in enumerate(parent.powers))
        left: dict[bytes, int] = {self.keyring.validators[index].account: 0 for index in sorted(convicted)}
        return self._elect(parent.height + 1, update_seats(parent.seats, left), powers)

    def _elect(self, height: int, seats: Seats, powers: tuple[int, ...]) -> TendermintState:
        seats, account = elect(seats)
        total = sum(powers)
        quorum, witness = compute_quorum(total), compute_max_faulty(total) + 1
        return TendermintState(height, seats, self._index[account], powers, quorum, witness)

    def weight(self, state: TendermintState) -> int:
        return state.height

    def head(self, view: View) -> BlockRecord:
        return view.latest_final()

    def get_proposer(self, state: TendermintState, round_: int) -> int:
        """Return the index of the proposer of a round of the height after ``state``: proposer(h, round)."""
        return self._index[elect(state.seats, round_)[1]] if round_ else state.proposer

    def choose_evidence(self, state: TendermintState, known: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """Return evidence a block may carry: one piece for each validator with a seat, so that somebody is left."""
        pieces = {it.one.validator: it for it in known if state.powers[it.one.validator]}
        return tuple(pieces[index] for index in sorted(pieces)[: len(state.seats) - 1])

    def find_decided(self, view: View, commit: Commit) -> BlockRecord | None:
        """Return the block that a commit proves decided, if it is known; the signatures have been checked."""
        vote = commit.votes[0]
        record = view.get_known(Hash(vote.block))
        if record is None or record.parent is None:
            return None
        places = {(it.kind, it.height, it.round, it.block) for it in commit.votes}
        state: TendermintState = record.parent.state
        power = sum(state.powers[index] for index in sorted({it.validator for it in commit.votes}))
        is_decided = places == {(PRECOMMIT, record.height, vote.round, vote.block)} and power >= state.quorum
        return record if is_decided else None

    def is_evidence(self, evidence: Evidence) -> bool:
        """Return whether two votes convict a validator."""
        one, other = evidence.one, evidence.other
        places = [(vote.kind, vote.height, vote.round, vote.validator) for vote in (one, other)]
        return places[0] == places[1] and one.block != other.block and all(map(self.is_signed, (one, other)))

    def is_signed(self, message: Vote | Proposal) -> bool:
        """Return whether a message was signed by the validator it names."""
        domain, data = get_signed_data(message)
        return self.keyring.is_valid(message.validator, domain, data, message.signature)

    def get_power(self, view: View, height: int, index: int) -> int:
        """Return a validator's power at a height, no higher than the one the view's node is at."""
        record = view.latest_final()
        if not 0 < height <= record.height + 1:
            raise InvalidMessage("tendermint/height", f"height {height}; the node is at height {record.height + 1}")
        while record.height >= height and record.parent is not None:
            record = record.parent
        state: TendermintState = record.state
        return state.powers[index]

    def check_message(self, view: View, message: Any) -> Envelope:
        match message:
            case Proposal():
                self._check_signed(message)
                power = self.get_power(view, message.height, message.validator)
                return Envelope((PROPOSAL, message.height), message.block, message.validator, power)
            case Vote():
                self._check_signed(message)
                power, topic = self.get_power(view, message.height, message.validator), get_topic(message)
                return Envelope(topic, message.block, message.validator, power)
            case Evidence():
                if not self.is_evidence(message):
                    raise InvalidMessage("tendermint/evidence", f"it does not convict {message.one.validator}")
                return Envelope(EVIDENCE, NIL, message.one.validator)
            case Commit():
                if not message.votes:
                    raise InvalidMessage("tendermint/commit", "a commit without votes")
                for vote in message.votes:
                    self._check_signed(vote)
                return Envelope(("commit", message.node), message.votes[0].block, NOBODY)
            case CatchUp():
                return Envelope(("catch-up", message.node), NIL, NOBODY)  # it claims nothing
        return super().check_message(view, message)

    def _check_signed(self, message: Vote | Proposal) -> None:
        if not self.is_signed(message):
            kind = type(message).__name__.lower()
            detail = f"a {kind} of validator {message.validator} is not signed by whom it names"
            raise InvalidMessage("tendermint/signature", detail)


def get_topic(vote: Vote) -> Topic:
    """Return the topic of a vote: all of its kind, height and round."""
    return (vote.kind, vote.height, vote.round)


def get_signed_data(message: Vote | Proposal) -> tuple[str, bytes]:
    """Return the domain of a message's signature and the bytes it covers."""
    if isinstance(message, Vote):
        return f"bft-{message.kind}", encode((message.height, message.round, message.block))
    return "bft-proposal", encode((message.height, message.round, message.block, message.valid_round))

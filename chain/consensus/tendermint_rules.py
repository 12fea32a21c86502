"""What Tendermint's nodes agree on: blocks, the validators of each height, whose message is good and what it weighs.

A block names its proposer and may carry evidence; the validators that evidence convicts lose their seat, and deposits
and exits in its transactions change powers: all of that from the height after the next on (H + 2). Who proposes in a
round comes out of chain/consensus/proposer_priority.py. Whether a block is decided is not in
it: the precommits that decide travel beside it, as messages. How nodes vote stands in chain/consensus/tendermint.py.

Source: Buchman, Kwon & Milosevic, arXiv:1807.04938v3, section 3; CometBFT, ``state/execution.go`` (``updateState``:
validators, next validators); Cosmos SDK x/staking (power is stake in whole coins; what is taken back comes after
``unbonding``).

Simplifications. A convicted validator is out for good; its stake is not burned and may be taken back.
"""

from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chain.consensus.base import Envelope, Finality, Rules, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.proposer_priority import Seats, build_seats, elect, update_seats
from chain.consensus.quorums import compute_max_faulty, compute_quorum
from chain.consensus.stake_book import StakeBook, apply_deposit, apply_exit, drop_due
from chain.consensus.tendermint_messages import (
    EVIDENCE,
    NIL,
    NOBODY,
    PRECOMMIT,
    PREVOTE,
    PROPOSAL,
    CatchUp,
    Commit,
    Evidence,
    Proposal,
    SignedMessage,
    Vote,
    get_signed_data,
    get_topic,
)
from chain.consensus.validators import Keyring
from chain.encoding import decode
from chain.errors import InvalidBlock, InvalidMessage, InvalidScenario
from chain.ledger.actions import Deposit, Exit
from chain.ledger.block import Block
from chain.ledger.context import Reward, StakeChange
from chain.units import COIN, DAY, MILLISECOND, SECOND, Address, Hash, Span


class TendermintParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for Tendermint. Timeouts: CometBFT's defaults."""

    protocol: str = "tendermint"
    interval: Span = Span(5 * SECOND)
    """Least time from one block to the next proposal."""
    timeout_propose: Span = Span(3 * SECOND)
    """How long a validator waits for the proposal of round 0 before it prevotes nil."""
    timeout_prevote: Span = Span(1 * SECOND)
    """How long it goes on waiting for prevotes of round 0 once it has two thirds of any kind."""
    timeout_precommit: Span = Span(1 * SECOND)
    """The same for precommits."""
    timeout_delta: Span = Span(500 * MILLISECOND)
    """What each timeout grows by with each round."""
    unbonding: Span = Span(21 * DAY)
    """How long stake that is taken back takes. Cosmos Hub: 21 days."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100

    def __post_init__(self) -> None:
        """Refuse spans in which time would not go on. Raises InvalidScenario naming the key."""
        for name in ("interval", "timeout_propose", "timeout_prevote", "timeout_precommit", "timeout_delta"):
            if not MILLISECOND <= getattr(self, name) <= 366 * DAY:
                raise InvalidScenario(f"consensus.{name}", str(getattr(self, name)), '"1ms" to "366d"')


class TendermintSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What Tendermint puts into a header's ``consensus`` bytes."""

    proposer: int
    """Index of the validator that made the block; in a later round another one may propose it again."""
    evidence: tuple[Evidence, ...] = ()


class ValidatorSet(msgspec.Struct, frozen=True, array_like=True):
    """The validators of a height."""

    seats: Seats
    """The queue of proposers after the election for round 0."""
    proposer: int
    """Index of the proposer of round 0."""
    powers: tuple[int, ...]
    """Power by index; 0 where a validator has no seat."""


class TendermintState(msgspec.Struct, frozen=True, array_like=True):
    """The validators of the height after a block."""

    height: int
    now: ValidatorSet
    quorum: int
    """More than two thirds of all power."""
    witness: int
    """More power than can be Byzantine: f + 1."""
    following: ValidatorSet
    """The validators of the height after that: changes apply to them (CometBFT, NextValidators)."""
    convicted: tuple[int, ...]
    """Who lost his seat for ever, in order of index."""
    book: StakeBook
    time_us: int
    """Of the block."""

    @property
    def seats(self) -> Seats:
        """The queue of proposers after the election for round 0."""
        return self.now.seats

    @property
    def proposer(self) -> int:
        """Index of the proposer of round 0."""
        return self.now.proposer

    @property
    def powers(self) -> tuple[int, ...]:
        """Power by index; 0 where a validator has no seat."""
        return self.now.powers


class TendermintRules(Rules[TendermintState]):
    """Checks blocks, signatures and evidence. One object serves every node."""

    finality = Finality.INSTANT
    takes_stake = True

    def __init__(self, parameters: TendermintParameters, keyring: Keyring, book: StakeBook) -> None:
        """``book`` has the stakes of genesis."""
        self.parameters, self.keyring, self.book = parameters, keyring, book
        self._index: dict[bytes, int] = {validator.account: validator.index for validator in keyring.validators}

    def genesis(self, block: Block) -> TendermintState:
        powers = tuple(validator.power for validator in self.keyring.validators)
        now = self._elect(build_seats({it.account: it.power for it in self.keyring.validators if it.power}), powers)
        return self._build_state(0, now, self._elect(now.seats, powers), (), self.book, block.header.time_us)

    def _elect(self, seats: Seats, powers: tuple[int, ...]) -> ValidatorSet:
        seats, account = elect(seats)
        return ValidatorSet(seats, self._index[account], powers)

    def _build_state(
        self,
        height: int,
        now: ValidatorSet,
        following: ValidatorSet,
        convicted: tuple[int, ...],
        book: StakeBook,
        time_us: int,
    ) -> TendermintState:
        total = sum(now.powers)
        quorum, witness = compute_quorum(total), compute_max_faulty(total) + 1
        return TendermintState(height, now, quorum, witness, following, convicted, book, time_us)

    def compute_rewards(
        self, parent: TendermintState, proposer: Address, consensus: bytes, subsidy: int
    ) -> tuple[Reward, ...]:
        """Pay back the stake that was taken back and is due."""
        return parent.book.get_due(parent.time_us)

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
            if not (self.is_evidence(evidence) and self.may_convict(parent, culprit) and convicted.count(culprit) == 1):
                message = f"what is said of validator {culprit} at height {evidence.one.height} convicts nobody"
                raise InvalidBlock("tendermint/evidence", message)
        if len(convicted) >= len(parent.following.seats):
            raise InvalidBlock("tendermint/evidence", f"it leaves none of {len(parent.following.seats)} validators")

    def may_convict(self, state: TendermintState, index: int) -> bool:
        """Return whether evidence against a validator can still take its seat."""
        return bool(state.following.powers[index]) and index not in state.convicted

    def apply(self, parent: TendermintState, block: Block, changes: tuple[StakeChange, ...] = ()) -> TendermintState:
        accused = {it.one.validator for it in decode(TendermintSeal, block.header.consensus).evidence}
        convicted = tuple(sorted({*parent.convicted, *accused})) if accused else parent.convicted
        book = self._apply_changes(drop_due(parent.book, parent.time_us), changes, block.header.time_us)
        seats, powers = parent.following.seats, parent.following.powers
        if accused or book.stakes is not parent.book.stakes:
            updated = self._compute_powers(book, convicted)
            if any(updated):  # the last validator stays
                seats, powers = update_seats(seats, self._find_changed(powers, updated)), updated
        following = self._elect(seats, powers)
        return self._build_state(parent.height + 1, parent.following, following, convicted, book, block.header.time_us)

    def _find_changed(self, before: tuple[int, ...], after: tuple[int, ...]) -> dict[bytes, int]:
        """Return the new powers of those whose power has changed, by account."""
        changed = [it for it in self.keyring.validators if before[it.index] != after[it.index]]
        return {it.account: after[it.index] for it in changed}

    def _apply_changes(self, book: StakeBook, changes: tuple[StakeChange, ...], time_us: int) -> StakeBook:
        for sender, action in changes:
            if isinstance(action, Deposit):
                book = apply_deposit(book, sender, action.validator, action.units)
            elif isinstance(action, Exit):
                book = apply_exit(book, sender, action.validator, time_us + self.parameters.unbonding)
        return book

    def _compute_powers(self, book: StakeBook, convicted: tuple[int, ...]) -> tuple[int, ...]:
        stakes = book.compute_stakes()
        powers = [stakes.get(it.account, 0) // COIN for it in self.keyring.validators]
        return tuple(0 if index in convicted else power for index, power in enumerate(powers))

    def weight(self, state: TendermintState) -> int:
        return state.height

    def head(self, view: View) -> BlockRecord:
        return view.latest_final()

    def get_proposer(self, state: TendermintState, round_: int) -> int:
        """Return the index of the proposer of a round of the height after ``state``: proposer(h, round)."""
        return self._index[elect(state.seats, round_)[1]] if round_ else state.proposer

    def choose_evidence(self, state: TendermintState, known: Iterable[Evidence]) -> tuple[Evidence, ...]:
        """Return evidence a block may carry: one piece for each validator with a seat, so that somebody is left."""
        pieces = {it.one.validator: it for it in known if self.may_convict(state, it.one.validator)}
        return tuple(pieces[index] for index in sorted(pieces)[: len(state.following.seats) - 1])

    def find_latest_round(self, view: View, state: TendermintState, round_: int) -> int:
        """Return the highest round, from this one on, in which more than f power has sent anything at all."""
        proposals = view.get_messages((PROPOSAL, state.height + 1))
        while True:
            topics = [(kind, state.height + 1, round_ + 1) for kind in (PREVOTE, PRECOMMIT)]
            votes = [it for topic in topics for it in view.get_messages(topic)]
            senders = {it.validator for it in [*votes, *(it for it in proposals if it.round == round_ + 1)]}
            if sum(state.powers[index] for index in sorted(senders)) < state.witness:
                return round_
            round_ += 1

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

    def sign(self, message: SignedMessage) -> SignedMessage:
        """Return a message signed by the validator it names."""
        return msgspec.structs.replace(
            message, signature=self.keyring.sign(message.validator, *get_signed_data(message))
        )

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

"""The rules of Gasper: which block is valid, what follows from it, which head and which final block a view has.

Idea: Casper FFG for finality over LMD-GHOST for the head. A block carries its slot, its proposer's signatures and the
votes it has heard (``Seal``); ``check`` holds them against the state of the branch, ``apply`` counts them. The head is
chosen from the votes a node has as messages, whether a block carries them yet or not.

Source: Buterin et al., Combining GHOST and Casper (arXiv:2003.03052), sections 4.2 to 4.6; ethereum/consensus-specs
``beacon-chain.md`` (``process_block`` and what it calls) and ``fork-choice.md`` (``get_head``, ``on_attestation``,
``filter_block_tree``, ``get_proposer_score``). What is left out is listed in chain/consensus/proof_of_stake.py.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Annotated, Any, Final, TypeVar

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chain.consensus import beacon_chain as beacon
from chain.consensus.base import Envelope, Finality, Rules, Topic, View
from chain.consensus.beacon_chain import BeaconState
from chain.consensus.block_tree import BlockRecord
from chain.consensus.casper_ffg import VOTE_DOMAIN, Attestation, Checkpoint, Justification, Vote, is_slashable
from chain.consensus.lmd_ghost import Votes, choose_head
from chain.consensus.stake_accounting import StakeConstants
from chain.consensus.stake_operations import (
    EXIT_TOPIC,
    Evidence,
    VoluntaryExit,
    apply_changes,
    apply_exit,
    apply_slashing,
    apply_withdrawals,
    check_exit,
    get_withdrawals,
    is_signed,
    is_slashable_validator,
)
from chain.consensus.validators import Keyring
from chain.crypto.hashing import digest
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidMessage
from chain.ledger.block import Block, Header
from chain.ledger.context import Reward, StakeChange
from chain.units import Address, Hash, TimeUs

BLOCK_DOMAIN: Final = "gasper/block"
REVEAL_DOMAIN: Final = "gasper/randao"
KEPT_EPOCHS: Final = 20
"""Votes of so many epochs are kept."""
MAX_REMEMBERED: Final = 256
T = TypeVar("T")


class Seal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What proof of stake puts into a header's ``consensus`` bytes: the body of a beacon block."""

    slot: Annotated[int, Meta(ge=0)]
    proposer: Annotated[int, Meta(ge=0)]
    reveal: bytes
    """The proposer's signature of the epoch: randomness it can withhold, but not choose."""
    attestations: tuple[Attestation, ...] = ()
    slashed_votes: tuple[Evidence, ...] = ()
    slashed_proposals: tuple[tuple[Header, Header], ...] = ()
    """Two headers of one proposer for one slot."""
    exits: tuple[VoluntaryExit, ...] = ()
    """Signed by the validators that want to leave. Deposits, and other exits, are transactions."""
    signature: bytes = b""
    """The proposer's, over the hash of the header with this field empty."""


def read_proposal(header: Header) -> tuple[Seal, Hash]:
    """Return a header's seal and the hash that its proposer signed. Raises InvalidEncoding."""
    seal = decode(Seal, header.consensus)
    return seal, replace(header, consensus=encode(replace(seal, signature=b""))).hash


def get_vote_topic(epoch: int) -> Topic:
    """Return the topic of all votes with a target in an epoch."""
    return ("vote", epoch)


class GasperRules(Rules[BeaconState]):
    """Checks and applies blocks and votes, and chooses heads. One object serves every node."""

    finality = Finality.ECONOMIC
    takes_stake = True

    def __init__(
        self, constants: StakeConstants, keyring: Keyring, mix: bytes, interval_us: int, due_us: int, boost: int
    ) -> None:
        """``due_us``: when in its slot a committee votes at the latest; ``boost``: of a timely block, in per cent."""
        self.constants, self.keyring, self.mix = constants, keyring, mix
        self.indices = {validator.account: validator.index for validator in keyring.validators}
        self.interval_us, self.due_us, self.boost_percent = interval_us, due_us, boost
        # What follows from a block in a later epoch; a block's hash says all, so runs that branch may share it.
        self._states: dict[tuple[Hash, int], BeaconState] = {}
        self._pulled_up: dict[tuple[Hash, int], Justification] = {}

    def get_slot(self, time_us: int) -> int:
        """Return the slot of a moment; genesis is in slot 0."""
        return time_us // self.interval_us

    def get_start_us(self, slot: int) -> TimeUs:
        """Return when a slot begins."""
        return TimeUs(slot * self.interval_us)

    def get_epoch(self, slot: int) -> int:
        """Return the epoch of a slot."""
        return slot // self.constants.slots_per_epoch

    def get_state(self, state: BeaconState, epoch: int) -> BeaconState:
        """Return a block's state as it is in an epoch: that of the block, or a later one."""
        if state.epoch >= epoch:
            return state
        compute = lambda: beacon.apply_epochs(state, epoch, self.constants)  # noqa: E731  # a thunk
        return _memoise(self._states, (state.block, epoch), compute)

    def get_justification(self, state: BeaconState, epoch: int) -> Justification:
        """Return what a block makes justified and final as seen from an epoch; one of an earlier one is pulled up."""
        if state.epoch >= epoch:
            return state.justification
        compute = lambda: beacon.compute_justification(state, self.constants)  # noqa: E731  # a thunk
        return _memoise(self._pulled_up, (state.block, state.epoch), compute)

    # Blocks --------------------------------------------------------------------------------------------------------

    def genesis(self, block: Block) -> BeaconState:
        validators = self.keyring.validators
        stakes = tuple(validator.power for validator in validators)
        owners = tuple(validator.account if validator.power else Address(b"") for validator in validators)
        return beacon.build_genesis_state(block.hash, stakes, owners, self.mix, self.constants)

    def check(self, parent: BeaconState, block: Block) -> None:
        seal, signed = read_proposal(block.header)
        slot = self.get_slot(block.header.time_us)
        if seal.slot != slot or slot <= parent.slot:
            message = f"slot {seal.slot} at a time in slot {slot}, on a parent of slot {parent.slot}"
            raise InvalidBlock("proof-of-stake/slot", message)
        state = self.get_state(parent, self.get_epoch(slot))
        self._check_proposer(state, seal, signed)
        for one, other in seal.slashed_votes:
            self._check_evidence(state, one, other)
        for first, second in seal.slashed_proposals:
            self._check_double_proposal(state, first, second)
        for attestation in seal.attestations:
            self.check_attestation(state, slot, attestation)
            if not self._is_signed(attestation):
                raise InvalidBlock("proof-of-stake/attestation", f"not signed by validator {attestation.validator}")
        for wish in seal.exits:
            check_exit(state, wish, self.constants)
            if not is_signed(wish, self.keyring):
                raise InvalidBlock("proof-of-stake/exit", f"not signed by validator {wish.validator}")
            state = apply_exit(state, wish.validator, self.constants)

    def _check_proposer(self, state: BeaconState, seal: Seal, signed: Hash) -> None:
        chosen = beacon.get_proposer(state.duties, seal.slot)
        if seal.proposer != chosen:
            message = f"validator {seal.proposer} proposed in slot {seal.slot}, which is validator {chosen}'s"
            raise InvalidBlock("proof-of-stake/proposer", message)
        if state.registry.validators[chosen].is_slashed:
            raise InvalidBlock("proof-of-stake/proposer", f"validator {chosen} has been slashed")
        if not self.keyring.is_valid(chosen, BLOCK_DOMAIN, signed, seal.signature):
            raise InvalidBlock("proof-of-stake/signature", f"the block is not signed by validator {chosen}")
        if not self.keyring.is_valid(chosen, REVEAL_DOMAIN, encode(state.epoch), seal.reveal):
            raise InvalidBlock("proof-of-stake/reveal", f"not validator {chosen}'s signature of epoch {state.epoch}")

    def check_attestation(self, state: BeaconState, slot: int, attestation: Attestation) -> None:
        """Raise InvalidBlock unless a block of this slot may carry the vote (process_attestation), signature aside."""
        index, vote, rule = attestation.validator, attestation.vote, "proof-of-stake/attestation"
        epoch = vote.target.epoch
        if not (vote.slot < slot and epoch == self.get_epoch(vote.slot) and state.epoch - 1 <= epoch <= state.epoch):
            message = f"a vote of slot {vote.slot} for epoch {epoch} in a block of slot {slot}, epoch {state.epoch}"
            raise InvalidBlock(rule, message)
        duties = state.get_duties(epoch)
        if not (index < len(duties.slots) and duties.slots[index] == vote.slot):
            raise InvalidBlock(rule, f"validator {index} is not in the committee of slot {vote.slot}")
        source = beacon.get_source(state, vote)
        if vote.source != source:
            message = f"source of epoch {vote.source.epoch}; on this branch it is epoch {source.epoch}"
            raise InvalidBlock(rule, message)
        counted = state.flags if epoch == state.epoch else state.previous_flags
        if not beacon.compute_flags(state, slot, vote, self.constants) & ~counted[index]:
            raise InvalidBlock(rule, f"validator {index}'s vote of epoch {epoch} counts for nothing new")

    def _check_evidence(self, state: BeaconState, one: Attestation, other: Attestation) -> None:
        index, rule = one.validator, "proof-of-stake/slashing"
        if index != other.validator or not is_slashable(one.vote, other.vote):
            raise InvalidBlock(rule, f"votes of validators {index} and {other.validator} that do not contradict")
        if not (self._is_signed(one) and self._is_signed(other)):
            raise InvalidBlock(rule, f"not both votes are signed by validator {index}")
        self._check_slashable(state, index)

    def _check_double_proposal(self, state: BeaconState, first: Header, second: Header) -> None:
        (one, signed), (other, also_signed) = read_proposal(first), read_proposal(second)
        index, rule = one.proposer, "proof-of-stake/slashing"
        if (one.slot, index) != (other.slot, other.proposer) or signed == also_signed:
            message = f"headers of validators {index} and {other.proposer}, slots {one.slot} and {other.slot}"
            raise InvalidBlock(rule, f"{message} do not contradict")
        is_signed_by = [self.keyring.is_valid(index, BLOCK_DOMAIN, signed, one.signature)]
        is_signed_by.append(self.keyring.is_valid(index, BLOCK_DOMAIN, also_signed, other.signature))
        if not all(is_signed_by):
            raise InvalidBlock(rule, f"not both headers are signed by validator {index}")
        self._check_slashable(state, index)

    def _check_slashable(self, state: BeaconState, index: int) -> None:
        if not is_slashable_validator(state, index):
            raise InvalidBlock("proof-of-stake/slashing", f"validator {index} cannot be slashed (any more)")

    def compute_rewards(
        self, parent: BeaconState, proposer: Address, consensus: bytes, subsidy: int
    ) -> tuple[Reward, ...]:
        """Pay out the stake of those that have left (process_withdrawals)."""
        state = self.get_state(parent, self.get_epoch(decode(Seal, consensus).slot))
        return tuple(reward for _, reward in get_withdrawals(state))

    def apply(self, parent: BeaconState, block: Block, changes: tuple[StakeChange, ...] = ()) -> BeaconState:
        seal = decode(Seal, block.header.consensus)
        state = self.get_state(parent, self.get_epoch(seal.slot))
        state = apply_withdrawals(state)
        state = beacon.apply_header(state, seal.slot, block.hash, seal.proposer, seal.reveal)
        offenders = [one.validator for one, _ in seal.slashed_votes]
        offenders += [read_proposal(one)[0].proposer for one, _ in seal.slashed_proposals]
        for index in offenders:
            state = apply_slashing(state, index, seal.proposer, self.constants)
        state = beacon.apply_attestations(state, seal.slot, seal.proposer, seal.attestations, self.constants)
        for wish in seal.exits:
            state = apply_exit(state, wish.validator, self.constants)
        return apply_changes(state, changes, self.indices, self.constants) if changes else state

    def weight(self, state: BeaconState) -> int:
        """Return the order in which justification is looked for: by justified epoch, then by slot. No head follows."""
        return state.justification.justified.epoch << 40 | state.slot

    def wakes_agents(self, parent: BeaconState, state: BeaconState) -> Collection[int]:
        """Return the committee that waits for the block."""
        return state.duties.committees[state.slot % self.constants.slots_per_epoch]

    # Messages ------------------------------------------------------------------------------------------------------

    def check_message(self, view: View, message: Any) -> Envelope:
        """A vote speaks for itself: its value is its digest, so that double votes show."""
        rule = "proof-of-stake/message"
        if isinstance(message, VoluntaryExit):
            if not is_signed(message, self.keyring):
                raise InvalidMessage(rule, f"not signed by validator {message.validator}")
            return Envelope(EXIT_TOPIC, encode(message.epoch), message.validator)
        if not isinstance(message, Attestation):
            return super().check_message(view, message)
        vote = message.vote
        if not vote.source.epoch <= vote.target.epoch == self.get_epoch(vote.slot):
            epochs = f"source {vote.source.epoch}, target {vote.target.epoch}"
            raise InvalidMessage(rule, f"a vote of slot {vote.slot} with {epochs}")
        if not self._is_signed(message):
            raise InvalidMessage(rule, f"not signed by validator {message.validator}")
        return Envelope(get_vote_topic(vote.target.epoch), digest(VOTE_DOMAIN, encode(vote)), message.validator)

    def _is_signed(self, attestation: Attestation) -> bool:
        data = encode(attestation.vote)
        return self.keyring.is_valid(attestation.validator, VOTE_DOMAIN, data, attestation.signature)

    # Fork choice ---------------------------------------------------------------------------------------------------

    def head(self, view: View) -> BlockRecord:
        """Return the head by LMD-GHOST from the justified checkpoint; without a fork since then, the latest block."""
        tip, slot = view.heaviest(), self.get_slot(view.now_us)
        justified = self.get_justification(tip.state, self.get_epoch(slot)).justified
        root = view.get_known(justified.block)
        assert root is not None
        is_straight = tip.index - root.index == tip.height - root.height and next(view.iter_known(tip), None) is None
        if is_straight and tip.state.slot <= slot:
            return tip

        def iter_known(since: BlockRecord) -> Iterator[BlockRecord]:
            return (record for record in view.iter_known(since) if record.state.slot <= slot)

        def is_viable(leaf: BlockRecord) -> bool:
            source = self.get_justification(leaf.state, self.get_epoch(slot)).justified
            return justified.epoch in (0, source.epoch) or source.epoch + 2 >= self.get_epoch(slot)

        votes = self.get_votes(view, slot, self.get_state(root.state, justified.epoch))
        self._boost_timely(view, slot, votes)
        return choose_head(root, votes, iter_known, is_viable)

    def get_votes(self, view: View, slot: int, justified: BeaconState) -> Votes:
        """Return the stake behind each block: latest votes of before this slot, by the justified state's balances."""
        votes: Votes = {}
        for index, vote in self._get_latest(view, slot, len(justified.duties.active)).items():
            record, validator = view.get_known(vote.head), justified.registry.validators[index]
            counts = validator.is_active(justified.epoch) and not validator.is_slashed
            if counts and record is not None and record.state.slot <= vote.slot:
                _add_stake(votes, record, validator.effective_balance)
        return votes

    def _get_latest(self, view: View, slot: int, voters: int) -> dict[int, Vote]:
        """Return each validator's latest vote of before a slot; looks no further back once ``voters`` have one."""
        latest: dict[int, Vote] = {}
        equivocators: dict[int, None] = {}
        epoch = self.get_epoch(slot)
        for earlier in range(epoch, max(-1, epoch - KEPT_EPOCHS), -1):
            topic = get_vote_topic(earlier)
            equivocators.update((one.validator, None) for one, _ in view.get_conflicts(topic))
            for attestation in view.get_messages(topic):
                if attestation.vote.slot < slot:
                    latest.setdefault(attestation.validator, attestation.vote)
            if len(latest) >= voters:
                break
        return {index: vote for index, vote in latest.items() if index not in equivocators}

    def _boost_timely(self, view: View, slot: int, votes: Votes) -> None:
        """Add the proposer boost to the first block of this slot that came before the committee was due to vote."""
        start_us = self.get_start_us(slot)
        timely = []
        for record in view.iter_known_back():
            if record.published_us < start_us:
                break
            known_us = view.get_known_us(record)
            if record.state.slot == slot and known_us < start_us + self.due_us:
                timely.append((known_us, record.hash, record))
        if timely:
            record = min(timely, key=lambda entry: entry[:2])[2]
            committee = record.state.duties.total_balance // self.constants.slots_per_epoch
            _add_stake(votes, record, committee * self.boost_percent // 100)

    def finalized(self, view: View) -> BlockRecord:
        """Return the higher of what the heaviest block makes final and of what the node has declared final."""
        declared, reached = view.latest_final(), view.get_known(view.heaviest().state.justification.finalized.block)
        return reached if reached is not None and reached.height > declared.height else declared


def _memoise(memory: dict[tuple[Hash, int], T], key: tuple[Hash, int], compute: Callable[[], T]) -> T:
    value = memory.get(key)
    if value is None:
        value = memory[key] = compute()
        if len(memory) > MAX_REMEMBERED:
            del memory[next(iter(memory))]
    return value


def _add_stake(votes: Votes, record: BlockRecord, amount: int) -> None:
    before = votes[record.index][1] if record.index in votes else 0
    votes[record.index] = record, before + amount


def get_checkpoint(state: BeaconState, constants: StakeConstants) -> Checkpoint:
    """Return the checkpoint of the epoch the state is in, on its branch: the target of its votes."""
    return Checkpoint(state.epoch, state.get_root(state.epoch * constants.slots_per_epoch))

"""Proof of stake as Ethereum has it: Gasper's parameters, and the honest validator.

Idea: time is cut into slots, 32 of them an epoch. In each slot one validator, drawn by stake, proposes a block, and a
committee, a 32nd of all, votes: for the head it sees (chain/consensus/lmd_ghost.py) and for a link between checkpoints
(casper_ffg.py). Votes travel as messages and are counted once a block carries them (gasper.py). At the end of an epoch
two thirds justify and finalise (beacon_chain.py), and stake is paid, fined, leaked, let in and out
(stake_accounting.py). Who proposes and votes when follows from randomness the chain makes itself: each proposer mixes
in a signature it cannot choose (RANDAO; shuffling.py).

Source: Buterin et al., Combining GHOST and Casper (arXiv:2003.03052); ethereum/consensus-specs ``validator.md``
(phase0: ``get_committee_assignment``, "Attesting", "How to avoid slashing") and configs/mainnet.yaml; EIP-3076.

Simplifications: Ed25519 instead of BLS, so a block carries each vote with its own signature; one committee a slot, no
aggregators, no sync committee; one validator a node, with the node's index; rewards and penalties move stake, not coins
of the ledger's accounts, until it is withdrawn; the justified checkpoint of a view is that of its block of highest
justified epoch, and of two finals that the leak made in a partition the heavier branch's counts; votes older than
``KEPT_EPOCHS`` are forgotten; a validator looks for its duties at the start of an epoch, not again when its head
changes to a branch with other duties.
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chain.consensus.base import (
    Agent,
    Broadcast,
    CancelTimer,
    Effect,
    Effects,
    Finalize,
    Forget,
    Publish,
    SetTimer,
    Setup,
    View,
)
from chain.consensus.beacon_chain import BeaconState, get_proposer
from chain.consensus.block_tree import BlockRecord
from chain.consensus.casper_ffg import VOTE_DOMAIN, Attestation, Vote
from chain.consensus.gasper import (
    BLOCK_DOMAIN,
    KEPT_EPOCHS,
    REVEAL_DOMAIN,
    GasperRules,
    Seal,
    get_checkpoint,
    get_vote_topic,
)
from chain.consensus.proposer_reorg import get_proposer_head
from chain.consensus.stake_accounting import StakeConstants
from chain.consensus.stake_operations import (
    Evidence,
    find_slashable_votes,
    get_pending_exits,
    is_slashable_validator,
    sign_exit,
)
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, build_keyring
from chain.draws import draw_bytes
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block, Header
from chain.units import COIN, DAY, MILLISECOND, SECOND, NodeId, Span, TimeUs

MAX_INTERVAL_US: Final = 366 * DAY
ACTIVATION_COINS: Final = 32
_EPOCH, _ATTEST, _PROPOSE = "epoch", "attest", "propose"
_Epochs = Annotated[int, Meta(ge=0, le=10**6)]


class ProofOfStakeParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for proof of stake; the defaults are Ethereum mainnet's."""

    protocol: str = "proof-of-stake"
    interval: Span = Span(12 * SECOND)
    """Length of a slot."""
    slots_per_epoch: Annotated[int, Meta(ge=2, le=1024)] = 32
    fork: Literal["phase0", "altair", "bellatrix", "electra"] = "electra"
    """The upgrade whose penalty quotients hold (chain/consensus/stake_accounting.py, ``FORKS``)."""
    attestation_due_bps: Annotated[int, Meta(ge=0, le=9999)] = 3333
    """When in its slot a committee votes at the latest, in hundredths of a per cent of it: a third."""
    proposer_boost_percent: Annotated[int, Meta(ge=0, le=100)] = 40
    """Weight of a timely block during its slot, as a share of a committee's."""
    max_effective_balance_coins: Annotated[int, Meta(ge=1, le=10**9)] = 2048
    """Stake beyond this has no weight; 2048 since electra, 32 before. Raised to the largest stake of genesis."""
    base_reward_factor: Annotated[int, Meta(ge=0, le=10**6)] = 64
    """Scales all rewards and the penalties for missed votes."""
    min_epochs_to_inactivity_penalty: _Epochs = 4
    """Epochs without finality after which the inactivity leak begins."""
    inactivity_quotient: Annotated[int, Meta(ge=0, le=1 << 40)] = 0
    """Divides the penalties of the leak: the smaller, the faster; 0 is the upgrade's, 16777216 since bellatrix."""
    epochs_per_slashings: Annotated[int, Meta(ge=2, le=10**6)] = 8192
    """How long a slashing counts for others; the correlation penalty falls due halfway."""
    withdrawability_delay_epochs: _Epochs = 256
    """Between leaving and being free of all duties."""
    least_service_epochs: _Epochs = 256
    """How long a validator stays before it may leave."""
    min_churn_per_epoch: Annotated[int, Meta(ge=1, le=10**6)] = 4
    """Validators that may enter, and that may leave, in an epoch."""
    churn_quotient: Annotated[int, Meta(ge=1, le=10**9)] = 65_536
    """One in so many active validators may enter or leave in an epoch, where that is more."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100
    """Power of a running node; 100 W all in is C. Beekhuizen's estimate (Ethereum Foundation blog, May 2021)."""

    def __post_init__(self) -> None:
        """Refuse slots without a length. Raises InvalidScenario naming the key."""
        if not MILLISECOND <= self.interval <= MAX_INTERVAL_US:
            raise InvalidScenario("consensus.interval", str(self.interval), '"1ms" to "366d"')


class GasperValidator(Agent):
    """An honest validator: proposes and votes when it is its turn, and never contradicts itself."""

    __slots__ = ("_proposed_slot", "_source_epoch", "_target_epoch", "_uptime", "index", "rules", "watts")

    def __init__(self, rules: GasperRules, index: int, watts: int) -> None:
        self.rules, self.index, self.watts = rules, index, watts
        self._uptime = Uptime()
        # What it has signed (EIP-3076): it signs nothing that could be slashed beside this.
        self._proposed_slot, self._source_epoch, self._target_epoch = 0, 0, -1

    def start(self, view: View) -> Effects:
        self._uptime = self._uptime.start(view.now_us)
        return self._plan(view)

    def stop(self, view: View) -> None:
        self._uptime = self._uptime.stop(view.now_us)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if name == _EPOCH:
            return self._plan(view)
        return self._attest(view, data) if name == _ATTEST else self._propose(view, data)

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        """Vote as soon as the slot's block is there."""
        slot = self.rules.get_slot(view.now_us)
        return self._attest(view, slot) if block.state.slot == slot else ()

    # Duties --------------------------------------------------------------------------------------------------------

    def _plan(self, view: View) -> Effects:
        """Look at the start of an epoch for one's duties in it, and at what has become final."""
        rules, now_us = self.rules, view.now_us
        epoch = rules.get_epoch(rules.get_slot(now_us))
        head = rules.head(view)
        state = rules.get_state(head.state, epoch)
        first, stop = epoch * rules.constants.slots_per_epoch, (epoch + 1) * rules.constants.slots_per_epoch
        effects: list[Effect] = [SetTimer(_EPOCH, rules.get_start_us(stop)), *self._finalize(view, state)]
        if self.index not in state.duties.active:
            return effects
        due_us = TimeUs(rules.get_start_us(state.duties.slots[self.index]) + rules.due_us)
        if due_us >= now_us:
            effects.append(SetTimer(_ATTEST, due_us, state.duties.slots[self.index]))
        for slot in range(max(first, head.state.slot + 1), stop):
            start_us = rules.get_start_us(slot)
            if start_us >= now_us and get_proposer(state.duties, slot) == self.index:
                effects.append(SetTimer(f"{_PROPOSE} {slot}", start_us, slot))
        return effects

    def _finalize(self, view: View, state: BeaconState) -> list[Finalize]:
        record = view.get_known(state.justification.finalized.block)
        is_new = record is not None and record.height > view.latest_final().height
        return [Finalize(state.justification.finalized.block)] if is_new else []

    def _attest(self, view: View, slot: int) -> Effects:
        rules = self.rules
        head = rules.head(view)
        state = rules.get_state(head.state, rules.get_epoch(slot))
        vote = Vote(slot, head.hash, state.justification.justified, get_checkpoint(state, rules.constants))
        has_duty = state.duties.slots[self.index] == slot
        if not has_duty or vote.target.epoch <= self._target_epoch or vote.source.epoch < self._source_epoch:
            return ()
        self._source_epoch, self._target_epoch = vote.source.epoch, vote.target.epoch
        return [CancelTimer(_ATTEST), self.build_vote(vote)]

    def build_vote(self, vote: Vote) -> Broadcast:
        """Return the message that carries a signed vote."""
        return Broadcast(Attestation(self.index, vote, self.rules.keyring.sign(self.index, VOTE_DOMAIN, encode(vote))))

    def _propose(self, view: View, slot: int) -> Effects:
        rules = self.rules
        head = get_proposer_head(rules, view, slot)
        if head.state.slot >= slot or slot <= self._proposed_slot:
            return ()
        state = rules.get_state(head.state, rules.get_epoch(slot))
        is_chosen = get_proposer(state.duties, slot) == self.index
        if not is_chosen or state.registry.validators[self.index].is_slashed:
            return ()
        self._proposed_slot = slot
        old = tuple(get_vote_topic(epoch) for epoch in range(state.epoch - KEPT_EPOCHS - 2, state.epoch - KEPT_EPOCHS))
        return [Publish(self.build_proposal(view, head, state, slot)), Forget(old)]

    def build_proposal(self, view: View, head: BlockRecord, state: BeaconState, slot: int) -> Block:
        """Return a signed block on ``head``, whose state in the slot's epoch is ``state``, with all it may carry."""
        rules, keyring = self.rules, self.rules.keyring
        seal = Seal(
            slot=slot,
            proposer=self.index,
            reveal=keyring.sign(self.index, REVEAL_DOMAIN, encode(state.epoch)),
            attestations=tuple(self._get_includable(view, state, slot)),
            slashed_votes=tuple(self._find_slashable_votes(view, state)),
            slashed_proposals=tuple(self._find_double_proposals(view, head, state)),
            exits=get_pending_exits(view, state, rules.constants),
        )
        block = view.build_block(head.hash, encode(seal))
        signed = replace(seal, signature=keyring.sign(self.index, BLOCK_DOMAIN, block.hash))
        return Block(replace(block.header, consensus=encode(signed)), block.transactions)

    # What a block carries ------------------------------------------------------------------------------------------

    def _get_includable(self, view: View, state: BeaconState, slot: int) -> list[Attestation]:
        """Return the votes of this epoch and the one before that this branch has not counted yet, in order."""
        chosen: dict[tuple[int, int], Attestation] = {}
        for epoch, counted in ((state.epoch - 1, state.previous_flags), (state.epoch, state.flags)):
            for attestation in view.get_messages(get_vote_topic(epoch)):
                if not counted[attestation.validator] and self._is_includable(state, slot, attestation):
                    chosen.setdefault((epoch, attestation.validator), attestation)
        return [chosen[key] for key in sorted(chosen)]

    def _is_includable(self, state: BeaconState, slot: int, attestation: Attestation) -> bool:
        try:
            self.rules.check_attestation(state, slot, attestation)
        except InvalidBlock:
            return False  # of another branch, or too late to count for anything
        return True

    def _find_slashable_votes(self, view: View, state: BeaconState) -> list[Evidence]:
        """Return evidence among the votes one knows: double votes, and votes that surround another."""
        conflicts, recent = [], []
        for epoch in (state.epoch - 1, state.epoch):
            conflicts += view.get_conflicts(get_vote_topic(epoch))
            recent += view.get_messages(get_vote_topic(epoch))
        wide = [it for it in recent if it.vote.target.epoch - it.vote.source.epoch > 2]  # only these can surround one
        first = max(state.epoch - KEPT_EPOCHS, min((it.vote.source.epoch + 1 for it in wide), default=state.epoch))
        older = [it for epoch in range(first, state.epoch) for it in view.get_messages(get_vote_topic(epoch))]
        found = {one.validator: (one, other) for one, other in [*conflicts, *find_slashable_votes(wide, older)]}
        return [found[index] for index in sorted(found) if is_slashable_validator(state, index)]

    def _find_double_proposals(self, view: View, head: BlockRecord, state: BeaconState) -> list[tuple[Header, Header]]:
        """Return evidence among the blocks one knows of this epoch and the one before."""
        since, first_slot = head, (state.epoch - 1) * self.rules.constants.slots_per_epoch
        while since.parent is not None and since.state.slot >= first_slot:
            since = since.parent
        seen: dict[tuple[int, int], Header] = {}
        found: dict[int, tuple[Header, Header]] = {}
        for record in view.iter_known(since):
            key, header = (record.state.slot, record.state.proposer), record.block.header
            if seen.setdefault(key, header) is not header and is_slashable_validator(state, record.state.proposer):
                found.setdefault(record.state.proposer, (seen[key], header))
        return [found[index] for index in sorted(found)]

    # Stake ---------------------------------------------------------------------------------------------------------

    def leave(self, view: View) -> Effects:
        """Ask to leave: the validator goes on until the exit queue lets it out."""
        epoch = self.rules.get_epoch(self.rules.get_slot(view.now_us))
        return [Broadcast(sign_exit(self.index, epoch, self.rules.keyring))]

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(watts=self.watts, now_us=now_us)


def build_constants(parameters: ProofOfStakeParameters, stakes: tuple[int, ...]) -> StakeConstants:
    """Return the constants of a run.

    So that every stake of genesis counts, the balance for activation is 32 coins or the smallest stake, that for
    ejection half of it, and the largest effective balance at least the largest stake. Raises InvalidScenario without
    any stake.
    """
    positive = [amount for amount in stakes if amount]
    if not positive:
        raise InvalidScenario("nodes.stake_coins", 0, "a stake for at least one node")
    activation = min(ACTIVATION_COINS * COIN, *positive)
    return StakeConstants(
        fork=parameters.fork,
        slots_per_epoch=parameters.slots_per_epoch,
        max_effective_balance=max(parameters.max_effective_balance_coins * COIN, *positive),
        activation_balance=activation,
        ejection_balance=activation // 2,
        base_reward_factor=parameters.base_reward_factor,
        min_epochs_to_inactivity_penalty=parameters.min_epochs_to_inactivity_penalty,
        inactivity_quotient=parameters.inactivity_quotient,
        epochs_per_slashings=parameters.epochs_per_slashings,
        withdrawability_delay_epochs=parameters.withdrawability_delay_epochs,
        least_service_epochs=parameters.least_service_epochs,
        min_churn_per_epoch=parameters.min_churn_per_epoch,
        churn_quotient=parameters.churn_quotient,
    )


def build(parameters: ProofOfStakeParameters, context: Context) -> Setup[BeaconState]:
    """Return the rules and a validator for every node; those without stake wait for a deposit."""
    nodes = [NodeId(node) for node in range(context.nodes)]
    rules = GasperRules(
        build_constants(parameters, context.stakes),
        build_keyring(context, nodes, list(context.stakes)),
        draw_bytes(context.seed, 32, "randao"),
        parameters.interval,
        parameters.interval * parameters.attestation_due_bps // 10_000,
        parameters.proposer_boost_percent,
    )
    agents: dict[NodeId, Agent] = {node: GasperValidator(rules, node, parameters.watts_per_node) for node in nodes}
    return Setup(parameters.protocol, rules, agents, 0)

"""Delegated proof of stake: those with stake approve producers, and the most approved take turns.

Rules. Everybody with stake approves candidates, and the most approved make the blocks (chain/consensus/elections.py).
Time is cut into slots of ``interval``. In a round each producer has ``repetitions`` slots one after another; the order
is fixed (EOS: by account) or shuffled after every round (BitShares). A block's slot is later than its parent's and
belongs to its producer. A slot whose producer is silent stays empty.

Last irreversible block. EOS: a block says how many blocks before it its producer confirms, none it may have
contradicted before; what more than two thirds of the producers confirmed is proposed as irreversible, and what more
than two thirds of them have seen proposed is irreversible. So a block needs two passes through the producers: that is
the lag of 325 blocks and more with 21 of them and 12 slots each. BitShares: what 70 % of the producers have built upon.

Final means irreversible. Under the EOS rule no two branches can both get there while fewer than a third of the
producers lie, since an honest one never confirms two blocks of one height; the branch with the higher irreversible
block is followed, and of those the longest. The BitShares rule counts a producer who changes branches on both: its
finality is by depth, and a partition can undo it.

Sources: EOSIO 1.8, libraries/chain/block_header_state.cpp (``next``, ``calc_dpos_last_irreversible``,
``get_scheduled_producer``), plugins/producer_plugin (watermarks), fork_database.cpp (``by_lib_block_num``); BitShares,
graphene libraries/chain/db_update.cpp (``update_last_irreversible_block``). BitShares asks for 70 %
(GRAPHENE_IRREVERSIBLE_THRESHOLD).

Simplifications: at genesis who has stake approves itself and the next candidates after it, ``approvals`` in all.
Ed25519 for secp256k1, so a block names its producer.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta
from msgspec.structs import replace

from chain.consensus.base import Agent, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.elections import (
    Electorate,
    Producers,
    Schedule,
    apply_changes,
    count_votes,
    elect,
    promote,
    shuffle_producers,
)
from chain.consensus.signed_seal import is_signed, sign_block
from chain.consensus.stake_book import build_book
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, Keyring, build_keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block
from chain.ledger.context import Reward, StakeChange
from chain.units import DAY, MILLISECOND, SECOND, Address, NodeId, Span, TimeUs

SEAL_DOMAIN: Final = "dpos-seal"
MAX_TRACKED: Final = 1024
"""Blocks whose confirmations are counted at most (EOSIO, maximum_tracked_dpos_confirmations)."""
IRREVERSIBLE_PERCENT: Final = 70
_SLOT: Final = "slot"


class DelegatedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]``; the scenarios eos and bitshares set it as those chains are."""

    protocol: str = "delegated-proof-of-stake"
    interval: Span = Span(3 * SECOND)
    """Length of a slot. EOS: 0.5 s; BitShares: 3 s."""
    producers: Annotated[int, Meta(ge=1, le=125)] = 21
    """How many are elected; fewer where there are fewer candidates. EOS: 21 (max_producers is 125)."""
    repetitions: Annotated[int, Meta(ge=1, le=1000)] = 1
    """Slots of a producer in a row. EOS: 12; BitShares: 1."""
    order: Literal["fixed", "shuffled"] = "fixed"
    """By account, or shuffled anew after every round. EOS: fixed; BitShares: shuffled."""
    irreversible: Literal["eos", "bitshares"] = "eos"
    """Which rule makes blocks irreversible."""
    approvals: Annotated[int, Meta(ge=1, le=1000)] = 1
    """How many candidates each holder of stake approves at genesis. EOS: up to 30."""
    election_interval: Span = Span(60 * SECOND)
    """How often votes are counted. EOS: a minute; BitShares: at maintenance, once a day by default."""
    refund_delay: Span = Span(3 * DAY)
    """How long stake that is taken back takes. EOS: three days."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100
    """Power a node takes while it runs."""

    def __post_init__(self) -> None:
        """Refuse what no chain can grow from. Raises InvalidScenario naming the key."""
        if not MILLISECOND <= self.interval <= 366 * DAY:
            raise InvalidScenario("consensus.interval", str(self.interval), '"1ms" to "366d"')


class Confirmations(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What has been confirmed up to a block (EOSIO's block_header_state, the part about irreversibility)."""

    height: int
    missing: bytes
    """By block not yet proposed, the last one being this: how many confirmations it lacks (confirm_count)."""
    proposed: int = 0
    """Height proposed as irreversible (dpos_proposed_irreversible_blocknum)."""
    implied: tuple[int, ...] = ()
    """By producer: what had been proposed when it last produced (producer_to_last_implied_irb)."""
    irreversible: int = 0
    """Height of the last irreversible block (dpos_irreversible_blocknum)."""
    produced: tuple[int, ...] = ()
    """By producer: the height of its last block (producer_to_last_produced)."""


def build_confirmations(producers: int) -> Confirmations:
    """Return the state at genesis."""
    return Confirmations(0, b"", 0, (0,) * producers, 0, (0,) * producers)


def apply_eos_block(before: Confirmations, producer: int, confirmed: int) -> Confirmations:
    """Return the state after a block of the producer of this place that confirms so many blocks before it."""
    height, count = before.height + 1, len(before.produced)
    missing = bytearray(before.missing[-(MAX_TRACKED - 1) :])
    missing.append(2 * count // 3 + 1)
    proposed = before.proposed
    for index in range(len(missing) - 1, max(-1, len(missing) - 2 - confirmed), -1):
        missing[index] -= 1
        if not missing[index]:
            proposed = height - (len(missing) - 1 - index)
            del missing[: index + 1]
            break
    # "2/3 must be greater, so if I go 1/3 into the list sorted from low to high, then 2/3 are greater"
    implied = _replace(before.implied, producer, before.proposed)
    irreversible = sorted(implied)[(count - 1) // 3]
    produced = _replace(before.produced, producer, height)
    return Confirmations(height, bytes(missing), proposed, implied, irreversible, produced)


def apply_bitshares_block(before: Confirmations, producer: int | None) -> Confirmations:
    """Return the state after a block of the producer of this place: 70 % have built on what is irreversible.

    None: somebody who was voted out, but has his turn in the round that is under way.
    """
    height = before.height + 1
    produced = before.produced if producer is None else _replace(before.produced, producer, height)
    place = (100 - IRREVERSIBLE_PERCENT) * len(produced) // 100
    irreversible = max(before.irreversible, sorted(produced)[place])
    return Confirmations(height, b"", 0, (), irreversible, produced)


def change_producers(before: Confirmations, old: Producers, new: Producers) -> Confirmations:
    """Return the state for another set: a newcomer counts as having seen what is irreversible (EOS), or nothing."""
    places = {index: place for place, index in enumerate(old)}
    start = before.irreversible if before.implied else 0
    produced = tuple(before.produced[places[it]] if it in places else start for it in new)
    implied = tuple(before.implied[places[it]] if it in places else start for it in new) if before.implied else ()
    return replace(before, produced=produced, implied=implied)


def _replace(values: tuple[int, ...], place: int, value: int) -> tuple[int, ...]:
    return (*values[:place], value, *values[place + 1 :])


# Blocks --------------------------------------------------------------------------------------------------------------


class DelegatedSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What delegated proof of stake puts into a header's ``consensus`` bytes."""

    slot: int
    confirmed: Annotated[int, Meta(ge=0)]
    """So many blocks before this one are confirmed by it; 0 under the BitShares rule."""
    signature: bytes = b""
    """The producer's, over the header without these bytes."""


class DelegatedState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The consensus state after a block."""

    slot: int
    missed: int
    """Slots that stayed empty on this branch."""
    order: Producers
    """The producers of the round, by their turn."""
    confirmations: Confirmations
    schedule: Schedule
    electorate: Electorate


class DelegatedRules(Rules[DelegatedState]):
    """Checks slots, turns and confirmations. One object serves every node."""

    takes_stake = True

    def __init__(
        self, parameters: DelegatedParameters, keyring: Keyring, producers: list[int], electorate: Electorate
    ) -> None:
        self.parameters, self.keyring = parameters, keyring
        self.producers = self.sort(producers)
        """Those elected at genesis, by place."""
        self.is_eos = parameters.irreversible == "eos"
        self.finality = Finality.INSTANT if self.is_eos else Finality.DEPTH
        self.electorate = electorate
        self.candidates = {one.account: one.index for one in keyring.validators}

    def sort(self, producers: list[int]) -> Producers:
        """Return producers by place: in order of account, as EOS does it by account name."""
        return tuple(sorted(producers, key=lambda index: self.keyring.validators[index].account))

    def genesis(self, block: Block) -> DelegatedState:
        confirmations = build_confirmations(len(self.producers))
        return DelegatedState(0, 0, self.producers, confirmations, Schedule(self.producers), self.electorate)

    def get_turn(self, state: DelegatedState, slot: int) -> int:
        """Return the validator whose slot it is, after a block with this state."""
        turn = slot % (len(state.order) * self.parameters.repetitions) // self.parameters.repetitions
        return state.order[turn]

    def check(self, parent: DelegatedState, block: Block) -> None:
        header, seal = block.header, decode(DelegatedSeal, block.header.consensus)
        if seal.slot <= parent.slot or seal.slot * self.parameters.interval != header.time_us:
            message = f"slot {seal.slot} at {header.time_us} µs, after slot {parent.slot}"
            raise InvalidBlock("dpos/slot", f"{message}; slots last {int(self.parameters.interval)} µs")
        producer = self.keyring.validators[self.get_turn(parent, seal.slot)]
        if header.proposer != producer.account:
            message = f"slot {seal.slot} is that of {producer.account.hex()[:16]}…"
            raise InvalidBlock("dpos/producer", f"{message}, not of {header.proposer.hex()[:16]}…")
        self._check_confirmed(parent, producer.index, seal.confirmed)
        if not is_signed(header, seal, self.keyring, producer.index, SEAL_DOMAIN):
            message = f"{seal.signature.hex()[:16]}… is no signature of this header by {producer.account.hex()[:16]}…"
            raise InvalidBlock("dpos/signature", message)

    def _check_confirmed(self, parent: DelegatedState, index: int, confirmed: int) -> None:
        before, most = parent.confirmations, 0
        if self.is_eos:
            most = before.height - before.produced[parent.schedule.producers.index(index)]
        if confirmed > most:
            message = f"{confirmed} blocks confirmed, {most} came since the producer's last"
            raise InvalidBlock("dpos/double-confirm", message)

    def compute_rewards(
        self, parent: DelegatedState, proposer: Address, consensus: bytes, subsidy: int
    ) -> tuple[Reward, ...]:
        """Pay back the stake that was asked for and is due."""
        return parent.electorate.book.get_due(parent.slot * self.parameters.interval)

    def apply(self, parent: DelegatedState, block: Block, changes: tuple[StakeChange, ...] = ()) -> DelegatedState:
        seal, p = decode(DelegatedSeal, block.header.consensus), self.parameters
        index, schedule = self.get_turn(parent, seal.slot), parent.schedule
        place = schedule.producers.index(index) if index in schedule.producers else None
        if self.is_eos:
            assert place is not None
            after = apply_eos_block(parent.confirmations, place, seal.confirmed)
            schedule = promote(schedule, after.height, after.irreversible)
        else:
            after = apply_bitshares_block(parent.confirmations, place)
        if (seal.slot - schedule.counted_slot) * p.interval > p.election_interval:
            schedule = count_votes(schedule, self._elect(parent.electorate), seal.slot, after.height, self.is_eos)
        if schedule.producers != parent.schedule.producers:
            after = change_producers(after, parent.schedule.producers, schedule.producers)
        electorate = apply_changes(
            parent.electorate, changes, self.candidates, parent.slot * p.interval, p.refund_delay
        )
        order = self._get_order(parent, schedule, after.height, block.header.time_us)
        return DelegatedState(
            seal.slot, parent.missed + seal.slot - parent.slot - 1, order, after, schedule, electorate
        )

    def _elect(self, electorate: Electorate) -> Producers:
        elected = elect(dict(electorate.ballots), electorate.book.compute_stakes(), self.parameters.producers)
        return self.sort(elected)

    def _get_order(self, parent: DelegatedState, schedule: Schedule, height: int, time_us: int) -> Producers:
        """Return who takes turns after a block; BitShares keeps to the round that is under way."""
        is_new, is_shuffled = schedule.producers != parent.schedule.producers, self.parameters.order == "shuffled"
        if is_shuffled and height % (len(schedule.producers) * self.parameters.repetitions) == 0:
            return shuffle_producers(schedule.producers, time_us)
        return schedule.producers if is_new and (self.is_eos or not is_shuffled) else parent.order

    def weight(self, state: DelegatedState) -> int:
        """Return the height; under the EOS rule what is irreversible comes first (fork_database, by_lib_block_num)."""
        return (state.confirmations.irreversible << 64 if self.is_eos else 0) + state.confirmations.height

    def finalized(self, view: View) -> BlockRecord:
        record = view.heaviest()
        irreversible = record.state.confirmations.irreversible
        while record.height > irreversible and record.parent is not None:
            record = record.parent
        return record

    def wakes_agents(self, parent: DelegatedState, state: DelegatedState) -> list[int]:
        """Return the nodes of those whose turns have changed."""
        if state.order == parent.order:
            return []
        return [self.keyring.validators[index].node for index in sorted({*parent.order, *state.order})]


class Producer(Agent):
    """An honest elected producer: in each of its slots it builds on the best block it knows."""

    __slots__ = ("_uptime", "_watermark", "index", "rules")

    def __init__(self, rules: DelegatedRules, index: int) -> None:
        self.rules, self.index = rules, index
        self._uptime, self._watermark = Uptime(), 0  # the height it last signed, on whatever branch

    def start(self, view: View) -> Effects:
        self._uptime = self._uptime.start(view.now_us)
        return self._arm(view)

    def stop(self, view: View) -> None:
        self._uptime = self._uptime.stop(view.now_us)

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        return self._arm(view)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        head, rules = view.heaviest(), self.rules
        state: DelegatedState = head.state
        if state.slot >= data or rules.get_turn(state, data) != self.index:
            return self._arm(view)
        # what it may have contradicted on another branch it does not confirm (producer_plugin, watermarks)
        confirmed = min(max(0, head.height - self._watermark), head.height - state.confirmations.irreversible)
        seal = DelegatedSeal(data, confirmed if rules.is_eos and self._watermark else 0)
        self._watermark = max(self._watermark, head.height + 1)
        block = view.build_block(head.hash, encode(seal))
        return [Publish(sign_block(block, seal, rules.keyring, self.index, SEAL_DOMAIN)), *self._arm(view)]

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(self.rules.parameters.watts_per_node, now_us)

    def _arm(self, view: View) -> Effects:
        """Wait for the next own slot, as the order stands."""
        rules, state = self.rules, view.heaviest().state
        interval, first = rules.parameters.interval, view.now_us // rules.parameters.interval + 1
        for slot in range(first, first + len(state.order) * rules.parameters.repetitions):
            if rules.get_turn(state, slot) == self.index:
                return [SetTimer(_SLOT, TimeUs(slot * interval), slot)]
        return ()


def build(parameters: DelegatedParameters, context: Context) -> Setup[Any]:
    """Return the rules and an agent for every node: whoever has no turn waits to be elected."""
    staking = [node for node, stake in enumerate(context.stakes) if stake]
    nodes = [NodeId(node) for node in [*staking, *(node for node, stake in enumerate(context.stakes) if not stake)]]
    keyring = build_keyring(context, nodes, [context.stakes[node] for node in nodes])
    accounts, count = [one.account for one in keyring.validators], len(staking)
    approved = range(min(parameters.approvals, count))
    ballots = {accounts[index]: tuple((index + step) % count for step in approved) for index in range(count)}
    stakes = {one.account: one.power for one in keyring.validators}
    electorate = Electorate(tuple(sorted(ballots.items())), build_book(stakes, context.sponsor))
    rules = DelegatedRules(parameters, keyring, elect(ballots, stakes, parameters.producers), electorate)
    agents: dict[NodeId, Agent] = {one.node: Producer(rules, one.index) for one in keyring.validators}
    count = len(rules.producers)
    depth = 0 if rules.is_eos else count - (100 - IRREVERSIBLE_PERCENT) * count // 100  # where no slot stays empty
    return Setup(parameters.protocol, rules, agents, depth)

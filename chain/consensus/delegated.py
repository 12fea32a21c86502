"""Delegated proof of stake: those with stake approve producers, and the most approved take turns.

Rules. Everybody with stake approves candidates; a candidate's weight is the stake that approves it, and those with the
most weight, ``producers`` of them, make the blocks. Time is cut into slots of ``interval``. In a round each has
``repetitions`` slots one after another; the order is fixed (EOS: by account) or shuffled after every round (BitShares).
A block's slot is later than its parent's and belongs to its producer. A slot whose producer is silent stays empty.

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
graphene libraries/chain: db_update.cpp (``update_last_irreversible_block``), db_witness_schedule.cpp
(``update_witness_schedule``). BitShares asks for 70 % (GRAPHENE_IRREVERSIBLE_THRESHOLD).

Simplifications: who has stake approves itself and the next candidates after it, ``approvals`` in all, and approvals
stay for a run: no transaction changes them yet. Ed25519 for secp256k1, so a block names its producer.
"""

from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from chain.consensus.base import Agent, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.signed_seal import is_signed, sign_block
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, Keyring, build_keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block
from chain.units import DAY, MILLISECOND, SECOND, NodeId, Span, TimeUs

SEAL_DOMAIN: Final = "dpos-seal"
MAX_TRACKED: Final = 1024
"""Blocks whose confirmations are counted at most (EOSIO, maximum_tracked_dpos_confirmations)."""
IRREVERSIBLE_PERCENT: Final = 70
_SLOT: Final = "slot"


class DelegatedParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for delegated proof of stake.

    The scenarios eos and bitshares set it as those chains are.
    """

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
    """How many candidates each holder of stake approves. EOS: up to 30."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100
    """Power a node takes while it runs."""

    def __post_init__(self) -> None:
        """Refuse what no chain can grow from. Raises InvalidScenario naming the key."""
        if not MILLISECOND <= self.interval <= 366 * DAY:
            raise InvalidScenario("consensus.interval", str(self.interval), '"1ms" to "366d"')


# Elections -----------------------------------------------------------------------------------------------------------


def elect(ballots: dict[int, tuple[int, ...]], stakes: dict[int, int], count: int) -> list[int]:
    """Return the ``count`` candidates whom most stake approves, most first; the lower index on ties.

    ``ballots`` has the candidates each voter approves; each of them gets the voter's whole stake.
    """
    weights: dict[int, int] = {}
    for voter in sorted(ballots):
        for candidate in dict.fromkeys(ballots[voter]):
            weights[candidate] = weights.get(candidate, 0) + stakes[voter]
    ranked = sorted(weights, key=lambda candidate: (-weights[candidate], candidate))
    return [candidate for candidate in ranked if weights[candidate]][:count]


def shuffle_producers(producers: tuple[int, ...], time_us: int) -> tuple[int, ...]:
    """Return BitShares' order of a new round, from the time of the block before it (``update_witness_schedule``)."""
    shuffled, mask = list(producers), (1 << 64) - 1
    time_high = (time_us // SECOND) << 32
    for index in range(len(shuffled)):
        luck = time_high + index * 2685821657736338717 & mask
        luck ^= luck >> 12
        luck ^= luck << 25 & mask
        luck ^= luck >> 27
        luck = luck * 2685821657736338717 & mask
        other = index + luck % (len(shuffled) - index)
        shuffled[index], shuffled[other] = shuffled[other], shuffled[index]
    return tuple(shuffled)


# The last irreversible block -----------------------------------------------------------------------------------------


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


def apply_bitshares_block(before: Confirmations, producer: int) -> Confirmations:
    """Return the state after a block of the producer of this place: 70 % have built on what is irreversible."""
    height = before.height + 1
    produced = _replace(before.produced, producer, height)
    place = (100 - IRREVERSIBLE_PERCENT) * len(produced) // 100
    irreversible = max(before.irreversible, sorted(produced)[place])
    return Confirmations(height, b"", 0, (), irreversible, produced)


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
    order: tuple[int, ...]
    """The producers of the round, by their turn: places in ``DelegatedRules.producers``."""
    confirmations: Confirmations


class DelegatedRules(Rules[DelegatedState]):
    """Checks slots, turns and confirmations. One object serves every node."""

    def __init__(self, parameters: DelegatedParameters, keyring: Keyring, producers: list[int]) -> None:
        self.parameters, self.keyring = parameters, keyring
        # EOS sorts a schedule by account name
        self.producers = tuple(sorted(producers, key=lambda index: keyring.validators[index].account))
        """Validators by place."""
        self.is_eos = parameters.irreversible == "eos"
        self.finality = Finality.INSTANT if self.is_eos else Finality.DEPTH

    def genesis(self, block: Block) -> DelegatedState:
        count = len(self.producers)
        return DelegatedState(0, 0, tuple(range(count)), build_confirmations(count))

    def get_turn(self, state: DelegatedState, slot: int) -> int:
        """Return the place of the producer whose slot it is, after a block with this state."""
        turn = slot % (len(state.order) * self.parameters.repetitions) // self.parameters.repetitions
        return state.order[turn]

    def check(self, parent: DelegatedState, block: Block) -> None:
        header, seal = block.header, decode(DelegatedSeal, block.header.consensus)
        if seal.slot <= parent.slot or seal.slot * self.parameters.interval != header.time_us:
            message = f"slot {seal.slot} at {header.time_us} µs, after slot {parent.slot}"
            raise InvalidBlock("dpos/slot", f"{message}; slots last {int(self.parameters.interval)} µs")
        place = self.get_turn(parent, seal.slot)
        producer = self.keyring.validators[self.producers[place]]
        if header.proposer != producer.account:
            message = f"slot {seal.slot} is that of {producer.account.hex()[:16]}…"
            raise InvalidBlock("dpos/producer", f"{message}, not of {header.proposer.hex()[:16]}…")
        self._check_confirmed(parent.confirmations, place, seal.confirmed)
        if not is_signed(header, seal, self.keyring, producer.index, SEAL_DOMAIN):
            message = f"{seal.signature.hex()[:16]}… is no signature of this header by {producer.account.hex()[:16]}…"
            raise InvalidBlock("dpos/signature", message)

    def _check_confirmed(self, before: Confirmations, place: int, confirmed: int) -> None:
        most = before.height - before.produced[place] if self.is_eos else 0
        if confirmed > most:
            message = f"{confirmed} blocks confirmed, {most} came since the producer's last"
            raise InvalidBlock("dpos/double-confirm", message)

    def apply(self, parent: DelegatedState, block: Block) -> DelegatedState:
        seal = decode(DelegatedSeal, block.header.consensus)
        place = self.get_turn(parent, seal.slot)
        if self.is_eos:
            after = apply_eos_block(parent.confirmations, place, seal.confirmed)
        else:
            after = apply_bitshares_block(parent.confirmations, place)
        order = parent.order
        is_round_over = after.height % (len(order) * self.parameters.repetitions) == 0
        if self.parameters.order == "shuffled" and is_round_over:
            order = shuffle_producers(order, block.header.time_us)
        return DelegatedState(seal.slot, parent.missed + seal.slot - parent.slot - 1, order, after)

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
        """Return the producers' nodes when the order of turns has changed."""
        if state.order == parent.order:
            return []
        return [self.keyring.validators[index].node for index in self.producers]


class Producer(Agent):
    """An honest elected producer: in each of its slots it builds on the best block it knows."""

    __slots__ = ("_uptime", "_watermark", "place", "rules")

    def __init__(self, rules: DelegatedRules, place: int) -> None:
        self.rules, self.place = rules, place
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
        if state.slot >= data or rules.get_turn(state, data) != self.place:
            return self._arm(view)
        # what it may have contradicted on another branch it does not confirm (producer_plugin, watermarks)
        confirmed = min(max(0, head.height - self._watermark), head.height - state.confirmations.irreversible)
        seal = DelegatedSeal(data, confirmed if rules.is_eos and self._watermark else 0)
        self._watermark = max(self._watermark, head.height + 1)
        block = view.build_block(head.hash, encode(seal))
        index = rules.producers[self.place]
        return [Publish(sign_block(block, seal, rules.keyring, index, SEAL_DOMAIN)), *self._arm(view)]

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(self.rules.parameters.watts_per_node, now_us)

    def _arm(self, view: View) -> Effects:
        """Wait for the next own slot, as the order stands."""
        rules, state = self.rules, view.heaviest().state
        interval, first = rules.parameters.interval, view.now_us // rules.parameters.interval + 1
        for slot in range(first, first + len(state.order) * rules.parameters.repetitions):
            if rules.get_turn(state, slot) == self.place:
                return [SetTimer(_SLOT, TimeUs(slot * interval), slot)]
        return ()


def build(parameters: DelegatedParameters, context: Context) -> Setup[Any]:
    """Return the rules and an agent for every elected producer."""
    staking = [node for node, stake in enumerate(context.stakes) if stake]
    keyring = build_keyring(context, [NodeId(node) for node in staking], [context.stakes[node] for node in staking])
    count = len(staking)
    approved = range(min(parameters.approvals, count))
    ballots = {index: tuple((index + step) % count for step in approved) for index in range(count)}
    stakes = {one.index: one.power for one in keyring.validators}
    rules = DelegatedRules(parameters, keyring, elect(ballots, stakes, parameters.producers))
    agents: dict[NodeId, Agent] = {
        keyring.validators[index].node: Producer(rules, place) for place, index in enumerate(rules.producers)
    }
    count = len(rules.producers)
    depth = 0 if rules.is_eos else count - (100 - IRREVERSIBLE_PERCENT) * count // 100  # where no slot stays empty
    return Setup(parameters.protocol, rules, agents, depth)

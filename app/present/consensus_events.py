"""What happened to those who take part: who joined, left, was slashed or dropped, elected, made leader; and to blocks
that were final and are so no more.

Every block's state is held against its parent's, once; what is told belongs to the block that brought it about. Where
the protocol has no penalty for it, two blocks of one turn are told as well. The list grows with the run like the index
of app/present/index.py, and holds what lies after the cursor too.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.finality import get_promise
from app.present.heads import is_never_final
from app.present.undone import find_undone, get_least_branch
from app.present.words import name_node
from app.widgets.models import Tone
from chain.consensus.block_tree import BlockRecord
from chain.consensus.stake_accounting import FAR_FUTURE_EPOCH, Validator
from chain.simulation.world import World
from chain.units import Hash, TimeUs


class Event(NamedTuple):
    """One change among those who take part."""

    time_us: TimeUs
    """When the block that brought it about was published."""
    text: str
    """Such as ``n03 was slashed``."""
    tone: Tone
    node: int
    block: Hash
    why: str
    """How one can tell, in a sentence."""


class EventLog:
    """The events of one world, in order of time; reads only what has been published since it was asked last."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self._count = 1  # genesis changes nothing
        self._last: dict[int, str] = {}  # by node
        self._best = 0  # index of the heaviest block so far
        self._is_contradicted = False  # whether two finals contradict each other
        self._undone: set[tuple[int, bool]] = set()  # height of the lowest block, whether it is kept: told already

    def update(self, world: World) -> None:
        """Take in new blocks."""
        for record in world.tree.records[self._count :]:
            for node, text, tone, why in find_events(world, record):
                if text != self._last.get(node):  # a rival block tells the same
                    self._last[node] = text
                    self.events.append(Event(record.published_us, text, tone, node, record.hash, why))
            self._tell_undone(world, record)
        self._count = len(world.tree)

    def _tell_undone(self, world: World, record: BlockRecord) -> None:
        """Tell what was final and is so no more; looked for where branches compete or finals contradict each other."""
        before, best = world.tree.records[self._best], world.tree.get_best(record.published_us)
        self._best = best.index
        if (record.parent is before and not self._is_contradicted) or is_never_final(world):
            return
        fork = world.tree.get_fork_point(before, record)
        is_long = max(before.height, record.height) >= fork.height + get_least_branch(world)
        if not (is_long or self._is_contradicted):
            return
        undone = find_undone(world, record.published_us, best)
        self._is_contradicted = undone is not None and undone.is_kept
        if undone is not None and (undone.first, undone.is_kept) not in self._undone:
            self._undone.add((undone.first, undone.is_kept))
            text = f"{undone.describe()}, not for others" if undone.is_kept else f"{undone.describe()}: undone"
            block, why = undone.final.hash, get_promise(world).keeps
            self.events.append(Event(record.published_us, text, "attack", undone.node, block, why))

    def get_until(self, at_us: TimeUs) -> list[Event]:
        """Return what had happened by then."""
        return self.events[: bisect_right(self.events, at_us, key=lambda event: event.time_us)]


_logs: "WeakKeyDictionary[World, EventLog]" = WeakKeyDictionary()


def get_log(world: World) -> EventLog:
    """Return the events of a world, up to date."""
    log = _logs.get(world)
    if log is None:
        log = _logs[world] = EventLog()
    log.update(world)
    return log


_Found = Iterator[tuple[int, str, Tone]]


def find_events(world: World, record: BlockRecord) -> Iterator[tuple[int, str, Tone, str]]:
    """Yield (node, what happened, tone, why) for what a block changed among those who take part, or gives away."""
    find, parent = _FINDERS.get(world.consensus.name), record.parent
    if find is not None and parent is not None:
        yield from ((*found, _CHANGED) for found in find(world, parent, record))
    if parent is not None and world.consensus.name in _UNPUNISHED and _has_twin(world, parent, record):
        name = name_node(record.origin)
        yield int(record.origin), f"{name} signed two blocks for one turn", "attack", _UNPUNISHED[world.consensus.name]


def _has_twin(world: World, parent: BlockRecord, record: BlockRecord) -> bool:
    """Whether its proposer had made another block since the parent, for the same slot, step or parent."""
    proposer, turn = record.block.header.proposer, _get_turn(record)
    others = world.tree.records[parent.index + 1 : record.index]
    return any(it.block.header.proposer == proposer and _get_turn(it) == turn for it in others)


def _get_turn(record: BlockRecord) -> object:
    state = record.state
    return getattr(state, "slot", getattr(state, "step", record.parent))


_CHANGED: Final = "The block's state differs in this from its parent's; enter opens the block that brought it about."
_TWICE: Final = "Two headers of one turn carry its signature; enter opens the second. The fork choice keeps one, and "
_UNPUNISHED: Final = {
    "delegated-proof-of-stake": _TWICE + "nothing else happens unless the voters choose others.",
    "proof-of-authority": _TWICE + "nothing else happens; under Clique the signers can vote it out.",
    "snowman": _TWICE + "the polls decide which; nobody loses stake.",
}
"""Protocols in which two blocks of one turn have no consequence in the state, and what is said of them."""


def _find_stake(world: World, parent: BlockRecord, record: BlockRecord) -> _Found:
    before, after = parent.state, record.state
    if before.registry.validators is after.registry.validators and before.epoch == after.epoch:
        return
    for index, (old, new) in enumerate(zip(before.registry.validators, after.registry.validators, strict=True)):
        was, now = _get_standing(old, before.epoch), _get_standing(new, after.epoch)
        if was != now and now in _STANDINGS:
            node, (text, tone) = _node_of(world, index), _STANDINGS[now]
            yield node, f"{name_node(node)} {text}", tone


def _get_standing(validator: Validator, epoch: int) -> str:
    if validator.is_slashed:
        return "slashed"
    if validator.is_active(epoch):
        return "leaving" if validator.exit_epoch < FAR_FUTURE_EPOCH else "active"
    if validator.exit_epoch <= epoch:
        return "left"
    return "queued" if validator.eligibility_epoch < FAR_FUTURE_EPOCH else "none"


_STANDINGS: Final[dict[str, tuple[str, Tone]]] = {
    "slashed": ("was slashed: it contradicted itself", "attack"),
    "active": ("is a validator now", "good"),
    "leaving": ("is in the exit queue", "warning"),
    "left": ("has left", "muted"),
    "queued": ("waits to become a validator", "pending"),
}


def _node_of(world: World, index: int) -> int:
    rules: Any = world.consensus.rules
    return int(rules.keyring.validators[index].node)


def _find_power(world: World, parent: BlockRecord, record: BlockRecord) -> _Found:
    if parent.state.powers == record.state.powers:
        return
    for index, (old, new) in enumerate(zip(parent.state.powers, record.state.powers, strict=True)):
        node = _node_of(world, index)
        if index in record.state.convicted and old:
            yield node, f"{name_node(node)} lost its seat: it contradicted itself", "attack"
        elif old and not new:
            yield node, f"{name_node(node)} has left", "muted"
        elif new and not old:
            yield node, f"{name_node(node)} has a seat now", "good"
        elif old != new:
            yield node, f"{name_node(node)} has a power of {new} now", "pending"


def _find_signers(world: World, parent: BlockRecord, record: BlockRecord) -> _Found:
    snapshot = getattr(record.state, "snapshot", None)
    if snapshot is None or snapshot.signers == parent.state.snapshot.signers:
        return
    nodes = {account: node for node, account in enumerate(world.tables.proposers)}
    old, new = parent.state.snapshot.signers, snapshot.signers
    for account in (it for it in new if it not in old):
        yield nodes.get(account, 0), f"{name_node(nodes.get(account, 0))} was voted in as a signer", "good"
    for account in (it for it in old if it not in new):
        yield nodes.get(account, 0), f"{name_node(nodes.get(account, 0))} was voted out", "warning"


def _find_producers(world: World, parent: BlockRecord, record: BlockRecord) -> _Found:
    old, new = parent.state.schedule.producers, record.state.schedule.producers
    for index in (it for it in new if it not in old):
        yield _node_of(world, index), f"{name_node(_node_of(world, index))} was elected as a producer", "good"
    for index in (it for it in old if it not in new):
        yield _node_of(world, index), f"{name_node(_node_of(world, index))} is no producer any more", "warning"


def _find_leader(_world: World, parent: BlockRecord, record: BlockRecord) -> _Found:
    if parent.state.term != record.state.term:
        yield int(record.origin), f"{name_node(record.origin)} leads, in term {record.state.term}", "good"


_FINDERS: Final[dict[str, Callable[[World, BlockRecord, BlockRecord], _Found]]] = {
    "proof-of-stake": _find_stake,
    "tendermint": _find_power,
    "proof-of-authority": _find_signers,
    "delegated-proof-of-stake": _find_producers,
    "raft": _find_leader,
}

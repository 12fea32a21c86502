"""The network at a moment, as the map, the block strip and the header show it.

Everything is read from the run's tables at ``at_us``: what is in flight is interpolated between the arrival at the
parent and the arrival at the child of the link it really took, so the picture runs backwards as well as forwards.
Two things are stretched so that a person can see them at any speed: the ring around a node that found a block, and the
trail of the newest block (``glow_us`` of virtual time, which the screen chooses by the speed).
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np

from app.present.heads import compute_heads, get_canonical, get_finalized
from app.present.roles import count_proposers
from app.present.words import format_span, name_node, plural
from app.widgets.models import BlockSpread, BlockState, ChainBlock, Flight, HeadGroup, MapLink, MapNode, MapView, Pulse
from chain.adversary.base import Byzantine
from chain.consensus.block_tree import BlockRecord
from chain.network.spread import Spread
from chain.simulation.world import World
from chain.units import HOUR, MINUTE, NEVER, SECOND, Hash, TimeUs

MOST_FLIGHTS: Final = 160
MOST_TRAILS: Final = 600
"""Links that the newest block has travelled, evenly chosen among all."""
RECENT_BLOCKS: Final = 12
"""Blocks, counted from the newest, whose way is drawn."""
RECENT_TRANSACTIONS: Final = 80
BLOCK_WINDOW_US: Final = HOUR
TRANSACTION_WINDOW_US: Final = MINUTE
STRIP_HEIGHTS: Final = 24


class Mining(NamedTuple):
    """Who is at work at a moment."""

    miners: int
    mean_us: int
    """Mean time between blocks at their hash rate; 0 when nobody mines."""
    is_manual: bool
    proposers: int = 0
    """Running nodes that make blocks without mining; 0 under proof of work."""
    role: str = ""
    """What each of those is called; empty under proof of work."""


class Groups(NamedTuple):
    """The nodes by the head they follow."""

    of: tuple[int, ...]
    """Group by node."""
    groups: tuple[HeadGroup, ...]
    heads: tuple[BlockRecord, ...]
    """The head of each group."""
    offline: int


def compute_groups(world: World, at_us: TimeUs) -> Groups:
    """Return the nodes by head: the canonical head first, so the newest always has the first glyph and colour."""
    heads = compute_heads(world, at_us)
    records = world.tree.records
    is_online = [world.network.links.is_online(node, at_us) for node in range(world.node_count)]
    counts: dict[int, int] = {}
    for head, online in zip(heads.tolist(), is_online, strict=True):
        counts[head] = counts.get(head, 0) + online
    canonical = get_canonical(world, at_us).index
    order = sorted(
        counts, key=lambda head: (counts[head] == 0, head != canonical, -records[head].weight, -counts[head], head)
    )
    place = {head: number for number, head in enumerate(order)}
    shown = [records[head] for head in order if counts[head]]
    labels = _get_labels(shown)
    groups = tuple(HeadGroup(label, counts[record.index]) for label, record in zip(labels, shown, strict=True))
    return Groups(tuple(place[head] for head in heads.tolist()), groups, tuple(shown), is_online.count(False))


def _get_labels(heads: list[BlockRecord]) -> list[str]:
    """``#812`` and, for others of the same height, ``#812′``, ``#812″``."""
    seen: dict[int, int] = {}
    labels = []
    for record in heads:
        labels.append(f"#{record.height}" + "′" * seen.get(record.height, 0))
        seen[record.height] = seen.get(record.height, 0) + 1
    return labels


class NetworkPresenter:
    """Makes the pictures of one world, and hands out the same tuples while nothing has changed."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._nodes: tuple[MapNode, ...] = ()
        self._nodes_key: object = None
        self._links: tuple[MapLink, ...] = ()
        self._links_key: object = None
        self._strip: tuple[ChainBlock, ...] = ()
        self._strip_key: object = None

    def build_view(self, at_us: TimeUs, glow_us: int) -> MapView:
        """Return the picture at a moment."""
        groups = compute_groups(self.world, at_us)
        newest = get_newest(self.world, at_us)
        return MapView(
            nodes=self._build_nodes(groups, at_us),
            links=self._build_links(at_us),
            flights=tuple(iter_flights(self.world, at_us))[-MOST_FLIGHTS:],
            pulses=build_pulses(self.world, at_us, glow_us),
            groups=groups.groups,
            offline=groups.offline,
            spread=build_spread(self.world, newest, at_us) if newest.height else None,
            trails=build_trails(self.world, newest, at_us, glow_us),
        )

    def _build_nodes(self, groups: Groups, at_us: TimeUs) -> tuple[MapNode, ...]:
        world = self.world
        is_online = tuple(world.network.links.is_online(node, at_us) for node in range(world.node_count))
        bad = tuple(node for node, agent in world.consensus.agents.items() if isinstance(agent, Byzantine))
        key = (groups.of, is_online, bad)
        if key != self._nodes_key:
            self._nodes_key = key
            self._nodes = tuple(
                MapNode(node, name_node(node), place.city, place.latitude, place.longitude, group, online, node in bad)
                for node, (place, group, online) in enumerate(
                    zip(world.network.places, groups.of, is_online, strict=True)
                )
            )
        return self._nodes

    def _build_links(self, at_us: TimeUs) -> tuple[MapLink, ...]:
        links = self.world.network.links
        if links.changed_us == 0:
            key: object = "all open"
        else:
            key = tuple(links.is_open(index, at_us) for index in range(len(links.topology.links)))
        if key != self._links_key:
            self._links_key = key
            self._links = tuple(
                MapLink(one, other, key != "all open" and is_cut(self.world, index, at_us))
                for index, (one, other) in enumerate(links.topology.links)
            )
        return self._links

    def build_strip(self, at_us: TimeUs) -> tuple[ChainBlock, ...]:
        """Return the newest blocks of every branch, final and stale ones marked."""
        head, final = get_canonical(self.world, at_us), get_finalized(self.world, at_us)
        published = self.world.tree.count_published(at_us)
        if (head.index, final.index, published) != self._strip_key:
            self._strip_key = (head.index, final.index, published)
            self._strip = build_blocks(self.world, head, final, published)
        return self._strip


def build_blocks(
    world: World, head: BlockRecord, final: BlockRecord, published: int, node: int | None = None, at_us: int = 0
) -> tuple[ChainBlock, ...]:
    """Return the newest of the first ``published`` blocks as seen from a head, and only what ``node`` knows, if given.

    Blocks of a branch as heavy as the head's, and proposals above the head, are pending: what comes next decides.
    """
    first = max(0, head.height - STRIP_HEIGHTS)
    branch = {record.index for record in _iter_down(head, first)}
    rivals: set[int] = set()
    shown = []
    for index in range(published - 1, -1, -1):
        record = world.tree.records[index]
        if node is not None and record.known_us[node] > at_us:
            continue
        is_canonical, is_final = index in branch, record.height <= final.height
        if not is_canonical and (record.weight == head.weight or record.height > head.height or index in rivals):
            rivals |= {index, record.parent.index if record.parent is not None else 0}
        if record.height >= first:
            shown.append(_build_block(record, is_canonical, is_final, index in rivals))
        elif is_canonical or record.height < first - STRIP_HEIGHTS:
            break
    return tuple(reversed(shown))


def _build_block(record: BlockRecord, is_canonical: bool, is_final: bool, is_rival: bool) -> ChainBlock:
    aside: BlockState = "pending" if is_rival else "stale"
    state: BlockState = ("final" if is_final else "canonical") if is_canonical else aside
    parent = record.parent.hash.hex() if record.parent is not None else None
    proposer = name_node(record.origin) if record.height else "all"
    count = len(record.block.transactions)
    return ChainBlock(record.hash.hex(), parent, record.height, record.hash.hex()[-4:], proposer, count, state)


def _iter_down(record: BlockRecord, height: int) -> Iterator[BlockRecord]:
    """Yield a block and its ancestors down to a height."""
    current: BlockRecord | None = record
    while current is not None and current.height >= height:
        yield current
        current = current.parent


def is_cut(world: World, link: int, at_us: TimeUs) -> bool:
    """Return whether a link is closed at a moment though both its nodes are online."""
    links = world.network.links
    return not links.is_open(link, at_us) and all(links.is_online(node, at_us) for node in links.topology.links[link])


def get_newest(world: World, at_us: TimeUs) -> BlockRecord:
    """Return the block published last by then; genesis when there is none."""
    return world.tree.records[max(0, world.tree.count_published(at_us) - 1)]


def get_spread(world: World, record: BlockRecord) -> Spread | None:
    """Return how a block spreads; None for genesis."""
    return world.spreads.get(Hash(record.hash))


# What moves ------------------------------------------------------------------------------------------------------


def iter_flights(world: World, at_us: TimeUs) -> Iterator[Flight]:
    """Yield what is between two nodes at a moment: transactions first, so that blocks lie on top."""
    records = world.transactions.records
    stop = bisect_left(records, at_us + 1, key=lambda record: record.submitted_us)
    start = max(0, stop - RECENT_TRANSACTIONS)
    for record in records[start:stop]:
        if record.submitted_us > at_us - TRANSACTION_WINDOW_US:
            yield from _iter_hops(record.spread, "transaction", at_us)
    published = world.tree.count_published(at_us)
    for block in world.tree.records[max(1, published - RECENT_BLOCKS) : published]:
        spread = get_spread(world, block)
        if spread is not None and block.published_us > at_us - BLOCK_WINDOW_US:
            yield from _iter_hops(spread, "block", at_us)


def _iter_hops(spread: Spread, kind: str, at_us: TimeUs) -> Iterator[Flight]:
    arrival, parent = spread.arrival, spread.parent
    is_under_way = (arrival > at_us) & (arrival < NEVER) & (parent >= 0)
    for node in np.flatnonzero(is_under_way).tolist():
        source = int(parent.item(node))
        start_us, end_us = int(arrival.item(source)), int(arrival.item(node))
        if start_us <= at_us:
            yield Flight(kind, source, node, (at_us - start_us) / (end_us - start_us))  # type: ignore[arg-type]


def build_trails(world: World, newest: BlockRecord, at_us: TimeUs, glow_us: int) -> tuple[tuple[int, int], ...]:
    """Return the links the newest block has travelled, while it is young."""
    spread = get_spread(world, newest)
    if spread is None or at_us - newest.published_us > glow_us + MINUTE:
        return ()
    reached = (spread.arrival <= at_us) & (spread.arrival > at_us - glow_us) & (spread.parent >= 0)
    nodes = np.flatnonzero(reached).tolist()
    some = nodes[:: 1 + len(nodes) // (MOST_TRAILS + 1)]  # thousands would cover the map, and cost a frame
    return tuple((int(spread.parent.item(node)), node) for node in some)


def build_pulses(world: World, at_us: TimeUs, glow_us: int) -> tuple[Pulse, ...]:
    """Return a ring for every node that has just published a block."""
    published = world.tree.count_published(at_us)
    return tuple(
        Pulse(record.origin, (at_us - record.published_us) / glow_us)
        for record in world.tree.records[max(1, published - RECENT_BLOCKS) : published]
        if at_us - record.published_us < glow_us
    )


def build_spread(world: World, record: BlockRecord, at_us: TimeUs) -> BlockSpread:
    """Return how far a block has spread, and the time it took so far, or until everybody had it."""
    spread = get_spread(world, record)
    assert spread is not None
    reached = spread.count_known(at_us)
    end_us = min(at_us, int(spread.arrival[spread.arrival <= at_us].max())) if reached == world.node_count else at_us
    elapsed = format_span(end_us - spread.start_us)
    return BlockSpread(f"block #{record.height}", reached / world.node_count, elapsed)


# What is being worked on -----------------------------------------------------------------------------------------


def compute_mining(world: World, at_us: TimeUs) -> Mining:
    """Return who mines at a moment. Hash rates are those of now: past ones are not kept."""
    links = world.network.links
    rates = [
        getattr(agent, "hash_rate_per_s", 0)
        for node, agent in world.consensus.agents.items()
        if links.is_online(node, at_us)
    ]
    parameters = getattr(world.consensus.rules, "parameters", None)
    is_manual = getattr(parameters, "mining", "automatic") == "manual"
    total, miners = sum(rates), sum(rate > 0 for rate in rates)
    is_work = any(hasattr(agent, "hash_rate_per_s") for agent in world.consensus.agents.values())
    mean_us = _compute_work(world, at_us) * SECOND // total if total else 0
    return Mining(miners, mean_us, is_manual, *(() if is_work else count_proposers(world, at_us)))


def _compute_work(world: World, at_us: TimeUs) -> int:
    """Expected hashes of the next block on the heaviest branch."""
    from chain.consensus.difficulty import compute_work, decode_compact

    bits = getattr(get_canonical(world, at_us).state, "next_bits", None)
    return compute_work(decode_compact(bits)) if bits else 0


def describe_mining(mining: Mining) -> str:
    """Return what the end of the block strip says."""
    if mining.is_manual:
        return "nobody mines by itself · press m"
    if mining.role:
        return (
            f"{plural(mining.proposers, mining.role)} at work" if mining.proposers else f"no {mining.role} is running"
        )
    if not mining.miners:
        return "nobody is mining"
    who = f"{plural(mining.miners, 'miner')} at work"
    return f"{who} · about {format_span(mining.mean_us)} a block" if mining.mean_us else who

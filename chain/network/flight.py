"""A ``Flight``: a spread that may still change, with what is needed to compute its future again."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from chain.network.links import Links
from chain.network.push import FAR
from chain.network.spread import Spread
from chain.units import NEVER

IntArray = npt.NDArray[np.int64]
Uploads = tuple[IntArray, IntArray, IntArray]
"""(holder, begin, end) of uploads, in µs after the start of the item; no upload where begin is FAR."""


class Item(NamedTuple):
    """What is published: the fields of a ``Spread`` that never change."""

    key: bytes
    origin: int
    start_us: int
    size_bytes: int
    kind: str
    relay: bool


@dataclass(frozen=True, slots=True)
class Reserved:
    """When nodes are busy with uploads of earlier items: those of node v at first[v] … first[v + 1] − 1, in order."""

    first: IntArray
    begin_us: IntArray
    end_us: IntArray


@dataclass(frozen=True, slots=True)
class Base:
    """Announce: where to start computing a spread again."""

    reserved: Reserved
    """When the nodes upload earlier items."""
    spread: Spread | None
    """The spread at rest, None to start from the publication."""
    links: Links
    """The links at that moment."""
    changes: tuple["Change", ...]
    """The changes of links since then."""


@dataclass(frozen=True, slots=True)
class Flight:
    """A spread under way."""

    spread: Spread
    last_us: int
    """The last arrival that is not NEVER."""
    is_complete: bool
    """Whether every node is or will be reached, as things stand."""
    messages: int
    """Messages sent for it, the foreseen ones included."""
    bytes_sent: int
    """Bytes of items sent for it, without control messages."""
    delays: IntArray | None = None
    """Push, by position: set when lag changed while it was under way; otherwise drawn again by name."""
    base: Base | None = None
    """Announce: where to start computing it again."""
    uploads: tuple[Uploads, ...] = ()
    """Announce: the uploads of this item; none of them ends after the last arrival."""
    is_direct: bool = False
    """Whether the origin sends it to those it is for by itself (chain/network/direct_relay.py)."""
    target: int | None = None
    """Direct: the one node it is for; None: every node."""

    @property
    def item(self) -> Item:
        """What was published."""
        spread = self.spread
        return Item(spread.key, spread.origin, spread.start_us, spread.size_bytes, spread.kind, spread.relay)


@dataclass(frozen=True, slots=True)
class Change:
    """A change of links, as every spread in flight sees it."""

    now_us: int
    before: Links
    after: Links
    opened: bool
    """Whether any link was opened."""


def build_spread(
    item: Item, arrival: Sequence[int] | IntArray, parent: Sequence[int] | IntArray
) -> tuple[Spread, int, bool]:
    """Return (spread, last arrival, whether all are reached); given arrivals in µs after the start, FAR where none."""
    moments = np.array(arrival, dtype=np.int64)
    latest = int(moments.max())
    is_complete = latest < FAR
    if not is_complete:
        reached = moments < FAR
        latest = int(moments[reached].max())
        moments[~reached] = NEVER - item.start_us
    moments += item.start_us
    parents = np.array(parent, dtype=np.int16)
    moments.flags.writeable = parents.flags.writeable = False
    spread = Spread(item.key, item.origin, item.start_us, item.size_bytes, item.kind, item.relay, moments, parents)
    return spread, latest + item.start_us, is_complete


def build_spreads(
    items: Sequence[Item], arrival: IntArray, parent: IntArray | npt.NDArray[np.int16]
) -> list[tuple[Spread, int, bool]]:
    """Return the same for many items, a row each."""
    if int(arrival.max()) >= FAR:
        return [build_spread(*one) for one in zip(items, arrival, parent, strict=True)]
    moments = arrival + np.array([[item.start_us] for item in items])
    parents = parent.astype(np.int16)
    moments.flags.writeable = parents.flags.writeable = False
    return [
        (Spread(it.key, it.origin, it.start_us, it.size_bytes, it.kind, it.relay, row, origins), latest, True)
        for it, row, origins, latest in zip(items, moments, parents, moments.max(axis=1).tolist(), strict=True)
    ]


def build_reserved(nodes: int, flights: Iterable[Flight]) -> Reserved:
    """Return the uploads of these flights by node, in order of time."""
    uploads = [(flight.spread.start_us, *arrays) for flight in flights for arrays in flight.uploads]
    none = np.zeros(0, dtype=np.int64)
    holder = np.concatenate([none, *(holder[begin < FAR] for _, holder, begin, _ in uploads)])
    begin_us = np.concatenate([none, *(start_us + begin[begin < FAR] for start_us, _, begin, _ in uploads)])
    end_us = np.concatenate([none, *(start_us + end[begin < FAR] for start_us, _, begin, end in uploads)])
    order = np.lexsort((end_us, begin_us, holder))
    first = np.searchsorted(holder[order], np.arange(nodes + 1))
    return Reserved(first, begin_us[order], end_us[order])

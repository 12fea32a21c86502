"""A ``Flight``: a spread that may still change, with what is needed to compute its future again."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from chain.network.links import Links
from chain.network.push import FAR
from chain.network.spread import Spread
from chain.units import NEVER

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Item:
    """What is published: the fields of a ``Spread`` that never change."""

    key: bytes
    origin: int
    start_us: int
    size_bytes: int
    kind: str
    relay: bool


@dataclass(frozen=True, slots=True)
class Base:
    """Announce: where to start computing a spread again."""

    uploads: IntArray
    """By node: when its last upload of earlier items ends."""
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
    upload_ends: IntArray | None = None
    """Announce, by node: when its last upload of this item ends; not after the last arrival."""


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
    reached = moments < FAR
    count = int(np.count_nonzero(reached))
    moments += item.start_us
    last_us = int(moments.max() if count == len(moments) else moments[reached].max())
    if count < len(moments):
        moments[~reached] = NEVER
    parents = np.array(parent, dtype=np.int16)
    moments.flags.writeable = parents.flags.writeable = False
    spread = Spread(item.key, item.origin, item.start_us, item.size_bytes, item.kind, item.relay, moments, parents)
    return spread, last_us, count == len(moments)

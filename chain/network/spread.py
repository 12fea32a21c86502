"""A ``Spread``: when one item reaches every node, and from which neighbour. A node's knowledge is a query over it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.units import NEVER

NO_PARENT: Final = -1
"""The parent of the origin, and of nodes the item does not reach."""


@dataclass(frozen=True, slots=True, eq=False)
class Spread:
    """The way of one item through the network, as far as it is known now.

    Never changed: when links change, the network returns a new Spread of the same ``key``. Arrivals at or before the
    moment of the change are equal in both.
    """

    key: bytes
    """The item's name, unique in a network: the hash of a block or of a transaction."""
    origin: int
    """The node that published it."""
    start_us: int
    """The moment it was published; the arrival of the origin."""
    size_bytes: int
    """Its size on the wire."""
    kind: str
    """What it is: ``block``, ``transaction``, or whatever the consensus sends."""
    relay: bool
    """False when nodes refuse to pass it on: then only the origin's neighbours ever see it."""
    arrival: npt.NDArray[np.int64]
    """µs by node when it has fully arrived, NEVER where it does not; read-only."""
    parent: npt.NDArray[np.int16]
    """The neighbour each node got it from, NO_PARENT for the origin and unreached nodes; read-only."""

    def arrival_us(self, node: int) -> int:
        """Return when ``node`` has the item, as a plain integer; NEVER when it does not (yet)."""
        return int(self.arrival.item(node))

    def parent_of(self, node: int) -> int:
        """Return the neighbour ``node`` gets the item from, or NO_PARENT."""
        return int(self.parent.item(node))

    def is_like(self, other: "Spread") -> bool:
        """Return whether two spreads of one item have the same arrivals and parents."""
        return np.array_equal(self.arrival, other.arrival) and np.array_equal(self.parent, other.parent)

    def is_known(self, node: int, at_us: int) -> bool:
        """Return whether ``node`` has the item at a moment."""
        return bool(self.arrival.item(node) <= at_us)

    def count_known(self, at_us: int) -> int:
        """Return how many nodes have the item at a moment."""
        return int(np.count_nonzero(self.arrival <= at_us))

    def get_last_us(self) -> int:
        """Return the last arrival of all, NEVER while some node is not reached."""
        return int(self.arrival.max())

    def get_share_time_us(self, per_mille: int) -> int:
        """Return the time from start until that share of all nodes, origin included, has the item; NEVER if not."""
        count = max(-(-len(self.arrival) * per_mille // 1000), 1)
        moment = int(np.partition(self.arrival, count - 1)[count - 1])
        return moment if moment >= NEVER else moment - self.start_us


class PendingSpread(Spread):
    """A spread that is computed when its arrivals are first looked at, together with the others that wait.

    The two slots of its arrays stay empty until then, which is when Python asks ``__getattr__``.
    """

    __slots__ = ("_settle",)
    _settle: Callable[[], None]

    def __init__(
        self, key: bytes, origin: int, start_us: int, size_bytes: int, kind: str, settle: Callable[[], None]
    ) -> None:
        """``settle`` makes the network compute all that wait."""
        put = object.__setattr__
        put(self, "key", key)
        put(self, "origin", origin)
        put(self, "start_us", start_us)
        put(self, "size_bytes", size_bytes)
        put(self, "kind", kind)
        put(self, "relay", True)
        put(self, "_settle", settle)

    def __getattr__(self, name: str) -> object:
        if name not in ("arrival", "parent"):
            raise AttributeError(name)
        self._settle()
        return object.__getattribute__(self, name)

    def fill(self, arrival: npt.NDArray[np.int64], parent: npt.NDArray[np.int16]) -> None:
        """Set what has been computed, and let go of the network."""
        object.__setattr__(self, "arrival", arrival)
        object.__setattr__(self, "parent", parent)
        object.__delattr__(self, "_settle")

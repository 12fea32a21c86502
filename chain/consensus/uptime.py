"""How long a node has been running, and what that costs: watts per node × time, for protocols without work.

Source: the method of CCRI (2022) and of Kohli et al. (2023) for proof of stake: number of nodes × mean power of a node.
"""

import msgspec

from chain.units import NEVER, SECOND


class Uptime(msgspec.Struct, frozen=True, gc=False):
    """Virtual time a node has been on; a value, so that a copied agent keeps its own."""

    before_us: int = 0
    """Time on before it was last switched off."""
    since_us: int = NEVER
    """Since when it has been on; NEVER while it is off."""

    def start(self, now_us: int) -> "Uptime":
        """Return the uptime of a node that is on from now on."""
        return Uptime(self.get_us(now_us), now_us)

    def stop(self, now_us: int) -> "Uptime":
        """Return the uptime of a node that is off from now on."""
        return Uptime(self.get_us(now_us))

    def get_us(self, now_us: int) -> int:
        """Return the time the node has been on, in microseconds."""
        return self.before_us + max(0, now_us - self.since_us)

    def compute_joules(self, watts: int, now_us: int) -> int:
        """Return the energy of a node of so many watts, in joules."""
        return watts * self.get_us(now_us) // SECOND

"""Who owns how much: every account by balance, kept up to date by what has changed between two states.

The list of one moment becomes that of another by the difference of the two Merkle maps, which share all that stayed the
same: a new block costs what it changed. Far jumps in time sort anew.
"""

from bisect import bisect_left, insort
from typing import Final
from weakref import WeakKeyDictionary

from chain.encoding import decode
from chain.ledger.state import Account, State
from chain.simulation.world import World
from chain.units import Address
from chain.wallet.address import ADDRESS_BYTES

SORT_ANEW_ABOVE: Final = 2_000
"""Changed balances from which on sorting anew is faster than moving each."""

Ranked = tuple[int, Address]
"""Balance below zero, so that the largest comes first; then the address."""


class RichList:
    """The accounts of one state, richest first."""

    __slots__ = ("_balances", "_state", "ranked", "total")

    def __init__(self) -> None:
        self.ranked: list[Ranked] = []
        self.total = 0
        """Units all accounts own together."""
        self._balances: dict[Address, int] = {}
        self._state = State()

    def move_to(self, state: State) -> None:
        """Become the list of another state."""
        if state is self._state:
            return
        changed: list[tuple[Address, int]] = []
        for key, _, new in self._state.iterate_differences(state):
            if len(key) == ADDRESS_BYTES:
                changed.append((Address(key), 0 if new is None else decode(Account, new).balance))
        self._state = state
        if len(changed) > SORT_ANEW_ABOVE:
            self._balances |= changed
            self._balances = {address: balance for address, balance in self._balances.items() if balance}
            self.ranked = sorted((-balance, address) for address, balance in self._balances.items())
            self.total = sum(self._balances.values())
            return
        for address, balance in changed:
            self._move(address, balance)

    def _move(self, address: Address, balance: int) -> None:
        before = self._balances.pop(address, 0)
        if before:
            del self.ranked[bisect_left(self.ranked, (-before, address))]
        if balance:
            self._balances[address] = balance
            insort(self.ranked, (-balance, address))
        self.total += balance - before


_lists: "WeakKeyDictionary[World, RichList]" = WeakKeyDictionary()


def get_rich_list(world: World, state: State) -> RichList:
    """Return the list of a state of a world."""
    found = _lists.setdefault(world, RichList())
    found.move_to(state)
    return found

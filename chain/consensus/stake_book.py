"""Who has put down how much stake for whom, as transactions tell it, and what is on its way back.

A deposit takes units out of the ledger's balances and writes them down for a validator, under the name of whoever pays.
An exit takes back all that its sender put down for that validator; the units come back as a reward of the first block
whose parent is as late as ``due_us``. So a book never makes or loses money: stakes and refunds together are what was
deposited and not yet paid back, beside what validators had at genesis.

Source: EOSIO system contract, delegate_bandwidth.cpp (``delegatebw``, ``undelegatebw``, ``refund``: three days);
Cosmos SDK, x/staking (delegations, unbonding).
"""

import msgspec
from msgspec.structs import replace

from chain.ledger.context import Reward
from chain.units import Address


class Stake(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one account has put down for one validator."""

    owner: Address
    """Who paid, and may take it back."""
    validator: Address
    """Whose weight it is."""
    units: int


class Refund(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Stake on its way back."""

    due_us: int
    owner: Address
    units: int


class StakeBook(msgspec.Struct, frozen=True):
    """All stakes after a block, in order of owner and validator, and all refunds in order of time."""

    stakes: tuple[Stake, ...]
    refunds: tuple[Refund, ...] = ()

    def compute_stakes(self) -> dict[Address, int]:
        """Return the stake of each validator, in units."""
        totals: dict[Address, int] = {}
        for stake in self.stakes:
            totals[stake.validator] = totals.get(stake.validator, 0) + stake.units
        return totals

    def get_due(self, time_us: int) -> tuple[Reward, ...]:
        """Return the refunds that are due at a moment."""
        return tuple(Reward(refund.owner, refund.units) for refund in self.refunds if refund.due_us <= time_us)


def build_book(stakes: dict[Address, int], sponsor: Address | None = None) -> StakeBook:
    """Return the book of genesis: all stake is put down by a sponsor, or everybody's is his own."""
    return StakeBook(tuple(Stake(sponsor or it, it, units) for it, units in sorted(stakes.items()) if units))


def apply_deposit(book: StakeBook, owner: Address, validator: Address, units: int) -> StakeBook:
    """Return the book after somebody put down stake, in units."""
    before = sum(it.units for it in book.stakes if (it.owner, it.validator) == (owner, validator))
    others = [it for it in book.stakes if (it.owner, it.validator) != (owner, validator)]
    stakes = sorted([*others, Stake(owner, validator, before + units)], key=lambda it: (it.owner, it.validator))
    return replace(book, stakes=tuple(stakes))


def apply_exit(book: StakeBook, owner: Address, validator: Address, due_us: int) -> StakeBook:
    """Return the book after somebody asked for his stake; unchanged when he has none there."""
    back = [it for it in book.stakes if (it.owner, it.validator) == (owner, validator)]
    if not back:
        return book
    refunds = sorted([*book.refunds, Refund(due_us, owner, back[0].units)], key=lambda it: (it.due_us, it.owner))
    return StakeBook(tuple(it for it in book.stakes if it is not back[0]), tuple(refunds))


def drop_due(book: StakeBook, time_us: int) -> StakeBook:
    """Return the book after a block paid what was due at a moment."""
    if not book.refunds or book.refunds[0].due_us > time_us:
        return book
    return replace(book, refunds=tuple(it for it in book.refunds if it.due_us > time_us))

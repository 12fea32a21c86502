"""What a block's execution is given, and what it tells afterwards."""

from collections.abc import Callable
from typing import NamedTuple

import msgspec

from chain.ledger.actions import Notice
from chain.ledger.block import Receipt
from chain.ledger.parameters import LedgerParameters
from chain.units import Address, Hash


class Reward(NamedTuple):
    """New money beside the subsidy, which the consensus protocol lets a block pay to an account."""

    address: Address
    amount: int
    """Units."""


class StakeChange(NamedTuple):
    """What an account asked of consensus in a block: its vote, a deposit, an exit. Told in the order of the block."""

    sender: Address
    action: Notice


def get_no_hash(_height: int) -> Hash:
    """Return the 32 zero bytes that stand for a block nobody remembers."""
    return Hash(bytes(32))


class BlockContext(msgspec.Struct, frozen=True, gc=False):
    """What a transaction can know of the block it is in."""

    height: int
    time_us: int
    proposer: Address
    base_fee_per_gas: int
    parameters: LedgerParameters
    rewards: tuple[Reward, ...] = ()
    """What the block pays beside the subsidy."""
    parent: Hash = Hash(bytes(32))
    get_ancestor_hash: Callable[[int], Hash] = get_no_hash
    """Return the hash of the ancestor at a height, one of the last 256; for contracts that ask."""


class Execution(msgspec.Struct, frozen=True):
    """What a block did, beside the state it leads to."""

    receipts: tuple[Receipt, ...]
    """One per transaction, in their order."""
    gas_used: int
    burned: int
    """Units of base fee destroyed."""
    tips: int
    """Units of tips paid to the proposer."""
    subsidy: int
    """Units created and paid to the proposer."""
    rewards: tuple[Reward, ...] = ()
    """What else was created, and for whom."""
    deposited: int = 0
    """Units that left the balances as stake."""
    changes: tuple[StakeChange, ...] = ()
    """What consensus is told of."""

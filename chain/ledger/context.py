"""What a block's execution is given, and what it tells afterwards."""

from typing import NamedTuple

import msgspec

from chain.ledger.block import Receipt
from chain.ledger.parameters import LedgerParameters
from chain.units import Address


class Reward(NamedTuple):
    """New money beside the subsidy, which the consensus protocol lets a block pay to an account."""

    address: Address
    amount: int
    """Units."""


class BlockContext(msgspec.Struct, frozen=True, gc=False):
    """What a transaction can know of the block it is in."""

    height: int
    time_us: int
    proposer: Address
    base_fee_per_gas: int
    parameters: LedgerParameters
    rewards: tuple[Reward, ...] = ()
    """What the block pays beside the subsidy."""


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

"""The numbers a ledger is run with. They are data: the rules that use them stand in the other files of this room.

Defaults follow Ethereum (gas, base fee, mempool as in go-ethereum) and Bitcoin (subsidy and halving), scaled to blocks
of about forty transfers that a class can read. Simplification: all of them stay fixed for a whole run.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from chain.units import COIN, HOUR, Amount

MAX_UNITS = (1 << 63) - 1
"""The largest amount, price or balance: what eight signed bytes hold, about nine billion coins."""

TRANSFER_GAS = 21_000
"""Gas of every transaction before its memo: Ethereum Yellow Paper, appendix G, G_transaction."""


class LedgerParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True, gc=False):
    """What the ledger of one run is set to."""

    chain_id: Annotated[int, Meta(ge=1, le=MAX_UNITS)] = 1
    """Names the chain a transaction is meant for, so that it cannot be replayed on another. Source: EIP-155."""
    gas_limit: Annotated[int, Meta(ge=TRANSFER_GAS, le=10**12)] = 900_000
    """Gas a block may use; the base fee steers towards half of it. The default holds 42 transfers without memo;
    Ethereum mainnet had 30 000 000. Source: EIP-1559 for the meaning, the number is ours."""
    initial_base_fee_per_gas: Annotated[int, Meta(ge=1, le=10**15)] = 1_000
    """Base fee of the genesis block, units per gas: 0.021 coins a transfer. Source: EIP-1559, INITIAL_BASE_FEE, scaled
    so that a step of one eighth is still a whole number after years of empty blocks."""
    initial_subsidy: Annotated[int, Meta(ge=0, le=10**6 * COIN)] = 50 * COIN
    """New money for the proposer of a block before the first halving, in units. Source: Bitcoin Core,
    validation.cpp, GetBlockSubsidy."""
    halving_interval_blocks: Annotated[int, Meta(ge=1, le=10**9)] = 210_000
    """Blocks after which the subsidy halves. Source: Bitcoin Core, chainparams.cpp, nSubsidyHalvingInterval."""
    max_transactions: Annotated[int, Meta(ge=1, le=10**7)] = 5_120
    """Transactions a node's mempool holds. Source: go-ethereum 1.13 legacypool, GlobalSlots 4096 + GlobalQueue 1024."""
    expiry_us: Annotated[int, Meta(ge=1, le=MAX_UNITS)] = 3 * HOUR
    """Virtual microseconds a transaction waits in a mempool before it is dropped. Source: go-ethereum legacypool,
    Lifetime (Bitcoin Core: two weeks)."""
    replacement_bump_percent: Annotated[int, Meta(ge=0, le=1_000)] = 10
    """How much both fees of a replacement must exceed the replaced ones. Source: go-ethereum legacypool, PriceBump."""

    def compute_subsidy(self, height: int) -> Amount:
        """Return the new money, in units, that the block at ``height`` creates: halved every interval, at last nothing.

        Simplification: the genesis block creates its allocations and no subsidy.
        """
        return Amount(self.initial_subsidy >> (height // self.halving_interval_blocks) if height > 0 else 0)

"""The first block: it has no parent and no transactions, and its state is what the run begins with."""

from collections.abc import Mapping
from typing import Final

from chain.errors import InvalidInput
from chain.ledger.block import Block, Header, compute_receipts_root, compute_transactions_root
from chain.ledger.parameters import MAX_UNITS, LedgerParameters
from chain.ledger.state import Account, State
from chain.units import Address, Hash
from chain.wallet.address import ADDRESS_BYTES

NO_PARENT: Final = Hash(bytes(32))
"""What the genesis block names as its parent."""
NOBODY: Final = Address(bytes(ADDRESS_BYTES))
"""The proposer of the genesis block. No known key has this address."""


def check_allocations(allocations: Mapping[Address, int], parameters: LedgerParameters) -> None:
    """Check that every allocation is an amount, and that no balance can ever outgrow one. Raises InvalidInput."""
    for address, amount in allocations.items():
        if len(address) != ADDRESS_BYTES or not 0 <= amount <= MAX_UNITS:
            raise InvalidInput("allocation", f"{amount} to {address.hex()}", f"0 to {MAX_UNITS} units to 20 bytes")
    mined = 2 * parameters.initial_subsidy * parameters.halving_interval_blocks  # 1 + 1/2 + 1/4 + … < 2
    if sum(allocations.values()) + mined > MAX_UNITS:
        raise InvalidInput("money of a run", sum(allocations.values()) + mined, f"at most {MAX_UNITS} units")


def build_genesis(allocations: Mapping[Address, int], parameters: LedgerParameters) -> tuple[Block, State]:
    """Return the genesis block and the state in which each address has its allocation, in units.

    Raises InvalidInput when the money of the run is more than an amount can hold.
    """
    check_allocations(allocations, parameters)
    state = State().put_accounts({address: Account(balance=amount) for address, amount in allocations.items()})
    header = Header(
        parent=NO_PARENT,
        height=0,
        time_us=0,
        proposer=NOBODY,
        state_root=state.root,
        transactions_root=compute_transactions_root(()),
        receipts_root=compute_receipts_root(()),
        gas_limit=parameters.gas_limit,
        gas_used=0,
        base_fee_per_gas=parameters.initial_base_fee_per_gas,
        consensus=b"",
    )
    return Block(header), state

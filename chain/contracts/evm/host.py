"""The world a message runs in: accounts, code and storage behind one small interface, and what a block tells.

The machine reads through ``Host`` while it runs and writes once, at the end, only what changed and only if the message
succeeded: a failed message leaves no trace. So a host may be any map; it needs no snapshots of its own.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from chain.units import Address, Hash

ZERO_ADDRESS: Final = Address(bytes(20))
ZERO_HASH: Final = Hash(bytes(32))


class Account(NamedTuple):
    """What the machine knows of an account besides its code and storage."""

    nonce: int
    """Transactions sent, or contracts created; a contract starts at 1."""
    balance: int
    """Money in the smallest unit."""


class Host(Protocol):
    """Where accounts are kept. Keys and values of storage are 256-bit numbers; what was never written is 0."""

    def get_account(self, address: Address) -> Account | None:
        """Return the account, or None when there is none."""

    def get_code(self, address: Address) -> bytes:
        """Return the account's code; empty when it has none."""

    def get_storage(self, address: Address, key: int) -> int:
        """Return the value at a key of the account's storage."""

    def has_storage(self, address: Address) -> bool:
        """Tell whether any key of the account's storage is not 0."""

    def get_block_hash(self, number: int) -> Hash:
        """Return the hash of one of the last 256 blocks; the machine asks for no other."""

    def set_account(self, address: Address, account: Account | None) -> None:
        """Write the account; None removes it with its code and storage."""

    def set_code(self, address: Address, code: bytes) -> None:
        """Write the account's code."""

    def set_storage(self, address: Address, key: int, value: int) -> None:
        """Write the value at a key; 0 removes it."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a program can read about its block and transaction."""

    chain_id: int = 1
    number: int = 0
    """Height of the block."""
    time_s: int = 0
    """The block's time in whole seconds."""
    coinbase: Address = ZERO_ADDRESS
    """Who receives the fees of the block."""
    gas_limit: int = 30_000_000
    """Gas that the whole block may use."""
    prev_randao: Hash = ZERO_HASH
    """The block's randomness (EIP-4399)."""
    base_fee: int = 0
    """Price of a unit of gas that is burnt (EIP-1559)."""
    gas_price: int = 0
    """Price of a unit of gas that the transaction pays in all."""
    blob_base_fee: int = 0
    """Price of a unit of a blob's gas (EIP-7516); chainroom's ledger has no blobs, on Ethereum it is never under 1."""


@dataclass(slots=True)
class MemoryHost:
    """A host over plain dictionaries, for tests, for trying a call, and as the example of one."""

    accounts: dict[Address, Account] = field(default_factory=dict)
    codes: dict[Address, bytes] = field(default_factory=dict)
    storages: dict[Address, dict[int, int]] = field(default_factory=dict)
    block_hashes: dict[int, Hash] = field(default_factory=dict)

    def get_account(self, address: Address) -> Account | None:
        """Return the account, or None."""
        return self.accounts.get(address)

    def get_code(self, address: Address) -> bytes:
        """Return the account's code."""
        return self.codes.get(address, b"")

    def get_storage(self, address: Address, key: int) -> int:
        """Return the value at a key."""
        return self.storages.get(address, {}).get(key, 0)

    def has_storage(self, address: Address) -> bool:
        """Tell whether the account has any storage."""
        return bool(self.storages.get(address))

    def get_block_hash(self, number: int) -> Hash:
        """Return a block's hash, or 32 zero bytes."""
        return self.block_hashes.get(number, ZERO_HASH)

    def set_account(self, address: Address, account: Account | None) -> None:
        """Write or remove an account."""
        if account is None:
            self.accounts.pop(address, None)
            self.codes.pop(address, None)
            self.storages.pop(address, None)
        else:
            self.accounts[address] = account

    def set_code(self, address: Address, code: bytes) -> None:
        """Write the account's code."""
        self.codes[address] = code

    def set_storage(self, address: Address, key: int, value: int) -> None:
        """Write the value at a key; 0 removes it."""
        slots = self.storages.setdefault(address, {})
        if value:
            slots[key] = value
        else:
            slots.pop(key, None)

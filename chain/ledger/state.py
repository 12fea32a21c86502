"""The accounts, as one value: a Merkle map from addresses to balances and nonces.

A state never changes; `put_accounts` returns the next one and shares with it all that stayed the same, so every branch
of the block tree keeps its own state at the price of what it touched. Equal accounts have an equal root, in whatever
order they were written. An account that never was and an empty one are the same: absent (EIP-161).

A key is 20 bytes, an account's address; longer keys that start with an address are left for its code and storage.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from chain.crypto.trie import EMPTY_TRIE, Trie, TrieProof
from chain.encoding import encode
from chain.units import Address, Amount, Hash
from chain.wallet.address import ADDRESS_BYTES


class Account(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What the ledger knows of an address."""

    nonce: int = 0
    """Transactions it has sent; the nonce its next one must have."""
    balance: int = 0
    """Units it owns."""


EMPTY_ACCOUNT: Final = Account()
_decoder: Final = msgspec.msgpack.Decoder(Account)  # what a state holds is our own encoding: no check is needed


class State:
    """All accounts at one moment of one branch."""

    __slots__ = ("_trie",)

    def __init__(self, trie: Trie = EMPTY_TRIE) -> None:
        self._trie = trie

    @property
    def root(self) -> Hash:
        """The hash that commits to every account."""
        return self._trie.root

    def get_account(self, address: Address) -> Account:
        """Return an account, the empty one for an address that never received anything."""
        data = self._trie.get(address)
        return EMPTY_ACCOUNT if data is None else _decoder.decode(data)

    def put_accounts(self, accounts: Mapping[Address, Account]) -> "State":
        """Return the state in which these accounts have these values."""
        changes = ((key, None if it == EMPTY_ACCOUNT else encode(it)) for key, it in accounts.items())
        return State(self._trie.put_many(changes))

    def iterate_accounts(self) -> Iterator[tuple[Address, Account]]:
        """Yield every account, by address."""
        for key, data in self._trie.items():
            if len(key) == ADDRESS_BYTES:
                yield Address(key), _decoder.decode(data)

    def compute_total_balance(self) -> Amount:
        """Return the units all accounts own together. Visits every account."""
        return Amount(sum(account.balance for _, account in self.iterate_accounts()))

    def prove_account(self, address: Address) -> TrieProof:
        """Return the proof of an account, or of its absence, against the root."""
        return self._trie.prove(address)

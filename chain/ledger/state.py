"""The accounts, as one value: a Merkle map from addresses to balances and nonces.

A state never changes; `put_accounts` returns the next one and shares with it all that stayed the same, so every branch
of the block tree keeps its own state at the price of what it touched. Equal accounts have an equal root, in whatever
order they were written. An account that never was and an empty one are the same: absent (EIP-161).

A key of 20 bytes is an account's address. A contract's code stands under its address and a zero byte, the word at a
place of its storage under its address, a byte of one, and the 32 bytes of the place: all of a contract is one subtree,
and is proved, forked and compared with everything else.
"""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from chain.crypto.trie import EMPTY_TRIE, Difference, Trie, TrieProof
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
CODE_MARK: Final = b"\x00"
STORAGE_MARK: Final = b"\x01"
_decoder: Final = msgspec.msgpack.Decoder(Account)  # what a state holds is our own encoding: no check is needed


def compute_storage_key(address: Address, place: int) -> bytes:
    """Return the key under which the word at a place of a contract's storage stands."""
    return address + STORAGE_MARK + place.to_bytes(32)


def encode_word(word: int) -> bytes | None:
    """Return a word without leading zeros; None for 0, which is not kept."""
    return word.to_bytes((word.bit_length() + 7) // 8) if word else None


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

    def put_contracts(self, codes: Mapping[Address, bytes], storage: Mapping[tuple[Address, int], int]) -> "State":
        """Return the state in which these contracts have this code, and these words stand in their storage; 0: none."""
        changes: list[tuple[bytes, bytes | None]] = [
            (address + CODE_MARK, code or None) for address, code in codes.items()
        ]
        changes += [(compute_storage_key(*place), encode_word(word)) for place, word in storage.items()]
        return State(self._trie.put_many(changes))

    def get_code(self, address: Address) -> bytes:
        """Return a contract's code; empty for an account without."""
        return self._trie.get(address + CODE_MARK) or b""

    def get_storage(self, address: Address, place: int) -> int:
        """Return the word at a place of a contract's storage, 0 where none was written."""
        return int.from_bytes(self._trie.get(compute_storage_key(address, place)) or b"")

    def iterate_storage(self, address: Address) -> Iterator[tuple[int, int]]:
        """Yield the places and words of a contract's storage, by place."""
        prefix = address + STORAGE_MARK
        for key, data in self._trie.items(prefix):
            yield int.from_bytes(key[len(prefix) :]), int.from_bytes(data)

    def iterate_contracts(self) -> Iterator[tuple[Address, bytes]]:
        """Yield every contract and its code, by address. Visits every account."""
        for key, data in self._trie.items():
            if len(key) == ADDRESS_BYTES + 1:
                yield Address(key[:ADDRESS_BYTES]), data

    def iterate_accounts(self) -> Iterator[tuple[Address, Account]]:
        """Yield every account, by address."""
        for key, data in self._trie.items():
            if len(key) == ADDRESS_BYTES:
                yield Address(key), _decoder.decode(data)

    def iterate_differences(self, other: "State") -> Iterator[Difference]:
        """Yield ``(key, value here, value there)`` where two states differ, by key; equal parts are not entered."""
        return self._trie.diff(other._trie)

    def compute_total_balance(self) -> Amount:
        """Return the units all accounts own together. Visits every account."""
        return Amount(sum(account.balance for _, account in self.iterate_accounts()))

    def prove_account(self, address: Address) -> TrieProof:
        """Return the proof of an account, or of its absence, against the root."""
        return self._trie.prove(address)

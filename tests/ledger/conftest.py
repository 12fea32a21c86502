"""People with keys, for the tests of this room."""

from typing import Any

import pytest

from chain.crypto.signatures import get_public_key
from chain.ledger.actions import Transfer
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.units import COIN, Address
from chain.wallet.address import compute_address


class Person:
    """A key, and what it signs: a payment of one coin with ordinary fees unless told otherwise."""

    def __init__(self, number: int) -> None:
        self.seed = number.to_bytes(32)
        self.public_key = get_public_key(self.seed)
        self.address: Address = compute_address(self.public_key)

    def write(
        self, recipient: Address, nonce: int = 0, amount: int = COIN, memo: str = "", **other: Any
    ) -> Transaction:
        fields = {"chain_id": 1, "gas_limit": 30_000, "max_fee_per_gas": 2_000, "max_tip_per_gas": 100} | other
        return Transaction(authority=self.public_key, nonce=nonce, action=Transfer(recipient, amount, memo), **fields)

    def pay(self, recipient: Address, nonce: int = 0, **other: Any) -> SignedTransaction:
        return sign_transaction(self.write(recipient, nonce, **other), self.seed)


@pytest.fixture(scope="session")
def people() -> tuple[Person, ...]:
    """Four people: by convention the first pays the second, and the last proposes blocks."""
    return tuple(Person(number) for number in range(1, 5))

"""A transaction: what its sender wants, signed.

The signature covers the digest of the canonical bytes of the `Transaction`, in a domain of its own, so nothing else
that is signed can be taken for a transaction. The id covers the signature too. The chain id keeps it on one chain, the
nonce gives it its one place in its sender's order (EIP-155, Yellow Paper section 4.2). The public key travels with the
transaction because an Ed25519 signature, unlike Ethereum's ECDSA, does not reveal it.

What is derived (id, sender, size, whether the signature holds) is computed when first asked for and remembered on the
object itself: once a world, however many nodes look at it. Encoded bytes are not kept.
"""

import re
from functools import lru_cache
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chain.crypto.hashing import digest
from chain.crypto.signatures import PUBLIC_KEY_BYTES, get_public_key, is_valid_signature, sign
from chain.encoding import decode, encode
from chain.errors import InvalidTransaction
from chain.ledger.parameters import MAX_UNITS
from chain.units import Address, Hash, format_amount
from chain.wallet.address import ADDRESS_BYTES, compute_address

MAX_MEMO_BYTES: Final = 256
"""Longest memo, in bytes of UTF-8. Bitcoin relays 80 bytes of OP_RETURN; a sentence or two should fit."""

# Written out, not asked of `unicodedata`, whose answers change with the version of Python: C0 and C1 controls, marks
# that reverse or hide text, line separators, halves of surrogate pairs.
_REFUSED_IN_MEMO: Final = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f\ud800-\udfff]"
)

_PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Address = Annotated[Address, Meta(min_length=20, max_length=20)]
_Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]


class Transfer(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False, tag=1):
    """Move money to another account, with a few words."""

    recipient: _Address
    amount: int
    """Units."""
    memo: str = ""


Action = Transfer
"""What a transaction does: a tagged union, of which transfers are the first member."""


class Transaction(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What a sender signs."""

    chain_id: int
    public_key: _PublicKey
    """Ed25519; the sender's address is derived from it."""
    nonce: int
    """How many transactions of this sender come before."""
    gas_limit: int
    """Gas the sender pays for at most."""
    max_fee_per_gas: int
    """Units per gas, base fee and tip together. Source: EIP-1559."""
    max_tip_per_gas: int
    """Units per gas for the proposer, at most. Source: EIP-1559, max_priority_fee_per_gas."""
    action: Action

    def compute_max_cost(self) -> int:
        """Return the units the sender must have: the amount, and all gas at the highest price."""
        return self.action.amount + self.gas_limit * self.max_fee_per_gas


class _Derived:
    """Room on a SignedTransaction for what is computed once; msgspec neither encodes nor compares it."""

    __slots__ = ("_id", "_is_signature_valid", "_size_bytes")
    _id: Hash
    _size_bytes: int
    _is_signature_valid: bool


class SignedTransaction(_Derived, msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A transaction and its signature."""

    transaction: Transaction
    signature: _Signature

    @property
    def id(self) -> Hash:
        """The hash of the canonical signed bytes."""
        try:
            return self._id
        except AttributeError:
            _derive_from_bytes(self)
            return self._id

    @property
    def size_bytes(self) -> int:
        """The length of the canonical signed bytes."""
        try:
            return self._size_bytes
        except AttributeError:
            _derive_from_bytes(self)
            return self._size_bytes

    @property
    def sender(self) -> Address:
        """The account that pays."""
        return get_sender(self.transaction.public_key)

    @property
    def is_signature_valid(self) -> bool:
        """Whether the public key signed exactly this transaction."""
        try:
            return self._is_signature_valid
        except AttributeError:
            key, message = self.transaction.public_key, compute_signing_hash(self.transaction)
            msgspec.structs.force_setattr(self, "_is_signature_valid", is_valid_signature(key, message, self.signature))
            return self._is_signature_valid


def _derive_from_bytes(signed: SignedTransaction) -> None:
    data = encode(signed)
    msgspec.structs.force_setattr(signed, "_id", digest("transaction", data))
    msgspec.structs.force_setattr(signed, "_size_bytes", len(data))


@lru_cache(maxsize=1 << 16)
def get_sender(public_key: bytes) -> Address:
    """Return the address of a public key; remembered, so that all transactions of a sender share one object."""
    return compute_address(public_key)


def compute_signing_hash(transaction: Transaction) -> Hash:
    """Return the 32 bytes that the sender signs."""
    return digest("tx-signing", encode(transaction))


def sign_transaction(transaction: Transaction, seed32: bytes) -> SignedTransaction:
    """Sign with the private key seed of ``transaction.public_key``.

    Nothing but the encoding's limits is checked here: what the ledger would refuse can be signed. Raises
    InvalidTransaction for numbers or a memo that have no encoding.
    """
    assert get_public_key(seed32) == transaction.public_key, "this is the key of another account"
    try:
        message = compute_signing_hash(transaction)
    except (OverflowError, UnicodeEncodeError):
        check_form(transaction)
        raise
    return SignedTransaction(transaction, sign(seed32, message))


def encode_transaction(signed: SignedTransaction) -> bytes:
    """Return the canonical bytes of a signed transaction."""
    return encode(signed)


def decode_transaction(data: bytes) -> SignedTransaction:
    """Return the signed transaction that has these canonical bytes. Raises InvalidEncoding."""
    return decode(SignedTransaction, data)


def check_form(transaction: Transaction) -> None:
    """Check what can be said of a transaction by itself, without a chain. Raises InvalidTransaction.

    Rules: ledger/number, ledger/signature, ledger/recipient, ledger/amount, ledger/memo, ledger/tip.
    """
    for name in ("chain_id", "nonce", "gas_limit", "max_fee_per_gas", "max_tip_per_gas"):
        number = getattr(transaction, name)
        if not 0 <= number <= MAX_UNITS:
            raise InvalidTransaction("ledger/number", f"{name} is {number}; it must be 0 to {MAX_UNITS}")
    if len(transaction.public_key) != PUBLIC_KEY_BYTES:
        raise InvalidTransaction(
            "ledger/signature",
            f"the public key has {len(transaction.public_key)} bytes; it must have {PUBLIC_KEY_BYTES}",
        )
    _check_transfer(transaction.action)
    if transaction.max_tip_per_gas > transaction.max_fee_per_gas:
        raise InvalidTransaction(
            "ledger/tip",
            f"the tip of {transaction.max_tip_per_gas} units per gas is more than the fee cap of "
            f"{transaction.max_fee_per_gas}, which must cover it",
        )


def _check_transfer(transfer: Transfer) -> None:
    if len(transfer.recipient) != ADDRESS_BYTES:
        raise InvalidTransaction(
            "ledger/recipient", f"the recipient has {len(transfer.recipient)} bytes; an address has {ADDRESS_BYTES}"
        )
    if not 1 <= transfer.amount <= MAX_UNITS:
        raise InvalidTransaction(
            "ledger/amount",
            f"the amount is {format_amount(transfer.amount)}; it must be "
            f"{format_amount(1)} to {format_amount(MAX_UNITS)}",
        )
    check_memo(transfer.memo)


def check_memo(memo: str) -> None:
    """Check a memo: at most 256 bytes of UTF-8, no control characters. Raises InvalidTransaction, rule ledger/memo."""
    refused = _REFUSED_IN_MEMO.search(memo)
    if refused:
        raise InvalidTransaction(
            "ledger/memo", f"the memo has U+{ord(refused[0]):04X} at position {refused.start()}, a control character"
        )
    size = len(memo.encode())
    if size > MAX_MEMO_BYTES:
        raise InvalidTransaction("ledger/memo", f"the memo has {size} bytes; at most {MAX_MEMO_BYTES} are allowed")

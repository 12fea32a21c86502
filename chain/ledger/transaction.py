"""A transaction: what its sender wants, signed.

The signature covers the digest of the canonical bytes of the `Transaction`, in a domain of its own, so nothing else
that is signed can be taken for a transaction. The id covers the signature too. The chain id keeps it on one chain, the
nonce gives it its one place in its sender's order (EIP-155, Yellow Paper section 4.2). The public key travels with the
transaction because an Ed25519 signature, unlike Ethereum's ECDSA, does not reveal it.

What is derived (id, sender, size, whether the signature holds) is computed when first asked for and remembered on the
object itself: once a world, however many nodes look at it. Encoded bytes are not kept.
"""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from msgspec import Meta

from chain.crypto.hashing import digest
from chain.crypto.signatures import PUBLIC_KEY_BYTES, get_public_key, is_valid_signature, sign
from chain.encoding import decode, encode
from chain.errors import InvalidInput, InvalidTransaction
from chain.ledger.actions import Action
from chain.ledger.parameters import MAX_UNITS
from chain.ledger.policy import KeySignature, Policy, check_policy, get_address, is_satisfied
from chain.units import Address, Hash

_PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
_Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]


class Transaction(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """What a sender signs."""

    chain_id: int
    authority: _PublicKey | Policy
    """Who must sign: an Ed25519 public key, or a policy over several. The sender's address is derived from it."""
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
    signature: _Signature | tuple[KeySignature, ...]
    """One signature for one key; for a policy as many as its threshold says, each with its key's place."""

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
        return get_address(self.transaction.authority)

    @property
    def is_signature_valid(self) -> bool:
        """Whether the authority signed exactly this transaction."""
        try:
            return self._is_signature_valid
        except AttributeError:
            is_valid = _is_signed(self.transaction, self.signature)
            msgspec.structs.force_setattr(self, "_is_signature_valid", is_valid)
            return is_valid


def _derive_from_bytes(signed: SignedTransaction) -> None:
    data = encode(signed)
    msgspec.structs.force_setattr(signed, "_id", digest("transaction", data))
    msgspec.structs.force_setattr(signed, "_size_bytes", len(data))


def _is_signed(transaction: Transaction, signature: bytes | tuple[KeySignature, ...]) -> bool:
    authority, message = transaction.authority, compute_signing_hash(transaction)
    if isinstance(authority, Policy):
        return isinstance(signature, tuple) and is_satisfied(authority, message, signature)
    return isinstance(signature, bytes) and is_valid_signature(authority, message, signature)


def compute_signing_hash(transaction: Transaction) -> Hash:
    """Return the 32 bytes that the sender signs."""
    return digest("tx-signing", encode(transaction))


def sign_transaction(transaction: Transaction, seed32: bytes) -> SignedTransaction:
    """Sign with the private key seed of the one key that is the transaction's authority.

    Nothing but the encoding's limits is checked here: what the ledger would refuse can be signed. Raises
    InvalidTransaction for numbers or a memo that have no encoding.
    """
    assert get_public_key(seed32) == transaction.authority, "this is the key of another account"
    return SignedTransaction(transaction, sign(seed32, _compute_message(transaction)))


def sign_for_policy(transaction: Transaction, seed32: bytes) -> KeySignature:
    """Return one key's part of the signatures that a policy asks for.

    Raises InvalidInput when the key is none of the policy's, InvalidTransaction as `sign_transaction`.
    """
    policy, public_key = transaction.authority, get_public_key(seed32)
    keys = policy.public_keys if isinstance(policy, Policy) else ()
    if public_key not in keys:
        raise InvalidInput("signing key", public_key.hex()[:16], f"one of the {len(keys)} keys of the policy")
    return keys.index(public_key), sign(seed32, _compute_message(transaction))


def join_signatures(transaction: Transaction, signatures: Iterable[KeySignature]) -> SignedTransaction:
    """Return the transaction with the parts of several keys; of more than enough the first places count.

    Whether they suffice is for `SignedTransaction.is_signature_valid` to say. Raises InvalidInput for one key alone.
    """
    policy = transaction.authority
    if not isinstance(policy, Policy):
        raise InvalidInput("authority", "one key", "a policy, whose signatures have parts")
    return SignedTransaction(transaction, tuple(sorted(dict(signatures).items())[: policy.threshold]))


def _compute_message(transaction: Transaction) -> Hash:
    try:
        return compute_signing_hash(transaction)
    except (OverflowError, UnicodeEncodeError):
        check_form(transaction)
        raise


def encode_transaction(signed: SignedTransaction) -> bytes:
    """Return the canonical bytes of a signed transaction."""
    return encode(signed)


def decode_transaction(data: bytes) -> SignedTransaction:
    """Return the signed transaction that has these canonical bytes. Raises InvalidEncoding."""
    return decode(SignedTransaction, data)


def check_form(transaction: Transaction) -> None:
    """Check what can be said of a transaction by itself, without a chain. Raises InvalidTransaction.

    Rules: ledger/number, ledger/signature, ledger/policy, those of its action, ledger/tip.
    """
    for name in ("chain_id", "nonce", "gas_limit", "max_fee_per_gas", "max_tip_per_gas"):
        number = getattr(transaction, name)
        if not 0 <= number <= MAX_UNITS:
            raise InvalidTransaction("ledger/number", f"{name} is {number}; it must be 0 to {MAX_UNITS}")
    if isinstance(transaction.authority, Policy):
        check_policy(transaction.authority)
    elif len(transaction.authority) != PUBLIC_KEY_BYTES:
        raise InvalidTransaction(
            "ledger/signature",
            f"the public key has {len(transaction.authority)} bytes; it must have {PUBLIC_KEY_BYTES}",
        )
    transaction.action.check()
    if transaction.max_tip_per_gas > transaction.max_fee_per_gas:
        raise InvalidTransaction(
            "ledger/tip",
            f"the tip of {transaction.max_tip_per_gas} units per gas is more than the fee cap of "
            f"{transaction.max_fee_per_gas}, which must cover it",
        )

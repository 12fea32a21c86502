"""Accounts that more than one key decides on, or none before a time: the hash of a policy is their address.

As with Bitcoin's pay-to-script-hash the chain knows only the hash until the account first pays; whoever pays from it
shows the policy and the signatures it asks for. A policy of one key with a time is a time lock; m of n keys are a
multisignature account; both may be combined.

Sources: BIP-16 (hash of a script as address), BIP-67 (keys in ascending order, so that the same keys give the same
address), BIP-65 (not before a time).
"""

from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chain.crypto.hashing import digest
from chain.crypto.signatures import PUBLIC_KEY_BYTES, is_valid_signature
from chain.encoding import encode
from chain.errors import InvalidTransaction
from chain.ledger.parameters import MAX_UNITS
from chain.units import Address, Hash
from chain.wallet.address import ADDRESS_BYTES, compute_address

MAX_POLICY_KEYS: Final = 15
"""Most keys of a policy. Source: BIP-16, which fits 15 compressed keys into a script."""

_PublicKey = Annotated[bytes, Meta(min_length=32, max_length=32)]
KeySignature = tuple[int, Annotated[bytes, Meta(min_length=64, max_length=64)]]
"""The place of a key in its policy, and the signature it made."""


class Policy(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """Who must sign, and from when on."""

    threshold: int
    """How many of the keys must sign."""
    public_keys: tuple[_PublicKey, ...]
    """In ascending order, each once."""
    not_before_us: int = 0
    """Virtual time before which no block may hold a payment of the account."""

    @property
    def address(self) -> Address:
        """The account's address."""
        return compute_policy_address(self)


@lru_cache(maxsize=1 << 12)
def compute_policy_address(policy: Policy) -> Address:
    """Return the address of a policy's account."""
    return Address(digest("policy", encode(policy))[-ADDRESS_BYTES:])


def build_policy(threshold: int, public_keys: tuple[bytes, ...], not_before_us: int = 0) -> Policy:
    """Return the policy of these keys, in whatever order they come. Raises InvalidTransaction, rule ledger/policy."""
    policy = Policy(threshold, tuple(sorted(public_keys)), not_before_us)
    check_policy(policy)
    return policy


def check_policy(policy: Policy) -> None:
    """Check what can be said of a policy by itself. Raises InvalidTransaction, rule ledger/policy."""
    keys = policy.public_keys
    if any(len(key) != PUBLIC_KEY_BYTES for key in keys):
        raise InvalidTransaction("ledger/policy", f"every public key of a policy must have {PUBLIC_KEY_BYTES} bytes")
    if not 1 <= len(keys) <= MAX_POLICY_KEYS or any(left >= right for left, right in pairwise(keys)):
        raise InvalidTransaction(
            "ledger/policy", f"{len(keys)} keys; a policy has 1 to {MAX_POLICY_KEYS}, in ascending order, each once"
        )
    if not 1 <= policy.threshold <= len(keys):
        raise InvalidTransaction(
            "ledger/policy", f"{policy.threshold} of {len(keys)} keys must sign; it must be 1 to {len(keys)}"
        )
    if not 0 <= policy.not_before_us <= MAX_UNITS:
        raise InvalidTransaction("ledger/policy", f"the time is {policy.not_before_us} µs; it must be 0 to {MAX_UNITS}")


def is_satisfied(policy: Policy, message: Hash, signatures: tuple[KeySignature, ...]) -> bool:
    """Tell whether exactly as many keys as the threshold says have signed, in the order of their places."""
    places = [place for place, _ in signatures]
    if len(places) != policy.threshold or any(left >= right for left, right in pairwise(places)):
        return False
    if not 0 <= places[0] <= places[-1] < len(policy.public_keys):
        return False
    return all(is_valid_signature(policy.public_keys[place], message, signature) for place, signature in signatures)


@lru_cache(maxsize=1 << 16)
def get_address(authority: bytes | Policy) -> Address:
    """Return the address of a key or a policy; remembered, so that all transactions of a sender share one object."""
    return authority.address if isinstance(authority, Policy) else compute_address(authority)

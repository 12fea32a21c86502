"""Seals that carry their block's signature.

The signature covers the whole header but for itself: the seal is written into the header with an empty signature, the
canonical bytes of that header are signed, and the signature is put in its place. So the block's hash commits to the
signature, and the signature to everything else the hash commits to. Source: EIP-225, "Authorizing a block".
"""

from typing import Protocol, TypeVar

import msgspec

from chain.consensus.validators import Keyring
from chain.encoding import encode
from chain.ledger.block import Block, Header


class SignedSeal(Protocol):
    """A seal, such as a msgspec struct, with a signature in it."""

    @property
    def signature(self) -> bytes:
        """64 bytes, or none yet."""


T = TypeVar("T", bound=SignedSeal)


def sign_block(block: Block, seal: SignedSeal, keyring: Keyring, index: int, domain: str) -> Block:
    """Return the block with a seal signed by a validator, in a domain of at most 16 bytes."""
    signature = keyring.sign(index, domain, _encode_unsigned(block.header, seal))
    header = msgspec.structs.replace(block.header, consensus=encode(_replace_signature(seal, signature)))
    return Block(header, block.transactions)


def is_signed(header: Header, seal: SignedSeal, keyring: Keyring, index: int, domain: str) -> bool:
    """Return whether a validator of this index exists and signed the header, whose seal is given decoded."""
    return keyring.is_valid(index, domain, _encode_unsigned(header, seal), seal.signature)


def _encode_unsigned(header: Header, seal: SignedSeal) -> bytes:
    return encode(msgspec.structs.replace(header, consensus=encode(_replace_signature(seal, b""))))


def _replace_signature(seal: T, signature: bytes) -> T:
    replaced: T = msgspec.structs.replace(seal, signature=signature)  # type: ignore[type-var]  # seals are structs
    return replaced

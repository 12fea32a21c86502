"""The one hash of the engine: BLAKE2b-256 with a domain, and the grinding of a proof of work with it.

Idea: every use of the hash names its domain, which goes into BLAKE2b's personalisation block, so that the bytes of one
kind of thing can never be passed off as another kind (a leaf as a node, a message as a transaction).

Invariant: equal bytes in two domains have unrelated digests.

Source: RFC 7693 (BLAKE2), section 2.8 of the BLAKE2 paper (personalisation). Grinding is Hashcash's idea (Back, 2002)
with Bitcoin's rule "digest as a number at most the target" and its midstate trick: what stays the same in front of the
nonce is hashed once.

Simplification: Bitcoin hashes twice with SHA-256 and has a 4-byte nonce; one BLAKE2b and 8 bytes serve here.
"""

import hashlib
from typing import Final, Protocol

from chain.errors import InvalidInput
from chain.units import Hash

HASH_BYTES: Final = 32
MAX_DOMAIN_BYTES: Final = 16
"""BLAKE2b's personalisation block has 16 bytes; shorter domains are padded with zeros."""
NONCE_BYTES: Final = 8
MAX_TARGET: Final = 2**256 - 1
"""The target that every digest meets."""


class HashState(Protocol):
    """An open hash, as hashlib gives it."""

    def copy(self) -> "HashState":
        """Return an independent state that has read the same bytes."""

    def update(self, data: bytes, /) -> None:
        """Read more bytes."""

    def digest(self) -> bytes:
        """Return the digest of all bytes read so far."""


_openings: dict[bytes | str, HashState] = {}  # copying a state costs half of opening one


def _open_domain(domain: bytes | str) -> HashState:
    state = _openings.get(domain)
    if state is None:
        person = domain.encode() if isinstance(domain, str) else domain
        if not 0 < len(person) <= MAX_DOMAIN_BYTES:
            raise InvalidInput("hash domain", domain, f"1 to {MAX_DOMAIN_BYTES} bytes")
        state = _openings[domain] = hashlib.blake2b(digest_size=HASH_BYTES, person=person)
    return state


def digest(domain: bytes | str, data: bytes) -> Hash:
    """Return the 32-byte hash of ``data`` in a domain. Raises InvalidInput when the domain has not 1 to 16 bytes."""
    state = _open_domain(domain).copy()
    state.update(data)
    return Hash(state.digest())


def meets_target(found: Hash, target: int) -> bool:
    """Tell whether a digest, read as a big-endian number, is at most the target."""
    return int.from_bytes(found) <= target


def digest_with_nonce(domain: bytes | str, prefix: bytes, nonce: int) -> Hash:
    """Return the digest that ``grind`` tries for one nonce: the prefix, then the nonce as 8 big-endian bytes."""
    return digest(domain, prefix + nonce.to_bytes(NONCE_BYTES))


def grind(domain: bytes | str, prefix: bytes, target: int, start: int = 0) -> int:
    """Return the first nonce from ``start`` on whose digest meets the target.

    It takes about ``2**256 / target`` tries. Raises InvalidInput when the target is not in 0 … 2**256 - 1 or when no
    8-byte nonce from ``start`` on meets it.
    """
    if not 0 <= target <= MAX_TARGET:
        raise InvalidInput("proof-of-work target", target, "0 to 2**256 - 1")
    midstate = _open_domain(domain).copy()
    midstate.update(prefix)
    copy, bound = midstate.copy, target.to_bytes(HASH_BYTES)  # equally long bytes compare as big-endian numbers do
    for nonce in range(start, 2 ** (8 * NONCE_BYTES)):
        state = copy()
        state.update(nonce.to_bytes(NONCE_BYTES))
        if state.digest() <= bound:
            return nonce
    raise InvalidInput("proof-of-work nonce", start, "a start from which an 8-byte nonce meets the target")

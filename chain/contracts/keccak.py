"""Keccak-256, the hash of Ethereum: not the SHA-3 of the standard, which pads differently.

Source: Yellow Paper, section 3; the Keccak reference with 256 bits and padding byte 0x01. The work is pycryptodome's,
imported when the first hash is asked for.

Programs hash the same short keys again and again (the slot of a mapping entry is the hash of 64 bytes), so the hashes
of short inputs are remembered. The memory is bounded and never seen in a result.
"""

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Final

from chain.units import Hash

EMPTY_HASH: Final = Hash(bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"))
"""Keccak-256 of no bytes."""
_REMEMBERED_BYTES: Final = 128
"""Inputs up to this length are remembered."""


@cache
def _load() -> Callable[[bytes], bytes]:
    from Crypto.Hash import keccak

    def compute(data: bytes) -> bytes:
        return keccak.new(digest_bits=256, data=data).digest()

    return compute


@lru_cache(maxsize=16_384)
def _compute_short(data: bytes) -> int:
    return int.from_bytes(_load()(data))


def compute_keccak(data: bytes) -> Hash:
    """Return the 32-byte Keccak-256 of ``data``."""
    return Hash(_load()(data))


def compute_keccak_word(data: bytes) -> int:
    """Return the Keccak-256 of ``data`` as a big-endian number: what the machine's KECCAK256 puts on the stack."""
    return _compute_short(data) if len(data) <= _REMEMBERED_BYTES else int.from_bytes(_load()(data))

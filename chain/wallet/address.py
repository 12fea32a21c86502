"""An address: the 20 bytes that name an account, and the text people copy.

The bytes are the last 20 of the hash of the Ed25519 public key in the domain ``address``. The text is bech32m with the
prefix ``cr`` and a version in front, so that addresses look like ``cr1q…`` and another kind could follow as ``cr1p…``.

Source: BIP-173 and BIP-350 (the shape is that of a segregated witness address with its own prefix).
"""

from functools import lru_cache
from typing import Final

from chain.crypto.hashing import digest
from chain.crypto.signatures import PUBLIC_KEY_BYTES
from chain.errors import InvalidAddress, InvalidInput
from chain.units import Address
from chain.wallet.bech32m import bech32m_encode, check_case, check_data, join_bytes, split_bytes

ADDRESS_BYTES: Final = 20
ADDRESS_PREFIX: Final = "cr"
ADDRESS_VERSION: Final = 0
ADDRESS_LENGTH: Final = 42
"""Characters of an address: prefix, separator, version, 32 for the bytes, 6 for the checksum."""

_HEAD: Final = ADDRESS_PREFIX + "1"


def compute_address(public_key: bytes) -> Address:
    """Return the address of a public key. Raises InvalidInput when it has not 32 bytes."""
    if len(public_key) != PUBLIC_KEY_BYTES:
        raise InvalidInput("public key length", len(public_key), f"{PUBLIC_KEY_BYTES} bytes")
    return Address(digest(b"address", public_key)[-ADDRESS_BYTES:])


@lru_cache(maxsize=4096)
def encode_address(address: Address) -> str:
    """Return the text of an address. Raises InvalidInput when it has not 20 bytes."""
    if len(address) != ADDRESS_BYTES:
        raise InvalidInput("address length", len(address), f"{ADDRESS_BYTES} bytes")
    return bech32m_encode(ADDRESS_PREFIX, [ADDRESS_VERSION, *split_bytes(address)])


def decode_address(text: str) -> Address:
    """Return the address a text stands for; spaces around it do not matter.

    Raises InvalidAddress naming what is wrong: the prefix, the length, a character and its position (from 1), mixed
    case, the version, or only the checksum, with the position of the wrong character when one alone explains it. It
    never repeats a text that is no address: it may be a phrase pasted into the wrong field.
    """
    clean = text.strip()
    lower = clean.lower()
    if not lower.startswith(_HEAD):
        raise InvalidAddress(
            "address", f"{len(clean)} characters", f"a text that begins with {_HEAD}"
        )  # never the text
    check_case(clean)
    if len(lower) != ADDRESS_LENGTH:
        raise InvalidAddress("address length", len(lower), f"{ADDRESS_LENGTH} characters")
    version, *values = check_data(ADDRESS_PREFIX, lower[len(_HEAD) :])
    if version != ADDRESS_VERSION:
        raise InvalidAddress("address version", version, f"{ADDRESS_VERSION}")
    return Address(join_bytes(values))


def shorten_address(address: Address) -> str:
    """Return a text short enough for a table: the head with four characters, and the last four."""
    text = encode_address(address)
    return f"{text[: len(_HEAD) + 5]}…{text[-4:]}"

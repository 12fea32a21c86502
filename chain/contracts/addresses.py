"""Where a created contract lives: Ethereum's two rules.

CREATE: the last 20 bytes of Keccak-256 of the RLP list ``[creator, nonce]`` (Yellow Paper, section 7, equation 86).
CREATE2: the last 20 bytes of Keccak-256 of ``0xff ++ creator ++ salt ++ keccak(initcode)`` (EIP-1014).

People's accounts keep the address of the wallet (the last 20 bytes of our own hash of the Ed25519 key); as both are
hashes cut to 20 bytes, one of each kind meets the other with the same small chance as two of one kind.
"""

from chain.contracts.keccak import compute_keccak
from chain.units import Address


def encode_rlp_bytes(data: bytes) -> bytes:
    """Return the RLP of a string of at most 55 bytes."""
    return data if len(data) == 1 and data[0] < 0x80 else bytes([0x80 + len(data)]) + data


def encode_rlp_number(number: int) -> bytes:
    """Return the RLP of a number: its bytes without zeros in front."""
    return encode_rlp_bytes(number.to_bytes((number.bit_length() + 7) // 8))


def encode_rlp_list(*items: bytes) -> bytes:
    """Return the RLP of a list of encoded items, at most 55 bytes together."""
    joined = b"".join(items)
    return bytes([0xC0 + len(joined)]) + joined


def compute_create_address(creator: bytes, nonce: int) -> Address:
    """Return the address of the contract that ``creator`` makes with CREATE, or a transaction, at ``nonce``."""
    return Address(compute_keccak(encode_rlp_list(encode_rlp_bytes(creator), encode_rlp_number(nonce)))[-20:])


def compute_create2_address(creator: bytes, salt: int, initcode: bytes) -> Address:
    """Return the address of the contract that ``creator`` makes with CREATE2: it does not depend on a nonce."""
    return Address(compute_keccak(b"\xff" + creator + salt.to_bytes(32) + compute_keccak(initcode))[-20:])

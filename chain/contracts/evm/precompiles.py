"""Contracts that are part of the machine: addresses 1 to 9.

ECRECOVER, SHA-256, RIPEMD-160 and IDENTITY (Yellow Paper, appendix E), MODEXP (EIP-198, priced by EIP-2565), sums,
multiples and pairings of BN254 (EIP-196 and 197, priced by EIP-1108) and BLAKE2F (EIP-152).

Simplification: KZG (10, EIP-4844) and BLS12-381 (11 to 17, EIP-2537) are refused with a reason of their own: at the
fork's discount for many points Python would need more than a second for a million gas. They are warm addresses all the
same, as the fork says.
"""

import hashlib
from collections.abc import Callable
from functools import cache
from typing import Any, Final

from chain.contracts.evm import bn254
from chain.contracts.evm.authorization import recover_address
from chain.contracts.evm.blake2 import compress_in_turns
from chain.contracts.evm.frame import Frame, GiveWay, use_gas
from chain.contracts.evm.gas import count_words
from chain.contracts.evm.halts import ExceptionalHalt, Halt

Precompile = Callable[[Frame], bytes]

_LAST: Final = 17
_PAIRING_BYTES: Final = 192
_STEP_GAS: Final = 20_000
"""About the gas of a power that is computed in one go, under 10 ms."""


def _read(frame: Frame, offset: int, size: int) -> bytes:
    """Return bytes of the input, zeros beyond its end."""
    return bytes(frame.data[offset : offset + size]).ljust(size, b"\0")


def _read_number(frame: Frame, offset: int, size: int) -> int:
    """Return bytes of the input as a number, without making the zeros beyond its end first."""
    chunk = bytes(frame.data[offset : offset + size])
    return int.from_bytes(chunk) << 8 * (size - len(chunk))


def ecrecover(frame: Frame) -> bytes:
    """Return the address that signed a digest with secp256k1, or nothing."""
    use_gas(frame, 3000)
    digest, v = _read(frame, 0, 32), _read_number(frame, 32, 32)
    r, s = _read_number(frame, 64, 32), _read_number(frame, 96, 32)
    address = recover_address(digest, v - 27, r, s) if v in (27, 28) else None
    return b"" if address is None else address.rjust(32, b"\0")


def sha256(frame: Frame) -> bytes:
    """Return the SHA-256 of the input."""
    use_gas(frame, 60 + 12 * count_words(len(frame.data)))
    return hashlib.sha256(frame.data).digest()


@cache
def _load_ripemd160() -> Any:
    from Crypto.Hash import RIPEMD160  # OpenSSL 3 no longer offers it to hashlib

    return RIPEMD160


def ripemd160(frame: Frame) -> bytes:
    """Return the RIPEMD-160 of the input, padded on the left."""
    use_gas(frame, 600 + 120 * count_words(len(frame.data)))
    digest: bytes = _load_ripemd160().new(bytes(frame.data)).digest()
    return digest.rjust(32, b"\0")


def identity(frame: Frame) -> bytes:
    """Return the input."""
    use_gas(frame, 15 + 3 * count_words(len(frame.data)))
    return bytes(frame.data)


def count_modexp_words(base_size: int, modulus_size: int) -> int:
    """Return the words of 8 bytes of the longer of two numbers: an exponent's bit costs a third of their square."""
    return (max(base_size, modulus_size) + 7) // 8


def compute_modexp_gas(base_size: int, exponent_size: int, modulus_size: int, exponent_head: int) -> int:
    """Return the price of a modular power (EIP-2565); ``exponent_head`` is the exponent's first 32 bytes."""
    words = count_modexp_words(base_size, modulus_size)
    steps = max(exponent_head.bit_length() - 1, 0) + 8 * max(exponent_size - 32, 0)
    return max(200, words * words * max(steps, 1) // 3)


def modexp(frame: Frame) -> bytes:
    """Return base ** exponent mod modulus, numbers of any length whose lengths come first."""
    base_size, exponent_size, modulus_size = (_read_number(frame, place, 32) for place in (0, 32, 64))
    exponent_at, modulus_at = 96 + base_size, 96 + base_size + exponent_size
    head = _read_number(frame, exponent_at, min(exponent_size, 32))
    use_gas(frame, compute_modexp_gas(base_size, exponent_size, modulus_size, head))
    if modulus_size == 0:
        return b""
    modulus = _read_number(frame, modulus_at, modulus_size)
    if modulus == 0:
        return bytes(modulus_size)
    base, exponent = _read_number(frame, 96, base_size), _read_number(frame, exponent_at, exponent_size)
    words = count_modexp_words(base_size, modulus_size)
    step_bits = max(1, 3 * _STEP_GAS // (words * words))
    return compute_power(base, exponent, modulus, step_bits, frame.execution.give_way).to_bytes(modulus_size)


def compute_power(base: int, exponent: int, modulus: int, step_bits: int, give_way: GiveWay | None) -> int:
    """Return base ** exponent mod modulus, giving way every few bits of the exponent if there is a way to."""
    if give_way is None or exponent.bit_length() <= step_bits:
        return pow(base, exponent, modulus)
    result, base, mask = 1 % modulus, base % modulus, (1 << step_bits) - 1
    for place in range((exponent.bit_length() - 1) // step_bits * step_bits, -1, -step_bits):
        step = pow(base, exponent >> place & mask, modulus)
        give_way()
        result = pow(result, 1 << step_bits, modulus)
        give_way()
        result = result * step % modulus
        give_way()
    return result


def _read_point(frame: Frame, offset: int) -> bn254.Point:
    x, y = _read_number(frame, offset, 32), _read_number(frame, offset + 32, 32)
    if x == y == 0:
        return None
    if x >= bn254.P or y >= bn254.P or not bn254.is_on_curve(x, y):
        raise ExceptionalHalt(Halt.INVALID_PARAMETER)
    return x, y


def _read_twist_point(frame: Frame, offset: int) -> bn254.TwistPoint:
    """Return a point of the subgroup; of each pair the factor of i comes first."""
    b, a, d, c = (_read_number(frame, offset + place, 32) for place in (0, 32, 64, 96))
    if a == b == c == d == 0:
        return None
    if max(a, b, c, d) >= bn254.P or not bn254.is_on_twist((a, b), (c, d)):
        raise ExceptionalHalt(Halt.INVALID_PARAMETER)
    if not bn254.is_in_subgroup(((a, b), (c, d))):
        raise ExceptionalHalt(Halt.INVALID_PARAMETER)
    return (a, b), (c, d)


def _write_point(point: bn254.Point) -> bytes:
    x, y = point or (0, 0)
    return x.to_bytes(32) + y.to_bytes(32)


def ecadd(frame: Frame) -> bytes:
    """Return the sum of two points of BN254."""
    use_gas(frame, 150)
    return _write_point(bn254.add(_read_point(frame, 0), _read_point(frame, 64)))


def ecmul(frame: Frame) -> bytes:
    """Return a multiple of a point of BN254."""
    use_gas(frame, 6000)
    return _write_point(bn254.multiply(_read_point(frame, 0), _read_number(frame, 64, 32)))


def ecpairing(frame: Frame) -> bytes:
    """Return 1 if the product of the pairings of BN254 is one, else 0."""
    count, rest = divmod(len(frame.data), _PAIRING_BYTES)
    use_gas(frame, 45_000 + 34_000 * count)
    if rest:
        raise ExceptionalHalt(Halt.INVALID_PARAMETER)
    give_way, pairs = frame.execution.give_way, []
    for offset in range(0, len(frame.data), _PAIRING_BYTES):
        pairs.append((_read_point(frame, offset), _read_twist_point(frame, offset + 64)))
        if give_way is not None:
            give_way()
    return int(bn254.is_product_one(pairs, give_way)).to_bytes(32)


def blake2f(frame: Frame) -> bytes:
    """Return BLAKE2b's state after some rounds on a block."""
    if len(frame.data) != 213:
        raise ExceptionalHalt(Halt.INVALID_PARAMETER)
    data = bytes(frame.data)
    use_gas(frame, int.from_bytes(data[:4]))
    if data[212] > 1:
        raise ExceptionalHalt(Halt.INVALID_PARAMETER)
    words = [int.from_bytes(data[place : place + 8], "little") for place in range(4, 212, 8)]
    rounds, final, give_way = int.from_bytes(data[:4]), bool(data[212]), frame.execution.give_way
    return compress_in_turns(rounds, words[:8], words[8:24], words[24:], final, give_way)


def refuse(frame: Frame) -> bytes:  # noqa: ARG001
    """Halt with the reason that this precompile is not supported."""
    raise ExceptionalHalt(Halt.PRECOMPILE_NOT_SUPPORTED)


PRECOMPILES: Final[dict[int, Precompile]] = {
    **dict.fromkeys(range(1, _LAST + 1), refuse),
    1: ecrecover,
    2: sha256,
    3: ripemd160,
    4: identity,
    5: modexp,
    6: ecadd,
    7: ecmul,
    8: ecpairing,
    9: blake2f,
}
"""By address. All of them are warm from the start of a transaction."""

"""Arithmetic, comparison and bits of 256-bit words: opcodes 0x01 to 0x1d.

A word is a number of 0 … 2**256 - 1; signed opcodes read it as two's complement. Each function takes the frame and
the words it pops, the top of the stack first, and returns the word it pushes.
"""

# ruff: noqa: ARG001  # every opcode is called in the same way, whether it looks at the frame or not

from typing import Final

from chain.contracts.evm.frame import Frame, use_gas
from chain.contracts.evm.gas import EXPONENT_BYTE

MASK: Final = 2**256 - 1
SIGN: Final = 1 << 255
_MODULUS: Final = 1 << 256


def read_signed(word: int) -> int:
    """Return a word's value as two's complement."""
    return word - _MODULUS if word & SIGN else word


def add(frame: Frame, a: int, b: int) -> int:
    """Return a + b."""
    return (a + b) & MASK


def mul(frame: Frame, a: int, b: int) -> int:
    """Return a * b."""
    return (a * b) & MASK


def sub(frame: Frame, a: int, b: int) -> int:
    """Return a - b."""
    return (a - b) & MASK


def div(frame: Frame, a: int, b: int) -> int:
    """Return a / b cut to a whole number; 0 when b is 0."""
    return a // b if b else 0


def sdiv(frame: Frame, a: int, b: int) -> int:
    """Return a / b, signed, cut towards 0."""
    if not b:
        return 0
    a, b = read_signed(a), read_signed(b)
    quotient = abs(a) // abs(b)
    return (-quotient if (a < 0) != (b < 0) else quotient) & MASK


def mod(frame: Frame, a: int, b: int) -> int:
    """Return the remainder of a / b."""
    return a % b if b else 0


def smod(frame: Frame, a: int, b: int) -> int:
    """Return the remainder of a / b, signed, with the sign of a."""
    if not b:
        return 0
    a, b = read_signed(a), read_signed(b)
    remainder = abs(a) % abs(b)
    return (-remainder if a < 0 else remainder) & MASK


def addmod(frame: Frame, a: int, b: int, n: int) -> int:
    """Return (a + b) mod n without cutting the sum."""
    return (a + b) % n if n else 0


def mulmod(frame: Frame, a: int, b: int, n: int) -> int:
    """Return (a * b) mod n without cutting the product."""
    return a * b % n if n else 0


def exp(frame: Frame, a: int, b: int) -> int:
    """Return a to the power of b; the exponent is paid by its bytes."""
    use_gas(frame, EXPONENT_BYTE * ((b.bit_length() + 7) >> 3))
    return pow(a, b, _MODULUS)


def signextend(frame: Frame, size: int, a: int) -> int:
    """Return a read as a signed number of ``size + 1`` bytes."""
    if size > 30:
        return a
    bits = 8 * size + 8
    low = a & ((1 << bits) - 1)
    return low | (MASK >> bits << bits) if low >> (bits - 1) else low


def lt(frame: Frame, a: int, b: int) -> int:
    """Return 1 when a < b."""
    return 1 if a < b else 0


def gt(frame: Frame, a: int, b: int) -> int:
    """Return 1 when a > b."""
    return 1 if a > b else 0


def slt(frame: Frame, a: int, b: int) -> int:
    """Return 1 when a < b, signed."""
    return 1 if read_signed(a) < read_signed(b) else 0


def sgt(frame: Frame, a: int, b: int) -> int:
    """Return 1 when a > b, signed."""
    return 1 if read_signed(a) > read_signed(b) else 0


def eq(frame: Frame, a: int, b: int) -> int:
    """Return 1 when a = b."""
    return 1 if a == b else 0


def iszero(frame: Frame, a: int) -> int:
    """Return 1 when a is 0."""
    return 0 if a else 1


def and_(frame: Frame, a: int, b: int) -> int:
    """Return the bits set in both."""
    return a & b


def or_(frame: Frame, a: int, b: int) -> int:
    """Return the bits set in either."""
    return a | b


def xor(frame: Frame, a: int, b: int) -> int:
    """Return the bits that differ."""
    return a ^ b


def not_(frame: Frame, a: int) -> int:
    """Return every bit turned."""
    return a ^ MASK


def byte(frame: Frame, place: int, a: int) -> int:
    """Return one byte of a, the most significant at place 0."""
    return (a >> (248 - 8 * place)) & 0xFF if place < 32 else 0


def shl(frame: Frame, shift: int, a: int) -> int:
    """Return a shifted left (EIP-145)."""
    return (a << shift) & MASK if shift < 256 else 0


def shr(frame: Frame, shift: int, a: int) -> int:
    """Return a shifted right."""
    return a >> shift if shift < 256 else 0


def sar(frame: Frame, shift: int, a: int) -> int:
    """Return a shifted right, keeping its sign."""
    return (read_signed(a) >> min(shift, 256)) & MASK

"""Bitcoin's difficulty: compact targets and the retarget, off-by-one included.

A header's hash, read as a 256-bit integer, must not exceed the target. Headers carry the target in 32 "compact" bits:
one byte of exponent, three of mantissa. Every ``window`` blocks the target is multiplied by the time the window took
over the time it should have taken, at most by four either way. The measured time spans ``window - 1`` intervals,
although the expected time counts ``window``, so with exponential intervals the equilibrium is
``interval * window / (window - 2)``.

Source: Bitcoin Core, ``src/arith_uint256.cpp`` (SetCompact, GetCompact) and ``src/pow.cpp``
(CalculateNextWorkRequired), and its ``pow_tests``.
"""

from typing import Final

MAX_HASH: Final = (1 << 256) - 1
BITCOIN_POW_LIMIT: Final = 0xFFFF << 208
"""The easiest target Bitcoin's main network allows, as its compact form 1d00ffff gives it back."""
MAX_ADJUSTMENT: Final = 4


def decode_compact(bits: int) -> int:
    """Return the target of compact ``bits``; 0 for a negative or overflowing encoding, which no hash can meet."""
    exponent, mantissa = bits >> 24, bits & 0x7FFFFF
    if bits & 0x800000 and mantissa:
        return 0
    target = mantissa >> 8 * (3 - exponent) if exponent <= 3 else mantissa << 8 * (exponent - 3)
    return target if target <= MAX_HASH else 0


def encode_compact(target: int) -> int:
    """Return the compact bits of a target, cut to its three leading bytes."""
    exponent = (target.bit_length() + 7) // 8
    mantissa = target << 8 * (3 - exponent) if exponent <= 3 else target >> 8 * (exponent - 3)
    if mantissa & 0x800000:  # the sign bit must stay clear
        mantissa, exponent = mantissa >> 8, exponent + 1
    return exponent << 24 | mantissa


def compute_work(target: int) -> int:
    """Return the expected number of hashes to meet a target, as Bitcoin Core's GetBlockProof counts it."""
    return (1 << 256) // (target + 1)


def compute_next_bits(bits: int, timespan: int, target_timespan: int, pow_limit: int = BITCOIN_POW_LIMIT) -> int:
    """Return the bits of the next window.

    ``timespan`` is the time between the first and the last header of the window that ends, ``target_timespan`` what it
    should be, both in the same unit. Bitcoin counts seconds and 14 days.
    """
    timespan = max(target_timespan // MAX_ADJUSTMENT, min(timespan, target_timespan * MAX_ADJUSTMENT))
    target = decode_compact(bits) * timespan // target_timespan
    return encode_compact(min(target, pow_limit))

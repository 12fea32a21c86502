"""Luck by name: every random value is a pure function of a seed and of what it is for.

``draw(seed, purpose, *key)`` hashes its arguments, so a new draw in one place disturbs no other, and two runs that
differ in one parameter share all other luck. There is no stream and no state.

Invariants: the same names give the same value on every machine, Python and ``PYTHONHASHSEED``; names are encoded
unambiguously, so ``("a", "bc")``, ``("ab", "c")``, ``(1,)`` and ``("1",)`` are four different names. No float and no
``libm``: logarithms are integer fixed-point.

Single values come from keyed BLAKE2b (RFC 7693); whole arrays from the counter-based Philox 4×64 (Salmon et al.,
SC 2011) keyed by the same names, raw integers only.

Simplifications: ``draw_below`` is a multiplication and a shift, so single values of ``n`` are off by at most 2^-64 in
probability; ``draw_normal`` is a sum of twelve uniforms, exact in mean and deviation but cut off at six deviations.
"""

from bisect import bisect_right
from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from numpy.random.bit_generator import ISeedSequence

from chain.errors import InvalidInput

KeyPart = int | str | bytes
"""What a draw may be keyed by: an integer of any size, a text or bytes."""

LOG_BITS: Final = 80
"""Fraction bits of ``compute_log``; its error stays under 2^-73."""
MAX_SEED: Final = (1 << 64) - 1


def draw(seed: int, purpose: str, *key: KeyPart) -> int:
    """Return a uniform integer of 64 bits named by ``seed`` (0 … 2^64 − 1), ``purpose`` and ``key``."""
    hasher = _start(seed, purpose).copy()
    hasher.update(_encode_key(key))
    return int.from_bytes(hasher.digest()[:8], "little")


def draw_bytes(seed: int, size: int, purpose: str, *key: KeyPart) -> bytes:
    """Return ``size`` uniform bytes; the first eight are those of ``draw`` with the same names."""
    hasher = _start(seed, purpose).copy()
    hasher.update(_encode_key(key))
    first: bytes = hasher.digest()
    if size <= 64:
        return first[:size]
    blocks, count, copy = [first], (size + 63) // 64, hasher.copy
    for mark in _MARKS[1:count] if count <= len(_MARKS) else [b"+%d" % index for index in range(1, count)]:
        following = copy()
        following.update(mark)
        blocks.append(following.digest())
    return b"".join(blocks)[:size]


def draw_array(seed: int, purpose: str, *key: KeyPart, size: int) -> npt.NDArray[np.uint64]:
    """Return ``size`` uniform integers of 64 bits from Philox keyed by the names; about 10 µs plus 4 ns a value."""
    philox_key = _PhiloxKey(draw_bytes(seed, 16, purpose, *key))
    return np.random.Philox(philox_key).random_raw(size)  # type: ignore[arg-type]  # any ISeedSequence will do


class _PhiloxKey(ISeedSequence):
    """A key as Philox takes it. Given as a mere number it makes numpy ask the machine for luck that nobody uses."""

    def __init__(self, key: bytes) -> None:
        self._words = np.frombuffer(key, dtype="<u8").astype(np.uint64)

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        """Return the key, whatever is asked for."""
        return self._words


def draw_below(seed: int, n: int, purpose: str, *key: KeyPart) -> int:
    """Return an integer in 0 … n − 1, each with probability 1/n to within 2^-64. ``n`` is 1 … 2^64."""
    return draw(seed, purpose, *key) * n >> 64


def draw_exponential(seed: int, mean_us: int, purpose: str, *key: KeyPart) -> int:
    """Return an exponential waiting time in whole µs, rounded down.

    It is ``mean · −ln(u / 2^64)`` for a uniform ``u`` in 1 … 2^64, so at most 44.4 means. Beside the rounding the error
    is under 2^-28 µs for means up to a year. The mean of the result is ``mean_us`` less half a µs.
    """
    return mean_us * ((_LN_2 << 6) - compute_log(draw(seed, purpose, *key) + 1)) >> LOG_BITS


def draw_normal(seed: int, mean: int, deviation: int, purpose: str, *key: KeyPart) -> int:
    """Return a nearly normal integer: the sum of twelve uniform 32-bit integers, whose variance is exactly one.

    Irwin–Hall: mean and deviation are exact, kurtosis is 2.9 instead of 3, nothing lies beyond six deviations.
    """
    data = draw_bytes(seed, 48, purpose, *key)
    total = sum(int.from_bytes(data[index : index + 4], "little") for index in range(0, 48, 4)) - 12 * (2**32 - 1) // 2
    return mean + (deviation * total >> 32)


def draw_weighted(seed: int, cumulative: Sequence[int], purpose: str, *key: KeyPart) -> int:
    """Return an index drawn by weight; ``cumulative`` holds the running sums of integer weights, the last one > 0.

    ``[3, 3, 10]`` gives 0 with probability 3/10, never 1, and 2 with probability 7/10.
    """
    if not cumulative or cumulative[-1] <= 0:
        raise InvalidInput("weights", list(cumulative), "running sums of integers that end above zero")
    return bisect_right(cumulative, draw_below(seed, cumulative[-1], purpose, *key))


def draw_shuffled(seed: int, size: int, purpose: str, *key: KeyPart) -> list[int]:
    """Return 0 … size − 1 in random order: positions sorted by 64-bit luck (equal luck keeps the lower one first)."""
    return [int(index) for index in np.argsort(draw_array(seed, purpose, *key, size=size), kind="stable")]


def compute_log(value: int) -> int:
    """Return ln(value) for an integer from 1 to 2^64 as a fixed-point number with ``LOG_BITS`` fraction bits.

    The value is split as 2^e · (1 + i/256) · (1 + j/65536) · (1 + r) with r < 2^-16; the first three logarithms
    come from tables, the last from four terms of its series (the next term is below 2^-82).
    """
    exponent = value.bit_length() - 1
    mantissa = value << (LOG_BITS - exponent)
    coarse = (mantissa >> (LOG_BITS - 8)) - 256
    mantissa = (mantissa << 8) // (256 + coarse)
    fine = (mantissa >> (LOG_BITS - 16)) - 65536
    rest = (mantissa << 16) // (65536 + fine) - _ONE
    square = rest * rest >> LOG_BITS
    series = rest - (square >> 1) + (square * rest >> LOG_BITS) // 3 - (square * square >> LOG_BITS + 2)
    return exponent * _LN_2 + _COARSE[coarse] + _FINE[fine] + series


@lru_cache(maxsize=256)
def _start(seed: int, purpose: str) -> Any:
    """Return the hash that is already keyed by the seed and fed with the purpose; copied for each draw."""
    if not 0 <= seed <= MAX_SEED:
        raise InvalidInput("seed", seed, f"an integer from 0 to {MAX_SEED}")
    return blake2b(_encode_key((purpose,)), key=seed.to_bytes(8, "little"), digest_size=64)


def _encode_key(key: tuple[KeyPart, ...]) -> bytes:
    """Return the parts one after another, each with its type and, where it has no end of its own, its length."""
    parts = []
    for part in key:
        if isinstance(part, int):
            parts.append(b"i%d;" % part)
        elif isinstance(part, bytes):
            parts.append(b"b%d:%b" % (len(part), part))
        else:
            text = part.encode()
            parts.append(b"s%d:%b" % (len(text), text))
    return b"".join(parts)


def _log_ratio(numerator: int, denominator: int) -> int:
    """Return ln(numerator / denominator), fixed-point with ``LOG_BITS`` + 16 bits: 2 · artanh((n − d) / (n + d))."""
    bits = LOG_BITS + 16
    ratio = ((numerator - denominator) << bits) // (numerator + denominator)
    square = ratio * ratio >> bits
    total, power, odd = 0, ratio, 1
    while power:
        total += power // odd
        power = power * square >> bits
        odd += 2
    return 2 * total


def _build_logs(base: int, count: int) -> list[int]:
    """Return ln(1 + i/base) for i < count as running sums of ln((base + i + 1) / (base + i))."""
    logs, total = [0], 0
    for index in range(count - 1):
        total += _log_ratio(base + index + 1, base + index)
        logs.append(total >> 16)
    return logs


_MARKS: Final = tuple(b"+%d" % index for index in range(64))
"""What tells the first blocks of ``draw_bytes`` apart."""
_ONE: Final = 1 << LOG_BITS
_LN_2: Final = _log_ratio(2, 1) >> 16
_COARSE: Final = _build_logs(256, 256)
_FINE: Final = _build_logs(65536, 257)

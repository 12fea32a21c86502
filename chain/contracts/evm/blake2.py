"""The compression function F of BLAKE2b with any number of rounds (EIP-152, RFC 7693 section 3.2).

A round costs one unit of gas, which suits machine code. Where the package ``blake2b`` (blake2b-py) is installed it
does the work; the results are the same without it, about a hundred times slower.

Here the sixteen words lie in four numbers of four lanes, one lane 128 bits wide and half empty, so that one addition
or exclusive-or works on four words at once, and the carries fall into the empty half.

Nothing else runs while that package works, and 30 million gas buy half a second of it. So whoever has an interface to
keep alive may give a function that has long work done elsewhere (``set_far_compress``).
"""

from collections.abc import Callable
from functools import cache
from typing import Final

_INITIAL: Final = (
    0x6A09E667F3BCC908,
    0xBB67AE8584CAA73B,
    0x3C6EF372FE94F82B,
    0xA54FF53A5F1D36F1,
    0x510E527FADE682D1,
    0x9B05688C2B3E6C1F,
    0x1F83D9ABFB41BD6B,
    0x5BE0CD19137E2179,
)
_SIGMA: Final = (
    (0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
    (14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3),
    (11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4),
    (7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8),
    (9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13),
    (2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9),
    (12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11),
    (13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10),
    (6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5),
    (10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0),
)
_WORD: Final = 2**64 - 1
_LANES: Final = _WORD | _WORD << 128 | _WORD << 256 | _WORD << 384
_ALL: Final = 2**512 - 1

LONG_ROUNDS: Final = 2_000_000
"""Rounds that take the package about 35 ms."""

Compress = Callable[[int, list[int], list[int], list[int], bool], bytes]
FarCompress = Callable[[int, list[int], list[int], list[int], bool, Callable[[], None]], bytes]
_far_compress: list[FarCompress | None] = [None]


def set_far_compress(far_compress: FarCompress | None) -> None:
    """Let long work be done by a function that gives way meanwhile; its results are the same."""
    _far_compress[0] = far_compress


def _pack(words: tuple[int, ...]) -> int:
    return words[0] | words[1] << 128 | words[2] << 256 | words[3] << 384


def _unpack(lanes: int) -> list[int]:
    return [lanes >> 128 * place & _WORD for place in range(4)]


def _turn(lanes: int, places: int) -> int:
    """Move every lane down by some places, the lowest to the top."""
    return (lanes >> 128 * places | lanes << 128 * (4 - places)) & _ALL


def _mix(a: int, b: int, c: int, d: int, x: int, y: int) -> tuple[int, int, int, int]:
    """Mix four columns at once: function G, with rotations by 32, 24, 16 and 63 bits."""
    mask = _LANES
    a = (a + b + x) & mask
    d ^= a
    d = (d >> 32 | d << 32) & mask
    c = (c + d) & mask
    b ^= c
    b = (b >> 24 | b << 40) & mask
    a = (a + b + y) & mask
    d ^= a
    d = (d >> 16 | d << 48) & mask
    c = (c + d) & mask
    b ^= c
    return a, (b >> 63 | b << 1) & mask, c, d


def compress_plainly(rounds: int, state: list[int], block: list[int], offsets: list[int], final: bool) -> bytes:
    """Return the 64 bytes of the new state after ``rounds`` rounds on a block of sixteen words."""
    schedule = []
    for order in _SIGMA:
        words = [block[place] for place in order]
        schedule.append([_pack(tuple(words[start : start + 8 : 2])) for start in (0, 1, 8, 9)])
    a, b, c = _pack(tuple(state[:4])), _pack(tuple(state[4:])), _pack(_INITIAL[:4])
    flags = (offsets[0], offsets[1], _WORD if final else 0, 0)
    d = _pack(_INITIAL[4:]) ^ _pack(flags)
    for number in range(rounds):
        x, y, z, w = schedule[number % 10]
        a, b, c, d = _mix(a, b, c, d, x, y)
        a, b, c, d = _mix(a, _turn(b, 1), _turn(c, 2), _turn(d, 3), z, w)
        b, c, d = _turn(b, 3), _turn(c, 2), _turn(d, 1)
    mixed = _unpack(a ^ c) + _unpack(b ^ d)
    return b"".join((old ^ new).to_bytes(8, "little") for old, new in zip(state, mixed, strict=True))


@cache
def load_compress() -> Compress:
    """Return the fastest ``compress`` at hand."""
    try:
        from blake2b import compress
    except ImportError:
        return compress_plainly

    def compress_natively(rounds: int, state: list[int], block: list[int], offsets: list[int], final: bool) -> bytes:
        return bytes(compress(rounds, state, block, offsets, final))

    return compress_natively


def compress_in_turns(
    rounds: int,
    state: list[int],
    block: list[int],
    offsets: list[int],
    final: bool,
    give_way: Callable[[], None] | None,
) -> bytes:
    """Return the same, giving way meanwhile if it takes long and there is a way to."""
    far_compress = _far_compress[0]
    if give_way is not None and far_compress is not None and rounds > LONG_ROUNDS:
        return far_compress(rounds, state, block, offsets, final, give_way)
    return load_compress()(rounds, state, block, offsets, final)

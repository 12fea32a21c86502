"""Finding byte strings by either end of their hexadecimal digits, however many there are.

Idea: 4096 buckets by the first three digits and as many by the last three; a search looks through one of each. Adding
is two appends, so an index over a million hashes costs sixteen bytes a hash. Proof of work makes the first digits of
block hashes alike, so their first bucket is large: it is gone through from the newest on, and only until enough is
found.
"""

from collections.abc import Iterator
from typing import Final

DIGITS: Final = 3
"""Digits that choose a bucket: searches by fewer have to go through several buckets."""
_BUCKETS: Final = 16**DIGITS


class PrefixIndex:
    """Byte strings of at least two bytes, in order of their adding."""

    __slots__ = ("_by_begin", "_by_end", "count")

    def __init__(self) -> None:
        self._by_begin: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        self._by_end: list[list[bytes]] = [[] for _ in range(_BUCKETS)]
        self.count = 0

    def add(self, digest: bytes) -> None:
        """Take in one more."""
        self._by_begin[digest[0] << 4 | digest[1] >> 4].append(digest)
        self._by_end[(digest[-2] & 15) << 8 | digest[-1]].append(digest)
        self.count += 1

    def iter_with(self, begin: str, end: str) -> Iterator[bytes]:
        """Yield those whose digits begin and end like this, newest first within a bucket; either may be empty."""
        buckets = self._choose_buckets(begin, end)
        begin_bytes, end_bytes = bytes.fromhex(begin[: len(begin) & ~1]), bytes.fromhex(end[len(end) & 1 :])
        for bucket in buckets:
            for digest in reversed(bucket):
                if (
                    digest.startswith(begin_bytes)
                    and digest.endswith(end_bytes)
                    and (digits := digest.hex()).startswith(begin)
                    and digits.endswith(end)
                ):
                    yield digest

    def _choose_buckets(self, begin: str, end: str) -> list[list[bytes]]:
        if len(end) >= DIGITS:
            return [self._by_end[int(end[-DIGITS:], 16)]]
        first = int(begin[:DIGITS].ljust(DIGITS, "0"), 16)
        return self._by_begin[first : first + 16 ** (DIGITS - min(DIGITS, len(begin)))]

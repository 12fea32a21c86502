"""What a place in storage is called: ``balanceOf[alice]`` instead of a hash.

A place of a map is the hash of its key and the map's own place, so its name cannot be read from it. But whoever used it
has hashed it. ``learn`` takes what was hashed (the debugger sees that), ``try_keys`` takes keys that somebody may have
used (senders, arguments, values of events). Each hit opens a region of storage, in which ``find`` looks places up.
What nobody named stays a number.

Hashes: Vyper ``keccak256(place . key)``, the key of a string or bytes being its hash; Solidity ``keccak256(key .
place)``, a string or bytes as they are; long strings and lists of Solidity lie at ``keccak256(place)``.

Invariant: nothing is guessed: every name given is the only one whose hash lies there, as sure as Keccak has no
collisions.
"""

from bisect import bisect_right
from collections.abc import Iterable
from operator import attrgetter
from typing import Final, NamedTuple

from chain.contracts.keccak import compute_keccak_word
from chain.contracts.storage_layout import MAX_SLOTS, WORD_BYTES, Layout, List, Map, Row, Shape, Struct, Text, Word

MAX_REGIONS: Final = 100_000
"""Keys of maps that are remembered for one contract."""
_WORDS: Final = 1 << 256


class Key(NamedTuple):
    """A key of a map."""

    kind: str
    """Its type, as the source calls it."""
    value: bytes
    """Its word; of a string or bytes their own bytes, or the hash where only that is known."""


Path = tuple[str | Key, ...]
"""Name of a variable, then members, indices and keys, in order: ``("entries", Key(…), ".owner")``."""


class Place(NamedTuple):
    """A value in a word of storage."""

    path: Path
    kind: str
    """Its type as the source calls it; of what can grow ``length``, ``text length``, ``text`` and ``short text``, which
    is Solidity's word of a text: all of it, or its length."""
    offset: int = 0
    """Bytes of the word that lie below it."""
    size: int = WORD_BYTES
    """Bytes it takes."""


class _Region(NamedTuple):
    start: int
    slots: int
    path: Path
    shape: Shape
    offset: int


class StoragePlaces:
    """The names of one contract's places, as far as they are known; the first ``indices`` numbers are always tried."""

    def __init__(self, layout: Layout, indices: int = 0) -> None:
        self.layout, self._indices = layout, indices
        self._regions: list[_Region] = []
        self._starts: list[int] = []
        self._maps: dict[int, tuple[Path, Map]] = {}
        """Maps by their place."""
        self._hashed: dict[int, bytes] = {}
        """Strings and bytes by their hash, as keys of Vyper's maps."""
        self._waiting: list[bytes] = []
        self._tried: set[tuple[int, bytes]] = set()
        for member in layout.members:
            self._open(member.slot, (member.name,), member.shape, member.offset)

    # Regions ---------------------------------------------------------------------------------------------------------

    def _open(self, start: int, path: Path, shape: Shape, offset: int = 0) -> None:
        """Make known what lies at a place, and the maps within it."""
        if len(self._regions) >= MAX_REGIONS or start + shape.slots > _WORDS:
            return
        self._regions.append(_Region(start, shape.slots, path, shape, offset))
        self._open_inner(start, path, shape)

    def _open_inner(self, start: int, path: Path, shape: Shape) -> None:
        if isinstance(shape, Map):
            self._maps.setdefault(start, (path, shape))
            if shape.key.startswith(("uint", "int")) and sum(isinstance(it, Key) for it in path) <= 1:
                for number in range(self._indices):
                    self._open_key(start, path, shape, number.to_bytes(WORD_BYTES))
        elif isinstance(shape, Struct):
            for member in shape.members:
                self._open_inner(start + member.slot, (*path, f".{member.name}"), member.shape)
        elif self.layout.is_solidity and isinstance(shape, List):
            self._open(_hash_place(start), path, shape.row)
        elif self.layout.is_solidity and isinstance(shape, Text):
            self._open(_hash_place(start), path, Row(Word("text"), MAX_SLOTS))

    # Learning --------------------------------------------------------------------------------------------------------

    def learn(self, preimages: Iterable[bytes]) -> None:
        """Take in what was hashed, in any order: maps in maps are opened once the outer one is."""
        self._waiting += preimages
        while True:
            left, before = self._waiting, len(self._regions)
            self._waiting = [data for data in left if not self._learn_one(data)]
            if len(self._regions) == before:
                break
        self._waiting = []

    def _learn_one(self, data: bytes) -> bool:
        if not self.layout.is_solidity and len(data) != 2 * WORD_BYTES:
            self._hashed[compute_keccak_word(data)] = data
            return False
        if len(data) < WORD_BYTES:
            return False
        head, tail = data[:WORD_BYTES], data[WORD_BYTES:]
        key, slot = (data[:-WORD_BYTES], data[-WORD_BYTES:]) if self.layout.is_solidity else (tail, head)
        found = self._maps.get(int.from_bytes(slot))
        if found is None:
            return False
        self._open_key(int.from_bytes(slot), *found, key)
        return True

    def try_keys(self, words: Iterable[bytes]) -> None:
        """Take in words that somebody may have used together as keys, each in every map that it fits."""
        keys = tuple(dict.fromkeys(words))
        for member in self.layout.members:
            self._try_within(member.slot, (member.name,), member.shape, keys)

    def _try_within(self, start: int, path: Path, shape: Shape, keys: tuple[bytes, ...]) -> None:
        if isinstance(shape, Struct):
            for member in shape.members:
                self._try_within(start + member.slot, (*path, f".{member.name}"), member.shape, keys)
        elif isinstance(shape, Map):
            for key in (it for it in keys if _fits(shape.key, it)):
                place, inner = self._open_key(start, path, shape, key)
                if isinstance(shape.value, (Map, Struct)):
                    self._try_within(place, inner, shape.value, keys)

    def _open_key(self, slot: int, path: Path, shape: Map, key: bytes) -> tuple[int, Path]:
        """Return where the value of a key lies and what it is called; what lies there is known from then on."""
        place, known = slot.to_bytes(WORD_BYTES), (slot, key)
        start = compute_keccak_word(key + place if self.layout.is_solidity else place + key)
        value = self._hashed.get(int.from_bytes(key), key) if _is_text(shape.key) else key
        inner = (*path, Key(shape.key, value))
        if known not in self._tried and len(self._tried) < MAX_REGIONS:
            self._tried.add(known)
            self._open(start, inner, shape.value)
        return start, inner

    # Looking up ------------------------------------------------------------------------------------------------------

    def find(self, slot: int) -> tuple[Place, ...]:
        """Return what lies in a word: several values where they are packed, none where nobody knows."""
        if len(self._starts) != len(self._regions):
            self._regions.sort(key=attrgetter("start"))  # keeps the order of what shares a word
            self._starts = [region.start for region in self._regions]
        found, place = list[Place](), bisect_right(self._starts, slot) - 1
        while place >= 0 and slot < self._regions[place].start + self._regions[place].slots:
            region = self._regions[place]
            found += reversed(self._descend(region.path, region.shape, slot - region.start, region.offset))
            place -= 1
        return tuple(reversed(found))

    def _descend(self, path: Path, shape: Shape, relative: int, offset: int) -> list[Place]:
        if isinstance(shape, Word):
            return [Place(path, shape.kind, offset, shape.size)]
        if isinstance(shape, Text):
            return self._descend_text(path, shape, relative)
        if isinstance(shape, Map):
            return []
        if isinstance(shape, List):
            if relative == 0:
                return [Place(path, "length")]
            return self._descend(path, shape.row, relative - 1, 0)
        if isinstance(shape, Row):
            return self._descend_row(path, shape, relative)
        inside = (it for it in shape.members if it.slot <= relative < it.slot + it.shape.slots)
        found = ((it, (*path, f".{it.name}")) for it in inside)
        return [place for it, inner in found for place in self._descend(inner, it.shape, relative - it.slot, it.offset)]

    def _descend_text(self, path: Path, shape: Text, relative: int) -> list[Place]:
        if self.layout.is_solidity:
            return [Place(path, "short text")]
        return [Place(path, "text length")] if relative == 0 else [Place((*path, f"[{relative - 1}]"), "text")]

    def _descend_row(self, path: Path, row: Row, relative: int) -> list[Place]:
        item = row.item
        if isinstance(item, Word) and row.per_slot > 1:
            first = relative * row.per_slot
            each = range(row.per_slot)
            return [Place((*path, f"[{first + it}]"), item.kind, it * item.size, item.size) for it in each]
        index, inner = divmod(relative, item.slots)
        return self._descend((*path, f"[{index}]"), item, inner, 0)


def _hash_place(slot: int) -> int:
    return compute_keccak_word(slot.to_bytes(WORD_BYTES))


def _is_text(kind: str) -> bool:
    return kind.startswith(("String", "Bytes", "string")) or kind == "bytes"


def _fits(kind: str, word: bytes) -> bool:
    """Tell whether a word can be a key of a type."""
    number = int.from_bytes(word)
    if kind.startswith("uint"):
        return number.bit_length() <= int(kind[4:] or 256)
    if kind.startswith("int"):
        return True
    if kind == "bool":
        return number < 2
    if kind.startswith("bytes") and kind[5:].isdecimal():
        return not any(word[int(kind[5:]) :])
    is_address = number == 0 or 64 < number.bit_length() <= 160  # of the billions of small ones nobody has the key
    return is_address and not _is_text(kind)

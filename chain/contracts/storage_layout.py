"""Which variable lies where in a contract's storage, as its compiler laid it out.

Storage is a map from 256-bit places to words. Both languages give each variable the next free place. What has a size
that is known lies there in a row: Vyper gives every value a whole word, Solidity packs small ones into one. What grows
lies at hashes (chain/contracts/storage_places.py finds it).

Vyper tells names, types and places; what a structure consists of stands in the source. solc tells everything
(``storageLayout``). A variable whose type cannot be understood is left out: nothing is ever guessed.

Source: Vyper documentation, "Storage Layout"; Solidity documentation, "Layout of State Variables in Storage".
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from chain.contracts.artifact import Artifact, Variable
from chain.contracts.source_map import read_number
from chain.errors import InvalidInput

WORD_BYTES: Final = 32
MAX_SLOTS: Final = 1 << 40
"""The longest row that is believed; also of one whose length only storage tells."""
MAX_DEPTH: Final = 16
MAX_SHAPES: Final = 20_000
"""Types that are read for one contract: structures within structures multiply."""


@dataclass(frozen=True, slots=True)
class Word:
    """A value within a word."""

    kind: str
    """As the source calls it: uint256, address, bytes4, bool …"""
    size: int = WORD_BYTES
    """Bytes it takes."""
    slots: int = 1


@dataclass(frozen=True, slots=True)
class Text:
    """A string, or bytes of any length."""

    kind: str
    """string or bytes."""
    slots: int
    """The place of its length, and of its text where that follows (Vyper); solc puts it at a hash, or beside it."""


@dataclass(frozen=True, slots=True)
class Row:
    """Values of one type in a row, of a length that is known."""

    item: "Shape"
    slots: int
    per_slot: int = 1
    """Values in a word."""


@dataclass(frozen=True, slots=True)
class List:
    """Values of one type in a row whose length is in storage: before them (Vyper), or they lie at its hash."""

    row: Row
    slots: int


@dataclass(frozen=True, slots=True)
class Map:
    """Values by key, each at the hash of its key and the map's place."""

    key: str
    """Type of the keys, as the source calls it."""
    value: "Shape"
    slots: int = 1


class Member(NamedTuple):
    """A part of a structure."""

    name: str
    slot: int
    """Counted from the structure's first place."""
    offset: int
    """Bytes of its word that lie below it."""
    shape: "Shape"


@dataclass(frozen=True, slots=True)
class Struct:
    """Named values in a row."""

    members: tuple[Member, ...]
    slots: int


Shape = Word | Text | Row | List | Map | Struct


class Layout(NamedTuple):
    """The variables of a contract."""

    members: tuple[Member, ...]
    is_solidity: bool = False
    """Whether hashes and packing are Solidity's; Vyper's otherwise."""


def read_layout(artifact: Artifact) -> Layout:
    """Return where a contract keeps what; empty where the compiler did not say."""
    read = _Solidity(artifact.storage_types) if artifact.storage_types else _Vyper(artifact.source)
    return Layout(tuple(_read_members(read, artifact.variables)), bool(artifact.storage_types))


def _read_members(read: "_Solidity | _Vyper", variables: tuple[Variable, ...]) -> Iterator[Member]:
    for variable in variables:
        try:
            yield Member(variable.name, variable.slot, variable.offset, read.parse(variable.type))
        except InvalidInput:
            continue


def _refuse(kind: str) -> InvalidInput:
    return InvalidInput("type in storage", kind, "one whose size is known")


def _check_size(kind: str, slots: int) -> int:
    if not 0 < slots <= MAX_SLOTS:
        raise _refuse(kind)
    return slots


# Vyper -----------------------------------------------------------------------------------------------------------

_STRUCT: Final = re.compile(r"^struct\s+(\w+)\s*:[^\n]*\n((?:[ \t]+[^\n]*\n|[ \t]*(?:#[^\n]*)?\n)*)", re.MULTILINE)
_MEMBER: Final = re.compile(r"^[ \t]+(\w+)\s*:\s*([^#\n]+)", re.MULTILINE)
_FLAG: Final = re.compile(r"^(?:flag|enum)\s+(\w+)\s*:", re.MULTILINE)
_CONSTANT: Final = re.compile(
    r"^(\w+)\s*:\s*(?:public\()?constant\(u?int\d+\)\)?\s*=\s*([\d_]+)\s*(?:#.*)?$", re.MULTILINE
)
_ELEMENTARY: Final = re.compile(r"u?int\d{1,3}|bytes\d{1,2}|bool|address|decimal")
_SIZED: Final = re.compile(r"(String|Bytes)\[(\w+)\]")


class _Vyper:
    """Reads Vyper's types; structures, flags and constants stand in the source."""

    def __init__(self, source: str) -> None:
        self._left = MAX_SHAPES
        self._structs = {name: _MEMBER.findall(body) for name, body in _STRUCT.findall(source + "\n")}
        self._flags = frozenset(_FLAG.findall(source))
        self._constants = {name: int(number) for name, number in _CONSTANT.findall(source)}

    def parse(self, text: str, depth: int = 0) -> Shape:
        """Return the shape of a type. Raises InvalidInput for one that is not understood."""
        kind = text.strip()
        self._left -= 1
        if depth > MAX_DEPTH or self._left < 0:
            raise _refuse(kind)
        if sized := _SIZED.fullmatch(kind):
            length = self._read_length(sized[2])
            return Text("string" if sized[1] == "String" else "bytes", 1 + -(-length // WORD_BYTES))
        if kind in self._structs:
            return self._parse_struct(kind, depth)
        if kind.startswith("HashMap[") and kind.endswith("]"):
            key, value = _split(kind[8:-1])
            return Map(key, self.parse(value, depth + 1))
        if kind.startswith("DynArray[") and kind.endswith("]"):
            row = self._build_row(*_split(kind[9:-1]), depth)
            return List(row, 1 + row.slots)
        if kind.endswith("]") and "[" in kind:
            item, _, length_text = kind[:-1].rpartition("[")
            return self._build_row(item, length_text, depth)
        if not re.fullmatch(r"\w+", kind):
            raise _refuse(kind)
        if kind in self._flags:
            return Word("uint256")
        return Word(kind if _ELEMENTARY.fullmatch(kind) else "address")  # what is left are interfaces

    def _parse_struct(self, name: str, depth: int) -> Struct:
        members, slot = list[Member](), 0
        for member, kind in self._structs[name]:
            shape = self.parse(kind, depth + 1)
            members.append(Member(member, slot, 0, shape))
            slot += shape.slots
        return Struct(tuple(members), _check_size(name, slot))

    def _build_row(self, item: str, length: str, depth: int) -> Row:
        shape = self.parse(item, depth + 1)
        return Row(shape, _check_size(item, self._read_length(length) * shape.slots))

    def _read_length(self, text: str) -> int:
        length = int(text) if text.strip().isdecimal() else self._constants.get(text.strip(), 0)
        return _check_size(text, length)


def _split(text: str) -> tuple[str, str]:
    """Return what stands before and behind the first comma outside brackets. Raises InvalidInput."""
    depth = 0
    for place, char in enumerate(text):
        depth += (char == "[") - (char == "]")
        if char == "," and depth == 0:
            return text[:place].strip(), text[place + 1 :].strip()
    raise _refuse(text)


# Solidity --------------------------------------------------------------------------------------------------------


class _Solidity:
    """Reads the types that solc writes beside the variables."""

    def __init__(self, types: Mapping[str, Any]) -> None:
        self._types, self._left = types, MAX_SHAPES

    def parse(self, name: str, depth: int = 0) -> Shape:
        """Return the shape of a type. Raises InvalidInput for one that is not understood."""
        entry = self._types.get(name)
        size = read_number(entry.get("numberOfBytes")) if isinstance(entry, Mapping) else None
        self._left -= 1
        if not isinstance(entry, Mapping) or size is None or depth > MAX_DEPTH or self._left < 0:
            raise _refuse(name)
        encoding, label, slots = entry.get("encoding"), str(entry.get("label", name)), -(-size // WORD_BYTES)
        if encoding == "mapping":
            return Map(self._get_label(entry.get("key")), self.parse(str(entry.get("value")), depth + 1))
        if encoding == "bytes":
            return Text(label, 1)
        if encoding == "dynamic_array":
            return List(self._build_row(entry, MAX_SLOTS, depth), 1)
        if "members" in entry:
            return Struct(tuple(self._iter_members(entry["members"], depth)), _check_size(name, slots))
        if "base" in entry:
            return self._build_row(entry, _check_size(name, slots), depth)
        return Word("address" if label.startswith("contract ") else label, min(size, WORD_BYTES))

    def _get_label(self, name: object) -> str:
        entry = self._types.get(str(name))
        return str(entry.get("label", name)) if isinstance(entry, Mapping) else str(name)

    def _build_row(self, entry: Mapping[str, Any], slots: int, depth: int) -> Row:
        item = self.parse(str(entry.get("base")), depth + 1)
        is_packed = isinstance(item, Word) and item.size <= WORD_BYTES // 2
        return Row(item, slots, WORD_BYTES // item.size if is_packed and isinstance(item, Word) else 1)

    def _iter_members(self, entries: object, depth: int) -> Iterator[Member]:
        for entry in entries if isinstance(entries, list) else []:
            known = entry if isinstance(entry, Mapping) else {}
            slot, offset = read_number(known.get("slot")), read_number(known.get("offset"))
            if slot is None or offset is None:
                raise _refuse(str(entry)[:80])
            yield Member(str(entry.get("label")), slot, offset, self.parse(str(entry.get("type")), depth + 1))

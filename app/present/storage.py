"""What a contract keeps, by the names its source gives: ``balanceOf[Alice]`` instead of a hash.

The keys of its maps are looked for in the transactions that touched it: who sent them, what was passed, told and
answered. What none of them names is shown by its place alone.
"""

import re
from collections.abc import Iterator
from itertools import islice
from typing import Final
from weakref import WeakKeyDictionary

from app.contract_values import format_integer
from app.present.contracts import ContractIndex, Deployed, Doing, get_contract_index
from app.present.holders import Holders
from app.widgets.models import Cell, Column
from app.widgets.text import clean
from chain.contracts.artifact import Artifact
from chain.contracts.storage_layout import WORD_BYTES, read_layout
from chain.contracts.storage_places import Key, Path, Place, StoragePlaces
from chain.ledger.actions import Call, Create
from chain.ledger.state import State
from chain.simulation.world import World
from chain.units import Address

MOST_WORDS: Final = 1_000
"""Words that are listed."""
MOST_TEXT_WORDS: Final = 8
"""Words of a text that are read."""
MOST_KEYS: Final = 128
"""Words of one transaction's data, or of one event, that may be keys."""
DOINGS_AT_ONCE: Final = 25
"""Transactions that are searched for keys in one look; the rest have their turn in the next."""
INDICES: Final = 32
"""Numbers that are tried as keys whoever names them: many maps count from 0."""
_DECIMALS: Final = 10**10
"""Vyper's decimal has ten digits behind the point."""

STORAGE_COLUMNS: Final = (
    Column("variable", 18, is_flexible=True),
    Column("type", 14),
    Column("value", 24, is_flexible=True),
)


# Names -----------------------------------------------------------------------------------------------------------


def describe_path(path: Path, holders: Holders) -> str:
    """Return the name of a place as the source would write it."""
    return clean("".join(_describe_key(it, holders) if isinstance(it, Key) else it for it in path), 120)


def _describe_key(key: Key, holders: Holders) -> str:
    if key.kind.startswith(("String", "string")):
        return f'["{clean(key.value.decode(errors="replace"), 40)}"]'
    if key.kind.startswith("Bytes") or key.kind == "bytes":
        return f"[0x{key.value.hex()}]"
    word = int.from_bytes(key.value[-WORD_BYTES:])
    return f"[{describe_value(Place((), key.kind), word, holders)}]"


def describe_value(place: Place, word: int, holders: Holders) -> str:
    """Return a value in a word as its type says."""
    raw = word >> 8 * place.offset & (1 << 8 * place.size) - 1
    kind = place.kind
    if kind == "address":
        return "nobody" if not raw else clean(holders.describe(Address(raw.to_bytes(WORD_BYTES)[-20:])), 40)
    if kind == "bool":
        return "true" if raw else "false"
    if kind in ("text", "short text"):
        return _describe_text(raw, kind == "short text")
    if kind.startswith("bytes"):
        size = int(kind[5:] or WORD_BYTES)
        return f"0x{raw.to_bytes(place.size)[: size if place.size == WORD_BYTES else place.size].hex()}"
    if kind == "decimal":
        return f"{_sign(raw, 168) / _DECIMALS:g}"
    return format_integer(_sign(raw, 8 * place.size) if kind.startswith("int") else raw)


def _sign(raw: int, bits: int) -> int:
    value = raw & (1 << bits) - 1
    return value - (1 << bits) if value >> bits - 1 else value


def _describe_text(word: int, may_be_long: bool) -> str:
    data = word.to_bytes(WORD_BYTES)
    if may_be_long and word & 1:
        return f"a text of {format_integer(word >> 1)} bytes"
    if may_be_long:
        data = data[: min(data[-1] // 2, WORD_BYTES - 1)]
    return f'"{clean(data.rstrip(bytes(1)).decode(errors="replace"), 40)}"'


# Keys ------------------------------------------------------------------------------------------------------------


class KeyBook:
    """The names of the places of one contract, from the transactions that touched it."""

    def __init__(self, artifact: Artifact, contract: Address) -> None:
        self.artifact, self._contract = artifact, contract
        self.places = StoragePlaces(read_layout(artifact), INDICES)
        self._done = 0
        self.is_complete = False
        """Whether all that the contract did has been searched."""
        self.shown: tuple[object, list[tuple[Cell, ...]]] = (None, [])
        """The rows of its storage, and at which state."""

    def update(self, index: ContractIndex) -> None:
        """Look for keys in what the contract did since, on any branch."""
        doings = index.doings.get(self._contract, [])
        if not self._done:  # other contracts may have to do with it before anybody names them
            for other in list(index.doings)[:DOINGS_AT_ONCE]:
                self.places.try_keys([_pad(self._contract), _pad(other)])
        for doing in doings[self._done : self._done + DOINGS_AT_ONCE]:
            self.places.try_keys(_iter_words(doing, self._contract, self.artifact))
        self._done = min(len(doings), self._done + DOINGS_AT_ONCE)
        self.is_complete = self._done == len(doings)


def _pad(address: bytes) -> bytes:
    return address.rjust(WORD_BYTES, b"\0")


def _iter_words(doing: Doing, contract: Address, artifact: Artifact) -> Iterator[bytes]:
    """Yield what a transaction names, word by word."""
    action, receipt = doing.signed.transaction.action, doing.receipt
    yield _pad(doing.signed.sender)
    yield _pad(contract)
    if isinstance(action, Call):
        yield _pad(action.contract)
        yield from _cut(action.data[4:])
    elif isinstance(action, Create):
        yield from _cut(action.code[len(artifact.bytecode) :])
    yield from _cut(receipt.output)
    for log in receipt.logs[:MOST_KEYS]:
        yield _pad(log.address)
        yield from log.topics[1:]
        yield from _cut(log.data)


def _cut(data: bytes) -> Iterator[bytes]:
    for place in range(0, min(len(data), MOST_KEYS * WORD_BYTES) - WORD_BYTES + 1, WORD_BYTES):
        yield data[place : place + WORD_BYTES]


_books: "WeakKeyDictionary[World, dict[Address, KeyBook]]" = WeakKeyDictionary()


def get_book(world: World, contract: Deployed, artifact: Artifact) -> KeyBook:
    """Return what is known of the keys of a contract, a little more every time until it is complete."""
    books = _books.setdefault(world, {})
    book = books.get(contract.address)
    if book is None or book.artifact is not artifact:
        book = books[contract.address] = KeyBook(artifact, contract.address)
    book.update(get_contract_index(world))
    return book


# A contract's page -----------------------------------------------------------------------------------------------


def list_storage(
    world: World, contract: Deployed, state: State, holders: Holders
) -> tuple[list[tuple[Cell, ...]], bool]:
    """Return rows of what a contract keeps, and whether names may still be missing: then look again.

    It goes variable by variable; the words that have no name come last.
    """
    artifact = contract.artifact
    if artifact is None:
        return [_build_unknown(*it) for it in islice(state.iterate_storage(contract.address), MOST_WORDS)], False
    book = get_book(world, contract, artifact)
    wanted = (state, book.is_complete)  # while names are looked for the rows stay: all of them at every look takes long
    if book.shown[0] != wanted:
        words = dict(islice(state.iterate_storage(contract.address), MOST_WORDS))
        book.shown = wanted, _build_rows(artifact, book.places, words, holders)
    return book.shown[1], not book.is_complete


def _build_rows(
    artifact: Artifact, places: StoragePlaces, words: dict[int, int], holders: Holders
) -> list[tuple[Cell, ...]]:
    named, unknown = dict[str, list[tuple[Cell, ...]]](), list[tuple[Cell, ...]]()
    for slot, word in words.items():
        found = places.find(slot)
        for place in found:
            if place.kind != "text" or places.layout.is_solidity:  # Vyper's texts are read from their length on
                named.setdefault(str(place.path[0]), []).append(_build_row(place, slot, words, holders))
        if not found:
            unknown.append(_build_unknown(slot, word))
    rows = list[tuple[Cell, ...]]()
    for variable in artifact.variables:
        kind = artifact.storage_types.get(variable.type, {}).get("label", variable.type)
        nothing = (Cell(clean(variable.name, 40), "accent"), Cell(clean(str(kind), 60), "muted"), Cell("–", "muted"))
        rows += sorted(named.pop(variable.name, [nothing]), key=_get_rank)
    return rows + unknown


def _build_unknown(slot: int, word: int) -> tuple[Cell, ...]:
    return Cell(f"{slot:#066x}"[:18] + "…", "muted"), Cell("", "muted"), Cell(f"{word:#x}")


def _build_row(place: Place, slot: int, words: dict[int, int], holders: Holders) -> tuple[Cell, ...]:
    value, kind = describe_value(place, words[slot], holders), place.kind
    if kind == "text length":
        value, kind = _read_text(slot, words), "text"
    name = describe_path(place.path, holders)
    return Cell(name, "accent" if len(place.path) == 1 else "text"), Cell(clean(kind, 40), "muted"), Cell(value)


def _read_text(slot: int, words: dict[int, int]) -> str:
    """Return a text of Vyper: its length stands before it."""
    length = min(words[slot], MOST_TEXT_WORDS * WORD_BYTES)
    data = b"".join(words.get(slot + 1 + it, 0).to_bytes(WORD_BYTES) for it in range(MOST_TEXT_WORDS))[:length]
    text = data.decode(errors="replace")
    return f'"{clean(text, 60)}"' if text.isprintable() else f"0x{data.hex()}"


def _get_rank(row: tuple[Cell, ...]) -> list[tuple[int, str]]:
    """Return what sorts names as people do: ``[2]`` before ``[10]``."""
    return [(int(it), "") if it.isdecimal() and it.isascii() else (0, it) for it in re.split(r"(\d+)", row[0].text)]

"""The types of the contract ABI, and the encoding of their values.

A type is read from its canonical text, ``uint256``, ``(address,bytes)[4][]``. Values are Python's own: numbers are
``int``, an address or bytes are ``bytes``, ``bool`` and ``str`` are themselves, fixed-point numbers are ``Decimal``,
arrays and tuples are tuples (lists are taken too).

Encoding (head and tail): every value has a head; that of a dynamic one is the place of its tail, counted from the
beginning of the heads. Decoding never trusts a length or a place: lengths are held against the bytes there are, and
the number of values that one piece of data can become is limited, because a few bytes can name the same tail again and
again.

Source: Solidity documentation, "Contract ABI Specification".
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from chain.errors import InvalidEncoding, InvalidInput

WORD_BYTES: Final = 32
MAX_DEPTH: Final = 16
"""Arrays and tuples inside one another."""
MAX_VALUES: Final = 65_536
"""Values that one decoding makes at most."""
_DYNAMIC: Final = -1
_ELEMENTARY: Final = re.compile(r"(uint|int|ufixed|fixed|bytes|address|bool|string|function)(\d*)(?:x(\d+))?")


@dataclass(frozen=True, slots=True)
class Elementary:
    """A type without parts."""

    kind: str
    """uint, int, ufixed, fixed, address, bool, bytes, string or function."""
    size: int = 0
    """Bits of a number; bytes of ``bytes1`` to ``bytes32``; 0 for what has no fixed length."""
    decimals: int = 0
    """Decimals of a fixed-point number."""

    def __str__(self) -> str:
        numeric = self.kind in ("uint", "int", "ufixed", "fixed") or (self.kind == "bytes" and self.size)
        return self.kind + (str(self.size) if numeric else "") + (f"x{self.decimals}" if "fixed" in self.kind else "")


@dataclass(frozen=True, slots=True)
class Array:
    """Values of one type in a row."""

    item: "AbiType"
    length: int = _DYNAMIC
    """How many; -1 when the value tells it."""

    def __str__(self) -> str:
        return f"{self.item}[{'' if self.length == _DYNAMIC else self.length}]"


@dataclass(frozen=True, slots=True)
class Tuple:
    """Values of different types in a row; also the arguments of a function."""

    items: tuple["AbiType", ...]

    def __str__(self) -> str:
        return f"({','.join(map(str, self.items))})"


AbiType = Elementary | Array | Tuple


def parse_type(text: str) -> AbiType:
    """Return the type a text stands for; ``uint``, ``int``, ``fixed`` and ``ufixed`` are the long ones.

    Raises InvalidInput when it is none.
    """
    found, rest = _parse(text, 0)
    if rest:
        raise InvalidInput("ABI type", text, "a type such as uint256, bytes32[] or (address,string)")
    return found


def _parse(text: str, depth: int) -> tuple[AbiType, str]:
    """Return the type at the beginning of a text, and the rest of the text."""
    if depth > MAX_DEPTH:
        raise InvalidInput("ABI type", text, f"at most {MAX_DEPTH} types inside one another")
    if text.startswith("("):
        found, rest = _parse_tuple(text, depth)
    else:
        match = _ELEMENTARY.match(text)
        found, rest = _read_elementary(match, text), text[match.end() :] if match else ""
    while suffix := re.match(r"\[(\d{0,6})\]", rest):
        depth += 1
        if depth > MAX_DEPTH:
            raise InvalidInput("ABI type", text, f"at most {MAX_DEPTH} types inside one another")
        found, rest = Array(found, int(suffix[1]) if suffix[1] else _DYNAMIC), rest[suffix.end() :]
    return found, rest


def _parse_tuple(text: str, depth: int) -> tuple[AbiType, str]:
    items, rest = list[AbiType](), text[1:]
    while not rest.startswith(")"):
        item, rest = _parse(rest, depth + 1)
        items.append(item)
        if rest.startswith(",") and not rest.startswith(",)"):
            rest = rest[1:]
        elif not rest.startswith(")"):
            raise InvalidInput("ABI type", text, "a tuple such as (address,string)")
    return Tuple(tuple(items)), rest[1:]


def _read_elementary(match: re.Match[str] | None, text: str) -> Elementary:
    if match is None:
        raise InvalidInput(
            "ABI type", text, "uint256, address, bool, bytes32, bytes, string, arrays and tuples of them"
        )
    kind, size, decimals = match[1], match[2], match[3]
    numbers = {"uint": (256, 0), "int": (256, 0), "fixed": (128, 18), "ufixed": (128, 18)}
    if kind in numbers:
        bits, places = int(size or numbers[kind][0]), int(decimals or numbers[kind][1])
        if 8 <= bits <= 256 and bits % 8 == 0 and places <= 80 and ("fixed" in kind or decimals is None):
            return Elementary(kind, bits, places)
    elif decimals is None and (not size or (kind == "bytes" and 1 <= int(size) <= WORD_BYTES)):
        return Elementary(kind, int(size or {"function": 24, "address": 20}.get(kind, 0)))
    raise InvalidInput("ABI type", match[0], "sizes from uint8 to uint256 in steps of 8, and bytes1 to bytes32")


def is_dynamic(kind: AbiType) -> bool:
    """Tell whether values of a type have no fixed length."""
    if isinstance(kind, Array):
        return kind.length == _DYNAMIC or is_dynamic(kind.item)
    if isinstance(kind, Tuple):
        return any(map(is_dynamic, kind.items))
    return kind.kind == "string" or (kind.kind == "bytes" and not kind.size)


def get_head_size(kind: AbiType) -> int:
    """Return how many bytes a value's head takes."""
    if is_dynamic(kind):
        return WORD_BYTES
    if isinstance(kind, Array):
        return kind.length * get_head_size(kind.item)
    if isinstance(kind, Tuple):
        return sum(map(get_head_size, kind.items))
    return WORD_BYTES


def encode_value(kind: AbiType, value: Any) -> bytes:
    """Return the ABI encoding of a value. Raises InvalidInput naming the type when the value is not of it."""
    if isinstance(kind, Elementary):
        return _encode_elementary(kind, value)
    if not isinstance(value, (list, tuple)):
        raise InvalidInput(f"value of type {kind}", value, "a list of values")
    if isinstance(kind, Tuple):
        if len(value) != len(kind.items):
            raise InvalidInput(f"number of values for {kind}", len(value), str(len(kind.items)))
        return _encode_row(kind.items, value)
    if kind.length != _DYNAMIC and len(value) != kind.length:
        raise InvalidInput(f"number of values for {kind}", len(value), str(kind.length))
    body = _encode_row((kind.item,) * len(value), value)
    return body if kind.length != _DYNAMIC else len(value).to_bytes(WORD_BYTES) + body


def _encode_row(kinds: tuple[AbiType, ...], values: list[Any] | tuple[Any, ...]) -> bytes:
    heads, tails = list[bytes](), list[bytes]()
    tail_at = sum(map(get_head_size, kinds))
    for kind, value in zip(kinds, values, strict=True):
        encoded = encode_value(kind, value)
        if is_dynamic(kind):
            heads.append(tail_at.to_bytes(WORD_BYTES))
            tails.append(encoded)
            tail_at += len(encoded)
        else:
            heads.append(encoded)
    return b"".join(heads + tails)


def get_bounds(kind: Elementary) -> tuple[int, int]:
    """Return the least and the greatest whole number of a numeric type."""
    if kind.kind in ("int", "fixed"):
        return -(1 << (kind.size - 1)), (1 << (kind.size - 1)) - 1
    return 0, (1 << kind.size) - 1


def _encode_elementary(kind: Elementary, value: Any) -> bytes:
    if kind.kind == "bool":
        if not isinstance(value, bool):
            raise InvalidInput("value of type bool", value, "true or false")
        return int(value).to_bytes(WORD_BYTES)
    if kind.kind == "string" and isinstance(value, str):
        value = value.encode()
    if kind.kind in ("address", "bytes", "function", "string"):
        if not isinstance(value, bytes) or (kind.size and len(value) != kind.size):
            raise InvalidInput(f"value of type {kind}", value, f"{kind.size} bytes" if kind.size else "bytes or text")
        if kind.kind == "address":
            return value.rjust(WORD_BYTES, b"\0")
        padded = value.ljust((len(value) + 31) // 32 * 32, b"\0")
        return padded if kind.size else len(value).to_bytes(WORD_BYTES) + padded
    number, (low, high) = _read_number(kind, value), get_bounds(kind)
    if not low <= number <= high:
        raise InvalidInput(f"value of type {kind}", value, f"{low} to {high}")
    return (number % (1 << 256)).to_bytes(WORD_BYTES)


def _read_number(kind: Elementary, value: Any) -> int:
    """Return the whole number that is encoded for a value of a numeric type."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value * 10**kind.decimals)
    if isinstance(value, Decimal) and "fixed" in kind.kind and value.is_finite():
        with localcontext() as context:
            context.prec = 200
            try:
                scaled = value.scaleb(kind.decimals)
                if scaled == scaled.to_integral_value():
                    return int(scaled)
            except InvalidOperation:
                pass
    raise InvalidInput(
        f"value of type {kind}", value, "a number" + (f" of {kind.decimals} decimals" * ("fixed" in kind.kind))
    )


class _Decoder:
    """Reads values out of data, counting them."""

    def __init__(self, data: bytes) -> None:
        self.data, self.left = data, MAX_VALUES

    def read_word(self, at: int) -> int:
        """Return the word at a place that exists."""
        if at + WORD_BYTES > len(self.data):
            raise _refuse(f"{len(self.data)} bytes", f"a word at byte {at}")
        return int.from_bytes(self.data[at : at + WORD_BYTES])

    def check_left(self, count: int) -> None:
        """Refuse when ``count`` more values would be too many."""
        if count > self.left:
            raise _refuse("the number of values", f"at most {MAX_VALUES}")

    def decode(self, kind: AbiType, at: int) -> Any:
        """Return the value whose encoding begins at ``at``."""
        self.left -= 1
        self.check_left(0)
        if isinstance(kind, Tuple):
            return self.decode_row(kind.items, at)
        if isinstance(kind, Elementary):
            return self._decode_elementary(kind, at)
        length = kind.length
        if length == _DYNAMIC:
            length, at = self.read_word(at), at + WORD_BYTES
        self.check_left(length)
        if length * get_head_size(kind.item) > len(self.data) - at:
            raise _refuse(f"{length} values of {kind.item}", "no more values than there are bytes for")
        return self.decode_row((kind.item,) * length, at)

    def decode_row(self, kinds: tuple[AbiType, ...], start: int) -> tuple[Any, ...]:
        """Return values whose heads begin at ``start``."""
        values, at = [], start
        for kind in kinds:
            values.append(self.decode(kind, start + self.read_word(at) if is_dynamic(kind) else at))
            at += get_head_size(kind)
        return tuple(values)

    def _decode_elementary(self, kind: Elementary, at: int) -> Any:
        word = self.read_word(at)
        if is_dynamic(kind):
            content = self.data[at + WORD_BYTES : at + WORD_BYTES + word]
            if len(content) != word:
                raise _refuse(f"{word} bytes at {at}", f"the {len(content)} bytes there are")
            return content.decode(errors="backslashreplace") if kind.kind == "string" else content
        if kind.kind in ("bytes", "function"):
            return self._read_padded(word.to_bytes(WORD_BYTES), kind.size)
        if kind.kind == "address":
            return self._read_padded(word.to_bytes(WORD_BYTES)[::-1], kind.size)[::-1]
        if kind.kind == "bool":
            if word > 1:
                raise _refuse(word, "0 or 1 for a bool")
            return bool(word)
        low, high = get_bounds(kind)
        number = word - (1 << 256) if low < 0 and word >> 255 else word
        if not low <= number <= high:
            raise _refuse(number, f"{low} to {high} for {kind}")
        if "fixed" not in kind.kind:
            return number
        with localcontext() as context:
            context.prec = 200
            return Decimal(number).scaleb(-kind.decimals)

    def _read_padded(self, word: bytes, size: int) -> bytes:
        if any(word[size:]):
            raise _refuse(word.hex(), f"zeros beside {size} bytes")
        return word[:size]


def _refuse(found: object, allowed: str) -> InvalidEncoding:
    return InvalidEncoding("ABI encoding", found, allowed)


def decode_value(kind: AbiType, data: bytes) -> Any:
    """Return the value that ``encode_value`` encodes as ``data``; bytes behind it are ignored, as contracts do.

    Text that is no UTF-8 keeps its bytes as ``\\xNN``. Raises InvalidEncoding.
    """
    return _Decoder(data).decode(kind, 0)

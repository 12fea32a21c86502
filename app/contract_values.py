"""Values of contracts as people type and read them: one text per ABI type.

Numbers may have separators (``1_000``, ``1 000``), an exponent (``5e18``) or the ending ``CR`` for coins; an address is
``cr1q…``, ``0x…`` or a name somebody knows; bytes are ``0x…``; lists stand in ``[ ]``, tuples in ``( )``, their values
apart by commas, texts with a comma in quotation marks. Whatever does not fit is refused with what would.
"""

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation, localcontext
from typing import Any, Final

from app.widgets.text import clean
from chain.contracts.abi_types import AbiType, Array, Elementary, Tuple, get_bounds
from chain.errors import InvalidAddress, InvalidInput
from chain.units import COIN, Address
from chain.wallet.address import ADDRESS_BYTES, decode_address, encode_address

MAX_TEXT: Final = 20_000
"""Longest text that is read, in characters."""
_YES: Final = ("true", "yes", "1", "on")
_NO: Final = ("false", "no", "0", "off")
_PAIRS: Final = {"(": ")", "[": "]"}

Resolve = Callable[[str], Address | None]
"""Return the address somebody of that name has, None when nobody is known by it."""


def resolve_nobody(_name: str) -> Address | None:
    """Know no names."""
    return None


def parse_value(kind: AbiType, text: str, resolve: Resolve = resolve_nobody) -> Any:
    """Return the value that a text stands for. Raises InvalidInput saying what the type takes."""
    if len(text) > MAX_TEXT:
        raise InvalidInput("length of the value", len(text), f"at most {MAX_TEXT} characters")
    if isinstance(kind, Elementary):
        return _PARSERS[kind.kind](kind, text if kind.kind == "string" else text.strip(), resolve)
    opening = "[" if isinstance(kind, Array) else "("
    items = split_items(kind, text.strip(), opening)
    if isinstance(kind, Tuple):
        if len(items) != len(kind.items):
            raise _refuse(kind, text, f"{len(kind.items)} values in ( ), apart by commas")
        return tuple(parse_value(it, item, resolve) for it, item in zip(kind.items, items, strict=True))
    if kind.length >= 0 and len(items) != kind.length:
        raise _refuse(kind, text, f"{kind.length} values in [ ], apart by commas")
    return tuple(parse_value(kind.item, item, resolve) for item in items)


def split_items(kind: AbiType, text: str, opening: str) -> list[str]:
    """Return the texts between the brackets of a list or tuple, quotation marks taken off. Raises InvalidInput."""
    if text[:1] != opening or text[-1:] != _PAIRS[opening] or len(text) < 2:
        raise _refuse(kind, text, f"values in {opening} {_PAIRS[opening]}, apart by commas")
    items, current, closing, quoted = list[str](), "", list[str](), False
    for char in text[1:-1]:
        if char == '"':
            quoted = not quoted
        elif not quoted and char in _PAIRS:
            closing.append(_PAIRS[char])
        elif not quoted and closing and char == closing[-1]:
            closing.pop()
        elif not quoted and not closing and char == ",":
            items.append(current)
            current = ""
            continue
        current += char
    if quoted or closing:
        raise _refuse(kind, text, f"a closing {'quotation mark' if quoted else closing[-1]}")
    if current.strip() or items:
        items.append(current)
    stripped = (item.strip() for item in items)
    return [it[1:-1] if len(it) > 1 and it[0] == it[-1] == '"' else it for it in stripped]


def _parse_number(kind: Elementary, text: str, _resolve: Resolve) -> int | Decimal:
    low, high = get_bounds(kind)
    allowed = f"a whole number from {_shorten(low)} to {_shorten(high)}, such as 1000, 5e18 or 25 CR"
    digits = re.sub(r"(?<=\d)[ _'](?=\d)", "", text)
    coins = re.fullmatch(r"(.+?)\s*(?:CR|cr)", digits)
    if re.fullmatch(r"0[xX][0-9a-fA-F]{1,64}", digits):
        number = Decimal(int(digits, 16))
    else:
        try:
            number = Decimal(coins[1] if coins else digits)
        except InvalidOperation:
            raise _refuse(kind, text, allowed) from None
        if not number.is_finite() or number.adjusted() > 80:
            raise _refuse(kind, text, allowed)
        with localcontext() as context:
            context.prec = 200
            number *= COIN if coins else 1
    if "fixed" in kind.kind:
        return number
    if number != int(number) or not low <= int(number) <= high:
        raise _refuse(kind, text, allowed)
    return int(number)


def _shorten(number: int) -> str:
    if abs(number) < 10**12:
        return str(number)
    return f"-2^{(-number).bit_length() - 1}" if number < 0 else f"2^{number.bit_length()} - 1"


def _parse_address(kind: Elementary, text: str, resolve: Resolve) -> bytes:
    known = resolve(text)
    if known is not None:
        return known
    if re.fullmatch(r"0[xX][0-9a-fA-F]{40}", text):
        return bytes.fromhex(text[2:])
    try:
        return decode_address(text)
    except InvalidAddress as error:
        allowed = f"cr1q…, 0x and {2 * ADDRESS_BYTES} hexadecimal digits, or a name you know"
        detail = f" ({error.thing}: {error.allowed})" if text.lower().startswith("cr1") else ""
        raise _refuse(kind, text, allowed + detail) from None


def _parse_bool(kind: Elementary, text: str, _resolve: Resolve) -> bool:
    if text.lower() not in _YES + _NO:
        raise _refuse(kind, text, "true or false")
    return text.lower() in _YES


def _parse_bytes(kind: Elementary, text: str, _resolve: Resolve) -> bytes:
    size = f"{2 * kind.size} hexadecimal digits" if kind.size else "hexadecimal digits, two a byte"
    if not re.fullmatch(r"0[xX](?:[0-9a-fA-F]{2})*", text):
        raise _refuse(kind, text, f"0x and {size}")
    data = bytes.fromhex(text[2:])
    if kind.size and len(data) != kind.size:
        raise _refuse(kind, text, f"0x and {size}")
    return data


def _parse_string(_kind: Elementary, text: str, _resolve: Resolve) -> str:
    return text


_PARSERS: Final[dict[str, Callable[[Elementary, str, Resolve], Any]]] = {
    **dict.fromkeys(("uint", "int", "ufixed", "fixed"), _parse_number),
    **dict.fromkeys(("bytes", "function"), _parse_bytes),
    "address": _parse_address,
    "bool": _parse_bool,
    "string": _parse_string,
}


def _refuse(kind: AbiType, text: str, allowed: str) -> InvalidInput:
    return InvalidInput(f"value of type {kind}", clean(text, 60), allowed)


def get_placeholder(kind: AbiType) -> str:
    """Return an example of what to type."""
    if isinstance(kind, Array):
        return f"[{get_placeholder(kind.item)}, …]"
    if isinstance(kind, Tuple):
        return f"({', '.join(map(get_placeholder, kind.items))})"
    examples = {"address": "name, cr1q… or 0x…", "bool": "true or false", "string": "text", "bytes": "0x…"}
    return examples.get(kind.kind, "1000, 5e18 or 25 CR")


def format_value(kind: AbiType, value: Any, describe: Callable[[Address], str] = encode_address) -> str:
    """Return a value as a person reads it; ``describe`` names addresses. Safe for a grid of cells when cleaned."""
    if isinstance(kind, Array | Tuple):
        kinds = kind.items if isinstance(kind, Tuple) else (kind.item,) * len(value)
        inner = ", ".join(format_value(it, part, describe) for it, part in zip(kinds, value, strict=True))
        return f"({inner})" if isinstance(kind, Tuple) else f"[{inner}]"
    if kind.kind == "address":
        return describe(Address(value))
    if isinstance(value, bytes):
        return f"0x{value.hex()}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return format_integer(value)
    return str(value)


def format_integer(value: int) -> str:
    """Return a whole number with separators, and round large ones also as a power of ten."""
    text = f"{value:,}".replace(",", " ")
    if abs(value) >= 10**15:
        zeros = len(str(value)) - len(str(value).rstrip("0"))
        if zeros >= 12:
            return f"{value // 10**zeros}e{zeros}"
    return text


def shorten_integer(value: int, cells: int) -> str:
    """Return a whole number that is not negative in a few cells: all of it, or its first digits and a power of ten."""
    text, digits = format_integer(value), str(value)
    return text if len(text) <= cells else f"{digits[0]}.{digits[1 : cells - 6]}…e{len(digits) - 1}"

"""Bech32m: a text form for bytes with a readable prefix and a checksum that finds every error in up to four characters.

A text is ``prefix 1 data checksum``: the prefix (human-readable part), the separator (the last ``1``), 5-bit values
written in 32 characters, and 6 more of them as a BCH code over all that stands before.

Source: BIP-350 (bech32m) on top of BIP-173 (bech32), which differs in one constant.
"""

from collections.abc import Iterable, Sequence
from functools import reduce
from typing import Final

from chain.errors import InvalidAddress, InvalidInput

CHARSET: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
"""The character of each 5-bit value."""
SEPARATOR: Final = "1"
CHECKSUM_LENGTH: Final = 6
MAX_LENGTH: Final = 90
"""Longest text for which the code keeps its promise."""
BECH32_RESIDUE: Final = 1
BECH32M_RESIDUE: Final = 0x2BC830A3

_GENERATOR: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)  # BIP-173, "Checksum"


def _step(residue: int, value: int) -> int:
    """Return the residue after one more value: multiply by x, add the value, reduce by the generator polynomial."""
    top, residue = residue >> 25, (residue & 0x1FFFFFF) << 5 ^ value
    for i, term in enumerate(_GENERATOR):
        residue ^= term if top >> i & 1 else 0
    return residue


def compute_residue(prefix: str, values: Iterable[int]) -> int:
    """Return the residue of prefix and values: BECH32M_RESIDUE when the last six values are the right checksum."""
    codes = prefix.encode("ascii")
    return reduce(_step, (*(code >> 5 for code in codes), 0, *(code & 31 for code in codes), *values), 1)


def bech32m_encode(prefix: str, values: Sequence[int]) -> str:
    """Return the text of 5-bit values under a prefix. Raises InvalidInput for a bad prefix, value or total length."""
    _check_prefix(prefix)
    if prefix != prefix.lower():
        raise InvalidInput("bech32m prefix", prefix, "lower case")
    if not all(0 <= value < 32 for value in values):
        raise InvalidInput("bech32m values", list(values), "numbers from 0 to 31")
    length = len(prefix) + 1 + len(values) + CHECKSUM_LENGTH
    if length > MAX_LENGTH:
        raise InvalidInput("bech32m length", length, f"at most {MAX_LENGTH} characters")
    residue = compute_residue(prefix, (*values, *[0] * CHECKSUM_LENGTH)) ^ BECH32M_RESIDUE
    checksum = [residue >> 5 * (CHECKSUM_LENGTH - 1 - i) & 31 for i in range(CHECKSUM_LENGTH)]
    return prefix + SEPARATOR + "".join(CHARSET[value] for value in (*values, *checksum))


def bech32m_decode(text: str) -> tuple[str, list[int]]:
    """Return the prefix (in lower case) and the 5-bit values of a text. Raises InvalidAddress naming what is wrong."""
    if len(text) > MAX_LENGTH:
        raise InvalidAddress("bech32m length", len(text), f"at most {MAX_LENGTH} characters")
    check_case(text)
    prefix, separator, data = text.lower().rpartition(SEPARATOR)
    if not separator:
        raise InvalidAddress("bech32m text", text, f"a prefix, the separator {SEPARATOR}, and data")
    _check_prefix(prefix)
    if len(data) < CHECKSUM_LENGTH:
        raise InvalidAddress("bech32m data length", len(data), f"at least the {CHECKSUM_LENGTH} of the checksum")
    return prefix, check_data(prefix, data)


def check_data(prefix: str, data: str) -> list[int]:
    """Return the values of the data part without the checksum. Raises InvalidAddress naming character and position."""
    first = len(prefix) + len(SEPARATOR) + 1
    for position, character in enumerate(data, first):
        if character not in CHARSET:
            raise InvalidAddress(f"character {position}", character, f"one of {CHARSET}")
    values = [CHARSET.index(character) for character in data]
    residue = compute_residue(prefix, values)
    if residue == BECH32_RESIDUE:
        raise InvalidAddress("checksum", data[-CHECKSUM_LENGTH:], "a bech32m checksum; this one is right for bech32")
    if residue != BECH32M_RESIDUE:
        wrong = find_wrong_value(prefix, values)
        hint = "" if wrong is None else f"; if only one character is wrong, it is character {first + wrong}"
        raise InvalidAddress("checksum", data[-CHECKSUM_LENGTH:], f"the checksum of the characters before it{hint}")
    return values[:-CHECKSUM_LENGTH]


def find_wrong_value(prefix: str, values: Sequence[int]) -> int | None:
    """Return the index of the one value whose change makes the checksum right, or None when there is no such value.

    The code tells any two single errors apart, so there is at most one. BIP-173 asks to show only where the error is,
    never a correction.
    """
    wanted = BECH32M_RESIDUE ^ compute_residue(prefix, values)
    for shift in range(1, 32):
        effect = shift  # the code is linear: a change in the last value adds itself, each place further left a step
        for index in reversed(range(len(values))):
            if effect == wanted:
                return index
            effect = _step(effect, 0)
    return None


def check_case(text: str) -> None:
    """Raise InvalidAddress when a text mixes upper and lower case."""
    lower = next((i for i, character in enumerate(text) if character.islower()), None)
    upper = next((i for i, character in enumerate(text) if character.isupper()), None)
    if lower is not None and upper is not None:
        place = max(lower, upper)
        raise InvalidAddress(f"character {place + 1}", text[place], "all in lower case or all in upper case, not mixed")


def _check_prefix(prefix: str) -> None:
    """Raise InvalidAddress when a prefix is empty or has other than printable ASCII characters."""
    if not prefix or not all("!" <= character <= "~" for character in prefix):
        raise InvalidAddress("bech32m prefix", prefix, "1 to 83 characters from ! to ~")


def split_bytes(data: bytes) -> list[int]:
    """Return bytes as 5-bit values, the last one filled up with zero bits."""
    count = (len(data) * 8 + 4) // 5
    number = int.from_bytes(data) << (count * 5 - len(data) * 8)
    return [number >> 5 * (count - 1 - i) & 31 for i in range(count)]


def join_bytes(values: Sequence[int]) -> bytes:
    """Return the bytes of 5-bit values. Raises InvalidAddress unless fewer than 5 bits remain and all of them are 0."""
    number = 0
    for value in values:
        number = number << 5 | value
    length, padding = divmod(len(values) * 5, 8)
    if padding >= 5 or number & ((1 << padding) - 1):
        raise InvalidAddress("padding", f"{padding} bits left over", "fewer than 5, all zero")
    return (number >> padding).to_bytes(length)

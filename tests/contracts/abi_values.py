"""Random types of the contract ABI and values of them, as JSON: bytes as ``0x…``, decimals ``d…``, text ``t…``."""

from decimal import Decimal
from random import Random
from typing import Any

PLAIN = [
    "uint256",
    "uint8",
    "int256",
    "int24",
    "bool",
    "bytes32",
    "bytes1",
    "bytes",
    "string",
    "fixed128x18",
    "ufixed64x2",
]


def make_type(random: Random, depth: int = 0) -> str:
    """Return the text of a type."""
    kind = random.randrange(4 if depth < 3 else 1)
    if kind == 0:
        return random.choice(PLAIN)
    if kind == 1:
        return f"({','.join(make_type(random, depth + 1) for _ in range(random.randrange(1, 4)))})"
    return make_type(random, depth + 1) + random.choice(["[]", "[]", "[2]", "[3]", "[1]"])


def _split(inside: str) -> list[str]:
    parts, level, start = [], 0, 0
    for place, letter in enumerate(inside + ","):
        level += {"(": 1, ")": -1}.get(letter, 0)
        if letter == "," and level == 0:
            parts.append(inside[start:place])
            start = place + 1
    return parts


def make_value(random: Random, kind: str) -> Any:
    """Return a value of a type as JSON."""
    if kind.endswith("]"):
        item, _, length = kind[:-1].rpartition("[")
        return [make_value(random, item) for _ in range(int(length) if length else random.randrange(4))]
    if kind.startswith("("):
        return [make_value(random, part) for part in _split(kind[1:-1])]
    if kind == "bool":
        return random.random() < 0.5
    if kind == "string":
        return "t" + "".join(random.choice("abc é漢🙂") for _ in range(random.randrange(40)))
    if kind.startswith("bytes"):
        return "0x" + random.randbytes(int(kind[5:]) if kind[5:] else random.randrange(70)).hex()
    signed = not kind.startswith("u")
    if "fixed" in kind:
        number = random.randrange(-(10**12) if signed else 0, 10**12)
        return f"d{Decimal(number).scaleb(-int(kind.rsplit('x', maxsplit=1)[-1]))}"
    bits = int(kind.lstrip("uint"))
    low, high = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return random.choice([low, high, random.randint(low, high), max(low, 0)])


def revive(value: Any) -> Any:
    """Return the Python value that JSON stands for."""
    if isinstance(value, list):
        return tuple(revive(item) for item in value)
    if isinstance(value, str):
        return {"0": lambda: bytes.fromhex(value[2:]), "d": lambda: Decimal(value[1:]), "t": lambda: value[1:]}[
            value[0]
        ]()
    return value

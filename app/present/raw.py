"""The canonical bytes of a transaction or a header, part by part: where each stands, what it is, what it means.

A value is written as MessagePack: an array whose items are the fields in order (chain/encoding.py). The parts of one
value, laid end to end, are its bytes again.
"""

from typing import Any, Final, NamedTuple

import msgspec

from app.present.pages import TableModel
from app.widgets.models import Cell, Column, Why
from chain.encoding import encode

BYTES_SHOWN: Final = 16
"""Bytes in a row."""


class Part(NamedTuple):
    """Some bytes of an encoding, and what they are."""

    start: int
    data: bytes
    name: str
    """The way to the field: ``transaction.action.amount``."""
    value: str
    meaning: str


_MEANINGS: Final = {
    "array": "MessagePack's sign that an array of so many fields follows.",
    "tag": "Which kind of action this is, so that no action can be taken for another.",
    "chain_id": "The chain it is meant for: it cannot be repeated on another one (EIP-155).",
    "authority": "The public key that must sign; the sender's address is a hash of it.",
    "nonce": "In a transaction: how many of this sender come before. In a header: what proof of work tried.",
    "gas_limit": "The most gas that is paid for.",
    "max_fee_per_gas": "The most units a gas may cost, base fee and tip together (EIP-1559).",
    "max_tip_per_gas": "The most units a gas that the proposer may get (EIP-1559).",
    "recipient": "Who is paid: 20 bytes, the end of a hash of a public key.",
    "amount": "Units; a coin has 1 000 000 000.",
    "memo": "A few words in UTF-8 for whoever reads the chain.",
    "signature": "Ed25519, 64 bytes: a point and a number that only the key's owner can find for these bytes.",
    "contract": "The contract that is called.",
    "value": "Units that go along.",
    "data": "What the contract is told, encoded as its interface says.",
    "code": "The program whose output becomes the contract.",
    "validator": "The account of the validator.",
    "threshold": "How many of the keys must sign.",
    "not_before_us": "The virtual time before which it may not pay.",
    "parent": "The hash of the block before: it ties the block to all that came before it.",
    "height": "How many blocks come before on this branch.",
    "time_us": "Virtual time the proposer claims, in microseconds.",
    "proposer": "Who gets subsidy and tips.",
    "state_root": "The root of all accounts after the block: it proves every balance.",
    "transactions_root": "The root over the transactions: it proves that one is in the block.",
    "receipts_root": "The root over what the transactions did.",
    "gas_used": "Gas the transactions used.",
    "base_fee_per_gas": "Units a gas that are burned.",
    "consensus": "What the protocol adds: a target, a slot, a signature. The ledger does not read it.",
}


def build_parts(value: msgspec.Struct) -> list[Part]:
    """Return the parts of a value's canonical bytes, in order."""
    parts: list[Part] = []
    _add_struct(parts, value, "")
    return parts


def _add(parts: list[Part], data: bytes, name: str, value: str) -> None:
    start = parts[-1].start + len(parts[-1].data) if parts else 0
    parts.append(Part(start, data, name, value, _MEANINGS.get(name.rpartition(".")[2], "")))


def _add_struct(parts: list[Part], value: msgspec.Struct, way: str) -> None:
    fields, tag = msgspec.structs.fields(value), value.__struct_config__.tag
    count = len(fields) + (tag is not None)
    _add(parts, _encode_head(count), f"{way}array", f"{count} fields")
    if tag is not None:
        _add(parts, encode(tag), f"{way}tag", f"{tag}: {type(value).__name__}")
    for field in fields:
        _add_value(parts, getattr(value, field.name), way + field.name)


def _add_value(parts: list[Part], value: Any, way: str) -> None:
    if isinstance(value, msgspec.Struct):
        _add_struct(parts, value, f"{way}.")
    elif isinstance(value, tuple):
        _add(parts, _encode_head(len(value)), f"{way}.array", f"{len(value)} items")
        for place, item in enumerate(value):
            _add_value(parts, item, f"{way}.{place}")
    else:
        shown = value.hex() if isinstance(value, bytes) else str(value)
        _add(parts, encode(value), way, shown)


def _encode_head(count: int) -> bytes:
    """Return the first bytes of an array of so many items."""
    return encode([None] * count)[: -count or None]


COLUMNS: Final = (
    Column("at", 4, "right"),
    Column("bytes", 32),
    Column("field", 16, is_flexible=True),
    Column("value", 12, is_flexible=True),
)


def build_rows(parts: list[Part]) -> list[tuple[Part, int]]:
    """Return which bytes stand in each row: a part and where in it the row begins."""
    return [(part, start) for part in parts for start in range(0, max(1, len(part.data)), BYTES_SHOWN)]


def build_part_row(part: Part, start: int) -> tuple[Cell, ...]:
    """Return the cells of some bytes of a part, for COLUMNS; only its first row names it."""
    data = Cell(part.data[start : start + BYTES_SHOWN].hex())
    name, value = ("", "") if start else (part.name, part.value)
    return Cell(f"{part.start + start:x}", "muted"), data, Cell(name, "accent"), Cell(value, "muted")


def explain_part(part: Part) -> Why:
    """Return what a part of the bytes is."""
    numbers = (
        ("at", f"byte {part.start} to {part.start + len(part.data) - 1}"),
        ("bytes", part.data[:32].hex() + ("…" if len(part.data) > 32 else "")),
        ("value", part.value[:64]),
    )
    return Why(f"Bytes of {part.name}", "", numbers, part.meaning or "A field of the value, encoded as MessagePack.")


def build_raw_table(value: msgspec.Struct) -> TableModel:
    """Return the canonical bytes of a transaction or a header, a row a part."""
    parts = build_parts(value)
    rows = build_rows(parts)
    size = parts[-1].start + len(parts[-1].data)
    return TableModel(
        "raw",
        f"Raw {size} B",
        COLUMNS,
        len(rows),
        lambda place: build_part_row(*rows[place]),
        lambda _: None,
        "",
        lambda place: explain_part(rows[place][0]),
    )

"""What a block or a transaction did to the accounts: each value before and after.

A block's changes are the difference of two Merkle maps; a transaction's are found by running its block up to it once
more (``Ledger.open_run``). The latest answers are kept, since a page asks for them at every frame.
"""

from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.holders import Holders
from app.present.pages import TableModel
from app.present.words import format_coins
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Tone
from chain.consensus.block_tree import BlockRecord
from chain.encoding import decode
from chain.ledger.state import CODE_MARK, EMPTY_ACCOUNT, Account
from chain.simulation.world import World
from chain.units import Address, Hash, format_amount
from chain.wallet.address import ADDRESS_BYTES

MOST_KEPT: Final = 16


class Change(NamedTuple):
    """One value that is another one now."""

    address: Address
    what: str
    """``balance``, ``nonce``, ``code``, or a place of a contract's storage."""
    before: str
    after: str
    delta: int = 0
    """Units, for balances."""


_known: "WeakKeyDictionary[World, dict[tuple[Hash, int], tuple[Change, ...]]]" = WeakKeyDictionary()


def get_changes(world: World, record: BlockRecord, place: int = -1) -> tuple[Change, ...]:
    """Return what a block changed, or its transaction at a place."""
    known = _known.setdefault(world, {})
    key = record.hash, place
    if key not in known:
        known[key] = _compute_transaction(world, record, place) if place >= 0 else _compute_block(world, record)
        while len(known) > MOST_KEPT:
            del known[next(iter(known))]
    return known[key]


def _compute_block(world: World, record: BlockRecord) -> tuple[Change, ...]:
    if record.parent is None:
        return ()
    before, after = world.ledger.state(record.parent.hash), world.ledger.state(record.hash)
    changes: list[Change] = []
    for key, old, new in before.iterate_differences(after):
        address = Address(key[:ADDRESS_BYTES])
        if len(key) == ADDRESS_BYTES:
            accounts = [EMPTY_ACCOUNT if it is None else decode(Account, it) for it in (old, new)]
            changes += compare_accounts(address, *accounts)
        elif key[ADDRESS_BYTES:] == CODE_MARK:
            changes.append(Change(address, "code", _describe_size(old), _describe_size(new)))
        else:
            place = int.from_bytes(key[ADDRESS_BYTES + 1 :])
            changes.append(Change(address, f"storage {place:x}"[:24], _describe_word(old), _describe_word(new)))
    return tuple(changes)


def _compute_transaction(world: World, record: BlockRecord, place: int) -> tuple[Change, ...]:
    run = world.ledger.open_run(record.hash, place)
    accounts, storage, codes = run.changes.accounts.copy(), run.changes.storage.copy(), run.changes.codes.copy()
    run.apply(record.block.transactions[place])
    after, parent = run.changes, run.changes.parent
    changes: list[Change] = []
    for address, account in after.accounts.items():
        changes += compare_accounts(address, accounts.get(address) or parent.get_account(address), account)
    for address, code in after.codes.items():
        if address not in codes:
            changes.append(Change(address, "code", "none", _describe_size(code)))
    for (address, key), word in after.storage.items():
        was = storage.get((address, key))
        was = parent.get_storage(address, key) if was is None else was
        if was != word:
            changes.append(Change(address, f"storage {key:x}"[:24], f"{was:#x}", f"{word:#x}"))
    return tuple(changes)


def compare_accounts(address: Address, before: Account, after: Account) -> list[Change]:
    """Return what is different in an account."""
    changes = []
    if before.balance != after.balance:
        delta = after.balance - before.balance
        texts = format_amount(before.balance), format_amount(after.balance)
        changes.append(Change(address, "balance", *texts, delta))
    if before.nonce != after.nonce:
        changes.append(Change(address, "nonce", str(before.nonce), str(after.nonce)))
    return changes


def _describe_size(code: bytes | None) -> str:
    return "none" if code is None else f"{len(code)} bytes"


def _describe_word(word: bytes | None) -> str:
    return "0" if word is None else f"0x{word.hex()}"


_COLUMNS: Final = (
    Column("account", 9, is_flexible=True),
    Column("what", 8),
    Column("before", 13, "right", is_flexible=True),
    Column("after", 13, "right", is_flexible=True),
    Column("change", 12, "right"),
)


def build_changes_table(world: World, holders: Holders, record: BlockRecord, place: int = -1) -> TableModel:
    """Return what a block, or its transaction at a place, changed in the accounts."""
    changes = get_changes(world, record, place)

    def get_row(row: int) -> tuple[Cell, ...]:
        change = changes[row]
        tone: Tone = "good" if change.delta > 0 else "warning" if change.delta < 0 else "text"
        delta = format_coins(abs(change.delta), 4) if change.delta else ""
        sign = "+" if change.delta > 0 else "−" if change.delta < 0 else ""
        return (
            Cell(holders.describe(change.address), "accent"),
            Cell(change.what),
            Cell(change.before, "muted"),
            Cell(change.after),
            Cell(sign + delta, tone),
        )

    return TableModel(
        "changes",
        f"State changes {len(changes)}",
        _COLUMNS,
        len(changes),
        get_row,
        lambda row: Thing("address", changes[row].address),
        "It changed nothing" if record.parent is not None else "Genesis: every account begins here",
    )

"""What the explorer's pages add where contracts are.

An address: source, calls, callers, events, storage. A transaction: the call, its events, and why it failed if it did.
"""

from collections import Counter
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present import contracts
from app.present.chain import Facts
from app.present.contracts import Deployed, Doing, Shelf
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.pages import TableModel
from app.present.storage import STORAGE_COLUMNS, list_storage
from app.present.words import format_count
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Field
from app.widgets.text import clean
from chain.consensus.block_tree import BlockRecord
from chain.contracts.abi import Abi
from chain.ledger.actions import Call
from chain.simulation.world import World
from chain.units import Address, TimeUs

_CALLER_COLUMNS: Final = (
    Column("caller", 14, is_flexible=True),
    Column("calls", 6, "right"),
    Column("failed", 6, "right"),
)


def find_contract(world: World, holders: Holders, shelf: Shelf, address: Address, at_us: TimeUs) -> Deployed | None:
    """Return the contract at an address, None where no code is at that moment."""
    state = world.ledger.state(get_canonical(world, at_us).hash)
    return contracts.get_deployed(world, address, at_us, state, shelf, holders)


def build_contract_fields(contract: Deployed) -> tuple[Field, ...]:
    """Return what stands on the page about the code."""
    artifact = contract.artifact
    if artifact is None:
        return (Field("source", "source", "not known", "muted", note="open its artifact: 5, then L"),)
    return (Field("source", "source", clean(artifact.name, 40), "accent", note=clean(artifact.compiler, 40)),)


def build_contract_tables(world: World, holders: Holders, contract: Deployed, at_us: TimeUs) -> tuple[TableModel, ...]:
    """Return calls, callers, events and storage."""
    state = world.ledger.state(get_canonical(world, at_us).hash)
    storage, _ = list_storage(world, contract, state, holders)
    return (
        _build_calls(contract, holders),
        _build_events(contract, holders),
        TableModel(
            "storage", f"Storage {len(storage)}", STORAGE_COLUMNS, len(storage), storage.__getitem__, _open_nothing,
            "It keeps nothing",
        ),
        _build_callers(world, contract, holders),
    )  # fmt: skip


def _open_nothing(_row: int) -> None:
    return None


def _build_calls(contract: Deployed, holders: Holders) -> TableModel:
    doings = contract.doings

    def get_doing(row: int) -> Doing:
        return doings[len(doings) - 1 - row]

    return TableModel(
        "calls",
        f"Calls {format_count(len(doings))}",
        contracts.CALL_COLUMNS,
        len(doings),
        lambda row: contracts.build_call_row(get_doing(row), contract, holders),
        lambda row: Thing("transaction", get_doing(row).signed.id),
        "Nobody has called it yet",
    )


def _build_events(contract: Deployed, holders: Holders) -> TableModel:
    told = contracts.list_events(contract)
    return TableModel(
        "told",
        f"Events {format_count(len(told))}",
        contracts.EVENT_COLUMNS,
        len(told),
        lambda row: contracts.build_event_row(told[row], contract, holders),
        lambda row: Thing("transaction", told[row].doing.signed.id),
        "It has told nothing yet",
    )


class Caller(NamedTuple):
    """Somebody whose transactions ran a contract."""

    address: Address
    calls: int
    failed: int


_known: "WeakKeyDictionary[World, dict[Address, tuple[tuple[Doing, ...], list[Caller]]]]" = WeakKeyDictionary()


def list_callers(world: World, contract: Deployed) -> list[Caller]:
    """Return who sent the transactions in which a contract ran, the busiest first; counted once a head."""
    known = _known.setdefault(world, {})
    doings, callers = known.get(contract.address, (None, []))
    if doings is not contract.doings:
        calls = Counter(doing.signed.sender for doing in contract.doings)
        failed = Counter(doing.signed.sender for doing in contract.doings if not doing.receipt.is_success)
        callers = [Caller(it, calls[it], failed[it]) for it in sorted(calls, key=lambda it: (-calls[it], it))]
        known[contract.address] = contract.doings, callers
    return callers


def _build_callers(world: World, contract: Deployed, holders: Holders) -> TableModel:
    callers = list_callers(world, contract)

    def get_row(row: int) -> tuple[Cell, ...]:
        it = callers[row]
        bad = Cell(format_count(it.failed) if it.failed else "–", "bad" if it.failed else "muted")
        return Cell(clean(holders.describe(it.address), 40), "accent"), Cell(format_count(it.calls)), bad

    return TableModel(
        "callers",
        f"Callers {format_count(len(callers))}",
        _CALLER_COLUMNS,
        len(callers),
        get_row,
        lambda row: Thing("address", callers[row].address),
        "Nobody has called it yet",
    )


# A transaction's page --------------------------------------------------------------------------------------------

_TOLD_COLUMNS: Final = (Column("contract", 12), Column("event", 14), Column("values", 24, is_flexible=True))


def _find_abi(world: World, shelf: Shelf, address: Address, block: BlockRecord) -> Abi:
    artifact = shelf.find(world.ledger.state(block.hash).get_code(address))
    return artifact.abi if artifact is not None else contracts.NO_ABI


def build_call_facts(world: World, holders: Holders, doing: Doing, shelf: Shelf) -> Facts:
    """Return what a transaction asked of a contract, which one it made, and why it failed if it did."""
    action, receipt = doing.signed.transaction.action, doing.receipt
    fields, links = list[Field](), dict[str, Thing]()
    abi = contracts.NO_ABI
    if isinstance(action, Call):
        abi = _find_abi(world, shelf, action.contract, doing.block)
        text = contracts.describe_data(action.data, abi, holders)
        fields.append(Field("call", "call", clean(text, 200), "strong", note="d walks through it"))
    if receipt.created is not None:
        fields.append(Field("created", "made", holders.describe_long(receipt.created), "accent"))
        links["created"] = Thing("address", receipt.created)
    if not receipt.is_success:
        why = shelf.explain_revert(receipt.output, abi) if receipt.output else receipt.error
        fields.append(Field("failed", "failed", clean(why, 200), "bad"))
    return Facts(tuple(fields), links)


def build_told_table(world: World, holders: Holders, doing: Doing, shelf: Shelf) -> TableModel:
    """Return the events of a transaction, those of contracts that were called within it too."""
    logs = doing.receipt.logs

    def get_row(row: int) -> tuple[Cell, ...]:
        log = logs[row]
        name, values = contracts.describe_log(log, _find_abi(world, shelf, log.address, doing.block), holders)
        return Cell(holders.describe(log.address), "accent"), Cell(clean(name, 30)), Cell(clean(values, 160))

    return TableModel(
        "told",
        f"Events {len(logs)}",
        _TOLD_COLUMNS,
        len(logs),
        get_row,
        lambda row: Thing("address", logs[row].address),
        "No contract told anything",
    )

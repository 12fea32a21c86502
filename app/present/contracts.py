"""Contracts of a run: which there are, what they were asked, what they told, what they keep.

A contract is known by the transaction that made it, by events it told, or by being called. Its interface is found by
its code: the shipped contracts, and those the person compiled or opened (``Shelf``). Everything is read at a head.
"""

from bisect import bisect_left
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from app.contract_values import format_value
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import get_index
from app.present.words import format_clock, format_coins, format_count
from app.widgets.models import Cell, Column, Field
from app.widgets.text import clean
from chain.consensus.block_tree import BlockRecord
from chain.contracts.abi import SELECTOR_BYTES, Abi
from chain.contracts.abi_types import AbiType
from chain.contracts.artifact import Artifact
from chain.contracts.evm.message import Log
from chain.contracts.library import get_codes, iter_names, load_artifact
from chain.errors import InvalidEncoding
from chain.ledger.actions import Call, Create
from chain.ledger.block import Receipt
from chain.ledger.state import State
from chain.ledger.transaction import SignedTransaction
from chain.simulation.world import World
from chain.units import Address, TimeUs

MOST_SHOWN: Final = 5_000
NO_ABI: Final = Abi()


class Doing(NamedTuple):
    """A transaction that made, called or woke a contract."""

    block: BlockRecord
    place: int
    """Index in its block."""
    signed: SignedTransaction
    receipt: Receipt


class Told(NamedTuple):
    """An event a contract told."""

    doing: Doing
    log: Log


class ContractIndex:
    """What each contract did, block by block."""

    def __init__(self) -> None:
        self.doings: dict[Address, list[Doing]] = {}
        """By contract, in the order in which their blocks were published, on all branches."""
        self.known: dict[Address, tuple[BlockRecord, tuple[Doing, ...]]] = {}
        """The latest answers of ``get_doings``, each with its head."""
        self._count = 0

    def update(self, world: World) -> None:
        """Take in the blocks published since."""
        for record in world.tree.records[self._count :]:
            receipts = world.ledger.receipts(record.hash)
            for place, (signed, receipt) in enumerate(zip(record.block.transactions, receipts, strict=True)):
                action = signed.transaction.action
                if isinstance(action, Create | Call) or receipt.logs:
                    for address in _iter_touched(action, receipt):
                        self.doings.setdefault(address, []).append(Doing(record, place, signed, receipt))
        self._count = len(world.tree)


def _iter_touched(action: Any, receipt: Receipt) -> Iterator[Address]:
    touched = dict[Address, None]()
    if receipt.created is not None:
        touched[receipt.created] = None
    if isinstance(action, Call):
        touched[action.contract] = None
    touched |= dict.fromkeys(log.address for log in receipt.logs)
    yield from touched


_indexes: "WeakKeyDictionary[World, ContractIndex]" = WeakKeyDictionary()


def get_contract_index(world: World) -> ContractIndex:
    """Return the index of a world, up to date."""
    index = _indexes.get(world)
    if index is None:
        index = _indexes[world] = ContractIndex()
    index.update(world)
    return index


# Interfaces ------------------------------------------------------------------------------------------------------


class Shelf:
    """The interfaces that are known: shipped ones, and the person's own."""

    def __init__(self) -> None:
        self.own: dict[str, Artifact] = {}
        """What the person compiled or opened, by name."""
        self._found: dict[bytes, Artifact | None] = {}

    def add(self, artifact: Artifact) -> None:
        """Keep an artifact of the person's."""
        self.own[artifact.name] = artifact
        self._found.clear()

    def get_names(self) -> tuple[str, ...]:
        """Return the names of all, the person's own first."""
        return (*self.own, *(name for name in iter_names() if name not in self.own))

    def get(self, name: str) -> Artifact:
        """Return an artifact by name."""
        return self.own.get(name) or load_artifact(name)

    def find(self, code: bytes) -> Artifact | None:
        """Return the artifact whose code this is, whatever its immutables are."""
        if code not in self._found:
            shipped = (load_artifact(name) for name, codes in get_codes().items() if code.startswith(codes.runtime))
            fits = [artifact for artifact in (*self.own.values(), *shipped) if artifact.is_code(code)]
            self._found[code] = max(fits, key=lambda it: len(it.runtime), default=None)
        return self._found[code]

    def find_creating(self, code: bytes) -> Artifact | None:
        """Return the artifact whose initcode this is, followed by arguments."""
        shipped = (load_artifact(name) for name, codes in get_codes().items() if code.startswith(codes.creation))
        fits = [it for it in (*self.own.values(), *shipped) if code.startswith(it.bytecode)]
        return max(fits, key=lambda it: len(it.bytecode), default=None)

    def explain_revert(self, data: bytes, abi: Abi) -> str:
        """Return in words why a call reverted; what its ABI does not know may be a called contract's."""
        abis = (abi, *(artifact.abi for artifact in self.own.values()))
        known = (it for it in abis if any(error.selector == data[:SELECTOR_BYTES] for error in it.errors))
        return next(known, abi).explain_revert(data)


@cache
def get_shelf() -> Shelf:
    """Return the one shelf of the program: what a person compiled or opened is known on every screen, in every run."""
    return Shelf()


# Deployed contracts ----------------------------------------------------------------------------------------------


class Deployed(NamedTuple):
    """A contract of the run at a moment."""

    address: Address
    name: str
    artifact: Artifact | None
    code: bytes
    doings: tuple[Doing, ...]
    """On the canonical branch by then, oldest first."""


@cache
def _find_none() -> tuple[Deployed, ...]:
    return ()


def list_deployed(world: World, at_us: TimeUs, shelf: Shelf, holders: Holders) -> tuple[Deployed, ...]:
    """Return the contracts at a moment, the oldest first."""
    index = get_contract_index(world)
    if not index.doings:
        return _find_none()
    state = world.ledger.state(get_canonical(world, at_us).hash)
    found = (get_deployed(world, address, at_us, state, shelf, holders) for address in index.doings)
    return tuple(contract for contract in found if contract is not None)


def get_deployed(
    world: World, address: Address, at_us: TimeUs, state: State, shelf: Shelf, holders: Holders
) -> Deployed | None:
    """Return a contract at a moment, None where there is no code then."""
    code = state.get_code(address)
    if not code:
        return None
    artifact = shelf.find(code)
    known = holders.get(address)
    name = known.name if known is not None else (artifact.name if artifact else "unknown code")
    return Deployed(address, name, artifact, code, get_doings(world, address, at_us))


def get_doings(world: World, address: Address, at_us: TimeUs) -> tuple[Doing, ...]:
    """Return what a contract did on the canonical branch by a moment, oldest first.

    Where the branch only grew since the last answer, only what is new is read.
    """
    head, index, contracts = get_canonical(world, at_us), get_index(world), get_contract_index(world)
    doings, known = contracts.doings.get(address, []), contracts.known.get(address)
    if known is None or not index.is_on_branch(known[0], head):
        found = tuple(it for it in doings if it.block.height <= head.height and index.is_on_branch(it.block, head))
    elif known[0] is head:
        return known[1]
    else:
        older, answer = known
        start = bisect_left(doings, older.published_us, key=lambda it: it.block.published_us)
        later = (it for it in doings[start:] if older.height < it.block.height <= head.height)
        found = answer + tuple(it for it in later if index.is_on_branch(it.block, head))
    contracts.known[address] = head, found
    return found


DEPLOYED_COLUMNS: Final = (
    Column("contract", 16, is_flexible=True),
    Column("calls", 6, "right"),
    Column("balance", 12, "right"),
)


def build_deployed_row(contract: Deployed, state: State) -> tuple[Cell, ...]:
    """Return the row of a contract."""
    balance = state.get_account(contract.address).balance
    return (
        Cell(clean(contract.name, 30), "text" if contract.artifact else "muted"),
        Cell(format_count(len(contract.doings))),
        Cell(format_coins(balance, 2) if balance else "–", "text" if balance else "muted"),
    )


CALL_COLUMNS: Final = (
    Column("", 1),
    Column("time", 12),
    Column("who", 14),
    Column("call", 22, is_flexible=True),
    Column("gas", 9, "right"),
)


def build_call_row(doing: Doing, contract: Deployed, holders: Holders) -> tuple[Cell, ...]:
    """Return the row of something a contract did."""
    is_good = doing.receipt.is_success
    return (
        Cell("✔" if is_good else "✖", "good" if is_good else "bad"),
        Cell(format_clock(doing.block.block.header.time_us), "muted"),
        Cell(clean(holders.describe(doing.signed.sender), 20)),
        Cell(clean(describe_call(doing, contract, holders), 120)),
        Cell(format_count(doing.receipt.gas_used), "muted"),
    )


def describe_call(doing: Doing, contract: Deployed, holders: Holders) -> str:
    """Return a call with its arguments, and why it failed if it did."""
    action, abi = doing.signed.transaction.action, contract.artifact.abi if contract.artifact else NO_ABI
    if isinstance(action, Create):
        text = "created"
    elif isinstance(action, Call) and action.contract == contract.address:
        text = describe_data(action.data, abi, holders)
    elif isinstance(action, Call):
        text = f"within a call of {holders.describe(action.contract)}"
    else:
        text = "while another contract was made"
    if not doing.receipt.is_success:
        text += f" – {abi.explain_revert(doing.receipt.output) if doing.receipt.output else doing.receipt.error}"
    return text


def describe_data(data: bytes, abi: Abi, holders: Holders) -> str:
    """Return call data as a call: name and arguments."""
    function = abi.find_function(data)
    if function is None:
        return f"0x{data[:4].hex()}…" if data else "coins, without a call"
    try:
        values = function.decode_call(data)
    except InvalidEncoding:
        return f"{function.name}(?)"
    kinds = (parameter.type for parameter in function.inputs)
    shown = (format_value(kind, value, holders.describe) for kind, value in zip(kinds, values, strict=True))
    return f"{function.name}({', '.join(shown)})"


EVENT_COLUMNS: Final = (
    Column("time", 12),
    Column("event", 14),
    Column("values", 24, is_flexible=True),
)


def list_events(contract: Deployed) -> list[Told]:
    """Return what a contract told, the latest first."""
    found = (
        Told(it, log) for it in reversed(contract.doings) for log in it.receipt.logs if log.address == contract.address
    )
    return [told for told, _ in zip(found, range(MOST_SHOWN), strict=False)]


def build_event_row(told: Told, contract: Deployed, holders: Holders) -> tuple[Cell, ...]:
    """Return the row of an event."""
    name, values = describe_log(told.log, contract.artifact.abi if contract.artifact else NO_ABI, holders)
    when = format_clock(told.doing.block.block.header.time_us)
    return Cell(when, "muted"), Cell(clean(name, 30), "accent"), Cell(clean(values, 160))


def describe_log(log: Log, abi: Abi, holders: Holders) -> tuple[str, str]:
    """Return the name of an event and its values, named."""
    found = abi.decode_log(log)
    if found is None:
        return "unknown", f"0x{log.data[:32].hex()}"
    event, values = found
    kinds = {parameter.name or str(place): parameter.type for place, parameter in enumerate(event.inputs)}
    return event.name, ", ".join(f"{name} {_show(kinds.get(name), value, holders)}" for name, value in values.items())


def _show(kind: AbiType | None, value: Any, holders: Holders) -> str:
    try:
        return str(value) if kind is None else format_value(kind, value, holders.describe)
    except (TypeError, AttributeError, ValueError):  # of a long indexed value only the hash is known
        return f"0x{value.hex()}" if isinstance(value, bytes) else str(value)


def build_contract_fields(contract: Deployed, state: State, holders: Holders) -> tuple[Field, ...]:
    """Return what there is to say about a contract as such."""
    account, made = state.get_account(contract.address), contract.doings[0] if contract.doings else None
    fields = [
        Field("address", "address", holders.describe_long(contract.address), "accent"),
        Field("source", "source", clean(contract.artifact.name if contract.artifact else "not known", 40)),
        Field("compiler", "compiler", clean(contract.artifact.compiler, 40) if contract.artifact else "–", "muted"),
        Field("balance", "balance", format_coins(account.balance)),
        Field("code", "code", f"{format_count(len(contract.code))} bytes"),
        Field("words", "storage", f"{format_count(sum(1 for _ in state.iterate_storage(contract.address)))} words"),
        Field("calls", "calls", format_count(len(contract.doings))),
    ]
    if made is not None and made.receipt.created == contract.address:
        fields.insert(1, Field("creator", "made by", holders.describe_long(made.signed.sender)))
        fields.insert(
            2, Field("block", "in block", f"#{made.block.height}", note=format_clock(made.block.published_us))
        )
    return tuple(fields)

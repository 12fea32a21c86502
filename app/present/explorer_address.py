"""The page of an address: what it owns at a moment, who is behind it, and everything it sent, got and mined."""

from bisect import bisect_right
from typing import Final, NamedTuple

from app.present.actions import describe_action
from app.present.chain import GLYPHS, TONES, Facts, format_bytes, get_standing
from app.present.contract_tables import build_contract_fields, build_contract_tables, find_contract
from app.present.contracts import Deployed, get_shelf
from app.present.fate import get_fate
from app.present.heads import get_canonical
from app.present.holders import HolderKind, Holders
from app.present.index import RunIndex, get_including_block, get_index
from app.present.pages import Page, TableModel
from app.present.tokens import get_token
from app.present.transaction_why import explain_balance
from app.present.words import format_clock, format_coins, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Field, Tone, Why
from app.widgets.text import clean
from chain.consensus.block_tree import BlockRecord
from chain.node.transactions import TransactionRecord
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import Address, TimeUs, format_amount
from chain.wallet.address import encode_address, shorten_address

KIND_WORDS: Final[dict[HolderKind, str]] = {
    "own account": "one of your accounts, or in your address book",
    "person": "somebody of the simulation who pays and is paid",
    "miner": "gets the rewards of a node",
    "member": "the account of a member of this network, who signs what its node does",
    "contract": "code decides what happens to what it owns",
    "faucet": "gives simulated coins to whoever asks",
}


_WHYS: Final = {
    "nonce": Why(
        "The nonce of an account",
        "ledger/nonce",
        (),
        "How many of its transactions are in the chain: the next one must carry this number, so that none can be taken "
        "twice and none out of order.",
    ),
    "waiting": Why(
        "What waits",
        "",
        (),
        "Transactions that were handed in, are in no block of the canonical branch, and have not expired. They change "
        "no balance yet.",
    ),
    "address": Why(
        "The address",
        "",
        (),
        "The last 20 bytes of a hash of the public key, the policy or the contract behind it, in letters with a "
        "checksum (bech32m): a mistyped letter is noticed.",
    ),
    "rewards": Why(
        "Rewards",
        "ledger/subsidy",
        (),
        "What the blocks it proposed paid it, subsidy and tips, as far as they are on the canonical branch. Blocks "
        "that went stale pay nothing.",
    ),
    "payments": Why("Payments", "", (), "Every transaction that names the address and was handed in by this moment."),
    "bytes": Why("The bytes", "", (), "What the chain keeps: the address without checksum and letters."),
}
"""What ``?`` says of single fields; the balance, and what belongs to it, explains itself with its numbers."""


def build_address_page(simulation: Simulation, holders: Holders, address: Address, at_us: TimeUs) -> Page:
    """Return the page of an address; one that was never used has a page too."""
    world = simulation.world
    index, holder = get_index(world), holders.get(address)
    payments, blocks = index.get_payments(address, at_us), index.get_proposed(address, at_us)
    name = shorten_address(address) if holder is None else holder.name
    is_used = bool(payments or blocks or world.setup.allocations.get(address))
    contract = find_contract(world, holders, get_shelf(), address, at_us)
    kind: HolderKind | None = holder.kind if holder else "contract" if contract else None
    meaning = KIND_WORDS[kind] if kind else "Nobody you or the simulation has a name for."
    state = (kind or "unknown holder") + ("" if is_used else " · never used")
    tables = list(build_contract_tables(world, holders, contract, at_us)) if contract else []
    tables.append(_build_history(world, holders, index, address, payments, at_us))
    if blocks:
        tables.append(_build_mined(world, index, blocks, at_us))
    return Page(
        title=f"{'Contract' if contract else 'Address'} {name}",
        state=f"● {state}",
        tone="accent" if holder else "muted",
        meaning=meaning[0].upper() + meaning[1:],
        facts=_build_facts(world, index, address, payments, blocks, at_us, contract),
        tables=tuple(tables),
        copy=(encode_address(address), f"the address of {name}"),
        why=explain_balance(world, address, at_us),
        whys=_WHYS,
    )


def _build_facts(
    world: World,
    index: RunIndex,
    address: Address,
    payments: list[TransactionRecord],
    blocks: list[BlockRecord],
    at_us: TimeUs,
    contract: Deployed | None,
) -> Facts:
    head = get_canonical(world, at_us)
    account = world.ledger.state(head.hash).get_account(address)
    fields = [
        Field(
            "balance",
            "balance",
            format_coins(account.balance),
            "strong",
            note=f"after block #{head.height}",
            has_why=True,
        ),
        Field("nonce", "nonce", str(account.nonce), note="sent in the chain"),
    ]
    waiting = _count_waiting(world, index, payments, at_us)
    if waiting:
        fields.append(Field("waiting", "waiting", plural(waiting, "transaction"), "pending", note="not in a block yet"))
    fields.append(Field("address", "address", encode_address(address), "accent"))
    links: dict[str, Thing] = {}
    allocation = world.setup.allocations.get(address, 0)
    if allocation:
        fields.append(Field("allocation", "at genesis", format_coins(allocation)))
        links["allocation"] = Thing("block", world.tree.records[0].hash)
    if address in world.setup.proposers:
        node = world.setup.proposers.index(address)
        fields.append(Field("node", "node", f"n{node:02d}", "accent", note=world.network.places[node].city))
        links["node"] = Thing("node", node)
    if blocks:
        fields.append(_build_rewards(world, index, blocks, at_us))
    creation = index.contracts.get(address)
    if contract is not None and creation is not None:
        note = f"since block #{creation.height}"
        fields.append(Field("code", "contract", f"{format_bytes(len(contract.code))} of code", "accent", note=note))
        links["code"] = Thing("block", creation.hash)
        fields += build_contract_fields(contract)
        token = get_token(world, address, at_us)
        if token is not None:
            fields.append(Field("token", "calls itself", token.title, "accent", note="its own words"))
    fields.append(Field("payments", "payments", plural(len(payments), "transaction"), note="sent and got"))
    fields.append(Field("bytes", "20 bytes", address.hex(), "muted"))
    return Facts(tuple(fields), links)


def _count_waiting(world: World, index: RunIndex, payments: list[TransactionRecord], at_us: TimeUs) -> int:
    """Return how many payments, of those that have not expired, are in no block."""
    oldest_us = at_us - world.ledger.parameters.expiry_us
    recent = payments[bisect_right(payments, oldest_us, key=lambda record: record.submitted_us) :]
    state = world.ledger.state(get_canonical(world, at_us).hash)
    return sum(
        get_including_block(world, index, record, at_us) is None
        and record.signed.transaction.nonce >= state.get_account(record.signed.sender).nonce
        for record in recent
    )


def _build_rewards(world: World, index: RunIndex, blocks: list[BlockRecord], at_us: TimeUs) -> Field:
    address, head = blocks[0].block.header.proposer, get_canonical(world, at_us)
    count, units = index.get_earnings(address, head, at_us)
    stale = f", {len(blocks) - count} lost" if len(blocks) > count else ""
    return Field("rewards", "rewards", format_coins(units), "good", note=f"{plural(count, 'block')}{stale}")


# History ---------------------------------------------------------------------------------------------------------

_HISTORY_COLUMNS: Final = (
    Column("", 1),
    Column("when", 12),
    Column("", 2),
    Column("other side", 10, is_flexible=True),
    Column("amount", 13, "right"),
    Column("block", 9, "right"),
    Column("memo", 8, is_flexible=True),
)


def _build_history(
    world: World, holders: Holders, index: RunIndex, address: Address, payments: list[TransactionRecord], at_us: TimeUs
) -> TableModel:
    """Return its payments, newest first."""

    def get_record(place: int) -> TransactionRecord:
        return payments[len(payments) - 1 - place]

    def get_row(place: int) -> tuple[Cell, ...]:
        record = get_record(place)
        mark, block, tone = _describe_place(world, index, record, at_us)
        side = _get_side(holders, address, record)
        return (
            Cell(mark, tone),
            Cell(format_clock(record.submitted_us), "muted"),
            Cell(side.arrow),
            Cell(side.other),
            Cell(side.amount, "text" if side.arrow == "→" else "good"),
            Cell(block, tone),
            Cell(side.note, "muted"),
        )

    return TableModel(
        "history",
        f"History {len(payments)}",
        _HISTORY_COLUMNS,
        len(payments),
        get_row,
        lambda place: Thing("transaction", get_record(place).id),
        "No payments yet: send something to this address, or ask the faucet",
    )


class _Side(NamedTuple):
    """A transaction as one of those it names sees it."""

    arrow: str
    other: str
    amount: str
    note: str


def _get_side(holders: Holders, address: Address, record: TransactionRecord) -> _Side:
    action, sender = record.signed.transaction.action, record.signed.sender
    payments, phrase = action.get_payments(), describe_action(action, holders)
    note = clean(payments[0].memo if len(payments) == 1 else phrase.note, 60)
    if sender != address:
        got = sum(it.amount for it in payments if it.recipient == address)
        return _Side("←", holders.describe(sender), f"+{format_amount(got, 4)}", note)
    if len(payments) == 1 and payments[0].recipient == address:
        return _Side("↻", "itself", format_amount(action.amount, 4), note)
    other = phrase.object if phrase.verb == "pay" else f"{phrase.verb} {phrase.object}"
    return _Side("→", other, f"−{format_amount(action.amount, 4)}", note)


def _describe_place(world: World, index: RunIndex, record: TransactionRecord, at_us: TimeUs) -> tuple[str, str, Tone]:
    """Return a mark, where the transaction is, and the tone of both."""
    block = get_including_block(world, index, record, at_us)
    if block is not None:
        standing = get_standing(world, index, block, at_us)
        return ("✔" if standing.state == "final" else "✓"), f"#{block.height}", TONES[standing.state]
    state = get_fate(world, index, record, at_us).state
    return ("◔", "waiting", "pending") if state in ("pending", "queued") else ("✗", state, "bad")


_MINED_COLUMNS: Final = (
    Column("", 1),
    Column("height", 8, "right"),
    Column("hash", 9),
    Column("when", 12),
    Column("reward", 13, "right"),
    Column("state", 12, is_flexible=True),
)


def _build_mined(world: World, index: RunIndex, blocks: list[BlockRecord], at_us: TimeUs) -> TableModel:
    """Return the blocks it proposed, newest first."""

    def get_record(place: int) -> BlockRecord:
        return blocks[len(blocks) - 1 - place]

    def get_row(place: int) -> tuple[Cell, ...]:
        record = get_record(place)
        standing, execution = get_standing(world, index, record, at_us), world.ledger.execution(record.hash)
        tone = TONES[standing.state]
        reward = format_amount(execution.subsidy + execution.tips, 4) if standing.confirmations else "–"
        return (
            Cell(GLYPHS[standing.state], tone),
            Cell(f"#{record.height}"),
            Cell(shorten_hash(record.hash)),
            Cell(format_clock(record.published_us), "muted"),
            Cell(reward, "good" if standing.confirmations else "stale"),
            Cell(standing.words, tone),
        )

    title = f"Blocks {len(blocks)}"
    return TableModel(
        "mined", title, _MINED_COLUMNS, len(blocks), get_row, lambda place: Thing("block", get_record(place).hash), ""
    )

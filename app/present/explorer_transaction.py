"""The page of a transaction: what it says, what became of it, and its life on one timeline."""

from typing import Final

from app.present.access import build_commitment_fields
from app.present.actions import describe_action
from app.present.chain import Facts, format_bytes
from app.present.contract_tables import build_call_facts, build_told_table
from app.present.contracts import Doing, get_shelf
from app.present.explorer import build_nodes_table, build_refused_facts, describe_reach
from app.present.fate import LOOKS, Fate, get_fate
from app.present.holders import Holders
from app.present.index import get_index
from app.present.pages import Milestone, NotThere, Page, TableModel
from app.present.raw import build_raw_table
from app.present.state_changes import build_changes_table
from app.present.transaction_timeline import build_timeline
from app.present.transaction_why import explain_transaction_fields
from app.present.words import (
    format_clock,
    format_coins,
    format_count,
    name_node,
    plural,
    shorten_hash,
)
from app.screens.view import Thing
from app.widgets.models import Field, Why
from app.widgets.text import clean
from chain.encoding import decode
from chain.errors import InvalidEncoding
from chain.ledger.actions import Call, Create
from chain.ledger.policy import Policy
from chain.ledger.transaction import SignedTransaction
from chain.node.transactions import TransactionRecord
from chain.simulation.commands import SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import Address, Hash, TimeUs

MOST_SHOWN: Final = 20
"""Recipients of a batch that get a field each."""

# The page --------------------------------------------------------------------------------------------------------


def build_transaction_page(
    simulation: Simulation, holders: Holders, transaction: Hash, at_us: TimeUs
) -> Page | NotThere:
    """Return the page of a transaction."""
    world = simulation.world
    record, index = world.transactions.get(transaction), get_index(world)
    if record is None or record.submitted_us > at_us:
        return _build_refused_page(simulation, holders, transaction, at_us)
    fate = get_fate(world, index, record, at_us)
    glyph, tone = LOOKS[fate.state]
    title = f"Transaction {shorten_hash(transaction)}"
    nodes = build_nodes_table(world, transaction, record.spread.arrival, at_us, record.submitted_us)
    tables = [nodes, build_raw_table(record.signed)]
    receipt = None
    if fate.block is not None:
        place = fate.block.block.transactions.index(record.signed)
        tables.insert(0, build_changes_table(world, holders, fate.block, place))
        receipt = world.ledger.receipts(fate.block.hash)[place]
        if receipt.logs:
            doing = Doing(fate.block, place, record.signed, receipt)
            tables.insert(1, build_told_table(world, holders, doing, get_shelf()))
    return Page(
        title=title,
        state=f"{glyph} {fate.words}",
        tone=tone,
        meaning=fate.message,
        facts=_build_facts(world, holders, record, fate, at_us),
        tables=tuple(tables),
        copy=(transaction.hex(), "the hash of the transaction"),
        why=Why(f"{title}: {fate.words}", fate.rule, (), fate.message),
        timeline=build_timeline(world, index, record, fate, at_us),
        whys=explain_transaction_fields(record.signed, receipt),
    )


def _build_facts(world: World, holders: Holders, record: TransactionRecord, fate: Fate, at_us: TimeUs) -> Facts:
    glyph, tone = LOOKS[fate.state]
    fields = [Field("state", "status", f"{glyph} {fate.words}", tone, has_why=True)]
    if record.id in holders.notes:
        fields.append(Field("label", "your label", clean(holders.notes[record.id], 120), "accent"))
    links: dict[str, Thing] = {"node": Thing("node", record.origin)}
    if fate.block is not None:
        value = f"#{fate.block.height} {shorten_hash(fate.block.hash)}"
        fields.append(Field("block", "block", value, "accent", note=plural(fate.confirmations, "confirmation")))
        links["block"] = Thing("block", fate.block.hash)
    signed_fields, signed_links = _build_signed_fields(holders, record.signed)
    if fate.block is not None and isinstance(record.signed.transaction.action, Call | Create):
        place = fate.block.block.transactions.index(record.signed)
        doing = Doing(fate.block, place, record.signed, world.ledger.receipts(fate.block.hash)[place])
        called = build_call_facts(world, holders, doing, get_shelf())
        fields += called.fields
        links |= called.links
    reach = describe_reach(record.spread.arrival, at_us, record.submitted_us)
    seen = Field("seen", "seen by", reach)
    handed = Field("node", "handed to", name_node(record.origin), "accent", note=format_clock(record.submitted_us))
    fields += [*signed_fields, *build_commitment_fields(world, record.signed, at_us)]
    fields += [*_build_fee_fields(world, record, fate), handed, seen]
    return Facts(tuple(fields), links | signed_links)


def _build_signed_fields(holders: Holders, signed: SignedTransaction) -> tuple[list[Field], dict[str, Thing]]:
    """Return what the transaction itself says."""
    transaction, action = signed.transaction, signed.transaction.action
    phrase, payments = describe_action(action, holders), action.get_payments()
    fields = [
        Field("id", "hash", signed.id.hex(), "strong"),
        Field("action", "does", f"{phrase.verb} {phrase.object}", "strong", note=type(action).__name__.lower()),
        Field("from", "from", holders.describe_long(signed.sender), "accent"),
    ]
    links = {"from": Thing("address", signed.sender)}
    for key, label, address in _list_others(signed):
        fields.append(Field(key, label, holders.describe_long(address), "accent"))
        links[key] = Thing("address", address)
    memo = payments[0].memo if len(payments) == 1 else phrase.note
    fields += [
        Field("amount", "amount", format_coins(action.amount), "strong"),
        Field("memo", "memo", clean(memo, 256) or "–", "text" if memo else "muted"),
        Field("nonce", "nonce", str(transaction.nonce), note=f"{format_count(transaction.nonce)} came before it"),
        _build_signature_field(signed),
        Field("size", "size", format_bytes(signed.size_bytes)),
    ]
    return fields, links


def _list_others(signed: SignedTransaction) -> list[tuple[str, str, Address]]:
    """Return (key, label, address) of everybody a transaction names beside its sender."""
    action, payments = signed.transaction.action, signed.transaction.action.get_payments()
    named = [(f"to-{place}" if place else "to", "to", it.recipient) for place, it in enumerate(payments[:MOST_SHOWN])]
    for name in ("contract", "validator"):
        address = getattr(action, name, None)
        if address is not None:
            named.append((name, name, address))
    return named


def _build_signature_field(signed: SignedTransaction) -> Field:
    authority = signed.transaction.authority
    who = f"{authority.threshold} of {len(authority.public_keys)} keys" if isinstance(authority, Policy) else "Ed25519"
    if signed.is_signature_valid:
        return Field("signature", "signature", f"✓ valid {who}", "good", has_why=True)
    return Field("signature", "signature", "✗ not valid", "bad", has_why=True)


def _build_fee_fields(world: World, record: TransactionRecord, fate: Fate) -> list[Field]:
    """Return the fee that was paid, or what may be."""
    transaction = record.signed.transaction
    highest_fee, highest_tip = format_count(transaction.max_fee_per_gas), format_count(transaction.max_tip_per_gas)
    cap = f"cap {highest_fee}, tip ≤ {highest_tip}"
    limit = Field("gas", "gas limit", format_count(transaction.gas_limit), note=cap)
    if fate.block is None:
        highest = transaction.gas_limit * transaction.max_fee_per_gas
        return [Field("fee", "fee", f"at most {format_coins(highest)}", "pending"), limit]
    place = fate.block.block.transactions.index(record.signed)
    receipt = world.ledger.receipts(fate.block.hash)[place]
    used = f"{format_count(receipt.gas_used)} of {format_count(transaction.gas_limit)}"
    return [
        Field("fee", "fee paid", format_coins(receipt.fee), "strong"),
        Field(
            "burned",
            "  burned",
            format_coins(receipt.burned),
            "warning",
            note=f"base fee {receipt.base_fee_per_gas}/gas",
        ),
        Field("tip", "  tip", format_coins(receipt.tip), "good", note=f"{receipt.tip_per_gas}/gas to proposer"),
        Field("gas", "gas used", used, note=cap),
    ]


# One that was refused --------------------------------------------------------------------------------------------


def _build_refused_page(simulation: Simulation, holders: Holders, transaction: Hash, at_us: TimeUs) -> Page | NotThere:
    index = get_index(simulation.world)
    refusal = next((it for it in index.refusals.get(transaction, ()) if it.time_us <= at_us), None)
    title = f"Transaction {shorten_hash(transaction)}"
    if refusal is None:
        message = (
            f"No such transaction has been handed to a node by {format_clock(at_us)}. Go forward, or search with /."
        )
        return NotThere(title, message)
    rule, _, message = refusal.detail.partition(": ")
    facts, signed = (
        build_refused_facts(refusal.node, refusal.time_us, rule, message),
        find_submitted(simulation, transaction),
    )
    tables: tuple[TableModel, ...] = ()
    if signed is not None:
        fields, links = _build_signed_fields(holders, signed)
        facts, tables = Facts((*facts.fields, *fields), facts.links | links), (build_raw_table(signed),)
    node = name_node(refusal.node)
    return Page(
        title=title,
        state=f"✗ refused by {node}",
        tone="bad",
        meaning=f"{message}. It was not passed on and left no trace.",
        facts=facts,
        tables=tables,
        copy=(transaction.hex(), "the hash of the refused transaction"),
        why=Why(f"{title} was refused by {node}", rule, (), message),
        timeline=(
            Milestone("●", format_clock(refusal.time_us), f"handed to {node}", thing=Thing("node", refusal.node)),
            Milestone("✗", format_clock(refusal.time_us), f"refused: {rule}", "bad", message),
        ),
    )


def find_submitted(simulation: Simulation, transaction: Hash) -> SignedTransaction | None:
    """Return a transaction that somebody handed in, also when it was refused; None when only its hash is known."""
    for entry in simulation.log:
        if isinstance(entry.command, SubmitTransaction):
            try:
                signed = decode(SignedTransaction, entry.command.transaction)
            except InvalidEncoding:
                continue
            if signed.id == transaction:
                return signed
    return None

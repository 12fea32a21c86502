"""The page of a transaction: what it says, what became of it, and its life on one timeline."""

from typing import Final, Literal, NamedTuple

import numpy as np

from app.present.access import build_commitment_fields
from app.present.actions import describe_action
from app.present.chain import Facts, format_bytes, format_title, get_standing
from app.present.explorer import Times, build_nodes_table, build_refused_facts, describe_reach
from app.present.finality import get_promise
from app.present.heads import get_canonical, get_finalized
from app.present.holders import Holders
from app.present.index import RunIndex, get_including_block, get_index
from app.present.pages import Milestone, NotThere, Page, TableModel
from app.present.raw import build_raw_table
from app.present.state_changes import build_changes_table
from app.present.transaction_why import explain_transaction_fields
from app.present.words import (
    format_clock,
    format_coins,
    format_count,
    format_delay,
    format_span,
    name_node,
    plural,
    shorten_hash,
)
from app.screens.view import Thing
from app.widgets.models import Field, Tone, Why
from app.widgets.text import clean
from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.encoding import decode
from chain.errors import InvalidEncoding
from chain.ledger.policy import Policy
from chain.ledger.transaction import SignedTransaction
from chain.node.mempool import compute_mempool
from chain.node.transactions import TransactionRecord
from chain.simulation.commands import SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import MINUTE, Address, Hash, TimeUs

MOST_SHOWN: Final = 20
"""Recipients of a batch that get a field each."""

State = Literal["final", "confirmed", "pending", "queued", "replaced", "expired"]
_LOOK: Final[dict[State, tuple[str, Tone]]] = {
    "final": ("✔", "final"),
    "confirmed": ("✓", "good"),
    "pending": ("◔", "pending"),
    "queued": ("◌", "pending"),
    "replaced": ("✗", "bad"),
    "expired": ("✗", "bad"),
}


class Fate(NamedTuple):
    """What has become of a published transaction by a moment, on the heaviest branch."""

    state: State
    words: str
    rule: str
    message: str
    block: BlockRecord | None = None
    confirmations: int = 0


def get_fate(world: World, index: RunIndex, record: TransactionRecord, at_us: TimeUs) -> Fate:
    """Return whether a transaction is in the chain, waits, or never will be in it."""
    block = get_including_block(world, index, record, at_us)
    if block is not None:
        standing = get_standing(world, index, block, at_us)
        words = f"in block #{block.height} · {standing.words}"
        state: State = "final" if standing.state == "final" else "confirmed"
        return Fate(state, words, "consensus/finality", standing.meaning, block, standing.confirmations)
    head = get_canonical(world, at_us)
    nonce = record.signed.transaction.nonce
    used = world.ledger.state(head.hash).get_account(record.signed.sender).nonce
    if nonce < used:
        message = (
            f"nonce {nonce} is already used{_name_rival(world, index, record, at_us)}; the account's next is {used}"
        )
        return Fate("replaced", "replaced: another transaction has its nonce", "ledger/nonce", message)
    expiry_us = world.ledger.parameters.expiry_us
    if at_us - record.submitted_us >= expiry_us:
        message = f"no block took it within {expiry_us // MINUTE} minutes; the mempools have dropped it"
        return Fate("expired", "expired", "mempool/expiry", message)
    return _get_waiting_fate(world, index, record, at_us)


def _name_rival(world: World, index: RunIndex, record: TransactionRecord, at_us: TimeUs) -> str:
    """Return `` by tx 4be2…91c0 in block #7`` for the transaction that took the nonce."""
    for other in index.get_sent(record.signed.sender, record.signed.transaction.nonce):
        if other is not record:
            block = get_including_block(world, index, other, at_us)
            if block is not None:
                return f" by tx {shorten_hash(other.id)} in block #{block.height}"
    return ""


def _get_waiting_fate(world: World, index: RunIndex, record: TransactionRecord, at_us: TimeUs) -> Fate:
    """Return how it waits at the node it was handed to, among what its sender has sent."""
    head = world.view(record.origin, at_us).get_head()
    oldest_us = TimeUs(at_us - world.ledger.parameters.expiry_us)
    held = sorted(
        (arrival_us, other.index, other.signed)
        for other in index.get_payments(record.signed.sender, at_us, oldest_us)
        if other.signed.sender == record.signed.sender
        and (arrival_us := other.spread.arrival_us(record.origin)) <= at_us
    )
    view = compute_mempool([(t, signed) for t, _, signed in held], world.ledger, head.hash, at_us)
    for state, hindrances in (("queued", view.queued), ("replaced", view.refused)):
        for it in hindrances:
            if it.signed == record.signed:
                return Fate(
                    "queued" if state == "queued" else "replaced", f"{state}: {it.message}", it.rule, it.message
                )
    seen = record.spread.count_known(at_us)
    words = f"pending · seen by {seen} of {plural(world.node_count, 'node')}"
    stale = [world.tree.records[place] for place in record.blocks if world.tree.records[place].published_us <= at_us]
    message = "It waits in the mempools for a block with room for it; the best tips go first."
    if stale:
        words += f" · was in #{stale[-1].height}′, which went stale"
        message = (
            f"Block #{stale[-1].height} {shorten_hash(stale[-1].hash)} lost the race, so it waits again. {message}"
        )
    return Fate("pending", words, "consensus/fork-choice" if stale else "", message)


def describe_fate(fate: Fate) -> tuple[str, Tone]:
    """Return the words of a fate, with glyph and tone."""
    glyph, tone = _LOOK[fate.state]
    return f"{glyph} {fate.words}", tone


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
    glyph, tone = _LOOK[fate.state]
    title = f"Transaction {shorten_hash(transaction)}"
    nodes = build_nodes_table(world, transaction, record.spread.arrival, at_us, record.submitted_us)
    tables = [nodes, build_raw_table(record.signed)]
    receipt = None
    if fate.block is not None:
        place = fate.block.block.transactions.index(record.signed)
        tables.insert(0, build_changes_table(world, holders, fate.block, place))
        receipt = world.ledger.receipts(fate.block.hash)[place]
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
    glyph, tone = _LOOK[fate.state]
    fields = [Field("state", "status", f"{glyph} {fate.words}", tone, has_why=True)]
    links: dict[str, Thing] = {"node": Thing("node", record.origin)}
    if fate.block is not None:
        value = f"#{fate.block.height} {shorten_hash(fate.block.hash)}"
        fields.append(Field("block", "block", value, "accent", note=plural(fate.confirmations, "confirmation")))
        links["block"] = Thing("block", fate.block.hash)
    signed_fields, signed_links = _build_signed_fields(holders, record.signed)
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


# The timeline ----------------------------------------------------------------------------------------------------


def build_timeline(
    world: World, index: RunIndex, record: TransactionRecord, fate: Fate, at_us: TimeUs
) -> tuple[Milestone, ...]:
    """Return the life of a transaction: submitted, spread, in a block, confirmed; what is to come stands last."""
    start_us = record.submitted_us
    origin = Milestone("●", format_clock(start_us), f"submitted to {name_node(record.origin)}", "strong")
    steps = [origin, *_list_reach(record.spread.arrival, start_us, at_us)]
    for place in record.blocks:
        block = world.tree.records[place]
        if block.published_us <= at_us:
            steps.append(_build_inclusion(world, index, block, at_us, start_us))
    if fate.block is not None:
        steps += build_confirmations(world, index, fate.block, at_us)
    elif fate.state in ("pending", "queued"):
        steps.append(Milestone("◌", "", "waits for a block" if fate.state == "pending" else fate.words, "pending"))
    else:
        steps.append(Milestone("✗", "", fate.words, "bad", fate.message))
    return tuple(steps)


def _list_reach(arrival_us: Times, start_us: TimeUs, at_us: TimeUs) -> list[Milestone]:
    """Return when the first other node, half of the nodes, and all nodes had it."""
    nodes, times = len(arrival_us), np.sort(arrival_us)
    steps: list[Milestone] = []
    for count, text in (
        (2, "reached its first peer"),
        ((nodes + 1) // 2, "reached half of the nodes"),
        (nodes, "reached"),
    ):
        if not 2 <= count <= nodes or (steps and count == 2):
            continue
        time_us = int(times[count - 1])
        if time_us > at_us:
            known = int(np.count_nonzero(arrival_us <= at_us))
            steps.append(Milestone("◔", "", f"on {known} of {nodes} nodes so far", "pending"))
            break
        words = f"reached all {nodes} nodes" if count == nodes else text
        steps.append(
            Milestone(
                "│" if count < nodes else "●", format_clock(time_us), words, "text", format_delay(time_us - start_us)
            )
        )
    return steps


def _build_inclusion(world: World, index: RunIndex, block: BlockRecord, at_us: TimeUs, start_us: TimeUs) -> Milestone:
    standing = get_standing(world, index, block, at_us)
    text = f"in block {format_title(block, standing)} by {name_node(block.origin)}"
    note = f"after {format_span(block.published_us - start_us)}"
    thing = Thing("block", block.hash)
    if standing.confirmations:
        return Milestone("■", format_clock(block.published_us), text, "good", note, thing)
    words = "went stale" if standing.state == "stale" else standing.words
    return Milestone("□", format_clock(block.published_us), f"{text}, {words}", "stale", note, thing)


def build_confirmations(world: World, index: RunIndex, block: BlockRecord, at_us: TimeUs) -> list[Milestone]:
    """Return the blocks on top, up to the depth that is called final."""
    head, finality = get_canonical(world, at_us), world.consensus.rules.finality
    depth = world.consensus.depth if finality is Finality.DEPTH else 0
    branch, steps = index.get_branch(head), []
    for count in range(2, min(depth, head.height - block.height + 1) + 1):
        on_top = branch[block.height + count - 1]
        is_final = count == depth
        text = f"{count} confirmations" + (" · final by depth" if is_final else "")
        thing = Thing("block", on_top.hash)
        mark = "▣" if is_final else "│"
        tone: Tone = "final" if is_final else "text"
        steps.append(Milestone(mark, format_clock(on_top.published_us), text, tone, f"#{on_top.height}", thing))
    if not depth:
        return [_describe_decision(world, block, at_us)]
    missing = depth - (head.height - block.height + 1)
    if missing > 0:
        steps.append(Milestone("◌", "", f"final by depth after {plural(missing, 'more block')}", "pending"))
    return steps


def _describe_decision(world: World, block: BlockRecord, at_us: TimeUs) -> Milestone:
    """Return whether a block is final where that is not a matter of depth."""
    promise = get_promise(world)
    if block.height <= get_finalized(world, at_us).height:
        return Milestone("▣", format_clock(at_us), f"{promise.final} by now", "final")
    return Milestone("◌", "", promise.waits, "pending")

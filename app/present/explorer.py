"""The page of a block: what it says and did, who has it, what else was found at its height."""

from typing import Final

import numpy as np
import numpy.typing as npt

from app.present.chain import (
    GLYPHS,
    TONES,
    TRANSACTION_COLUMNS,
    Facts,
    build_block_facts,
    build_transaction_row,
    format_title,
    get_block,
    get_standing,
)
from app.present.chain_why import explain_block
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import get_index
from app.present.pages import NotThere, Page, TableModel
from app.present.raw import build_raw_table
from app.present.state_changes import build_changes_table
from app.present.words import format_clock, format_coins, format_delay, name_node, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Field, Why
from chain.consensus.block_tree import BlockRecord
from chain.consensus.ghost import GhostRules, GhostSeal
from chain.encoding import decode
from chain.network.spread import NO_PARENT
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import Hash, TimeUs

Times = npt.NDArray[np.int64]
"""Microseconds by node, NEVER where something is not known."""


# A block ---------------------------------------------------------------------------------------------------------


def build_block_page(simulation: Simulation, holders: Holders, block: Hash, at_us: TimeUs) -> Page | NotThere:
    """Return the page of a block."""
    world = simulation.world
    record = get_block(world, block, at_us)
    if record is None:
        return _build_missing_block(world, block, at_us)
    index = get_index(world)
    standing = get_standing(world, index, record, at_us)
    nodes = build_nodes_table(world, record.hash, record.known_us, at_us, record.published_us)
    tables = (
        build_transactions_table(world, holders, record),
        nodes,
        _build_siblings_table(world, record, at_us),
        build_changes_table(world, holders, record),
        build_raw_table(record.block.header),
    )
    return Page(
        title=f"Block {format_title(record, standing)}",
        state=f"{GLYPHS[standing.state]} {standing.words}",
        tone=TONES[standing.state],
        meaning=standing.meaning,
        facts=_add_uncles(world, record, build_block_facts(world, holders, record, at_us)),
        tables=tables,
        copy=(record.hash.hex(), f"the hash of block {format_title(record, standing)}"),
        why=explain_block(world, record, at_us),
        previous=Thing("block", record.parent.hash) if record.parent else None,
        next=_find_child(world, record, at_us),
    )


def _add_uncles(world: World, record: BlockRecord, facts: Facts) -> Facts:
    """Add the stale blocks that a block names as uncles, and what that pays, under protocols that have such a thing."""
    if record.parent is None or not isinstance(world.consensus.rules, GhostRules):
        return facts
    uncles = decode(GhostSeal, record.block.header.consensus).uncles
    rewards = world.ledger.execution(record.hash).rewards
    fields, links = list(facts.fields), dict(facts.links)
    paid = format_coins(sum(reward.amount for reward in rewards))
    fields.append(Field("uncles", "uncles", plural(len(uncles), "uncle"), note=f"{paid} for them" if uncles else ""))
    for place, uncle in enumerate(uncles):
        key = f"uncle-{place}"
        fields.append(Field(key, "  uncle", f"#{uncle.height} {shorten_hash(uncle.hash)}", "stale"))
        links[key] = Thing("block", uncle.hash)
    return Facts(tuple(fields), links)


def _find_child(world: World, record: BlockRecord, at_us: TimeUs) -> Thing | None:
    """Return the child on the heaviest branch, or else the first."""
    index, head = get_index(world), get_canonical(world, at_us)
    children = [child for child in index.get_at_height(record.height + 1, at_us) if child.parent is record]
    children.sort(key=lambda child: not index.is_on_branch(child, head))
    return Thing("block", children[0].hash) if children else None


def _build_missing_block(world: World, block: Hash, at_us: TimeUs) -> Page | NotThere:
    index = get_index(world)
    refused = index.refused_blocks.get(block)
    refusal = next((it for it in index.refusals.get(block, ()) if it.time_us <= at_us), None)
    if refused is None or refusal is None:
        return NotThere(
            f"Block {shorten_hash(block)}",
            f"No such block has been published by {format_clock(at_us)}. Go forward in time, or search with /.",
        )
    rule, _, message = refusal.detail.partition(": ")
    facts = build_refused_facts(refusal.node, refusal.time_us, rule, message)
    title = f"Block #{refused.header.height} {shorten_hash(block)}"
    return Page(
        title=title,
        state="✗ refused",
        tone="bad",
        meaning=f"{message}. Its neighbours refused it; it left no trace in any state.",
        facts=facts,
        tables=(),
        copy=(block.hex(), "the hash of the refused block"),
        why=Why(f"{title} was refused", rule, (), message),
    )


def build_refused_facts(node: int, time_us: int, rule: str, message: str) -> Facts:
    """Return what is known of something that was refused."""
    fields = (
        Field("state", "state", "✗ refused", "bad", has_why=True),
        Field("time", "time", format_clock(time_us)),
        Field("node", "by", name_node(node), "accent"),
        Field("rule", "rule", rule, "warning"),
        Field("message", "because", message),
    )
    return Facts(fields, {"node": Thing("node", node)})


def build_transactions_table(world: World, holders: Holders, record: BlockRecord) -> TableModel:
    """Return the table of a block's transactions."""
    receipts, transactions = world.ledger.receipts(record.hash), record.block.transactions
    return TableModel(
        "transactions",
        f"Transactions {len(transactions)}",
        TRANSACTION_COLUMNS,
        len(transactions),
        lambda place: build_transaction_row(place, record, receipts[place], holders),
        lambda place: Thing("transaction", transactions[place].id),
        "An empty block: nothing waited where it was made",
    )


_NODE_COLUMNS: Final = (
    Column("node", 6),
    Column("place", 10, is_flexible=True),
    Column("has it since", 13, "right"),
    Column("delay", 10, "right"),
    Column("from", 6),
)


def build_nodes_table(world: World, key: Hash, arrival_us: Times, at_us: TimeUs, start_us: TimeUs) -> TableModel:
    """Return which nodes have something, by arrival; those that do not have it yet stand at the end."""
    order = np.argsort(arrival_us, kind="stable")
    known = int(np.count_nonzero(arrival_us <= at_us))
    record = world.transactions.get(key)
    spread = record.spread if record is not None else world.spreads.get(key)

    def get_row(place: int) -> tuple[Cell, ...]:
        node = int(order[place])
        name, city = name_node(node), world.network.places[node].city
        if place >= known:
            return Cell(name, "muted"), Cell(city, "muted"), Cell("◌ not yet", "pending"), Cell(""), Cell("")
        time_us = int(arrival_us[node])
        source = spread.parent_of(node) if spread is not None else NO_PARENT
        return (
            Cell(name),
            Cell(city, "muted"),
            Cell(format_clock(time_us)),
            Cell(format_delay(time_us - start_us) if time_us > start_us else "origin", "good"),
            Cell("–" if source == NO_PARENT else name_node(source), "muted"),
        )

    title = f"Nodes {known}/{world.node_count}"
    return TableModel(
        "nodes", title, _NODE_COLUMNS, world.node_count, get_row, lambda place: Thing("node", int(order[place])), ""
    )


_SIBLING_COLUMNS: Final = (
    Column("", 2),
    Column("hash", 12),
    Column("made by", 8),
    Column("when", 13, "right"),
    Column("state", 16, is_flexible=True),
)


def _build_siblings_table(world: World, record: BlockRecord, at_us: TimeUs) -> TableModel:
    """Return the other blocks of the same height: in a fork, all but one of them are stale."""
    index = get_index(world)
    siblings = [it for it in index.get_at_height(record.height, at_us) if it is not record]

    def get_row(place: int) -> tuple[Cell, ...]:
        it = siblings[place]
        standing = get_standing(world, index, it, at_us)
        return (
            Cell(GLYPHS[standing.state], TONES[standing.state]),
            Cell(shorten_hash(it.hash)),
            Cell(name_node(it.origin)),
            Cell(format_clock(it.published_us)),
            Cell(standing.words, TONES[standing.state]),
        )

    return TableModel(
        "siblings",
        f"Siblings {len(siblings)}",
        _SIBLING_COLUMNS,
        len(siblings),
        get_row,
        lambda place: Thing("block", siblings[place].hash),
        f"No other block was found at height {record.height}",
    )


def describe_reach(arrival_us: Times, at_us: TimeUs, start_us: TimeUs) -> str:
    """Return how far something has spread: ``12 of 12 nodes, the last +412 ms``."""
    known = arrival_us[arrival_us <= at_us]
    nodes = len(arrival_us)
    if len(known) == 0:
        return f"0 of {plural(nodes, 'node')}"
    return f"{len(known)} of {plural(nodes, 'node')}, the last {format_delay(int(known.max()) - start_us)}"

"""The odyssey of a transaction: from the key that sent it to the block that keeps it, on one vertical timeline.

Keypress, signature, the way through the mempools node by node, each block that took it, each reorganisation that threw
it out again, confirmations, final.
"""

from typing import Final

import numpy as np

from app.present.chain import format_title, get_standing
from app.present.fate import Fate, get_fate
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import RunIndex, get_index, get_submitted
from app.present.pages import Milestone
from app.present.transaction_timeline import build_confirmations
from app.present.words import format_clock, format_coins, format_delay, format_span, name_node, plural, shorten_hash
from app.screens.view import Thing
from chain.consensus.block_tree import BlockRecord
from chain.network.spread import NO_PARENT
from chain.node.transactions import TransactionRecord
from chain.simulation.commands import RequestCoins, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import Hash, TimeUs

MOST_NODES: Final = 40
"""Nodes that get a line each; of more the first and the last are named."""


def build_odyssey(simulation: Simulation, holders: Holders, transaction: Hash, at_us: TimeUs) -> tuple[Milestone, ...]:
    """Return the whole life of a transaction by a moment; nothing when it has not been sent by then."""
    world = simulation.world
    record = get_submitted(world, transaction, at_us)
    if record is None:
        return ()
    index = get_index(world)
    fate = get_fate(world, index, record, at_us)
    return (
        *_list_beginning(simulation, holders, record),
        *_list_way(world, index, record, at_us),
        *_list_end(world, index, fate, at_us),
    )


def _list_beginning(simulation: Simulation, holders: Holders, record: TransactionRecord) -> list[Milestone]:
    signed, clock = record.signed, format_clock(record.submitted_us)
    sender = Thing("address", signed.sender)
    commands = [entry.command for entry in simulation.log if entry.time_us == record.submitted_us]
    if any(isinstance(it, SubmitTransaction) for it in commands):
        start = "a key is pressed in the wallet: send"
    elif any(isinstance(it, RequestCoins) for it in commands):
        start = "the faucet is asked for coins"
    else:
        start = f"{holders.describe(signed.sender)} decides to pay"
    amount = format_coins(signed.transaction.action.amount, 4)
    words = "the signature holds" if signed.is_signature_valid else "the signature does not hold"
    nonce = f"nonce {signed.transaction.nonce}"
    return [
        Milestone("●", clock, start, "strong", amount, sender),
        Milestone("✎", clock, f"signed by {holders.describe(signed.sender)}: {words}", "accent", nonce, sender),
        Milestone("→", clock, f"its hash is {shorten_hash(signed.id)}", "text", f"{signed.size_bytes} B"),
    ]


Timed = tuple[int, Milestone]
"""When, and what."""


def _list_way(world: World, index: RunIndex, record: TransactionRecord, at_us: TimeUs) -> list[Milestone]:
    """Return what happened on its way through mempools and blocks, in order."""
    timed = [*_list_arrivals(world, record, at_us), *_list_blocks(world, index, record, at_us)]
    steps = [step for _, step in sorted(timed, key=lambda it: it[0])]
    missing = world.node_count - record.spread.count_known(at_us)
    if missing:
        steps.append(Milestone("◌", "", f"{plural(missing, 'node')} have not heard of it", "muted"))
    return steps


def _list_arrivals(world: World, record: TransactionRecord, at_us: TimeUs) -> list[Timed]:
    """Return when each node's mempool got it, and from whom."""
    arrival_us, start_us = record.spread.arrival, record.submitted_us
    order = [int(node) for node in np.argsort(arrival_us, kind="stable") if arrival_us[node] <= at_us]
    shown = order if len(order) <= MOST_NODES else [*order[: MOST_NODES // 2], *order[-MOST_NODES // 2 :]]
    steps: list[Timed] = []
    for node in shown:
        source = record.spread.parent_of(node)
        text = f"in the mempool of {name_node(node)} {world.network.places[node].city}"
        text += "" if source == NO_PARENT else f", from {name_node(source)}"
        time_us = int(arrival_us[node])
        delay = format_delay(time_us - start_us) if time_us > start_us else ""
        step = Milestone("◔", format_clock(time_us), text, "pending", delay, Thing("node", node))
        steps.append((time_us, step))
    if len(shown) < len(order):
        hidden = Milestone("⋮", "", f"{plural(len(order) - len(shown), 'more node')} in between", "muted")
        steps.insert(MOST_NODES // 2, (steps[MOST_NODES // 2 - 1][0], hidden))
    return steps


def _list_blocks(world: World, index: RunIndex, record: TransactionRecord, at_us: TimeUs) -> list[Timed]:
    """Return each block that took it, and when a reorganisation threw that block out."""
    steps: list[Timed] = []
    for place in record.blocks:
        block = world.tree.records[place]
        if block.published_us > at_us:
            continue
        standing = get_standing(world, index, block, at_us)
        text = f"in block {format_title(block, standing)} by {name_node(block.origin)}"
        note = f"after {format_span(block.published_us - record.submitted_us)}"
        thing = Thing("block", block.hash)
        steps.append((block.published_us, Milestone("■", format_clock(block.published_us), text, "good", note, thing)))
        if not standing.confirmations:
            steps.append(_build_reorg(world, block, at_us))
    return steps


def _build_reorg(world: World, block: BlockRecord, at_us: TimeUs) -> Timed:
    """Return the moment from which on a block was not canonical any more."""
    if not _is_below(block, world.get_canonical(block.published_us)):
        text = f"block #{block.height}′ never leads: the network follows another one"
        return block.published_us, Milestone("□", format_clock(block.published_us), text, "stale")
    records = world.tree.records[block.index + 1 : world.tree.count_published(at_us)]
    times = [record.published_us for record in records]
    low, high = 0, len(times)
    while low < high:
        middle = (low + high) // 2
        head = world.get_canonical(times[middle])
        if _is_below(block, head):
            low = middle + 1
        else:
            high = middle
    time_us = times[low] if low < len(times) else block.published_us
    winner = world.get_canonical(time_us)
    text = f"block #{block.height}′ goes stale: back into the mempools"
    note = f"reorg to #{winner.height} {shorten_hash(winner.hash)}"
    return time_us, Milestone("□", format_clock(time_us), text, "stale", note, Thing("block", winner.hash))


def _is_below(block: BlockRecord, head: BlockRecord) -> bool:
    record: BlockRecord | None = head
    while record is not None and record.height > block.height:
        record = record.parent
    return record is block


def _list_end(world: World, index: RunIndex, fate: Fate, at_us: TimeUs) -> list[Milestone]:
    if fate.block is not None:
        steps = build_confirmations(world, index, fate.block, at_us)
        return steps or [Milestone("✓", format_clock(get_canonical(world, at_us).published_us), fate.words, "good")]
    if fate.state in ("pending", "queued"):
        return [Milestone("◌", "", "waits for a block" if fate.state == "pending" else fate.words, "pending")]
    return [Milestone("✗", "", fate.words, "bad", fate.message)]

"""A node's mempool at a moment: what waits, what the next blocks would take, what a fee buys, how nodes differ.

Projected blocks are what this node would build from what it knows, if nothing else arrived: best tips first, as long as
they fit, with the base fee moving from block to block as EIP-1559 says.

Simplification: a block is filled in the order of the mempool, which keeps a sender's nonces in order; what does not fit
waits for the next block with all later transactions of its sender.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from app.present.chain import Facts
from app.present.holders import Holders
from app.present.index import RunIndex
from app.present.words import format_coins, format_count, format_span, name_node, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Bar, Cell, Column, Field, Series, Tone
from chain.consensus.block_tree import BlockRecord
from chain.ledger.fees import compute_base_fee, compute_effective_tip
from chain.ledger.parameters import TRANSFER_GAS
from chain.ledger.transaction import SignedTransaction
from chain.node.mempool import Hindrance, MempoolView, compute_mempool
from chain.simulation.world import World
from chain.units import COIN_SYMBOL, Address, Hash, NodeId, TimeUs, format_amount

BAND_EDGES: Final = (30, 80, 150, 300)
"""Effective tips, in units per gas, at which the next of the five fee bands begins."""
BAND_LABELS: Final = ("< 30", "30–79", "80–149", "150–299", "≥ 300")
HISTOGRAM_EDGES: Final = (10, 20, 50, 100, 200, 500)
LADDER: Final = (1, 10, 20, 40, 60, 80, 100, 150, 200, 300, 500, 1000)
"""Tips, in units per gas, for which the screen says what they buy."""
PROJECTED_BLOCKS: Final = 4
HISTORY_BLOCKS: Final = 120
INTERVAL_BLOCKS: Final = 30
"""Blocks whose mean interval is taken for waiting times."""


class Mempool(NamedTuple):
    """One node's mempool at one moment."""

    node: NodeId
    at_us: TimeUs
    head: BlockRecord
    base_fee: int
    """Of the next block, units per gas."""
    gas_limit: int
    view: MempoolView


class ProjectedBlock(NamedTuple):
    """A block this node would build."""

    height: int
    transactions: tuple[SignedTransaction, ...]
    base_fee: int
    gas: int
    gas_limit: int
    tips: tuple[int, ...]
    """The effective tip of each transaction, units per gas."""
    gas_by_band: tuple[int, ...]


class Quote(NamedTuple):
    """What a tip buys for a plain payment."""

    tip: int
    fee: int
    """Units, with the base fee of the next block."""
    ahead: int
    """Pending transactions that come first."""
    blocks: int
    """1: the next block."""
    wait_us: int


# What waits ------------------------------------------------------------------------------------------------------


def get_mempool(world: World, node: NodeId, at_us: TimeUs) -> Mempool:
    """Return a node's mempool on top of its head at a moment, past ones too."""
    seen = world.view(node, at_us)
    head = seen.get_head()
    entries = [(arrival_us, record.signed) for arrival_us, record in seen.get_held(head)]
    view = compute_mempool(entries, world.ledger, head.hash, at_us)
    base_fee = world.ledger.next_base_fee(head.hash)
    return Mempool(node, at_us, head, base_fee, world.ledger.parameters.gas_limit, view)


def get_tip(signed: SignedTransaction, base_fee: int) -> int:
    """Return the units per gas a proposer would get."""
    transaction = signed.transaction
    return compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, base_fee)


def get_arrival_us(world: World, transaction: Hash, node: NodeId) -> int:
    """Return when a node got a transaction; NEVER if it did not."""
    record = world.transactions.get(transaction)
    assert record is not None
    return record.spread.arrival_us(node)


def find_oldest(world: World, mempool: Mempool) -> tuple[SignedTransaction, int] | None:
    """Return the transaction that has waited longest at the node, and how long, in microseconds."""
    waiting = [*mempool.view.pending, *(hindrance.signed for hindrance in mempool.view.queued)]
    ages = [(get_arrival_us(world, signed.id, mempool.node), place) for place, signed in enumerate(waiting)]
    if not ages:
        return None
    arrival_us, place = min(ages)
    return waiting[place], mempool.at_us - arrival_us


# What the next blocks take ---------------------------------------------------------------------------------------


def project_blocks(mempool: Mempool, count: int = PROJECTED_BLOCKS) -> tuple[ProjectedBlock, ...]:
    """Return the next blocks as this node would build them; the last ones may be empty and are left out."""
    blocks: list[ProjectedBlock] = []
    waiting, base_fee = list(mempool.view.pending), mempool.base_fee
    while waiting and len(blocks) < count:
        block, waiting = _fill_block(waiting, mempool.head.height + 1 + len(blocks), base_fee, mempool.gas_limit)
        blocks.append(block)
        base_fee = compute_base_fee(mempool.gas_limit, block.gas, base_fee)
    return tuple(blocks)


def _fill_block(
    waiting: list[SignedTransaction], height: int, base_fee: int, gas_limit: int
) -> tuple[ProjectedBlock, list[SignedTransaction]]:
    taken, tips, left, gas = [], [], [], 0
    by_band, held_up = [0] * len(BAND_LABELS), set[Address]()
    for place, signed in enumerate(waiting):
        if gas + TRANSFER_GAS > gas_limit:
            left += waiting[place:]
            break
        tip, needed = get_tip(signed, base_fee), signed.transaction.gas_limit
        if tip < 0 or gas + needed > gas_limit or signed.sender in held_up:
            left.append(signed)
            held_up.add(signed.sender)
            continue
        taken.append(signed)
        tips.append(tip)
        gas += needed
        by_band[get_band(tip)] += needed
    block = ProjectedBlock(height, tuple(taken), base_fee, gas, gas_limit, tuple(tips), tuple(by_band))
    return block, left


def get_band(tip: int) -> int:
    """Return the fee band of an effective tip, 0 to 4."""
    return bisect_right(BAND_EDGES, tip)


def build_block_bars(blocks: Iterable[ProjectedBlock]) -> tuple[Bar, ...]:
    """Return one bar a projected block: its fee bands as shares of the gas limit, the lowest tips first."""
    bars = []
    for place, block in enumerate(blocks):
        parts = tuple(gas / block.gas_limit for gas in block.gas_by_band)
        note = f"{len(block.transactions)} tx · {block.gas * 100 // block.gas_limit} %"
        bars.append(Bar(f"next #{block.height}" if place == 0 else f"+{place + 1} #{block.height}", parts, note))
    return tuple(bars)


def build_mined_bars(world: World, index: RunIndex, head: BlockRecord, count: int) -> tuple[Bar, ...]:
    """Return the last blocks of a branch, newest first, as the same kind of bars: what really got in."""
    bars = []
    for record in reversed(index.get_branch(head)[max(1, head.height + 1 - count) : head.height + 1]):
        by_band, gas_limit = [0] * len(BAND_LABELS), record.block.header.gas_limit
        for receipt in world.ledger.receipts(record.hash):
            by_band[get_band(receipt.tip_per_gas)] += receipt.gas_used
        note = f"{len(record.block.transactions)} tx · {record.block.header.gas_used * 100 // gas_limit} %"
        bars.append(Bar(f"✓ #{record.height}", tuple(gas / gas_limit for gas in by_band), note))
    return tuple(bars)


def build_histogram(mempool: Mempool) -> tuple[Bar, ...]:
    """Return how many pending transactions offer which tip."""
    counts = [0] * (len(HISTOGRAM_EDGES) + 1)
    for signed in mempool.view.pending:
        counts[bisect_right(HISTOGRAM_EDGES, get_tip(signed, mempool.base_fee))] += 1
    labels = [f"<{HISTOGRAM_EDGES[0]}", *(str(edge) for edge in HISTOGRAM_EDGES)]
    return tuple(Bar(label, (count,), str(count) if count else "") for label, count in zip(labels, counts, strict=True))


# Fees ------------------------------------------------------------------------------------------------------------


def build_fee_history(index: RunIndex, head: BlockRecord, blocks: int = HISTORY_BLOCKS) -> Series:
    """Return the base fee, in units per gas, of the last blocks of a branch, by height."""
    branch = index.get_branch(head)[max(0, head.height + 1 - blocks) : head.height + 1]
    return Series("base fee", tuple((r.height, r.block.header.base_fee_per_gas) for r in branch))


def compute_interval_us(world: World, index: RunIndex, head: BlockRecord) -> int:
    """Return the mean interval of the last blocks, or what the protocol aims at while there are too few."""
    first = max(0, head.height - INTERVAL_BLOCKS)
    if head.height - first < 3:
        return int(getattr(getattr(world.consensus.rules, "parameters", None), "interval", 0))
    start = index.get_branch(head)[first]
    return (head.block.header.time_us - start.block.header.time_us) // (head.height - first)


def quote(mempool: Mempool, tip: int, interval_us: int) -> Quote:
    """Return what a tip buys for a plain payment that arrives now."""
    ahead = [signed for signed in mempool.view.pending if get_tip(signed, mempool.base_fee) >= tip]
    gas = sum(signed.transaction.gas_limit for signed in ahead)
    blocks = 1 + (gas + TRANSFER_GAS - 1) // mempool.gas_limit
    return Quote(tip, TRANSFER_GAS * (mempool.base_fee + tip), len(ahead), blocks, blocks * interval_us)


LADDER_COLUMNS: Final = (
    Column("tip", 5, "right"),
    Column("fee", 8, "right"),
    Column("ahead", 5, "right"),
    Column("block", 7, is_flexible=True),
    Column("wait", 8, "right"),
)


def build_ladder_row(it: Quote, is_mine: bool = False) -> tuple[Cell, ...]:
    """Return the cells of a quote, for LADDER_COLUMNS."""
    into = "next" if it.blocks == 1 else f"+{it.blocks}"
    tone: Tone = "good" if it.blocks == 1 else "warning" if it.blocks <= 3 else "bad"
    return (
        Cell(("▸" if is_mine else "") + format_count(it.tip), "strong" if is_mine else "text"),
        Cell(format_amount(it.fee, 6)),
        Cell(format_count(it.ahead), "muted"),
        Cell(into, tone),
        Cell("≈ " + format_span(it.wait_us) if it.wait_us else "–", "muted"),
    )


# The list --------------------------------------------------------------------------------------------------------

LIST_COLUMNS: Final = (
    Column("", 2),
    Column("tip/gas", 7, "right"),
    Column("id", 9),
    Column("from", 9, is_flexible=True),
    Column("to", 9, is_flexible=True),
    Column(f"amount {COIN_SYMBOL}", 10, "right"),
    Column("waiting", 10, "right"),
)


class Entry(NamedTuple):
    """A line of the list of waiting transactions."""

    signed: SignedTransaction
    block: int
    """The projected block that takes it, from 1; 0 for none."""
    hindrance: Hindrance | None
    is_refused: bool


def list_entries(mempool: Mempool, blocks: Sequence[ProjectedBlock]) -> list[Entry]:
    """Return everything the node holds: pending by projected block, then queued, then refused."""
    taken = {signed.id: place for place, block in enumerate(blocks, 1) for signed in block.transactions}
    entries = [Entry(signed, taken.get(signed.id, 0), None, False) for signed in mempool.view.pending]
    entries += [Entry(hindrance.signed, 0, hindrance, False) for hindrance in mempool.view.queued]
    entries += [Entry(hindrance.signed, 0, hindrance, True) for hindrance in mempool.view.refused]
    return entries


def build_entry_row(world: World, mempool: Mempool, entry: Entry, holders: Holders) -> tuple[Cell, ...]:
    """Return the cells of a waiting transaction, for LIST_COLUMNS."""
    signed, action = entry.signed, entry.signed.transaction.action
    if entry.hindrance is not None:
        mark = Cell("✗ ?", "bad") if entry.is_refused else Cell("◌ ?", "pending")
    else:
        mark = Cell(f"+{entry.block}" if entry.block else "…", "good" if entry.block == 1 else "pending")
    waited_us = mempool.at_us - get_arrival_us(world, signed.id, mempool.node)
    return (
        mark,
        Cell(format_count(get_tip(signed, mempool.base_fee)), "strong"),
        Cell(shorten_hash(signed.id)),
        Cell(holders.describe(signed.sender)),
        Cell(holders.describe(action.recipient)),
        Cell(format_amount(action.amount, 4)),
        Cell(format_span(waited_us), "muted"),
    )


def build_facts(world: World, index: RunIndex, mempool: Mempool) -> Facts:
    """Return the mempool in a few numbers; the oldest transaction and the head are links."""
    view, head, base_fee = mempool.view, mempool.head, mempool.base_fee
    size = sum(signed.size_bytes for signed in view.pending)
    oldest = find_oldest(world, mempool)
    links = {"node": Thing("node", mempool.node), "head": Thing("block", head.hash)}
    waits = shorten_hash(oldest[0].id) if oldest else "nothing waits"
    if oldest:
        links["oldest"] = Thing("transaction", oldest[0].id)
    before, place = head.block.header.base_fee_per_gas, world.network.places[mempool.node].city
    direction = "rises" if base_fee > before else "falls" if base_fee < before else "stays"
    interval_us = compute_interval_us(world, index, head)
    fields = (
        Field("node", "node", name_node(mempool.node), "accent", note=place),
        Field("head", "head", f"#{head.height} {shorten_hash(head.hash)}", "accent"),
        Field("pending", "pending", plural(len(view.pending), "transaction"), "strong", note=f"{format_count(size)} B"),
        Field(
            "queued", "queued", format_count(len(view.queued)), note="wait for nonce or money" if view.queued else ""
        ),
        Field("refused", "refused", format_count(len(view.refused)), "bad" if view.refused else "text"),
        Field("base-fee", "base fee", f"{format_count(base_fee)} per gas", note=f"{direction} from {before}"),
        Field("cost", "a payment", format_coins(TRANSFER_GAS * base_fee, 6), note="and the tip"),
        Field(
            "oldest", "oldest", waits, "accent" if oldest else "muted", note=format_span(oldest[1]) if oldest else ""
        ),
        Field("interval", "interval", format_span(interval_us) if interval_us else "by hand", note="between blocks"),
    )
    return Facts(fields, links)

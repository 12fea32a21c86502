"""By how much the mempools of the nodes differ at a moment: one matrix over transactions and nodes."""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from app.present.words import format_count, name_node
from app.widgets.models import Cell, Column
from chain.consensus.block_tree import BlockRecord
from chain.node.transactions import TransactionRecord
from chain.simulation.world import World
from chain.units import NodeId, TimeUs


class Difference(NamedTuple):
    """How one node's mempool compares to the chosen node's."""

    node: NodeId
    head: BlockRecord
    waiting: int
    """Transactions it holds."""
    missing: int
    """Transactions the chosen node has and this one has not."""
    extra: int
    """The other way round."""
    is_online: bool


DIFFERENCE_COLUMNS: Final = (
    Column("node", 5),
    Column("head", 9, is_flexible=True),
    Column("waits", 5, "right"),
    Column("lacks", 5, "right"),
    Column("more", 5, "right"),
)


def get_candidates(world: World, at_us: TimeUs, heads: Sequence[BlockRecord]) -> Sequence[TransactionRecord]:
    """Return the transactions that may have been waiting at a moment on top of any of these heads."""
    transactions = world.transactions
    if at_us < transactions.changed_us:
        return transactions.get_recent(at_us - world.ledger.parameters.expiry_us, at_us)
    found = dict(transactions.open)
    for head in {head.index: head for head in heads}.values():
        found |= {record.index: record for record in transactions.iter_above(head, world.tree)}
    return [found[index] for index in sorted(found)]


def compare_nodes(world: World, chosen: NodeId, at_us: TimeUs) -> list[Difference]:
    """Return every node's mempool beside the chosen one's, by node.

    Counted is all that a node has heard, that has not expired and whose nonce its head has not used: pending, queued
    and refused together.
    """
    nodes = range(world.node_count)
    heads = [world.view(node, at_us).get_head() for node in nodes]
    records = get_candidates(world, at_us, heads)
    waiting = _compute_waiting(world, records, heads, at_us)
    mine = waiting[:, chosen, None]
    counts, missing = waiting.sum(axis=0), (mine & ~waiting).sum(axis=0)
    extra, links = (waiting & ~mine).sum(axis=0), world.network.links
    return [
        Difference(
            NodeId(node),
            heads[node],
            int(counts[node]),
            int(missing[node]),
            int(extra[node]),
            links.is_online(node, at_us),
        )
        for node in nodes
    ]


def _compute_waiting(
    world: World, records: Sequence[TransactionRecord], heads: list[BlockRecord], at_us: TimeUs
) -> npt.NDArray[np.bool_]:
    """Return by transaction and node whether the node holds it."""
    if not records:
        return np.zeros((0, len(heads)), dtype=np.bool_)
    arrivals = np.stack([record.spread.arrival for record in records])
    waiting = (arrivals <= at_us) & (arrivals > at_us - world.ledger.parameters.expiry_us)
    for head in {record.index: record for record in heads}.values():
        state = world.ledger.state(head.hash)
        senders = {signed.sender: 0 for signed in (record.signed for record in records)}
        nonces = {sender: state.get_account(sender).nonce for sender in senders}
        unused = [record.signed.transaction.nonce >= nonces[record.signed.sender] for record in records]
        followers = [node for node, it in enumerate(heads) if it is head]
        waiting[:, followers] &= np.array(unused)[:, None]
    return waiting


def build_difference_row(it: Difference, chosen: NodeId, best: BlockRecord) -> tuple[Cell, ...]:
    """Return the cells of a node's difference, for DIFFERENCE_COLUMNS."""
    is_chosen, behind = it.node == chosen, best.height - it.head.height
    head = f"#{it.head.height} {it.head.hash.hex()[-4:]}" + (f" −{behind}" if behind > 0 else "")
    name = ("▸" if is_chosen else "") + name_node(it.node)
    if not it.is_online:
        return Cell(name, "muted"), Cell("○ off", "muted"), Cell("–"), Cell("–"), Cell("–")
    return (
        Cell(name, "strong" if is_chosen else "text"),
        Cell(head, "text" if it.head is best else "warning"),
        Cell(format_count(it.waiting), "strong"),
        Cell("–" if is_chosen else f"−{it.missing}" if it.missing else "=", "warning" if it.missing else "muted"),
        Cell("–" if is_chosen else f"+{it.extra}" if it.extra else "=", "accent" if it.extra else "muted"),
    )

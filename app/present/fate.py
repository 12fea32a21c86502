"""What has become of a transaction by a moment: in the chain, waiting, or never to be in it."""

from typing import Final, Literal, NamedTuple

from app.present.chain import get_standing
from app.present.heads import get_canonical
from app.present.index import RunIndex, get_including_block
from app.present.words import (
    plural,
    shorten_hash,
)
from app.widgets.models import Tone
from chain.consensus.block_tree import BlockRecord
from chain.node.mempool import compute_mempool
from chain.node.transactions import TransactionRecord
from chain.simulation.world import World
from chain.units import MINUTE, TimeUs

State = Literal["final", "confirmed", "pending", "queued", "replaced", "expired"]
LOOKS: Final[dict[State, tuple[str, Tone]]] = {
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
    glyph, tone = LOOKS[fate.state]
    return f"{glyph} {fate.words}", tone

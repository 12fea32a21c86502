"""The block tree and one block, field by field, as they stand at a moment.

Canonical means: on the branch that the rules' fork choice prefers for somebody who hears everything at once. What a
single node follows is told on the page of the node. "Final" always says which kind of final (app/present/finality.py).
"""

from collections.abc import Iterator
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.actions import describe_action
from app.present.finality import describe_cost, get_promise
from app.present.heads import compute_heads, get_canonical, get_finalized, is_heaviest_followed
from app.present.holders import Holders
from app.present.index import RunIndex, get_index
from app.present.roles import get_making
from app.present.words import (
    format_clock,
    format_coins,
    format_count,
    format_hashes,
    format_span,
    name_node,
    plural,
    shorten_hash,
)
from app.screens.view import Thing
from app.widgets.models import BlockState, Cell, ChainBlock, Column, Field, Tone
from chain.consensus.block_tree import BlockRecord
from chain.consensus.difficulty import compute_work, decode_compact
from chain.consensus.proof_of_work import ProofOfWorkRules
from chain.ledger.actions import Action
from chain.ledger.block import Block, Receipt
from chain.simulation.world import World
from chain.units import COIN_SYMBOL, Hash, TimeUs, format_amount

TONES: Final[dict[BlockState, Tone]] = {"canonical": "good", "final": "final", "pending": "pending", "stale": "stale"}
GLYPHS: Final[dict[BlockState, str]] = {"canonical": "■", "final": "▣", "pending": "◌", "stale": "□"}


class Standing(NamedTuple):
    """What has become of a block by a moment."""

    state: BlockState
    confirmations: int
    """Blocks of the canonical branch from this one on, itself included; 0 off that branch."""
    words: str
    """The state in a few honest words."""
    meaning: str
    """What the state does and does not promise."""


class Facts(NamedTuple):
    """Fields of a thing, and what enter opens on some of them."""

    fields: tuple[Field, ...]
    links: dict[str, Thing]
    """Thing by field key."""


# Standing --------------------------------------------------------------------------------------------------------


def get_standing(world: World, index: RunIndex, record: BlockRecord, at_us: TimeUs) -> Standing:
    """Return whether a block counts at a moment, how deep it is, and what that is worth."""
    head = get_canonical(world, at_us)
    if not index.is_on_branch(record, head):
        return _get_side_standing(world, index, record, at_us)
    confirmations = head.height - record.height + 1
    if record.parent is None:
        return Standing(
            "final", confirmations, "genesis", "Every node starts from this block; it is agreed on beforehand."
        )
    promise, cost = get_promise(world), describe_cost(world, record, head)
    if record.height <= get_finalized(world, at_us).height:
        meaning = f"{promise.keeps} {cost}".strip()
        return Standing("final", confirmations, promise.describe_final(confirmations), meaning)
    words = promise.describe_progress(confirmations)
    if promise.depth > confirmations:
        missing = plural(promise.depth - confirmations, "more block")
        return Standing("canonical", confirmations, words, f"Final by depth after {missing}. {cost}".strip())
    if _is_justified(head, record):
        words += " · justified"
    return Standing("canonical", confirmations, words, f"{promise.waits} {cost}".strip())


def _is_justified(head: BlockRecord, record: BlockRecord) -> bool:
    """Whether two thirds of the stake have voted for a checkpoint above a block, under proof of stake."""
    known = getattr(head.state, "justification", None)
    if known is None:
        return False
    above = next((it for it in _iter_down(head) if it.hash == known.justified.block), None)
    return above is not None and record.height <= above.height


def _iter_down(record: BlockRecord) -> Iterator[BlockRecord]:
    current: BlockRecord | None = record
    while current is not None:
        yield current
        current = current.parent


def _get_side_standing(world: World, index: RunIndex, record: BlockRecord, at_us: TimeUs) -> Standing:
    head = get_canonical(world, at_us)
    if record.index in get_rivals(world, index, head, at_us):
        if record.height > head.height:
            return Standing("pending", 0, "proposed", get_promise(world).waits)
        meaning = f"Some nodes follow it, others #{head.height} {shorten_hash(head.hash)}: what comes next decides."
        return Standing("pending", 0, "undecided rival", meaning)
    fork = record  # from the stale block down it is a few steps, from the head it may be a hundred thousand
    while fork.parent is not None and not index.is_on_branch(fork, head):
        fork = fork.parent
    winner = index.get_branch(head)[fork.height + 1] if fork.height < head.height else head
    meaning = (
        f"The network went on with #{winner.height} {shorten_hash(winner.hash)}. No reward; its transactions went back "
        "to the mempools unless the other branch has them too."
    )
    return Standing("stale", 0, "stale", meaning)


_rivals: "WeakKeyDictionary[World, tuple[tuple[int, ...], set[int]]]" = WeakKeyDictionary()
"""What was found last: a list asks for every row."""


def get_rivals(world: World, index: RunIndex, head: BlockRecord, at_us: TimeUs) -> set[int]:
    """Return the blocks, by index, that are on no branch of the head and may still win.

    Where the heaviest branch is followed, those are the branches as heavy as the head's. Elsewhere they are what some
    running node follows all the same, and what stands above the head: proposals that are being voted on.
    """
    key = (at_us, head.index, world.kernel.steps, len(world.history.records))
    known = _rivals.get(world)
    if known is not None and known[0] == key:
        return known[1]
    rivals: set[int] = set()
    _rivals[world] = key, rivals
    for tip in _find_rival_tips(world, index, head, at_us):
        record: BlockRecord | None = tip
        while record is not None and not index.is_on_branch(record, head):
            rivals.add(record.index)
            record = record.parent
    return rivals


def _find_rival_tips(world: World, index: RunIndex, head: BlockRecord, at_us: TimeUs) -> list[BlockRecord]:
    if is_heaviest_followed(world):
        same = index.get_at_height(head.height, at_us)
        return [tip for tip in same if tip.weight == head.weight and tip is not head]
    records, stop = world.tree.records, world.tree.count_published(at_us)
    above = [it for it in records[head.index + 1 : stop] if it.height > head.height]
    heads = dict.fromkeys(compute_heads(world, at_us).tolist()) if stop > head.index + 1 else {}
    return [*above, *(records[place] for place in heads)]


def format_title(record: BlockRecord, standing: Standing) -> str:
    """Return how a block is called: ``#812``, ``#812′`` off the canonical branch."""
    return f"#{record.height}" + ("" if standing.confirmations else "′")


# The tree --------------------------------------------------------------------------------------------------------


def build_tree(world: World, index: RunIndex, at_us: TimeUs, low: int, high: int) -> tuple[ChainBlock, ...]:
    """Return the blocks with heights from ``low`` to ``high`` that were published by then, by height."""
    head, final_height = get_canonical(world, at_us), get_finalized(world, at_us).height
    rivals, branch = get_rivals(world, index, head, at_us), index.get_branch(head)
    blocks = []
    for height in range(max(0, low), min(high, len(index.heights) - 1) + 1):
        for record in index.get_at_height(height, at_us):
            is_canonical = height <= head.height and branch[height] is record
            is_final = is_canonical and (height <= final_height or height == 0)
            state: BlockState = (
                "final"
                if is_final
                else "canonical"
                if is_canonical
                else "pending"
                if record.index in rivals
                else "stale"
            )
            blocks.append(build_tree_block(record, state))
    return tuple(blocks)


def build_tree_block(record: BlockRecord, state: BlockState) -> ChainBlock:
    """Return a block as the tree draws it."""
    return ChainBlock(
        block=record.hash.hex(),
        parent=record.parent.hash.hex() if record.parent is not None else None,
        height=record.height,
        label=record.hash.hex()[-4:],
        proposer=name_node(record.origin) if record.parent is not None else "genesis",
        transactions=len(record.block.transactions),
        state=state,
    )


# One block -------------------------------------------------------------------------------------------------------


def count_zeros(digits: str) -> int:
    """Return how many zeros a hexadecimal number begins with."""
    return len(digits) - len(digits.lstrip("0"))


_NONCES: Final = {
    "proof-of-work": "found by trying",
    "ghost": "found by trying",
    "proof-of-authority": "votes on signers (Clique)",
}
"""By protocol what a header's nonce is for."""


def build_block_facts(world: World, holders: Holders, record: BlockRecord, at_us: TimeUs) -> Facts:
    """Return everything a block says and did, as fields; links open its neighbours, its proposer and its node."""
    index = get_index(world)
    standing = get_standing(world, index, record, at_us)
    header = record.block.header
    links: dict[str, Thing] = {}
    fields = [
        Field("state", "state", f"{GLYPHS[standing.state]} {standing.words}", TONES[standing.state], has_why=True),
        Field("height", "height", format_count(header.height)),
    ]
    fields += _build_proof_fields(world, record)
    if record.parent is not None:
        links |= {
            "parent": Thing("block", record.parent.hash),
            "proposer": Thing("address", header.proposer),
            "node": Thing("node", record.origin),
        }
        gap_us, city = header.time_us - record.parent.block.header.time_us, world.network.places[record.origin].city
        fields += [
            Field("parent", "parent", record.parent.hash.hex(), "accent", count_zeros(record.parent.hash.hex())),
            Field("time", "time", format_clock(header.time_us), note=f"{format_span(gap_us)} after parent"),
            Field("node", f"{get_making(world)} by", name_node(record.origin), "accent", note=city),
            Field("proposer", "reward to", holders.describe(header.proposer), "accent"),
        ]
    fields += _build_money_fields(world, record, standing)
    fields += _build_space_fields(world, record)
    fields += [
        Field("transactions-root", "tx root", header.transactions_root.hex(), "muted"),
        Field("receipts-root", "receipts root", header.receipts_root.hex(), "muted"),
        Field("state-root", "state root", header.state_root.hex(), "muted"),
        Field("nonce", "nonce", header.nonce.hex(), note=_NONCES.get(world.consensus.name, "unused here")),
    ]
    return Facts(tuple(fields), links)


def _build_proof_fields(world: World, record: BlockRecord) -> list[Field]:
    """Return the hash beside the target it had to meet."""
    digits, rules = record.hash.hex(), world.consensus.rules
    if not isinstance(rules, ProofOfWorkRules) or record.parent is None:
        return [Field("hash", "hash", digits, "strong")]
    bits, difficulty = record.state.bits, compute_work(decode_compact(record.state.bits))
    work = Field("work", "difficulty", f"{format_hashes(difficulty)} expected", note=f"bits {bits:08x}")
    if not rules.grind_scale:
        return [Field("hash", "hash", digits, "strong", note="not ground in this scenario"), work]
    target = f"{rules.get_ground_target(bits):064x}"
    tries = (1 << 256) // (int(target, 16) + 1)
    return [
        Field("hash", "hash", digits, "strong", count_zeros(digits), "≤ target ✓", True),
        Field("target", "target", target, "text", count_zeros(target), f"scaled: 1 in {format_count(tries)}"),
        work,
    ]


def _build_money_fields(world: World, record: BlockRecord, standing: Standing) -> list[Field]:
    if record.parent is None:
        allocated = sum(world.setup.allocations.values())
        return [Field("allocated", "allocated", format_coins(allocated), note="all the money there was")]
    execution = world.ledger.execution(record.hash)
    note = f"{format_amount(execution.subsidy)} new + {format_amount(execution.tips, 4)} tips"
    tone: Tone = "good" if standing.confirmations else "stale"
    if not standing.confirmations:
        note = "lost with the block" if standing.state == "stale" else "if the block stays"
    return [
        Field("reward", "reward", format_coins(execution.subsidy + execution.tips), tone, note=note),
        Field("burned", "burned", format_coins(execution.burned), "warning", note="base fees, destroyed"),
    ]


def _build_space_fields(world: World, record: BlockRecord) -> list[Field]:
    header, block = record.block.header, record.block
    next_fee, base_fee = world.ledger.next_base_fee(record.hash), header.base_fee_per_gas
    direction = "up" if next_fee > base_fee else "down" if next_fee < base_fee else "unchanged"
    gas = f"{format_count(header.gas_used)} · {header.gas_used * 100 // header.gas_limit} % full"
    target = f"target {format_count(header.gas_limit // 2)}"
    count, size = format_count(len(block.transactions)), format_bytes(block.size_bytes)
    return [
        Field("transactions", "transactions", count, note=size),
        Field("gas", "gas", gas, note=target, has_why=True),
        Field(
            "base-fee",
            "base fee",
            f"{format_count(base_fee)} per gas",
            note=f"next {format_count(next_fee)}, {direction}",
        ),
    ]


def format_gas(block: Block) -> str:
    """Return the gas used and the limit: ``168 000 of 420 000``."""
    return f"{format_count(block.header.gas_used)} of {format_count(block.header.gas_limit)}"


def format_bytes(size: int) -> str:
    """Return a size in bytes: ``71 kB``."""
    return f"{size} B" if size < 10_000 else f"{size / 1000:.0f} kB" if size < 10**6 else f"{size / 10**6:.1f} MB"


# Its transactions ------------------------------------------------------------------------------------------------

TRANSACTION_COLUMNS: Final = (
    Column("#", 3, "right"),
    Column("id", 9),
    Column("from", 7, is_flexible=True),
    Column("to", 7, is_flexible=True),
    Column(COIN_SYMBOL, 9, "right"),
    Column("fee", 8, "right"),
)


def build_transaction_row(place: int, record: BlockRecord, receipt: Receipt, holders: Holders) -> tuple[Cell, ...]:
    """Return the cells of one transaction of a block, for TRANSACTION_COLUMNS."""
    signed = record.block.transactions[place]
    action = signed.transaction.action
    return (
        Cell(str(place), "muted"),
        Cell(shorten_hash(signed.id)),
        Cell(holders.describe(signed.sender)),
        Cell(_describe_target(action, holders)),
        Cell(format_amount(action.amount, 4), "strong"),
        Cell(format_amount(receipt.fee, 6), "muted"),
    )


def _describe_target(action: Action, holders: Holders) -> str:
    """Return whom a transaction pays, or what else it does."""
    phrase = describe_action(action, holders)
    return phrase.object if phrase.verb == "pay" else f"{phrase.verb} {phrase.object}"


def get_block(world: World, key: bytes | str, at_us: TimeUs) -> BlockRecord | None:
    """Return a block that was published by then, by its hash or the hexadecimal text of it."""
    record = world.tree.get(Hash(bytes.fromhex(key) if isinstance(key, str) else key))
    return record if record is not None and record.published_us <= at_us else None

"""Tampering as a person sees it: the fields of one stored block, the blocks above it turning red, and what it costs."""

from typing import Any, Final

from app.present.finality import compute_difficulty, compute_network_hash_rate
from app.present.heads import get_canonical, get_node_head
from app.present.holders import Holders
from app.present.index import get_index
from app.present.words import format_coins, format_count, format_hashes, format_span, name_node, plural, shorten_hash
from app.widgets.models import Cell, Column, Field, Tone, Why
from app.widgets.text import clean
from chain.consensus.block_tree import BlockRecord
from chain.errors import InvalidInput
from chain.simulation.tampering import EDITABLE, StoredCopy, get_parts
from chain.simulation.world import World
from chain.units import SECOND, TimeUs, format_amount
from chain.wallet.address import encode_address

MOST_TRANSACTIONS: Final = 60
"""Transactions of the block whose fields are shown."""
_LABELS: Final = {
    "max_fee_per_gas": "fee cap",
    "authority": "key",
    "max_tip_per_gas": "tip",
    "gas_limit": "gas",
    "chain_id": "chain",
}
COLUMNS: Final = (
    Column("", 1),
    Column("height", 8, "right"),
    Column("stored hash", 11),
    Column("parent", 10),
    Column("the others say", 22, is_flexible=True),
)


def open_copy(world: World, node: int, block: BlockRecord, at_us: TimeUs) -> StoredCopy | str:
    """Return a node's stored blocks from one on, or why there are none."""
    head, index = get_node_head(world, node, at_us), get_index(world)
    if not index.is_on_branch(block, head):
        return (
            f"{name_node(node)} does not follow #{block.height} {shorten_hash(block.hash)}: choose another node with ]"
        )
    try:
        return StoredCopy(world, block, index.get_branch(head)[block.height + 1 : head.height + 1])
    except InvalidInput as error:
        return f"{error.thing}: {error.allowed}"


def build_fields(copy: StoredCopy, holders: Holders) -> tuple[Field, ...]:
    """Return what can be edited in the first block; what differs from the network's block stands out."""
    block, original = copy.blocks[0], copy.records[0].block
    fields = []
    for name in EDITABLE:
        value, before = (_show(getattr(it.header, name)) for it in (block, original))
        fields.append(_build_field(name, name.replace("_", " "), value, is_changed=value != before))
    for place, signed in enumerate(block.transactions[:MOST_TRANSACTIONS]):
        was = get_parts(original.transactions[place]) if place < len(original.transactions) else {}
        for key, value in get_parts(signed).items():
            text = holders.describe_long(value) if key == "recipient" else clean(_show_part(key, value), 80) or "–"
            label = f"tx {place} {_LABELS.get(key, key)}"[:14]
            fields.append(_build_field(f"{key}-{place}", label, text, is_changed=was.get(key) != value))
    return tuple(fields)


def _build_field(key: str, label: str, value: str, *, is_changed: bool) -> Field:
    return Field(key, label, value, "bad" if is_changed else "text", note="edited" if is_changed else "")


def _show(value: object) -> str:
    if isinstance(value, bytes):
        return encode_address(value) if len(value) == 20 else value.hex()
    return str(value)


def get_value(copy: StoredCopy, key: str) -> str:
    """Return the text a person starts from when editing a field."""
    name, _, number = key.partition("-")
    if not number:
        return _show(getattr(copy.blocks[0].header, name))
    value = get_parts(copy.blocks[0].transactions[int(number)])[name]
    return clean(value, 256) if name == "memo" else _show_part(name, value)


def _show_part(key: str, value: Any) -> str:
    """Return a part of a transaction as it can be typed again."""
    return format_amount(value) if key == "amount" else _show(value)


def build_row(copy: StoredCopy, place: int) -> tuple[Cell, ...]:
    """Return the cells of a stored block, for COLUMNS."""
    block, opinion = copy.blocks[place], copy.get_opinion(place)
    is_original = block is copy.records[place].block
    tone: Tone = "bad" if opinion.rule else "good" if is_original else "warning"
    mark = "✗" if opinion.rule else "✓" if is_original else "◆"
    words = f"✗ {opinion.rule}" if opinion.rule else "valid" if is_original else "valid, but not their block"
    return (
        Cell(mark, tone),
        Cell(f"#{block.header.height}", tone),
        Cell(shorten_hash(block.hash), tone),
        Cell("✓ linked" if opinion.is_linked else "✗ broken", "good" if opinion.is_linked else "bad"),
        Cell(words, tone),
    )


def explain_row(copy: StoredCopy, place: int) -> Why:
    """Return why the others take a stored block or refuse it."""
    block, record, opinion = copy.blocks[place], copy.records[place], copy.get_opinion(place)
    numbers = (
        ("stored hash", block.hash.hex()[:32] + "…"),
        ("the network's", record.hash.hex()[:32] + "…"),
        ("named parent", block.header.parent.hex()[:32] + "…"),
    )
    verdict = f"refused: {opinion.message}" if opinion.rule else "accepted by every node that checks it"
    return Why(f"Block #{record.height} as this node stores it", opinion.rule, numbers, f"It would be {verdict}.")


def build_cost(copy: StoredCopy, node: int, at_us: TimeUs) -> tuple[Field, ...]:
    """Return what mining again has cost and would cost: hashes, time at the node's rate, energy."""
    world, refused = copy.world, sum(bool(copy.get_opinion(place).rule) for place in range(len(copy.blocks)))
    linked = sum(copy.get_opinion(place).is_linked for place in range(len(copy.blocks)))
    count = len(copy.blocks)
    fields = [
        Field("refused", "refused", f"{refused} of {plural(count, 'block')}", "bad" if refused else "good"),
        Field("linked", "links broken", str(count - linked), "bad" if linked < count else "good"),
    ]
    if not copy.can_mine():
        text = "not possible: each block needs the key of its proposer"
        return (*fields, Field("mine", "mining again", text, "warning", has_why=True))
    done = sum(compute_difficulty(copy.records[place]) for place in copy.mined)
    left = sum(compute_difficulty(record) for place, record in enumerate(copy.records) if place not in copy.mined)
    rate = getattr(world.consensus.agents.get(node), "hash_rate_per_s", 0)  # type: ignore[call-overload]
    joules = world.consensus.rules.parameters.joules_per_terahash  # type: ignore[attr-defined]
    fields += [
        Field("done", "mined again", plural(len(copy.mined), "block"), "warning" if copy.mined else "text"),
        _build_work("spent", "work done", done, rate, "strong"),
        Field("energy", "  energy", f"{format_count(done * joules // 10**12)} J", note=f"{joules} J a terahash"),
        _build_work("left", "work to go", left if copy.is_changed else 0, rate, "text"),
        _build_race(copy, at_us, rate),
    ]
    return tuple(fields)


def _build_work(key: str, label: str, hashes: int, rate: int, tone: Tone) -> Field:
    span = f"{format_span(hashes * SECOND // rate)} at its rate" if rate else "it has no hash rate"
    return Field(key, label, format_hashes(hashes), tone, note=span[:24])


def _build_race(copy: StoredCopy, at_us: TimeUs, rate: int) -> Field:
    """Return how the copy stands against the branch of the others."""
    world, total = copy.world, max(1, compute_network_hash_rate(copy.world))
    share = f"{rate * 100 // total} % of all hash rate"
    if any(copy.get_opinion(place).rule for place in range(len(copy.blocks))):
        return Field("race", "outcome", "refused by all others", "bad", note=share, has_why=True)
    if not copy.is_changed:
        return Field("race", "outcome", "nothing is edited", "good", note=share)
    head = get_canonical(world, at_us)
    words = f"valid, no heavier than their #{head.height}"
    return Field("race", "outcome", words, "warning", note=share, has_why=True)


def explain_cost(copy: StoredCopy) -> Why:
    """Return why mining again is not enough."""
    numbers = (
        ("blocks to redo", str(len(copy.blocks))),
        ("their work", format_hashes(sum(compute_difficulty(record) for record in copy.records))),
        ("reward lost each", format_coins(copy.world.ledger.execution(copy.records[0].hash).subsidy)),
    )
    text = (
        "A hash commits to all that came before it, so one changed digit asks for every block above it anew, while the "
        "others go on. And they follow what they saw first until another branch is heavier: the node must not only "
        "catch up but overtake everybody else. A changed payment fails even then, because nobody else can sign it."
    )
    return Why("What it would take", "consensus/fork-choice", numbers, text)

"""The public chain beside a hybrid network: its headers, who made them, and which of them hold an anchor.

Somebody outside sees this and nothing else. A header that holds an anchor says so, and is asked why: the steps of the
proof that leads from the private block to it.
"""

from typing import Final

from app.present.access import explain_anchor
from app.present.heads import get_canonical, get_finalized
from app.present.holders import Holders
from app.present.index import get_index
from app.present.listing import build_listing
from app.present.pages import NotThere, Page, TableModel
from app.present.words import format_clock, format_count, name_node, plural, shorten_hash
from app.widgets.models import Cell, Column, Field, Why
from chain.consensus.block_tree import BlockRecord
from chain.simulation.anchoring import Anchoring, AnchorRecord, get_anchoring
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import TimeUs
from chain.wallet.address import encode_address

_COLUMNS: Final = (
    Column("height", 6, "right"), Column("hash", 9), Column("holds", 16, is_flexible=True), Column("when", 9, "right"),
    Column("by", 4), Column("tx", 3, "right"),
)  # fmt: skip


def build_public_chain(simulation: Simulation, _holders: Holders, at_us: TimeUs) -> Page | NotThere:
    """Return the headers of the public chain at a moment, the newest first."""
    world, anchoring = simulation.world, get_anchoring(simulation.world)
    if anchoring is None:
        kind = world.access.kind
        return NotThere("Public chain", f"This network is {kind}: only a hybrid one is anchored in another chain.")
    public = anchoring.public.world
    head, final = get_canonical(public, at_us), get_finalized(public, at_us)
    branch, holding = get_index(public).get_branch(head), _find_anchors(anchoring, at_us)

    def get_row(place: int) -> tuple[Cell, ...]:
        record = branch[head.height - place]
        anchors = holding.get(record.index, [])
        return (
            Cell(f"#{record.height}", "final" if record.height <= final.height else "text"),
            Cell(shorten_hash(record.hash), "strong"),
            Cell(f"private {_list_heights(anchors)}" if anchors else "–", "accent" if anchors else "muted"),
            Cell(format_clock(record.published_us)[:-4], "muted"),
            Cell(name_node(record.origin) if record.height else "–"),
            Cell(str(len(record.block.transactions))),
        )

    def get_why(place: int) -> Why:
        record = branch[head.height - place]
        anchors = holding.get(record.index, [])
        return explain_anchor(world, anchors[-1], at_us) if anchors else _explain_header(record, head)

    table = TableModel(
        "headers", f"Headers {format_count(head.height + 1)}", _COLUMNS, head.height + 1, get_row, lambda _: None, "",
        get_why,
    )  # fmt: skip
    count = sum(len(anchors) for anchors in holding.values())
    meaning = (
        "A chain of its own, which everybody may read. Of the private network it holds hashes alone: enough to show "
        "that nothing below them was rewritten. Enter on a header with an anchor checks its proof, step by step."
    )
    state = f"● {plural(head.height + 1, 'header')}, {plural(count, 'anchor')}"
    return build_listing(b"public", state, meaning, _build_fields(anchoring, public, at_us, count), table, meaning)


def _build_fields(anchoring: Anchoring, public: World, at_us: TimeUs, count: int) -> tuple[Field, ...]:
    head, final, consensus = get_canonical(public, at_us), get_finalized(public, at_us), public.consensus
    waiting = len(anchoring.get_sent(at_us)) - count
    return (
        Field("protocol", "protocol", consensus.name, "strong", note=f"{plural(public.node_count, 'node')}"),
        Field("head", "head", f"#{head.height} {shorten_hash(head.hash)}", "strong"),
        Field("final", "final", f"#{final.height}", "final", note=f"{consensus.rules.finality.value} finality"),
        Field("anchors", "anchors", format_count(count), "accent", note=f"{waiting} on the way"),
        Field("every", "one every", plural(anchoring.every, "private block")),
        Field("sender", "written by", encode_address(anchoring.signer.address), "muted"),
    )


def _find_anchors(anchoring: Anchoring, at_us: TimeUs) -> dict[int, list[AnchorRecord]]:
    """Return the anchors by the index of the public block that holds them."""
    found: dict[int, list[AnchorRecord]] = {}
    for anchor in anchoring.get_sent(at_us):
        inclusion = anchoring.get_inclusion(anchor, at_us)
        if inclusion is not None:
            found.setdefault(inclusion.block.index, []).append(anchor)
    return found


def _list_heights(anchors: list[AnchorRecord]) -> str:
    return ", ".join(f"#{anchor.height}" for anchor in anchors)


def _explain_header(record: BlockRecord, head: BlockRecord) -> Why:
    header = record.block.header
    numbers = (
        ("hash", record.hash.hex()), ("parent", header.parent.hex()), ("state root", header.state_root.hex()),
        ("transactions root", header.transactions_root.hex()), ("blocks above it", str(head.height - record.height)),
    )  # fmt: skip
    return Why(f"Public header #{record.height}", "", numbers, "It holds no anchor of the private chain.")

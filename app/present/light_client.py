"""The chain as somebody sees it who keeps headers only: what can be checked of them, and what is left out."""

from typing import Final

from app.present.chain import format_bytes
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import get_index
from app.present.listing import build_listing
from app.present.pages import Page, TableModel
from app.present.words import format_count, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Field, Tone
from chain.consensus.block_tree import BlockRecord
from chain.encoding import encode
from chain.errors import InvalidBlock
from chain.ledger.block import Block
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import TimeUs

_LIGHT_COLUMNS: Final = (
    Column("height", 9, "right"),
    Column("hash", 9),
    Column("parent", 12),
    Column("seal", 26, is_flexible=True),
    Column("holds", 8, "right"),
    Column("leaves out", 10, "right"),
)
_SEALS: Final = {
    "proof-of-work": "the hash meets the target, the difficulty follows from the headers",
    "ghost": "the hash meets the difficulty; uncles are taken as named",
    "proof-of-stake": "slot, proposer and signature; attestations as far as headers carry them",
    "proof-of-authority": "the signature is that of a signer whose turn it may be",
    "delegated-proof-of-stake": "the signature is that of the scheduled producer",
    "tendermint": "the proposer and the votes of two thirds, as far as headers carry them",
    "raft": "term and leader's signature; that a majority agreed is taken on trust",
    "snowman": "window and proposer; that polls agreed is taken on trust",
}


def build_light_client(simulation: Simulation, _holders: Holders, at_us: TimeUs) -> Page:
    world = simulation.world
    index, head = get_index(world), get_canonical(world, at_us)
    branch, count = index.get_branch(head), head.height + 1

    def get_row(place: int) -> tuple[Cell, ...]:
        record = branch[head.height - place]
        size = len(encode(record.block.header))
        problem = check_seal(world, record)
        return (
            Cell(f"#{record.height}"),
            Cell(shorten_hash(record.hash)),
            _describe_link(record),
            Cell("✓ holds" if not problem else f"✗ {problem}", "bad" if problem else "good"),
            Cell(f"{size} B", "muted"),
            Cell(f"{max(0, record.block.size_bytes - size)} B", "muted"),
        )

    size = len(encode(head.block.header))
    fields = (
        Field("headers", "headers", format_count(count), "strong", note=f"to #{head.height}"),
        Field("bytes", "keeps about", format_bytes(size * count), note=f"{size} B a header"),
        Field("seal", "checks", _SEALS.get(world.consensus.name, "the seal of each header")),
        Field("trust", "trusts", "that blocks were executed rightly; that it heard of the best branch"),
        Field("genesis", "begins with", world.tree.records[0].hash.hex(), "muted", note="known beforehand"),
    )
    table = TableModel(
        "light",
        f"Headers {format_count(count)}",
        _LIGHT_COLUMNS,
        count,
        get_row,
        lambda place: Thing("block", branch[head.height - place].hash),
        "",
    )
    why = (
        "A light client keeps headers only. It checks that each names the one before and that its seal holds, and asks "
        "full nodes for proofs of single transactions and balances (p on their pages). It executes nothing, so it "
        "cannot see that a block broke the ledger's rules."
    )
    return build_listing(b"light", f"● {plural(count, 'header')}", why, fields, table, why)


def _describe_link(record: BlockRecord) -> Cell:
    if record.parent is None:
        return Cell("genesis", "final")
    is_linked = record.block.header.parent == record.parent.hash
    tone: Tone = "good" if is_linked else "bad"
    return Cell("✓ linked" if is_linked else "✗ broken", tone)


def check_seal(world: World, record: BlockRecord) -> str:
    """Return the rule that a header alone breaks in its protocol's eyes; empty when none."""
    if record.parent is None:
        return ""
    try:
        world.consensus.rules.check(record.parent.state, Block(record.block.header))
    except InvalidBlock as error:
        return error.rule
    return ""

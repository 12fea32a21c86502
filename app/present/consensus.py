"""The consensus panel of whatever protocol a run has: one presenter a family, chosen by the protocol's name."""

from collections.abc import Callable
from typing import Final

from app.present import (
    consensus_authority,
    consensus_bft,
    consensus_delegated,
    consensus_raft,
    consensus_snowman,
    consensus_stake,
    consensus_work,
)
from app.present.consensus_model import (
    Look,
    Member,
    Model,
    Writer,
    build_look,
    count_by_node,
    describe_block,
    get_branch,
)
from app.present.words import name_node
from app.widgets.models import Cell, Column, Grid, Tone
from chain.simulation.world import World
from chain.units import TimeUs

BUILDERS: Final[dict[str, Callable[[Look], Model]]] = {
    "proof-of-work": consensus_work.build,
    "ghost": consensus_work.build,
    "proof-of-stake": consensus_stake.build,
    "delegated-proof-of-stake": consensus_delegated.build,
    "proof-of-authority": consensus_authority.build,
    "tendermint": consensus_bft.build,
    "snowman": consensus_snowman.build,
    "raft": consensus_raft.build,
}


def build_panel(world: World, at_us: TimeUs, node: int | None = None) -> Model:
    """Return the panel at a moment, as a node sees it or, with None, as somebody who hears everything at once."""
    look = build_look(world, at_us, node)
    build = BUILDERS.get(world.consensus.name, _build_plain)
    return build(look)


PLAIN_COLUMNS = (
    Column("node", 4), Column("state", 10, is_flexible=True), Column("head", 14), Column("final", 8, "right"),
    Column("blocks", 6, "right"),
)  # fmt: skip


def _build_plain(look: Look) -> Model:
    """Return what can be said of any protocol, for one that has no presenter of its own yet."""
    writer, name = Writer(look), look.world.consensus.name
    writer.add_head()
    members = _build_plain_members(writer)
    empty = Grid(empty="What this protocol does at each step has no picture yet")
    return Model(name, tuple(writer.items), empty, "consensus/fork-choice", {}, members, PLAIN_COLUMNS, "Nodes")


def _build_plain_members(writer: Writer) -> tuple[Member, ...]:
    look, members = writer.look, []
    found = count_by_node(get_branch(look.head))
    for node in sorted(look.world.consensus.agents):
        view = look.world.view(node, look.at_us)
        head, final = view.get_head(), view.get_finalized()
        state: tuple[str, Tone] = ("● runs", "good") if look.is_online(node) else ("○ off", "warning")
        why = writer.explain(
            f"{name_node(node)} {state[0]}", "consensus/fork-choice", "What this node follows, and takes as final.",
            ("head", describe_block(head)), ("final", describe_block(final)),
        )  # fmt: skip
        cells = (
            Cell(name_node(node), "strong"), Cell(*state), Cell(describe_block(head)),
            Cell(f"#{final.height}", "final"), Cell(str(found.get(node, 0))),
        )  # fmt: skip
        members.append(Member(node, cells, why))
    return tuple(members)

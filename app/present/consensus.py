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
from app.present.consensus_model import Look, Model, Writer, build_look
from app.widgets.models import Grid
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


def _build_plain(look: Look) -> Model:
    """Return what can be said of any protocol, for one that has no presenter of its own yet."""
    writer = Writer(look)
    writer.add_head()
    return Model(look.world.consensus.name, tuple(writer.items), Grid(), "consensus/fork-choice", {}, (), (), "Nodes")

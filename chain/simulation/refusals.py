"""Invalid blocks and messages: they reach the neighbours of the node that sends them, who refuse them.

Nobody passes on what breaks a rule, so it gets no further. Each neighbour's refusal is a record of history that names
the rule. An honest node never sends such a thing; a Byzantine one may (chain/adversary/).
"""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from chain.crypto.hashing import digest
from chain.encoding import encode
from chain.errors import InvalidBlock, RuleBroken
from chain.ledger.block import Block
from chain.network.spread import Spread
from chain.simulation.kernel import LANE_ARRIVAL, Event
from chain.units import NEVER, Hash, NodeId, TimeUs

if TYPE_CHECKING:
    from chain.simulation.world import World


@dataclass(slots=True)
class InvalidItem:
    """Something invalid that has been sent."""

    kind: str
    """``block`` or ``message``."""
    subject: Hash
    """Hash of the block, key of the message."""
    error: RuleBroken
    """The rule it breaks."""
    spread: Spread
    block: Block | None = None


@dataclass(slots=True)
class Refusals:
    """Everything invalid that was sent in a run, and the blocks that were refused."""

    items: list[InvalidItem]
    index: dict[bytes, int]
    """Place in ``items`` by the key of the spread."""
    blocks: list[tuple[TimeUs, NodeId, Block, InvalidBlock]]
    """When which node refused which block, and why."""

    def copy(self) -> "Refusals":
        """Return independent refusals."""
        return Refusals([replace(item) for item in self.items], self.index.copy(), self.blocks.copy())


def send_invalid_block(world: "World", node: NodeId, block: Block, error: InvalidBlock) -> None:
    """Let a block that breaks a rule reach the neighbours of a node."""
    encoded = encode(block)  # two bodies may share a header, and so a hash
    send_invalid(world, node, "block", digest("invalid-block", encoded), len(encoded), error, block)


def send_invalid(
    world: "World", node: NodeId, kind: str, key: Hash, size_bytes: int, error: RuleBroken, block: Block | None = None
) -> None:
    """Let something that breaks a rule reach the neighbours of a node; what has been sent is not sent again."""
    refusals = world.refusals
    if key in refusals.index:
        return
    spread = world.network.publish(key, node, world.now_us, size_bytes, kind, relay=False)
    world.history.note(b"invalid" + key + spread.arrival.tobytes())
    refusals.index[key] = len(refusals.items)
    refusals.items.append(InvalidItem(kind, block.hash if block else key, error, spread, block))
    _schedule(world, refusals.index[key], np.flatnonzero(spread.arrival < NEVER).tolist())


def refresh_refusals(world: "World", changed: list[Spread]) -> None:
    """Take over arrivals that a change of links has moved."""
    for spread in changed:
        index = world.refusals.index.get(spread.key)
        if index is not None:
            item = world.refusals.items[index]
            moved = np.flatnonzero((item.spread.arrival != spread.arrival) & (spread.arrival < NEVER))
            item.spread = spread
            _schedule(world, index, moved.tolist())


def _schedule(world: "World", index: int, nodes: list[int]) -> None:
    item = world.refusals.items[index]
    for node in nodes:
        if node != item.spread.origin:
            world.kernel.schedule(item.spread.arrival_us(node), LANE_ARRIVAL, "refusal", node, "", index)


def on_refusal(world: "World", event: Event) -> None:
    """Record that a node refuses what has arrived."""
    item, node = world.refusals.items[event.data], NodeId(event.node)
    if item.spread.arrival_us(node) != event.time_us:
        return  # the arrival has moved since
    world.record(f"refused-{item.kind}", node, item.subject, f"{item.error.rule}: {item.error.message}")
    if item.block is not None:
        assert isinstance(item.error, InvalidBlock)
        world.refusals.blocks.append((world.now_us, node, item.block, item.error))

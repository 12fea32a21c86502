"""How blocks are checked, sent out, and handed to the agents that wait for them.

A block is checked and executed once, whoever asks: rules and ledger are pure, so every node would come to the same end.
What is valid becomes a row of the tree with its spread; what is not goes to chain/simulation/refusals.py.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from chain.consensus.block_tree import BlockRecord
from chain.errors import InvalidBlock, InvalidEncoding
from chain.ledger.block import Block
from chain.ledger.context import Reward
from chain.network.spread import Spread
from chain.simulation.admission import is_active
from chain.simulation.kernel import ALL_NODES, LANE_ARRIVAL, Event
from chain.simulation.refusals import send_invalid_block
from chain.units import NEVER, Hash, NodeId

if TYPE_CHECKING:
    from chain.simulation.world import World


def publish_block(world: "World", node: NodeId, block: Block, message_bytes: int = 0) -> BlockRecord | None:
    """Check a block and send it out; an invalid one reaches the neighbours, who refuse it.

    With ``message_bytes`` it travels in a message of that size, and as messages do.
    """
    tree, rules, parent = world.tree, world.consensus.rules, world.tree.get(block.header.parent)
    try:
        if parent is None:
            raise InvalidBlock("consensus/parent", f"parent {block.header.parent.hex()[:16]}… is not known")
        _check_block(world, parent, block)
        execution = world.ledger.add(block, _compute_rewards(world, parent, block))
    except InvalidBlock as error:
        send_invalid_block(world, node, block, error)
        return None
    known = tree.get(block.hash)
    if known is not None:
        return known  # what has been sent is not sent again
    state = rules.apply(parent.state, block, execution.changes)
    size_bytes = block.size_bytes + message_bytes
    publish = world.network.send if message_bytes and world.is_mesh else world.network.publish
    spread = publish(block.hash, node, world.now_us, size_bytes, "block")
    world.spreads[block.hash] = spread
    record = tree.add(block, state, rules.weight(state), node, world.now_us, spread.arrival)
    world.transactions.include(record, tree, world.now_us - world.setup.ledger.expiry_us)
    world.record("block", node, block.hash, "", spread.arrival.tobytes())
    woken = rules.wakes_agents(parent.state, state)
    if woken:
        world.awaited[record.index] = set()
        _await_arrivals(world, record, range(world.node_count) if woken is True else woken)
    if world.consensus.ensemble is not None:
        world.apply_effects(ALL_NODES, world.consensus.ensemble.on_block(world.stage(), record))
    return record


def _check_block(world: "World", parent: BlockRecord, block: Block) -> None:
    world.access.check_block(block)
    try:
        world.consensus.rules.check(parent.state, block)
        world.consensus.rules.check_references(block, world.tree.get)
    except InvalidEncoding as error:
        raise InvalidBlock("consensus/seal", f"the header's seal '{error.value}' cannot be read") from None


def _compute_rewards(world: "World", parent: BlockRecord, block: Block) -> tuple[Reward, ...]:
    header, subsidy = block.header, world.setup.ledger.compute_subsidy(parent.height + 1)
    return world.consensus.rules.compute_rewards(parent.state, header.proposer, header.consensus, subsidy)


def _await_arrivals(world: "World", record: BlockRecord, nodes: Iterable[int]) -> None:
    waiting = world.awaited[record.index]
    for node in nodes:
        known_us = int(record.known_us[node])
        if node in world.consensus.agents and world.now_us <= known_us:
            waiting.add(node)
            if known_us < NEVER:
                world.kernel.schedule(known_us, LANE_ARRIVAL, "block", node, "", record.index)


def on_block(world: "World", event: Event) -> None:
    """Hand a block that has arrived to an agent that waits for it."""
    record, node = world.tree.records[event.data], NodeId(event.node)
    waiting = world.awaited.get(record.index)
    if waiting is None or node not in waiting or int(record.known_us[node]) != event.time_us:
        return  # the arrival has moved since
    waiting.discard(node)
    if not waiting:
        del world.awaited[record.index]
    if is_active(world, node):
        world.apply_effects(node, world.consensus.agents[node].on_block(world.view(node), record))


def refresh_blocks(world: "World", changed: list[Spread]) -> None:
    """Take over arrivals of blocks that a change of links has moved."""
    tree, first = world.tree, len(world.tree)
    for spread in changed:
        block = tree.get(Hash(spread.key))
        if block is not None:
            world.spreads[block.hash], block.arrival_us = spread, spread.arrival
            first = min(first, block.index)
    before = {index: tree.records[index].known_us for index in world.awaited}
    tree.update_known(first)
    for index, known_us in before.items():
        record = tree.records[index]
        _await_arrivals(world, record, np.nonzero(record.known_us != known_us)[0].tolist())

"""How consensus messages reach the agents: sending, arriving, and quorums that come about.

The world hands an agent's ``Broadcast`` and ``Await`` to these functions, and the kernel's events of the kinds
``message`` and ``quorum``. What a message is about and what it weighs is read out of it by the rules, never told by its
sender. The table of messages is chain/node/messages.py.
"""

from typing import TYPE_CHECKING

import numpy as np

from chain.consensus.base import Await, Broadcast, Topic
from chain.crypto.hashing import digest
from chain.encoding import encode
from chain.errors import InvalidMessage
from chain.network.spread import Spread
from chain.node.messages import MessageRecord, Watch
from chain.simulation.admission import is_active
from chain.simulation.kernel import LANE_ARRIVAL, Event
from chain.simulation.refusals import send_invalid
from chain.units import NEVER, NodeId

if TYPE_CHECKING:
    from chain.simulation.world import World


def broadcast(world: "World", node: NodeId, effect: Broadcast) -> None:
    """Check a consensus message and send it out; an invalid one is refused by whoever gets it."""
    encoded = encode(effect.message)
    key = digest("message", encoded + (b"" if effect.target is None else effect.target.to_bytes(4)))
    if key in world.messages:
        return
    try:
        about = world.consensus.rules.check_message(world.view(node), effect.message)
    except InvalidMessage as error:
        send_invalid(world, node, "message", key, len(encoded), error)
        return
    network, now_us = world.network, world.now_us
    if effect.block is not None and effect.block.hash not in world.tree:
        if world.publish_block(node, effect.block, len(encoded)) is None:
            return
        spread = world.spreads[effect.block.hash]
    elif effect.target is not None:
        spread = network.send(key, node, now_us, len(encoded), "message", effect.target)
    else:
        spread = network.publish_later(key, node, now_us, len(encoded), "message")
    record = world.messages.add(key, effect, about, node, now_us, spread)
    world.history.note(encoded, spread)
    if record.wakes:
        for place, time_us in enumerate(spread.arrival.tolist()):
            if now_us <= time_us:
                _schedule(world, record, place, time_us)
    for watch in world.messages.update(record):
        _schedule_quorum(world, watch)


def await_quorum(world: "World", node: NodeId, effect: Await) -> None:
    """Let a node be woken once it has the messages it asks for."""
    _schedule_quorum(world, world.messages.watch(node, effect.topic, effect.value, effect.threshold, effect.name))


def on_message(world: "World", event: Event) -> None:
    """Hand a message that has arrived to the agent."""
    message, node = world.messages.records.get(event.data), NodeId(event.node)
    if message is None or message.spread.arrival.item(node) != event.time_us:
        return  # forgotten, or the arrival has moved since
    if is_active(world, node):
        world.apply_effects(node, world.consensus.agents[node].on_message(world.view(node), message.message))


def on_quorum(world: "World", event: Event) -> None:
    """Wake the agents that have reached a quorum."""
    watch = world.messages.watches.get(event.data)
    if watch is None or watch.due_us != event.time_us:
        return  # forgotten, or scheduled anew since
    watch.due_us = NEVER
    awaited = Await(watch.name, watch.topic, watch.value, watch.threshold)
    for node in map(NodeId, watch.tell_due(event.time_us)):
        if is_active(world, node):
            world.apply_effects(node, world.consensus.agents[node].on_quorum(world.view(node), awaited))
    if watch.number in world.messages.watches:
        _schedule_quorum(world, watch)


def refresh_messages(world: "World", changed: list[Spread]) -> None:
    """Take over arrivals of messages that a change of links has moved."""
    topics = dict[Topic, None]()
    for spread in changed:
        message = world.messages.get(spread.key)
        if message is None:
            continue
        topics[message.topic] = None
        before, message.spread = message.spread, spread
        if message.wakes:
            for node in np.flatnonzero(before.arrival != spread.arrival).tolist():
                _schedule(world, message, node, spread.arrival.item(node))
    for topic in topics:
        for watch in world.messages.update_topic(topic):
            _schedule_quorum(world, watch)


def _schedule(world: "World", record: MessageRecord, node: int, time_us: int) -> None:
    if time_us < NEVER and node in world.consensus.agents and record.target in (None, node):
        world.kernel.schedule(time_us, LANE_ARRIVAL, "message", node, "", record.number)


def _schedule_quorum(world: "World", watch: Watch) -> None:
    """Let the next node that reaches a quorum be told, all that reach it at one moment together."""
    next_us = watch.get_next_us()
    if next_us < NEVER and max(next_us, world.now_us) < watch.due_us:
        watch.due_us = max(next_us, world.now_us)
        world.kernel.schedule(watch.due_us, LANE_ARRIVAL, "quorum", data=watch.number)

"""What just happened, in one plain sentence, for the people in the last row."""

from bisect import bisect_right
from typing import Final

from app.present.command_words import describe_command
from app.present.consensus_events import get_log
from app.present.network import get_newest, get_spread
from app.present.roles import get_making
from app.present.words import name_node, plural
from app.session import Session
from chain.consensus.block_tree import BlockRecord
from chain.simulation.history import Record
from chain.simulation.world import World
from chain.units import SECOND, TimeUs

LOOK_BACK: Final = 200
FAULT_STAYS_US: Final = 20 * SECOND
"""How long the word about a fault or a command stays before blocks are told again."""


_BEGINNINGS: Final = {
    "proof-of-work": "The miners are looking for the first block.",
    "ghost": "The miners are looking for the first block.",
    "tendermint": "The validators are about to vote on the first block.",
    "raft": "The members are about to elect a leader.",
}


def build_caption(session: Session) -> str:
    """Return the sentence for the moment under the cursor."""
    world, at_us = session.simulation.world, session.cursor_us
    place = _find_command(world, at_us)
    fault = world.history.records[place] if place is not None else None
    newest = get_newest(world, at_us)
    change = next(reversed(get_log(world).get_until(at_us)), None)
    if change is not None and at_us - change.time_us < FAULT_STAYS_US and change.time_us >= _get_time(fault):
        return f"{change.text}."
    if place is not None and fault is not None and (at_us - fault.time_us < FAULT_STAYS_US or not newest.height):
        return _tell_command(world, fault.node, describe_command(world, place))
    if not newest.height:
        return f"The network has started. {_BEGINNINGS.get(world.consensus.name, 'The first block is on its way.')}"
    return _describe_block(world, newest, at_us)


def _get_time(record: Record | None) -> int:
    return record.time_us if record is not None else 0


def _find_command(world: World, at_us: TimeUs) -> int | None:
    """Return the number of the record of the last command, among the latest."""
    records = world.history.records
    stop = bisect_right(records, at_us, key=lambda record: record.time_us)
    return next((it for it in range(stop - 1, max(0, stop - LOOK_BACK) - 1, -1) if records[it].kind == "command"), None)


def _tell_command(world: World, node: int, words: str) -> str:
    if node < 0:
        return f"{words[0].upper()}{words[1:]}."
    return f"{name_node(node)} in {world.network.places[node].city}: {words}."


def _describe_block(world: World, record: BlockRecord, at_us: TimeUs) -> str:
    spread = get_spread(world, record)
    known = spread.count_known(at_us) if spread is not None else world.node_count
    rivals = [
        other for other in world.tree.records[max(1, record.index - 6) : record.index] if other.height >= record.height
    ]
    if rivals:
        one, other = name_node(rivals[-1].origin), name_node(record.origin)
        both = f"{one} and {other} both {get_making(world)} a block {record.height}"
        return f"A fork: {both}. What comes next decides which stays."
    payments = plural(len(record.block.transactions), "payment")
    where = f"{name_node(record.origin)} in {world.network.places[record.origin].city}"
    reached = "Every node has it." if known == world.node_count else f"{known} of {world.node_count} nodes have it."
    return f"{where} {get_making(world)} block {record.height} with {payments}. {reached}"

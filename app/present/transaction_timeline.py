"""The life of a transaction in a few lines: submitted, spread, in a block, confirmed."""

import numpy as np

from app.present.chain import format_title, get_standing
from app.present.explorer import Times
from app.present.fate import Fate
from app.present.finality import get_promise
from app.present.heads import get_canonical, get_finalized
from app.present.index import RunIndex
from app.present.pages import Milestone
from app.present.words import (
    format_clock,
    format_delay,
    format_span,
    name_node,
    plural,
)
from app.screens.view import Thing
from app.widgets.models import Tone
from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.node.transactions import TransactionRecord
from chain.simulation.world import World
from chain.units import TimeUs


def build_timeline(
    world: World, index: RunIndex, record: TransactionRecord, fate: Fate, at_us: TimeUs
) -> tuple[Milestone, ...]:
    """Return the life of a transaction: submitted, spread, in a block, confirmed; what is to come stands last."""
    start_us = record.submitted_us
    origin = Milestone("●", format_clock(start_us), f"submitted to {name_node(record.origin)}", "strong")
    steps = [origin, *_list_reach(record.spread.arrival, start_us, at_us)]
    for place in record.blocks:
        block = world.tree.records[place]
        if block.published_us <= at_us:
            steps.append(_build_inclusion(world, index, block, at_us, start_us))
    if fate.block is not None:
        steps += build_confirmations(world, index, fate.block, at_us)
    elif fate.state in ("pending", "queued"):
        steps.append(Milestone("◌", "", "waits for a block" if fate.state == "pending" else fate.words, "pending"))
    else:
        steps.append(Milestone("✗", "", fate.words, "bad", fate.message))
    return tuple(steps)


def _list_reach(arrival_us: Times, start_us: TimeUs, at_us: TimeUs) -> list[Milestone]:
    """Return when the first other node, half of the nodes, and all nodes had it."""
    nodes, times = len(arrival_us), np.sort(arrival_us)
    steps: list[Milestone] = []
    for count, text in (
        (2, "reached its first peer"),
        ((nodes + 1) // 2, "reached half of the nodes"),
        (nodes, "reached"),
    ):
        if not 2 <= count <= nodes or (steps and count == 2):
            continue
        time_us = int(times[count - 1])
        if time_us > at_us:
            known = int(np.count_nonzero(arrival_us <= at_us))
            steps.append(Milestone("◔", "", f"on {known} of {nodes} nodes so far", "pending"))
            break
        words = f"reached all {nodes} nodes" if count == nodes else text
        steps.append(
            Milestone(
                "│" if count < nodes else "●", format_clock(time_us), words, "text", format_delay(time_us - start_us)
            )
        )
    return steps


def _build_inclusion(world: World, index: RunIndex, block: BlockRecord, at_us: TimeUs, start_us: TimeUs) -> Milestone:
    standing = get_standing(world, index, block, at_us)
    text = f"in block {format_title(block, standing)} by {name_node(block.origin)}"
    note = f"after {format_span(block.published_us - start_us)}"
    thing = Thing("block", block.hash)
    if standing.confirmations:
        return Milestone("■", format_clock(block.published_us), text, "good", note, thing)
    words = "went stale" if standing.state == "stale" else standing.words
    return Milestone("□", format_clock(block.published_us), f"{text}, {words}", "stale", note, thing)


def build_confirmations(world: World, index: RunIndex, block: BlockRecord, at_us: TimeUs) -> list[Milestone]:
    """Return the blocks on top, up to the depth that is called final."""
    head, finality = get_canonical(world, at_us), world.consensus.rules.finality
    depth = world.consensus.depth if finality is Finality.DEPTH else 0
    branch, steps = index.get_branch(head), []
    for count in range(2, min(depth, head.height - block.height + 1) + 1):
        on_top = branch[block.height + count - 1]
        is_final = count == depth
        text = f"{count} confirmations" + (" · final by depth" if is_final else "")
        thing = Thing("block", on_top.hash)
        mark = "▣" if is_final else "│"
        tone: Tone = "final" if is_final else "text"
        steps.append(Milestone(mark, format_clock(on_top.published_us), text, tone, f"#{on_top.height}", thing))
    if not depth:
        return [_describe_decision(world, block, at_us)]
    missing = depth - (head.height - block.height + 1)
    if missing > 0:
        steps.append(Milestone("◌", "", f"final by depth after {plural(missing, 'more block')}", "pending"))
    return steps


def _describe_decision(world: World, block: BlockRecord, at_us: TimeUs) -> Milestone:
    """Return whether a block is final where that is not a matter of depth."""
    promise = get_promise(world)
    if block.height <= get_finalized(world, at_us).height:
        return Milestone("▣", format_clock(at_us), f"{promise.final} by now", "final")
    return Milestone("◌", "", promise.waits, "pending")

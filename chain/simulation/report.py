"""A run in numbers: the object that ``chainroom run --json`` prints. docs/report.md has the formulas.

Rates are of all published valid blocks. A block is stale when it is not on the canonical branch at the end.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from chain.consensus.base import Finality, Rules
from chain.consensus.block_tree import BlockRecord
from chain.simulation.simulation import RULES_VERSION, Simulation
from chain.simulation.world import World
from chain.units import MILLISECOND, NEVER, SECOND, NodeId, TimeUs

HeadChange = tuple[int, BlockRecord, BlockRecord]
"""When, the head before and the head after."""


def compute_report(simulation: Simulation) -> dict[str, Any]:
    """Return the numbers of a run so far, all but the wall-clock seconds."""
    world = simulation.world
    best = world.get_canonical()
    canonical = list(world.tree.iter_branch(best))[-2::-1]  # without genesis, oldest first
    return {
        "scenario": getattr(simulation.scenario, "name", ""),
        "seed": simulation.seed,
        "rules_version": RULES_VERSION,
        "digest": simulation.compute_digest(),
        "consensus": world.consensus.name,
        "nodes": world.node_count,
        "virtual_seconds": world.now_us / SECOND,
        "blocks": compute_blocks(world, canonical),
        "reorgs": compute_reorgs(world),
        "transactions": compute_transactions(world, best),
        "finality": compute_finality(world, canonical),
        "propagation": compute_propagation(world),
        "proposers": compute_proposers(canonical),
        "supply": world.ledger.state(best.hash).compute_total_balance(),
        "energy_kwh": compute_energy_kwh(world),
    }


def compute_blocks(world: World, canonical: list[BlockRecord]) -> dict[str, Any]:
    """Return how many blocks there are, how many of them are stale, and the mean interval.

    Where finality is instant a block above the head is neither: a proposal that is still being voted on.
    """
    proposed, kept = len(world.tree) - 1, len(canonical)
    is_voted = world.consensus.rules.finality is Finality.INSTANT
    undecided = sum(record.height > kept for record in world.tree.records[1:]) if is_voted else 0
    stale = proposed - kept - undecided
    return {
        "proposed": proposed,
        "canonical": kept,
        "stale": stale,
        "stale_rate": stale / proposed if proposed else 0.0,
        "interval_mean_seconds": canonical[-1].published_us / SECOND / kept if kept else None,
    }


def compute_reorgs(world: World) -> dict[str, int]:
    """Return how often a node left blocks it had followed, over all nodes, and the most it left at once."""
    rules, count, max_depth = world.consensus.rules, 0, 0
    is_heaviest = type(rules).head is Rules.head
    if rules.finality is Finality.INSTANT and not is_heaviest:
        return compute_undone(world)
    iter_changes = _iter_heaviest_changes if is_heaviest else _iter_followed_changes
    for start, stop in find_forks(world, _has_won if is_heaviest else _is_agreed):
        for node in range(world.node_count):
            for time_us, old, new in iter_changes(world, node, start, stop):
                depth = old.height - world.tree.get_fork_point(old, new).height if time_us <= world.now_us else 0
                count, max_depth = count + (depth > 0), max(max_depth, depth)
    return {"count": count, "max_depth": max_depth}


def _iter_heaviest_changes(world: World, node: int, start: int, stop: int) -> Iterator[HeadChange]:
    return world.tree.iter_head_changes(NodeId(node), start, stop)


def _iter_followed_changes(world: World, node: int, start: int, stop: int) -> Iterator[HeadChange]:
    """Yield the changes of a node's head as its fork choice has it whenever a block of a fork reaches the node.

    What votes alone change is noticed with the next block. Votes that have been forgotten count no more.
    """
    records = world.tree.records[start:stop]
    head = records[0].parent
    for time_us in sorted(dict.fromkeys(record.get_known_us(NodeId(node)) for record in records)):
        if time_us <= world.now_us and head is not None:
            new = world.view(node, TimeUs(time_us)).get_head()
            if new is not head:
                yield time_us, head, new
                head = new


def compute_undone(world: World) -> dict[str, int]:
    """Return the same where nodes follow final blocks only: how often one took back what it had called final."""
    tree, count, max_depth = world.tree, 0, 0
    for node in range(world.node_count):
        head = tree.records[0]
        finals = [(int(it.final_us[node]), it.index) for it in tree.records if it.final_us is not None]
        for final_us, index in sorted(finals):
            if final_us < NEVER:
                depth = head.height - tree.get_fork_point(head, tree.records[index]).height
                count, max_depth, head = count + (depth > 0), max(max_depth, depth), tree.records[index]
    return {"count": count, "max_depth": max_depth}


def find_forks(world: World, has_won: Callable[[World, BlockRecord, int], bool]) -> list[tuple[int, int]]:
    """Return ranges of blocks, by index, outside of which every block has exactly the one before it as parent.

    A range starts at a block whose parent every node followed, and ends where one branch has won everywhere.
    """
    records, forks = world.tree.records, []
    start: int | None = None
    last_linear = 0
    for record in records[1:]:
        is_linear = record.parent is not None and record.parent.index == record.index - 1
        if not is_linear:
            start = last_linear if start is None else start
            assert record.parent is not None
            start = min(start, record.parent.index + 1)
        elif start is not None and has_won(world, record, start):
            forks.append((start, record.index + 1))
            start = None
        if is_linear and start is None:
            last_linear = record.index
    if start is not None:
        forks.append((start, len(records)))
    return forks


def _has_won(world: World, record: BlockRecord, start: int) -> bool:
    parent = record.parent
    assert parent is not None
    rivals = [r for r in world.tree.records[start : record.index] if r.weight >= parent.weight and r is not parent]
    settled = int(parent.known_us.max()) <= record.published_us
    return not rivals and settled


def _is_agreed(world: World, record: BlockRecord, _start: int) -> bool:
    """Whether every node followed a block's parent when the block was published."""
    at_us = record.published_us
    return all(world.view(node, at_us).get_head() is record.parent for node in range(world.node_count))


def compute_transactions(world: World, best: BlockRecord) -> dict[str, int]:
    """Return how many transactions were submitted, confirmed on the canonical branch, still waiting, refused."""
    submitted = len(world.transactions)
    confirmed = sum(len(record.block.transactions) for record in world.tree.iter_branch(best))
    refused = sum(record.kind == "refused-transaction" for record in world.history.records)
    return {"submitted": submitted, "confirmed": confirmed, "pending": submitted - confirmed, "refused": refused}


def compute_finality(world: World, canonical: list[BlockRecord]) -> dict[str, Any]:
    """Return the kind of finality, the height that is final, and the mean time a block waited for it."""
    height = min(world.get_finalized().height, len(canonical))
    final_times_us = compute_final_times(world, canonical)
    lags = [final_us - record.published_us for record, final_us in zip(canonical, final_times_us, strict=False)]
    known = [lag for lag in lags if lag < NEVER // 2]
    lag_s = sum(known) / len(known) / SECOND if known else None
    return {"kind": world.consensus.rules.finality.value, "height": height, "lag_seconds_mean": lag_s}


def compute_final_times(world: World, canonical: list[BlockRecord]) -> list[int]:
    """Return when each final block of the canonical branch became final, lowest first, in µs; NEVER if unknown.

    Under depth it is when the last of its confirmations was published, else when half of the nodes had declared it or a
    block after it final; where no node declares anything, when the block was published that made it so.
    """
    kind = world.consensus.rules.finality
    height = min(world.get_finalized().height, len(canonical))
    if kind is Finality.DEPTH:
        later = world.consensus.depth - 1
        return [canonical[index + later].published_us for index in range(height)]
    if all(record.final_us is None for record in canonical):
        return _compute_followed_times(world, canonical)
    times_us: list[int] = []
    final_us: int = NEVER
    for record in reversed(canonical[:height]):
        if record.final_us is not None:
            place = (len(record.final_us) - 1) // 2
            final_us = min(final_us, int(np.partition(record.final_us, place)[place]))
        times_us.append(final_us)
    return times_us[::-1]


def _compute_followed_times(world: World, canonical: list[BlockRecord]) -> list[int]:
    """Return the same where finality follows from the blocks after a block alone."""
    times_us: list[int] = []
    for record in canonical:
        height = min(world.get_finalized(record.published_us).height, len(canonical))
        times_us += [record.published_us] * (height - len(times_us))
    return times_us


def compute_propagation(world: World) -> dict[str, float | None]:
    """Return the mean time, over blocks, until half and nine tenths of all nodes have a block, in milliseconds."""
    times: dict[str, float | None] = {}
    nodes, records = world.node_count, world.tree.records[1:]
    for name, per_cent in (("t50_ms", 50), ("t90_ms", 90)):
        place = max(-(-nodes * per_cent // 100) - 1, 0)
        reached = [int(np.partition(r.arrival_us, place)[place]) - r.published_us for r in records]
        done = [time_us for time_us in reached if time_us < NEVER // 2]
        times[name] = sum(done) / len(done) / MILLISECOND if done else None
    return times


def compute_energy_kwh(world: World) -> float:
    """Return the energy all nodes have spent on the protocol, in kilowatt-hours."""
    joules = sum(agent.compute_energy_joules(world.now_us) for agent in world.consensus.agents.values())
    return joules / 3_600_000


def compute_proposers(canonical: list[BlockRecord]) -> dict[str, float]:
    """Return each node's share of the canonical blocks."""
    counts: dict[int, int] = {}
    for record in canonical:
        counts[record.origin] = counts.get(record.origin, 0) + 1
    return {f"n{node:02d}": counts[node] / len(canonical) for node in sorted(counts)}

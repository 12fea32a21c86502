"""Snowman at a moment: what every node prefers, how sure it is, and whose window it is.

Preferences of the past are kept and shown; the counters of successful polls are those of now.
"""

from typing import Any, Final, NamedTuple

from app.present.consensus_model import (
    Look,
    Member,
    Model,
    Writer,
    count_by_node,
    format_share,
    get_branch,
    list_nodes,
)
from app.present.words import format_span, name_node, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Grid, GridCell, GridRow, Tone
from chain.consensus.block_tree import BlockRecord
from chain.consensus.snowman import SnowmanRules
from chain.consensus.snowman_polls import Polls
from chain.units import NEVER, NodeId, format_amount

MOST_OPEN: Final = 12
"""Undecided blocks shown at a time."""
COLUMNS = (
    Column("node", 4), Column("state", 7), Column("stake", 6, "right"), Column("prefers", 10),
    Column("sure", 14, is_flexible=True), Column("accepted", 8, "right"),
)  # fmt: skip


class _Poll(NamedTuple):
    look: Look
    rules: SnowmanRules
    base: BlockRecord
    """The highest block everybody that runs has accepted."""
    open: tuple[BlockRecord, ...]
    """The blocks above it, oldest first."""
    streaks: dict[int, Any]
    """By index of an open block: successful polls in a row by node; empty in the past."""

    @property
    def parameters(self) -> Any:
        """The protocol's parameters."""
        return self.rules.parameters


def _read(look: Look) -> _Poll:
    rules, world = look.world.consensus.rules, look.world
    assert isinstance(rules, SnowmanRules)
    running = [node for node in range(world.node_count) if look.is_online(node)] or [0]
    accepted = [world.tree.get_final(NodeId(node), look.at_us) for node in running]
    base = min(accepted, key=lambda record: record.height)
    stop, kept = world.tree.count_published(look.at_us), {base.index}
    undecided = []
    for record in world.tree.records[base.index + 1 : stop]:
        if record.parent is not None and record.parent.index in kept:
            kept.add(record.index)
            undecided.append(record)
    polls = world.consensus.ensemble
    streaks = polls.get_streaks(undecided) if isinstance(polls, Polls) and look.is_now else {}
    return _Poll(look, rules, base, tuple(undecided[-MOST_OPEN:]), streaks)


def build(look: Look) -> Model:
    """Return the panel of Snowman."""
    at, writer = _read(look), Writer(look)
    writer.add_head()
    _add_window(writer, at)
    _add_preferences(writer, at)
    _add_polls(writer, at)
    _add_safety(writer, at)
    grid, things = _build_grid(at)
    return Model(
        "Snowman · polls of random peers", tuple(writer.items), grid, "consensus/fork-choice", things,
        _build_members(writer, at), COLUMNS, f"Nodes · {plural(len(at.rules.keyring.validators), 'validator')}",
    )  # fmt: skip


# Numbers ---------------------------------------------------------------------------------------------------------


def _add_window(writer: Writer, at: _Poll) -> None:
    state, look = at.look.head.state, at.look
    window = at.rules.get_window(state, look.at_us)
    validators = at.rules.keyring.validators
    due = [
        int(validators[at.rules.get_proposer(at.look.head.height + 1, it)].node)
        for it in range(max(0, window), max(0, window) + 4)
    ]
    begins_us = state.time_us + at.parameters.interval + max(0, window) * at.parameters.window
    said = f"of {name_node(due[0])}" if window >= 0 else f"{name_node(due[0])} in {format_span(begins_us - look.at_us)}"
    writer.add(
        "window", f"{window} · {said}" if window >= 0 else said, "snowman/window",
        "After the interval each window gives one validator, drawn by stake, the right to propose; if it is silent the "
        "next window is somebody else's as well.",
        ("window", str(window)), ("a window lasts", format_span(at.parameters.window)),
        ("interval", format_span(at.parameters.interval)), tone="strong", thing=Thing("node", due[0]),
    )  # fmt: skip
    writer.add(
        "next", list_nodes(due[1:]), "snowman/proposer", "Who may propose in the windows after this one.", tone="muted"
    )


def _add_preferences(writer: Writer, at: _Poll) -> None:
    heads = [at.look.world.view(node, at.look.at_us).get_head() for node in range(at.look.world.node_count)]
    counts: dict[int, int] = {}
    for head in heads:
        counts[head.index] = counts.get(head.index, 0) + 1
    order = sorted(counts, key=lambda index: -counts[index])
    records = at.look.world.tree.records
    said = " · ".join(
        f"#{records[it].height} {records[it].hash.hex()[:4]} {counts[it]}/{len(heads)}" for it in order[:3]
    )
    writer.add(
        "preference", said, "consensus/fork-choice",
        "A node prefers of two rival blocks the one it knew first, until its polls speak for the other.",
        *((f"#{records[it].height} {shorten_hash(records[it].hash)}", plural(counts[it], "node")) for it in order),
        tone="good" if len(order) == 1 else "warning", note=f"{len(order)} heads" if len(order) > 1 else "all agree",
    )  # fmt: skip


def _add_polls(writer: Writer, at: _Poll) -> None:
    p = at.parameters
    best = max((int(values.max()) for values in at.streaks.values()), default=0)
    writer.add(
        "polls",
        f"{p.alpha} of {p.sample_size} agree, {p.beta} in a row",
        "consensus/finality",
        "Every tick a node asks so many peers, drawn by stake, what they prefer. If enough name one block, the poll "
        "succeeds; after so many successful polls in a row the node accepts the block and never goes back on it.",
        ("K, peers asked", str(p.sample_size)),
        ("alpha, must agree", str(p.alpha)),
        ("beta, in a row", str(p.beta)),
        ("a poll every", format_span(p.poll_interval)),
        ("longest streak now", str(best) if at.look.is_now else "kept for now only"),
        note=f"every {format_span(p.poll_interval)}",
    )
    writer.add(
        "undecided",
        plural(len(at.open), "block"),
        "consensus/finality",
        "Blocks that some running node knows and has not accepted; nobody proposes on top of too many of them.",
        ("at most", str(p.max_processing)),
        ("accepted by all", f"#{at.base.height}"),
        tone="pending" if at.open else "good",
        thing=Thing("block", at.base.hash),
    )


def _add_safety(writer: Writer, at: _Poll) -> None:
    total = at.rules.keyring.get_total_power()
    online = sum(one.power for one in at.rules.keyring.validators if at.look.is_online(one.node))
    p = at.parameters
    is_alive = online * p.sample_size >= p.alpha * total
    writer.add(
        "stake",
        f"{format_share(online, total)} running",
        "consensus/finality",
        "Where more than 1 − alpha / K of the stake is silent hardly any poll succeeds: the chain stops rather than "
        "forks. Nobody is slashed.",
        ("needed", format_share(p.alpha, p.sample_size)),
        ("running", f"{format_amount(online, 0)} of {format_amount(total, 0)} CR"),
        tone="good" if is_alive else "bad",
        note="" if is_alive else "stalled",
    )


# The grid --------------------------------------------------------------------------------------------------------


def _build_grid(at: _Poll) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    look, rows, things = at.look, [], dict[tuple[int, int], Thing]()
    for node in range(look.world.node_count):
        view, cells = look.world.view(node, look.at_us), []
        head = view.get_head()
        branch = {record.index for record in [head, *_iter_above(head, at.base.height)]}
        for column, record in enumerate(at.open):
            things[node, column] = Thing("block", record.hash)
            cells.append(_build_cell(at, node, record, record.index in branch))
        things |= {(node, len(at.open)): Thing("node", node)}
        rows.append(GridRow(name_node(node), tuple(cells)))
    headings = tuple(f"{record.height}·{record.hash.hex()[:3]}" for record in at.open)
    legend = "▣ accepted  n● preferred, n polls in a row  ○ known, another preferred  ◌ not known yet"
    empty = f"Every block up to #{at.base.height} is accepted by all; the next one begins the polls"
    return Grid(
        "What each node prefers among undecided blocks", headings, tuple(rows) if at.open else (), legend, empty
    ), things


def _iter_above(head: BlockRecord, height: int) -> list[BlockRecord]:
    above, record = [], head.parent
    while record is not None and record.height > height:
        above.append(record)
        record = record.parent
    return above


def _build_cell(at: _Poll, node: int, record: BlockRecord, is_preferred: bool) -> GridCell:
    name, what = name_node(node), f"#{record.height} {shorten_hash(record.hash)}"
    if record.final_us is not None and int(record.final_us[node]) <= at.look.at_us:
        return GridCell("▣", "final", f"{name} has accepted {what}.")
    if record.get_known_us(NodeId(node)) > at.look.at_us:
        return GridCell("◌", "pending", f"{name} does not know {what} yet.")
    streak = int(at.streaks[record.index][node]) if record.index in at.streaks else 0
    if not is_preferred:
        return GridCell("○", "warning", f"{name} knows {what}, but prefers another block.")
    of = f" after {plural(streak, 'successful poll')} in a row of {at.parameters.beta}" if streak else ""
    return GridCell(f"{streak or ''}●", "good", f"{name} prefers {what}{of}.")


def _build_members(writer: Writer, at: _Poll) -> tuple[Member, ...]:
    look, found = at.look, count_by_node(get_branch(at.look.head))
    stakes = {int(one.node): one.power for one in at.rules.keyring.validators}
    members = []
    for node in range(look.world.node_count):
        head, final = look.world.view(node, look.at_us).get_head(), look.world.tree.get_final(NodeId(node), look.at_us)
        sure = [
            int(at.streaks[it.index][node])
            for it in at.open
            if it.index in at.streaks and _is_open(it, node, look.at_us)
        ]
        state: tuple[str, Tone] = ("● polls", "good") if look.is_online(node) else ("○ off", "warning")
        best = max(sure, default=0)
        why = writer.explain(
            f"{name_node(node)} prefers #{head.height}", "consensus/fork-choice",
            "It asks peers in proportion to their stake and counts only what they answer to it.",
            ("accepted", f"#{final.height}"), ("blocks of late", str(found.get(node, 0))),
            ("stake", f"{format_amount(stakes.get(node, 0), 0)} CR"),
            ("most polls in a row", f"{best} of {at.parameters.beta}" if look.is_now else "kept for now only"),
        )  # fmt: skip
        bar = f"{best:>3}/{at.parameters.beta} {get_bar(best / at.parameters.beta, 8)}" if sure else "nothing open"
        cells = (
            Cell(name_node(node), "strong"), Cell(*state), Cell(format_amount(stakes.get(node, 0), 0)),
            Cell(f"#{head.height} {head.hash.hex()[:4]}"), Cell(bar, "text" if sure else "muted"),
            Cell(f"#{final.height}", "final"),
        )  # fmt: skip
        members.append(Member(node, cells, why))
    return tuple(members)


def _is_open(record: BlockRecord, node: int, at_us: int) -> bool:
    final_us = NEVER if record.final_us is None else int(record.final_us[node])
    return record.get_known_us(NodeId(node)) <= at_us < final_us

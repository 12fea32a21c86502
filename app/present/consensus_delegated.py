"""Delegated proof of stake at a moment: who was elected, whose slot it is, what was missed, what is irreversible."""

from itertools import pairwise
from typing import Final

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
from app.present.words import format_span, name_node, plural
from app.screens.view import Thing
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Grid, GridCell, GridRow, Tone
from chain.consensus.block_tree import BlockRecord
from chain.consensus.delegated import DelegatedRules
from chain.consensus.elections import Electorate
from chain.units import format_amount

MOST_ROUNDS: Final = 12
"""Rounds in the picture: a row each."""
COLUMNS = (
    Column("node", 4), Column("state", 10, is_flexible=True), Column("place", 5, "right"), Column("votes", 10, "right"),
    Column("share", 6, "right"), Column("blocks", 6, "right"), Column("missed", 6, "right"),
)  # fmt: skip


def build(look: Look) -> Model:
    """Return the panel of delegated proof of stake."""
    rules, writer, branch = look.world.consensus.rules, Writer(look), get_branch(look.head)
    assert isinstance(rules, DelegatedRules)
    writer.add_head()
    _add_slot(writer, rules)
    _add_schedule(writer, rules)
    _add_irreversible(writer, rules)
    _add_missed(writer, rules)
    _add_votes(writer, rules)
    grid, things = _build_grid(look, rules, branch)
    name = "EOS" if rules.is_eos else "BitShares"
    return Model(
        f"Delegated proof of stake · rules of {name}", tuple(writer.items), grid, "dpos/slot", things,
        _build_members(writer, rules, branch), COLUMNS, f"Producers · {len(look.head.state.order)} elected",
    )  # fmt: skip


def _node_of(rules: DelegatedRules, index: int) -> int:
    return int(rules.keyring.validators[index].node)


def _get_slot(look: Look, rules: DelegatedRules) -> int:
    return look.at_us // rules.parameters.interval


def _get_round_slots(look: Look, rules: DelegatedRules) -> int:
    return len(look.head.state.order) * rules.parameters.repetitions


# Numbers ---------------------------------------------------------------------------------------------------------


def _add_slot(writer: Writer, rules: DelegatedRules) -> None:
    look = writer.look
    slot, interval, size = _get_slot(look, rules), rules.parameters.interval, _get_round_slots(look, rules)
    node = _node_of(rules, rules.get_turn(look.head.state, slot))
    left_us = (slot + 1) * interval - look.at_us
    writer.add(
        "slot", f"{slot} · {name_node(node)} may produce", "dpos/slot",
        "Time is cut into slots; in a round each producer has its slots one after another. A slot whose producer is "
        "silent stays empty, and the next one goes on.",
        ("a slot lasts", format_span(interval)), ("slots in a round", str(size)),
        ("in a row", plural(rules.parameters.repetitions, "slot")), tone="strong",
        note=f"{get_bar(1 - left_us / interval, 6)} {format_span(left_us)}", thing=Thing("node", node),
    )  # fmt: skip
    writer.add(
        "round", f"{slot % size + 1} of {size} {get_bar((slot % size + 1) / size, 8)}", "dpos/producer",
        "After a round the order is the same again (EOS), or shuffled from the time of its last block (BitShares).",
        ("order", rules.parameters.order),
    )  # fmt: skip


def _add_schedule(writer: Writer, rules: DelegatedRules) -> None:
    look, repetitions = writer.look, rules.parameters.repetitions
    turn = _get_slot(look, rules) // repetitions
    coming = [_node_of(rules, rules.get_turn(look.head.state, (turn + ahead) * repetitions)) for ahead in range(1, 6)]
    writer.add(
        "next", list_nodes(coming), "dpos/producer",
        "Who produces after this one, as the order stands on the viewer's branch.", ("order", rules.parameters.order),
        tone="muted",
    )  # fmt: skip


def _add_irreversible(writer: Writer, rules: DelegatedRules) -> None:
    look, known = writer.look, writer.look.head.state.confirmations
    lag = look.head.height - known.irreversible
    text = (
        "A block says how many blocks before it its producer confirms. What more than two thirds confirmed is proposed "
        "as irreversible; what more than two thirds have seen proposed is irreversible: two passes through them all."
        if rules.is_eos
        else "What 70 % of the producers have built upon. A producer that changes branches counts on both, so this is "
        "finality by depth: a partition can undo it."
    )
    numbers = [("irreversible", f"#{known.irreversible}"), ("behind the head", plural(lag, "block"))]
    numbers += [("proposed", f"#{known.proposed}")] if rules.is_eos else []
    writer.add(
        "irreversible",
        f"#{known.irreversible} · {lag} behind",
        "consensus/finality",
        text,
        *numbers,
        tone="final",
        note=f"about {format_span(lag * rules.parameters.interval)}",
        thing=Thing("block", look.final.hash),
    )
    if rules.is_eos:
        writer.add(
            "proposed",
            f"#{known.proposed}",
            "dpos/double-confirm",
            "Confirmed by more than two thirds; irreversible once as many have built on that. Nobody ever confirms "
            "two blocks of one height.",
            ("behind the head", str(look.head.height - known.proposed)),
        )


def _add_missed(writer: Writer, rules: DelegatedRules) -> None:
    state = writer.look.head.state
    late = max(0, _get_slot(writer.look, rules) - state.slot - 1)
    writer.add(
        "missed", f"{plural(state.missed, 'slot')} on this branch", "dpos/slot",
        "Slots without a block since genesis, and those since the head.", ("since the head", str(late)),
        ("of all slots", format_share(state.missed, state.slot)), tone="warning" if state.missed else "good",
        note=f"{late} since the head" if late else "",
    )  # fmt: skip


def compute_tally(electorate: Electorate) -> dict[int, int]:
    """Return the stake that approves each candidate after a block, in units."""
    stakes, tally = electorate.book.compute_stakes(), dict[int, int]()
    for voter, approved in electorate.ballots:
        for candidate in dict.fromkeys(approved):
            tally[candidate] = tally.get(candidate, 0) + stakes.get(voter, 0)
    return tally


def _describe_least(rules: DelegatedRules) -> str:
    """Return, as a further sentence, what keeps a producer that nobody approves any more."""
    return " An election of fewer producers than there are changes nothing (EOS)." if rules.is_eos else ""


def _add_votes(writer: Writer, rules: DelegatedRules) -> None:
    look = writer.look
    candidates = len(rules.keyring.validators)
    state = look.head.state
    schedule, elected, interval = state.schedule, state.schedule.producers, rules.parameters.interval
    next_count = schedule.counted_slot * interval + rules.parameters.election_interval
    coming = schedule.pending or schedule.proposed
    numbers = [
        ("counted last", f"slot {schedule.counted_slot}"),
        (
            "counted again",
            f"in {format_span(max(0, next_count - look.at_us))}",
        ),
        ("voters", str(len(state.electorate.ballots))),
        ("seats", str(rules.parameters.producers)),
    ]
    if coming:
        how = "when pending is irreversible" if schedule.pending else "when proposed is irreversible"
        numbers.append(("new schedule", f"{list_nodes([_node_of(rules, it) for it in coming])}, {how}"))
    writer.add(
        "elected",
        f"{len(elected)} of {plural(candidates, 'candidate')}",
        "dpos/producer",
        "Everybody with stake approves candidates; a candidate's weight is the stake that approves it. Those with the "
        "most make the blocks." + _describe_least(rules),
        *numbers,
        note="a new set waits" if coming else "",
    )


# The grid --------------------------------------------------------------------------------------------------------


def _build_grid(
    look: Look, rules: DelegatedRules, branch: list[BlockRecord]
) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    """Return the latest rounds: a row a round, a cell a turn, with how many of its slots have a block."""
    repetitions, turns = rules.parameters.repetitions, len(look.head.state.order)
    now, made = _get_slot(look, rules), {record.state.slot: record for record in branch}
    last, rows, things = now // (turns * repetitions), [], dict[tuple[int, int], Thing]()
    for row, number in enumerate(range(max(0, last - MOST_ROUNDS + 1), last + 1)):
        cells = []
        for turn in range(turns):
            first = (number * turns + turn) * repetitions
            slots = range(max(1, first), first + repetitions)  # slot 0 is that of genesis
            if not slots:
                cells.append(GridCell("   "))
                continue
            blocks = [made[slot] for slot in slots if slot in made]
            node = int(blocks[0].origin) if blocks else _get_past_node(look, rules, branch, slots[0])
            things[row, turn] = Thing("block", blocks[-1].hash) if blocks else Thing("node", node)
            cells.append(_build_cell(node, slots, blocks, now, branch))
        rows.append(GridRow(("▸" if number == last else " ") + f"round {number}", tuple(cells), number == last))
    legend = "■ all blocks made  ◇ some  ✕ missed  ◌ now  · to come"
    return Grid("Rounds and turns", (), tuple(rows), legend), things


def _get_past_node(look: Look, rules: DelegatedRules, branch: list[BlockRecord], slot: int) -> int:
    """Return whose slot it was, by the order of the last block before it."""
    before = next((record for record in reversed(branch) if record.state.slot < slot), None)
    return _node_of(rules, rules.get_turn((before or look.head).state, slot))


def _build_cell(node: int, slots: range, blocks: list[BlockRecord], now: int, branch: list[BlockRecord]) -> GridCell:
    name, due = name_node(node), sum(slot < now for slot in slots)
    where = f"slot {slots[0]}" if len(slots) == 1 else f"slots {slots[0]} to {slots[-1]}"
    if slots[0] > now:
        return GridCell(f"{name}·", "muted", f"{name} will have {where}.")
    if branch and slots[-1] < branch[0].state.slot:
        return GridCell(f"{name} ", "muted", f"{where} of {name}: further back than is looked at.")
    if len(blocks) == len(slots) or (blocks and len(blocks) >= due and slots[-1] >= now):
        return GridCell(
            f"{name}■", "good", f"{name} made {plural(len(blocks), 'block')} in {where}, up to #{blocks[-1].height}."
        )
    if slots[-1] >= now:
        return GridCell(f"{name}◌", "pending", f"{name} may produce in {where}: {len(blocks)} so far.")
    if blocks:
        return GridCell(f"{name}◇", "warning", f"{name} made {len(blocks)} of {len(slots)} blocks in {where}.")
    return GridCell(f"{name}✕", "bad", f"{name} made no block in {where}.")


# The producers ---------------------------------------------------------------------------------------------------


def _build_members(writer: Writer, rules: DelegatedRules, branch: list[BlockRecord]) -> tuple[Member, ...]:
    look, found = writer.look, count_by_node(branch)
    elected, tally = look.head.state.schedule.producers, compute_tally(look.head.state.electorate)
    missed = _count_missed(rules, branch)
    total = sum(look.head.state.electorate.book.compute_stakes().values())
    order = sorted(
        range(len(rules.keyring.validators)), key=lambda index: (index not in elected, -tally.get(index, 0), index)
    )
    members = []
    for index in order:
        validator = rules.keyring.validators[index]
        votes = tally.get(index, 0)
        said, tone = _describe_place(index, look)
        if not look.is_online(validator.node):
            said, tone = "○ off", "warning"
        why = writer.explain(
            f"{name_node(validator.node)}: {said[2:]}", "dpos/producer",
            "Elected are those whom most stake approves; of equal ones the first. An elected producer keeps its place "
            f"however many slots it misses, until the votes change.{_describe_least(rules)}",
            ("approved by", _format_coins(votes)),
            ("voters", str(sum(index in approved for _, approved in look.head.state.electorate.ballots))),
            ("missed of late", str(missed.get(validator.node, 0))),
            ("blocks of late", str(found.get(validator.node, 0))),
        )  # fmt: skip
        cells = (
            Cell(name_node(validator.node), "strong"),
            Cell(said, tone),
            Cell(str(elected.index(index) + 1) if index in elected else "–"),
            Cell(_format_coins(votes)),
            Cell(format_share(votes, total)),
            Cell(str(found.get(validator.node, 0))),
            Cell(str(missed.get(validator.node, 0)), "warning" if missed.get(validator.node) else "muted"),
        )
        members.append(Member(int(validator.node), cells, why))
    return tuple(members)


def _describe_place(index: int, look: Look) -> tuple[str, Tone]:
    schedule = look.head.state.schedule
    if index in schedule.producers:
        return "● produces", "good"
    return ("◔ elected", "pending") if index in (schedule.pending or schedule.proposed) else ("○ standby", "muted")


def _format_coins(amount: int) -> str:
    return f"{format_amount(amount, 0)} CR"


def _count_missed(rules: DelegatedRules, branch: list[BlockRecord]) -> dict[int, int]:
    """Return how many slots each node left empty between the blocks looked back at."""
    missed: dict[int, int] = {}
    for before, after in pairwise(branch):
        for slot in range(before.state.slot + 1, min(after.state.slot, before.state.slot + 1000)):
            node = _node_of(rules, rules.get_turn(before.state, slot))
            missed[node] = missed.get(node, 0) + 1
    return missed

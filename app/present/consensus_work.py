"""The mining race: proof of work and GHOST at a moment.

Hash rates are those of now, because past ones are not kept. Expected blocks are shares of the blocks looked back at.
"""

from typing import Any, Final

from app.present.consensus_model import (
    WINDOW_BLOCKS,
    Look,
    Member,
    Model,
    Writer,
    count_by_node,
    format_share,
    get_agent,
    get_branch,
)
from app.present.words import format_count, format_hashes, format_quantity, format_span, name_node, plural
from app.screens.view import Thing
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Grid, GridCell, GridRow, Tone
from chain.consensus.block_tree import BlockRecord
from chain.consensus.difficulty import MAX_HASH, compute_work, decode_compact
from chain.consensus.ghost import GhostRules, choose_uncles
from chain.consensus.proof_of_work import ProofOfWorkRules
from chain.units import SECOND

NOTHING: Final = GridCell("·", "muted")
RACE_BLOCKS: Final = 30
"""Blocks in the picture of the race."""
COLUMNS = (
    Column("node", 4), Column("state", 9, is_flexible=True), Column("hash rate", 10, "right"),
    Column("share", 6, "right"), Column("found", 5, "right"), Column("expected", 8, "right"),
    Column("stale", 5, "right"),
)  # fmt: skip


def build(look: Look) -> Model:
    """Return the panel of proof of work or of GHOST."""
    rules = look.world.consensus.rules
    writer = Writer(look)
    writer.add_head()
    rates = {node: get_agent(look, node).hash_rate_per_s for node in look.world.consensus.agents}
    online = {node: rate for node, rate in rates.items() if rate and look.is_online(node)}
    total = sum(online.values())
    if isinstance(rules, ProofOfWorkRules):
        work = compute_work(decode_compact(look.head.state.next_bits))
        _add_race(writer, work, total, len(online), rules.parameters)
        _add_target(writer, rules)
        _add_retarget(writer, rules)
    else:
        assert isinstance(rules, GhostRules)
        work = rules.compute_difficulty(look.head.state, max(look.at_us, look.head.state.time_us + 1))
        _add_race(writer, work, total, len(online), rules.parameters)
        _add_difficulty_step(writer, rules, work)
        _add_uncles(writer)
    branch = get_branch(look.head)
    aside = _find_aside(look, branch)
    _add_rates(writer, total, len(online), rules.parameters)
    _add_stale(writer, branch, aside)
    named = _find_named(branch)
    grid, things = _build_race(list(rates), branch, aside, named)
    title = "Proof of work" if isinstance(rules, ProofOfWorkRules) else "GHOST with uncles"
    members = _build_members(writer, rates, total, branch, aside)
    shown = plural(len(branch), "block")
    return Model(
        title, tuple(writer.items), grid, "consensus/fork-choice", things, members, COLUMNS, f"Miners · last {shown}"
    )


def _find_aside(look: Look, branch: list[BlockRecord]) -> list[BlockRecord]:
    """Return the blocks published beside a branch, as far as the viewer knows them."""
    if not branch:
        return []
    kept = {record.index for record in branch}
    stop = look.world.tree.count_published(look.at_us)
    beside = [it for it in look.world.tree.records[branch[0].index : stop] if it.index not in kept]
    return [it for it in beside if look.view.get_known_us(it) <= look.at_us]


def _find_named(branch: list[BlockRecord]) -> dict[bytes, BlockRecord]:
    """Return the uncles that blocks of a branch name, with the block that names them."""
    return {
        uncle: record for record in branch for uncle in (getattr(record.state, "uncles", ((),)) or ((),))[0]
    }  # the state lists first what its own block named


# Numbers ---------------------------------------------------------------------------------------------------------


def _add_race(writer: Writer, work: int, total: int, miners: int, parameters: Any) -> None:
    look = writer.look
    waited_us = look.at_us - look.head.published_us
    text = (
        "Every hash is one ticket, so finding a block is a waiting time without memory: however long the network has "
        "searched already, it still takes as long on average. The expected time is the work of a block divided by the "
        "hash rate of all miners that run."
    )
    numbers = (
        ("expected hashes", format_count(work)),
        ("hash rate", f"{format_hashes(total)}/s"),
        ("the chain steers to", format_span(parameters.interval)),
        ("searched so far", format_span(waited_us)),
    )
    if parameters.mining == "manual":
        value, note = "when somebody presses m", "nobody mines by itself"
    elif total:
        value, note = f"in about {format_span(work * SECOND // total)}", f"{format_span(waited_us)} so far"
    else:
        value, note = "never", "nobody mines"
    writer.add("next block", value, "proof-of-work/target", text, *numbers, tone="pending", note=note)
    writer.add(
        "difficulty", f"{format_hashes(work)} expected", "proof-of-work/bits",
        "How many hashes a block takes on average. It is a rule of the chain, not a choice of the miner: a block that "
        "claims another difficulty than its parent demands is invalid.", *numbers[:1],
        ("miners", str(miners)), note=plural(miners, "miner"),
    )  # fmt: skip


def _add_target(writer: Writer, rules: ProofOfWorkRules) -> None:
    bits = writer.look.head.state.next_bits
    target = decode_compact(bits)
    digits, ground = f"{target:064x}", rules.get_ground_target(bits)
    zeros = len(digits) - len(digits.lstrip("0"))
    text = (
        "A hash, read as a number, must not be above the target, so the target's leading zeros are the least a block's "
        "hash has. Here the nonce is ground against a target made easier by a constant factor; the waiting times are "
        "those of the full one."
    )
    writer.add(
        "target", digits, "proof-of-work/target", text,
        ("compact bits", f"{bits:08x}"), ("leading zeros", f"{zeros} of 64 digits"),
        ("one hash in", format_quantity(MAX_HASH // (target + 1) + 1)),
        ("ground target", f"{ground:064x}"[:24] + "…"), ("easier by", format_count(rules.grind_scale)), zeros=zeros,
    )  # fmt: skip


def _add_retarget(writer: Writer, rules: ProofOfWorkRules) -> None:
    state, window, interval = writer.look.head.state, rules.parameters.retarget_window, rules.parameters.interval
    text = (
        "Every so many blocks the target is multiplied by the time they took over the time they should have taken, at "
        "most by four either way, so that blocks come at the same pace whatever the hash rate."
    )
    if not window:
        writer.add("retarget", "never", "proof-of-work/bits", "This scenario keeps the difficulty as it is.")
        return
    done, elapsed_us = state.height % window, state.time_us - state.window_start_us
    bar = f"{done} of {window} {get_bar(done / window, 8)}"
    numbers = [("window", plural(window, "block")), ("took so far", format_span(elapsed_us))]
    note = ""
    if done and elapsed_us:
        factor = min(4.0, max(0.25, done * interval / elapsed_us))
        note = f"×{factor:.2f} if so on"
        numbers += [("should have taken", format_span(done * interval)), ("difficulty then", f"× {factor:.2f}")]
    writer.add("retarget", bar, "proof-of-work/bits", text, *numbers, note=note)


def _add_difficulty_step(writer: Writer, rules: GhostRules, difficulty: int) -> None:
    look, step_us = writer.look, rules.parameters.step_us
    state = look.head.state
    since_us = max(0, look.at_us - state.time_us)
    steps = (2 if state.uncles[0] and rules.parameters.difficulty_rule == "byzantium" else 1) - since_us // step_us
    text = (
        "A block's difficulty follows from its parent's and the time between them: up by 1/2048 when it comes soon, "
        f"down by as much for each further {format_span(step_us)}. A parent that named uncles counts as one step "
        "sooner, so stale blocks do not make mining easier."
    )
    writer.add(
        "step", f"{steps:+d}/2048 of the parent's", "ghost/difficulty", text,
        ("parent's difficulty", format_hashes(state.difficulty)), ("a block now", format_hashes(difficulty)),
        ("since the parent", format_span(since_us)), note=f"next in {format_span(step_us - since_us % step_us)}",
    )  # fmt: skip


def _add_uncles(writer: Writer) -> None:
    look = writer.look
    waiting = choose_uncles(look.view, look.head)
    named = [uncle for one in look.head.state.uncles for uncle in one]
    text = (
        "A stale block may be named by a later one, when its parent is an ancestor of that and it is 1 to 6 "
        "generations older. Its miner gets (8 − k)/8 of the subsidy, who names it 1/32."
    )
    total = format_hashes(look.head.state.total_difficulty)
    writer.add(
        "uncles", f"{len(waiting)} to be named next", "ghost/uncle-generation", text,
        ("named in the last 7", str(len(named))), ("a block names at most", "2"), note=f"{len(named)} named of late",
    )  # fmt: skip
    rule, choice = "consensus/fork-choice", look.world.consensus.rules.parameters.fork_choice  # type: ignore[attr-defined]
    text = (
        "From genesis on always to the child whose subtree holds the most work: stale blocks secure what they are on."
    )
    writer.add("total difficulty", total, rule, text, ("fork choice", choice))


def _add_rates(writer: Writer, total: int, miners: int, parameters: Any) -> None:
    watts = total * parameters.joules_per_terahash // 10**12
    writer.add(
        "hash rate", f"{format_hashes(total)}/s", "proof-of-work/target",
        "What all miners that are switched on try together, now. Hash rates of the past are not kept.",
        ("miners", str(miners)), ("joules a terahash", str(parameters.joules_per_terahash)),
        ("power", f"{format_quantity(watts)} W"), note=f"{format_quantity(watts)} W",
    )  # fmt: skip


def _add_stale(writer: Writer, branch: list[BlockRecord], aside: list[BlockRecord]) -> None:
    text = "A stale block was valid, but the network went on with another one; its miner gets nothing for it."
    writer.add(
        "stale", format_share(len(aside), len(aside) + len(branch)), "consensus/fork-choice", text,
        ("beside the branch", str(len(aside))), ("on the branch", str(len(branch))),
        ("looked back", plural(WINDOW_BLOCKS, "block")), note=f"{len(aside)} of {len(aside) + len(branch)}",
    )  # fmt: skip


# The race --------------------------------------------------------------------------------------------------------


def _build_race(
    miners: list[int], branch: list[BlockRecord], aside: list[BlockRecord], named: dict[bytes, BlockRecord]
) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    kept = {record.index for record in branch}
    shown = sorted([*branch, *aside], key=lambda record: record.index)[-RACE_BLOCKS:]
    origins = {record.origin for record in shown}
    order = sorted(miners, key=lambda node: (node not in origins, node))
    place = {node: row for row, node in enumerate(order)}
    rows: list[list[GridCell]] = [[NOTHING] * len(shown) for _ in order]
    things: dict[tuple[int, int], Thing] = {}
    for column, record in enumerate(shown):
        row = place.get(record.origin)
        if row is None:
            continue
        rows[row][column] = _build_race_cell(record, record.index in kept, named.get(record.hash))
        things[row, column] = Thing("block", record.hash)
    grid_rows = tuple(GridRow(name_node(node), tuple(cells)) for node, cells in zip(order, rows, strict=True))
    uncles = "  ◇ uncle" if named else ""
    headings = tuple(str(record.height % 10) for record in shown)
    return Grid(
        "The race: who found the last blocks",
        headings if shown else (),
        grid_rows if shown else (),
        f"■ on the branch  □ stale{uncles}  one column a block, by last digit of its height",
        "No block has been found yet",
        is_newest_last=True,
    ), things


def _build_race_cell(record: BlockRecord, is_kept: bool, nephew: BlockRecord | None) -> GridCell:
    who = f"{name_node(record.origin)} found block #{record.height}"
    if is_kept:
        return GridCell("■", "good", f"{who}; it is on the branch.")
    if nephew is not None:
        return GridCell("◇", "accent", f"{who}; it went stale, and #{nephew.height} names it as uncle.")
    return GridCell("□", "stale", f"{who}; it is beside the branch.")


def _build_members(
    writer: Writer, rates: dict[Any, int], total: int, branch: list[BlockRecord], aside: list[BlockRecord]
) -> tuple[Member, ...]:
    look, found, stale = writer.look, count_by_node(branch), count_by_node(aside)
    members = []
    for node in sorted(rates, key=lambda node: (-rates[node], node)):
        rate, is_online = rates[node], look.is_online(node)
        share = rate / total if total and is_online else 0.0
        expected = share * len(branch)
        state, tone = ("mines", "good") if rate and is_online else ("off", "warning") if rate else ("no miner", "muted")
        why = writer.explain(
            f"{name_node(node)}: {found.get(node, 0)} of {plural(len(branch), 'block')}", "proof-of-work/target",
            "A miner finds blocks in proportion to its share of all hashes; luck makes up the rest, and evens out.",
            ("hash rate", f"{format_hashes(rate)}/s"), ("share of all", format_share(share, 1)),
            ("expected of these", f"{expected:.1f}"), ("found", str(found.get(node, 0))),
            ("stale", str(stale.get(node, 0))),
        )  # fmt: skip
        members.append(Member(node, _build_cells(node, rate, share, found, expected, stale, (state, tone)), why))
    return tuple(members)


def _build_cells(
    node: int,
    rate: int,
    share: float,
    found: dict[int, int],
    expected: float,
    stale: dict[int, int],
    state: tuple[str, Tone | str],
) -> tuple[Cell, ...]:
    return (
        Cell(name_node(node), "strong"),
        Cell(f"{'●' if state[0] == 'mines' else '○'} {state[0]}", state[1]),  # type: ignore[arg-type]
        Cell(f"{format_hashes(rate)}/s"),
        Cell(format_share(share, 1)),
        Cell(str(found.get(node, 0)), "good"),
        Cell(f"{expected:.1f}", "muted"),
        Cell(str(stale.get(node, 0)), "stale"),
    )

"""Tendermint at a moment: the round of the next height, who proposes, and every validator's votes with its lock.

Votes are read from the table of messages, so the grid shows what the viewer had heard at the moment; locks follow from
the precommits that were sent (a validator is locked on what it precommitted last). Votes of old heights are forgotten.
"""

from typing import Any, NamedTuple

from app.present.consensus_model import (
    Look,
    Member,
    Model,
    Writer,
    count_by_node,
    find_block,
    format_share,
    get_branch,
    list_nodes,
)
from app.present.words import format_delay, format_span, name_node, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Grid, GridCell, GridRow, Tone
from chain.consensus.block_tree import BlockRecord
from chain.consensus.quorums import compute_max_faulty
from chain.consensus.tendermint import KEPT_HEIGHTS
from chain.consensus.tendermint_messages import EVIDENCE, NIL, PRECOMMIT, PREVOTE, PROPOSAL
from chain.consensus.tendermint_rules import TendermintRules, TendermintState
from chain.node.messages import MessageRecord

MOST_ROUNDS = 8
"""The latest rounds shown of a height."""
COLUMNS = (
    Column("node", 4), Column("state", 9, is_flexible=True), Column("power", 6, "right"), Column("share", 6, "right"),
    Column("queue", 6, "right"), Column("blocks", 6, "right"), Column("locked on", 9),
)  # fmt: skip
_Vote = MessageRecord | None


class _Height(NamedTuple):
    """The height being decided."""

    look: Look
    rules: TendermintRules
    state: TendermintState
    height: int
    rounds: tuple[int, ...]
    """Those in which anything has been said, the latest last."""
    votes: dict[tuple[str, int], dict[int, list[MessageRecord]]]
    """By kind and round, what each validator has sent."""
    proposals: dict[int, list[MessageRecord]]
    """By round."""

    @property
    def round(self) -> int:
        """The latest round."""
        return self.rounds[-1]

    def node_of(self, validator: int) -> int:
        """Return the node of a validator."""
        return self.rules.keyring.validators[validator].node

    def sum_power(self, kind: str, round_: int, value: bytes | None = None) -> int:
        """Return the power heard in a round, for one value or for any."""
        sent = self.votes.get((kind, round_), {})
        heard = [
            index for index, records in sent.items()
            if any(self.look.has_heard(it) and value in (None, it.value) for it in records)
        ]  # fmt: skip
        return sum(self.state.powers[index] for index in heard)

    def get_lock(self, validator: int) -> MessageRecord | None:
        """Return the precommit a validator is locked by: its last one for a block."""
        locks = [
            record for round_ in self.rounds for record in self.votes.get((PRECOMMIT, round_), {}).get(validator, [])
            if record.value != NIL
        ]  # fmt: skip
        return locks[-1] if locks else None


def _read_height(look: Look, before: BlockRecord) -> _Height:
    """Return what has been said of the height after a block."""
    rules = look.world.consensus.rules
    assert isinstance(rules, TendermintRules)
    height, votes = before.height + 1, dict[tuple[str, int], dict[int, list[MessageRecord]]]()
    for topic in look.world.messages.tallies:
        if len(topic) == 3 and topic[0] in (PREVOTE, PRECOMMIT) and topic[1] == height:
            for record in look.get_records(topic):
                kind, round_ = str(topic[0]), int(topic[2])
                votes.setdefault((kind, round_), {}).setdefault(record.sender, []).append(record)
    proposals: dict[int, list[MessageRecord]] = {}
    for record in look.get_records((PROPOSAL, height)):
        proposals.setdefault(record.message.round, []).append(record)
    last = max([0, *proposals, *(round_ for _, round_ in votes)])
    rounds = tuple(range(max(0, last - MOST_ROUNDS + 1), last + 1))
    return _Height(look, rules, before.state, height, rounds, votes, proposals)


def build(look: Look) -> Model:
    """Return the panel of Tendermint."""
    at, writer = _read_height(look, look.head), Writer(look)
    is_silent = not at.proposals and not at.votes  # until somebody speaks, the height before is shown
    shown = _read_height(look, look.head.parent) if is_silent and look.head.parent is not None else at
    writer.add_head()
    _add_round(writer, at)
    _add_proposer(writer, at)
    _add_votes(writer, shown)
    _add_locks(writer, shown)
    _add_timeouts(writer, at)
    _add_quorum(writer, at)
    evidence = _find_evidence(shown)
    _add_evidence(writer, at, evidence)
    grid, things = _build_grid(shown)
    count = sum(power > 0 for power in at.state.powers)
    return Model(
        "Tendermint", tuple(writer.items), grid, "tendermint/proposer", things, _build_members(writer, at, evidence),
        COLUMNS, f"Validators · {count} with a seat",
    )  # fmt: skip


# Numbers ---------------------------------------------------------------------------------------------------------


def _add_round(writer: Writer, at: _Height) -> None:
    look, parameters = at.look, _get_parameters(at)
    begins_us = look.head.block.header.time_us + parameters.interval
    step = _describe_step(at, begins_us)
    writer.add(
        "height", f"{at.height} · round {at.round} · {step}", "tendermint/proposer",
        "Each height is decided in rounds. In a round one validator proposes, all prevote, then precommit. Two thirds "
        "of precommits for one block decide it; when a round gets nowhere, the next one begins with another proposer.",
        ("round", str(at.round)), ("step", step), ("height begins at the earliest", format_span(begins_us)),
        tone="warning" if at.round else "strong", note=plural(at.round, "failed round") if at.round else "",
    )  # fmt: skip


def _get_parameters(at: _Height) -> Any:
    return next(iter(at.look.world.consensus.agents.values())).parameters  # type: ignore[attr-defined]


def _describe_step(at: _Height, begins_us: int) -> str:
    """Return how far the latest round is for the viewer."""
    quorum = at.state.quorum
    if at.look.at_us < begins_us and not at.proposals:
        return f"begins in {format_span(begins_us - at.look.at_us)}"
    if at.sum_power(PRECOMMIT, at.round) >= quorum:
        return "precommits are in"
    if at.sum_power(PREVOTE, at.round) >= quorum:
        return "precommitting"
    return "prevoting" if at.votes.get((PREVOTE, at.round)) else "waiting for the proposal"


def _add_proposer(writer: Writer, at: _Height) -> None:
    node = at.node_of(at.rules.get_proposer(at.state, at.round))
    text = (
        "At every election each validator's priority grows by its power; the highest proposes and falls back by the "
        "total power. So everybody proposes in exact proportion to its power, and everybody knows who is next."
    )
    made = at.proposals.get(at.round, [])
    block = find_block(at.look, made[0].value) if made else None
    said = f"{name_node(node)} · " + (f"■ {shorten_hash(block.hash)}" if block is not None else "◌ nothing yet")
    thing = Thing("block", block.hash) if block is not None else Thing("node", node)
    writer.add("proposer", said, "tendermint/proposer", text, ("round", str(at.round)), thing=thing)
    coming = [at.node_of(at.rules.get_proposer(at.state, at.round + step)) for step in (1, 2, 3)]
    writer.add(
        "next rounds", list_nodes(coming), "tendermint/proposer", text + " These would propose if the round fails.",
        ("rounds", f"{at.round + 1} to {at.round + 3}"), tone="muted",
    )  # fmt: skip


def _add_votes(writer: Writer, at: _Height) -> None:
    total, quorum = sum(at.state.powers), at.state.quorum
    texts = {
        PREVOTE: "Two thirds of prevotes for a block let a validator lock on it and precommit.",
        PRECOMMIT: "Two thirds of precommits for a block decide it: it is final at once.",
    }
    for kind, text in texts.items():
        heard, nil = at.sum_power(kind, at.round), at.sum_power(kind, at.round, NIL)
        writer.add(
            f"{kind}s", f"{heard} of {total} {get_bar(heard / max(1, total), 8)}", "tendermint/signature", text,
            ("height", str(at.height)), ("heard by", at.look.name),
            ("quorum", f"{quorum} of {total}"), ("for nil", str(nil)),
            tone="good" if heard >= quorum else "text", note=f"needs {quorum}",
        )  # fmt: skip


def _add_locks(writer: Writer, at: _Height) -> None:
    locked = {index: lock for index, power in enumerate(at.state.powers) if power and (lock := at.get_lock(index))}
    values = sorted({lock.value for lock in locked.values()})
    numbers = tuple(
        (shorten_hash(value), list_nodes([at.node_of(i) for i, lock in locked.items() if lock.value == value]))
        for value in values
    )
    writer.add(
        "locked", f"{len(locked)} validators" if locked else "nobody", "tendermint/evidence",
        "Whoever precommits a block is locked on it: in later rounds it prevotes nothing else, unless two thirds have "
        "prevoted that since. That is why two blocks are never decided at one height.", *numbers,
        tone="accent" if locked else "muted", note=plural(len(values), "block") if locked else "",
    )  # fmt: skip


def _add_timeouts(writer: Writer, at: _Height) -> None:
    parameters, grown = _get_parameters(at), at.round * _get_parameters(at).timeout_delta
    names = ("propose", "prevote", "precommit")
    spans = [(name, getattr(parameters, f"timeout_{name}") + grown) for name in names]
    writer.add(
        "timeouts", " · ".join(format_span(span) for _, span in spans), "tendermint/proposer",
        "How long a validator waits in this round for the proposal, for prevotes and for precommits that agree. They "
        "grow with each round, so however slow the network is, some round is long enough.",
        *((name, format_span(span)) for name, span in spans), ("grow by", format_span(parameters.timeout_delta)),
        note=f"+{format_span(parameters.timeout_delta)}",
    )  # fmt: skip


def _add_quorum(writer: Writer, at: _Height) -> None:
    total, quorum = sum(at.state.powers), at.state.quorum
    online = sum(power for index, power in enumerate(at.state.powers) if power and at.look.is_online(at.node_of(index)))
    is_alive = online >= quorum
    writer.add(
        "power",
        f"{online} of {total} running",
        "tendermint/proposer",
        "With more than a third of the power silent no quorum comes together: the chain halts rather than forks, and "
        "goes on as soon as enough are back.",
        ("quorum", f"{quorum}: more than two thirds"),
        ("may be Byzantine", f"{compute_max_faulty(total)}: less than a third"),
        ("running", format_share(online, total)),
        tone="good" if is_alive else "bad",
        note="" if is_alive else "halted",
    )


def _find_evidence(at: _Height) -> dict[int, Any]:
    """Return evidence the viewer has heard of, by validator, and contradictions among the votes of this height."""
    found = {it.message.one.validator: it.message for it in at.look.get_records(EVIDENCE) if at.look.has_heard(it)}
    for sent in at.votes.values():
        for index, records in sent.items():
            if len({record.value for record in records if at.look.has_heard(record)}) > 1:
                found.setdefault(index, None)
    return found


def _add_evidence(writer: Writer, at: _Height, evidence: dict[int, Any]) -> None:
    out = [index for index, power in enumerate(at.state.powers) if not power]
    writer.add(
        "evidence", f"against {list_nodes([at.node_of(it) for it in sorted(evidence)])}" if evidence else "none",
        "tendermint/evidence",
        "Two votes of one kind, height and round for different values, both signed: they prove themselves. The next "
        "block carries them, and whoever they convict loses its seat.",
        ("convicted so far", list_nodes([at.node_of(it) for it in out])),
        ("kept for", plural(KEPT_HEIGHTS, "height")), tone="attack" if evidence else "good",
    )  # fmt: skip


# The grid --------------------------------------------------------------------------------------------------------


def _build_grid(at: _Height) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    rows, things = [], dict[tuple[int, int], Thing]()
    order = [index for index, power in enumerate(at.state.powers) if power]
    for row, index in enumerate(order):
        name, cells = name_node(at.node_of(index)), []
        for number, round_ in enumerate(at.rounds):
            for kind in (PREVOTE, PRECOMMIT):
                sent = at.votes.get((kind, round_), {}).get(index, [])
                place = (row, 2 * number + (kind == PRECOMMIT))
                cells.append(_build_cell(at, name, kind, round_, sent))
                block = next((it.value for it in sent if find_block(at.look, it.value) is not None), None)
                things[place] = Thing("node", at.node_of(index)) if block is None else Thing("block", block)
        lock = at.get_lock(index)
        cells.append(
            GridCell("◆" if lock else " ", "accent", f"{name} is locked on {shorten_hash(lock.value)}." if lock else "")
        )
        things[row, len(cells) - 1] = Thing("node", at.node_of(index))
        is_proposer = index == at.rules.get_proposer(at.state, at.round)
        rows.append(GridRow(("▸" if is_proposer else " ") + name, tuple(cells), is_proposer))
    headings = tuple(
        f"{'pv' if kind == PREVOTE else 'pc'}{round_}" for round_ in at.rounds for kind in (PREVOTE, PRECOMMIT)
    )
    legend = "pv prevote  pc precommit  ● for the block  ○ nil  ◔ on its way  · none  ◆ locked  ! two votes  ▸ proposes"
    decided = " (decided)" if at.height <= at.look.head.height else ""
    return Grid(
        f"Votes of height {at.height}{decided}, as heard by {at.look.name}", (*headings, "lock"), tuple(rows), legend
    ), things


def _build_cell(at: _Height, name: str, kind: str, round_: int, sent: list[MessageRecord]) -> GridCell:
    heard = [record for record in sent if at.look.has_heard(record)]
    place = f"in round {round_} of height {at.height}"
    if len({record.value for record in heard}) > 1:
        return GridCell("!", "attack", f"{name} sent two different {kind}s {place}: evidence against it.")
    if heard:
        value, delay = heard[0].value, at.look.get_heard_us(heard[0]) - heard[0].published_us
        after = f", heard {format_delay(delay)}" if delay else ""
        if value == NIL:
            return GridCell("○", "warning", f"{name} sent a {kind} for nil {place}{after}: no block it could vote for.")
        return GridCell("●", "good", f"{name} sent a {kind} for {shorten_hash(value)} {place}{after}.")
    if sent:
        return GridCell("◔", "pending", f"The {kind} of {name} {place} is on its way to {at.look.name}.")
    return GridCell("·", "muted", f"No {kind} of {name} {place} yet.")


# The validators --------------------------------------------------------------------------------------------------


def _build_members(writer: Writer, at: _Height, evidence: dict[int, Any]) -> tuple[Member, ...]:
    total, found = sum(at.state.powers), count_by_node(get_branch(at.look.head))
    seats = {seat.address: seat for seat in at.state.seats}
    members = []
    for validator in at.rules.keyring.validators:
        power, seat = at.state.powers[validator.index], seats.get(validator.account)
        lock, state = at.get_lock(validator.index), _describe_state(at, validator.index, evidence)
        priority = seat.priority if seat is not None else 0
        why = writer.explain(
            f"{name_node(validator.node)} {state[0]}", "tendermint/proposer",
            "Who proposes next is whose priority is highest; it grows by the power at every election.",
            ("power", f"{power} of {total}"), ("priority", str(priority)),
            ("lock", f"{shorten_hash(lock.value)}, round {lock.message.round}" if lock else "none"),
            ("blocks of late", str(found.get(validator.node, 0))),
        )  # fmt: skip
        cells = (
            Cell(name_node(validator.node), "strong"), Cell(*state), Cell(str(power)), Cell(format_share(power, total)),
            Cell(str(priority), "muted"), Cell(str(found.get(validator.node, 0))),
            Cell(shorten_hash(lock.value) if lock else "–", "accent" if lock else "muted"),
        )  # fmt: skip
        members.append(Member(validator.node, cells, why))
    return tuple(members)


def _describe_state(at: _Height, index: int, evidence: dict[int, Any]) -> tuple[str, Tone]:
    if not at.state.powers[index]:
        return "○ no seat", "muted"
    if index in evidence:
        return "! accused", "attack"
    return ("● votes", "good") if at.look.is_online(at.node_of(index)) else ("○ off", "warning")

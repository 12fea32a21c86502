"""Proof of authority at a moment: Clique's signers, turns and votes, or Aura's steps and scores."""

from typing import Any, Final

from app.present.consensus_model import (
    Look,
    Member,
    Model,
    Writer,
    count_by_node,
    format_share,
    get_agent,
    get_branch,
    list_nodes,
)
from app.present.words import format_span, name_node, plural
from app.screens.view import Thing
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Grid, GridCell, GridRow, Tone
from chain.consensus.aura import AuraRules, count_unfinal
from chain.consensus.block_tree import BlockRecord
from chain.consensus.proof_of_authority import DIFF_INTURN, NONCE_AUTH, CliqueRules, CliqueSeal, Snapshot
from chain.encoding import decode
from chain.units import Address

NOTHING: Final = GridCell("·", "muted")
SHOWN_BLOCKS: Final = 30
CLIQUE_COLUMNS = (
    Column("node", 4), Column("state", 20, is_flexible=True), Column("blocks", 6, "right"),
    Column("in turn", 7, "right"), Column("votes for it", 12),
)  # fmt: skip
AURA_COLUMNS = (
    Column("node", 4), Column("state", 10, is_flexible=True), Column("turn", 9), Column("blocks", 6, "right"),
    Column("missed", 6, "right"),
)  # fmt: skip


def build(look: Look) -> Model:
    """Return the panel of Clique or of Aura."""
    return _build_aura(look) if isinstance(look.world.consensus.rules, AuraRules) else _build_clique(look)


# Clique ----------------------------------------------------------------------------------------------------------


def _build_clique(look: Look) -> Model:
    rules = look.world.consensus.rules
    assert isinstance(rules, CliqueRules)
    snapshot, writer, branch = look.head.state.snapshot, Writer(look), get_branch(look.head)
    nodes = {validator.account: int(validator.node) for validator in rules.keyring.validators}
    writer.add_head()
    _add_turn(writer, rules, snapshot, nodes)
    _add_signers(writer, snapshot, nodes)
    _add_difficulty(writer, look, branch)
    _add_votes(writer, snapshot, nodes)
    _add_checkpoint(writer, rules, snapshot)
    grid, things = _build_clique_grid(snapshot, nodes, branch)
    members = _build_clique_members(writer, snapshot, nodes, branch)
    return Model(
        "Proof of authority · Clique", tuple(writer.items), grid, "clique/difficulty", things, members, CLIQUE_COLUMNS,
        f"Nodes · {plural(len(snapshot.signers), 'signer')}",
    )  # fmt: skip


def get_in_turn(snapshot: Snapshot) -> Address:
    """Return the signer whose turn the next block is."""
    return snapshot.signers[(snapshot.number + 1) % len(snapshot.signers)]


def _add_turn(writer: Writer, rules: CliqueRules, snapshot: Snapshot, nodes: dict[Address, int]) -> None:
    look, signer = writer.look, get_in_turn(snapshot)
    node = nodes.get(signer, 0)
    earliest_us = look.head.state.time_us + rules.parameters.interval
    may = snapshot.may_sign(signer)
    wiggle = plural(len(snapshot.signers), "signer") + f" × {format_span(rules.parameters.wiggle)}"
    text = (
        "The signer in turn may sign as soon as the period is over, with difficulty 2. The others wait a random while "
        "longer and sign with difficulty 1: the chain goes on when somebody is silent, and what is signed in turn "
        "weighs more."
    )
    left = f"in {format_span(earliest_us - look.at_us)}" if earliest_us > look.at_us else "due now"
    writer.add(
        "in turn",
        f"{name_node(node)}{'' if may else ', but signed recently'} · {left}",
        "clique/difficulty",
        text,
        ("next block", f"#{snapshot.number + 1}"),
        ("period", format_span(rules.parameters.interval)),
        ("out of turn waits up to", wiggle),
        tone="strong" if may else "warning",
        thing=Thing("node", node),
    )


def _add_signers(writer: Writer, snapshot: Snapshot, nodes: dict[Address, int]) -> None:
    writer.add(
        "signers", f"{len(snapshot.signers)}: {list_nodes([nodes.get(it, 0) for it in snapshot.signers])}",
        "clique/signer", "Only an authorized signer may make a block; who is one is voted on in the blocks themselves.",
        ("signers", str(len(snapshot.signers))), ("majority", str(snapshot.signer_limit)),
    )  # fmt: skip
    recents = [(height, nodes.get(signer, 0)) for height, signer in snapshot.recents]
    recents = [it for it in recents if it[0] > snapshot.number + 1 - snapshot.signer_limit]
    writer.add(
        "recents",
        list_nodes([node for _, node in recents]),
        "clique/recently-signed",
        f"A signer may sign one of {snapshot.signer_limit} consecutive blocks: a minority cannot make the chain alone.",
        *((name_node(node), f"#{height}, again from #{height + snapshot.signer_limit}") for height, node in recents),
        note="must wait",
    )


def _add_difficulty(writer: Writer, look: Look, branch: list[BlockRecord]) -> None:
    in_turn = sum(record.state.turn == 0 for record in branch)
    writer.add(
        "difficulty", f"{look.head.state.total_difficulty} in total", "consensus/fork-choice",
        "The branch with the most difficulty is followed: two for a block in turn, one out of turn. Equally heavy ones "
        "are told apart as EIP-3436 says: fewer blocks, then the later turn, then the smaller hash.",
        ("fork choice", look.world.consensus.rules.parameters.fork_choice),  # type: ignore[attr-defined]
        ("in turn of late", f"{in_turn} of {len(branch)}"), note=f"{format_share(in_turn, len(branch))} in turn",
    )  # fmt: skip


def _add_votes(writer: Writer, snapshot: Snapshot, nodes: dict[Address, int]) -> None:
    about: dict[Address, list[Any]] = {}
    for vote in snapshot.votes:
        about.setdefault(vote.beneficiary, []).append(vote)
    said = [
        f"{'add' if votes[0].authorize else 'drop'} {_name(nodes, account)} {len(votes)}/{snapshot.signer_limit}"
        for account, votes in about.items()
    ]
    numbers = tuple(
        (said[place], list_nodes([nodes.get(vote.signer, 0) for vote in votes]))
        for place, votes in enumerate(about.values())
    )
    writer.add(
        "votes",
        " · ".join(said) or "none",
        "clique/vote",
        "A signer votes in the blocks it signs: the nonce says add or drop, the beneficiary whom. More than half of "
        "the signers carry a proposal, with effect from the next block. Press e on a node below to let signers vote.",
        *numbers,
        ("needed", str(snapshot.signer_limit)),
        tone="accent" if said else "muted",
    )


def _name(nodes: dict[Address, int], account: Address) -> str:
    return name_node(nodes[account]) if account in nodes else f"{account.hex()[:8]}…"


def _add_checkpoint(writer: Writer, rules: CliqueRules, snapshot: Snapshot) -> None:
    epoch = rules.parameters.epoch_blocks
    done = snapshot.number % epoch
    writer.add(
        "checkpoint", f"in {plural(epoch - done, 'block')} {get_bar(done / epoch, 6)}", "clique/checkpoint-signers",
        "Every so many blocks one lists all signers and drops the votes that are pending, so that a node can begin "
        "there without reading everything before.",
        ("every", plural(epoch, "block")), ("next", f"#{snapshot.number + epoch - done}"),
    )  # fmt: skip


def _build_clique_grid(
    snapshot: Snapshot, nodes: dict[Address, int], branch: list[BlockRecord]
) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    shown, rows, things = branch[-SHOWN_BLOCKS:], [], dict[tuple[int, int], Thing]()
    order = sorted(
        {*snapshot.signers, *(record.block.header.proposer for record in shown)}, key=lambda it: nodes.get(it, 0)
    )
    for row, account in enumerate(order):
        node, cells = nodes.get(account, 0), []
        for column, record in enumerate(shown):
            things[row, column] = Thing("block", record.hash)
            cells.append(
                _build_clique_cell(record, node, nodes) if record.block.header.proposer == account else NOTHING
            )
        is_next = account == get_in_turn(snapshot)
        rows.append(GridRow(("▸" if is_next else " ") + name_node(node), tuple(cells), is_next))
    legend = "■ in turn, difficulty 2  □ out of turn, 1  + votes to add  ✖ to drop  ▸ in turn next"
    headings = tuple(str(record.height % 10) for record in shown)
    return Grid(
        "Who signed the last blocks",
        headings,
        tuple(rows) if shown else (),
        legend,
        "No block has been signed yet",
        is_newest_last=True,
    ), things


def _build_clique_cell(record: BlockRecord, node: int, nodes: dict[Address, int]) -> GridCell:
    seal = decode(CliqueSeal, record.block.header.consensus)
    turn = "in turn" if seal.difficulty == DIFF_INTURN else "out of turn"
    words = f"{name_node(node)} signed #{record.height} {turn}, with difficulty {seal.difficulty}."
    if any(seal.beneficiary):
        adds = record.block.header.nonce == NONCE_AUTH
        words += f" It votes to {'add' if adds else 'drop'} {_name(nodes, seal.beneficiary)}."
        return GridCell("+" if adds else "✖", "accent", words)
    return GridCell("■", "good", words) if seal.difficulty == DIFF_INTURN else GridCell("□", "warning", words)


def _build_clique_members(
    writer: Writer, snapshot: Snapshot, nodes: dict[Address, int], branch: list[BlockRecord]
) -> tuple[Member, ...]:
    look, found = writer.look, count_by_node(branch)
    in_turn = count_by_node([record for record in branch if record.state.turn == 0])
    members = []
    for account, node in sorted(nodes.items(), key=lambda it: (it[0] not in snapshot.signers, it[1])):
        state, tone = _describe_signer(look, snapshot, account, node)
        votes = [vote for vote in snapshot.votes if vote.beneficiary == account]
        wants = getattr(get_agent(look, node), "proposals", {}) if look.is_now else {}
        verb = ("add" if votes[0].authorize else "drop") if votes else ""
        why = writer.explain(
            f"{name_node(node)}: {state}",
            "clique/recently-signed" if "wait" in state else "clique/signer",
            "A signer is added or dropped by more than half of the signers' votes.",
            ("pending votes", f"{len(votes)} to {verb}" if votes else "none"),
            ("needed", str(snapshot.signer_limit)),
            (
                "its own proposals",
                ", ".join(f"{'add' if yes else 'drop'} {_name(nodes, it)}" for it, yes in wants.items()) or "none",
            ),
            ("blocks of late", f"{found.get(node, 0)}, {in_turn.get(node, 0)} in turn"),
        )
        due = " ▸ in turn" if account == get_in_turn(snapshot) else ""
        cells = (
            Cell(name_node(node), "strong"),
            Cell(state + due, tone),
            Cell(str(found.get(node, 0))),
            Cell(str(in_turn.get(node, 0)), "muted"),
            Cell(f"{len(votes)} to {verb}" if votes else "–", "accent" if votes else "muted"),
        )
        members.append(Member(node, cells, why))
    return tuple(members)


def _describe_signer(look: Look, snapshot: Snapshot, account: Address, node: int) -> tuple[str, Tone]:
    if account not in snapshot.signers:
        return "○ no signer", "muted"
    if not look.is_online(node):
        return "○ off", "warning"
    seen = snapshot.get_seen(account)
    if seen is not None:
        return f"◔ waits until #{seen + snapshot.signer_limit}", "pending"
    return "● may sign", "good"


# Aura ------------------------------------------------------------------------------------------------------------


def _build_aura(look: Look) -> Model:
    rules, writer, branch = look.world.consensus.rules, Writer(look), get_branch(look.head)
    assert isinstance(rules, AuraRules)
    validators = rules.keyring.validators
    step = look.at_us // rules.interval_us
    primary, left_us = validators[rules.get_primary(step)], (step + 1) * rules.interval_us - look.at_us
    writer.add_head()
    writer.add(
        "step", f"{step} · {name_node(primary.node)} may propose", "aura/primary",
        "Time is cut into steps; in each one signer may propose, one after the other. A signer that is silent leaves "
        "its step empty.", ("a step lasts", format_span(rules.interval_us)), ("left of it", format_span(left_us)),
        tone="strong", note=f"{get_bar(1 - left_us / rules.interval_us, 6)} {format_span(left_us)}",
        thing=Thing("node", primary.node),
    )  # fmt: skip
    coming = [int(validators[rules.get_primary(step + ahead)].node) for ahead in range(1, 5)]
    writer.add("next", list_nodes(coming), "aura/primary", "The signer of a step is number step mod N.", tone="muted")
    empty = look.head.state.step - look.head.height
    writer.add(
        "score",
        f"2^128 × {look.head.height} − {look.head.height + look.head.state.step}",
        "aura/score",
        "A block adds 2^128 − 1 less the steps it left empty: the longest branch wins, of equally long ones that "
        "whose last step is the earliest.",
        ("height", str(look.head.height)),
        ("step of the head", str(look.head.state.step)),
        note=f"{plural(max(0, empty), 'step')} empty",
    )
    unfinal = count_unfinal((it.block.header.proposer for it in reversed(branch)), len(validators), rules.is_two_thirds)
    builders = {it.block.header.proposer for it in branch[len(branch) - (unfinal or 0) :]} if unfinal else set()
    part = "two thirds" if rules.is_two_thirds else "half"
    writer.add(
        "built on",
        f"{len(builders)} of {len(validators)} signers on #{look.final.height + 1}",
        "consensus/finality",
        f"A block is called final once more than {part} of the signers have signed it or a block above it. A signer "
        "that changes branches counts on both, so a partition can undo it.",
        ("signers", str(len(validators))),
    )
    grid, things = _build_aura_grid(rules, step, branch)
    members = _build_aura_members(writer, rules, step, branch)
    return Model(
        "Proof of authority · Aura", tuple(writer.items), grid, "aura/step", things, members, AURA_COLUMNS,
        f"Signers · {len(validators)}",
    )  # fmt: skip


def _build_aura_grid(
    rules: AuraRules, step: int, branch: list[BlockRecord]
) -> tuple[Grid, dict[tuple[int, int], Thing]]:
    made, first = {record.state.step: record for record in branch}, max(1, step - SHOWN_BLOCKS + 1)
    rows, things = [], dict[tuple[int, int], Thing]()
    for row, validator in enumerate(rules.keyring.validators):
        name, cells = name_node(validator.node), []
        for column, place in enumerate(range(first, step + 1)):
            record, is_own = made.get(place), rules.get_primary(place) == validator.index
            things[row, column] = Thing("block", record.hash) if record and is_own else Thing("node", validator.node)
            cells.append(_build_aura_cell(name, place, record, place == step) if is_own else GridCell(" "))
        is_due = rules.get_primary(step) == validator.index
        rows.append(GridRow(("▸" if is_due else " ") + name, tuple(cells), is_due))
    headings = tuple(str(place % 10) for place in range(first, step + 1))
    return Grid(
        "Steps and their signers", headings, tuple(rows), "■ block  ✕ empty  ◌ due  ▸ this step", is_newest_last=True
    ), things


def _build_aura_cell(name: str, step: int, record: BlockRecord | None, is_due: bool) -> GridCell:
    if record is not None:
        return GridCell("■", "good", f"{name} proposed #{record.height} in its step {step}.")
    if is_due:
        return GridCell("◌", "pending", f"{name} may propose in step {step}, now.")
    return GridCell("✕", "bad", f"Step {step} of {name} stayed empty on this branch.")


def _build_aura_members(writer: Writer, rules: AuraRules, step: int, branch: list[BlockRecord]) -> tuple[Member, ...]:
    look, found, count = writer.look, count_by_node(branch), len(rules.keyring.validators)
    first = branch[0].state.step if branch else step
    members = []
    for validator in rules.keyring.validators:
        turns = sum(rules.get_primary(place) == validator.index for place in range(first, step))
        missed, wait = max(0, turns - found.get(validator.node, 0)), (validator.index - step) % count
        is_online = look.is_online(validator.node)
        why = writer.explain(
            f"{name_node(validator.node)}: {plural(missed, 'step')} missed",
            "aura/primary",
            "Each signer has every N-th step, whatever happens in the others.",
            ("turns of late", str(turns)),
            ("blocks", str(found.get(validator.node, 0))),
            ("next turn", f"in {plural(wait, 'step')}" if wait else "now"),
        )
        cells = (
            Cell(name_node(validator.node), "strong"),
            Cell("● signs" if is_online else "○ off", "good" if is_online else "warning"),
            Cell("▸ now" if not wait else f"in {wait}", "text" if wait else "accent"),
            Cell(str(found.get(validator.node, 0))),
            Cell(str(missed), "warning" if missed else "muted"),
        )
        members.append(Member(validator.node, cells, why))
    return tuple(members)

"""Gasper at a moment: the clock of slots, who proposes and who votes, checkpoints, the registry of validators.

What counts comes from the state of the viewer's head, brought to the epoch of the moment as the rules do it; which
votes have been heard comes from the table of messages.
"""

from collections.abc import Iterable

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
from app.present.consensus_slots import Clock, build_grid, get_blocks, get_votes
from app.present.words import format_coins, format_span, name_node, plural
from app.screens.view import Thing
from app.widgets.bars import get_bar
from app.widgets.models import Cell, Column, Tone
from chain.consensus.beacon_chain import BeaconState, get_proposer
from chain.consensus.block_tree import BlockRecord
from chain.consensus.stake_accounting import (
    FAR_FUTURE_EPOCH,
    HEAD_FLAG,
    SOURCE_FLAG,
    TARGET_FLAG,
    Validator,
    compute_churn_limit,
    compute_slashing_penalty,
    is_leaking,
)
from chain.node.messages import MessageRecord
from chain.units import format_amount

COLUMNS = (
    Column("node", 4), Column("state", 12, is_flexible=True), Column("stake", 9, "right"), Column("weight", 6, "right"),
    Column("voted", 5), Column("blocks", 6, "right"),
)  # fmt: skip
NEXT_PROPOSERS = 4


def build(look: Look) -> Model:
    """Return the panel of proof of stake."""
    clock, writer = Clock(look), Writer(look)
    votes = get_votes(clock)
    blocks = get_blocks(clock)
    writer.add_head()
    _add_slot(writer, clock)
    _add_proposer(writer, clock, blocks)
    _add_committee(writer, clock, votes)
    _add_checkpoints(writer, clock)
    _add_participation(writer, clock)
    _add_leak(writer, clock)
    _add_registry(writer, clock)
    grid, things = build_grid(clock, votes, blocks)
    members = _build_members(writer, clock)
    return Model(
        "Proof of stake · Gasper", tuple(writer.items), grid, "proof-of-stake/attestation", things, members, COLUMNS,
        f"Validators · {len(clock.duties.active)} of {len(clock.state.registry.validators)} active",
    )  # fmt: skip


# Numbers ---------------------------------------------------------------------------------------------------------


def _add_slot(writer: Writer, clock: Clock) -> None:
    place, left_us = clock.slot - clock.first, clock.rules.get_start_us(clock.slot + 1) - clock.look.at_us
    writer.add(
        "slot", f"{clock.slot} · {place + 1} of {clock.slots} in epoch {clock.epoch}", "proof-of-stake/slot",
        "Time is cut into slots; each has one proposer who may make a block, and a committee that votes. So many slots "
        "are an epoch, in which every validator votes once.",
        ("a slot lasts", format_span(clock.rules.interval_us)), ("committee votes at the latest",
        f"{format_span(clock.rules.due_us)} into it"), ("left of it", format_span(left_us)),
        tone="strong", note=f"{get_bar(1 - left_us / clock.rules.interval_us, 5)} {format_span(left_us)}",
    )  # fmt: skip


def _add_proposer(writer: Writer, clock: Clock, blocks: dict[int, list[BlockRecord]]) -> None:
    node = clock.node_of(get_proposer(clock.duties, clock.slot))
    made = blocks.get(clock.slot, [])
    text = (
        "Drawn from the validators by stake, with the randomness the chain itself collected two epochs before: nobody "
        "can choose it, everybody can check it."
    )
    said = f"{name_node(node)} {'■ #' + str(made[0].height) if made else '◌ nothing yet'}" if node >= 0 else "nobody"
    thing = Thing("node", node) if node >= 0 else None
    writer.add("proposer", said, "proof-of-stake/proposer", text, ("slot", str(clock.slot)), thing=thing)
    stop = min(clock.first + clock.slots, clock.slot + 1 + NEXT_PROPOSERS)
    coming = [clock.node_of(get_proposer(clock.duties, slot)) for slot in range(clock.slot + 1, stop)]
    names = list_nodes(coming) if coming else f"known when epoch {clock.epoch + 1} begins"
    writer.add("next", names, "proof-of-stake/proposer", text, ("until slot", str(stop - 1)), tone="muted")


def _add_committee(writer: Writer, clock: Clock, votes: dict[int, list[MessageRecord]]) -> None:
    committee = clock.duties.committees[clock.slot - clock.first]
    heard = [index for index in committee if any(clock.look.has_heard(it) for it in votes.get(index, ()))]
    writer.add(
        "committee", f"{len(heard)} of {len(committee)} votes {get_bar(len(heard) / max(1, len(committee)), 6)}",
        "proof-of-stake/attestation",
        "The committee of the slot says which block it takes for the head and which checkpoints it votes to link. The "
        "votes are signed messages; a later block carries them into the chain, where they count for finality.",
        ("members", list_nodes([clock.node_of(index) for index in committee])),
        ("heard from", list_nodes([clock.node_of(index) for index in heard])), ("as heard by", clock.look.name),
    )  # fmt: skip


def _add_checkpoints(writer: Writer, clock: Clock) -> None:
    known = clock.rules.get_justification(clock.look.head.state, clock.epoch)
    text = (
        "A checkpoint is the first block of an epoch on its branch. Two thirds of the stake voting for it as target "
        "justify it; a justified one whose successor is justified from it is final."
    )
    bits = "".join("■" if known.bits >> place & 1 else "·" for place in range(4))
    for label, checkpoint, tone in (("justified", known.justified, "accent"), ("finalized", known.finalized, "final")):
        block = find_block(clock.look, checkpoint.block)
        writer.add(
            label, f"epoch {checkpoint.epoch}" + (f" · #{block.height}" if block is not None else ""),
            "consensus/finality", text, ("epochs ago", str(clock.epoch - checkpoint.epoch)),
            ("last four justified", f"{bits} (latest first)"), tone=tone,  # type: ignore[arg-type]
            note=plural(clock.epoch - checkpoint.epoch, "epoch ago", "epochs ago"),
            thing=Thing("block", checkpoint.block),
        )  # fmt: skip


def _add_participation(writer: Writer, clock: Clock) -> None:
    state = clock.state
    total = state.duties.total_balance
    parts = [(_sum_stake(state, flags, TARGET_FLAG), epoch) for flags, epoch in (
        (state.previous_flags, clock.epoch - 1), (state.flags, clock.epoch)
    )]  # fmt: skip
    (before, _), (now, _) = parts
    writer.add(
        "participation", f"{format_share(now, total)} so far · {format_share(before, total)} before",
        "proof-of-stake/attestation",
        "The stake whose vote for the right target stands in blocks of this branch. Two thirds justify a checkpoint; "
        "below that nothing becomes final, and after a few epochs the leak begins.",
        ("all active stake", format_coins(total, 0)), (f"epoch {clock.epoch}", format_coins(now, 0)),
        (f"epoch {clock.epoch - 1}", format_coins(before, 0)), ("needed", format_coins(-(-2 * total // 3), 0)),
        tone="good" if 3 * max(before, now) >= 2 * total else "warning", note="needs 2/3",
    )  # fmt: skip


def _sum_stake(state: BeaconState, flags: bytes, flag: int) -> int:
    validators = state.registry.validators
    return sum(
        validators[index].effective_balance
        for index, seen in enumerate(flags)
        if seen & flag and not validators[index].is_slashed
    )


def _add_leak(writer: Writer, clock: Clock) -> None:
    constants = clock.rules.constants
    finalized = clock.rules.get_justification(clock.look.head.state, clock.epoch).finalized.epoch
    late = clock.epoch - 1 - finalized
    is_on = is_leaking(clock.epoch, finalized, constants)
    scores = clock.state.registry.scores
    worst = max(range(len(scores)), key=lambda index: scores[index])
    writer.add(
        "leak", f"on: finality is {late} epochs late" if is_on else "off", "proof-of-stake/attestation",
        "When nothing has been final for too long, validators that do not vote lose stake, the more the longer, until "
        "those who vote have two thirds again. Nobody earns anything meanwhile.",
        ("epochs since finality", str(max(0, late))), ("begins above", str(constants.min_epochs_to_inactivity_penalty)),
        ("highest inactivity score", f"{scores[worst]} ({name_node(clock.node_of(worst))})"),
        tone="bad" if is_on else "good",
    )  # fmt: skip


def _add_registry(writer: Writer, clock: Clock) -> None:
    validators, constants = clock.state.registry.validators, clock.rules.constants
    entering = [i for i, v in enumerate(validators) if _is_entering(v, clock.epoch)]
    leaving = [i for i, v in enumerate(validators) if clock.epoch < v.exit_epoch < FAR_FUTURE_EPOCH]
    slashed = [i for i, v in enumerate(validators) if v.is_slashed]
    churn = compute_churn_limit(len(clock.duties.active), constants)
    writer.add(
        "queue", f"{len(entering)} to enter · {len(leaving)} to leave", "proof-of-stake/exit",
        "So that the set of validators never changes too fast, only a few may enter and leave in an epoch; the others "
        "wait in a queue.", ("an epoch lets through", str(churn)), ("entering", _list(clock, entering)),
        ("leaving", _list(clock, leaving)), note=f"{churn} an epoch",
    )  # fmt: skip
    text = (
        "Whoever proposes twice in a slot, votes twice for an epoch, or votes around an own vote is slashed as soon as "
        "a block carries the two signatures: fined at once, again in proportion to what others were slashed for at "
        "that time, and put out."
    )
    fine = compute_slashing_penalty(max((v.effective_balance for v in validators), default=0), constants)
    writer.add(
        "slashed", _list(clock, slashed), "proof-of-stake/slashing", text, ("validators", str(len(slashed))),
        ("first fine at most", format_coins(fine, 3)), tone="attack" if slashed else "good",
    )  # fmt: skip


def _is_entering(validator: Validator, epoch: int) -> bool:
    return validator.eligibility_epoch < FAR_FUTURE_EPOCH and validator.activation_epoch > epoch


def _list(clock: Clock, indices: Iterable[int]) -> str:
    return list_nodes([clock.node_of(index) for index in indices])


# The validators --------------------------------------------------------------------------------------------------


def _build_members(writer: Writer, clock: Clock) -> tuple[Member, ...]:
    state, found = clock.state, count_by_node(get_branch(clock.look.head))
    members = []
    for index, validator in enumerate(state.registry.validators):
        node, balance = clock.node_of(index), state.registry.balances[index]
        words, tone = describe_validator(validator, clock.epoch)
        flags = state.previous_flags[index]
        voted = "".join(
            glyph if flags & flag else "·" for flag, glyph in ((SOURCE_FLAG, "s"), (TARGET_FLAG, "t"), (HEAD_FLAG, "h"))
        )
        why = writer.explain(
            f"{name_node(node)} is {words}",
            "proof-of-stake/slashing" if validator.is_slashed else "proof-of-stake/exit",
            "A validator's weight is its effective balance. It earns by voting for the right source, target and head "
            "in time (s, t, h of the epoch before), and loses about as much by not voting.",
            ("balance", format_coins(balance)),
            ("counts", format_coins(validator.effective_balance, 0)),
            ("active", _describe_span(validator)),
            ("inactivity score", str(state.registry.scores[index])),
        )
        cells = (
            Cell(name_node(node), "strong"),
            Cell(words, tone),
            Cell(format_amount(balance, 4)),
            Cell(
                format_share(
                    validator.effective_balance if index in clock.duties.active else 0, state.duties.total_balance
                )
            ),
            Cell(voted, "good" if flags & TARGET_FLAG else "muted"),
            Cell(str(found.get(node, 0))),
        )
        members.append(Member(node, cells, why))
    return tuple(members)


def describe_validator(validator: Validator, epoch: int) -> tuple[str, Tone]:
    """Return what a validator is in an epoch."""
    if validator.is_slashed:
        return "! slashed", "attack"
    if validator.is_active(epoch):
        is_leaving = validator.exit_epoch < FAR_FUTURE_EPOCH
        return (f"◔ leaves e{validator.exit_epoch}", "warning") if is_leaving else ("● active", "good")
    if validator.exit_epoch <= epoch:
        return "○ has left", "muted"
    if validator.activation_epoch < FAR_FUTURE_EPOCH:
        return f"◔ enters e{validator.activation_epoch}", "pending"
    return ("◌ queued", "pending") if validator.eligibility_epoch < FAR_FUTURE_EPOCH else ("○ no stake", "muted")


def _describe_span(validator: Validator) -> str:
    if validator.activation_epoch == FAR_FUTURE_EPOCH:
        return "not yet"
    until = "" if validator.exit_epoch == FAR_FUTURE_EPOCH else f" to {validator.exit_epoch}"
    return f"from epoch {validator.activation_epoch}{until}"

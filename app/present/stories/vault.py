"""Vault: who has approved what, and how long everybody can still object, as a table of proposals and owners."""

from dataclasses import dataclass, field
from typing import Final

from app.present.stories.picture import WIDTH, draw_bar
from app.present.stories.reader import Chart, Happened, Reader, Story, build_series
from app.present.words import format_coins, format_span, plural
from app.widgets.models import Field, Line, Tone
from app.widgets.text import cut, fit
from chain.contracts.library import load_artifact
from chain.units import COIN, SECOND

MOST_ROWS: Final = 9
PERSON: Final = 9
"""Cells of an owner's column."""
BAR: Final = 8
NOBODY: Final = bytes(20)


@dataclass(slots=True)
class Proposal:
    """What was told of a proposal so far."""

    number: int
    proposer: bytes
    target: bytes
    amount: int
    data: bytes
    approvals: list[bytes] = field(default_factory=list)
    ready_us: int = 0
    """When the delay ends; 0 while approvals are missing."""
    end: str = ""
    """``paid`` or ``cancelled`` when it is over."""


def build_vault_story(reader: Reader) -> Story:
    """Return the story of the vault at the reader's moment."""
    if not reader.is_deployed():
        return Story("Five owners are putting a vault on the chain.")
    events = reader.list_events("vault")
    threshold, delay_s = reader.read("vault", "threshold"), reader.read("vault", "delay_s")
    owners = reader.read("vault", "get_owners")
    proposals = _tell_proposals(events, threshold, delay_s)
    paid = [it for it in proposals if it.end == "paid"]
    missing = [it for it in proposals if not it.end and not it.ready_us]
    fields = (
        Field("held", "in the vault", format_coins(reader.get_coins("vault")), "strong"),
        Field("rule", "rule", f"{threshold} of {len(owners)} owners", note=f"then {delay_s} s"),
        Field("waiting", "in the delay", plural(sum(bool(it.ready_us) and not it.end for it in proposals), "proposal"),
              "pending", note="can be stopped"),
        Field("missing", "not approved", plural(len(missing), "proposal"), "warning",
              note=f"{format_coins(sum(it.amount for it in missing))} asked"),
        Field("paid", "executed", plural(len(paid), "proposal"), "good",
              note=format_coins(sum(it.amount for it in paid))),
        Field("failed", "calls refused", plural(len(reader.list_failures("vault")), "call"), "muted"),
    )  # fmt: skip
    points = [(0, 0.0)]
    for event in events:
        change = event.values["amount"] if event.name == "Received" else 0
        if event.name == "Executed":
            change = -proposals[event.values["proposal"]].amount
        if change:
            points.append((event.time_us, points[-1][1] + change / COIN))
    first = reader.get_coins("vault") / COIN - points[-1][1]  # what it was founded with
    line = build_series("vault", [(at, amount + first) for at, amount in points])
    drawing = _draw_table(reader, proposals, owners, threshold) if proposals else ()
    return Story(_tell(reader, events, proposals, threshold), fields, (Chart("In the vault", (line,), "CR"),), drawing)


def _tell_proposals(events: list[Happened], threshold: int, delay_s: int) -> list[Proposal]:
    proposals: list[Proposal] = []
    for event in events:
        told = event.values
        if event.name == "Proposed":
            proposals.append(Proposal(told["proposal"], told["proposer"], told["target"], told["amount"], told["data"]))
        elif event.name == "Approved":
            proposal = proposals[told["proposal"]]
            proposal.approvals.append(told["owner"])
            if told["approvals"] == threshold:
                proposal.ready_us = event.time_us // SECOND * SECOND + delay_s * SECOND
        elif event.name == "ApprovalTakenBack":
            proposal = proposals[told["proposal"]]
            proposal.approvals.remove(told["owner"])
            if told["approvals"] < threshold:
                proposal.ready_us = 0
        elif event.name in ("Executed", "Cancelled"):
            proposals[told["proposal"]].end = "paid" if event.name == "Executed" else "cancelled"
    return proposals


def _describe(reader: Reader, it: Proposal) -> str:
    """Return what a proposal would do."""
    if not it.data:
        return f"{format_coins(it.amount)} to {reader.name(it.target)}"
    function = load_artifact("vault").abi.find_function(it.data)
    return function.name.replace("_", " ") if function else f"a call of {reader.name(it.target)}"


def _tell(reader: Reader, events: list[Happened], proposals: list[Proposal], threshold: int) -> str:
    told = [event for event in events if event.name != "Received"]
    if not told:
        return "The vault is open: customers pay in, and nothing leaves it before three owners agree."
    last = told[-1]
    if last.name == "OwnerReplaced" or (last.name == "Executed" and proposals[last.values["proposal"]].data):
        return "The owners replaced a key: approvals of the old one count no longer."
    it, who = proposals[last.values["proposal"]], reader.name(last.values.get("owner", NOBODY))
    what = _describe(reader, it)
    if last.name == "Approved" and len(it.approvals) == 1:
        return f"{who} proposes {what}; {threshold - 1} more owners must approve."
    if last.name == "Approved":
        then = "the delay begins" if len(it.approvals) == threshold else f"{len(it.approvals)} of {threshold}"
        return f"{who} approved {what}: {then}."
    return {
        "ApprovalTakenBack": f"{who} looked again and took the approval of {what} back: the delay is off.",
        "Executed": f"The delay was over and nobody had objected: {what} were paid.",
        "Cancelled": f"{reader.name(it.proposer)} gave up {what}.",
    }.get(last.name, "The owners changed the rules.")


def _draw_table(reader: Reader, proposals: list[Proposal], owners: list[bytes], threshold: int) -> tuple[Line, ...]:
    """Return a row for each proposal, open ones and the latest first, and a column for each owner."""
    shown = sorted(proposals, key=lambda it: (bool(it.end), -it.number))[:MOST_ROWS]
    shown.sort(key=lambda it: -it.number)
    names = "".join(fit(reader.name(owner), PERSON - 1) + " " for owner in owners)
    heading: Line = ((fit("", WIDTH - PERSON * len(owners)), "muted"), (names, "muted"))
    return (heading, *(line for it in shown for line in _draw_rows(reader, it, owners, threshold)))


def _draw_rows(reader: Reader, it: Proposal, owners: list[bytes], threshold: int) -> tuple[Line, ...]:
    now_us, room = reader.head.block.header.time_us, WIDTH - PERSON * len(owners)
    ticks = "".join(f"{'✓' if owner in it.approvals else '·':<{PERSON}}" for owner in owners)
    tone: Tone = "muted" if it.end else "text"
    state_tone: Tone = "pending"
    count = sum(owner in it.approvals for owner in owners)
    if it.end:
        state = f"✓ {it.end}" if it.end == "paid" else it.end
        state_tone = "good" if it.end == "paid" else "muted"
    elif not it.ready_us:
        state, state_tone = f"{count} of {threshold} approvals", "warning"
    else:
        left_us = max(0, it.ready_us - now_us)
        part = 1 - left_us / (reader.read("vault", "delay_s") * SECOND)
        word = f"{format_span(left_us)} left" if left_us else "ready"
        state = f"{draw_bar(part, BAR)} {word}"
    what = fit(cut(f"#{it.number} {_describe(reader, it)}", room - 1), room)
    return ((what, tone), (ticks, "good" if count else "muted")), ((f"   {state}", state_tone),)

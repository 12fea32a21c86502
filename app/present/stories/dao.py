"""DAO: what is proposed, how the votes stand against the quorum, and who has how many of them."""

from dataclasses import dataclass
from typing import Final

from app.present.stories.picture import draw_bar
from app.present.stories.reader import Chart, Happened, Reader, Story, build_series
from app.present.words import format_coins, format_span, plural
from app.widgets.models import Field, Line, Tone
from app.widgets.text import fit
from chain.units import COIN, SECOND, Address

MOST_SHOWN: Final = 5
MOST_OWNERS: Final = 3
BAR: Final = 40
QUORUM: Final = 6
"""Its place in what the contract says of a proposal."""
WORDS: Final[dict[str, Tone]] = {
    "voting": "accent", "waiting": "pending", "ready": "warning",
    "done": "good", "rejected": "bad", "cancelled": "muted",
}  # fmt: skip


@dataclass(slots=True)
class Proposal:
    """What was told of a proposal so far."""

    number: int
    text: str
    amount: int
    target: bytes
    end_s: int
    yes: int = 0
    no: int = 0
    end: str = ""
    """``done`` or ``cancelled`` when it is over."""
    quorum: int = 0
    """How many votes must be cast; not read for what was carried out long ago."""


def build_dao_story(reader: Reader) -> Story:
    """Return the story of the association at the reader's moment."""
    if not reader.is_deployed():
        return Story("Twelve members are founding an association on the chain.")
    events = reader.list_events("dao")
    delay_s, total = reader.read("dao", "delay_s"), reader.read("dao", "get_total")
    proposals = _tell_proposals(reader, events)
    states = {it.number: _judge(reader, it, delay_s) for it in proposals}
    done = [it for it in proposals if it.end == "done"]
    fields = (
        Field("held", "treasury", format_coins(reader.get_coins("dao")), "strong"),
        Field("shares", "votes in all", f"{total}", note=f"quorum {reader.read('dao', 'quorum_percent')} %"),
        Field("voting", "being voted", plural(sum(it == "voting" for it in states.values()), "proposal"), "accent"),
        Field("done", "carried out", plural(len(done), "proposal"), "good",
              note=f"{format_coins(sum(it.amount for it in done))} paid"),
        Field("rejected", "rejected", plural(sum(it == "rejected" for it in states.values()), "proposal"), "bad"),
        Field("failed", "calls refused", plural(len(reader.list_failures("dao")), "call"), "muted",
              note="too late, or no votes"),
        *_build_owner_fields(reader, events, total),
    )  # fmt: skip
    rows = tuple(line for it in proposals[: -MOST_SHOWN - 1 : -1] for line in _draw(reader, it, states, total, delay_s))
    return Story(_tell(reader, events, proposals, states), fields, (_build_chart(reader, events, proposals),), rows)


def _tell_proposals(reader: Reader, events: list[Happened]) -> list[Proposal]:
    proposals: list[Proposal] = []
    for event in events:
        told = event.values
        if event.name == "Proposed":
            proposals.append(Proposal(told["proposal"], told["text"], told["amount"], told["target"], told["end_s"]))
        elif event.name == "Voted":
            proposal = proposals[told["proposal"]]
            proposal.yes += told["votes"] * told["is_yes"]
            proposal.no += told["votes"] * (not told["is_yes"])
        elif event.name in ("Executed", "Cancelled"):
            proposals[told["proposal"]].end = "done" if event.name == "Executed" else "cancelled"
    for proposal in proposals:
        if not proposal.end or proposal in proposals[-MOST_SHOWN:]:
            proposal.quorum = reader.read("dao", "proposals", proposal.number)[QUORUM]
    return proposals


def _judge(reader: Reader, it: Proposal, delay_s: int) -> str:
    """Return the state in a word, as the contract would."""
    if it.end:
        return it.end
    if reader.time_s < it.end_s:
        return "voting"
    if it.yes <= it.no or it.yes + it.no < it.quorum:
        return "rejected"
    return "waiting" if reader.time_s < it.end_s + delay_s else "ready"


def _build_owner_fields(reader: Reader, events: list[Happened], total: int) -> tuple[Field, ...]:
    shares: dict[bytes, int] = {}
    for event in events:
        if event.name == "Transfer":
            told = event.values
            shares[told["sender"]] = shares.get(told["sender"], 0) - told["amount"]
            shares[told["receiver"]] = shares.get(told["receiver"], 0) + told["amount"]
    owned = sorted(((amount, who) for who, amount in shares.items() if amount > 0), key=lambda it: (-it[0], it[1]))
    usual = max((amount for amount, _ in owned), key=[amount for amount, _ in owned].count)
    others = [it for it in owned if it[0] != usual][:MOST_OWNERS]
    return (
        Field("members", "members", plural(len(owned), "person", "people"), note=f"most have {usual}"),
        *(Field(f"owner-{place}", reader.name(Address(who)), f"{amount} votes", note=f"{100 * amount / total:.1f} %")
          for place, (amount, who) in enumerate(others)),
    )  # fmt: skip


def _build_chart(reader: Reader, events: list[Happened], proposals: list[Proposal]) -> Chart:
    """Return the treasury over time, back from what it is now."""
    points, amount = [(reader.at_us, reader.get_coins("dao") / COIN)], reader.get_coins("dao")
    for event in reversed(events):
        if event.name in ("Received", "Executed"):
            told = event.values
            points.append((event.time_us, amount / COIN))
            amount += proposals[told["proposal"]].amount if event.name == "Executed" else -told["amount"]
            points.append((event.time_us, amount / COIN))
    return Chart("Treasury", (build_series("treasury", [(0, amount / COIN), *points[::-1]]),), "CR")


def _tell(reader: Reader, events: list[Happened], proposals: list[Proposal], states: dict[int, str]) -> str:
    told = [event for event in events if event.name != "Received"]
    last = told[-1]
    values = last.values
    if last.name == "Transfer":
        if not any(values["sender"]):
            return (
                f"{reader.name(values['receiver'])} has {values['amount']} votes now; nobody has proposed anything yet."
            )
        return (f"{reader.name(values['receiver'])} got {values['amount']} votes from {reader.name(values['sender'])}: "
                "they count for what is proposed from now on.")  # fmt: skip
    it = proposals[values["proposal"]]
    ready = [other for other in proposals if states[other.number] == "rejected"]
    if last.name == "Voted":
        way = "for" if values["is_yes"] else "against"
        return f"{reader.name(values['voter'])} voted {way} “{it.text}”: {it.yes} to {it.no}."
    return {
        "Proposed": f"{reader.name(values.get('proposer', b''))} proposes: “{it.text}”.",
        "Executed": f"“{it.text}” was carried out by itself: {it.yes} votes to {it.no}.",
        "Cancelled": f"“{it.text}” was given up.",
    }.get(last.name, plural(len(ready), "proposal"))


def _draw(reader: Reader, it: Proposal, states: dict[int, str], total: int, delay_s: int) -> tuple[Line, ...]:
    """Return what is proposed and its state, and how yes and no stand; the line is where both together must reach."""
    state, now_us = states[it.number], reader.head.block.header.time_us
    until_us = {"voting": it.end_s * SECOND, "waiting": (it.end_s + delay_s) * SECOND}.get(state, now_us) - now_us
    left = f", {format_span(until_us)} left" if until_us > 0 else ""
    what = f"{format_coins(it.amount)} to {reader.name(it.target)}" if it.amount else "its own rules"
    yes, no = (round(BAR * votes / total) for votes in (it.yes, it.no))
    mark = round(BAR * it.quorum / total)
    bar = "█" * yes + "▓" * no + draw_bar(0, BAR - yes - no)
    pieces: list[tuple[str, Tone]] = []
    for place, char in enumerate(bar):
        tone: Tone = "good" if char == "█" else "bad" if char == "▓" else "muted"
        pieces.append(("│", "strong") if place == mark else (char, tone))
    return (
        (
            (fit(f"#{it.number} {it.text}", 30) + " ", "strong"),
            (fit(what, 19), "muted"),
            (f"{state}{left}", WORDS[state]),
        ),
        (("   ", "text"), *pieces, (fit(f" {it.yes} yes", 10), "good"), (fit(f"{it.no} no", 8), "bad")),
    )

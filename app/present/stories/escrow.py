"""Escrow: where the money of all deals is, and how far each of them has come."""

from dataclasses import dataclass
from typing import Final

from app.present.stories.picture import WIDTH
from app.present.stories.reader import Happened, Reader, Story
from app.present.words import format_coins, format_count, format_span, plural
from app.widgets.models import Field, Line, Tone
from app.widgets.text import fit
from chain.contracts.library import load_artifact
from chain.ledger.actions import Call
from chain.units import SECOND

MOST_ROWS: Final = 18
STATES: Final[dict[str, Tone]] = {"on offer": "pending", "under way": "accent", "disputed": "warning"}
"""Of deals that are open, with the tone each is shown in."""
GLYPHS: Final = {"on offer": "◌", "under way": "▶", "disputed": "◆"}


@dataclass(slots=True)
class Deal:
    """What was told of a deal so far."""

    number: int
    buyer: str
    seller: str
    amount: int
    deadline_s: int
    state: str = "on offer"
    """One of `STATES`, or how it ended."""
    to_seller: int = 0
    to_buyer: int = 0


def build_escrow_story(reader: Reader) -> Story:
    """Return the story of the market at the reader's moment."""
    if not reader.is_deployed():
        return Story("The arbiter is putting the escrow contract on the chain.")
    events = reader.list_events("escrow")
    deals = _tell_deals(reader, events)
    sums = {state: sum(it.amount for it in deals if it.state == state) for state in STATES}
    closed = [it for it in deals if it.state not in STATES]
    fetched = sum(event.values["amount"] for event in events if event.name == "Withdrawn")
    owed = sum(it.amount for it in closed) - fetched
    held = reader.get_coins("escrow")
    fields = (
        Field("held", "held in all", format_coins(held), "strong", note="offers + open + owed"),
        *(Field(state, state, format_coins(sums[state]), STATES[state],
                note=plural(sum(it.state == state for it in deals), "deal")) for state in STATES),
        Field("owed", "owed", format_coins(owed), "good", note="waits to be fetched"),
        Field("closed", "closed", plural(len(closed), "deal"),
              note=f"{format_coins(fetched)} fetched"),
        Field("sellers", "to sellers", format_coins(sum(it.to_seller for it in closed))),
        Field("buyers", "back to buyers", format_coins(sum(it.to_buyer for it in closed))),
    )  # fmt: skip
    rows = [_build_row(reader, deal) for deal in deals[: -MOST_ROWS - 1 : -1]]
    bar = _build_bar({**{state: (sums[state], STATES[state]) for state in STATES}, "owed": (owed, "good")})
    return Story(_tell(reader, deals, events), fields, drawing=(bar, (("", "text"),), *rows) if deals else ())


def _tell_deals(reader: Reader, events: list[Happened]) -> list[Deal]:
    deals: list[Deal] = []
    for event in events:
        told = event.values
        if event.name == "Offered":
            names = reader.name(told["buyer"]), reader.name(told["seller"])
            deals.append(Deal(told["deal"], *names, told["amount"], told["deadline_s"]))
        elif event.name == "Accepted":
            deals[told["deal"]].state = "under way"
        elif event.name == "Disputed":
            deals[told["deal"]].state = "disputed"
        elif event.name == "Closed":
            deal = deals[told["deal"]]
            deal.to_seller, deal.to_buyer = told["to_seller"], told["to_buyer"]
            deal.state = _name_end(event)
    return deals


def _name_end(event: Happened) -> str:
    """Return how a deal ended, by the function that was called."""
    action = event.doing.signed.transaction.action
    function = load_artifact("escrow").abi.find_function(action.data) if isinstance(action, Call) else None
    ends = {"cancel": "cancelled", "release": "released", "give_back": "given back", "decide": "divided"}
    return ends.get(function.name, "expired") if function else "closed"


def _tell(reader: Reader, deals: list[Deal], events: list[Happened]) -> str:
    if not events:
        return "The escrow is open; nobody has paid in yet."
    last = events[-1]
    if last.name == "Withdrawn":
        return (
            f"{reader.name(last.values['who'])} fetched {format_coins(last.values['amount'])} that the contract owed."
        )
    deal = deals[last.values["deal"]]
    amount, buyer, seller = format_coins(deal.amount), deal.buyer, deal.seller
    who = reader.name(last.values["who"]) if last.name == "Disputed" else ""
    return {
        "Offered": f"{buyer} paid in {amount} for a deal with {seller}, who has still to agree.",
        "Accepted": f"{seller} agreed to deal #{deal.number} and sends the goods; {amount} wait with the contract.",
        "Disputed": f"{who} disputes deal #{deal.number}: the arbiter will divide the {amount}.",
        "Closed": {
            "released": f"{buyer} is content: the {amount} of deal #{deal.number} are {seller}'s.",
            "given back": f"{seller} gave up deal #{deal.number}: {buyer} gets the {amount} back.",
            "cancelled": f"{seller} did not answer, and {buyer} took the {amount} back.",
            "divided": f"The arbiter divided deal #{deal.number}: {format_coins(deal.to_seller)} for {seller}, "
            f"{format_coins(deal.to_buyer)} back to {buyer}.",
        }.get(deal.state, f"{buyer} stayed silent past the deadline: the {amount} are {seller}'s all the same."),
    }[last.name]


def _build_bar(parts: dict[str, tuple[int, Tone]]) -> Line:
    """Return where the money is: one bar, a part for each state."""
    total, width = sum(amount for amount, _ in parts.values()), WIDTH - 12
    if not total:
        return (("in the contract  nothing", "muted"),)
    cells = [(max(1, width * amount // total) if amount else 0, name, tone) for name, (amount, tone) in parts.items()]
    bar = tuple(
        (f"█{name if count > len(name) + 1 else '':█<{count - 1}}", tone) for count, name, tone in cells if count
    )
    return (("contract  ", "muted"), *bar)


def _build_row(reader: Reader, deal: Deal) -> Line:
    left_us = deal.deadline_s * SECOND - reader.head.block.header.time_us
    people = f"{deal.buyer} → {deal.seller}"
    start = f"#{format_count(deal.number):<5}{fit(people, 24)}{format_coins(deal.amount):>10}  "
    if deal.state in STATES:
        left = f"{format_span(left_us)} left" if left_us > 0 else "past its deadline"
        return (start, "text"), (f"{GLYPHS[deal.state]} {deal.state:<11}", STATES[deal.state]), (left, "muted")
    end = f"{format_coins(deal.to_seller)} : {format_coins(deal.to_buyer)}" if deal.state == "divided" else ""
    tone: Tone = "good" if deal.state == "released" else "muted"
    return (start, "muted"), (f"✓ {deal.state:<11}", tone), (end, "muted")

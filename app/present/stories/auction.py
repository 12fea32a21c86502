"""Auctions: the price in the open as stairs over time, and the sealed bids as envelopes that open one by one."""

from typing import Final, NamedTuple

from app.present.stories.picture import draw_bar
from app.present.stories.reader import Chart, Happened, Reader, Story, build_series
from app.present.words import format_coins, format_span
from app.widgets.models import Field, Line, Tone
from app.widgets.text import fit
from chain.units import COIN, SECOND

PHASES: Final = ("bids are sealed", "bids are opened", "to be settled", "settled")
BAR: Final = 16


class Sealed(NamedTuple):
    """All that was told of one sealed auction."""

    started: Happened
    deposits: dict[bytes, int]
    """Bidder → deposit, in the order in which they bid."""
    revealed: dict[bytes, int]
    forfeited: dict[bytes, int]
    settled: Happened | None


def build_auction_story(reader: Reader) -> Story:
    """Return the story of both kinds of auction at the reader's moment."""
    if not reader.is_deployed("deed", "auction", "sealed_auction"):
        return Story("The registrar is putting the deeds and two kinds of auction on the chain.")
    started, sealed = reader.list_events("auction", "Started"), _tell_sealed(reader)
    fields = (*_build_open_fields(reader, started), *_build_sealed_fields(reader, sealed))
    charts = (_build_chart(reader, started[-1]),) if started else ()
    drawing = _draw_envelopes(reader, sealed) if sealed else ()
    return Story(_tell(reader), fields, charts, drawing)


def _get_text(reader: Reader, deed: int) -> str:
    return str(reader.read("deed", "tokenURI", deed))


def _list_of(reader: Reader, label: str, number: int, *names: str) -> list[Happened]:
    return [event for event in reader.list_events(label, *names) if event.values["auction"] == number]


# In the open --------------------------------------------------------------------------------------------------------


def _build_open_fields(reader: Reader, started: list[Happened]) -> tuple[Field, ...]:
    if not started:
        return (Field("open", "in the open", "no auction yet", "muted"),)
    first = started[-1].values
    bids = _list_of(reader, "auction", first["auction"], "Bid")
    settled = _list_of(reader, "auction", first["auction"], "Settled")
    left_us = (bids[-1].values if bids else first)["end_s"] * SECOND - reader.head.block.header.time_us
    owed = sum(reader.read("auction", "owed", signer.address) for signer in reader.application.signers)
    state = "sold" if settled else f"{format_span(left_us)} left" if left_us > 0 else "to be settled"
    return (
        Field("open", "in the open", _get_text(reader, first["deed"]), "strong"),
        Field("leader", "leads", f"{reader.name(bids[-1].values['bidder'])}, {format_coins(bids[-1].values['amount'])}"
              if bids else "nobody yet", "accent", note=f"{len(bids)} bids"),
        Field("least", "next bid", format_coins(reader.read("auction", "get_least_bid", first["auction"])),
              note="a twentieth more"),
        Field("left", "time", state, "good" if settled else "pending",
              note="each bid prolongs it" if bids else ""),
        Field("owed", "owed", format_coins(owed), note="to the outbid"),
    )  # fmt: skip


def _build_chart(reader: Reader, started: Happened) -> Chart:
    """Return the price as stairs."""
    points, price = list[tuple[int, float]](), started.values["minimum"] / COIN
    points.append((started.time_us, price))
    for event in _list_of(reader, "auction", started.values["auction"], "Bid"):
        points += [(event.time_us, points[-1][1]), (event.time_us, event.values["amount"] / COIN)]
    points.append((max(reader.head.block.header.time_us, points[-1][0]), points[-1][1]))
    return Chart("Price in the open", (build_series("highest bid", points),), "CR")


# Sealed -------------------------------------------------------------------------------------------------------------


def _tell_sealed(reader: Reader) -> Sealed | None:
    """Return what happened in the newest sealed auction."""
    started = reader.list_events("sealed_auction", "Started")
    if not started:
        return None
    sealed = Sealed(started[-1], {}, {}, {}, None)
    for event in _list_of(
        reader, "sealed_auction", started[-1].values["auction"], "Committed", "Revealed", "Forfeited", "Settled"
    ):
        told = event.values
        if event.name == "Committed":
            sealed.deposits[told["bidder"]] = told["deposit"]
        elif event.name == "Revealed":
            sealed.revealed[told["bidder"]] = told["amount"]
        elif event.name == "Forfeited":
            sealed.forfeited[told["bidder"]] = told["deposit"]
        else:
            sealed = sealed._replace(settled=event)
    return sealed


def _get_phase(reader: Reader, sealed: Sealed) -> tuple[int, int, float]:
    """Return the phase, the µs left of it, and the part of it that is over."""
    told, now_us = sealed.started.values, reader.head.block.header.time_us
    if sealed.settled is not None:
        return 3, 0, 1.0
    bounds = (sealed.started.time_us, told["commit_end_s"] * SECOND, told["reveal_end_s"] * SECOND)
    for phase in (0, 1):
        if now_us < bounds[phase + 1]:
            return phase, bounds[phase + 1] - now_us, (now_us - bounds[phase]) / (bounds[phase + 1] - bounds[phase])
    return 2, 0, 1.0


def _build_sealed_fields(reader: Reader, sealed: Sealed | None) -> tuple[Field, ...]:
    if sealed is None:
        return (Field("sealed", "sealed", "no auction yet", "muted"),)
    phase, left_us, _ = _get_phase(reader, sealed)
    return (
        Field("sealed", "sealed", _get_text(reader, sealed.started.values["deed"]), "strong"),
        Field("phase", "phase", PHASES[phase], "good" if phase == 3 else "pending",
              note=f"{format_span(left_us)} left" if left_us else ""),
    )  # fmt: skip


def _draw_envelopes(reader: Reader, sealed: Sealed) -> tuple[Line, ...]:
    """Return the phases as bars, and an envelope for each bidder: closed, open with the bid, or forfeited."""
    phase, _, part = _get_phase(reader, sealed)
    bars = tuple(
        (f"{name} {draw_bar(1.0 if phase > place else part if phase == place else 0.0, BAR)}  ",
         "accent" if phase == place else "muted")
        for place, name in enumerate(PHASES[:2])
    )  # fmt: skip
    lines: list[Line] = [bars]  # type: ignore[list-item]
    ranking = sorted(sealed.revealed.values(), reverse=True)
    for bidder, deposit in sealed.deposits.items():
        lines.append(_draw_envelope(reader, sealed, bidder, deposit, ranking))
    if sealed.settled is not None:
        told = sealed.settled.values
        highest = sealed.revealed.get(told["winner"])
        end = (f"{reader.name(told['winner'])} bid {format_coins(highest)} and pays the second bid, "
               f"{format_coins(told['price'])}" if highest is not None else "No bid reached the reserve")  # fmt: skip
        lines.append(((end, "good"),))
    return tuple(lines)


def _draw_envelope(reader: Reader, sealed: Sealed, bidder: bytes, deposit: int, ranking: list[int]) -> Line:
    name = fit(reader.name(bidder), 11)
    start: tuple[str, Tone] = (f"{name} deposit {format_coins(deposit):>9}  ", "text")
    amount = sealed.revealed.get(bidder)
    if amount is not None:
        tone: Tone = "good" if amount == ranking[0] else "text"
        rank = "highest" if amount == ranking[0] else "second" if amount == ranking[1] else ""
        return (start, (f"└╴{format_coins(amount):>9} ╶┘  {rank}", tone))
    if bidder in sealed.forfeited:
        return (start, ("[ forfeited  ]  forgot to open it", "bad"))
    return (start, ("[▒▒ sealed ▒▒]", "pending"))


def _tell(reader: Reader) -> str:
    """Return what happened last in either auction."""
    events = [(event, label) for label in ("auction", "sealed_auction") for event in reader.list_events(label)]
    events = [it for it in events if it[0].name != "Withdrawn"]
    if not events:
        return "The auctions are open; nobody has put a deed up yet."
    last, label = max(events, key=lambda it: (it[0].doing.block.height, it[0].doing.place))
    told, name = last.values, reader.name
    if last.name == "Started":
        how = "in the open" if label == "auction" else "for sealed bids"
        return f"{name(told['seller'])} puts “{_get_text(reader, told['deed'])}” up {how}."
    if last.name == "Settled":
        return f"{name(told['winner'])} has the deed for {format_coins(told['price'])}."
    if last.name == "Bid":
        return f"{name(told['bidder'])} bids {format_coins(told['amount'])} in the open; others have five minutes."
    who = name(told["bidder"])
    return {
        "Committed": f"{who} hands in a sealed bid with a deposit of {format_coins(told.get('deposit', 0))}.",
        "Revealed": f"{who} opens the bid: {format_coins(told.get('amount', 0))}.",
        "Forfeited": f"{who} forgot to open the bid and loses the deposit to the seller.",
    }[last.name]

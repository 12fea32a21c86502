"""What happened, record by record: the list of a run's history, and the page of one record."""

from bisect import bisect_right
from typing import Final

from app.present.chain import Facts
from app.present.explorer import build_refused_facts
from app.present.holders import Holders
from app.present.index import get_index
from app.present.listing import build_listing
from app.present.pages import NotThere, Page, TableModel
from app.present.words import format_clock, format_count, name_node, plural, shorten_hash
from app.screens.view import Kind, Thing
from app.widgets.models import Cell, Column, Field, Why
from app.widgets.text import clean
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import TimeUs

_EVENT_COLUMNS: Final = (
    Column("when", 13, "right"),
    Column("what", 20),
    Column("node", 5),
    Column("about", 9),
    Column("detail", 20, is_flexible=True),
)
_WHYS: Final = {
    "time": Why(
        "When", "", (), "The virtual moment of the event. Within one moment, events keep the order of the run."
    ),
    "digest": Why(
        "The digest of the run",
        "",
        (),
        "A hash over every record up to this one. A replay, or the same scenario and seed on another machine, must "
        "show the same digest here; the first event at which it differs is where the two runs part.",
    ),
}
"""What ``?`` says of single fields; the others are explained by what the event itself tells."""
_EVENT_TONES: Final = {"refused": "bad", "command": "accent", "block": "text", "transaction": "muted"}


def build_events(simulation: Simulation, _holders: Holders, at_us: TimeUs) -> Page:
    records = simulation.history.records
    count = bisect_right(records, at_us, key=lambda record: record.time_us)

    def get_row(place: int) -> tuple[Cell, ...]:
        record = records[count - 1 - place]
        tone = _EVENT_TONES.get(record.kind.partition("-")[0], "warning")
        return (
            Cell(format_clock(record.time_us), "muted"),
            Cell(record.kind.replace("-", " "), tone),  # type: ignore[arg-type]
            Cell(name_node(record.node) if record.node >= 0 else "all", "muted"),
            Cell(shorten_hash(record.subject) if record.subject else ""),
            Cell(clean(record.detail, 120), "muted"),
        )

    fields = (
        Field("events", "events", format_count(count)),
        Field("digest", "digest", simulation.history.compute_digest().hex(), "muted", note="of the whole run, at now"),
    )
    table = TableModel(
        "events",
        f"Events {format_count(count)}",
        _EVENT_COLUMNS,
        count,
        get_row,
        lambda place: Thing("event", count - 1 - place),
        "Nothing has happened yet",
    )
    why = "Every record of the run's history, in order. Two runs with the same records have the same digest."
    return build_listing(b"events", f"● {plural(count, 'event')}", why, fields, table, why)


def build_event_page(simulation: Simulation, _holders: Holders, place: int, at_us: TimeUs) -> Page | NotThere:
    """Return the page of one record of history."""
    records = simulation.history.records
    if not 0 <= place < len(records) or records[place].time_us > at_us:
        return NotThere(f"Event {place + 1}", f"It has not happened by {format_clock(at_us)}. Go forward in time.")
    record = records[place]
    title, rest = record.kind.replace("-", " "), clean(record.detail, 400)
    why = explain_event(simulation.world, place)
    if record.kind.startswith("refused-"):
        fields = build_refused_facts(record.node, record.time_us, why.rule, why.text).fields
    else:
        fields = (
            Field("time", "time", format_clock(record.time_us)),
            Field("node", "at", name_node(record.node) if record.node >= 0 else "the whole network", "accent"),
            Field("detail", "detail", rest or "–"),
        )
    links = {"node": Thing("node", record.node)} if record.node >= 0 else {}
    if record.subject:
        fields = (*fields, Field("subject", "about", record.subject.hex(), "accent"))
        kind = _find_kind(simulation.world, record.subject)
        if kind is not None:
            links["subject"] = Thing(kind, record.subject)
    digest = simulation.history.short_digests[place * 4 : place * 4 + 4].hex()
    fields = (*fields, Field("digest", "run digest", digest, "muted", note="its first bytes, after this event"))
    return Page(
        title=f"Event {format_count(place + 1)}: {title}",
        state=f"{'✗' if record.kind.startswith('refused') else '●'} {title}",
        tone="bad" if record.kind.startswith("refused") else "accent",
        meaning=why.text,
        facts=Facts(fields, links),
        tables=(),
        copy=(record.subject.hex() or rest, "what the event is about"),
        why=why,
        previous=Thing("event", place - 1) if place else None,
        next=Thing("event", place + 1) if place + 1 < len(records) and records[place + 1].time_us <= at_us else None,
        whys=_WHYS,
    )


def explain_event(world: World, place: int) -> Why:
    """Return what a record of history tells; of a refusal the rule, and what it says."""
    record = world.history.records[place]
    title, rest = record.kind.replace("-", " "), clean(record.detail, 400)
    rule, colon, message = rest.partition(": ")
    if record.kind.startswith("refused-") and colon:
        return Why(title, rule, (), message)
    return Why(title, "", (), rest or f"At {format_clock(record.time_us)}.")


def _find_kind(world: World, subject: bytes) -> Kind | None:
    index = get_index(world)
    if world.tree.get(subject) is not None or subject in index.refused_blocks:  # type: ignore[arg-type]
        return "block"
    is_transaction = world.transactions.get(subject) is not None or subject in index.refusals  # type: ignore[arg-type]
    return "transaction" if is_transaction else None

"""Supply chain: the way of a batch from the field to the shop, or how far a recall reaches, as a drawing."""

from collections.abc import Sequence
from typing import Final, NamedTuple
from weakref import WeakKeyDictionary

from app.present.stories.picture import DOWN, LEFT, RIGHT, UP, Picture
from app.present.stories.reader import Happened, Reader, Story
from app.present.words import format_count, plural
from app.widgets.models import Field, Line, Tone
from app.widgets.text import fit
from chain.contracts.provenance import Batch, find_recall, get_descendants, get_lineage, tell_batches
from chain.simulation.world import World
from chain.units import MINUTE, Address

RECALL_SHOWN_US: Final = 4 * MINUTE
"""How long after a recall its reach is drawn, instead of the way of a batch."""
BOX: Final = 17
GUTTER: Final = 2
ROWS: Final = 3
"""Lines of a box."""
MOST_COLUMNS: Final = 4
NOBODY: Final = bytes(20)
STATES: Final[dict[str, Tone]] = {
    "recalled": "bad",
    "sold": "good",
    "used": "text",
    "on offer": "pending",
    "live": "accent",
}


_known: "WeakKeyDictionary[World, tuple[list[Happened], dict[int, Batch]]]" = WeakKeyDictionary()
"""What was read last of a run: mostly there are only a few events more."""


class Past(NamedTuple):
    """All that was told."""

    events: list[Happened]
    batches: dict[int, Batch]
    stopped: frozenset[int]
    """Batches that a recall reaches."""


def build_supply_chain_story(reader: Reader) -> Story:
    """Return the story of the grain at the reader's moment."""
    if not reader.is_deployed():
        return Story("The authority is putting the register of batches on the chain and licenses three farms.")
    events = reader.list_events("supply_chain")
    batches = _read_batches(reader, events)
    if not batches:
        return Story("The register is there, and farms are licensed; nothing has been harvested yet.")
    recalls = [event for event in events if event.name == "Recalled"]
    reached = frozenset(number for event in recalls for number in get_descendants(batches, event.values["batch"]))
    past = Past(events, batches, reached)
    is_recent = bool(recalls) and reader.at_us - recalls[-1].time_us < RECALL_SHOWN_US
    chosen = recalls[-1].values["batch"] if is_recent else _choose(past)
    shown = get_descendants(batches, chosen) if is_recent else get_lineage(batches, chosen)
    what = "All that batch" if is_recent else "The way of batch"
    heading: Line = (
        (f"{what} #{chosen}{' went into' if is_recent else ' from the field'}", "strong"),
        (f" · {batches[chosen].product}", "muted"),
    )
    drawing = (heading, *draw_batches(reader, past, shown))
    return Story(_tell(reader, past, recalls if is_recent else []), _build_fields(past, recalls), (), drawing)


def _read_batches(reader: Reader, events: list[Happened]) -> dict[int, Batch]:
    """Return all batches; from those known already where the events begin with the same ones."""
    old, batches = _known.get(reader.world, ([], {}))
    is_further = len(old) <= len(events) and (not old or events[len(old) - 1] is old[-1])
    new = events[len(old) :] if is_further else events
    batches = tell_batches(((it.time_us, it.name, it.values) for it in new), batches if is_further else {})
    _known[reader.world] = events, batches
    return batches


def _build_fields(past: Past, recalls: list[Happened]) -> tuple[Field, ...]:
    live = [it for it in past.batches.values() if it.is_live]
    sold = sum(it.is_retired and it.number not in past.stopped for it in past.batches.values())
    left = sum(past.batches[number].is_live for number in sorted(past.stopped))
    products = sorted({it.product for it in past.batches.values()})
    return (
        *(Field(product, product, f"{format_count(sum(it.quantity for it in live if it.product == product))} kg",
                "strong", note=plural(sum(it.product == product for it in live), "live batch", "live batches"))
          for product in products),
        Field("offer", "on offer", plural(sum(it.offered_to is not None for it in live), "batch", "batches")),
        Field("sold", "sold", plural(sold, "batch", "batches"), "good"),
        Field("recalls", "recalls", format_count(len(recalls)), "bad" if recalls else "muted",
              note=recalls[-1].values["reason"] if recalls else "none yet"),
        Field("reached", "recall reach", plural(len(past.stopped), "batch", "batches"),
              "warning" if left else "text", note=f"{left} not yet taken out" if left else "none is live"),
    )  # fmt: skip


def _choose(past: Past) -> int:
    """Return the batch that was sold last, or the one with the longest way."""
    for event in reversed(past.events):
        if event.name == "Retired" and event.values["batch"] not in past.stopped:
            return int(event.values["batch"])
    return max(past.batches, key=lambda number: (len(get_lineage(past.batches, number)), number))


def _tell(reader: Reader, past: Past, recalls: list[Happened]) -> str:
    last = (recalls or past.events)[-1]
    told, batches = last.values, past.batches
    if "batch" not in told:
        return f"{reader.name(told['maker'])} may make batches from now on."
    batch = batches[told["batch"]]
    number, name = batch.number, reader.name
    if last.name == "Recalled":
        reached = get_descendants(batches, number)
        left = sum(batches[it].is_live for it in reached)
        how_far = f"{left} of them not yet taken out" if left else "all taken out by now"
        return (f"{name(told['who'])} recalled batch #{number} of {name(batch.maker)}: {told['reason']}. "
                f"It reaches {plural(len(reached), 'batch', 'batches')}, {how_far}.")  # fmt: skip
    if last.name == "Derived":
        parents = " and ".join(f"#{it}" for it in batch.parents)
        if len(batch.parents) > 1:
            return f"{name(batch.maker)} mixed batches {parents}: {batch.quantity} kg of {batch.product}, #{number}."
        parts = sum(it.parents == batch.parents for it in batches.values())
        return f"{name(batch.maker)} split batch {parents} into {parts} parts."
    if last.name == "Retired":
        cause = find_recall(batches, number)
        if cause is None:
            return f"{name(told['holder'])} sold batch #{number}: its way is known back to the field."
        return f"{name(told['holder'])} took batch #{number} out of the chain, because #{cause.number} was recalled."
    receiver = name(told.get("receiver", NOBODY))
    return {
        "Made": f"{name(batch.maker)} harvested {batch.quantity} kg of {batch.product}: batch #{number}.",
        "Offered": f"{name(told.get('holder', NOBODY))} offers batch #{number} to {receiver}, who has to confirm it.",
        "Handed": f"{receiver} confirmed that batch #{number} came from {name(told.get('giver', NOBODY))}.",
    }[last.name]  # fmt: skip


# The drawing ------------------------------------------------------------------------------------------------------


def draw_batches(reader: Reader, past: Past, shown: Sequence[int]) -> tuple[Line, ...]:
    """Return a box for each batch, from left to right by how often goods were split or mixed, and lines between."""
    places = compute_places(past.batches, shown)
    picture = Picture()
    for is_stopped in (False, True):  # what is recalled last, so that its lines are red all the way
        for number, (column, y) in places.items():
            for parent in past.batches[number].parents:
                if parent in places and (number in past.stopped) == is_stopped:
                    _draw_way(picture, places[parent], (column, y), "bad" if is_stopped else "muted")
    for number, (column, y) in places.items():
        _draw_batch(reader, picture, past, past.batches[number], column * (BOX + GUTTER), y)
    return picture.get_lines()


def compute_places(batches: dict[int, Batch], shown: Sequence[int]) -> dict[int, tuple[int, int]]:
    """Return column and upper line of each batch; parents stand left of their children, and no two boxes overlap.

    The column with most boxes is laid out first, in the order in which goods came apart; the others beside what they
    are joined to. Of longer ways only the newest columns are shown.
    """
    depths: dict[int, int] = {}
    keys: dict[int, tuple[int, ...]] = {}
    for number in shown:  # parents come first: they have smaller numbers
        parents = [it for it in batches[number].parents if it in depths]
        depths[number] = 1 + max((depths[it] for it in parents), default=-1)
        keys[number] = (*min((keys[it] for it in parents), default=()), number)
    first = max(0, max(depths.values()) - MOST_COLUMNS + 1)
    columns = [[n for n in shown if depths[n] == depth] for depth in range(first, max(depths.values()) + 1)]
    anchor = max(range(len(columns)), key=lambda place: len(columns[place]))
    rows = {n: place * ROWS for place, n in enumerate(sorted(columns[anchor], key=keys.__getitem__))}
    for column in (*range(anchor - 1, -1, -1), *range(anchor + 1, len(columns))):
        wanted = {n: _get_middle(batches, rows, n) for n in columns[column]}
        free = 0
        for number in sorted(columns[column], key=lambda n: (wanted[n], keys[n])):
            rows[number] = max(free, wanted[number])
            free = rows[number] + ROWS
    return {n: (depths[n] - first, rows[n]) for n in shown if n in rows}


def _get_middle(batches: dict[int, Batch], rows: dict[int, int], number: int) -> int:
    """Return the mean line of the batches that one is joined to and that have a line already."""
    joined = [rows[it] for it in rows if it in batches[number].parents or number in batches[it].parents]
    return sum(joined) // len(joined) if joined else 0


def _draw_way(picture: Picture, source: tuple[int, int], target: tuple[int, int], tone: Tone) -> None:
    """Draw a line from the right edge of one box to the left edge of the next: across, up or down, across."""
    x, start, end = target[0] * (BOX + GUTTER) - GUTTER, source[1] + 1, target[1] + 1
    if source[0] + 1 != target[0]:
        return  # over more than a column: the number in the box tells
    if start == end:
        picture.join(x, start, LEFT | RIGHT, tone)
    else:
        towards, back = (DOWN, UP) if end > start else (UP, DOWN)
        picture.join(x, start, LEFT | towards, tone)
        for y in range(min(start, end) + 1, max(start, end)):
            picture.join(x, y, UP | DOWN, tone)
        picture.join(x, end, RIGHT | back, tone)
    picture.put(x + 1, end, "▸", tone)


def _draw_batch(reader: Reader, picture: Picture, past: Past, batch: Batch, x: int, y: int) -> None:
    state = (
        "recalled" if batch.number in past.stopped and (batch.is_live or batch.is_retired or batch.recall is not None)
        else "sold" if batch.is_retired
        else "used" if batch.is_used
        else "on offer" if batch.offered_to is not None
        else "live"
    )  # fmt: skip
    tone = "bad" if batch.number in past.stopped else STATES[state]
    word = "taken out" if state == "recalled" and batch.is_retired else state
    title = f"╭ #{batch.number} {batch.quantity} kg "
    picture.put(x, y, f"{title:─<{BOX - 1}}╮", tone)
    picture.put(x, y + 1, f"│{fit(_describe_hands(reader, batch), BOX - 2)}│", tone)
    picture.put(x, y + 2, f"╰{f' {word} ':─>{BOX - 3}}─╯", tone)


def _describe_hands(reader: Reader, batch: Batch) -> str:
    """Return who had it and who has it, as far as a box holds."""
    hands = [batch.maker, *(it.receiver for it in batch.hand_overs)]
    if batch.offered_to is not None:
        hands.append(batch.offered_to)
    return "→".join(reader.name(Address(it)) for it in hands[-2:])

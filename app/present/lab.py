"""The scoreboard of a comparison in words: what is measured, how it is shown, and what it means."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from app.widgets.models import Cell, Column, Why

Score = dict[str, Any]
Show = Callable[[Score], str]
NONE: Final = "–"
FINALITY_WORDS: Final = {"none": "never", "depth": "by depth", "economic": "economic", "instant": "instant"}
LABEL_CELLS: Final = 20
SCORE_CELLS: Final = 17
PROTOCOL_NAMES: Final[dict[str, str]] = {
    "delegated-proof-of-stake": "delegated PoS",
    "ghost": "GHOST",
    "proof-of-authority": "authority",
    "proof-of-stake": "proof of stake",
    "proof-of-work": "proof of work",
    "raft": "Raft",
    "snowman": "Snowman",
    "tendermint": "Tendermint",
}


def name_protocol(protocol: str) -> str:
    """Return a protocol as people call it."""
    return PROTOCOL_NAMES.get(protocol, protocol)


class Measure(NamedTuple):
    """A row of the scoreboard."""

    label: str
    show: Show
    meaning: str
    """What it is and how it is reckoned, in a sentence or two."""
    key: str = ""
    """The number that decides which protocol does best; empty where there is no best."""
    is_less_better: bool = True


def show_number(key: str, unit: str = "", digits: int = 2) -> Show:
    """Return what shows a number of a score, an en dash where it has none."""

    def show(score: Score) -> str:
        value = score[key]
        return NONE if value is None else f"{value:,.{digits}f} {unit}".strip()

    return show


def show_size(key: str) -> Show:
    """Return what shows a number of bytes of a score in the unit that fits."""

    def show(score: Score) -> str:
        value = score[key]
        if value is None:
            return NONE
        for unit, size in (("MB", 10**6), ("kB", 10**3)):
            if value >= size:
                return f"{value / size:,.1f} {unit}"
        return f"{value:,.0f} B"

    return show


def show_energy(key: str) -> Show:
    """Return what shows an energy in the unit that fits."""

    def show(score: Score) -> str:
        value = score[key]
        if value is None:
            return NONE
        return f"{value:,.3f} kWh" if value >= 0.1 else f"{value * 1000:,.3g} Wh"

    return show


def show_pair(mean: Show, middle: Show) -> Show:
    """Return what shows a mean and a median."""
    return lambda score: f"{mean(score)} / {middle(score)}"


def show_finality(score: Score) -> str:
    """Return mean and median of the time to finality, or that there has been none."""
    if score["finality_seconds_mean"] is None:
        return "never" if score["finality"] == "none" else "none yet"
    return show_pair(show_number("finality_seconds_mean"), show_number("finality_seconds_median"))(score)


def show_cost(score: Score) -> str:
    """Return the price of a majority."""
    return f"{score['majority_cost']['amount']:,.0f} {score['majority_cost']['unit']}"


MEASURES: Final = (
    Measure(
        "blocks",
        show_number("blocks", digits=0),
        "Blocks of the canonical branch at the end of the run, without genesis.",
    ),
    Measure(
        "time between blocks",
        show_number("interval_seconds", "s"),
        "When the last canonical block was published, divided by their number.",
    ),
    Measure(
        "confirmed payments",
        show_number("confirmed", digits=0),
        "Transactions in canonical blocks. The same people want to pay at the same moments under every protocol; who "
        "has a payment waiting leaves out the next one.",
        "confirmed",
        is_less_better=False,
    ),
    Measure(
        "throughput, tx/s",
        show_number("throughput_per_s", digits=3),
        "Confirmed transactions divided by the time of the run. It is what was asked for, not the most there could be.",
        "throughput_per_s",
        is_less_better=False,
    ),
    Measure(
        "into a block, s",
        show_pair(show_number("inclusion_seconds_mean"), show_number("inclusion_seconds_median")),
        "From the moment a transaction was handed in until a canonical block with it was published: mean / median.",
        "inclusion_seconds_mean",
    ),
    Measure(
        "until final, s",
        show_finality,
        "From the moment a transaction was handed in until its block was final, in the sense of the next row, for half "
        "of the nodes: mean / median. None yet: so far nothing became final, which takes two epochs of slots and more "
        "under proof of stake.",
        "finality_seconds_mean",
    ),
    Measure(
        "final means",
        lambda score: FINALITY_WORDS[score["finality"]],
        "What is promised of a final block: by depth it can still be undone, at a cost that grows; economic finality "
        "costs a third of the stake to undo; instant finality is for good while the protocol's assumption holds.",
    ),
    Measure(
        "stale blocks",
        lambda score: f"{100 * score['stale_rate']:.2f} %",
        "Valid blocks that are not canonical at the end, of all that were published.",
        "stale_rate",
    ),
    Measure(
        "messages a block",
        show_number("messages_per_block", digits=0),
        "Everything sent over links, transactions and votes too, divided by canonical blocks.",
        "messages_per_block",
    ),
    Measure(
        "bytes a block",
        show_size("bytes_per_block"),
        "Bytes of everything sent, each time it is sent, divided by canonical blocks.",
        "bytes_per_block",
    ),
    Measure(
        "bytes a payment",
        show_size("bytes_per_transaction"),
        "Bytes of everything sent divided by confirmed transactions.",
        "bytes_per_transaction",
    ),
    Measure(
        "energy",
        show_energy("energy_kwh"),
        "Work: hash rate × time × joules a hash. All others: nodes × watts × time they are on. See docs/energy.md.",
        "energy_kwh",
    ),
    Measure(
        "energy a payment",
        show_energy("energy_kwh_per_transaction"),
        "Energy divided by confirmed transactions; it would be less with more of them.",
        "energy_kwh_per_transaction",
    ),
    Measure(
        "Nakamoto coefficient",
        show_number("nakamoto_coefficient", digits=0),
        "The fewest parties that together hold the share at which the protocol's promise ends.",
        "nakamoto_coefficient",
        is_less_better=False,
    ),
    Measure(
        "cost of a majority",
        show_cost,
        "What that share costs: machines for as much hash rate as all have, the stake to buy, or how many to bribe.",
    ),
)


def build_columns(scores: list[Score], first: int, room_cells: int) -> tuple[Column, ...]:
    """Return the columns that fit: what is measured, and as many protocols from the first shown one on."""
    count = max(1, (room_cells - LABEL_CELLS) // (SCORE_CELLS + 2))
    shown = scores[first : first + count]
    names = [name_protocol(score["protocol"]) for score in shown]
    return Column("", LABEL_CELLS), *(Column(name, SCORE_CELLS, "right") for name in names)


def build_row(measure: Measure, scores: list[Score], first: int, count: int) -> list[Cell]:
    """Return a row of the scoreboard; the best of all protocols is marked, unless all are alike."""
    values = [score[measure.key] for score in scores if measure.key and score[measure.key] is not None]
    best = None
    if len(set(values)) > 1:
        best = min(values) if measure.is_less_better else max(values)
    cells = [Cell(measure.label, "muted")]
    for score in scores[first : first + count]:
        is_best = best is not None and score[measure.key] == best
        cells.append(Cell(f"{'✓ ' if is_best else ''}{measure.show(score)}", "good" if is_best else "text"))
    return cells


def explain_measure(measure: Measure, scores: list[Score]) -> Why:
    """Return what a row means, with the number of every protocol and, where there is one, the rule behind it."""
    numbers = [(name_protocol(score["protocol"]), measure.show(score)) for score in scores]
    text = measure.meaning
    if measure.key == "nakamoto_coefficient":
        numbers = [
            (name, f"{value}: {score['nakamoto_rule']}") for (name, value), score in zip(numbers, scores, strict=True)
        ]
    if measure.label == "final means":
        numbers = [(name, score["finality_meaning"]) for (name, _), score in zip(numbers, scores, strict=True)]
    if measure.label == "cost of a majority":
        numbers = [
            (name, score["majority_cost"]["explanation"]) for (name, _), score in zip(numbers, scores, strict=True)
        ]
    return Why(measure.label.capitalize(), "", tuple(numbers), f"{text} docs/compare.md has the formula.")

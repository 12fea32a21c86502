"""What widgets are given to show: small frozen values without engine types.

Idea: a screen turns the simulation's views into these values; widgets know nothing else. Texts are shown cleaned and
cut; identifiers (``node``, ``block``, ``key``) come back unchanged in messages. Where a tuple is the same object as
before, widgets reuse what they computed from it, so build new tuples only when something changed.
"""

from dataclasses import dataclass
from typing import Literal

Tone = Literal[
    "text", "strong", "muted", "good", "warning", "bad", "pending", "final", "stale", "attack", "accent", "key"
]
"""How a value is meant; always paired with a word or glyph in the text itself."""
Line = tuple[tuple[str, Tone], ...]
"""A line of a drawing: pieces of text, each with its tone."""
BlockState = Literal["canonical", "stale", "final", "pending"]
Transport = Literal["playing", "paused", "past"]


@dataclass(frozen=True, slots=True)
class MapNode:
    """One node on the map."""

    node: int
    """Identifier, unique in the view."""
    name: str
    place: str
    """City or region, shown with the focused node."""
    latitude: float
    longitude: float
    """Degrees, north and east positive."""
    group: int = 0
    """Index into ``MapView.groups``: the head it follows."""
    is_online: bool = True
    is_hostile: bool = False
    """Drawn in the attack colour with a ! behind its name."""


@dataclass(frozen=True, slots=True)
class MapLink:
    """A connection between two nodes."""

    source: int
    target: int
    is_cut: bool = False
    """Cut by a partition or a fault."""


@dataclass(frozen=True, slots=True)
class Flight:
    """Something on its way along one link."""

    kind: Literal["block", "transaction"]
    source: int
    target: int
    fraction: float
    """Part of the way done, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Pulse:
    """A ring that spreads from a node which just did something, such as finding a block."""

    node: int
    fraction: float
    """0 when it starts, 1 when it is gone."""


@dataclass(frozen=True, slots=True)
class HeadGroup:
    """The nodes that follow one head."""

    label: str
    """Such as ``#812``."""
    count: int


@dataclass(frozen=True, slots=True)
class BlockSpread:
    """How far the newest block has spread."""

    label: str
    """Such as ``block #812``."""
    reached: float
    """Part of the nodes that have it, 0 to 1."""
    elapsed: str
    """Such as ``1.9 s``."""


@dataclass(frozen=True, slots=True)
class MapView:
    """One picture of the network."""

    nodes: tuple[MapNode, ...] = ()
    links: tuple[MapLink, ...] = ()
    flights: tuple[Flight, ...] = ()
    pulses: tuple[Pulse, ...] = ()
    trails: tuple[tuple[int, int], ...] = ()
    """Links (source, target) that the newest block has just travelled, drawn brighter."""
    groups: tuple[HeadGroup, ...] = ()
    """Most followed first."""
    offline: int = 0
    spread: BlockSpread | None = None


@dataclass(frozen=True, slots=True)
class ChainBlock:
    """One block of the tree."""

    block: str
    """Identifier, unique in the view."""
    parent: str | None
    height: int
    label: str
    """Short hash, such as ``9f3a``."""
    proposer: str
    transactions: int = 0
    state: BlockState = "canonical"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    title: str
    width: int
    """Cells; for a flexible column the smallest width."""
    justify: Literal["left", "right", "center"] = "left"
    is_flexible: bool = False
    """Shares what is left of the width."""


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell of a table."""

    text: str
    tone: Tone = "text"


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart."""

    label: str
    points: tuple[tuple[float, float], ...]
    """(x, y) with x not falling."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a histogram, or one stacked bar."""

    label: str
    parts: tuple[float, ...]
    """Its bands from the bottom (or left); a plain bar has one."""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Mark:
    """Something worth finding again on the timeline."""

    kind: Literal["fork", "bookmark", "attack", "change"]
    fraction: float
    """Where, from 0 (start of the run) to 1 (now)."""
    label: str = ""


@dataclass(frozen=True, slots=True)
class TransportView:
    """State of the one clock."""

    state: Transport = "paused"
    fraction: float = 1.0
    """Position of the cursor: 1 is now."""
    speed: float = 1.0
    """Virtual seconds per second that were asked for."""
    reached: float | None = None
    """Speed really reached, when it is less."""
    marks: tuple[Mark, ...] = ()
    moment: str = "now"
    """What to write at the right end: ``now`` or the moment under the cursor."""


@dataclass(frozen=True, slots=True)
class HeaderView:
    """The top line."""

    name: str = "chainroom"
    facts: tuple[str, ...] = ()
    """Such as protocol, kind of network, nodes, regions; most important first."""
    short: str = ""
    """The first fact in a word, for where it does not fit."""
    height: int = 0
    final: str = ""
    """Such as ``806``; empty where nothing is ever final."""
    moment: str = ""
    """Virtual time."""
    state: Transport = "playing"
    is_replay: bool = False
    """Nothing is recorded: a saved run is watched."""


@dataclass(frozen=True, slots=True)
class Field:
    """One value of a thing, with its name."""

    key: str
    """Identifier, comes back in messages."""
    label: str
    value: str
    tone: Tone = "text"
    zeros: int = 0
    """How many leading characters of the value are the zeros of a proof of work."""
    note: str = ""
    has_why: bool = False
    """Whether ``?`` has something to explain."""


@dataclass(frozen=True, slots=True)
class Why:
    """An explanation: what happened, by which rule, with which numbers."""

    title: str
    rule: str = ""
    """Such as ``ledger/nonce``."""
    numbers: tuple[tuple[str, str], ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class GridCell:
    """One place of a grid, such as one validator's vote in one round."""

    text: str
    """A glyph, or a short name and a glyph."""
    tone: Tone = "text"
    words: str = ""
    """What it says, as a sentence; empty where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class GridRow:
    """One row of a grid."""

    label: str
    cells: tuple[GridCell, ...]
    is_current: bool = False
    """Whether it is the row in which things happen now."""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of short cells under headings: votes, attestations, turns."""

    title: str = ""
    columns: tuple[str, ...] = ()
    """Headings; empty for none."""
    rows: tuple[GridRow, ...] = ()
    legend: str = ""
    """What the glyphs mean."""
    empty: str = "Nothing to show yet"
    is_newest_last: bool = False
    """Whether the last column is the newest one, which is looked at first."""

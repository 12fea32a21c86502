"""What a page of the explorer is: data that one screen (app/screens/explorer.py) shows, whatever it tells of.

Fields with links, tables that build a row when it is seen, and for a transaction a timeline.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from app.present.chain import Facts
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Tone, Why


@dataclass(frozen=True, slots=True)
class TableModel:
    """A table whose rows are built when they are seen."""

    key: str
    title: str
    columns: tuple[Column, ...]
    count: int
    get_row: Callable[[int], tuple[Cell, ...]]
    get_thing: Callable[[int], Thing | None]
    empty: str
    get_why: Callable[[int], Why | None] = lambda _: None
    """What enter and ? explain of a row that opens nothing."""


class Milestone(NamedTuple):
    """One event in the life of a transaction."""

    mark: str
    """A glyph."""
    time: str
    """When; empty for what is still to come."""
    text: str
    tone: Tone = "text"
    note: str = ""
    thing: Thing | None = None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything about one thing at one moment."""

    title: str
    state: str
    """The state in words, with its glyph."""
    tone: Tone
    meaning: str
    """One or two sentences on what the state is worth."""
    facts: Facts
    tables: tuple[TableModel, ...]
    copy: tuple[str, str]
    """What ``y`` copies, and what it is called."""
    why: Why
    timeline: tuple[Milestone, ...] = ()
    previous: Thing | None = None
    next: Thing | None = None
    whys: Mapping[str, Why] = field(default_factory=dict)
    """What ``?`` says of single fields, by key."""


class NotThere(NamedTuple):
    """There is no such thing at this moment: what to say."""

    title: str
    message: str

"""What a consensus panel is made of: numbers that can be asked why, a grid, and the members with what they did.

Every protocol's presenter (``app/present/consensus_*.py``) makes one ``Model`` from a ``Look``: the run at a moment, as
one node sees it or as somebody who hears everything at once. Votes are read from the table of messages, so a look at
the past shows what was known then; what only an agent knows, such as its timers, is told for now alone.
"""

from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from app.present.finality import Promise, describe_cost, describe_fork_choice, get_promise
from app.present.undone import find_undone
from app.present.words import format_span, name_node, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Field, Grid, Tone, Why
from chain.consensus.base import Topic
from chain.consensus.block_tree import BlockRecord
from chain.node.messages import MessageRecord
from chain.node.view import NodeView, ObserverView
from chain.simulation.world import World
from chain.units import Hash, NodeId, TimeUs

WINDOW_BLOCKS: Final = 120
"""Blocks looked back at when what members did is counted."""


@dataclass(frozen=True, slots=True)
class Look:
    """A run at a moment, as somebody sees it."""

    world: World
    at_us: TimeUs
    node: int | None
    """Whose view it is; None: that of somebody who hears everything at once."""
    view: NodeView
    head: BlockRecord
    final: BlockRecord

    @property
    def is_now(self) -> bool:
        """Whether the moment is the right end of the run, where agents can be asked too."""
        return self.at_us >= self.world.now_us

    @property
    def name(self) -> str:
        """Whose view it is."""
        return "everybody" if self.node is None else name_node(self.node)

    def get_records(self, topic: Topic) -> list[MessageRecord]:
        """Return the messages on a topic that have been sent by then, in order of publication."""
        tally = self.world.messages.tallies.get(topic)
        return [it for it in tally.records if it.published_us <= self.at_us] if tally else []

    def get_heard_us(self, record: MessageRecord) -> int:
        """Return when the viewer has a message."""
        return record.published_us if self.node is None else record.spread.arrival.item(self.node)

    def has_heard(self, record: MessageRecord) -> bool:
        """Return whether the viewer has a message by now."""
        return self.get_heard_us(record) <= self.at_us

    def is_online(self, node: int) -> bool:
        """Return whether a node is switched on."""
        return self.world.network.links.is_online(node, self.at_us)


def build_look(world: World, at_us: TimeUs, node: int | None = None) -> Look:
    """Return a look at a run."""
    view = ObserverView(world.tables, at_us) if node is None else world.view(NodeId(node), at_us)
    rules = world.consensus.rules
    return Look(world, at_us, node, view, rules.head(view), rules.finalized(view))


class Item(NamedTuple):
    """One number of a panel."""

    field: Field
    why: Why
    thing: Thing | None = None
    """What enter opens."""


class Member(NamedTuple):
    """One who takes part: a miner, a validator, a signer."""

    node: int
    cells: tuple[Cell, ...]
    why: Why


class Model(NamedTuple):
    """What a panel shows."""

    title: str
    items: tuple[Item, ...]
    grid: Grid
    grid_rule: str
    grid_things: dict[tuple[int, int], Thing]
    """What enter opens on a cell, by row and column."""
    members: tuple[Member, ...]
    columns: tuple[Column, ...]
    members_title: str


class Writer:
    """Collects the items of one panel, each with its explanation."""

    def __init__(self, look: Look) -> None:
        self.look = look
        self.items: list[Item] = []
        self._docs = f"docs/protocols/{look.world.consensus.name}.md"

    def add(
        self,
        label: str,
        value: str,
        rule: str,
        text: str,
        *numbers: tuple[str, str],
        tone: Tone = "text",
        note: str = "",
        zeros: int = 0,
        thing: Thing | None = None,
    ) -> None:
        """Add a number: what it is called and says, and by which rule and from which numbers it came about."""
        field = Field(label, label, value, tone, zeros, note, has_why=True)
        self.items.append(Item(field, self.explain(f"{label}: {value}", rule, text, *numbers), thing))

    def explain(self, title: str, rule: str, text: str, *numbers: tuple[str, str]) -> Why:
        """Return an explanation that names the page on the protocol."""
        return Why(title, rule, (*numbers, ("read more", self._docs)), text)

    def add_head(self) -> None:
        """Add the head and what is final, which every protocol has."""
        look, promise = self.look, get_promise(self.look.world)
        head, final = look.head, look.final
        age = f"{format_span(look.at_us - head.published_us)} old" if head.height else "the first block"
        self.add(
            "head", describe_block(head), "consensus/fork-choice",
            f"What {look.name} builds on at this moment. {describe_fork_choice(look.world)}",
            ("published", age), ("by", name_node(head.origin)),
            tone="strong", note=age, thing=Thing("block", head.hash),
        )  # fmt: skip
        if not promise.word:
            self.add("final", "never", "consensus/finality", promise.keeps, tone="warning")
            return
        text = f"{promise.keeps} {describe_cost(look.world, final, head)}".strip()
        self.add(
            "final", f"{describe_block(final)} {promise.word}" if final.height else "nothing yet", "consensus/finality",
            text if final.height else promise.waits, ("blocks above it", str(head.height - final.height)),
            tone="final", note=f"{head.height - final.height} above",
            thing=Thing("block", final.hash),
        )  # fmt: skip
        self._add_undone(promise)

    def _add_undone(self, promise: Promise) -> None:
        look = self.look
        undone = find_undone(look.world, look.at_us, look.head, look.node)
        if undone is None:
            return
        name, final = name_node(undone.node), undone.final
        self.add(
            "conflict" if undone.is_kept else "undone", undone.describe(), "consensus/finality",
            f"{name} called {undone.blocks} final on a branch that {look.name} does not follow. {promise.keeps}",
            ("its block", describe_block(final)), ("blocks", str(final.height - undone.first + 1)), tone="attack",
            thing=Thing("block", final.hash),
        )  # fmt: skip


def describe_block(record: BlockRecord) -> str:
    """Return height and hash of a block."""
    return f"#{record.height} {shorten_hash(record.hash)}"


def get_branch(head: BlockRecord, most: int = WINDOW_BLOCKS) -> list[BlockRecord]:
    """Return the last blocks of a branch, oldest first, genesis left out."""
    branch: list[BlockRecord] = []
    record: BlockRecord | None = head
    while record is not None and record.parent is not None and len(branch) < most:
        branch.append(record)
        record = record.parent
    return branch[::-1]


def count_by_node(records: list[BlockRecord]) -> dict[int, int]:
    """Return how many of some blocks each node published."""
    counts: dict[int, int] = {}
    for record in records:
        counts[record.origin] = counts.get(record.origin, 0) + 1
    return counts


def find_block(look: Look, block: bytes) -> BlockRecord | None:
    """Return a block by its hash, whoever knows it."""
    return look.world.tree.get(Hash(block))


def get_agent(look: Look, node: int) -> Any:
    """Return a node's agent; what it knows is of now, whatever the moment of the look."""
    return look.world.consensus.agents.get(NodeId(node))


def format_share(part: float, whole: float) -> str:
    """Return a share in per cent: ``12.5 %``."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def list_nodes(nodes: list[int], most: int = 6) -> str:
    """Return the names of a few nodes: ``n03, n07 and 4 more``."""
    names = ", ".join(name_node(node) for node in nodes[:most])
    return names + (f" and {len(nodes) - most} more" if len(nodes) > most else "") if nodes else "none"

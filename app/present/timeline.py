"""The clock of a run as the header and the transport bar show it: where the cursor is, what is worth finding again."""

from typing import Final

from app.present.command_words import describe_command
from app.present.consensus_events import Event, get_log
from app.present.finality import get_promise
from app.present.heads import get_canonical, get_finalized
from app.present.words import format_clock, name_node
from app.session import Session
from app.widgets.models import HeaderView, Mark, Transport, TransportView
from chain.simulation.world import World
from chain.units import TimeUs, format_time

MOST_MARKS: Final = 200
PROTOCOLS: Final = {
    "proof-of-work": "Proof of Work",
    "ghost": "GHOST",
    "proof-of-stake": "Proof of Stake",
    "delegated-proof-of-stake": "Delegated Proof of Stake",
    "proof-of-authority": "Proof of Authority",
    "tendermint": "Tendermint",
    "snowman": "Snowman",
    "raft": "Raft",
}
SHORT_NAMES: Final = {
    "proof-of-work": "PoW", "ghost": "GHOST", "proof-of-stake": "PoS", "delegated-proof-of-stake": "DPoS",
    "proof-of-authority": "PoA", "tendermint": "BFT", "snowman": "Snowman", "raft": "Raft",
}  # fmt: skip
"""Protocols in a word."""
FAULTS: Final = (
    "stop-node", "start-node", "cut-node", "reconnect-node", "cut-link", "open-link", "partition", "heal", "set-lag",
    "turn-byzantine",
)  # fmt: skip
"""Commands that are marked on the timeline."""


class Timeline:
    """The marks of one world; reads only what has been added since it was asked last."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._marks: list[tuple[int, str, str]] = []  # time, kind, label
        self._blocks = self._records = self._changes = 0

    def build_marks(self, session: Session) -> tuple[Mark, ...]:
        """Return forks, faults, changes of who takes part and bookmarks, with their places on the timeline."""
        self._update()
        now_us = max(1, session.now_us)
        bookmarks = [(mark.time_us, "bookmark", mark.name) for mark in session.bookmarks if mark.time_us <= now_us]
        marks = [*self._marks[-MOST_MARKS:], *bookmarks]
        return tuple(Mark(kind, time_us / now_us, label) for time_us, kind, label in marks)  # type: ignore[arg-type]

    def _update(self) -> None:
        records, history = self.world.tree.records, self.world.history.records
        for block in records[max(2, self._blocks) :]:
            parent = block.parent
            if (
                parent is not None
                and parent.index < block.index - 1
                and _has_other_child(self.world, parent.index, block.index)
            ):
                self._marks.append((block.published_us, "fork", f"fork at #{block.height}"))
        for index in range(self._records, len(history)):
            record = history[index]
            if record.kind == "command" and record.detail in FAULTS:
                node = f"{name_node(record.node)} " if record.node >= 0 else ""
                self._marks.append((record.time_us, "attack", node + describe_command(self.world, index)))
        changes = get_log(self.world).events
        self._marks += [(event.time_us, _get_kind(event), event.text) for event in changes[self._changes :]]
        self._changes = len(changes)
        if len(records) > self._blocks or len(history) > self._records:
            self._marks.sort(key=lambda mark: mark[0])
        self._blocks, self._records = len(records), len(history)


def _get_kind(event: Event) -> str:
    return "attack" if event.tone == "attack" else "change"


def _has_other_child(world: World, parent: int, child: int) -> bool:
    """Whether a block published before ``child`` has the same parent; a block's siblings are published close to it."""
    return any(record.parent is world.tree.records[parent] for record in world.tree.records[parent + 1 : child])


def get_state(session: Session) -> Transport:
    """Return whether the clock runs, stands, or shows the past."""
    if not session.is_live:
        return "past"
    return "playing" if session.is_playing else "paused"


def build_transport(session: Session, timeline: Timeline) -> TransportView:
    """Return the state of the one clock."""
    clock = format_clock(session.cursor_us)[:-4]
    moment = "now".ljust(len(clock)) if session.is_live else clock  # as wide, so that the line stays where it is
    return TransportView(
        state="playing" if session.is_playing else get_state(session),
        fraction=session.cursor_us / max(1, session.now_us) if not session.is_live else 1.0,
        speed=session.speed,
        reached=(session.reached_speed or None) if session.is_playing else None,
        marks=timeline.build_marks(session),
        moment=moment,
    )


def build_header(session: Session) -> HeaderView:
    """Return what the top line says at the cursor."""
    world, at_us = session.simulation.world, session.cursor_us
    height = get_canonical(world, at_us).height
    return HeaderView(
        facts=get_facts(session),
        short=SHORT_NAMES.get(world.consensus.name, ""),
        height=height,
        final=get_final(world, at_us),
        moment=format_time(at_us),
        state=get_state(session),
        is_replay=session.replay is not None,
    )


def get_final(world: World, at_us: TimeUs) -> str:
    """Return the height taken as final, with the kind of final; empty where nothing is yet."""
    promise = get_promise(world)
    if not promise.word:
        return "never"
    final = get_finalized(world, at_us).height
    return f"{final} {promise.word}" if final > 0 else ""


def get_facts(session: Session) -> tuple[str, ...]:
    """Return what is running: protocol, scenario, nodes, regions."""
    world = session.simulation.world
    title = getattr(session.simulation.scenario, "title", "") or getattr(session.simulation.scenario, "name", "")
    protocol = PROTOCOLS.get(world.consensus.name, world.consensus.name)
    regions = len(dict.fromkeys(place.region for place in world.network.places))
    replay = ("replay",) if session.replay is not None else ()
    return (
        protocol,
        world.access.kind,
        *replay,
        f"{world.node_count} nodes",
        title,
        f"{regions} region{'s' if regions != 1 else ''}",
    )

"""A run as data: scenario, seed, commands and digests, in one plain document; and its re-execution.

The document is what a save file holds (app/storage/saves.py wraps it)::

    format          "chainroom-run", format_version 1
    rules_version   of the engine that recorded it; with another one the digests cannot be compared
    scenario, seed  what was run
    end_us, steps   how far: virtual time, and kernel events handled
    commands        [{time_us, step, command: {command: "mine-block", node: 3}}, …]
    bookmarks       [{time_us, name}, …]
    digests         rolling: [events, time_us, hash] now and then; short: 4 bytes of it after every event, in hex
    digest          the final one
    highlights      [{time_us, kind, text}, …]: enough to read a save that other rules recorded

Verifying re-executes the run and compares the digest after each event, so a difference is named by its event, its
virtual time and its node.
"""

from collections.abc import Iterator
from itertools import zip_longest
from typing import Any, Final

import msgspec

from chain import scenario as scenarios
from chain.errors import ChainroomError, InvalidReplay, ReplayDiverged
from chain.simulation.commands import CommandEntry
from chain.simulation.history import SHORT_DIGEST_BYTES, History
from chain.simulation.simulation import RULES_VERSION, Simulation
from chain.units import TimeUs, format_time

FORMAT: Final = "chainroom-run"
FORMAT_VERSION: Final = 1
MAX_HIGHLIGHTS: Final = 500
_SLICE_EVENTS: Final = 200


class Bookmark(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A moment somebody marked."""

    time_us: TimeUs
    name: str


class Digests(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The digest on its way."""

    rolling: tuple[tuple[int, int, str], ...]
    """(events, virtual time, digest) at the end of some stretches of the run."""
    short: str
    """The first bytes of the digest after every event, in hex."""


class Highlight(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something worth telling, readable without the engine."""

    time_us: TimeUs
    kind: str
    text: str


class RunDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole document."""

    format: str
    format_version: int
    rules_version: int
    scenario: dict[str, Any]
    seed: int
    end_us: TimeUs
    steps: int
    commands: tuple[CommandEntry, ...]
    digests: Digests
    digest: str
    bookmarks: tuple[Bookmark, ...] = ()
    highlights: tuple[Highlight, ...] = ()


# Recording -------------------------------------------------------------------------------------------------------


def record(simulation: Simulation, bookmarks: tuple[Bookmark, ...] = ()) -> dict[str, Any]:
    """Return the document of a run as plain values."""
    assert isinstance(simulation.scenario, scenarios.Scenario)
    document = RunDocument(
        format=FORMAT,
        format_version=FORMAT_VERSION,
        rules_version=RULES_VERSION,
        scenario=scenarios.to_table(simulation.scenario),
        seed=simulation.seed,
        end_us=simulation.now_us,
        steps=simulation.world.kernel.steps,
        commands=tuple(simulation.log),
        digests=Digests(tuple(simulation.history.rolling), simulation.history.short_digests.hex()),
        digest=simulation.compute_digest(),
        bookmarks=bookmarks,
        highlights=compute_highlights(simulation),
    )
    plain: dict[str, Any] = msgspec.to_builtins(document)
    return plain


def compute_highlights(simulation: Simulation) -> tuple[Highlight, ...]:
    """Return commands, refusals and the latest blocks, at most ``MAX_HIGHLIGHTS``."""
    world, chosen = simulation.world, []
    for entry in world.history.records:
        if entry.kind == "block":
            block = world.tree[entry.subject].block  # type: ignore[index]  # a block record's subject is its hash
            text = (
                f"#{block.header.height} {entry.subject.hex()[:12]} by n{entry.node:02d}, {len(block.transactions)} tx"
            )
            chosen.append(Highlight(entry.time_us, entry.kind, text))
        elif entry.kind != "transaction":
            chosen.append(Highlight(entry.time_us, entry.kind, f"{entry.detail} n{entry.node:02d}"))
    return tuple(chosen[-MAX_HIGHLIGHTS:])


# Reading ---------------------------------------------------------------------------------------------------------


def read(document: object) -> RunDocument:
    """Return the typed document. Raises InvalidReplay saying what is wrong."""
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidReplay(f"this is not a chainroom run: its format is not '{FORMAT}'")
    version = document.get("format_version")
    if isinstance(version, int) and version > FORMAT_VERSION:
        raise InvalidReplay(f"this run has format version {version}; this program reads up to {FORMAT_VERSION}")
    try:
        typed = msgspec.convert(document, RunDocument)
    except (msgspec.ValidationError, ValueError, RecursionError) as error:
        raise InvalidReplay(f"this run is damaged: {error}") from None
    if typed.format_version < 1:
        raise InvalidReplay(f"this run is damaged: its format version is {typed.format_version}; the first one is 1")
    if not _is_written_so(typed.commands, document["commands"]):
        raise InvalidReplay("this run is damaged: its commands are not written as chainroom writes them")
    return typed


def _is_written_so(value: object, plain: object) -> bool:
    """Return whether a value has exactly this plain form; base64, for one, can spell the same bytes in several ways."""
    return msgspec.json.encode(value, order="sorted") == msgspec.json.encode(plain, order="sorted")


def _read_hex(text: str) -> bytes:
    data = bytes.fromhex(text)
    if data.hex() != text or len(data) % SHORT_DIGEST_BYTES:
        raise ValueError(f"the short digests are not {SHORT_DIGEST_BYTES} bytes an event in lower-case hex")
    return data


class Replay:
    """A document and the simulation that re-executes it, compared event by event as it goes."""

    def __init__(self, document: object) -> None:
        self.document = read(document)
        try:
            scenario = scenarios.convert_scenario(self.document.scenario)
            self.simulation = scenarios.build(scenario, self.document.seed)
            self._short = _read_hex(self.document.digests.short)
        except (ChainroomError, ValueError) as error:
            raise InvalidReplay(f"this run is damaged: {error}") from None
        self.simulation.feed(self.document.commands)
        self.is_comparable = self.document.rules_version == RULES_VERSION
        """Whether this engine has the rules the run was recorded with."""
        self.is_finished = False
        """Whether the recorded end has been reached, and everything compared."""
        self._compared = 0

    def advance(self, max_events: int = _SLICE_EVENTS, target_us: TimeUs | None = None) -> bool:
        """Re-execute a stretch and compare; return True at ``target_us``, or at the recorded end.

        Raises ReplayDiverged at the first event that differs.
        """
        simulation, document = self.simulation, self.document
        target_us = document.end_us if target_us is None else min(target_us, document.end_us)
        left = max(0, document.steps - simulation.world.kernel.steps)
        try:
            has_reached = simulation.run_until(target_us, min(max_events, left))
        except ReplayDiverged:
            self._compare()  # what differs first is told, not the command that does not fit because of it
            raise
        if target_us == document.end_us:  # a run may have been left in the middle of a microsecond
            has_reached = has_reached or simulation.world.kernel.steps >= document.steps
            self.is_finished = has_reached
        self._compare()
        if self.is_finished and self.is_comparable:
            self._compare_end()
        return has_reached

    def _compare(self) -> None:
        if not self.is_comparable:
            return
        history, size = self.simulation.history, SHORT_DIGEST_BYTES
        for index in range(self._compared, len(history.records)):
            place = slice(index * size, index * size + size)
            if self._short[place] != history.short_digests[place]:
                raise ReplayDiverged(index, history.records[index].time_us, history.describe(index))
        self._compared = len(history.records)

    def _compare_end(self) -> None:
        simulation, history, document = self.simulation, self.simulation.history, self.document
        found = {
            "commands": len(simulation.log),
            "events": len(history.records),
            "steps": simulation.world.kernel.steps,
            "end_us": simulation.now_us,
            "final digest": simulation.compute_digest(),
        }
        recorded = {
            "commands": len(document.commands),
            "events": len(self._short) // SHORT_DIGEST_BYTES,
            "steps": document.steps,
            "end_us": document.end_us,
            "final digest": document.digest,
        }
        self._compare_rolling()
        for name, value in found.items():
            if value != recorded[name]:
                _diverge(history, f"{name}: {_shorten(value)} here, {_shorten(recorded[name])} in the save")

    def _compare_rolling(self) -> None:
        history = self.simulation.history
        for here, saved in zip_longest(history.rolling, self.document.digests.rolling):
            if here != saved:
                events = here[0] if here else len(history.records)
                why = f"rolling digest: {_describe_rolling(here)} here, {_describe_rolling(saved)} in the save"
                _diverge(history, why, events - 1)


def _describe_rolling(entry: tuple[int, int, str] | None) -> str:
    return "none" if entry is None else f"{entry[2][:16]}… after {entry[0]} events at {format_time(entry[1])}"


def _shorten(value: object) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:39]}…"


def _diverge(history: History, why: str, event: int | None = None) -> None:
    """Raise ReplayDiverged at an event, the last one unless said."""
    place = len(history.records) - 1 if event is None else event
    time_us, where = (history.records[place].time_us, history.describe(place)) if place >= 0 else (0, "the beginning")
    raise ReplayDiverged(max(place, 0), time_us, f"{where}: {why}")


def iter_verification(document: object) -> Iterator[tuple[int, int]]:
    """Re-execute and compare a run, yielding (virtual time, end). Raises ReplayDiverged and InvalidReplay."""
    replay = Replay(document)
    if not replay.is_comparable:
        recorded = replay.document.rules_version
        raise InvalidReplay(
            f"recorded with rules version {recorded}, this program has {RULES_VERSION}: cannot be verified"
        )
    while not replay.advance():
        yield replay.simulation.now_us, replay.document.end_us

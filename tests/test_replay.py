"""Recorded runs: one plain document, re-executed and compared event by event."""

import copy
import json
import re
from collections.abc import Callable, Iterator
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from chain.crypto.signatures import get_public_key
from chain.encoding import encode
from chain.errors import ChainroomError, InvalidReplay, ReplayDiverged
from chain.ledger.actions import Transfer
from chain.ledger.transaction import Transaction, sign_transaction
from chain.replay import Bookmark, Replay, iter_verification, read, record
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation import commands as c
from chain.simulation.simulation import RULES_VERSION, Simulation
from chain.units import COIN, MINUTE, SECOND, Address, TimeUs

Document = dict[str, Any]
END_US = TimeUs(90 * SECOND)


def start(name: str = "classroom", *settings: str) -> Simulation:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    return build(
        apply_settings(load_scenario(text, name), ["consensus.grind_hashes=16", "network.nodes=6", *settings]), 5
    )


def sign_payment(nonce: int) -> bytes:
    """Return a payment of somebody who has no money: nodes refuse it, which is history too."""
    key = bytes(range(32))
    unsigned = Transaction(1, get_public_key(key), nonce, 21_000, 5_000, 10, Transfer(Address(bytes(20)), COIN))
    return encode(sign_transaction(unsigned, key))


COMMANDS: tuple[tuple[int, c.Command], ...] = (
    (0, c.SetLag(1, 20_000)),
    (0, c.RequestCoins(0, bytes(range(20)), 25 * COIN)),
    (10, c.SubmitTransaction(2, sign_payment(0))),
    (20, c.Partition(((0, 1), (2, 3)))),
    (20, c.MineBlock(0)),
    (20, c.MineBlock(3)),
    (40, c.Heal()),
    (45, c.StopNode(5)),
    (60, c.StartNode(5)),
    (70, c.SetHashRate(2, 10**13)),
    (80, c.SetTraffic(0)),
    (90, c.CutLink(0, 1)),  # after the last event of the run
)


def give(simulation: Simulation, commands: tuple[tuple[int, c.Command], ...] = COMMANDS) -> Simulation:
    link = simulation.world.network.topology.links[0]
    for second, command in commands:
        simulation.run_until(TimeUs(second * SECOND))
        simulation.submit(c.CutLink(*link) if isinstance(command, c.CutLink) else command)
    return simulation


def save(simulation: Simulation, *bookmarks: Bookmark) -> Document:
    """Record a run, as a file gives it back."""
    document: Document = json.loads(json.dumps(record(simulation, bookmarks)))
    return document


def verify(document: object) -> None:
    for _ in iter_verification(document):
        pass


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    return give(start())


@pytest.fixture(scope="module")
def document(simulation: Simulation) -> Document:
    return save(simulation, Bookmark(TimeUs(20 * SECOND), "the split"))


# Recording and verifying ---------------------------------------------------------------------------------------------


def test_a_recorded_run_verifies(document: Document) -> None:
    seen = list(iter_verification(document))
    assert [now_us for now_us, _ in seen] == sorted(now_us for now_us, _ in seen)
    assert {end_us for _, end_us in seen} <= {END_US}
    assert len(document["commands"]) == len(COMMANDS)


def test_the_document_tells_what_was_run(document: Document, simulation: Simulation) -> None:
    assert (document["format"], document["format_version"], document["rules_version"]) == (
        "chainroom-run",
        1,
        RULES_VERSION,
    )
    assert (document["scenario"]["name"], document["seed"], document["end_us"]) == ("classroom", 5, END_US)
    assert document["commands"][4] == {
        "time_us": 20 * SECOND,
        "step": simulation.log[4].step,
        "command": {"command": "mine-block", "node": 0},
    }
    assert document["digest"] == simulation.compute_digest()
    assert document["bookmarks"] == [{"time_us": 20 * SECOND, "name": "the split"}]


def test_highlights_can_be_read_without_the_engine(document: Document) -> None:
    kinds = {highlight["kind"] for highlight in document["highlights"]}
    assert {"block", "command", "refused-transaction"} <= kinds
    assert all(highlight["text"].isprintable() for highlight in document["highlights"])


def test_a_save_holds_no_key(document: Document) -> None:
    text = json.dumps(document)
    assert bytes(range(32)).hex() not in text
    assert "key" not in set(re.findall(r'"(\w+)":', text))


def test_an_empty_run_verifies_and_tells_its_seed() -> None:
    document = save(start("quiet"))
    assert (document["steps"], document["digests"]) == (0, {"rolling": [], "short": ""})
    verify(document)
    with pytest.raises(ReplayDiverged, match="the beginning: final digest"):
        verify(document | {"seed": 6})


@pytest.mark.parametrize("stop_after", range(0, 60, 7))
def test_a_run_left_in_the_middle_of_a_microsecond_verifies(stop_after: int) -> None:
    simulation = start("classroom", "traffic.rate_per_s=5")
    simulation.run_until(TimeUs(10 * SECOND), max_events=stop_after)
    simulation.submit(c.MineBlock(stop_after % 6))
    simulation.run_until(TimeUs(60 * SECOND), max_events=40)
    simulation.submit(c.CutNode(2))
    verify(save(simulation))


def test_events_of_one_microsecond_may_be_left_between_each_other() -> None:
    """Partition and healing at one moment: what stands between them is settled by the count of events."""
    events = ", ".join(f'{{at="5s", command="mine-block", node={node}}}' for node in range(6))
    for stop_after in range(8):
        simulation = start("quiet", f"event=[{events}]")
        simulation.run_until(TimeUs(9 * SECOND), max_events=stop_after)
        simulation.submit(c.CutNode(0))
        simulation.submit(c.MineBlock(0))
        verify(save(simulation))
        simulation.run_until(TimeUs(9 * SECOND))
        verify(save(simulation))


def test_a_branch_is_a_run_of_its_own() -> None:
    trunk = start()
    trunk.run_until(TimeUs(20 * SECOND))
    branch = trunk.copy()
    trunk.submit(c.StopNode(1))
    branch.submit(c.CutNode(1))
    for simulation in (trunk, branch):
        simulation.run_until(TimeUs(50 * SECOND))
        verify(save(simulation))


# Seeking and going on ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_events", [1, 7, 1000])
def test_a_replay_stops_where_it_is_told(document: Document, max_events: int) -> None:
    whole = give(start(), COMMANDS[:6])
    whole.run_until(TimeUs(30 * SECOND))
    replay = Replay(document)
    while not replay.advance(max_events, TimeUs(30 * SECOND)):
        pass
    assert (replay.simulation.now_us, replay.is_finished) == (30 * SECOND, False)
    assert replay.simulation.compute_digest() == whole.compute_digest()
    while not replay.advance(max_events):
        pass
    assert (replay.simulation.now_us, replay.is_finished) == (END_US, True)


def test_a_replay_goes_no_further_than_its_end(document: Document) -> None:
    replay = Replay(document)
    while not replay.advance(target_us=TimeUs(10 * END_US)):
        pass
    assert replay.simulation.now_us == END_US


def test_a_finished_replay_goes_on_as_a_live_run(document: Document, simulation: Simulation) -> None:
    live, replay = simulation.copy(), Replay(document)
    while not replay.advance():
        pass
    for run in (live, replay.simulation):
        run.run_until(TimeUs(2 * MINUTE))
        run.submit(c.SetTraffic(2000))
        run.run_until(TimeUs(3 * MINUTE))
    assert replay.simulation.compute_digest() == live.compute_digest()
    verify(save(replay.simulation))


def test_a_copy_of_a_replay_still_has_its_commands_before_it(document: Document, simulation: Simulation) -> None:
    replay = Replay(document)
    replay.advance(10_000, TimeUs(30 * SECOND))
    twin = replay.simulation.copy()
    twin.run_until(END_US)
    assert twin.compute_digest() == simulation.compute_digest()


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "other"}, "not a chainroom run: its format is not 'chainroom-run'"),
        ({"format_version": 2}, "format version 2; this program reads up to 1"),
        ({"format_version": -1}, "damaged: its format version is -1"),
        ({"rules_version": RULES_VERSION + 1}, f"rules version {RULES_VERSION + 1}, this program has {RULES_VERSION}"),
        ({"seed": "5"}, "this run is damaged: Expected `int`, got `str` - at `$.seed`"),
        ({"seed": -5}, "this run is damaged: seed: '-5' is not allowed"),
        ({"more": 1}, "this run is damaged: Object contains unknown field `more`"),
        ({"digests": {"rolling": [], "short": "abc"}}, "this run is damaged"),
        ({"digests": {"rolling": [], "short": "AB" * 4}}, "4 bytes an event in lower-case hex"),
        ({"digests": {"rolling": [], "short": "ab"}}, "4 bytes an event in lower-case hex"),
        ({"scenario": {"name": "x", "network": {"nodes": "many"}}}, "damaged: network.nodes: 'many' is not allowed"),
        ({"scenario": 5}, "this run is damaged"),
    ],
)  # fmt: skip
def test_a_foreign_newer_or_damaged_document_is_told_apart(document: Document, change: Document, message: str) -> None:
    with pytest.raises(InvalidReplay) as caught:
        verify(document | change)
    assert message in str(caught.value)


@pytest.mark.parametrize("value", [None, 5, "run", [], {}, {"format": []}])
def test_what_is_no_document_is_refused(value: object) -> None:
    with pytest.raises(InvalidReplay, match="not a chainroom run"):
        read(value)


@pytest.mark.parametrize("key", sorted({"scenario", "seed", "end_us", "steps", "commands", "digests", "digest"}))
def test_a_missing_key_is_named(document: Document, key: str) -> None:
    with pytest.raises(InvalidReplay, match=f"missing required field `{key}`"):
        verify({name: value for name, value in document.items() if name != key})


def test_tables_in_tables_without_end_are_refused(document: Document) -> None:
    deep: object = {}
    for _ in range(100_000):
        deep = {"a": deep}
    for key in ("scenario", "commands", "digests", "seed"):
        with pytest.raises(InvalidReplay):
            verify(document | {key: deep})


def test_another_spelling_of_the_same_bytes_is_refused(document: Document) -> None:
    """Base64 of 20 bytes leaves two bits unused: "…M=" and "…N=" are the same address."""
    other = copy.deepcopy(document)
    command = other["commands"][1]["command"]
    assert command["address"].endswith("M=")
    command["address"] = command["address"][:-2] + "N="
    with pytest.raises(InvalidReplay, match="not written as chainroom writes them"):
        verify(other)


@pytest.mark.parametrize("steps", [10, -1, 0, 10**9])
@pytest.mark.parametrize("end_us", [END_US, END_US + 1, END_US - 1, 0, -1, 10**18])
def test_an_end_that_is_not_the_recorded_one_is_refused_soon(document: Document, steps: int, end_us: int) -> None:
    with pytest.raises(ReplayDiverged, match="diverged at event"):
        verify(document | {"end_us": end_us, "steps": document["steps"] + (steps if steps == 10 else 0)} | (
            {"steps": steps} if steps != 10 else {}
        ))  # fmt: skip


def change_command(place: int, **changes: object) -> Callable[[Document], None]:
    return lambda document: document["commands"][place].update(changes)


def change_digest(place: int) -> Callable[[Document], None]:
    def change(document: Document) -> None:
        short = document["digests"]["short"]
        document["digests"]["short"] = short[: 8 * place] + "00000000" + short[8 * place + 8 :]

    return change


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (change_command(4, command={"command": "mine-block", "node": 1}), r"day 0  00:00:20\.000, node n01"),
        (change_command(4, command={"command": "mine-block", "node": 9}), r"00:00:20\.000, node n09: there is no node"),
        (change_command(7, command={"command": "start-node", "node": 5}), r"00:00:45\.000, node n05: .*already run"),
        (change_command(4, time_us=20 * SECOND + 1), r"00:00:20\.000, node n00"),
        (change_command(4, time_us=5), r"00:00:00\.000, node n00: the command's time does not fit"),
        (change_command(4, step=0), "node n00: the command's time does not fit"),
        (change_command(11, step=10**9), "commands: 11 here, 12 in the save"),
        (lambda document: document["commands"].pop(), r"diverged at event \d+, .*: events: \d+ here, \d+ in the save"),
        (lambda document: document["commands"].insert(0, document["commands"][0]), "event 1, day 0  00:00:00"),
        (change_digest(0), r"diverged at event 0, day 0  00:00:00\.000, node n01$"),
        (change_digest(2), r"diverged at event 2, day 0  00:00:0"),
        (lambda document: document["digests"].update(short=document["digests"]["short"][:-8]), "diverged at event"),
        (lambda document: document["digests"].update(rolling=[[5, 5, "00"]]), "rolling digest: none here, 00… after 5"),
        (lambda document: document.update(digest="00" * 32), "final digest: [0-9a-f]{39}… here, 0{39}… in the save"),
        (lambda document: document.update(digest=document["digest"].upper()), "final digest"),
        (lambda document: document.update(seed=6), r"diverged at event 2, day 0  00:00:00\.000, node n00$"),
    ],
)  # fmt: skip
def test_the_divergence_is_named(document: Document, change: Callable[[Document], None], message: str) -> None:
    other = copy.deepcopy(document)
    change(other)
    with pytest.raises(ReplayDiverged, match=message):
        verify(other)


def test_rolling_digests_are_compared() -> None:
    simulation = start("classroom", "traffic.rate_per_s=10")
    simulation.run_until(TimeUs(MINUTE))
    document = save(simulation)
    ((events, _, digest), *_) = document["digests"]["rolling"]
    assert events == 256
    document["digests"]["rolling"][0][2] = digest[:-1] + ("0" if digest[-1] != "0" else "1")
    place = rf"diverged at event {events - 1}, .*: rolling digest: {digest[:16]}… after {events} events"
    with pytest.raises(ReplayDiverged, match=place):
        verify(document)


# Any change at all ---------------------------------------------------------------------------------------------------

VERIFIED = ("seed", "end_us", "steps", "commands", "digests", "digest", "format", "format_version", "rules_version")


@pytest.fixture(scope="module")
def short_document() -> Document:
    simulation = start("classroom", "network.nodes=4")
    give(simulation, ((0, c.MineBlock(1)), (3, c.RequestCoins(0, bytes(range(20)), COIN)), (12, c.CutNode(2))))
    simulation.run_until(TimeUs(15 * SECOND))
    return save(simulation)


@hypothesis_settings(max_examples=300)
@given(data=st.data())
def test_every_single_changed_byte_is_noticed(short_document: Document, data: st.DataObject) -> None:
    text = json.dumps({key: short_document[key] for key in VERIFIED})
    place = data.draw(st.integers(min_value=1, max_value=len(text) - 2))
    letter = data.draw(st.sampled_from('0123456789abcdefABX=+"{}[]:, -.') | st.sampled_from("0123456789"))
    try:
        changed = json.loads(text[:place] + letter + text[place + 1 :])
    except ValueError:
        return  # no JSON any more: told by whoever reads the file
    if changed == {key: short_document[key] for key in VERIFIED}:
        return  # a blank more or less between values
    rest = {key: value for key, value in short_document.items() if key not in VERIFIED}
    with pytest.raises(InvalidReplay):
        verify(rest | changed)


def iter_places(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from iter_places(inner, (*path, key))


STRANGE = st.sampled_from(
    [None, True, False, -1, 0, 1, 3, 2**63, 2**70, 0.5, "", "x", "\x1b[2J\ud800", "1ms", "ring", [], [1], {}, {"a": 1}]
)


@hypothesis_settings(max_examples=150)
@given(data=st.data())
def test_a_changed_document_is_refused_or_is_the_same_run(short_document: Document, data: st.DataObject) -> None:
    document = copy.deepcopy(short_document)
    path = data.draw(st.sampled_from([place for place in iter_places(document) if place]))
    inner: Any = document
    for part in path[:-1]:
        inner = inner[part]
    if data.draw(st.booleans(), label="delete"):
        del inner[path[-1]]
    else:
        inner[path[-1]] = data.draw(STRANGE)
    try:
        verify(document)
    except ChainroomError as error:
        assert isinstance(error, InvalidReplay)  # noqa: PT017 - whatever else is raised fails the test as well
    else:
        same = {key: document[key] for key in VERIFIED} == {key: short_document[key] for key in VERIFIED}
        assert same, f"verified although {path} has changed"

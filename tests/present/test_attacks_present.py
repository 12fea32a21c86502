"""Attacks on contracts on the screen: found in the run, bookmarked, opened at the step where one sees them, told."""

import os
import re
from functools import cache

import pytest

from app.present.attacks import (
    ATTACKS,
    Found,
    Stop,
    describe_due,
    find_attacks,
    find_step,
    iter_applications,
    list_attacks,
    mark_attacks,
    open_attack,
)
from app.present.contracts import Shelf
from app.present.debugger import Debugger
from app.present.holders import Holders
from app.present.stories import build_story
from app.session import Session
from app.starting import list_scenarios, read_shipped_scenario
from chain.contracts.library import load_artifact
from chain.economy.applications import ATTACKS as APPLICATIONS
from chain.economy.applications.attack_integers import FORGED
from chain.economy.applications.attack_oracle import UNIT
from chain.scenario import build
from chain.simulation.simulation import Simulation
from chain.units import COIN, MINUTE, TimeUs

NAMES = [name for name in list_scenarios() if name.startswith("attack-")]


@cache
def play(name: str, seed: int = 4) -> Simulation:
    simulation = build(read_shipped_scenario(name), seed)
    simulation.run_until(TimeUs(26 * MINUTE))
    return simulation


def get(name: str, place: int) -> tuple[Debugger, Found]:
    """Return the debugger at an attack: 0 the one that works, 1 the one that does not."""
    simulation = play(name)
    found = find_attacks(simulation, simulation.now_us)[place]
    return open_attack(simulation, found, Shelf()), found


def get_line(debugger: Debugger) -> str:
    artifact, span = debugger.get_artifact(debugger.call), debugger.find_span(debugger.index)
    assert artifact is not None
    assert span is not None
    return artifact.source.splitlines()[span.line - 1]


def test_the_repair_is_told_in_the_words_of_the_repaired_contract() -> None:
    for mistake, repaired in ATTACKS.values():
        assert mistake.is_success
        assert not repaired.repair
        [name], [code] = re.findall(r"(\w+)\.vy", mistake.repair), re.findall(r"`(.+)`", mistake.repair)
        assert code in load_artifact(name).source
        assert len(mistake.repair) <= 78  # one line of the smallest terminal
        assert mistake.note.splitlines() == [mistake.look_for, mistake.repair]


def test_every_application_of_an_attack_has_one_that_works_and_one_that_does_not() -> None:
    assert set(ATTACKS) == {it.name for it in APPLICATIONS}
    for one, other in ATTACKS.values():
        assert one.person >= 0
        assert one.due_us < other.due_us
        assert describe_due(one).startswith("after ")
    assert len(NAMES) == len(ATTACKS)


@pytest.mark.parametrize("seed", [4, 1_000_003] if os.environ.get("CHAINROOM_FULL") else [4])
@pytest.mark.parametrize("name", NAMES)
def test_attacks_are_found_when_they_have_happened(name: str, seed: int) -> None:
    simulation = play(name, seed)
    found = find_attacks(simulation, simulation.now_us)
    assert [it.attack for it in found] == list_attacks(simulation)
    first = found[0].doing.block.published_us
    assert find_attacks(simulation, TimeUs(first - 1)) == []
    assert [it.attack for it in find_attacks(simulation, first)] == [found[0].attack]


@pytest.mark.parametrize("place", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_the_debugger_stops_where_the_data_says(name: str, place: int) -> None:
    debugger, (attack, doing) = get(name, place)
    [application] = iter_applications(play(name))
    assert debugger.transaction == doing.signed.id
    assert debugger.call.address == application.addresses[attack.stop.label]
    assert attack.stop.mark in get_line(debugger)
    assert debugger.trace.result.success is (doing.receipt.is_success)


def test_the_bank_pays_twice_before_it_notes_once() -> None:
    debugger, _ = get("attack-reentrancy", 0)
    writes = [it.step for it in debugger.trace.storage_changes if it.address == debugger.call.address and it.new == 0]
    assert debugger.call.depth == 3
    assert debugger.index < min(writes)


def test_the_product_is_nothing() -> None:
    debugger, _ = get("attack-integers", 0)
    while debugger.step.name != "MUL":
        debugger.go(debugger.index + 1)
    assert sorted(debugger.step.stack[-2:]) == [2, FORGED]
    debugger.go(debugger.index + 1)
    assert debugger.step.stack[-1] == 0


def test_the_price_is_read_during_the_flash_loan() -> None:
    debugger, _ = get("attack-oracle", 0)
    [application] = iter_applications(play("attack-oracle"))
    around, call = set(), debugger.call
    while call.parent is not None:
        call = debugger.trace.calls[call.parent]
        around.add(call.address)
    assert {application.addresses[it] for it in ("thief", "trusting_market", "flash_lender")} <= around
    answer = int.from_bytes(debugger.call.output)
    assert 20 * UNIT < answer < 30 * UNIT


def test_the_owner_is_written_next() -> None:
    debugger, _ = get("attack-access", 0)
    debugger.move_to_write(1)
    assert "self.owner = owner" in get_line(debugger)


def test_a_sandwich_lies_around_its_victim_in_the_block() -> None:
    _, (attack, doing) = get("attack-sandwich", 0)
    [application] = iter_applications(play("attack-sandwich"))
    senders = [it.sender for it in doing.block.block.transactions]
    attacker = application.signers[attack.beside].address
    assert senders.index(attacker) < doing.place < len(senders) - 1 - senders[::-1].index(attacker)


def test_a_stop_that_never_comes_is_no_step() -> None:
    debugger, _ = get("attack-integers", 0)
    addresses = iter_applications(play("attack-integers"))[0].addresses
    assert find_step(debugger, Stop("round_token", "transfer_all", "no such line"), addresses) is None
    assert find_step(debugger, Stop("round_token", "transfer_all", "unsafe_mul", 1), addresses) is None
    assert find_step(debugger, Stop("safe_token", "transfer_all"), addresses) is None


@pytest.mark.parametrize("name", NAMES)
def test_attacks_are_bookmarked_once(name: str) -> None:
    session = Session(play(name))
    for _ in range(2):
        mark_attacks(session)
    found = find_attacks(session.simulation, session.now_us)
    assert [(it.name, it.time_us) for it in session.bookmarks] == [
        (it.attack.title, it.doing.block.published_us) for it in found
    ]


@pytest.mark.parametrize("name", NAMES)
def test_stories_tell_what_happens(name: str) -> None:
    simulation, headlines = play(name), []
    [application] = iter_applications(simulation)
    found = find_attacks(simulation, simulation.now_us)
    moments = [it.doing.block.published_us for it in found]
    for at_us in (0, moments[0] - 1, *moments, simulation.now_us):
        story = build_story(simulation, application, TimeUs(at_us), Holders(simulation.world))
        assert not story.headline.startswith("Not to be told")
        headlines.append(story.headline)
        assert all(sum(len(text) for text, _ in line) <= 74 for line in story.drawing)
    assert len(dict.fromkeys(headlines)) == 4
    assert [it.note for it in story.fields if it.key.startswith("attack-")] == ["press a", "press a"]


def test_the_story_of_the_bank_knows_what_it_owes() -> None:
    simulation = play("attack-reentrancy")
    [application] = iter_applications(simulation)
    story = build_story(simulation, application, simulation.now_us, Holders(simulation.world))
    fields = {it.key: it for it in story.fields}
    look = application._look(simulation.world, 0, 0)  # type: ignore[arg-type]
    owed = sum(look.read("naive_vault", "balances", it.address) for it in application.signers)
    assert f"{owed / COIN:.0f} CR" == fields["naive"].note.removeprefix("owes ")
    assert (fields["naive"].tone, fields["fixed"].tone) == ("bad", "good")
    assert sum("withdraw pays" in line[0][0] for line in story.drawing) == look.read("thief", "calls")


def test_a_sandwich_is_drawn_in_the_order_of_its_block() -> None:
    simulation = play("attack-sandwich")
    [application] = iter_applications(simulation)
    story = build_story(simulation, application, simulation.now_us, Holders(simulation.world))
    lines = ["".join(text for text, _ in line).split() for line in story.drawing]
    who = [line[0] for line in lines[1:]]
    place = who.index("careless")
    assert who[place - 1] == who[place + 1] == "sandwicher"
    given, got, back, kept = (float(lines[1 + at][column]) for at in (place - 1, place + 1) for column in (1, 4))
    assert got == back  # what was bought before is sold after
    assert kept > given
    fields = {field.key: field for field in story.fields}
    took, alone = (
        float(text.split()[at]) for text, at in ((fields["victim-2"].value, 0), (fields["victim-2"].note, 1))
    )
    assert [float(lines[1 + place][4]), float(lines[1 + place][-1])] == [took, alone]
    assert took < 0.95 * alone

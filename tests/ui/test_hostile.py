"""Hostile text wherever somebody can put some: shown as text, in every view and on every page, and nowhere obeyed.

Here it comes from the network (memos, contracts that name themselves), from files (scenarios, saves) and from the
person's own labels; the wallet's fields have a test of their own (test_wallet_flows.py).
"""

import sys
import unicodedata
from importlib.resources import files
from typing import Any

import pytest
from conftest import StillApp, get_text
from textual.pilot import Pilot
from textual.widgets import Input

from app.present.holders import Holders
from app.present.listing import LISTS
from app.present.tokens import list_tokens
from app.screens.tamper import TamperPage
from app.screens.view import Thing
from app.storage.paths import get_saves
from chain.contracts.abi import encode_arguments
from chain.contracts.library import load_artifact
from chain.ledger.actions import Action, Create, Transfer
from chain.ledger.transaction import encode_transaction
from chain.scenario import Scenario, load_scenario
from chain.simulation.commands import MineBlock, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Address, TimeUs

MARKUP = "[/x][bold red][@click=app.quit]"
HOSTILE = MARKUP + "\x1b[2J\x07\u202egnp.exe\u2066\U000e0041\ufeff漢" + "e\u0301\u0301\u0301\u0301" * 4
LONGEST = HOSTILE + "x" * 10_000
SOMEBODY = Address(bytes(range(20)))


def check_harmless(app: StillApp, *places: object) -> str:
    """Nothing that was painted can move the cursor, turn text around or hide; return what was painted."""
    text = get_text(app)
    bad = {letter for letter in text if unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")} - {"\n"}
    assert not bad, (places, bad)
    return text


def build_scenario() -> Scenario:
    text = (files("chain") / "scenarios/quiet.toml").read_text(encoding="utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("title", "description"))]
    title, more = (repr_toml(it) for it in (HOSTILE, HOSTILE * 20))
    return load_scenario("\n".join([f"title = {title}", f"description = {more}", *lines]), MARKUP)


def repr_toml(text: str) -> str:
    return '"' + "".join(it if it.isalnum() or it in "[]/@=. " else f"\\U{ord(it):08x}" for it in text) + '"'


def play_hostile_run(simulation: Simulation) -> None:
    """A token with such a name, and payments with such memos."""
    faucet, token = simulation.world.faucet, load_artifact("token")
    arguments = encode_arguments(token.abi.constructor.inputs, [HOSTILE[:30], HOSTILE[:20], 2, 1000])
    actions: tuple[tuple[Action, int], ...] = (
        (Create(0, token.bytecode + arguments), 850_000),
        (Transfer(SOMEBODY, COIN, HOSTILE), 20_000),
        (Transfer(SOMEBODY, COIN, LONGEST[:200]), 20_000),
    )
    for nonce, (action, gas) in enumerate(actions):
        signed = faucet.sign(1, nonce, action, 1000, 10, gas)
        simulation.submit(SubmitTransaction(0, encode_transaction(signed)))
    for _ in range(3):
        simulation.run_until(TimeUs(simulation.now_us + 20 * SECOND))
        simulation.submit(MineBlock(0))
    simulation.run_until(TimeUs(simulation.now_us + 5 * SECOND))


def label_everything(monkeypatch: pytest.MonkeyPatch, simulation: Simulation) -> None:
    """The person's own names for an account and the transactions."""
    world = simulation.world
    notes = {record.id: HOSTILE for record in world.transactions.records}
    holders = Holders(world, {SOMEBODY: HOSTILE, world.faucet.address: LONGEST}, notes)
    for module in [it for name, it in sys.modules.items() if name.startswith("app.") and hasattr(it, "get_holders")]:
        monkeypatch.setattr(module, "get_holders", lambda *_: holders)


async def look_around(app: StillApp, pilot: Pilot[None], place: object) -> str:
    """Every panel of what is on the screen, and why it is so."""
    seen = check_harmless(app, place)
    for key in ("down", "v", "down", "v", "down", "v", "question_mark", "escape"):
        await pilot.press(key)
        await pilot.pause()
        seen += check_harmless(app, place, key)
    return seen


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_hostile_text_is_shown_harmlessly_everywhere(
    still_app: type[StillApp], monkeypatch: pytest.MonkeyPatch, size: tuple[int, int]
) -> None:
    app: Any = still_app(scenario=build_scenario(), seed=7)
    async with app.run_test(size=size, notifications=True) as pilot:
        await app.wait_for_run()
        simulation = app.run_shown.simulation
        play_hostile_run(simulation)
        app.run_shown.go_live()
        app.run_shown.bookmark(HOSTILE)
        for view in "1234567812":  # the labels once the views have imported what they need
            await pilot.press(view)
            await pilot.pause()
            check_harmless(app, view)
            label_everything(monkeypatch, simulation)
        world = simulation.world
        things = [Thing("list", name) for name in LISTS]
        things += [Thing("transaction", record.id) for record in world.transactions.records]
        things += [Thing("block", world.tree.records[1].hash), Thing("address", SOMEBODY), Thing("node", 0)]
        things += [Thing("address", world.faucet.address), Thing("event", len(world.history.records) - 1)]
        things += [Thing("address", token.address) for token in list_tokens(world, simulation.now_us)]
        seen = ""
        for thing in things:
            app.open_thing(thing)
            await pilot.pause()
            seen += await look_around(app, pilot, thing)
            app.action_go("network")
        assert "[/x][bold" in seen
        assert "\u0301" * 3 not in seen
        await search_and_tamper(app, pilot, simulation)
        app.action_presenter()
        await pilot.pause()
        check_harmless(app, "presenting")


async def search_and_tamper(app: StillApp, pilot: Pilot[None], simulation: Simulation) -> None:
    """Searches for such texts and by them; saves, questions and a changed block that hold them."""
    for text in (HOSTILE, MARKUP, "[/x", "\u202e", "\ud800", "x" * 500):
        app.open_search()
        await pilot.pause()
        app.screen.query_one(Input).value = text
        await pilot.pause(0.15)
        check_harmless(app, "search", text)
        await pilot.press("escape")
    record = next(it for it in simulation.world.tree.records if it.block.transactions)
    app.push_screen(TamperPage(record.hash, 0))
    await pilot.pause()
    await look_around(app, pilot, "tamper")
    app.action_go("network")
    get_saves().mkdir(parents=True, exist_ok=True)
    for name in (f"{MARKUP.replace('/', '')}\u202e", "broken"):
        (get_saves() / f"{name}.json").write_text(HOSTILE, encoding="utf-8")
    for ask in (app.ask_save, app.ask_open):
        ask()
        await pilot.pause()
        check_harmless(app, ask)
        for field in app.screen.query(Input):
            field.value = HOSTILE
        await pilot.press("enter")
        await pilot.pause()
        check_harmless(app, ask, "enter")
        app.action_go("network")
    app.tell(LONGEST, "error")
    app.explain(HOSTILE, "ledger/nonce", LONGEST)
    await pilot.pause()
    check_harmless(app, "told")
    await pilot.press("escape")

"""The debugger stays awake whatever the transaction did: long code runs in turns, and can be stopped."""

import threading

import pytest

from app.present.contracts import get_shelf
from app.screens import debugger as screens
from app.screens.debugger import DebuggerScreen
from app.session import Session
from app.widgets.field_list import FieldList
from chain.ledger.actions import Create
from chain.scenario import build, load_scenario
from chain.units import SECOND, NodeId, TimeUs

ENDLESS = bytes.fromhex("5b60205f20505f56")  # JUMPDEST, hash 32 bytes and forget it, JUMP to 0
GAS = 300_000
TEXT = """
[network]
nodes = 4
[consensus]
interval = "5s"
grind_hashes = 0
[ledger]
gas_limit = 30000000
initial_base_fee_per_gas = 10
[[application]]
name = "token"
people = 2
rate_per_s = 0
"""


def build_hostile_run():
    """A run in which somebody had endless code in a block, and the place of it."""
    simulation = build(load_scenario(TEXT, "hostile"), 3)
    simulation.run_until(TimeUs(120 * SECOND))
    world = simulation.world
    signed = world.sign_action(world.actors[1].signers[1], NodeId(1), Create(0, ENDLESS), 100, 4, GAS)
    world.submit_transaction(NodeId(1), signed)
    simulation.run_until(TimeUs(180 * SECOND))
    block = next(it for it in world.tree.records if signed in it.block.transactions)
    return simulation, block, block.block.transactions.index(signed)


@pytest.fixture
def hostile(monkeypatch):
    """The run on screen; whatever can give way does so each time it is asked."""
    simulation, block, place = build_hostile_run()
    monkeypatch.setattr("app.starting.build_session", lambda *_: Session(simulation, is_playing=False))
    monkeypatch.setattr(screens, "TURN_S", 0.0005)
    monkeypatch.setattr(screens, "FIRST_TURN_S", 0)
    return block, place


def count_jobs():
    return sum(it.name == "job" for it in threading.enumerate())


async def test_hostile_code_is_walked_through_while_the_interface_goes_on(still_app, hostile):
    app = still_app("quiet")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await app.wait_for_run()
        app.push_screen(DebuggerScreen(*hostile, get_shelf()))
        await app.wait_until(lambda: "esc stops" in app.get_text())
        assert count_jobs() == 1
        await pilot.press("escape")  # before anything is there to see: leave
        await app.wait_until(lambda: app.screen is app.home)
        await app.wait_until(lambda: count_jobs() == 0)

        screen = DebuggerScreen(*hostile, get_shelf())
        app.push_screen(screen)
        await app.wait_until(lambda: "out of gas" in app.get_text())
        assert screen._debugger.index == 0
        steps = len(screen._debugger.trace)
        assert steps > 10_000

        await pilot.press("end")  # far away: it runs again up to there
        await app.wait_until(lambda: "esc stops" in app.get_text())
        await pilot.press("escape")
        await app.wait_until(lambda: screen._job is None)
        assert app.screen is screen
        assert screen._debugger.index == 0
        assert count_jobs() == 0

        await pilot.press("end")
        await app.wait_until(lambda: screen._debugger.index == steps - 1)
        await pilot.pause()
        assert f"{steps:,} of {steps:,}".replace(",", " ") in app.get_text()
        assert app.screen.query_one(FieldList).fields[0].value.startswith(f"{steps:,}".replace(",", " "))
        await pilot.press("home")
        await app.wait_until(lambda: screen._debugger.index == 0 and screen._job is None)
        await pilot.press("full_stop")
        await app.wait_until(lambda: screen._debugger.index == 1 and screen._job is None)
        await pilot.press("escape")
        assert app.screen is app.home


async def test_the_mouse_steps_by_the_words_on_the_frame(still_app, hostile):
    app = still_app("quiet")
    async with app.run_test(size=(120, 36), notifications=True) as pilot:
        await app.wait_for_run()
        screen = DebuggerScreen(*hostile, get_shelf())
        app.push_screen(screen)
        await app.wait_until(lambda: screen._debugger is not None and "opcode" in app.get_text())
        rows = app.get_text().splitlines()
        row = next(number for number, line in enumerate(rows) if ". opcode" in line)

        async def click(text):
            await pilot.click(offset=(rows[row].index(text), row))
            await app.wait_until(lambda: screen._job is None)
            await pilot.pause()

        await click(". opcode")
        await app.wait_until(lambda: screen._debugger.index == 1)
        await click(", ")
        await app.wait_until(lambda: screen._debugger.index == 0)
        await pilot.click(offset=(rows[row].index("esc"), row))
        await app.wait_until(lambda: app.screen is app.home)

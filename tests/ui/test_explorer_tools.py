"""Lists, proofs, odyssey, tampering and playgrounds as a person uses them: by keys and by mouse."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from app.app import ChainroomApp
from app.present.listing import LISTS
from app.screens.dialogs import NameDialog
from app.screens.explorer import ThingPage
from app.screens.odyssey import OdysseyPage
from app.screens.playground import PlaygroundScreen
from app.screens.proof import ProofPage
from app.screens.tamper import TamperPage
from app.screens.view import Thing
from app.session import Session
from app.widgets.field_list import FieldList
from app.widgets.timeline import Timeline
from app.widgets.virtual_table import VirtualTable
from app.widgets.why import WhyModal
from chain.ledger.actions import Transfer
from chain.ledger.transaction import encode_transaction
from chain.proofs import verify
from chain.scenario import build, load_scenario
from chain.simulation.commands import MineBlock, SubmitTransaction
from chain.units import COIN, SECOND, Address, TimeUs

pytestmark = pytest.mark.asyncio(loop_scope="module")
SIZES = [(80, 24), (120, 36)]
Opened = Callable[..., Any]


@pytest.fixture
def opened(told: Opened) -> Opened:
    """The name these tests know the shared interface by."""
    return told


async def press(app: ChainroomApp, pilot: "Pilot[None]", *keys: str) -> None:
    for key in keys:
        await pilot.press(key)
        app.show()
    await pilot.pause()


async def open_thing(app: ChainroomApp, pilot: "Pilot[None]", kind: Any, key: bytes) -> None:
    app.open_thing(Thing(kind, key))
    await pilot.pause()
    app.show()
    await pilot.pause()


def get_text(app: ChainroomApp) -> str:
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


# Lists -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_lists_fit_and_open_what_they_list(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as (app, pilot):
        for name, spec in LISTS.items():
            await open_thing(app, pilot, "list", name)
            assert spec.title in get_text(app)
            table = app.screen.query(VirtualTable).first()
            if table.count and size == SIZES[0]:
                table.focus()
                await press(app, pilot, "enter")
                assert app.screen is not app.home
                await press(app, pilot, "escape")
            await press(app, pilot, "escape")
            assert app.screen is app.home


async def test_search_finds_lists_events_and_validators(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await press(app, pilot, "slash", *"stale")
        await press(app, pilot, "enter")
        await pilot.pause()
        assert isinstance(app.screen, ThingPage)
        assert "Stale blocks" in get_text(app)
        await press(app, pilot, "escape", "slash", *"partition", "enter")
        await pilot.pause()
        app.show()
        await pilot.pause()
        assert "Event " in get_text(app)
        await press(app, pilot, "escape", "slash", *"validator 3", "enter")
        await pilot.pause()
        assert "n03" in get_text(app)


# Proofs ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_a_proof_by_keys_from_page_to_file(
    opened: Opened, story: Any, size: tuple[int, int], tmp_path: Path
) -> None:
    async with opened(size) as (app, pilot):
        await open_thing(app, pilot, "transaction", story.transaction)
        await press(app, pilot, "p")
        assert isinstance(app.screen, ProofPage)
        assert "✓ Proven" in get_text(app)
        await press(app, pilot, "k")
        assert "✗ Not proven" in get_text(app)
        await press(app, pilot, "k", "x")
        assert isinstance(app.screen, NameDialog)
        target = tmp_path / "my proof.json"
        app.screen.query_one(Input).value = str(target)
        await press(app, pilot, "enter")
        assert verify(json.loads(target.read_text(encoding="utf-8"))).is_good
        await press(app, pilot, "x")
        app.screen.query_one(Input).value = str(target)
        await press(app, pilot, "enter")
        assert "exists already" in get_text(app), "a file is never overwritten"
        await press(app, pilot, "escape", "escape", "escape")
        assert app.screen is app.home


async def test_a_balance_is_proved_and_its_steps_explained(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        await open_thing(app, pilot, "address", story.stranger)
        await press(app, pilot, "p", "down", "enter")
        assert isinstance(app.screen, WhyModal)
        assert app.screen.why.rule == "proof/steps"
        assert "docs/rules.md, line" in app.screen.source


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_the_steps_of_a_proof_have_the_keys_at_once(opened: Opened, story: Any, size: tuple[int, int]) -> None:
    async with opened(size) as (app, pilot):
        await open_thing(app, pilot, "transaction", story.transaction)
        await press(app, pilot, "p", "down")
        assert isinstance(app.focused, Timeline)
        assert app.focused.cursor == 1
        assert "k change a digit" in " ".join(get_text(app).split())
        await press(app, pilot, "escape", "escape")


async def test_what_is_in_no_block_has_no_proof(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        assert app.session is not None
        app.session.seek(story.moments["healed"])
        await open_thing(app, pilot, "transaction", story.transaction)
        await press(app, pilot, "p")
        assert "there is nothing to prove yet" in get_text(app)


# Odyssey ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_the_odyssey_tells_the_whole_life(opened: Opened, story: Any, size: tuple[int, int]) -> None:
    async with opened(size) as (app, pilot):
        await open_thing(app, pilot, "transaction", story.transaction)
        await press(app, pilot, "o")
        assert isinstance(app.screen, OdysseyPage)
        texts = [event.text for event in app.screen.query_one(Timeline).events]
        parts = ("asked for coins", "signed by faucet", "mempool of n04", "in block #2′", "back into the mempools",
                 "in block #4", "final by depth")  # fmt: skip
        places = [next(place for place, text in enumerate(texts) if part in text) for part in parts]
        assert places == sorted(places)
        await press(app, pilot, "escape", "escape")
        assert app.screen is app.home


# Why -------------------------------------------------------------------------------------------------------------


async def test_why_names_the_line_of_the_rule(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        await open_thing(app, pilot, "transaction", story.transaction)
        fields = app.screen.query_one(FieldList)
        for key, rule in (("fee", "ledger/base-fee"), ("nonce", "ledger/nonce"), ("signature", "ledger/signature")):
            fields.cursor = [field.key for field in fields.fields].index(key)
            await press(app, pilot, "question_mark")
            assert isinstance(app.screen, WhyModal)
            assert app.screen.why.rule == rule
            assert "docs/rules.md, line" in app.screen.source
            await press(app, pilot, "escape")


# Tampering -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_tampering_by_keys(opened: Opened, story: Any, size: tuple[int, int]) -> None:
    before = story.simulation.history.compute_digest()
    async with opened(size) as (app, pilot):
        await press(app, pilot, "2", "left", "left", "left", "t")
        page = app.screen
        assert isinstance(page, TamperPage)
        await press(app, pilot, "down", "down", "enter")
        assert isinstance(app.screen, NameDialog)
        app.screen.query_one(Input).value = "not a number"
        await press(app, pilot, "enter")
        assert "a whole number" in get_text(app)
        app.screen.query_one(Input).value = str(page._copy.blocks[0].header.time_us + 1)  # type: ignore[union-attr]
        await press(app, pilot, "enter")
        assert app.screen is page
        copy = page._copy
        assert copy is not None
        assert all(copy.get_opinion(place).rule for place in range(4))
        await press(app, pilot, "r", "r", "r", "r")
        assert not any(copy.get_opinion(place).rule for place in range(4))
        await press(app, pilot, "u")
        assert not copy.is_changed
        await press(app, pilot, "right_square_bracket", "v", "v", "v", "question_mark", "escape", "escape")
        assert app.screen is app.home
    assert story.simulation.history.compute_digest() == before


async def test_tampering_by_mouse(opened: Opened) -> None:
    async with opened() as (app, pilot):
        await press(app, pilot, "2", "left", "left", "left", "t")
        await pilot.click("#tamper-edit")
        await pilot.pause()
        assert isinstance(app.screen, NameDialog)
        await press(app, pilot, "escape")
        await pilot.click("#tamper-resync")
        await pilot.pause()
        assert isinstance(app.screen, TamperPage)


async def test_a_node_on_another_branch_stores_other_blocks(opened: Opened, story: Any) -> None:
    async with opened() as (app, pilot):
        stale = next(it for it in story.simulation.world.tree.records if it.height == 2 and it.origin == 4)
        app.push_screen(TamperPage(stale.hash, 4))
        await pilot.pause()
        assert "does not follow #2" in get_text(app)
        await press(app, pilot, "e", "x", "r", "R", "u", "question_mark", "escape")


# Hostile text ----------------------------------------------------------------------------------------------------

HOSTILE = "[/x][bold red]$(rm)[/] " + "漢é" * 30


async def test_hostile_text_stays_text_on_every_page(opened: Opened, monkeypatch: pytest.MonkeyPatch) -> None:
    path = Path(__file__).parents[2] / "chain" / "scenarios" / "quiet.toml"
    simulation = build(load_scenario(path.read_text(encoding="utf-8"), "quiet"), 7)
    world, faucet = simulation.world, simulation.world.faucet
    signed = faucet.sign(1, 0, Transfer(Address(bytes(range(20))), COIN, HOSTILE), 1000, 10)
    simulation.submit(SubmitTransaction(0, encode_transaction(signed)))
    for _ in range(2):
        simulation.run_until(TimeUs(simulation.now_us + 20 * SECOND))
        simulation.submit(MineBlock(0))
    block = next(it for it in world.tree.records if it.block.transactions)
    async with opened((80, 24)) as (app, pilot):
        app.session = Session(simulation, is_playing=False)
        app.session.go_live()
        for kind, key in (("transaction", signed.id), ("address", faucet.address), ("block", block.hash)):
            await open_thing(app, pilot, kind, key)
            seen = get_text(app)
            for _ in range(4 if kind == "transaction" else 2):
                await press(app, pilot, "v")
                seen += get_text(app)
            if kind == "transaction":
                assert "[/x][bold" in seen
                await press(app, pilot, "o", "question_mark", "escape", "escape", "p", "k", "escape")
            await press(app, pilot, "escape")
            assert app.screen is app.home
        app.push_screen(TamperPage(block.hash, 0))
        await pilot.pause()
        fields = app.screen.query_one("#tamper-fields", FieldList)
        fields.cursor = [field.key for field in fields.fields].index("memo-0")
        await press(app, pilot, "e")
        app.screen.query_one(Input).value = "\x1b[2J[/x]\u202e" * 20
        await press(app, pilot, "enter")
        assert isinstance(app.screen, TamperPage)
        assert "\x1b" not in get_text(app)
        await press(app, pilot, "slash", "left_square_bracket", "x", "enter", "escape", "escape")


# Playgrounds -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", SIZES, scope="module")
async def test_every_playground_by_keys_and_mouse(opened: Opened, size: tuple[int, int]) -> None:
    async with opened(size) as (app, pilot):
        await press(app, pilot, "p")
        assert isinstance(app.screen, PlaygroundScreen)
        seen = get_text(app)
        for _ in range(4):
            await press(app, pilot, "f2", "ctrl+n")
            seen += get_text(app)
        for words in ("avalanche", "asked for", "it holds", "the path leads to the root", "6 address"):
            assert words in seen or size[1] < 30, words
        await pilot.click("#play-tab-0")
        await pilot.pause()
        await press(app, pilot, "end", "x")
        await press(app, pilot, "escape")
        assert app.screen is app.home

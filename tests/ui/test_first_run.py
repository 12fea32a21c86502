"""The card that welcomes somebody new, and lets the network be seen."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from quiet_pilot import wait_until
from textual.pilot import Pilot

from app.app import ChainroomApp
from app.screens.first_run import FirstRunScreen
from app.screens.wallet_create import CreateWallet
from app.screens.wallet_restore import RestoreWallet
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from app.widgets.network_map import NetworkMap
from chain.wallet.secret import Secret

PHRASE = Secret("abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return tmp_path


@asynccontextmanager
async def start(app: ChainroomApp, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Pilot[None]]:
    async with app.run_test(size=size, notifications=True) as pilot:
        await wait_until(lambda: app._clock is not None, lambda: "the run")
        await pilot.pause()
        yield pilot


async def wait_for_screen(pilot: Pilot[None], kind: type) -> None:
    await wait_until(lambda: isinstance(pilot.app.screen, kind), lambda: kind.__name__)
    await pilot.pause()


async def test_the_network_goes_on_behind_the_card() -> None:
    app = ChainroomApp()
    async with start(app, (60, 18)) as pilot:
        assert isinstance(app.screen, FirstRunScreen)
        assert app.session is not None
        session, before, view = app.session, app.session.now_us, app.home.query_one(NetworkMap).view
        await wait_until(lambda: session.now_us > before, lambda: "a later moment")
        await wait_until(lambda: app.home.query_one(NetworkMap).view is not view, lambda: "another picture of the map")
        for size in ((60, 18), (80, 24), (120, 36)):
            await pilot.resize_terminal(*size)
            buttons = [button.region for button in app.screen.query("Button")]
            assert all(app.screen.region.contains_region(region) for region in buttons), size


async def test_three_ways_on() -> None:
    app = ChainroomApp()
    async with start(app) as pilot:
        await pilot.press("escape")
        await wait_for_screen(pilot, type(app.home))
        for key, kind in (("w", CreateWallet), ("r", RestoreWallet)):
            await app.push_screen(FirstRunScreen())
            await pilot.press(key)
            await wait_for_screen(pilot, kind)
            await pilot.press("escape")
            await wait_for_screen(pilot, type(app.home))


async def test_any_other_key_looks_around_and_does_its_work() -> None:
    app = ChainroomApp()
    async with start(app) as pilot:
        await pilot.press("3")
        await wait_for_screen(pilot, type(app.home))
        await pilot.pause()
        view = app.home.get_view()
        assert view is not None
        assert view.id == "wallet"
        await pilot.press("w")
        await wait_for_screen(pilot, CreateWallet)


async def test_the_card_is_clicked_away() -> None:
    app = ChainroomApp()
    async with start(app) as pilot:
        await pilot.click("#look")
        await wait_for_screen(pilot, type(app.home))


async def test_who_has_a_wallet_or_asked_for_a_run_sees_no_card(home: Path) -> None:
    app = ChainroomApp("quiet")
    async with start(app):
        assert app.screen is app.home
    Keystore(home / "wallet.json", cost=CHEAPEST).create(PHRASE, Secret("violet tractor 81"))
    app = ChainroomApp()
    async with start(app):
        assert app.screen is app.home

"""Somebody at the keyboard, for the tests of the wallet on the screen."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from quiet_pilot import wait_until
from rich.cells import cell_len
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from app.app import ChainroomApp
from app.payments import get_interval_us
from app.present.wallet import Payment
from app.screens.wallet import WalletView
from app.screens.wallet_dialogs import ReviewDialog
from app.session import Session
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST
from app.wallets import Wallets
from chain.simulation.commands import MineBlock
from chain.units import SECOND, TimeUs
from chain.wallet.secret import Secret

PASSWORD = "violet tractor 81"
PHRASE = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
D = TypeVar("D", bound="Screen[Any]")


class HeldApp(ChainroomApp):
    """The program with a run that stands still from its first moment on, however late a test looks."""

    def start_clock(self) -> None:
        assert self.session is not None
        self.session.is_playing = False
        super().start_clock()


class Player:
    """Somebody at the keyboard, with the clock of the run in his hand: time passes only in ``advance``."""

    def __init__(self, app: ChainroomApp, pilot: Pilot[None]) -> None:
        self.app, self.pilot, self.press, self.pause = app, pilot, pilot.press, pilot.pause

    @property
    def session(self) -> Session:
        assert self.app.session is not None
        return self.app.session

    @property
    def wallet(self) -> WalletView:
        return self.app.home.query_one(WalletView)

    @property
    def payments(self) -> tuple[Payment, ...]:
        return self.wallet.view.payments if self.wallet.view is not None else ()

    @property
    def text(self) -> str:
        """The screen as text."""
        strips = self.app.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips)

    async def until(self, is_so: Callable[[], object], what: str = "") -> None:
        await wait_until(is_so, lambda: f"{self.text}\n{what}")
        await self.pause()

    async def see(self, *texts: str) -> None:
        """Wait until the texts are on the screen."""
        for text in texts:
            await self.until(partial(self._shows, text), f"saw '{text}'")

    def _shows(self, text: str) -> bool:
        return text in self.text

    async def expect(self, kind: type[D]) -> D:
        """Wait for a dialog."""
        await self.until(lambda: isinstance(self.app.screen, kind), kind.__name__)
        assert isinstance(self.app.screen, kind)
        return self.app.screen

    async def click(self, text: str) -> None:
        """Click where a text stands, the last one if there are several."""
        await self.see(text)
        rows = self.text.split("\n")
        y = max(place for place, row in enumerate(rows) if text in row)
        await self.pilot.click(offset=(cell_len(rows[y][: rows[y].rindex(text)]) + len(text) // 2, y))

    async def home_again(self) -> None:
        await self.until(lambda: self.app.screen is self.app.home, "home again")

    async def type(self, text: str) -> None:
        """Into the focused field, as a terminal pastes it."""
        await self.until(lambda: isinstance(self.app.screen.focused, Input), "in a field")
        focused = self.app.screen.focused
        assert isinstance(focused, Input)
        focused.post_message(events.Paste(text))
        await self.until(lambda: text in focused.value, f"typed into {focused}")

    async def advance(self, seconds: float) -> None:
        self.session.simulation.run_until(TimeUs(self.session.now_us + round(seconds * SECOND)))
        self.session.go_live()
        self.app.show()
        await self.pause()

    async def advance_until(self, is_so: Callable[[], object]) -> None:
        """Let time pass; where blocks are made by hand, make them."""
        is_manual = get_interval_us(self.session.simulation) is None
        for _ in range(100):
            if is_so():
                return
            if is_manual:
                self.app.submit(MineBlock(0))
            await self.advance(3)
        raise AssertionError("never in 300 s of the run")

    async def pay(self, name: str, amount: str, memo: str = "") -> None:
        """Fill the form and go as far as the review."""
        await self.press("s")
        self.wallet.form.fill(name, amount, memo)
        await self.press("tab", "tab", "enter")
        await self.expect(ReviewDialog)


@asynccontextmanager
async def play(home: Path, size: tuple[int, int] = (120, 36), **options: Any) -> AsyncIterator[Player]:
    app = HeldApp(**options)
    wallets = Wallets(Keystore(home / "wallet.json", cost=CHEAPEST), settings=app.settings)
    app.animation_level = "none"
    app.wallets = wallets  # type: ignore[attr-defined]  # what app.wallets.get_wallets finds
    async with app.run_test(size=size, notifications=True) as pilot:
        player = Player(app, pilot)
        await player.until(lambda: app._clock is not None, "started")
        yield player


@asynccontextmanager
async def play_with_coins(home: Path, size: tuple[int, int] = (80, 24)) -> AsyncIterator[Player]:
    """With a wallet, open, and 100 coins in it, in a network whose blocks are made by hand."""
    Keystore(home / "wallet.json", cost=CHEAPEST).create(Secret(PHRASE), Secret(PASSWORD), label="Maya")
    async with play(home, size, scenario="quiet") as player:
        player.wallet.wallets.unlock(Secret(PASSWORD))
        await player.advance(1)
        await player.press("3", "f")
        await player.until(lambda: player.payments, "coins on their way")
        await player.advance_until(lambda: player.payments[0].state == "confirmed")
        yield player

"""What tests of the interface share: a stage for one widget, and goldens of rendered text.

Set ``CHAINROOM_UPDATE_GOLDENS=1`` to write the goldens again, then look at the difference before committing it.
"""

import os
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import pytest_asyncio
from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Input

from app.app import ChainroomApp
from app.screens.chain import ChainTree
from app.screens.mempool import MempoolView
from app.session import Session
from app.themes import DEFAULT_THEME, get_variable_defaults, install_themes
from chain.ledger.transaction import SignedTransaction, encode_transaction
from chain.scenario import build, load_scenario
from chain.simulation import commands
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Address, Hash, TimeUs

GOLDEN_FOLDER = Path(__file__).parent / "golden"
sys.path.insert(0, str(Path(__file__).parent))  # so that tests of this room share the modules beside them


from quiet_pilot import install, wait_until  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def quiet_pilot() -> Iterator[None]:
    """Every pilot of this room waits until the program is at rest."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        install(monkeypatch)
        monkeypatch.setattr("app.app.PREPARE_AFTER_S", 3600.0)  # pages are mounted by those who open them
        yield


class Stage(App[None]):
    """An application with one widget that fills it and gets the focus; ``seen`` keeps the messages of our widgets."""

    CSS = "Stage > Screen > * { width: 1fr; }"
    ENABLE_COMMAND_PALETTE = False

    def __init__(self, widget: Widget, theme: str = DEFAULT_THEME, *, ascii_glyphs: bool = False) -> None:
        self._theme_name = theme
        super().__init__()
        self.widget, self.ascii_glyphs = widget, ascii_glyphs
        self.seen: list[Message] = []

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return get_variable_defaults(dark=self.current_theme.dark)

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_mount(self) -> None:
        assert install_themes(self) == ()
        self.theme = self._theme_name

    def watch(self, message: Message) -> None:
        """The message hook for ``run_test``."""
        if type(message).__module__.startswith("app.widgets"):
            self.seen.append(message)

    def get_lines(self) -> list[str]:
        """The screen as text, a line a row, without spaces at the ends."""
        strips = self.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]


def get_text(app: App[Any]) -> str:
    """The screen of any application as text."""
    strips = app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips) + "\n"


@pytest.fixture
def stage() -> type[Stage]:
    """``async with (app := stage(widget)).run_test(size=(80, 24), message_hook=app.watch) as pilot``."""
    return Stage


@pytest.fixture
def check_golden() -> Callable[[App[Any], str], None]:
    """``check_golden(app, "map_80x24")`` compares the screen with ``golden/map_80x24.txt``."""

    def check(app: App[Any], name: str) -> None:
        path, text = GOLDEN_FOLDER / f"{name}.txt", get_text(app)
        if os.environ.get("CHAINROOM_UPDATE_GOLDENS"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert text == path.read_text(encoding="utf-8")

    return check


class Story(NamedTuple):
    """A small run in which everything happens that the explorer must tell, whatever the luck of the network."""

    simulation: Simulation
    moments: dict[str, TimeUs]
    """By name, in order: asked, lost, rival, healed, included, deep."""
    transaction: Hash
    """Paid by the faucet, first in a block that goes stale, then in one that stays."""
    refused: Hash
    """A transaction that a node refused."""
    stranger: Address
    """Who was paid; nobody the simulation knows."""


def _build_story() -> Story:
    """Nodes n00–n02 and n03–n05 are cut apart; each half makes blocks; n00's half wins."""
    path = Path(__file__).parents[2] / "chain" / "scenarios" / "quiet.toml"
    simulation = build(load_scenario(path.read_text(encoding="utf-8"), "quiet"), 7)
    moments: dict[str, TimeUs] = {}
    stranger = Address(bytes(range(20)))

    def play(name: str, *orders: commands.Command) -> None:
        for order in orders:
            simulation.submit(order)
        simulation.run_until(TimeUs(simulation.now_us + 20 * SECOND))
        moments[name] = TimeUs(simulation.now_us - SECOND)  # before the next orders, which come at once

    play("first", commands.MineBlock(0))
    play("asked", commands.Partition(((3, 4, 5),)), commands.RequestCoins(4, stranger, 25 * COIN))
    play("lost", commands.MineBlock(4))
    play("rival", commands.MineBlock(0))
    play("ahead", commands.MineBlock(1))
    play("healed", commands.Heal())
    play("included", commands.MineBlock(2))
    record = simulation.world.transactions.records[0]
    broken = SignedTransaction(record.signed.transaction, bytes(64))
    play("refused", commands.SubmitTransaction(3, encode_transaction(broken)))
    for _ in range(5):
        play("deep", commands.MineBlock(0))
    return Story(simulation, moments, record.id, broken.id, stranger)


@pytest.fixture(scope="session")
def story() -> Story:
    """One run for all tests that only read it."""
    return _build_story()


class StillApp(ChainroomApp):
    """The whole interface, in which time passes only when the test says so."""

    def _tick(self) -> None:
        pass

    @property
    def run_shown(self) -> Session:
        """The session, which is there once the first paint is done."""
        assert self.session is not None
        return self.session

    def play(self, seconds: float) -> None:
        """Let virtual time pass, and show it."""
        session = self.run_shown
        session.simulation.run_until(TimeUs(session.now_us + round(seconds * SECOND)))
        session.go_live()
        for _ in range(4):  # what is shown only now and then has its turn
            self.show()

    def get_text(self) -> str:
        """What is on the screen."""
        return get_text(self)

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Let the application work until the condition holds."""
        await wait_until(holds, self.get_text)

    async def wait_for_run(self) -> None:
        """Let the application work until the run is built."""
        await self.wait_until(lambda: self._clock is not None)


Opened = Callable[..., AbstractAsyncContextManager[tuple[StillApp, Pilot[None]]]]
Start = Callable[..., AbstractAsyncContextManager[tuple[StillApp, Pilot[None]]]]


@pytest.fixture
def still_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> type[StillApp]:
    """The class of the whole interface with a standing clock, and a home of its own for each test."""
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path))
    return StillApp


@pytest.fixture
def start_still(still_app: type[StillApp]) -> Start:
    """``async with start_still(size=(80, 24), seconds=60, scenario="classroom") as (app, pilot)``."""

    @asynccontextmanager
    async def start(
        size: tuple[int, int] = (120, 36), seconds: float = 60, scenario: str = "classroom"
    ) -> AsyncIterator[tuple[StillApp, Pilot[None]]]:
        app = still_app(scenario=scenario, seed=7)
        async with app.run_test(size=size, notifications=True) as pilot:
            await app.wait_for_run()
            app.play(seconds)
            await pilot.pause()
            yield app, pilot

    return start


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def told(story: Story, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Opened]:
    """``async with told((80, 24), "healed") as (app, pilot)``: the story on the home screen, at a standstill.

    Starting the interface takes a second, so a module shares one and every test leaves it as it pleases: it is brought
    home, resized and given a new session before the next. Tests run in the module's loop: ``pytestmark =
    pytest.mark.asyncio(loop_scope="module")``.
    """
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path_factory.mktemp("home")))
        monkeypatch.setattr("app.starting.build_session", lambda *_: Session(story.simulation, is_playing=False))
        app = StillApp("quiet")
        async with app.run_test(size=(120, 36), notifications=True) as pilot:
            await app.wait_for_run()

            @asynccontextmanager
            async def begin(
                size: tuple[int, int] = (120, 36), moment: str = "deep"
            ) -> AsyncIterator[tuple[StillApp, Pilot[None]]]:
                app.action_go("network")
                app.clear_notifications()
                app.session = Session(story.simulation, is_playing=False)
                app.session.seek(story.moments[moment])
                if app.size != size:
                    await pilot.resize_terminal(*size)
                tree = app.home.query_one(ChainTree)
                tree.post_message(ChainTree.EndAsked(1))
                app.home.query_one(MempoolView).query_one(Input).value = ""
                await pilot.pause()
                yield app, pilot

            yield begin

"""The program a person sees: it owns the session, the screens and the settings, and does what the commands say.

The first paint needs no engine: a skeleton is drawn, then the engine is imported and the run is built beside it. From
then on the simulation gets a slice of every tick (60 a second) on the event loop, and the screen on top shows the run
at the cursor about twelve times a second.

Only ``submit`` changes a run, and what is refused says why. A crash shows where, never a value: locals may hold secrets.
"""

import asyncio
import gc
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from textual.app import App, SystemCommand
from textual.screen import Screen

from app.commands import get_bindings
from app.screens.main import MainScreen
from app.screens.run_screen import RunScreen
from app.themes import DEFAULT_THEME, get_variable_defaults, install_themes

if TYPE_CHECKING:
    from app.screens.view import Thing
    from app.session import Session
    from app.storage.keystore import Keystore
    from app.storage.saves import SaveDocument, Saves
    from app.storage.settings import Settings
    from chain.scenario import Scenario
    from chain.simulation.commands import Command

DEFAULT_SCENARIO: Final = "classroom"
TICKS_PER_S: Final = 60
TICKS_PER_FRAME: Final = 5


class ChainroomApp(App[None]):
    """The interface."""

    TITLE = "chainroom"
    ENABLE_COMMAND_PALETTE = True
    BINDINGS = get_bindings("everywhere")

    def __init__(
        self,
        scenario: "Scenario | str | None" = None,
        seed: int | None = None,
        document: "SaveDocument | None" = None,
        saves: "Saves | None" = None,
        ascii_glyphs: bool = False,
    ) -> None:
        super().__init__()
        self.session: Session | None = None
        self.settings: Settings | None = None
        self.keystore: Keystore | None = None
        self.saves = saves
        self.ascii_glyphs = ascii_glyphs
        self._source = (scenario, seed, document)
        self._ticks = 0
        self._last_tick_s = 0.0

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return get_variable_defaults(dark=self.current_theme.dark)

    def get_default_screen(self) -> Screen[None]:
        """The home screen."""
        return MainScreen()

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """None of Textual's own: the registry has all."""
        return ()

    # Starting --------------------------------------------------------------------------------------------------------

    def on_mount(self) -> None:
        """Paint first, then start."""
        install_themes(self)
        self.theme = DEFAULT_THEME
        self.call_after_refresh(lambda: self.run_worker(self._start()))

    async def _start(self) -> None:
        self.session = await asyncio.to_thread(_build_session, *self._source)
        main = self.screen_stack[0]
        assert isinstance(main, MainScreen)
        await main.mount_views()
        gc.collect()
        gc.freeze()
        self._last_tick_s = time.perf_counter()
        self.set_interval(1 / TICKS_PER_S, self._tick)

    def _tick(self) -> None:
        now_s = time.perf_counter()
        elapsed_s, self._last_tick_s = now_s - self._last_tick_s, now_s
        assert self.session is not None
        self.session.tick(elapsed_s)
        self._ticks += 1
        if self._ticks % TICKS_PER_FRAME == 0:
            self.show()

    def show(self) -> None:
        """Bring the screen on top up to date with the run."""
        if self.session is not None and isinstance(self.screen, RunScreen):
            self.screen.show(self.session)

    # What screens ask for --------------------------------------------------------------------------------------------

    def submit(self, command: "Command") -> bool:
        """Apply a command now; return whether it was. A refusal is told, and ``?`` explains it."""
        from chain.errors import RuleBroken

        if self.session is None:
            return False
        try:
            self.session.submit(command)
        except RuleBroken as error:
            self.notify(error.message, title="Refused", severity="warning", markup=False)
            return False
        return True

    def open_thing(self, thing: "Thing") -> None:
        """Open the page of a thing."""

    def explain(self, title: str, rule: str, message: str) -> None:
        """Show why something is as it is."""

    def copy_text(self, text: str, what: str) -> None:
        """Copy a text and say what was copied."""
        self.copy_to_clipboard(text)
        self.notify(f"copied {what}", markup=False)

    def apply_theme(self, name: str) -> None:
        """Change the colours."""
        self.theme = name

    # Actions ---------------------------------------------------------------------------------------------------------

    def action_go(self, name: str) -> None:
        """Show a numbered view."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        if isinstance(self.screen, MainScreen):
            self.screen.go(name)

    def action_pause(self) -> None:
        """Stop the clock, or let it run."""
        if self.session is not None:
            self.session.is_playing = not self.session.is_playing


def _build_session(scenario: "Scenario | str | None", seed: int | None, document: "SaveDocument | None") -> "Session":
    """Import the engine and build the run; the slow part of starting."""
    from app.session import Session
    from app.storage.paths import get_shipped_scenarios
    from chain.replay import Replay
    from chain.scenario import build, load_scenario

    if document is not None:
        replay = Replay(document)
        return Session(replay.simulation, replay=replay)
    if scenario is None or isinstance(scenario, str):
        name = scenario or DEFAULT_SCENARIO
        path = get_shipped_scenarios() / f"{name}.toml"
        scenario = load_scenario(path.read_text(encoding="utf-8"), name)
    return Session(build(scenario, seed), speed=scenario.view.speed)

"""The program a person sees: it owns the session, the screens and the settings, and does what the commands say.

The first paint needs no engine: a skeleton is drawn, then the engine is imported and the run is built beside it. From
then on the simulation gets a slice of every tick (60 a second) on the event loop, and the screen on top shows the run
at the cursor about fifteen times a second.

Only ``submit`` changes a run; what is refused says why. A crash shows where it happened, never a value: locals and
messages may hold secrets.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

from rich.cells import cell_len
from rich.segment import Segment
from rich.text import Text
from textual import events
from textual.app import App, SystemCommand
from textual.binding import BindingType
from textual.color import Color
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.screen import Screen
from textual.timer import Timer

from app.collector import calm_collector
from app.commands import COMMANDS, EVERYWHERE, RUN, get_bindings, get_command, get_key
from app.crash import describe_crash
from app.own_files import OwnFiles
from app.screens.main import MainScreen
from app.screens.run_screen import RunScreen
from app.themes import DEFAULT_THEME, get_variable_defaults, install_themes
from app.widgets.glyphs import to_ascii
from app.widgets.text import fit

if TYPE_CHECKING:
    from app.screens.view import Thing
    from app.session import Session
    from app.starting import Source
    from app.storage.keystore import Keystore
    from app.storage.saves import SaveDocument, Saves
    from app.storage.settings import Settings
    from app.widgets.models import Why
    from chain.scenario import Scenario
    from chain.simulation.commands import Command

TICKS_PER_S: Final = 60
FRAMES_PER_S: Final = 15
GIVE_WAY_S: Final = 0.03
"""How long the simulation waits after a key, so that its effect is painted first."""
MOST_WAIT_S: Final = 0.1
"""How long it waits at most, while a key is held down."""
PREPARE_AFTER_S: Final = 1.5
"""Seconds after the start until the explorer's page is mounted out of sight."""
KEEP_AFTER_S: Final = 5.0
"""Seconds after a command until the run is kept on disk."""
BUSY_TOLD_S: Final = 1.0
"""Seconds after which a block that is still being executed is spoken of."""
Severity = Literal["information", "warning", "error"]


class _AsciiFilter(LineFilter):
    """Turns every glyph of a painted line into plain ASCII."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        """Return the segments with other texts, a cell for a cell."""
        return [
            Segment(text if text.isascii() else fit(to_ascii(text), cell_len(text)), style, control)
            for text, style, control in segments
        ]


_ASCII: Final = _AsciiFilter()


class ChainroomApp(App[None]):
    """The interface. ``scenario`` is a read scenario, the name of one of the library, or None for the default."""

    TITLE = "chainroom"
    BINDINGS: ClassVar[list[BindingType]] = get_bindings(EVERYWHERE)
    DEFAULT_CSS = """
    Toast { background: $panel; }
    CommandPalette SearchIcon { display: none; }
    """
    CSS = """
    ToastRack { margin-bottom: 4; }
    Button.-textual-compact { background: $panel; }
    """  # the wallet's guide, the clock and the keys stay readable; buttons are seen on every background

    def __init__(
        self,
        scenario: "Scenario | str | None" = None,
        seed: int | None = None,
        document: "SaveDocument | None" = None,
        saves: "Callable[[], Saves] | None" = None,
        ascii_glyphs: bool = False,
    ) -> None:
        super().__init__()
        self.session: Session | None = None
        """None until the first paint is done and the run is built."""
        self._files = OwnFiles(self.tell, saves)
        self.ascii_glyphs = ascii_glyphs
        self.is_presenting = False
        """Whether secrets are masked and captions shown."""
        self.last_refusal: Why | None = None
        """What ``?`` explains when nothing better is chosen."""
        self._source: tuple[Any, ...] = (scenario, seed, document)
        self._is_first_run_wanted = scenario is None and document is None
        self._last_tick_s = self._last_frame_s = self._last_input_s = 0.0
        self._busy_since_s = 0.0
        self._clock: Timer | None = None
        self._keeper: Timer | None = None

    @property
    def settings(self) -> "Settings":
        """What the person prefers."""
        return self._files.settings

    @property
    def keystore(self) -> "Keystore":
        """The person's keys, encrypted."""
        return self._files.keystore

    @property
    def saves(self) -> "Saves":
        """The saved runs."""
        return self._files.saves

    # Starting --------------------------------------------------------------------------------------------------------

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Plain ASCII, where it is asked for, of frames, buttons and scroll bars too."""
        filters = super().get_line_filters()
        return [*filters, _ASCII] if self.ascii_glyphs else filters

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Our own colours, for themes that do not name them."""
        return get_variable_defaults(dark=self.current_theme.dark)

    def get_default_screen(self) -> Screen[None]:
        """The home screen."""
        return MainScreen()

    def on_mount(self) -> None:
        """Paint first, then start."""
        from app.storage.paths import get_settings_file, get_shipped_themes, get_themes

        for problem in install_themes(self, (get_shipped_themes(), get_themes())):
            self.tell(problem, "warning")
        if get_settings_file().exists():  # otherwise nothing is preferred yet, and the first paint need not wait
            self.apply_theme(str(self.settings["theme"]), is_kept=False)
            self.ascii_glyphs = self.ascii_glyphs or bool(self.settings["ascii"])
        else:
            self.theme = DEFAULT_THEME
        self.call_after_refresh(lambda: self.run_worker(self._start()))

    async def _start(self) -> None:
        session = await asyncio.to_thread(self._build_session)
        await self._prepare(session)
        self.session = session
        await self.home.mount_views()
        self._offer_first_run()
        calm_collector(self)
        self._last_tick_s = time.perf_counter()
        self._clock = self.set_interval(1 / TICKS_PER_S, self._tick)
        self.set_timer(PREPARE_AFTER_S, self._prepare_page)

    async def _prepare(self, session: "Session") -> None:
        """Read a long run into the explorer's index before anybody waits for it."""
        from app.present.index import get_index

        await asyncio.to_thread(get_index, session.simulation.world)

    def _build_session(self) -> "Session":
        """Continue the last run, unless a certain one was asked for; otherwise begin one."""
        from app.last_run import continue_run
        from app.starting import build_session
        from chain.errors import ChainroomError

        if self._is_first_run_wanted:
            try:
                session = continue_run(self.saves, partial(self.call_from_thread, self.home.tell_progress))
            except ChainroomError as error:
                self.call_from_thread(self.tell, f"the last run is not continued: {error}", "warning")
            else:
                if session is not None:
                    return session
        return build_session(*self._source)

    def _keep_soon(self) -> None:
        """Keep the run a while after somebody did something, in case the terminal goes away."""
        if self._keeper is None:
            self._keeper = self.set_timer(KEEP_AFTER_S, lambda: self.run_worker(self._keep_run()))

    async def _keep_run(self) -> None:
        from app.last_run import build_document, keep_run

        self._keeper = None
        while self.session is not None and self.session.is_busy:
            await asyncio.sleep(0.05)  # what is in the middle cannot be kept; the ticks bring it to its end
        document = build_document(self.session) if self.session is not None else None
        problem = await asyncio.to_thread(keep_run, self.saves, document) if document is not None else ""
        if problem:
            self.tell(problem, "warning")

    async def action_quit(self) -> None:
        """Keep the run for the next time, and leave."""
        if self._clock is not None:
            self._clock.pause()
            await self._keep_run()
        self.exit()

    @property
    def home(self) -> MainScreen:
        """The screen at the bottom of the stack."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    def _offer_first_run(self) -> None:
        """Walk somebody new through a wallet, unless a certain run was asked for."""
        if not self._is_first_run_wanted or self.keystore.exists():
            return
        from app.screens.first_run import FirstRunScreen

        self.push_screen(FirstRunScreen())

    # The clock -------------------------------------------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Note when the person did something: the simulation gives way to it."""
        if isinstance(event, events.Key | events.MouseDown):
            self._last_input_s = time.perf_counter()
        await super().on_event(event)

    def _tick(self) -> None:
        now_s = time.perf_counter()
        elapsed_s = now_s - self._last_tick_s
        if now_s - self._last_input_s < GIVE_WAY_S and elapsed_s < MOST_WAIT_S:
            return
        self._last_tick_s = now_s
        self.guard(lambda session: session.tick(elapsed_s))
        self._tell_busy(now_s)
        if now_s - self._last_frame_s >= 1 / FRAMES_PER_S - 0.5 / TICKS_PER_S:
            self._last_frame_s = now_s
            self.show()

    def _tell_busy(self, now_s: float) -> None:
        """Say once that a block takes long, when it does."""
        if self.session is None or not self.session.is_busy:
            self._busy_since_s = now_s
        elif 0 <= self._busy_since_s < now_s - BUSY_TOLD_S:
            self._busy_since_s = -1.0
            self.tell("a block with much contract code is being executed; look at whatever you like meanwhile")

    def guard(self, act: "Callable[[Session], object]") -> None:
        """Let the session do something; a replay that leaves its recorded path stops there and says where."""
        from chain.errors import InvalidReplay

        if self.session is None:
            return
        try:
            act(self.session)
        except InvalidReplay as error:
            self.session.is_playing, self.session.replay = False, None
            self.tell(f"the replay stops: {error}", "error")

    def show(self) -> None:
        """Bring the screen on top up to date with the run; below a dialog, the screen under it."""
        if self.session is None:
            return
        for screen in reversed(self.screen_stack):
            if isinstance(screen, RunScreen):
                if screen.is_ready and screen.is_running and screen.children:  # not half built, nor half taken down
                    screen.show(self.session)
                return

    async def branch(self) -> None:
        """Go on from the moment under the cursor; the run so far is kept aside."""
        session = self.session
        if session is None or self._clock is None:
            return
        if session.is_live and session.replay is None:
            self.tell("this is now already: go back first, then branch")
            return
        self._clock.pause()
        try:
            await asyncio.to_thread(session.branch)
        finally:
            self._last_tick_s = time.perf_counter()
            self._clock.resume()
        calm_collector(self)
        self.tell("a new branch: what came after is gone from here, commands work again")
        self.show()

    def open_run(self, source: "Source") -> None:
        """Leave this run and open another. Raises nothing: what is wrong with it is told."""
        self.run_worker(self._open_run(source), exclusive=True, group="open")

    async def _open_run(self, source: "Source") -> None:
        from app.starting import build_session, read_source
        from chain.errors import ChainroomError

        await self._keep_run()
        try:
            session = await asyncio.to_thread(lambda: build_session(*read_source(source, self.saves)))
            await self._prepare(session)
            self.session = session
        except ChainroomError as error:
            self.tell(f"{source.name} was not opened: {error}", "error")
            return
        self.last_refusal = None
        calm_collector(self)
        self.action_go("network")

    # What screens ask for --------------------------------------------------------------------------------------------

    def submit(self, command: "Command") -> bool:
        """Apply a command now; return whether it was. A refusal is told, and ``?`` explains it."""
        from app.widgets.models import Why
        from chain.errors import RuleBroken

        if self.session is None:
            return False
        try:
            self.session.submit(command)
        except RuleBroken as error:
            self.last_refusal = Why("Refused", error.rule, (), error.message)
            self.tell(f"{error.message}  (? why)", "warning")
            return False
        self._keep_soon()
        self.show()
        return True

    def open_thing(self, thing: "Thing") -> None:
        """Open the page of a thing."""
        if thing.kind == "node":
            from app.screens.node import NodePage

            assert isinstance(thing.key, int)
            self.push_screen(NodePage(thing.key))
        else:
            self._open_page(thing)

    def _prepare_page(self) -> None:
        """Mount the explorer's page before anybody asks for it: mounting takes longer than all else."""
        from app.screens.explorer import ThingPage
        from app.screens.view import Thing

        if not self.is_screen_installed("page"):
            self.install_screen(ThingPage(Thing("list", b"stale")), "page")
            self._get_screen("page")

    def _open_page(self, thing: "Thing") -> None:
        """Show a thing on the page on top, or on the one that is kept mounted, or on a new one."""
        from app.screens.explorer import ThingPage

        if isinstance(self.screen, ThingPage):
            self.screen.go_to(thing)
            return
        self._prepare_page()
        page = self.get_screen("page")
        if page in self.screen_stack or not isinstance(page, ThingPage):
            self.push_screen(ThingPage(thing))
            return
        page.start(thing)
        self.push_screen(page)

    def explain(self, title: str, rule: str, message: str) -> None:
        """Show why something is as it is."""
        from app.widgets.models import Why

        self.show_why(Why(title, rule, (), message))

    def show_why(self, why: "Why") -> None:
        """Show an explanation over the screen."""
        from app.present.rule_source import describe_rule
        from app.widgets.why import WhyModal

        self.push_screen(WhyModal(why, source=describe_rule(why.rule)))

    def copy_text(self, text: str, what: str) -> None:
        """Copy a text and say what was copied."""
        self.copy_to_clipboard(text)
        self.tell(f"copied {what}: {text if len(text) <= 24 else text[:12] + '…' + text[-8:]}")

    def tell(self, message: str, severity: Severity = "information") -> None:
        """Say something in passing; while presenting, only problems lie over the picture."""
        from app.widgets.text import clean

        if not self.is_presenting or severity == "error":
            self.notify(clean(message, 300), severity=severity, markup=False)

    def apply_theme(self, name: str, is_kept: bool = True) -> None:
        """Change the colours, and remember it; an unknown theme becomes the default."""
        from chain.errors import ChainroomError

        name = name if name in self.available_themes else f"chainroom-{name}"
        self.theme = name if name in self.available_themes else DEFAULT_THEME
        if is_kept:
            try:
                self.settings.change("theme", self.theme)
            except ChainroomError as error:
                self.tell(f"the theme will not be remembered: {error}", "warning")

    def start_payment(self) -> None:
        """Go to the wallet's form."""
        self.action_go("wallet")
        start = getattr(self.home.get_view("wallet"), "start_payment", None)
        if start is not None:
            start()

    def open_search(self) -> None:
        """Ask what to look for."""
        from app.screens.search import SearchScreen

        self.push_screen(SearchScreen())

    # Dialogs ---------------------------------------------------------------------------------------------------------

    def ask_save(self) -> None:
        """Ask for a name, and save the run under it."""
        from app.screens.questions import ask_save

        ask_save(self)

    def ask_open(self) -> None:
        """Ask which scenario or saved run to open."""
        from app.screens.questions import ask_open

        ask_open(self)

    def action_choose_theme(self) -> None:
        """Choose the colours; what the cursor visits shows at once."""
        from app.screens.questions import ask_theme

        ask_theme(self)

    def action_help(self) -> None:
        """Explain what is focused."""
        from app.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_presenter(self) -> None:
        """Presenter mode on or off."""
        self.is_presenting = not self.is_presenting
        self.clear_notifications()
        self.set_class(self.is_presenting, "-presenting")
        self.show()

    def action_go(self, name: str) -> None:
        """Show a numbered view."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.home.go(name)

    # The registry ----------------------------------------------------------------------------------------------------

    async def run_command(self, command_id: str) -> None:
        """Do a command of the registry, where it is at home: the focus, its parents, the screen, the application."""
        action = get_command(command_id).action
        name = f"action_{action.partition('(')[0]}"
        home = next((node for node in self._get_chain(self.screen) if hasattr(node, name)), None)
        if home is not None:
            await self.run_action(action, default_namespace=home)

    def _get_chain(self, screen: Screen[Any]) -> list[DOMNode]:
        focused = screen.focused
        return [*(focused.ancestors_with_self if focused is not None else [screen, self])]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: every command that works here."""
        chain = self._get_chain(screen)
        bound = {entry.id for node in chain for entries in node._bindings.key_to_bindings.values() for entry in entries}
        for spec in COMMANDS:
            if spec.scope in (EVERYWHERE, RUN) or spec.id in bound:
                key = get_key(spec)
                help_text = f"{spec.help}{f'  ({key})' if key else ''}"
                yield SystemCommand(spec.title, help_text, partial(self.run_command, spec.id))

    # Ending ----------------------------------------------------------------------------------------------------------

    def _fatal_error(self) -> None:
        """Show where the program failed, without locals and without the message: both may hold secrets."""
        self.bell()
        self._exit_renderables.append(Text(describe_crash(self._exception)))
        self._close_messages_no_wait()

"""The program a person sees: how it starts and ends, which pages and dialogs it opens, and the registry of commands.

The first paint needs no engine: a skeleton is drawn, then the engine is imported and the run is built beside it. What
is the person's is in ``person_app``, the run and its clock in ``run_app``. A crash shows where it happened, never a
value: locals and messages may hold secrets.
"""

import asyncio
from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar, cast

from rich.text import Text
from textual import events
from textual.app import SystemCommand
from textual.binding import BindingType
from textual.dom import DOMNode
from textual.screen import Screen

from app.commands import COMMANDS, EVERYWHERE, RUN, get_bindings, get_command, get_key
from app.crash import describe_crash
from app.run_app import RunApp
from app.screens.main import MainScreen

if TYPE_CHECKING:
    from app.screens.view import Thing
    from app.session import Session
    from app.storage.saves import SaveDocument, Saves
    from app.widgets.models import Why
    from chain.scenario import Scenario

W = TypeVar("W")
P = TypeVar("P", bound=Screen[None])
PREPARE_AFTER_S: Final = 1.5
"""Seconds after the start until the explorer's page is mounted out of sight."""


class ChainroomApp(RunApp):
    """The interface. ``scenario`` is a read scenario, the name of one of the library, or None for the default."""

    TITLE = "chainroom"
    BINDINGS: ClassVar[list[BindingType]] = get_bindings(EVERYWHERE)
    DEFAULT_CSS = """
    Toast { background: $panel; }
    CommandPalette SearchIcon { display: none; }
    """
    CSS = """
    ToastRack { margin-bottom: 4; }
    Input > .input--placeholder { color: $muted; text-style: italic; }
    Button.-textual-compact { background: $panel; }
    Button.-textual-compact.-primary { background: $primary; color: auto; }
    Button:disabled, Button.-textual-compact.-primary:disabled {
        background: $panel; color: $muted; text-opacity: 100%;
    }
    """  # the guide, the clock and the keys stay readable; buttons are seen on every background, resting ones too

    def __init__(
        self,
        scenario: "Scenario | str | None" = None,
        seed: int | None = None,
        document: "SaveDocument | None" = None,
        saves: "Callable[[], Saves] | None" = None,
        ascii_glyphs: bool = False,
    ) -> None:
        super().__init__(saves, ascii_glyphs)
        self._source: tuple[Any, ...] = (scenario, seed, document)
        self._is_first_run_wanted = scenario is None and document is None

    # Starting and ending ----------------------------------------------------------------------------------------------

    def get_default_screen(self) -> Screen[None]:
        """The home screen."""
        return MainScreen()

    async def on_event(self, event: events.Event) -> None:
        """Take what comes from the person, who is here: a wallet does not lock itself meanwhile."""
        if isinstance(event, events.Key | events.MouseDown | events.Paste):
            wallets = getattr(self, "wallets", None)
            if wallets is not None:
                wallets.touch()
        await super().on_event(event)

    def on_mount(self) -> None:
        """Paint first, then start."""
        self.restore_looks()
        self.call_after_refresh(lambda: self.run_worker(self._start()))

    async def _start(self) -> None:
        session = await asyncio.to_thread(self._build_session)
        await self.prepare_run(session.simulation)
        self.session = session
        await self.home.mount_views()
        self._offer_first_run()
        self.start_clock()
        self.set_timer(PREPARE_AFTER_S, self._prepare_pages)

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

    def _offer_first_run(self) -> None:
        """Walk somebody new through a wallet, unless a certain run was asked for."""
        if not self._is_first_run_wanted or self.keystore.exists():
            return
        from app.screens.first_run import FirstRunScreen

        self.push_screen(FirstRunScreen())

    async def action_quit(self) -> None:
        """Keep the run for the next time, and leave."""
        if self._clock is not None:
            self._clock.pause()
            await self._keep_run()
        self.exit()

    def _fatal_error(self) -> None:
        """Show where the program failed, without locals and without the message: both may hold secrets."""
        self.bell()
        self._exit_renderables.append(Text(describe_crash(self._exception)))
        self._close_messages_no_wait()

    # Pages ------------------------------------------------------------------------------------------------------------

    def open_thing(self, thing: "Thing") -> None:
        """Open the page of a thing."""
        if thing.kind == "node":
            from app.screens.node import NodePage

            assert isinstance(thing.key, int)
            page = self._get_kept("node", NodePage, thing.key)
            page.start(thing.key)
            self.push_screen(page)
        else:
            self._open_page(thing)

    def _open_page(self, thing: "Thing") -> None:
        """Show a thing on the page on top, or on the one that is kept mounted, or on a new one."""
        from app.screens.explorer import ThingPage

        if isinstance(self.screen, ThingPage):
            self.screen.go_to(thing)
            return
        page = self._get_kept("page", ThingPage, thing)
        page.start(thing)
        self.push_screen(page)

    def _prepare_pages(self) -> None:
        """Mount the explorer's pages before anybody asks for one: mounting takes longer than all else."""
        from app.screens.explorer import ThingPage
        from app.screens.node import NodePage
        from app.screens.search import SearchScreen
        from app.screens.view import Thing

        for page in (
            self._get_kept("page", ThingPage, Thing("list", b"stale")),
            self._get_kept("node", NodePage, 0),
            self._get_kept("search", SearchScreen, ""),
        ):
            page.post_message(events.Resize(self.size, self.size))  # arranged for this terminal before it is seen

    def _get_kept(self, name: str, build: "Callable[[W], P]", what: W) -> P:
        """Return the page that is kept mounted, or a new one while that is open already."""
        if not self.is_screen_installed(name):
            self.install_screen(build(what), name)
        page, _ = self._get_screen(name)
        return build(what) if page in self.screen_stack else cast("P", page)

    def explain(self, title: str, rule: str, message: str) -> None:
        """Show why something is as it is."""
        from app.widgets.models import Why

        self.show_why(Why(title, rule, (), message))

    def show_why(self, why: "Why") -> None:
        """Show an explanation over the screen."""
        from app.present.rule_source import describe_rule
        from app.widgets.why import WhyModal

        self.push_screen(WhyModal(why, source=describe_rule(why.rule)))

    def start_payment(self) -> None:
        """Go to the wallet's form."""
        self.action_go("wallet")
        start = getattr(self.home.get_view("wallet"), "start_payment", None)
        if start is not None:
            start()

    # Dialogs ----------------------------------------------------------------------------------------------------------

    def open_search(self) -> None:
        """Ask what to look for."""
        from app.screens.search import SearchScreen

        page = self._get_kept("search", SearchScreen, "")
        page.start()
        self.push_screen(page)

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

    # The registry -----------------------------------------------------------------------------------------------------

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

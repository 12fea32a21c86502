"""What every full screen has: the header with the clock above, the transport bar and the key hints below.

The application calls ``show`` about twelve times a second on the screen on top, and on no other. Everything shown is
read at the session's cursor. The one timeline works everywhere, so the page of a node can be scrubbed like the map.
"""

from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import Screen
from textual.widgets import Static

from app.commands import HINTED, RUN, get_bindings, get_command, get_key
from app.widgets.header import HeaderBar
from app.widgets.key_hints import Hint, KeyHints
from app.widgets.transport_bar import TransportBar

if TYPE_CHECKING:
    from textual.widget import Widget

    from app.app import ChainroomApp
    from app.present.timeline import Timeline
    from app.screens.view import Thing
    from app.session import Session
    from app.widgets.models import Why

SMALLEST: Final = (60, 18)
"""Columns and rows below which nothing can be shown."""
SCRUB_PARTS: Final = 50


class RunScreen(Screen[None]):
    """A screen around the run: override ``compose_body``, ``show_body``, ``get_focused_thing`` and ``get_why``."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings(RUN)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (150, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
    RunScreen { layout: vertical; overflow: hidden; }
    RunScreen > #caption {
        display: none; height: 3; content-align: center middle; text-style: bold; text-align: center;
        background: $panel; color: $foreground; border-left: thick $primary; border-right: thick $primary;
    }
    RunScreen.-presenting > #caption { display: block; }
    RunScreen.-presenting > KeyHints { display: none; }
    RunScreen > #too-small { display: none; width: 1fr; height: 1fr; content-align: center middle; text-align: center; }
    RunScreen.-too-small > * { display: none; }
    RunScreen.-too-small > #too-small { display: block; }
    """

    app: "ChainroomApp"
    is_ready: bool = False
    """Whether every part has been mounted: before that, nothing can be shown."""
    _timeline: "ClassVar[Timeline | None]" = None  # one for all screens: a new page reads nothing twice

    def compose(self) -> ComposeResult:
        """Bars around the body."""
        yield HeaderBar()
        yield from self.compose_body()
        yield Static(id="caption", markup=False)
        yield TransportBar()
        yield KeyHints(get_hints())
        yield Static(id="too-small", markup=False)

    def compose_body(self) -> ComposeResult:
        """Yield what stands between the bars."""
        yield from ()

    async def mount_composed_widgets(self, widgets: "list[Widget]") -> None:
        """Mount what was composed; from then on every part is there to be shown."""
        await super().mount_composed_widgets(widgets)
        self.is_ready = True

    def on_resize(self, event: events.Resize) -> None:
        """Below the smallest size only say so; the keys stay alive."""
        size = event.size
        is_small = size.width < SMALLEST[0] or size.height < SMALLEST[1]
        self.set_class(is_small, "-too-small")
        if is_small:
            needs, has = f"{SMALLEST[0]}×{SMALLEST[1]}", f"{size.width}×{size.height}"
            self.query_one("#too-small", Static).update(
                f"chainroom needs a window of {needs}\nthis one has {has}\nmake it larger, or press q to quit"
            )

    # What is shown ---------------------------------------------------------------------------------------------------

    def show(self, session: "Session") -> None:
        """Bring everything up to date with the run at the cursor."""
        from app.present.attacks import mark_attacks
        from app.present.timeline import Timeline, build_header, build_transport

        mark_attacks(session)
        if RunScreen._timeline is None or RunScreen._timeline.world is not session.simulation.world:
            RunScreen._timeline = Timeline(session.simulation.world)
        self.query_one(HeaderBar).show(build_header(session))
        self.query_one(TransportBar).show(build_transport(session, RunScreen._timeline))
        self.set_class(self.app.is_presenting, "-presenting")
        if self.app.is_presenting:
            from app.present.captions import build_caption

            self.query_one("#caption", Static).update(build_caption(session))
        if not self.has_class("-too-small"):
            self.show_body(session)

    def show_body(self, session: "Session") -> None:
        """Bring what stands between the bars up to date."""

    def get_focused_thing(self) -> "Thing | None":
        """Return what is under the focus, for enter, y and ?."""
        return None

    def get_why(self) -> "Why | None":
        """Return why what is under the focus is as it is, if that is more than its thing tells."""
        return None

    # What the bars ask for -------------------------------------------------------------------------------------------

    @on(KeyHints.HintChosen)
    async def on_hint_chosen(self, message: KeyHints.HintChosen) -> None:
        """Do what the key does."""
        await self.app.run_command(message.command_id)

    @on(TransportBar.Paused)
    def on_paused(self) -> None:
        """Stop the clock."""
        self._play(False)

    @on(TransportBar.Resumed)
    def on_resumed(self) -> None:
        """Let the clock run."""
        self._play(True)

    @on(TransportBar.Stepped)
    def on_stepped(self, message: TransportBar.Stepped) -> None:
        """One event back or on."""
        self.action_step(message.step)

    @on(TransportBar.SpeedChanged)
    def on_speed_changed(self, message: TransportBar.SpeedChanged) -> None:
        """The next speed in that direction: the session knows which there are."""
        if self.app.session is not None:
            self.action_speed(1 if message.speed > self.app.session.speed else -1)

    @on(TransportBar.SeekTo)
    def on_seek_to(self, message: TransportBar.SeekTo) -> None:
        """Move the cursor."""
        session = self.app.session
        if session is not None:
            session.seek(round(message.fraction * session.now_us))
            self.app.show()

    # Actions: the clock ----------------------------------------------------------------------------------------------

    def _play(self, is_playing: bool) -> None:
        if self.app.session is not None:
            self.app.session.is_playing = is_playing
            self.app.show()

    def action_pause(self) -> None:
        """Stop the clock, or let it run."""
        self._play(self.app.session is not None and not self.app.session.is_playing)

    def action_step(self, direction: int) -> None:
        """Pause, and go to the next or the previous thing that happened."""
        if self.app.session is not None:
            self.app.guard(lambda session: session.step(direction))
            self.app.show()

    def action_speed(self, direction: int) -> None:
        """Let more or less time pass in a second."""
        if self.app.session is not None:
            self.app.session.change_speed(direction)
            self.app.show()

    def action_live(self) -> None:
        """Follow the right end."""
        if self.app.session is not None:
            self.app.session.go_live()
            self.app.show()

    def action_seek_start(self) -> None:
        """Show the first moment."""
        if self.app.session is not None:
            self.app.session.seek(0)
            self.app.show()

    def action_bookmark(self) -> None:
        """Mark this moment."""
        session = self.app.session
        if session is not None:
            mark = session.bookmark(f"bookmark {len(session.bookmarks) + 1}")
            self.app.tell(f"marked as {mark.name}; it is saved with the run")
            self.app.show()

    def action_branch(self) -> None:
        """Go on from here; meanwhile everything can be looked at."""
        self.app.run_worker(self.app.branch(), exclusive=True, group="open")

    # Actions: things -------------------------------------------------------------------------------------------------

    def action_back(self) -> None:
        """Close this page; on the home screen nothing is behind."""
        if len(self.app.screen_stack) > 1:
            self.app.pop_screen()
            self.app.show()

    def action_open(self) -> None:
        """Open the page of what is focused."""
        thing = self.get_focused_thing()
        if thing is not None:
            self.app.open_thing(thing)

    def action_copy(self) -> None:
        """Copy the name or hash of what is focused."""
        thing = self.get_focused_thing()
        if thing is None:
            self.app.tell("nothing that could be copied is chosen here")
            return
        from app.present.why import get_copy_text

        self.app.copy_text(*get_copy_text(thing))

    def action_why(self) -> None:
        """Explain what is focused."""
        from app.present.why import explain_thing

        session, why = self.app.session, self.get_why()
        if session is None:
            return
        thing = self.get_focused_thing()
        if why is None and thing is not None:
            why = explain_thing(session.simulation, thing, session.cursor_us)
        if why is None:
            why = self.app.last_refusal
        if why is None:
            self.app.tell("choose a block, a transaction or a node, then press ?")
        else:
            self.app.show_why(why)

    def action_send(self) -> None:
        """Go to the wallet's form."""
        self.app.start_payment()

    def action_mine(self) -> None:
        """Let the chosen node propose a block, or the first node where none is chosen."""
        from app.screens.view import Thing
        from chain.simulation.commands import MineBlock

        thing = self.get_focused_thing()
        node = thing.key if isinstance(thing, Thing) and thing.kind == "node" else 0
        assert isinstance(node, int)
        if self.app.submit(MineBlock(node)):
            self.app.tell(f"n{node:02d} proposed a block")

    def action_heal(self) -> None:
        """Open every link that was cut."""
        from chain.simulation.commands import Heal

        if self.app.submit(Heal()):
            self.app.tell("every link is open")

    def action_consensus(self) -> None:
        """Open the page of the protocol."""
        from app.screens.consensus import ConsensusPage

        if self.app.session is not None and not isinstance(self, ConsensusPage):
            self.app.push_screen(ConsensusPage())

    def action_access(self) -> None:
        """Open the page that says who may do what."""
        from app.screens.access import AccessPage

        if self.app.session is not None and not isinstance(self, AccessPage):
            self.app.push_screen(AccessPage())

    def action_find(self) -> None:
        """Ask what to look for."""
        self.app.open_search()

    def action_list(self, name: str) -> None:
        """Open one of the explorer's lists."""
        from app.screens.view import Thing

        self.app.open_thing(Thing("list", name.encode()))

    def action_attack(self) -> None:
        """Choose one of the attacks on contracts, and walk through it."""
        from app.screens.questions import ask_attack

        ask_attack(self.app)

    def action_playground(self) -> None:
        """Small things to try by hand."""
        from app.screens.playground import PlaygroundScreen

        self.app.push_screen(PlaygroundScreen())

    def action_save_run(self) -> None:
        """Ask for a name and save."""
        self.app.ask_save()

    def action_new_run(self) -> None:
        """Ask for scenario, protocol and parameters."""
        from app.screens.questions import ask_new

        ask_new(self.app)

    def action_open_run(self) -> None:
        """Ask which run to open."""
        self.app.ask_open()


def get_hints() -> tuple[Hint, ...]:
    """Return the hints of the registry."""
    return tuple(
        Hint(ids[-1], " ".join(get_key(get_command(command_id)) for command_id in ids), title) for title, *ids in HINTED
    )

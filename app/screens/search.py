"""Search: type, choose, enter. Finds what exists at the cursor; what is not there is said with a reason."""

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from app.present import search as present
from app.screens.holders import get_holders
from app.widgets.keys import bind
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from app.widgets.way_back import build_way_back

if TYPE_CHECKING:
    from app.app import ChainroomApp

PLACEHOLDER: Final = "height, hash, address, node, name, token or label"
WAIT_S: Final = 0.12
"""After the last key; hashes of a long run take a few milliseconds to go through."""


class SearchScreen(ModalScreen[None]):
    """A field and its matches, over the screen."""

    DEFAULT_CSS = """
    SearchScreen { align: center top; }
    SearchScreen > Vertical {
        width: 96; max-width: 96%; height: 22; max-height: 80%; margin-top: 2; padding: 0 1;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $muted;
    }
    SearchScreen Input { height: 1; border: none; padding: 0 1; background: $panel; }
    SearchScreen Static { height: auto; max-height: 3; color: $muted; padding: 0 1; margin-top: 1; }
    SearchScreen VirtualTable { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape", "close", "search.close", "Close the search", show=True),
        bind("down", "move(1)", "search.down", "Choose the next match"),
        bind("up", "move(-1)", "search.up", "Choose the match before"),
    ]

    app: "ChainroomApp"

    def __init__(self, text: str = "") -> None:
        super().__init__()
        self._text = text
        self._found = present.Found((), "")

    def compose(self) -> ComposeResult:
        """The field, what was found in words, the matches."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = "Find", build_way_back("↑↓ choose · enter open · esc close")
            yield PlainInput(
                self._text,
                placeholder=PLACEHOLDER,
                max_length=120,
                compact=True,
            )
            yield Static(id="search-message", markup=False)
            yield VirtualTable(present.COLUMNS, empty="")

    def on_mount(self) -> None:
        """Suggest something before anything is typed."""
        self._begin()

    def start(self) -> None:
        """Ask anew, as if the screen had just been opened."""
        if self.query(VirtualTable):
            self.query_one(Input).value = ""
            self._begin()

    def _begin(self) -> None:
        self.query_one(Input).focus()
        self._search()

    def _search(self) -> None:
        session = self.app.session
        if session is None:
            return
        world = session.simulation.world
        self._found = found = present.search(
            world, get_holders(self.app, world), self.query_one(Input).value, session.cursor_us
        )
        self.query_one("#search-message", Static).update(clean(found.message, 300))
        table = self.query_one(VirtualTable)
        table.cursor = 0
        table.show(len(found.results), lambda place: present.build_row(found.results[place]))
        table.scroll_to(y=0, animate=False)

    @on(Input.Changed)
    def on_text_changed(self) -> None:
        """Search when the person pauses."""
        self.set_timer(WAIT_S, self._search_latest(self.query_one(Input).value))

    def _search_latest(self, text: str) -> Callable[[], None]:
        def search() -> None:
            if self.is_current and self.query_one(Input).value == text:
                self._search()

        return search

    @on(Input.Submitted)
    def on_text_submitted(self) -> None:
        """Open the chosen match."""
        self._search_now()
        self._open(self.query_one(VirtualTable).cursor)

    def _search_now(self) -> None:
        """Search again if the matches are those of an earlier text."""
        cursor = self.query_one(VirtualTable).cursor
        before = self._found
        self._search()
        if self._found == before:
            self.query_one(VirtualTable).choose(cursor)

    @on(VirtualTable.RowOpened)
    def on_row_opened(self, message: VirtualTable.RowOpened) -> None:
        """Open a match."""
        self._open(message.row)

    def _open(self, row: int) -> None:
        if row < len(self._found.results):
            thing = self._found.results[row].thing
            app = self.app
            self.dismiss(None)
            app.call_later(app.open_thing, thing)

    def action_move(self, step: int) -> None:
        """Choose another match while the field keeps the focus."""
        table = self.query_one(VirtualTable)
        table.choose(table.cursor + step)

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)

    def on_click(self, event: events.Click) -> None:
        """A click beside the box closes it."""
        if event.widget is self:
            self.dismiss(None)

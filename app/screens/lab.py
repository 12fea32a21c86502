"""The lab: the scenario of the run under several protocols, side by side.

Choose protocols, say how far, press ``c``. The runs are computed beside the interface, a slice of a few milliseconds at
a time in a thread, so that neither the clock nor the keys ever wait; ``x`` stops them. The run one is looking at is not
touched: a comparison begins at its scenario's beginning with its seed.
"""

import asyncio
import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static
from textual.worker import Worker

from app.commands import get_bindings
from app.present import lab as present
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.view import View
from app.session import Session
from app.widgets.models import Cell, Column, Why
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from chain.consensus.registry import PROTOCOLS
from chain.errors import ChainroomError, InvalidInput, InvalidScenario
from chain.lab.compare import Comparison
from chain.scenario import Scenario
from chain.units import DAY, TimeUs, parse_span

if TYPE_CHECKING:
    from app.app import ChainroomApp

SLICE_S: Final = 0.012
"""Seconds a slice may take; then whoever waits for the interpreter has it."""
PAUSE_S: Final = 0.004
SLICE_EVENTS: Final = 10
DEFAULT_SPAN: Final = "20m"
FIRST_CHOICE: Final = ("proof-of-work", "proof-of-stake", "tendermint")
NAMES: Final = tuple(PROTOCOLS)
HINT: Final = "enter chooses · c compares"


class LabView(View):
    """Protocols and how far on the left, the scoreboard on the right."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("lab")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="LabView")
        + """
    LabView Horizontal { height: 1fr; width: 1fr; }
    LabView .panel { height: 1fr; }
    LabView #lab-choice { width: 34; }
    LabView #lab-choice Static { height: auto; padding: 0 1; color: $foreground; }
    LabView #lab-choice Input { height: 1; border: none; padding: 0 1; background: $panel; }
    LabView #lab-choice VirtualTable { height: 10; }
    LabView #lab-buttons { height: 1; padding: 0 1; }
    LabView #lab-buttons Button { width: auto; min-width: 12; height: 1; border: none; margin-right: 2; }
    LabView #lab-board { width: 1fr; }
    LabView.-folded #lab-choice, LabView.-folded #lab-board { width: 1fr; }
    """
    )

    app: "ChainroomApp"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._deck = PanelDeck()
        self._chosen: list[str] = list(FIRST_CHOICE)
        self._comparison: Comparison | None = None
        self._worker: Worker[None] | None = None
        self._scores: list[present.Score] = []
        self._first = 0
        self._scenario = ""

    def compose(self) -> ComposeResult:
        """Two panels."""
        with Horizontal():
            with Vertical(id="lab-choice", classes="panel"):
                yield VirtualTable((Column("protocol", 24, is_flexible=True),), id="lab-protocols")
                yield Static("how far each of them runs", markup=False)
                yield PlainInput(DEFAULT_SPAN, placeholder="20m, 2h, 1d", max_length=12, compact=True)
                yield Static(id="lab-state", markup=False)
                with Horizontal(id="lab-buttons"):
                    yield Button("c compare", id="lab-start", compact=True)
                    yield Button("x stop", id="lab-stop", compact=True)
            yield VirtualTable((Column("", 20),), id="lab-board", classes="panel", empty=build_empty_text())

    def on_mount(self) -> None:
        """Show what can be chosen."""
        self._show_choice()
        self._tell_state()

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold; how many protocols fit is known when the parts have their size."""
        self._arrange()
        self.call_after_refresh(self._show_board)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Tell how far a comparison is; nothing here depends on the clock of the run."""
        name = getattr(session.simulation.scenario, "name", "")
        if name != self._scenario:
            self._scenario = name
            self._arrange()
        if self._worker is not None:
            self._tell_state()

    def _show_choice(self) -> None:
        self._choice.show(len(NAMES), self._build_choice_row)

    def _build_choice_row(self, place: int) -> list[Cell]:
        name = NAMES[place]
        is_chosen = name in self._chosen
        return [Cell(f"{'✓' if is_chosen else '○'} {present.name_protocol(name)}", "accent" if is_chosen else "text")]

    def _tell_state(self, problem: str = "") -> None:
        comparison, state = self._comparison, self.query_one("#lab-state", Static)
        if problem:
            text = f"✗ {problem}"
        elif comparison is not None and self._worker is not None:
            percent, count = int(100 * comparison.get_progress()), len(comparison.protocols)
            name = present.name_protocol(comparison.protocol)
            text = f"◔ {percent} %  {name}, {min(len(comparison.scores) + 1, count)} of {count}"
        elif self._scores:
            text = f"✓ {len(self._scores)} compared; ? explains a row"
        else:
            text = HINT
        if state.content != text:
            state.update(clean(text, 160))
        self.query_one("#lab-start", Button).disabled = self._worker is not None
        self.query_one("#lab-stop", Button).disabled = self._worker is None

    def _show_board(self) -> None:
        board, scores = self._board, self._scores
        if not scores:
            board.show(0)
            return
        self._first = min(self._first, self._count_places() - 1)
        board.columns = present.build_columns(scores, self._first, board.size.width)
        count = len(board.columns) - 1
        rows = [present.build_row(measure, scores, self._first, count) for measure in present.MEASURES]
        board.show(len(rows), rows.__getitem__)
        self._arrange()

    def _count_places(self) -> int:
        """How many places the first column can have without leaving room unused."""
        fitting = len(present.build_columns(self._scores, 0, self._board.size.width)) - 1
        return len(self._scores) - fitting + 1

    @property
    def _choice(self) -> VirtualTable:
        return self.query_one("#lab-protocols", VirtualTable)

    @property
    def _board(self) -> VirtualTable:
        return self.query_one("#lab-board", VirtualTable)

    def _get_panels(self) -> list[Panel]:
        board = f"Side by side · {self._scenario}" if self._scenario else "Side by side"
        if len(self._scores) > len(self._board.columns) - 1 and self._scores:
            board += f" · [ ] {self._first + 1}–{self._first + len(self._board.columns) - 1} of {len(self._scores)}"
        return [Panel(self.query_one("#lab-choice"), "Compare"), Panel(self._board, board)]

    def _arrange(self) -> None:
        is_folded = self.screen.has_class("-narrow")
        self.set_class(is_folded, "-folded")
        panels = self._get_panels()
        self._deck.arrange(panels, 1 if is_folded else len(panels))

    # What is done ----------------------------------------------------------------------------------------------------

    @on(VirtualTable.RowOpened, "#lab-protocols")
    def on_protocol_opened(self, message: VirtualTable.RowOpened) -> None:
        """Choose a protocol, or leave it out."""
        name = NAMES[message.row]
        self._chosen = [it for it in NAMES if (it in self._chosen) != (it == name)]
        self._show_choice()

    @on(Button.Pressed, "#lab-start")
    def on_start_pressed(self) -> None:
        """As the key does."""
        self.action_compare()

    @on(Button.Pressed, "#lab-stop")
    def on_stop_pressed(self) -> None:
        """As the key does."""
        self.action_stop()

    @on(Input.Submitted)
    def on_span_submitted(self) -> None:
        """Enter in the field compares."""
        self.action_compare()

    def action_compare(self) -> None:
        """Begin a comparison of the chosen protocols."""
        session = self.app.session
        if session is None or self._worker is not None:
            return
        try:
            until_us = read_span(self.query_one(Input).value)
            scenario = session.simulation.scenario
            if not isinstance(scenario, Scenario):
                raise InvalidScenario("run", "this one", "a run that was made from a scenario")
            if not self._chosen:
                raise InvalidInput("protocols", "none", "one or more: choose them with enter")
        except ChainroomError as error:
            self._tell_state(str(error))
            return
        chosen, seed = tuple(self._chosen), session.simulation.seed
        self._worker = self.run_worker(self._compare(scenario, chosen, seed, until_us), exclusive=True)
        self._tell_state()

    async def _compare(self, scenario: Scenario, chosen: tuple[str, ...], seed: int, until_us: TimeUs) -> None:
        """Run slice by slice in a thread; what is through is shown at once."""
        problem = ""
        try:
            comparison = await asyncio.to_thread(Comparison, scenario, chosen, seed, until_us)
            self._comparison, self._scores, shown = comparison, [], 0
            while not await asyncio.to_thread(run_slice, comparison):
                if len(comparison.scores) > shown:
                    shown = len(comparison.scores)
                    self._take_scores(comparison)
                await asyncio.sleep(PAUSE_S)
            self._take_scores(comparison)
        except ChainroomError as error:
            problem = str(error)
        finally:
            self._worker = None
        self._tell_state(problem)
        if not problem and self.has_class("-folded") and self._deck.active == 0:
            self.action_panel()

    def _take_scores(self, comparison: Comparison) -> None:
        self._scores = list(comparison.scores)
        self._show_board()

    def action_stop(self) -> None:
        """Stop a comparison; what is through stays."""
        if self._worker is not None:
            self._worker.cancel()
            self._worker = None
            self._tell_state("stopped; press c to begin again")

    def action_turn(self, step: int) -> None:
        """Show other protocols where not all fit."""
        if self._scores:
            self._first = (self._first + step) % self._count_places()
            self._show_board()

    def action_panel(self) -> None:
        """The other panel, where both do not fit."""
        panels = self._get_panels()
        self._deck.turn(panels)
        self._arrange()
        (self._board if self._deck.active else self._choice).focus()
        self.call_after_refresh(self._show_board)  # how many protocols fit is known once it has its size

    def get_why(self) -> Why | None:
        """Explain the chosen row."""
        if self._scores and self._board.has_focus:
            return present.explain_measure(present.MEASURES[self._board.cursor], self._scores)
        return None


def run_slice(comparison: Comparison) -> bool:
    """Run for a few milliseconds; return whether all is done."""
    deadline = time.perf_counter() + SLICE_S
    while time.perf_counter() < deadline:
        if comparison.advance(SLICE_EVENTS):
            return True
    return False


def read_span(text: str) -> TimeUs:
    """Return how far to run. Raises InvalidInput."""
    span_us = parse_span(text.strip())
    if not 0 < span_us <= DAY:
        raise InvalidInput("how far", text, "a span up to 1d, such as 20m or 2h")
    return TimeUs(span_us)


def build_empty_text() -> str:
    """Return what stands where there is no scoreboard yet."""
    return "Choose protocols, then press c: the same seed, people and network under each of them"

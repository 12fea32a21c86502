"""A new run: scenario, protocol, parameters and seed, each checked where it was typed.

Nothing happens until it is begun: the run that goes on stays as it is, and is kept when another one takes its place.
"""

from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Input, Select, Static

from app.present.new_run import Parameter, build_scenario, list_parameters, read_seed, set_protocol
from app.present.timeline import PROTOCOLS as TITLES
from app.starting import Source, list_scenarios, read_shipped_scenario
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from app.widgets.way_back import build_way_back
from chain.consensus.registry import PROTOCOLS
from chain.errors import ChainroomError, InvalidScenario
from chain.scenario import Scenario, get_consensus_parameters

if TYPE_CHECKING:
    from app.app import ChainroomApp

DEFAULT: Final = "classroom"


class ParameterRow(Horizontal):
    """A name, a field, and what it means or what is wrong with it."""

    DEFAULT_CSS = """
    ParameterRow { height: auto; }
    ParameterRow > .parameter--name { width: 20; height: 1; }
    ParameterRow > Input, ParameterRow > Select { width: 24; }
    ParameterRow > .parameter--help { width: 1fr; height: auto; padding: 0 1 0 2; color: $muted; }
    ParameterRow > .parameter--help.-wrong { color: $error; }
    """

    def __init__(self, parameter: Parameter) -> None:
        super().__init__()
        self.parameter = parameter

    def compose(self) -> ComposeResult:
        """Name, field, help."""
        yield Static(clean(self.parameter.label, 19), classes="parameter--name", markup=False)
        if self.parameter.choices:
            options = [(choice, choice) for choice in self.parameter.choices]
            yield Select(options, value=self.parameter.value, allow_blank=False, compact=True)
        else:
            yield PlainInput(self.parameter.value, compact=True)
        yield Static(self.parameter.help, classes="parameter--help", markup=False)

    @property
    def field(self) -> Widget:
        """What is typed into, or chosen from."""
        return self.query_one(Select) if self.parameter.choices else self.query_one(Input)

    @property
    def value(self) -> str:
        """What was typed or chosen."""
        return str(self.query_one(Select).value) if self.parameter.choices else self.query_one(Input).value

    def tell(self, problem: str) -> None:
        """Show what is wrong, or the help again."""
        text = self.query_one(".parameter--help", Static)
        text.set_class(bool(problem), "-wrong")
        text.update(clean(f"✖ {problem}" if problem else self.parameter.help, 300))


class NewRunScreen(ModalScreen[None]):
    """The form."""

    DEFAULT_CSS = """
    NewRunScreen { align: center middle; }
    NewRunScreen > Vertical {
        width: 104; max-width: 98%; height: auto; max-height: 92%; background: $surface; padding: 0 2;
        border: round $primary; border-title-color: $primary; border-title-style: bold; border-subtitle-color: $muted;
    }
    NewRunScreen #new-choices, NewRunScreen #new-parameters { height: auto; }
    NewRunScreen VerticalScroll { height: auto; max-height: 38vh; }
    NewRunScreen #new-about { height: auto; color: $muted; margin: 0 0 1 0; }
    NewRunScreen #new-problem { height: auto; color: $error; }
    NewRunScreen #new-buttons { height: 1; margin-top: 1; }
    NewRunScreen #new-buttons Button { margin-right: 2; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", show=False, id="new.close", tooltip="Leave without opening anything"),
        Binding("ctrl+s", "begin", "Begin", show=False, id="new.begin", tooltip="Check every field and begin the run"),
    ]

    app: "ChainroomApp"

    def __init__(self) -> None:
        super().__init__()
        session, self._library = self.app.session, list_scenarios()
        running = session.simulation.scenario if session is not None else None
        if not isinstance(running, Scenario) or running.name not in self._library:
            running = read_shipped_scenario(DEFAULT)
        self._scenario = running
        self._chosen = self._scenario.name
        self._seed = str(session.simulation.seed if session is not None else self._scenario.seed)
        self._protocol = self._get_protocol()

    def _get_protocol(self) -> str:
        return str(get_consensus_parameters(self._scenario).protocol)

    def compose(self) -> ComposeResult:
        """Scenario, protocol and seed above, the parameters below."""
        with Vertical() as box:
            box.border_title = "New run"
            box.border_subtitle = build_way_back("tab to the next field · ctrl+s begin · esc leave")
            with Vertical(id="new-choices"):
                yield ParameterRow(Parameter("scenario", "scenario", self._chosen, "", "", tuple(self._library)))
                yield ParameterRow(Parameter("protocol", "protocol", self._protocol, "", "", tuple(PROTOCOLS)))
                yield ParameterRow(
                    Parameter("seed", "seed", self._seed, "All luck follows from it: the same seed, the same run.", "")
                )
            yield Static(id="new-about", markup=False)
            with VerticalScroll(), Vertical(id="new-parameters"):
                yield from map(ParameterRow, list_parameters(self._scenario))
            yield Static(id="new-problem", markup=False)
            with Horizontal(id="new-buttons"):
                yield Button("Begin (ctrl+s)", id="begin", variant="primary", compact=True)
                yield Button("Leave (esc)", id="leave", compact=True)

    def on_mount(self) -> None:
        """Say what the scenario is."""
        self._tell_scenario()
        self._rows("#new-choices")[0].field.focus()

    def _rows(self, place: str) -> list[ParameterRow]:
        return list(self.query_one(place).query(ParameterRow))

    def _tell_scenario(self) -> None:
        self.query_one("#new-about", Static).update(clean(self._scenario.description or self._scenario.title, 300))
        scenario, protocol, _ = self._rows("#new-choices")
        scenario.tell("")
        protocol.query_one(".parameter--help", Static).update(TITLES.get(self._protocol, ""))

    @on(Select.Changed)
    async def on_select_changed(self) -> None:
        """Another scenario or protocol has other parameters."""
        scenario, protocol, _ = self._rows("#new-choices")
        if scenario.value != self._chosen:
            self._chosen, self._scenario = scenario.value, read_shipped_scenario(scenario.value)
            self._protocol = self._get_protocol()
            protocol.query_one(Select).value = self._protocol
        elif protocol.value != self._protocol:
            self._protocol = protocol.value
            self._scenario = set_protocol(read_shipped_scenario(self._chosen), self._protocol)
        else:
            return
        self._tell_scenario()
        parameters = self.query_one("#new-parameters")
        await parameters.remove_children()
        await parameters.mount_all(map(ParameterRow, list_parameters(self._scenario)))

    @on(Input.Changed)
    def on_input_changed(self, message: Input.Changed) -> None:
        """Check what is typed at once, field by field."""
        row = message.input.parent
        if isinstance(row, ParameterRow) and row.is_mounted:
            row.tell(self._check(row))

    def _check(self, row: ParameterRow) -> str:
        """Return what is wrong with one field by itself."""
        try:
            if row.parameter.key == "seed":
                read_seed(row.value)
            else:
                build_scenario(self._scenario, {row.parameter.key: row.value})
        except InvalidScenario as error:
            return f"allowed: {error.allowed}"
        return ""

    @on(Input.Submitted)
    @on(Button.Pressed, "#begin")
    def on_begin(self) -> None:
        """Begin."""
        self.action_begin()

    @on(Button.Pressed, "#leave")
    def on_leave(self) -> None:
        """Leave."""
        self.action_close()

    def action_begin(self) -> None:
        """Check everything, and open the run; or go to the field that is wrong."""
        rows = self._rows("#new-parameters")
        seed = self._rows("#new-choices")[2]
        problem = self.query_one("#new-problem", Static)
        problem.update("")
        try:
            number = read_seed(seed.value)
            scenario = build_scenario(self._scenario, {row.parameter.key: row.value for row in rows})
        except InvalidScenario as error:
            wrong = next((row for row in (seed, *rows) if row.parameter.key == error.thing), None)
            if wrong is None:
                problem.update(clean(f"✖ {error}", 300))
            else:
                wrong.tell(f"allowed: {error.allowed}")
                wrong.field.focus()
            return
        except ChainroomError as error:
            problem.update(clean(f"✖ {error}", 300))
            return
        self.dismiss(None)
        self.app.open_run(Source("scenario", self._chosen, scenario, number))

    def action_close(self) -> None:
        """Leave without doing anything."""
        self.dismiss(None)

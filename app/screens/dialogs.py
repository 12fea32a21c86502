"""The shell's two small dialogs: type a name, choose from a list.

Each checks what was given before it closes, so a mistake is told where it was made.
"""

from collections.abc import Callable, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from app.widgets.plain_input import PlainInput
from app.widgets.text import clean, fit
from app.widgets.way_back import build_way_back

_CSS = """
{name} {{ align: center middle; }}
{name} > Vertical {{
    width: {width}; max-width: 94%; height: auto; max-height: 85%; background: $surface; padding: 1 2;
    border: round $primary; border-title-color: $primary; border-title-style: bold; border-subtitle-color: $muted;
}}
{name} .dialog--lead {{ color: $muted; height: auto; margin-bottom: 1; }}
{name} .dialog--problem {{ color: $error; height: auto; }}
{name} OptionList, {name} OptionList:focus {{
    height: auto; max-height: 20; background: $surface; border: none; padding: 0;
    text-wrap: nowrap; text-overflow: ellipsis;
}}
"""


class NameDialog(ModalScreen[str | None]):
    """Asks for a name. ``check`` does what the name is for, and returns what is wrong with it, or nothing."""

    DEFAULT_CSS = _CSS.format(name="NameDialog", width=76)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False, id="dialog.close")]

    def __init__(self, title: str, lead: str, value: str, check: Callable[[str], str]) -> None:
        super().__init__()
        self._title, self._lead, self._value, self._check = title, lead, value, check

    def compose(self) -> ComposeResult:
        """Lead, field, problem."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = self._title, build_way_back("enter to do it · esc to leave")
            yield Static(self._lead, classes="dialog--lead", markup=False)
            yield PlainInput(self._value)
            yield Static(classes="dialog--problem", markup=False)

    @on(Input.Submitted)
    def on_input_submitted(self, message: Input.Submitted) -> None:
        """Do it, or say what is wrong."""
        problem = self._check(message.value)
        if problem:
            self.query_one(".dialog--problem", Static).update(clean(problem, 400))
        else:
            self.dismiss(message.value)

    def action_close(self) -> None:
        """Leave without doing anything."""
        self.dismiss(None)


class Choice(NamedTuple):
    """A line to choose."""

    key: str
    title: str
    note: str = ""
    is_possible: bool = True


class ChoiceDialog(ModalScreen[str | None]):
    """A list; returns the key of the chosen line. ``preview`` hears of every line the cursor visits."""

    DEFAULT_CSS = _CSS.format(name="ChoiceDialog", width=104)
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False, id="dialog.close")]

    def __init__(
        self, title: str, choices: Sequence[Choice], current: str = "", preview: Callable[[str], None] | None = None
    ) -> None:
        super().__init__()
        self._title, self._choices, self._current, self._preview = title, tuple(choices), current, preview

    def compose(self) -> ComposeResult:
        """The list."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = self._title, build_way_back("↑ ↓ choose · enter · esc to leave")
            yield OptionList(
                *(Option(_build_line(choice), choice.key, not choice.is_possible) for choice in self._choices)
            )

    def on_mount(self) -> None:
        """Start at what is set now."""
        keys = [choice.key for choice in self._choices]
        self.query_one(OptionList).highlighted = keys.index(self._current) if self._current in keys else 0

    @on(OptionList.OptionHighlighted)
    def on_highlighted(self, message: OptionList.OptionHighlighted) -> None:
        """Show how it would be."""
        if self._preview is not None and message.option_id is not None:
            self._preview(message.option_id)

    @on(OptionList.OptionSelected)
    def on_selected(self, message: OptionList.OptionSelected) -> None:
        """Choose."""
        self.dismiss(message.option_id)

    def action_close(self) -> None:
        """Leave; what was previewed is taken back."""
        if self._preview is not None and self._current:
            self._preview(self._current)
        self.dismiss(None)


def _build_line(choice: Choice) -> Content:
    note = Content(clean(choice.note, 120)).stylize("dim")
    return Content.assemble(Content(fit(clean(choice.title), 26)), "  ", note)

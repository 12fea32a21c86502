"""Small widgets of the wallet: lines of styled text, the choice of a fee, fields for secrets, the frame of a dialog."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final

from textual import events
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Input, Static

from app.payments import FeeChoice
from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.models import Tone
from app.widgets.text import clean, cut
from app.widgets.way_back import build_way_back
from chain.units import format_amount
from chain.wallet.secret import Secret

if TYPE_CHECKING:
    from app.app import ChainroomApp

Span = tuple[str, Tone]
"""Some text and how it is meant."""
Line = Sequence[Span]


TAB_BINDINGS: Final = (
    Binding("tab", "app.focus_next", "Next", id="field.next", tooltip="The next field", priority=True),
    Binding("shift+tab", "app.focus_previous", "Last", id="field.last", tooltip="The field before", priority=True),
)
"""Before the fields, so that what is typed behind the tab goes to the next one however fast it comes."""


class Lines(CanvasWidget):
    """Rows of styled text, one line each, cut at the right; drawn only when they change."""

    PENS = (
        "text", "muted", "strong", "good", "warning", "bad", "pending", "final", "stale", "attack", "accent", "key",
        "title",
    )  # fmt: skip

    def __init__(self, lines: Sequence[Line] = (), **options: Any) -> None:
        super().__init__(**options)
        self.lines = tuple(lines)

    def show(self, lines: Sequence[Line]) -> None:
        """Show other lines."""
        if tuple(lines) != self.lines:
            self.lines = tuple(lines)
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """One line a row."""
        for y, line in enumerate(self.lines[: canvas.height]):
            x = 0
            for text, tone in line:
                x = canvas.put(x, y, cut(clean(text, 400), max(0, canvas.width - x)), self.PEN[tone])

    def get_text(self) -> str:
        """What the lines say."""
        return "\n".join("".join(text for text, _ in line) for line in self.lines)


class FeePicker(CanvasWidget, can_focus=True):
    """Slow, normal or fast: left and right choose, so does a click."""

    PENS = ("text", "muted", "strong", "accent", "cursor", "cursor-dim")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(-1)", "Cheaper", id="fee.cheaper", tooltip="Choose the next lower fee"),
        Binding("right", "move(1)", "Faster", id="fee.faster", tooltip="Choose the next higher fee"),
        Binding("enter", "take", "Review", id="fee.take", tooltip="Go on with this fee"),
    ]

    class FeeChosen(Message):
        """Another fee was chosen."""

    class FeeTaken(Message):
        """The person goes on with the chosen fee."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.choices: tuple[FeeChoice, ...] = ()
        self.chosen = 1

    @property
    def choice(self) -> FeeChoice | None:
        """The chosen fee; None before there is anything to choose from."""
        return self.choices[self.chosen] if self.choices else None

    def show(self, choices: tuple[FeeChoice, ...]) -> None:
        """Offer other fees; the chosen kind stays."""
        if choices != self.choices:
            self.choices = choices
            self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """The three choices in a row."""
        x = 0
        for place, choice in enumerate(self.choices):
            is_chosen = place == self.chosen
            pen = "cursor" if is_chosen and self.has_focus else "strong" if is_chosen else "muted"
            text = f"{'●' if is_chosen else '○'} {choice.name} {format_amount(choice.fee, 4)}"
            x = canvas.put(x, 0, text, self.PEN[pen], place) + 2

    def action_move(self, step: int) -> None:
        """Choose the neighbour."""
        self._choose(self.chosen + step)

    def action_take(self) -> None:
        """Go on."""
        self.post_message(self.FeeTaken())

    def on_click(self, event: events.Click) -> None:
        """Choose what was clicked."""
        place = self.get_thing_at(event)
        if place is not None:
            self._choose(place)

    def _choose(self, place: int) -> None:
        place = max(0, min(place, len(self.choices) - 1))
        if self.choices and place != self.chosen:
            self.chosen = place
            self.redraw()
            self.post_message(self.FeeChosen())


class SecretInput(Input):
    """A field whose content is neither shown nor copied; ``take`` hands it out and empties the field."""

    def __init__(self, **options: Any) -> None:
        super().__init__(password=True, **options)

    def take(self) -> Secret[str]:
        """Return what was typed and forget it."""
        secret = Secret(self.value)
        with self.prevent(Input.Changed):
            self.value = ""
        return secret

    def peek(self) -> Secret[str]:
        """Return what was typed so far."""
        return Secret(self.value)

    def action_copy(self) -> None:
        """A secret does not go to the clipboard."""
        raise SkipAction

    def action_cut(self) -> None:
        """A secret does not go to the clipboard."""
        raise SkipAction


class Dialog(ModalScreen[Any]):
    """A frame over the live screen: implement ``compose_dialog``; escape goes one step back, in the end out."""

    app: "ChainroomApp"
    TITLE_TEXT = ""
    is_busy = False
    """Whether it waits for the key of a password: then neither enter nor escape starts anything else."""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    DEFAULT_CSS = """
    Dialog { align: center middle; background: $background 55%; }
    Dialog.-opaque { background: $background; }
    Dialog > #frame {
        width: 76; max-width: 100%; height: auto; max-height: 100%; padding: 0 2;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $muted; scrollbar-size-vertical: 1;
    }
    Dialog Static { height: auto; }
    Dialog .lead { margin: 1 0; }
    Dialog .note { color: $muted; }
    Dialog .message { color: $error; text-style: bold; min-height: 1; }
    Dialog .message.-good { color: $success; }
    Dialog .field { height: 3; border: tall $line; }
    Dialog .field:focus { border: tall $primary; }
    Dialog .buttons { height: auto; margin-top: 1; align-horizontal: right; }
    Dialog .buttons Button { margin-left: 2; min-width: 12; }
    Dialog.-short .row { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", id="dialog.back", tooltip="One step back"),
        *TAB_BINDINGS,
    ]

    def compose(self) -> ComposeResult:
        """The frame and its content."""
        with VerticalScroll(id="frame", can_focus=False) as frame:
            frame.border_title = f" {self.TITLE_TEXT} "
            frame.border_subtitle = build_way_back(" esc back ", "screen.back")
            yield from self.compose_dialog()

    def compose_dialog(self) -> ComposeResult:
        """Yield what stands in the frame."""
        yield from ()

    def set_title(self, title: str, subtitle: str = " esc back ") -> None:
        """Change the title of the frame."""
        frame = self.query_one("#frame")
        frame.border_title, frame.border_subtitle = f" {title} ", build_way_back(subtitle, "screen.back")

    def tell(self, text: str, *, is_good: bool = False, where: str = "#message") -> None:
        """Show a message, in plain text."""
        message = self.query_one(where, Static)
        message.update(Content(clean(text, 400)))
        message.set_class(is_good, "-good")

    def action_back(self) -> None:
        """Close without a result."""
        if not self.is_busy:
            self.dismiss(None)


def is_presenting(widget: Widget) -> bool:
    """Whether the audience sees the screen, so that secrets stay masked."""
    return bool(getattr(widget.app, "is_presenting", False))

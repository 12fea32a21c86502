"""The answer to ``?``: what happened, by which rule, with which numbers, in plain words."""

from typing import Any, ClassVar

from rich.text import Text
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from app.widgets.keys import bind
from app.widgets.models import Why
from app.widgets.text import clean
from app.widgets.way_back import build_way_back


class WhyModal(ModalScreen[None]):
    """Shows a ``Why`` over the screen; escape, enter or ? closes it. Texts are never markup."""

    DEFAULT_CSS = """
    WhyModal { align: center middle; }
    WhyModal > VerticalScroll {
        width: 72; max-width: 94%; height: auto; max-height: 85%;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $muted; padding: 1 2;
    }
    WhyModal Static { height: auto; }
    WhyModal .why--rule { color: $accent; margin-bottom: 1; }
    WhyModal .why--numbers { margin-bottom: 1; }
    WhyModal .why--names { color: $muted; }
    WhyModal .why--source { color: $muted; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape,enter,question_mark,q", "close", "why.close", "Close the explanation", show=True),
    ]

    def __init__(self, why: Why, *, source: str = "", **options: Any) -> None:
        """``source`` tells where the rule is written down."""
        super().__init__(**options)
        self.why, self.source = why, source

    def compose(self) -> ComposeResult:
        """Rule, numbers, text."""
        with VerticalScroll() as box:
            box.border_title = Text(f" {clean(self.why.title, 60)} ")
            box.border_subtitle = build_way_back(" esc close ")
            if self.why.rule:
                yield Static(Text(f"rule  {clean(self.why.rule, 60)}"), classes="why--rule")
            if self.why.numbers:
                yield Static(self._build_numbers(), classes="why--numbers")
            if self.why.text:
                yield Static(Text(clean(self.why.text, 2000)), classes="why--text")
            if self.source:
                yield Static(Text(clean(self.source, 1500)), classes="why--source")

    def _build_numbers(self) -> Text:
        width = min(24, max(len(clean(name, 24)) for name, _ in self.why.numbers))
        rows = Text()
        for number, (name, value) in enumerate(self.why.numbers):
            rows.append(("\n" if number else "") + clean(name, 24).ljust(width) + "   ", "dim")
            rows.append(clean(value, 80), "bold")
        return rows

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)

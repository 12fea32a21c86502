"""Help for what is focused: what it is, and every key that works here, from the registry and the widgets' bindings."""

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from app.commands import EVERYWHERE, RUN, CommandSpec, get_key, iter_commands

_READABLE = {"question_mark": "?", "full_stop": ".", "comma": ",", "slash": "/", "left_square_bracket": "[",
    "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "escape": "esc", "pageup": "page up", "pagedown": "page down"}  # fmt: skip
KEY_CELLS = 12


class HelpScreen(ModalScreen[None]):
    """Shows the help of the screen it was opened over."""

    DEFAULT_CSS = """
    HelpScreen { align: center middle; }
    HelpScreen > VerticalScroll {
        width: 84; max-width: 96%; height: auto; max-height: 92%; background: $surface; padding: 1 2;
        border: round $primary; border-title-color: $primary; border-title-style: bold; border-subtitle-color: $muted;
    }
    HelpScreen Static { height: auto; margin-bottom: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,h,f1", "close", "Close", show=False, id="help.close", tooltip="Close the help")
    ]

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__()
        self._about = screen

    def compose(self) -> ComposeResult:
        """What is focused, its keys, the keys of the view, the keys of everywhere."""
        with VerticalScroll() as box:
            box.border_title, box.border_subtitle = "Help", "↑ ↓ scroll · esc close"
            for title, about, rows in build_sections(self._about):
                yield Static(build_section(title, about, rows))

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)


Rows = list[tuple[str, str]]


def build_sections(screen: Screen[Any]) -> list[tuple[str, str, Rows]]:
    """Return (title, sentence, (key, help) rows) from the focus outwards."""
    sections: list[tuple[str, str, Rows]] = []
    focused = screen.focused
    for node in focused.ancestors_with_self if focused is not None else [screen]:
        if isinstance(node, Screen):
            break
        rows = _get_rows(node)
        if rows:
            sections.append((_get_title(node), _get_sentence(node), rows))
    own = [row for row in _get_rows(screen) if row not in _get_spec_rows(RUN)]
    if own:
        sections.append((_get_title(screen), _get_sentence(screen), own))
    sections.append(
        ("The run", "The right end of the timeline is now; everything else is history.", _get_spec_rows(RUN))
    )
    sections.append(("Everywhere", "", _get_spec_rows(EVERYWHERE)))
    return sections


def _get_rows(node: DOMNode) -> Rows:
    """The keys a widget binds itself; those that scroll by inheritance are left out."""
    rows: Rows = []
    for binding in node._bindings.key_to_bindings.values():
        for entry in binding:
            if entry.tooltip or entry.id:
                rows.append((_READABLE.get(entry.key, entry.key), entry.tooltip or entry.description))
    return list(dict.fromkeys(rows))


def _get_spec_rows(scope: str) -> Rows:
    return [(get_key(spec), _get_help(spec)) for spec in iter_commands(scope) if spec.key]


def _get_help(spec: CommandSpec) -> str:
    return f"{spec.title}: {spec.help}"


def _get_title(node: DOMNode) -> str:
    title = getattr(node, "border_title", None)
    return (
        str(title)
        if title
        else "".join(f" {letter}" if letter.isupper() else letter for letter in type(node).__name__).strip()
    )


def _get_sentence(node: DOMNode) -> str:
    """The first sentence of the class: every widget says there what it shows."""
    return (type(node).__doc__ or "").strip().partition("\n")[0].replace("``", "")


def build_section(title: str, about: str, rows: Rows) -> Content:
    """Return one block of help as plain text with styles."""
    lines = [Content.styled(title, "bold $primary")]
    if about:
        lines.append(Content.styled(about, "$text-muted"))
    lines += [Content.assemble((f"{key:>{KEY_CELLS}}  ", "bold $accent"), Content(text)) for key, text in rows]
    return Content("\n").join(lines)

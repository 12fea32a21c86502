"""Help for what is focused: what it is, and every key that works here, from the registry and the widgets' bindings."""

from textwrap import wrap
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from app.commands import EVERYWHERE, RUN, get_key, iter_commands
from app.widgets.way_back import build_way_back

_READABLE = {"question_mark": "?", "full_stop": ".", "comma": ",", "slash": "/", "left_square_bracket": "[",
    "right_square_bracket": "]", "less_than_sign": "<", "greater_than_sign": ">", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "escape": "esc", "pageup": "page up", "pagedown": "page down"}  # fmt: skip
KEY_CELLS = 12
ABOUT = {
    "NetworkMap": "Every dot is a node; its glyph and colour say which head it follows, ○ is switched off. A bright "
    "dot with a tail is a block on the link it really takes, a dim one a payment; a ring is a block just found, ✕ a "
    "cut link.",
    "NetworkView": "Where the nodes are, what travels between them, and one node's own view of it.",
    "NodePanel": "One node's own view: head, hash rate, mempool, peers, rewards, then what it saw, newest first.",
    "BlockStrip": "The newest blocks: ┏ heavy boxes are final by depth, dashed ones stale. Several rows are a fork.",
    "TransportBar": "The one clock: the cursor on the timeline is the moment every screen shows.",
    "NodePage": "All that this node knows, and what can be done to it.",
}
"""What a part of the screen shows, in a sentence or two, by its class; others say it in their docstring."""


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
            box.border_title, box.border_subtitle = "Help", build_way_back("↑ ↓ scroll · esc close")
            for title, about, rows in build_sections(self._about):
                yield Static(build_section(title, about, rows, min(74, self.app.size.width * 96 // 100 - 10)))

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)


Rows = list[tuple[str, str]]
Section = tuple[str, str, Rows]


def build_sections(screen: Screen[Any]) -> list[Section]:
    """Return (title, sentence, (key, help) rows) from the focus outwards; what an inner part binds hides the outer."""
    sections: list[Section] = []
    taken: set[str] = set()
    focused = screen.focused
    for node in focused.ancestors_with_self if focused is not None else [screen]:
        is_screen = isinstance(node, Screen)
        rows = _get_rows(node, taken)
        taken |= {key for key, _ in rows}
        if rows:
            sections.append((_get_title(node), _get_sentence(node), rows))
        if is_screen:
            break
    run = "The right end of the timeline is now; everything left of it is history, which can be read but not changed."
    return [
        *sections,
        ("The run", run, _get_spec_rows(RUN, taken)),
        ("Everywhere", "", _get_spec_rows(EVERYWHERE, taken)),
    ]


def _get_rows(node: DOMNode, taken: set[str]) -> Rows:
    """The keys a widget binds itself, without those of the registry that work everywhere."""
    shared = {spec.id for scope in (RUN, EVERYWHERE) for spec in iter_commands(scope)}
    rows: dict[str, str] = {}
    for entries in node._bindings.key_to_bindings.values():
        for entry in entries:
            key = _READABLE.get(entry.key, entry.key)
            if entry.id and entry.id not in shared and key not in taken:
                rows.setdefault(key, entry.tooltip or entry.description)
    return list(rows.items())


def _get_spec_rows(scope: str, taken: set[str]) -> Rows:
    rows = [(get_key(spec), f"{spec.title}: {spec.help}") for spec in iter_commands(scope) if spec.key]
    return [(key, text) for key, text in rows if key not in taken]


def _get_title(node: DOMNode) -> str:
    title = getattr(node, "border_title", None)
    words = "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in type(node).__name__).strip()
    return str(title) if title else words.capitalize()


def _get_sentence(node: DOMNode) -> str:
    """What the thing shows: from the table, or the first line of the class."""
    name = type(node).__name__
    return ABOUT.get(name) or (type(node).__doc__ or "").strip().partition("\n")[0].replace("``", "")


def build_section(title: str, about: str, rows: Rows, width: int = 74) -> Content:
    """Return one block of help as plain text with styles; what a key does stays in its column of ``width`` cells."""
    under = "\n" + " " * (KEY_CELLS + 2)
    lines = [Content.styled(title, "bold $primary")]
    if about:
        lines.append(Content.styled(about, "$text-muted"))
    lines += [
        Content.assemble(
            (f"{key:>{KEY_CELLS}}  ", "bold $accent"), Content(under.join(wrap(text, width - KEY_CELLS - 2)))
        )
        for key, text in rows
    ]
    return Content("\n").join(lines)

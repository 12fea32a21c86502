"""Edit a copy of a contract's source and compile it: problems are told by line, and the cursor goes there."""

import asyncio
from typing import TYPE_CHECKING, ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.strip import Strip
from textual.widgets import Button, Input, Static, TextArea

from app.contracts_compiler import CompileFailed, Problem, compile_vyper, is_compiler_installed
from app.widgets.plain_input import PlainInput, make_strip_visible
from app.widgets.text import clean
from app.widgets.way_back import build_way_back
from chain.contracts.artifact import Artifact
from chain.errors import ChainroomError

if TYPE_CHECKING:
    from app.app import ChainroomApp

NEW_SOURCE = """# pragma version ^0.4.0

counted: public(uint256)


@external
def count():
    self.counted += 1
"""


class _SourceArea(TextArea):
    """Source to edit; what is pasted into it stands there harmlessly."""

    def render_line(self, y: int) -> Strip:
        """Draw a row without anything dangerous."""
        return make_strip_visible(super().render_line(y))


class ContractEditor(ModalScreen[Artifact | str]):
    """Returns the compiled contract, or the text as it is when the person leaves."""

    DEFAULT_CSS = """
    ContractEditor { align: center middle; }
    ContractEditor > Vertical {
        width: 96%; height: 94%; background: $surface; border: round $primary; border-title-color: $primary;
        border-subtitle-color: $muted; padding: 0 1;
    }
    ContractEditor TextArea { height: 1fr; border: none; padding: 0; }
    ContractEditor Horizontal { height: 1; }
    ContractEditor Input { width: 30; height: 1; border: none; padding: 0 1; background: $panel; }
    ContractEditor Button { height: 1; min-width: 9; border: none; margin-left: 2; }
    ContractEditor #editor-problem { height: auto; max-height: 5; color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # before the editor, which would only move the focus
        Binding(
            "escape",
            "close",
            "Close",
            id="editor.close",
            tooltip="Leave; the copy waits for the next time",
            priority=True,
        ),
        Binding("ctrl+r", "compile", "Compile", id="editor.compile", tooltip="Compile, and put it on the shelf"),
    ]

    app: "ChainroomApp"

    def __init__(self, source: str, name: str) -> None:
        super().__init__()
        self._source, self._proposed_name = source or NEW_SOURCE, name

    def compose(self) -> ComposeResult:
        """Name, source, problems."""
        with Vertical() as box:
            box.border_title, box.border_subtitle = "Edit a copy", build_way_back("ctrl+r compile · esc leave")
            with Horizontal():
                yield PlainInput(self._proposed_name, id="editor-name", placeholder="name", compact=True)
                yield Button("Compile", id="editor-compile", compact=True, variant="primary")
                yield Button("Leave", id="editor-leave", compact=True)
            yield _SourceArea(
                self._source, show_line_numbers=True, soft_wrap=False, tab_behavior="indent", compact=True
            )
            yield Static(id="editor-problem", markup=False)

    def on_mount(self) -> None:
        """Start in the source."""
        self.query_one(TextArea).focus()
        if not is_compiler_installed():
            self._tell("the compiler is not installed: pip install vyper, or open an artifact (L) made elsewhere")

    def _tell(self, text: str) -> None:
        self.query_one("#editor-problem", Static).update("\n".join(clean(line, 300) for line in text.splitlines()[:5]))

    @on(Button.Pressed, "#editor-compile")
    def on_compile_pressed(self) -> None:
        """Compile."""
        self.action_compile()

    @on(Button.Pressed, "#editor-leave")
    def on_leave_pressed(self) -> None:
        """Leave."""
        self.action_close()

    def action_close(self) -> None:
        """Leave without a contract."""
        self.dismiss(self.query_one(TextArea).text)

    @work(exclusive=True)
    async def action_compile(self) -> None:
        """Compile in a process of its own; the interface goes on."""
        source, name = self.query_one(TextArea).text, self.query_one("#editor-name", Input).value.strip()
        self._tell("compiling …")
        try:
            artifact = await asyncio.to_thread(compile_vyper, source, name)
        except CompileFailed as error:
            self._tell("\n".join(map(describe_problem, error.problems)))
            place = error.problems[0]
            if place.line is not None:
                self.query_one(TextArea).move_cursor((place.line - 1, place.column or 0), center=True)
                self.query_one(TextArea).focus()
            return
        except ChainroomError as error:
            self._tell(str(error))
            return
        self.dismiss(artifact)


def describe_problem(problem: Problem) -> str:
    """Return where a source is wrong, why, and what the compiler would try."""
    place = f"line {problem.line}, column {(problem.column or 0) + 1}: " if problem.line is not None else ""
    return f"{place}{problem.message}" + (f" ({problem.hint})" if problem.hint else "")

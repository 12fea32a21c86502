"""Open what another compiler made: the path of a file, or its JSON pasted; where it holds several contracts, choose.

A pasted artifact may be megabytes, so it never goes through the field: it is read as it comes.
"""

from dataclasses import replace
from pathlib import Path
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from app.widgets.way_back import build_way_back
from chain.contracts.artifact import MAX_ARTIFACT_BYTES, Artifact, list_contracts, read_artifact
from chain.errors import ChainroomError

LEAD = (
    "The path of a JSON file with ABI and bytecode, or that JSON itself, pasted: of Vyper, solc (standard or "
    "--combined-json), Hardhat, Foundry, Truffle, Remix."
)
NAMELESS = "contract"
"""What a contract is called whose file does not say it."""


class _PathInput(PlainInput):
    """A path to type; pasted JSON is handed on instead."""

    class Pasted(Message):
        """Somebody pasted JSON."""

        def __init__(self, text: str) -> None:
            self.text = text
            super().__init__()

    def _on_paste(self, event: events.Paste) -> None:
        if event.text.lstrip()[:1] in ("{", "["):
            event.prevent_default()
            event.stop()
            self.post_message(self.Pasted(event.text))


class ArtifactDialog(ModalScreen[Artifact | None]):
    """Returns the contract, None when the person leaves."""

    DEFAULT_CSS = """
    ArtifactDialog { align: center middle; }
    ArtifactDialog > Vertical {
        width: 84; max-width: 94%; height: auto; max-height: 85%; background: $surface; padding: 1 2;
        border: round $primary; border-title-color: $primary; border-title-style: bold; border-subtitle-color: $muted;
    }
    ArtifactDialog #load-lead { color: $muted; height: auto; margin-bottom: 1; }
    ArtifactDialog #load-problem { color: $error; height: auto; }
    ArtifactDialog OptionList {
        height: auto; max-height: 12; background: $surface; border: none; padding: 0; display: none;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    ArtifactDialog.-choosing OptionList { display: block; }
    ArtifactDialog.-choosing Input { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "close", "Close", show=False, id="load.close")]

    def __init__(self) -> None:
        super().__init__()
        self._data, self._names = b"", tuple[str, ...]()

    def compose(self) -> ComposeResult:
        """Lead, field, list, problem."""
        with Vertical() as box:
            box.border_title = "Open an artifact"
            box.border_subtitle = build_way_back("enter to do it · esc to leave")
            yield Static(LEAD, id="load-lead", markup=False)
            yield _PathInput(placeholder="~/project/out/Token.sol/Token.json, or paste the JSON")
            yield OptionList()
            yield Static(id="load-problem", markup=False)

    def _tell(self, problem: str) -> None:
        self.query_one("#load-problem", Static).update(clean(problem, 500))

    @on(Input.Submitted)
    def on_path(self, event: Input.Submitted) -> None:
        """Read a file."""
        event.stop()
        path = Path(event.value.strip()).expanduser()
        try:
            if path.stat().st_size > MAX_ARTIFACT_BYTES:
                self._tell(f"{path.name} is larger than {MAX_ARTIFACT_BYTES} bytes")
                return
            data = path.read_bytes()
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else str(error)
            self._tell(f"{path.name} cannot be read: {why}. Check the path, or paste what is in the file.")
            return
        self._open(data, path.stem)

    @on(_PathInput.Pasted)
    def on_pasted(self, event: _PathInput.Pasted) -> None:
        """Read what was pasted."""
        self._open(event.text.encode(errors="replace"), NAMELESS)

    def _open(self, data: bytes, name: str) -> None:
        try:
            names = list_contracts(data)
            if len(names) > 1:
                self._choose_from(data, names)
            else:
                self._take(read_artifact(data, names[0] if names else ""), name)
        except ChainroomError as error:
            self._tell(str(error))

    def _take(self, artifact: Artifact, name: str) -> None:
        fitting = "".join(it for it in name if it.isalnum() or it == "_") or NAMELESS
        self.dismiss(replace(artifact, name=fitting) if artifact.name == NAMELESS else artifact)

    def _choose_from(self, data: bytes, names: tuple[str, ...]) -> None:
        self._data, self._names = data, names
        self._tell("")
        self.query_one("#load-lead", Static).update(f"{len(names)} contracts are in it. Which one?")
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(Content(clean(it, 120))) for it in names])
        self.add_class("-choosing")
        options.highlighted = 0
        options.focus()

    @on(OptionList.OptionSelected)
    def on_chosen(self, event: OptionList.OptionSelected) -> None:
        """Open the chosen one."""
        event.stop()
        try:
            self._take(read_artifact(self._data, self._names[event.option_index]), NAMELESS)
        except ChainroomError as error:
            self._tell(str(error))

    def action_close(self) -> None:
        """From the list back to the field, from there out."""
        if self.has_class("-choosing"):
            self.remove_class("-choosing")
            self.query_one("#load-lead", Static).update(LEAD)
            self._tell("")
            self.query_one(_PathInput).focus()
        else:
            self.dismiss(None)

"""The playgrounds: choose one, type, and see the answer change with every key."""

import secrets
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.screen import Screen
from textual.widgets import Button, Input, Label, Static

from app.present.playground import PLAYGROUNDS, Line, Playground, act, build_levels, read_number, split_leaves
from app.screens.explorer import TONE_VARIABLES
from app.widgets.keys import bind
from app.widgets.merkle_tree import MerkleTree
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean

if TYPE_CHECKING:
    from app.app import ChainroomApp

LABEL_CELLS = 11


class PlaygroundScreen(Screen[None]):
    """Tabs above, what one types, the answer below."""

    DEFAULT_CSS = """
    PlaygroundScreen #play-tabs { height: 1; padding: 0 1; }
    PlaygroundScreen #play-tabs Button { margin-right: 1; min-width: 6; width: auto; }
    PlaygroundScreen #play-tabs Button.-chosen { text-style: bold reverse; }
    PlaygroundScreen #play-lead { height: auto; padding: 1 1 0 1; color: $muted; }
    PlaygroundScreen .play-row { height: 1; padding: 0 1; }
    PlaygroundScreen .play-row Label { width: 12; color: $muted; }
    PlaygroundScreen .play-row Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    PlaygroundScreen .play-row Input:focus { background: $boost; }
    PlaygroundScreen #play-boxes { height: auto; padding: 1 0; }
    PlaygroundScreen #play-buttons { height: auto; padding: 0 1; }
    PlaygroundScreen #play-buttons Button { margin-right: 1; min-width: 8; width: auto; }
    PlaygroundScreen #play-answer { height: auto; padding: 1 1 0 1; }
    PlaygroundScreen MerkleTree { height: 14; margin: 1; border: round $line; border-title-color: $primary; }
    PlaygroundScreen #play-hint { dock: bottom; height: 1; padding: 0 1; color: $muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        bind("escape", "close", "play.close", "Leave the playground", show=True),
        bind("f2,ctrl+right", "turn(1)", "play.next", "The next playground", show=True),
        bind("f3,ctrl+left", "turn(-1)", "play.previous", "The playground before"),
        bind("ctrl+n", "button(0)", "play.button", "The first button", show=True),
    ]

    app: "ChainroomApp"

    def __init__(self, place: int = 0) -> None:
        super().__init__()
        self._place = place

    @property
    def _playground(self) -> Playground:
        return PLAYGROUNDS[self._place]

    def compose(self) -> ComposeResult:
        """Tabs, boxes, buttons, answer, tree."""
        with Horizontal(id="play-tabs"):
            for place, playground in enumerate(PLAYGROUNDS):
                yield Button(f"{place + 1} {playground.tab}", id=f"play-tab-{place}", compact=True)
        with VerticalScroll(can_focus=False):
            yield Static(id="play-lead", markup=False)
            yield VerticalScroll(id="play-boxes", can_focus=False)
            yield Horizontal(id="play-buttons")
            yield Static(id="play-answer", markup=False)
            yield MerkleTree()
        yield Static(
            "tab next field · f2 next playground · ctrl+n first button · esc back", id="play-hint", markup=False
        )

    async def on_mount(self) -> None:
        """Begin with the first."""
        await self._open(self._place)

    async def _open(self, place: int) -> None:
        self._place = place
        playground = self._playground
        for number in range(len(PLAYGROUNDS)):
            self.query_one(f"#play-tab-{number}").set_class(number == place, "-chosen")
        self.query_one("#play-lead", Static).update(Text(f"{playground.title}. {playground.lead}"))
        boxes, buttons = self.query_one("#play-boxes"), self.query_one("#play-buttons")
        await boxes.remove_children()
        await buttons.remove_children()
        for box in playground.boxes:
            field = PlainInput(box.value, id=f"play-box-{box.key}", max_length=400, compact=True)
            await boxes.mount(Horizontal(Label(Text(box.label)), field, classes="play-row"))
        await buttons.mount(*(Button(words, id=f"play-do-{key}", compact=True) for key, words in playground.buttons))
        self.query_one(MerkleTree).display = playground.key == "merkle"
        self._compute()
        self.query_one(f"#play-box-{playground.boxes[0].key}").focus()

    def _get_values(self) -> dict[str, str]:
        boxes = self._playground.boxes
        return {box.key: self.query_one(f"#play-box-{box.key}", Input).value for box in boxes}

    def _compute(self) -> None:
        values = self._get_values()
        self.query_one("#play-answer", Static).update(self._write(self._playground.compute(values)))
        if self._playground.key == "merkle":
            leaves = max(1, len(split_leaves(values["leaves"])))
            tree = self.query_one(MerkleTree)
            tree.show(build_levels(values["leaves"]), read_number(values["place"], 1, leaves) - 1)

    def _write(self, lines: tuple[Line, ...]) -> Text:
        colours, text = self.app.theme_variables, Text()
        for number, line in enumerate(lines):
            label = ("\n" if number else "") + line.label.ljust(LABEL_CELLS)
            text.append(label, style=colours.get("muted", ""))
            bold = "bold " if line.tone == "strong" else ""
            text.append(clean(line.text, 200), style=bold + colours.get(TONE_VARIABLES.get(line.tone, ""), ""))
        return text

    # What a person does ----------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def on_text_changed(self, message: Input.Changed) -> None:
        """Answer at once; a field that has gone with its playground says nothing."""
        if message.input.is_mounted and all(self.query(f"#play-box-{box.key}") for box in self._playground.boxes):
            self._compute()

    @on(Button.Pressed)
    async def on_pressed(self, message: Button.Pressed) -> None:
        """A tab, or a button of the playground."""
        kind, _, key = (message.button.id or "").removeprefix("play-").partition("-")
        if kind == "tab":
            await self._open(int(key))
        else:
            self._act(key)

    def _act(self, key: str) -> None:
        for box, value in act(self._playground.key, key, self._get_values(), secrets.token_bytes).items():
            self.query_one(f"#play-box-{box}", Input).value = value

    def action_button(self, place: int) -> None:
        """Do what a button does."""
        if place < len(self._playground.buttons):
            self._act(self._playground.buttons[place][0])

    async def action_turn(self, step: int) -> None:
        """Another playground."""
        await self._open((self._place + step) % len(PLAYGROUNDS))

    @on(MerkleTree.LeafChosen)
    def on_leaf_chosen(self, message: MerkleTree.LeafChosen) -> None:
        """Prove the chosen leaf."""
        self.query_one("#play-box-place", Input).value = str(message.leaf + 1)

    def action_close(self) -> None:
        """Back to where one was."""
        self.app.pop_screen()
        self.app.show()

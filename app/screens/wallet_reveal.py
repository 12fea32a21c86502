"""The words once more, after the password: masked until revealed, never while presenting, gone when it closes."""

import asyncio
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widgets import Button, Input, Static

from app.present.wallet_advice import explain_mistake
from app.screens.wallet_steps import WordGrid
from app.screens.wallet_widgets import Dialog, SecretInput, is_presenting
from app.wallets import Wallets
from chain.errors import ChainroomError
from chain.wallet.secret import Secret


class RevealDialog(Dialog):
    """Asks for the password, then shows the words behind a key."""

    TITLE_TEXT = "The words of this wallet"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f2", "reveal", "Reveal the words", id="words.reveal", tooltip="Show or mask the words"),
    ]

    def __init__(self, wallets: Wallets) -> None:
        super().__init__()
        self.wallets = wallets
        self._passphrase: Secret[str] | None = None

    def compose_dialog(self) -> ComposeResult:
        yield Static(
            "Whoever sees these words can take all the coins. Look over your shoulder; no photograph, no file.",
            classes="lead",
        )
        yield SecretInput(placeholder="password", id="password", classes="field")
        yield WordGrid(id="grid")
        yield Static(id="passphrase-note", classes="note")
        yield Static(id="message", classes="message")
        with Horizontal(classes="buttons"):
            yield Button("Back  esc", id="back")
            yield Button("Reveal  f2", id="reveal", variant="primary")

    def on_mount(self) -> None:
        """The password first."""
        self.query_one("#password").focus()

    @on(Button.Pressed, "#back")
    def leave(self) -> None:
        """Go back."""
        self.action_back()

    @on(Input.Submitted)
    @on(Button.Pressed, "#reveal")
    def action_reveal(self) -> None:
        """Open the file, then show or mask the words."""
        if self._passphrase is None:
            self._open()
            return
        if is_presenting(self):
            self.tell("presenter mode masks secrets: everybody sees this screen")
            return
        grid = self.query_one(WordGrid)
        grid.reveal(is_revealed=not grid.is_revealed)
        self.query_one("#reveal", Button).label = "Mask  f2" if grid.is_revealed else "Reveal  f2"

    @work
    async def _open(self) -> None:
        if self.is_busy:
            return
        self.is_busy = True
        field = self.query_one("#password", SecretInput)
        self.tell("opening …", is_good=True)
        try:
            phrase, passphrase = await asyncio.to_thread(self.wallets.keystore.reveal_phrase, field.take())
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            field.focus()
            return
        finally:
            self.is_busy = False
        self._passphrase = passphrase
        self.query_one(WordGrid).show(phrase)
        self.query_one("#password").display = False
        self.query_one("#reveal").focus()
        has_passphrase = bool(passphrase.reveal())
        note = "There is a passphrase too; it is not shown. Without it these words open another wallet."
        self.query_one("#passphrase-note", Static).update(note if has_passphrase else "There is no passphrase.")
        self.set_class(True, "-opaque")
        self.tell("")
        self.action_reveal()

    def on_unmount(self) -> None:
        """Forget the words."""
        self._passphrase = None

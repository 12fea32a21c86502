"""Making a wallet, step by step: how many words, the words once, three of them again, a password, done.

Every step has a way back, and the first one a way out. The phrase exists only in this dialog, from the second step to
the moment the encrypted file is written; going back to the first step makes another phrase.
"""

import asyncio
from typing import ClassVar, Final

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, ContentSwitcher, Input, Label, Select, Static

from app.present.wallet_advice import explain_mistake
from app.screens.wallet_steps import FIELD_CSS, PasswordStep, WordGrid, WordSuggester, unify
from app.screens.wallet_widgets import Dialog, is_presenting
from app.storage.accounts import Account
from app.wallets import Wallets, build_new_phrase, choose_places
from app.widgets.plain_input import PlainInput
from chain.errors import ChainroomError
from chain.wallet.mnemonic import LANGUAGES
from chain.wallet.secret import Secret

STEPS: Final = ("length", "words", "check", "password", "done")
_TITLES: Final = {
    "length": "Make a wallet · step 1/4 · how many words",
    "words": "Make a wallet · step 2/4 · your words",
    "check": "Make a wallet · step 3/4 · did you write them down?",
    "password": "Make a wallet · step 4/4 · a password",
    "done": "Your wallet is ready",
}


_FIRST: Final = {
    "length": "#length-12",
    "words": "#reveal",
    "check": "#check-0",
    "password": "#new-password",
    "done": "#finish",
}
"""Where the focus goes in each step."""


class CreateWallet(Dialog):
    """Returns the account, ``restore`` for who has words already, None for who went back."""

    DEFAULT_CSS = """
    CreateWallet ContentSwitcher, CreateWallet ContentSwitcher > Vertical { height: auto; }
    CreateWallet #lengths { height: auto; align-horizontal: center; margin-top: 1; }
    CreateWallet #lengths Button { margin: 0 2; }
    CreateWallet #language { width: 30; }
    CreateWallet .row { margin-bottom: 1; }
    CreateWallet #address { color: $accent; text-align: center; margin: 1 0; }
    """ + FIELD_CSS.format("CreateWallet")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "reveal", "Reveal the words", id="create.reveal", tooltip="Show or mask the words"),
        Binding("1", "take_length(12)", "12 words", id="create.12", tooltip="A phrase of 12 words"),
        Binding("2", "take_length(24)", "24 words", id="create.24", tooltip="A phrase of 24 words"),
    ]

    def __init__(self, wallets: Wallets) -> None:
        super().__init__()
        self.wallets = wallets
        self._phrase: Secret[str] | None = None
        self._places: tuple[int, ...] = ()
        self._account: Account | None = None

    def compose_dialog(self) -> ComposeResult:
        with ContentSwitcher(initial="length"):
            yield from self._compose_length()
            yield from self._compose_words()
            yield from self._compose_check()
            with Vertical(id="password"):
                yield Static(
                    "The password encrypts the file on this computer. The words work without it.", classes="lead"
                )
                yield PasswordStep()
                yield Static(id="message-password", classes="message")
                with Horizontal(classes="buttons"):
                    yield Button("Encrypt and save ↵", id="save", variant="primary", disabled=True)
            yield from self._compose_done()

    def _compose_length(self) -> ComposeResult:
        with Vertical(id="length"):
            yield Static(
                "A wallet is a secret number, written as words. Whoever has the words has the coins; without them "
                "nobody brings the coins back. These coins are simulated and worth nothing, so try freely.",
                classes="lead",
            )
            yield Select([(name, name) for name in LANGUAGES], value="english", allow_blank=False, id="language")
            with Horizontal(id="lengths"):
                yield Button("12 words  1", id="length-12", variant="primary")
                yield Button("24 words  2", id="length-24")
            with Horizontal(classes="buttons"):
                yield Button("I have words already", id="restore")
                yield Button("Look around first  esc", id="skip")

    def _compose_words(self) -> ComposeResult:
        with Vertical(id="words"):
            yield Static(
                "Write these words on paper, in their order. Later only the password shows them. Look around you, then "
                "press r to reveal them.",
                classes="lead",
            )
            yield WordGrid(id="grid")
            yield Static(id="message-words", classes="message")
            with Horizontal(classes="buttons"):
                yield Button("Reveal  r", id="reveal", variant="primary")
                yield Button("I have written them down ↵", id="written", disabled=True)

    def _compose_check(self) -> ComposeResult:
        with Vertical(id="check"):
            yield Static("Three of your words, from the paper. esc goes back to look once more.", classes="lead")
            for number in range(3):
                with Horizontal(classes="row"):
                    yield Label(id=f"check-label-{number}")
                    yield PlainInput(id=f"check-{number}", compact=True, max_length=24)
            yield Static(id="message-check", classes="message")
            with Horizontal(classes="buttons"):
                yield Button("Check ↵", id="compare", variant="primary")

    def _compose_done(self) -> ComposeResult:
        with Vertical(id="done"):
            yield Static(
                "The file is encrypted and the wallet is open. It locks itself after "
                f"{round(self.wallets.keystore.auto_lock_s / 60)} minutes without you. This "
                "is your address; give it to whoever wants to pay you:",
                classes="lead",
            )
            yield Static(id="address")
            yield Static("The faucet of this network pays 100 simulated coins to begin with.", classes="note")
            with Horizontal(classes="buttons"):
                yield Button("Get coins, go to my wallet ↵", id="finish", variant="primary")

    def on_mount(self) -> None:
        """The first step."""
        self._go("length")

    # Steps -----------------------------------------------------------------------------------------------------------

    @property
    def step(self) -> str:
        """The step on the screen."""
        return self.query_one(ContentSwitcher).current or "length"

    def _go(self, step: str) -> None:
        self._reveal(is_revealed=False)
        self.query_one(ContentSwitcher).current = step
        self.set_title(_TITLES[step], " esc look around first " if step == "length" else " esc back ")
        self.set_class(step in ("words", "check"), "-opaque")  # nothing else to read, nothing to confuse words with
        self.query_one(_FIRST[step]).focus()

    def action_back(self) -> None:
        """One step back, from the first one out; a wallet that is made is not unmade."""
        step = self.step
        if self.is_busy:
            return
        if step == "done":
            self._finish()
        elif step == "length":
            self.dismiss(None)
        else:
            self._go(STEPS[STEPS.index(step) - 1])

    @on(Button.Pressed, "#skip")
    def skip(self) -> None:
        """Out."""
        self.dismiss(None)

    @on(Button.Pressed, "#restore")
    def restore(self) -> None:
        """Restore instead."""
        self.dismiss("restore")

    @on(Button.Pressed, "#length-12")
    def take_12(self) -> None:
        """Twelve."""
        self.action_take_length(12)

    @on(Button.Pressed, "#length-24")
    def take_24(self) -> None:
        """Twenty-four."""
        self.action_take_length(24)

    def action_take_length(self, count: int) -> None:
        """Make a phrase of so many words."""
        if self.step != "length":
            return
        language = str(self.query_one("#language", Select).value)
        self._phrase, self._places = build_new_phrase(count, language), choose_places(count)
        self.query_one(WordGrid).show(self._phrase)
        self.query_one("#written", Button).disabled = True
        self.tell("", where="#message-words")
        for number, place in enumerate(self._places):
            self.query_one(f"#check-label-{number}", Label).update(f"word {place + 1}")
            field = self.query_one(f"#check-{number}", Input)
            field.value, field.suggester, field.password = "", WordSuggester(language), is_presenting(self)
        self._go("words")

    @on(Button.Pressed, "#reveal")
    def action_reveal(self) -> None:
        """Show or mask the words."""
        if self.step != "words":
            return
        if is_presenting(self):
            self.tell("presenter mode masks secrets: everybody sees this screen", where="#message-words")
            return
        self._reveal(is_revealed=not self.query_one(WordGrid).is_revealed)
        self.query_one("#written", Button).disabled = False
        if self.query_one(WordGrid).is_revealed:
            self.query_one("#written").focus()

    def _reveal(self, *, is_revealed: bool) -> None:
        """Show or mask the words; what comes next stands out."""
        self.query_one(WordGrid).reveal(is_revealed=is_revealed)
        reveal, written = self.query_one("#reveal", Button), self.query_one("#written", Button)
        reveal.label = "Mask  r" if is_revealed else "Reveal  r"
        reveal.variant, written.variant = ("default", "primary") if is_revealed else ("primary", "default")

    @on(Button.Pressed, "#written")
    def ask_words(self) -> None:
        """On to the check."""
        self.tell("", where="#message-check")
        self._go("check")

    @on(Button.Pressed, "#compare")
    def compare(self) -> None:
        """On to the password if the three words are right; otherwise name the first that is not."""
        assert self._phrase is not None
        words = self._phrase.reveal().split()
        for number, place in enumerate(self._places):
            field = self.query_one(f"#check-{number}", Input)
            if unify(field.value) != unify(words[place]):
                what = "is missing" if not field.value.strip() else "is another one; esc shows the words once more"
                self.tell(f"✖ word {place + 1} {what}", where="#message-check")
                field.focus()
                return
        self._go("password")

    @on(Input.Submitted)
    def on_enter(self, event: Input.Submitted) -> None:
        """Enter goes on to the next field, from the last one to the next step."""
        if self.step == "check" and event.input.id != "check-2":
            self.screen.focus_next()
        elif self.step == "check":
            self.compare()
        elif event.input.id in ("repeat-password", "repeat-passphrase"):
            self.save()
        else:
            self.screen.focus_next()

    @on(PasswordStep.Changed)
    def on_password_typed(self) -> None:
        """Saving needs a good password."""
        self.query_one("#save", Button).disabled = bool(self.query_one(PasswordStep).find_problem())

    @on(Button.Pressed, "#save")
    @work
    async def save(self) -> None:
        """Write the file."""
        step = self.query_one(PasswordStep)
        if self._phrase is None or self.is_busy or step.find_problem():
            return
        self.is_busy = True
        keys = step.take()
        self.tell("encrypting … this takes a moment on purpose", is_good=True, where="#message-password")
        try:
            self._account = await asyncio.to_thread(
                self.wallets.create, self._phrase, keys.password, keys.passphrase, keys.label
            )
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}", where="#message-password")
            step.refresh_strength()
            return
        finally:
            self.is_busy = False
        self._forget()
        self.query_one("#address", Static).update(Content(self._account.address_text))
        self._go("done")

    def _forget(self) -> None:
        self._phrase = None
        self.query_one(WordGrid).show(None)
        for number in range(3):
            self.query_one(f"#check-{number}", Input).value = ""

    @on(Button.Pressed, "#finish")
    def _finish(self) -> None:
        self.dismiss(self._account)

"""Making a wallet again from its words: word by word, with completion, and with a plain word on what is wrong.

Every field says by itself whether its word is in the list; a word that is not is named with its place and its nearest
neighbours, which a digit takes over (no word has a digit in it). When all words are right by themselves, only the
checksum can be wrong, and that is said too. Wallets that are there already stay.
"""

import asyncio
from typing import ClassVar, Final

from textual import events, on, work
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid, Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, ContentSwitcher, Input, Label, Select, Static

from app.present.wallet_advice import explain_mistake
from app.screens.wallet_steps import (
    FIELD_CSS,
    PasswordStep,
    WordField,
    WordSuggester,
    describe_unknown,
    find_completions,
    find_suggestions,
    unify,
)
from app.screens.wallet_widgets import Dialog, is_presenting
from app.wallets import Wallets
from app.widgets.plain_input import PlainInput
from chain.errors import ChainroomError, InvalidMnemonic
from chain.wallet.derivation import DEFAULT_PRESET, PRESETS, get_path
from chain.wallet.mnemonic import (
    LANGUAGES,
    WORD_COUNTS,
    UnknownWord,
    WrongChecksum,
    check_phrase,
    find_nearest_words,
)
from chain.wallet.secret import Secret

MOST_WORDS: Final = max(WORD_COUNTS)


class RestoreWallet(Dialog):
    """Returns the account, None for who went back."""

    TITLE_TEXT = "Restore a wallet"
    DEFAULT_CSS = """
    RestoreWallet > #frame { width: 84; }
    RestoreWallet ContentSwitcher, RestoreWallet ContentSwitcher > Vertical { height: auto; }
    RestoreWallet #options { height: 3; }
    RestoreWallet #count { width: 18; }
    RestoreWallet #language { width: 28; }
    RestoreWallet #words { grid-size: 4; grid-rows: 1; height: auto; grid-gutter: 0 2; margin: 1 0; }
    RestoreWallet #words Horizontal { height: 1; }
    RestoreWallet #words Label { width: 3; color: $muted; }
    RestoreWallet #words Horizontal.-wrong Label { color: $error; text-style: bold; }
    RestoreWallet #words Horizontal.-right Label { color: $success; }
    RestoreWallet WordField { width: 1fr; height: 1; border: none; padding: 0; background: $panel; }
    RestoreWallet WordField:focus { background: $primary 25%; }
    RestoreWallet #suggestions { color: $accent; min-height: 1; }
    RestoreWallet #preset { width: 44; height: 1; }
    """ + FIELD_CSS.format("RestoreWallet")
    BINDINGS: ClassVar[list[BindingType]] = [
        # before the field, so that what is typed behind the space goes to the next word however fast it comes
        Binding("space", "next_word", "Next word", id="restore.next", tooltip="On to the next word", priority=True),
        Binding("f2", "take_nearest(0)", "First suggestion", id="restore.first", tooltip="Take the nearest word"),
    ]

    def __init__(self, wallets: Wallets) -> None:
        super().__init__()
        self.wallets = wallets
        self.count, self.language = 12, "english"
        self._nearest: tuple[str, ...] = ()

    def compose_dialog(self) -> ComposeResult:
        with ContentSwitcher(initial="phrase"):
            with Vertical(id="phrase"):
                yield Static(self._introduce(), classes="lead", markup=False)
                with Horizontal(id="options"):
                    counts = [(f"{count} words", count) for count in WORD_COUNTS]
                    yield Select(counts, value=12, allow_blank=False, id="count")
                    yield Select(
                        [(name, name) for name in LANGUAGES], value="english", allow_blank=False, id="language"
                    )
                with Grid(id="words"):
                    for place in range(MOST_WORDS):
                        with Horizontal(id=f"cell-{place}"):
                            yield Label(f"{place + 1:>2}")
                            yield WordField(place, "english", id=f"word-{place}")
                yield Static(id="suggestions")
                yield Static(id="message", classes="message")
                with Horizontal(classes="buttons"):
                    yield Button("Check the words ↵", id="check", variant="primary")
            with Vertical(id="password"):
                yield Static(
                    "The words are right. Now a password that encrypts the file on this computer.", classes="lead"
                )
                yield PasswordStep()
                with Horizontal(classes="row"):
                    yield Label("keys as made by")
                    choices = [(f"{name}  {path.replace('{account}', 'n')}", name) for name, path in PRESETS.items()]
                    yield Select(choices, value=DEFAULT_PRESET, allow_blank=False, id="preset", compact=True)
                with Horizontal(classes="row"):
                    yield Label("or at a path")
                    yield PlainInput(placeholder="such as m/44'/501'/{account}'", id="path", compact=True)
                yield Static(id="message-password", classes="message")
                with Horizontal(classes="buttons"):
                    yield Button("Restore ↵", id="save", variant="primary", disabled=True)

    def _introduce(self) -> str:
        text = (
            "Type the words in their order: space goes on, tab too. A whole phrase can be pasted into the first field."
        )
        if self.wallets.exists:
            text += " The wallet you have now stays as it is; the new one is put beside it."
        return text

    def on_mount(self) -> None:
        """Twelve words, from the first."""
        self._show_fields()
        for field in self.query(WordField):
            field.password = is_presenting(self)
        self._get_field(0).focus()

    # Words -----------------------------------------------------------------------------------------------------------

    def _get_field(self, place: int) -> WordField:
        return self.query_one(f"#word-{place}", WordField)

    def _show_fields(self) -> None:
        for place in range(MOST_WORDS):
            self.query_one(f"#cell-{place}").display = place < self.count

    @on(Select.Changed, "#count")
    def on_count(self, event: Select.Changed) -> None:
        """Another number of words."""
        if isinstance(event.value, int):
            self.count = event.value
            self._show_fields()

    @on(Select.Changed, "#language")
    def on_language(self, event: Select.Changed) -> None:
        """Another list."""
        self.language = str(event.value)
        for field in self.query(WordField):
            field.suggester = WordSuggester(self.language)
            self._mark(field)

    @on(Input.Changed, "WordField")
    def on_word_typed(self, event: Input.Changed) -> None:
        """A digit takes a suggestion; letters bring new ones."""
        field = event.input
        if not isinstance(field, WordField):
            return
        digits = [letter for letter in field.value if letter.isdecimal()]
        if digits:
            field.value = "".join(letter for letter in field.value if not letter.isdecimal())
            self.action_take_nearest(int(digits[0]) - 1)
            return
        self._mark(field, is_typing=field.has_focus)
        self._suggest(field)
        self._tell_wrong(field)

    def _mark(self, field: WordField, *, is_typing: bool = False) -> None:
        word = unify(field.value)
        found = find_completions(word, self.language)
        is_right = word in found
        is_wrong = bool(word) and not (found if is_typing else is_right)
        cell = self.query_one(f"#cell-{field.place}")
        cell.set_class(is_right, "-right")
        cell.set_class(is_wrong, "-wrong")
        number = f"✖{field.place + 1}" if is_wrong else f"{field.place + 1:>2}"  # not by colour alone
        cell.query_one(Label).update(number)

    def _tell_wrong(self, typing: WordField) -> None:
        """Name the first word behind the person that is not in the list; the one being typed may still become one."""
        for place in range(self.count):
            field, cell = self._get_field(place), self.query_one(f"#cell-{place}")
            if cell.has_class("-wrong") and (field is not typing or not field.has_focus):
                word = unify(field.value)
                return self._tell_unknown(place + 1, word, find_nearest_words(word, self.language))
        return self.tell("")

    def _tell_unknown(self, number: int, word: str, nearest: tuple[str, ...]) -> None:
        self.tell(describe_unknown(number, word, self.language, nearest, is_hidden=is_presenting(self)))

    def _suggest(self, field: WordField) -> None:
        word = "" if is_presenting(self) else unify(field.value)
        self._nearest, text = find_suggestions(word, self.language)
        self.query_one("#suggestions", Static).update(Content(text))

    def action_take_nearest(self, place: int) -> None:
        """Take one of the suggestions into the focused field."""
        field = self.focused
        if isinstance(field, WordField) and 0 <= place < len(self._nearest):
            field.value = self._nearest[place]
            field.cursor_position = len(field.value)
            self._go_on(field)

    @on(events.DescendantBlur)
    def on_left(self, event: events.DescendantBlur) -> None:
        """Left by tab or by mouse: right, or named."""
        if isinstance(field := event.widget, WordField):
            self._mark(field)
            if self.query_one(f"#cell-{field.place}").has_class("-wrong"):
                self._tell_wrong(field)

    def action_next_word(self) -> None:
        """On to the next word; the field completes this one when it has taken in all that was typed."""
        field = self.focused
        if not isinstance(field, WordField):
            raise SkipAction
        self._focus_after(field)
        field.finish()

    @on(WordField.WordDone)
    def on_word_done(self, event: WordField.WordDone) -> None:
        """A word behind the person: right, or named."""
        self._mark(event.field)
        self._tell_wrong(event.field)

    @on(Input.Submitted, "WordField")
    def on_word_entered(self, event: Input.Submitted) -> None:
        """Enter completes; on the last word, or when no word is missing, it checks them all."""
        field = event.input
        assert isinstance(field, WordField)
        with field.prevent(Input.Changed):  # it would take back what the check tells
            field.complete()
        self._mark(field)
        if field.place == self.count - 1 or all(self._get_field(place).value.strip() for place in range(self.count)):
            self.check()
        else:
            self._go_on(field)

    def _go_on(self, field: WordField) -> None:
        self._mark(field)
        self._focus_after(field)
        self._tell_wrong(field)

    def _focus_after(self, field: WordField) -> None:
        is_last = field.place + 1 >= self.count
        self.set_focus(self.query_one("#check") if is_last else self._get_field(field.place + 1))

    @on(WordField.WordsPasted)
    def on_words_pasted(self, event: WordField.WordsPasted) -> None:
        """Hand out several words; their number and language are found out."""
        if event.field.place == 0 and len(event.words) in WORD_COUNTS:
            self.query_one("#count", Select).value = self.count = len(event.words)
            self._show_fields()
            self._find_language(" ".join(event.words))
        for offset, word in enumerate(event.words[: self.count - event.field.place]):
            self._get_field(event.field.place + offset).value = word
        self.query_one("#check").focus()

    def _find_language(self, text: str) -> None:
        try:
            self.language = check_phrase(text).language
        except (UnknownWord, WrongChecksum) as error:
            self.language = error.language
        except InvalidMnemonic:
            return
        self.query_one("#language", Select).value = self.language

    def _read(self) -> Secret[str]:
        return Secret(" ".join(self._get_field(place).value.strip() for place in range(self.count)))

    @on(Button.Pressed, "#check")
    def check(self) -> None:
        """On to the password if the words are a phrase; otherwise say which word is wrong, or that the checksum is."""
        for place in range(self.count):
            if not self._get_field(place).value.strip():
                self.tell(f"✖ word {place + 1} is missing")
                self._get_field(place).focus()
                return
        try:
            check_phrase(self._read().reveal(), self.language)
        except UnknownWord as error:
            self._tell_unknown(error.position, error.word, error.nearest)
            self._get_field(error.position - 1).focus()
            return
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            self._get_field(0).focus()
            return
        self.query_one(ContentSwitcher).current = "password"
        self.query_one("#new-password").focus()

    # Password --------------------------------------------------------------------------------------------------------

    @on(PasswordStep.Changed)
    def on_password_typed(self) -> None:
        """Saving needs a good password."""
        self.query_one("#save", Button).disabled = bool(self.query_one(PasswordStep).find_problem())

    @on(Input.Submitted, "PasswordStep Input")
    def on_enter(self, event: Input.Submitted) -> None:
        """Enter goes on; from the last field it saves."""
        if event.input.id in ("repeat-password", "repeat-passphrase"):
            self.save()
        else:
            self.screen.focus_next()

    @on(Input.Submitted, "#path")
    @on(Button.Pressed, "#save")
    @work
    async def save(self) -> None:
        """Write the file."""
        step = self.query_one(PasswordStep)
        if self.is_busy or step.find_problem():
            return
        self.is_busy = True
        preset = self.query_one("#path", Input).value.strip() or str(self.query_one("#preset", Select).value)
        try:
            get_path(0, preset)
        except ChainroomError as error:
            self.is_busy = False
            self.tell(f"✖ {explain_mistake(error)}", where="#message-password")
            self.query_one("#path").focus()
            return
        keys, phrase = step.take(), self._read()
        self.tell("encrypting … this takes a moment on purpose", is_good=True, where="#message-password")
        try:
            account = await asyncio.to_thread(
                self.wallets.create, phrase, keys.password, keys.passphrase, keys.label, preset
            )
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}", where="#message-password")
            step.refresh_strength()
            return
        finally:
            self.is_busy = False
        for field in self.query(WordField):
            field.value = ""
        self.dismiss(account)

    def action_back(self) -> None:
        """From the password to the words, from the words out."""
        if self.is_busy:
            return
        if self.query_one(ContentSwitcher).current == "password":
            self.query_one(ContentSwitcher).current = "phrase"
            self._get_field(0).focus()
        else:
            self.dismiss(None)

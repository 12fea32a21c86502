"""Steps that making and restoring a wallet share: the words on the screen, typing words, choosing a password.

A phrase is drawn only while it is revealed, and never while the presenter's screen is seen by others. What is typed is
completed from the word list without being remembered anywhere.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Checkbox, Input, Label, Static

from app.screens.wallet_widgets import SecretInput, is_presenting
from app.storage.errors import WeakPassword
from app.storage.passwords import check_password
from app.widgets.canvas import Canvas, CanvasWidget
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from chain.wallet.mnemonic import NO_PASSPHRASE, complete_word, find_nearest_words
from chain.wallet.secret import Secret

MASK = "•••••••"
MOST_SUGGESTED = 5
FIELD_CSS = """
    {0} .row {{ height: 1; }}
    {0} .row Label {{ width: 16; color: $muted; }}
    {0} .row Input {{ width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }}
    {0} .row Input:focus {{ background: $primary 25%; }}
"""


def unify(word: str) -> str:
    """Return a word in the form in which terminals draw it: lower case, composed accents, no spaces around."""
    return unicodedata.normalize("NFC", word.strip().lower())


def find_completions(word: str, language: str) -> tuple[str, ...]:
    """Return the words of a list that begin with what was typed, accents aside."""
    return tuple(unify(listed) for listed in complete_word(word, language)) if word.strip() else ()


def find_suggestions(word: str, language: str) -> tuple[tuple[str, ...], str]:
    """Return the words a digit takes over, and the line that offers them; nothing for a word that is whole."""
    found = find_completions(word, language)
    if not word or found == (word,):
        return (), ""
    near = (found or tuple(map(unify, find_nearest_words(word, language))))[:MOST_SUGGESTED]
    choices = "  ".join(f"{number} {listed}" for number, listed in enumerate(near, 1))
    how = "begins like" if found else "not in the list; near"
    return near, f"{how}   {choices}" if choices else "nothing in the list is like it"


def describe_unknown(number: int, word: str, language: str, nearest: Sequence[str], *, is_hidden: bool) -> str:
    """Return which word is not in the list; the word itself and those near it only where nobody else looks."""
    shown = "" if is_hidden else f", '{clean(word, 24)}',"
    near = f"; nearest: {', '.join(map(unify, nearest))}" if nearest and shown else ""
    return f"✖ word {number}{shown} is not in the {language} list{near}"


class WordGrid(CanvasWidget):
    """The words of a phrase in their order, masked until they are revealed."""

    PENS = ("text", "muted", "strong", "key")
    DEFAULT_CSS = "WordGrid { height: 6; margin: 1 0; }"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._phrase: Secret[str] | None = None
        self.is_revealed = False

    def show(self, phrase: Secret[str] | None) -> None:
        """Take another phrase, masked; None forgets it."""
        self._phrase, self.is_revealed = phrase, False
        self.redraw()

    def reveal(self, *, is_revealed: bool) -> None:
        """Reveal or mask the words."""
        self.is_revealed = is_revealed
        self.redraw()

    def draw(self, canvas: Canvas) -> None:
        """Three or four columns, read along the rows."""
        words = [] if self._phrase is None else self._phrase.reveal().split()
        columns = 4 if len(words) > 18 else 3
        width = canvas.width // columns
        is_shown = self.is_revealed and not is_presenting(self)
        for place, word in enumerate(words):
            row, column = divmod(place, columns)
            x = canvas.put(column * width, row, f"{place + 1:>2} ", self.PEN["muted"])
            canvas.put(x, row, word if is_shown else MASK, self.PEN["strong" if is_shown else "muted"])


class WordSuggester(Suggester):
    """Completes a word of a language; remembers nothing."""

    def __init__(self, language: str) -> None:
        super().__init__(use_cache=False, case_sensitive=False)
        self.language = language

    async def get_suggestion(self, value: str) -> str | None:
        """The first word that begins like this, from the second letter on."""
        found = find_completions(value, self.language) if len(value.strip()) > 1 else ()
        return found[0] if found and found[0].startswith(value) else None


class WordField(PlainInput):
    """One word. Its dialog goes on to the next with space; several words at once are handed out one by one."""

    class WordsPasted(Message):
        """More than one word was put into one field."""

        def __init__(self, field: "WordField", words: Sequence[str]) -> None:
            self.field, self.words = field, tuple(words)
            super().__init__()

        def __repr__(self) -> str:
            return "WordsPasted(…)"

    class WordDone(Message):
        """The word is complete."""

        def __init__(self, field: "WordField") -> None:
            self.field = field
            super().__init__()

    def __init__(self, place: int, language: str, **options: Any) -> None:
        super().__init__(suggester=WordSuggester(language), compact=True, select_on_focus=False, **options)
        self.place = place
        """From 0."""

    def _on_paste(self, event: Any) -> None:
        words = event.text.split()
        if len(words) > 1:
            event.stop()
            event.prevent_default()
            self.post_message(self.WordsPasted(self, words))
        else:
            super()._on_paste(event)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """Space is the dialog's."""
        return key != "space" and super().check_consume_key(key, character)

    class _Finish(Message):
        """All keys before this one have been taken in."""

    def finish(self) -> None:
        """Complete the word once every key that was pressed before has been taken in; then ``WordDone``."""
        self.post_message(self._Finish())

    @on(_Finish)
    def on_finish(self, event: "WordField._Finish") -> None:
        """Complete the word."""
        event.stop()
        self.complete()
        self.post_message(self.WordDone(self))

    def complete(self) -> None:
        """Take the one word that begins with what is typed."""
        suggester = self.suggester
        assert isinstance(suggester, WordSuggester)
        found = find_completions(self.value, suggester.language)
        if len(found) == 1:
            self.value = found[0]


class NewKeys(NamedTuple):
    """What the password step asks for."""

    label: str
    password: Secret[str]
    passphrase: Secret[str]


class _Mark(Checkbox):
    """A checkbox that tells its state without colour."""

    BUTTON_INNER = " "

    def watch_value(self) -> None:
        self.BUTTON_INNER = "X" if self.value else " "
        super().watch_value()


class PasswordStep(Vertical):
    """Name, password twice, and if wanted a passphrase twice; says at every letter what is still wrong."""

    DEFAULT_CSS = (
        "PasswordStep { height: auto; }"
        + FIELD_CSS.format("PasswordStep")
        + """
    PasswordStep .row { margin-bottom: 1; }
    PasswordStep.-short .row { margin-bottom: 0; }
    PasswordStep Checkbox { height: 1; border: none; padding: 0; background: transparent; }
    PasswordStep .extra { display: none; height: auto; margin-top: 1; }
    PasswordStep.-extra .extra { display: block; }
    PasswordStep .warning { color: $warning; margin-bottom: 1; }
    """
    )

    class Changed(Message):
        """Something was typed."""

    def __init__(self, label: str = "Main", **options: Any) -> None:
        super().__init__(**options)
        self._label = label

    def compose(self) -> ComposeResult:
        """Two to five fields."""
        yield from _build_row("account name", PlainInput(self._label, id="label", compact=True, max_length=40))
        yield from _build_row("password", SecretInput(id="new-password", compact=True))
        yield from _build_row("once more", SecretInput(id="repeat-password", compact=True))
        yield Static(id="strength")
        yield _Mark("add a passphrase: a 25th word of your own (most do without)", id="extra", compact=True)
        with Vertical(classes="extra"):
            yield Static(
                "▲ The words alone then no longer open this wallet. Forget the passphrase, or mistype it, and the same "
                "words lead to another wallet, an empty one, without any warning. Nobody can tell you which was right.",
                classes="warning",
            )
            yield from _build_row("passphrase", SecretInput(id="passphrase", compact=True))
            yield from _build_row("once more", SecretInput(id="repeat-passphrase", compact=True))

    def on_mount(self) -> None:
        """Say what is needed."""
        self.refresh_strength()

    def on_resize(self) -> None:
        """No empty lines in a low window."""
        self.set_class(self.app.size.height < 30, "-short")

    @on(Checkbox.Changed)
    def on_extra(self, event: Checkbox.Changed) -> None:
        """Show or hide the passphrase."""
        self.set_class(event.value, "-extra")
        if event.value:
            self.query_one("#passphrase").focus()
        self.refresh_strength()

    @on(Input.Changed)
    def refresh_strength(self) -> None:
        """Say what is wrong, or that nothing is."""
        problem = self.find_problem()
        line = self.query_one("#strength", Static)
        line.update(
            Content.styled(f"✖ {problem}" if problem else "✔ a good password", "$warning" if problem else "$success")
        )
        self.post_message(self.Changed())

    def _peek(self, name: str) -> Secret[str]:
        return self.query_one(f"#{name}", SecretInput).peek()

    def find_problem(self) -> str:
        """Return what is wrong, empty when nothing is."""
        if not clean(self.query_one("#label", Input).value).strip():
            return "the account needs a name"
        try:
            check_password(self._peek("new-password"))
        except WeakPassword as error:
            return str(error)
        if self._peek("new-password") != self._peek("repeat-password"):
            return "the two passwords are not equal"
        if self.has_class("-extra"):
            if not self._peek("passphrase").reveal():
                return "the passphrase is empty; type one or take the mark away"
            if self._peek("passphrase") != self._peek("repeat-passphrase"):
                return "the two passphrases are not equal"
        return ""

    def take(self) -> NewKeys:
        """Hand out what was typed and empty the fields."""
        label = self.query_one("#label", Input).value.strip()
        password = self.query_one("#new-password", SecretInput).take()
        passphrase = self.query_one("#passphrase", SecretInput).take()
        for name in ("repeat-password", "repeat-passphrase"):
            self.query_one(f"#{name}", SecretInput).take()
        self.query_one("#strength", Static).update("")
        return NewKeys(label, password, passphrase if self.has_class("-extra") else NO_PASSPHRASE)


def _build_row(title: str, field: Input) -> ComposeResult:
    with Horizontal(classes="row"):
        yield Label(title)
        yield field

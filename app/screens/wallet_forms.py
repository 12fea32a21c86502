"""The two dialogs that most of what one does with a wallet needs: a form of a few fields, and a text to read or paste.

A form does what it is for itself (``act``) and says what is wrong where it was typed; it closes only once that is done.
What takes long, such as deriving a key from a password, runs beside the interface. Secrets leave their field as
``Secret`` only.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, Label, OptionList, Static, TextArea
from textual.widgets.option_list import Option

from app.present.wallet_advice import explain_mistake
from app.screens.wallet_widgets import Dialog, SecretInput
from app.storage.atomic import make_directory, read_whole, write_new
from app.storage.errors import MissingFile
from app.storage.paths import get_home
from app.widgets.plain_input import PlainArea, PlainInput
from app.widgets.text import clean, fit
from chain.errors import ChainroomError, InvalidInput
from chain.wallet.secret import Secret

READ_LIMIT_BYTES: Final = 16 * 1024 * 1024


class Field(NamedTuple):
    """One line of a form."""

    name: str
    label: str
    value: str = ""
    hint: str = ""
    is_secret: bool = False


class Values:
    """What was typed into a form."""

    def __init__(self, texts: Mapping[str, str], secrets: Mapping[str, Secret[str]]) -> None:
        self._texts, self._secrets = texts, secrets

    def __getitem__(self, name: str) -> str:
        """The text of a field, without spaces around it."""
        return self._texts[name].strip()

    def secret(self, name: str) -> Secret[str]:
        """What was typed into a hidden field."""
        return self._secrets[name]


class FormDialog(Dialog):
    """Returns what ``act`` returned, True when that is None; None for who went back."""

    DEFAULT_CSS = """
    FormDialog .row { height: 1; margin-bottom: 1; }
    FormDialog .row Label { width: 20; color: $muted; }
    FormDialog .row Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    FormDialog .row Input:focus { background: $primary 25%; }
    """

    def __init__(
        self,
        title: str,
        lead: str,
        fields: Sequence[Field],
        button: str,
        act: Callable[[Values], object],
        *,
        is_slow: bool = False,
        is_dangerous: bool = False,
    ) -> None:
        super().__init__()
        self.TITLE_TEXT = title
        self._lead, self._fields, self._button, self._act = lead, tuple(fields), button, act
        self._is_slow, self._is_dangerous = is_slow, is_dangerous

    def compose_dialog(self) -> ComposeResult:
        yield Static(Content(self._lead), classes="lead")
        for field in self._fields:
            with Horizontal(classes="row"):
                yield Label(Content(field.label))
                if field.is_secret:
                    yield SecretInput(placeholder=field.hint, id=f"field-{field.name}", compact=True)
                else:
                    yield PlainInput(field.value, placeholder=field.hint, id=f"field-{field.name}", compact=True)
        yield Static(id="message", classes="message")
        with Horizontal(classes="buttons"):
            yield Button("Back  esc", id="form-back")
            yield Button(f"{self._button} ↵", id="form-do", variant="error" if self._is_dangerous else "primary")

    def on_mount(self) -> None:
        """Begin with the first field."""
        (self.query(Input).first() if self._fields else self.query_one("#form-do")).focus()

    @on(Input.Submitted)
    def on_enter(self, event: Input.Submitted) -> None:
        """On to the next field; from the last one, do it."""
        fields = list(self.query(Input))
        place = fields.index(event.input)
        if place + 1 < len(fields):
            fields[place + 1].focus()
        else:
            self.submit()

    @on(Button.Pressed, "#form-back")
    def leave(self) -> None:
        """Go back."""
        self.action_back()

    @on(Button.Pressed, "#form-do")
    def submit(self) -> None:
        """Do it, or say what is wrong."""
        self._submit()

    @work
    async def _submit(self) -> None:
        if self.is_busy:
            return
        values = self._take()
        self.is_busy = True
        if self._is_slow:
            self.tell("one moment: this takes a while on purpose …", is_good=True)
        try:
            result = await asyncio.to_thread(self._act, values) if self._is_slow else self._act(values)
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            self.query(Input).first().focus() if self._fields else None
            return
        finally:
            self.is_busy = False
        self.dismiss(True if result is None else result)

    def _take(self) -> Values:
        texts: dict[str, str] = {}
        secrets: dict[str, Secret[str]] = {}
        for field in self._fields:
            widget = self.query_one(f"#field-{field.name}", Input)
            if isinstance(widget, SecretInput):
                secrets[field.name] = widget.take()
            else:
                texts[field.name] = widget.value
        return Values(texts, secrets)


class TextDialog(Dialog):
    """A text to read, or with ``act`` one to type or paste; returns as ``FormDialog``.

    With a text to read ``y`` copies it and ``w`` writes it into a file; ``extra`` names one thing more to do with it,
    and then ``extra`` is returned.
    """

    DEFAULT_CSS = """
    TextDialog > #frame { width: 100; }
    TextDialog PlainArea { height: 14; }
    TextDialog.-short PlainArea { height: 9; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="text.copy", tooltip="Copy the text"),
        Binding("w", "write", "Write to a file", id="text.write", tooltip="Write the text to a new file"),
        Binding("r", "extra", "More", id="text.extra", tooltip="What the first button says"),
        Binding("f2", "submit", "Done", id="text.done", tooltip="Do what the button says"),
    ]

    def __init__(
        self,
        title: str,
        lead: str,
        text: str = "",
        button: str = "",
        act: Callable[[str], object] | None = None,
        *,
        file_name: str = "",
        extra: str = "",
    ) -> None:
        super().__init__()
        self.TITLE_TEXT = title
        self._lead, self._text, self._button, self._act = lead, Secret(text), button, act
        self._file_name, self._extra = file_name, extra

    def compose_dialog(self) -> ComposeResult:
        yield Static(Content(self._lead), classes="lead")
        yield PlainArea(self._text.reveal(), id="text", read_only=self._act is None, soft_wrap=True)
        yield Static(id="message", classes="message")
        with Horizontal(classes="buttons"):
            yield Button("Back  esc", id="text-back")
            if self._act is not None:
                yield Button(f"{self._button}  f2", id="text-do", variant="primary")
            else:
                if self._extra:
                    yield Button(f"{self._extra}  r", id="text-extra")
                yield Button("Write to a file  w", id="text-write")
                yield Button("Copy  y", id="text-copy", variant="primary")

    def on_mount(self) -> None:
        """Begin in the text; where it is to be gone on with, at its end."""
        area = self.query_one("#text", TextArea)
        area.focus()
        if self._act is not None:
            area.move_cursor(area.document.end)

    @on(TextArea.Changed)
    def on_typing(self) -> None:
        """What was wrong is wrong no more, or told again."""
        self.tell("")

    @on(Button.Pressed, "#text-back")
    def leave(self) -> None:
        """Go back."""
        self.action_back()

    @on(Button.Pressed, "#text-do")
    def action_submit(self) -> None:
        """Do it, or say what is wrong."""
        if self._act is None:
            return
        try:
            result = self._act(self.query_one("#text", TextArea).text)
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            return
        self.dismiss(True if result is None else result)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Copying and writing are for a text to read."""
        if action == "extra":
            return bool(self._extra)
        return not (action in ("copy", "write") and self._act is not None)

    @on(Button.Pressed, "#text-extra")
    def action_extra(self) -> None:
        """Do the other thing."""
        self.dismiss("extra")

    @on(Button.Pressed, "#text-copy")
    def action_copy(self) -> None:
        """Copy the text, and say so."""
        self.app.copy_text(self._text.reveal(), "the text")

    @on(Button.Pressed, "#text-write")
    @work
    async def action_write(self) -> None:
        """Write the text into a new file."""
        await self.app.push_screen_wait(build_save_dialog(self._file_name, self._text.reveal()))


class Item(NamedTuple):
    """A line of a menu."""

    key: str
    title: str
    note: str = ""


class MenuDialog(Dialog):
    """A list to choose from, with headings; returns the key of the chosen line."""

    DEFAULT_CSS = """
    MenuDialog > #frame { width: 100; }
    MenuDialog OptionList, MenuDialog OptionList:focus {
        height: auto; max-height: 26; border: none; background: $surface; text-wrap: nowrap; text-overflow: ellipsis;
    }
    MenuDialog.-short OptionList { max-height: 19; }
    """

    def __init__(self, title: str, groups: Sequence[tuple[str, Sequence[Item]]]) -> None:
        super().__init__()
        self.TITLE_TEXT, self._groups = title, tuple(groups)

    def compose_dialog(self) -> ComposeResult:
        options: list[Option] = []
        for heading, items in self._groups:
            if heading:
                options.append(Option(Content.styled(f"── {heading} ", "$muted"), disabled=True))
            options += [Option(_build_line(item), item.key) for item in items]
        yield OptionList(*options, id="menu")

    def on_mount(self) -> None:
        """Begin at the top."""
        self.query_one(OptionList).action_first()
        self.query_one(OptionList).focus()

    @on(OptionList.OptionSelected)
    def on_selected(self, event: OptionList.OptionSelected) -> None:
        """Choose."""
        self.dismiss(event.option_id)


def _build_line(item: Item) -> Content:
    return Content.assemble(Content(fit(clean(item.title), 30)), "  ", Content(clean(item.note, 120)).stylize("dim"))


def build_save_dialog(file_name: str, text: str) -> FormDialog:
    """Return the dialog that writes a text into a new file."""
    lead = "A new file; one that exists is never overwritten. Only you can read it."
    path = Field("path", "file", str(get_exports() / file_name))

    def write(values: Values) -> Path:
        return write_text(values["path"], text)

    return FormDialog("Write to a file", lead, [path], "Write", write)


def get_exports() -> Path:
    """Where files for other programs go unless the person says otherwise."""
    return get_home() / "exports"


def write_text(path: str, text: str) -> Path:
    """Write a new file; return its path. Raises InvalidInput, ExistingFile, StorageError."""
    target = read_path(path)
    make_directory(target.parent)
    write_new(target, text.encode("utf-8", "replace"))
    return target


def read_text(path: str) -> str:
    """Return the text of a file. Raises InvalidInput, MissingFile, StorageError."""
    source = read_path(path)
    try:
        return read_whole(source, READ_LIMIT_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise MissingFile(f"{source}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise InvalidInput("file", str(source), f"text in UTF-8; byte {error.start} is not") from None


def read_path(text: str) -> Path:
    """Return a path as a person types it. Raises InvalidInput."""
    if not text.strip() or not text.strip().isprintable():
        raise InvalidInput("file", text, "the path of a file, such as ~/labels.jsonl, of printable characters")
    try:
        return Path(text.strip()).expanduser().absolute()
    except RuntimeError:
        raise InvalidInput("file", text, "a path whose ~ leads somewhere") from None

"""What a contract can be asked: a list of its functions, and a typed form for the chosen one.

Functions that only read answer at once and cost nothing; the others are tried first, and say what they would do, cost,
or why they would fail, before anybody signs. The form only says what a person wants; the view does it.
"""

from collections import Counter
from typing import Any, ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, OptionList, Static
from textual.widgets.option_list import Option

from app.contract_values import get_placeholder
from app.widgets.models import Tone
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from chain.contracts.abi import Function

DEPLOY = "deploy"
"""What the constructor is called in the list."""
_VALUE_ID = "form-value"
EMPTY = "No interface is known for this code. Open its artifact (L): ABI and bytecode, as its compiler wrote them."


class Request(NamedTuple):
    """What was typed into the form."""

    function: Function
    texts: tuple[str, ...]
    """One per argument."""
    value: str
    """Coins that go along, as typed."""


class ContractForm(Vertical):
    """``show(functions)``; posts ``Asked`` for questions, ``Tried`` and ``Sent`` for the rest."""

    DEFAULT_CSS = """
    ContractForm { layout: horizontal; }
    ContractForm OptionList, ContractForm OptionList:focus {
        width: 26; height: 1fr; border: none; padding: 0; background: transparent; text-wrap: nowrap;
        text-overflow: ellipsis;
    }
    ContractForm VerticalScroll { width: 1fr; height: 1fr; padding: 0 1; }
    ContractForm #form-args { height: auto; }
    ContractForm #form-args Horizontal { height: 1; margin-bottom: 1; }
    ContractForm #form-args Label { width: 24; color: $muted; text-wrap: nowrap; text-overflow: ellipsis; }
    ContractForm Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    ContractForm Input:focus { background: $primary 25%; }
    ContractForm #form-buttons { height: 1; margin-bottom: 1; }
    ContractForm Button { height: 1; min-width: 8; width: auto; border: none; padding: 0 2; margin-right: 2; }
    ContractForm #form-title { text-style: bold; height: auto; margin-bottom: 1; }
    ContractForm #form-answer { height: auto; }
    ContractForm #form-answer.-good { color: $success; }
    ContractForm #form-answer.-bad { color: $error; }
    ContractForm.-empty OptionList, ContractForm.-empty #form-buttons { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave the form", id="form.leave", tooltip="Back to the list; what is typed stays"),
    ]

    class FormMessage(Message):
        """Something a person wants of a function."""

        def __init__(self, request: Request) -> None:
            self.request = request
            super().__init__()

    class Asked(FormMessage):
        """What does it answer?"""

    class Tried(FormMessage):
        """What would it do?"""

    class Sent(FormMessage):
        """Review, sign and send it."""

    class Left(Message):
        """The person left the form."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.functions: tuple[Function, ...] = ()
        self._about: object = None
        self._chosen: Function | None = None
        self._typed: dict[str, tuple[str, ...]] = {}

    def compose(self) -> ComposeResult:
        """The list, and the form beside it."""
        yield OptionList()
        with VerticalScroll(can_focus=False):
            yield Static(id="form-title", markup=False)
            yield Vertical(id="form-args")
            with Horizontal(id="form-buttons"):
                yield Button("Ask", id="form-ask", compact=True)
                yield Button("Try", id="form-try", compact=True)
                yield Button("Sign and send …", id="form-send", compact=True, variant="primary")
            yield Static(id="form-answer", markup=False)

    def show(self, functions: tuple[Function, ...], subject: object = None) -> None:
        """Show the functions of another contract; the same ones stay as they are, but answers are a contract's own."""
        if subject != self._about:
            self._about = subject
            self.answer("")
        if functions == self.functions:
            return
        self.functions, self._typed, self._chosen = functions, {}, None
        names = Counter(it.name for it in functions)
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_options([Option(_name_function(it, names[it.name] > 1), str(n)) for n, it in enumerate(functions)])
        self.set_class(not functions, "-empty")
        if functions:
            options.highlighted = 0
        else:
            self.query_one("#form-title", Static).update(EMPTY)
            self.query_one("#form-args", Vertical).remove_children()

    @on(OptionList.OptionHighlighted)
    async def on_function_chosen(self, event: OptionList.OptionHighlighted) -> None:
        """Show the form of the function under the cursor."""
        if event.option_index < len(self.functions):  # another contract may be there already
            await self._choose(self.functions[event.option_index])

    @on(OptionList.OptionSelected)
    def on_function_opened(self) -> None:
        """Go into its form."""
        first = next(iter(self.query("#form-args Input")), None) or self.query_one(
            "#form-ask" if self._chosen is not None and self._chosen.reads_only else "#form-try"
        )
        first.focus()

    async def _choose(self, function: Function) -> None:
        if function is self._chosen:
            return
        self._keep_typed()
        self._chosen = function
        typed = self._typed.get(function.signature, ())
        rows = [
            _build_row(parameter.name or f"argument {place + 1}", str(parameter.type),
                       get_placeholder(parameter.type), typed[place] if place < len(typed) else "")
            for place, parameter in enumerate(function.inputs)
        ]  # fmt: skip
        if function.mutability == "payable":
            rows.append(
                _build_row("coins to send", "value", "0", typed[-1] if len(typed) > len(rows) else "", _VALUE_ID)
            )
        place = self.query_one("#form-args", Vertical)
        await place.remove_children()
        await place.mount(*rows)
        self.query_one("#form-title", Static).update(describe_function(function))
        self.query_one("#form-ask").display = function.reads_only
        self.query_one("#form-try").display = self.query_one("#form-send").display = not function.reads_only
        self.answer("")

    def _keep_typed(self) -> None:
        if self._chosen is not None:
            self._typed[self._chosen.signature] = tuple(
                it.value for it in self.query("#form-args Input").results(Input)
            )

    def answer(self, text: str, tone: Tone = "text") -> None:
        """Say what came of it."""
        box = self.query_one("#form-answer", Static)
        box.update("\n".join(clean(line, 400) for line in text.splitlines()))
        box.set_class(tone == "good", "-good")
        box.set_class(tone == "bad", "-bad")
        if text:  # on a small screen the fields fill the form
            self.call_after_refresh(box.scroll_visible, animate=False)

    def get_request(self) -> Request | None:
        """Return what is typed, None before a function is chosen."""
        if self._chosen is None:
            return None
        fields = list(self.query("#form-args Input").results(Input))
        value = next((field.value for field in fields if field.id == _VALUE_ID), "")
        return Request(self._chosen, tuple(field.value for field in fields if field.id != _VALUE_ID), value)

    @on(Button.Pressed)
    def on_pressed(self, event: Button.Pressed) -> None:
        """Ask, try or send."""
        request = self.get_request()
        if request is not None:
            kinds = {"form-ask": self.Asked, "form-try": self.Tried, "form-send": self.Sent}
            self.post_message(kinds[str(event.button.id)](request))

    @on(Input.Submitted)
    def on_submitted(self, event: Input.Submitted) -> None:
        """Enter goes to the next field, and from the last one asks or tries."""
        fields = list(self.query("#form-args Input").results(Input))
        place = fields.index(event.input)
        if place + 1 < len(fields):
            fields[place + 1].focus()
            return
        request = self.get_request()
        if request is not None:
            self.post_message((self.Asked if request.function.reads_only else self.Tried)(request))

    def action_leave(self) -> None:
        """From a field back to the list, from the list out of the form."""
        options = self.query_one(OptionList)
        if options.has_focus:
            self.post_message(self.Left())
        else:
            options.focus()


def _name_function(function: Function, is_overloaded: bool = False) -> Content:
    mark = "○" if function.reads_only else "●"
    name = function.signature if is_overloaded else function.name
    return Content(f"{mark} {clean(name or DEPLOY, 60)}")


def describe_function(function: Function) -> str:
    """Return a function's heading: what it takes, what it answers, whether it costs."""
    inputs = ", ".join(f"{it.name} {it.type}".strip() for it in function.inputs)
    outputs = ", ".join(str(it.type) for it in function.outputs)
    cost = "free to ask" if function.reads_only else "a transaction: it is signed, and costs gas"
    return clean(f"{function.name or DEPLOY}({inputs})" + (f" → {outputs}" if outputs else "") + f"   {cost}", 300)


def _build_row(name: str, kind: str, placeholder: str, value: str, field_id: str | None = None) -> Horizontal:
    label = Label(Content(clean(f"{name}  {kind}", 60)))
    return Horizontal(label, PlainInput(value, placeholder=placeholder, id=field_id, compact=True))

"""The send form: to whom, how much, at which fee, with which words; and what is left afterwards.

The form only says what a person wants (``Wish``) and shows what it would mean; the wallet view builds the draft, asks
for the password and hands it in. ``to`` takes an address or a name: the address book, own accounts, people of the
simulation. Whatever is wrong is said under the form while typing, and why.
"""

from typing import Any, ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Button, Input, Label, Static

from app.payments import FeeChoice, compute_most
from app.present.wallet import Balance
from app.present.wallet_advice import explain_mistake
from app.present.words import format_coins
from app.screens.wallet_dialogs import Recipient, RecipientDialog
from app.screens.wallet_fields import (
    Names,
    RecipientInput,
    UnknownName,
    Wish,
    describe_wait,
    read_amount,
)
from app.screens.wallet_widgets import TAB_BINDINGS, FeePicker, Line, Lines
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from chain.errors import ChainroomError
from chain.ledger.actions import Transfer, check_memo
from chain.units import Address, format_amount
from chain.wallet.address import ADDRESS_PREFIX, decode_address, encode_address, shorten_address
from chain.wallet.payment_link import is_link, parse_link


class SendForm(Vertical):
    """Posts ``Reviewed`` when the person wants to sign."""

    DEFAULT_CSS = """
    SendForm { height: auto; }
    SendForm Horizontal { height: 1; }
    SendForm Label { width: 8; color: $muted; }
    SendForm Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    SendForm Input:focus { background: $primary 25%; }
    SendForm #send-to { width: 28; }
    SendForm #send-amount { width: 18; }
    SendForm #send-memo { max-width: 40; }
    SendForm Button { height: 1; min-width: 5; width: auto; border: none; padding: 0 1; margin-left: 1; }
    SendForm Lines { height: 1; }
    SendForm #send-name, SendForm #send-wait { width: 1fr; margin-left: 2; }
    SendForm FeePicker { height: 1; width: 46; max-width: 70%; }
    SendForm .second { width: 6; margin-left: 2; }
    SendForm #send-last { height: 2; }
    SendForm #send-problem { width: 1fr; height: 2; color: $error; }
    SendForm #send-problem.-hindrance { color: $warning; }
    SendForm #send-review { min-width: 21; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave the form", id="send.leave", tooltip="Leave the form; what is typed stays"),
        *TAB_BINDINGS,
    ]

    class Reviewed(Message):
        """The payment should be reviewed and signed."""

        def __init__(self, wish: Wish) -> None:
            self.wish = wish
            super().__init__()

    class Left(Message):
        """The person left the form."""

    class MemoChanged(Message):
        """Another memo needs other fees."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.recipients: tuple[Recipient, ...] = ()
        self.balance: Balance | None = None
        self.sender = ""
        self.hindrance = ""
        """Why nothing can be sent at all just now; empty when it can."""

    def compose(self) -> ComposeResult:
        """Six rows."""
        with Horizontal():
            yield Label("to")
            yield RecipientInput(
                placeholder="name, address or link",
                id="send-to",
                compact=True,
                suggester=Names(lambda: self.recipients),
            )
            yield Button("▾", id="send-pick", compact=True, tooltip="Choose from everybody you know (down)")
            yield Lines(id="send-name")
        with Horizontal():
            yield Label("amount")
            yield PlainInput(placeholder="25.00", id="send-amount", compact=True)
            yield Button("max", id="send-max", compact=True, tooltip="All that can be sent, fees taken off")
            yield Label("memo", classes="second")
            yield PlainInput(placeholder="lunch", id="send-memo", compact=True, max_length=256)
        with Horizontal():
            yield Label("fee")
            yield FeePicker(id="send-fee")
            yield Lines(id="send-wait")
        with Horizontal():
            yield Label("after")
            yield Lines(id="send-after")
        with Horizontal(id="send-last"):
            yield Static(id="send-problem", markup=False)
            yield Button("Review and sign ↵", id="send-review", compact=True, variant="primary")

    # What is shown ---------------------------------------------------------------------------------------------------

    @property
    def fees(self) -> FeePicker:
        """The choice of fees."""
        return self.query_one(FeePicker)

    @property
    def memo(self) -> str:
        """What is typed as memo."""
        return self.query_one("#send-memo", Input).value

    def show(self, sender: str, balance: Balance, choices: tuple[FeeChoice, ...], hindrance: str = "") -> None:
        """Show what the form means for an account as it is now."""
        self.sender, self.balance, self.hindrance = sender, balance, hindrance
        self.fees.show(choices)
        self.refresh_lines()

    def refresh_lines(self) -> None:
        """Write name, waiting time, what is left and what is wrong."""
        choice = self.fees.choice
        if choice is None or self.balance is None:
            return
        wish, problem = self.read()
        self.query_one("#send-name", Lines).show([self._describe_recipient()])
        self.query_one("#send-wait", Lines).show([[(describe_wait(choice), "muted")]])
        self.query_one("#send-after", Lines).show([self._describe_after(wish, choice)])
        line = self.query_one("#send-problem", Static)
        line.set_class(bool(self.hindrance), "-hindrance")
        text = self.hindrance or problem
        if str(line.content) != text:
            line.update(Content(text))
        self.query_one("#send-review", Button).disabled = wish is None or bool(self.hindrance)

    def _describe_recipient(self) -> Line:
        text = self.query_one("#send-to", Input).value.strip()
        known = self.find(text)
        if known is not None:
            return [(shorten_address(known.address), "accent"), (f"  {known.kind}", "muted")]
        try:
            address = decode_address(text)
        except ChainroomError:
            return [("", "muted")]
        name = self.get_name(address)
        return [("✓ ", "good"), (clean(name, 30) or "an address nobody here knows", "text" if name else "muted")]

    def _describe_after(self, wish: Wish | None, choice: FeeChoice) -> Line:
        balance = self.balance
        assert balance is not None
        if wish is None:
            return [(f"{format_coins(balance.spendable, 4)} can be spent", "muted")]
        left = balance.confirmed - balance.outgoing + balance.incoming - wish.amount - choice.fee
        them = clean(wish.name, 16) or "them"
        return [
            (f"{self.sender} ", "muted"), (format_amount(left, 4), "strong" if left >= 0 else "bad"),
            (f"   {them} ", "muted"), (f"+{format_amount(wish.amount, 4)}", "good"),
            (f"   fee {format_amount(choice.fee, 4)}, at most {format_amount(choice.max_fee, 4)}", "muted"),
        ]  # fmt: skip

    # What is typed ---------------------------------------------------------------------------------------------------

    def find(self, text: str) -> Recipient | None:
        """Return who has exactly this name."""
        name = text.strip().casefold()
        return next((it for it in self.recipients if it.name.casefold() == name), None)

    def read(self) -> tuple[Wish | None, str]:
        """Return the payment that is typed, or None and what is wrong with it; nothing is wrong with an empty form."""
        to, amount_text = self.query_one("#send-to", Input).value.strip(), self.query_one("#send-amount", Input).value
        choice = self.fees.choice
        if choice is None or not to:
            return None, ""
        try:
            recipient, name = self.read_recipient(to)
            check_memo(self.memo)
            if not amount_text.strip():
                return None, ""
            amount = read_amount(amount_text)
        except ChainroomError as error:
            return None, f"✖ {explain_mistake(error, 24)}"
        if amount < 1:
            return None, "✖ the amount must be more than nothing"
        return Wish(Transfer(recipient, amount, self.memo), name, choice), self._warn(amount, choice)

    def read_recipient(self, text: str) -> tuple[Address, str]:
        """Return whose name or address a text is, and the name. Raises UnknownName, InvalidInput, InvalidAddress."""
        known = self.find(text)
        if known is not None:
            return known.address, known.name
        if is_link(text):
            parse_link(text)  # a link with a mistake: say which
        if not text.lower().startswith(ADDRESS_PREFIX + "1"):
            near = [it.name for it in self.recipients if it.name.casefold().startswith(text.casefold())][:3]
            hint = f"did you mean {', '.join(near)}? (→ completes)" if near else "addresses begin with cr1q"
            raise UnknownName(f"nobody here is called '{clean(text, 20)}'; {hint}")
        address = decode_address(text)
        return address, self.get_name(address)

    def get_name(self, address: Address) -> str:
        """Return what an address is called; empty when nobody knows."""
        return next((it.name for it in self.recipients if it.address == address), "")

    def _warn(self, amount: int, choice: FeeChoice) -> str:
        assert self.balance is not None
        needed, has = amount + choice.max_fee, self.balance.spendable
        if needed <= has:
            return ""
        return f"✖ has {format_amount(has, 4)} to spend, needs {format_amount(needed, 4)} with the fee at its highest"

    def fill(self, name: str = "", amount: str = "", memo: str = "") -> None:
        """Write into the fields."""
        self.query_one("#send-to", Input).value = name
        self.query_one("#send-amount", Input).value = amount
        self.query_one("#send-memo", Input).value = memo
        self.refresh_lines()

    @on(RecipientInput.LinkPasted)
    def on_link(self, event: RecipientInput.LinkPasted) -> None:
        """Take in a pasted link."""
        event.stop()
        self._take_link(event.text)

    def _take_link(self, text: str) -> bool:
        """Write the parts of a link into the fields; a link with a mistake stays as it is, and the mistake is told."""
        try:
            link = parse_link(text)
        except ChainroomError:
            self.query_one("#send-to", Input).value = text.strip()
            return False
        amount = "" if link.amount is None else format_amount(link.amount).replace(" ", "")
        self.fill(encode_address(link.recipient), amount, link.memo)
        if link.label:
            self.app.notify(
                f"the link calls the recipient '{clean(link.label, 40)}'; nobody has checked that", markup=False
            )
        self.query_one("#send-memo" if amount else "#send-amount").focus()
        return True

    def enter(self) -> None:
        """Put the focus into the first field that is empty."""
        fields = [self.query_one(name, Input) for name in ("#send-to", "#send-amount", "#send-memo")]
        next((field for field in fields[:2] if not field.value), fields[0]).focus()

    # Events ----------------------------------------------------------------------------------------------------------

    @on(Input.Changed)
    def on_typing(self, event: Input.Changed) -> None:
        """Say what it means while it is typed."""
        event.stop()
        if event.input.id == "send-memo":
            self.post_message(self.MemoChanged())
        self.refresh_lines()

    @on(FeePicker.FeeChosen)
    def on_fee(self) -> None:
        """Another fee changes what is left."""
        self.refresh_lines()

    @on(Input.Submitted)
    def on_enter(self, event: Input.Submitted) -> None:
        """Complete the name and go on; from the last field, review."""
        event.stop()
        if event.input.id == "send-to":
            if is_link(event.value) and self._take_link(event.value):
                return
            self._complete(event.input)
            self.query_one("#send-amount").focus()
        else:
            self.review()

    def _complete(self, field: Input) -> None:
        text = field.value.strip().casefold()
        if text and self.find(text) is None:
            found = next((it.name for it in self.recipients if it.name.casefold().startswith(text)), None)
            field.value = found or field.value

    @on(FeePicker.FeeTaken)
    @on(Button.Pressed, "#send-review")
    def review(self) -> None:
        """Ask for a review of what is typed."""
        wish, problem = self.read()
        if wish is not None and not self.hindrance:
            self.post_message(self.Reviewed(wish))
        elif not problem:
            self.enter()

    @on(Button.Pressed, "#send-max")
    def take_all(self) -> None:
        """Write the largest amount that can be sent."""
        choice = self.fees.choice
        if choice is None or self.balance is None:
            return
        most = compute_most(self.balance.confirmed, self.balance.committed, choice)
        self.query_one("#send-amount", Input).value = format_amount(most).replace(" ", "") if most else ""

    def on_key(self, event: events.Key) -> None:
        """Down in the field of the name opens the list."""
        if event.key == "down" and self.query_one("#send-to").has_focus:
            event.stop()
            self.pick()

    @on(Button.Pressed, "#send-pick")
    def pick(self) -> None:
        """Choose from everybody one knows."""
        self._pick()

    @work
    async def _pick(self) -> None:
        chosen = await self.app.push_screen_wait(RecipientDialog(self.recipients))
        if isinstance(chosen, Recipient):
            self.query_one("#send-to", Input).value = chosen.name
            self.query_one("#send-amount").focus()

    def action_leave(self) -> None:
        """Give the keys back to the screen."""
        self.post_message(self.Left())

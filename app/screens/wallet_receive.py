"""Asking for a payment: the address in full, or a link with an amount and a reason, and the QR code of either."""

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Input, Label, Static

from app.present.wallet_advice import explain_mistake
from app.screens.wallet_fields import read_amount
from app.screens.wallet_widgets import Dialog
from app.storage.accounts import Account
from app.widgets.plain_input import PlainInput
from app.widgets.qr_code import QrCode
from app.widgets.text import clean
from chain.errors import ChainroomError
from chain.ledger.actions import check_memo
from chain.wallet.payment_link import LABEL_LIMIT, PaymentLink, format_link


class ReceiveDialog(Dialog):
    """Shows the account's address; with an amount, a name or a memo typed, the link that asks for them."""

    TITLE_TEXT = "Receive"
    AUTO_FOCUS = ""
    DEFAULT_CSS = """
    ReceiveDialog > #frame { width: 90; }
    ReceiveDialog #ask { width: 1fr; height: auto; padding-right: 1; }
    ReceiveDialog #ask Static { height: auto; margin-bottom: 1; }
    ReceiveDialog #whole { text-align: center; }
    ReceiveDialog #whole, ReceiveDialog #link { color: $accent; }
    ReceiveDialog .row { height: 1; margin-bottom: 1; }
    ReceiveDialog .row Label { width: 8; color: $muted; }
    ReceiveDialog .row Input { width: 1fr; height: 1; border: none; padding: 0 1; background: $panel; }
    ReceiveDialog .row Input:focus { background: $primary 25%; }
    ReceiveDialog #frame > Horizontal { height: auto; }
    ReceiveDialog #ask-message { color: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="receive.copy", tooltip="Copy the address, or the link"),
        Binding("enter,Q,q", "back", "Close", id="receive.close", tooltip="Close"),
    ]

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account
        self.text = account.address_text
        """What the code shows and ``y`` copies."""

    def compose_dialog(self) -> ComposeResult:
        yield Static(Content(self.account.address_text), id="whole")
        with Horizontal():
            with Vertical(id="ask"):
                for name, hint in (("amount", "any"), ("label", "who asks"), ("memo", "what for")):
                    with Horizontal(classes="row"):
                        yield Label(name)
                        yield PlainInput(placeholder=hint, id=f"ask-{name}", compact=True)
                yield Static(id="ask-message")
                yield Static(id="link")
                yield Button("Copy  y", id="copy", compact=True)
                yield Static(Content(f"{clean(self.account.label, 40)} · tab: ask for an amount"), classes="note")
            yield QrCode(self.text, id="code", has_text=False)

    @on(Input.Changed)
    def on_typing(self) -> None:
        """Show the link of what is typed, or what is wrong with it."""
        try:
            text, problem = self._build_link(), ""
        except ChainroomError as error:
            text, problem = self.account.address_text, f"✖ {explain_mistake(error)}"
        self.query_one("#ask-message", Static).update(Content(clean(problem, 200)))
        self.query_one("#link", Static).update(Content("" if text == self.account.address_text else text))
        if text != self.text:
            self.text = text
            self.query_one(QrCode).show(text)

    def _build_link(self) -> str:
        names = ("amount", "label", "memo")
        amount, label, memo = (self.query_one(f"#ask-{name}", Input).value.strip() for name in names)
        check_memo(memo)
        units = read_amount(amount) if amount else None
        return format_link(PaymentLink(self.account.address, units or None, label[: LABEL_LIMIT + 1], memo))

    @on(Input.Submitted)
    def on_enter(self) -> None:
        """On to the next field."""
        self.focus_next()

    @on(Button.Pressed, "#copy")
    def action_copy(self) -> None:
        """Copy the address or the link, and say so."""
        what = "the address" if self.text == self.account.address_text else "the link"
        self.app.copy_text(self.text, f"{what} of {clean(self.account.label, 40)}")

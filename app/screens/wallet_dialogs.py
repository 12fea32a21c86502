"""The small dialogs of the wallet: unlock, a new account, a new name in the address book, receive, whom to pay, review.

Each returns a plain value through ``dismiss``, None when the person went back. Passwords leave their field only as a
``Secret``, for the one call that needs it; deriving the key takes half a second and runs beside the interface.
"""

import asyncio
from collections.abc import Sequence
from typing import ClassVar, Final, NamedTuple

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Input, OptionList, Static
from textual.widgets.option_list import Option

from app.payments import Draft
from app.present.wallet_advice import explain_mistake, get_advice
from app.present.words import format_coins
from app.screens.wallet_widgets import Dialog, Lines, SecretInput, Span
from app.wallets import Wallets
from app.widgets.plain_input import PlainInput
from app.widgets.text import clean
from chain.errors import ChainroomError
from chain.ledger.actions import Action
from chain.units import Address, format_amount
from chain.wallet.address import encode_address

MOST_LISTED: Final = 6
"""Recipients that a review lists by themselves."""


class UnlockDialog(Dialog):
    """Asks for the password until the wallet opens; returns True, or ``restore`` for who has forgotten it."""

    TITLE_TEXT = "Unlock the wallet"

    def __init__(self, wallets: Wallets, why: str = "") -> None:
        super().__init__()
        self.wallets, self.why = wallets, why

    def compose_dialog(self) -> ComposeResult:
        yield Static(
            self.why or "The keys are encrypted. The password opens them until you lock or leave.", classes="lead"
        )
        yield SecretInput(placeholder="password", id="password", classes="field")
        yield Static(id="message", classes="message")
        with Horizontal(classes="buttons"):
            yield Button("Forgot it: restore from words", id="restore")
            yield Button("Unlock ↵", id="unlock", variant="primary")

    @on(Input.Submitted)
    @on(Button.Pressed, "#unlock")
    def submit(self) -> None:
        """Try the password."""
        self._unlock()

    @on(Button.Pressed, "#restore")
    def choose_restore(self) -> None:
        """Restore instead."""
        if not self.is_busy:
            self.dismiss("restore")

    @work
    async def _unlock(self) -> None:
        if self.is_busy:
            return
        field = self.query_one("#password", SecretInput)
        self.tell("opening …", is_good=True)
        self.is_busy = True
        try:
            await asyncio.to_thread(self.wallets.unlock, field.take())
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            field.focus()
            return
        finally:
            self.is_busy = False
        self.dismiss(True)


class AccountDialog(Dialog):
    """Adds the next account of the phrase, or an address to watch; returns the account."""

    TITLE_TEXT = "New account"

    def __init__(self, wallets: Wallets) -> None:
        super().__init__()
        self.wallets = wallets

    def compose_dialog(self) -> ComposeResult:
        yield Static(
            "The same words lead to as many accounts as you like; nothing new has to be written down. "
            "With an address below, the account is only watched: you see it, and cannot spend from it.",
            classes="lead",
        )
        yield PlainInput(placeholder="name, such as Savings", id="label", classes="field", max_length=40)
        yield PlainInput(
            placeholder="address to watch (leave empty for an account of your own)", id="address", classes="field"
        )
        yield Static(id="message", classes="message")
        with Horizontal(classes="buttons"):
            yield Button("Add ↵", id="add", variant="primary")

    @on(Input.Submitted)
    @on(Button.Pressed, "#add")
    def submit(self) -> None:
        """Add it, or say what is wrong."""
        label, address = self.query_one("#label", Input).value, self.query_one("#address", Input).value.strip()
        try:
            account = self.wallets.add_watched(label, address) if address else self.wallets.add_account(label)
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            return
        self.dismiss(account)


class ContactDialog(Dialog):
    """Notes a name and an address; returns True."""

    TITLE_TEXT = "Address book"

    def __init__(self, wallets: Wallets, label: str = "", address: str = "") -> None:
        super().__init__()
        self.wallets, self._values = wallets, (label, address)

    def compose_dialog(self) -> ComposeResult:
        label, address = self._values
        yield Static("A name for an address. The address book is not secret and not encrypted.", classes="lead")
        yield PlainInput(label, placeholder="name", id="label", classes="field", max_length=40)
        yield PlainInput(address, placeholder="address, cr1q…", id="address", classes="field")
        yield Static(id="message", classes="message")
        with Horizontal(classes="buttons"):
            yield Button("Forget this name", id="remove", disabled=not label)
            yield Button("Save ↵", id="save", variant="primary")

    @on(Input.Submitted)
    @on(Button.Pressed, "#save")
    def submit(self) -> None:
        """Save it, or say what is wrong."""
        try:
            self.wallets.add_contact(self.query_one("#label", Input).value, self.query_one("#address", Input).value)
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            return
        self.dismiss(True)

    @on(Button.Pressed, "#remove")
    def forget(self) -> None:
        """Forget the name."""
        try:
            self.wallets.remove_contact(self._values[0])
        except ChainroomError as error:
            self.tell(f"✖ {explain_mistake(error)}")
            return
        self.dismiss(True)


class Recipient(NamedTuple):
    """Somebody who can be paid."""

    name: str
    kind: str
    address: Address


class RecipientDialog(Dialog):
    """Whom to pay: the address book, own accounts, people of the simulation; returns a Recipient."""

    TITLE_TEXT = "Whom to pay"
    DEFAULT_CSS = "RecipientDialog OptionList { height: 12; max-height: 12; border: none; background: $surface; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "into_list", "Choose", id="recipient.down", tooltip="Go into the list"),
    ]

    def __init__(self, recipients: Sequence[Recipient]) -> None:
        super().__init__()
        self.recipients, self._shown = tuple(recipients), tuple(recipients)

    def compose_dialog(self) -> ComposeResult:
        yield PlainInput(placeholder="type part of a name", id="filter", classes="field")
        yield OptionList(id="list")

    def on_mount(self) -> None:
        """Show everybody."""
        self.filter("")

    @on(Input.Changed, "#filter")
    def on_filter(self, event: Input.Changed) -> None:
        """Show who fits."""
        self.filter(event.value)

    def filter(self, text: str) -> None:
        """Show whose name has the text in it."""
        needle = text.strip().casefold()
        self._shown = tuple(it for it in self.recipients if needle in it.name.casefold())
        options = self.query_one("#list", OptionList)
        options.clear_options()
        options.add_options(
            Option(
                Content.assemble(
                    clean(it.name, 28).ljust(30),
                    (it.kind.ljust(16), "dim"),
                    (encode_address(it.address)[:14] + "…", "dim"),
                )
            )
            for it in self._shown
        )
        if self._shown:
            options.highlighted = 0

    def action_into_list(self) -> None:
        """From the field into the list."""
        self.query_one("#list").focus()

    @on(Input.Submitted)
    def take_first(self) -> None:
        """Take the one that is highlighted."""
        place = self.query_one("#list", OptionList).highlighted
        if place is not None and self._shown:
            self.dismiss(self._shown[place])

    @on(OptionList.OptionSelected)
    def take(self, event: OptionList.OptionSelected) -> None:
        """Take the chosen one."""
        self.dismiss(self._shown[event.option_index])


class ReviewDialog(Dialog):
    """What is about to be signed, in full; returns True to sign and send it."""

    DEFAULT_CSS = "ReviewDialog Lines { margin-top: 1; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "Sign and send", id="review.sign", tooltip="Sign it and hand it to the node"),
    ]

    def __init__(self, draft: Draft, name: str, wait: str, title: str, note: str) -> None:
        super().__init__()
        self.draft, self.recipient_name, self.wait, self.note = draft, name, wait, note
        self.TITLE_TEXT = title

    def compose_dialog(self) -> ComposeResult:
        lines, draft = build_review(self.draft, self.recipient_name, self.wait), self.draft
        table = Lines(lines)
        table.styles.height = len(lines)
        yield table
        if draft.problem is not None:
            text = f"✖ n{draft.node:02d} would refuse this: {draft.problem.message}  (rule {draft.problem.rule})"
            yield Static(Content(clean(text, 400)), classes="message")
            yield Static(Content(get_advice(draft.problem.rule)))
        else:
            yield Static(self.note, classes="note lead", markup=False)
        with Horizontal(classes="buttons"):
            yield Button("Back", id="back")
            label = "Sign and send ↵" if draft.problem is None else "Send it anyway ↵"
            yield Button(label, id="sign", variant="primary" if draft.problem is None else "warning")

    def on_mount(self) -> None:
        """Enter signs."""
        self.query_one("#sign").focus()

    @on(Button.Pressed, "#sign")
    def action_confirm(self) -> None:
        """Yes."""
        self.dismiss(True)

    @on(Button.Pressed, "#back")
    def refuse(self) -> None:
        """No."""
        self.dismiss(None)


def build_review(draft: Draft, name: str, wait: str) -> list[list[Span]]:
    """Return what a transaction says, field by field."""
    transaction, action = draft.transaction, draft.transaction.action
    rows: list[tuple[str, list[Span]]] = [
        ("from", [(clean(draft.account.label, 40), "strong"), (f"  {draft.account.address_text}", "muted")]),
        *_build_recipients(action, name),
        ("amount", [(format_coins(action.amount), "strong")]),
        ("fee", [(f"about {format_coins(draft.fee)}", "text"), (f", at most {format_coins(draft.max_fee)}", "muted")]),
        ("", [(f"{transaction.gas_limit:,} gas".replace(",", " "), "muted"), (f"  {wait}", "muted")]),
        ("nonce", [(str(transaction.nonce), "text"), ("  its place in the order of your payments", "muted")]),
        ("handed to", [(f"n{draft.node:02d}", "text"), ("  which checks it and passes it on", "muted")]),
    ]
    if (policy := draft.account.policy) is not None and len(policy.public_keys) > 1:
        rows.append(("signed by", [(f"{policy.threshold} of {len(policy.public_keys)} keys", "text")]))
    return [[(f"{title:<11}", "muted"), *spans] for title, spans in rows if spans]


def _build_recipients(action: Action, name: str) -> list[tuple[str, list[Span]]]:
    payments = action.get_payments()
    if len(payments) != 1:
        lines: list[str] = [
            f"{format_amount(it.amount)} to {encode_address(it.recipient)}" for it in payments[:MOST_LISTED]
        ]
        more = [f"and {len(payments) - MOST_LISTED} more"] if len(payments) > MOST_LISTED else []
        rows: list[tuple[str, list[Span]]] = [("to", [(clean(name, 40), "strong")])]
        return rows + [("", [(line, "accent")]) for line in (*lines, *more)]
    (payment,) = payments
    address, label = encode_address(payment.recipient), clean(name, 30)
    groups = " ".join(address[i : i + 4] for i in range(3, len(address), 4))
    return [
        ("to", [(label, "strong")] if label else []),
        ("to" if not label else "", [(address[:3] + " ", "accent"), (groups, "accent")]),
        ("memo", [(clean(payment.memo, 200) or "none", "text" if payment.memo else "muted")]),
    ]

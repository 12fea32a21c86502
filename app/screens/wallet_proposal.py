"""A payment that several keys must sign: what it says, who has signed, and what to do next."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from app.proposals import Proposal, format_proposal
from app.screens.wallet_forms import build_save_dialog
from app.screens.wallet_widgets import Dialog, Line, Lines, Span
from app.widgets.text import clean
from chain.units import format_amount
from chain.wallet.address import encode_address

MOST_LISTED = 4


class ProposalDialog(Dialog):
    """Returns ``sign``, ``more``, ``file`` or ``send``; None for who went back."""

    TITLE_TEXT = "A payment that several must sign"
    DEFAULT_CSS = """
    ProposalDialog > #frame { width: 84; }
    ProposalDialog .buttons Button { margin-left: 1; min-width: 4; height: 1; border: none; padding: 0 1; }
    ProposalDialog Lines { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "choose('sign')", "Sign", id="proposal.sign", tooltip="Sign with the keys of this wallet"),
        Binding("p", "choose('more')", "Paste", id="proposal.paste", tooltip="Paste the text that somebody signed"),
        Binding("f", "choose('file')", "Read", id="proposal.read", tooltip="Read a file that somebody signed"),
        Binding("y", "copy", "Copy", id="proposal.copy", tooltip="Copy the text for the next one who signs"),
        Binding("w", "write", "Write", id="proposal.write", tooltip="Write it to a file for the next one who signs"),
        Binding("enter", "choose('send')", "Send", id="proposal.send", tooltip="Hand it to the node"),
    ]

    def __init__(self, proposal: Proposal, names: Sequence[str], can_sign: bool, problem: str = "") -> None:
        super().__init__()
        self.proposal, self._names, self._can_sign, self._problem = proposal, tuple(names), can_sign, problem

    def compose_dialog(self) -> ComposeResult:
        lines = self._build_lines()
        table = Lines(lines)
        table.styles.height = len(lines)
        yield table
        yield Static(Content(clean(self._describe_next(), 400)), id="message", classes="message lead")
        is_complete = not self.proposal.missing_count
        with Horizontal(classes="buttons"):
            yield Button("Sign s", id="choose-sign", compact=True, disabled=not self._can_sign)
            yield Button("Copy y", id="copy", compact=True)
            yield Button("File w", id="write", compact=True)
            yield Button("Paste p", id="choose-more", compact=True)
            yield Button("Read f", id="choose-file", compact=True)
            yield Button("Send ↵", id="choose-send", compact=True, variant="primary", disabled=not is_complete)

    def on_mount(self) -> None:
        """The next step has the focus, and a message that is no problem is not red."""
        self.query_one("#message").set_class(not self._problem, "-good")
        wanted = "#choose-send" if not self.proposal.missing_count else "#choose-sign" if self._can_sign else "#copy"
        self.query_one(wanted).focus()

    def _build_lines(self) -> list[Line]:
        transaction, policy = self.proposal.transaction, self.proposal.policy
        payments = transaction.action.get_payments()
        rows: list[tuple[str, list[Span]]] = [("from", [(encode_address(policy.address), "accent")])]
        for payment in payments[:MOST_LISTED]:
            memo = f"  {clean(payment.memo, 40)}" if payment.memo else ""
            rows.append(("to", [(encode_address(payment.recipient), "accent"), (memo, "muted")]))
            rows.append(("", [(format_amount(payment.amount), "strong")]))
        if len(payments) > MOST_LISTED:
            rows.append(("", [(f"and {len(payments) - MOST_LISTED} more", "muted")]))
        most = format_amount(transaction.gas_limit * transaction.max_fee_per_gas)
        rows.append(("fee", [(f"at most {most}", "text"), (f"   nonce {transaction.nonce}", "muted")]))
        rows.append(("needs", [(f"{policy.threshold} of {len(policy.public_keys)} signatures", "text")]))
        for key, name in zip(policy.public_keys, self._names, strict=True):
            has_signed = key in self.proposal.signed_keys
            mark: Span = ("✔ signed   ", "good") if has_signed else ("○ missing  ", "muted")
            rows.append(("", [mark, (name, "text")]))
        return [[(f"{title:<8}", "muted"), *spans] for title, spans in rows]

    def _describe_next(self) -> str:
        missing = self.proposal.missing_count
        if self._problem:
            return f"✖ {self._problem}"
        if not missing:
            return "Enough have signed: send it."
        who = "one signature is" if missing == 1 else f"{missing} signatures are"
        if self._can_sign:
            return f"{who} missing: s signs with the keys of this wallet."
        return f"{who} missing: copy the text (y) or write it to a file (w) for the next one who signs, then p or f."

    @on(Button.Pressed)
    def on_pressed(self, event: Button.Pressed) -> None:
        """The buttons do what their keys do."""
        event.stop()
        name = event.button.id or ""
        if name.startswith("choose-"):
            self.action_choose(name.removeprefix("choose-"))
        elif name == "copy":
            self.action_copy()
        else:
            self.action_write()

    def action_choose(self, what: str) -> None:
        """Close with what is to be done, if it can be."""
        is_possible = {"sign": self._can_sign, "send": not self.proposal.missing_count}.get(what, True)
        if is_possible:
            self.dismiss(what)

    def action_copy(self) -> None:
        """Copy the text, and say so. It holds no secret."""
        self.app.copy_text(format_proposal(self.proposal), "the partly signed payment")

    @work
    async def action_write(self) -> None:
        """Write the text into a new file."""
        name = f"payment-{self.proposal.transaction.nonce}-{len(self.proposal.signatures)}-signed.json"
        await self.app.push_screen_wait(build_save_dialog(name, format_proposal(self.proposal)))

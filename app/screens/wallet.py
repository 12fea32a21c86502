"""The wallet: accounts, address book, the send form, and what became of every payment.

The view reads the run at the session's cursor as the wallet's node sees it; the node is n00, or the next one that runs.
Addresses and balances are public and shown while the wallet is locked; keys are needed to sign and to add accounts, and
only then is the password asked for. In a narrow window ``v`` swaps accounts and form.
"""

from typing import Any, ClassVar, Final

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from app.commands import get_bindings
from app.payments import FeeChoice, compute_fee_choices
from app.present.holders import Holders
from app.present.wallet import AccountView, Payment, Submissions
from app.present.wallet_history import filter_payments
from app.present.wallet_rows import (
    ACCOUNT_COLUMNS,
    CONTACT_COLUMNS,
    HISTORY_COLUMNS,
    NARROW_HISTORY_COLUMNS,
    build_account_row,
    build_history_row,
    describe_keys,
    describe_next_step,
    format_signed,
)
from app.screens.wallet_dialogs import Recipient
from app.screens.wallet_pay import DUE_EVERY_S, WalletPayments
from app.screens.wallet_send import SendForm
from app.screens.wallet_widgets import Line, Lines
from app.session import Session
from app.storage.accounts import Account
from app.widgets.models import Cell
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from app.widgets.way_back import build_key_link
from chain.ledger.actions import Transfer
from chain.units import format_amount
from chain.wallet.address import shorten_address

BOTH_FIT: Final = 114
"""Columns from which accounts and form stand side by side."""
FEES_EVERY: Final = 4
"""Frames between two looks at the mempool for the fees."""
NO_PAYMENTS: Final = "No payments yet: f asks the faucet for coins"
NONE_FOUND: Final = "No payment has all these words: F searches for others, empty shows all"


class WalletView(WalletPayments):
    """Accounts beside the send form, the history below."""

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("wallet")
    DEFAULT_CSS = """
    WalletView { layout: vertical; }
    WalletView > #wallet-upper { height: 13; }
    WalletView #wallet-side { width: 42; }
    WalletView #wallet-main { width: 1fr; border: round $line; border-title-color: $primary; padding: 0 1; }
    WalletView #wallet-main:focus-within { border: round $primary; }
    WalletView #wallet-accounts, WalletView #wallet-contacts, WalletView #wallet-history {
        border: round $line; border-title-color: $primary; border-subtitle-color: $muted;
    }
    WalletView VirtualTable:focus { border: round $primary; }
    WalletView #wallet-accounts { height: 1fr; }
    WalletView #wallet-contacts { height: 5; }
    WalletView #wallet-history { height: 1fr; }
    WalletView #wallet-card { height: 2; margin-bottom: 1; }
    WalletView #wallet-divider { height: 1; color: $muted; margin-bottom: 1; text-wrap: nowrap; }
    WalletView #wallet-guide { height: auto; max-height: 2; padding: 0 1; background: $primary 20%; }
    WalletView #wallet-guide.-empty { display: none; }
    WalletView #wallet-actions, WalletView > #wallet-tools { height: 1; }
    WalletView #wallet-actions Button, WalletView > #wallet-tools Button {
        height: 1; min-width: 4; width: auto; border: none; padding: 0 1; margin-right: 1;
    }
    WalletView #wallet-none { display: none; align: center middle; height: 1fr; }
    WalletView #wallet-none Lines { width: 68; max-width: 100%; height: 6; }
    WalletView #wallet-none Horizontal { width: auto; height: auto; }
    WalletView #wallet-none Button { margin-right: 2; }
    WalletView.-none > * { display: none; }
    WalletView.-none > #wallet-none { display: block; }
    WalletView.-slim > #wallet-upper { height: 11; }
    WalletView.-slim #wallet-divider { margin-bottom: 0; }
    WalletView.-slim #wallet-card { margin-bottom: 0; }
    WalletView.-slim #wallet-side { display: none; }
    WalletView.-slim.-panel #wallet-side { display: block; width: 1fr; }
    WalletView.-slim.-panel #wallet-main { display: none; }
    WalletView.-slim.-panel > #wallet-upper { height: 14; }
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.submissions = Submissions()
        self._frames, self._memo = 0, ""
        self._fees: tuple[FeeChoice, ...] = ()
        self._rows: dict[str, object] = {}

    def compose(self) -> ComposeResult:
        """Side, main, history, guide; or an invitation while there is no wallet."""
        with Horizontal(id="wallet-upper"):
            with Vertical(id="wallet-side"):
                yield VirtualTable(ACCOUNT_COLUMNS, id="wallet-accounts", empty="No account")
                with Horizontal(id="wallet-actions"):
                    yield Button("+ account a", id="do-add", compact=True, tooltip="Add an account (a)")
                    yield Button("↥ restore r", id="do-restore", compact=True, tooltip="Restore from words (r)")
                    yield Button("lock l", id="do-lock", compact=True, tooltip="Lock or unlock (l)")
                yield VirtualTable(CONTACT_COLUMNS, id="wallet-contacts", empty="k notes a name")
            with Vertical(id="wallet-main"):
                yield Lines(id="wallet-card")
                yield Static("── Send " + "─" * 200, id="wallet-divider")
                yield SendForm(id="wallet-send")
        yield VirtualTable(HISTORY_COLUMNS, id="wallet-history", empty=NO_PAYMENTS)
        with Horizontal(id="wallet-tools"):
            yield Button("speed up u", id="do-speed-up", compact=True, disabled=True, tooltip="Offer a higher fee (u)")
            yield Button("cancel x", id="do-cancel", compact=True, disabled=True, tooltip="Use up its nonce (x)")
            yield Button("label n", id="do-label", compact=True, tooltip="A note that only you see (n)")
            yield Button("search F", id="do-filter", compact=True, tooltip="Show only some payments (F)")
            yield Button("several +", id="do-many", compact=True, tooltip="Pay several people at once (+)")
            yield Button("more e", id="do-menu", compact=True, tooltip="Wallets, backups, messages … (e)")
        yield Static(id="wallet-guide")
        with Vertical(id="wallet-none"):
            yield Lines(id="wallet-invitation")
            with Horizontal():
                yield Button("Make a wallet  w", id="do-make", variant="primary")
                yield Button("Restore one  r", id="do-restore-first")
                yield Button("More  e", id="do-menu-first")

    def on_mount(self) -> None:
        """Name the parts."""
        self._accounts.border_title, self.contacts.border_title = "Accounts", "Address book"
        self.history.border_title = "History"
        self.query_one("#wallet-invitation", Lines).show(self._build_invitation())
        self.set_interval(DUE_EVERY_S, self.send_due)  # also while another view is on top

    def on_resize(self) -> None:
        """In a narrow window accounts and form take turns."""
        self.set_class(self.size.width < BOTH_FIT, "-slim")

    @property
    def _accounts(self) -> VirtualTable:
        return self.query_one("#wallet-accounts", VirtualTable)

    def _build_invitation(self) -> list[Line]:
        problem = self.wallets.problem
        if problem:
            return [
                [("This wallet file cannot be read.", "bad")],
                [(problem, "text")],
                [("r restores it from its words.", "text")],
            ]
        return [
            [("You have no wallet yet.", "strong")],
            [("", "text")],
            [("A wallet is a key that only you have. Its address receives coins,", "text")],
            [("its signature spends them. It takes two minutes, and the coins are", "text")],
            [("simulated. The network goes on meanwhile: 1 watches it.", "text")],
        ]

    # Showing ---------------------------------------------------------------------------------------------------------

    def show(self, session: Session) -> None:
        """Bring everything up to date with the run at the cursor."""
        self._frames += 1
        if self._frames % FEES_EVERY == 1:
            self.wallets.poll()
        wallets, account = self.wallets, self.wallets.account
        self.set_class(account is None, "-none")
        if account is None:
            self._show_once(
                "invitation",
                wallets.problem,
                lambda: self.query_one("#wallet-invitation", Lines).show(self._build_invitation()),
            )
            return
        node, at_us, simulation = self.node, session.cursor_us, session.simulation
        views = [self.compute_view(it) for it in wallets.accounts]
        self.view = view = views[wallets.accounts.index(account)]
        if self._frames % FEES_EVERY == 1 or self._memo != self.form.memo:
            self._memo = self.form.memo
            example = Transfer(
                account.address, 1, self.form.memo.encode("utf-8", "replace").decode()
            )  # halves of characters
            self._fees = compute_fee_choices(simulation, node, at_us, example, account.authority or b"")
        self.stop_watching(view.payments)
        self._show_side(views, account)
        self._show_account(session, account, view)
        self._show_history(view)

    def _show_once(self, what: str, value: object, show: Any) -> None:
        if self._rows.get(what) != value:
            self._rows[what] = value
            show()

    def _show_side(self, views: list[AccountView], chosen: Account) -> None:
        wallets = self.wallets
        rows = [
            build_account_row(account, view, is_chosen=account == chosen)
            for account, view in zip(wallets.accounts, views, strict=True)
        ]
        self._show_once("accounts", rows, lambda: self._show_accounts(rows))
        contacts = [(Cell(it.label), Cell(shorten_address(it.address), "muted")) for it in wallets.contacts]
        self._show_once("contacts", contacts, lambda: self.contacts.show(len(contacts), contacts.__getitem__))
        is_locked = wallets.is_locked
        if is_locked and not self._rows.get("is_locked", is_locked) and wallets.has_timed_out:
            self.app.tell("locked: nobody has used the wallet for a while; l unlocks it")
        self._rows["is_locked"] = is_locked
        label = "unlock l" if is_locked else "lock l"
        self._show_once("lock", label, lambda: setattr(self.query_one("#do-lock", Button), "label", label))

    def _show_accounts(self, rows: list[tuple[Cell, ...]]) -> None:
        self._accounts.cursor = self.wallets.chosen
        self._accounts.show(len(rows), rows.__getitem__)

    def _show_account(self, session: Session, account: Account, view: AccountView) -> None:
        main, wallets = self.query_one("#wallet-main"), self.wallets
        state = "watched" if account.is_watch_only else "locked" if wallets.is_locked else "unlocked"
        title = f"{clean(account.label, 24)} · {describe_keys(account)} · {state}"
        self._show_once("title", title, lambda: setattr(main, "border_title", Content(title)))
        self.query_one("#wallet-card", Lines).show(self._build_card(account, view))
        holders = self.get_holders()
        form = self.form
        form.recipients = self._get_recipients(holders, account)
        form.show(clean(account.label, 16), view.balance, self._fees, self.find_hindrance(session, account))
        self._show_once("keys", is_slim := self.has_class("-slim"), lambda: self._name_keys(main, is_slim=is_slim))
        guide = describe_next_step(view, holders, self.promise)
        if guide and session.is_live and not session.is_playing:
            guide += " (The clock stands: space lets it run.)"
        line = self.query_one("#wallet-guide", Static)
        line.set_class(not guide, "-empty")
        self._show_once("guide", guide, lambda: line.update(Content(guide)))

    def _name_keys(self, main: Widget, *, is_slim: bool) -> None:
        for widget in (main, self._accounts):
            widget.border_subtitle = build_key_link(" v accounts / form ", "v") if is_slim else ""

    def _build_card(self, account: Account, view: AccountView) -> list[Line]:
        balance = view.balance
        pending: list[tuple[str, Any]] = []
        if balance.incoming:
            pending.append((f"{format_signed(balance.incoming, 4)} ", "good"))
        if balance.outgoing:
            pending.append((f"{format_signed(-balance.outgoing, 4)} ", "pending"))
        return [
            [("address   ", "muted"), (account.address_text, "accent"), ("   y copy   Q show QR", "muted")],
            [
                ("spendable ", "muted"), (format_amount(balance.spendable, 4), "strong"),
                ("   pending ", "muted"), *(pending or [("0", "muted")]),
                ("   nonce ", "muted"), (str(balance.next_nonce), "text"), (f"   via n{self.node:02d}", "muted"),
            ],
        ]  # fmt: skip

    def _show_history(self, view: AccountView) -> None:
        table, is_narrow = self.history, self.size.width < 98
        holders, promise, get_label = self.get_holders(), self.promise, self.wallets.labels.get_transaction_label
        shown = filter_payments(view.payments, self.filter_text, holders, get_label)
        table.columns = NARROW_HISTORY_COLUMNS if is_narrow else HISTORY_COLUMNS
        table.empty = NONE_FOUND if self.filter_text and view.payments else NO_PAYMENTS
        rows = (shown, is_narrow, len(self.wallets.contacts), self.wallets.labels.records)
        self._show_once("history", rows, lambda: self._keep_choice(table, shown))
        table.get_row = lambda place: build_history_row(
            shown[place], holders, get_label(shown[place].id), is_narrow=is_narrow, promise=promise
        )
        title = f"History · {len(shown)} of {len(view.payments)} with '{clean(self.filter_text, 30)}'"
        self._show_once(
            "searched",
            title if self.filter_text else "History",
            lambda: setattr(table, "border_title", Content(title if self.filter_text else "History")),
        )
        waiting = self.get_payment()
        can_replace = waiting is not None and waiting.is_waiting and waiting.is_outgoing
        self._show_once("buttons", can_replace, lambda: self._show_buttons(table, can_replace=can_replace))

    def _show_buttons(self, table: VirtualTable, *, can_replace: bool) -> None:
        keys = (
            (("u speed up", "u"), ("x cancel", "x"))
            if can_replace
            else (("enter open", "enter"), ("? why", "question_mark"))
        )
        table.border_subtitle = Content(" ").join(build_key_link(f" {text} ", key) for text, key in keys)
        for name in ("#do-speed-up", "#do-cancel"):
            self.query_one(name, Button).disabled = not can_replace

    def _keep_choice(self, table: VirtualTable, shown: tuple[Payment, ...]) -> None:
        """Keep the cursor on the payment it was on when newer ones come in above; at the top it stays at the top."""
        old, self.shown = self.shown, shown
        if 0 < table.cursor < len(old):
            key = old[table.cursor].id
            table.cursor = next((place for place, it in enumerate(shown) if it.id == key), table.cursor)
        table.show(len(shown))

    def _get_recipients(self, holders: Holders, account: Account) -> tuple[Recipient, ...]:
        key = (self.wallets.contacts, self.wallets.accounts, account, id(self.session.simulation.world.setup))
        if self._rows.get("recipients") != key:
            self._rows["recipients"] = key
            book = [Recipient(it.label, "address book", it.address) for it in self.wallets.contacts]
            own = [Recipient(it.label, "own account", it.address) for it in self.wallets.accounts if it != account]
            known = {it.address for it in (*book, *own)} | {account.address}
            people = [
                Recipient(holder.name, holder.kind, address)
                for address, holder in holders.search("", 200)
                if holder.kind == "person" and address not in known
            ]
            self._recipients = (*book, *own, *people)
        return self._recipients

    _recipients: tuple[Recipient, ...] = ()

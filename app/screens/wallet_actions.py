"""What a person can do in the wallet: make one, open and close it, choose an account, look closer.

Each flow is a worker that asks its dialogs one after the other. Whatever needs a key first sees to it that the wallet
is open; what goes into the run goes through ``ChainroomApp.submit``, like everything else.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from textual import on, work
from textual.widgets import Button

from app.payments import get_node
from app.present.finality import Promise, get_promise
from app.present.holders import Holders
from app.present.wallet import AccountView, Payment, Submissions, compute_account
from app.present.wallet_advice import explain_mistake
from app.present.wallet_rows import explain_payment
from app.screens.view import Thing, View
from app.screens.wallet_create import CreateWallet
from app.screens.wallet_dialogs import (
    AccountDialog,
    ContactDialog,
    UnlockDialog,
)
from app.screens.wallet_forms import FormDialog, MenuDialog, TextDialog
from app.screens.wallet_receive import ReceiveDialog
from app.screens.wallet_restore import RestoreWallet
from app.screens.wallet_send import SendForm
from app.session import Session
from app.storage.accounts import Account
from app.wallets import Wallets, get_wallets
from app.widgets.models import Why
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from chain.errors import ChainroomError
from chain.simulation.commands import RequestCoins
from chain.units import COIN, Hash, NodeId
from chain.wallet.address import encode_address

if TYPE_CHECKING:
    from app.app import ChainroomApp


FAUCET_AMOUNT: Final = 100 * COIN


class WalletActions(View):
    """The actions; the view that shows things builds on it."""

    app: "ChainroomApp"
    view: AccountView | None = None
    """The chosen account at the cursor."""
    shown: tuple[Payment, ...] = ()
    """Its payments that are listed, newest first: all of them, or those that were searched for."""
    filter_text = ""
    """Words that were searched for."""
    submissions: Submissions
    """What was handed in and refused."""
    _watched: tuple[Hash, float] | None = None
    """A payment for which the clock was slowed down, and how fast it was."""

    @property
    def wallets(self) -> Wallets:
        """The model."""
        return get_wallets(self.app)

    @property
    def session(self) -> Session:
        """The run. Only asked for once there is one."""
        session = self.app.session
        assert session is not None
        return session

    @property
    def node(self) -> NodeId:
        """The node the wallet talks to."""
        return get_node(self.session.simulation.world, 0, self.session.cursor_us)

    @property
    def promise(self) -> Promise:
        """What the run's protocol calls final."""
        return get_promise(self.session.simulation.world)

    @property
    def form(self) -> SendForm:
        """The send form."""
        return self.query_one(SendForm)

    @property
    def history(self) -> VirtualTable:
        """The payments."""
        return self.query_one("#wallet-history", VirtualTable)

    @property
    def contacts(self) -> VirtualTable:
        """The address book."""
        return self.query_one("#wallet-contacts", VirtualTable)

    def get_holders(self) -> Holders:
        """Return who is behind the addresses."""
        return Holders(self.session.simulation.world, self.wallets.get_labels())

    def get_payment(self) -> Payment | None:
        """Return the payment under the cursor of the history."""
        return self.shown[self.history.cursor] if self.history.cursor < len(self.shown) else None

    def compute_view(self, account: Account) -> AccountView:
        """Return an account as the wallet's node sees it at the cursor."""
        session = self.session
        return compute_account(session.simulation, self.submissions, self.node, session.cursor_us, account.address)

    def find_hindrance(self, session: Session, account: Account) -> str:
        """Return why nothing can be paid from an account just now; empty when it can."""
        if account.is_watch_only:
            return "this account is only watched: the wallet has no key for it"
        if not session.is_live:
            return "you are looking at the past: esc, then end goes to now"
        return "this is a replay: B branches here and makes it your own" if session.replay is not None else ""

    def get_focused_thing(self) -> Thing | None:
        """Return the chosen payment, the chosen name's address, or the account's own."""
        payment, contacts, account = self.get_payment(), self.wallets.contacts, self.wallets.account
        if self.history.has_focus and payment is not None:
            return Thing("transaction", payment.id)
        if self.contacts.has_focus and self.contacts.cursor < len(contacts):
            return Thing("address", contacts[self.contacts.cursor].address)
        return Thing("address", account.address) if account is not None else None

    def _need_account(self) -> Account | None:
        account = self.wallets.account
        if account is None:
            self.app.tell("there is no account yet: w makes a wallet, r restores one")
        return account

    async def _ask(self, dialog: FormDialog | TextDialog | MenuDialog, done: str = "") -> object:
        """Show a dialog; say that it is done unless the person went back."""
        result: object = await self.app.push_screen_wait(dialog)
        if result is not None and done:
            self.app.tell(done)
        self.refresh_now()
        return result

    def _attempt(self, act: Callable[[], object]) -> bool:
        """Do what writes a file; say why if it cannot be done, and return whether it was."""
        try:
            act()
        except ChainroomError as error:
            self.app.tell(explain_mistake(error), "error")
            return False
        finally:
            self.refresh_now()
        return True

    # The wallet itself -----------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#do-make")
    @work(exclusive=True, group="wallet")
    async def action_make_wallet(self) -> None:
        """Walk through a new wallet, beside those there are; at its end ask the faucet for coins."""
        if self.wallets.problem:
            self.app.tell("the wallet file cannot be read; r restores it from its words")
            return
        account = await self.app.push_screen_wait(CreateWallet(self.wallets))
        if isinstance(account, Account):
            self.app.action_go("wallet")
            self.request_coins(account)
        elif account == "restore":
            self.action_restore_wallet()

    @on(Button.Pressed, "#do-restore")
    @on(Button.Pressed, "#do-restore-first")
    @work(exclusive=True, group="wallet")
    async def action_restore_wallet(self) -> None:
        """Make the wallet again from its words."""
        account = await self.app.push_screen_wait(RestoreWallet(self.wallets))
        if isinstance(account, Account):
            self.app.action_go("wallet")
            self.app.tell(f"{clean(account.label, 40)} is restored, and the wallet is open")

    @on(Button.Pressed, "#do-lock")
    @work(exclusive=True, group="wallet")
    async def action_lock(self) -> None:
        """Forget the keys, or ask for the password."""
        if not self.wallets.is_locked:
            self.wallets.lock()
            self.app.tell("locked: the keys are forgotten until you unlock")
        elif self.wallets.exists:
            await self._unlock("")

    async def _unlock(self, why: str) -> bool:
        """Return whether the wallet is open, after asking for the password if need be."""
        if self.wallets.is_locked:
            answer = await self.app.push_screen_wait(UnlockDialog(self.wallets, why))
            if answer == "restore":
                self.action_restore_wallet()
        return not self.wallets.is_locked

    @on(Button.Pressed, "#do-add")
    @work(exclusive=True, group="wallet")
    async def action_add_account(self) -> None:
        """Add an account."""
        if self.wallets.exists and await self._unlock(
            "A new account comes from the same words, so the keys are needed."
        ):
            await self.app.push_screen_wait(AccountDialog(self.wallets))

    @work(exclusive=True, group="wallet")
    async def action_note_contact(self) -> None:
        """Note a name in the address book, or change the chosen one."""
        contacts, cursor = self.wallets.contacts, self.contacts.cursor
        if self.contacts.has_focus and cursor < len(contacts):
            label, address = contacts[cursor].label, encode_address(contacts[cursor].address)
        else:
            label, address = "", ""
        await self.app.push_screen_wait(ContactDialog(self.wallets, label, address))

    def action_faucet(self) -> None:
        """Ask the faucet for coins."""
        if self.wallets.account is not None:
            self.request_coins(self.wallets.account)

    def request_coins(self, account: Account) -> None:
        """Ask the faucet to pay an account."""
        if self.app.submit(RequestCoins(self.node, account.address, FAUCET_AMOUNT)):
            self.refresh_now()

    def action_show_qr(self) -> None:
        """Show the address as a QR code."""
        if self.wallets.account is not None:
            self.app.push_screen(ReceiveDialog(self.wallets.account))

    def action_turn(self, step: int) -> None:
        """Choose the next or the previous account."""
        wallets = self.wallets
        if wallets.accounts:
            wallets.chosen = (wallets.chosen + step) % len(wallets.accounts)
            self.query_one("#wallet-accounts", VirtualTable).cursor = wallets.chosen
            self.refresh_now()

    def action_panel(self) -> None:
        """In a narrow window swap accounts and form."""
        self.toggle_class("-panel")

    @on(VirtualTable.RowChosen, "#wallet-accounts")
    def on_account_chosen(self, event: VirtualTable.RowChosen) -> None:
        """Show another account."""
        self.wallets.chosen = event.row
        self.refresh_now()

    @on(VirtualTable.RowOpened, "#wallet-contacts")
    def on_contact_opened(self, event: VirtualTable.RowOpened) -> None:
        """Pay somebody of the address book."""
        contacts = self.wallets.contacts
        if event.row < len(contacts):
            self.remove_class("-panel")
            self.form.fill(contacts[event.row].label)
            self.form.enter()

    @on(VirtualTable.RowOpened, "#wallet-accounts")
    def on_account_opened(self) -> None:
        """Open the page of the account's address."""
        if self.wallets.account is not None:
            self.app.open_thing(Thing("address", self.wallets.account.address))

    def refresh_now(self) -> None:
        """Show the present state without waiting for the next frame."""
        if self.app.session is not None:
            self.show(self.app.session)

    # Looking closer --------------------------------------------------------------------------------------------------

    @on(VirtualTable.RowOpened, "#wallet-history")
    def on_payment_opened(self) -> None:
        """Open the page of a payment; what no node took has no page, only a reason."""
        payment = self.get_payment()
        why = self.get_why()
        if payment is not None and payment.state == "refused" and why is not None:
            self.app.show_why(why)
        elif payment is not None:
            self.app.open_thing(Thing("transaction", payment.id))

    def get_why(self) -> Why | None:
        """Return why the chosen payment is as it is."""
        payment = self.get_payment()
        if payment is None:
            return None
        title, rule, text = explain_payment(payment, self.get_holders(), self.promise)
        return Why(title, rule, (), text)

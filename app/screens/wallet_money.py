"""Paying: coins of the faucet, the send form, the review, and what takes the place of a waiting payment.

Whatever needs a key first sees to it that the wallet is open; what goes into the run goes through
``ChainroomApp.submit``, like everything else.
"""

from typing import Final, Literal

from textual import on, work
from textual.widgets import Button

from app.payments import Draft, FeeChoice, build_payment, build_replacement, compute_fee_choices
from app.present.wallet import Payment
from app.present.wallet_rows import describe_other
from app.screens.wallet_actions import WalletActions
from app.screens.wallet_dialogs import (
    ReviewDialog,
)
from app.screens.wallet_fields import Wish, describe_wait
from app.screens.wallet_send import SendForm
from app.storage.accounts import Account
from chain.ledger.actions import Action
from chain.ledger.transaction import SignedTransaction, encode_transaction
from chain.simulation.commands import SubmitTransaction
from chain.units import Hash

Outcome = Literal["sent", "refused", "kept"]
"""What became of a payment: handed in, not taken by the run, not sent."""
WATCH_SPEED: Final = 2.0
"""Virtual seconds a second while a payment of one's own is on its way."""


_REPLACING: Final = {
    True: "A payment cannot be taken back, but its nonce {nonce} can be used up: this one sends next to nothing to "
    "yourself and offers more to the miners. Whichever of the two gets into a block first, the other never can.",
    False: "The same payment with nonce {nonce} again, with higher fees. Only one of the two can get into a block, and "
    "miners prefer the one that pays more.",
}


class WalletMoney(WalletActions):
    """The flows of money; the menu's flows build on it."""

    # Money -----------------------------------------------------------------------------------------------------------

    def start_payment(self) -> None:
        """Put the focus into the send form; without a wallet, offer to make one."""
        if self.wallets.account is None:
            self.action_make_wallet()
            return
        self.remove_class("-panel")
        self.form.enter()

    @on(SendForm.Left)
    def on_form_left(self) -> None:
        """Back from the form to the history."""
        self.history.focus()

    @on(SendForm.MemoChanged)
    def on_memo_changed(self) -> None:
        """A longer memo costs more gas."""
        self.refresh_now()

    @on(SendForm.Reviewed)
    @work(exclusive=True, group="wallet")
    async def on_reviewed(self, event: SendForm.Reviewed) -> None:
        """Show the payment in full; sign and send it when the person agrees."""
        account = self.wallets.account
        if account is not None:
            await self._pay(event.wish, account)

    async def _pay(self, wish: Wish, account: Account) -> None:
        balance = self.compute_view(account).balance
        draft = build_payment(
            self.session.simulation,
            self.node,
            self.session.cursor_us,
            account,
            wish.action,
            wish.choice,
            balance.next_nonce,
            balance.committed,
        )
        if await self._review_and_send(
            draft, wish, "Review and sign", "Once it is in a block it cannot be called back."
        ):
            self.form.fill()
            self.history.cursor = 0
            self.history.focus()

    def draft_action(self, action: Action, gas_limit: int) -> Draft | None:
        """Return what another screen wants to send, not signed; None where no account can sign it."""
        drafted = self._draft(action, gas_limit)
        return None if drafted is None else drafted[0]

    def _draft(self, action: Action, gas_limit: int) -> tuple[Draft, FeeChoice] | None:
        account, simulation, at_us = self.wallets.account, self.session.simulation, self.session.cursor_us
        if account is None or account.authority is None:
            return None
        balance = self.compute_view(account).balance
        choice = compute_fee_choices(simulation, self.node, at_us, action, account.authority, gas_limit)[1]
        nonce, committed = balance.next_nonce, balance.committed
        draft = build_payment(simulation, self.node, at_us, account, action, choice, nonce, committed, gas_limit)
        return draft, choice

    async def send_action(self, action: Action, gas_limit: int, name: str, note: str) -> bool:
        """Show what another screen wants to send; sign and send it when the person agrees. Return whether it was."""
        drafted = self._draft(action, gas_limit)
        if drafted is None:
            self.app.tell("this account cannot sign: choose or make one on the wallet screen (3)", "warning")
            return False
        draft, choice = drafted
        return await self._review_and_send(draft, Wish(action, name, choice), "Review and sign", note)

    async def _review_and_send(self, draft: Draft, wish: Wish, title: str, note: str) -> bool:
        if not await self.app.push_screen_wait(ReviewDialog(draft, wish.name, describe_wait(wish.choice), title, note)):
            return False
        is_alone = draft.account.policy is None
        if is_alone and not await self._unlock("Signing needs the key of the account."):
            return False
        return await self.sign_and_send(draft) == "sent"

    async def sign_and_send(self, draft: Draft) -> Outcome:
        """Sign a reviewed draft and hand it in."""
        raise NotImplementedError

    def _submit(self, draft: Draft, signed: SignedTransaction) -> bool:
        """Hand a signed transaction to the node; return whether the run took it."""
        if not self.app.submit(SubmitTransaction(draft.node, encode_transaction(signed))):
            return False
        if self.session.simulation.world.transactions.get(signed.id) is None:
            self.app.tell(f"n{draft.node:02d} refused it: the history says why (?)", "warning")
        self._watch_spread(signed.id)
        self.refresh_now()
        return True

    def _watch_spread(self, transaction: Hash) -> None:
        """Slow the clock down until the payment is in a block, so that it can be seen on its way."""
        session = self.session
        if session.is_playing and session.speed > WATCH_SPEED and self._watched is None:
            self._watched = (transaction, session.speed)
            session.speed = WATCH_SPEED
            self.app.tell(f"slowed down to {WATCH_SPEED:g}× until a block has it; > goes faster")

    def stop_watching(self, payments: tuple[Payment, ...]) -> None:
        """Give the clock its speed back once the payment is in a block, unless the person has changed it."""
        if self._watched is None:
            return
        transaction, speed = self._watched
        payment = next((it for it in payments if it.id == transaction), None)
        if self.session.speed != WATCH_SPEED:
            self._watched = None
        elif payment is None or not payment.is_waiting:
            self.session.speed, self._watched = speed, None

    @on(Button.Pressed, "#do-speed-up")
    def action_speed_up(self) -> None:
        """Offer more for the chosen payment."""
        self._replace(is_cancel=False)

    @on(Button.Pressed, "#do-cancel")
    def action_cancel_payment(self) -> None:
        """Put an empty payment in the place of the chosen one."""
        self._replace(is_cancel=True)

    @work(exclusive=True, group="wallet")
    async def _replace(self, *, is_cancel: bool) -> None:
        payment, account, simulation = self.get_payment(), self.wallets.account, self.session.simulation
        record = simulation.world.transactions.get(payment.id) if payment is not None else None
        is_waiting = payment is not None and payment.is_outgoing and payment.is_waiting
        if payment is None or account is None or record is None or not is_waiting:
            self.app.tell("choose a payment of yours that is still pending")
            return
        action, at_us = payment.signed.transaction.action, self.session.cursor_us
        action_nonce = payment.signed.transaction.nonce
        fast = compute_fee_choices(simulation, self.node, at_us, action, account.authority or b"")[-1]
        draft = build_replacement(simulation, self.node, at_us, account, record, fast, is_cancel=is_cancel)
        name = "yourself" if is_cancel else describe_other(payment, self.get_holders()).removeprefix("→ ")
        wish = Wish(draft.transaction.action, name, fast)
        title = "Cancel by replacing" if is_cancel else "Speed up by replacing"
        await self._review_and_send(draft, wish, title, _REPLACING[is_cancel].format(nonce=action_nonce))

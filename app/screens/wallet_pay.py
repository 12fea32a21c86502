"""Payments beyond one to one now: several at once, and later."""

from typing import Final

from textual import on, work
from textual.widgets import Button

from app.many_payments import parse_payments
from app.moments import ALLOWED, parse_moment
from app.payments import Draft, build_action, build_payment, compute_fee_choices
from app.present.words import format_clock, format_coins
from app.schedule import Scheduled
from app.screens.wallet_fields import Wish
from app.screens.wallet_forms import Field, FormDialog, Item, MenuDialog, TextDialog, Values
from app.screens.wallet_shared import WalletShared
from app.storage.accounts import Account
from app.storage.errors import StorageError
from app.widgets.text import clean
from chain.errors import ChainroomError, InvalidInput
from chain.units import Address, TimeUs

DUE_EVERY_S: Final = 1 / 15


class WrongLine(ChainroomError):
    """What is wrong with the lines of several payments."""


class WalletPayments(WalletShared):
    """The flows; the view that shows things builds on it."""

    _has_told_due = False

    # Several at once -------------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#do-many")
    @work(exclusive=True, group="wallet")
    async def action_pay_many(self) -> None:
        """Ask for a line a payment; review and sign them as one transaction."""
        account = self._need_account()
        if account is None or (hindrance := self.find_hindrance(self.session, account)):
            self.app.tell(hindrance) if account is not None else None
            return
        lead = "A line for each: whom, how much, memo. Whom is a name or an address. All are paid, or nobody."
        wish = await self._ask(TextDialog("Pay several at once", lead, "", "Review", self._read_many))
        if isinstance(wish, Wish):
            await self._pay(wish, account)

    def _read_many(self, text: str) -> Wish:
        reading = parse_payments(text, self._find_address)
        if reading.problems:
            raise WrongLine(reading.problems[0])
        if not reading.payments:
            raise WrongLine("type at least one line, such as: Omar, 2.5, lunch")
        account, action = self.wallets.account, build_action(reading.payments)
        assert account is not None
        choices = compute_fee_choices(
            self.session.simulation, self.node, self.session.cursor_us, action, account.authority or b""
        )
        return Wish(action, f"{len(reading.payments)} recipients", choices[self.form.fees.chosen])

    def _find_address(self, text: str) -> Address:
        return self.form.read_recipient(text)[0]

    # Later -----------------------------------------------------------------------------------------------------------

    @property
    def chain_name(self) -> str:
        """What a scheduled payment belongs to: the genesis block of the run."""
        return self.session.simulation.world.tree.records[0].hash.hex()

    @work(exclusive=True, group="wallet")
    async def action_pay_later(self) -> None:
        """Keep what is typed in the form until its moment."""
        account, (wish, problem) = self._need_account(), self.form.read()
        if account is None:
            return
        if wish is None:
            self.app.tell(problem or "fill in whom and how much first (s), then choose this again")
            self.form.enter()
            return
        if self._find_key_account(account) is None:
            self.app.tell("a payment that others must sign too cannot be sent by itself", "warning")
            return
        payments, fee = wish.action.get_payments(), wish.choice.name

        def keep(values: Values) -> Scheduled:
            at_us, height = parse_moment(values["when"], self.session.now_us)
            if at_us is not None and at_us <= self.session.now_us:
                raise InvalidInput("moment", values["when"], "a time that is still to come")
            return self.wallets.schedule.add(self.chain_name, account.address, payments, fee, at_us, height)

        lead = (
            f"{format_coins(wish.amount)} to {clean(wish.name, 30) or 'them'}. The wallet keeps it and signs it then; "
            "if it is locked, as soon as you unlock it. Nothing leaves before, and you can take it back."
        )
        done = await self._ask(
            FormDialog("Pay later", lead, [Field("when", "when", "in 10m", ALLOWED)], "Keep", keep),
            "kept for later; the menu (e) lists what is scheduled",
        )
        if done is not None:
            self.form.fill()

    @work(exclusive=True, group="wallet")
    async def action_scheduled(self) -> None:
        """List what is scheduled; take one back."""
        entries = self.get_scheduled()
        if not entries:
            self.app.tell("nothing is scheduled; fill in the form, then 'Pay later'")
            return
        holders = self.get_holders()
        items = [
            Item(
                str(it.number),
                describe_moment(it),
                f"{format_coins(sum(p.amount for p in it.payments), 4)} to "
                f"{holders.describe(it.payments[0].recipient) if len(it.payments) == 1 else len(it.payments)}",
            )
            for it in entries
        ]
        chosen = await self._ask(MenuDialog("Scheduled payments · enter takes one back", [("", items)]))
        if isinstance(chosen, str) and self._attempt(lambda: self.wallets.schedule.remove(int(chosen))):
            self.app.tell("taken back: it will not be sent")

    def get_scheduled(self) -> tuple[Scheduled, ...]:
        """Return what this wallet has scheduled on this run."""
        return self.wallets.schedule.get_entries(self.chain_name, [it.address for it in self.wallets.get_all()])

    def send_due(self) -> None:
        """Send what is due; keep the clock from running past the next moment."""
        session = self.app.session
        if session is None:
            return
        if not self.wallets.schedule.entries or not session.is_at_work:
            session.due_us = None
            return
        now_us, height = session.now_us, self._get_height(session.now_us)
        entries = self.get_scheduled()
        session.due_us = min((it.at_us for it in entries if it.at_us is not None and it.at_us > now_us), default=None)
        due = [it for it in entries if it.is_due(now_us, height)]
        if not due:
            self._has_told_due = False
        elif self.wallets.is_locked:
            self._tell_due("a scheduled payment is due: l unlocks the wallet, and it is sent")
        else:
            for entry in due:
                self._send_scheduled(entry)

    def _tell_due(self, text: str) -> None:
        if not self._has_told_due:
            self._has_told_due = True
            self.app.tell(text, "warning")

    def _get_height(self, at_us: TimeUs) -> int:
        return self.session.simulation.world.view(self.node, at_us).get_head().height

    def _send_scheduled(self, entry: Scheduled) -> None:
        account = self.wallets.get_account(entry.sender)
        try:
            if account is None or not self.wallets.schedule.remove(entry.number):
                return
        except StorageError as error:
            self._tell_due(f"a scheduled payment is due and waits: {error}")
            return
        draft = self._build_scheduled(entry, account)
        signed = self._sign_alone(draft) if draft is not None else None
        amount = format_coins(sum(payment.amount for payment in entry.payments), 4)
        if draft is not None and signed is not None and self._submit(draft, signed):
            self.app.tell(f"the scheduled payment of {amount} is sent")
        else:
            self.app.tell(
                f"the scheduled payment of {amount} could not be sent and is no longer kept: s pays it by hand", "error"
            )
        self.refresh_now()

    def _build_scheduled(self, entry: Scheduled, account: Account) -> Draft | None:
        simulation, node, now_us = self.session.simulation, self.node, self.session.now_us
        action = build_action(entry.payments)
        choices = compute_fee_choices(simulation, node, now_us, action, account.authority or b"")
        choice = next(it for it in choices if it.name == entry.fee)
        balance = self.compute_view(account).balance
        if account.authority is None:
            return None
        return build_payment(simulation, node, now_us, account, action, choice, balance.next_nonce, balance.committed)


def describe_moment(entry: Scheduled) -> str:
    """Return when a scheduled payment is due."""
    return f"at block {entry.height}" if entry.at_us is None else f"at {format_clock(entry.at_us)[:-4]}"

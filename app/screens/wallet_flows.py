"""What the wallet's menu leads to: names of accounts, labels, messages, the history as a table.

Each flow is a worker that asks its dialogs one after the other; every dialog has a way back.
"""

from collections.abc import Callable
from functools import partial

from textual import on, work
from textual.widgets import Button

from app.label_exchange import export_labels, import_labels
from app.present.wallet_history import build_csv
from app.screens.wallet_forms import (
    Field,
    FormDialog,
    Item,
    MenuDialog,
    TextDialog,
    build_save_dialog,
    read_text,
)
from app.screens.wallet_menu import MENU
from app.screens.wallet_money import WalletMoney
from app.storage.accounts import Account
from app.wallets import Wallets
from app.widgets.text import clean
from chain.errors import InvalidInput
from chain.wallet.address import encode_address
from chain.wallet.signing import format_armour, sign_message, verify_armour


class WalletFlows(WalletMoney):
    """The flows; the view that shows things builds on it."""

    @on(Button.Pressed, "#do-menu")
    @on(Button.Pressed, "#do-menu-first")
    @work(exclusive=True, group="wallet-menu")
    async def action_menu(self) -> None:
        """Choose from everything there is to do."""
        if self.wallets.account is None:
            groups = [(title, items) for title, items in MENU if title in ("Wallets", "Messages", "Safety")]
        else:
            groups = list(MENU)
        chosen = await self.app.push_screen_wait(MenuDialog("Wallet", groups))
        if isinstance(chosen, str):
            getattr(self, f"action_{chosen}")()

    # Accounts --------------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="wallet")
    async def action_rename_account(self) -> None:
        """Give the account another name."""
        if (account := self._need_account()) is None:
            return
        field = Field("label", "name", account.label)
        await self._ask(
            FormDialog(
                "Rename the account",
                f"{account.address_text} keeps its address; only its name in this wallet changes.",
                [field],
                "Rename",
                lambda values: self.wallets.rename_account(account.number, values["label"]),
            )
        )

    def action_hide_account(self) -> None:
        """Take the account out of the list."""
        if (account := self._need_account()) is None:
            return
        if self._attempt(lambda: self.wallets.hide_account(account.number, is_hidden=True)):
            self.app.tell(f"{clean(account.label, 40)} is hidden; the menu (e) shows it again")

    @work(exclusive=True, group="wallet")
    async def action_unhide_account(self) -> None:
        """Put a hidden account back."""
        if not self.wallets.hidden:
            self.app.tell("no account is hidden")
            return
        items = [Item(str(it.number), it.label, it.address_text) for it in self.wallets.hidden]
        chosen = await self._ask(MenuDialog("Show a hidden account", [("", items)]))
        if isinstance(chosen, str):
            self._attempt(lambda: self.wallets.hide_account(int(chosen), is_hidden=False))

    # Labels and history ----------------------------------------------------------------------------------------------

    @on(Button.Pressed, "#do-label")
    @work(exclusive=True, group="wallet")
    async def action_label(self) -> None:
        """Note something about the chosen payment."""
        payment, wallets = self.get_payment(), self.wallets
        if payment is None:
            self.app.tell("choose a payment in the history first")
            return
        lead = "A note that only you see; exported with the other labels. Empty takes it away."
        field = Field("label", "label", wallets.labels.get_transaction_label(payment.id), "what this was for")
        await self._ask(
            FormDialog(
                "Label the payment",
                lead,
                [field],
                "Keep",
                lambda values: wallets.labels.set_transaction_label(payment.id, values["label"]),
            )
        )

    @on(Button.Pressed, "#do-filter")
    @work(exclusive=True, group="wallet")
    async def action_filter(self) -> None:
        """Show only payments with certain words."""
        lead = "Words that all must occur: a state (pending, final, refused), in or out, a name, a memo, a label, an "
        field = Field("words", "words", self.filter_text, "empty shows everything")
        result = await self._ask(
            FormDialog(
                "Search the history", f"{lead}amount, a hash.", [field], "Search", lambda values: values["words"]
            )
        )
        if result is not None:
            self.filter_text = "" if result is True else str(result)
            self.history.cursor = 0
            self.refresh_now()

    @work(exclusive=True, group="wallet")
    async def action_export_csv(self) -> None:
        """Write the payments that are shown into a table."""
        if self._need_account() is None:
            return
        text = build_csv(self.shown, self.get_holders(), self.wallets.labels.get_transaction_label)
        await self._ask(build_save_dialog("history.csv", text), f"{len(self.shown)} payments are written")

    @work(exclusive=True, group="wallet")
    async def action_export_labels(self) -> None:
        """Write all labels into a file."""
        await self._ask(build_save_dialog("labels.jsonl", export_labels(self.wallets)), "the labels are written")

    @work(exclusive=True, group="wallet")
    async def action_import_labels(self) -> None:
        """Take in labels from a file."""
        wallets = self.wallets
        field = Field("path", "file", "", "~/labels.jsonl")
        lead = "JSON lines after BIP-329, as Sparrow and others write them. What is not understood is kept for others."
        result = await self._ask(
            FormDialog(
                "Import labels",
                lead,
                [field],
                "Import",
                lambda values: import_labels(wallets, read_text(values["path"])),
            )
        )
        if (describe := getattr(result, "describe", None)) is not None:
            self.app.tell(describe())

    # Messages --------------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="wallet")
    async def action_sign_message(self) -> None:
        """Sign a text with the account's key."""
        account = self._need_account()
        if account is None:
            return
        if account.path is None:
            self.app.tell("this account has no key of its own to sign a message with", "warning")
            return
        if not await self._unlock("Signing needs the key of the account."):
            return
        lead = f"Whoever has the result can check that {account.address_text} signed exactly this text."
        armour = await self._ask(
            TextDialog("Sign a message", lead, "", "Sign", partial(_sign_text, self.wallets, account))
        )
        if isinstance(armour, str):
            await self._ask(
                TextDialog("Signed", "Hand on the whole text, with its dashes.", armour, file_name="signed-message.txt")
            )

    @work(exclusive=True, group="wallet")
    async def action_verify_message(self) -> None:
        """Say who signed a text, or that nobody did."""
        lead = "Paste a signed message, from its first dashes to its last."
        result = await self._ask(TextDialog("Verify a signed message", lead, "", "Verify", _build_verify()))
        if isinstance(result, tuple):
            address, text = result
            name = clean(self.get_holders().describe_long(address), 60)
            await self._ask(
                TextDialog("✔ The signature is right", f"Signed by {name}\n{encode_address(address)}", text)
            )


def _sign_text(wallets: Wallets, account: Account, text: str) -> str:
    if not text.strip():
        raise InvalidInput("message", text, "at least one character")
    return format_armour(sign_message(wallets.get_key(account).private_key, text))


def _build_verify() -> Callable[[str], object]:
    def verify(text: str) -> object:
        message = verify_armour(text)
        return message.address, message.text

    return verify

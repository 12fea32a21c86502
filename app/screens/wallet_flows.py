"""What the wallet's menu leads to: names, wallets, backups, passwords, labels, messages, the history as a table.

Each flow is a worker that asks its dialogs one after the other; every dialog has a way back.
"""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from textual import on, work
from textual.widgets import Button

from app.label_exchange import export_labels, import_labels
from app.paper import build_paper
from app.present.wallet_history import build_csv
from app.screens.wallet_actions import WalletActions
from app.screens.wallet_forms import (
    Field,
    FormDialog,
    Item,
    MenuDialog,
    TextDialog,
    Values,
    build_save_dialog,
    get_exports,
    read_path,
    read_text,
)
from app.screens.wallet_menu import MENU
from app.screens.wallet_reveal import RevealDialog
from app.storage.accounts import Account
from app.storage.atomic import make_directory
from app.storage.errors import WeakPassword
from app.wallets import Wallets
from app.widgets.text import clean
from chain.errors import ChainroomError, InvalidInput
from chain.wallet.address import encode_address
from chain.wallet.signing import format_armour, sign_message, verify_armour

DELETE_WORD: Final = "delete"


class WalletFlows(WalletActions):
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
        try:
            self.wallets.hide_account(account.number, is_hidden=True)
        except ChainroomError as error:
            self.app.tell(str(error), "warning")
            return
        self.app.tell(f"{clean(account.label, 40)} is hidden; the menu (e) shows it again")
        self.refresh_now()

    @work(exclusive=True, group="wallet")
    async def action_unhide_account(self) -> None:
        """Put a hidden account back."""
        if not self.wallets.hidden:
            self.app.tell("no account is hidden")
            return
        items = [Item(str(it.number), it.label, it.address_text) for it in self.wallets.hidden]
        chosen = await self._ask(MenuDialog("Show a hidden account", [("", items)]))
        if isinstance(chosen, str):
            self.wallets.hide_account(int(chosen), is_hidden=False)
            self.refresh_now()

    # Wallets ---------------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="wallet")
    async def action_switch_wallet(self) -> None:
        """Show another wallet."""
        entries = self.wallets.list_wallets()
        if len(entries) < 2:
            self.app.tell("there is one wallet; w makes another, r restores one")
            return
        here = self.wallets.keystore.path
        items = [
            Item(
                str(it.path),
                ("● " if it.path == here else "○ ") + it.name,
                it.problem or f"{it.account_count} accounts",
            )
            for it in entries
        ]
        chosen = await self._ask(MenuDialog("Wallets", [("", items)]))
        if isinstance(chosen, str):
            self.wallets.switch(Path(chosen))
            self.refresh_now()

    @work(exclusive=True, group="wallet")
    async def action_rename_wallet(self) -> None:
        """Give the wallet another name."""
        if self._need_account() is None:
            return
        wallets, field = self.wallets, Field("name", "name", self.wallets.name, "such as Savings")
        lead = "A name helps to tell several wallets apart. It is not secret."
        await self._ask(
            FormDialog(
                "Rename the wallet", lead, [field], "Rename", lambda values: wallets.rename_wallet(values["name"])
            )
        )

    @work(exclusive=True, group="wallet")
    async def action_delete_wallet(self) -> None:
        """Delete the wallet's file, after a word of confirmation."""
        wallets = self.wallets
        if not wallets.keystore.exists():
            self.app.tell("there is no wallet to delete")
            return

        def delete(values: Values) -> None:
            if values["word"].lower() != DELETE_WORD:
                raise InvalidInput("confirmation", values["word"], f"the word {DELETE_WORD}, or esc to keep the wallet")
            wallets.delete_wallet()

        lead = (
            f"The file of {clean(wallets.name, 40) or 'this wallet'} with {len(wallets.get_all())} accounts is "
            "deleted, its backup too. Only its words (and passphrase) bring it back, and nobody else can. Have you got "
            "them on paper?"
        )
        field = Field("word", f"type {DELETE_WORD}")
        await self._ask(
            FormDialog("Delete the wallet", lead, [field], "Delete", delete, is_dangerous=True), "the wallet is deleted"
        )

    # Safety ----------------------------------------------------------------------------------------------------------

    @work(exclusive=True, group="wallet")
    async def action_change_password(self) -> None:
        """Encrypt the file with another password."""
        if self._need_account() is None:
            return
        wallets = self.wallets

        def change(values: Values) -> None:
            if values.secret("new") != values.secret("again"):
                raise WeakPassword("the two new passwords are not equal")
            wallets.change_password(values.secret("old"), values.secret("new"))

        fields = [
            Field("old", "password now", is_secret=True),
            Field("new", "new password", is_secret=True, hint="at least 8 characters, nothing that is guessed first"),
            Field("again", "once more", is_secret=True),
        ]
        lead = "The words and the addresses stay the same. Copies of the key file made before keep the old password."
        dialog = FormDialog("Change the password", lead, fields, "Change", change, is_slow=True)
        await self._ask(dialog, "the password is changed")

    @work(exclusive=True, group="wallet")
    async def action_auto_lock(self) -> None:
        """Say after how long the wallet locks itself."""
        wallets = self.wallets

        def change(values: Values) -> None:
            if not (values["minutes"].isascii() and values["minutes"].isdecimal()):
                raise InvalidInput("minutes", values["minutes"], "a whole number from 1 to 1440")
            wallets.set_auto_lock(int(values["minutes"]))

        now = str(round(wallets.keystore.auto_lock_s / 60))
        lead = "Every key pressed in the wallet starts the time anew. Locked, it still shows balances."
        field = Field("minutes", "minutes", now)
        await self._ask(
            FormDialog("Lock by itself", lead, [field], "Set", change), "the wallet locks itself after that"
        )

    @work(exclusive=True, group="wallet")
    async def action_paper(self) -> None:
        """Show the sheet for the drawer; the words only after the password, and never in a file."""
        if self._need_account() is None:
            return
        wallets = self.wallets
        sheet = build_paper(wallets.name or "Wallet", wallets.get_all())
        lead = (
            "Write this to a file and print it, or copy it by hand. The words are not on it: reveal them, fill them in."
        )
        dialog = TextDialog(
            "Backup on paper", lead, sheet.reveal(), file_name="wallet-sheet.txt", extra="Reveal the words"
        )
        if await self._ask(dialog) == "extra":
            await self.app.push_screen_wait(RevealDialog(wallets))

    @work(exclusive=True, group="wallet")
    async def action_export_key_file(self) -> None:
        """Copy the key file."""
        if self._need_account() is None:
            return
        wallets = self.wallets

        def export(values: Values) -> Path:
            target = read_path(values["path"])
            make_directory(target.parent)
            wallets.keystore.export(target)
            return target

        field = Field("path", "file", str(get_exports() / f"{wallets.keystore.path.stem}-copy.json"))
        lead = "The copy needs the same password. It restores all accounts with their names, on any computer."
        await self._ask(FormDialog("Copy the key file", lead, [field], "Copy", export), "the key file is copied")

    @work(exclusive=True, group="wallet")
    async def action_import_key_file(self) -> None:
        """Take in a copied key file as another wallet."""
        wallets = self.wallets
        lead = "A file that 'Copy the key file' or 'chainroom wallet export' wrote. It becomes a wallet of its own."
        field = Field("path", "file", "", "~/wallet-copy.json")
        dialog = FormDialog(
            "Restore from a key file",
            lead,
            [field],
            "Restore",
            lambda values: wallets.take_in(read_path(values["path"])),
        )
        await self._ask(dialog, "the wallet is restored; l unlocks it with its password")

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

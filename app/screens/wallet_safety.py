"""Wallets as files: several of them, their names, backups, passwords, and when they lock.

Each flow is a worker that asks its dialogs one after the other; every dialog has a way back.
"""

from pathlib import Path
from typing import Final

from textual import work

from app.paper import build_paper
from app.screens.wallet_flows import WalletFlows
from app.screens.wallet_forms import (
    Field,
    FormDialog,
    Item,
    MenuDialog,
    TextDialog,
    Values,
    get_exports,
    read_path,
)
from app.screens.wallet_reveal import RevealDialog
from app.storage.atomic import make_directory
from app.storage.errors import WeakPassword
from app.widgets.text import clean
from chain.errors import InvalidInput

DELETE_WORD: Final = "delete"


class WalletSafety(WalletFlows):
    """The flows of the key file; the payments of several keys build on it."""

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
            self._attempt(lambda: self.wallets.switch(Path(chosen)))

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
        lead = "Every key and click starts the time anew. Locked, it still shows balances."
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

"""Everything one can do with a wallet beyond looking and paying, as one list: key ``e`` in the wallet.

The keys of the items are names of actions of the wallet's view (``action_…``).
"""

from typing import Final

from app.screens.wallet_forms import Item

MENU: Final[tuple[tuple[str, tuple[Item, ...]], ...]] = (
    (
        "Receive and pay",
        (
            Item("show_qr", "Ask for a payment", "your address, a link with an amount, a QR code  (Q)"),
            Item("faucet", "Get coins", "100 simulated ones from the faucet  (f)"),
            Item("note_contact", "Note a name", "in the address book; forget one there too  (k)"),
            Item("pay_many", "Pay several at once", "one transaction: all of them are paid, or nobody"),
            Item("pay_later", "Pay later", "what is in the form, at a time or a block height"),
            Item("scheduled", "Scheduled payments", "look at them, take them back"),
            Item("open_proposal", "Partly signed payment", "read one, add a signature, send it"),
        ),
    ),
    (
        "History",
        (
            Item("filter", "Search the history", "by state, name, memo, label, amount, hash  (F)"),
            Item("label", "Label the chosen payment", "a note that only you see  (n)"),
            Item("export_csv", "Export as a table", "CSV for a spreadsheet"),
        ),
    ),
    (
        "Accounts",
        (
            Item("add_account", "New account", "from the same words, or an address to watch  (a)"),
            Item("rename_account", "Rename this account"),
            Item("hide_account", "Hide this account", "it keeps its coins and its key"),
            Item("unhide_account", "Show a hidden account"),
            Item("add_shared", "New shared account", "m of n keys must sign; keys of several wallets"),
            Item("show_key", "Show the public key", "for a shared account with others"),
            Item("add_locked", "New time-locked account", "nobody can pay from it before a time"),
        ),
    ),
    (
        "Messages",
        (
            Item("sign_message", "Sign a message", "prove that this account is yours"),
            Item("verify_message", "Verify a signed message", "paste it, see who signed"),
        ),
    ),
    (
        "Wallets",
        (
            Item("switch_wallet", "Switch to another wallet"),
            Item("make_wallet", "Make another wallet", "new words  (w)"),
            Item("restore_wallet", "Restore a wallet", "from its words  (r)"),
            Item("rename_wallet", "Rename this wallet"),
            Item("delete_wallet", "Delete this wallet", "its words bring it back, nothing else"),
        ),
    ),
    (
        "Safety",
        (
            Item("paper", "Backup on paper", "a sheet with lines for the words; the words after the password"),
            Item("export_key_file", "Copy the key file", "as encrypted as it is"),
            Item("import_key_file", "Restore from a key file", "beside the wallets there are"),
            Item("change_password", "Change the password"),
            Item("auto_lock", "Lock by itself", "after how many minutes without you"),
            Item("export_labels", "Export labels", "BIP-329: accounts, addresses, transactions"),
            Item("import_labels", "Import labels", "from another wallet or another computer"),
        ),
    ),
)

"""``chainroom wallet``: the encrypted wallet file and its accounts."""

import click

from app.cli.base import LazyGroup, note
from app.storage.accounts import Account
from app.storage.keystore import Keystore
from app.storage.paths import get_wallet_file

COMMANDS = {
    "create": "Make a new wallet with new words.",
    "restore": "Make the wallet again from its words.",
    "list": "List the accounts.",
    "address": "Show an address, or add an account.",
    "balance": "Show what accounts own in a saved run.",
    "send": "Send coins in a saved run, and let it go on.",
    "sign": "Sign a message.",
    "verify": "Check a signed message.",
    "export": "Copy the encrypted wallet, or show its words.",
    "import": "Take in an exported wallet, or watch an address.",
}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
def command() -> None:
    """Make and use a wallet.

    The wallet is one encrypted file in your data directory (CHAINROOM_HOME). Passwords and words are never arguments:
    they are asked for on a terminal, or read from standard input or a file.
    """


def open_keystore() -> Keystore:
    """The wallet of this person; notices go to standard error."""
    return Keystore(get_wallet_file(), on_notice=note)


def get_fields(account: Account) -> dict[str, object]:
    """An account as JSON shows it."""
    return {
        "number": account.number,
        "label": account.label,
        "address": account.address_text,
        "path": account.path,
        "public_key": account.public_key.hex() if account.public_key else None,
        "watch_only": account.is_watch_only,
    }

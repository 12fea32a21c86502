"""``chainroom wallet``: the encrypted wallet file and its accounts."""

from typing import TYPE_CHECKING

import click

from app.cli.base import LazyGroup, note
from app.storage.accounts import Account, write_policy
from app.storage.keystore import Keystore
from app.storage.paths import get_settings_file, get_wallet_file
from app.storage.settings import Settings
from app.storage.shelf import choose_path, find_wallet

if TYPE_CHECKING:
    from app.wallets import Wallets

_WALLET = "chainroom.wallet"
COMMANDS = {
    "create": "Make a new wallet with new words.",
    "restore": "Make the wallet again from its words.",
    "list": "List the accounts.",
    "wallets": "List the wallets; choose, rename or delete one.",
    "account": "Rename an account, hide it, show it again.",
    "password": "Change the password.",
    "paper": "Print a sheet for the drawer.",
    "labels": "Export or import labels (BIP-329).",
    "history": "Show the payments of an account in a saved run.",
    "link": "Ask for a payment: a link, and its QR code.",
    "multisig": "Accounts of several keys, or locked until a time.",
    "address": "Show an address, or add an account.",
    "balance": "Show what accounts own in a saved run.",
    "send": "Send coins in a saved run, and let it go on.",
    "sign": "Sign a message.",
    "verify": "Check a signed message.",
    "export": "Copy the encrypted wallet, or show its words.",
    "import": "Take in an exported wallet, or watch an address.",
}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
@click.option(
    "--wallet", "name", metavar="NAME", envvar="CHAINROOM_WALLET", help="Which wallet; the chosen one unless said."
)
@click.pass_context
def command(ctx: click.Context, name: str | None) -> None:
    """Make and use a wallet.

    A wallet is one encrypted file in your data directory (CHAINROOM_HOME). Passwords and words are never arguments:
    they are asked for on a terminal, or read from standard input or a file.
    """
    ctx.meta[_WALLET] = name


def open_keystore() -> Keystore:
    """The wallet that was named or else is chosen; notices go to standard error. Raises InvalidInput."""
    first, ctx = Keystore(get_wallet_file(), on_notice=note), click.get_current_context(silent=True)
    name = ctx.meta.get(_WALLET) if ctx is not None else None
    if name:
        return first.at(find_wallet(first, name).path)
    return first.at(choose_path(first.path.parent, open_settings()))


def open_settings() -> Settings:
    """What the person prefers."""
    return Settings(get_settings_file(), note)


def open_wallets() -> "Wallets":
    """The model of the wallet, its address book and its labels."""
    from app.wallets import Wallets  # brings the engine with it

    return Wallets(open_keystore(), note, settings=open_settings())


def get_fields(account: Account) -> dict[str, object]:
    """An account as JSON shows it."""
    return {
        "number": account.number,
        "label": account.label,
        "address": account.address_text,
        "path": account.path,
        "public_key": account.public_key.hex() if account.public_key else None,
        "watch_only": account.is_watch_only,
        "hidden": account.is_hidden,
        "policy": None if account.policy is None else write_policy(account.policy),
    }

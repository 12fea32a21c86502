"""``chainroom wallet paper``."""

import click

from app.cli.base import tell
from app.cli.secrets import PasswordSource, password_options
from app.cli.wallet import open_wallets
from app.paper import build_paper


@click.command()
@click.option("--show-words", is_flag=True, help="Print the words too, after the password.")
@password_options
def command(show_words: bool, password: PasswordSource) -> None:
    """Print a sheet for the drawer: the accounts, and lines for the words to be filled in by hand."""
    wallets = open_wallets()
    wallets.keystore.get_accounts()  # says that there is no wallet, or why it cannot be read
    name = wallets.name or "Wallet"
    if show_words:
        phrase, passphrase = wallets.keystore.reveal_phrase(password.read())
        sheet = build_paper(name, wallets.get_all(), phrase, has_passphrase=bool(passphrase.reveal()))
    else:
        sheet = build_paper(name, wallets.get_all())
    for line in sheet.reveal().splitlines():
        tell(line)

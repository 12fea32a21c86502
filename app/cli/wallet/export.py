"""``chainroom wallet export``."""

from pathlib import Path

import click

from app.cli.base import tell
from app.cli.secrets import PasswordSource, password_options
from app.cli.wallet import open_keystore


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
@click.option("--show-words", is_flag=True, help="Print the words instead, after the password.")
@password_options
def command(target: Path | None, show_words: bool, password: PasswordSource) -> None:
    """Copy the wallet, as encrypted as it is, to the new file TARGET; or print its words."""
    keystore = open_keystore()
    if (target is None) != show_words:
        raise click.UsageError("give either a file to copy to or --show-words")
    if target is not None:
        keystore.export(target)
        tell(f"exported to {target}")
        return
    keystore.get_accounts()  # says that there is no wallet before it asks for a password
    phrase, passphrase = keystore.reveal_phrase(password.read())
    tell(f"words  {phrase.reveal()}")
    if passphrase.reveal():
        tell(f"passphrase  {passphrase.reveal()}")

"""``chainroom wallet password``."""

import click

from app.cli.base import tell
from app.cli.secrets import PasswordSource, ask, password_options, read_line
from app.cli.wallet import open_keystore


@click.command()
@password_options
def command(password: PasswordSource) -> None:
    """Change the password of the wallet.

    With --password-stdin the password so far is the first line of standard input and the new one the second. Copies of
    the key file made before keep the old password.
    """
    keystore = open_keystore()
    keystore.get_accounts()  # says that there is no wallet before it asks for a password
    old = password.read()
    new = (
        read_line("the new password")
        if password.is_stdin
        else ask("New password", is_new=True, instead="--password-stdin")
    )
    keystore.change_password(old, new)
    tell("the password is changed")

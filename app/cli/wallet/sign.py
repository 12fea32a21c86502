"""``chainroom wallet sign``."""

import sys

import click

from app.cli.base import tell
from app.cli.secrets import PasswordSource, password_options
from app.cli.wallet import open_keystore
from chain.wallet.signing import format_armour, sign_message

MESSAGE_LIMIT = 1024 * 1024


@click.command()
@click.argument("message")
@click.option("--account", default="0", help="The number or label of the account that signs; 0 unless said.")
@password_options
def command(message: str, account: str, password: PasswordSource) -> None:
    """Sign MESSAGE, or what standard input holds if it is '-', and print the signed text.

    With --password-stdin the password is the first line of standard input and the message is the rest.
    """
    keystore = open_keystore()
    chosen = keystore.get_account(account)
    secret = password.read()
    text = message if message != "-" else sys.stdin.read(MESSAGE_LIMIT + 1).removesuffix("\n")
    if len(text) > MESSAGE_LIMIT:
        raise click.ClickException(f"the message is longer than {MESSAGE_LIMIT:,} characters")
    with keystore.unlock(secret) as unlocked:
        armour = format_armour(sign_message(unlocked.get_key(chosen).private_key, text))
    if sys.stdout.isatty():
        for line in armour.splitlines():
            tell(line)
    else:
        click.echo(armour, nl=False)  # as it is, so that it still verifies

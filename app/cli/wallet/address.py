"""``chainroom wallet address``."""

import click

from app.cli.base import json_option, tell, tell_json
from app.cli.secrets import PasswordSource, password_options
from app.cli.wallet import get_fields, open_keystore


@click.command()
@click.argument("account", required=False)
@click.option("--new", "new_label", metavar="LABEL", help="Add the next account and show its address.")
@click.option("--path", help="With --new: the derivation path, instead of the next one.")
@password_options
@json_option
def command(
    account: str | None, new_label: str | None, path: str | None, password: PasswordSource, as_json: bool
) -> None:
    """Show the address of ACCOUNT, a number or a label; of the first one unless said."""
    keystore = open_keystore()
    if new_label is None:
        if path is not None:
            raise click.UsageError("--path goes with --new")
        chosen = keystore.get_accounts()[0] if account is None else keystore.get_account(account)
    elif account is not None:
        raise click.UsageError("give either an account or --new")
    else:
        keystore.get_accounts()  # says that there is no wallet before it asks for a password
        with keystore.unlock(password.read()) as unlocked:
            chosen = keystore.add_account(unlocked, new_label, path)
    if as_json:
        tell_json(get_fields(chosen))
    else:
        tell(chosen.address_text)

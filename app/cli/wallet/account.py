"""``chainroom wallet account``."""

import click

from app.cli.base import json_option, tell, tell_json
from app.cli.wallet import get_fields, open_keystore


@click.command()
@click.argument("account")
@click.option("--rename", metavar="LABEL", help="Call it something else.")
@click.option("--hide/--show", "is_hidden", default=None, help="Take it out of the list, or put it back.")
@json_option
def command(account: str, rename: str | None, is_hidden: bool | None, as_json: bool) -> None:
    """Rename, hide or show ACCOUNT, a number or a label. Needs no password."""
    keystore = open_keystore()
    number = keystore.get_account(account).number
    if rename is not None:
        keystore.rename_account(number, rename)
    if is_hidden is not None:
        keystore.hide_account(number, is_hidden=is_hidden)
    changed = keystore.get_account(number)
    if as_json:
        tell_json(get_fields(changed))
    else:
        tell(f"account {changed.number}  {changed.label}  {'hidden' if changed.is_hidden else 'shown'}")

"""``chainroom wallet list``."""

import click

from app.cli.base import json_option, tell_json, tell_table
from app.cli.wallet import get_fields, open_keystore


@click.command()
@json_option
def command(as_json: bool) -> None:
    """List the accounts. Needs no password."""
    accounts = open_keystore().get_accounts()
    if as_json:
        tell_json([get_fields(account) for account in accounts])
        return
    rows = [(str(each.number), each.label, each.address_text, each.path or "watched only") for each in accounts]
    tell_table([("NO", "LABEL", "ADDRESS", "PATH"), *rows])

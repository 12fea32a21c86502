"""``chainroom wallet wallets``."""

import click

from app.cli.base import json_option, tell, tell_json, tell_table
from app.cli.wallet import open_keystore, open_settings
from app.storage.shelf import check_name_is_free, find_wallet, list_wallets
from chain.errors import InvalidInput


@click.command()
@click.option("--choose", metavar="NAME", help="Choose a wallet: the one that is used unless another is named.")
@click.option("--rename", metavar="NAME", help="Give the chosen wallet another name.")
@click.option("--delete", metavar="NAME", help="Delete a wallet and its backup; needs --yes.")
@click.option("--yes", is_flag=True, help="Delete without asking; only the words bring the wallet back.")
@json_option
def command(choose: str | None, rename: str | None, delete: str | None, yes: bool, as_json: bool) -> None:
    """List the wallets, or choose, rename or delete one. Needs no password."""
    keystore = open_keystore()
    if sum(value is not None for value in (choose, rename, delete)) > 1:
        raise click.UsageError("give one of --choose, --rename and --delete")
    if choose is not None:
        entry = find_wallet(keystore, choose)
        open_settings().change("wallet", entry.path.name)
        keystore = keystore.at(entry.path)
    elif rename is not None:
        check_name_is_free(keystore, rename)
        keystore.rename(rename)
    elif delete is not None:
        entry = find_wallet(keystore, delete)
        if not yes:
            raise InvalidInput("confirmation", "none", "--yes, once its words are on paper; nothing was deleted")
        keystore.at(entry.path).delete()
        tell(f"deleted {entry.name}")
    entries = list_wallets(keystore)
    fields = [
        {"name": it.name, "file": it.path.name, "accounts": it.account_count, "chosen": it.path == keystore.path,
         "problem": it.problem} for it in entries
    ]  # fmt: skip
    if as_json:
        tell_json(fields)
        return
    rows = [("●" if it["chosen"] else "", str(it["name"]), str(it["accounts"]), str(it["file"])) for it in fields]
    tell_table([("", "NAME", "ACCOUNTS", "FILE"), *rows])

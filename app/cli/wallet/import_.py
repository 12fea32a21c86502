"""``chainroom wallet import``."""

from pathlib import Path

import click

from app.cli.base import force_option, tell
from app.cli.wallet import open_keystore
from app.cli.wallet.create import check_is_free, make_room
from app.storage.keystore import Keystore


@click.command()
@click.argument("source", required=False, type=click.Path(path_type=Path))
@click.option("--watch", metavar="ADDRESS", help="Watch this address instead: an account without a key.")
@click.option("--label", default="Watched", help="With --watch: what to call it.")
@force_option
def command(source: Path | None, watch: str | None, label: str, force: bool) -> None:
    """Take in the wallet that 'chainroom wallet export' wrote to SOURCE; or watch an address.

    With --force a wallet that exists is set aside, never overwritten.
    """
    keystore = open_keystore()
    if (source is None) == (watch is None):
        raise click.UsageError("give either an exported wallet or --watch")
    if watch is not None:
        account = keystore.add_watch_only(watch, label)
        tell(f"account {account.number}  {account.label}  {account.address_text}")
    elif source is not None:
        check_is_free(keystore, force)
        Keystore.check_file(source)
        make_room(keystore)
        accounts = keystore.take_in(source)
        tell(f"imported {len(accounts)} accounts into {keystore.path}")

"""``chainroom wallet multisig create``."""

import click

from app.cli.base import json_option, tell, tell_json
from app.cli.wallet import get_fields, open_keystore
from app.storage.keystore import Keystore
from chain.errors import InvalidInput
from chain.ledger.policy import build_policy
from chain.units import parse_span


@click.command()
@click.argument("label")
@click.option(
    "--key", "keys", multiple=True, required=True, metavar="KEY", help="A public key, or an account of yours."
)
@click.option("--threshold", type=click.IntRange(min=1), default=1, help="How many must sign; 1 unless said.")
@click.option("--not-before", default="0s", metavar="SPAN", help="Virtual time before which nothing leaves it.")
@json_option
def command(label: str, keys: tuple[str, ...], threshold: int, not_before: str, as_json: bool) -> None:
    """Add the account LABEL, of which THRESHOLD of the keys decide. Needs no password.

    Everybody who gives the same keys, threshold and time gets the same address, whatever the order of the keys.
    """
    keystore = open_keystore()
    policy = build_policy(threshold, tuple(find_key(keystore, key) for key in keys), parse_span(not_before))
    account = keystore.add_policy(policy, label)
    if as_json:
        tell_json(get_fields(account))
    else:
        tell(f"account {account.number}  {account.label}  {account.address_text}")


def find_key(keystore: Keystore, text: str) -> bytes:
    """Return a public key, of hexadecimal digits or of an account of the wallet. Raises InvalidInput."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        key = b""
    if len(key) == 32:
        return key
    account = keystore.get_account(text)
    if account.public_key is None:
        raise InvalidInput("key", text, "an account with a key of its own, or 64 hexadecimal digits")
    return account.public_key

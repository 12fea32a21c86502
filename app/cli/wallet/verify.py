"""``chainroom wallet verify``."""

import sys
from pathlib import Path

import click

from app.cli.base import json_option, tell, tell_json
from app.storage.atomic import read_whole
from app.storage.errors import MissingFile
from chain.errors import InvalidInput
from chain.wallet.address import encode_address
from chain.wallet.signing import verify_armour

LIMIT_BYTES = 4 * 1024 * 1024


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Check the signed message in FILE, or on standard input if it is '-'. Exits with 1 when it is not valid."""
    message = verify_armour(read_message(file))
    if as_json:
        tell_json({"valid": True, "address": encode_address(message.address), "message": message.text})
    else:
        tell(f"valid: signed by {encode_address(message.address)}")


def read_message(file: Path) -> str:
    """Return the text of a file, or of standard input. Raises MissingFile, StorageError, InvalidInput."""
    if str(file) == "-":
        return sys.stdin.read(LIMIT_BYTES)
    try:
        return read_whole(file, LIMIT_BYTES).decode("utf-8")
    except FileNotFoundError:
        raise MissingFile(f"{file}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise InvalidInput("signed message", str(file), f"text in UTF-8; byte {error.start} is not") from None

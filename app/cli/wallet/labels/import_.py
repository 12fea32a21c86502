"""``chainroom wallet labels import``."""

from pathlib import Path

import click

from app.cli.base import json_option, note, tell, tell_json
from app.cli.wallet import open_wallets
from app.label_exchange import import_labels
from app.labels import LIMIT_BYTES
from app.storage.atomic import read_whole
from app.storage.errors import MissingFile
from chain.errors import InvalidInput


@click.command()
@click.argument("source", type=click.Path(path_type=Path))
@json_option
def command(source: Path, as_json: bool) -> None:
    """Take in the labels of the file SOURCE; each goes where it belongs, and what is not understood is kept."""
    imported = import_labels(open_wallets(), _read(source))
    for problem in imported.problems:
        note(problem)
    if as_json:
        tell_json(imported._asdict())
    else:
        tell(imported._replace(problems=()).describe())


def _read(source: Path) -> str:
    try:
        return read_whole(source, LIMIT_BYTES).decode("utf-8-sig")
    except FileNotFoundError:
        raise MissingFile(f"{source}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise InvalidInput("labels", str(source), f"text in UTF-8; byte {error.start} is not") from None

"""``chainroom wallet labels``: labels of accounts, addresses and transactions, as BIP-329 lines."""

import click

from app.cli.base import LazyGroup

COMMANDS = {"export": "Write all labels to a file.", "import": "Take in labels from a file."}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
def command() -> None:
    """Exchange labels with other wallets. They are not secret, but tell who pays whom."""

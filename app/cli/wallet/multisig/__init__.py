"""``chainroom wallet multisig``: accounts that several keys decide on, or none before a time."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from app.cli.base import LazyGroup

if TYPE_CHECKING:
    from app.proposals import Proposal

COMMANDS = {
    "create": "Add a shared or time-locked account.",
    "propose": "Write a payment of a shared account, to be signed.",
    "show": "Show what a payment says, and who has signed.",
    "sign": "Sign a payment with the keys of this wallet.",
    "combine": "Put the signatures of several files together.",
    "send": "Send a payment that enough have signed.",
}


@click.group(cls=LazyGroup, package=__name__, table=COMMANDS)
def command() -> None:
    """Share an account: m of n keys must sign. The payment travels from hand to hand as a file without secrets."""


def read_proposal(source: Path) -> "Proposal":
    """Return the payment in a file, or on standard input if it is '-'. Raises InvalidInput, MissingFile, …"""
    from app.cli.wallet.verify import read_message
    from app.proposals import parse_proposal

    return parse_proposal(read_message(source))

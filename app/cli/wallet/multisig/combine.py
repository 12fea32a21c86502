"""``chainroom wallet multisig combine``."""

from pathlib import Path

import click

from app.cli.base import tell
from app.cli.wallet.multisig import read_proposal
from app.proposals import combine, format_proposal
from app.storage.atomic import write_new


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--to", "target", required=True, type=click.Path(path_type=Path), help="The new file.")
def command(files: tuple[Path, ...], target: Path) -> None:
    """Put the signatures in FILES, all of one payment, together."""
    proposal = combine([read_proposal(file) for file in files])
    write_new(target, format_proposal(proposal).encode())
    tell(f"written to {target}; {proposal.missing_count} more signatures are needed")

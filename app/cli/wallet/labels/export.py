"""``chainroom wallet labels export``."""

from pathlib import Path

import click

from app.cli.base import tell
from app.cli.wallet import open_wallets
from app.label_exchange import export_labels
from app.storage.atomic import write_new


@click.command()
@click.argument("target", required=False, type=click.Path(path_type=Path))
def command(target: Path | None) -> None:
    """Write all labels to the new file TARGET, or to standard output."""
    text = export_labels(open_wallets())
    if target is None:
        click.echo(text, nl=False)
        return
    write_new(target, text.encode())
    tell(f"{len(text.splitlines())} labels written to {target}")

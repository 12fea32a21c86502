"""``chainroom wallet multisig sign``."""

from pathlib import Path

import click

from app.cli.base import tell
from app.cli.secrets import PasswordSource, password_options
from app.cli.wallet import open_keystore
from app.cli.wallet.multisig import read_proposal
from app.proposals import describe_proposal, format_proposal, sign_proposal
from app.storage.atomic import write_new
from chain.errors import InvalidInput


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("target", type=click.Path(path_type=Path))
@password_options
def command(file: Path, target: Path, password: PasswordSource) -> None:
    """Sign the payment in FILE with the keys of this wallet, and write it to the new file TARGET."""
    proposal, keystore = read_proposal(file), open_keystore()
    accounts = [it for it in keystore.get_accounts() if it.public_key in proposal.policy.public_keys]
    missing = [it for it in accounts if it.public_key not in proposal.signed_keys][: proposal.missing_count]
    if not missing:
        raise InvalidInput("keys", len(accounts), "a key of this wallet that the payment still needs")
    tell(f"pays {describe_proposal(proposal)}")
    with keystore.unlock(password.read()) as unlocked:
        for account in missing:
            proposal = sign_proposal(proposal, unlocked.get_key(account))
    write_new(target, format_proposal(proposal).encode())
    tell(f"written to {target}; {proposal.missing_count} more signatures are needed")

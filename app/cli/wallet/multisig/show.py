"""``chainroom wallet multisig show``."""

from pathlib import Path

import click

from app.cli.base import json_option, tell, tell_json
from app.cli.wallet.multisig import read_proposal
from app.proposals import describe_proposal
from chain.wallet.address import encode_address


@click.command()
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@json_option
def command(file: Path, as_json: bool) -> None:
    """Show what the payment in FILE says, and which keys have signed it. Every signature is checked."""
    proposal = read_proposal(file)
    policy, signed = proposal.policy, proposal.signed_keys
    if as_json:
        tell_json(
            {
                "from": encode_address(policy.address),
                "pays": describe_proposal(proposal),
                "amount": proposal.transaction.action.amount,
                "threshold": policy.threshold,
                "signed": [key.hex() for key in signed],
                "missing": proposal.missing_count,
            }
        )
        return
    tell(f"from {encode_address(policy.address)}")
    tell(f"pays {describe_proposal(proposal)}")
    for key in policy.public_keys:
        tell(f"{'signed ' if key in signed else 'missing'}  {key.hex()}")
    tell(f"{proposal.missing_count} more of {policy.threshold} signatures are needed")

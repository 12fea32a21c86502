"""``chainroom wallet multisig propose``."""

from pathlib import Path

import click

from app.cli.base import saves_option, tell
from app.cli.replay import reopen
from app.cli.wallet import open_keystore
from app.cli.wallet.balance import check_node
from app.cli.wallet.send import NORMAL_TIP, build_transaction
from app.proposals import build_proposal, format_proposal
from app.storage.atomic import write_new
from chain.errors import InvalidInput
from chain.ledger.actions import Transfer, check_memo
from chain.units import parse_amount
from chain.wallet.address import decode_address


@click.command()
@click.argument("account")
@click.argument("to")
@click.argument("amount")
@click.argument("target", type=click.Path(path_type=Path))
@click.option("--run", "save", required=True, metavar="SAVE", help="The saved run, a name or a path to a .json file.")
@click.option("--node", type=click.IntRange(min=0), default=0, help="As this node sees it; 0 unless said.")
@click.option("--memo", default="", help="A few words that everybody can read.")
@click.option("--tip", type=click.IntRange(0, 10**9), default=NORMAL_TIP, help="Units per gas for the proposer.")
@saves_option
@click.pass_context
def command(
    ctx: click.Context, account: str, to: str, amount: str, target: Path, save: str, node: int, memo: str, tip: int
) -> None:
    """Write a payment of AMOUNT coins from the shared ACCOUNT to TO into the new file TARGET. Needs no password."""
    chosen = open_keystore().get_account(account)
    if chosen.policy is None:
        raise InvalidInput("account", account, "a shared account; 'wallet send' pays from the others")
    check_memo(memo)
    action = Transfer(decode_address(to), parse_amount(amount), memo)
    simulation = reopen(ctx, save).simulation
    check_node(simulation, node)
    proposal = build_proposal(build_transaction(simulation, chosen.policy, action, node, tip))
    write_new(target, format_proposal(proposal).encode())
    tell(f"written to {target}; {proposal.missing_count} signatures are needed")

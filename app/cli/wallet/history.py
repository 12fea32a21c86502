"""``chainroom wallet history``."""

from pathlib import Path

import click

from app.cli.base import json_option, saves_option, tell, tell_json, tell_table
from app.cli.replay import reopen
from app.cli.wallet import open_wallets
from app.cli.wallet.balance import check_node
from app.present.holders import Holders
from app.present.wallet import Submissions, compute_account
from app.present.wallet_history import build_csv, filter_payments
from app.present.wallet_rows import describe_other, format_change
from app.present.words import format_clock
from app.storage.atomic import write_new
from chain.units import NodeId
from chain.wallet.address import encode_address


@click.command()
@click.argument("account", required=False)
@click.option("--run", "save", required=True, metavar="SAVE", help="The saved run, a name or a path to a .json file.")
@click.option("--node", type=click.IntRange(min=0), default=0, help="As this node sees it; 0 unless said.")
@click.option("--search", default="", help="Only payments in which all these words occur.")
@click.option("--csv", "target", type=click.Path(path_type=Path), help="Write them as a table to this new file.")
@json_option
@saves_option
@click.pass_context
def command(
    ctx: click.Context, account: str | None, save: str, node: int, search: str, target: Path | None, as_json: bool
) -> None:
    """Show the payments of ACCOUNT, or of the first one, at the end of a saved run. Needs no password."""
    wallets = open_wallets()
    accounts = wallets.keystore.get_accounts()
    chosen = accounts[0] if account is None else wallets.keystore.get_account(account)
    simulation = reopen(ctx, save).simulation
    check_node(simulation, node)
    view = compute_account(simulation, Submissions(), NodeId(node), simulation.now_us, chosen.address)
    holders, get_label = Holders(simulation.world, wallets.get_labels()), wallets.labels.get_transaction_label
    payments = filter_payments(view.payments, search, holders, get_label)
    if target is not None:
        write_new(target, build_csv(payments, holders, get_label).encode())
        tell(f"{len(payments)} payments written to {target}")
    elif as_json:
        tell_json(
            [
                {
                    "transaction": it.id.hex(),
                    "time_us": it.time_us,
                    "state": it.state,
                    "outgoing": it.is_outgoing,
                    "amount": it.amount,
                    "fee": it.fee,
                    "memo": it.memo,
                    "label": get_label(it.id),
                    "block": it.height,
                    "address": None if it.other is None else encode_address(it.other),
                }
                for it in payments
            ]
        )
    else:
        rows = [
            (format_clock(it.time_us), it.state, describe_other(it, holders), format_change(it, 9), it.memo)
            for it in payments
        ]
        tell_table([("TIME", "STATE", "WHO", "AMOUNT", "MEMO"), *rows])

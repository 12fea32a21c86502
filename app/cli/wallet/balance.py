"""``chainroom wallet balance``."""

import click

from app.cli.base import json_option, saves_option, tell_json, tell_table
from app.cli.replay import reopen
from app.cli.wallet import get_fields, open_keystore
from chain.errors import InvalidInput
from chain.simulation.simulation import Simulation
from chain.units import COIN_SYMBOL, Address, format_amount


@click.command()
@click.argument("account", required=False)
@click.option("--run", "save", required=True, metavar="SAVE", help="The saved run, a name or a path to a .json file.")
@click.option("--node", type=click.IntRange(min=0), default=0, help="As this node sees it; 0 unless said.")
@json_option
@saves_option
@click.pass_context
def command(ctx: click.Context, account: str | None, save: str, node: int, as_json: bool) -> None:
    """Show what ACCOUNT, or every account, owns at the end of a saved run. Needs no password."""
    keystore = open_keystore()
    accounts = keystore.get_accounts() if account is None else [keystore.get_account(account)]
    simulation = reopen(ctx, save).simulation
    found = [(each, get_balance(simulation, node, each.address)) for each in accounts]
    if as_json:
        tell_json([get_fields(each) | numbers for each, numbers in found])
        return
    rows = [
        (
            str(each.number),
            each.label,
            f"{format_amount(it['balance'])} {COIN_SYMBOL}",
            str(it["nonce"]),
            str(it["waiting"]),
        )
        for each, it in found
    ]
    tell_table([("NO", "LABEL", "BALANCE", "SENT", "WAITING"), *rows])


def get_balance(simulation: Simulation, node: int, address: Address) -> dict[str, int]:
    """Return an account as a node sees it: units, transactions sent, and how many of its own still wait.

    Raises InvalidInput when there is no such node.
    """
    check_node(simulation, node)
    view = simulation.world.view(node)
    known, mempool = view.get_account_state().get_account(address), view.compute_mempool()
    waiting = [signed for signed in mempool.pending if signed.sender == address]
    waiting += [entry.signed for entry in mempool.queued if entry.signed.sender == address]
    return {"balance": known.balance, "nonce": known.nonce, "waiting": len(waiting)}


def check_node(simulation: Simulation, node: int) -> None:
    """Refuse a node that the run does not have. Raises InvalidInput."""
    count = simulation.world.node_count
    if node >= count:
        raise InvalidInput("node", node, f"0 to {count - 1}")

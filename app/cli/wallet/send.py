"""``chainroom wallet send``: a signed transfer, handed to a node at the end of a saved run, which then goes on."""

import click

from app.cli.base import json_option, saves_option, tell, tell_json
from app.cli.replay import reopen
from app.cli.run import check_is_free, run_to
from app.cli.saves import open_saves
from app.cli.secrets import PasswordSource, password_options
from app.cli.sources import is_path
from app.cli.wallet import open_keystore
from app.cli.wallet.balance import check_node, get_balance
from app.storage.accounts import Account
from app.storage.errors import StorageError
from chain.encoding import encode
from chain.errors import InvalidInput
from chain.ledger.actions import Transfer, check_memo
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.replay import record
from chain.simulation.commands import Command, RequestCoins, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.units import COIN_SYMBOL, Address, Hash, TimeUs, format_amount, parse_amount, parse_span
from chain.wallet.address import decode_address, encode_address
from chain.wallet.derivation import DerivedKey

NORMAL_TIP = 60


@click.command()
@click.argument("to")
@click.argument("amount")
@click.option("--run", "save", required=True, metavar="SAVE", help="The saved run, a name or a path to a .json file.")
@click.option("--account", default="0", help="The number or label of the account that pays; 0 unless said.")
@click.option("--faucet", is_flag=True, help="Let the faucet pay instead; needs no password.")
@click.option("--node", type=click.IntRange(min=0), default=0, help="The node it is handed to; 0 unless said.")
@click.option("--memo", default="", help="A few words that everybody can read.")
@click.option("--tip", type=click.IntRange(0, 10**9), default=NORMAL_TIP, help="Units per gas for the proposer.")
@click.option(
    "--for", "span", default="2m", metavar="SPAN", help="How long the run goes on afterwards; 2m unless said."
)
@click.option(
    "--save", "target", metavar="NAME", help="Save under this name; unless said, the run itself is continued."
)
@password_options
@json_option
@saves_option
@click.pass_context
def command(
    ctx: click.Context,
    to: str,
    amount: str,
    save: str,
    account: str,
    faucet: bool,
    node: int,
    memo: str,
    tip: int,
    span: str,
    target: str | None,
    password: PasswordSource,
    as_json: bool,
) -> None:
    """Send AMOUNT coins to TO, an address or an account of your own, at the end of a saved run.

    The run is executed again and compared, the transfer is handed to a node, and the run goes on for a while and is
    saved. A transfer that the node refuses changes nothing, and the refusal names the rule and the numbers.
    """
    recipient, units, span_us = _get_recipient(to), parse_amount(amount), parse_span(span)
    check_memo(memo)
    _check_target(ctx, save, target)
    key = None if faucet else _read_key(open_keystore().get_account(account), password)
    replay = reopen(ctx, save)
    simulation = replay.simulation
    check_node(simulation, node)
    if key is None:
        _submit(simulation, RequestCoins(node, recipient, units))
        sent = simulation.world.transactions.records[-1].signed
    else:
        sent = _sign(simulation, key, Transfer(recipient, units, memo), node, tip)
        simulation.world.view(node).check_admissible(sent)
        _submit(simulation, SubmitTransaction(node, encode(sent)))
    run_to(simulation, TimeUs(simulation.now_us + span_us))
    open_saves(ctx).write(target or save, record(simulation, replay.document.bookmarks), overwrite=target is None)
    _tell_sent(simulation, sent, recipient, units, as_json)


def _get_recipient(to: str) -> Address:
    keystore = open_keystore()
    if keystore.exists() and not to.lower().startswith("cr1"):
        return keystore.get_account(to).address
    return decode_address(to)


def _check_target(ctx: click.Context, save: str, target: str | None) -> None:
    """Refuse, before a long run, to save where nothing may be overwritten. Raises StorageError, InvalidInput."""
    if target is not None:
        check_is_free(ctx, target)
    elif is_path(save) or open_saves(ctx).get_entry(save).is_shipped:
        raise StorageError(f"{save}: this is not a saved run of your own; give a name for the longer one with --save")


def _read_key(account: Account, password: PasswordSource) -> DerivedKey:
    with open_keystore().unlock(password.read()) as unlocked:
        return unlocked.get_key(account)


def _sign(simulation: Simulation, key: DerivedKey, action: Transfer, node: int, tip: int) -> SignedTransaction:
    """Return the transfer with the next free nonce, valid while the base fee at most doubles."""
    world, numbers = simulation.world, get_balance(simulation, node, key.address)
    base_fee = world.ledger.next_base_fee(world.view(node).get_head().hash)
    unsigned = Transaction(
        chain_id=world.setup.ledger.chain_id,
        authority=key.public_key,
        nonce=numbers["nonce"] + numbers["waiting"],
        gas_limit=compute_intrinsic_gas(action),
        max_fee_per_gas=2 * base_fee + tip,
        max_tip_per_gas=tip,
        action=action,
    )
    return sign_transaction(unsigned, key.private_key.reveal())


def _submit(simulation: Simulation, command: Command) -> None:
    """Hand in a command; a transaction that the network did not take is an error. Raises CommandRefused."""
    before = len(simulation.world.transactions)
    simulation.submit(command)
    if len(simulation.world.transactions) == before:
        raise InvalidInput("transaction", "this transfer", simulation.history.records[-1].detail)


def _tell_sent(simulation: Simulation, sent: SignedTransaction, to: Address, units: int, as_json: bool) -> None:
    world = simulation.world
    height = _find_block(simulation, sent.id)
    entry = world.transactions.get(sent.id)
    assert entry is not None
    reached = int((entry.spread.arrival <= simulation.now_us).sum())
    result = {
        "transaction": sent.id.hex(),
        "from": encode_address(sent.sender),
        "to": encode_address(to),
        "amount": units,
        "nodes_reached": reached,
        "nodes": world.node_count,
        "block_height": height,
        "confirmations": 0 if height is None else world.tree.get_best(simulation.now_us).height - height + 1,
        "digest": simulation.compute_digest(),
    }
    if as_json:
        tell_json(result)
        return
    tell(f"sent {format_amount(units)} {COIN_SYMBOL} to {result['to']}")
    tell(f"transaction {result['transaction']}, known to {reached} of {world.node_count} nodes")
    waits = "not yet in a block of the heaviest chain"
    tell(waits if height is None else f"in block {height}, {result['confirmations']} confirmations")


def _find_block(simulation: Simulation, transaction: Hash) -> int | None:
    """Return the height of the block on the heaviest branch that includes a transaction, if there is one."""
    tree = simulation.world.tree
    entry = simulation.world.transactions.get(transaction)
    branch = {block.index: block.height for block in tree.iter_branch(tree.get_best(simulation.now_us))}
    return next((branch[index] for index in (entry.blocks if entry else ()) if index in branch), None)

"""``chainroom wallet send``: a signed transfer, handed to a node at the end of a saved run, which then goes on."""

from pathlib import Path

import click

from app.cli.base import json_option, saves_option, tell, tell_json
from app.cli.replay import reopen
from app.cli.run import check_is_free, run_to
from app.cli.saves import open_saves
from app.cli.secrets import PasswordSource, password_options
from app.cli.sources import is_path
from app.cli.wallet import open_keystore
from app.cli.wallet.balance import check_node, get_balance
from app.cli.wallet.verify import read_message
from app.many_payments import parse_payments
from app.moments import ALLOWED, parse_moment
from app.payments import build_action
from app.storage.accounts import Account
from app.storage.errors import StorageError
from chain.encoding import encode
from chain.errors import InvalidInput
from chain.ledger.actions import Action, Batch, Transfer, check_memo
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.policy import Policy, get_address
from chain.ledger.transaction import (
    SignedTransaction,
    Transaction,
    join_signatures,
    sign_for_policy,
    sign_transaction,
)
from chain.replay import record
from chain.simulation.commands import Command, RequestCoins, SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.units import (
    COIN_SYMBOL,
    DAY,
    SECOND,
    Address,
    Hash,
    NodeId,
    TimeUs,
    format_amount,
    parse_amount,
    parse_span,
)
from chain.wallet.address import decode_address, encode_address
from chain.wallet.derivation import DerivedKey
from chain.wallet.payment_link import is_link, parse_link

NORMAL_TIP = 60
MOST_WAIT_US = DAY
"""How long a payment waits for a block."""


@click.command()
@click.argument("to", required=False)
@click.argument("amount", required=False)
@click.option(
    "--many", type=click.Path(path_type=Path), help="Pay everybody in this file at once: lines of whom, how much, memo."
)
@click.option("--run", "save", required=True, metavar="SAVE", help="The saved run, a name or a path to a .json file.")
@click.option("--account", default="0", help="The number or label of the account that pays; 0 unless said.")
@click.option("--faucet", is_flag=True, help="Let the faucet pay instead; needs no password.")
@click.option("--node", type=click.IntRange(min=0), default=0, help="The node it is handed to; 0 unless said.")
@click.option("--memo", default="", help="A few words that everybody can read.")
@click.option("--tip", type=click.IntRange(0, 10**9), default=NORMAL_TIP, help="Units per gas for the proposer.")
@click.option("--at", "moment", metavar="WHEN", help=f"Pay later, once the run has come to: {ALLOWED}.")
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
    to: str | None,
    amount: str | None,
    many: Path | None,
    save: str,
    account: str,
    faucet: bool,
    node: int,
    memo: str,
    tip: int,
    moment: str | None,
    span: str,
    target: str | None,
    password: PasswordSource,
    as_json: bool,
) -> None:
    """Send AMOUNT coins to TO, an address, a payment link or an account of your own, at the end of a saved run.

    The run is executed again and compared, the transfer is handed to a node, and the run goes on for a while and is
    saved. A transfer that the node refuses changes nothing, and the refusal names the rule and the numbers.
    """
    action, span_us = _build_action(to, amount, memo, many), parse_span(span)
    check_target(ctx, save, target)
    payer = None if faucet else open_keystore().get_account(account)
    key = None if payer is None else _read_key(payer, password)
    replay = reopen(ctx, save)
    simulation = replay.simulation
    check_node(simulation, node)
    if moment is not None:
        wait_for(simulation, node, moment)
    if key is None or payer is None:
        if not isinstance(action, Transfer):
            raise click.UsageError("the faucet pays one account at a time")
        _submit(simulation, RequestCoins(node, action.recipient, action.amount))
        sent = simulation.world.transactions.records[-1].signed
    else:
        sent = _sign(build_transaction(simulation, payer.authority or b"", action, node, tip), key)
        hand_in(simulation, node, sent)
    run_to(simulation, TimeUs(simulation.now_us + span_us))
    open_saves(ctx).write(target or save, record(simulation, replay.document.bookmarks), overwrite=target is None)
    tell_sent(simulation, sent, as_json)


def wait_for(simulation: Simulation, node: int, text: str) -> None:
    """Run until a moment that a person typed. Raises InvalidInput when it is over, or its block does not come."""
    start_us = simulation.now_us
    at_us, height = parse_moment(text, start_us)
    if at_us is not None:
        if at_us <= start_us:
            raise InvalidInput("moment", text, "a time that is still to come")
        run_to(simulation, at_us)
        return
    assert height is not None
    while (reached := simulation.world.view(NodeId(node)).get_head().height) < height:
        if simulation.now_us >= start_us + MOST_WAIT_US:
            raise InvalidInput(
                "moment", text, f"a block that comes within a day; the chain of n{node:02d} has {reached}"
            )
        simulation.run_until(TimeUs(simulation.now_us + SECOND))


def hand_in(simulation: Simulation, node: int, signed: SignedTransaction) -> None:
    """Hand a signed transaction to a node. Raises InvalidTransaction, CommandRefused, InvalidInput."""
    simulation.world.view(NodeId(node)).check_admissible(signed)
    _submit(simulation, SubmitTransaction(node, encode(signed)))


def _build_action(to: str | None, amount: str | None, memo: str, many: Path | None) -> Transfer | Batch:
    """Return what is paid. Raises UsageError, InvalidInput, InvalidTransaction."""
    if many is not None:
        return _read_many(to, many)
    if to is None:
        raise click.UsageError("give TO and AMOUNT, a payment link, or --many FILE")
    units = None if amount is None else parse_amount(amount)
    if is_link(to):
        link = parse_link(to)
        recipient, memo, units = link.recipient, memo or link.memo, units or link.amount
    else:
        recipient = _get_recipient(to)
    if units is None:
        raise click.UsageError("give an AMOUNT too")
    check_memo(memo)
    return Transfer(recipient, units, memo)


def _read_many(to: str | None, many: Path) -> Transfer | Batch:
    if to is not None:
        raise click.UsageError("give either TO and AMOUNT, or --many FILE")
    reading = parse_payments(read_message(many), _get_recipient)
    if reading.problems or not reading.payments:
        problem = reading.problems[0] if reading.problems else "it has no line"
        raise InvalidInput("payments", problem, "lines such as: Omar, 2.5, lunch")
    return build_action(reading.payments)


def _get_recipient(to: str) -> Address:
    keystore = open_keystore()
    if keystore.exists() and not to.lower().startswith("cr1"):
        return keystore.get_account(to).address
    return decode_address(to)


def check_target(ctx: click.Context, save: str, target: str | None) -> None:
    """Refuse, before a long run, to save where nothing may be overwritten. Raises StorageError, InvalidInput."""
    if target is not None:
        check_is_free(ctx, target)
    elif is_path(save) or open_saves(ctx).get_entry(save).is_shipped:
        raise StorageError(f"{save}: this is not a saved run of your own; give a name for the longer one with --save")


def _read_key(account: Account, password: PasswordSource) -> DerivedKey:
    keystore, signer = open_keystore(), account
    if account.policy is not None:
        keys = [it for it in keystore.get_accounts() if it.public_key in account.policy.public_keys]
        if account.policy.threshold > 1 or not keys:
            raise InvalidInput("account", account.label, "one whose key signs alone; see 'wallet multisig propose'")
        signer = keys[0]
    with keystore.unlock(password.read()) as unlocked:
        return unlocked.get_key(signer)


def build_transaction(
    simulation: Simulation, authority: bytes | Policy, action: Action, node: int, tip: int
) -> Transaction:
    """Return an action with the next free nonce, valid while the base fee at most doubles."""
    world, numbers = simulation.world, get_balance(simulation, node, get_address(authority))
    base_fee = world.ledger.next_base_fee(world.view(NodeId(node)).get_head().hash)
    return Transaction(
        chain_id=world.setup.ledger.chain_id,
        authority=authority,
        nonce=numbers["nonce"] + numbers["waiting"],
        gas_limit=compute_intrinsic_gas(action, authority),
        max_fee_per_gas=2 * base_fee + tip,
        max_tip_per_gas=tip,
        action=action,
    )


def _sign(transaction: Transaction, key: DerivedKey) -> SignedTransaction:
    if isinstance(transaction.authority, Policy):
        return join_signatures(transaction, [sign_for_policy(transaction, key.private_key.reveal())])
    return sign_transaction(transaction, key.private_key.reveal())


def _submit(simulation: Simulation, command: Command) -> None:
    """Hand in a command; a transaction that the network did not take is an error. Raises CommandRefused."""
    before = len(simulation.world.transactions)
    simulation.submit(command)
    if len(simulation.world.transactions) == before:
        raise InvalidInput("transaction", "this transfer", simulation.history.records[-1].detail)


def tell_sent(simulation: Simulation, sent: SignedTransaction, as_json: bool) -> None:
    """Tell what was sent, and how far it has come."""
    world, action = simulation.world, sent.transaction.action
    to = [encode_address(payment.recipient) for payment in action.get_payments()]
    height = _find_block(simulation, sent.id)
    entry = world.transactions.get(sent.id)
    assert entry is not None
    reached = int((entry.spread.arrival <= simulation.now_us).sum())
    result = {
        "transaction": sent.id.hex(),
        "from": encode_address(sent.sender),
        "to": to[0] if len(to) == 1 else to,
        "amount": action.amount,
        "nodes_reached": reached,
        "nodes": world.node_count,
        "block_height": height,
        "confirmations": 0 if height is None else world.get_canonical().height - height + 1,
        "digest": simulation.compute_digest(),
    }
    if as_json:
        tell_json(result)
        return
    tell(f"sent {format_amount(action.amount)} {COIN_SYMBOL} to {', '.join(to)}")
    tell(f"transaction {result['transaction']}, known to {reached} of {world.node_count} nodes")
    waits = "not yet in a block of the heaviest chain"
    tell(waits if height is None else f"in block {height}, {result['confirmations']} confirmations")


def _find_block(simulation: Simulation, transaction: Hash) -> int | None:
    """Return the height of the block on the heaviest branch that includes a transaction, if there is one."""
    tree = simulation.world.tree
    entry = simulation.world.transactions.get(transaction)
    branch = {block.index: block.height for block in tree.iter_branch(simulation.world.get_canonical())}
    return next((branch[index] for index in (entry.blocks if entry else ()) if index in branch), None)

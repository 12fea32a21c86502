"""Making a payment: what it costs, whether the node would take it, and the signature.

Everything here is a function of the world and a moment, as the wallet's node sees them; only ``sign`` touches a key.
A draft is a transaction nobody has signed yet. Its fee cap leaves room for the base fee to double, as the people of the
simulation do, so that it stays valid for six full blocks.

Fees after EIP-1559: paid is base fee plus tip, the rest of the cap stays with the sender. Expected waiting time: the
blocks that what stands before it in the mempool fills, times the interval the protocol aims at.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from app.storage.accounts import Account
from app.storage.keystore import Unlocked
from chain.errors import InvalidTransaction
from chain.ledger.actions import Action, Batch, Transfer
from chain.ledger.checks import check_balance, check_fee_cap, check_nonce_unused, check_unlocked
from chain.ledger.fees import compute_effective_tip, compute_intrinsic_gas
from chain.ledger.policy import Policy
from chain.ledger.transaction import SignedTransaction, Transaction, check_form, sign_transaction
from chain.node.transactions import TransactionRecord
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import SECOND, Address, NodeId, TimeUs

CANCEL_MEMO: Final = "cancelled"
PLAIN: Final = Transfer(Address(bytes(20)), 1)
"""A transfer without memo, for its gas."""
_LEAST_TIPS: Final = {"slow": 20, "normal": 60, "fast": 200}
"""Units per gas, the three steps of the simulated people; more when the next block is crowded."""
_PLACES: Final = {"slow": 300, "normal": 100, "fast": 40}
"""How far down the queue a payment of each kind may stand, in percent of one block's gas."""


@dataclass(frozen=True, slots=True)
class FeeChoice:
    """One of slow, normal, fast."""

    name: str
    tip_per_gas: int
    max_fee_per_gas: int
    fee: int
    """What it would cost in the next block, in units."""
    max_fee: int
    """What it can cost at most, in units."""
    blocks: int
    """Blocks until it is in one, if blocks take the best tips first."""
    wait_us: int | None
    """Expected waiting time; None when blocks are made by hand."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A transaction that waits for a signature."""

    account: Account
    node: NodeId
    """The node it will be handed to."""
    transaction: Transaction
    fee: int
    """What it would cost in the next block, in units."""
    problem: InvalidTransaction | None
    """Why the node would refuse it as things are now."""

    @property
    def max_fee(self) -> int:
        """What it can cost at most, in units."""
        return self.transaction.gas_limit * self.transaction.max_fee_per_gas


def get_node(world: World, wanted: int, at_us: TimeUs) -> NodeId:
    """Return the node a wallet talks to: the wanted one, or the next one that runs."""
    count = world.node_count
    order = [NodeId((wanted + step) % count) for step in range(count)]
    return next((node for node in order if world.network.links.is_online(node, at_us)), order[0])


def get_interval_us(simulation: Simulation) -> int | None:
    """Return the time between blocks that the protocol aims at; None when blocks are made by hand."""
    parameters = getattr(simulation.world.consensus.rules, "parameters", None)
    if getattr(parameters, "mining", "automatic") == "manual":
        return None
    return int(getattr(parameters, "interval", 10 * SECOND))


def compute_fee_choices(
    simulation: Simulation,
    node: NodeId,
    at_us: TimeUs,
    action: Action = PLAIN,
    authority: bytes | Policy = b"",
    gas_limit: int | None = None,
) -> tuple[FeeChoice, ...]:
    """Return slow, normal and fast for an action, from the node's mempool and base fee; contracts bring their gas."""
    world = simulation.world
    view = world.view(node, at_us)
    head = view.get_head()
    base_fee = world.ledger.next_base_fee(head.hash)
    waiting = [
        (compute_effective_tip(it.max_fee_per_gas, it.max_tip_per_gas, base_fee), it.gas_limit)
        for it in (signed.transaction for signed in view.compute_mempool(head).pending)
    ]
    waiting.sort(reverse=True)
    gas = compute_intrinsic_gas(action, authority) if gas_limit is None else gas_limit
    block_gas, interval_us = world.ledger.parameters.gas_limit, get_interval_us(simulation)
    choices = []
    for name, least in _LEAST_TIPS.items():
        tip = max(least, _find_tip(waiting, block_gas * _PLACES[name] // 100))
        blocks = 1 + sum(it for other, it in waiting if other >= tip) // block_gas
        cap = 2 * base_fee + tip
        wait_us = None if interval_us is None else blocks * interval_us
        choices.append(FeeChoice(name, tip, cap, gas * (base_fee + tip), gas * cap, blocks, wait_us))
    return tuple(choices)


def _find_tip(waiting: Sequence[tuple[int, int]], gas_ahead: int) -> int:
    """Return the tip that outbids whatever stands further down than ``gas_ahead``; ``waiting`` is best first."""
    passed = 0
    for tip, gas in waiting:
        passed += gas
        if passed > gas_ahead:
            return tip + 1
    return 0


def build_action(payments: Sequence[Transfer]) -> Transfer | Batch:
    """Return one payment as a transfer, several as a batch that happens as a whole or not at all."""
    return payments[0] if len(payments) == 1 else Batch(tuple(payments))


def build_payment(
    simulation: Simulation,
    node: NodeId,
    at_us: TimeUs,
    account: Account,
    action: Action,
    choice: FeeChoice,
    nonce: int,
    committed: int,
    gas_limit: int | None = None,
) -> Draft:
    """Return the draft of a payment; ``committed`` is what the account's waiting payments may cost."""
    cap, tip = choice.max_fee_per_gas, choice.tip_per_gas
    return _build(simulation, node, at_us, account, nonce, action, cap, tip, committed, gas_limit)


def build_replacement(
    simulation: Simulation,
    node: NodeId,
    at_us: TimeUs,
    account: Account,
    record: TransactionRecord,
    choice: FeeChoice,
    *,
    is_cancel: bool,
) -> Draft:
    """Return a draft with the nonce of a waiting transaction and fees high enough to take its place.

    Cancelling pays one unit to the sender himself: a nonce cannot be given back, only be used for nothing.
    """
    old, parameters = record.signed.transaction, simulation.world.ledger.parameters
    percent = 100 + parameters.replacement_bump_percent
    tip = max(choice.tip_per_gas, old.max_tip_per_gas + 1, -(-old.max_tip_per_gas * percent // 100))
    cap = max(choice.max_fee_per_gas, old.max_fee_per_gas + 1, -(-old.max_fee_per_gas * percent // 100), tip)
    action = Transfer(account.address, 1, CANCEL_MEMO) if is_cancel else old.action
    return _build(
        simulation, node, at_us, account, old.nonce, action, cap, tip, 0, None if is_cancel else old.gas_limit
    )


def _build(
    simulation: Simulation,
    node: NodeId,
    at_us: TimeUs,
    account: Account,
    nonce: int,
    action: Action,
    cap: int,
    tip: int,
    committed: int,
    gas_limit: int | None = None,
) -> Draft:
    world = simulation.world
    authority = account.authority
    assert authority is not None, "a watched account cannot pay"
    gas = compute_intrinsic_gas(action, authority) if gas_limit is None else gas_limit
    chain_id = world.ledger.parameters.chain_id
    transaction = Transaction(chain_id, authority, nonce, gas, cap, tip, action)
    head = world.view(node, at_us).get_head()
    base_fee = world.ledger.next_base_fee(head.hash)
    problem = find_problem(simulation, node, at_us, transaction, account.address, committed)
    return Draft(account, node, transaction, gas * min(cap, base_fee + tip), problem)


def find_problem(
    simulation: Simulation, node: NodeId, at_us: TimeUs, transaction: Transaction, sender: Address, committed: int
) -> InvalidTransaction | None:
    """Return why the node would refuse a transaction, or None. ``committed`` is what earlier ones may still cost."""
    world = simulation.world
    view = world.view(node, at_us)
    head = view.get_head()
    account = view.get_account_state(head).get_account(sender)
    try:
        check_form(transaction)
        world.access.check_sender(sender, head.height + 1)
        check_nonce_unused(transaction, account)
        check_fee_cap(transaction, world.ledger.next_base_fee(head.hash))
        check_balance(transaction, account.balance - committed)
        check_unlocked(transaction, at_us)
    except InvalidTransaction as error:
        return error
    return None


def compute_most(balance: int, committed: int, choice: FeeChoice) -> int:
    """Return the largest amount an account can send with these fees."""
    return max(0, balance - committed - choice.max_fee)


def sign(unlocked: Unlocked, draft: Draft) -> SignedTransaction:
    """Sign a draft with the one key of its account. Raises WalletLocked, InvalidInput, DamagedFile."""
    key = unlocked.get_key(draft.account)
    return sign_transaction(draft.transaction, key.private_key.reveal())

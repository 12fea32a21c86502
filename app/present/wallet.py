"""What a wallet shows: balances and payments of its accounts, as its node sees them at a moment.

Everything is a query: the payments of an address come from the index of the run, and what became of each at a moment is
computed from the node's head, its mempool and the arrival tables. So the past looks as it looked then.

A payment is one of

==========  ===========================================================================================
final       in the chain as deep as the protocol calls final; under proof of work still undone at a cost
confirmed   in the chain, not as deep
failed      in the chain, where its contract failed: the fee is paid, nothing else happened
pending     in the node's mempool, could be in the next block
queued      in the node's mempool, waits for an earlier nonce, for money or for a lower base fee
replaced    another transaction with its nonce took its place
expired     waited too long; nobody offers it any more
refused     the node did not take it
==========  ===========================================================================================
"""

from dataclasses import dataclass
from typing import Final, Literal

from app.present.heads import get_node_finalized, get_node_head
from app.present.index import RunIndex, get_index
from chain.consensus.block_tree import BlockRecord
from chain.encoding import decode
from chain.errors import InvalidEncoding
from chain.ledger.actions import Action, Call, Create, Deposit, Exit, Transfer
from chain.ledger.block import Receipt
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.transaction import SignedTransaction
from chain.node.mempool import MempoolView, compute_mempool
from chain.node.transactions import TransactionRecord
from chain.simulation.commands import SubmitTransaction
from chain.simulation.simulation import Simulation
from chain.units import Address, Hash, NodeId, TimeUs

State = Literal["final", "confirmed", "failed", "pending", "queued", "replaced", "expired", "refused"]
GLYPHS: Final[dict[State, str]] = {
    "final": "✔",
    "confirmed": "✓",
    "failed": "✖",
    "pending": "◔",
    "queued": "◌",
    "replaced": "✖",
    "expired": "✖",
    "refused": "✖",
}
MOST_SHOWN: Final = 500
"""Payments listed, the newest."""


@dataclass(frozen=True, slots=True)
class Payment:
    """A transaction that pays an account or that it pays, and what became of it by then."""

    id: Hash
    time_us: TimeUs
    """When it was submitted."""
    signed: SignedTransaction
    is_outgoing: bool
    is_own: bool
    """Whether sender and recipient are the same account."""
    other: Address | None
    """Who stands on the other side; None when there are several, or nobody."""
    amount: int
    """Units that leave the account for others, or come to it."""
    fee: int
    """Paid if it is in a block; otherwise what it would cost in the next one."""
    state: State
    height: int | None = None
    block: Hash | None = None
    confirmations: int = 0
    """Blocks from the one that includes it to the node's head, both counted."""
    seen: int = 0
    """Nodes that have it."""
    nodes: int = 0
    rule: str = ""
    message: str = ""
    """Why it is queued, replaced, expired or refused; or that its block went stale."""

    @property
    def action(self) -> Action:
        """What the transaction does."""
        return self.signed.transaction.action

    @property
    def memo(self) -> str:
        """What was written on it, of several payments each text once."""
        memos = [transfer.memo for transfer in self.action.get_payments() if transfer.memo]
        return " · ".join(dict.fromkeys(memos))

    @property
    def is_waiting(self) -> bool:
        """Whether it may still get into a block."""
        return self.state in ("pending", "queued")


@dataclass(frozen=True, slots=True)
class Balance:
    """What an account has, in units."""

    confirmed: int
    """At the node's head."""
    outgoing: int
    """What waiting payments of its own take from it: amounts and expected fees."""
    incoming: int
    """What waiting payments of others would bring."""
    committed: int
    """What waiting payments of its own may cost at most."""
    nonce: int
    """Transactions it has in the chain."""
    next_nonce: int
    """The nonce its next transaction takes."""

    @property
    def spendable(self) -> int:
        """What it can spend now."""
        return max(0, self.confirmed - self.committed)


@dataclass(frozen=True, slots=True)
class AccountView:
    """An account at a moment."""

    balance: Balance
    payments: tuple[Payment, ...]
    """Newest first, at most ``MOST_SHOWN``."""


class Submissions:
    """What the watched addresses handed to a node that did not take it, from the run's log of commands."""

    def __init__(self) -> None:
        self._simulation: Simulation | None = None
        self._count = 0
        self._refused: list[tuple[TimeUs, SignedTransaction]] = []
        self.receipts: dict[bytes, Receipt] = {}
        """What contract calls did, by block and transaction: found once, looked at in every frame."""

    def update(self, simulation: Simulation) -> None:
        """Take in what has been submitted since; start anew with another run."""
        if simulation is not self._simulation:
            self._simulation, self._count, self._refused, self.receipts = simulation, 0, [], {}
        for entry in simulation.log[self._count :]:
            if isinstance(entry.command, SubmitTransaction):
                self._take_in(simulation, entry.time_us, entry.command.transaction)
        self._count = len(simulation.log)

    def _take_in(self, simulation: Simulation, time_us: TimeUs, data: bytes) -> None:
        try:
            signed = decode(SignedTransaction, data)
        except InvalidEncoding:
            return
        if simulation.world.transactions.get(signed.id) is None:
            self._refused.append((time_us, signed))

    def get_refused(self, address: Address, at_us: TimeUs) -> list[tuple[TimeUs, SignedTransaction]]:
        """Return what an address handed in by then and no node took."""
        return [entry for entry in self._refused if entry[0] <= at_us and entry[1].sender == address]


def find_refusal(index: RunIndex, transaction: Hash, time_us: TimeUs) -> tuple[str, str]:
    """Return the rule that refused a transaction at a moment, and the numbers."""
    for record in index.refusals.get(transaction, ()):
        if record.time_us == time_us:
            rule, _, message = record.detail.partition(": ")
            return rule, message
    return "", "the node did not take it"


def compute_account(
    simulation: Simulation, submissions: Submissions, node: NodeId, at_us: TimeUs, address: Address
) -> AccountView:
    """Return an account as a node sees it at a moment."""
    submissions.update(simulation)
    return _Reader(simulation, submissions, node, at_us, address).compute()


class _Reader:
    """One look at one account."""

    def __init__(
        self, simulation: Simulation, submissions: Submissions, node: NodeId, at_us: TimeUs, address: Address
    ) -> None:
        self.submissions, self.node, self.at_us, self.address = submissions, node, at_us, address
        self.world = world = simulation.world
        self.index = get_index(world)
        self.head = get_node_head(world, node, at_us)
        self.state = world.ledger.state(self.head.hash)
        self.account = self.state.get_account(address)
        self.base_fee = world.ledger.next_base_fee(self.head.hash)
        self.final_height = get_node_finalized(world, node, at_us).height
        self.records = self.index.get_payments(address, at_us)
        self.mempool = self._compute_own_mempool()
        self.hindrances = {it.signed.id: it for it in (*self.mempool.queued, *self.mempool.refused)}
        self.pending = {signed.id for signed in self.mempool.pending}

    def _compute_own_mempool(self) -> MempoolView:
        """Return what the node's mempool holds of this sender."""
        held = [
            (arrival_us, record.index, record.signed)
            for record in self.records
            if record.signed.sender == self.address
            and (arrival_us := record.spread.arrival_us(self.node)) <= self.at_us
            and record.signed.transaction.nonce >= self.account.nonce
        ]
        held.sort(key=lambda entry: entry[:2])
        entries = [(arrival_us, signed) for arrival_us, _, signed in held]
        return compute_mempool(entries, self.world.ledger, self.head.hash, self.at_us)

    def compute(self) -> AccountView:
        payments = [self._read(record) for record in self.records[-MOST_SHOWN:]]
        payments += [self._read_refused(*entry) for entry in self.submissions.get_refused(self.address, self.at_us)]
        payments.sort(key=lambda payment: payment.time_us)
        payments.reverse()  # of two in one moment the later one stands first too
        return AccountView(self._compute_balance(payments), tuple(payments[:MOST_SHOWN]))

    def _compute_balance(self, payments: list[Payment]) -> Balance:
        waiting = [payment for payment in payments if payment.is_waiting]
        mine = [signed.transaction for signed in self.mempool.pending]
        return Balance(
            confirmed=self.account.balance,
            outgoing=sum(it.fee + (0 if it.is_own else it.amount) for it in waiting if it.is_outgoing),
            incoming=sum(it.amount for it in waiting if not it.is_outgoing),
            committed=sum(transaction.compute_max_cost() for transaction in mine),
            nonce=self.account.nonce,
            next_nonce=max((transaction.nonce + 1 for transaction in mine), default=self.account.nonce),
        )

    def _read(self, record: TransactionRecord) -> Payment:
        block = self._find_block(record)
        if block is None:
            fate, rule, message = self._find_fate(record)
            return self._build(record.signed, record.submitted_us, fate, record, rule=rule, message=message)
        confirmations = self.head.height - block.height + 1
        state: State = "final" if block.height <= self.final_height else "confirmed"
        receipt = self._get_receipt(record.signed, block)
        rule, message = "", ""
        if receipt is not None and not receipt.is_success:
            state, rule, message = "failed", "", receipt.error or "the contract failed"
        return self._build(
            record.signed, record.submitted_us, state, record, block, confirmations, rule=rule, message=message
        )

    def _find_block(self, record: TransactionRecord) -> BlockRecord | None:
        blocks = (self.world.tree.records[index] for index in record.blocks)
        return next((block for block in blocks if self.index.is_on_branch(block, self.head)), None)

    def _find_fate(self, record: TransactionRecord) -> tuple[State, str, str]:
        """Return what became of a transaction that is not in the chain, and why."""
        signed, hindrance = record.signed, self.hindrances.get(record.id)
        if hindrance is not None:
            is_queued = any(it is hindrance for it in self.mempool.queued)
            return ("queued" if is_queued else "replaced"), hindrance.rule, hindrance.message
        nonce, used = signed.transaction.nonce, self.state.get_account(signed.sender).nonce
        if nonce < used:
            return "replaced", "ledger/nonce", f"nonce {nonce} is already used by another transaction in the chain"
        expiry_us = self.world.ledger.parameters.expiry_us
        if self.at_us - record.submitted_us >= expiry_us and record.id not in self.pending:
            return "expired", "mempool/expiry", f"no block took it within {expiry_us // 60_000_000} minutes"
        return "pending", "", self._describe_stale(record)

    def _describe_stale(self, record: TransactionRecord) -> str:
        known = [
            block
            for block in (self.world.tree.records[index] for index in record.blocks)
            if block.get_known_us(self.node) <= self.at_us
        ]
        return f"was in block {known[-1].height}, which went stale" if known else ""

    def _read_refused(self, time_us: TimeUs, signed: SignedTransaction) -> Payment:
        rule, message = find_refusal(self.index, signed.id, time_us)
        return self._build(signed, time_us, "refused", None, rule=rule, message=message)

    def _build(
        self,
        signed: SignedTransaction,
        time_us: TimeUs,
        state: State,
        record: TransactionRecord | None,
        block: BlockRecord | None = None,
        confirmations: int = 0,
        rule: str = "",
        message: str = "",
    ) -> Payment:
        action, is_outgoing = signed.transaction.action, signed.sender == self.address
        mine = [it for it in action.get_payments() if it.recipient == self.address]
        received = sum(it.amount for it in mine)
        is_own = is_outgoing and bool(mine) and len(mine) == len(action.get_payments())
        return Payment(
            id=signed.id,
            time_us=time_us,
            signed=signed,
            is_outgoing=is_outgoing,
            is_own=is_own,
            other=get_counterpart(action) if is_outgoing else signed.sender,
            amount=received if is_own or not is_outgoing else action.amount - received,
            fee=self._compute_fee(signed, block),
            state=state,
            height=block.height if block else None,
            block=block.hash if block else None,
            confirmations=confirmations,
            seen=record.spread.count_known(self.at_us) if record else 0,
            nodes=self.world.node_count,
            rule=rule,
            message=message,
        )

    def _compute_fee(self, signed: SignedTransaction, block: BlockRecord | None) -> int:
        transaction = signed.transaction
        if block is None:
            return transaction.gas_limit * min(transaction.max_fee_per_gas, self.base_fee + transaction.max_tip_per_gas)
        if (receipt := self._get_receipt(signed, block)) is not None:
            return receipt.gas_used * (receipt.base_fee_per_gas + receipt.tip_per_gas)
        base_fee, gas = (
            block.block.header.base_fee_per_gas,
            compute_intrinsic_gas(transaction.action, transaction.authority),
        )
        return gas * min(transaction.max_fee_per_gas, base_fee + transaction.max_tip_per_gas)

    def _get_receipt(self, signed: SignedTransaction, block: BlockRecord) -> Receipt | None:
        """Return what a contract call did; None for what is no call, which always does what it says."""
        if not isinstance(signed.transaction.action, Call | Create):
            return None
        known, key = self.submissions.receipts, block.hash + signed.id
        if key not in known:
            known[key] = next(it for it in self.world.ledger.receipts(block.hash) if it.transaction == signed.id)
        return known[key]


def get_counterpart(action: Action) -> Address | None:
    """Return whom an action pays, calls or stakes with; None when these are several, or nobody."""
    if isinstance(action, Transfer):
        return action.recipient
    if isinstance(action, Call):
        return action.contract
    if isinstance(action, Deposit | Exit):
        return action.validator
    recipients = dict.fromkeys(it.recipient for it in action.get_payments())
    return next(iter(recipients)) if len(recipients) == 1 else None

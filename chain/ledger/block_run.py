"""A block on the way: its transactions one by one, each done whole or not at all.

A transaction costs its sender the amount and its gas: the base fee of the gas is destroyed, the tip goes to the
proposer (EIP-1559). What an action does beside that stands in `BlockRun._act`. A contract gets all the gas of its
transaction in advance; what it leaves comes back. When it fails, what it did is undone and the gas it used is paid.

Sources: Yellow Paper, section 6 (transaction execution); EIP-1559.
"""

from typing import Final

from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.message import Message, Result
from chain.contracts.evm.transaction import execute_message
from chain.crypto.hashing import digest
from chain.ledger.actions import Anchor, Batch, Call, Commit, Create, Deposit, Exit, Transfer, Vote
from chain.ledger.block import MAX_OUTPUT_BYTES, Receipt
from chain.ledger.checks import (
    check_balance,
    check_fee_cap,
    check_gas_left,
    check_nonce,
    check_unlocked,
    check_validity,
)
from chain.ledger.context import BlockContext, Execution, StakeChange
from chain.ledger.fees import compute_effective_tip, compute_intrinsic_gas
from chain.ledger.state import Account, State
from chain.ledger.state_changes import MachineHost, StateChanges
from chain.ledger.transaction import SignedTransaction
from chain.units import SECOND, Address

RANDOMNESS_DOMAIN: Final = "randomness"


def build_machine_context(context: BlockContext, gas_price: int) -> Context:
    """Return what a contract can read about its block, at a price of gas in units.

    Simplification: PREVRANDAO is a hash of the parent's hash, which a proposer of the parent could grind; Ethereum's
    comes from the RANDAO of its validators.
    """
    return Context(
        chain_id=context.parameters.chain_id,
        number=context.height,
        time_s=context.time_us // SECOND,
        coinbase=context.proposer,
        gas_limit=context.parameters.gas_limit,
        prev_randao=digest(RANDOMNESS_DOMAIN, context.parent),
        base_fee=context.base_fee_per_gas,
        gas_price=gas_price,
    )


def build_message(signed: SignedTransaction, action: Create | Call) -> Message:
    """Return a transaction's action as the machine takes it."""
    transaction = signed.transaction
    target, data = (None, action.code) if isinstance(action, Create) else (action.contract, action.data)
    # a policy's other signatures are not the machine's business: their gas is taken off before
    gas = transaction.gas_limit - _compute_signatures_gas(signed)
    return Message(signed.sender, target, gas, action.value, data, nonce=transaction.nonce)


def _compute_signatures_gas(signed: SignedTransaction) -> int:
    action, authority = signed.transaction.action, signed.transaction.authority
    return compute_intrinsic_gas(action, authority) - compute_intrinsic_gas(action)


class BlockRun:
    """A block's changes so far, and its receipts."""

    __slots__ = ("changes", "context", "deposited", "gas_used", "notices", "receipts")

    def __init__(self, parent_state: State, context: BlockContext) -> None:
        self.changes, self.context = StateChanges(parent_state), context
        self.receipts: list[Receipt] = []
        self.notices: list[StakeChange] = []
        self.gas_used = self.deposited = 0

    @property
    def host(self) -> Host:
        """The state so far, as the machine wants it."""
        return MachineHost(self.changes, self.context.get_ancestor_hash)

    def apply(self, signed: SignedTransaction) -> None:
        """Execute a transaction, or raise InvalidTransaction and change nothing."""
        context, transaction, base_fee = self.context, signed.transaction, self.context.base_fee_per_gas
        check_validity(signed, context.parameters)
        check_unlocked(transaction, context.time_us)
        sender, action = signed.sender, transaction.action
        account = self.changes.get_account(sender)
        check_nonce(transaction, account)
        check_fee_cap(transaction, base_fee)
        check_gas_left(transaction, self.gas_used, context.parameters.gas_limit)
        check_balance(transaction, account.balance)
        tip = compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, base_fee)
        if isinstance(action, Create | Call):
            receipt = self._run_contract(signed, action, tip)
        else:
            receipt = Receipt(signed.id, True, compute_intrinsic_gas(action, transaction.authority), base_fee, tip)
            left = account.balance - action.amount - receipt.fee
            self.changes.accounts[sender] = Account(account.nonce + 1, left)
            self._act(sender, action)
        self.changes.credit(context.proposer, receipt.tip)
        self.gas_used += receipt.gas_used
        self.receipts.append(receipt)

    def _act(self, sender: Address, action: Transfer | Batch | Vote | Deposit | Exit | Anchor | Commit) -> None:
        """Do what an action does beside taking its amount from the sender."""
        match action:
            case Transfer(recipient, amount):
                self.changes.credit(recipient, amount)
            case Batch(transfers):
                for transfer in transfers:
                    self.changes.credit(transfer.recipient, transfer.amount)
            case Vote() | Deposit() | Exit():
                self.deposited += action.amount
                self.notices.append(StakeChange(sender, action))
            case Anchor() | Commit():
                pass  # to be in the block is all they want

    def _run_contract(self, signed: SignedTransaction, action: Create | Call, tip: int) -> Receipt:
        base_fee, gas_limit = self.context.base_fee_per_gas, signed.transaction.gas_limit
        host, context, message = self.open_message(signed, action)
        result = execute_message(host, context, message)
        gas_used = result.gas_used + gas_limit - message.gas
        self.changes.credit(signed.sender, (gas_limit - gas_used) * context.gas_price)
        return _build_receipt(signed, result, gas_used, base_fee, tip)

    def open_message(self, signed: SignedTransaction, action: Create | Call) -> tuple[Host, Context, Message]:
        """Take the price of all its gas from a contract's sender, and return what the machine needs to go on."""
        transaction, account = signed.transaction, self.changes.get_account(signed.sender)
        base_fee = self.context.base_fee_per_gas
        price = base_fee + compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, base_fee)
        left = account.balance - transaction.gas_limit * price
        self.changes.accounts[signed.sender] = Account(account.nonce + 1, left)
        return self.host, build_machine_context(self.context, price), build_message(signed, action)

    def finish(self) -> tuple[State, Execution]:
        """Pay the subsidy and the rewards, and write the state."""
        subsidy = self.context.parameters.compute_subsidy(self.context.height)
        self.changes.credit(self.context.proposer, subsidy)
        for reward in self.context.rewards:
            self.changes.credit(reward.address, reward.amount)
        execution = Execution(
            receipts=tuple(self.receipts),
            gas_used=self.gas_used,
            burned=sum(receipt.burned for receipt in self.receipts),
            tips=sum(receipt.tip for receipt in self.receipts),
            subsidy=subsidy,
            rewards=self.context.rewards,
            deposited=self.deposited,
            changes=tuple(self.notices),
        )
        return self.changes.build_state(), execution


def _build_receipt(signed: SignedTransaction, result: Result, gas_used: int, base_fee: int, tip: int) -> Receipt:
    return Receipt(
        transaction=signed.id,
        is_success=result.success,
        gas_used=gas_used,
        base_fee_per_gas=base_fee,
        tip_per_gas=tip,
        logs=result.logs,
        created=result.created,
        error=str(result.error or ""),
        # created code stands in the state; nobody reads it here
        output=b"" if result.created else result.output[:MAX_OUTPUT_BYTES],
    )

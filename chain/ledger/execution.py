"""What transactions and blocks do to the accounts: pure functions from a state to the next.

A transaction costs its sender the amount and its gas: the base fee of the gas is destroyed, the tip goes to the
proposer (EIP-1559). After its transactions a block pays the proposer the subsidy, and the rewards that the protocol in
charge asks for beside it, such as those for uncles. Nothing else creates money. So

    total of all balances = allocations + subsidies + rewards - burned base fees

to the unit, at every block. Every check comes before the first change, and changes are gathered beside the parent's
state and written into the map once a block: what is refused leaves no trace.

Sources: Yellow Paper, sections 4.4 (header validity), 6 (transaction execution) and 11 (block finalisation); EIP-1559.
Simplifications: transfers are the only action, so all that gets into a block succeeds.
"""

from collections.abc import Iterable, Mapping
from heapq import heapify, heappop, heapreplace
from typing import Any, Final

import msgspec

from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidTransaction
from chain.ledger.block import (
    EMPTY_NONCE,
    Block,
    Header,
    Receipt,
    check_block_shape,
    compute_receipts_root,
    compute_transactions_root,
)
from chain.ledger.checks import check_balance, check_fee_cap, check_gas_left, check_nonce, check_validity
from chain.ledger.context import BlockContext, Execution, Reward
from chain.ledger.fees import compute_base_fee, compute_effective_tip, compute_intrinsic_gas
from chain.ledger.genesis import build_genesis
from chain.ledger.parameters import TRANSFER_GAS, LedgerParameters
from chain.ledger.state import Account, State
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash


def compute_context(
    parent: Header, proposer: Address, time_us: int, parameters: LedgerParameters, rewards: tuple[Reward, ...] = ()
) -> BlockContext:
    """Return the context of a child of ``parent``."""
    return BlockContext(parent.height + 1, time_us, proposer, compute_next_base_fee(parent), parameters, rewards)


def compute_next_base_fee(parent: Header) -> int:
    """Return the base fee of every child of a block, in units per gas."""
    return compute_base_fee(parent.gas_limit, parent.gas_used, parent.base_fee_per_gas)


class _Run:
    """A block on the way: its accounts as far as they differ from the parent's, and its receipts."""

    __slots__ = ("accounts", "context", "gas_used", "parent_state", "receipts")

    def __init__(self, parent_state: State, context: BlockContext) -> None:
        self.parent_state, self.context = parent_state, context
        self.accounts: dict[Address, Account] = {}
        self.receipts: list[Receipt] = []
        self.gas_used = 0

    def get_account(self, address: Address) -> Account:
        return self.accounts.get(address) or self.parent_state.get_account(address)

    def credit(self, address: Address, amount: int) -> None:
        if amount:
            account = self.get_account(address)
            self.accounts[address] = Account(account.nonce, account.balance + amount)

    def apply(self, signed: SignedTransaction) -> None:
        """Execute a transaction, or raise InvalidTransaction and change nothing."""
        context, transaction, base_fee = self.context, signed.transaction, self.context.base_fee_per_gas
        check_validity(signed, context.parameters)
        sender, action = signed.sender, transaction.action
        account = self.get_account(sender)
        check_nonce(transaction, account)
        check_fee_cap(transaction, base_fee)
        check_gas_left(transaction, self.gas_used, context.parameters.gas_limit)
        check_balance(transaction, account.balance)
        tip = compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, base_fee)
        receipt = Receipt(signed.id, True, compute_intrinsic_gas(action), base_fee, tip)
        self.accounts[sender] = Account(account.nonce + 1, account.balance - action.amount - receipt.fee)
        self.credit(action.recipient, action.amount)
        self.credit(context.proposer, receipt.tip)
        self.gas_used += receipt.gas_used
        self.receipts.append(receipt)

    def finish(self) -> tuple[State, Execution]:
        """Pay the subsidy and the rewards, and write the accounts."""
        subsidy = self.context.parameters.compute_subsidy(self.context.height)
        self.credit(self.context.proposer, subsidy)
        for reward in self.context.rewards:
            self.credit(reward.address, reward.amount)
        execution = Execution(
            receipts=tuple(self.receipts),
            gas_used=self.gas_used,
            burned=sum(receipt.burned for receipt in self.receipts),
            tips=sum(receipt.tip for receipt in self.receipts),
            subsidy=subsidy,
            rewards=self.context.rewards,
        )
        return self.parent_state.put_accounts(self.accounts), execution


def apply_transaction(state: State, signed: SignedTransaction, context: BlockContext) -> tuple[State, Receipt]:
    """Return the state after a transaction alone in a block, before the subsidy, and its receipt.

    Raises InvalidTransaction naming the rule and the numbers.
    """
    run = _Run(state, context)
    run.apply(signed)
    return state.put_accounts(run.accounts), run.receipts[0]


def execute(
    parent_state: State, context: BlockContext, transactions: Iterable[SignedTransaction]
) -> tuple[State, Execution]:
    """Execute transactions in their order, pay the proposer, and return the state after the block and what it did.

    Raises InvalidBlock with the rule of the first transaction that is refused, and its place.
    """
    run = _Run(parent_state, context)
    for index, signed in enumerate(transactions):
        try:
            run.apply(signed)
        except InvalidTransaction as error:
            place = f"transaction {index} ({signed.id.hex()[:16]}…): "
            raise InvalidBlock(error.rule, place + error.message) from None
    return run.finish()


def build_body(
    parent_state: State, context: BlockContext, candidates: Iterable[SignedTransaction]
) -> tuple[tuple[SignedTransaction, ...], State, Execution]:
    """Return the transactions a proposer chooses from the candidates, the state they lead to, and what they do.

    Greedy: always the highest effective tip among the senders' next transactions, the earlier candidate when tips are
    equal. What is refused is left out.
    """
    run, chosen = _Run(parent_state, context), []
    queues = _queue_by_sender(candidates, context.base_fee_per_gas)
    heads = [queue.pop() for queue in queues]
    heap = [(-tip, index, place, signed) for place, (_, tip, index, signed) in enumerate(heads)]
    heapify(heap)
    while heap and run.gas_used + TRANSFER_GAS <= context.parameters.gas_limit:
        _, _, place, signed = heap[0]
        try:
            run.apply(signed)
            chosen.append(signed)
        except InvalidTransaction:
            pass  # left out; those of its sender that build on it will be refused in their turn
        if queues[place]:
            _, tip, index, signed = queues[place].pop()
            heapreplace(heap, (-tip, index, place, signed))
        else:
            heappop(heap)
    return tuple(chosen), *run.finish()


_Candidate = tuple[int, int, int, SignedTransaction]


def _queue_by_sender(candidates: Iterable[SignedTransaction], base_fee_per_gas: int) -> list[list[_Candidate]]:
    """Return each sender's (nonce, tip, index, transaction), sorted so that the next one is last."""
    queues: dict[Address, list[_Candidate]] = {}
    for index, signed in enumerate(candidates):
        transaction = signed.transaction
        tip = compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, base_fee_per_gas)
        queues.setdefault(signed.sender, []).append((transaction.nonce, tip, index, signed))
    for queue in queues.values():
        queue.sort(key=lambda candidate: (-candidate[0], candidate[1], -candidate[2]))
    return list(queues.values())


def execute_block(
    parent: Header, parent_state: State, block: Block, parameters: LedgerParameters, rewards: tuple[Reward, ...] = ()
) -> tuple[State, Execution]:
    """Check everything the ledger asks of a block; return the state after it and what it did. Raises InvalidBlock."""
    header = block.header
    check_block_shape(block)
    check_header(parent, header, parameters)
    state, execution = execute(parent_state, _get_context(header, parameters, rewards), block.transactions)
    _check_equal("ledger/gas-used", "gas used", header.gas_used, execution.gas_used)
    _check_equal("ledger/receipts-root", "receipts", header.receipts_root, compute_receipts_root(execution.receipts))
    _check_equal("ledger/state-root", "state", header.state_root, state.root)
    return state, execution


def _get_context(header: Header, parameters: LedgerParameters, rewards: tuple[Reward, ...]) -> BlockContext:
    return BlockContext(header.height, header.time_us, header.proposer, header.base_fee_per_gas, parameters, rewards)


def check_header(parent: Header, header: Header, parameters: LedgerParameters) -> None:
    """Check a header against its parent's. Raises InvalidBlock.

    Rules: ledger/parent, ledger/height, ledger/time, ledger/block-gas-limit, ledger/base-fee.
    """
    _check_equal("ledger/parent", "parent", header.parent, parent.hash)
    _check_equal("ledger/height", "height", header.height, parent.height + 1)
    if header.time_us <= parent.time_us:
        raise InvalidBlock("ledger/time", f"time {header.time_us} µs is not after the parent's {parent.time_us} µs")
    _check_equal("ledger/block-gas-limit", "gas limit", header.gas_limit, parameters.gas_limit)
    _check_equal("ledger/base-fee", "base fee", header.base_fee_per_gas, compute_next_base_fee(parent))


def _check_equal(rule: str, what: str, found: int | bytes, expected: int | bytes) -> None:
    if found != expected:
        shown = [it.hex()[:16] + "…" if isinstance(it, bytes) else str(it) for it in (found, expected)]
        raise InvalidBlock(rule, f"the header says {what} {shown[0]}; it must be {shown[1]}")


CHECKPOINT_INTERVAL_BLOCKS: Final = 32
"""States at these heights are kept for ever."""
RECENT_STATES: Final = 128
"""So many other states are kept, the latest. An older one is executed again, from the checkpoint before it."""
MAX_BUILT: Final = 64
"""Blocks a ledger remembers between building and adding them; the oldest are forgotten, which costs time only."""


class Ledger:
    """The ledger of one simulated world: every block is executed once, however many nodes ask for it."""

    __slots__ = ("_blocks", "_built", "_checkpoints", "_executions", "_recent", "genesis", "parameters")

    def __init__(self, parameters: LedgerParameters, allocations: Mapping[Address, int]) -> None:
        self.parameters = parameters
        self.genesis, state = build_genesis(allocations, parameters)
        self._blocks: dict[Hash, Block] = {}
        self._executions: dict[Hash, Execution] = {}
        self._checkpoints: dict[Hash, State] = {}
        self._recent: dict[Hash, State] = {}
        self._built: dict[bytes, tuple[tuple[SignedTransaction, ...], State, Execution]] = {}
        self._remember(self.genesis, state, Execution((), 0, 0, 0, 0))

    def add(self, block: Block, rewards: tuple[Reward, ...] = ()) -> Execution:
        """Check a block on top of its parent, remember it, and return what it did.

        ``rewards`` is what it must pay beside the subsidy: a function of the block and its branch. A known block is
        not executed again; one that has a known header and another body is refused. Raises InvalidBlock, and then
        remembers nothing.
        """
        known, header = self._executions.get(block.hash), block.header
        if known is not None:
            check_block_shape(block)
            return known
        parent = self._blocks.get(header.parent)
        if parent is None:
            raise InvalidBlock("ledger/parent", f"the parent {header.parent.hex()[:16]}… is not known")
        built = self._built.pop(_encode_unsealed(header), None)
        if built is not None and built[0] is block.transactions and built[2].rewards == rewards:
            _, state, execution = built
        else:
            parent_state = self.state(header.parent)
            state, execution = execute_block(parent.header, parent_state, block, self.parameters, rewards)
        self._remember(block, state, execution)
        return execution

    def build_block(
        self,
        parent: Hash,
        proposer: Address,
        time_us: int,
        candidates: Iterable[SignedTransaction],
        consensus: bytes,
        rewards: tuple[Reward, ...] = (),
    ) -> Block:
        """Return a valid child of ``parent`` with the best candidates. Its nonce is zero; it is not added yet.

        It may be added with any nonce and seal, and is then not executed a second time. ``time_us`` must be after the
        parent's.
        """
        parent_header = self._blocks[parent].header
        assert time_us > parent_header.time_us, (time_us, parent_header.time_us)
        context = compute_context(parent_header, proposer, time_us, self.parameters, rewards)
        transactions, state, execution = build_body(self.state(parent), context, candidates)
        header = Header(
            parent=parent,
            height=context.height,
            time_us=time_us,
            proposer=proposer,
            state_root=state.root,
            transactions_root=compute_transactions_root(transactions),
            receipts_root=compute_receipts_root(execution.receipts),
            gas_limit=self.parameters.gas_limit,
            gas_used=execution.gas_used,
            base_fee_per_gas=context.base_fee_per_gas,
            consensus=consensus,
        )
        self._built[_encode_unsealed(header)] = transactions, state, execution
        _forget_oldest(self._built, MAX_BUILT)
        return Block(header, transactions)

    def execution(self, block: Hash) -> Execution:
        """Return what a known block did."""
        return self._executions[block]

    def receipts(self, block: Hash) -> tuple[Receipt, ...]:
        """Return the receipts of a known block, one per transaction."""
        return self._executions[block].receipts

    def next_base_fee(self, block: Hash) -> int:
        """Return the base fee of every child of a known block, in units per gas."""
        return compute_next_base_fee(self._blocks[block].header)

    def state(self, block: Hash) -> State:
        """Return the accounts after a known block."""
        missing = []
        while (state := self._checkpoints.get(block) or self._recent.get(block)) is None:
            missing.append(self._blocks[block])
            block = self._blocks[block].header.parent
        for later in reversed(missing):
            context = _get_context(later.header, self.parameters, self._executions[later.hash].rewards)
            state, _ = execute(state, context, later.transactions)
            self._remember_state(later, state)
        return state

    def _remember(self, block: Block, state: State, execution: Execution) -> None:
        self._blocks[block.hash], self._executions[block.hash] = block, execution
        self._remember_state(block, state)

    def _remember_state(self, block: Block, state: State) -> None:
        if block.header.height % CHECKPOINT_INTERVAL_BLOCKS == 0:
            self._checkpoints[block.hash] = state
        else:
            self._recent[block.hash] = state
            _forget_oldest(self._recent, RECENT_STATES)


def _encode_unsealed(header: Header) -> bytes:
    """Return the bytes of a header without what consensus adds once the block has been built."""
    return encode(msgspec.structs.replace(header, consensus=b"", nonce=EMPTY_NONCE))


def _forget_oldest(memory: dict[Any, Any], limit: int) -> None:
    while len(memory) > limit:
        del memory[next(iter(memory))]

"""What blocks do to the accounts: pure functions from a state to the next. One transaction: chain/ledger/block_run.py.

After its transactions a block pays the proposer the subsidy, and the rewards that the protocol in charge asks for
beside it, such as those for uncles, or stake that comes back. Nothing else creates money. So

    total of all balances = allocations + subsidies + rewards - burned base fees - deposits

to the unit, at every block, but for what contracts destroy with themselves. Every check comes before the first change,
and changes are gathered beside the parent's state and written into the map once a block: what is refused leaves no
trace.

Sources: Yellow Paper, sections 4.4 (header validity), 6 (transaction execution) and 11 (block finalisation); EIP-1559.
"""

from collections.abc import Callable, Iterable
from heapq import heapify, heappop, heapreplace

from chain.errors import InvalidBlock, InvalidTransaction
from chain.ledger.block import Block, Header, Receipt, check_block_shape, compute_receipts_root
from chain.ledger.block_run import BlockRun
from chain.ledger.context import BlockContext, Execution, Reward, get_no_hash
from chain.ledger.fees import compute_base_fee, compute_effective_tip
from chain.ledger.parameters import TRANSFER_GAS, LedgerParameters
from chain.ledger.state import State
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash


def compute_context(
    parent: Header,
    proposer: Address,
    time_us: int,
    parameters: LedgerParameters,
    rewards: tuple[Reward, ...] = (),
    get_ancestor_hash: Callable[[int], Hash] = get_no_hash,
) -> BlockContext:
    """Return the context of a child of ``parent``."""
    height, base_fee = parent.height + 1, compute_next_base_fee(parent)
    return BlockContext(height, time_us, proposer, base_fee, parameters, rewards, parent.hash, get_ancestor_hash)


def compute_next_base_fee(parent: Header) -> int:
    """Return the base fee of every child of a block, in units per gas."""
    return compute_base_fee(parent.gas_limit, parent.gas_used, parent.base_fee_per_gas)


def apply_transaction(state: State, signed: SignedTransaction, context: BlockContext) -> tuple[State, Receipt]:
    """Return the state after a transaction alone in a block, before the subsidy, and its receipt.

    Raises InvalidTransaction naming the rule and the numbers.
    """
    run = BlockRun(state, context)
    run.apply(signed)
    return run.changes.build_state(), run.receipts[0]


def execute(
    parent_state: State, context: BlockContext, transactions: Iterable[SignedTransaction]
) -> tuple[State, Execution]:
    """Execute transactions in their order, pay the proposer, and return the state after the block and what it did.

    Raises InvalidBlock with the rule of the first transaction that is refused, and its place.
    """
    run = BlockRun(parent_state, context)
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
    run, chosen = BlockRun(parent_state, context), []
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
    parent: Header,
    parent_state: State,
    block: Block,
    parameters: LedgerParameters,
    rewards: tuple[Reward, ...] = (),
    get_ancestor_hash: Callable[[int], Hash] = get_no_hash,
) -> tuple[State, Execution]:
    """Check everything the ledger asks of a block; return the state after it and what it did. Raises InvalidBlock."""
    header = block.header
    check_block_shape(block)
    check_header(parent, header, parameters)
    state, execution = execute(
        parent_state, build_context(header, parameters, rewards, get_ancestor_hash), block.transactions
    )
    _check_equal("ledger/gas-used", "gas used", header.gas_used, execution.gas_used)
    _check_equal("ledger/receipts-root", "receipts", header.receipts_root, compute_receipts_root(execution.receipts))
    _check_equal("ledger/state-root", "state", header.state_root, state.root)
    return state, execution


def build_context(
    header: Header,
    parameters: LedgerParameters,
    rewards: tuple[Reward, ...],
    get_ancestor_hash: Callable[[int], Hash] = get_no_hash,
) -> BlockContext:
    """Return what the transactions of a block with this header can know of it."""
    return BlockContext(
        header.height,
        header.time_us,
        header.proposer,
        header.base_fee_per_gas,
        parameters,
        rewards,
        header.parent,
        get_ancestor_hash,
    )


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

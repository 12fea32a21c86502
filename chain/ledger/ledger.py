"""The ledger of one simulated world: what all its blocks did, and the states they lead to."""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any, Final

import msgspec

from chain.contracts.evm.host import Context, Host
from chain.encoding import encode
from chain.errors import InvalidBlock
from chain.ledger.block import (
    EMPTY_NONCE,
    Block,
    Header,
    Receipt,
    check_block_shape,
    compute_receipts_root,
    compute_transactions_root,
)
from chain.ledger.block_run import BlockRun, build_machine_context
from chain.ledger.context import BlockContext, Execution, Reward
from chain.ledger.execution import (
    build_body,
    build_context,
    compute_context,
    compute_next_base_fee,
    execute,
    execute_block,
)
from chain.ledger.genesis import NOBODY, build_genesis
from chain.ledger.parameters import LedgerParameters
from chain.ledger.state import State
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash

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
            find = partial(self._get_ancestor_hash, header.parent)
            state, execution = execute_block(parent.header, parent_state, block, self.parameters, rewards, find)
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
        find = partial(self._get_ancestor_hash, parent)
        context = compute_context(parent_header, proposer, time_us, self.parameters, rewards, find)
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
            state, _ = execute(state, self._get_context(later), later.transactions)
            self._remember_state(later, state)
        return state

    def open_next(self, block: Hash, time_us: int) -> tuple[Host, Context]:
        """Return accounts and context in which a contract would run on top of a known block, to try a call."""
        find = partial(self._get_ancestor_hash, block)
        context = compute_context(self._blocks[block].header, NOBODY, time_us, self.parameters, (), find)
        return BlockRun(self.state(block), context).host, build_machine_context(context, context.base_fee_per_gas)

    def open_run(self, block: Hash, index: int) -> BlockRun:
        """Return a known block's run as it stood before the transaction with this index, to see it happen again."""
        known = self._blocks[block]
        run = BlockRun(self.state(known.header.parent), self._get_context(known))
        for signed in known.transactions[:index]:
            run.apply(signed)
        return run

    def _get_context(self, block: Block) -> BlockContext:
        find = partial(self._get_ancestor_hash, block.header.parent)
        return build_context(block.header, self.parameters, self._executions[block.hash].rewards, find)

    def _get_ancestor_hash(self, block: Hash, height: int) -> Hash:
        """Return the hash of the ancestor at a height, of which the machine asks for the last 256 only."""
        while self._blocks[block].header.height > height:
            block = self._blocks[block].header.parent
        return block

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

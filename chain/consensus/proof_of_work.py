"""Proof of work after Nakamoto: the chain with the most work is the chain.

Rules. A header carries the compact target its parent's state demands, and its hash meets that target scaled by a fixed
factor (below). The state counts work and remembers where the difficulty window began (chain/consensus/difficulty.py).

Agents. A miner of ``h`` hashes a second finds a block after an exponential time of mean ``work / h``. Waiting is
memoryless, so a timer once set runs on whatever head the miner has when it fires; nothing is re-armed when a block
arrives, except where the new head demands another difficulty.

Simplification. Waiting times are drawn, so that runs are reproducible at any hash rate; the nonce is really ground, but
against a target made easier by a constant factor, chosen at genesis so that grinding takes ``grind_hashes`` tries. The
zeros are real and checked. However high the difficulty climbs, no block asks for more than ``MAX_GRIND_HASHES`` tries:
a fraction of a second. ``grind_hashes = 0`` leaves the nonce at zero and the hash unchecked, for large studies.

Sources: S. Nakamoto, Bitcoin: A Peer-to-Peer Electronic Cash System, sections 4 and 5; Bitcoin Core for first-seen ties
(``CBlockIndexWorkComparator``).
"""

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chain.consensus.base import CancelTimer, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.difficulty import (
    BITCOIN_POW_LIMIT,
    MAX_HASH,
    compute_next_bits,
    compute_work,
    decode_compact,
    encode_compact,
)
from chain.consensus.hashing_agent import MAX_GRIND_HASHES, HashingAgent, grind_nonce
from chain.consensus.validators import Context
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block
from chain.ledger.context import StakeChange
from chain.units import DAY, MILLISECOND, SECOND, Span, TimeUs

MIN_INTERVAL_US: Final = MILLISECOND
MAX_INTERVAL_US: Final = 366 * DAY
_MINE: Final = "mine"


class ProofOfWorkParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for proof of work."""

    protocol: str = "proof-of-work"
    interval: Span = Span(600 * SECOND)
    """Expected time between blocks at the initial hash rate. Bitcoin: 10 minutes."""
    mining: Literal["automatic", "manual"] = "automatic"
    """Whether miners work by themselves or wait to be told (command MineBlock)."""
    retarget_window: Annotated[int, Meta(ge=0, le=1_000_000)] = 0
    """Blocks between two adjustments of difficulty, 3 or more; 0 keeps it as it is. Bitcoin: 2016."""
    confirmations: Annotated[int, Meta(ge=0, le=10_000)] = 6
    """Blocks, the block itself included, after which a screen calls a block final by depth. Nakamoto, section 11."""
    grind_hashes: Annotated[int, Meta(ge=0, le=MAX_GRIND_HASHES)] = 4096
    """Hashes the nonce of a block takes on average at the initial difficulty; 0 switches grinding off."""
    joules_per_terahash: Annotated[int, Meta(ge=0, le=10**9)] = 50
    """Energy of one million million hashes, in joules; 50 is the method's round figure (CBECI)."""

    def __post_init__(self) -> None:
        """Refuse what no chain can grow from. Raises InvalidScenario naming the key."""
        if not MIN_INTERVAL_US <= self.interval <= MAX_INTERVAL_US:
            raise InvalidScenario("consensus.interval", str(self.interval), '"1ms" to "366d"')
        if self.retarget_window in (1, 2):  # the measured time spans one interval less: it would be 0, or have no mean
            raise InvalidScenario("consensus.retarget_window", self.retarget_window, "0 (never), or 3 to 1000000")


class WorkSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What proof of work puts into a header's ``consensus`` bytes."""

    bits: int
    """The compact target."""


class WorkState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The consensus state after a block."""

    height: int
    time_us: TimeUs
    total_work: int
    """Expected hashes of the whole branch."""
    window_start_us: TimeUs
    """Header time of the first block of the current difficulty window."""
    bits: int
    """What this block met."""
    next_bits: int
    """What a child must meet."""


class ProofOfWorkRules(Rules[WorkState]):
    """Checks and counts work. One object serves every node."""

    finality = Finality.DEPTH

    def __init__(self, parameters: ProofOfWorkParameters, hash_rate_per_s: int) -> None:
        self.parameters = parameters
        hashes = max(1, hash_rate_per_s * parameters.interval // SECOND)
        initial_target = min(MAX_HASH, (1 << 256) // hashes)
        # Slow simulated networks start above Bitcoin's limit; leave them room to become 2**16 times easier.
        self.pow_limit = max(BITCOIN_POW_LIMIT, min(MAX_HASH, initial_target << 16))
        self.initial_bits = encode_compact(initial_target)
        initial_work = compute_work(decode_compact(self.initial_bits))
        self.grind_scale = max(1, initial_work // parameters.grind_hashes) if parameters.grind_hashes else 0

    def genesis(self, block: Block) -> WorkState:
        time_us = TimeUs(block.header.time_us)
        return WorkState(0, time_us, 0, time_us, self.initial_bits, self.initial_bits)

    def check(self, parent: WorkState, block: Block) -> None:
        seal = decode(WorkSeal, block.header.consensus)
        if seal.bits != parent.next_bits:
            message = f"the header claims target {seal.bits:08x}, the chain demands {parent.next_bits:08x}"
            raise InvalidBlock("proof-of-work/bits", message)
        target = self.get_ground_target(seal.bits)
        if int.from_bytes(block.hash) > target:
            message = f"hash {block.hash.hex()[:16]}… exceeds the target {target:064x}"[:120]
            raise InvalidBlock("proof-of-work/target", message)

    def apply(self, parent: WorkState, block: Block, changes: tuple[StakeChange, ...] = ()) -> WorkState:
        height, time_us = parent.height + 1, TimeUs(block.header.time_us)
        window, bits = self.parameters.retarget_window, parent.next_bits
        window_start_us = time_us if window and height % window == 0 else parent.window_start_us
        next_bits = bits
        if window and (height + 1) % window == 0:
            expected_us = window * self.parameters.interval
            next_bits = compute_next_bits(bits, time_us - window_start_us, expected_us, self.pow_limit)
        total_work = parent.total_work + compute_work(decode_compact(bits))
        return WorkState(height, time_us, total_work, window_start_us, bits, next_bits)

    def wakes_agents(self, parent: WorkState, state: WorkState) -> bool:
        return parent.next_bits != state.next_bits

    def weight(self, state: WorkState) -> int:
        return state.total_work

    def finalized(self, view: View) -> BlockRecord:
        record = view.heaviest()
        for _ in range(self.parameters.confirmations - 1):
            record = record.parent or record
        return record

    def get_ground_target(self, bits: int) -> int:
        """Return what a header's hash must not exceed: the target of ``bits``, scaled; anything without grinding."""
        if not self.grind_scale:
            return MAX_HASH
        scaled = (decode_compact(bits) + 1) * self.grind_scale - 1
        return max(MAX_HASH // MAX_GRIND_HASHES, min(MAX_HASH, scaled))

    def seal(self, block: Block) -> Block:
        """Return the block with a nonce that meets its target, found by trying one after the other."""
        if not self.grind_scale:
            return block
        return grind_nonce(block, self.get_ground_target(decode(WorkSeal, block.header.consensus).bits))


class Miner(HashingAgent):
    """An honest miner: always at work on the heaviest chain it knows."""

    __slots__ = ()
    rules: ProofOfWorkRules

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        return self.work(view)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        return [*self.on_demand(view), *self.work(view)]

    def on_demand(self, view: View) -> Effects:
        head = view.heaviest()
        seal = encode(WorkSeal(head.state.next_bits))
        return [Publish(self.rules.seal(view.build_block(head.hash, seal)))]

    def work(self, view: View) -> Effects:
        if not self.hash_rate_per_s or self.rules.parameters.mining == "manual":
            return [CancelTimer(_MINE)]
        work = compute_work(decode_compact(view.heaviest().state.next_bits))
        mean_us = work * SECOND // self.hash_rate_per_s
        wait_us = max(1, view.draw_exponential(mean_us, _MINE))  # time goes on, whatever the hash rate
        return [SetTimer(_MINE, TimeUs(view.now_us + wait_us))]


def build(parameters: ProofOfWorkParameters, context: Context) -> Setup[WorkState]:
    """Return the rules and a miner for every node; hash rates may be zero."""
    rules = ProofOfWorkRules(parameters, sum(context.hash_rates_per_s.values()))
    agents = {node: Miner(rules, rate) for node, rate in context.hash_rates_per_s.items()}
    return Setup(parameters.protocol, rules, dict(agents), parameters.confirmations)

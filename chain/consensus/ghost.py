"""Proof of work in Ethereum 1's style: short intervals, uncles that are paid, and the GHOST rule.

Difficulty. It is set anew for every block from its parent's: up by 1/2048 of it when the block comes soon, down by as
much for each further 9 s it takes, up to 99 times; a parent with uncles counts as one step sooner (Byzantium, EIP-100).

Uncles. A stale block may be named by a later one, as one of at most two, when its parent is an ancestor of the naming
block and it is 1 to 6 generations older, k. The miner of the uncle gets (8 - k)/8 of the subsidy, who names it 1/32.

Fork choice. From genesis on, always the child with the most work in the subtree below it, whoever named what: so stale
blocks too secure what they are built on. Alternatives: the branch with the most total difficulty, with that of the
uncles it names or, as Ethereum's clients counted, without.

Agents. As in proof of work: waiting is exponential and memoryless. Since the difficulty of a block depends on its time,
a miner draws again whenever the difficulty steps down, and on a new head.

Sources: Sompolinsky and Zohar, Secure High-Rate Transaction Processing in Bitcoin (FC 2015), algorithm 1; Ethereum
Yellow Paper, Byzantium version: equations of sections 4.4.4 (difficulty), 11.1 (ommer validation), 11.3 (rewards);
EIP-2 (Homestead), EIP-100 (Byzantium); go-ethereum consensus/ethash (``VerifyUncles``, ``accumulateRewards``).

Simplifications. The ice age is off. A seal names an uncle by hash, parent, height, miner and difficulty, where Ethereum
carries its header, and the uncle must be a wholly valid block. The 9 s (Homestead: 10 s) are those of an interval of
13 s and scale with it; time is counted in microseconds, not in seconds. Equally heavy subtrees: the smaller hash.
Waiting is drawn and the nonce ground against an easier target, as in chain/consensus/proof_of_work.py.
"""

from collections.abc import Callable
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from chain.consensus.base import Agent, CancelTimer, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.difficulty import MAX_HASH
from chain.consensus.hashing_agent import MAX_GRIND_HASHES, HashingAgent, grind_nonce
from chain.consensus.validators import Context
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block
from chain.ledger.context import Reward, StakeChange
from chain.units import DAY, MILLISECOND, SECOND, Address, Hash, NodeId, Span, TimeUs

MIN_DIFFICULTY: Final = 131_072
"""Yellow Paper, D_0."""
BOUND_DIVISOR: Final = 2_048
MAX_STEPS_DOWN: Final = 99
MAX_UNCLES: Final = 2
MAX_GENERATIONS: Final = 6
"""An uncle is at most so many blocks lower than who names it; so its parent is among seven ancestors."""
NEPHEW_DIVISOR: Final = 32
_MINE: Final = "mine"


class GhostParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for GHOST."""

    protocol: str = "ghost"
    interval: Span = Span(13 * SECOND)
    """Mean time between blocks that the difficulty steers to, where there are no uncles. Ethereum: 13 s."""
    fork_choice: Literal["ghost", "total-difficulty", "yellow-paper"] = "ghost"
    """The heaviest subtree; the most total difficulty with named uncles; or, as Ethereum's clients had it, without."""
    difficulty_rule: Literal["byzantium", "homestead"] = "byzantium"
    """Whether uncles count when difficulty is set. Homestead takes 10 s for a step and steers to 14.4 s of 13."""
    mining: Literal["automatic", "manual"] = "automatic"
    """Whether miners work by themselves or wait to be told (command MineBlock)."""
    confirmations: Annotated[int, Meta(ge=1, le=10_000)] = 12
    """Blocks, the block itself included, after which a screen calls a block final by depth."""
    grind_hashes: Annotated[int, Meta(ge=0, le=MAX_GRIND_HASHES)] = 4096
    """Hashes the nonce of a block takes on average at the initial difficulty; 0 switches grinding off."""
    joules_per_terahash: Annotated[int, Meta(ge=0, le=10**9)] = 50
    """Energy of one million million hashes, in joules."""

    def __post_init__(self) -> None:
        """Refuse what no chain can grow from. Raises InvalidScenario naming the key."""
        if not MILLISECOND <= self.interval <= 366 * DAY:
            raise InvalidScenario("consensus.interval", str(self.interval), '"1ms" to "366d"')

    @property
    def step_us(self) -> int:
        """Time for which the difficulty steps down once: 9 s of 13 under Byzantium, 10 under Homestead."""
        return self.interval * (9 if self.difficulty_rule == "byzantium" else 10) // 13


class Uncle(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """A stale block that a later one names."""

    hash: Annotated[Hash, Meta(min_length=32, max_length=32)]
    parent: Annotated[Hash, Meta(min_length=32, max_length=32)]
    height: int
    proposer: Annotated[Address, Meta(min_length=20, max_length=20)]
    difficulty: Annotated[bytes, Meta(max_length=32)]


class GhostSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What GHOST puts into a header's ``consensus`` bytes."""

    difficulty: Annotated[bytes, Meta(max_length=32)]
    """A big-endian number: expected hashes."""
    uncles: tuple[Uncle, ...] = ()


class GhostState(msgspec.Struct, frozen=True, array_like=True):
    """The consensus state after a block."""

    height: int
    time_us: TimeUs
    difficulty: int
    total_difficulty: int
    """Of the whole branch, with its uncles where they count."""
    ancestors: tuple[Hash, ...]
    """The last seven blocks of the branch, the latest first."""
    uncles: tuple[tuple[Hash, ...], ...] = ((),)
    """What those blocks named."""


def compute_difficulty(parent_difficulty: int, elapsed_us: int, step_us: int, has_uncles: bool) -> int:
    """Return the difficulty of a block that comes so long after its parent (Yellow Paper 4.4.4, without ice age)."""
    steps = max((2 if has_uncles else 1) - elapsed_us // step_us, -MAX_STEPS_DOWN)
    return max(MIN_DIFFICULTY, parent_difficulty + parent_difficulty // BOUND_DIVISOR * steps)


def choose_head(view: View) -> BlockRecord:
    """Return the end of the branch that always goes to the child with the heaviest subtree (GHOST, algorithm 1).

    Walks from the latest block back, handing up weights. As soon as all blocks seen so far descend from one that no
    rival published before it could outweigh (``BlockRecord.lead``), the way from genesis must lead there.
    """
    weights: dict[int, int] = {}  # of the blocks below a block, by its index
    heirs: dict[int, tuple[int, Hash, BlockRecord]] = {}  # rank of its heaviest child, and the head below that
    for record in view.iter_known_back():
        below, (_, _, head) = weights.pop(record.index, 0), heirs.pop(record.index, (0, record.hash, record))
        parent = record.parent
        if parent is None or (not weights and below + record.lead > 0):
            return head
        subtree = below + record.weight - parent.weight
        weights[parent.index] = weights.get(parent.index, 0) + subtree
        heir = (-subtree, record.hash, head)
        heirs[parent.index] = min(heirs.get(parent.index, heir), heir, key=lambda it: it[:2])
    raise AssertionError("a node knows the genesis block")


class GhostRules(Rules[GhostState]):
    """Checks difficulty, work and uncles. One object serves every node."""

    finality = Finality.DEPTH

    def __init__(self, parameters: GhostParameters, hash_rate_per_s: int) -> None:
        self.parameters = parameters
        self.initial_difficulty = max(MIN_DIFFICULTY, hash_rate_per_s * parameters.interval // SECOND)
        self.grind_scale = max(1, self.initial_difficulty // parameters.grind_hashes) if parameters.grind_hashes else 0

    def genesis(self, block: Block) -> GhostState:
        return GhostState(0, TimeUs(block.header.time_us), self.initial_difficulty, 0, (block.hash,))

    def compute_difficulty(self, parent: GhostState, time_us: int) -> int:
        """Return the difficulty of a child with this header time."""
        has_uncles = self.parameters.difficulty_rule == "byzantium" and bool(parent.uncles[0])
        return compute_difficulty(parent.difficulty, time_us - parent.time_us, self.parameters.step_us, has_uncles)

    def check(self, parent: GhostState, block: Block) -> None:
        seal = decode(GhostSeal, block.header.consensus)
        difficulty = self.compute_difficulty(parent, block.header.time_us)
        if seal.difficulty != _encode_number(difficulty):
            message = f"the header claims {int.from_bytes(seal.difficulty)}, the chain demands {difficulty}"
            raise InvalidBlock("ghost/difficulty", message)
        if int.from_bytes(block.hash) > self.get_ground_target(difficulty):
            message = f"hash {block.hash.hex()[:16]}… exceeds the target {self.get_ground_target(difficulty):064x}"[
                :120
            ]
            raise InvalidBlock("ghost/work", message)
        if len(seal.uncles) > MAX_UNCLES:
            raise InvalidBlock("ghost/uncle-count", f"{len(seal.uncles)} uncles; a block names at most {MAX_UNCLES}")
        named = [uncle.hash for uncle in seal.uncles]
        for place, uncle in enumerate(seal.uncles):
            _check_uncle(parent, uncle, named[:place])

    def check_references(self, block: Block, get_valid: Callable[[Hash], BlockRecord | None]) -> None:
        for uncle in decode(GhostSeal, block.header.consensus).uncles:
            record = get_valid(uncle.hash)
            if record is None:
                raise InvalidBlock("ghost/uncle-unknown", f"uncle {uncle.hash.hex()[:16]}… is no valid block")
            if describe_uncle(record) != uncle:
                message = f"uncle {uncle.hash.hex()[:16]}… of height {record.height} is not as the seal describes it"
                raise InvalidBlock("ghost/uncle-claims", message)

    def compute_rewards(
        self, parent: GhostState, proposer: Address, consensus: bytes, subsidy: int
    ) -> tuple[Reward, ...]:
        """Pay each uncle's miner (8 - k)/8 of the subsidy and who names it 1/32 (Yellow Paper 11.3)."""
        rewards: list[Reward] = []
        for uncle in decode(GhostSeal, consensus).uncles:
            generations = parent.height + 1 - uncle.height
            rewards.append(Reward(uncle.proposer, (8 - generations) * subsidy // 8))
            rewards.append(Reward(proposer, subsidy // NEPHEW_DIVISOR))
        return tuple(rewards)

    def apply(self, parent: GhostState, block: Block, changes: tuple[StakeChange, ...] = ()) -> GhostState:
        seal = decode(GhostSeal, block.header.consensus)
        difficulty = int.from_bytes(seal.difficulty)
        total = parent.total_difficulty + difficulty
        if self.parameters.fork_choice == "total-difficulty":
            total += sum(int.from_bytes(uncle.difficulty) for uncle in seal.uncles)
        ancestors = (block.hash, *parent.ancestors[:MAX_GENERATIONS])
        uncles = (tuple(uncle.hash for uncle in seal.uncles), *parent.uncles[:MAX_GENERATIONS])
        return GhostState(parent.height + 1, TimeUs(block.header.time_us), difficulty, total, ancestors, uncles)

    def wakes_agents(self, parent: GhostState, state: GhostState) -> bool:
        return True

    def weight(self, state: GhostState) -> int:
        return state.total_difficulty

    def head(self, view: View) -> BlockRecord:
        return choose_head(view) if self.parameters.fork_choice == "ghost" else view.heaviest()

    def finalized(self, view: View) -> BlockRecord:
        record = self.head(view)
        for _ in range(self.parameters.confirmations - 1):
            record = record.parent or record
        return record

    def get_ground_target(self, difficulty: int) -> int:
        """Return what a header's hash must not exceed: 2^256 / difficulty, scaled; anything without grinding."""
        if not self.grind_scale:
            return MAX_HASH
        return max(MAX_HASH // MAX_GRIND_HASHES, min(MAX_HASH, (1 << 256) * self.grind_scale // difficulty - 1))

    def seal(self, block: Block, difficulty: int) -> Block:
        """Return the block with a nonce that meets its target, found by trying one after the other."""
        if not self.grind_scale:
            return block
        return grind_nonce(block, self.get_ground_target(difficulty))


def _encode_number(number: int) -> bytes:
    return number.to_bytes((number.bit_length() + 7) // 8)


def _check_uncle(parent: GhostState, uncle: Uncle, named: list[Hash]) -> None:
    """Raise InvalidBlock unless a child may name the uncle (Yellow Paper 11.1; go-ethereum ``VerifyUncles``)."""
    shown = f"uncle {uncle.hash.hex()[:16]}…"
    if uncle.hash in parent.ancestors:
        raise InvalidBlock("ghost/uncle-ancestor", f"{shown} is an ancestor of the block that names it")
    if uncle.hash in named or any(uncle.hash in earlier for earlier in parent.uncles):
        raise InvalidBlock("ghost/uncle-twice", f"{shown} is named a second time")
    generations = parent.height + 1 - uncle.height
    if uncle.parent not in parent.ancestors[1:] or not 1 <= generations <= MAX_GENERATIONS:
        message = (
            f"{shown} is {generations} generations older; its parent must be an ancestor, it 1 to {MAX_GENERATIONS}"
        )
        raise InvalidBlock("ghost/uncle-generation", message)


def describe_uncle(record: BlockRecord) -> Uncle:
    """Return how a seal names a stale block."""
    header = record.block.header
    difficulty = decode(GhostSeal, header.consensus).difficulty
    return Uncle(record.hash, header.parent, record.height, header.proposer, difficulty)


def choose_uncles(view: View, head: BlockRecord) -> tuple[Uncle, ...]:
    """Return what a child of ``head`` can name: of the stale blocks a node knows those published first."""
    state: GhostState = head.state
    taken, since, chosen = {*state.ancestors, *(one for named in state.uncles for one in named)}, head, []
    for _ in range(MAX_GENERATIONS):
        since = since.parent or since
    for record in view.iter_known(since):
        if record.block.header.parent in state.ancestors[1:] and record.hash not in taken:
            chosen.append(describe_uncle(record))
            if len(chosen) == MAX_UNCLES:
                break
    return tuple(chosen)


class GhostMiner(HashingAgent):
    """An honest miner: always at work on the head it knows, naming the uncles it knows."""

    __slots__ = ("_armed",)
    rules: GhostRules

    def __init__(self, rules: GhostRules, hash_rate_per_s: int) -> None:
        super().__init__(rules, hash_rate_per_s)
        self._armed = Hash(b"")  # the head it works on

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        head = self.rules.head(view)
        return () if head.hash == self._armed else self._arm(view, head)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        """With ``data`` only the difficulty has stepped down; without, a block is found."""
        return self.work(view) if data else self.on_demand(view)

    def on_demand(self, view: View) -> Effects:
        head = self.rules.head(view)
        difficulty = self.rules.compute_difficulty(head.state, max(view.now_us, head.state.time_us + 1))
        seal = GhostSeal(_encode_number(difficulty), choose_uncles(view, head))
        return [Publish(self.rules.seal(view.build_block(head.hash, encode(seal)), difficulty))]

    def work(self, view: View) -> Effects:
        return self._arm(view, self.rules.head(view))

    def _arm(self, view: View, head: BlockRecord) -> Effects:
        self._armed = head.hash
        if not self.hash_rate_per_s or self.rules.parameters.mining == "manual":
            return [CancelTimer(_MINE)]
        time_us, step_us = max(view.now_us, head.state.time_us + 1), self.rules.parameters.step_us
        difficulty = self.rules.compute_difficulty(head.state, time_us)
        found_us = view.now_us + max(1, view.draw_exponential(difficulty * SECOND // self.hash_rate_per_s, _MINE))
        next_step_us = time_us + step_us - (time_us - head.state.time_us) % step_us
        if found_us < next_step_us or self.rules.compute_difficulty(head.state, next_step_us) == difficulty:
            return [SetTimer(_MINE, TimeUs(found_us))]
        return [SetTimer(_MINE, TimeUs(next_step_us), 1)]


def build(parameters: GhostParameters, context: Context) -> Setup[GhostState]:
    """Return the rules and a miner for every node; hash rates may be zero."""
    rules = GhostRules(parameters, sum(context.hash_rates_per_s.values()))
    agents: dict[NodeId, Agent] = {node: GhostMiner(rules, rate) for node, rate in context.hash_rates_per_s.items()}
    return Setup(parameters.protocol, rules, agents, parameters.confirmations)

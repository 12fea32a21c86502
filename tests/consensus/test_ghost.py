"""GHOST: Ethereum's difficulty, uncles and their rewards, the heaviest subtree, and runs at short intervals."""

import json
from collections.abc import Callable, Iterator
from fractions import Fraction
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.consensus.ghost import (
    MIN_DIFFICULTY,
    GhostParameters,
    GhostRules,
    GhostSeal,
    GhostState,
    Uncle,
    choose_head,
    compute_difficulty,
)
from chain.crypto.hashing import digest
from chain.draws import draw_exponential
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block, set_nonce
from chain.ledger.context import Reward
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.node.view import NodeView
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import Heal, MineBlock, Partition, SetHashRate, StopNode
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, HOUR, MINUTE, NEVER, SECOND, Address, Hash, NodeId, Span, TimeUs

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ethereum_difficulty.json").read_text(encoding="utf-8"))
HASH_RATE_PER_S = 10**6
ANNA, BEN = Address(b"a" * 20), Address(b"b" * 20)


# Difficulty -----------------------------------------------------------------------------------------------------------


def compute_ice_age(rule: str, height: int) -> int:
    periods = (height if rule == "homestead" else max(0, height - 2_999_999)) // 100_000
    return 2 ** (periods - 2) if periods > 1 else 0


@pytest.mark.parametrize(("rule", "height", "parent", "elapsed_s", "has_uncles", "expected"), VECTORS["rows"])
def test_difficulty_as_ethereum_tests_it(
    rule: str, height: int, parent: str, elapsed_s: int, has_uncles: bool, expected: str
) -> None:
    """The published numbers contain the ice age of their height, which we leave out: it is taken off here."""
    rules = GhostRules(GhostParameters(difficulty_rule=rule), HASH_RATE_PER_S)  # type: ignore[arg-type]
    uncles = (Hash(bytes(32)),) if has_uncles else ()
    state = GhostState(height - 1, TimeUs(77), int(parent), 0, (), (uncles,))
    found = rules.compute_difficulty(state, 77 + elapsed_s * SECOND)
    assert found in (int(expected) - compute_ice_age(rule, height), MIN_DIFFICULTY)
    assert found == MIN_DIFFICULTY or int(expected) > MIN_DIFFICULTY


def test_difficulty_steps_down_every_nine_seconds_and_uncles_put_it_off_by_one_step() -> None:
    difficulty, step = 2048 * 1000, 9 * SECOND
    seconds = [0, 8, 9, 17, 18, 27, 9 * 99, 9 * 100, 9 * 101, 10**6]
    alone = [(compute_difficulty(difficulty, s * SECOND, step, False) - difficulty) // 1000 for s in seconds]
    assert alone == [1, 1, 0, 0, -1, -2, -98, -99, -99, -99]
    with_uncles = [(compute_difficulty(difficulty, s * SECOND, step, True) - difficulty) // 1000 for s in seconds]
    assert with_uncles == [2, 2, 1, 1, 0, -1, -97, -98, -99, -99]
    assert compute_difficulty(MIN_DIFFICULTY, 10**9 * SECOND, step, False) == MIN_DIFFICULTY


@pytest.mark.parametrize(("rule", "step_s"), [("byzantium", 9), ("homestead", 10)])
def test_without_uncles_the_interval_comes_to_rest_at_step_over_ln_2(rule: str, step_s: int) -> None:
    """E[1 - floor(t/s)] = 0 for an exponential t at mean s / ln 2: 12.98 s and 14.43 s."""
    parameters = GhostParameters(difficulty_rule=rule)  # type: ignore[arg-type]
    assert parameters.step_us == step_s * SECOND
    difficulty, total_us, blocks = 13 * 10**9, 0, 60_000
    for number in range(blocks):
        elapsed_us = draw_exponential(3, difficulty // 1000, "block", number)  # a thousand hashes a microsecond
        difficulty = compute_difficulty(difficulty, elapsed_us, parameters.step_us, False)
        total_us += elapsed_us
    assert total_us / blocks / SECOND == pytest.approx(step_s / 0.6931472, rel=0.01)


# Blocks and uncles ----------------------------------------------------------------------------------------------------


class Chain:
    """Real blocks on real branches; ``at`` names them by a letter and what it is built on."""

    def __init__(self, **parameters: Any) -> None:
        self.rules = GhostRules(GhostParameters(**{"grind_hashes": 16} | parameters), HASH_RATE_PER_S)
        self.ledger = Ledger(LedgerParameters(), {})
        self.tree = BlockTree()
        genesis = self.ledger.genesis
        self.tree.add(genesis, self.rules.genesis(genesis), 0, NodeId(0), TimeUs(0), np.zeros(1, dtype=np.int64))

    def write(
        self, parent: BlockRecord, uncles: tuple[Uncle, ...] = (), miner: Address = ANNA, late: int = 13
    ) -> Block:
        """Return a ground block with uncles on a parent, ``late`` seconds after it."""
        time_us = parent.state.time_us + late * SECOND
        difficulty = self.rules.compute_difficulty(parent.state, time_us)
        seal = encode(GhostSeal(difficulty.to_bytes(4).lstrip(b"\0"), uncles))
        rewards = self.rules.compute_rewards(parent.state, miner, seal, 50 * COIN)
        block = self.ledger.build_block(parent.hash, miner, time_us, (), seal, rewards)
        return self.rules.seal(block, difficulty)

    def check(self, parent: BlockRecord, block: Block) -> None:
        self.rules.check(parent.state, block)
        self.rules.check_references(block, self.tree.get)

    def add(self, parent: BlockRecord, *uncles: BlockRecord, miner: Address = ANNA, late: int = 13) -> BlockRecord:
        block = self.write(parent, tuple(describe(uncle) for uncle in uncles), miner, late)
        self.check(parent, block)
        header = block.header
        self.ledger.add(block, self.rules.compute_rewards(parent.state, header.proposer, header.consensus, 50 * COIN))
        state = self.rules.apply(parent.state, block)
        now = np.full(1, len(self.tree), dtype=np.int64)
        return self.tree.add(block, state, self.rules.weight(state), NodeId(0), TimeUs(len(self.tree)), now)

    def extend(self, count: int) -> list[BlockRecord]:
        """Return genesis and so many blocks on it."""
        records = [self.tree.records[0]]
        for _ in range(count):
            records.append(self.add(records[-1]))
        return records


def describe(record: BlockRecord) -> Uncle:
    header = record.block.header
    difficulty = decode(GhostSeal, header.consensus).difficulty
    return Uncle(record.hash, header.parent, record.height, header.proposer, difficulty)


def test_a_block_states_its_difficulty_and_has_done_the_work() -> None:
    chain = Chain()
    genesis = chain.tree.records[0]
    block = chain.write(genesis)
    chain.check(genesis, block)
    wrong = encode(GhostSeal((13 * 10**6 + 1).to_bytes(4).lstrip(b"\0")))
    with pytest.raises(InvalidBlock, match="ghost/difficulty"):
        chain.check(genesis, Block(msgspec.structs.replace(block.header, consensus=wrong), ()))
    refused = 0
    for nonce in range(40):
        other = set_nonce(block, nonce.to_bytes(8))
        if int.from_bytes(other.hash) > chain.rules.get_ground_target(13 * 10**6):
            refused += 1
            with pytest.raises(InvalidBlock, match="ghost/work"):
                chain.check(genesis, other)
    assert 30 <= refused < 40


@pytest.mark.parametrize("generations", [1, 2, 3, 4, 5, 6])
def test_an_uncle_of_k_generations_is_paid_8_minus_k_eighths_and_its_nephew_a_thirty_second(generations: int) -> None:
    chain = Chain()
    branch = chain.extend(7)
    stale = chain.add(branch[7 - generations], miner=BEN, late=14)
    nephew = chain.add(branch[7], stale)
    assert nephew.height - stale.height == generations
    execution = chain.ledger.execution(nephew.hash)
    assert execution.rewards == (
        Reward(BEN, 50 * COIN * (8 - generations) // 8),
        Reward(ANNA, 50 * COIN // 32),
    )
    before, after = (chain.ledger.state(one.hash) for one in (branch[7], nephew))
    assert after.get_account(BEN).balance == 50 * COIN * (8 - generations) // 8
    assert after.get_account(ANNA).balance - before.get_account(ANNA).balance == 50 * COIN * 33 // 32
    total = Fraction(8 - generations, 8) + Fraction(33, 32)
    assert after.compute_total_balance() - before.compute_total_balance() == 50 * COIN * total


def test_a_block_names_two_uncles_at_most() -> None:
    chain = Chain()
    branch = chain.extend(3)
    stale = [chain.add(branch[2], late=20 + number) for number in range(3)]
    chain.add(branch[3], *stale[:2])
    with pytest.raises(InvalidBlock, match=r"3 uncles.*ghost/uncle-count"):
        chain.add(branch[3], *stale)


INVALID: list[tuple[str, str, Callable[[Chain, list[BlockRecord]], Block]]] = [
    ("ghost/uncle-generation", "7 generations", lambda c, b: c.write(b[8], (describe(c.add(b[1], late=20)),))),
    ("ghost/uncle-generation", "0 generations", lambda c, b: c.write(b[8], (describe(c.add(b[8], late=20)),))),
    (
        "ghost/uncle-generation",
        "1 generations",
        lambda c, b: c.write(b[8], (describe(c.add(c.add(b[6], late=20))),)),
    ),
    ("ghost/uncle-ancestor", "is an ancestor", lambda c, b: c.write(b[8], (describe(b[8]),))),
    ("ghost/uncle-ancestor", "is an ancestor", lambda c, b: c.write(b[8], (describe(b[4]),))),
    ("ghost/uncle-twice", "a second time", lambda c, b: c.write(b[8], (describe(c.add(b[5], late=20)),) * 2)),
    ("ghost/uncle-twice", "a second time", lambda c, b: write_again(c, b)),  # noqa: PLW0108  # defined below
    ("ghost/uncle-unknown", "is no valid block", lambda c, b: c.write(b[8], (change(c, b, hash=Hash(bytes(32))),))),
    ("ghost/uncle-claims", "height 7 is not as", lambda c, b: c.write(b[8], (change(c, b, proposer=BEN),))),
    ("ghost/uncle-claims", "height 7 is not as", lambda c, b: c.write(b[8], (change(c, b, height=8),))),
    ("ghost/uncle-claims", "height 7 is not as", lambda c, b: c.write(b[8], (change(c, b, difficulty=b"\1"),))),
]


def write_again(chain: Chain, branch: list[BlockRecord]) -> Block:
    """Return a block that names an uncle which its grandparent has named."""
    stale = chain.add(branch[5], late=20)
    nephew = chain.add(branch[8], stale)
    branch.append(chain.add(nephew))
    return chain.write(branch[-1], (describe(stale),))


def change(chain: Chain, branch: list[BlockRecord], **claims: Any) -> Uncle:
    return msgspec.structs.replace(describe(chain.add(branch[6], late=20)), **claims)


@pytest.mark.parametrize(("rule", "message", "write"), INVALID)
def test_what_is_no_uncle_is_refused(
    rule: str, message: str, write: Callable[[Chain, list[BlockRecord]], Block]
) -> None:
    chain = Chain()
    branch = chain.extend(8)
    block = write(chain, branch)
    with pytest.raises(InvalidBlock) as refused:
        chain.check(branch[-1], block)
    assert refused.value.rule == rule
    assert message in refused.value.message


@pytest.mark.parametrize(("fork_choice", "extra"), [("ghost", 0), ("total-difficulty", 1), ("yellow-paper", 0)])
def test_named_uncles_count_in_total_difficulty_where_it_says_so(fork_choice: str, extra: int) -> None:
    chain = Chain(fork_choice=fork_choice)
    branch = chain.extend(2)
    stale = chain.add(branch[1], late=30)
    nephew = chain.add(branch[2], stale)
    own = sum(record.state.difficulty for record in (*branch[1:], nephew))
    assert nephew.weight == own + extra * stale.state.difficulty


def test_an_uncle_raises_the_next_difficulty_by_one_step() -> None:
    chain = Chain()
    branch = chain.extend(2)
    with_uncle, without = chain.add(branch[2], chain.add(branch[1], late=30)), chain.add(branch[2])
    times = [record.state.time_us + 3 * SECOND for record in (with_uncle, without)]
    one, other = (chain.rules.compute_difficulty(r.state, t) for r, t in zip((with_uncle, without), times, strict=True))
    assert one - other == without.state.difficulty // 2048


# The heaviest subtree -------------------------------------------------------------------------------------------------


class Sight:
    """A view of a tree, by what one node knows."""

    def __init__(self, tree: BlockTree, node: int = 0, now_us: int = NEVER) -> None:
        self.tree, self.node, self.now_us = tree, node, now_us

    def iter_known_back(self) -> Iterator[BlockRecord]:
        return (r for r in reversed(self.tree.records) if r.known_us.item(self.node) <= self.now_us)


def choose_naively(tree: BlockTree, node: int, now_us: int) -> BlockRecord:
    """Algorithm 1 of Sompolinsky and Zohar as it is written: from genesis, to the child with the heaviest subtree."""
    known = [record for record in tree.records if record.known_us.item(node) <= now_us]

    def weigh(record: BlockRecord) -> int:
        assert record.parent is not None
        own = record.weight - record.parent.weight
        return own + sum(weigh(child) for child in known if child.parent is record)

    head = known[0]
    while children := [record for record in known if record.parent is head]:
        head = min(children, key=lambda child: (-weigh(child), child.hash))
    return head


def build_tree(shape: list[tuple[int, int, list[int]]]) -> BlockTree:
    """Return a tree from (parent, own work, delays by node) of each block in order of publication."""
    tree, genesis = BlockTree(), Ledger(LedgerParameters(), {}).genesis
    tree.add(genesis, None, 0, NodeId(0), TimeUs(0), np.zeros(3, dtype=np.int64))
    for index, (parent, work, delays) in enumerate(shape, 1):
        above = tree.records[parent % index]
        salt = digest("test", str(index).encode())
        header = msgspec.structs.replace(
            genesis.header, parent=above.hash, height=above.height + 1, time_us=index, state_root=salt
        )
        arrival = np.array([index * 10 + delay for delay in delays], dtype=np.int64)
        tree.add(Block(header, ()), None, above.weight + work, NodeId(0), TimeUs(index * 10), arrival)
    return tree


def test_the_longest_chain_loses_to_the_heavier_subtree() -> None:
    """The figure of the paper: an attacker's secret chain of six against a public tree of twelve, four long."""
    public = [(0, 1), (1, 1), (1, 1), (1, 1), (2, 1), (2, 1), (2, 1), (3, 1), (5, 1), (5, 1), (5, 1), (4, 1)]
    secret = [(0, 1), (13, 1), (14, 1), (15, 1), (16, 1), (17, 1)]
    tree = build_tree([(parent, work, [0] * 3) for parent, work in public + secret])
    assert tree.get_head(NodeId(0), TimeUs(NEVER)).index == 18
    head = choose_head(Sight(tree))  # type: ignore[arg-type]  # as much of a view as it looks at
    assert head.height == 4
    assert head.parent is tree.records[5]


def test_equally_heavy_subtrees_are_settled_by_the_smaller_hash() -> None:
    tree = build_tree([(0, 2, [0] * 3), (0, 1, [0] * 3), (2, 1, [0] * 3)])
    one, other = tree.records[1], tree.records[2]
    assert choose_head(Sight(tree)) is (one if one.hash < other.hash else tree.records[3])  # type: ignore[arg-type]


SHAPES = st.lists(
    st.tuples(
        st.integers(0, 40), st.integers(1, 5), st.lists(st.sampled_from([0, 5, 40, 400]), min_size=3, max_size=3)
    ),
    max_size=40,
)
LINEAR = st.lists(  # long stretches without a fork, and now and then one that goes back some blocks
    st.tuples(st.integers(0, 200), st.integers(1, 3), st.lists(st.sampled_from([0, 5, 40]), min_size=3, max_size=3)),
    max_size=80,
).map(lambda shape: [((i - back if back < 6 else i), work, delays) for i, (back, work, delays) in enumerate(shape)])


@settings(max_examples=150)
@given(SHAPES | LINEAR, st.integers(0, 900), st.integers(0, 2))
def test_the_quick_walk_finds_what_the_algorithm_finds(
    shape: list[tuple[int, int, list[int]]], now_us: int, node: int
) -> None:
    """For every node at every moment, whatever it has not heard of yet."""
    tree = build_tree(shape)
    sight = Sight(tree, node, now_us)
    assert choose_head(sight) is choose_naively(tree, node, now_us)  # type: ignore[arg-type]


@given(SHAPES)
def test_the_lead_of_a_block_is_never_too_large(shape: list[tuple[int, int, list[int]]]) -> None:
    tree = build_tree(shape)
    for record in tree.records[1:]:
        before, path, above = tree.records[: record.index], 0, record
        while above.parent is not None:
            path += above.weight - above.parent.weight
            for rival in before:
                if rival.parent is above.parent and rival is not above:
                    assert path - weigh_below(rival, before) >= record.lead
            above = above.parent


def weigh_below(root: BlockRecord, records: list[BlockRecord]) -> int:
    assert root.parent is not None
    return root.weight - root.parent.weight + sum(weigh_below(r, records) for r in records if r.parent is root)


# Runs -----------------------------------------------------------------------------------------------------------------


def start(*sets: str, seed: int = 5) -> Simulation:
    text = (files("chain") / "scenarios/classroom.toml").read_text(encoding="utf-8")
    quick = ["consensus.protocol=ghost", "consensus.grind_hashes=16", "traffic.rate_per_s=0"]
    return build(apply_settings(load_scenario(text, "classroom"), [*quick, *sets]), seed)


def get_uncles(record: BlockRecord) -> tuple[Uncle, ...]:
    return decode(GhostSeal, record.block.header.consensus).uncles if record.parent is not None else ()


def test_stale_blocks_become_uncles_and_every_unit_is_accounted_for() -> None:
    simulation = start("consensus.interval=2s", "traffic.rate_per_s=0.2")
    simulation.run_until(TimeUs(HOUR))
    world = simulation.world
    assert not world.invalid_blocks
    branch = list(world.tree.iter_branch(world.get_canonical()))[-2::-1]
    canonical = {record.hash for record in branch}
    named = [uncle.hash for record in branch for uncle in get_uncles(record)]
    stale = [record for record in world.tree.records[1:] if record.hash not in canonical]
    assert len(named) == len(set(named))
    assert len(stale) > 100
    assert len(named) > 0.85 * len(stale)
    supply = world.ledger.state(world.tree.records[0].hash).compute_total_balance()
    for record in branch:
        execution = world.ledger.execution(record.hash)
        uncles = get_uncles(record)
        expected = sum(5 * COIN * (8 - record.height + uncle.height) // 8 + 5 * COIN // 32 for uncle in uncles)
        assert sum(reward.amount for reward in execution.rewards) == expected
        supply += 5 * COIN + expected - execution.burned
    assert world.ledger.state(branch[-1].hash).compute_total_balance() == supply
    assert compute_report(simulation)["supply"] == supply


def test_blocks_and_uncles_together_keep_to_the_interval() -> None:
    """EIP-100 counts uncles in: at rest, blocks and uncles together come every 13/9 steps."""
    simulation = start("consensus.interval=3s", "consensus.grind_hashes=0")
    simulation.run_until(TimeUs(4 * HOUR))
    settled = [record for record in simulation.world.tree.records if record.published_us > HOUR]
    assert 3 * HOUR / len(settled) / SECOND == pytest.approx(3, rel=0.06)


@pytest.mark.parametrize("fork_choice", ["ghost", "total-difficulty", "yellow-paper"])
def test_a_divided_network_grows_together_again_and_takes_deep_blocks_back(fork_choice: str) -> None:
    simulation = start(f"consensus.fork_choice={fork_choice}", "network.topology=complete")
    simulation.run_until(TimeUs(5 * MINUTE))
    simulation.submit(Partition((tuple(range(6)), tuple(range(6, 12)))))
    simulation.run_until(TimeUs(25 * MINUTE))
    world = simulation.world
    finals = [world.view(node).get_finalized() for node in (0, 11)]
    assert world.tree.get_fork_point(*finals) not in finals  # both final by depth, and in conflict
    simulation.submit(Heal())
    simulation.run_until(TimeUs(40 * MINUTE))
    quiet_us = world.tree.records[-1].published_us + 2 * SECOND
    simulation.run_until(TimeUs(quiet_us))
    head = world.get_canonical()
    assert {world.view(node, TimeUs(quiet_us)).get_head().index for node in range(12)} == {head.index}
    assert sum(world.tree.get_ancestor(head, final.height) is final for final in finals) == 1


def test_the_head_is_known_for_any_past_moment() -> None:
    simulation = start("consensus.interval=1s")
    simulation.run_until(TimeUs(2 * MINUTE))
    world = simulation.world
    moments = [(node, at_us) for node in range(0, 12, 5) for at_us in range(0, 2 * MINUTE, 7 * SECOND)]
    for node, at_us in moments:
        head = world.view(node, TimeUs(at_us)).get_head()
        assert head is choose_naively(world.tree, node, at_us)
    simulation.run_until(TimeUs(3 * MINUTE))
    for node, at_us in moments[-5:]:
        assert world.view(node, TimeUs(at_us)).get_head() is choose_naively(world.tree, node, at_us)


def test_energy_is_that_of_the_hashes() -> None:
    simulation = start("nodes.hash_rate_deviation_percent=0", "consensus.joules_per_terahash=50")
    simulation.run_until(TimeUs(HOUR))
    simulation.submit(StopNode(3))
    simulation.submit(SetHashRate(4, 2 * 10**12))
    simulation.run_until(TimeUs(2 * HOUR))
    joules = [agent.compute_energy_joules(simulation.now_us) for agent in simulation.world.consensus.agents.values()]
    assert joules == [360_000 * (1 if node == 3 else 3 if node == 4 else 2) // 2 for node in range(12)]


def test_by_hand_a_node_mines_when_told() -> None:
    simulation = start("consensus.mining=manual")
    simulation.run_until(TimeUs(MINUTE))
    for node in (4, 5):
        simulation.submit(MineBlock(node))
    simulation.run_until(TimeUs(2 * MINUTE))
    simulation.submit(MineBlock(6))
    records = simulation.world.tree.records
    assert [record.height for record in records] == [0, 1, 1, 2]
    assert [uncle.hash for uncle in get_uncles(records[3])] == [
        record.hash for record in records[1:3] if record is not records[3].parent
    ]


def test_a_branch_of_a_run_goes_the_same_way() -> None:
    simulation = start("consensus.interval=2s")
    simulation.run_until(TimeUs(5 * MINUTE))
    other = simulation.copy()
    for one in (simulation, other):
        one.run_until(TimeUs(8 * MINUTE))
    assert simulation.compute_digest() == other.compute_digest()
    assert isinstance(simulation.world.view(0), NodeView)


@pytest.mark.parametrize("interval", [Span(999), Span(367 * 24 * HOUR)])
def test_what_no_chain_can_grow_from_is_refused(interval: Span) -> None:
    with pytest.raises(InvalidScenario, match=r"consensus\.interval"):
        GhostParameters(interval=interval)

"""Tendermint: Algorithm 1 line by line at a desk, then whole networks with crashes, partitions and traitors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consensus.accountability import find_culprits
from chain.consensus.base import Await, Broadcast, Effect, Finalize, Publish, SetTimer, View
from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.consensus.proposer_priority import build_seats, elect
from chain.consensus.stake_book import build_book
from chain.consensus.tendermint import KEPT_HEIGHTS, Step, TendermintAgent, TendermintParameters
from chain.consensus.tendermint_messages import (
    EVIDENCE,
    NIL,
    NO_ROUND,
    PRECOMMIT,
    PREVOTE,
    CatchUp,
    Evidence,
    Proposal,
    Vote,
    get_signed_data,
)
from chain.consensus.tendermint_rules import TendermintRules, TendermintSeal
from chain.consensus.validators import Context, build_keyring
from chain.draws import draw_below
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidMessage, InvalidScenario
from chain.ledger.actions import Deposit, Exit
from chain.ledger.context import Reward, StakeChange
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.scenario import build, load_scenario
from chain.simulation import commands as c
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, MILLISECOND, NEVER, SECOND, Address, Hash, NodeId, Span, TimeUs

# At a desk: one validator of four, fed by hand --------------------------------------------------------------------

ACCOUNTS = tuple(Address(bytes([node]) * 20) for node in range(4))
CONTEXT = Context(1, 4, {}, (COIN,) * 4, ACCOUNTS)


@dataclass
class Desk:
    """A validator and all it knows; blocks and votes are laid before it one by one."""

    me: int
    node: NodeId
    now_us: TimeUs
    messages: dict[Any, list[Any]] = field(default_factory=dict)
    agreed: dict[Any, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.keyring = build_keyring(CONTEXT, [NodeId(node) for node in range(4)], [1] * 4)
        parameters = TendermintParameters(interval=Span(SECOND), unbonding=Span(5))
        self.rules = TendermintRules(parameters, self.keyring, build_book(dict.fromkeys(ACCOUNTS, COIN)))
        self.ledger, self.tree = Ledger(LedgerParameters(), {}), BlockTree()
        self.add(self.ledger.genesis, self.rules.genesis(self.ledger.genesis))
        self.agent = TendermintAgent(parameters, self.rules, self.me)
        self.effects: list[Effect] = list(self.agent.start(self))  # type: ignore[arg-type]  # a View but for luck
        self.fire("height", 0, at_us=SECOND)

    def add(self, block: Any, state: Any) -> BlockRecord:
        return self.tree.add(block, state, 0, NodeId(0), TimeUs(0), np.zeros(4, dtype=np.int64))

    def build_block(self, parent: Hash, consensus: bytes) -> Any:
        return self.ledger.build_block(parent, ACCOUNTS[self.me], int(self.now_us), (), consensus)

    def latest_final(self) -> BlockRecord:
        return self.tree.records[0]

    def get_known(self, block: Hash) -> BlockRecord | None:
        return self.tree.get(block)

    def get_messages(self, topic: Any) -> list[Any]:
        return self.messages.get(topic, [])

    def get_conflicts(self, topic: Any) -> list[Any]:
        return []

    def get_weight(self, topic: Any, value: bytes) -> int:
        return 3 if self.agreed.get(topic) == value else 0

    def agree(self, kind: str, round_: int, value: bytes) -> list[Effect]:
        """Let two thirds vote for one value."""
        self.agreed[(kind, 1, round_)] = value
        return self.reach("line 34" if kind == PREVOTE else "line 47", kind, round_, None)

    def make_block(self, number: int) -> Hash:
        """Publish a block of validator 0 for height 1."""
        genesis, seal = self.tree.records[0], encode(TendermintSeal(0))
        block = self.ledger.build_block(genesis.hash, ACCOUNTS[0], number, (), seal)
        self.rules.check(genesis.state, block)
        self.add(block, self.rules.apply(genesis.state, block))
        return block.hash

    def propose(self, round_: int, block: bytes, valid_round: int = NO_ROUND) -> list[Effect]:
        who = self.rules.get_proposer(self.tree.records[0].state, round_)
        message = Proposal(1, round_, block, valid_round, who, b"")
        self.messages.setdefault(("proposal", 1), []).append(message)
        return self.note(self.agent.on_message(self, message))  # type: ignore[arg-type]

    def reach(self, name: str, kind: str, round_: int, value: bytes | None) -> list[Effect]:
        """Let a quorum be reached, if the validator awaits it."""
        awaited = [it for it in self.effects if isinstance(it, Await)]
        found = [it for it in awaited if (it.name, it.topic, it.value) == (name, (kind, 1, round_), value)]
        assert found, (name, awaited)
        return self.note(self.agent.on_quorum(self, found[-1]))  # type: ignore[arg-type]

    def fire(self, name: str, data: int | None = None, at_us: int | None = None) -> list[Effect]:
        timer = next(it for it in reversed(self.effects) if isinstance(it, SetTimer) and it.name == name)
        self.now_us = timer.at_us
        assert at_us in (None, timer.at_us)
        return self.note(self.agent.on_timer(self, name, timer.data))  # type: ignore[arg-type]

    def note(self, effects: Iterable[Effect]) -> list[Effect]:
        new = list(effects)
        self.effects += new
        return new


def test_section_2_1_what_was_sent_to_one_is_passed_on_to_all(desk: Desk) -> None:
    vote = Vote(PREVOTE, 1, 0, NIL, 2, b"")
    (gossip,) = desk.agent.on_message(desk, vote)  # type: ignore[arg-type]
    assert gossip == Broadcast(vote)


def get_votes(effects: list[Effect]) -> list[tuple[str, int, bytes]]:
    """Return what was voted: kind, round, block."""
    votes = [it.message for it in effects if isinstance(it, Broadcast) and isinstance(it.message, Vote)]
    return [(vote.kind, vote.round, vote.block) for vote in votes]


@pytest.fixture
def desk() -> Desk:
    return Desk(3, NodeId(3), TimeUs(0))


def test_lines_22_to_27_a_free_validator_prevotes_what_is_proposed(desk: Desk) -> None:
    block = desk.make_block(1)
    assert get_votes(desk.propose(0, block)) == [(PREVOTE, 0, block)]
    assert desk.agent.step is Step.PREVOTE
    assert get_votes(desk.propose(0, desk.make_block(2))) == []  # the second proposal of a round changes nothing


def test_a_proposal_of_another_than_the_proposer_or_of_an_unknown_block_is_no_proposal(desk: Desk) -> None:
    block = desk.make_block(1)
    stranger = Proposal(1, 0, block, NO_ROUND, 2, b"")
    desk.messages[("proposal", 1)] = [stranger]
    assert get_votes(desk.note(desk.agent.on_message(desk, stranger))) == []  # type: ignore[arg-type]
    assert get_votes(desk.propose(0, bytes(32))) == []
    assert desk.agent.step is Step.PROPOSE


def test_lines_57_to_60_without_a_proposal_it_prevotes_nil(desk: Desk) -> None:
    assert get_votes(desk.fire("propose", at_us=4 * SECOND)) == [(PREVOTE, 0, NIL)]


def test_lines_36_to_43_two_thirds_lock_and_precommit(desk: Desk) -> None:
    block = desk.make_block(1)
    desk.propose(0, block)
    assert get_votes(desk.agree(PREVOTE, 0, block)) == [(PRECOMMIT, 0, block)]
    agent = desk.agent
    assert (agent.locked_value, agent.locked_round, agent.valid_value, agent.valid_round) == (block, 0, block, 0)


def test_lines_34_and_36_who_has_votes_of_any_kind_waits_for_more_but_not_for_ever(desk: Desk) -> None:
    block = desk.make_block(1)
    desk.propose(0, block)
    assert get_votes(desk.reach("line 34", PREVOTE, 0, None)) == []
    assert get_votes(desk.reach("line 36", PREVOTE, 0, block)) == [(PRECOMMIT, 0, block)]
    assert get_votes(desk.fire("prevote", at_us=2 * SECOND)) == []  # too late


def test_line_36_two_thirds_for_a_block_that_comes_later(desk: Desk) -> None:
    block = desk.make_block(1)
    desk.fire("propose")
    desk.reach("line 34", PREVOTE, 0, None)
    desk.propose(0, block)
    assert get_votes(desk.reach("line 36", PREVOTE, 0, block)) == [(PRECOMMIT, 0, block)]


def test_lines_42_and_43_after_precommitting_nil_two_thirds_only_make_a_block_valid(desk: Desk) -> None:
    block = desk.make_block(1)
    desk.propose(0, block)
    desk.reach("line 34", PREVOTE, 0, None)
    assert get_votes(desk.fire("prevote")) == [(PRECOMMIT, 0, NIL)]  # lines 61 to 64
    assert get_votes(desk.reach("line 36", PREVOTE, 0, block)) == []
    agent = desk.agent
    assert (agent.locked_value, agent.locked_round, agent.valid_value, agent.valid_round) == (NIL, NO_ROUND, block, 0)


def test_lines_44_to_46_two_thirds_for_nil_precommit_nil(desk: Desk) -> None:
    desk.fire("propose")
    assert get_votes(desk.agree(PREVOTE, 0, NIL)) == [(PRECOMMIT, 0, NIL)]


def test_lines_44_to_46_also_when_they_are_in_later(desk: Desk) -> None:
    desk.fire("propose")
    desk.reach("line 34", PREVOTE, 0, None)
    assert get_votes(desk.reach("line 44", PREVOTE, 0, NIL)) == [(PRECOMMIT, 0, NIL)]


def lock_in_round_0(desk: Desk) -> tuple[Hash, Hash]:
    """Lock the validator on a block in round 0, go on to round 1, and return that block and another."""
    block, other = desk.make_block(1), desk.make_block(2)
    desk.propose(0, block)
    desk.agree(PREVOTE, 0, block)
    desk.reach("line 47", PRECOMMIT, 0, None)
    desk.fire("precommit")  # lines 65 to 67
    assert (desk.agent.round, desk.agent.step) == (1, Step.PROPOSE)
    return block, other


def test_line_23_a_locked_validator_prevotes_nil_for_another_block(desk: Desk) -> None:
    _, other = lock_in_round_0(desk)
    assert get_votes(desk.propose(1, other)) == [(PREVOTE, 1, NIL)]


def test_line_23_a_locked_validator_prevotes_its_block_again(desk: Desk) -> None:
    block, _ = lock_in_round_0(desk)
    assert get_votes(desk.propose(1, block)) == [(PREVOTE, 1, block)]


def test_lines_28_to_33_two_thirds_since_the_lock_free_a_validator(desk: Desk) -> None:
    """Locked in round 0; in round 1 two thirds prevoted another block, which round 2 proposes with valid round 1."""
    block, other = lock_in_round_0(desk)
    desk.fire("propose")
    desk.reach("line 47", PRECOMMIT, 1, None)
    desk.fire("precommit")
    assert get_votes(desk.propose(2, other, valid_round=1)) == []  # first it wants to see them
    assert get_votes(desk.reach("line 28", PREVOTE, 1, other)) == [(PREVOTE, 2, other)]
    assert (desk.agent.locked_value, desk.agent.locked_round) == (block, 0)  # until round 2 has two thirds, too
    desk.agree(PREVOTE, 2, other)
    assert (desk.agent.locked_value, desk.agent.locked_round) == (other, 2)


def test_line_29_two_thirds_before_the_lock_free_nobody(desk: Desk) -> None:
    """Round 0 had two thirds for another block, this validator was locked in round 1 after that."""
    block, other = desk.make_block(1), desk.make_block(2)
    desk.fire("propose")
    desk.reach("line 47", PRECOMMIT, 0, None)
    desk.fire("precommit")
    desk.propose(1, block)
    desk.agree(PREVOTE, 1, block)
    desk.reach("line 47", PRECOMMIT, 1, None)
    desk.fire("precommit")
    desk.propose(2, other, valid_round=0)
    assert get_votes(desk.reach("line 28", PREVOTE, 0, other)) == [(PREVOTE, 2, NIL)]


def test_line_55_more_than_f_in_a_later_round_pull_a_validator_there(desk: Desk) -> None:
    signed = {index: Vote(PREVOTE, 1, 4, NIL, index, b"") for index in (0, 1)}
    desk.messages[(PREVOTE, 1, 4)] = list(signed.values())
    for round_ in (2, 3):
        desk.messages[(PRECOMMIT, 1, round_)] = [Vote(PRECOMMIT, 1, round_, NIL, index, b"") for index in (0, 2)]
    desk.reach("line 55", PREVOTE, 1, None)
    assert (desk.agent.round, desk.agent.step) == (4, Step.PROPOSE)


def test_section_3_timeouts_grow_with_the_round(desk: Desk) -> None:
    spans = []
    for round_ in range(4):
        start_us = desk.now_us
        if desk.rules.get_proposer(desk.tree.records[0].state, round_) != desk.me:
            desk.fire("propose")
            spans.append((round_, desk.now_us - start_us))
        desk.reach("line 47", PRECOMMIT, round_, None)
        desk.fire("precommit")
    assert spans == [(round_, 3 * SECOND + round_ * 500 * MILLISECOND) for round_, _ in spans]
    assert len(spans) == 3


def test_lines_14_to_19_the_proposer_proposes_what_it_knows_to_be_valid(desk: Desk) -> None:
    """Validator 3 proposes in round 3. In round 0 two thirds prevoted a block: it proposes that one, and says when."""
    block = desk.make_block(1)
    desk.propose(0, block)
    desk.agree(PREVOTE, 0, block)
    for round_ in range(3):
        desk.reach("line 47", PRECOMMIT, round_, None)
        effects = desk.fire("precommit")
    (proposal,) = [it for it in effects if isinstance(it, Broadcast)]
    assert (proposal.message.block, proposal.message.valid_round, proposal.block) == (block, 0, None)


def test_lines_49_to_54_two_thirds_of_precommits_decide(desk: Desk) -> None:
    block = desk.make_block(1)
    desk.propose(0, block)
    assert desk.agree(PRECOMMIT, 0, block)[0] == Finalize(block)
    assert (desk.agent.height, desk.agent.round, desk.agent.step) == (2, 0, Step.NEW_HEIGHT)


def test_line_49_two_thirds_of_precommits_decide_whatever_the_round(desk: Desk) -> None:
    block, _ = lock_in_round_0(desk)
    effects = desk.reach("line 49", PRECOMMIT, 0, block)
    assert effects[0] == Finalize(block)
    agent = desk.agent
    assert (agent.height, agent.round, agent.locked_round, agent.valid_round) == (2, 0, NO_ROUND, NO_ROUND)


# Rules ------------------------------------------------------------------------------------------------------------


def sign(desk: Desk, message: Any) -> Any:
    signature = desk.keyring.sign(message.validator, *get_signed_data(message))
    return type(message)(*[getattr(message, name) for name in message.__struct_fields__[:-1]], signature)


def build_evidence(desk: Desk, who: int, blocks: tuple[bytes, bytes] = (b"a", b"b")) -> Evidence:
    one, other = (sign(desk, Vote(PREVOTE, 1, 0, block, who, b"")) for block in blocks)
    return Evidence(one, other)


def extend(desk: Desk, state: Any, changes: tuple[StakeChange, ...] = (), seal: TendermintSeal | None = None) -> Any:
    """Return the state after a block of validator 0, at height H microseconds."""
    record = desk.tree.records[-1]
    encoded = encode(seal or TendermintSeal(0))
    block = desk.ledger.build_block(record.hash, ACCOUNTS[0], state.height + 1, (), encoded)
    desk.rules.check(state, block)
    after = desk.rules.apply(state, block, changes)
    desk.ledger.add(block)
    desk.add(block, after)
    return after


def test_evidence_convicts_from_the_height_after_the_next_on(desk: Desk) -> None:
    """CometBFT: what block H says of validators holds from H + 2 on."""
    seal = TendermintSeal(0, (build_evidence(desk, 2),))
    state = extend(desk, desk.tree.records[0].state, (), seal)
    assert (state.powers, state.following.powers) == ((1, 1, 1, 1), (1, 1, 0, 1))
    with pytest.raises(InvalidBlock, match="convicts nobody"):
        extend(desk, state, (), seal)  # it is out already
    state = extend(desk, state)
    assert state.powers == (1, 1, 0, 1)
    assert [seat.address for seat in state.seats] == [ACCOUNTS[index] for index in (0, 1, 3)]
    assert (state.quorum, state.witness) == (3, 1)
    back = extend(desk, state, (StakeChange(ACCOUNTS[2], Deposit(9 * COIN, ACCOUNTS[2])),))
    assert back.following.powers == (1, 1, 0, 1)  # for good


def test_deposits_and_exits_change_powers_from_the_height_after_the_next_on(desk: Desk) -> None:
    friend = Address(b"f" * 20)
    changes = (
        StakeChange(friend, Deposit(2 * COIN + 5, ACCOUNTS[1])),
        StakeChange(ACCOUNTS[3], Exit(ACCOUNTS[3])),
        StakeChange(friend, Exit(ACCOUNTS[0])),  # has put nothing down for it
        StakeChange(friend, Deposit(COIN, friend)),  # is no node
    )
    first = extend(desk, desk.tree.records[0].state, changes)
    assert (first.powers, first.following.powers) == ((1, 1, 1, 1), (1, 3, 1, 0))
    second = extend(desk, first)
    assert (second.powers, second.quorum, second.witness) == ((1, 3, 1, 0), 4, 2)
    assert second.following.seats == elect(second.seats)[0]
    block = desk.ledger.build_block(desk.tree.records[-1].hash, ACCOUNTS[3], 3, (), encode(TendermintSeal(3)))
    with pytest.raises(InvalidBlock, match="tendermint/proposer"):
        desk.rules.check(second, block)

    def get_rewards(state: Any) -> Any:
        return desk.rules.compute_rewards(state, ACCOUNTS[0], b"", 0)

    assert get_rewards(second) == ()
    fifth = extend(desk, extend(desk, extend(desk, second)))
    assert get_rewards(fifth) == ()  # unbonding: block 1 came at 1 µs, and this one at 5
    sixth = extend(desk, fifth)
    assert get_rewards(sixth) == (Reward(ACCOUNTS[3], COIN),)
    seventh = extend(desk, sixth)
    assert get_rewards(seventh) == ()
    after = extend(desk, seventh, (StakeChange(friend, Exit(ACCOUNTS[1])),))
    assert after.following.powers == (1, 1, 1, 0)


def test_the_last_validator_stays(desk: Desk) -> None:
    exits = tuple(StakeChange(account, Exit(account)) for account in ACCOUNTS)
    assert extend(desk, desk.tree.records[0].state, exits).following.powers == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("seal", "account", "rule"),
    [
        (lambda desk: TendermintSeal(7), 0, "tendermint/proposer"),
        (lambda desk: TendermintSeal(1), 0, "tendermint/proposer"),
        (lambda desk: TendermintSeal(0, (build_evidence(desk, 2, (b"a", b"a")),)), 0, "tendermint/evidence"),
        (lambda desk: TendermintSeal(0, (build_evidence(desk, 2),) * 2), 0, "tendermint/evidence"),
        (lambda desk: TendermintSeal(0, tuple(build_evidence(desk, it) for it in range(4))), 0, "tendermint/evidence"),
    ],
)
def test_what_a_block_may_not_claim(
    desk: Desk, seal: Callable[[Desk], TendermintSeal], account: int, rule: str
) -> None:
    genesis = desk.tree.records[0]
    block = desk.ledger.build_block(genesis.hash, ACCOUNTS[account], 1, (), encode(seal(desk)))
    with pytest.raises(InvalidBlock) as caught:
        desk.rules.check(genesis.state, block)
    assert caught.value.rule == rule


def test_messages_are_signed_by_whom_they_name(desk: Desk) -> None:
    good = sign(desk, Vote(PREVOTE, 1, 0, b"x", 1, b""))
    desk.rules.check_message(desk, good)
    desk.rules.check_message(desk, sign(desk, Proposal(1, 0, b"x", NO_ROUND, 1, b"")))
    desk.rules.check_message(desk, build_evidence(desk, 1))
    desk.rules.check_message(desk, CatchUp(1, 2, 3))
    forged = Vote(PRECOMMIT, 1, 0, b"x", 1, good.signature)  # a signed prevote is no precommit
    for bad in (forged, Vote(PREVOTE, 1, 0, b"x", 9, good.signature), Evidence(good, good)):
        with pytest.raises(InvalidMessage, match=r"tendermint/(signature|evidence)"):
            desk.rules.check_message(desk, bad)
    with pytest.raises(InvalidMessage, match="consensus/message"):
        desk.rules.check_message(desk, "hello")


def test_spans_in_which_time_stands_still_are_refused() -> None:
    with pytest.raises(InvalidScenario, match="timeout_propose"):
        TendermintParameters(timeout_propose=Span(0))
    with pytest.raises(InvalidScenario, match="stake_coins"):
        start(4, "[nodes]\nstake_coins = 0")


# Whole networks ---------------------------------------------------------------------------------------------------


def start(
    nodes: int, more: str = "", seed: int = 1, network: str = 'topology = "complete"', delays: str = "uniform"
) -> Simulation:
    """Return a run without traffic, of one-second blocks and delays of 50 ms, 25 to 75 ms where uniform."""
    text = f"""
    [network]
    nodes = {nodes}
    delay_model = "{delays}"
    delay_us = 50000
    {network}
    [consensus]
    protocol = "tendermint"
    interval = "1s"
    [traffic]
    rate_per_s = 0
    """
    return build(load_scenario(text + more, "tendermint"), seed)


def run(simulation: Simulation, seconds: int) -> None:
    simulation.run_until(TimeUs(simulation.now_us + seconds * SECOND))


def get_heights(simulation: Simulation) -> list[int]:
    """Return the height each node takes as final."""
    world = simulation.world
    return [world.view(node).get_finalized().height for node in range(world.node_count)]


def get_decided(simulation: Simulation, nodes: Iterable[int]) -> dict[int, set[Hash]]:
    """Return, by height, the blocks that some of these nodes declared final: the outside checker."""
    decided: dict[int, set[Hash]] = {}
    for record in simulation.world.tree.records:
        if record.final_us is not None and any(record.final_us[node] < NEVER for node in nodes):
            branch = simulation.world.tree.iter_branch(record)
            for it in branch:
                decided.setdefault(it.height, set()).add(it.hash)
    return decided


@pytest.mark.parametrize("nodes", [1, 4, 7, 10])
def test_messages_a_height_on_a_full_mesh(nodes: int) -> None:
    """A proposal that carries the block, n prevotes and n precommits, each to n − 1 others, and nothing else."""
    simulation = start(nodes)
    simulation.run_until(TimeUs(10 * SECOND + SECOND // 2))
    world = simulation.world
    assert get_heights(simulation) == [10] * nodes
    assert world.messages.count == 10 * (2 * nodes + 1)
    assert world.network.messages == 10 * (2 * nodes + 1) * (nodes - 1)


def test_finality_is_instant_and_nothing_is_ever_undone() -> None:
    simulation = start(5)
    run(simulation, 20)
    report = compute_report(simulation)
    assert report["finality"]["kind"] == "instant"
    assert 0.1 < report["finality"]["lag_seconds_mean"] < 0.225  # three messages of 25 to 75 ms one after another
    assert report["blocks"]["interval_mean_seconds"] == pytest.approx(1)
    assert report["reorgs"] == {"count": 0, "max_depth": 0}
    world = simulation.world
    for at_us in range(0, int(simulation.now_us), SECOND // 3):
        finals = [world.view(node, TimeUs(at_us)).get_finalized() for node in range(5)]
        assert world.get_canonical(TimeUs(at_us)).height == max(record.height for record in finals)


def test_proposers_take_turns_by_power() -> None:
    simulation = start(4, "[nodes]\nstakes_coins = [300, 330, 1000]")
    run(simulation, 31)
    world = simulation.world
    seats = build_seats({world.setup.proposers[node]: power for node, power in enumerate((300, 330, 1000))})
    expected = []
    for _ in range(30):
        seats, account = elect(seats)
        expected.append(world.setup.proposers.index(Address(account)))
    assert [record.origin for record in world.tree.records[1:31]] == expected
    assert get_heights(simulation) == [30] * 4  # node 3 has no stake: it only follows


def test_a_validator_leaves_and_comes_back_while_the_chain_goes_on() -> None:
    """The faucet has put down the stakes of genesis; it takes one back, and puts another down."""
    simulation = start(5, """
    [nodes]
    stakes_coins = [40, 40, 40, 40, 0]
    """)  # fmt: skip
    run(simulation, 5)
    for command, powers in (
        (c.ExitValidator(2), (40, 40, 0, 40, 0)),
        (c.DepositStake(4, 30 * COIN), (40, 40, 0, 40, 30)),
        (c.DepositStake(2, 7 * COIN), (40, 40, 7, 40, 30)),
        (c.ExitValidator(4), (40, 40, 7, 40, 0)),
    ):
        before = len(simulation.world.tree)
        simulation.submit(command)
        run(simulation, 8)
        assert simulation.world.get_canonical().state.powers == powers
        origins = {record.origin for record in simulation.world.tree.records[before + 4 :]}
        assert origins <= {node for node, power in enumerate(powers) if power}
        assert len(simulation.world.tree) >= before + 7


def test_a_crashed_proposer_costs_one_round() -> None:
    simulation = start(4)
    run(simulation, 5)
    agents = simulation.world.consensus.agents
    proposer = agents[NodeId(0)].state.proposer  # type: ignore[attr-defined]
    height = max(get_heights(simulation))
    simulation.submit(c.StopNode(proposer))
    run(simulation, 5)
    votes = simulation.world.messages.tallies[(PRECOMMIT, height + 1, 1)].records
    assert len(votes) == 3
    decided = simulation.world.get_canonical()
    assert decided.height > height
    assert simulation.world.tree.get_ancestor(decided, height + 1).published_us > 8 * SECOND  # after 3 s and 1 s


def test_with_a_third_down_it_halts_and_goes_on_when_they_are_back() -> None:
    simulation = start(6)
    run(simulation, 5)
    for node in (1, 4):
        simulation.submit(c.StopNode(node))
    run(simulation, 1)
    height = max(get_heights(simulation))
    run(simulation, 300)
    assert max(get_heights(simulation)) == height
    simulation.submit(c.StartNode(4))
    run(simulation, 30)
    assert max(get_heights(simulation)) > height + 2
    assert len(set(get_heights(simulation)[:1] + get_heights(simulation)[2:])) == 1


def test_a_node_far_behind_catches_up_by_the_newest_commit() -> None:
    simulation = start(5)
    run(simulation, 3)
    simulation.submit(c.CutNode(2))
    run(simulation, 6 * KEPT_HEIGHTS)
    behind = get_heights(simulation)
    assert behind[0] - behind[2] > KEPT_HEIGHTS
    assert len(simulation.world.messages.tallies) < 5 * KEPT_HEIGHTS  # the rest is forgotten
    simulation.submit(c.ReconnectNode(2))
    run(simulation, 20)
    assert len(set(get_heights(simulation))) == 1
    assert simulation.world.tree.records[-1].published_us > simulation.now_us - 2 * SECOND


@pytest.mark.parametrize("network", ['topology = "complete"', 'topology = "random"\ndegree = 2'])
def test_no_two_groups_go_on_in_a_partition(network: str) -> None:
    simulation = start(7, network=network)
    run(simulation, 4)
    simulation.submit(c.Partition(((0, 1, 2), (3, 4, 5, 6))))
    run(simulation, 60)
    assert max(get_heights(simulation)) <= 4
    simulation.submit(c.Heal())
    run(simulation, 30)
    assert min(get_heights(simulation)) >= 8
    assert all(len(blocks) == 1 for blocks in get_decided(simulation, range(7)).values())


def test_a_checkpoint_goes_on_like_the_run() -> None:
    simulation = start(4)
    run(simulation, 5)
    simulation.submit(c.CutNode(1))
    branch = simulation.copy()
    run(simulation, 20)
    run(branch, 20)
    assert branch.compute_digest() == simulation.compute_digest()


def test_energy_is_watts_times_uptime() -> None:
    simulation = start(4)
    run(simulation, 9)
    simulation.submit(c.StopNode(0))
    run(simulation, 9)
    assert compute_report(simulation)["energy_kwh"] == pytest.approx(0.1 * (3 + 0.5) * 18 / 3600)


# Traitors ---------------------------------------------------------------------------------------------------------


class Traitor(TendermintAgent):
    """A Byzantine validator: what it votes, how often and for whom it says so is drawn at random."""

    def _vote(self, kind: str, value: bytes) -> list[Effect]:
        effects: list[Effect] = []
        for number in range(draw_below(self.luck, 4, "votes", self.height, self.round, kind)):
            values = [NIL, value, *self.seen]
            chosen = values[draw_below(self.luck, len(values), "value", self.height, self.round, kind, number)]
            effects += [self._aim(effect, number) for effect in super()._vote(kind, chosen)]
        return effects

    def _aim(self, effect: Effect, number: int) -> Effect:
        """Send it to all, or whisper it to one."""
        assert isinstance(effect, Broadcast)
        place = draw_below(self.luck, 2 * len(self.state.powers), "aim", self.height, self.round, number)
        target = NodeId(place) if place < len(self.state.powers) and place != self.index else None
        return Broadcast(effect.message, target=target)

    def _propose(self, view: View) -> list[Effect]:
        honest = super()._propose(view)
        self.valid_value, self.valid_round = NIL, NO_ROUND
        if draw_below(self.luck, 2, "twice", self.height, self.round):
            return honest + super()._propose(_Later(view))  # type: ignore[arg-type]
        return honest if draw_below(self.luck, 3, "silent", self.height, self.round) else []

    def _consider(self, view: View, proposal: Proposal) -> list[Effect]:
        self.seen = [it.block for it in self._get_proposals(view)]
        self.locked_value, self.locked_round = NIL, NO_ROUND  # it keeps no promise
        return super()._consider(view, proposal)


class _Later:
    """A view one microsecond on, so that a second block differs."""

    def __init__(self, view: View) -> None:
        self.view, self.now_us = view, view.now_us + 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.view, name)

    def build_block(self, parent: Hash, consensus: bytes) -> Any:
        view = self.view
        tables = view._tables  # type: ignore[attr-defined]
        return tables.ledger.build_block(parent, tables.proposers[view.node], self.now_us, (), consensus)


def corrupt(simulation: Simulation, nodes: Iterable[int], luck: int, kind: type[TendermintAgent] = Traitor) -> None:
    """Turn some validators into traitors before the run begins."""
    agents = simulation.world.consensus.agents
    for node in nodes:
        honest = agents[NodeId(node)]
        agents[NodeId(node)] = traitor = kind.__new__(kind)
        traitor.__dict__.update(honest.__dict__, luck=luck + node, seen=[])


STORIES = st.lists(
    st.tuples(
        st.integers(0, 6),
        st.sampled_from(["stop", "start", "cut", "reconnect", "split", "heal", "lag"]),
        st.integers(0, 99),
    ),
    max_size=8,
)


def disturb(simulation: Simulation, what: str, which: int) -> None:
    """Do something bad to the network, or undo it."""
    world = simulation.world
    node = which % world.node_count
    is_online = world.network.links.is_online_now(node)
    match what:
        case "stop" | "start":
            if is_online == (what == "stop"):
                simulation.submit(c.StopNode(node) if is_online else c.StartNode(node))
        case "cut":
            simulation.submit(c.CutNode(node))
        case "reconnect":
            simulation.submit(c.ReconnectNode(node))
        case "split":
            simulation.submit(c.Partition((tuple(range(node + 1)),)))
        case "heal":
            simulation.submit(c.Heal())
        case "lag":
            simulation.submit(c.SetLag(node, (which % 5) * SECOND))


def heal_everything(simulation: Simulation) -> None:
    simulation.submit(c.Heal())
    for node in range(simulation.world.node_count):
        if not simulation.world.network.links.is_online_now(node):
            simulation.submit(c.StartNode(node))
        simulation.submit(c.SetLag(node, 0))


@settings(max_examples=12)
@given(st.sampled_from([(4, 1), (5, 1), (7, 2)]), st.integers(0, 10**6), STORIES, st.booleans())
def test_up_to_a_third_of_traitors_never_fork_the_chain_and_never_stop_it(
    sizes: tuple[int, int], seed: int, story: list[tuple[int, str, int]], is_mesh: bool
) -> None:
    nodes, traitors = sizes
    simulation = start(nodes, seed=seed, network='topology = "complete"' if is_mesh else "degree = 2")
    bad = [draw_below(seed, nodes, "bad", number) for number in range(traitors)]
    honest = [node for node in range(nodes) if node not in bad]
    corrupt(simulation, bad, seed)
    for wait_s, what, which in story:
        run(simulation, wait_s)
        disturb(simulation, what, which)
    run(simulation, 5)
    assert all(len(blocks) == 1 for blocks in get_decided(simulation, honest).values())
    heal_everything(simulation)  # then all that is honest must go on, together
    reached = max(get_heights(simulation))
    run(simulation, 240)
    heights = [get_heights(simulation)[node] for node in honest]
    assert min(heights) > reached
    assert all(len(blocks) == 1 for blocks in get_decided(simulation, honest).values())
    accused = {it.one.validator for it in simulation.world.view(honest[0]).get_messages(EVIDENCE)}
    assert accused <= set(bad)


class TwoFaced(Traitor):
    """Proposes two blocks at once and votes for all there are."""

    def _vote(self, kind: str, value: bytes) -> list[Effect]:
        return [effect for block in self.seen or [NIL] for effect in TendermintAgent._vote(self, kind, block)]

    def _propose(self, view: View) -> list[Effect]:
        return [*TendermintAgent._propose(self, view), *TendermintAgent._propose(self, _Later(view))]  # type: ignore[arg-type]


def test_a_validator_that_votes_twice_is_named_and_loses_its_seat() -> None:
    simulation = start(7, seed=3)
    corrupt(simulation, [2], 5, TwoFaced)
    run(simulation, 60)
    world = simulation.world
    (culprit,) = {it.one.validator for it in world.view(0).get_messages(EVIDENCE)}
    assert culprit == 2
    final = world.get_finalized()
    assert final.state.powers == (32, 32, 0, 32, 32, 32, 32)
    assert final.state.quorum == 6 * 32 * 2 // 3 + 1
    assert min(get_heights(simulation)) > 20


class Whisperer(Traitor):
    """One of three in seven: they show nodes 0 and 1 one block, 2 and 3 another, and vote for both.

    Both blocks are published first, so that everybody could have either; gossip tells the rest too late.
    """

    def _propose(self, view: View) -> list[Effect]:
        proposals = [TendermintAgent._propose(self, it)[0] for it in (view, _Later(view))]  # type: ignore[arg-type]
        blocks = [it.block for it in proposals if isinstance(it, Broadcast) and it.block is not None]
        self.pair = {it.message.block: it.message for it in proposals if isinstance(it, Broadcast)}
        return [*map(Publish, blocks), SetTimer("show", TimeUs(view.now_us + SECOND // 5), 0)]

    def on_message(self, view: View, message: Any) -> Iterable[Effect]:
        return [*super().on_message(view, message), SetTimer("vote", TimeUs(view.now_us + SECOND // 5), 0)]

    def on_timer(self, view: View, name: str, data: int) -> Iterable[Effect]:
        proposals = {it.block: it for it in self._get_proposals(view)} | getattr(self, "pair", {})
        sides = list(zip(sorted(proposals), ((0, 1), (2, 3)), strict=False))
        match name:
            case "show":
                found = [(proposals[block], node) for block, side in sides for node in (*side, 4, 5, 6)]
                shown = [Broadcast(it, wakes=True, target=to) for it, to in found]
                return [*shown, SetTimer("vote", TimeUs(view.now_us + SECOND // 5), 0)]
            case "vote" | "commit" if len(sides) == 2:
                kind, aims = (
                    PREVOTE if name == "vote" else PRECOMMIT,
                    [(it, node) for it, side in sides for node in side],
                )
                later = [SetTimer("commit", TimeUs(view.now_us + SECOND // 5), 0)] if name == "vote" else []
                return [*later, *(vote for block, node in aims for vote in self._whisper(kind, block, node))]
        return super().on_timer(view, name, data)

    def _whisper(self, kind: str, block: bytes, node: int) -> list[Effect]:
        votes = TendermintAgent._vote(self, kind, block)
        return [Broadcast(it.message, target=NodeId(node)) for it in votes]  # type: ignore[union-attr]

    def _vote(self, kind: str, value: bytes) -> list[Effect]:
        is_plot = self.rules.get_proposer(self.state, self.round) >= 4
        return [] if is_plot else TendermintAgent._vote(self, kind, value)


def test_beyond_a_third_a_fork_convicts_a_third() -> None:
    simulation = start(7, delays="constant")
    corrupt(simulation, [4, 5, 6], 0, Whisperer)
    run(simulation, 10)
    decided = get_decided(simulation, range(4))
    height = min(height for height, blocks in decided.items() if len(blocks) > 1)
    votes = [it.message for it in simulation.world.messages.records.values() if isinstance(it.message, Vote)]
    culprits = find_culprits([vote for vote in votes if vote.height == height], [1] * 7)
    assert set(culprits) == {4, 5, 6}
    assert 3 * len(culprits) >= 7
    assert {it.one.validator for it in simulation.world.view(0).get_messages(EVIDENCE)} == {4, 5, 6}


@pytest.mark.parametrize("is_allowed", [False, True])
def test_amnesia_convicts_unless_two_thirds_allowed_it(is_allowed: bool) -> None:
    """Validator 0 precommits a in round 0 and prevotes b in round 2; fine if two thirds prevoted b in round 1."""
    lock, broken = Vote(PRECOMMIT, 1, 0, b"a", 0, b""), Vote(PREVOTE, 1, 2, b"b", 0, b"")
    between = [Vote(PREVOTE, 1, 1, b"b", index, b"") for index in ((1, 2, 3) if is_allowed else (1, 2))]
    assert find_culprits([lock, broken, *between], [1] * 4) == ({} if is_allowed else {0: (lock, broken)})

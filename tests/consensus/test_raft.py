"""Raft: figure 2 rule by rule at a desk, then whole networks with crashes and partitions, and a leader that lies."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consensus.base import Broadcast, CancelTimer, Effect, Finalize, Publish, SetTimer, View
from chain.consensus.block_tree import BlockRecord, BlockTree
from chain.consensus.raft import MAX_ENTRIES, RaftAgent, RaftParameters, Role
from chain.consensus.raft_rules import (
    AppendEntries,
    AppendReply,
    Message,
    RaftRules,
    RaftSeal,
    RequestVote,
    VoteReply,
    get_signed_data,
)
from chain.consensus.validators import Context, build_keyring
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidMessage, InvalidScenario
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.scenario import build, load_scenario
from chain.simulation import commands as c
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import MILLISECOND, NEVER, SECOND, Address, Hash, NodeId, Span, TimeUs

# At a desk: one server of five, fed by hand -----------------------------------------------------------------------

ACCOUNTS = tuple(Address(bytes([node]) * 20) for node in range(6))
CONTEXT = Context(1, 6, {}, (1,) * 6, ACCOUNTS)


@dataclass
class Desk:
    """Server 0 of five members (node 5 only follows) and the blocks it knows."""

    node: NodeId
    now_us: TimeUs

    def __post_init__(self) -> None:
        self.keyring = build_keyring(CONTEXT, [NodeId(node) for node in range(6)], [1, 1, 1, 1, 1, 0])
        self.rules = RaftRules(self.keyring, 5 * SECOND)
        self.ledger, self.tree = Ledger(LedgerParameters(), {}), BlockTree()
        genesis = self.ledger.genesis
        self.tree.add(genesis, self.rules.genesis(genesis), 0, NodeId(0), TimeUs(0), np.zeros(6, dtype=np.int64))
        self.agent = RaftAgent(RaftParameters(), self.rules, self.node)
        self.started = list(self.agent.start(self))  # type: ignore[arg-type]  # a View but for most of it

    def get_known(self, block: Hash) -> BlockRecord | None:
        return self.tree.get(block)

    def latest_final(self) -> BlockRecord:
        return self.tree.records[0]

    def may_propose(self) -> bool:
        return True

    def draw_below(self, n: int, purpose: str, *key: object) -> int:
        return n // 2

    def build_block(self, parent: Hash, consensus: bytes) -> Any:
        time_us = self.tree[parent].block.header.time_us + 1
        return self.ledger.build_block(parent, ACCOUNTS[self.node], time_us, (), consensus)

    def write(self, parent: Hash, term: int, leader: int = 1) -> Hash:
        """Publish a block and return its hash."""
        record = self.tree[parent]
        time_us = record.block.header.time_us + 1
        block = self.ledger.build_block(parent, ACCOUNTS[leader], time_us, (), encode(RaftSeal(term, leader)))
        return self.note(block)

    def note(self, block: Any) -> Hash:
        record = self.tree[block.header.parent]
        self.rules.check(record.state, block)
        self.ledger.add(block)
        state = self.rules.apply(record.state, block)
        self.tree.add(block, state, self.rules.weight(state), NodeId(1), TimeUs(0), np.zeros(6, dtype=np.int64))
        return block.hash  # type: ignore[no-any-return]

    def write_log(self, *terms: int) -> list[Hash]:
        """Publish a chain with these terms and return its hashes, genesis first."""
        hashes = [self.tree.records[0].hash]
        for term in terms:
            hashes.append(self.write(hashes[-1], term))
        return hashes

    def hear(self, message: Message) -> list[Effect]:
        effects = list(self.agent.on_message(self, message))  # type: ignore[arg-type]
        for effect in effects:
            if isinstance(effect, Broadcast) and effect.block is not None:
                self.note(effect.block)
        return effects

    def fire(self, name: str) -> list[Effect]:
        effects = list(self.agent.on_timer(self, name, 0))  # type: ignore[arg-type]
        for effect in effects:
            if isinstance(effect, Broadcast) and effect.block is not None:
                self.note(effect.block)
        return effects


def get_sent(effects: list[Effect], kind: type[Any]) -> list[Any]:
    """Return (receiver, message without its signature) of one kind."""
    sent = [it for it in effects if isinstance(it, Broadcast) and isinstance(it.message, kind)]
    return [(it.target, msgspec.structs.replace(it.message, signature=b"")) for it in sent]


@pytest.fixture
def desk() -> Desk:
    return Desk(NodeId(0), TimeUs(0))


def elect(desk: Desk) -> list[Effect]:
    """Make the server leader of the next term."""
    desk.fire("election")
    desk.hear(VoteReply(desk.agent.term, 1, True))
    return desk.hear(VoteReply(desk.agent.term, 2, True))


def test_a_follower_waits_once_to_twice_the_timeout_for_its_leader(desk: Desk) -> None:
    assert desk.started == [SetTimer("election", TimeUs(3 * SECOND + 1500 * MILLISECOND))]


def test_5_2_a_candidate_votes_for_itself_and_asks_the_others(desk: Desk) -> None:
    effects = desk.fire("election")
    assert get_sent(effects, RequestVote) == [(None, RequestVote(1, 0, 0, 0))]
    assert (desk.agent.role, desk.agent.term, desk.agent.voted_for) == (Role.CANDIDATE, 1, 0)
    assert any(isinstance(it, SetTimer) and it.name == "election" for it in effects)


def test_5_2_a_majority_makes_a_leader_which_says_so(desk: Desk) -> None:
    desk.fire("election")
    assert desk.hear(VoteReply(1, 1, True)) == []
    assert desk.hear(VoteReply(1, 1, True)) == []  # who votes twice counts once
    assert desk.hear(VoteReply(1, 3, False)) == []
    effects = desk.hear(VoteReply(1, 2, True))
    assert desk.agent.role is Role.LEADER
    assert CancelTimer("election") in effects
    sent = get_sent(effects, AppendEntries)
    assert [receiver for receiver, _ in sent] == [1, 2, 3, 4, 5]
    assert all((it.prev_index, it.prev_term, it.entries) == (0, 0, ()) for _, it in sent)


def test_5_2_one_vote_a_term_first_come_first_served(desk: Desk) -> None:
    assert get_sent(desk.hear(RequestVote(3, 1, 0, 0)), VoteReply) == [(1, VoteReply(3, 0, True))]
    assert get_sent(desk.hear(RequestVote(3, 2, 9, 2)), VoteReply) == [(2, VoteReply(3, 0, False))]
    assert get_sent(desk.hear(RequestVote(3, 1, 0, 0)), VoteReply) == [(1, VoteReply(3, 0, True))]
    assert get_sent(desk.hear(RequestVote(4, 2, 0, 0)), VoteReply) == [(2, VoteReply(4, 0, True))]
    assert get_sent(desk.hear(RequestVote(2, 4, 9, 2)), VoteReply) == [(4, VoteReply(4, 0, False))]  # §5.1


@pytest.mark.parametrize(
    ("last_index", "last_term", "is_granted"),
    [(2, 2, True), (3, 2, True), (1, 2, False), (9, 1, False), (1, 3, True), (0, 0, False)],
)
def test_5_4_1_only_for_a_log_at_least_as_up_to_date(
    desk: Desk, last_index: int, last_term: int, is_granted: bool
) -> None:
    """The server's log ends with index 2 of term 2."""
    desk.agent.tip, desk.agent.term = desk.write_log(1, 2)[-1], 2
    effects = desk.hear(RequestVote(5, 1, last_index, last_term))
    assert get_sent(effects, VoteReply) == [(1, VoteReply(5, 0, is_granted))]
    assert any(isinstance(it, SetTimer) for it in effects) == is_granted


def test_5_1_a_later_term_makes_a_follower_of_anybody(desk: Desk) -> None:
    elect(desk)
    effects = desk.hear(AppendReply(7, 2, 1, False, 0))
    assert (desk.agent.role, desk.agent.term, desk.agent.voted_for) == (Role.FOLLOWER, 7, -1)
    assert CancelTimer("heartbeat") in effects
    assert CancelTimer("block") in effects
    assert desk.fire("heartbeat") == []


def test_5_2_a_candidate_gives_way_to_the_leader_of_its_term(desk: Desk) -> None:
    desk.fire("election")
    effects = desk.hear(AppendEntries(1, 3, 1, 0, 0, (), 0))
    assert desk.agent.role is Role.FOLLOWER
    assert get_sent(effects, AppendReply) == [(3, AppendReply(1, 0, 1, True, 0))]
    assert desk.hear(VoteReply(1, 1, True)) == []  # votes come too late


def test_who_is_no_member_neither_stands_nor_votes() -> None:
    desk = Desk(NodeId(5), TimeUs(0))
    assert desk.fire("election") == []
    assert desk.hear(RequestVote(1, 1, 0, 0)) == []
    log = desk.write_log(1)
    effects = desk.hear(AppendEntries(1, 1, 1, 0, 0, (log[1],), 1))
    assert Finalize(log[1]) in effects


def test_append_entries_rule_1_an_old_term_is_refused(desk: Desk) -> None:
    desk.agent.term = 4
    effects = desk.hear(AppendEntries(3, 1, 8, 0, 0, (), 0))
    assert get_sent(effects, AppendReply) == [(1, AppendReply(4, 0, 8, False, 0))]
    assert not any(isinstance(it, SetTimer) for it in effects)


def test_append_entries_rule_2_without_the_entry_before_it_is_refused(desk: Desk) -> None:
    log = desk.write_log(1, 1, 1, 2)
    desk.agent.tip = log[2]
    too_far = desk.hear(AppendEntries(2, 1, 8, 3, 1, (log[4],), 0))
    assert get_sent(too_far, AppendReply) == [(1, AppendReply(2, 0, 8, False, 2))]  # it has two
    other_term = desk.hear(AppendEntries(2, 1, 9, 2, 2, (), 0))
    assert get_sent(other_term, AppendReply) == [(1, AppendReply(2, 0, 9, False, 0))]  # none of term 1 is shared
    assert desk.agent.tip == log[2]


def test_append_entries_rules_3_and_4_conflicts_go_and_new_entries_come(desk: Desk) -> None:
    mine, theirs = desk.write_log(1, 2, 2), desk.write_log(1, 3)
    desk.agent.tip = mine[3]
    effects = desk.hear(AppendEntries(3, 1, 1, 1, 1, (theirs[2],), 0))
    assert desk.agent.tip == theirs[2]
    assert get_sent(effects, AppendReply) == [(1, AppendReply(3, 0, 1, True, 2))]


def test_append_entries_rule_3_a_late_message_takes_nothing_away(desk: Desk) -> None:
    log = desk.write_log(1, 1, 1)
    desk.hear(AppendEntries(1, 1, 2, 0, 0, tuple(log[1:]), 0))
    effects = desk.hear(AppendEntries(1, 1, 1, 0, 0, (log[1],), 0))
    assert desk.agent.tip == log[3]
    assert get_sent(effects, AppendReply) == [(1, AppendReply(1, 0, 1, True, 1))]


def test_append_entries_rule_5_commits_no_more_than_what_is_shared(desk: Desk) -> None:
    log = desk.write_log(1, 1, 1)
    assert Finalize(log[1]) in desk.hear(AppendEntries(1, 1, 1, 0, 0, (log[1],), 3))
    assert Finalize(log[3]) in desk.hear(AppendEntries(1, 1, 2, 1, 1, (log[2], log[3]), 3))
    assert not any(isinstance(it, Finalize) for it in desk.hear(AppendEntries(1, 1, 3, 3, 1, (), 2)))


def test_an_entry_counts_once_its_block_is_there(desk: Desk) -> None:
    log = desk.write_log(1)
    effects = desk.hear(AppendEntries(1, 1, 1, 0, 0, (log[1], bytes(32)), 2))
    assert get_sent(effects, AppendReply) == [(1, AppendReply(1, 0, 1, True, 1))]


def test_a_leader_appends_a_block_and_commits_it_with_a_majority(desk: Desk) -> None:
    elect(desk)
    effects = desk.fire("block")
    ((receiver, message),) = get_sent(effects, AppendEntries)
    assert (receiver, message.prev_index, len(message.entries)) == (None, 0, 1)
    assert desk.hear(AppendReply(1, 1, 1, True, 1)) == []  # two of five
    assert desk.hear(AppendReply(1, 5, 1, True, 1)) == []  # no member
    assert desk.hear(AppendReply(1, 2, 1, True, 1)) == [Finalize(desk.agent.tip)]  # type: ignore[arg-type]
    assert desk.agent.commit_index == 1
    heartbeats = get_sent(desk.fire("heartbeat"), AppendEntries)
    assert [(receiver, it.prev_index, len(it.entries), it.leader_commit) for receiver, it in heartbeats] == [
        (1, 1, 0, 1),
        (2, 1, 0, 1),
        (3, 0, 1, 1),  # who has not answered is told again
        (4, 0, 1, 1),
        (5, 1, 0, 1),
    ]


def test_5_3_a_refusal_moves_the_leader_back_and_it_tries_again(desk: Desk) -> None:
    log = desk.write_log(1, 1, 2)
    desk.agent.tip, desk.agent.term = log[3], 2
    elect(desk)
    ((receiver, message),) = get_sent(desk.hear(AppendReply(3, 4, 1, False, 1)), AppendEntries)
    assert (receiver, message.prev_index, message.prev_term) == (4, 1, 1)
    assert message.entries == (log[2], log[3])
    assert desk.hear(AppendReply(3, 4, 1, False, 1)) == []  # the same once more changes nothing


def test_5_4_2_figure_8_an_entry_of_an_earlier_term_is_committed_only_with_one_of_its_own(desk: Desk) -> None:
    """A leader of term 3 has replicated an entry of term 2 to a majority: that alone must not commit it."""
    log = desk.write_log(1, 2)
    desk.agent.tip, desk.agent.term = log[2], 2
    elect(desk)
    assert desk.hear(AppendReply(3, 1, 1, True, 2)) == []
    assert desk.hear(AppendReply(3, 2, 1, True, 2)) == []
    assert desk.agent.commit_index == 0
    desk.fire("block")
    desk.hear(AppendReply(3, 1, 2, True, 3))
    assert desk.hear(AppendReply(3, 2, 2, True, 3)) == [Finalize(desk.agent.tip)]  # type: ignore[arg-type]


def test_a_long_log_is_repaired_in_parts(desk: Desk) -> None:
    log = desk.write_log(*[1] * (MAX_ENTRIES + 10))
    desk.agent.tip, desk.agent.term = log[-1], 1
    elect(desk)
    ((_, first),) = get_sent(desk.hear(AppendReply(2, 3, 1, False, 0)), AppendEntries)
    assert first.entries == tuple(log[1 : MAX_ENTRIES + 1])
    ((_, second),) = get_sent(desk.hear(AppendReply(2, 3, 2, True, MAX_ENTRIES)), AppendEntries)
    assert second.entries == tuple(log[MAX_ENTRIES + 1 :])


def test_what_a_block_may_not_claim(desk: Desk) -> None:
    parent = desk.tree[desk.write_log(2)[-1]]
    wrong = ((1, 1, 1, "term"), (2, 5, 5, "leader"), (2, 9, 1, "leader"), (2, 1, 2, "leader"))
    for term, leader, account, rule in wrong:
        block = desk.ledger.build_block(parent.hash, ACCOUNTS[account], 9, (), encode(RaftSeal(term, leader)))
        with pytest.raises(InvalidBlock) as caught:
            desk.rules.check(parent.state, block)
        assert caught.value.rule == f"raft/{rule}"


def test_messages_are_signed_by_whom_they_name(desk: Desk) -> None:
    message = RequestVote(1, 2, 0, 0)
    signature = desk.keyring.sign(2, *get_signed_data(message))
    desk.rules.check_message(desk, msgspec.structs.replace(message, signature=signature))
    others = (RequestVote(2, 2, 0, 0, signature), RequestVote(1, 1, 0, 0, signature), RequestVote(1, 77, 0, 0))
    for bad in (message, *others):
        with pytest.raises(InvalidMessage, match="raft/signature"):
            desk.rules.check_message(desk, bad)
    with pytest.raises(InvalidMessage, match="consensus/message"):
        desk.rules.check_message(desk, "hello")


# Whole networks ---------------------------------------------------------------------------------------------------


def start(nodes: int, more: str = "", seed: int = 1, network: str = 'topology = "complete"') -> Simulation:
    """Return a run without traffic, of one-second blocks and delays of 25 to 75 ms."""
    text = f"""
    [network]
    nodes = {nodes}
    delay_model = "uniform"
    delay_us = 50000
    {network}
    [consensus]
    protocol = "raft"
    interval = "1s"
    election_timeout = "1s"
    heartbeat = "250ms"
    [traffic]
    rate_per_s = 0
    """
    return build(load_scenario(text + more, "raft"), seed)


def run(simulation: Simulation, seconds: int) -> None:
    simulation.run_until(TimeUs(simulation.now_us + seconds * SECOND))


def get_agents(simulation: Simulation) -> list[RaftAgent]:
    agents = simulation.world.consensus.agents
    return [agents[NodeId(node)] for node in range(simulation.world.node_count)]  # type: ignore[misc]


def get_leader(simulation: Simulation) -> int:
    """Return the leader of the latest term."""
    leaders = [agent for agent in get_agents(simulation) if agent.role is Role.LEADER]
    return max(leaders, key=lambda agent: agent.term).node


def get_heights(simulation: Simulation) -> list[int]:
    world = simulation.world
    return [world.view(node).get_finalized().height for node in range(world.node_count)]


def check_safety(simulation: Simulation) -> None:
    """Check from outside what figure 3 promises: one leader a term, logs that match, one block final at each height."""
    world = simulation.world
    leaders: dict[int, int] = {}
    by_place: dict[tuple[int, int], Hash] = {}
    final: dict[int, Hash] = {}
    for record in world.tree.records[1:]:
        assert leaders.setdefault(record.state.term, record.origin) == record.origin  # election safety
        assert by_place.setdefault((record.state.index, record.state.term), record.hash) == record.hash  # log matching
        if record.final_us is not None and (record.final_us < NEVER).any():
            for it in world.tree.iter_branch(record):
                assert final.setdefault(it.height, it.hash) == it.hash  # state machine safety


def test_one_leader_orders_and_all_follow() -> None:
    simulation = start(5)
    run(simulation, 20)
    report = compute_report(simulation)
    assert len(report["proposers"]) == 1
    assert report["blocks"]["stale"] == 0
    assert report["finality"]["kind"] == "instant"
    assert report["finality"]["lag_seconds_mean"] < 0.5  # there, back, and with the next heartbeat there again
    assert min(get_heights(simulation)) >= 16
    check_safety(simulation)


def test_a_block_costs_a_message_there_and_one_back() -> None:
    """On a full mesh: n − 1 messages for each append and n − 1 answers, four heartbeats and a block a second."""
    simulation = start(7)
    run(simulation, 5)
    before, height = simulation.world.network.messages, max(get_heights(simulation))
    run(simulation, 100)
    assert max(get_heights(simulation)) == height + 100
    assert simulation.world.network.messages - before == pytest.approx(100 * 5 * 2 * 6, rel=0.01)
    assert len(simulation.world.messages.tallies) <= 3  # old messages are forgotten


def test_a_crashed_leader_is_replaced_and_comes_back_as_a_follower() -> None:
    simulation = start(5)
    run(simulation, 10)
    old, height = get_leader(simulation), max(get_heights(simulation))
    simulation.submit(c.StopNode(old))
    run(simulation, 10)
    assert get_leader(simulation) != old
    assert max(get_heights(simulation)) > height + 3
    simulation.submit(c.StartNode(old))
    run(simulation, 5)
    assert get_agents(simulation)[old].role is Role.FOLLOWER
    assert len(set(get_heights(simulation))) == 1
    check_safety(simulation)


def test_without_a_majority_nothing_becomes_final() -> None:
    simulation = start(5)
    run(simulation, 10)
    leader = get_leader(simulation)
    for node in [node for node in range(5) if node != leader][:3]:
        simulation.submit(c.StopNode(node))
    run(simulation, 1)
    height = max(get_heights(simulation))
    run(simulation, 30)
    assert max(get_heights(simulation)) == height
    assert get_agents(simulation)[leader].role is Role.LEADER  # it goes on writing what nobody will ever share


def test_in_a_partition_the_majority_goes_on_and_what_the_old_leader_wrote_is_lost() -> None:
    simulation = start(5)
    run(simulation, 10)
    leader = get_leader(simulation)
    simulation.submit(c.Partition(((leader, (leader + 1) % 5),)))
    run(simulation, 60)
    world, heights = simulation.world, get_heights(simulation)
    other = (leader + 2) % 5
    assert heights[other] > heights[leader] + 30
    simulation.submit(c.Heal())
    run(simulation, 10)
    assert len(set(get_heights(simulation))) == 1
    report = compute_report(simulation)
    assert report["blocks"]["stale"] > 30
    assert report["reorgs"] == {"count": 0, "max_depth": 0}  # nothing that was final is undone
    assert world.get_finalized().height >= heights[other]
    check_safety(simulation)


def test_one_node_alone_is_a_majority_of_itself() -> None:
    simulation = start(1)
    run(simulation, 20)
    assert get_heights(simulation)[0] >= 16


def test_nodes_without_stake_follow() -> None:
    simulation = start(6, "[nodes]\nstakes_coins = [1, 1, 1]", network="degree = 2")
    run(simulation, 20)
    assert get_leader(simulation) < 3
    assert min(get_heights(simulation)) >= 15
    with pytest.raises(InvalidScenario, match="stake_coins"):
        start(3, "[nodes]\nstake_coins = 0")
    with pytest.raises(InvalidScenario, match="heartbeat"):
        RaftParameters(heartbeat=Span(0))


def test_a_checkpoint_goes_on_like_the_run() -> None:
    simulation = start(5)
    run(simulation, 8)
    simulation.submit(c.StopNode(get_leader(simulation)))
    branch = simulation.copy()
    run(simulation, 20)
    run(branch, 20)
    assert branch.compute_digest() == simulation.compute_digest()


class Liar(RaftAgent):
    """Tells each half of the others another block for the same index and term, and believes whatever suits it."""

    def _append_block(self, view: View) -> list[Effect]:
        effects: list[Effect] = []
        tip, now_us = self.tip, view.now_us
        for half, wait_us in ((0, 0), (1, 1)):
            self.tip, view.now_us = tip, TimeUs(now_us + wait_us)
            honest = super()._append_block(view)
            (append,) = [it for it in honest if isinstance(it, Broadcast)]
            assert append.block is not None
            effects.append(Publish(append.block))
            lie = msgspec.structs.replace(append.message, leader_commit=append.message.prev_index + 1)
            signature = self.rules.keyring.sign(self.node, *get_signed_data(lie))
            signed = msgspec.structs.replace(lie, signature=signature)
            aims = [NodeId(node) for node in self.next_index if node % 2 == half]
            self.lies = [*getattr(self, "lies", []), *((signed, aim) for aim in aims)]
        view.now_us = now_us
        return [*effects, SetTimer("lie", TimeUs(now_us + SECOND // 2))]

    def on_timer(self, view: View, name: str, data: int) -> Iterable[Effect]:
        if name == "lie":
            return [Broadcast(signed, target=aim) for signed, aim in self.lies]
        return super().on_timer(view, name, data) if name != "heartbeat" else ()


def test_a_single_lying_leader_breaks_it() -> None:
    """What a crash-fault protocol does not promise: under Tendermint four such nodes of thirteen could do nothing."""
    simulation = start(5)
    agents = simulation.world.consensus.agents
    for node in range(5):
        honest, liar = agents[NodeId(node)], Liar.__new__(Liar)
        liar.__dict__.update(honest.__dict__)
        agents[NodeId(node)] = liar  # only who leads will lie
    run(simulation, 5)
    with pytest.raises(AssertionError):
        check_safety(simulation)


STORIES = st.lists(
    st.tuples(
        st.integers(0, 5000),
        st.sampled_from(["stop", "start", "cut", "reconnect", "split", "heal", "lag", "leader"]),
        st.integers(0, 99),
    ),
    max_size=14,
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
            simulation.submit(c.SetLag(node, (which % 5) * SECOND // 2))
        case "leader":
            leaders = [agent.node for agent in get_agents(simulation) if agent.role is Role.LEADER]
            for leader in leaders:
                simulation.submit(c.CutNode(leader))


@settings(max_examples=20)
@given(st.integers(1, 6), st.integers(0, 10**6), STORIES, st.booleans())
def test_crashes_and_partitions_never_fork_the_log_and_never_stop_it_for_good(
    nodes: int, seed: int, story: list[tuple[int, str, int]], is_mesh: bool
) -> None:
    simulation = start(nodes, seed=seed, network='topology = "complete"' if is_mesh else "degree = 2")
    for wait_ms, what, which in story:
        simulation.run_until(TimeUs(simulation.now_us + wait_ms * MILLISECOND))
        disturb(simulation, what, which)
    run(simulation, 3)
    check_safety(simulation)
    simulation.submit(c.Heal())
    for node in range(nodes):
        if not simulation.world.network.links.is_online_now(node):
            simulation.submit(c.StartNode(node))
        simulation.submit(c.SetLag(node, 0))
    reached = max(get_heights(simulation))
    run(simulation, 40)
    assert min(get_heights(simulation)) > reached
    check_safety(simulation)

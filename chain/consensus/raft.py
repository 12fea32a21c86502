"""Raft: an elected leader orders blocks, and what a majority has written down is final, as long as nobody lies.

The ordering service of a private network: it survives crashes, restarts and partitions of fewer than half of its
members (Tendermint: lies, but of fewer than a third). The log is the chain: an entry is a block, its index the height,
its term in the seal. Two logs that agree on an entry agree on all before it; here a block's parent says so once more.

The agent is figure 2 of the paper, rule by rule; § in comments is a section of it. All state is kept through a crash
(the paper asks that of term, vote and log only). Messages and blocks: chain/consensus/raft_rules.py.

Source: Ongaro & Ousterhout, "In Search of an Understandable Consensus Algorithm", USENIX ATC 2014 (extended version),
figure 2 and section 5. Timeouts are twenty times those of section 9.3: messages cross continents here.

Simplifications. Remote calls are one-way messages; a leader asks again with each heartbeat. A new block travels to all
in its AppendEntries; what repairs a log names blocks, which arrive by themselves. Members never change (§6), logs are
never compacted (§7). Messages are signed, though Raft trusts them: a signature says who speaks, not that it is true. A
leader that lies breaks everything: it may tell two halves two logs. Nodes without stake write the log, but never vote
or count.
"""

from enum import Enum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chain.consensus.base import (
    Agent,
    Broadcast,
    CancelTimer,
    Effect,
    Effects,
    Finalize,
    Forget,
    SetTimer,
    Setup,
    View,
)
from chain.consensus.block_tree import BlockRecord
from chain.consensus.raft_rules import (
    AppendEntries,
    AppendReply,
    Message,
    RaftRules,
    RaftSeal,
    RaftState,
    RequestVote,
    VoteReply,
    get_signed_data,
)
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, build_keyring
from chain.encoding import encode
from chain.errors import InvalidScenario
from chain.ledger.block import Block
from chain.units import DAY, MILLISECOND, SECOND, Hash, NodeId, Span, TimeUs

MAX_ENTRIES: Final = 64
"""Entries one message may name."""
NOBODY: Final = -1


class RaftParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for Raft."""

    protocol: str = "raft"
    interval: Span = Span(5 * SECOND)
    """Time between two blocks of a leader."""
    election_timeout: Span = Span(3 * SECOND)
    """A follower waits once to twice this long for its leader; drawn anew each time."""
    heartbeat: Span = Span(1 * SECOND)
    """Time between two messages of a leader to a follower."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100
    """Power of a running node, in watts."""

    def __post_init__(self) -> None:
        """Refuse spans in which time would not go on. Raises InvalidScenario naming the key."""
        for name in ("interval", "election_timeout", "heartbeat"):
            if not MILLISECOND <= getattr(self, name) <= 366 * DAY:
                raise InvalidScenario(f"consensus.{name}", str(getattr(self, name)), '"1ms" to "366d"')


class Role(Enum):
    """What a node is in its term."""

    FOLLOWER = "follower"
    CANDIDATE = "candidate"
    LEADER = "leader"


class RaftAgent(Agent):
    """One node. The rules are those of figure 2."""

    def __init__(self, parameters: RaftParameters, rules: RaftRules, node: NodeId) -> None:
        self.parameters, self.rules, self.node = parameters, rules, node
        self.uptime = Uptime()
        self.role = Role.FOLLOWER
        self.term = 0
        """currentTerm."""
        self.voted_for = NOBODY
        self.tip: Hash | None = None
        """The last entry of the log; its ancestors are the rest."""
        self.commit_index = 0
        self.votes: frozenset[int] = frozenset()
        """Members that voted for this candidate."""
        self.next_index: dict[int, int] = {}
        self.match_index: dict[int, int] = {}
        self.number = 0
        self.era = 0
        """How many times messages have been forgotten."""

    def copy(self) -> "RaftAgent":
        other = super().copy()
        assert isinstance(other, RaftAgent)
        other.next_index, other.match_index = self.next_index.copy(), self.match_index.copy()
        return other

    def start(self, view: View) -> Effects:
        self.uptime = self.uptime.start(view.now_us)
        self.tip = self.tip or view.latest_final().hash
        self.role = Role.FOLLOWER
        return [self._set_election_timer(view)]

    def stop(self, view: View) -> None:
        self.uptime = self.uptime.stop(view.now_us)

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self.uptime.compute_joules(self.parameters.watts_per_node, now_us)

    # Rules for all servers ----------------------------------------------------------------------------------------

    def on_message(self, view: View, message: Message) -> Effects:
        if message.sender == self.node:
            return ()
        effects: list[Effect] = []
        if message.term > self.term:  # §5.1
            effects += self._become_follower(view, message.term)
        match message:
            case RequestVote():
                effects += self._on_request_vote(view, message)
            case VoteReply() if message.term == self.term and self.role is Role.CANDIDATE:
                effects += self._on_vote(view, message)
            case AppendEntries():
                effects += self._on_append_entries(view, message)
            case AppendReply() if message.term == self.term and self.role is Role.LEADER:
                effects += self._on_append_reply(view, message)
        return effects

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if not view.may_propose():  # a private network's list: leads no longer, and does not stand
            is_leader = self.role is Role.LEADER
            return self._become_follower(view, self.term + 1) if is_leader else [self._set_election_timer(view)]
        match name:
            case "election" if self.role is not Role.LEADER and self.node in self.rules.members:
                return self._become_candidate(view)  # §5.2
            case "heartbeat" if self.role is Role.LEADER:
                return [*self._advance_commit(view), *self._send_heartbeats(view), *self._forget(view)]
            case "block" if self.role is Role.LEADER:
                return self._append_block(view)
        return ()

    def _become_follower(self, view: View, term: int) -> list[Effect]:
        was_leader = self.role is Role.LEADER
        self.role, self.term, self.voted_for = Role.FOLLOWER, term, NOBODY
        return [CancelTimer("heartbeat"), CancelTimer("block"), self._set_election_timer(view)] if was_leader else []

    def _commit(self, view: View, index: int) -> list[Effect]:
        """Return what makes all entries up to an index final."""
        if index <= self.commit_index:
            return []
        self.commit_index = index
        return [Finalize(self._get_entry(view, index).hash)]

    # RequestVote ---------------------------------------------------------------------------------------------------

    def _become_candidate(self, view: View) -> list[Effect]:
        last: RaftState = self._get_last(view).state
        self.role, self.term = Role.CANDIDATE, self.term + 1
        self.voted_for, self.votes = self.node, frozenset([self.node])
        if len(self.votes) >= self.rules.majority:
            return self._become_leader(view)
        request = RequestVote(self.term, self.node, last.index, last.term)
        return [self._set_election_timer(view), self._send(request), *self._forget(view)]

    def _on_request_vote(self, view: View, request: RequestVote) -> list[Effect]:
        if self.node not in self.rules.members:
            return []
        last: RaftState = self._get_last(view).state
        is_up_to_date = (request.last_term, request.last_index) >= (last.term, last.index)  # §5.4.1
        is_free = self.voted_for in (NOBODY, request.sender)  # §5.2
        is_granted = request.term == self.term and is_free and is_up_to_date
        effects: list[Effect] = [self._send(VoteReply(self.term, self.node, is_granted), request.sender)]
        if is_granted:
            self.voted_for = request.sender
            effects.append(self._set_election_timer(view))
        return effects

    def _on_vote(self, view: View, reply: VoteReply) -> list[Effect]:
        if reply.is_granted:
            self.votes |= {reply.sender}
        return self._become_leader(view) if len(self.votes) >= self.rules.majority else []

    # AppendEntries, as a follower ----------------------------------------------------------------------------------

    def _on_append_entries(self, view: View, message: AppendEntries) -> list[Effect]:
        if message.term < self.term:  # rule 1, §5.1
            return [self._reply(view, message, False, 0)]
        self.role = Role.FOLLOWER  # a candidate recognises the leader of its term, §5.2
        effects: list[Effect] = [self._set_election_timer(view)]
        last = self._get_last(view)
        if message.prev_index > last.height:  # rule 2, §5.3
            return [*effects, self._reply(view, message, False, last.height)]
        shared = self._get_entry(view, message.prev_index)
        if shared.state.term != message.prev_term:  # rule 2, §5.3
            return [*effects, self._reply(view, message, False, _get_start_of_term(shared).height - 1)]
        for entry in message.entries:
            record = view.get_known(Hash(entry))
            if record is None or record.parent is None or record.parent.hash != shared.hash:
                break  # the block is still on its way; the leader will ask again
            shared = record
        if shared.height > last.height or self._get_entry(view, shared.height).hash != shared.hash:
            self.tip = shared.hash  # rules 3 and 4, §5.3
        effects += self._commit(view, min(message.leader_commit, shared.height))  # rule 5
        return [*effects, self._reply(view, message, True, shared.height)]

    def _reply(self, view: View, message: AppendEntries, is_success: bool, last_index: int) -> Effect:
        reply = AppendReply(self.term, self.node, message.number, is_success, last_index)
        return self._send(reply, message.sender)

    # AppendEntries, as a leader ------------------------------------------------------------------------------------

    def _become_leader(self, view: View) -> list[Effect]:
        self.role, last = Role.LEADER, self._get_last(view)
        others = [it.node for it in self.rules.keyring.validators if it.node != self.node]
        self.next_index, self.match_index = dict.fromkeys(others, last.height + 1), dict.fromkeys(others, 0)
        begin_us = TimeUs(max(view.now_us, last.block.header.time_us + self.parameters.interval))
        return [CancelTimer("election"), SetTimer("block", begin_us), *self._send_heartbeats(view)]

    def _send_heartbeats(self, view: View) -> list[Effect]:
        at_us = TimeUs(view.now_us + self.parameters.heartbeat)
        return [*(self._replicate(view, follower) for follower in self.next_index), SetTimer("heartbeat", at_us)]

    def _append_block(self, view: View) -> list[Effect]:
        last = self._get_last(view)
        block = view.build_block(last.hash, encode(RaftSeal(self.term, self.node)))
        self.tip, self.number = block.hash, self.number + 1
        message = AppendEntries(
            self.term, self.node, self.number, last.height, last.state.term, (block.hash,), self.commit_index
        )
        next_us = TimeUs(view.now_us + self.parameters.interval)
        return [self._send(message, block=block), SetTimer("block", next_us)]

    def _replicate(self, view: View, follower: int) -> Effect:
        """Return the message with the entries a follower lacks, as far as the leader knows; often none."""
        previous = self._get_entry(view, self.next_index[follower] - 1)
        stop = min(self._get_last(view).height, previous.height + MAX_ENTRIES)
        entries, record = [], self._get_entry(view, stop)
        while record.height > previous.height and record.parent is not None:
            entries.append(record.hash)
            record = record.parent
        self.number += 1
        place = (previous.height, previous.state.term)
        message = AppendEntries(self.term, self.node, self.number, *place, tuple(entries[::-1]), self.commit_index)
        return self._send(message, follower)

    def _on_append_reply(self, view: View, reply: AppendReply) -> list[Effect]:
        follower, last = reply.sender, self._get_last(view).height
        if reply.is_success:  # §5.3
            is_news = reply.last_index > self.match_index[follower]
            self.match_index[follower] = max(self.match_index[follower], reply.last_index)
            self.next_index[follower] = max(self.next_index[follower], reply.last_index + 1)
            is_behind = is_news and self.next_index[follower] < last
            return [*self._advance_commit(view), *([self._replicate(view, follower)] if is_behind else [])]
        if reply.last_index + 1 >= self.next_index[follower] or reply.last_index < self.match_index[follower]:
            return []  # answers what has been put right since
        self.next_index[follower] = reply.last_index + 1
        return [self._replicate(view, follower)]

    def _advance_commit(self, view: View) -> list[Effect]:
        """Commit what a majority has, if it is of this term: §5.3 and §5.4.2."""
        matches = [self.match_index[it] for it in self.rules.members if it != self.node]
        matches.append(self._get_last(view).height)
        index = sorted(matches, reverse=True)[self.rules.majority - 1]
        is_news = index > self.commit_index and self._get_entry(view, index).state.term == self.term
        return self._commit(view, index) if is_news else []

    # The log and the wire ------------------------------------------------------------------------------------------

    def _get_last(self, view: View) -> BlockRecord:
        assert self.tip is not None
        record = view.get_known(self.tip)
        assert record is not None  # only what is known is in the log
        return record

    def _get_entry(self, view: View, index: int) -> BlockRecord:
        record = self._get_last(view)
        while record.height > index and record.parent is not None:
            record = record.parent
        return record

    def _set_election_timer(self, view: View) -> SetTimer:
        least_us = self.parameters.election_timeout
        return SetTimer("election", TimeUs(view.now_us + least_us + view.draw_below(least_us, "election")))

    def _send(self, message: Message, target: int | None = None, block: Block | None = None) -> Effect:
        signature = self.rules.keyring.sign(self.node, *get_signed_data(message))
        signed = msgspec.structs.replace(message, signature=signature)
        return Broadcast(signed, wakes=True, block=block, target=None if target is None else NodeId(target))

    def _forget(self, view: View) -> list[Effect]:
        before, self.era = self.era, self.rules.get_era(view.now_us)
        old = tuple(("raft", era) for era in range(max(0, before - 1), self.era - 1))
        return [Forget(old)] if old else []


def _get_start_of_term(record: BlockRecord) -> BlockRecord:
    """Return the first entry of an entry's term: a follower's hint to skip the whole term, end of §5.3."""
    while record.parent is not None and record.parent.state.term == record.state.term:
        record = record.parent
    return record


def build(parameters: RaftParameters, context: Context) -> Setup[RaftState]:
    """Return the rules and an agent for every node; those with a stake are members."""
    nodes = [NodeId(node) for node in range(context.nodes)]
    keyring = build_keyring(context, nodes, [int(stake > 0) for stake in context.stakes])
    if not keyring.get_total_power():
        raise InvalidScenario("nodes.stake_coins", 0, "a stake for some node")
    rules = RaftRules(keyring, parameters.interval)
    agents: dict[NodeId, Agent] = {node: RaftAgent(parameters, rules, node) for node in nodes}
    return Setup(parameters.protocol, rules, agents, 0)

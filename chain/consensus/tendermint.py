"""Tendermint: validators vote in rounds, and what two thirds of the power commit to is final at once.

A proposer sends a block; who finds it good prevotes it, else nil. Two thirds of prevotes for one block lock a validator
on it and let it precommit; two thirds of precommits decide. A locked validator prevotes nothing else, unless it sees
that two thirds have prevoted that since: so two blocks are never decided at one height while less than a third of the
power is Byzantine, and with more every conflict convicts a third (chain/consensus/accountability.py).

The agent is Algorithm 1 of the paper, line by line: "line" in comments and in the names of quorums is a line of it. A
rule "upon … while …" becomes an ``Await`` that is set when its condition on the step begins to hold, so a node is woken
by quorums, not by votes; whether two thirds agree is asked first when two thirds of any kind are in, since that is no
later. A proposal carries its block. What messages, evidence and powers are stands in
chain/consensus/tendermint_rules.py.

Source: Buchman, Kwon & Milosevic, "The latest gossip on BFT consensus", arXiv:1807.04938v3, Algorithm 1; timeouts and
the start of a height after CometBFT (``config.go``).

Simplifications. Height h begins ``interval`` after the time of block h − 1 (CometBFT waits since its own decision). A
node that is ``KEPT_HEIGHTS`` or more behind asks a proposer for the newest commit and takes its ancestors as decided
with it. A node that restarts remembers all it knew, as if its log had been written. One proposer tells when old votes
may be forgotten.
"""

from enum import IntEnum
from typing import Any, Final

from chain.consensus.base import (
    Agent,
    Await,
    Broadcast,
    Effect,
    Effects,
    Finalize,
    Forget,
    SetTimer,
    Setup,
    Topic,
    View,
)
from chain.consensus.block_tree import BlockRecord
from chain.consensus.stake_book import build_book
from chain.consensus.tendermint_messages import (
    EVIDENCE,
    NIL,
    NO_ROUND,
    PRECOMMIT,
    PREVOTE,
    PROPOSAL,
    CatchUp,
    Commit,
    Evidence,
    Proposal,
    Vote,
)
from chain.consensus.tendermint_rules import TendermintParameters, TendermintRules, TendermintSeal, TendermintState
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, build_keyring
from chain.encoding import encode
from chain.errors import InvalidScenario
from chain.units import COIN, Hash, NodeId, TimeUs

KEPT_HEIGHTS: Final = 20
"""Messages of so many heights are kept."""


class Step(IntEnum):
    """Where a node stands in its round; NEW_HEIGHT: it waits for the height to begin."""

    NEW_HEIGHT = 0
    PROPOSE = 1
    PREVOTE = 2
    PRECOMMIT = 3


class TendermintAgent(Agent):
    """One node: a validator, or one without stake that only follows. Lines are those of Algorithm 1."""

    def __init__(self, parameters: TendermintParameters, rules: TendermintRules, index: int) -> None:
        self.parameters, self.rules, self.index = parameters, rules, index
        self.uptime = Uptime()
        self.parent: Hash | None = None
        """The block decided last; None before the node first starts."""
        self.state: TendermintState
        self.rounds: tuple[int, ...] = ()
        """The last rounds of the latest heights."""
        self.decision: tuple[Topic, bytes] = ((), NIL)
        """The topic of the precommits that decided last, and for which block."""

    def start(self, view: View) -> Effects:
        self.uptime = self.uptime.start(view.now_us)
        if self.parent is None:
            return self._enter_height(view, view.latest_final())
        return self._resume(view)

    def stop(self, view: View) -> None:
        self.uptime = self.uptime.stop(view.now_us)

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self.uptime.compute_joules(self.parameters.watts_per_node, now_us)

    def _enter_height(self, view: View, decided: BlockRecord) -> list[Effect]:
        self.parent, self.state, self.height = decided.hash, decided.state, decided.height + 1  # lines 2 and 51
        self.round, self.step = 0, Step.NEW_HEIGHT  # lines 3 and 4
        self.has_prevotes = self.has_precommits = False
        self.locked_value, self.locked_round = NIL, NO_ROUND  # lines 6, 7 and 52
        self.valid_value, self.valid_round = NIL, NO_ROUND  # lines 8, 9 and 52
        self.begin_us = decided.block.header.time_us + self.parameters.interval
        return self._resume(view) if self.begin_us > view.now_us else self._start_round(view, 0)  # lines 10 and 54

    def _start_round(self, view: View, round_: int) -> list[Effect]:
        self.round, self.step = round_, Step.PROPOSE  # lines 12 and 13
        self.has_prevotes = self.has_precommits = False
        is_proposer = self.rules.get_proposer(self.state, round_) == self.index
        return [*self._resume(view), *(self._propose(view) if is_proposer else ())]

    def _resume(self, view: View) -> list[Effect]:
        """Return what the node waits for in its round, whatever its step."""
        effects: list[Effect] = []
        if self.step is Step.NEW_HEIGHT:
            effects.append(SetTimer("height", TimeUs(max(self.begin_us, view.now_us))))
        else:
            effects += [
                self._await("line 47", PRECOMMIT, self.round, None),
                self._await("line 55", PREVOTE, self.round + 1, None, self.state.witness),
                self._await("line 55", PRECOMMIT, self.round + 1, None, self.state.witness),
            ]
        if self.step is Step.PROPOSE and self.rules.get_proposer(self.state, self.round) != self.index:
            effects.append(self._set_timeout(view, "propose", self.parameters.timeout_propose))  # line 21
        if self.step is Step.PREVOTE:
            effects.append(self._await("line 34", PREVOTE, self.round, None))
        return effects + [effect for it in self._get_proposals(view) for effect in self._consider(view, it)]

    def _propose(self, view: View) -> list[Effect]:
        assert self.parent is not None
        value, block = self.valid_value, None  # line 16
        if self.valid_round == NO_ROUND:
            evidence = self.rules.choose_evidence(self.state, view.get_messages(EVIDENCE))
            seal = TendermintSeal(self.index, evidence)
            block = view.build_block(self.parent, encode(seal))  # line 18: getValue()
            value = block.hash
        proposal = self.rules.sign(Proposal(self.height, self.round, value, self.valid_round, self.index, b""))
        return [Broadcast(proposal, wakes=True, block=block)]  # line 19

    def on_message(self, view: View, message: Any) -> Effects:
        match message:
            case Proposal() if message.height == self.height:
                same = [it for it in self._get_proposals(view) if it.block == message.block]
                known = [effect for proposal in same for effect in self._consider(view, proposal)]
                return [*known, self._pass_on(message)]
            case Proposal() if message.height >= self.height + KEPT_HEIGHTS:
                return self._ask(view, message)
            case Proposal() | Vote() if message.height <= self.height:
                return [self._pass_on(message)]
            case CatchUp():
                return self._answer(view, message)
            case Commit():
                return self._take_over(view, message)
        return ()

    def _pass_on(self, message: Proposal | Vote) -> Effect:
        """Return what makes known to all what may have been sent to one: the gossip of section 2.1; most have it."""
        return Broadcast(message, wakes=isinstance(message, Proposal))

    def _consider(self, view: View, proposal: Proposal) -> list[Effect]:
        """Handle a proposal for this height whose block is known: lines 22 to 33, and the conditions of 36 and 49."""
        if not self._is_valid(view, proposal):
            return []
        round_, value = proposal.round, proposal.block
        effects: list[Effect] = []
        is_current = round_ == self.round and self.step is not Step.NEW_HEIGHT
        if self.has_precommits or not is_current:
            effects.append(self._await("line 49", PRECOMMIT, round_, value))
        if is_current and self.has_prevotes:
            effects.append(self._await("line 36", PREVOTE, round_, value))
        if is_current and self.step is Step.PROPOSE and proposal.valid_round == NO_ROUND:  # line 22
            is_free = self.locked_round == NO_ROUND or self.locked_value == value  # line 23
            effects += self._prevote(value if is_free else NIL)  # lines 24 and 26
        elif is_current and self.step is Step.PROPOSE and proposal.valid_round < round_:
            effects.append(self._await("line 28", PREVOTE, proposal.valid_round, value))
        return effects

    def on_quorum(self, view: View, quorum: Await) -> Effects:
        _, height, round_ = quorum.topic
        assert isinstance(round_, int)
        value, is_current = quorum.value or NIL, round_ == self.round
        if height != self.height:
            return ()
        match quorum.name:
            case "line 28" if self.step is Step.PROPOSE and self._is_proposed(view, value, round_):
                is_free = self.locked_round <= round_ or self.locked_value == value  # line 29
                return self._prevote(value if is_free else NIL)  # lines 30 and 32
            case "line 34" if is_current and self.step is Step.PREVOTE:
                return self._on_prevotes(view)
            case "line 36" if is_current:
                return self._on_polka(value)
            case "line 44" if is_current and self.step is Step.PREVOTE:
                return self._precommit(NIL)  # line 45
            case "line 47" if is_current:
                return self._on_precommits(view)
            case "line 49":
                return self._decide(view, value, quorum.topic)
            case "line 55" if round_ > self.round:
                return self._start_round(view, self.rules.find_latest_round(view, self.state, round_))  # line 56
        return ()

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if name == "height" and self.step is Step.NEW_HEIGHT:
            return self._start_round(view, 0)
        if data != self._get_stamp():
            return ()
        match name:
            case "propose" if self.step is Step.PROPOSE:
                return self._prevote(NIL)  # lines 57 to 60
            case "prevote" if self.step is Step.PREVOTE:
                return self._precommit(NIL)  # lines 61 to 64
            case "precommit":
                return self._start_round(view, self.round + 1)  # lines 65 to 67
        return ()

    def _on_prevotes(self, view: View) -> list[Effect]:
        """Handle two thirds of prevotes of any kind: lines 34, 36 and 44."""
        self.has_prevotes = True
        blocks = self._get_blocks(view)
        agreed = self._find_agreed(view, PREVOTE, blocks)
        effects = [self._await("line 36", PREVOTE, self.round, it) for it in blocks if it != agreed]
        if agreed is not None:
            return [*effects, *(self._on_polka(agreed) if agreed != NIL else self._precommit(NIL))]  # line 45
        timeout = self._set_timeout(view, "prevote", self.parameters.timeout_prevote)  # line 35
        return [*effects, self._await("line 44", PREVOTE, self.round, NIL), timeout]

    def _on_polka(self, value: bytes) -> list[Effect]:
        """Handle two thirds of prevotes for a proposal of this round: line 36."""
        self.valid_value, self.valid_round = value, self.round  # lines 42 and 43
        if self.step is not Step.PREVOTE:  # line 37
            return []
        self.locked_value, self.locked_round = value, self.round  # lines 38 and 39
        return self._precommit(value)  # line 40

    def _on_precommits(self, view: View) -> list[Effect]:
        """Handle two thirds of precommits of any kind: lines 47 and 49."""
        self.has_precommits = True
        blocks = self._get_blocks(view)
        agreed = self._find_agreed(view, PRECOMMIT, blocks)
        if agreed:
            return self._decide(view, agreed, (PRECOMMIT, self.height, self.round))
        awaited = [self._await("line 49", PRECOMMIT, self.round, it) for it in blocks]
        return [*awaited, self._set_timeout(view, "precommit", self.parameters.timeout_precommit)]  # line 48

    def _find_agreed(self, view: View, kind: str, blocks: list[bytes]) -> bytes | None:
        """Return what two thirds voted for in this round: one of these blocks, or nil; None: no such thing yet."""
        topic, quorum = (kind, self.height, self.round), self.state.quorum
        return next((it for it in (*blocks, NIL) if view.get_weight(topic, it) >= quorum), None)

    def _get_blocks(self, view: View) -> list[bytes]:
        """Return the blocks that are known and validly proposed in this round."""
        return [it.block for it in self._get_proposals(view) if it.round == self.round and self._is_valid(view, it)]

    def _is_valid(self, view: View, proposal: Proposal) -> bool:
        record = view.get_known(Hash(proposal.block))
        is_from_proposer = self.rules.get_proposer(self.state, proposal.round) == proposal.validator
        return is_from_proposer and record is not None and record.block.header.parent == self.parent  # valid(v)

    def _prevote(self, value: bytes) -> list[Effect]:
        self.step = Step.PREVOTE  # lines 27, 33 and 60
        return [self._await("line 34", PREVOTE, self.round, None), *self._vote(PREVOTE, value)]

    def _precommit(self, value: bytes) -> list[Effect]:
        self.step = Step.PRECOMMIT  # lines 41, 46 and 64
        return self._vote(PRECOMMIT, value)

    def _vote(self, kind: str, value: bytes) -> list[Effect]:
        if not self.state.powers[self.index]:
            return []
        return [Broadcast(self.rules.sign(Vote(kind, self.height, self.round, value, self.index, b"")))]

    def _decide(self, view: View, value: bytes, topic: Topic) -> list[Effect]:
        decided = view.get_known(Hash(value))
        assert decided is not None  # line 49 is awaited only then
        accusations = self._accuse(view)
        self.decision, self.rounds = (topic, value), (*self.rounds, self.round)[-KEPT_HEIGHTS - 1 :]
        forgotten = self._forget(view, self.height - KEPT_HEIGHTS, self.rounds[0] + 2)
        return [Finalize(decided.hash), *accusations, *forgotten, *self._enter_height(view, decided)]  # line 51

    def _forget(self, view: View, height: int, last_round: int) -> list[Effect]:
        """Return what drops the messages of a height; nothing when another node has dropped them."""
        if not view.get_messages((PROPOSAL, height)):
            return []
        topics = [(kind, height, round_) for kind in (PREVOTE, PRECOMMIT) for round_ in range(last_round + 1)]
        return [Forget(((PROPOSAL, height), *topics))]

    def _accuse(self, view: View) -> list[Effect]:
        """Return the evidence in what the node has of this height and of the one before."""
        last = {self.height - 1: self.rounds[-1] if self.rounds else 0, self.height: self.round}
        places = [(height, round_) for height in last for round_ in range(last[height] + 1)]
        topics = [(kind, *place) for kind in (PREVOTE, PRECOMMIT) for place in places]
        found = [Evidence(*pair) for topic in topics for pair in view.get_conflicts(topic)]
        return [Broadcast(it) for it in found]

    def _ask(self, view: View, proposal: Proposal) -> list[Effect]:
        target = self.rules.keyring.validators[proposal.validator].node
        return [Broadcast(CatchUp(view.node, self.height, proposal.height), wakes=True, target=target)]

    def _answer(self, view: View, message: CatchUp) -> list[Effect]:
        topic, value = self.decision
        votes = tuple(it for it in view.get_messages(topic) if it.block == value)
        commit, target = Commit(message.node, votes), NodeId(message.node)
        return [Broadcast(commit, wakes=True, target=target)] if votes else []

    def _take_over(self, view: View, commit: Commit) -> list[Effect]:
        decided = self.rules.find_decided(view, commit)
        if decided is None or decided.height < self.height:
            return []
        forget = Forget((("catch-up", view.node), ("commit", view.node)))
        return [Finalize(decided.hash), forget, *self._enter_height(view, decided)]

    def _get_proposals(self, view: View) -> list[Proposal]:
        return view.get_messages((PROPOSAL, self.height))

    def _is_proposed(self, view: View, value: bytes, valid_round: int) -> bool:
        wanted = (self.round, value, valid_round)
        return any((it.round, it.block, it.valid_round) == wanted for it in self._get_proposals(view))

    def _await(self, name: str, kind: str, round_: int, value: bytes | None, threshold: int = 0) -> Await:
        return Await(name, (kind, self.height, round_), value, threshold or self.state.quorum)

    def _set_timeout(self, view: View, name: str, initial_us: int) -> SetTimer:
        span_us = initial_us + self.round * self.parameters.timeout_delta  # section 3: timeouts grow
        return SetTimer(name, TimeUs(view.now_us + span_us), self._get_stamp())

    def _get_stamp(self) -> int:
        return self.height << 20 | self.round


def build(parameters: TendermintParameters, context: Context) -> Setup[TendermintState]:
    """Return the rules and an agent for every node; those with a stake validate, with their coins as power."""
    staked = [NodeId(node) for node, stake in enumerate(context.stakes) if stake >= COIN]
    if not staked:
        raise InvalidScenario("nodes.stake_coins", 0, "a stake of at least one coin for some node")
    nodes = [*staked, *(NodeId(node) for node, stake in enumerate(context.stakes) if stake < COIN)]
    keyring = build_keyring(context, nodes, [context.stakes[node] // COIN for node in nodes])
    book = build_book({context.accounts[node]: context.stakes[node] for node in staked}, context.sponsor)
    rules = TendermintRules(parameters, keyring, book)
    agents: dict[NodeId, Agent] = {it.node: TendermintAgent(parameters, rules, it.index) for it in keyring.validators}
    return Setup(parameters.protocol, rules, dict(sorted(agents.items())), 0)

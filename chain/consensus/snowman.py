"""Snowman, Avalanche's chain: nodes ask random peers what they prefer until they are sure.

Rules. A block is signed by the validator whose window it is. With height h and parent's time t, window i is
``window`` long and begins at t + interval + i · window; its proposer is drawn by stake from (h, i). Of two children of
a block a node prefers the one it knew first, until its polls speak for the other.

Polls. While a node knows a block that is not accepted, it asks ``sample_size`` peers at every tick of
``poll_interval``, without waiting for earlier answers (``concurrent_polls`` are under way). A peer answers what it
prefers when the question arrives, and so speaks for that block and all its ancestors. The children of each block are
one Snowball instance (chain/consensus/snowball.py); a block is accepted after ``beta`` successful polls in a row,
which its ancestors then have too.

Final means accepted: the node never goes back on it. That two nodes accept conflicting blocks is not impossible but
improbable (arXiv:1906.08936, section 4), for a Byzantine share that depends on k, alpha and beta; and where more than
a fourth of the stake is silent (1 - alpha / k) hardly any poll succeeds: the chain stops rather than forks. Nobody is
slashed.

Sources: arXiv:1906.08936; AvalancheGo: snow/consensus/snowman (``Topological.RecordPoll``), snow/consensus/snowball
(K = 20, alpha = 15, beta = 20, ConcurrentRepolls = 4), vms/proposervm (Snowman++, windows of 5 s, one proposer a slot).

Simplifications: all nodes poll at the ticks of one clock; an answer that takes longer than ``concurrent_polls`` ticks
counts as none, and whether two nodes are connected is looked at when the poll ends. Questions and answers go straight
from node to node, as Avalanche's validators are all connected. They are not signed there either: a vote convinces only
whoever asked. Blocks travel by gossip, not inside a question: a peer that lacks one names its parent. After six
windows Avalanche lets anybody propose; here windows go on. A node that comes back is asked to poll again only about
the last ``max_processing`` heights: whoever accepts a block accepts what is below.
"""

from itertools import accumulate
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from chain.consensus.base import Agent, Effects, Finality, Publish, Rules, SetTimer, Setup, View
from chain.consensus.block_tree import BlockRecord
from chain.consensus.signed_seal import is_signed, sign_block
from chain.consensus.snowball import ALPHA, BETA, K
from chain.consensus.snowman_polls import PollParameters, Polls
from chain.consensus.uptime import Uptime
from chain.consensus.validators import Context, Keyring, build_keyring
from chain.draws import draw_weighted
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidScenario
from chain.ledger.block import Block
from chain.ledger.context import StakeChange
from chain.units import DAY, MILLISECOND, SECOND, NodeId, Span, TimeUs

SEAL_DOMAIN: Final = "snowman-seal"
LOOK_AHEAD: Final = 8
"""The proposers of so many windows are woken by a block; later ones look by themselves now and then."""
KEPT_PROPOSERS: Final = 1_000
"""Draws of proposers that are remembered."""
_PROPOSE: Final = "propose"
_WATCH: Final = "watch"


class SnowmanParameters(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a scenario may set under ``[consensus]`` for Snowman."""

    protocol: str = "snowman"
    interval: Span = Span(2 * SECOND)
    """Least time between a block and its parent. Avalanche's C-Chain: about 2 s."""
    window: Span = Span(5 * SECOND)
    """How long a proposer has before the next one may propose too (proposervm, WindowDuration)."""
    sample_size: Annotated[int, Meta(ge=1, le=1000)] = K
    """K: how many peers a poll asks."""
    alpha: Annotated[int, Meta(ge=1, le=1000)] = ALPHA
    """How many of them must agree; more than half."""
    beta: Annotated[int, Meta(ge=1, le=10_000)] = BETA
    """Successful polls in a row that accept a block."""
    poll_interval: Span = Span(250 * MILLISECOND)
    """A node starts a poll every so often."""
    concurrent_polls: Annotated[int, Meta(ge=1, le=100)] = 4
    """Polls of a node under way at a time: an answer has so many intervals (ConcurrentRepolls)."""
    max_processing: Annotated[int, Meta(ge=1, le=1000)] = 10
    """Nobody proposes on top of so many blocks that are not accepted (OptimalProcessing)."""
    watts_per_node: Annotated[int, Meta(ge=0, le=10**6)] = 100
    """Power a node takes while it runs."""

    def __post_init__(self) -> None:
        """Refuse what no chain can grow from. Raises InvalidScenario naming the key."""
        for key in ("interval", "window", "poll_interval"):
            if not MILLISECOND <= getattr(self, key) <= 366 * DAY:
                raise InvalidScenario(f"consensus.{key}", str(getattr(self, key)), '"1ms" to "366d"')
        if not self.sample_size < 2 * self.alpha <= 2 * self.sample_size:
            allowed = f"more than half of sample_size, which is {self.sample_size}, and not more than all"
            raise InvalidScenario("consensus.alpha", self.alpha, allowed)


# Blocks --------------------------------------------------------------------------------------------------------------


class SnowmanSeal(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What Snowman puts into a header's ``consensus`` bytes."""

    window: int
    """Counted from 0; by the header's time."""
    signature: bytes = b""
    """The proposer's, over the header without these bytes."""


class SnowmanState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The consensus state after a block."""

    height: int
    time_us: TimeUs


class SnowmanRules(Rules[SnowmanState]):
    """Checks windows and proposers; one object serves every node."""

    finality = Finality.INSTANT

    def __init__(self, parameters: SnowmanParameters, keyring: Keyring, seed: int) -> None:
        self.parameters, self.keyring, self.seed = parameters, keyring, seed
        self.cumulative = list(accumulate(validator.power for validator in keyring.validators))
        self._proposers: dict[tuple[int, int], int] = {}  # the last ones drawn: many nodes look at the same windows

    def genesis(self, block: Block) -> SnowmanState:
        return SnowmanState(0, TimeUs(block.header.time_us))

    def get_proposer(self, height: int, window: int) -> int:
        """Return the index of the validator whose window it is, drawn by stake."""
        index = self._proposers.get((height, window))
        if index is None:
            if len(self._proposers) >= KEPT_PROPOSERS:
                self._proposers.clear()
            index = draw_weighted(self.seed, self.cumulative, "snowman-proposer", height, window)
            self._proposers[height, window] = index
        return index

    def get_window(self, parent: SnowmanState, time_us: int) -> int:
        """Return the window a moment lies in for a child of a block; negative before the first."""
        return (time_us - parent.time_us - self.parameters.interval) // self.parameters.window

    def check(self, parent: SnowmanState, block: Block) -> None:
        header, seal = block.header, decode(SnowmanSeal, block.header.consensus)
        window = self.get_window(parent, header.time_us)
        if window < 0 or seal.window != window:
            message = f"window {seal.window} claimed {header.time_us - parent.time_us} µs after the parent: {window}"
            raise InvalidBlock("snowman/window", message)
        proposer = self.keyring.validators[self.get_proposer(parent.height + 1, window)]
        if header.proposer != proposer.account:
            message = f"window {window} is that of {proposer.account.hex()[:16]}…, not of {header.proposer.hex()[:16]}…"
            raise InvalidBlock("snowman/proposer", message)
        if not is_signed(header, seal, self.keyring, proposer.index, SEAL_DOMAIN):
            message = f"{seal.signature.hex()[:16]}… is no signature of this header by {proposer.account.hex()[:16]}…"
            raise InvalidBlock("snowman/signature", message)

    def apply(self, parent: SnowmanState, block: Block, changes: tuple[StakeChange, ...] = ()) -> SnowmanState:
        return SnowmanState(parent.height + 1, TimeUs(block.header.time_us))

    def weight(self, state: SnowmanState) -> int:
        return state.height

    def head(self, view: View) -> BlockRecord:
        """Return the preferred tip: from what is accepted upwards, the child polls chose, or the one known first."""
        tip = view.latest_final()
        children: dict[int, list[BlockRecord]] = {}
        for record in view.iter_known(tip):
            assert record.parent is not None
            children.setdefault(record.parent.index, []).append(record)
        while tip.index in children:
            known = children[tip.index]
            chosen = view.get_choice(tip) if len(known) > 1 else None
            tip = chosen or min(known, key=lambda record: (view.get_known_us(record), record.hash))
        return tip

    def wakes_agents(self, parent: SnowmanState, state: SnowmanState) -> list[int]:
        """Return the nodes whose windows come first after a block."""
        indexes = [self.get_proposer(state.height + 1, window) for window in range(LOOK_AHEAD)]
        return [self.keyring.validators[index].node for index in dict.fromkeys(indexes)]


class Proposer(Agent):
    """An honest validator: in its window it builds on the block it prefers."""

    __slots__ = ("_uptime", "index", "rules")

    def __init__(self, rules: SnowmanRules, index: int) -> None:
        self.rules, self.index = rules, index
        self._uptime = Uptime()

    def start(self, view: View) -> Effects:
        self._uptime = self._uptime.start(view.now_us)
        return [*self._arm(view), self._watch(view)]

    def stop(self, view: View) -> None:
        self._uptime = self._uptime.stop(view.now_us)

    def on_block(self, view: View, block: BlockRecord) -> Effects:
        return self._arm(view)

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if name == _WATCH:
            state = view.heaviest().state
            is_late = self.rules.get_window(state, view.now_us) >= LOOK_AHEAD
            return [*(self._arm(view) if is_late else ()), self._watch(view)]
        head = self.rules.head(view)
        window = self.rules.get_window(head.state, view.now_us)
        if window < 0 or self.rules.get_proposer(head.height + 1, window) != self.index:
            return self._arm(view)  # it prefers another block than when the timer was set
        if head.height - view.latest_final().height >= self.rules.parameters.max_processing:
            return ()
        seal = SnowmanSeal(window)
        block = view.build_block(head.hash, encode(seal))
        return [Publish(sign_block(block, seal, self.rules.keyring, self.index, SEAL_DOMAIN))]

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(self.rules.parameters.watts_per_node, now_us)

    def _arm(self, view: View) -> Effects:
        """Wait for the next own window after the preferred block, if it is near."""
        rules, head = self.rules, self.rules.head(view)
        first = max(0, rules.get_window(head.state, view.now_us))
        for window in range(first, first + LOOK_AHEAD):
            if rules.get_proposer(head.height + 1, window) == self.index:
                begin_us = head.state.time_us + rules.parameters.interval + window * rules.parameters.window
                return [SetTimer(_PROPOSE, TimeUs(max(view.now_us, begin_us)))]
        return ()

    def _watch(self, view: View) -> SetTimer:
        return SetTimer(_WATCH, TimeUs(view.now_us + LOOK_AHEAD * self.rules.parameters.window))


class Bystander(Agent):
    """A node without stake: it polls, and nobody asks it."""

    __slots__ = ("_uptime", "watts")

    def __init__(self, watts: int) -> None:
        self.watts, self._uptime = watts, Uptime()

    def start(self, view: View) -> Effects:
        self._uptime = self._uptime.start(view.now_us)
        return ()

    def stop(self, view: View) -> None:
        self._uptime = self._uptime.stop(view.now_us)

    def compute_energy_joules(self, now_us: TimeUs) -> int:
        return self._uptime.compute_joules(self.watts, now_us)


def build(parameters: SnowmanParameters, context: Context) -> Setup[SnowmanState]:
    """Return the rules, a proposer for every node with stake, and the polls of all nodes."""
    staking = [NodeId(node) for node, stake in enumerate(context.stakes) if stake]
    keyring = build_keyring(context, staking, [context.stakes[node] for node in staking])
    rules = SnowmanRules(parameters, keyring, context.seed)
    agents: dict[NodeId, Agent] = {NodeId(node): Bystander(parameters.watts_per_node) for node in range(context.nodes)}
    agents |= {one.node: Proposer(rules, one.index) for one in keyring.validators}
    return Setup(parameters.protocol, rules, agents, 0, Polls(_get_poll_parameters(parameters), context.stakes))


def _get_poll_parameters(p: SnowmanParameters) -> PollParameters:
    return PollParameters(p.sample_size, p.alpha, p.beta, p.poll_interval, p.concurrent_polls, p.max_processing)

"""The simulated world: the tables of everything published, the agents, and what happens at each event.

The world applies effects and commands, asks the network when a publication reaches whom, and writes history. It decides
nothing by itself: rules, agents and the ledger do.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np

from chain.consensus.base import (
    Await,
    Broadcast,
    CancelTimer,
    Effects,
    Finalize,
    FinalizeFor,
    Forget,
    Prefer,
    Publish,
    SetTimer,
    Setup,
    Topic,
)
from chain.consensus.block_tree import BlockRecord, BlockTree, Nodes
from chain.crypto.hashing import digest
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidEncoding, InvalidMessage, InvalidTransaction, RuleBroken
from chain.ledger.block import Block
from chain.ledger.context import Reward
from chain.ledger.execution import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.ledger.transaction import SignedTransaction
from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.spread import Spread
from chain.node.messages import MessageRecord, MessageTable, Watch
from chain.node.stage import Stage
from chain.node.transactions import TransactionRecord, TransactionTable
from chain.node.view import NodeView, ObserverView, Tables
from chain.simulation.commands import Command
from chain.simulation.history import History, Record
from chain.simulation.kernel import LANE_ARRIVAL, LANE_SCENARIO, LANE_TIMER, Event, Kernel
from chain.simulation.signer import Signer
from chain.units import NEVER, Address, Hash, NodeId, TimeUs

ALL_NODES: Final = NodeId(-1)
"""Whose effects and timers those of an ensemble are."""


class Actor(Protocol):
    """Somebody outside the nodes who acts by himself: people who pay, miners who come and go."""

    name: str

    def start(self, world: "World") -> None:
        """Schedule the first action."""

    def on_due(self, world: "World", data: int) -> None:
        """Act, and schedule the next action."""

    def copy(self) -> "Actor":
        """Return an independent actor in the same state."""


@dataclass(frozen=True, slots=True)
class WorldSetup:
    """What a world is made from."""

    seed: int
    network: NetworkParameters
    ledger: LedgerParameters
    allocations: Mapping[Address, int]
    proposers: tuple[Address, ...]
    build_consensus: Callable[[], Setup[Any]]
    build_actors: Callable[[], tuple[Actor, ...]]
    faucet_seed: bytes
    events: tuple[tuple[TimeUs, Command], ...]
    """Commands of the scenario, with their times."""


class World:
    """The run's tables and their handlers."""

    def __init__(self, setup: WorldSetup) -> None:
        self.setup = setup
        self.kernel = Kernel()
        self.history = History()
        self.network = Network(setup.network, setup.seed)
        ledger = Ledger(setup.ledger, setup.allocations)
        self.consensus = setup.build_consensus()
        self.tables = Tables(
            setup.seed,
            BlockTree(),
            TransactionTable(),
            ledger,
            setup.proposers,
            self.consensus.rules,
            MessageTable(self.node_count),
            {},
        )
        self.actors = setup.build_actors()
        self.faucet = Signer(setup.faucet_seed)
        self.invalid_blocks: list[tuple[TimeUs, NodeId, Block, InvalidBlock]] = []
        self.spreads: dict[Hash, Spread] = {}
        """The spread of each block."""
        self._timers: dict[tuple[int, str], int] = {}
        self._awaited: dict[int, set[int]] = {}
        self._is_mesh = setup.network.topology == "complete"  # everyone is sent to, nobody passes on
        self._begin()

    def _begin(self) -> None:
        genesis = self.ledger.genesis
        everywhere = np.zeros(self.node_count, dtype=np.int64)
        state = self.consensus.rules.genesis(genesis)
        self.tree.add(genesis, state, self.consensus.rules.weight(state), NodeId(0), TimeUs(0), everywhere)
        for index, (time_us, _) in enumerate(self.setup.events):
            self.kernel.schedule(time_us, LANE_SCENARIO, "scenario", data=index)
        for node in self.consensus.agents:
            self.wake(node)
        for actor in self.actors:
            actor.start(self)

    # What others read --------------------------------------------------------------------------------------------

    @property
    def now_us(self) -> TimeUs:
        """Virtual time."""
        return self.kernel.now_us

    @property
    def tree(self) -> BlockTree:
        """Every valid block."""
        return self.tables.tree

    @property
    def transactions(self) -> TransactionTable:
        """Every transaction that reached the network."""
        return self.tables.transactions

    @property
    def messages(self) -> MessageTable:
        """The consensus messages that are still of use."""
        return self.tables.messages

    @property
    def ledger(self) -> Ledger:
        """Execution, memoised for all nodes."""
        return self.tables.ledger

    @property
    def node_count(self) -> int:
        """How many nodes the network has."""
        return self.setup.network.nodes

    def view(self, node: int, at_us: TimeUs | None = None) -> NodeView:
        """Return what a node knows, now or at a past moment."""
        return NodeView(self.tables, NodeId(node), self.now_us if at_us is None else at_us)

    def stage(self) -> Stage:
        """Return what an ensemble works on, now."""
        return Stage(self.setup.seed, self.now_us, self.tree, self.network)

    def get_canonical(self, at_us: TimeUs | None = None) -> BlockRecord:
        """Return the head of the run as a whole: the fork choice of somebody who hears everything at once."""
        return self.consensus.rules.head(ObserverView(self.tables, self.now_us if at_us is None else at_us))

    def get_finalized(self, at_us: TimeUs | None = None) -> BlockRecord:
        """Return the highest block that is final for somebody who hears everything at once."""
        return self.consensus.rules.finalized(ObserverView(self.tables, self.now_us if at_us is None else at_us))

    # Events ------------------------------------------------------------------------------------------------------

    def handle(self, event: Event) -> None:
        """Do what an event of the kernel says."""
        getattr(self, f"_on_{event.kind}")(event)

    def _on_timer(self, event: Event) -> None:
        node, key = NodeId(event.node), (event.node, event.name)
        if self._timers.get(key) != event.serial:
            return  # replaced or cancelled since
        del self._timers[key]
        if node == ALL_NODES:
            assert self.consensus.ensemble is not None
            self.apply_effects(node, self.consensus.ensemble.on_timer(self.stage(), event.name, event.data))
            return
        self.apply_effects(node, self.consensus.agents[node].on_timer(self.view(node), event.name, event.data))

    def _on_block(self, event: Event) -> None:
        record, node = self.tree.records[event.data], NodeId(event.node)
        waiting = self._awaited.get(record.index)
        if waiting is None or node not in waiting or int(record.known_us[node]) != event.time_us:
            return  # the arrival has moved since
        waiting.discard(node)
        if not waiting:
            del self._awaited[record.index]
        if self.network.links.is_online_now(node):
            self.apply_effects(node, self.consensus.agents[node].on_block(self.view(node), record))

    def _on_message(self, event: Event) -> None:
        message, node = self.messages.records.get(event.data), NodeId(event.node)
        if message is None or message.spread.arrival.item(node) != event.time_us:
            return  # forgotten, or the arrival has moved since
        if self.network.links.is_online_now(node):
            self.apply_effects(node, self.consensus.agents[node].on_message(self.view(node), message.message))

    def _on_quorum(self, event: Event) -> None:
        watch = self.messages.watches.get(event.data)
        if watch is None or watch.due_us != event.time_us:
            return  # forgotten, or scheduled anew since
        watch.due_us = NEVER
        awaited = Await(watch.name, watch.topic, watch.value, watch.threshold)
        for node in map(NodeId, watch.tell_due(event.time_us)):
            if self.network.links.is_online_now(node):
                self.apply_effects(node, self.consensus.agents[node].on_quorum(self.view(node), awaited))
        if watch.number in self.messages.watches:
            self._schedule_quorum(watch)

    def _on_actor(self, event: Event) -> None:
        self.actors[event.node].on_due(self, event.data)

    def wake(self, node: NodeId) -> None:
        """Let a node's agent begin, at the start of the run or after having been offline."""
        self.apply_effects(node, self.consensus.agents[node].start(self.view(node)))
        if self.consensus.ensemble is not None:
            self.apply_effects(ALL_NODES, self.consensus.ensemble.on_start(self.stage(), node))

    def silence(self, node: NodeId) -> None:
        """Forget all timers of a node that goes offline."""
        self.consensus.agents[node].stop(self.view(node))
        for key in [key for key in self._timers if key[0] == node]:
            del self._timers[key]

    # Effects -----------------------------------------------------------------------------------------------------

    def apply_effects(self, node: NodeId, effects: Effects) -> None:
        """Apply what a handler returned, all of it made before any of it is applied."""
        for effect in list(effects):
            match effect:
                case Await(name, topic, value, threshold):
                    self._schedule_quorum(self.messages.watch(node, topic, value, threshold, name))
                case SetTimer(name, at_us, data):
                    self._timers[node, name] = self.kernel.schedule(at_us, LANE_TIMER, "timer", node, name, data)
                case CancelTimer(name):
                    self._timers.pop((node, name), None)
                case Publish(block):
                    self.publish_block(node, block)
                case Broadcast():
                    self.broadcast(node, effect)
                case Forget(topics):
                    self.network.forget(self.messages.forget(topics))
                case Finalize(block_hash):
                    self.finalize(node, block_hash)
                case FinalizeFor(block_hash, nodes):
                    self.tree.finalize_for(self.tree[block_hash], nodes, self.now_us)
                    self.history.note(b"finals" + block_hash + nodes.tobytes())
                case Prefer(parent, choices):
                    self._prefer(self.tree[parent], choices)

    def publish_block(self, node: NodeId, block: Block, message_bytes: int = 0) -> BlockRecord | None:
        """Check a block and send it out; an invalid one is refused where it is made and reaches nobody.

        With ``message_bytes`` it travels in a message of that size, and as messages do.
        """
        parent = self.tree.get(block.header.parent)
        rules = self.consensus.rules
        try:
            if parent is None:
                raise InvalidBlock("consensus/parent", f"parent {block.header.parent.hex()[:16]}… is not known")
            self._check_block(parent, block)
            self.ledger.add(block, self._compute_rewards(parent, block))
        except InvalidBlock as error:
            self.invalid_blocks.append((self.now_us, node, block, error))
            self._record("refused-block", node, block.hash, f"{error.rule}: {error.message}")
            return None
        known = self.tree.get(block.hash)
        if known is not None:
            return known  # what has been sent is not sent again
        state = rules.apply(parent.state, block)
        size_bytes = block.size_bytes + message_bytes
        is_direct = message_bytes > 0 and self._is_mesh
        publish = self.network.send if is_direct else self.network.publish
        spread = publish(block.hash, node, self.now_us, size_bytes, "block")
        self.spreads[block.hash] = spread
        record = self.tree.add(block, state, rules.weight(state), node, self.now_us, spread.arrival)
        self.transactions.include(record, self.tree, self.now_us - self.setup.ledger.expiry_us)
        self._record("block", node, block.hash, "", spread.arrival.tobytes())
        woken = rules.wakes_agents(parent.state, state)
        if woken:
            self._awaited[record.index] = set()
            self._await_arrivals(record, range(self.node_count) if woken is True else woken)
        if self.consensus.ensemble is not None:
            self.apply_effects(ALL_NODES, self.consensus.ensemble.on_block(self.stage(), record))
        return record

    def _check_block(self, parent: BlockRecord, block: Block) -> None:
        try:
            self.consensus.rules.check(parent.state, block)
            self.consensus.rules.check_references(block, self.tree.get)
        except InvalidEncoding as error:
            raise InvalidBlock("consensus/seal", f"the header's seal '{error.value}' cannot be read") from None

    def _compute_rewards(self, parent: BlockRecord, block: Block) -> tuple[Reward, ...]:
        header, subsidy = block.header, self.setup.ledger.compute_subsidy(parent.height + 1)
        return self.consensus.rules.compute_rewards(parent.state, header.proposer, header.consensus, subsidy)

    def _await_arrivals(self, record: BlockRecord, nodes: Iterable[int]) -> None:
        waiting = self._awaited[record.index]
        for node in nodes:
            known_us = int(record.known_us[node])
            if node in self.consensus.agents and self.now_us <= known_us:
                waiting.add(node)
                if known_us < NEVER:
                    self.kernel.schedule(known_us, LANE_ARRIVAL, "block", node, "", record.index)

    # Messages ----------------------------------------------------------------------------------------------------

    def broadcast(self, node: NodeId, effect: Broadcast) -> None:
        """Check a consensus message and send it out; an invalid one is refused by whoever gets it."""
        encoded = encode(effect.message)
        key = digest("message", encoded + (b"" if effect.target is None else effect.target.to_bytes(4)))
        if key in self.messages:
            return
        try:
            self.consensus.rules.check_message(effect.message)
        except InvalidMessage as error:
            self._record("refused-message", node, key, f"{error.rule}: {error.message}")
            return
        if effect.block is not None and effect.block.hash not in self.tree:
            if self.publish_block(node, effect.block, len(encoded)) is None:
                return
            spread = self.spreads[effect.block.hash]
        elif effect.target is not None or self._is_mesh:
            spread = self.network.send(key, node, self.now_us, len(encoded), "message", effect.target)
        else:
            spread = self.network.publish(key, node, self.now_us, len(encoded), "message")
        record = self.messages.add(key, effect, node, self.now_us, spread)
        self.history.note(encoded + spread.arrival.tobytes())
        if record.wakes:
            self._deliver(record)
        for watch in self.messages.update(record):
            self._schedule_quorum(watch)

    def _deliver(self, record: MessageRecord) -> None:
        for node, time_us in enumerate(record.spread.arrival.tolist()):
            if self.now_us <= time_us:
                self._schedule_message(record, node, time_us)

    def _schedule_message(self, record: MessageRecord, node: int, time_us: int) -> None:
        if time_us < NEVER and node in self.consensus.agents and record.target in (None, node):
            self.kernel.schedule(time_us, LANE_ARRIVAL, "message", node, "", record.number)

    def _schedule_quorum(self, watch: Watch) -> None:
        """Let the next node that reaches a quorum be told, all that reach it at one moment together."""
        next_us = watch.get_next_us()
        if next_us < NEVER and max(next_us, self.now_us) < watch.due_us:
            watch.due_us = max(next_us, self.now_us)
            self.kernel.schedule(watch.due_us, LANE_ARRIVAL, "quorum", data=watch.number)

    def finalize(self, node: NodeId, block: Hash) -> None:
        """Note that a node takes a block as final."""
        self.tree.finalize(self.tree[block], node, self.now_us)
        self.history.note(b"final" + node.to_bytes(4) + block)

    def _prefer(self, parent: BlockRecord, choices: Nodes) -> None:
        """Note which child of a block each node prefers from now on."""
        parent.choices = [*(parent.choices or ()), (self.now_us, choices)]
        self.history.note(b"prefer" + parent.hash + choices.tobytes())

    # Transactions ------------------------------------------------------------------------------------------------

    def submit_transaction(self, node: NodeId, signed: SignedTransaction) -> TransactionRecord | None:
        """Hand a transaction to a node: it checks it against what it knows and passes it on, or refuses it."""
        try:
            if not self.network.links.is_online_now(node):
                raise InvalidTransaction("node/online", f"node n{node:02d} is switched off")
            if self.transactions.get(signed.id) is not None:
                raise InvalidTransaction("mempool/known", f"transaction {signed.id.hex()[:16]}… is already known")
            self.view(node).check_admissible(signed)
        except InvalidTransaction as error:
            self._record("refused-transaction", node, signed.id, f"{error.rule}: {error.message}")
            return None
        spread = self.network.publish(signed.id, node, self.now_us, signed.size_bytes, "transaction")
        record = self.transactions.add(signed, node, self.now_us, spread)
        self._record("transaction", node, signed.id, "", spread.arrival.tobytes())
        return record

    def sign_transfer(
        self, signer: Signer, node: NodeId, recipient: Address, amount: int, memo: str, tip: int, max_under_way: int
    ) -> SignedTransaction | None:
        """Return the signer's next transfer as its node sees the chain; None when it cannot pay or waits for many."""
        view, parameters = self.view(node), self.setup.ledger
        head = view.get_head()
        account = view.get_account_state(head).get_account(signer.address)
        nonce, under_way, committed = signer.update(account.nonce, self.now_us, parameters.expiry_us)
        base_fee = self.ledger.next_base_fee(head.hash)
        if under_way >= max_under_way:
            return None
        signed = signer.sign_transfer(parameters.chain_id, nonce, recipient, amount, memo, base_fee, tip)
        cost = signed.transaction.compute_max_cost()
        if account.balance < committed + cost:
            return None
        signer.note_sent(nonce, self.now_us, cost)
        return signed

    # History -----------------------------------------------------------------------------------------------------

    def record_command(self, command: Command) -> None:
        """Write a command that is about to be applied into history."""
        name = type(command).__struct_config__.tag
        self._record("command", getattr(command, "node", -1), b"", str(name), encode(command))

    def record_refusal(self, command: Command, error: RuleBroken) -> None:
        """Write a scenario's command that could not be applied into history."""
        detail = f"{error.rule}: {error.message}"
        self._record("refused-command", getattr(command, "node", -1), b"", detail, encode(command))

    def _record(self, kind: str, node: int, subject: bytes, detail: str, evidence: bytes = b"") -> None:
        self.history.append(Record(self.now_us, kind, node, subject, detail), evidence)

    # Changing arrivals -------------------------------------------------------------------------------------------

    def refresh_arrivals(self, changed: list[Spread]) -> None:
        """Take over arrivals that a change of links has moved; those of the past never move."""
        first, topics = len(self.tree), dict[Topic, None]()
        for spread in changed:
            block, transaction = self.tree.get(Hash(spread.key)), self.transactions.get(Hash(spread.key))
            if block is not None:
                self.spreads[block.hash], block.arrival_us = spread, spread.arrival
                first = min(first, block.index)
            if transaction is not None:
                transaction.spread = spread
            message = self.messages.get(spread.key)
            if message is not None:
                self._move_message(message, spread)
                topics[message.topic] = None
        for topic in topics:
            for watch in self.messages.update_topic(topic):
                self._schedule_quorum(watch)
        before = {index: self.tree.records[index].known_us for index in self._awaited}
        self.tree.update_known(first)
        for index, known_us in before.items():
            record = self.tree.records[index]
            self._await_arrivals(record, np.nonzero(record.known_us != known_us)[0].tolist())

    def _move_message(self, message: MessageRecord, spread: Spread) -> None:
        before, message.spread = message.spread, spread
        if message.wakes:
            for node in np.flatnonzero(before.arrival != spread.arrival).tolist():
                self._schedule_message(message, node, spread.arrival.item(node))

    def copy(self) -> "World":
        """Return an independent world in the same state; what never changes is shared."""
        other, tables = World.__new__(World), self.tables
        other.setup, other.faucet, other._is_mesh = self.setup, self.faucet.copy(), self._is_mesh
        other.kernel, other.history, other.network = self.kernel.copy(), self.history.copy(), self.network.copy()
        tree = tables.tree.copy()
        other.tables = Tables(
            tables.seed,
            tree,
            tables.transactions.copy(tree),
            tables.ledger,
            tables.proposers,
            tables.rules,
            tables.messages.copy(),
            tables.draw_counts.copy(),
        )
        other.consensus = self.consensus.copy()
        other.actors = tuple(actor.copy() for actor in self.actors)
        other.invalid_blocks, other.spreads = self.invalid_blocks.copy(), self.spreads.copy()
        other._timers = self._timers.copy()
        other._awaited = {index: nodes.copy() for index, nodes in self._awaited.items()}
        return other

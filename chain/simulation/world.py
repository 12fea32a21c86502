"""The simulated world: the tables of everything published, the agents, and what happens at each event.

The world applies effects and commands, asks the network when a publication reaches whom, and writes history. It decides
nothing by itself: rules, agents and the ledger do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np

from chain.access import Access
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
)
from chain.consensus.block_tree import BlockRecord, BlockTree, Nodes
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidTransaction, RuleBroken
from chain.ledger.actions import Action
from chain.ledger.block import Block
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.ledger.transaction import SignedTransaction
from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.spread import Spread
from chain.node.messages import MessageTable
from chain.node.payloads import PayloadTable
from chain.node.stage import Stage
from chain.node.transactions import TransactionRecord, TransactionTable
from chain.node.view import NodeView, ObserverView, Tables
from chain.simulation.admission import begin_admission, is_active
from chain.simulation.commands import Command
from chain.simulation.history import History, Record
from chain.simulation.kernel import ALL_NODES, LANE_SCENARIO, LANE_TIMER, Event, Kernel
from chain.simulation.messaging import await_quorum, broadcast, on_message, on_quorum, refresh_messages
from chain.simulation.publishing import on_block, publish_block, refresh_blocks
from chain.simulation.refusals import Refusals, on_refusal, refresh_refusals
from chain.simulation.signer import Signer
from chain.units import Address, Hash, NodeId, TimeUs


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
    access: Access
    """Who may do what at the beginning."""


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
            setup.access.copy(),
            PayloadTable(),
        )
        self.network.compute_opened = self.access.compute_opened
        self.actors = setup.build_actors()
        self.faucet = Signer(setup.faucet_seed)
        self.refusals = Refusals([], {}, [])
        """What was sent although it breaks a rule."""
        self.spreads: dict[Hash, Spread] = {}
        """The spread of each block."""
        self._timers: dict[tuple[int, str], int] = {}
        self.awaited: dict[int, set[int]] = {}
        """By block the nodes whose agents are still to be woken by it."""
        self.is_mesh = setup.network.topology == "complete"
        """Whether everyone is sent to and nobody passes on."""
        self._begin()

    def _begin(self) -> None:
        genesis = self.ledger.genesis
        everywhere = np.zeros(self.node_count, dtype=np.int64)
        state = self.consensus.rules.genesis(genesis)
        self.tree.add(genesis, state, self.consensus.rules.weight(state), NodeId(0), TimeUs(0), everywhere)
        for index, (time_us, _) in enumerate(self.setup.events):
            self.kernel.schedule(time_us, LANE_SCENARIO, "scenario", data=index)
        begin_admission(self)
        for node in self.consensus.agents:
            if is_active(self, node):
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
    def access(self) -> Access:
        """Who may do what."""
        return self.tables.access

    @property
    def node_count(self) -> int:
        """How many nodes the network has."""
        return self.setup.network.nodes

    @property
    def invalid_blocks(self) -> list[tuple[TimeUs, NodeId, Block, InvalidBlock]]:
        """When which node refused which block, and why."""
        return self.refusals.blocks

    def view(self, node: int, at_us: TimeUs | None = None) -> NodeView:
        """Return what a node knows, now or at a past moment."""
        return NodeView(self.tables, NodeId(node), self.now_us if at_us is None else at_us)

    def stage(self) -> Stage:
        """Return what an ensemble works on, now."""
        return Stage(self.setup.seed, self.now_us, self.tree, self.network, self.access)

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
        on_block(self, event)

    def _on_message(self, event: Event) -> None:
        on_message(self, event)

    def _on_quorum(self, event: Event) -> None:
        on_quorum(self, event)

    def _on_refusal(self, event: Event) -> None:
        on_refusal(self, event)

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
                case Await():
                    await_quorum(self, node, effect)
                case SetTimer(name, at_us, data):
                    self._timers[node, name] = self.kernel.schedule(at_us, LANE_TIMER, "timer", node, name, data)
                case CancelTimer(name):
                    self._timers.pop((node, name), None)
                case Publish(block):
                    self.publish_block(node, block)
                case Broadcast():
                    broadcast(self, node, effect)
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
        """Check a block and send it out, in a message of ``message_bytes`` or by itself; None when it is invalid."""
        return publish_block(self, node, block, message_bytes)

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
            self.record("refused-transaction", node, signed.id, f"{error.rule}: {error.message}")
            return None
        spread = self.network.publish(signed.id, node, self.now_us, signed.size_bytes, "transaction")
        record = self.transactions.add(signed, node, self.now_us, spread)
        self.record("transaction", node, signed.id, "", spread.arrival.tobytes())
        return record

    def sign_action(
        self, signer: Signer, node: NodeId, action: Action, tip: int, max_under_way: int, gas_limit: int | None = None
    ) -> SignedTransaction | None:
        """Return the signer's next transaction as its node sees the chain; None when it cannot pay or waits for many.

        Without ``gas_limit`` it has the gas the action needs before any code runs.
        """
        view, parameters = self.view(node), self.setup.ledger
        head = view.get_head()
        account = view.get_account_state(head).get_account(signer.address)
        nonce, under_way, committed = signer.update(account.nonce, self.now_us, parameters.expiry_us)
        if under_way >= max_under_way:
            return None
        base_fee = self.ledger.next_base_fee(head.hash)
        signed = signer.sign(parameters.chain_id, nonce, action, base_fee, tip, gas_limit)
        cost = signed.transaction.compute_max_cost()
        if account.balance < committed + cost:
            return None
        signer.note_sent(nonce, self.now_us, cost)
        return signed

    # History -----------------------------------------------------------------------------------------------------

    def record_command(self, command: Command) -> None:
        """Write a command that is about to be applied into history."""
        name = type(command).__struct_config__.tag
        self.history.commands[len(self.history.records)] = command
        self.record("command", getattr(command, "node", -1), b"", str(name), encode(command))

    def record_refusal(self, command: Command, error: RuleBroken) -> None:
        """Write a scenario's command that could not be applied into history."""
        detail = f"{error.rule}: {error.message}"
        self.record("refused-command", getattr(command, "node", -1), b"", detail, encode(command))

    def record(self, kind: str, node: int, subject: bytes, detail: str, evidence: bytes = b"") -> None:
        """Write into history what has happened to a subject at a node."""
        self.history.append(Record(self.now_us, kind, node, subject, detail), evidence)

    # Changing arrivals -------------------------------------------------------------------------------------------

    def refresh_arrivals(self, changed: list[Spread]) -> None:
        """Take over arrivals that a change of links has moved; those of the past never move."""
        self.transactions.refresh(changed)
        self.tables.payloads.refresh(changed)
        refresh_messages(self, changed)
        refresh_refusals(self, changed)
        refresh_blocks(self, changed)

    def copy(self) -> "World":
        """Return an independent world in the same state; what never changes is shared."""
        return self.freeze()()

    def freeze(self) -> "Callable[[], World]":
        """Return what builds independent worlds in the state of now. Quick, however long the run: the building is not.

        Blocks, transactions and records, of which there may be a million, are copied only then.
        """
        tree, transactions, history = (
            self.tree.freeze(),
            self.transactions.freeze(len(self.tree)),
            self.history.freeze(),
        )
        frozen = self._copy_around()

        def build() -> World:
            other = frozen._copy_around()
            other.tables.tree = tree()
            other.tables.transactions = transactions(other.tables.tree)
            other.history = history()
            return other

        return build

    def _copy_around(self) -> "World":
        """Return an independent world, but for blocks, transactions and history, which are these."""
        other, tables = World.__new__(World), self.tables
        other.setup, other.faucet, other.is_mesh = self.setup, self.faucet.copy(), self.is_mesh
        other.kernel, other.history, other.network = self.kernel.copy(), self.history, self.network.copy()
        other.tables = replace(
            tables,
            messages=tables.messages.copy(),
            draw_counts=tables.draw_counts.copy(),
            access=tables.access.copy(),
            payloads=tables.payloads.copy(),
        )
        other.network.compute_opened = other.access.compute_opened
        other.consensus = self.consensus.copy()
        other.actors = tuple(actor.copy() for actor in self.actors)
        other.refusals, other.spreads = self.refusals.copy(), self.spreads.copy()
        other._timers = self._timers.copy()
        other.awaited = {index: nodes.copy() for index, nodes in self.awaited.items()}
        return other

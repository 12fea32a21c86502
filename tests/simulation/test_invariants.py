"""What holds in every run, whatever people and networks do to it.

Hypothesis tells random stories: any topology and relay, people who pay, hostile transactions, and commands at random
times. The checkers stand outside: they know the definitions (a balance is what was received less what was spent), not
the engine's tables, and work everything out again from the published blocks and the arrivals of the network.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.consensus.block_tree import BlockRecord
from chain.crypto.signatures import get_public_key
from chain.draws import draw_bytes
from chain.encoding import encode
from chain.errors import CommandRefused
from chain.ledger.actions import Transfer
from chain.ledger.block import Block
from chain.ledger.state import Account, State
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.simulation import commands as c
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, MILLISECOND, NEVER, Address, NodeId, TimeUs
from chain.wallet.address import compute_address

Start = Callable[..., Simulation]
Step = tuple[int, str, int, int]
PEOPLE = 5


@dataclass(frozen=True)
class Story:
    """A run to be: how it is set up, and (wait in ms, what, who, how) one after another."""

    seed: int
    network: tuple[str, ...]
    steps: tuple[Step, ...]

    def begin(self, start: Start) -> Simulation:
        """Build it."""
        base = ("consensus.interval=4s", f"traffic.people={PEOPLE}", "ledger.gas_limit=126000")
        return start("classroom", self.seed, *base, *self.network)

    def tell(self, start: Start) -> Simulation:
        """Run it."""
        simulation = self.begin(start)
        for wait_ms, what, who, how in self.steps:
            simulation.run_until(TimeUs(simulation.now_us + wait_ms * MILLISECOND))
            command = build_command(simulation, what, who, how)
            try:
                simulation.submit(command)
            except CommandRefused:
                assert what in {"start", "stop", "mine", "coins"}, command
        simulation.run_until(TimeUs(simulation.now_us + 5_000 * MILLISECOND))
        return simulation


WHAT = ("mine", "mine", "mine", "stop", "start", "cut", "reconnect", "partition", "heal", "lag", "link", "rate",
        "coins", "traffic", "pay", "pay", "pay", "pay")  # fmt: skip
STORIES = st.builds(
    Story,
    st.integers(min_value=0, max_value=1000),
    st.tuples(
        st.integers(min_value=2, max_value=7).map("network.nodes={}".format),
        st.sampled_from(["ring", "complete", "random"]).map("network.topology={}".format),
        st.sampled_from(["push", "announce"]).map("network.relay={}".format),
        st.sampled_from(["regions", "constant", "uniform"]).map("network.delay_model={}".format),
        st.sampled_from([20_000, 300_000, 1_500_000]).map("network.delay_us={}".format),
        st.sampled_from([0, 3, 5]).map("consensus.retarget_window={}".format),
        st.sampled_from([0, 0.3, 1.5]).map("traffic.rate_per_s={}".format),
    ),
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 1, 150, 900, 4_000, 9_000, 20_000]),
            st.sampled_from(WHAT),
            st.integers(min_value=0, max_value=20),
            st.integers(min_value=0, max_value=200),
        ),
        min_size=6,
        max_size=40,
    ).map(tuple),
)


def build_command(simulation: Simulation, what: str, who: int, how: int) -> c.Command:
    world = simulation.world
    node, links = who % world.node_count, world.network.topology.links
    link = links[who % len(links)]
    groups = tuple(n for n in range(world.node_count) if how >> n & 1) or (node,)
    commands: dict[str, Callable[[], c.Command]] = {
        "mine": lambda: c.MineBlock(node),
        "stop": lambda: c.StopNode(node),
        "start": lambda: c.StartNode(node),
        "cut": lambda: c.CutNode(node),
        "reconnect": lambda: c.ReconnectNode(node),
        "partition": lambda: c.Partition((groups,)),
        "heal": c.Heal,
        "lag": lambda: c.SetLag(node, how * 5 * MILLISECOND) if how % 2 else c.SetLinkLag(*link, how * MILLISECOND),
        "link": lambda: c.CutLink(*link) if how % 2 else c.OpenLink(*link),
        "rate": lambda: c.SetHashRate(node, how * 10**11),
        "coins": lambda: c.RequestCoins(node, bytes([how]) * 20, 1 + how * COIN),
        "traffic": lambda: c.SetTraffic(how * 20),
        "pay": lambda: c.SubmitTransaction(node, encode(write_payment(simulation, node, who, how))),
    }
    return commands[what]()


def write_payment(simulation: Simulation, node: int, who: int, how: int) -> SignedTransaction:
    """Return a payment of one of the people: proper half of the time, otherwise wrong in one way or another."""
    key = draw_bytes(simulation.seed, 32, "person-key", who % PEOPLE)
    payee = Address(draw_bytes(simulation.seed, 20, "payee", how))
    head, sender = simulation.world.view(node).get_head(), compute_address(get_public_key(key))
    nonce = simulation.world.ledger.state(head.hash).get_account(sender).nonce
    base_fee = simulation.world.ledger.next_base_fee(head.hash)
    proper = Transaction(1, get_public_key(key), nonce, 30_000, 3 * base_fee, how, Transfer(payee, 1 + how * COIN))
    changes: tuple[dict[str, Any], ...] = (
        {"nonce": nonce + 1},
        {"nonce": max(0, nonce - 1)},
        {"nonce": nonce + 7},
        {"chain_id": 2},
        {"gas_limit": 20_999},
        {"gas_limit": 10**9},
        {"max_fee_per_gas": base_fee - 1, "max_tip_per_gas": 0},
        {"max_tip_per_gas": 4 * base_fee},
        {"max_fee_per_gas": 10 * base_fee, "max_tip_per_gas": 5 * base_fee},  # replaces
        {"action": Transfer(payee, 0)},
        {"action": Transfer(payee, 10**9 * COIN)},
        {"action": Transfer(payee, 1_500 * COIN)},  # once, not twice
        {"action": Transfer(payee, COIN, "bell \x07")},
        {"action": Transfer(payee, COIN, "words " * 5)},
        {"action": Transfer(sender, COIN)},  # to oneself
    )
    kind = how % (2 * len(changes) + 1)
    changed = msgspec.structs.replace(proper, **changes[kind]) if kind < len(changes) else proper
    signed = sign_transaction(changed, key)
    return SignedTransaction(changed, bytes(64)) if kind == len(changes) else signed


EXAMPLES = 3000 if os.environ.get("CHAINROOM_FULL") else 60
examples = settings(max_examples=EXAMPLES, suppress_health_check=[HealthCheck.too_slow])


# Money, nonces and roots ---------------------------------------------------------------------------------------------


@dataclass
class Books:
    """What an accountant knows after a block: everybody's nonce and balance, and what was created and destroyed."""

    accounts: dict[Address, tuple[int, int]]
    created: int
    burned: int
    seen: frozenset[bytes]

    def move(self, address: Address, nonces: int, units: int) -> None:
        nonce, balance = self.accounts.get(address, (0, 0))
        assert balance + units >= 0, "somebody owes money"
        self.accounts[address] = (nonce + nonces, balance + units)

    def enter(self, block: Block, subsidy: int, halving: int) -> "Books":
        books = Books(dict(self.accounts), self.created, self.burned, self.seen)
        base_fee, proposer = block.header.base_fee_per_gas, block.header.proposer
        for signed in block.transactions:
            transaction = signed.transaction
            assert signed.id not in books.seen, "a transaction stands twice on a branch"
            assert transaction.nonce == books.accounts[signed.sender][0], "a nonce is used twice or left out"
            assert transaction.chain_id == 1
            assert transaction.action.amount > 0
            gas = 21_000 + 16 * len(transaction.action.memo.encode())
            tip = min(transaction.max_tip_per_gas, transaction.max_fee_per_gas - base_fee)
            assert tip >= 0
            books.move(signed.sender, 1, -transaction.action.amount - gas * (base_fee + tip))
            books.move(transaction.action.recipient, 0, transaction.action.amount)
            books.move(proposer, 0, gas * tip)
            books.burned += gas * base_fee
            books.seen |= {signed.id}
        reward = subsidy // 2 ** (block.header.height // halving)
        books.move(proposer, 0, reward)
        books.created += reward
        return books


def compute_books(simulation: Simulation) -> list[Books]:
    """Return the books after every block, in the order of publication."""
    world = simulation.world
    parameters, genesis = world.ledger.parameters, world.setup.allocations
    books = [Books({address: (0, units) for address, units in genesis.items()}, sum(genesis.values()), 0, frozenset())]
    for record in world.tree.records[1:]:
        assert record.parent is not None
        parent = books[record.parent.index]
        books.append(parent.enter(record.block, parameters.initial_subsidy, parameters.halving_interval_blocks))
    return books


@examples
@given(story=STORIES)
def test_money_is_neither_lost_nor_made_and_nobody_owes(start: Start, story: Story) -> None:
    simulation = story.tell(start)
    for record, books in zip(simulation.world.tree.records, compute_books(simulation), strict=True):
        state = simulation.world.ledger.state(record.hash)
        kept = {address: (account.nonce, account.balance) for address, account in state.iterate_accounts()}
        assert kept == {address: entry for address, entry in books.accounts.items() if entry != (0, 0)}
        assert sum(balance for _, balance in kept.values()) == books.created - books.burned


@examples
@given(story=STORIES, order=st.randoms(use_true_random=False))
def test_the_state_root_commits_to_the_accounts_in_whatever_order(start: Start, story: Story, order: Any) -> None:
    simulation = story.tell(start)
    record, books = max(
        zip(simulation.world.tree.records, compute_books(simulation), strict=True), key=lambda it: it[0].height
    )
    accounts = [(address, Account(nonce, balance)) for address, (nonce, balance) in books.accounts.items()]
    order.shuffle(accounts)
    state = State()
    for address, account in accounts:
        state = state.put_accounts({address: Account(1, 1)}).put_accounts({address: account})
    assert state.root == State().put_accounts(dict(reversed(accounts))).root == record.block.header.state_root


# Who knows what, and which head follows -----------------------------------------------------------------------------


def compute_known(simulation: Simulation) -> list[list[int]]:
    """Return when each node knew each block and all its ancestors, from the arrivals alone."""
    world = simulation.world
    known: list[list[int]] = [[0] * world.node_count]
    for record in world.tree.records[1:]:
        assert record.parent is not None
        arrival = world.spreads[record.hash].arrival.tolist()
        assert arrival[record.origin] == record.published_us == min(arrival), "known before it was published"
        known.append([max(pair) for pair in zip(arrival, known[record.parent.index], strict=True)])
    return known


def compute_total_work(record: BlockRecord | None) -> int:
    """Return the hashes behind a branch, from the targets its headers claim."""
    total = 0
    while record is not None and record.parent is not None:
        (bits,) = msgspec.msgpack.decode(record.block.header.consensus)
        total += 2**256 // ((bits & 0x7FFFFF) * 256 ** ((bits >> 24) - 3) + 1)
        record = record.parent
    return total


def find_head(simulation: Simulation, known: list[list[int]], work: list[int], node: int, at_us: int) -> BlockRecord:
    """Return the known block with the most work, the one known first on ties, then the one with the smaller hash."""
    records = simulation.world.tree.records
    there = [record for record in records if known[record.index][node] <= at_us]
    return min(there, key=lambda record: (-work[record.index], known[record.index][node], record.hash))


@examples
@given(story=STORIES, moments=st.lists(st.floats(min_value=0, max_value=1), max_size=8))
def test_heads_are_the_heaviest_known_blocks_at_any_moment(start: Start, story: Story, moments: list[float]) -> None:
    simulation = story.tell(start)
    world, known = simulation.world, compute_known(simulation)
    work = [compute_total_work(record) for record in world.tree.records]
    arrivals = sorted(time_us for row in known for time_us in row if time_us < NEVER)
    for share in moments:
        near_us = arrivals[int(share * (len(arrivals) - 1))]  # where something happens, and just before
        for at_us in (near_us, near_us - 1, int(share * simulation.now_us)):
            for node in range(world.node_count):
                if 0 <= at_us <= simulation.now_us:
                    expected = find_head(simulation, known, work, node, at_us)
                    assert world.tree.get_head(NodeId(node), TimeUs(at_us)) is expected
                    assert world.view(node, TimeUs(at_us)).heaviest() is expected


@examples
@given(story=STORIES)
def test_nobody_knows_a_block_before_its_parent(start: Start, story: Story) -> None:
    simulation = story.tell(start)
    known = compute_known(simulation)
    for record in simulation.world.tree.records:
        assert record.known_us.tolist() == known[record.index]
        if record.parent is not None:
            assert (record.known_us >= record.parent.known_us).all()
            assert record.block.header.time_us > record.parent.block.header.time_us


def find_head_changes(simulation: Simulation, node: int) -> list[tuple[int, BlockRecord, BlockRecord]]:
    """Return (time, old, new) of a node, by looking at its head after every moment at which it learned something."""
    known = compute_known(simulation)
    work = [compute_total_work(record) for record in simulation.world.tree.records]
    changes, head = [], simulation.world.tree.records[0]
    for at_us in sorted({row[node] for row in known if row[node] <= simulation.now_us}):
        new = find_head(simulation, known, work, node, at_us)
        if new is not head:
            changes.append((at_us, head, new))
        head = new
    return changes


def count_left(old: BlockRecord, new: BlockRecord) -> int:
    """Return how many blocks of the old branch are not on the new one."""
    kept = set()
    place: BlockRecord | None = new
    while place is not None:
        kept.add(place.index)
        place = place.parent
    left, place = 0, old
    while place is not None and place.index not in kept:
        left, place = left + 1, place.parent
    return left


@examples
@given(story=STORIES)
def test_reorgs_are_counted_as_by_hand(start: Start, story: Story) -> None:
    simulation = story.tell(start)
    depths = []
    for node in range(simulation.world.node_count):
        expected = find_head_changes(simulation, node)
        found = simulation.world.tree.iter_head_changes(NodeId(node), 1, len(simulation.world.tree))
        assert [change for change in found if change[0] <= simulation.now_us] == expected
        depths += [left for _, old, new in expected if (left := count_left(old, new))]
    assert compute_report(simulation)["reorgs"] == {"count": len(depths), "max_depth": max(depths, default=0)}


# Healing -------------------------------------------------------------------------------------------------------------


def heal(simulation: Simulation) -> None:
    """Mend everything, stop everybody, and let what is under way arrive."""
    world = simulation.world
    simulation.submit(c.Heal())
    for node in range(world.node_count):
        if not world.network.links.is_online_now(node):
            simulation.submit(c.StartNode(node))
        simulation.submit(c.SetHashRate(node, 0))
    simulation.submit(c.SetTraffic(0))
    settle(simulation)


def settle(simulation: Simulation) -> None:
    """Let everything arrive: catching up block by block over slow links takes its time, but it ends."""
    world = simulation.world
    last_us = max(
        *(int(world.spreads[record.hash].arrival.max()) for record in world.tree.records[1:]),
        *(int(record.spread.arrival.max()) for record in world.transactions.records),
        simulation.now_us,
        simulation.now_us,
    )
    assert last_us < NEVER, "somebody will never have a block or a transaction"
    simulation.run_until(TimeUs(last_us))


@examples
@given(story=STORIES, last=st.integers(min_value=0, max_value=6))
def test_everybody_agrees_after_healing(start: Start, story: Story, last: int) -> None:
    simulation = story.tell(start)
    heal(simulation)
    world = simulation.world
    simulation.submit(c.MineBlock(last % world.node_count))
    settle(simulation)
    for record in world.tree.records:
        assert record.known_us.max() <= simulation.now_us, "somebody lacks a block"
    for transaction in world.transactions.records:
        assert transaction.spread.arrival.max() <= simulation.now_us, "somebody lacks a transaction"
    (head,) = {world.view(node).heaviest().hash for node in range(world.node_count)}
    assert world.tree[head] is world.tree.records[-1]
    assert len({get_pending(simulation, node) for node in range(world.node_count)}) == 1


def get_pending(simulation: Simulation, node: int) -> frozenset[bytes]:
    """Return what waits at a node, but for senders who signed twice with one nonce: there the first heard stays."""
    slots = [
        (record.signed.sender, record.signed.transaction.nonce) for record in simulation.world.transactions.records
    ]
    doubtful = {slot[0] for slot in slots if slots.count(slot) > 1}
    pending = simulation.world.view(node).compute_mempool().pending
    return frozenset(signed.id for signed in pending if signed.sender not in doubtful)


@examples
@given(story=STORIES)
def test_a_story_told_twice_is_the_same_story(start: Start, story: Story) -> None:
    one, other = story.tell(start), story.tell(start)
    assert one.compute_digest() == other.compute_digest()
    fed = story.begin(start)
    fed.feed(one.log)
    fed.run_until(one.now_us)
    assert fed.compute_digest() == one.compute_digest()

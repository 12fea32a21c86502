"""A long run in a short time: a hundred thousand blocks and a million transactions without waiting for the network.

Transactions are not signed and blocks not ground (that takes most of a real run's time), arrivals follow a fixed
pattern; everything else is real: the ledger executes every block, the tree, the tables and the history grow as always.
One block in a hundred gets a sibling that goes stale, so there are forks to be found.
"""

import hashlib
from dataclasses import replace

import msgspec
import numpy as np

from chain.consensus.block_tree import BlockRecord
from chain.consensus.proof_of_work import WorkSeal
from chain.encoding import encode
from chain.ledger.actions import Transfer
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.transaction import SignedTransaction, Transaction
from chain.network.spread import Spread
from chain.scenario import build, load_scenario
from chain.simulation.history import Record
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import COIN, SECOND, Address, NodeId, TimeUs
from chain.wallet.address import compute_address

NODES = 12
PEOPLE = 2_000
INTERVAL_US = 10 * SECOND
FORK_EVERY = 100
SCENARIO = """
title = "Long run"
[network]
nodes = 12
shares = "even"
[consensus]
protocol = "proof-of-work"
mining = "manual"
interval = "10s"
grind_hashes = 0
[ledger]
gas_limit = 900_000
initial_base_fee_per_gas = 1
initial_subsidy = 5_000_000_000
"""
_DELAYS_US = np.arange(NODES, dtype=np.int64) * 40_000
_PARENTS = np.arange(-1, NODES - 1, dtype=np.int16)


class _Person:
    def __init__(self, rank: int) -> None:
        self.public_key = hashlib.blake2b(rank.to_bytes(4), digest_size=32).digest()
        self.address = compute_address(self.public_key)
        self.nonce = 0


def build_long_run(blocks: int, transactions: int) -> Simulation:
    """Return a run of so many blocks (of the heaviest branch) and transactions, spread evenly over them."""
    simulation = build(load_scenario(SCENARIO, "long"), 7)
    people = [_Person(rank) for rank in range(PEOPLE)]
    allocations = {**simulation.world.setup.allocations, **{it.address: 1_000_000 * COIN for it in people}}
    simulation.world = world = World(replace(simulation.world.setup, allocations=allocations))
    head, done = world.tree.records[0], 0
    for number in range(1, blocks + 1):
        time_us = TimeUs(number * INTERVAL_US)
        count = transactions * number // blocks - done
        signed = [_submit(world, people, done + place, TimeUs(time_us - 5 * SECOND)) for place in range(count)]
        done += count
        stale = _publish(world, head, number + 1, TimeUs(time_us + 1), signed[:1]) if number % FORK_EVERY == 0 else None
        block = _publish(world, head, number, time_us, signed)
        head = block if stale is None or block.index > stale.index else head
    world.kernel.now_us = TimeUs((blocks + 1) * INTERVAL_US)
    return simulation


def _submit(world: World, people: list[_Person], number: int, time_us: TimeUs) -> SignedTransaction:
    """Publish the payment of a number: an unsigned transfer that passes for a signed one."""
    sender, recipient = people[number * 7 % PEOPLE], people[(number * 13 + 5) % PEOPLE]
    action = Transfer(recipient.address, COIN + number, "lunch" if number % 5 == 0 else "")
    gas = compute_intrinsic_gas(action)
    transaction = Transaction(1, sender.public_key, sender.nonce, gas, 2_000, 10, action)
    sender.nonce += 1
    signed = SignedTransaction(transaction, hashlib.blake2b(number.to_bytes(8), digest_size=64).digest())
    msgspec.structs.force_setattr(signed, "_is_signature_valid", True)
    origin = NodeId(number % NODES)
    arrival = np.roll(_DELAYS_US, origin) + time_us
    spread = Spread(signed.id, origin, time_us, 200, "transaction", True, arrival, np.roll(_PARENTS, origin))
    world.kernel.now_us = time_us
    world.transactions.add(signed, origin, time_us, spread)
    world.history.append(Record(time_us, "transaction", origin, signed.id))
    return signed


def _publish(
    world: World, parent: BlockRecord, number: int, time_us: TimeUs, signed: list[SignedTransaction]
) -> BlockRecord:
    """Publish a block with these transactions on a parent."""
    node = NodeId(number % NODES)
    world.kernel.now_us = time_us
    seal = encode(WorkSeal(parent.state.next_bits))
    block = world.ledger.build_block(parent.hash, world.setup.proposers[node], time_us, signed, seal)
    record = world.publish_block(node, block)
    assert record is not None, world.invalid_blocks[-1][3]
    return record


def get_address(rank: int) -> Address:
    """Return the address of one of the people."""
    return _Person(rank).address

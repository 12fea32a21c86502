"""What breaks a rule leaves no trace: not in the tree, the accounts, the mempools, nor in what follows.

An invalid block goes as far as the neighbours of the node that sends it. They refuse it and do not pass it on.

Every field of a block is falsified in turn, once with the work done again for the false header and once without; every
kind of false transaction is handed to a node and put into a block.
"""

from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from chain.consensus.proof_of_work import WorkSeal
from chain.crypto.signatures import get_public_key
from chain.draws import draw_bytes
from chain.encoding import encode
from chain.errors import CommandRefused
from chain.ledger.actions import Transfer
from chain.ledger.block import Block, Header, compute_transactions_root, set_nonce
from chain.ledger.transaction import SignedTransaction, Transaction, sign_transaction
from chain.simulation import commands as c
from chain.simulation.simulation import Simulation
from chain.units import COIN, MINUTE, SECOND, Address, NodeId, TimeUs

Start = Callable[..., Simulation]
NODE = NodeId(3)


@pytest.fixture(scope="module")
def trunk(start: Start) -> Simulation:
    """A run whose next block has transactions in it."""
    simulation = start("classroom", 5, "traffic.rate_per_s=3")
    simulation.run_until(TimeUs(MINUTE))
    while len(build_next(simulation).transactions) < 5:
        simulation.run_until(TimeUs(simulation.now_us + SECOND))
    return simulation


@pytest.fixture
def simulation(trunk: Simulation) -> Simulation:
    return trunk.copy()


def build_next(simulation: Simulation) -> Block:
    """Return the block that a node would publish now."""
    view = simulation.world.view(NODE)
    head = view.get_head()
    return view.build_block(head.hash, encode(WorkSeal(head.state.next_bits)))


def seal(simulation: Simulation, block: Block) -> Block:
    """Do the work for a header."""
    sealed: Block = simulation.world.consensus.rules.seal(block)
    return sealed


def take_traces(simulation: Simulation) -> list[object]:
    """Return everything a refused block or transaction could have left something in, but the record of the refusal."""
    world, ledger = simulation.world, simulation.world.ledger
    nodes = range(world.node_count)
    return [
        [(record.hash, record.known_us.tobytes(), record.weight) for record in world.tree.records],
        [ledger.state(record.hash).root for record in world.tree.records],
        [ledger.receipts(record.hash) for record in world.tree.records],
        [world.view(node).compute_mempool() for node in nodes],
        [world.view(node).heaviest().hash for node in nodes],
        [(record.id, record.blocks) for record in world.transactions.records],
        list(world.transactions.open),
        (world.now_us, simulation.log),
        [(record.kind, record.subject) for record in world.history.records if not record.kind.startswith("refused")],
    ]


def check_refused(simulation: Simulation, block: Block, rule: str) -> None:
    """Publish a block that must be refused by a rule, and look for traces, at once and a minute later."""
    untouched, before, world = simulation.copy(), take_traces(simulation), simulation.world
    sent = world.network.messages
    assert world.publish_block(NODE, block) is None
    assert take_traces(simulation) == before
    neighbours = world.network.topology.get_neighbors(NODE)
    assert world.network.messages - sent == len(neighbours)
    if block.hash not in world.tree:
        with pytest.raises(KeyError):
            world.ledger.receipts(block.hash)
    for run in (simulation, untouched):
        run.run_until(TimeUs(run.now_us + MINUTE))
    assert take_traces(simulation) == take_traces(untouched)
    assert sorted(node for _, node, _, _ in world.invalid_blocks) == sorted(neighbours)
    assert {(refused, error.rule) for _, _, refused, error in world.invalid_blocks} == {(block, rule)}
    records = [record for record in simulation.history.records if record.kind == "refused-block"]
    assert [(record.time_us, record.node) for record in records] == [it[:2] for it in world.invalid_blocks]
    assert all(record.detail.startswith(f"{rule}: ") for record in records)


# Blocks --------------------------------------------------------------------------------------------------------------


def flip(data: bytes) -> bytes:
    return bytes([data[0] ^ 1]) + data[1:]


FALSE_FIELDS: dict[str, tuple[Callable[[Header], object], str]] = {
    "parent": (lambda h: flip(h.parent), "consensus/parent"),
    "height": (lambda h: h.height + 1, "ledger/height"),
    "time_us": (lambda h: 0, "ledger/time"),
    "proposer": (lambda h: flip(h.proposer), "ledger/state-root"),
    "state_root": (lambda h: flip(h.state_root), "ledger/state-root"),
    "transactions_root": (lambda h: flip(h.transactions_root), "ledger/transactions-root"),
    "receipts_root": (lambda h: flip(h.receipts_root), "ledger/receipts-root"),
    "gas_limit": (lambda h: h.gas_limit + 1, "ledger/block-gas-limit"),
    "gas_used": (lambda h: h.gas_used - 1, "ledger/gas-used"),
    "base_fee_per_gas": (lambda h: h.base_fee_per_gas + 1, "ledger/base-fee"),
    "consensus": (lambda h: encode(WorkSeal(0x207FFFFF)), "proof-of-work/bits"),
}


def test_every_field_of_a_header_is_falsified_here() -> None:
    assert {*FALSE_FIELDS, "nonce"} == set(Header.__struct_fields__)


@pytest.mark.parametrize("field", FALSE_FIELDS)
def test_a_false_field_is_refused_although_the_work_was_done(simulation: Simulation, field: str) -> None:
    good = build_next(simulation)
    falsify, rule = FALSE_FIELDS[field]
    false = Block(replace(good.header, **{field: falsify(good.header)}), good.transactions)
    check_refused(simulation, seal(simulation, false), rule)


@pytest.mark.parametrize("field", [field for field in FALSE_FIELDS if field not in {"parent", "consensus"}])
def test_a_false_field_undoes_the_work(simulation: Simulation, field: str) -> None:
    good = seal(simulation, build_next(simulation))
    falsify, _ = FALSE_FIELDS[field]
    false = Block(replace(good.header, **{field: falsify(good.header)}), good.transactions)
    target = simulation.world.consensus.rules.get_ground_target(simulation.world.view(NODE).get_head().state.next_bits)
    for nonce in range(256):  # one try in sixteen meets the target by luck
        false = set_nonce(false, nonce.to_bytes(8))
        if int.from_bytes(false.hash) > target:
            break
    check_refused(simulation, false, "proof-of-work/target")


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"consensus": b""}, "consensus/seal"),
        ({"consensus": b"\x91\xcd\x00\x05"}, "consensus/seal"),  # not canonical
        ({"consensus": encode((1, 2))}, "consensus/seal"),
        ({"gas_used": 10**9}, "ledger/gas-used"),
        ({"height": 0}, "ledger/height"),
    ],
)
def test_other_false_headers(simulation: Simulation, changes: dict[str, Any], rule: str) -> None:
    good = build_next(simulation)
    false = Block(replace(good.header, **changes), good.transactions)
    check_refused(simulation, false if "consensus" in changes else seal(simulation, false), rule)


def test_a_block_on_an_older_parent_must_fit_there(simulation: Simulation) -> None:
    good, head = build_next(simulation), simulation.world.view(NODE).get_head()
    assert head.parent is not None
    false = Block(replace(good.header, parent=head.parent.hash), good.transactions)
    check_refused(simulation, seal(simulation, false), "ledger/height")


BODIES: dict[str, Callable[[tuple[SignedTransaction, ...]], tuple[SignedTransaction, ...]]] = {
    "empty": lambda body: (),
    "shorter": lambda body: body[:-1],
    "twice": lambda body: (*body, body[-1]),
    "turned": lambda body: body[::-1],
}


@pytest.mark.parametrize("change", BODIES)
@pytest.mark.parametrize("known", [False, True])
def test_a_header_does_not_take_another_body(simulation: Simulation, change: str, known: bool) -> None:
    """Neither before the right body has been seen nor after."""
    good = seal(simulation, build_next(simulation))
    if known:
        assert simulation.world.publish_block(NODE, good) is not None
    false = Block(good.header, BODIES[change](good.transactions))
    assert false.hash == good.hash
    check_refused(simulation, false, "ledger/transactions-root")


@pytest.mark.parametrize(("change", "rule"), [("empty", "ledger/gas-used"), ("twice", "ledger/nonce")])
def test_another_body_with_its_own_root_is_executed(simulation: Simulation, change: str, rule: str) -> None:
    good = build_next(simulation)
    body = BODIES[change](good.transactions)
    header = replace(good.header, transactions_root=compute_transactions_root(body))
    check_refused(simulation, seal(simulation, Block(header, body)), rule)


def test_a_block_that_everybody_may_have_is_not_sent_again(simulation: Simulation) -> None:
    good = seal(simulation, build_next(simulation))
    record = simulation.world.publish_block(NODE, good)
    before = take_traces(simulation)
    for _ in range(2):
        twin = Block(good.header, good.transactions)
        assert simulation.world.publish_block(NODE, twin) is record
        assert take_traces(simulation) == before
        simulation.run_until(TimeUs(simulation.now_us + MINUTE))  # when it is no longer in flight
        before = take_traces(simulation)


# Transactions --------------------------------------------------------------------------------------------------------

PAYEE = Address(bytes(range(20)))
FALSE_TRANSACTIONS: dict[str, tuple[dict[str, Any], str]] = {
    "chain": ({"chain_id": 2}, "ledger/chain-id"),
    "number": ({"nonce": -1}, "ledger/number"),
    "large number": ({"max_fee_per_gas": 2**63}, "ledger/number"),
    "used nonce": ({"nonce": 0}, "ledger/nonce"),
    "little gas": ({"gas_limit": 20_999}, "ledger/gas-limit"),
    "much gas": ({"gas_limit": 10**9}, "ledger/gas-limit"),
    "low fee cap": ({"max_fee_per_gas": 1, "max_tip_per_gas": 0}, "ledger/fee-cap"),
    "tip over cap": ({"max_tip_per_gas": 10**6}, "ledger/tip"),
    "nothing": ({"action": Transfer(PAYEE, 0)}, "ledger/amount"),
    "less than nothing": ({"action": Transfer(PAYEE, -COIN)}, "ledger/amount"),
    "too much": ({"action": Transfer(PAYEE, 10**6 * COIN)}, "ledger/balance"),
    "control character": ({"action": Transfer(PAYEE, COIN, "bell \x07")}, "ledger/memo"),
    "long memo": ({"action": Transfer(PAYEE, COIN, "x" * 257), "gas_limit": 30_000}, "ledger/memo"),
    "other key": ({"authority": get_public_key(bytes(32))}, "ledger/signature"),
}


def sign_false(simulation: Simulation, changes: dict[str, Any], ahead: int = 50) -> SignedTransaction:
    """Return a payment of the richest person with these changes, signed; its nonce is so far ahead of the next."""
    key = draw_bytes(simulation.seed, 32, "person-key", 0)
    proper = Transaction(1, get_public_key(key), 0, 30_000, 10**5, 50, Transfer(PAYEE, COIN))
    sender = SignedTransaction(proper, bytes(64)).sender
    nonce = simulation.world.view(NODE).get_account_state().get_account(sender).nonce
    assert nonce > 0
    changed = replace(proper, **({"nonce": nonce + ahead} | changes))
    if "authority" in changes:
        return SignedTransaction(changed, sign_transaction(proper, key).signature)
    return sign_transaction(changed, key)


@pytest.mark.parametrize("what", FALSE_TRANSACTIONS)
def test_a_false_transaction_is_refused_by_the_node_it_is_handed_to(simulation: Simulation, what: str) -> None:
    changes, rule = FALSE_TRANSACTIONS[what]
    signed, untouched, before = sign_false(simulation, changes), simulation.copy(), take_traces(simulation)
    assert simulation.world.submit_transaction(NODE, signed) is None
    assert take_traces(simulation) == before
    refusal = simulation.history.records[-1]
    assert (refusal.kind, refusal.subject) == ("refused-transaction", signed.id)
    assert refusal.detail.startswith(f"{rule}: ")
    for run in (simulation, untouched):
        run.run_until(TimeUs(run.now_us + MINUTE))
    assert take_traces(simulation) == take_traces(untouched)


@pytest.mark.parametrize("what", FALSE_TRANSACTIONS)
def test_a_block_with_a_false_transaction_is_refused_by_its_rule(simulation: Simulation, what: str) -> None:
    changes, rule = FALSE_TRANSACTIONS[what]
    good = build_next(simulation)
    body = (sign_false(simulation, changes, ahead=0), *good.transactions)
    header = replace(good.header, transactions_root=compute_transactions_root(body))
    check_refused(simulation, seal(simulation, Block(header, body)), rule)


def test_a_transaction_is_published_once(simulation: Simulation) -> None:
    signed = sign_false(simulation, {})
    assert simulation.world.submit_transaction(NODE, signed) is not None
    before = take_traces(simulation)
    assert simulation.world.submit_transaction(NodeId(5), signed) is None
    assert take_traces(simulation) == before
    assert simulation.history.records[-1].detail.startswith("mempool/known: ")


def test_a_command_with_bytes_that_are_no_transaction_changes_nothing(simulation: Simulation) -> None:
    data = encode(sign_false(simulation, {}))
    before, digest = take_traces(simulation), simulation.compute_digest()
    for broken in (b"", data[:-1], data + b"\x00", b"\xc1" + data[1:]):
        with pytest.raises(CommandRefused, match="command/transaction"):
            simulation.submit(c.SubmitTransaction(NODE, broken))
    assert (take_traces(simulation), simulation.compute_digest()) == (before, digest)

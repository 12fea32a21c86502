"""Where stake comes and goes, no unit is lost or made: the books of a run, kept again from its blocks alone.

Hypothesis tells random stories of deposits, exits, payments, crashes and partitions under every protocol that takes
stake. The accountant stands outside: he knows the law

    total of all balances = allocations + subsidies + rewards - burned base fees - deposits

and works every term but the rewards out of headers and transactions. Rewards are what consensus says it pays back, and
where it keeps a book of stakes, they may be nothing but deposits and stakes of genesis.
"""

import os
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chain.consensus.block_tree import BlockRecord
from chain.consensus.stake_book import StakeBook
from chain.crypto.signatures import get_public_key
from chain.draws import draw_bytes
from chain.encoding import encode
from chain.errors import CommandRefused
from chain.ledger.actions import Action, Deposit, Exit, Transfer
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.transaction import Transaction, sign_transaction
from chain.simulation import commands as c
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, NodeId, TimeUs
from chain.wallet.address import compute_address

Start = Callable[..., Simulation]
Step = tuple[int, str, int, int]
NODES, PEOPLE = 5, 3

COMMON = (f"network.nodes={NODES}", f"traffic.people={PEOPLE}", "traffic.rate_per_s=0", "ledger.gas_limit=420000")
PROTOCOLS = {
    "tendermint": ("classroom", "consensus.interval=3s", "consensus.unbonding=20s"),
    "delegated-proof-of-stake": ("classroom", "consensus.interval=3s", "consensus.refund_delay=20s"),
    "proof-of-stake": (
        "classroom-pos",
        "consensus.interval=2s",
        "consensus.slots_per_epoch=4",
        "consensus.withdrawability_delay_epochs=2",
        "consensus.least_service_epochs=0",
    ),
}
STEPS = st.lists(
    st.tuples(
        st.sampled_from([0, 1, 4, 15]),
        st.sampled_from(
            ["deposit", "deposit", "exit", "exit", "pay", "enter", "leave", "stop", "start", "cut", "heal"]
        ),
        st.integers(0, 9),
        st.integers(1, 90),
    ),
    min_size=3,
    max_size=16,
)
EXAMPLES = 400 if os.environ.get("CHAINROOM_FULL") else 25


def build_transaction(simulation: Simulation, who: int, action: Action) -> c.Command:
    """Let one of the people sign an action as node 0 sees the chain."""
    seed, view = draw_bytes(simulation.seed, 32, "person-key", who % PEOPLE), simulation.world.view(0)
    nonce = view.get_account_state().get_account(compute_address(get_public_key(seed))).nonce
    base_fee = simulation.world.ledger.next_base_fee(view.get_head().hash)
    limit = compute_intrinsic_gas(action)
    transaction = Transaction(1, get_public_key(seed), nonce, limit, 3 * base_fee + 100, 100, action)
    return c.SubmitTransaction(0, encode(sign_transaction(transaction, seed)))


def build_command(simulation: Simulation, what: str, who: int, how: int) -> c.Command:
    """Return what a step of a story asks for. Stake is put down for validators, people, and strangers to consensus."""
    accounts, node = simulation.world.tables.proposers, NodeId(who % NODES)
    person = compute_address(get_public_key(draw_bytes(simulation.seed, 32, "person-key", how % PEOPLE)))
    validator = person if how % 7 == 0 else accounts[node]
    match what:
        case "deposit":
            return build_transaction(simulation, who, Deposit(how * COIN + how, validator))
        case "exit":
            return build_transaction(simulation, who, Exit(validator))
        case "pay":
            return build_transaction(simulation, who, Transfer(person, how * COIN))
        case "enter":
            return c.DepositStake(node, how * COIN)
        case "leave":
            return c.ExitValidator(node)
        case "stop":
            return c.StopNode(node)
        case "start":
            return c.StartNode(node)
        case "cut":
            return c.Partition((tuple(range(how % NODES)),))
    return c.Heal()


def tell(start: Start, protocol: str, seed: int, steps: list[Step]) -> Simulation:
    """Run a story; what the world refuses is left out."""
    name, *changes = PROTOCOLS[protocol]
    simulation = start(name, seed, f"consensus.protocol={protocol}", *COMMON, *changes)
    for wait_s, what, who, how in steps:
        simulation.run_until(TimeUs(simulation.now_us + wait_s * SECOND))
        try:
            simulation.submit(build_command(simulation, what, who, how))
        except CommandRefused:
            assert what not in {"deposit", "exit", "pay", "heal"}
    simulation.run_until(TimeUs(simulation.now_us + 40 * SECOND))
    return simulation


def compute_deposits(record: BlockRecord) -> int:
    """Return the units that a block's transactions put down; nothing that puts down stake can fail."""
    actions = [signed.transaction.action for signed in record.block.transactions]
    return sum(action.units for action in actions if isinstance(action, Deposit))


def get_book(record: BlockRecord) -> StakeBook | None:
    """Return the book of stakes after a block, where the protocol has one."""
    state = record.state
    return getattr(state, "book", None) or getattr(getattr(state, "electorate", None), "book", None)


def compute_staked(book: StakeBook) -> int:
    return sum(it.units for it in book.stakes) + sum(it.units for it in book.refunds)


@pytest.mark.parametrize("protocol", PROTOCOLS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(seed=st.integers(0, 1000), steps=STEPS)
def test_the_supply_is_what_came_in_less_what_went_out(
    start: Start, protocol: str, seed: int, steps: list[Step]
) -> None:
    simulation = tell(start, protocol, seed, steps)
    world, parameters = simulation.world, simulation.world.ledger.parameters
    supplies, staked = [sum(world.setup.allocations.values())], list[int]()
    for record in world.tree.records:
        book = get_book(record)
        staked.append(0 if book is None else compute_staked(book))
        if record.parent is None:
            continue
        header, parent = record.block.header, record.parent.index
        subsidy = parameters.initial_subsidy // 2 ** (header.height // parameters.halving_interval_blocks)
        rewards = sum(reward.amount for reward in world.ledger.execution(record.hash).rewards)
        deposits = compute_deposits(record)
        burned = header.gas_used * header.base_fee_per_gas
        supplies.append(supplies[parent] + subsidy + rewards - burned - deposits)
        assert world.ledger.state(record.hash).compute_total_balance() == supplies[record.index]
        if book is not None:
            assert staked[record.index] == staked[parent] + deposits - rewards
    assert len(world.tree) > 3
    assert compute_report(simulation)["supply"] == supplies[world.get_canonical().index]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_stake_that_was_put_down_comes_back_in_such_a_story(start: Start, protocol: str) -> None:
    """That the stories above are about something: deposits are included, and rewards pay them back."""
    steps = [(10, "deposit", 1, 32), (20, "enter", 2, 33), (60, "exit", 1, 32), (9, "leave", 1, 1), (90, "pay", 2, 5)]
    simulation = tell(start, protocol, 3, steps)
    world = simulation.world
    branch = list(world.tree.iter_branch(world.get_canonical()))[:-1]
    assert sum(map(compute_deposits, branch)) == 32 * COIN + 32 + 33 * COIN
    paid = sum(reward.amount for record in branch for reward in world.ledger.execution(record.hash).rewards)
    assert paid >= 32 * COIN

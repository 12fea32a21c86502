"""Delegated proof of stake: elections, turns, slots that stay empty, and the last irreversible block."""

from importlib.resources import files

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consensus.accountability import find_double_confirmers
from chain.consensus.base import Finality
from chain.consensus.block_tree import BlockRecord
from chain.consensus.delegated import (
    SEAL_DOMAIN,
    Confirmations,
    DelegatedRules,
    DelegatedSeal,
    apply_bitshares_block,
    apply_eos_block,
    build_confirmations,
    change_producers,
)
from chain.consensus.elections import Schedule, count_votes, elect, promote, shuffle_producers
from chain.consensus.signed_seal import sign_block
from chain.crypto.signatures import get_public_key
from chain.draws import draw_bytes
from chain.encoding import decode, encode
from chain.errors import InvalidBlock
from chain.ledger.actions import Action, Deposit, Exit, Vote
from chain.ledger.block import Block
from chain.ledger.fees import compute_intrinsic_gas
from chain.ledger.transaction import Transaction, sign_transaction
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import Heal, Partition, SetLag, StartNode, StopNode, SubmitTransaction
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Address, NodeId, TimeUs
from chain.wallet.address import compute_address


def start(name: str = "classroom", *changes: str, seed: int = 5) -> Simulation:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    protocol = "consensus.protocol=delegated-proof-of-stake"
    return build(apply_settings(load_scenario(text, name), (protocol, *changes)), seed)


def run(simulation: Simulation, seconds: float) -> Simulation:
    simulation.run_until(TimeUs(simulation.now_us + round(seconds * SECOND)))
    return simulation


# Elections ------------------------------------------------------------------------------------------------------------


def test_approval_counts_the_whole_stake_for_every_candidate_approved() -> None:
    stakes = {0: 50, 1: 30, 2: 40}
    ballots = {0: (3,), 1: (4, 5), 2: (5, 4)}
    assert elect(ballots, stakes, 2) == [4, 5]  # 70 each, against 50
    assert elect(ballots, stakes, 5) == [4, 5, 3]
    assert elect(ballots | {2: (3, 3)}, stakes, 1) == [3]  # to approve twice counts once: 90


def test_the_most_approved_nodes_produce_and_nobody_else() -> None:
    simulation = run(start("classroom", "nodes.stakes_coins=[9,1,8,2,7,3]", "consensus.producers=3"), 300)
    assert {record.origin for record in simulation.world.tree.records[1:]} == {0, 2, 4}
    assert len(simulation.world.tree) == 31


def send(simulation: Simulation, key: int, action: Action) -> None:
    """Let one of the people send a transaction from node 0."""
    seed = draw_bytes(simulation.seed, 32, "person-key", key)
    view = simulation.world.view(0)
    address = compute_address(get_public_key(seed))
    nonce = view.get_account_state().get_account(address).nonce
    gas_limit, base_fee = compute_intrinsic_gas(action), simulation.world.ledger.next_base_fee(view.get_head().hash)
    transaction = Transaction(1, get_public_key(seed), nonce, gas_limit, 3 * base_fee + 100, 100, action)
    simulation.submit(SubmitTransaction(0, encode(sign_transaction(transaction, seed))))


def get_address(simulation: Simulation, key: int) -> Address:
    return compute_address(get_public_key(draw_bytes(simulation.seed, 32, "person-key", key)))


@pytest.mark.parametrize("rule", ["eos", "bitshares"])
def test_votes_and_stake_in_transactions_change_who_produces_and_stake_comes_back(rule: str) -> None:
    changes = ("nodes.stakes_coins=[90,80,70]", "consensus.producers=3", "consensus.interval=1s", "traffic.people=4")
    order = "shuffled" if rule == "bitshares" else "fixed"
    more = (f"consensus.irreversible={rule}", f"consensus.order={order}", "consensus.refund_delay=60s")
    simulation = run(start("classroom", *changes, *more, "traffic.rate_per_s=0"), 5)
    world = simulation.world
    owner, newcomer = get_address(simulation, 1), world.tables.proposers[7]  # node 7 has no stake of its own
    send(simulation, 1, Deposit(100 * COIN, owner))
    run(simulation, 5)
    send(simulation, 1, Vote((newcomer, Address(bytes(20)))))  # whom nobody knows gets nothing
    balance = world.view(0).get_account_state().get_account(owner).balance
    run(simulation, 150)
    latest = [record.origin for record in world.tree.records[-12:]]
    assert set(latest) == {0, 1, 7}  # 100, 90 and 80 against 70
    finals = world.get_finalized()
    assert finals.height > world.get_canonical().height - 20  # irreversibility goes on with the new ones

    send(simulation, 1, Exit(owner))
    run(simulation, 55)
    assert world.view(0).get_account_state().get_account(owner).balance < balance
    run(simulation, 150)
    assert {record.origin for record in world.tree.records[-12:]} == {0, 1, 2}
    back = world.view(0).get_account_state().get_account(owner).balance - balance
    assert 99 * COIN < back < 100 * COIN  # less the fees of two transactions
    assert not world.get_canonical().state.electorate.book.refunds


def test_a_later_vote_replaces_the_one_before_and_stake_for_another_weighs_his() -> None:
    simulation = run(start("classroom", "nodes.stakes_coins=[90,80]", "traffic.rate_per_s=0"), 15)
    world = simulation.world
    voter, other = get_address(simulation, 0), get_address(simulation, 2)
    for key, action in (
        (0, Vote((world.tables.proposers[3],))),
        (2, Deposit(5 * COIN, voter)),
        (0, Vote((world.tables.proposers[4], world.tables.proposers[5]))),
        (1, Exit(voter)),  # has nothing there
    ):
        send(simulation, key, action)
        run(simulation, 40)
    electorate, rules = world.get_canonical().state.electorate, world.consensus.rules
    assert dict(electorate.ballots)[voter] == tuple(rules.candidates[world.tables.proposers[it]] for it in (4, 5))
    assert electorate.book.compute_stakes()[voter] == 5 * COIN
    assert [it.owner for it in electorate.book.stakes if it.validator == voter] == [other]


def test_eos_schedules_are_proposed_then_pending_then_active() -> None:
    """controller.cpp and block_header_state.cpp: each step waits until the block of the one before is irreversible."""
    schedule = count_votes(Schedule((1, 2, 3)), (2, 3, 4), slot=130, height=100, is_eos=True)
    assert (schedule.producers, schedule.proposed, schedule.counted_slot) == ((1, 2, 3), (2, 3, 4), 130)
    assert promote(schedule, 101, 99) is schedule
    pending = promote(schedule, 111, 100)
    assert (pending.producers, pending.pending, pending.pending_height) == ((1, 2, 3), (2, 3, 4), 111)
    assert promote(pending, 112, 110) is pending
    assert promote(pending, 122, 111) == Schedule((2, 3, 4), 130)
    fewer = count_votes(Schedule((1, 2, 3)), (1, 2), 130, 100, is_eos=True)
    assert fewer == Schedule((1, 2, 3), 130)
    assert count_votes(Schedule((1, 2, 3)), (1, 2), 130, 100, is_eos=False) == Schedule((1, 2), 130)


def test_who_stays_keeps_his_confirmations_and_who_comes_begins_at_what_is_irreversible() -> None:
    before = Confirmations(50, b"\x01", 40, (30, 31, 32), 30, (47, 48, 49))
    after = change_producers(before, (1, 2, 3), (2, 3, 4))
    assert (after.implied, after.produced) == ((31, 32, 30), (48, 49, 30))


# Turns ----------------------------------------------------------------------------------------------------------------


def test_a_producer_has_its_repetitions_in_a_row_in_the_order_of_accounts() -> None:
    simulation = run(start("eos"), 130)
    rules, records = simulation.world.consensus.rules, simulation.world.tree.records[1:]
    assert isinstance(rules, DelegatedRules)
    accounts = [rules.keyring.validators[index].account for index in rules.producers]
    assert accounts == sorted(accounts)
    assert len(accounts) == 21
    for record in records:
        turn = record.state.slot % (21 * 12) // 12
        assert record.block.header.proposer == accounts[turn]
    assert len(records) == 260


def test_bitshares_shuffles_after_every_round_and_all_have_one_turn_each() -> None:
    simulation = run(start("bitshares"), 3 * 21 * 6)
    records = simulation.world.tree.records[1:]
    rounds = [[record.origin for record in records[first : first + 21]] for first in range(0, 126, 21)]
    assert len({tuple(origins) for origins in rounds}) > 4
    orders = {record.state.order for record in records}
    assert all(sorted(order) == list(range(21)) for order in orders)
    last = records[20]  # graphene begins each time with the witnesses in order
    assert last.state.order == shuffle_producers(last.state.schedule.producers, last.block.header.time_us)


def test_the_shuffle_is_that_of_graphene() -> None:
    """Worked out by hand from update_witness_schedule: with second 0 the first index draws k = 0, so nothing moves."""
    assert shuffle_producers((7, 8), 0) == (7, 8)
    assert sorted(shuffle_producers(tuple(range(21)), 10**15)) == list(range(21))
    assert shuffle_producers(tuple(range(21)), 5_999_999) == shuffle_producers(tuple(range(21)), 5_000_000)


def test_a_silent_producer_leaves_its_slots_empty() -> None:
    simulation = start()
    simulation.submit(StopNode(4))
    run(simulation, 10 * 12 * 5)
    head = simulation.world.get_canonical()
    assert head.state.slot == 60
    assert head.state.missed == 5
    assert head.height == 55
    assert compute_report(simulation)["blocks"]["stale"] == 0


# The last irreversible block ------------------------------------------------------------------------------------------


def produce(producers: int, repetitions: int, slots: int) -> list[Confirmations]:
    """Return the states of a chain without trouble."""
    states, last = [build_confirmations(producers)], [0] * producers
    for slot in range(1, slots):
        before, place = states[-1], slot % (producers * repetitions) // repetitions
        confirmed = min(before.height - last[place], before.height - before.irreversible) if last[place] else 0
        states.append(apply_eos_block(before, place, confirmed))
        last[place] = states[-1].height
    return states


@pytest.mark.parametrize(
    ("producers", "repetitions", "least", "most"),
    [(21, 12, 325, 336), (21, 1, 29, 29), (4, 1, 5, 5), (1, 1, 1, 1)],
)
def test_the_lag_is_two_passes_through_two_thirds(producers: int, repetitions: int, least: int, most: int) -> None:
    """EOS: 325 blocks = (14 + 13) * 12 + 1 behind the head at best, 336 at worst."""
    states = produce(producers, repetitions, producers * repetitions * 6)
    lags = [state.height - state.irreversible for state in states[producers * repetitions * 4 :]]
    assert (min(lags), max(lags)) == (least, most)


def test_the_eos_scenario_shows_that_lag() -> None:
    simulation = run(start("eos"), 600)
    lags = [r.height - r.state.confirmations.irreversible for r in simulation.world.tree.records[900:]]
    assert (min(lags), max(lags)) == (325, 336)
    report = compute_report(simulation)
    assert report["finality"]["kind"] == "instant"
    assert report["finality"]["lag_seconds_mean"] == pytest.approx(168, rel=0.2)  # the first blocks waited longer


def test_two_thirds_of_the_producers_are_not_enough() -> None:
    states, last = [build_confirmations(6)], [0] * 6
    for slot in range(60):  # only four of six, where five are needed
        before, place = states[-1], slot % 4
        states.append(apply_eos_block(before, place, before.height - last[place] if last[place] else 0))
        last[place] = states[-1].height
    assert states[-1].irreversible == states[-1].proposed == 0


def test_bitshares_asks_that_seventy_percent_have_built_upon_a_block() -> None:
    state = build_confirmations(10)
    for place in range(6):
        state = apply_bitshares_block(state, place)
    assert state.irreversible == 0  # the fourth lowest of ten last blocks
    assert apply_bitshares_block(state, 6).irreversible == 1


# Rules ----------------------------------------------------------------------------------------------------------------


def test_what_a_producer_may_not_do_is_refused() -> None:
    simulation = run(start(), 400)
    rules, record = simulation.world.consensus.rules, simulation.world.tree.records[30]
    assert isinstance(rules, DelegatedRules)
    assert record.parent is not None
    parent, block = record.parent.state, record.block
    seal = decode(DelegatedSeal, block.header.consensus)
    rules.check(parent, block)

    def change(seal: DelegatedSeal, slot: int, producer_slot: int) -> Block:
        index = rules.get_turn(parent, producer_slot)
        header = msgspec.structs.replace(
            block.header, time_us=slot * 10 * SECOND, proposer=rules.keyring.validators[index].account
        )
        return sign_block(Block(header, block.transactions), seal, rules.keyring, index, SEAL_DOMAIN)

    slot, confirmed = seal.slot, seal.confirmed
    with pytest.raises(InvalidBlock, match="dpos/slot"):
        rules.check(parent, change(seal, slot + 1, slot))
    with pytest.raises(InvalidBlock, match="dpos/slot"):
        rules.check(parent, change(DelegatedSeal(slot - 1, confirmed), slot - 1, slot - 1))
    with pytest.raises(InvalidBlock, match="dpos/producer"):
        rules.check(parent, change(seal, slot, slot + 1))
    with pytest.raises(InvalidBlock, match="dpos/double-confirm"):
        rules.check(parent, change(DelegatedSeal(slot, confirmed + 1), slot, slot))
    forged = msgspec.structs.replace(block.header, consensus=encode(DelegatedSeal(slot, confirmed, bytes(64))))
    with pytest.raises(InvalidBlock, match="dpos/signature"):
        rules.check(parent, Block(forged, block.transactions))


def test_finality_is_told_by_the_rule_in_force() -> None:
    assert start().world.consensus.rules.finality is Finality.INSTANT
    setup = start("bitshares").world.consensus
    assert setup.rules.finality is Finality.DEPTH
    assert setup.depth == 15


# Trouble --------------------------------------------------------------------------------------------------------------


def check_safety(simulation: Simulation, before: BlockRecord) -> BlockRecord:
    """Fail unless what all nodes take as final lies on one branch, above what was final before; return the highest."""
    world = simulation.world
    finals = [world.view(NodeId(node)).get_finalized() for node in range(world.node_count)]
    top = max([before, *finals], key=lambda record: record.height)
    for record in (before, *finals):
        assert world.tree.get_ancestor(top, record.height) is record
    return top


def test_what_seventy_percent_made_irreversible_under_bitshares_is_undone_by_a_moving_partition() -> None:
    """No producer lies, and yet n01 and n02 are counted on both branches: that finality is one of depth."""
    changes = ("network.nodes=4", "network.topology=complete", "consensus.producers=4", "traffic.rate_per_s=0")
    simulation = start("bitshares", *changes, "nodes.stakes_coins=[40,30,20,10]")
    for node in (0, 1, 2):
        simulation.submit(StopNode(node))
    run(simulation, 300)  # n03 alone: a block every twelve seconds
    simulation.submit(Partition(((3,), (0, 1, 2))))
    for node in (0, 1, 2):
        simulation.submit(StartNode(node))
    run(simulation, 60)  # the others build upon each other: three of four
    first = simulation.world.view(2).get_finalized()
    assert first.height > 5
    simulation.submit(Heal())
    simulation.submit(Partition(((0,), (1, 2, 3))))
    run(simulation, 120)  # n01 and n02 hear of the longer branch and build upon it: three of four again
    second = simulation.world.view(2).get_finalized()
    assert second.height > first.height
    assert simulation.world.tree.get_fork_point(first, second) not in (first, second)
    assert not simulation.world.invalid_blocks
    assert compute_report(simulation)["finality"]["kind"] == "depth"


def test_a_copy_goes_on_in_the_same_way() -> None:
    simulation = run(start("bitshares"), 100)
    copy = simulation.copy()
    assert run(copy, 60).compute_digest() == run(simulation, 60).compute_digest()


@pytest.mark.parametrize("traitors", [3, 4, 5])
def test_more_than_a_third_can_make_two_branches_irreversible_and_is_convicted(traitors: int) -> None:
    """Ten producers, the honest ones half on either branch; traitors sign and confirm on both."""
    world = start("classroom", "network.nodes=10", "consensus.interval=1s", "traffic.rate_per_s=0").world
    rules, genesis = world.consensus.rules, world.tree.records[0]
    assert isinstance(rules, DelegatedRules)
    half = traitors + (10 - traitors) // 2
    sides = [{*range(traitors), *range(traitors, half)}, {*range(traitors), *range(half, 10)}]
    tips, last = [genesis, genesis], [dict.fromkeys(range(10), 0), dict.fromkeys(range(10), 0)]
    for slot in range(1, 80):
        for side, tip in enumerate(tips):
            index = rules.get_turn(tip.state, slot)
            if index in sides[side]:
                seal = DelegatedSeal(slot, tip.height - last[side][index] if last[side][index] else 0)
                later_us = slot * SECOND - tip.block.header.time_us - 1
                view = world.view(rules.keyring.validators[index].node)
                block = view.build_block(tip.hash, encode(seal), later_us=later_us)
                signed = sign_block(block, seal, rules.keyring, index, SEAL_DOMAIN)
                record = world.publish_block(view.node, signed)
                assert record is not None
                tips[side], last[side][index] = record, record.height
    irreversible = [tip.state.confirmations.irreversible for tip in tips]
    culprits = find_double_confirmers(*tips, genesis)
    assert all(irreversible) == (traitors > 3)  # 7 of 10 are needed on each side
    assert {rules.candidates[address] for address in culprits} == set(range(traitors))
    for one, other in culprits.values():
        assert one.block.header.proposer == other.block.header.proposer


@settings(max_examples=15, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    order=st.sampled_from(("fixed", "shuffled")),
    troubles=st.lists(
        st.tuples(st.sampled_from(("divide", "heal", "stop", "start", "lag")), st.integers(0, 9), st.integers(1, 60)),
        max_size=8,
    ),
)
def test_no_schedule_of_trouble_makes_two_conflicting_blocks_irreversible(
    seed: int, order: str, troubles: list[tuple[str, int, int]]
) -> None:
    changes = ("network.nodes=10", "consensus.interval=1s", f"consensus.order={order}", "traffic.rate_per_s=0")
    simulation, off = start("classroom", *changes, seed=seed), set[int]()
    top = simulation.world.tree.records[0]
    for kind, node, seconds in troubles:
        if kind == "divide" and 0 < node < 9:
            simulation.submit(Partition((tuple(range(node)),)))
        elif kind == "heal":
            simulation.submit(Heal())
        elif kind == "lag":
            simulation.submit(SetLag(node, seconds * 100_000))
        elif kind == "stop" and node not in off:
            simulation.submit(StopNode(node))
            off.add(node)
        elif kind == "start" and node in off:
            simulation.submit(StartNode(node))
            off.remove(node)
        run(simulation, seconds)
        top = check_safety(simulation, top)
    simulation.submit(Heal())
    for node in range(10):
        simulation.submit(SetLag(node, 0))
        if node in off:
            simulation.submit(StartNode(node))
    run(simulation, 150)
    assert check_safety(simulation, top).height > top.height + 30

"""Gasper in a network: slots and epochs, votes really signed, finality, slashing, validators who come and go.

``start`` builds the shipped ``classroom-pos``: twelve validators of 32 coins, slots of 6 s, 8 of them an epoch.
"""

from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest
from msgspec.structs import replace

from chain.consensus import registry
from chain.consensus.base import Agent, Effects, Publish, SetTimer, Setup, View
from chain.consensus.beacon_chain import get_proposer
from chain.consensus.block_tree import BlockRecord
from chain.consensus.casper_ffg import VOTE_DOMAIN, Attestation, Checkpoint, Vote
from chain.consensus.gasper import BLOCK_DOMAIN, GasperRules, Seal, get_vote_topic
from chain.consensus.proof_of_stake import GasperValidator, ProofOfStakeParameters, build, build_constants
from chain.consensus.stake_accounting import FAR_FUTURE_EPOCH
from chain.consensus.stake_operations import sign_exit
from chain.consensus.validators import Context
from chain.encoding import decode, encode
from chain.errors import CommandRefused, InvalidBlock, InvalidMessage, InvalidScenario
from chain.ledger.actions import Deposit, Exit
from chain.ledger.block import Block
from chain.ledger.context import StakeChange
from chain.scenario import apply_settings, load_scenario
from chain.scenario import build as build_simulation
from chain.simulation.commands import DepositStake, ExitValidator, Heal, Partition, StartNode, StopNode
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import COIN, SECOND, Address, NodeId, TimeUs

SLOT_US = 6 * SECOND
EPOCH_US = 8 * SLOT_US
FULL_MESH = ("network.topology=complete", "traffic.rate_per_s=0")


def start(*settings: str, name: str = "classroom-pos", seed: int = 5) -> Simulation:
    text = (files("chain") / f"scenarios/{name}.toml").read_text(encoding="utf-8")
    return build_simulation(apply_settings(load_scenario(text, name), [*FULL_MESH, *settings]), seed)


def run_epochs(simulation: Simulation, epochs: float) -> None:
    """Run on to the first moment of an epoch, counted from the start of the run, and a little further."""
    simulation.run_until(TimeUs(int(epochs * EPOCH_US) + 1))


def get_rules(simulation: Simulation) -> GasperRules:
    rules = simulation.world.consensus.rules
    assert isinstance(rules, GasperRules)
    return rules


def get_validator(simulation: Simulation, index: int) -> GasperValidator:
    agent = simulation.world.consensus.agents[NodeId(index)]
    assert isinstance(agent, GasperValidator)
    return agent


def get_row(simulation: Simulation, node: int = 0) -> tuple[int, int, int]:
    """Return (last whole epoch, justified, finalized) as a node sees it."""
    rules, view = get_rules(simulation), simulation.world.view(node)
    epoch = rules.get_epoch(rules.get_slot(view.now_us))
    known = rules.get_justification(view.get_head().state, epoch)
    return epoch - 1, known.justified.epoch, known.finalized.epoch


# Finality ------------------------------------------------------------------------------------------------------------


def test_on_the_happy_path_every_epoch_is_justified_at_its_end_and_the_one_before_final() -> None:
    simulation, rows = start(), []
    for epoch in range(3, 8):
        run_epochs(simulation, epoch)
        rows.append(get_row(simulation))
    assert rows == [(2, 2, 0), (3, 3, 2), (4, 4, 3), (5, 5, 4), (6, 6, 5)]


def test_mainnets_parameters_finalise_alike() -> None:
    simulation = start("consensus.slots_per_epoch=32", "consensus.interval=12s")
    simulation.run_until(TimeUs(4 * 32 * 12 * SECOND + 1))
    assert get_row(simulation) == (3, 3, 2)
    final = simulation.world.view(0).get_finalized()
    assert final.state.slot == 2 * 32  # the first block of epoch 2: the checkpoint


def test_classroom_runs_under_it_with_nothing_but_the_protocol_set() -> None:
    simulation = start("consensus.protocol=proof-of-stake", name="classroom")
    simulation.run_until(TimeUs(4 * 32 * 10 * SECOND))
    report = compute_report(simulation)
    assert report["blocks"]["canonical"] == 128
    assert report["finality"]["kind"] == "economic"
    assert report["finality"]["height"] == 64
    assert report["energy_kwh"] == pytest.approx(12 * 100 * 1280 / 3_600_000)


@pytest.mark.parametrize(("away", "is_final"), [(4, True), (5, False)])
def test_two_thirds_finalise_and_one_validator_fewer_never_does(away: int, is_final: bool) -> None:
    simulation = start("consensus.inactivity_quotient=0")  # mainnet's leak takes weeks to change the balances
    for node in range(away):
        simulation.submit(StopNode(node))
    run_epochs(simulation, 40)
    _, justified, finalized = get_row(simulation, 11)
    assert (justified > 30 and finalized > 30) if is_final else (justified, finalized) == (0, 0)


def test_the_inactivity_leak_brings_finality_back() -> None:
    """7 of 12 are too few, until the five that are away have lost so much that 7 · 32 is two thirds again."""
    simulation = start()
    for node in range(5):
        simulation.submit(StopNode(node))
    run_epochs(simulation, 20)
    assert get_row(simulation, 11)[1:] == (0, 0)
    state = simulation.world.view(11).get_head().state
    assert max(state.registry.scores[5:]) == 0 < min(state.registry.scores[:5])
    run_epochs(simulation, 120)
    _, _, finalized = get_row(simulation, 11)
    registry = simulation.world.view(11).get_head().state.registry
    assert finalized > 100
    assert sum(registry.balances[5:]) * 3 >= 2 * sum(registry.balances)
    for index in range(5):  # those away are ejected, or far down
        assert registry.balances[index] < 24 * COIN


def test_a_partition_halts_finality_and_healing_resumes_it() -> None:
    simulation = start("consensus.inactivity_quotient=0")
    run_epochs(simulation, 5)
    before = simulation.world.view(0).get_finalized()
    simulation.submit(Partition((tuple(range(6)),)))
    run_epochs(simulation, 15)
    heads = [simulation.world.view(node).get_head() for node in (0, 11)]
    assert heads[0] is not heads[1]
    assert simulation.world.view(0).get_finalized() is simulation.world.view(11).get_finalized()
    assert simulation.world.view(0).get_finalized().state.slot <= before.state.slot + 8
    simulation.submit(Heal())
    run_epochs(simulation, 19.5)
    assert simulation.world.view(0).get_head() is simulation.world.view(11).get_head()
    assert get_row(simulation)[2] >= 16
    assert not any(validator.is_slashed for validator in heads[0].state.registry.validators)  # nobody did wrong


# Duties --------------------------------------------------------------------------------------------------------------


def test_everybody_votes_once_an_epoch_as_soon_as_the_slots_block_is_there() -> None:
    simulation = start()
    run_epochs(simulation, 6)
    rules, tables = get_rules(simulation), simulation.world.messages
    records = tables.tallies[get_vote_topic(4)].records
    assert sorted(record.sender for record in records) == list(range(12))
    for record in records:
        slot_us = rules.get_start_us(record.message.vote.slot)
        assert slot_us <= record.published_us < slot_us + rules.due_us  # the proposer itself votes at once
        block = simulation.world.tree[record.message.vote.head]
        assert block.state.slot == record.message.vote.slot
        assert record.published_us == block.get_known_us(record.origin) or record.origin == block.origin


def test_without_a_block_a_committee_votes_at_a_third_of_the_slot_for_the_head_it_has() -> None:
    simulation = start()
    simulation.submit(StopNode(0))
    run_epochs(simulation, 8)
    rules, tree = get_rules(simulation), simulation.world.tree
    late = 0
    for epoch in range(8):
        for record in simulation.world.messages.tallies[get_vote_topic(epoch)].records:
            slot = record.message.vote.slot
            if slot and tree[record.message.vote.head].state.slot < slot:
                late += 1
                assert record.published_us == rules.get_start_us(slot) + rules.due_us
                assert get_proposer(tree[record.message.vote.head].state.duties, slot) == 0 or slot % 8 == 0
    assert late > 0


def test_proposers_are_the_chains_own_luck_in_proportion_to_stake() -> None:
    simulation = start("network.nodes=4", "nodes.stakes_coins=[10, 20, 30, 40]")
    slots = 1600
    simulation.run_until(TimeUs(slots * SLOT_US))
    shares = compute_report(simulation)["proposers"]
    for index, share in enumerate((0.1, 0.2, 0.3, 0.4)):
        deviation = (share * (1 - share) / slots) ** 0.5
        assert shares[f"n{index:02d}"] == pytest.approx(share, abs=4 * deviation)
    other = start("network.nodes=4", "nodes.stakes_coins=[10, 20, 30, 40]", seed=6)
    other.run_until(TimeUs(64 * SLOT_US))
    first, second = ([r.origin for r in it.world.tree.records[1:65]] for it in (simulation, other))
    assert first != second  # other luck


def test_a_reveal_changes_the_randomness_of_two_epochs_later_only() -> None:
    simulation = start()
    run_epochs(simulation, 2)
    rules, state = get_rules(simulation), simulation.world.view(0).get_head().state
    other = replace(state, mixes=(*state.mixes[:2], bytes(32)))
    for epoch, is_same in ((state.epoch + 1, True), (state.epoch + 2, False)):
        ours, theirs = (
            rules.get_state(replace(it, block=bytes([n] * 32)), epoch) for n, it in enumerate((state, other))
        )
        assert (ours.duties.committees == theirs.duties.committees) is is_same


# What is refused -----------------------------------------------------------------------------------------------------


@pytest.fixture
def proposal() -> tuple[Simulation, BlockRecord, Block]:
    """A run in the middle of epoch 3, its head, and a good block on it for the next slot, not yet published."""
    simulation = start()
    run_epochs(simulation, 3.5)
    simulation.run_until(TimeUs(simulation.now_us + SLOT_US // 2))
    rules, head = get_rules(simulation), simulation.world.view(0).get_head()
    slot = head.state.slot + 1
    agent = get_validator(simulation, get_proposer(head.state.duties, slot))
    view = simulation.world.view(agent.index, rules.get_start_us(slot))
    return simulation, head, agent.build_proposal(view, head, head.state, slot)


def reseal(simulation: Simulation, block: Block, signer: int | None = None, **changes: Any) -> Block:
    """Return the block with another seal, signed by its proposer or by another validator."""
    seal = replace(decode(Seal, block.header.consensus), signature=b"", **changes)
    unsigned = replace(block.header, consensus=encode(seal))
    index = seal.proposer if signer is None else signer
    signature = get_rules(simulation).keyring.sign(index, BLOCK_DOMAIN, unsigned.hash)
    return Block(replace(unsigned, consensus=encode(replace(seal, signature=signature))), block.transactions)


Proposal = tuple[Simulation, BlockRecord, Block]


def test_a_good_block_is_accepted_and_counts_the_votes_it_carries(proposal: Proposal) -> None:
    simulation, head, block = proposal
    rules, seal = get_rules(simulation), decode(Seal, block.header.consensus)
    rules.check(head.state, block)
    rules.check(head.state, reseal(simulation, block))
    assert seal.attestations
    after = rules.apply(head.state, block)
    for attestation in seal.attestations:
        assert not head.state.flags[attestation.validator]
        assert after.flags[attestation.validator] == 7  # source, target and head, all in time
    assert after.mixes[2] != head.state.mixes[2]
    assert after.registry.balances[seal.proposer] > head.state.registry.balances[seal.proposer]


def test_each_rule_refuses_what_breaks_it(proposal: Proposal) -> None:
    simulation, head, block = proposal
    rules, seal = get_rules(simulation), decode(Seal, block.header.consensus)
    others = [index for index in range(12) if index != seal.proposer]
    vote = seal.attestations[0]
    unsigned = replace(seal, signature=bytes(64))
    bad = {
        "slot": [
            reseal(simulation, block, slot=seal.slot + 1),
            Block(replace(block.header, time_us=block.header.time_us + SLOT_US)),
        ],
        "proposer": [reseal(simulation, block, proposer=others[0])],
        "signature": [
            reseal(simulation, block, signer=others[0]),
            Block(replace(block.header, consensus=encode(unsigned))),
            Block(replace(block.header, gas_used=1)),  # the signature covers the whole header
        ],
        "reveal": [reseal(simulation, block, reveal=bytes(64)), reseal(simulation, block, reveal=vote.signature)],
        "attestation": [
            reseal(simulation, block, attestations=(replace(vote, signature=bytes(64)),)),
            reseal(simulation, block, attestations=(replace(vote, validator=99),)),
            reseal(simulation, block, attestations=(replace(vote, vote=replace(vote.vote, slot=seal.slot)),)),
            reseal(simulation, block, attestations=(replace(vote, vote=replace(vote.vote, slot=1)),)),
            reseal(simulation, block, attestations=(replace(vote, vote=replace(vote.vote, source=vote.vote.target)),)),
        ],
    }
    for rule, blocks in bad.items():
        for number, one in enumerate(blocks):
            with pytest.raises(InvalidBlock) as refusal:
                rules.check(head.state, one)
            assert refusal.value.rule == f"proof-of-stake/{rule}", (rule, number)


def test_a_vote_counts_once(proposal: Proposal) -> None:
    simulation, head, block = proposal
    rules, attestations = get_rules(simulation), decode(Seal, block.header.consensus).attestations
    after = rules.apply(head.state, block)
    for attestation in attestations:
        with pytest.raises(InvalidBlock, match="counts for nothing new"):
            rules.check_attestation(after, after.slot + 1, attestation)


def test_a_slot_has_one_block_on_a_branch(proposal: Proposal) -> None:
    simulation, head, block = proposal
    rules = get_rules(simulation)
    after = rules.apply(head.state, block)
    with pytest.raises(InvalidBlock, match="proof-of-stake/slot"):
        rules.check(after, block)


def test_messages_must_be_signed_by_whom_they_name() -> None:
    simulation = start()
    rules, view = get_rules(simulation), simulation.world.view(0)
    here = Checkpoint(2, bytes(32))
    vote = Vote(16, bytes(32), Checkpoint(1, bytes(32)), here)
    good = Attestation(4, vote, rules.keyring.sign(4, VOTE_DOMAIN, encode(vote)))
    for message in (good, sign_exit(4, 9, rules.keyring)):
        rules.check_message(view, message)
        with pytest.raises(InvalidMessage, match="not signed by validator 5"):
            rules.check_message(view, replace(message, validator=5))
    odd = replace(vote, slot=15)  # a slot of epoch 1
    with pytest.raises(InvalidMessage, match="proof-of-stake/message"):
        rules.check_message(view, Attestation(4, odd, rules.keyring.sign(4, VOTE_DOMAIN, encode(odd))))
    with pytest.raises(InvalidMessage, match="consensus/message"):
        rules.check_message(view, "hello")


# Slashing ------------------------------------------------------------------------------------------------------------


def test_a_double_vote_is_slashed_by_the_next_proposer_who_knows_both() -> None:
    simulation = start()
    run_epochs(simulation, 4.2)
    view, agent = simulation.world.view(3), get_validator(simulation, 3)
    state = get_rules(simulation).get_state(view.get_head().state, 4)
    slot = state.duties.slots[3]
    target = Checkpoint(4, state.get_root(32))
    for head in (view.get_head().hash, state.get_root(30)):
        vote = Vote(slot, head, state.justification.justified, target)
        simulation.world.apply_effects(NodeId(3), [agent.build_vote(vote)])
    run_epochs(simulation, 6)
    registry = simulation.world.view(0).get_head().state.registry
    assert [index for index, validator in enumerate(registry.validators) if validator.is_slashed] == [3]
    assert registry.validators[3].exit_epoch == 4 + 1 + 4
    run_epochs(simulation, 10)
    head = simulation.world.view(0).get_head()
    assert 3 not in head.state.duties.active
    carried = [s for s in map(read_seal, iter_branch(head)) if s.slashed_votes or s.slashed_proposals]
    assert len(carried) == 1  # once


def read_seal(record: BlockRecord) -> Seal:
    return decode(Seal, record.block.header.consensus)


def iter_branch(head: BlockRecord) -> list[BlockRecord]:
    branch = []
    while head.parent is not None:
        branch.append(head)
        head = head.parent
    return branch


def test_a_vote_that_surrounds_an_earlier_one_is_slashed() -> None:
    simulation = start()
    run_epochs(simulation, 6.2)
    view, agent = simulation.world.view(3), get_validator(simulation, 3)
    state = get_rules(simulation).get_state(view.get_head().state, 6)
    source, target = Checkpoint(2, state.roots[0][1]), Checkpoint(6, state.get_root(48))
    wide = Vote(state.duties.slots[3], view.get_head().hash, source, target)  # its vote of epoch 5 had source 4
    simulation.world.apply_effects(NodeId(3), [agent.build_vote(wide)])
    run_epochs(simulation, 8)
    assert simulation.world.view(0).get_head().state.registry.validators[3].is_slashed


def test_two_blocks_for_one_slot_cost_their_proposer_its_place() -> None:
    simulation = start()
    run_epochs(simulation, 4)
    simulation.run_until(TimeUs(simulation.now_us + SLOT_US))
    head = simulation.world.view(0).get_head()
    agent, parent = get_validator(simulation, head.state.proposer), head.parent
    assert parent is not None
    view = simulation.world.view(agent.index, TimeUs(head.published_us + 1))
    state = get_rules(simulation).get_state(parent.state, head.state.epoch)
    twin = agent.build_proposal(view, parent, state, head.state.slot)
    assert twin.hash != head.hash
    simulation.world.apply_effects(NodeId(agent.index), [Publish(twin)])
    run_epochs(simulation, 5.5)
    registry = simulation.world.view(0).get_head().state.registry
    assert [index for index, validator in enumerate(registry.validators) if validator.is_slashed] == [agent.index]


def test_evidence_that_proves_nothing_is_refused(proposal: Proposal) -> None:
    simulation, head, block = proposal
    one = decode(Seal, block.header.consensus).attestations[0]
    earlier = [it for it in simulation.world.view(0).get_messages(get_vote_topic(2)) if it.validator == one.validator]
    unsigned = replace(one, vote=replace(one.vote, slot=one.vote.slot + 1))
    header = head.block.header
    for changes in (
        {"slashed_votes": ((one, one),)},
        {"slashed_votes": ((one, earlier[0]),)},
        {"slashed_votes": ((one, unsigned),)},
        {"slashed_proposals": ((header, header),)},
        {"slashed_proposals": ((header, replace(header, gas_used=7)),)},
    ):
        with pytest.raises(InvalidBlock, match="proof-of-stake/slashing"):
            get_rules(simulation).check(head.state, reseal(simulation, block, **changes))


# Coming and going ----------------------------------------------------------------------------------------------------


def test_a_deposit_makes_a_validator_after_finality_and_the_queue() -> None:
    simulation = start("nodes.stakes_coins=[32, 32, 32, 32, 32, 32, 32, 32]", "network.nodes=10")
    run_epochs(simulation, 3.2)
    simulation.submit(DepositStake(9, 32 * COIN))
    run_epochs(simulation, 6)
    validator = simulation.world.view(0).get_head().state.registry.validators[9]
    assert validator.eligibility_epoch == 5  # seen in epoch 3, effective at its end, eligible at the next
    assert validator.activation_epoch == FAR_FUTURE_EPOCH
    run_epochs(simulation, 16)
    state = simulation.world.view(0).get_head().state
    assert state.duties.active == (0, 1, 2, 3, 4, 5, 6, 7, 9)
    assert state.owners[9] == simulation.world.faucet.address  # it paid
    assert any(message.validator == 9 for message in simulation.world.view(0).get_messages(get_vote_topic(15)))


def test_who_leaves_goes_on_until_the_queue_lets_it_out() -> None:
    simulation = start()
    run_epochs(simulation, 2.2)
    simulation.submit(ExitValidator(4))
    run_epochs(simulation, 3.9)
    assert simulation.world.view(0).get_head().state.registry.validators[4].exit_epoch == FAR_FUTURE_EPOCH
    run_epochs(simulation, 5)  # least_service_epochs is 4 here
    validator = simulation.world.view(0).get_head().state.registry.validators[4]
    assert validator.exit_epoch == 4 + 1 + 4
    assert validator.withdrawable_epoch == validator.exit_epoch + 16
    run_epochs(simulation, 11)
    votes = [simulation.world.view(0).get_messages(get_vote_topic(epoch)) for epoch in range(5, 11)]
    voted = [any(it.validator == 4 for it in those) for those in votes]
    assert voted == [True] * 4 + [False] * 2
    assert get_row(simulation)[2] == 9


def test_commands_for_stake_are_refused_where_there_is_none() -> None:
    mining = start(name="classroom")
    for command in (DepositStake(3, COIN), ExitValidator(3)):
        with pytest.raises(CommandRefused, match="command/stake"):
            mining.submit(command)
    with pytest.raises(CommandRefused, match="command/stake"):
        start().submit(DepositStake(3, 0))


def test_exits_are_counted_once_and_checked(proposal: Proposal) -> None:
    simulation, head, block = proposal
    rules = get_rules(simulation)
    early = sign_exit(4, 0, rules.keyring)  # epoch 3; a validator stays for four
    with pytest.raises(InvalidBlock, match="may ask to leave from epoch 4 on"):
        rules.check(head.state, reseal(simulation, block, exits=(early,)))
    later = replace(head.state, registry=replace(head.state.registry, validators=tuple(
        replace(it, activation_epoch=-9) for it in head.state.registry.validators)))  # fmt: skip
    good = reseal(simulation, block, exits=(early,))
    rules.check(later, good)
    assert rules.apply(later, good).registry.validators[4].exit_epoch == 3 + 1 + 4
    for exits, match in (
        ((early, early), "leaves already"),
        ((replace(early, validator=5),), "not signed by validator 5"),
        ((replace(early, validator=77),), "there is no validator 77"),
    ):
        with pytest.raises(InvalidBlock, match=match):
            rules.check(later, reseal(simulation, block, exits=exits))


def test_what_transactions_ask_for_changes_the_registry(proposal: Proposal) -> None:
    simulation, head, block = proposal
    rules, accounts = get_rules(simulation), simulation.world.tables.proposers
    friend, stranger = Address(b"f" * 20), Address(b"s" * 20)
    before = replace(
        head.state,
        owners=tuple(friend if index == 6 else owner for index, owner in enumerate(head.state.owners)),
        registry=replace(head.state.registry, validators=tuple(
            replace(it, activation_epoch=-9) for it in head.state.registry.validators)),
    )  # fmt: skip
    changes = (
        StakeChange(stranger, Deposit(3 * COIN, accounts[4])),
        StakeChange(stranger, Exit(accounts[4])),  # has added to its stake, but it is not his
        StakeChange(accounts[5], Exit(accounts[5])),
        StakeChange(friend, Exit(accounts[6])),
        StakeChange(friend, Deposit(COIN, stranger)),  # is no validator: lost
    )
    after = rules.apply(before, block, changes)
    assert after.registry.balances[4] - rules.apply(before, block).registry.balances[4] == 3 * COIN
    assert after.owners == before.owners
    leaving = [i for i, it in enumerate(after.registry.validators) if it.exit_epoch != FAR_FUTURE_EPOCH]
    assert leaving == [5, 6]


def test_the_withdrawable_are_paid_out_to_whom_the_stake_belongs() -> None:
    """32 coins of the faucet come, stay, leave and come back with what they have earned; the ledger's books balance."""
    stakes = "nodes.stakes_coins=[32, 32, 32, 32, 32, 32, 32, 32]"
    simulation = start(stakes, "network.nodes=10", "consensus.withdrawability_delay_epochs=2", "traffic.rate_per_s=0")
    world = simulation.world

    def get_balance() -> int:
        return world.view(0).get_account_state().get_account(world.faucet.address).balance

    rich = get_balance()
    run_epochs(simulation, 0.2)
    simulation.submit(DepositStake(9, 32 * COIN))
    run_epochs(simulation, 1.2)
    assert rich - 33 * COIN < get_balance() < rich - 32 * COIN
    run_epochs(simulation, 20)
    simulation.submit(ExitValidator(9))
    run_epochs(simulation, 40)
    state = world.view(0).get_head().state
    assert state.registry.validators[9].withdrawable_epoch <= state.epoch
    assert state.registry.balances[9] == 0
    assert get_balance() > rich - COIN  # with rewards, less fees
    paid = [reward for record in world.tree.records for reward in world.ledger.execution(record.hash).rewards]
    assert [reward.address for reward in paid] == [world.faucet.address]
    assert paid[0].amount > 32 * COIN


# Fork choice in the network ------------------------------------------------------------------------------------------


class Withholder(GasperValidator):
    """Makes its blocks in time, and publishes them in the next slot, right after the next proposer's."""

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if name == "release":
            return [Publish(self.withheld)]
        effects = list(super().on_timer(view, name, data))
        for effect in effects:
            if isinstance(effect, Publish):
                self.withheld = effect.block
        kept = [effect for effect in effects if not isinstance(effect, Publish)]
        if len(kept) < len(effects):
            kept.append(SetTimer("release", TimeUs(view.now_us + SLOT_US + SECOND)))
        return kept


def build_with(agents: dict[int, type[GasperValidator]]) -> Callable[[ProofOfStakeParameters, Context], Setup[Any]]:
    def build_some(parameters: ProofOfStakeParameters, context: Context) -> Setup[Any]:
        setup = build(parameters, context)
        for index, kind in agents.items():
            setup.agents[NodeId(index)] = kind(setup.rules, index, 0)
        return setup

    return build_some


def test_a_timely_block_is_boosted_over_one_that_was_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody saw the withheld block in its slot, so nobody voted for it; the boost decides before votes can."""
    kinds = dict.fromkeys((1, 2, 3), Withholder)
    entry = registry.ProtocolEntry(ProofOfStakeParameters, build_with(kinds))
    monkeypatch.setitem(registry.PROTOCOLS, "proof-of-stake", entry)
    simulation, contests = start(), 0
    for slot in range(1, 160):
        simulation.run_until(TimeUs(slot * SLOT_US + SECOND + SECOND // 2))
        tips = [r for r in simulation.world.tree.records[-3:] if r.state.slot == slot]
        late = [r for r in simulation.world.tree.records[-3:] if r.state.slot == slot - 1 and r.origin in kinds]
        if tips and late and tips[0].parent is late[0].parent:
            contests += 1
            known = [node for node in range(12) if late[0].get_known_us(NodeId(node)) <= simulation.now_us]
            assert known
            for node in known:
                assert simulation.world.view(node).get_head() is tips[0]
    assert contests > 5


class Late(GasperValidator):
    """Publishes its blocks when most of the slot is over, and the votes for it are cast."""

    def on_timer(self, view: View, name: str, data: int) -> Effects:
        if name == "release":
            return [Publish(self.late)]
        effects = list(super().on_timer(view, name, data))
        kept = [effect for effect in effects if not isinstance(effect, Publish)]
        if len(kept) < len(effects):
            (self.late,) = [effect.block for effect in effects if isinstance(effect, Publish)]
            kept.append(SetTimer("release", TimeUs(view.now_us + SLOT_US * 6 // 10)))
        return kept


def test_a_late_block_is_reorged_by_the_next_proposer_but_not_at_the_start_of_an_epoch(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """get_proposer_head: late, weak, on a strong parent. Without two timely slots before it stays where it is."""
    kinds = dict.fromkeys((1, 2), Late)
    entry = registry.ProtocolEntry(ProofOfStakeParameters, build_with(kinds))
    monkeypatch.setitem(registry.PROTOCOLS, "proof-of-stake", entry)
    simulation, reorged, kept = start("network.topology=complete"), 0, 0
    run_epochs(simulation, 40)
    by_slot = {record.state.slot: record for record in simulation.world.tree.records}
    branch = {record.hash for record in simulation.world.tree.iter_branch(simulation.world.get_canonical())}
    for slot, late in by_slot.items():
        following = by_slot.get(slot + 1)
        if late.origin not in kinds or following is None or following.origin in kinds or slot < 64:
            continue
        if late.hash in branch:
            kept += (slot + 1) % 8 == 0
            assert following.parent is late
        else:
            reorged += following.parent is late.parent
            assert (slot + 1) % 8  # duties could change there
    assert reorged > 10
    assert kept > 0


def test_heads_and_finality_of_the_past_do_not_change() -> None:
    simulation = start()
    moments, seen = [TimeUs(number * EPOCH_US // 3) for number in range(1, 25)], []
    for moment in moments:
        simulation.run_until(moment)
        views = [simulation.world.view(node) for node in (0, 7)]
        seen.append([(view.get_head().hash, view.get_finalized().hash) for view in views])
    simulation.run_until(TimeUs(12 * EPOCH_US))
    for moment, before in zip(moments, seen, strict=True):
        views = [simulation.world.view(node, moment) for node in (0, 7)]
        assert [(view.get_head().hash, view.get_finalized().hash) for view in views] == before


def test_a_copied_run_goes_on_alike_and_on_its_own() -> None:
    simulation = start()
    run_epochs(simulation, 3.3)
    copy, cut = simulation.copy(), simulation.copy()
    cut.submit(StopNode(2))
    for run in (cut, copy, simulation):
        run_epochs(run, 6)
    assert copy.compute_digest() == simulation.compute_digest() != cut.compute_digest()


def test_a_node_that_was_away_catches_up_and_votes_again() -> None:
    simulation = start()
    simulation.submit(StopNode(6))
    run_epochs(simulation, 5)
    simulation.submit(StartNode(6))
    run_epochs(simulation, 8)
    assert simulation.world.view(6).get_head() is simulation.world.view(0).get_head()
    assert any(it.validator == 6 for it in simulation.world.view(0).get_messages(get_vote_topic(7)))
    agents: dict[NodeId, Agent] = simulation.world.consensus.agents
    hours = [agents[NodeId(node)].compute_energy_joules(simulation.now_us) / 100 / 3600 for node in (0, 6)]
    assert hours[1] == pytest.approx(hours[0] * 3 / 8, rel=0.01)


# Parameters ----------------------------------------------------------------------------------------------------------


def test_stakes_of_genesis_all_count() -> None:
    small = build_constants(ProofOfStakeParameters(), (COIN, 4 * COIN, 0, 5000 * COIN))
    assert (small.activation_balance, small.ejection_balance) == (COIN, COIN // 2)
    assert small.max_effective_balance == 5000 * COIN
    usual = build_constants(ProofOfStakeParameters(), (32 * COIN, 40 * COIN))
    assert (usual.activation_balance, usual.ejection_balance) == (32 * COIN, 16 * COIN)
    assert usual.max_effective_balance == 2048 * COIN


def test_a_network_without_any_stake_is_refused() -> None:
    with pytest.raises(InvalidScenario, match=r"nodes\.stake_coins"):
        start("nodes.stake_coins=0")
    with pytest.raises(InvalidScenario, match=r"consensus\.interval"):
        start("consensus.interval=0s")

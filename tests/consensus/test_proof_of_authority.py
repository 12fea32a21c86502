"""Clique: the scenarios of EIP-225, every rule, heads of equal difficulty, votes of people, and what partitions do."""

import json
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.consensus.proof_of_authority import (
    NOBODY,
    NONCE_AUTH,
    NONCE_DROP,
    SEAL_DOMAIN,
    CliqueRules,
    CliqueSeal,
    CliqueState,
    ProofOfAuthorityParameters,
    Snapshot,
    apply_vote,
    build,
)
from chain.consensus.signed_seal import sign_block
from chain.consensus.validators import Context, build_keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock, InvalidEncoding, InvalidScenario
from chain.ledger.block import Block, set_nonce
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.scenario import apply_settings, load_scenario
from chain.scenario import build as build_simulation
from chain.simulation.commands import (
    Heal,
    Partition,
    ProposeSigner,
    StartNode,
    StopNode,
    WithdrawProposal,
)
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import HOUR, MILLISECOND, MINUTE, SECOND, Address, NodeId, Span, TimeUs

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "clique_eip225.json").read_text(encoding="utf-8"))
SCENARIOS = [pytest.param(scenario, id=scenario["name"][:60]) for scenario in VECTORS["scenarios"]]
PERIOD = 15 * SECOND
NAMES = "ABCDEFGH"


def name_account(name: str) -> Address:
    return Address(name.encode() * 20)


ACCOUNTS = tuple(name_account(name) for name in NAMES)
CONTEXT = Context(7, len(NAMES), {}, (1,) * len(NAMES), ACCOUNTS)
KEYRING = build_keyring(CONTEXT, [NodeId(node) for node in range(len(NAMES))], [1] * len(NAMES))


def read_block(text: str) -> tuple[Address, Address, bool, tuple[Address, ...]]:
    """Return signer, account voted on, whether to add it, and the checkpoint's list of a block such as ``A+C``."""
    signer, mark, rest = text[0], text[1:2], text[2:]
    if mark == "!":
        return name_account(signer), NOBODY, False, tuple(map(name_account, rest))
    return name_account(signer), name_account(rest) if mark else NOBODY, mark == "+", ()


# EIP-225, Test Cases --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenarios_of_eip_225_on_the_snapshot_alone(scenario: dict[str, Any]) -> None:
    snapshot = Snapshot(0, tuple(map(name_account, scenario["signers"])))
    blocks = [read_block(text) for text in scenario["blocks"].split() if text != "|"]

    def run() -> Snapshot:
        after = snapshot
        for signer, beneficiary, authorize, _ in blocks:
            after = apply_vote(after, signer, beneficiary, authorize, scenario.get("epoch", 30_000))
        return after

    if "failure" in scenario:
        with pytest.raises(InvalidBlock, match=scenario["failure"]):
            run()
    else:
        assert run().signers == tuple(map(name_account, scenario["results"]))


class Chain:
    """A branch of real, signed blocks under Clique."""

    def __init__(self, signers: str, **parameters: Any) -> None:
        self.rules = CliqueRules(ProofOfAuthorityParameters(**parameters), KEYRING, list(map(name_account, signers)))
        self.ledger = Ledger(LedgerParameters(), {})
        self.head = self.ledger.genesis
        self.state = self.rules.genesis(self.head)

    def write(self, text: str, **changes: Any) -> Block:
        """Return the next block, signed by whom the text names, with changes to its seal."""
        signer, beneficiary, authorize, listed = read_block(text)
        snapshot = self.state.snapshot
        difficulty = snapshot.get_difficulty(signer) if signer in snapshot.signers else 1
        seal = msgspec.structs.replace(CliqueSeal(difficulty, beneficiary, listed), **changes)
        time_us = self.state.time_us + PERIOD
        block = self.ledger.build_block(self.head.hash, signer, time_us, (), encode(seal))
        return self.sign(set_nonce(block, NONCE_AUTH if authorize else NONCE_DROP), seal)

    def sign(self, block: Block, seal: CliqueSeal, key: str = "") -> Block:
        index = NAMES.index(key) if key else ACCOUNTS.index(block.header.proposer)
        return sign_block(block, seal, KEYRING, index, SEAL_DOMAIN)

    def add(self, block: Block) -> None:
        self.rules.check(self.state, block)
        self.ledger.add(block)
        self.state, self.head = self.rules.apply(self.state, block), block

    def extend(self, texts: str) -> "Chain":
        for text in texts.split():
            if text != "|":
                self.add(self.write(text))
        return self


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenarios_of_eip_225_as_chains_of_signed_blocks(scenario: dict[str, Any]) -> None:
    chain = Chain(scenario["signers"], epoch_blocks=scenario.get("epoch", 30_000))
    if "failure" in scenario:
        with pytest.raises(InvalidBlock, match=scenario["failure"]):
            chain.extend(scenario["blocks"])
    else:
        chain.extend(scenario["blocks"])
        assert chain.state.snapshot.signers == tuple(map(name_account, scenario["results"]))


class Oracle:
    """Votes as go-ethereum keeps them: a list, and beside it a tally that is counted up and down."""

    def __init__(self, signers: str) -> None:
        self.signers, self.number = set(signers), 0
        self.votes: list[tuple[str, str, bool]] = []
        self.tally: dict[str, list[Any]] = {}

    def uncast(self, target: str, authorize: bool) -> None:
        if target in self.tally and self.tally[target][0] == authorize:
            self.tally[target][1] -= 1
            if not self.tally[target][1]:
                del self.tally[target]

    def drop(self, *, voter: str = "", target: str = "") -> None:
        for vote in [v for v in self.votes if (not voter or v[0] == voter) and (not target or v[1] == target)]:
            self.uncast(*vote[1:])
            self.votes.remove(vote)

    def enter(self, signer: str, target: str, authorize: bool, epoch: int) -> None:
        self.number += 1
        if self.number % epoch == 0:
            self.votes, self.tally = [], {}
        self.drop(voter=signer, target=target)
        if (target in self.signers) != authorize:
            self.tally.setdefault(target, [authorize, 0])[1] += 1
            self.votes.append((signer, target, authorize))
        if target in self.tally and self.tally[target][1] > len(self.signers) // 2:
            if self.tally[target][0]:
                self.signers.add(target)
            else:
                self.signers.discard(target)
                self.drop(voter=target)
            self.votes = [vote for vote in self.votes if vote[1] != target]
            self.tally.pop(target, None)


@settings(max_examples=60)
@given(st.data(), st.integers(1, 8), st.integers(2, 40))
def test_votes_count_as_in_go_ethereum(data: st.DataObject, count: int, epoch: int) -> None:
    snapshot, oracle = Snapshot(0, ACCOUNTS[:count]), Oracle(NAMES[:count])
    for _ in range(40):
        able = [name for name in NAMES if snapshot.may_sign(name_account(name))]
        if not able:
            break
        signer, target = data.draw(st.sampled_from(able)), data.draw(st.sampled_from(NAMES))
        authorize = data.draw(st.booleans())
        snapshot = apply_vote(snapshot, name_account(signer), name_account(target), authorize, epoch)
        oracle.enter(signer, target, authorize, epoch)
        assert snapshot.signers == tuple(map(name_account, sorted(oracle.signers)))


# Rules ----------------------------------------------------------------------------------------------------------------


def test_signers_take_turns_by_height_and_sorted_account() -> None:
    chain = Chain("DBCA")
    assert chain.state.snapshot.signers == ACCOUNTS[:4]
    for height in range(1, 9):
        turns = [chain.state.snapshot.get_difficulty(account) for account in ACCOUNTS[:4]]
        assert turns == [2 if place == height % 4 else 1 for place in range(4)]
        chain.extend(NAMES[height % 4])
    assert chain.state.total_difficulty == 16


@pytest.mark.parametrize(("count", "limit"), [(1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (12, 7), (21, 11)])
def test_of_signer_limit_consecutive_blocks_a_signer_signs_one(count: int, limit: int) -> None:
    accounts = tuple(Address(bytes([number]) * 20) for number in range(1, count + 1))
    snapshot = Snapshot(0, accounts)
    assert snapshot.signer_limit == limit
    for height in range(1, limit + 1):
        snapshot = apply_vote(snapshot, accounts[height - 1], NOBODY, False, 30_000)
        assert snapshot.may_sign(accounts[0]) == (height == limit)


def change_header(chain: Chain, text: str, key: str = "", **changes: Any) -> Block:
    """Return the next block with other fields in its header, signed after the change."""
    block = chain.write(text)
    changed = Block(msgspec.structs.replace(block.header, **changes), block.transactions)
    return chain.sign(changed, decode(CliqueSeal, block.header.consensus), key)


INVALID: list[tuple[str, str, str, Callable[[Chain], Block]]] = [
    ("clique/signer", "", "is none of the 3 signers", lambda c: c.write("D")),
    ("clique/recently-signed", "B", "block 1 may sign again from block 3 on, not 2", lambda c: c.write("B")),
    ("clique/difficulty", "", "difficulty 1; the signer's turn asks 2", lambda c: c.write("B", difficulty=1)),
    ("clique/difficulty", "", "difficulty 2; the signer's turn asks 1", lambda c: c.write("A", difficulty=2)),
    ("clique/period", "", "14999999 µs after its parent", lambda c: change_header(c, "B", time_us=PERIOD - 1)),
    ("clique/vote", "", "is neither ffffffffffffffff", lambda c: change_header(c, "B", nonce=b"\1" * 8)),
    ("clique/extra-signers", "", "3 signers listed in block 1", lambda c: c.write("B!ABC")),
    ("clique/checkpoint-signers", "B C A", "lists 0 signers, not the 3", lambda c: c.write("B")),
    ("clique/checkpoint-signers", "B C A", "lists 3 signers, not the 3", lambda c: c.write("B!BAC")),
    ("clique/checkpoint-vote", "B C A", "votes on 44444444", lambda c: c.write("B!ABC", beneficiary=ACCOUNTS[3])),
    ("clique/checkpoint-vote", "B C A", "nonce ffff", lambda c: change_header(c, "B!ABC", nonce=NONCE_AUTH)),
    ("clique/signature", "", "is no signature of this header by 4242", lambda c: change_header(c, "B", key="A")),
]


@pytest.mark.parametrize(("rule", "before", "message", "write"), INVALID)
def test_what_breaks_a_rule_is_refused(rule: str, before: str, message: str, write: Callable[[Chain], Block]) -> None:
    chain = Chain("ABC", epoch_blocks=4).extend(before)
    with pytest.raises(InvalidBlock) as refused:
        chain.rules.check(chain.state, write(chain))
    assert refused.value.rule == rule
    assert message in refused.value.message


def test_the_signature_covers_the_whole_header_and_the_hash_covers_the_signature() -> None:
    chain = Chain("ABC")
    good = chain.write("B+D")
    chain.rules.check(chain.state, good)
    seal = decode(CliqueSeal, good.header.consensus)
    others: dict[str, Any] = {"parent": bytes(32), "height": 9, "time_us": 9 * PERIOD, "state_root": bytes(32)}
    others |= {"transactions_root": b"\1" * 32, "receipts_root": b"\1" * 32, "gas_limit": 1, "gas_used": 1}
    others |= {"base_fee_per_gas": 1, "nonce": NONCE_DROP}
    others["consensus"] = encode(msgspec.structs.replace(seal, beneficiary=ACCOUNTS[4]))
    assert set(others) | {"proposer"} == {field.name for field in msgspec.structs.fields(good.header)}
    for field, value in others.items():
        bad = Block(msgspec.structs.replace(good.header, **{field: value}), good.transactions)
        with pytest.raises(InvalidBlock, match="clique/signature"):
            chain.rules.check(chain.state, bad)
    resealed = encode(msgspec.structs.replace(seal, signature=bytes(64)))
    assert Block(msgspec.structs.replace(good.header, consensus=resealed), good.transactions).hash != good.hash


def test_an_account_without_a_key_may_be_voted_in_but_never_signs() -> None:
    chain = Chain("A")
    stranger = Address(b"z" * 20)
    chain.add(chain.sign(set_nonce(chain.write("A"), NONCE_AUTH), CliqueSeal(2, stranger)))
    assert stranger in chain.state.snapshot.signers
    forged = msgspec.structs.replace(chain.write("A", difficulty=1).header, proposer=stranger)
    with pytest.raises(InvalidBlock, match=r"clique/(signature|difficulty)"):
        chain.rules.check(chain.state, Block(forged, ()))


def test_a_seal_that_cannot_be_read_is_refused() -> None:
    chain = Chain("ABC")
    block = chain.write("B")
    unreadable = Block(msgspec.structs.replace(block.header, consensus=b"\xc1"), ())
    with pytest.raises(InvalidEncoding):
        chain.rules.check(chain.state, unreadable)


# Heads of equal difficulty (EIP-3436) ---------------------------------------------------------------------------------


def test_the_first_halted_chain_of_eip_3436_goes_on_with_the_shorter_branch() -> None:
    """Validator 1 in order and 3 out of order, against 2, 4 and 6 out of order: 3 more difficulty each."""
    common = "B C D E F G H "  # eight validators A … H; the EIP's validator 1 is A, whose turn is height 8
    odd, even = Chain(NAMES).extend(common + "A C"), Chain(NAMES).extend(common + "B D F")
    assert odd.state.total_difficulty == even.state.total_difficulty == 17
    assert odd.rules.weight(odd.state) > even.rules.weight(even.state)


def test_the_second_halted_chain_of_eip_3436_prefers_the_smaller_turn() -> None:
    """Odd against even validators, all out of order; two blocks each, since F may not sign a third so soon."""
    odd, even = Chain(NAMES).extend("B C D E F G A C"), Chain(NAMES).extend("B C D E F G B D")
    assert odd.state.total_difficulty == even.state.total_difficulty == 14
    assert [odd.state.turn, even.state.turn] == [(8 - 2) % 8, (8 - 3) % 8]  # (Hn - Vi) % Vt of C and D at height 8
    assert even.rules.weight(even.state) > odd.rules.weight(odd.state)


STATES = st.builds(
    lambda height, difficulty, turn, digest: CliqueState(Snapshot(height, ()), TimeUs(0), difficulty, turn, digest),
    st.integers(0, 2**40), st.integers(0, 2**41), st.integers(0, 9_999), st.binary(min_size=32, max_size=32),
)  # fmt: skip


@given(STATES, STATES)
def test_heads_are_ordered_as_eip_3436_says(one: CliqueState, other: CliqueState) -> None:
    rules = Chain("A").rules
    ranks = [(-s.total_difficulty, s.snapshot.number, s.turn, s.hash) for s in (one, other)]
    assert (rules.weight(one) > rules.weight(other)) == (ranks[0] < ranks[1])


def test_without_eip_3436_only_difficulty_counts() -> None:
    chain = Chain("ABC", fork_choice="first-seen").extend("B C A")
    assert chain.rules.weight(chain.state) == 6


# Runs -----------------------------------------------------------------------------------------------------------------


def start(*sets: str, seed: int = 5) -> Simulation:
    text = (files("chain") / "scenarios/classroom.toml").read_text(encoding="utf-8")
    quiet = ["consensus.protocol=proof-of-authority", "traffic.rate_per_s=0"]
    return build_simulation(apply_settings(load_scenario(text, "classroom"), [*quiet, *sets]), seed)


def run(simulation: Simulation, until_us: int) -> None:
    simulation.run_until(TimeUs(until_us))


def get_heads(simulation: Simulation) -> set[bytes]:
    return {simulation.world.view(node).get_head().hash for node in range(simulation.world.node_count)}


def test_in_a_calm_network_everybody_signs_in_turn_and_on_time() -> None:
    simulation = start()
    run(simulation, HOUR)
    branch = list(simulation.world.tree.iter_branch(simulation.world.get_canonical()))[-2::-1]
    assert [record.block.header.time_us for record in branch] == [n * 10 * SECOND for n in range(1, 361)]
    assert branch[-1].state.total_difficulty == 2 * 360
    order = sorted(range(12), key=lambda node: simulation.world.tables.proposers[node])
    assert [record.origin for record in branch] == [order[height % 12] for height in range(1, 361)]
    assert not simulation.world.invalid_blocks
    report = compute_report(simulation)
    assert report["finality"] == {"kind": "depth", "height": 355, "lag_seconds_mean": 50.0}
    assert report["energy_kwh"] == pytest.approx(12 * 0.1)


def test_out_of_turn_signers_wait_up_to_half_a_second_for_each_signer() -> None:
    simulation = start()
    run(simulation, MINUTE)
    order = sorted(range(12), key=lambda node: simulation.world.tables.proposers[node])
    simulation.submit(StopNode(order[7]))
    run(simulation, 2 * HOUR)
    late = [
        record.block.header.time_us - record.parent.block.header.time_us - 10 * SECOND
        for record in simulation.world.tree.records[13:]
        if record.parent is not None and record.height % 12 == 7
    ]
    assert len(late) > 50
    assert 0 <= min(late) < 500 * MILLISECOND
    assert max(late) < 12 * 500 * MILLISECOND


def test_people_vote_a_signer_in_and_out_again() -> None:
    simulation = start("consensus.signers=3")
    accounts = simulation.world.tables.proposers

    def get_signers() -> list[int]:
        state = simulation.world.get_canonical().state
        return sorted(accounts.index(account) for account in state.snapshot.signers)

    run(simulation, MINUTE)
    assert get_signers() == [0, 1, 2]
    simulation.submit(ProposeSigner(0, 7, True))
    run(simulation, 5 * MINUTE)
    assert get_signers() == [0, 1, 2]  # one of two votes
    simulation.submit(ProposeSigner(1, 7, True))
    run(simulation, 10 * MINUTE)
    assert get_signers() == [0, 1, 2, 7]
    assert {record.origin for record in simulation.world.tree.records[-12:]} >= {7}
    for node in (0, 1):
        simulation.submit(WithdrawProposal(node, 7))
    for node in (0, 1, 2):
        simulation.submit(ProposeSigner(node, 7, False))
    run(simulation, 15 * MINUTE)
    assert get_signers() == [0, 1, 2]
    assert not simulation.world.invalid_blocks


def test_checkpoints_list_the_signers_and_end_pending_votes() -> None:
    simulation = start("consensus.signers=4", "consensus.epoch_blocks=10")
    simulation.submit(ProposeSigner(0, 9, True))
    run(simulation, 20 * MINUTE)
    branch = list(simulation.world.tree.iter_branch(simulation.world.get_canonical()))[-2::-1]
    for record in branch:
        seal = decode(CliqueSeal, record.block.header.consensus)
        assert len(seal.signers) == (4 if record.height % 10 == 0 else 0)
        if record.height % 10 == 0:
            assert record.state.snapshot.votes == ()
    assert any(record.state.snapshot.votes for record in branch)
    assert not simulation.world.invalid_blocks


def test_half_the_signers_cannot_go_on_alone_and_deep_blocks_revert_when_the_halves_meet() -> None:
    """Depth is no promise: each half calls a block final, and one of the two is undone."""
    simulation = start("consensus.confirmations=3", "network.topology=complete")
    run(simulation, 10 * MINUTE)
    common = simulation.world.get_canonical().height
    simulation.submit(Partition((tuple(range(6)), tuple(range(6, 12)))))
    run(simulation, 30 * MINUTE)
    views = [simulation.world.view(node) for node in (0, 11)]
    heads, finals = [view.get_head() for view in views], [view.get_finalized() for view in views]
    assert all(common < head.height <= common + 6 for head in heads)  # six signers, one block each
    assert len(get_heads(simulation)) == 2
    tree = simulation.world.tree
    assert tree.get_fork_point(*finals) not in finals  # two conflicting blocks, each final by depth
    simulation.submit(Heal())
    run(simulation, 40 * MINUTE)
    assert len(get_heads(simulation)) == 1
    head = simulation.world.get_canonical()
    assert head.height > common + 30  # it goes on: ties are settled by content, so nobody waits for ever
    assert sum(tree.get_ancestor(head, final.height) is final for final in finals) == 1


def test_a_majority_goes_on_and_the_others_follow_it() -> None:
    simulation = start("network.topology=complete")
    simulation.submit(Partition((tuple(range(8)), tuple(range(8, 12)))))
    run(simulation, 20 * MINUTE)
    big, small = (simulation.world.view(node).get_head() for node in (0, 11))
    assert big.height > 80
    assert small.height <= 4
    simulation.submit(Heal())
    run(simulation, 30 * MINUTE)
    assert len(get_heads(simulation)) == 1
    assert simulation.world.tree.get_ancestor(simulation.world.get_canonical(), big.height) is big


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.integers(0, 11), min_size=1, max_size=5, unique=True), st.booleans())
def test_after_any_crash_of_a_minority_and_any_partition_the_chain_goes_on(
    seed: int, stopped: list[int], is_split: bool
) -> None:
    simulation = start("network.topology=complete", seed=seed)
    for node in stopped:
        simulation.submit(StopNode(node))
    if is_split:
        simulation.submit(Partition((tuple(range(0, 12, 2)), tuple(range(1, 12, 2)))))
    run(simulation, 5 * MINUTE)
    for node in stopped[:2]:
        simulation.submit(StartNode(node))
    simulation.submit(Heal())
    run(simulation, 6 * MINUTE)
    before = simulation.world.get_canonical().height
    run(simulation, 11 * MINUTE)
    assert simulation.world.get_canonical().height >= before + 15
    final = {simulation.world.view(node).get_finalized().height for node in range(12) if node not in stopped[2:]}
    assert min(final) > before
    assert not simulation.world.invalid_blocks


def test_a_branch_of_a_run_goes_the_same_way() -> None:
    simulation = start("consensus.signers=5")
    simulation.submit(ProposeSigner(0, 8, True))
    run(simulation, 7 * MINUTE)
    other = simulation.copy()
    for one in (simulation, other):
        one.submit(ProposeSigner(1, 8, True))
        one.submit(ProposeSigner(2, 8, True))
        run(one, 20 * MINUTE)
    assert simulation.compute_digest() == other.compute_digest()


def test_nodes_without_stake_are_no_signers_and_may_become_some() -> None:
    accounts = ACCOUNTS[:4]
    setup = build(ProofOfAuthorityParameters(), Context(1, 4, {}, (5, 0, 5, 0), accounts))
    assert isinstance(setup.rules, CliqueRules)
    assert setup.rules.signers == (accounts[0], accounts[2])
    assert sorted(setup.agents) == [0, 1, 2, 3]


@pytest.mark.parametrize(("key", "value"), [("interval", Span(999)), ("wiggle", Span(-1))])
def test_what_no_chain_can_grow_from_is_refused(key: str, value: Span) -> None:
    with pytest.raises(InvalidScenario, match=f"consensus.{key}"):
        ProofOfAuthorityParameters(**{key: value})  # type: ignore[arg-type]

"""Aura: steps and primaries, score, finality by half of the signers, and why that is not for ever."""

from collections.abc import Callable
from importlib.resources import files

import pytest

from chain.consensus.aura import SEAL_DOMAIN, AuraRules, AuraSeal, AuraState, compute_score, count_unfinal
from chain.consensus.signed_seal import sign_block
from chain.consensus.validators import Context, build_keyring
from chain.encoding import decode, encode
from chain.errors import InvalidBlock
from chain.ledger.block import Block
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.scenario import apply_settings, build, load_scenario
from chain.simulation.commands import Heal, Partition, StartNode, StopNode
from chain.simulation.report import compute_report
from chain.simulation.simulation import Simulation
from chain.units import MINUTE, SECOND, Address, NodeId, TimeUs

STEP = 5 * SECOND
ACCOUNTS = tuple(Address(bytes([number]) * 20) for number in range(1, 8))
NODES = [NodeId(node) for node in range(4)]
KEYRING = build_keyring(Context(3, 4, {}, (1,) * 4, ACCOUNTS[:4]), NODES, [1] * 4)


# Score and finality (OpenEthereum) ------------------------------------------------------------------------------------


def test_the_score_prefers_length_and_then_the_earlier_last_step() -> None:
    def total(*steps: int) -> int:
        return sum(compute_score(parent, step) for parent, step in zip((0, *steps), steps, strict=False))

    assert total(3) == 2**128 - 1 - 3
    assert total(1, 2, 9) > total(1, 2)
    assert total(1, 4, 6) == total(2, 3, 6) > total(1, 2, 7)


@pytest.mark.parametrize(
    ("total", "signers", "is_two_thirds", "unfinal"),
    [
        (6, [0, 1, 2, 0, 1, 2], False, None),  # finality.rs, finalize_multiple: three of six are not enough,
        (6, [0, 1, 2, 0, 1, 2, 4], False, 3),  # with a fourth signer the first four blocks of seven are final
        (6, [0, 1, 2, 3, 4, 5] * 2, False, 3),  # from_ancestry: three blocks of twelve are not final
        (7, [0, 1, 2, 3] * 2, True, None),  # finalize_multiple_2_3
        (7, [0, 1, 2, 3, 0, 1, 2, 3, 4], True, 4),
        (6, [0, 1, 2, 3, 4, 5] * 2, True, 4),  # from_ancestry_2_3
        (1, [0], False, 0),
        (2, [0], False, None),  # exactly half is not more than half
        (3, [0, 1], True, None),  # exactly two thirds is not more either
    ],
)
def test_rolling_finality_as_openethereum_tests_it(
    total: int, signers: list[int], is_two_thirds: bool, unfinal: int | None
) -> None:
    latest_first = [ACCOUNTS[index] for index in reversed(signers)]
    assert count_unfinal(latest_first, total, is_two_thirds) == unfinal


# Rules ----------------------------------------------------------------------------------------------------------------


def write(
    rules: AuraRules, ledger: Ledger, parent_step: int, step: int, signer: int, key: int, named: int = 0
) -> Block:
    """Return a signed block of a step, or one that names another step than that of its time."""
    score = min(compute_score(parent_step, step), 2**128 - 1)
    seal = AuraSeal(named or step, score.to_bytes(16))
    block = ledger.build_block(ledger.genesis.hash, ACCOUNTS[signer], step * STEP + 7, (), encode(seal))
    return sign_block(block, seal, rules.keyring, key, SEAL_DOMAIN)


INVALID: list[tuple[str, str, Callable[[AuraRules, Ledger], Block]]] = [
    ("aura/step", "step 4 is not after the parent's step 5", lambda r, k: write(r, k, 5, 4, 0, 0)),
    ("aura/step", "step 5 is not after the parent's step 5", lambda r, k: write(r, k, 5, 5, 1, 1)),
    ("aura/step-time", "step 7 at 30000007 µs; that is in step 6", lambda r, k: write(r, k, 5, 6, 2, 2, 7)),
    ("aura/score", "the steps ask for fffffffffffffffffffffffffffffffe", lambda r, k: write(r, k, 4, 6, 2, 2)),
    ("aura/primary", "step 6 is that of 03030303", lambda r, k: write(r, k, 5, 6, 1, 1)),
    ("aura/signature", "is no signature of this header by 03030303", lambda r, k: write(r, k, 5, 6, 2, 1)),
]


@pytest.mark.parametrize(("rule", "message", "build_bad"), INVALID)
def test_what_breaks_a_rule_is_refused(
    rule: str, message: str, build_bad: Callable[[AuraRules, Ledger], Block]
) -> None:
    rules, ledger = AuraRules(KEYRING, STEP, False), Ledger(LedgerParameters(), {})
    with pytest.raises(InvalidBlock) as refused:
        rules.check(AuraState(5, 0), build_bad(rules, ledger))
    assert refused.value.rule == rule
    assert message in refused.value.message


def test_the_primary_of_a_step_is_accepted() -> None:
    rules, ledger = AuraRules(KEYRING, STEP, False), Ledger(LedgerParameters(), {})
    block = write(rules, ledger, 5, 6, 2, 2)
    rules.check(AuraState(5, 100), block)
    assert rules.apply(AuraState(5, 100), block) == AuraState(6, 100 + 2**128 - 2)


# Runs -----------------------------------------------------------------------------------------------------------------


def start(*sets: str, seed: int = 5) -> Simulation:
    text = (files("chain") / "scenarios/classroom.toml").read_text(encoding="utf-8")
    aura = ["consensus.protocol=proof-of-authority", "consensus.variant=aura", "traffic.rate_per_s=0"]
    return build(apply_settings(load_scenario(text, "classroom"), [*aura, "network.topology=complete", *sets]), seed)


def test_signers_propose_in_their_steps_and_half_of_them_make_a_block_final() -> None:
    simulation = start()
    simulation.run_until(TimeUs(10 * MINUTE))
    records = simulation.world.tree.records[1:]
    assert [record.origin for record in records] == [step % 12 for step in range(1, 61)]
    assert [record.published_us for record in records] == [step * 10 * SECOND for step in range(1, 61)]
    assert simulation.world.get_finalized().height == 60 - 6  # seven signers: the block's own and six above it
    report = compute_report(simulation)
    assert report["finality"] == {"kind": "depth", "height": 54, "lag_seconds_mean": 60.0}
    assert report["energy_kwh"] == pytest.approx(12 * 0.1 / 6)


def test_a_silent_signer_leaves_its_steps_empty() -> None:
    simulation = start()
    simulation.submit(StopNode(3))
    simulation.run_until(TimeUs(10 * MINUTE))
    steps = [decode(AuraSeal, r.block.header.consensus).step for r in simulation.world.tree.records[1:]]
    assert steps == [step for step in range(1, 61) if step % 12 != 3]


def test_only_nodes_with_stake_are_signers() -> None:
    simulation = start("nodes.stakes_coins=[1, 0, 5]")
    simulation.run_until(TimeUs(MINUTE))
    assert [record.origin for record in simulation.world.tree.records[1:]] == [2, 0, 2, 0, 2, 0]


def test_no_half_makes_anything_final_alone_and_both_meet_again() -> None:
    simulation = start()
    simulation.run_until(TimeUs(5 * MINUTE))
    before = simulation.world.get_canonical().height
    simulation.submit(Partition((tuple(range(0, 12, 2)), tuple(range(1, 12, 2)))))
    simulation.run_until(TimeUs(20 * MINUTE))
    views = [simulation.world.view(node) for node in (0, 1)]
    assert views[0].get_head() is not views[1].get_head()
    assert [view.get_finalized().height <= before for view in views] == [True, True]
    simulation.submit(Heal())
    simulation.run_until(TimeUs(25 * MINUTE + 5 * SECOND))
    assert len({simulation.world.view(node).get_head().index for node in range(12)}) == 1
    assert simulation.world.get_finalized().height > before


def test_what_half_the_signers_made_final_is_undone_by_a_moving_partition() -> None:
    """No signer lies, and yet n02 is counted on both branches: the finality of Aura is one of depth."""
    simulation = start("network.nodes=3")
    for node in (1, 2):
        simulation.submit(StopNode(node))
    simulation.run_until(TimeUs(5 * MINUTE))  # n00 alone, ten blocks
    simulation.submit(Partition(((0,), (1, 2))))
    for node in (1, 2):
        simulation.submit(StartNode(node))
    simulation.run_until(TimeUs(7 * MINUTE))  # n01 and n02 build on each other: two of three
    first = simulation.world.view(2).get_finalized()
    assert first.height > 0
    simulation.submit(Heal())
    simulation.submit(Partition(((1,), (0, 2))))
    simulation.run_until(TimeUs(9 * MINUTE))  # n02 hears of the longer branch and builds on it: two of three again
    second = simulation.world.view(2).get_finalized()
    assert simulation.world.tree.get_fork_point(first, second) not in (first, second)
    assert not simulation.world.invalid_blocks

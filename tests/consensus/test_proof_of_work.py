"""Proof of work: seals, difficulty windows, and miners whose luck is exponential."""

import msgspec
import pytest

from chain.consensus.difficulty import compute_next_bits, compute_work, decode_compact
from chain.consensus.proof_of_work import MAX_GRIND_HASHES, ProofOfWorkParameters, ProofOfWorkRules, WorkSeal
from chain.encoding import encode
from chain.errors import InvalidBlock, InvalidEncoding, InvalidScenario
from chain.ledger.block import Block
from chain.ledger.ledger import Ledger
from chain.ledger.parameters import LedgerParameters
from chain.units import DAY, SECOND, Address, Span

HASH_RATE_PER_S = 10**12
FORTNIGHT_S = 14 * 24 * 3600
MINER = Address(bytes(20))


def build_rules(**settings: object) -> ProofOfWorkRules:
    parameters = ProofOfWorkParameters(interval=Span(10 * SECOND), grind_hashes=64, **settings)  # type: ignore[arg-type]
    return ProofOfWorkRules(parameters, HASH_RATE_PER_S)


def build_child(rules: ProofOfWorkRules, ledger: Ledger, parent: Block, bits: int, time_us: int) -> Block:
    return rules.seal(ledger.build_block(parent.hash, MINER, time_us, (), encode(WorkSeal(bits))))


@pytest.fixture
def ledger() -> Ledger:
    return Ledger(LedgerParameters(), {})


def test_the_first_target_takes_one_interval_of_all_hash_power(ledger: Ledger) -> None:
    rules = build_rules()
    work = compute_work(decode_compact(rules.genesis(ledger.genesis).next_bits))
    assert work == pytest.approx(10 * HASH_RATE_PER_S, rel=2**-14)


def test_a_sealed_block_has_real_zeros_and_is_accepted(ledger: Ledger) -> None:
    rules = build_rules()
    state = rules.genesis(ledger.genesis)
    block = build_child(rules, ledger, ledger.genesis, state.next_bits, 1)
    rules.check(state, block)
    assert int.from_bytes(block.hash) <= rules.get_ground_target(state.next_bits)
    assert compute_work(rules.get_ground_target(state.next_bits)) == pytest.approx(64, rel=0.02)


def test_another_nonce_is_refused(ledger: Ledger) -> None:
    rules = build_rules()
    state = rules.genesis(ledger.genesis)
    good = build_child(rules, ledger, ledger.genesis, state.next_bits, 1)
    refused = 0
    for nonce in range(50):
        block = Block(msgspec.structs.replace(good.header, nonce=nonce.to_bytes(8)), good.transactions)
        if int.from_bytes(block.hash) > rules.get_ground_target(state.next_bits):
            refused += 1
            with pytest.raises(InvalidBlock, match="proof-of-work/target"):
                rules.check(state, block)
    assert refused > 40


def test_another_difficulty_and_an_unreadable_seal_are_refused(ledger: Ledger) -> None:
    rules = build_rules()
    state = rules.genesis(ledger.genesis)
    easier = build_child(rules, ledger, ledger.genesis, state.next_bits + 1, 1)
    with pytest.raises(InvalidBlock, match="proof-of-work/bits"):
        rules.check(state, easier)
    unreadable = ledger.build_block(ledger.genesis.hash, MINER, 1, (), b"\xc1")
    with pytest.raises(InvalidEncoding):
        rules.check(state, unreadable)


@pytest.mark.parametrize(("interval_s", "factor"), [(5, 2), (10, 1), (20, 0.5), (1, 10), (100, 0.1)])
def test_difficulty_steps_by_the_time_a_window_took(ledger: Ledger, interval_s: int, factor: float) -> None:
    window = 20
    rules = build_rules(retarget_window=window)
    state, parent = rules.genesis(ledger.genesis), ledger.genesis
    first_bits = state.next_bits
    for height in range(1, window):
        block = build_child(rules, ledger, parent, state.next_bits, height * interval_s * SECOND)
        rules.check(state, block)
        state, parent = rules.apply(state, block), block
        ledger.add(block)
        assert (state.next_bits == first_bits) == (height < window - 1 or factor * 20 / 19 == 1)
    change = compute_work(decode_compact(state.next_bits)) / compute_work(decode_compact(first_bits))
    off_by_one = window / (window - 1)  # the window spans one interval less than it counts
    assert change == pytest.approx(max(0.25, min(4, factor * off_by_one)), rel=0.001)


def test_work_adds_up_along_a_branch(ledger: Ledger) -> None:
    rules = build_rules()
    state, parent = rules.genesis(ledger.genesis), ledger.genesis
    for height in range(1, 4):
        block = build_child(rules, ledger, parent, state.next_bits, height)
        state, parent = rules.apply(state, block), block
        ledger.add(block)
    assert rules.weight(state) == 3 * compute_work(decode_compact(state.bits))


def test_no_block_asks_for_more_hashes_than_a_fraction_of_a_second(ledger: Ledger) -> None:
    rules = build_rules()
    bits = rules.genesis(ledger.genesis).next_bits
    for _ in range(20):  # twenty windows in no time at all, each four times as hard
        bits = compute_next_bits(bits, 0, FORTNIGHT_S)
    assert compute_work(decode_compact(bits)) > 10**12 * compute_work(rules.get_ground_target(bits))
    assert compute_work(rules.get_ground_target(bits)) == MAX_GRIND_HASHES


@pytest.mark.parametrize(
    ("setting", "value"),
    [("interval", Span(999)), ("interval", Span(367 * DAY)), ("retarget_window", 1), ("retarget_window", 2)],
)
def test_what_no_chain_can_grow_from_is_refused(setting: str, value: object) -> None:
    with pytest.raises(InvalidScenario, match=f"consensus.{setting}"):
        ProofOfWorkParameters(**{setting: value})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("setting", "value"),
    [("retarget_window", -5), ("confirmations", -1), ("grind_hashes", -1), ("grind_hashes", 10**6)],
)
def test_numbers_have_ranges(setting: str, value: int) -> None:
    with pytest.raises(msgspec.ValidationError, match=rf"Expected `int` (>=|<=) .*`\$\.{setting}`"):
        msgspec.convert({setting: value}, ProofOfWorkParameters)

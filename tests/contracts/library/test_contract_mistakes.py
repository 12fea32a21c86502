"""Four mistakes that cost real money, each beside its repair; see docs/contracts/mistakes.md."""

import pytest
from hypothesis import given, settings
from hypothesis.strategies import integers, lists, sampled_from
from stage import ALICE, BOB, CAROL, COIN, DAVE, Contract, Reverted, Stage

from chain.contracts.evm import Context, Message
from chain.contracts.evm.opcodes import get_opcode_name
from chain.contracts.keccak import compute_keccak
from chain.contracts.tracer import trace_message
from chain.units import Address

VICTIM, OWNER, THIEF, WATCHER = ALICE, BOB, CAROL, DAVE
ANSWER, SALT = "forty-two", bytes(range(32))


def open_bank(name: str) -> Contract:
    """Return a bank in which the victim has a hundred coins."""
    bank = Stage().deploy(name, OWNER)
    bank.send(VICTIM, "deposit", value=100 * COIN)
    return bank


def test_reentrancy_empties_the_naive_vault() -> None:
    bank = open_bank("naive_vault")
    thief = bank.stage.deploy("reentrancy_thief", THIEF, bank)
    before = bank.stage.get_balance(THIEF)
    done = thief.send(THIEF, "rob", value=10 * COIN)
    assert bank.stage.get_balance(bank) == 0
    assert bank.stage.get_balance(THIEF) - before == 100 * COIN
    assert thief.get("calls") == 11
    assert [event.name for event in done.events] == ["Deposited", *["Withdrawn"] * 11, "Robbed"]
    assert bank.get("balances", VICTIM) == 100 * COIN  # so the books say
    with pytest.raises(Reverted):
        bank.send(VICTIM, "withdraw")


def test_the_debugger_shows_the_moment() -> None:
    """Eleven times the marked line sends money before the line behind it notes anything for the first time."""
    bank = open_bank("naive_vault")
    thief = bank.stage.deploy("reentrancy_thief", THIEF, bank)
    message = Message(
        THIEF, thief.address, 5_000_000, 10 * COIN, thief.artifact.abi.get_function("rob").encode_call([])
    )
    trace = trace_message(bank.stage.host, Context(number=1, time_s=1_000_000), message)
    lines = bank.artifact.source.splitlines()
    steps = {"raw_call": list[int](), "= 0  ": list[int]()}
    for step, (pc, call) in enumerate(zip(trace.pcs, trace.call_of, strict=True)):
        span = bank.artifact.find_span(pc) if trace.calls[call].address == bank.address else None
        for mark, found in steps.items():
            if span and mark in lines[span.line - 1] and get_opcode_name(trace.opcodes[step]) in ("CALL", "SSTORE"):
                found.append(step)
    assert (len(steps["raw_call"]), len(steps["= 0  "])) == (11, 11)
    assert steps["raw_call"][-1] < steps["= 0  "][0]
    assert max(call.depth for call in trace.calls) == 22


def test_the_fixed_vault_keeps_everybodys_money() -> None:
    bank = open_bank("fixed_vault")
    thief = bank.stage.deploy("reentrancy_thief", THIEF, bank)
    with pytest.raises(Reverted):
        thief.send(THIEF, "rob", value=10 * COIN)
    assert bank.stage.get_balance(bank) == 100 * COIN
    before = bank.stage.get_balance(VICTIM)
    bank.send(VICTIM, "withdraw")
    assert bank.stage.get_balance(VICTIM) - before == 100 * COIN


@settings(max_examples=25)
@given(stake=integers(1, 120), savings=integers(0, 300))
def test_what_a_robbery_comes_to(stake: int, savings: int) -> None:
    """As many stakes as there are, up to forty; from the fixed bank never more than the own."""
    bank = Stage().deploy("naive_vault", OWNER)
    bank.send(VICTIM, "deposit", value=savings)
    thief = bank.stage.deploy("reentrancy_thief", THIEF, bank)
    thief.send(THIEF, "rob", value=stake)
    calls = min((savings + stake) // stake, 40)
    assert thief.get("calls") == calls
    assert bank.stage.get_balance(bank) == savings + stake - calls * stake


def test_honest_people_do_not_tell_the_two_vaults_apart() -> None:
    for name in ("naive_vault", "fixed_vault"):
        bank = open_bank(name)
        bank.send(OWNER, "deposit", value=COIN)
        bank.send(OWNER, "deposit", value=COIN)
        bank.send(OWNER, "withdraw")
        assert bank.stage.get_balance(bank) == 100 * COIN
        with pytest.raises(Reverted, match="no money here"):
            bank.send(OWNER, "withdraw")


def test_only_its_owner_robs_with_a_thief() -> None:
    bank = open_bank("naive_vault")
    thief = bank.stage.deploy("reentrancy_thief", THIEF, bank)
    with pytest.raises(Reverted, match="not the owner"):
        thief.send(WATCHER, "rob", value=COIN)


def fill_purse(purse: Contract) -> None:
    purse.stage.execute(Message(VICTIM, purse.address, 100_000, value=50 * COIN))


def test_anybody_becomes_the_owner_of_the_open_purse() -> None:
    purse = Stage().deploy("access_mistake", OWNER)
    purse.send(OWNER, "set_up", OWNER)
    fill_purse(purse)
    with pytest.raises(Reverted, match="not the owner"):
        purse.send(THIEF, "pay", THIEF, 50 * COIN)
    purse.send(THIEF, "set_up", THIEF)
    purse.send(THIEF, "pay", THIEF, 50 * COIN)
    assert purse.stage.get_balance(purse) == 0


def test_the_fixed_purse_has_one_owner_who_can_hand_it_over() -> None:
    purse = Stage().deploy("access_fix", OWNER)
    fill_purse(purse)
    for name, *values in (("pay", THIEF, 1), ("hand_over", THIEF)):
        with pytest.raises(Reverted, match="not the owner"):
            purse.send(THIEF, name, *values)
    with pytest.raises(Reverted, match="not offered to you"):
        purse.send(THIEF, "take_over")
    purse.send(OWNER, "hand_over", VICTIM)
    told = purse.send(OWNER, "pay", OWNER, COIN).events  # still the owner, until it is taken
    told += purse.send(VICTIM, "take_over").events
    assert told == [
        (purse, "Paid", {"receiver": OWNER, "amount": COIN}),
        (purse, "OwnerChanged", {"owner": VICTIM}),
    ]
    with pytest.raises(Reverted, match="not the owner"):
        purse.send(OWNER, "pay", OWNER, COIN)
    with pytest.raises(Reverted, match="not offered to you"):
        purse.send(VICTIM, "take_over")


def test_tokens_out_of_nothing() -> None:
    """The very numbers of April 2018: two receivers, 2**255 each."""
    token = Stage().deploy("integer_mistake", OWNER, 1000)
    token.send(THIEF, "transfer_all", [THIEF, WATCHER], 2**255)
    assert [token.get("balances", who) for who in (THIEF, WATCHER)] == [2**255, 2**255]
    assert token.get("total") == 1000


def test_the_fixed_token_calculates_or_reverts() -> None:
    token = Stage().deploy("integer_fix", OWNER, 1000)
    with pytest.raises(Reverted):
        token.send(THIEF, "transfer_all", [THIEF, WATCHER], 2**255)
    with pytest.raises(Reverted, match="more than you have"):
        token.send(THIEF, "transfer_all", [THIEF, WATCHER], 1)
    token.send(OWNER, "transfer_all", [VICTIM, WATCHER], 500)
    assert [token.get("balances", who) for who in (OWNER, VICTIM, WATCHER)] == [0, 500, 500]


@settings(max_examples=60)
@given(
    receivers=lists(sampled_from([ALICE, BOB, CAROL]), max_size=20),
    amount=integers(0, 200) | integers(0, 2**256 - 1) | sampled_from([2**256 // n for n in range(1, 21)]),
)
def test_the_fixed_token_conserves_its_supply(receivers: list[Address], amount: int) -> None:
    token = Stage().deploy("integer_fix", OWNER, 1000)
    allowed = len(receivers) * amount <= 1000
    if allowed:
        token.send(OWNER, "transfer_all", receivers, min(amount, 2**256 - 1))
    else:
        with pytest.raises(Reverted):
            token.send(OWNER, "transfer_all", receivers, min(amount, 2**256 - 1))
    assert sum(token.get("balances", who) for who in (ALICE, BOB, CAROL)) == token.get("total") == 1000


def test_who_reads_the_mempool_takes_the_prize() -> None:
    """The solver's transaction is seen; the copy with the higher fee is executed first."""
    stage = Stage()
    puzzle = stage.deploy("puzzle", OWNER, compute_keccak(ANSWER.encode()), value=100 * COIN)
    with pytest.raises(Reverted, match="wrong"):
        puzzle.send(WATCHER, "solve", "forty-one")
    before = stage.get_balance(WATCHER)
    puzzle.send(WATCHER, "solve", ANSWER)
    assert stage.get_balance(WATCHER) - before == 100 * COIN
    with pytest.raises(Reverted, match="solved already"):
        puzzle.send(VICTIM, "solve", ANSWER)


def test_with_commit_and_reveal_the_copier_comes_too_late() -> None:
    """Copying the commitment, copying the reveal, committing at the sight of the reveal: all in vain."""
    stage = Stage()
    puzzle = stage.deploy("sealed_puzzle", OWNER, compute_keccak(ANSWER.encode()), value=100 * COIN)
    commitment = puzzle.get("compute_commitment", VICTIM, ANSWER, SALT)
    told = puzzle.send(VICTIM, "commit", commitment).events
    assert told == [(puzzle, "Committed", {"solver": VICTIM, "commitment": commitment})]
    puzzle.send(WATCHER, "commit", commitment)
    with pytest.raises(Reverted, match="committed too late"):
        puzzle.send(VICTIM, "reveal", ANSWER, SALT)
    for _ in range(puzzle.get("WAIT_BLOCKS")):
        stage.pass_time(1)
    with pytest.raises(Reverted, match="not what you committed to"):
        puzzle.send(WATCHER, "reveal", ANSWER, SALT)
    puzzle.send(WATCHER, "commit", puzzle.get("compute_commitment", WATCHER, ANSWER, SALT))
    with pytest.raises(Reverted, match="committed too late"):
        puzzle.send(WATCHER, "reveal", ANSWER, SALT)
    with pytest.raises(Reverted, match="wrong"):
        puzzle.send(VICTIM, "reveal", "forty-one", SALT)
    before = stage.get_balance(VICTIM)
    told = puzzle.send(VICTIM, "reveal", ANSWER, SALT).events
    assert told == [(puzzle, "Solved", {"solver": VICTIM, "answer": ANSWER, "prize": 100 * COIN})]
    assert stage.get_balance(VICTIM) - before == 100 * COIN
    with pytest.raises(Reverted, match="solved already"):
        puzzle.send(WATCHER, "reveal", ANSWER, SALT)

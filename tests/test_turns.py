"""Long contract code runs in turns with the interface; what comes out is the same as in one go."""

import pytest

from app.session import HEAVY_GAS, Session
from app.turns import Job
from chain.contracts.evm import Account, Context, MemoryHost, Message, execute_message
from chain.errors import CommandRefused
from chain.ledger.actions import Create
from chain.scenario import build, load_scenario
from chain.simulation.commands import Heal
from chain.simulation.simulation import Simulation
from chain.units import SECOND, Address, NodeId, TimeUs

ALICE, LOOPS = Address(b"\x0a" * 20), Address(b"\x0b" * 20)
ENDLESS = bytes.fromhex("5b60205f20505f56")  # JUMPDEST, hash 32 bytes and forget it, JUMP to 0
TEXT = """
[network]
nodes = 4
[consensus]
interval = "5s"
grind_hashes = 0
[ledger]
gas_limit = 30000000
initial_base_fee_per_gas = 10
[[application]]
name = "token"
people = 2
rate_per_s = 0
"""


def run_endless(gas: int, code: bytes = ENDLESS) -> tuple[bool, int]:
    host = MemoryHost()
    host.set_account(ALICE, Account(0, 10**9))
    host.set_account(LOOPS, Account(1, 0))
    host.set_code(LOOPS, code)
    result = execute_message(host, Context(), Message(ALICE, LOOPS, gas))
    return result.success, result.gas_used


def test_a_job_takes_turns_and_comes_to_the_same() -> None:
    """With turns of no length it gives way wherever the machine asks."""
    job, turns = Job(lambda: run_endless(100_000)), 0
    while not job.go_on(0):
        turns += 1
    assert turns > 100
    assert job.get() == run_endless(100_000) == (False, 100_000)
    assert job.go_on(0)


def test_what_handles_many_bytes_gives_way_each_time() -> None:
    """Also where no jump interrupts the code: PUSH2 0x4000, PUSH0, KECCAK256, POP, a hundred times."""
    code = bytes.fromhex("6140005f2050") * 100
    job, turns = Job(lambda: run_endless(1_000_000, code)), 0
    while not job.go_on(0):
        turns += 1
    assert turns >= 100
    assert job.get() == run_endless(1_000_000, code)


def run_rounds(rounds: int) -> tuple[bytes, int]:
    """Call BLAKE2F once."""
    host = MemoryHost({ALICE: Account(0, 0)})
    data = rounds.to_bytes(4) + bytes(208) + b"\x01"
    message = Message(ALICE, Address(bytes(19) + b"\x09"), rounds + 40_000, data=data)
    result = execute_message(host, Context(), message)
    return result.output, result.gas_used


def test_a_hash_of_many_rounds_gives_way() -> None:
    """Four million rounds are one step of one opcode: another process takes it, with the same result."""
    job, turns = Job(lambda: run_rounds(4_000_000)), 0
    while not job.go_on(0):
        turns += 1
    assert turns > 5
    assert job.get() == run_rounds(4_000_000)
    assert len(job.get()[0]) == 64


def test_a_hash_is_done_here_where_there_can_be_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = run_rounds(2_100_000)
    for program in ("import sys; sys.exit(1)", "print('something else')"):
        monkeypatch.setattr("app.turns._COMPRESS", program)
        job = Job(lambda: run_rounds(2_100_000))
        while not job.go_on(0):
            pass
        assert job.get() == expected
    monkeypatch.setattr("sys.executable", "nowhere")
    job = Job(lambda: run_rounds(2_100_000))
    assert job.go_on(10)
    assert job.get() == expected


def test_a_dropped_hash_leaves_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.turns._COMPRESS", "import time; time.sleep(60)")
    job = Job(lambda: run_rounds(2_100_000))
    for _ in range(5):
        assert not job.go_on(0)
    job.drop()


def test_only_one_is_at_work() -> None:
    """Between two turns the caller may run messages of its own: they do not give way."""
    job = Job(lambda: run_endless(50_000))
    while not job.go_on(0):
        assert run_endless(30_000) == (False, 30_000)
    assert job.get() == (False, 50_000)


def test_what_the_work_raises_comes_out() -> None:
    def fail() -> None:
        raise ValueError("so it is")

    job = Job(fail)
    with pytest.raises(ValueError, match="so it is"):
        job.go_on(1)


def test_a_dropped_job_ends() -> None:
    job = Job(lambda: run_endless(100_000))
    assert not job.go_on(0)
    job.drop()
    assert job.go_on(0)
    with pytest.raises(ValueError, match="not enough values"):
        job.get()


def start_hostile(gas: int) -> Simulation:
    """Return a run in which somebody is about to run endless code."""
    simulation = build(load_scenario(TEXT, "hostile"), 3)
    simulation.run_until(TimeUs(120 * SECOND))
    world = simulation.world
    signer = world.actors[1].signers[1]  # type: ignore[attr-defined]
    signed = world.sign_action(signer, NodeId(1), Create(0, ENDLESS), 100, 4, gas)
    assert signed is not None
    assert world.submit_transaction(NodeId(1), signed) is not None
    return simulation


def test_a_session_stays_awake_while_a_block_is_executed() -> None:
    gas = 3 * HEAVY_GAS
    session, other = Session(start_hostile(gas), speed=1), start_hostile(gas)
    session.go_live()
    busy = 0
    for _ in range(100_000):
        session.tick(0.25)
        if session.is_busy:
            busy += 1
            assert session.is_live
            assert session.simulation.world.get_canonical(session.cursor_us).height >= 0  # it can be read
            with pytest.raises(CommandRefused, match="one moment"):
                session.submit(Heal())
        elif session.now_us > 150 * SECOND:
            break
    assert busy > 3
    other.run_until(session.now_us)
    assert session.simulation.compute_digest() == other.compute_digest()
    used = [session.simulation.world.ledger.execution(it.hash).gas_used for it in session.simulation.world.tree.records]
    assert gas in used


def test_what_is_in_the_middle_is_finished_before_it_is_copied() -> None:
    session = Session(start_hostile(3 * HEAVY_GAS), speed=1)
    session.go_live()
    while not session.is_busy:
        session.tick(0.25)
    session.is_playing = False
    session.settle()
    assert not session.is_busy
    other = start_hostile(3 * HEAVY_GAS)
    while other.world.kernel.steps < session.simulation.world.kernel.steps:
        other.run_until(TimeUs(session.now_us), max_events=1)
    assert other.compute_digest() == session.simulation.compute_digest()
    session.submit(Heal())

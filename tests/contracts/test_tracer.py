"""Stepping through what a message did, forwards and backwards."""

from dataclasses import replace

import pytest
from assembler import assemble
from tokens import ALICE, BOB, SUPPLY, TOKEN, deploy_token, make_call

from chain.contracts import tracer
from chain.contracts.evm import Account, Context, Halt, MemoryHost, Message, execute_message
from chain.contracts.tracer import trace_message
from chain.units import Address

TARGET, OTHER = Address(b"\xc1" * 20), Address(b"\xc2" * 20)


def make_host(code: bytes, other: bytes = b"") -> MemoryHost:
    accounts = {ALICE: Account(0, 10**9), TARGET: Account(1, 100), OTHER: Account(1, 0)}
    return MemoryHost(accounts=accounts, codes={TARGET: code, OTHER: other})


def test_a_trace_is_the_execution_it_shows() -> None:
    """The result is the same as without looking, and the gas of the steps adds up to the gas of the run."""
    host, token = deploy_token()
    message = make_call(token, ALICE, "transfer", BOB, 5)
    trace = trace_message(host, Context(), message)
    assert trace.result == execute_message(host, Context(), message, write=False)
    assert sum(trace.costs) == trace.calls[0].gas_used
    assert trace.calls[0].gas_used + 21_000 + 4 * (message.data.count(0) + 4 * (68 - message.data.count(0))) == (
        trace.result.gas_before_refund
    )


def test_steps_can_be_taken_in_any_order() -> None:
    """The stack before each opcode, whichever way one comes to it."""
    host = make_host(assemble(2, 3, "ADD", 0, "MSTORE", "STOP"))
    trace = trace_message(host, Context(), Message(ALICE, TARGET, 50_000))
    assert [trace.get_step(index).name for index in range(len(trace))] == [
        "PUSH1", "PUSH1", "ADD", "PUSH0", "MSTORE", "STOP",
    ]  # fmt: skip
    stacks = [trace.get_step(index).stack for index in reversed(range(len(trace)))]
    assert stacks == [(), (5, 0), (5,), (2, 3), (2,), ()]
    assert [trace.get_step(index).cost for index in range(len(trace))] == [3, 3, 3, 2, 6, 0]
    with pytest.raises(IndexError):
        trace.get_step(6)


def test_changes_of_memory_and_storage_are_told() -> None:
    host = make_host(assemble(7, 33, "MSTORE8", 9, 1, "SSTORE", 9, 1, "SSTORE"))
    trace = trace_message(host, Context(), Message(ALICE, TARGET, 90_000))
    [change] = trace.storage_changes  # the second write changes nothing
    assert (change.address, change.key, change.old, change.new) == (TARGET, 1, 0, 9)
    assert trace.get_step(change.step).name == "SSTORE"
    assert trace.compute_memory_changes(2) == [(32, bytes(32), b"\0\7" + bytes(30))]
    assert trace.compute_memory_changes(0) == []
    assert host.storages == {}


def test_calls_form_a_tree() -> None:
    """A call that fails, one to a precompile, and a creation."""
    inner = assemble(1, 1, "SSTORE", 0, 0, "REVERT")
    calls = assemble(
        *[0, 0, 0, 0, 3, int.from_bytes(OTHER), "GAS", "CALL", "POP"],
        *[32, 0, 2, 0, 4, "GAS", "STATICCALL", "POP"],
        *[0, 0, 1, "CREATE"],
    )
    trace = trace_message(make_host(calls, inner), Context(), Message(ALICE, TARGET, 300_000))
    assert [(call.kind, call.parent, call.depth, call.value) for call in trace.calls] == [
        ("MESSAGE", None, 0, 0),
        ("CALL", 0, 1, 3),
        ("STATICCALL", 0, 1, 0),
        ("CREATE", 0, 1, 1),
    ]
    assert trace.calls[1].error is Halt.REVERT
    assert trace.storage_changes[0].call == 1  # noted, and undone with its call
    assert (trace.calls[2].output, trace.calls[2].last_step) == (bytes(2), -1)
    first = trace.calls[1].first_step
    assert trace.get_step(first).depth == 1
    assert trace.get_next_in_call(first - 1) == trace.calls[1].last_step + 1
    assert trace.get_next_in_call(len(trace) - 1) is None


def test_the_failing_step_is_the_last() -> None:
    host = make_host(assemble(1, "POP", "POP"))
    trace = trace_message(host, Context(), Message(ALICE, TARGET, 50_000))
    assert trace.result.error is Halt.STACK_UNDERFLOW
    assert trace.get_step(len(trace) - 1).name == "POP"
    out_of_gas = trace_message(make_host(assemble(1, 1, "SSTORE")), Context(), Message(ALICE, TARGET, 21_500))
    assert out_of_gas.storage_changes == []


def test_a_profile_tells_where_the_gas_goes() -> None:
    """By place of the code, and so by line of the source: writing balances is what a transfer costs."""
    host, token = deploy_token()
    trace = trace_message(host, Context(), make_call(token, ALICE, "transfer", BOB, SUPPLY))
    profile = trace.compute_gas_profile(TOKEN.runtime)
    assert sum(profile.values()) == trace.calls[0].gas_used
    lines: dict[str, int] = {}
    for pc, gas in profile.items():
        span = TOKEN.find_span(pc)
        line = TOKEN.source.splitlines()[span.line - 1].strip() if span else ""
        lines[line] = lines.get(line, 0) + gas
    dearest = sorted(lines, key=lambda line: -lines[line])[:2]
    assert dearest == ["self.balanceOf[receiver] += amount", "self.balanceOf[msg.sender] -= amount"]


def test_a_long_run_is_cut_but_its_result_is_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracer, "MAX_STEPS", 1000)
    monkeypatch.setattr(tracer, "_WINDOW_BYTES", 50_000)
    host = make_host(assemble(":l", "MSIZE", "MLOAD", "POP", "@l", "JUMP"))
    trace = trace_message(host, Context(), Message(ALICE, TARGET, 100_000))
    assert (len(trace), trace.truncated, trace.result.error) == (1000, True, Halt.OUT_OF_GAS)
    known = replace(trace.result, gas_used=1)
    assert trace_message(host, Context(), Message(ALICE, TARGET, 100_000), known).result is known
    middle = trace.get_step(500)
    assert len(middle.memory) == 32 * len([1 for index in range(500) if trace.opcodes[index] == 0x51])
    assert trace.get_step(400).index == 400

"""What a hostile contract cannot do: crash, hang or bloat the machine, or what reads its artifact, ABI and events.

How long each program takes is measured by tests/bench/bench_hostile.py; here they run on little gas, and what is
counted depends on no clock.
"""

import json
import tracemalloc
from typing import Any

import pytest
from assembler import assemble
from hostile import ALICE, Case, build_hostile, build_pages, call_pages
from hypothesis import given, settings
from hypothesis.strategies import binary, dictionaries, floats, integers, lists, none, recursive, text

from chain.contracts.abi import read_abi
from chain.contracts.artifact import MAX_ARTIFACT_BYTES, read_artifact
from chain.contracts.evm import Context, Log, Message, Mode, execute_message, program
from chain.errors import ChainroomError, InvalidEncoding, InvalidInput
from chain.units import Address, Hash

CONTEXT = Context(number=300, time_s=1_000_000)
CASES = build_hostile()
SMALL = 60_000
"""Gas for each program."""
PER_GAS_BYTES = 40
"""The most memory a unit of gas may take: new memory is 32 bytes for 3 units, and call data is held beside it."""
FIXED_BYTES = 4 << 20


@pytest.mark.parametrize("name", CASES)
def test_every_hostile_program_ends_within_its_gas(name: str) -> None:
    host, message = CASES[name].open(SMALL)
    result = execute_message(host, CONTEXT, message, write=False)
    assert 21_000 <= result.gas_used <= message.gas
    assert host == CASES[name].open(SMALL)[0]


@pytest.mark.parametrize("name", CASES)
def test_it_does_the_same_in_every_mode(name: str) -> None:
    results = []
    for mode in (Mode.PLAIN, Mode.AUTO, Mode.EAGER):
        host, message = CASES[name].open(SMALL)
        results.append(execute_message(host, CONTEXT, message, mode=mode))
    assert results[0] == results[1] == results[2]


@pytest.mark.parametrize(
    "name",
    ["memory, ever more", "memory, in calls", "returned bombs", "handed on data", "log, long", "sstore, new",
     "deep calls and writes", "long initcode", "create nothing", "tstore"],
)  # fmt: skip
def test_memory_is_paid_for(name: str) -> None:
    gas = 400_000
    host, message = CASES[name].open(gas)
    program.get_program.cache_clear()
    tracemalloc.start()
    execute_message(host, CONTEXT, message, write=False)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < FIXED_BYTES + PER_GAS_BYTES * gas


def test_each_code_is_looked_at_once_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many long contracts call for the place of others in memory."""
    looked: list[int] = []
    real = program.compute_jump_map

    def count(code: bytes) -> bytes:
        looked.append(len(code))
        return real(code)

    monkeypatch.setattr(program, "compute_jump_map", count)
    program.get_program.cache_clear()
    pages = build_pages(160)
    host, message = Case(call_pages(160), pages).open(900_000)
    result = execute_message(host, CONTEXT, message, write=False)
    assert result.gas_used > 700_000
    assert len(looked) <= len(pages) + 1


def test_jumps_are_checked_wherever_they_go() -> None:
    for target in (1, 5, 6, 2**255, 2**256 - 1):
        host, message = Case(assemble(target, "JUMP", "JUMPDEST")).open(SMALL)
        assert str(execute_message(host, CONTEXT, message).error) == "jump to no JUMPDEST"


@settings(max_examples=150)
@given(code=binary(max_size=400), data=binary(max_size=80))
def test_no_code_makes_the_machine_fail(code: bytes, data: bytes) -> None:
    """As a contract that is called, and as initcode."""
    host, message = Case(code, data=data).open(SMALL)
    called = execute_message(host, CONTEXT, message)
    created = execute_message(host, CONTEXT, Message(ALICE, None, 200_000, 0, code))
    assert called.success is (called.error is None)
    assert created.success is (created.error is None)


# What comes in files and answers -----------------------------------------------------------------------------------

JSON = recursive(
    none() | integers(-9, 2**70) | floats(allow_nan=False) | text(max_size=8),
    lambda inner: lists(inner, max_size=3) | dictionaries(text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
KEYS = (
    "abi", "bytecode", "deployedBytecode", "contracts", "evm", "spans", "creationSpans", "reasons", "variables",
    "layout", "storageLayout", "source_map", "source_map_runtime", "source", "compiler", "contractName", "version",
)  # fmt: skip


@settings(max_examples=150)
@given(document=dictionaries(lists(integers(0, len(KEYS) - 1), max_size=1).map(lambda it: KEYS[it[0]] if it else "x"),
                             JSON, max_size=6))  # fmt: skip
def test_no_artifact_makes_its_reader_fail(document: dict[str, Any]) -> None:
    for given_document in (document, {"abi": [], "bytecode": "0x00"} | document):
        try:
            artifact = read_artifact(json.dumps(given_document).encode())
        except ChainroomError:
            continue
        assert artifact.bytecode
        artifact.to_json()


@pytest.mark.parametrize(
    "data",
    [
        b"[" * 100_000,
        b'{"abi":' * 50_000,
        b'{"abi": [], "bytecode": "' + b"0" * 200_000 + b'"}',
        b'{"abi": [], "bytecode": 1e999}',
        b"\xff\xfe\x00",
        b" " * (MAX_ARTIFACT_BYTES + 1),
    ],
    ids=["lists", "tables", "long code", "number", "no text", "too long"],
)
def test_bombs_of_json_are_refused(data: bytes) -> None:
    with pytest.raises(InvalidInput):
        read_artifact(data)


def build_function(kind: str) -> Any:
    abi = read_abi([{"type": "function", "name": "f", "inputs": [], "outputs": [{"name": "", "type": kind}]}])
    return abi.get_function("f")


@pytest.mark.parametrize("kind", ["uint256[]", "uint256[][]", "bytes", "string[]", "uint8[][][][]", "bool[1000][]"])
@pytest.mark.parametrize("length", [2**32, 2**64, 2**255])
def test_answers_that_claim_to_be_endless_are_refused_at_once(kind: str, length: int) -> None:
    answer = (32).to_bytes(32) + length.to_bytes(32) + bytes(64)
    with pytest.raises(InvalidEncoding):
        build_function(kind).decode_output(answer)


def test_answers_that_point_at_themselves_are_bounded() -> None:
    """Lists of lists that all lie in the same place: 32 × 32 × 32 … elements in a kilobyte."""
    answer = (32).to_bytes(32) + (30).to_bytes(32) + bytes(32) * 30
    for depth in range(1, 7):
        tracemalloc.start()
        try:
            build_function("uint256" + "[]" * depth).decode_output(answer)
        except InvalidEncoding:
            pass
        finally:
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        assert peak < 8 << 20


@settings(max_examples=100)
@given(data=binary(max_size=300))
def test_no_answer_makes_its_reader_fail(data: bytes) -> None:
    for kind in ("uint256[]", "string[]", "bytes32[][2]", "int8", "bool"):
        try:
            build_function(kind).decode_output(data)
        except InvalidEncoding:
            continue


def test_names_with_markup_stay_text() -> None:
    """An event's name and its values come from whoever wrote the contract; they are shown as they are."""
    from app.present.contracts import describe_log
    from app.present.holders import Holders
    from app.widgets.text import clean
    from chain.contracts.keccak import compute_keccak

    name = "[red]x[/red]\x1b[31m\n"
    abi = read_abi([{"type": "event", "name": name, "inputs": [{"name": "[b]", "type": "string", "indexed": False}]}])
    data = (32).to_bytes(32) + (7).to_bytes(32) + b"[/b]\x1b\r\n".ljust(32, b"\0")
    log = Log(Address(bytes(20)), (Hash(compute_keccak(f"{name}(string)".encode())),), data)
    holders: Any = type("Nobody", (Holders,), {"__init__": lambda self: None})()
    shown, values = describe_log(log, abi, holders)
    for it in (clean(shown, 60), clean(values, 60)):
        assert "\x1b" not in it
        assert "\n" not in it
    assert "[red]x[/red]" in clean(shown, 60)

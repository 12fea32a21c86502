"""A call that would fail says why, at which line of source, and what to do: before anybody signs it."""

from pathlib import Path

import pytest

from app.contract_failures import describe_failure, explain_failure, explain_refusal
from app.present.contracts import Shelf
from chain.contracts.abi import Abi, encode_arguments
from chain.contracts.artifact import Artifact, read_artifact
from chain.contracts.evm import Account, Context, MemoryHost, Message, execute_message
from chain.contracts.library import load_artifact
from chain.errors import InvalidTransaction
from chain.units import COIN, Address

ALICE, BOB, LOOPS = Address(b"\x0a" * 20), Address(b"\x0b" * 20), Address(b"\x0c" * 20)
MATERIAL = Path(__file__).parent / "contracts" / "material"
LEDGER = MATERIAL / "Ledger.json"


def deploy(host: MemoryHost, artifact: Artifact, *arguments: object) -> Address:
    code = artifact.bytecode + encode_arguments(artifact.abi.constructor.inputs, arguments)
    created = execute_message(host, Context(), Message(ALICE, None, 10**7, 0, code)).created
    assert created is not None
    return created


@pytest.fixture
def host() -> MemoryHost:
    host = MemoryHost()
    host.set_account(ALICE, Account(0, 100 * COIN))
    return host


def explain(
    host: MemoryHost, artifact: Artifact, contract: Address, name: str, *arguments: object, value: int = 0,
    gas: int = 10**6, own: tuple[Artifact, ...] = (),
) -> tuple[str, str, str]:  # fmt: skip
    """What a person is told of a call that fails."""
    data = artifact.abi.get_function(name).encode_call(arguments)
    return explain_data(host, contract, data, artifact.abi, value, gas, own)


def explain_data(
    host: MemoryHost, contract: Address, data: bytes, abi: Abi, value: int = 0, gas: int = 10**6,
    own: tuple[Artifact, ...] = (),
) -> tuple[str, str, str]:  # fmt: skip
    shelf, message = Shelf(), Message(ALICE, contract, gas, value, data)
    for artifact in own:
        shelf.add(artifact)
    result = execute_message(host, Context(), message, write=False)
    assert not result.success
    return explain_failure(host, Context(), message, result, abi, shelf)


def test_the_contracts_own_words_come_with_the_line_that_says_them(host: MemoryHost) -> None:
    vault = load_artifact("naive_vault")
    contract = deploy(host, vault)
    problem, place, advice = explain(host, vault, contract, "withdraw")
    lines = vault.source.splitlines()
    number = int(place.partition("line ")[2].partition(":")[0])
    assert place == f"naive_vault, line {number}: {lines[number - 1].strip()}"
    assert problem in lines[number - 1]
    assert advice.startswith("What to do: ")


def test_what_the_compiler_checks_is_said_in_words(host: MemoryHost) -> None:
    """Vyper reverts without a reason where a number would leave its type, but notes why."""
    token = read_artifact((MATERIAL / "token.json").read_bytes())
    contract = deploy(host, token, "Gold", "G", 18, 1000)
    problem, place, _ = explain(host, token, contract, "transfer", BOB, 1001, own=(token,))
    assert problem == "a difference would be below zero"
    assert "-= amount" in place


def test_coins_for_what_takes_none(host: MemoryHost) -> None:
    token = load_artifact("token")
    contract = deploy(host, token, "Gold", "G", 18, 1000)
    problem, _, _ = explain(host, token, contract, "transfer", BOB, 1, value=5)
    assert problem == "it takes no coins: send 0"


def test_a_call_that_needs_more_gas_than_a_block_holds(host: MemoryHost) -> None:
    host.set_account(LOOPS, Account(1, 0))
    host.set_code(LOOPS, bytes.fromhex("5b5f56"))  # JUMPDEST, jump to 0
    problem, place, advice = explain_data(host, LOOPS, b"", Abi(), gas=100_000)
    assert "100 000 gas that a block of this run holds" in problem
    assert place == ""
    assert "in several transactions" in advice


def test_errors_and_panics_of_solidity(host: MemoryHost) -> None:
    ledger = read_artifact(LEDGER.read_bytes())
    contract = deploy(host, ledger, "book", 3)
    assert explain(host, ledger, contract, "take", 5)[0] == f"Poor(who=0x{ALICE.hex()}, has=0, needs=5)"
    assert explain(host, ledger, contract, "less(uint256,uint256)", 1, 2)[0] == "arithmetic overflow or underflow"
    assert explain(host, ledger, contract, "half", 3)[0] == "assertion failed"
    assert explain(host, ledger, contract, "take", 5, value=1)[0] == "it reverts without a reason"


def test_an_error_of_a_contract_that_is_called_is_known_from_the_shelf(host: MemoryHost) -> None:
    """The caller's ABI does not know it; without the shelf only its bytes would be told."""
    ledger = read_artifact(LEDGER.read_bytes())
    error = ledger.abi.errors[0].encode((ALICE, 1, 2))
    host.set_account(LOOPS, Account(1, 0))
    code = bytes.fromhex(f"60{len(error):02x}600a5f3960{len(error):02x}5ffd") + error
    host.set_code(LOOPS, code)
    assert explain_data(host, LOOPS, b"", Abi())[0].startswith("reverted with 0x")
    assert explain_data(host, LOOPS, b"", Abi(), own=(ledger,))[0].startswith("Poor(who=0x0a0a")


def test_money_and_gas_that_are_missing_before_anything_runs() -> None:
    message = Message(ALICE, BOB, 10**6, 5 * COIN)
    problem, _, advice = explain_refusal(InvalidTransaction("evm/balance", "…"), Account(0, 2 * COIN), message)
    assert problem == "you have 2 CR, and 5 CR should go along"
    assert "press 3, then f" in advice
    assert "0 CR" in explain_refusal(InvalidTransaction("evm/balance", "…"), None, message)[0]
    assert "less data" in explain_refusal(InvalidTransaction("evm/intrinsic-gas", "…"), None, message)[2]


def test_hostile_reasons_stand_there_harmlessly(host: MemoryHost) -> None:
    """A contract may say whatever it likes."""
    from chain.contracts.abi import ERROR_STRING

    reason = ERROR_STRING.encode(("[/x]\x1b[2J\u202e" + "y" * 5000,))
    host.set_account(LOOPS, Account(1, 0))
    size = len(reason)
    host.set_code(LOOPS, bytes.fromhex(f"61{size:04x}600c5f3961{size:04x}5ffd") + reason)
    result = execute_message(host, Context(), Message(ALICE, LOOPS, 10**6), write=False)
    text = describe_failure(result, Abi())
    assert len(text) <= 300
    assert text.startswith("[/x]")
    assert "\x1b" not in text
    assert "\u202e" not in text

"""Public state tests against the machine: the runner tools/state_tests.py, on some of Ethereum's own.

``tests/vectors/state_tests/ethereum_tests.json`` holds tests of github.com/ethereum/tests (MIT licence; which, and of
which commit, says each). What is left out of them: transactions as bytes, and the results of older forks.
"""

import doctest
import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from chain.contracts.evm import Account, MemoryHost, Mode
from chain.units import Address

ROOT = Path(__file__).parents[2]
VECTORS = ROOT / "tests" / "vectors" / "state_tests" / "ethereum_tests.json"


def _load_runner() -> ModuleType:
    spec = importlib.util.spec_from_file_location("state_tests", ROOT / "tools" / "state_tests.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


RUNNER = _load_runner()


@pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())
def test_ethereums_own_state_tests_agree(mode: Mode) -> None:
    outcomes = list(RUNNER.run_file(VECTORS, ["Cancun", "London"], mode))
    assert len(outcomes) == 20
    assert [outcome for outcome in outcomes if outcome.difference or outcome.refused] == []


@pytest.mark.parametrize(
    ("path", "value", "difference"),
    [
        (("pre", "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b", "balance"), "0x3635c9adc5dea00001", "root"),
        (("pre", "0xa94f5374fce5edbc8e2a8697c15331677e6ebf0b", "nonce"), "0x01", "rule: evm/nonce"),
        (("transaction", "gasLimit"), ["0x5208"], "rule: evm/intrinsic-gas"),
        (("transaction", "maxFeePerGas"), "0x09", "rule: evm/gas-price"),
        (("env", "currentGasLimit"), "0x061a7f", "rule: state-test/gas-limit-of-the-block"),
        (("transaction", "value"), ["0x:bigint 0x1" + "0" * 64], "rule: state-test/balance"),
        (("transaction", "authorizationList"), [], "rule: state-test/no-consents"),
        (("transaction", "maxFeePerBlobGas"), "0x01", "rule: state-test/price-of-blobs"),
        (("transaction", "gasLimit"), ["0x0g"], "cannot be read"),
        (("post", "Cancun", 0, "expectException"), "TR_NoFunds", "not refused"),
        (("post", "Cancun", 0, "logs"), "0x" + "00" * 32, "logs"),
    ],
)
def test_whatever_is_changed_in_a_test_is_seen(
    tmp_path: Path, path: tuple[str | int, ...], value: object, difference: str
) -> None:
    test: Any = {"it": json.loads(VECTORS.read_text())["10_revertUndoesStoreAfterReturn"]}
    place = test["it"]
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    (tmp_path / "test.json").write_text(json.dumps(test))
    (outcome,) = RUNNER.run_file(tmp_path / "test.json", ["Prague", "Cancun"])
    assert difference in outcome.difference


def test_the_command_counts_and_tells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert RUNNER.main([str(VECTORS.parent), "--fork", "Cancun"]) == 0
    assert capsys.readouterr().out == "19 agree, 0 differ, 0 refused\n"
    assert RUNNER.main([str(tmp_path)]) == 1


def test_the_roots_are_ethereums() -> None:
    """The empty trie, and the pairs of the Yellow Paper's authors as ethereum/tests has them."""
    assert RUNNER.compute_root({}).hex() == "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421"
    pairs = {b"do": b"verb", b"dog": b"puppy", b"doge": b"coin", b"horse": b"stallion"}
    # trietest_secureTrie.json, "puppy"
    assert RUNNER.compute_root(pairs).hex() == "29b235a58c3c25ab83010c327d5932bcf05324b7d6b1185e650798034783ca9d"
    host = MemoryHost(accounts={Address(bytes(20)): Account(1, 2)})
    assert RUNNER.compute_state_root(host) != RUNNER.compute_state_root(MemoryHost())


def test_a_price_of_blobs_rises_by_an_eighth_at_most() -> None:
    """EIP-7691: one eighth, or 8.2 percent, from block to block at no more than nine blobs with a target of six."""
    assert RUNNER.compute_blob_price(0) == 1
    high, next_high = (RUNNER.compute_blob_price(100_000_000 + blobs * 131_072) for blobs in (0, 3))
    assert 1.08 < next_high / high < 1.083


def test_the_example_in_the_documentation_runs() -> None:
    failed, tried = doctest.testfile(str(ROOT / "docs" / "contracts" / "machine.md"), module_relative=False)
    assert (failed, tried) == (0, 7)

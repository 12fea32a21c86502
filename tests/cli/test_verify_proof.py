"""``chainroom verify-proof``: says what is proven and what is not, and exits with 1 at the first step that fails."""

import json
from pathlib import Path
from typing import Any

import pytest

from chain.ledger.block import Header
from chain.ledger.state import Account, State
from chain.proofs import build_balance_proof
from chain.units import COIN, Address, Hash

HOLDER = Address(b"h" * 20)


@pytest.fixture
def proof(tmp_path: Path) -> tuple[Path, dict[str, Any], Header]:
    accounts = {Address(bytes([n]) * 20): Account(0, n * COIN) for n in range(1, 9)}
    state = State().put_accounts({**accounts, HOLDER: Account(2, 5 * COIN)})
    header = Header(Hash(bytes(32)), 4, 9, HOLDER, state.root, Hash(bytes(32)), Hash(bytes(32)), 100, 0, 7, b"")
    document = build_balance_proof(header, HOLDER, state.get_account(HOLDER), state.prove_account(HOLDER))
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(document), encoding="utf-8")
    return path, document, header


def test_a_good_proof_says_what_is_proven_and_what_is_not(chainroom: Any, proof: Any) -> None:
    result = chainroom("verify-proof", proof[0])
    assert result.exit_code == 0, result.output
    assert "proven: cr1q" in result.output
    assert "owned 5 CR and had sent 2 transactions in the state after block #4" in result.output
    assert "on trust: that the block of this header is on the chain" in result.output


def test_a_trusted_block_is_compared(chainroom: Any, proof: Any) -> None:
    path, _, header = proof
    assert chainroom("verify-proof", path, "--block", header.hash.hex()).exit_code == 0
    result = chainroom("verify-proof", path, "--block", "ab" * 32)
    assert result.exit_code == 1
    assert "FAILED  header" in result.output
    assert chainroom("verify-proof", path, "--block", "short").exit_code == 1


def test_a_changed_proof_fails_with_its_first_bad_step(chainroom: Any, proof: Any) -> None:
    path, document, _ = proof
    path.write_text(json.dumps({**document, "account": {"nonce": 2, "balance": 6 * COIN}}), encoding="utf-8")
    result = chainroom("verify-proof", path, "--json")
    assert result.exit_code == 1
    told = json.loads(result.output)
    assert (told["valid"], told["proven"]) == (False, None)
    assert told["steps"][-1]["name"] == "account"
    assert told["failed_step"] == len(told["steps"])


@pytest.mark.parametrize("text", ["", "[]", "{", '{"kind": "nothing"}', "\x00", "[" * 10_000])
def test_what_is_no_proof_is_one_line_of_error(chainroom: Any, check_failure: Any, tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text, encoding="utf-8")
    assert chainroom("verify-proof", path).exit_code == 1
    assert chainroom("verify-proof", tmp_path / "missing.json").exit_code == 1

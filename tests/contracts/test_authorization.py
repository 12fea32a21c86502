"""Transactions that make accounts lend themselves a code (EIP-7702), and transactions with blobs (EIP-4844).

Random ones of both kinds are in directed.py, recorded from the executable specification.
"""

from dataclasses import replace
from typing import Any

import pytest
from assembler import assemble
from coincurve import PrivateKey
from programs import sign_consent

from chain.contracts.evm import Account, Authorization, Context, MemoryHost, Message, execute_transaction
from chain.contracts.evm.authorization import CURVE_ORDER, recover_authority
from chain.contracts.keccak import compute_keccak
from chain.errors import InvalidTransaction
from chain.units import Address, Hash

CONTEXT = Context(chain_id=1, number=1, base_fee=0, gas_price=0, blob_base_fee=3)
ALICE, CODE = Address(b"\xaa" * 20), Address(b"\xc1" * 20)
KEY = 7
AUTHORITY = Address(compute_keccak(PrivateKey.from_int(KEY).public_key.format(False)[1:])[12:])
INTRINSIC = 21_000 + 25_000


def sign(target: Address = CODE, nonce: int = 0, chain_id: int = 1) -> Authorization:
    """Return the consent of the account of KEY."""
    chain_id, _, nonce, y_parity, r, s = sign_consent(KEY, chain_id, target.hex(), nonce)
    return Authorization(chain_id, target, nonce, y_parity, int(r, 16), int(s, 16))


def open_host(code: bytes = b"") -> MemoryHost:
    """Return a host with a rich sender and a contract."""
    return MemoryHost({ALICE: Account(0, 10**18), CODE: Account(1, 0)}, {CODE: code})


def test_the_signer_is_recovered_whatever_the_chain() -> None:
    for chain_id in (0, 1, 5, 2**64):
        assert recover_authority(sign(chain_id=chain_id)) == int.from_bytes(AUTHORITY)
    assert recover_authority(replace(sign(), nonce=9)) != int.from_bytes(AUTHORITY)


@pytest.mark.parametrize("spoilt", [{"y_parity": 2}, {"s": 0}, {"r": 0}, {"r": CURVE_ORDER}, {"s": CURVE_ORDER - 5}])
def test_a_signature_out_of_range_is_nobodys(spoilt: dict[str, Any]) -> None:
    assert recover_authority(replace(sign(), **spoilt)) is None


def test_an_account_that_delegates_runs_the_code_on_its_own_storage() -> None:
    host = open_host(assemble("ADDRESS", 0, "SSTORE"))
    result = execute_transaction(host, CONTEXT, Message(ALICE, AUTHORITY, 200_000, authorizations=(sign(),)))
    assert result.success
    assert host.codes[AUTHORITY] == b"\xef\x01\x00" + CODE
    assert host.storages == {AUTHORITY: {0: int.from_bytes(AUTHORITY)}}
    assert host.accounts[AUTHORITY] == Account(1, 0)


def test_a_delegation_stays_though_the_call_fails() -> None:
    host = open_host(assemble(0, 0, "REVERT"))
    result = execute_transaction(host, CONTEXT, Message(ALICE, AUTHORITY, 200_000, authorizations=(sign(),)))
    assert not result.success
    assert host.codes[AUTHORITY] == b"\xef\x01\x00" + CODE


def test_a_delegation_is_taken_back_by_naming_nobody() -> None:
    host = open_host()
    for target, nonce, code in ((CODE, 0, b"\xef\x01\x00" + CODE), (Address(bytes(20)), 1, b"")):
        message = Message(ALICE, ALICE, 100_000, authorizations=(sign(target, nonce),))
        execute_transaction(host, CONTEXT, message)
        assert host.codes[AUTHORITY] == code


@pytest.mark.parametrize(
    ("consent", "account", "gas_used"),
    [
        (sign(), None, INTRINSIC),
        (sign(), Account(0, 1), INTRINSIC - INTRINSIC // 5),  # 12 500 come back, but a fifth at most
        (sign(nonce=1), Account(0, 1), INTRINSIC),
        (sign(chain_id=5), None, INTRINSIC),
    ],
    ids=["new account", "old account", "wrong nonce", "wrong chain"],
)
def test_what_a_consent_costs(consent: Authorization, account: Account | None, gas_used: int) -> None:
    host = open_host()
    if account:
        host.accounts[AUTHORITY] = account
    result = execute_transaction(host, CONTEXT, Message(ALICE, ALICE, 100_000, authorizations=(consent,)))
    assert result.gas_used == gas_used
    assert (AUTHORITY in host.codes) is (consent.nonce == 0 and consent.chain_id == 1)


def test_a_contract_cannot_be_lent_another_code() -> None:
    host = open_host()
    host.accounts[AUTHORITY], host.codes[AUTHORITY] = Account(0, 0), b"\0"
    execute_transaction(host, CONTEXT, Message(ALICE, ALICE, 100_000, authorizations=(sign(),)))
    assert host.codes[AUTHORITY] == b"\0"


BLOBS = (Hash(b"\x01" + bytes(31)), Hash(b"\x01" + b"\x77" * 31))


def test_blobs_are_named_and_paid_for() -> None:
    code = assemble(*(item for index in (0, 1, 2, 2**255) for item in (index, "BLOBHASH", index, "SSTORE")))
    host = open_host(code)
    assert execute_transaction(host, CONTEXT, Message(ALICE, CODE, 200_000, blob_hashes=BLOBS)).success
    assert host.storages[CODE] == {0: int.from_bytes(BLOBS[0]), 1: int.from_bytes(BLOBS[1])}
    assert host.accounts[ALICE].balance == 10**18 - 2 * 131_072 * 3


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (Message(ALICE, None, 200_000, blob_hashes=BLOBS), "evm/no-creation"),
        (Message(ALICE, None, 200_000, authorizations=(sign(),)), "evm/no-creation"),
        (Message(ALICE, CODE, 200_000, blob_hashes=BLOBS * 5), "evm/blobs"),
        (Message(ALICE, CODE, 200_000, blob_hashes=(Hash(bytes(32)),)), "evm/blobs"),
        (Message(ALICE, CODE, 45_999, authorizations=(sign(),)), "evm/intrinsic-gas"),
        (Message(ALICE, CODE, 200_000, value=10**18 - 1, blob_hashes=BLOBS), "evm/balance"),
    ],
)
def test_what_is_refused(message: Message, rule: str) -> None:
    host = open_host()
    with pytest.raises(InvalidTransaction) as caught:
        execute_transaction(host, CONTEXT, message)
    assert caught.value.rule == rule
    assert host == open_host()

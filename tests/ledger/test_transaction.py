"""A transaction is signed, gets an id from its bytes, and survives nothing but its own canonical bytes."""

import sys

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidEncoding, InvalidTransaction
from chain.ledger.actions import MAX_MEMO_BYTES, check_memo
from chain.ledger.parameters import MAX_UNITS
from chain.ledger.transaction import (
    SignedTransaction,
    check_form,
    compute_signing_hash,
    decode_transaction,
    encode_transaction,
    sign_transaction,
)
from chain.units import COIN


def test_what_is_decoded_is_what_was_encoded(people):
    anna, ben, *_ = people
    signed = anna.pay(ben.address, nonce=3, memo="for the coffee ☕")
    data = encode_transaction(signed)
    again = decode_transaction(data)
    assert again == signed
    assert again is not signed
    assert (again.id, again.sender, again.size_bytes) == (signed.id, anna.address, len(data))
    assert again.transaction.action.memo == "for the coffee ☕"


def test_the_signature_covers_every_field(people):
    anna, ben, carl, _ = people
    signed = anna.pay(ben.address)
    assert signed.is_signature_valid
    changes = [
        {"chain_id": 2},
        {"authority": carl.public_key},
        {"nonce": 1},
        {"gas_limit": 30_001},
        {"max_fee_per_gas": 2_001},
        {"max_tip_per_gas": 99},
        {"action": msgspec.structs.replace(signed.transaction.action, recipient=carl.address)},
        {"action": msgspec.structs.replace(signed.transaction.action, amount=2 * COIN)},
        {"action": msgspec.structs.replace(signed.transaction.action, memo="!")},
    ]
    for change in changes:
        forged = SignedTransaction(msgspec.structs.replace(signed.transaction, **change), signed.signature)
        assert not forged.is_signature_valid, change
        assert forged.id != signed.id


def test_the_id_covers_the_signature_and_names_the_content(people):
    anna, ben, *_ = people
    signed = anna.pay(ben.address)
    other = SignedTransaction(signed.transaction, bytes(64))
    assert other.id != signed.id
    assert other != signed
    same = decode_transaction(encode_transaction(signed))
    assert same == signed
    assert len({signed, other, same}) == 2
    assert compute_signing_hash(signed.transaction) not in (signed.id, other.id)


def test_what_is_derived_is_computed_once_and_freed_with_its_transaction(people):
    anna, ben, *_ = people
    signed = anna.pay(ben.address)
    identity = signed.id
    assert signed.id is identity
    before = sys.getrefcount(identity)
    del signed
    assert sys.getrefcount(identity) == before - 1


@given(st.binary(max_size=200))
def test_hostile_bytes_are_refused(data):
    with pytest.raises(InvalidEncoding):
        decode_transaction(data)


@given(st.data())
def test_damaged_bytes_are_refused_or_are_another_transaction(people, data):
    anna, ben, *_ = people
    signed = anna.pay(ben.address)
    raw = bytearray(encode_transaction(signed))
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= data.draw(st.integers(1, 255))
    try:
        other = decode_transaction(bytes(raw))
    except InvalidEncoding:
        return
    assert other.id != signed.id
    assert not other.is_signature_valid


def test_numbers_that_have_no_encoding_are_refused_by_rule_when_signing(people):
    anna, ben, *_ = people
    with pytest.raises(InvalidTransaction, match=r"the amount is 100 000 000 000; .*rule: ledger/amount"):
        anna.pay(ben.address, amount=10**11 * COIN)
    with pytest.raises(InvalidTransaction, match="ledger/memo"):
        anna.pay(ben.address, memo="half a pair \ud83d")


def test_nobody_signs_for_another(people):
    anna, ben, *_ = people
    with pytest.raises(AssertionError):
        sign_transaction(anna.write(ben.address), ben.seed)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"nonce": -1}, "nonce is -1; it must be 0 to 9223372036854775807; rule: ledger/number"),
        ({"gas_limit": 1 << 63}, "gas_limit is 9223372036854775808; it must be 0 to 9223372036854775807"),
        ({"amount": 0}, "the amount is 0; it must be 0.000000001 to 9 223 372 036.854775807; rule: ledger/amount"),
        ({"amount": -COIN}, "the amount is -1; it must be 0.000000001 to"),
        ({"max_tip_per_gas": 2_001}, "the tip of 2001 units per gas is more than the fee cap of 2000"),
        ({"recipient": b"short"}, "the recipient has 5 bytes; an address has 20; rule: ledger/recipient"),
    ],
)
def test_form(people, change, message):
    anna, ben, *_ = people
    with pytest.raises(InvalidTransaction) as refused:
        check_form(anna.write(**({"recipient": ben.address} | change)))
    assert message in str(refused.value)


def test_form_of_the_largest_numbers(people):
    anna, ben, *_ = people
    check_form(anna.write(ben.address, amount=MAX_UNITS, gas_limit=MAX_UNITS, max_fee_per_gas=MAX_UNITS))


@pytest.mark.parametrize("memo", ["", "thanks", "Grüße aus Köln", "名前", "👍🏽 👩‍🚀", "a" * MAX_MEMO_BYTES])
def test_memos_that_are_allowed(memo):
    check_memo(memo)


@pytest.mark.parametrize(
    ("memo", "message"),
    [
        ("a" * 257, "the memo has 257 bytes; at most 256 are allowed"),
        ("é" * 129, "the memo has 258 bytes; at most 256 are allowed"),
        ("red\x1b[31m", "U+001B at position 3"),
        ("two\nlines", "U+000A at position 3"),
        ("\x7f", "U+007F at position 0"),
        ("c1\x9b", "U+009B at position 2"),
        ("pay \u202eevil", "U+202E at position 4"),
        ("\u2066x", "U+2066"),
        ("in\u200bvisible", "U+200B"),
        ("\ufeffbom", "U+FEFF"),
        ("\U000e0041tag", "U+E0041"),
        ("\udc80", "U+DC80"),
    ],
)
def test_memos_that_are_refused(memo, message):
    with pytest.raises(InvalidTransaction, match="ledger/memo") as refused:
        check_memo(memo)
    assert message in str(refused.value)

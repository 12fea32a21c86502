"""Signed bytes have a purpose; signed messages travel as text."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto.signatures import get_public_key, is_valid_signature
from chain.errors import InvalidInput
from chain.wallet.address import compute_address, encode_address
from chain.wallet.secret import Secret
from chain.wallet.signing import (
    format_armour,
    is_valid_bytes,
    is_valid_message,
    parse_armour,
    sign_bytes,
    sign_message,
    verify_armour,
)

KEY = Secret(bytes(range(32)))
PUBLIC_KEY = get_public_key(KEY.reveal())
MESSAGE = sign_message(KEY, "I, Ada, sold my bicycle to Bob.\nPaid in full.")


def test_a_signature_holds_for_one_purpose_only() -> None:
    signature = sign_bytes(KEY, "purpose", b"data")
    assert is_valid_bytes(PUBLIC_KEY, "purpose", b"data", signature)
    assert not is_valid_bytes(PUBLIC_KEY, "another", b"data", signature)
    assert not is_valid_bytes(PUBLIC_KEY, "purpose", b"date", signature)
    assert not is_valid_signature(PUBLIC_KEY, b"data", signature)


def test_the_text_form() -> None:
    lines = format_armour(MESSAGE).split("\n")
    assert lines[:4] == [
        "-----BEGIN CHAINROOM SIGNED MESSAGE-----",
        "I, Ada, sold my bicycle to Bob.",
        "Paid in full.",
        "-----BEGIN CHAINROOM SIGNATURE-----",
    ]
    assert lines[4] == f"Address: {encode_address(compute_address(PUBLIC_KEY))}"
    assert lines[5] == f"Public-Key: {PUBLIC_KEY.hex()}"
    assert lines[6].startswith("Signature: ")
    assert lines[7:] == ["-----END CHAINROOM SIGNATURE-----", ""]


def test_it_survives_mail() -> None:
    armour = format_armour(MESSAGE)
    for carried in (armour, armour.replace("\n", "\r\n"), f"\n\n{armour}\n  "):
        assert verify_armour(carried) == MESSAGE


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_every_text_can_be_signed_and_read_back(text: str) -> None:
    message = sign_message(KEY, text)
    assert verify_armour(format_armour(message)) == message
    assert message.text == text.replace("\r\n", "\n").replace("\r", "\n")


def test_a_message_cannot_end_its_own_armour() -> None:
    inner = format_armour(MESSAGE)
    outer = sign_message(KEY, inner + "and more")
    assert verify_armour(format_armour(outer)).text == inner + "and more"


def test_a_changed_message_is_refused() -> None:
    assert is_valid_message(MESSAGE)
    assert not is_valid_message(replace(MESSAGE, text=MESSAGE.text + "!"))
    with pytest.raises(InvalidInput, match=r"the signature does not fit: .* has not signed exactly this text"):
        verify_armour(format_armour(MESSAGE).replace("Bob", "Eve"))


def test_somebody_else_s_address_is_refused() -> None:
    other = encode_address(compute_address(get_public_key(bytes(32))))
    armour = format_armour(MESSAGE).replace(encode_address(MESSAGE.address), other)
    with pytest.raises(InvalidInput, match="signed message address"):
        verify_armour(armour)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("-----BEGIN CHAINROOM SIGNED MESSAGE-----", "", "BEGIN CHAINROOM SIGNED MESSAGE"),
        ("-----BEGIN CHAINROOM SIGNATURE-----\n", "", "BEGIN CHAINROOM SIGNATURE"),
        ("-----END CHAINROOM SIGNATURE-----", "", "signed message"),
        ("Address:", "Adress:", "the line Address"),
        ("Public-Key: ", "Public-Key: zz", "64 hexadecimal digits"),
        ("Public-Key: ", "Public-Key: 00", "public key length: '33'"),
        ("Signature: ", "Signature: é", "64 bytes in base64"),
        ("Signature: ", "Signature: AAAA", "the signature does not fit"),
    ],
)
def test_what_is_wrong_with_the_text_form_is_named(old: str, new: str, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        verify_armour(format_armour(MESSAGE).replace(old, new))


@given(st.text())
def test_any_other_text_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_armour(text)


def test_half_characters_cannot_be_signed() -> None:
    with pytest.raises(InvalidInput, match=r"message character: 'U\+DC80'"):
        sign_message(KEY, "a\udc80")

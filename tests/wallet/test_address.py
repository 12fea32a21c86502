"""Addresses: from a key, to text and back, and each way of being wrong with its own message."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto.hashing import digest
from chain.crypto.signatures import get_public_key
from chain.errors import InvalidAddress, InvalidInput
from chain.units import Address
from chain.wallet.address import ADDRESS_LENGTH, compute_address, decode_address, encode_address, shorten_address
from chain.wallet.bech32m import bech32m_encode, split_bytes

PUBLIC_KEY = get_public_key(bytes(32))
ADDRESS = compute_address(PUBLIC_KEY)
TEXT = encode_address(ADDRESS)


def test_an_address_is_the_end_of_the_key_s_hash() -> None:
    assert digest("address", PUBLIC_KEY)[12:] == ADDRESS


def test_its_text() -> None:
    assert TEXT.startswith("cr1q")
    assert len(TEXT) == ADDRESS_LENGTH == 42
    assert decode_address(TEXT) == decode_address(f"  {TEXT.upper()}\n") == ADDRESS
    assert shorten_address(ADDRESS) == f"{TEXT[:8]}…{TEXT[-4:]}"


@given(st.binary(min_size=20, max_size=20))
def test_every_address_has_a_text(address: bytes) -> None:
    assert decode_address(encode_address(Address(address))) == address


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "begins with cr1"),
        ("bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4", "begins with cr1"),
        (TEXT[:-1], "address length: '41'"),
        (TEXT + "q", "address length: '43'"),
        (TEXT[:10] + "b" + TEXT[11:], "character 11: 'b'"),
        (TEXT[:10] + "1" + TEXT[11:], "character 11: '1'"),
        (TEXT[:10] + "ß" + TEXT[11:], "character 11: 'ß'"),
        (TEXT[:-1] + TEXT[-1].upper(), "character 42: .* not mixed"),
        ("C" + TEXT[1:], "character 2: .* not mixed"),
        (bech32m_encode("cr", [1, *split_bytes(ADDRESS)]), "address version: '1'"),
    ],
)
def test_what_is_wrong_is_named(text: str, message: str) -> None:
    if text == TEXT[:-1] + TEXT[-1].upper():
        assert TEXT[-1].isalpha()
    with pytest.raises(InvalidAddress, match=message):
        decode_address(text)


def test_a_single_mistyped_character_is_located() -> None:
    wrong = TEXT[:20] + ("q" if TEXT[20] != "q" else "p") + TEXT[21:]
    with pytest.raises(InvalidAddress, match=r"if only one character is wrong, it is character 21$"):
        decode_address(wrong)


def test_an_address_in_the_older_bech32_is_told_apart() -> None:
    shift = 0x2BC830A3 ^ 1  # what the two checksums differ by
    charset = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
    tail = "".join(charset[charset.index(c) ^ (shift >> 5 * (5 - i) & 31)] for i, c in enumerate(TEXT[-6:]))
    with pytest.raises(InvalidAddress, match=r"this one is right for bech32$"):
        decode_address(TEXT[:-6] + tail)


@given(st.text(max_size=50))
def test_any_other_text_is_refused(text: str) -> None:
    for candidate in (text, "cr1" + text, (TEXT[:20] + text)[: len(TEXT)]):
        if candidate.strip().lower() != TEXT:
            with pytest.raises(InvalidAddress):
                decode_address(candidate)


@pytest.mark.parametrize("length", [0, 19, 21, 32])
def test_other_lengths_are_no_address(length: int) -> None:
    with pytest.raises(InvalidInput, match="20 bytes"):
        encode_address(Address(bytes(length)))


@pytest.mark.parametrize("length", [0, 31, 33])
def test_other_lengths_are_no_public_key(length: int) -> None:
    with pytest.raises(InvalidInput, match="32 bytes"):
        compute_address(bytes(length))

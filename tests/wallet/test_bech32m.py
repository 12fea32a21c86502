"""Bech32m against every vector of BIP-350, its promise about errors, and 5-bit values."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidAddress, InvalidInput
from chain.wallet.bech32m import CHARSET, bech32m_decode, bech32m_encode, join_bytes, split_bytes

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "bip350.json").read_text())["tests"]
VALUES = st.lists(st.integers(0, 31), max_size=40)


def get_vectors(kind: str) -> list[tuple[str, str]]:
    return [(text, detail) for found, text, detail in VECTORS if found == kind]


def decode_segwit(text: str) -> str:
    """The script of a segwit address of version 1 to 16, by BIP-350 and BIP-141, on top of the codec under test."""
    prefix, values = bech32m_decode(text)
    version, program = (values or [0])[0], join_bytes(values[1:])
    if prefix not in ("bc", "tb") or not 1 <= version <= 16 or not 2 <= len(program) <= 40:
        raise InvalidAddress("segwit address", text, "a known network, a version from 1 and 2 to 40 bytes")
    return bytes((0x50 + version, len(program), *program)).hex()


@pytest.mark.parametrize("text", [text for text, _ in get_vectors("bech32m")])
def test_bip_350_valid(text: str) -> None:
    prefix, values = bech32m_decode(text)
    assert bech32m_encode(prefix, values) == text.lower()


@pytest.mark.parametrize(("text", "reason"), get_vectors("not bech32m"))
def test_bip_350_invalid(text: str, reason: str) -> None:
    expected = {
        "HRP character out of range": "bech32m prefix",
        "overall max length exceeded": "bech32m length",
        "No separator character": "bech32m text",
        "Empty HRP": "bech32m prefix",
        "empty HRP": "bech32m prefix",
        "Invalid data character": "character",
        "Invalid character in checksum": "character",
        "Too short checksum": "bech32m data length",
        "checksum calculated with uppercase form of HRP": "checksum",
    }
    with pytest.raises(InvalidAddress, match=f"^{expected[reason]}"):
        bech32m_decode(text)


@pytest.mark.parametrize(("text", "script"), get_vectors("segwit"))
def test_bip_350_valid_segwit_addresses(text: str, script: str) -> None:
    if script.startswith("00"):  # version 0 stays with bech32, which is told apart
        with pytest.raises(InvalidAddress, match="this one is right for bech32"):
            bech32m_decode(text)
    else:
        assert decode_segwit(text) == script


@pytest.mark.parametrize(("text", "reason"), get_vectors("not segwit"))
def test_bip_350_invalid_segwit_addresses(text: str, reason: str) -> None:
    expected = r"right for bech32$" if "Bech32 instead of" in reason else "allowed"
    with pytest.raises(InvalidAddress, match=expected):
        decode_segwit(text)


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20), VALUES)
def test_what_is_encoded_is_decoded(prefix: str, values: list[int]) -> None:
    text = bech32m_encode(prefix.lower(), values)
    assert bech32m_decode(text) == bech32m_decode(text.upper()) == (prefix.lower(), values)


@given(VALUES, st.lists(st.tuples(st.integers(0, 45), st.integers(1, 31)), min_size=1, max_size=4))
def test_up_to_four_wrong_characters_are_always_found(values: list[int], errors: list[tuple[int, int]]) -> None:
    text = bech32m_encode("cr", values)
    wrong = list(text[3:])
    for place, shift in errors:
        index = place % len(wrong)
        wrong[index] = CHARSET[CHARSET.index(wrong[index]) ^ shift]
    if "".join(wrong) != text[3:]:
        with pytest.raises(InvalidAddress, match="checksum"):
            bech32m_decode("cr1" + "".join(wrong))


@given(VALUES, st.integers(0, 45), st.integers(1, 31))
def test_a_single_wrong_character_is_located(values: list[int], place: int, shift: int) -> None:
    text = bech32m_encode("cr", values)
    index = 3 + place % (len(text) - 3)
    wrong = text[:index] + CHARSET[CHARSET.index(text[index]) ^ shift] + text[index + 1 :]
    with pytest.raises(InvalidAddress, match=rf"it is character {index + 1}$"):
        bech32m_decode(wrong)


@given(st.binary(max_size=50))
def test_bytes_become_values_and_bytes_again(data: bytes) -> None:
    values = split_bytes(data)
    assert len(values) == -(-len(data) * 8 // 5)
    assert join_bytes(values) == data


@pytest.mark.parametrize("values", [[0], [0, 1], [0, 0, 0]])
def test_padding_is_short_and_zero(values: list[int]) -> None:
    with pytest.raises(InvalidAddress, match="padding"):
        join_bytes(values)


@pytest.mark.parametrize(("prefix", "values"), [("", []), ("CR", []), ("a b", []), ("cr", [32]), ("cr", [0] * 82)])
def test_what_cannot_be_encoded(prefix: str, values: list[int]) -> None:
    with pytest.raises(InvalidInput):
        bech32m_encode(prefix, values)


@given(st.text(max_size=60))
def test_any_text_is_decoded_or_refused(text: str) -> None:
    with pytest.raises(InvalidAddress):
        bech32m_decode(text + "é")

"""One value has one encoding, so one value has one hash."""

import contextlib

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.encoding import decode, encode
from chain.errors import InvalidEncoding


class Pair(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """Something that is hashed."""

    number: int
    data: bytes
    name: str = ""


PAIRS = st.builds(
    Pair, st.integers(min_value=-(2**63), max_value=2**63 - 1), st.binary(max_size=40), st.text(max_size=20)
)


def test_a_value_is_an_array_of_its_fields_without_names() -> None:
    assert encode(Pair(5, b"\x01", "a")) == bytes.fromhex("93 05 c4 01 01 a1 61")


@given(PAIRS)
def test_what_is_encoded_comes_back(pair: Pair) -> None:
    assert decode(Pair, encode(pair)) == pair


@given(st.binary(max_size=40))
def test_any_bytes_are_canonical_or_refused(data: bytes) -> None:
    with contextlib.suppress(InvalidEncoding):
        assert encode(decode(Pair, data)) == data


@given(PAIRS, st.data())
def test_no_other_bytes_mean_the_same_value(pair: Pair, data: st.DataObject) -> None:
    canonical = encode(pair)
    place = data.draw(st.integers(min_value=0, max_value=len(canonical) - 1))
    other = bytearray(canonical)
    other[place] ^= data.draw(st.integers(min_value=1, max_value=255))
    with contextlib.suppress(InvalidEncoding):
        assert decode(Pair, bytes(other)) != pair


@pytest.mark.parametrize(
    "data",
    [
        "93 cd 00 05 c4 01 01 a1 61",  # 5 in three bytes
        "93 05 c5 00 01 01 a1 61",  # one byte with a two-byte length
        "93 05 c4 01 01 d9 01 61",  # one letter with a length of its own
        "dc 00 03 05 c4 01 01 a1 61",  # three fields with a two-byte length
        "92 05 c4 01 01",  # the default left out
        "94 05 c4 01 01 a1 61 c0",  # one field too many
        "93 05 c4 01 01 a1 61 00",  # something behind
        "93 05 c4 01 01 a1",  # cut short
        "93 05 c4 01 01 a1 ff",  # not UTF-8
        "83 05 c4 01 01 a1 61",  # a map
        "",
        "91" * 100_000,  # nested beyond any stack
    ],
)
def test_other_spellings_are_refused(data: str) -> None:
    with pytest.raises(InvalidEncoding, match="canonical"):
        decode(Pair, bytes.fromhex(data))


def test_the_message_shows_the_first_bytes() -> None:
    with pytest.raises(InvalidEncoding, match="'c1ff' is not allowed; allowed: the canonical bytes of a Pair"):
        decode(Pair, b"\xc1\xff")

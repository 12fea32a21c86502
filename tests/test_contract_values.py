"""Contract values as people type and read them."""

from decimal import Decimal

import pytest

from app.contract_values import MAX_TEXT, format_value, get_placeholder, parse_value
from chain.contracts.abi_types import encode_value, parse_type
from chain.errors import InvalidInput
from chain.units import COIN
from chain.wallet.address import encode_address

OMAR = bytes(range(20))


def resolve(name):
    return OMAR if name == "Omar" else None


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("uint256", "1000", 1000),
        ("uint256", " 1 000_000 ", 1_000_000),
        ("uint256", "5e18", 5 * 10**18),
        ("uint256", "2.5 CR", 5 * COIN // 2),
        ("uint256", "0xff", 255),
        ("uint256", str(2**256 - 1), 2**256 - 1),
        ("int128", "-7", -7),
        ("fixed168x10", "1.5", Decimal("1.5")),
        ("address", "Omar", OMAR),
        ("address", encode_address(OMAR), OMAR),
        ("address", "0x" + OMAR.hex(), OMAR),
        ("bool", "Yes", True),
        ("bool", "false", False),
        ("string", " hello, world ", " hello, world "),
        ("bytes", "0x", b""),
        ("bytes", "0xAbCd", b"\xab\xcd"),
        ("bytes4", "0x01020304", b"\1\2\3\4"),
        ("uint8[]", "[]", ()),
        ("uint8[]", "[1, 2,3]", (1, 2, 3)),
        ("uint8[2][]", "[[1,2],[3,4]]", ((1, 2), (3, 4))),
        ("(address,uint256)", "(Omar, 5 CR)", (OMAR, 5 * COIN)),
        ("string[]", '["a, b", c]', ("a, b", "c")),
    ],
)
def test_what_is_typed_becomes_a_value_that_can_be_encoded(kind, text, value):
    parsed = parse_value(parse_type(kind), text, resolve)
    assert parsed == value
    encode_value(parse_type(kind), parsed)


@pytest.mark.parametrize(
    ("kind", "text", "allowed"),
    [
        ("uint8", "256", "0 to 255"),
        ("uint8", "-1", "0 to 255"),
        ("uint256", "many", "whole number"),
        ("uint256", "", "whole number"),
        ("uint256", "1.5", "whole number"),
        ("uint256", "1e400", "whole number"),
        ("uint256", "NaN", "whole number"),
        ("uint256", "0.0000000001 CR", "whole number"),
        ("address", "Nobody", "name you know"),
        ("address", encode_address(OMAR)[:-1] + "q", "name you know"),
        ("bool", "maybe", "true or false"),
        ("bytes4", "0x0102", "8 hexadecimal"),
        ("bytes", "abc", "0x and"),
        ("bytes", "0xabc", "0x and"),
        ("uint8[2]", "[1]", "2 values"),
        ("uint8[]", "1,2", "values in \\[ \\]"),
        ("(bool,bool)", "(true)", "2 values"),
        ("uint8[]", "[[1]", "closing"),
        ("string[]", '["a]', "quotation mark"),
        ("string", "x" * (MAX_TEXT + 1), "characters"),
        ("uint256", "[/x]\x1b[31m", "whole number"),
    ],
)
def test_what_does_not_fit_is_refused_with_what_would(kind, text, allowed):
    with pytest.raises(InvalidInput, match=allowed) as refusal:
        parse_value(parse_type(kind), text, resolve)
    assert "\x1b" not in str(refusal.value)


def test_values_are_written_for_people():
    kind = parse_type("(address,uint256,bool,bytes,string,uint256[])")
    text = format_value(kind, (OMAR, 1_234_567, True, b"\1", "hi", (10**21, 7)), lambda _: "Omar")
    assert text == "(Omar, 1 234 567, true, 0x01, hi, [1e21, 7])"


@pytest.mark.parametrize("kind", ["uint256", "address", "bool", "string", "bytes32", "(bool,address)[]"])
def test_every_type_has_an_example(kind):
    assert get_placeholder(parse_type(kind))

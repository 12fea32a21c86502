"""The contract ABI: types, calls, events and errors; encodings compared with eth-abi's and the documentation's."""

import contextlib
import json
from decimal import Decimal
from random import Random

import pytest
from abi_values import make_type, make_value, revive
from cases import VECTORS
from hypothesis import given
from hypothesis import strategies as st

from chain.contracts.abi import Abi, Function, Parameter, read_abi
from chain.contracts.abi_types import MAX_VALUES, Tuple, decode_value, encode_value, parse_type
from chain.contracts.evm import Log
from chain.errors import ChainroomError, InvalidEncoding, InvalidInput
from chain.units import Address, Hash

TOKEN = read_abi(
    json.loads("""[
    {"type": "function", "name": "transfer", "stateMutability": "nonpayable",
     "inputs": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint256"}],
     "outputs": [{"name": "", "type": "bool"}]},
    {"type": "function", "name": "get", "stateMutability": "view", "inputs": [],
     "outputs": [{"name": "", "type": "tuple[]", "components": [
        {"name": "who", "type": "address"}, {"name": "name", "type": "string"}]}]},
    {"type": "event", "name": "Transfer", "inputs": [
        {"name": "from", "type": "address", "indexed": true}, {"name": "to", "type": "address", "indexed": true},
        {"name": "amount", "type": "uint256", "indexed": false}]},
    {"type": "event", "name": "Named", "inputs": [{"name": "name", "type": "string", "indexed": true}]},
    {"type": "error", "name": "TooMuch",
     "inputs": [{"name": "has", "type": "uint256"}, {"name": "", "type": "bytes4"}]},
    {"type": "constructor", "inputs": [{"name": "supply", "type": "uint256"}]},
    {"type": "receive", "stateMutability": "payable"}
]""")
)
ALICE, BOB = Address(bytes(19) + b"\x0a"), Address(bytes(19) + b"\x0b")


def word(number: int) -> bytes:
    return number.to_bytes(32)


def test_a_call_is_the_selector_and_the_arguments() -> None:
    """The selector of an ERC-20 transfer is known to everybody."""
    call = TOKEN.get_function("transfer").encode_call([BOB, 5])
    assert call == bytes.fromhex("a9059cbb") + word(11) + word(5)
    assert TOKEN.find_function(call) is TOKEN.get_function("transfer(address,uint256)")
    assert TOKEN.get_function("transfer").decode_call(call) == (BOB, 5)


def test_the_example_of_the_documentation() -> None:
    """``f(uint256,uint32[],bytes10,bytes)`` with (0x123, [0x456, 0x789], "1234567890", "Hello, world!")."""
    names = ["uint256", "uint32[]", "bytes10", "bytes"]
    function = Function("f", tuple(Parameter("", parse_type(name)) for name in names))
    call = function.encode_call([0x123, [0x456, 0x789], b"1234567890", b"Hello, world!"])
    assert call.hex() == (
        "8be65246"
        + "0000000000000000000000000000000000000000000000000000000000000123"
        + "0000000000000000000000000000000000000000000000000000000000000080"
        + "3132333435363738393000000000000000000000000000000000000000000000"
        + "00000000000000000000000000000000000000000000000000000000000000e0"
        + "0000000000000000000000000000000000000000000000000000000000000002"
        + "0000000000000000000000000000000000000000000000000000000000000456"
        + "0000000000000000000000000000000000000000000000000000000000000789"
        + "000000000000000000000000000000000000000000000000000000000000000d"
        + "48656c6c6f2c20776f726c642100000000000000000000000000000000000000"
    )


def test_encodings_are_those_of_eth_abi() -> None:
    """Every kind of type inside every other."""
    for text, value, expected in json.loads((VECTORS / "abi.json").read_text()):
        row = Tuple((parse_type(text),))
        assert encode_value(row, (revive(value),)).hex() == expected, text
        assert decode_value(row, bytes.fromhex(expected)) == (revive(value),), text


@given(st.integers(min_value=0))
def test_what_is_encoded_is_decoded(seed: int) -> None:
    """Any value of any type comes back."""
    random = Random(seed)
    text = make_type(random)
    kind, value = parse_type(text), revive(make_value(random, text))
    assert str(kind) == text
    assert decode_value(kind, encode_value(kind, value)) == value


@given(st.integers(min_value=0), st.binary(max_size=200))
def test_made_up_data_is_refused_or_read_but_never_more(seed: int, noise: bytes) -> None:
    """Decoding damaged data ends in a value or in InvalidEncoding."""
    random = Random(seed)
    text = make_type(random)
    data = bytearray(encode_value(parse_type(text), revive(make_value(random, text))))
    for byte in noise[:3]:
        if data:
            data[random.randrange(len(data))] = byte
    with contextlib.suppress(InvalidEncoding):
        decode_value(parse_type(text), bytes(data) + noise)


def test_a_few_bytes_do_not_become_a_million_values() -> None:
    """Every entry of each array names the same tail: 40 entries a level, seven levels, 10**11 values."""
    level = word(40) + word(40 * 32) * 40
    with pytest.raises(InvalidEncoding, match=str(MAX_VALUES)):
        decode_value(parse_type("uint256" + "[]" * 8), level * 8 + word(0) * 99)
    with pytest.raises(InvalidEncoding):
        decode_value(parse_type("()[]"), word(2**200))
    with pytest.raises(InvalidEncoding):
        decode_value(parse_type("bytes"), word(2**255) + b"abc")


def test_an_event_is_read_from_its_log() -> None:
    """Indexed values come from the topics; of long ones only the hash is known."""
    topic = Hash(bytes.fromhex("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"))
    decoded = TOKEN.decode_log(Log(ALICE, (topic, Hash(word(10)), Hash(word(11))), word(7)))
    assert decoded is not None
    assert decoded[0].name == "Transfer"
    assert decoded[1] == {"from": ALICE, "to": BOB, "amount": 7}
    named = TOKEN.events[1]
    assert named.decode(Log(ALICE, (Hash(named.topic), Hash(b"h" * 32)), b"")) == {"name": b"h" * 32}
    assert TOKEN.decode_log(Log(ALICE, (Hash(word(1)),), b"")) is None
    assert TOKEN.decode_log(Log(ALICE, (topic,), b"")) is None


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "reverted without a reason"),
        (bytes.fromhex("08c379a0") + word(32) + word(2) + b"no".ljust(32, b"\0"), "no"),
        (bytes.fromhex("4e487b71") + word(0x11), "arithmetic overflow or underflow"),
        (bytes.fromhex("4e487b71") + word(0x99), "panic 0x99"),
        (TOKEN.errors[0].encode([3, b"\1\2\3\4"]), "TooMuch(has=3, 0x01020304)"),
        (b"\1\2\3", "reverted with 0x010203"),
        (bytes.fromhex("08c379a0") + word(2**200), "reverted with 0x08c379a0" + word(2**200).hex()),
    ],
)
def test_a_revert_is_told_in_words(data: bytes, words: str) -> None:
    assert TOKEN.explain_revert(data) == words


def test_tuples_of_the_json_form() -> None:
    """Components become a tuple, whatever stands behind the word."""
    function = TOKEN.get_function("get")
    assert str(function.outputs[0].type) == "(address,string)[]"
    assert [part.name for part in function.outputs[0].parts] == ["who", "name"]
    assert function.reads_only
    data = encode_value(Tuple((function.outputs[0].type,)), (((ALICE, "a"), (BOB, "b")),))
    assert function.decode_output(data) == (((ALICE, "a"), (BOB, "b")),)
    assert TOKEN.receives
    assert TOKEN.constructor.inputs[0].name == "supply"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("uint8", 256),
        ("uint8", -1),
        ("uint8", True),
        ("int8", 128),
        ("bool", 1),
        ("address", b"short"),
        ("bytes4", b"12345"),
        ("uint8[2]", [1]),
        ("(bool,bool)", [True]),
        ("fixed8x1", Decimal("0.05")),
        ("fixed8x1", Decimal("NaN")),
        ("string", 5),
        ("uint8[]", "no list"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(text: str, value: object) -> None:
    with pytest.raises(InvalidInput):
        encode_value(parse_type(text), value)


def test_a_wrong_argument_is_named() -> None:
    with pytest.raises(
        InvalidInput, match=r"argument amount, value of type uint256: '-5' is not allowed; allowed: 0 to"
    ):
        TOKEN.get_function("transfer").encode_call([BOB, -5])
    with pytest.raises(InvalidInput, match="number of arguments"):
        TOKEN.get_function("transfer").encode_call([BOB])
    with pytest.raises(InvalidInput, match=r"one of transfer\(address,uint256\), get\(\)"):
        TOKEN.get_function("steal")


@pytest.mark.parametrize(
    "text",
    ["", "uint7", "uint264", "bytes33", "bytes0", "(uint8", "(uint8,)", "uint8[", "uint8[-1]", "addresss", "uint8x"],
)
def test_what_is_no_type_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        parse_type(text)


@pytest.mark.parametrize("text", ["(" * 99 + ")" * 99, "uint8" + "[]" * 99])
def test_types_inside_one_another_have_an_end(text: str) -> None:
    with pytest.raises(InvalidInput, match="inside one another"):
        parse_type(text)


@pytest.mark.parametrize(
    "entries",
    [
        {}, "abi", 5, [5], [{"type": "magic"}], [{"name": "f", "inputs": [{"name": "x"}]}], [{"inputs": [7]}],
        [{"inputs": 7}], [{"inputs": "ab"}], [{"outputs": {"a": 1}}],
        [{"inputs": [{"type": "tuple", "components": 1}]}], [{}] * 4097, [{"inputs": [{"type": "bool"}] * 257}],
    ],
)  # fmt: skip
def test_what_is_no_abi_is_refused(entries: object) -> None:
    if entries == {}:
        entries = {"a": 1}
    with pytest.raises(ChainroomError):
        read_abi(entries)


def test_an_empty_abi_is_an_abi() -> None:
    assert read_abi([]) == Abi()

"""The contracts that are part of the machine, on the vectors of their EIPs."""

import hashlib
import sys

import pytest
from hypothesis import given
from hypothesis.strategies import integers

from chain.contracts.evm import Account, Context, Halt, MemoryHost, Message, Result, execute_message
from chain.contracts.evm.blake2 import compress_plainly, load_compress
from chain.contracts.evm.frame import set_give_way
from chain.contracts.evm.precompiles import compute_modexp_gas, compute_power
from chain.contracts.tracer import trace_message
from chain.units import Address

ALICE = Address(b"\xaa" * 20)
H = (
    "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
    "d182e6ad7f520e511f6c3e2b8c68059b6bbd41fbabd9831f79217e1319cde05b"
)
BLOCK = "616263" + "00" * 125
TAIL = "03000000000000000000000000000000"


def call(number: int, data: bytes, gas: int = 10**7) -> Result:
    """Call a precompile from outside."""
    host = MemoryHost(accounts={ALICE: Account(0, 0)})
    return execute_message(host, Context(), Message(ALICE, Address(number.to_bytes(20)), gas, data=data))


def get_gas(number: int, data: bytes) -> int:
    """Return what the precompile itself takes."""
    host = MemoryHost(accounts={ALICE: Account(0, 0)})
    message = Message(ALICE, Address(number.to_bytes(20)), 10**7, data=data)
    return trace_message(host, Context(), message).calls[0].gas_used


@pytest.mark.parametrize(
    ("rounds", "final", "expected"),
    [
        (0, 1, "08c9bcf367e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5"
               "d282e6ad7f520e511f6c3e2b8c68059b9442be0454267ce079217e1319cde05b"),
        (12, 1, "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
                "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923"),
        (12, 0, "75ab69d3190a562c51aef8d88f1c2775876944407270c42c9844252c26d28752"
                "98743e7f6d5ea2f2d3e8d226039cd31b4e426ac4f2d3d666a610c2116fde4735"),
        (1, 1, "b63a380cb2897d521994a85234ee2c181b5f844d2c624c002677e9703449d2fb"
               "a551b3a8333bcdf5f2f7e08993d53923de3d64fcc68c034e717b9293fed7a421"),
    ],
)  # fmt: skip
def test_blake2f_on_the_vectors_of_eip_152(rounds: int, final: int, expected: str) -> None:
    data = rounds.to_bytes(4) + bytes.fromhex(H + BLOCK + TAIL) + bytes([final])
    result = call(9, data)
    assert (result.output.hex(), get_gas(9, data)) == (expected, rounds)
    words = [int.from_bytes(data[place : place + 8], "little") for place in range(4, 212, 8)]
    for compress in (compress_plainly, load_compress()):
        assert compress(rounds, words[:8], words[8:24], words[24:], bool(final)).hex() == expected


def test_blake2f_is_blake2b() -> None:
    """Twelve rounds on one block are the hash of three letters."""
    data = (12).to_bytes(4) + bytes.fromhex(H + BLOCK + TAIL) + b"\x01"
    assert call(9, data).output == hashlib.blake2b(b"abc").digest()


@pytest.mark.parametrize("size", [0, 212, 214])
def test_blake2f_wants_its_length(size: int) -> None:
    assert call(9, bytes(size)).error is Halt.INVALID_PARAMETER
    assert call(9, (1).to_bytes(4) + bytes(208) + b"\x02").error is Halt.INVALID_PARAMETER
    assert call(9, b"\xff" * 4 + bytes(209)).error is Halt.OUT_OF_GAS


@pytest.mark.parametrize(
    ("base", "exponent", "modulus", "gas"),
    [
        # nagydani-1 to -5 of EIP-2565: square, cube-like (2**16 + 1) and full powers of 64 to 1024 bytes
        (64, 1, 64, 200),
        (64, 3, 64, 341),
        (128, 1, 128, 200),
        (128, 3, 128, 1365),
        (256, 1, 256, 341),
        (256, 3, 256, 5461),
        (512, 1, 512, 1365),
        (512, 3, 512, 21845),
        (1024, 1, 1024, 5461),
        (1024, 3, 1024, 87381),
    ],
)
def test_modexp_is_priced_as_in_eip_2565(base: int, exponent: int, modulus: int, gas: int) -> None:
    head = {1: 2, 3: 65537}[exponent]
    assert compute_modexp_gas(base, exponent, modulus, head) == gas


def test_modexp_computes_fermats_little_theorem() -> None:
    """The first example of EIP-198: 3 to the power of p - 1 is 1 modulo a prime p."""
    prime = 2**256 - 2**32 - 977
    sizes = b"".join(size.to_bytes(32) for size in (1, 32, 32))
    data = sizes + b"\x03" + (prime - 1).to_bytes(32) + prime.to_bytes(32)
    result = call(5, data)
    assert result.output == (1).to_bytes(32)
    assert get_gas(5, data) == 1360
    huge = b"".join(size.to_bytes(32) for size in (0, 2**255, 0))
    assert call(5, huge).output == b""
    assert call(5, b"".join(size.to_bytes(32) for size in (1, 2**255, 1))).error is Halt.OUT_OF_GAS


def test_ecrecover_finds_the_signer() -> None:
    """A signature of Ethereum's test suites; a wrong v or an s out of range finds nobody, for the same price."""
    digest = "18c547e4f7b0f325ad1e56f57e26c745b09a3e503d86e00e5255ff7f715d3d1c"
    r = "73b1693892219d736caba55bdb67216e485557ea6b6af75f37096c9aa6a5a75f"
    s = "eeb940b1d03b21e36b0e47e79769f095fe2ab855bd91e3a38756b7d75a9c4549"
    data = bytes.fromhex(digest + f"{28:064x}" + r + s)
    result = call(1, data)
    assert result.output.hex() == "000000000000000000000000a94f5374fce5edbc8e2a8697c15331677e6ebf0b"
    assert get_gas(1, data) == 3000
    assert call(1, data[:63] + b"\x1a" + data[64:]).output == b""
    assert call(1, data[:96] + b"\xff" * 32).output == b""
    assert call(1, b"").output == b""


def test_hashes_and_copies() -> None:
    for size in (0, 1, 32, 33, 1000):
        data = bytes(range(256))[:size] * (1 + size // 256)
        assert call(2, data).output == hashlib.sha256(data).digest()
        assert call(4, data).output == data
        words = (len(data) + 31) // 32
        assert [get_gas(number, data) for number in (2, 3, 4)] == [
            60 + 12 * words,
            600 + 120 * words,
            15 + 3 * words,
        ]
    assert call(3, b"abc").output.hex() == "00" * 12 + "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc"


def test_blake2f_needs_no_other_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the fast one the work is done here."""
    monkeypatch.setitem(sys.modules, "blake2b", None)
    load_compress.cache_clear()
    assert load_compress() is compress_plainly
    load_compress.cache_clear()


@given(integers(0, 2**400), integers(0, 2**300), integers(1, 2**300), integers(1, 90))
def test_a_power_in_steps_is_the_power(base: int, exponent: int, modulus: int, step_bits: int) -> None:
    steps: list[None] = []
    power = compute_power(base, exponent, modulus, step_bits, lambda: steps.append(None))
    assert power == pow(base, exponent, modulus) == compute_power(base, exponent, modulus, step_bits, None)
    whole = -(-exponent.bit_length() // step_bits)
    assert len(steps) == (3 * whole if whole > 1 else 0)


def test_a_long_power_gives_way() -> None:
    """Millions of gas on one call: 1000 bytes of exponent on 256 of modulus would hold the interface up for long."""
    turns: list[None] = []
    set_give_way(lambda: turns.append(None))
    lengths = b"".join(size.to_bytes(32) for size in (256, 1000, 256))
    try:
        result = call(5, lengths + b"\x07" * 256 + b"\xff" * 1000 + b"\xfb" * 256, 5 * 10**6)
    finally:
        set_give_way(None)
    assert int.from_bytes(result.output) == pow(int("07" * 256, 16), 256**1000 - 1, int("fb" * 256, 16))
    assert len(turns) > result.gas_used // 60_000

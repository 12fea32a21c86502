"""The worst programs found: each spends all its gas on what costs the machine most for its price.

``build_hostile()`` gives them by name, each as the message that runs it and the host it runs in. A loop is unrolled as
far as code may be long, so that jumping back costs next to nothing.
"""

from collections.abc import Mapping
from hashlib import shake_256
from types import MappingProxyType
from typing import NamedTuple

from assembler import assemble
from precompile_inputs import G1, G2, write_point, write_twist_point
from stage import ALICE

from chain.contracts.evm import Account, MemoryHost, Message
from chain.contracts.evm.bn254 import multiply
from chain.units import Address

GAS = 1_000_000
TARGET = Address(b"\x0b" * 20)
OTHER = Address(b"\x0c" * 20)


class Case(NamedTuple):
    """A program at the address ``TARGET``, and what else there is."""

    code: bytes
    others: Mapping[Address, bytes] = MappingProxyType({})
    data: bytes = b""

    def open(self, gas: int = GAS) -> tuple[MemoryHost, Message]:
        """Return a fresh host, and the message that runs the program with so much gas."""
        host = MemoryHost()
        host.set_account(ALICE, Account(0, 10**18))
        for address, code in {TARGET: self.code, **self.others}.items():
            host.set_account(address, Account(1, 10**9))
            host.set_code(address, code)
        return host, Message(ALICE, TARGET, gas + 21_000 + 40 * len(self.data), 0, self.data)


def repeat(*items: int | str | bytes, setup: bytes = b"", times: int = 0) -> bytes:
    """Return code that does something again and again, after a beginning."""
    part = assemble(*items)
    times = times or max(1, min(2000, 20_000 // len(part)))
    return setup + assemble("JUMPDEST") + part * times + assemble(len(setup), "JUMP")


def call_precompile(number: int, size: int, setup: bytes, value: str = "STATICCALL") -> bytes:
    """Return code that calls a precompile with the first bytes of memory, again and again."""
    return repeat(0, 0, size, 0, number, "GAS", value, "POP", setup=setup)


def store(*words: int) -> bytes:
    """Return code that writes words to the beginning of memory."""
    return b"".join(assemble(word, 32 * place, "MSTORE") for place, word in enumerate(words))


def fill(size: int) -> bytes:
    """Return code that makes so much memory."""
    return assemble(1, size - 1, "MSTORE8")


def modexp_data(base: int, exponent: int, modulus: int, low: bool = False) -> bytes:
    """Return MODEXP's input; with ``low`` the exponent's first 32 bytes are 0 but for the last bit.

    Base and modulus have nothing in common: a base that is the modulus would be 0, and cheap.
    """
    head = bytes(31) + b"\x01" if low else b"\xff" * min(32, exponent)
    tail = b"\xff" * (exponent - len(head)) if exponent > len(head) else b""
    lengths = b"".join(size.to_bytes(32) for size in (base, exponent, modulus))
    any_base, any_modulus = (shake_256(name).digest(size) for name, size in ((b"base", base), (b"modulus", modulus)))
    return lengths + any_base + (head + tail)[:exponent] + b"\xff" + any_modulus[1:-1] + b"\xff" * (modulus > 1)


def blake2f(rounds: int) -> bytes:
    """Return code that calls BLAKE2F with so many rounds."""
    return call_precompile(9, 213, assemble(rounds << 224, 0, "MSTORE"))


def recurse(*before: int | str) -> bytes:
    """Return code that does something and calls itself with all the gas."""
    return assemble(*before, 0, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "POP", "STOP")


def build_pages(count: int) -> dict[Address, bytes]:
    """Return many long contracts, all different, each of which jumps over itself and ends."""
    end = 24_000
    pages = {}
    for number in range(count):
        start = assemble(number, "POP", b"\x61" + end.to_bytes(2), "JUMP")
        pages[Address(b"\xee" * 18 + number.to_bytes(2))] = start.ljust(end, b"\x5b") + assemble("JUMPDEST", "STOP")
    return pages


def call_pages(count: int) -> bytes:
    """Return code that calls every one of the long contracts, again and again."""
    calls = [assemble(0, 0, 0, 0, 0, int.from_bytes(address), "GAS", "CALL", "POP") for address in build_pages(count)]
    return assemble("JUMPDEST") + b"".join(calls) + assemble(0, "JUMP")


def create_long(opcode: int) -> bytes:
    """Return code that makes contracts of the longest initcode, which does nothing but jump over itself."""
    size = 49_152
    code = assemble(b"\x61" + (size - 2).to_bytes(2), "JUMP")
    head = int.from_bytes(code.ljust(32, b"\x5b"))
    setup = b"".join(assemble(int.from_bytes(b"\x5b" * 32), place, "MSTORE") for place in (32,))
    double = b"".join(
        assemble(32 << step, 32, 32 + (32 << step), "MCOPY") for step in range(11) if 64 + (64 << step) <= 2 * size
    )
    setup += double + assemble(head, 0, "MSTORE", 0x5B00, size - 32, "MSTORE")
    salt = ["GAS"] if opcode == 0xF5 else []
    return repeat(*salt, size, 0, 0, bytes([opcode]), "POP", setup=setup, times=100)


SIMPLE = {
    "jumpdest": ("JUMPDEST",),
    "push and pop": ("PC", "POP"),
    "push32": (2**256 - 1, "POP"),
    "dup and swap": ("DUP1", "SWAP1", "POP"),
    "mulmod": (2**256 - 189, 2**256 - 1, 2**256 - 2, "MULMOD", "POP"),
    "addmod": (2**256 - 189, 2**256 - 1, 2**256 - 2, "ADDMOD", "POP"),
    "sdiv": (3, 2**256 - 2, "SDIV", "POP"),
    "smod": (2**200 - 3, 2**256 - 2, "SMOD", "POP"),
    "signextend": (2**256 - 2, 3, "SIGNEXTEND", "POP"),
    "sar": (2**256 - 2, 3, "SAR", "POP"),
    "exp": (2**256 - 1, 2**256 - 1, "EXP", "POP"),
    "exp, small": (255, 2**256 - 1, "EXP", "POP"),
    "keccak, small": (32, 0, "KECCAK256", "POP"),
    "keccak, nothing": (0, 0, "KECCAK256", "POP"),
    "mload": (7, "MLOAD", "POP"),
    "mstore": (2**256 - 1, 7, "MSTORE"),
    "sload, warm": (0, "SLOAD", "POP"),
    "sload, cold": ("GAS", "SLOAD", "POP"),
    "sstore, new": ("GAS", "GAS", "SSTORE"),
    "sstore, warm": ("GAS", 0, "SSTORE"),
    "tstore": ("GAS", "GAS", "TSTORE"),
    "tload": ("GAS", "TLOAD", "POP"),
    "balance, cold": ("GAS", "BALANCE", "POP"),
    "balance, warm": ("ADDRESS", "BALANCE", "POP"),
    "extcodehash": ("ADDRESS", "EXTCODEHASH", "POP"),
    "extcodecopy": (20_000, 0, 0, "ADDRESS", "EXTCODECOPY"),
    "codecopy": (20_000, 0, 0, "CODECOPY"),
    "blockhash": (0, "BLOCKHASH", "POP"),
    "log0": (0, 0, "LOG0"),
    "log4": (1, 2, 3, 4, 0, 0, "LOG4"),
    "log, long": (100_000, 0, "LOG0"),
    "call of nobody": (0, 0, 0, 0, 0, 0x77, "GAS", "CALL", "POP"),
    "call with value": (0, 0, 0, 0, 1, 0x77, "GAS", "CALL", "POP"),
    "create nothing": (0, 0, 0, "CREATE", "POP"),
    "create and destroy": (store(0x30FF << 240), 2, 0, 0, "CREATE", "POP"),
    "calldatacopy": (100_000, 0, 0, "CALLDATACOPY"),
    "mcopy": (100_000, 0, 1, "MCOPY"),
}
"""What is done again and again."""


def build_hostile() -> dict[str, Case]:
    """Return every hostile program by name."""
    cases = {name: Case(repeat(*items)) for name, items in SIMPLE.items()}
    copied = assemble("CALLDATASIZE", 0, 0, "CALLDATACOPY")
    cases |= {
        f"modexp {base}^{exponent} mod {modulus}{' low' if low else ''}": Case(
            call_precompile(5, 96 + base + exponent + modulus, copied), data=modexp_data(base, exponent, modulus, low)
        )
        for base, exponent, modulus, low in (
            (1, 1, 1, False), (8, 8, 8, False), (32, 32, 32, False), (40, 32, 40, False), (64, 64, 64, False),
            (128, 32, 128, False), (256, 1, 256, False), (256, 32, 256, False), (1024, 1, 1024, False),
            (4096, 1, 4096, False), (13_000, 1, 13_000, False), (13_000, 1, 1, False), (1, 1, 13_000, False),
            (1, 30_000, 1, False), (8, 5000, 8, False), (32, 4000, 32, True), (640, 32, 640, False),
            (13_000, 33, 8, True),
        )
    }  # fmt: skip
    cases |= {f"blake2f, {rounds} rounds": Case(blake2f(rounds)) for rounds in (0, 1, 12, 1000, 950_000)}
    cases |= {
        f"{name}, {size} bytes": Case(call_precompile(number, size, fill(max(size, 1))))
        for number, name in ((1, "ecrecover"), (2, "sha256"), (3, "ripemd160"), (4, "identity"))
        for size in (0, 128, 100_000)
    }
    points = write_point(G1) + write_point(multiply(G1, 77)), write_point(G1) + b"\xff" * 32
    pair = write_point(G1) + write_twist_point(G2)
    cases |= {
        f"{name}, {len(data)} bytes": Case(call_precompile(number, len(data), copied), data=data)
        for number, name, data in (
            (6, "ecadd", points[0]), (6, "ecadd", b""), (7, "ecmul", points[1]), (8, "ecpairing", b""),
            (8, "ecpairing", pair), (8, "ecpairing", pair * 8),
        )
    }  # fmt: skip
    signed = store(2**255 - 19, 27, 0x79BE667EF9DCBBAC55A06295CE870B07029BFCDB2DCE28D959F2815B16F81798, 2**200 + 3)
    long = {size: fill(size) for size in (10_000, 100_000, 300_000)}
    cases |= {
        "ecrecover, valid": Case(call_precompile(1, 128, signed)),
        **{f"keccak, {size} bytes": Case(repeat(size, 0, "KECCAK256", "POP", setup=it)) for size, it in long.items()},
        "memory, ever more": Case(repeat(1, "MSIZE", "MSTORE")),
        "memory, in calls": Case(recurse(1, 30_000, "MSTORE")),
        "deep calls": Case(recurse()),
        "deep calls and writes": Case(recurse("GAS", "GAS", "SSTORE")),
        "deep delegates": Case(assemble(0, 0, 0, 0, "ADDRESS", "GAS", "DELEGATECALL", "POP", "STOP")),
        "wide calls": Case(repeat(0, 0, 0, 0, 0, 0x0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C, "GAS", "CALL", "POP"),
                           {OTHER: b"\0"}),
        "undone writes": Case(
            repeat(0, 0, 0, 0, 0, 0x0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C, 150_000, "CALL", "POP"),
            {OTHER: assemble("GAS", "GAS", "SSTORE") * 6 + assemble(0, 0, "REVERT")},
        ),
        "returned bombs": Case(
            repeat(0, 0, 0, 0, 0, 0x0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C, "GAS", "CALL", "POP",
                   "RETURNDATASIZE", 0, 0, "RETURNDATACOPY"),
            {OTHER: assemble(60_000, 0, "RETURN")},
        ),
        "reverted bombs": Case(
            repeat(0, 0, 0, 0, 0, 0x0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C, "GAS", "CALL", "POP"),
            {OTHER: assemble(60_000, 0, "REVERT")},
        ),
        "handed on data": Case(repeat(0, 0, 200_000, 0, 0, 0x0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C0C, "GAS", "CALL",
                                      "POP", setup=fill(200_000)), {OTHER: b"\0"}),
        "long initcode": Case(create_long(0xF0)),
        "long initcode, hashed": Case(create_long(0xF5)),
        "long contracts": Case(call_pages(160), build_pages(160)),
        "ever more contracts": Case(call_pages(380), build_pages(380)),
        "jumps everywhere": Case(assemble("JUMPDEST", 0, "JUMP")),
        "jumps far": Case((assemble("JUMPDEST") + assemble(0, "POP") * 20) * 300 + assemble(0, "JUMP")),
        "jumps by chance": Case(b"".join(
            assemble("JUMPDEST", b"\x5a\x61\x03\xff\x16\x60\x04\x1b\x56").ljust(16, b"\x5b") for _ in range(1024)
        )),
    }  # fmt: skip
    return cases

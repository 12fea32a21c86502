"""Cases written on purpose: every opcode on edge values, the precompiles, and rules that random programs miss."""

from itertools import product
from random import Random

from assembler import assemble, push
from cases import Case, make_case
from precompile_inputs import make_precompile_case
from programs import make_delegating_case

from chain.contracts.addresses import compute_create_address
from chain.contracts.evm.opcodes import OPCODES, Kind, Opcode

TARGET, OTHER, THIRD = "c1" * 20, "c2" * 20, "c3" * 20
OPERANDS = [0, 1, 2, 31, 32, 255, 256, 2**64 - 1, 2**128 + 5, 2**255 - 1, 2**255, 2**256 - 2, 2**256 - 1]
SMALL = [0, 1, 5, 32, 33, 64]


def _account(code: bytes, balance: int = 1000, **storage: int) -> list:
    return ["0x1", hex(balance), code.hex(), {key.replace("k", "0x"): hex(value) for key, value in storage.items()}]


def make_code_case(code: bytes, *, gas: int = 400_000, data: bytes = b"", value: int = 0, **others: list) -> Case:
    """Return a case that calls one code; ``others`` are more accounts, by name."""
    places = {"other": OTHER, "third": THIRD}
    pre = {TARGET: _account(code, k1=7, k2=0xFF), **{places[name]: account for name, account in others.items()}}
    return make_case(pre, TARGET, gas=gas, data=data.hex(), value=hex(value))


def _pick_operands(row: Opcode) -> list[tuple[int, ...]]:
    """Return the tuples of words to try on an opcode: all pairs of edge values would be many, so a fixed draw."""
    random, pool = Random(row.byte), OPERANDS if row.byte < 0x20 else SMALL
    every = list(product(pool, repeat=min(row.pops, 3)))
    chosen = every if len(every) <= 40 else random.sample(every, 40)
    return [words + (3,) * (row.pops - len(words)) for words in chosen]


def make_opcode_cases() -> list[Case]:
    """Return cases of every opcode: with words, with too few words, with a full stack, with too little gas."""
    cases = []
    for row in OPCODES:
        if row is None or row.kind is Kind.BRANCH:
            continue
        code = bytearray()
        if row.pops <= 4:
            for place, words in enumerate(_pick_operands(row)):
                code += b"".join(push(word) for word in reversed(words)) + bytes([row.byte])
                if row.pushes == 1 and row.byte not in range(0x60, 0x80):
                    code += assemble(1024 + 32 * place, "MSTORE")
        elif row.name.startswith("LOG"):
            code += assemble(*range(1, row.pops - 1), 64, 0, row.name)
        else:
            code += assemble(*range(1, 18), bytes([row.byte]))
            code += assemble(*(item for place in range(17) for item in (32 * place, "MSTORE")))
        code += assemble("MSIZE", 0, "RETURN")
        cases.append(make_code_case(bytes(code), data=bytes(range(1, 100))))
        cases.append(make_code_case(assemble(*([1] * max(row.pops - 1, 0)), bytes([row.byte]))))
        cases.append(make_code_case(assemble(*([1] * 1024), bytes([row.byte]), "STOP")))
        setup = assemble(*([1] * row.pops), bytes([row.byte]))
        cases.extend(make_code_case(setup, gas=21_000 + gas) for gas in (3 * row.pops, 3 * row.pops + row.gas - 1, 60))
    cases += [make_code_case(bytes([byte])) for byte in range(256) if OPCODES[byte] is None]
    return [case for case in cases if case["tx"]["gas"] >= 21_000]


def _call(address: int | str, gas: int | str = "GAS", value: int = 0, name: str = "CALL") -> list:
    to = int(address, 16) if isinstance(address, str) else address
    return [0, 0, 0, 0, *([value] if name in ("CALL", "CALLCODE") else []), to, gas, name]


def _deploy(initcode: bytes) -> list:
    """Return items that put initcode into memory."""
    items: list = []
    for place in range(0, len(initcode), 32):
        items += [int.from_bytes(initcode[place : place + 32].ljust(32, b"\0")), place, "MSTORE"]
    return items


def make_call_cases() -> list[Case]:
    """Return calls and creations at their limits."""
    revert = assemble(0xBAD, 0, "MSTORE", 32, 0, "REVERT")
    store = assemble("CALLVALUE", 5, "SSTORE", "CALLER", 6, "SSTORE", "ADDRESS", 7, "SSTORE")
    keep = ["RETURNDATASIZE", 0, "MSTORE", 96, "MSTORE", 128, 0, "RETURN"]
    cases = []
    for name, callee, value in product(
        ["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"], [store, revert, b""], [0, 9]
    ):
        code = assemble(*_call(OTHER, value=value, name=name), *keep)
        cases.append(make_code_case(code, other=_account(callee), value=3))
    recurse = assemble(0, "SLOAD", 1, "ADD", 0, "SSTORE", *_call(TARGET), "STOP")
    cases.append(make_code_case(recurse, gas=3_000_000))
    deep = make_code_case(assemble(*_call(TARGET), 1, "SSTORE"), gas=2**42)
    deep["env"] = {**deep["env"], "gas_limit": 2**43}
    cases.append(deep)
    for gas in (0, 2300, 9000, 2**256 - 1):  # to an account that is not there, with and without money
        cases += [make_code_case(assemble(*_call(THIRD, gas, value), *keep)) for value in (0, 1)]
    runtime = assemble("CALLER", "SELFDESTRUCT")
    initcode = assemble(int.from_bytes(runtime), 0, "MSTORE", len(runtime), 32 - len(runtime), "RETURN")
    for name in ("CREATE", "CREATE2"):
        salt = [7] if name == "CREATE2" else []
        make = [*salt, len(initcode), 0, 5, name]
        cases.append(make_code_case(assemble(*_deploy(initcode), *make, *keep)))
        again = [*_deploy(initcode), *make, *make, "DUP2", 0, 0, 0, 0, 0, "SWAP5", "GAS", "CALL", *keep]
        cases.append(make_code_case(assemble(*again), gas=2_000_000))
        for size in (49_152, 49_153):
            cases.append(make_code_case(assemble(*salt, size, 0, 0, name, *keep), gas=2_000_000))
        for size in (24_576, 24_577):  # code of zeros, at the limit and over it
            cases.append(
                make_code_case(
                    assemble(*_deploy(assemble(size, 0, "RETURN")), *salt, 5, 0, 0, name, *keep), gas=9_000_000
                )
            )
        static = assemble(*_call(OTHER, name="STATICCALL"), *keep)
        cases.append(make_code_case(static, other=_account(assemble(*salt, 0, 0, 0, name))))
    for heir in ("CALLER", "ADDRESS"):  # created where money already lay, and gone again in the same transaction
        tiny = assemble(1, 1, "SSTORE", heir, "SELFDESTRUCT")
        made = make_code_case(assemble(*_deploy(tiny), len(tiny), 0, 5, "CREATE", *keep))
        made["pre"][compute_create_address(bytes.fromhex(TARGET), 1).hex()] = ["0x0", "0x32", "", {}]
        cases.append(made)
    last = make_code_case(assemble(0, 0, 0, "CREATE", *keep))
    last["pre"][TARGET][0] = hex(2**64 - 1)
    cases.append(last)
    for write in (["1", "SSTORE"], ["1", "TSTORE"], ["LOG0"], ["SELFDESTRUCT"], [*_call(THIRD, value=1)]):
        items = [1 if item == "1" else item for item in write]
        code = assemble(0, 0, *items) if isinstance(items[-1], str) else assemble(*items)
        cases.append(make_code_case(assemble(*_call(OTHER, name="STATICCALL"), *keep), other=_account(code)))
    for heir in (TARGET, OTHER, THIRD):
        cases.append(make_code_case(assemble(int(heir, 16), "SELFDESTRUCT"), other=_account(b""), value=1))
    return cases


def make_storage_cases() -> list[Case]:
    """Return every way a slot can go in three writes, from 0 and from 1: the table of EIP-3529 and more."""
    cases = []
    for original, *writes in product((0, 1), (0, 1, 2), (0, 1, 2), (0, 1, 2)):
        code = assemble(*(item for value in writes for item in (value, 9, "SSTORE")))
        case = make_code_case(code)
        if original:
            case["pre"][TARGET][3]["0x9"] = "0x1"
        cases.append(case)
    cases += [make_code_case(assemble(1, 9, "SSTORE"), gas=21_006 + gas) for gas in (2299, 2300, 2301, 22_099, 22_100)]
    return cases


def make_precompile_cases() -> list[Case]:
    """Return calls of the precompiles, the vectors of their EIPs among them."""
    word = lambda number: number.to_bytes(32)  # noqa: E731
    prime = 2**256 - 2**32 - 977
    modexp = [
        (3, prime - 1, prime),
        (0, prime - 1, prime),
        (2, 10, 1),
        (5, 0, 0),
        (2**300, 3, 2**299 + 7),
        (7, 2**500, 11),
    ]
    inputs = {5: [b"", word(0) * 3, word(1) + word(2**40) + word(1), word(0) + word(0) + word(1)]}
    for base, exponent, modulus in modexp:
        sizes = [max((number.bit_length() + 7) // 8, 1) for number in (base, exponent, modulus)]
        numbers = [number.to_bytes(size) for number, size in zip((base, exponent, modulus), sizes, strict=True)]
        inputs[5].append(b"".join(word(size) for size in sizes) + b"".join(numbers))
    digest = "456e9aea5e197a1f1af7a3e85a3212fa4049a3ba34c2289b4c860fc0b0c64ef3"
    r = "9242685bf161793cc25603c231bc2f568eb630ea16aa137d2664ac8038825608"
    s = "4f8ae3bd7535248d0bd448298cc2e2071e56992d0774dc340c368ae950852ada"
    signed = [bytes.fromhex(digest), word(28), bytes.fromhex(r), bytes.fromhex(s)]
    inputs[1] = [b"", b"".join(signed), b"".join([signed[0], word(27), *signed[2:]]), b"".join(signed)[:100]]
    inputs[1] += [b"".join([signed[0], word(v), *signed[2:]]) for v in (0, 26, 29, 2**255)]
    inputs[1] += [b"".join([*signed[:2], word(5), word(1)]), b"".join([*signed[:3], word(2**256 - 1)])]
    inputs[2] = inputs[3] = inputs[4] = [b"", b"abc", bytes(range(200))]
    blake = (
        "48c9bdf267e6096a3ba7ca8485ae67bb2bf894fe72f36e3cf1361d5f3af54fa5d182e6ad7f520e511f6c3e2b8c68059b"
        "6bbd41fbabd9831f79217e1319cde05b6162630000000000000000000000000000000000000000000000000000000000"
        + "00" * 96 + "0300000000000000" + "00" * 8
    )  # fmt: skip
    inputs[9] = [b"", bytes.fromhex("0000000c" + blake), bytes.fromhex("0000000c" + blake + "02")]
    for rounds, final in ((0, 1), (12, 1), (12, 0), (1, 1), (2049, 1)):
        inputs[9].append(rounds.to_bytes(4) + bytes.fromhex(blake) + bytes([final]))
    inputs[6] = [b""]
    cases = []
    for number, every in inputs.items():
        for data in every:
            code = assemble("CALLDATASIZE", 0, 0, "CALLDATACOPY", 64, 0, "CALLDATASIZE", 0, 0, number, "GAS", "CALL")
            code += assemble(96, "MSTORE", "RETURNDATASIZE", 0, 128, "RETURNDATACOPY", "MSIZE", 0, "RETURN")
            cases.append(make_code_case(code, data=data))
            cases.append(make_case({}, "00" * 19 + f"{number:02x}", data=data.hex(), gas=60_000))
    return cases


def make_transaction_cases() -> list[Case]:
    """Return transactions whose own rules matter: intrinsic gas, floor, refunds, access lists, what is invalid."""
    initcode = assemble(1, 0, "MSTORE8", 1, 0, "RETURN")
    clear = assemble(*(item for key in range(8) for item in (0, key, "SSTORE")))
    storage = {f"k{key}": 5 for key in range(8)}
    pre = {TARGET: _account(clear, **storage)}
    cases = [
        make_case({}, "", data=initcode.hex()),
        make_case({}, "", data=bytes(49_152).hex(), gas=1_000_000),
        make_case({}, "", data=bytes(49_153).hex(), gas=1_000_000),
        make_case({}, "", data=assemble(0, 0, "REVERT").hex(), value="0x5"),
        make_case(pre, TARGET),
        make_case(pre, TARGET, access=[[TARGET, ["0x0", "0x1", "0x1"]], [OTHER, []]]),
        make_case(pre, OTHER, value=hex(10**24)),
        make_case(pre, OTHER, nonce="0x1"),
        make_case(pre, OTHER, data="ff" * 1000, gas=61_000),
        make_case(pre, OTHER, data="ff" * 1000, gas=60_999),
        make_case(pre, OTHER, data="00" * 1000, gas=100_000),
        make_case(pre, OTHER, sender=TARGET, nonce="0x1"),
        make_case(pre, OTHER, sender=THIRD),
        make_case(pre, OTHER, gas=20_999),
        make_case(pre, "c0" * 20),
    ]
    old = make_case(pre, OTHER, nonce=hex(2**64 - 1))
    old["pre"]["aa" * 20] = [hex(2**64 - 1), hex(10**24), "", {}]
    collided = make_case({}, "", data=initcode.hex())
    created = "3c952d36207c0d52743a646e7ac2649009bd358e"  # of the usual sender at nonce 0
    collided["pre"][created] = ["0x0", "0x0", "", {"0x1": "0x1"}]
    return [*cases, old, collided]


def make_directed_cases() -> list[Case]:
    """Return all of them."""
    made = [make_opcode_cases(), make_call_cases(), make_storage_cases(), make_precompile_cases()]
    made += [make_transaction_cases(), [make_delegating_case(seed) for seed in range(100)]]
    made.append([make_precompile_case(seed) for seed in range(100)])
    return [case for cases in made for case in cases]

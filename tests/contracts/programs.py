"""Random programs that do something: sequences of meaningful statements over a handful of accounts.

Everything follows from the seed. Programs call each other, themselves and precompiles, create and destroy contracts,
loop, jump to computed places, touch storage, memory and logs, and now and then do something forbidden.
"""

from random import Random
from typing import Any

from assembler import BYTES, assemble
from cases import SENDER, Case, make_case
from coincurve import PrivateKey

from chain.contracts.addresses import encode_rlp_bytes, encode_rlp_list, encode_rlp_number
from chain.contracts.evm.opcodes import OPCODES, Kind
from chain.contracts.keccak import compute_keccak

EDGES = [0, 1, 2, 3, 31, 32, 33, 64, 255, 256, 257, 2**64 - 1, 2**64, 2**128, 2**160 - 1, 2**255 - 1, 2**255]
EDGES += [2**255 + 1, 2**256 - 1, 2**256 - 2, 2**256 - 32, 0x80, 0x8000, 0x7F, 0xDEADBEEF << 200]
CONTRACTS = [f"{number:02x}" * 20 for number in (0xC1, 0xC2, 0xC3)]
EMPTY_ACCOUNT, RICH_ACCOUNT, DELEGATING = "e0" * 20, "d0" * 20, "f7" * 20
ADDRESSES = [*CONTRACTS, *CONTRACTS, SENDER, EMPTY_ACCOUNT, RICH_ACCOUNT, DELEGATING, "c0" * 20]
ADDRESSES += ["00" * 19 + f"{number:02x}" for number in (0, 1, 2, 3, 4, 5, 9, 6, 0x12)]
VALID = [row.byte for row in OPCODES if row]
WORDS = [row for row in OPCODES if row and row.kind is Kind.PLAIN and row.pushes == 1 and row.byte < 0x1E]
READS = [
    "ADDRESS",
    "ORIGIN",
    "CALLER",
    "CALLVALUE",
    "CALLDATASIZE",
    "CODESIZE",
    "GASPRICE",
    "RETURNDATASIZE",
    "COINBASE",
    "TIMESTAMP",
    "NUMBER",
]
READS += ["PREVRANDAO", "GASLIMIT", "CHAINID", "SELFBALANCE", "BASEFEE", "BLOBBASEFEE", "MSIZE", "GAS", "PC"]


class Writer:
    """Writes one random program."""

    def __init__(self, random: Random, depth: int = 0) -> None:
        self.random, self.depth, self.labels = random, depth, 0

    def pick_word(self) -> int:
        """Return a number that is interesting or not."""
        random = self.random
        kind = random.randrange(4)
        if kind == 0:
            return random.choice(EDGES)
        if kind == 1:
            return random.getrandbits(random.choice([8, 16, 160, 256]))
        return random.randrange(40)

    def pick_offset(self) -> int:
        """Return a place in memory, rarely an absurd one."""
        random = self.random
        return random.choice([2**256 - 1, 2**64, 100_000]) if random.random() < 0.01 else random.randrange(200)

    def pick_size(self) -> int:
        """Return a length, often 0 or a word."""
        return self.random.choice([0, 32, 32, 4, 1, 64, self.random.randrange(150)])

    def pick_address(self) -> int:
        """Return one of the accounts."""
        return int(self.random.choice(ADDRESSES), 16)

    def keep(self) -> list[int | str | bytes]:
        """Return items that put the word on the stack somewhere."""
        random = self.random
        kind = random.randrange(6)
        if kind == 0:
            return [random.randrange(4), "SSTORE"]
        if kind == 1:
            return ["POP"]
        if kind == 2:
            return []
        return [32 * random.randrange(6), "MSTORE"]

    def write_statement(self) -> list[int | str | bytes]:
        """Return the items of one statement."""
        random = self.random
        writers = [self._compute, self._compute, self._compute, self._read, self._memory, self._storage, self._storage]
        writers += [self._copy, self._hash, self._log, self._call, self._call, self._branch, self._loop, self._routine]
        writers += [self._account, self._shuffle]
        if self.depth < 2:
            writers.append(self._create)
        if random.random() < 0.02:
            return [bytes([random.randrange(256)])]
        return random.choice(writers)()

    def _compute(self) -> list[int | str | bytes]:
        row = self.random.choice(WORDS)
        return [*(self.pick_word() for _ in range(row.pops)), row.name, *self.keep()]

    def _read(self) -> list[int | str | bytes]:
        if self.random.random() < 0.2:
            place = self.random.choice([999, 900, 744, 743, 1000, 2**70])
            return [place, "BLOCKHASH", *self.keep()]
        if self.random.random() < 0.3:
            return [self.pick_word(), self.random.choice(["CALLDATALOAD", "BLOBHASH"]), *self.keep()]
        return [self.random.choice(READS), *self.keep()]

    def _memory(self) -> list[int | str | bytes]:
        kind = self.random.randrange(4)
        if kind == 0:
            return [self.pick_offset(), "MLOAD", *self.keep()]
        if kind == 1:
            return [self.pick_word(), self.pick_offset(), "MSTORE8"]
        if kind == 2:
            return [self.pick_size(), self.pick_offset(), self.pick_offset(), "MCOPY"]
        return [self.pick_word(), self.pick_offset(), "MSTORE"]

    def _storage(self) -> list[int | str | bytes]:
        key, value = self.random.randrange(4), self.random.choice([0, 0, 1, 2, 3, self.pick_word()])
        kind = self.random.randrange(5)
        if kind == 0:
            return [key, "SLOAD", *self.keep()]
        if kind == 1:
            return [key, "TLOAD", *self.keep()]
        if kind == 2:
            return [value, key, "TSTORE"]
        return [value, key, "SSTORE"]

    def _copy(self) -> list[int | str | bytes]:
        name = self.random.choice(["CALLDATACOPY", "CODECOPY", "RETURNDATACOPY", "EXTCODECOPY"])
        if name == "RETURNDATACOPY" and self.random.random() < 0.8:
            return ["RETURNDATASIZE", 0, self.pick_offset(), name]
        items: list[int | str | bytes] = [self.pick_size(), self.random.choice([0, 1, self.pick_word()])]
        items.append(self.pick_offset())
        return [*items, *([self.pick_address()] if name == "EXTCODECOPY" else []), name]

    def _hash(self) -> list[int | str | bytes]:
        return [self.pick_size(), self.pick_offset(), "KECCAK256", *self.keep()]

    def _log(self) -> list[int | str | bytes]:
        count = self.random.randrange(5)
        return [*(self.pick_word() for _ in range(count)), self.pick_size(), self.pick_offset(), f"LOG{count}"]

    def _account(self) -> list[int | str | bytes]:
        name = self.random.choice(["BALANCE", "EXTCODESIZE", "EXTCODEHASH"])
        return [self.pick_address(), name, *self.keep()]

    def _shuffle(self) -> list[int | str | bytes]:
        place = self.random.randrange(1, 17)
        count = self.random.randrange(4) if self.random.random() < 0.1 else place + 1
        name = self.random.choice(["DUP", "SWAP"])
        return [*(self.pick_word() for _ in range(count)), f"{name}{place}", *self.keep(), *self.keep()]

    def _call(self) -> list[int | str | bytes]:
        random = self.random
        name = random.choice(["CALL", "CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"])
        items: list[int | str | bytes] = [self.pick_size(), self.pick_offset(), self.pick_size(), self.pick_offset()]
        if name in ("CALL", "CALLCODE"):
            items.append(random.choice([0, 0, 0, 1, 1000, 10**30]))
        items.append(self.pick_address())
        items.append(random.choice(["GAS", "GAS", "GAS", 0, 3000, 30_000, 2**256 - 1]))
        return [*items, name, *self.keep()]

    def _create(self) -> list[int | str | bytes]:
        random = self.random
        initcode = write_initcode(random, self.depth + 1)
        size, stores = len(initcode), list[int | str | bytes]()
        for place in range(0, size, 32):
            stores += [int.from_bytes(initcode[place : place + 32].ljust(32, b"\0")), place, "MSTORE"]
        if random.random() < 0.5:
            return [*stores, random.randrange(3), size, 0, random.choice([0, 0, 5]), "CREATE2", *self.keep()]
        return [*stores, size, 0, random.choice([0, 0, 5, 10**30]), "CREATE", *self.keep()]

    def _label(self) -> str:
        self.labels += 1
        return str(self.labels)

    def _branch(self) -> list[int | str | bytes]:
        label = self._label()
        condition = self.random.choice(
            [[0], [1], [self.pick_word(), self.pick_word(), "LT"], ["CALLDATASIZE", "ISZERO"]]
        )
        return [*condition, f"@{label}", "JUMPI", *self.write_statement(), f":{label}"]

    def _loop(self) -> list[int | str | bytes]:
        label, place = self._label(), 32 * self.random.randrange(8, 12)
        step = [place, "MLOAD", 1, "SWAP1", "SUB", "DUP1", place, "MSTORE", f"@{label}", "JUMPI"]
        return [self.random.randrange(1, 9), place, "MSTORE", f":{label}", *self._compute()[:-1], "POP", *step]

    def _routine(self) -> list[int | str | bytes]:
        body, back, after = self._label(), self._label(), self._label()
        call: list[int | str | bytes] = [f"@{back}", self.pick_word(), f"@{body}", "JUMP", f":{back}", *self.keep()]
        return [*call, f"@{after}", "JUMP", f":{body}", 7, "ADD", "SWAP1", "JUMP", f":{after}"]

    def write_endless(self, statements: int) -> bytes:
        """Return a program that does the same again and again until its gas is used up."""
        items: list[int | str | bytes] = []
        for _ in range(statements):
            items += self.write_statement()
        clear: list[int | str | bytes] = [":again", *items, "GAS", "@again", "JUMPI"]
        return assemble(*clear)

    def write(self, statements: int) -> bytes:
        """Return a program."""
        random = self.random
        items: list[int | str | bytes] = []
        for _ in range(statements):
            items += self.write_statement()
        ends: list[list[int | str | bytes]] = [["STOP"], [], [self.pick_address(), "SELFDESTRUCT"], ["INVALID"]]
        ends += [[self.pick_size(), self.pick_offset(), name] for name in ("RETURN", "RETURN", "RETURN", "REVERT")]
        return assemble(*items, *random.choice(ends))


def write_initcode(random: Random, depth: int) -> bytes:
    """Return initcode: mostly such that leaves a small program."""
    kind = random.randrange(8)
    if kind == 0:
        return Writer(random, depth).write(random.randrange(1, 4))
    if kind == 1:
        return assemble(0xEF << 248, 0, "MSTORE", random.randrange(1, 3), 0, "RETURN")
    if kind == 2:
        return assemble(random.choice(["CALLER", "ADDRESS"]), "SELFDESTRUCT")
    runtime = Writer(random, 2).write(random.randrange(1, 4)) if kind < 6 else assemble("CALLER", "SELFDESTRUCT")
    head = Writer(random, 2).write_statement() if random.random() < 0.3 else []
    prefix = assemble(*head) if all(isinstance(item, int) or item in BYTES for item in head) else b""
    for guess in range(40):
        tail = assemble(len(runtime), len(prefix) + guess, 0, "CODECOPY", len(runtime), 0, "RETURN")
        if len(tail) == guess:
            return prefix + tail + runtime
    return prefix + runtime


def make_random_case(seed: int) -> Case:
    """Return the case of a seed."""
    random = Random(seed)
    pre = {
        name: [
            hex(random.choice([1, 1, 2**64 - 2])),
            hex(random.choice([0, 10, 10**6])),
            Writer(random).write(random.randrange(2, 14)).hex(),
            {hex(key): hex(random.choice([1, 2, 2**256 - 1])) for key in range(4) if random.random() < 0.5},
        ]
        for name in CONTRACTS
    }
    pre[RICH_ACCOUNT] = ["0x0", hex(10**9), "", {}]
    pre[DELEGATING] = ["0x1", "0x5", "ef0100" + random.choice([*CONTRACTS, RICH_ACCOUNT, "00" * 19 + "04"]), {}]
    to = random.choice([*CONTRACTS, *CONTRACTS, *CONTRACTS, "", random.choice(ADDRESSES)])
    data = random.randbytes(random.choice([0, 4, 36, 68, 200])) if to else write_initcode(random, 0)
    access = [
        [random.choice(ADDRESSES), [hex(random.randrange(4)) for _ in range(random.randrange(3))]]
        for _ in range(random.choice([0, 0, 0, 1, 2]))
    ]
    gas = random.choice(
        [500_000, 500_000, 2_000_000, random.randrange(21_000, 120_000), random.randrange(30_000, 60_000)]
    )
    value = random.choice([0, 0, 1, 10**9])
    return make_case(pre, to, data=data.hex(), gas=gas, value=hex(value), access=access)


def sign_consent(key: int, chain_id: int, target: str, nonce: int) -> list[Any]:
    """Return a consent of the account of a private key to delegate."""
    fields = [encode_rlp_number(chain_id), encode_rlp_bytes(bytes.fromhex(target)), encode_rlp_number(nonce)]
    digest = compute_keccak(b"\x05" + encode_rlp_list(*fields))
    signature = PrivateKey.from_int(key).sign_recoverable(digest, hasher=None)
    return [chain_id, target, nonce, signature[64], hex(int.from_bytes(signature[:32])), "0x" + signature[32:64].hex()]


def make_delegating_case(seed: int) -> Case:
    """Return the case of a seed with consents to delegate, some of them void, or with blobs."""
    random, case = Random(seed), make_random_case(seed)
    if random.random() < 0.1:
        case["tx"]["blobs"] = [f"{random.choice([1, 1, 1, 1, 1, 1, 1, 0]):02x}" + "b1" * 31] * random.randrange(1, 11)
        return case
    people = {key: compute_keccak(PrivateKey.from_int(key).public_key.format(False)[1:])[12:].hex() for key in (1, 2)}
    for name in people.values():
        if random.random() < 0.7:
            code = random.choice(["", "", "00", "ef0100" + random.choice(CONTRACTS)])
            case["pre"][name] = [hex(random.choice([0, 1, 2**64 - 1])), hex(random.choice([1, 9])), code, {}]
    targets = [*CONTRACTS, *people.values(), "00" * 20, "00" * 19 + "04", case["tx"]["sender"]]
    consents = []
    for _ in range(random.randrange(1, 5)):
        key = random.choice([1, 1, 2])
        nonce = int(case["pre"].get(people[key], ["0x0"])[0], 16) + random.choice([0, 0, 0, 1])
        consent = sign_consent(key, random.choice([1, 1, 0, 5]), random.choice(targets), min(nonce, 2**64 - 1))
        if random.random() < 0.2:
            place = random.randrange(3, 6)
            consent[place] = random.choice([0, 1, 2]) if place == 3 else hex(random.choice([0, 5, 2**255, 2**256 - 1]))
        consents.append(consent)
    case["tx"]["consents"] = consents
    if case["tx"]["to"]:
        case["tx"]["to"] = random.choice([case["tx"]["to"], *people.values()])
        calls = Writer(random)
        case["pre"][CONTRACTS[0]][2] = assemble(
            *(item for name in people.values() for item in (0, 0, 0, 0, 0, int(name, 16), "GAS", "CALL", "POP")),
            *calls.write_statement(),
        ).hex()
    case["tx"]["gas"] += 25_000 * len(consents) * random.choice([0, 1, 1, 1])
    return case


def write_raw(random: Random) -> bytes:
    """Return opcodes drawn one by one, with enough words on the stack that some of it runs."""
    code = bytearray()
    for _ in range(random.randrange(5, 60)):
        kind = random.random()
        if kind < 0.5:
            word = random.choice([random.randrange(70), random.choice(EDGES), int(random.choice(ADDRESSES), 16)])
            code += assemble(word)
        else:
            code.append(random.choice(VALID) if kind < 0.97 else random.randrange(256))
    return bytes(code)


def make_raw_case(seed: int) -> Case:
    """Return the case of a seed with most of its programs drawn opcode by opcode."""
    random, case = Random(seed), make_random_case(seed)
    for name in CONTRACTS:
        if random.random() < 0.7:
            case["pre"][name][2] = write_raw(random).hex()
    return case

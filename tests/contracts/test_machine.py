"""What the machine promises, one small program at a time. test_specification.py holds it to the last unit of gas."""

from dataclasses import replace

import pytest
from assembler import assemble, return_stack

from chain.contracts.addresses import compute_create2_address, compute_create_address
from chain.contracts.evm import (
    Account,
    Context,
    Halt,
    MemoryHost,
    Message,
    Mode,
    Result,
    execute_message,
    execute_transaction,
)
from chain.contracts.keccak import EMPTY_HASH, compute_keccak, compute_keccak_word
from chain.errors import InvalidTransaction
from chain.units import Address, Hash

ALICE, COINBASE = Address(b"\xaa" * 20), Address(b"\xc0" * 20)
ONE, TWO, NOBODY = Address(b"\xc1" * 20), Address(b"\xc2" * 20), Address(b"\xee" * 20)
CONTEXT = Context(chain_id=7, number=300, time_s=99, coinbase=COINBASE, prev_randao=Hash(b"\x01" * 32), gas_price=3)
MODES = pytest.mark.parametrize("mode", list(Mode), ids=lambda mode: mode.name.lower())


def make_host(one: bytes, two: bytes = b"") -> MemoryHost:
    """Return a host with Alice, who has money, and two contracts."""
    accounts = {ALICE: Account(5, 10**12), ONE: Account(1, 1000), TWO: Account(1, 0)}
    return MemoryHost(accounts=accounts, codes={ONE: one, TWO: two})


def run(one: bytes, two: bytes = b"", *, gas: int = 1_000_000, data: bytes = b"", mode: Mode = Mode.AUTO) -> Result:
    """Return what calling the first contract does."""
    return execute_message(make_host(one, two), CONTEXT, Message(ALICE, ONE, gas, data=data), mode=mode)


def read_words(result: Result) -> list[int]:
    """Return the output as words."""
    assert result.success, result.error
    return [int.from_bytes(result.output[place : place + 32]) for place in range(0, len(result.output), 32)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("ADDRESS", int.from_bytes(ONE)),
        ("CALLER", int.from_bytes(ALICE)),
        ("ORIGIN", int.from_bytes(ALICE)),
        ("CHAINID", 7),
        ("NUMBER", 300),
        ("TIMESTAMP", 99),
        ("COINBASE", int.from_bytes(COINBASE)),
        ("PREVRANDAO", int.from_bytes(b"\x01" * 32)),
        ("GASPRICE", 3),
        ("GASLIMIT", 30_000_000),
        ("SELFBALANCE", 1000),
        ("BLOBBASEFEE", 0),
    ],
)
def test_a_program_can_read_its_surroundings(name: str, expected: int) -> None:
    assert read_words(run(assemble(name) + return_stack())) == [expected]


def test_only_the_last_256_blocks_are_known() -> None:
    host = make_host(assemble(300, "BLOCKHASH", 43, "BLOCKHASH", 44, "BLOCKHASH", 299, "BLOCKHASH") + return_stack(4))
    host.block_hashes = {number: Hash(bytes([number % 256]) * 32) for number in range(301)}
    words = read_words(execute_message(host, CONTEXT, Message(ALICE, ONE, 100_000)))
    assert words == [int.from_bytes(bytes([43]) * 32), int.from_bytes(bytes([44]) * 32), 0, 0]


@MODES
@pytest.mark.parametrize(
    ("code", "reason"),
    [
        (assemble("POP"), Halt.STACK_UNDERFLOW),
        (assemble(*[1] * 1025), Halt.STACK_OVERFLOW),
        (assemble("INVALID"), Halt.INVALID_OPCODE),
        (assemble(3, "JUMP"), Halt.INVALID_JUMP),
        (assemble(4, "JUMP", b"\x60\x5b"), Halt.INVALID_JUMP),  # a JUMPDEST that is data of a PUSH
        (assemble(":l", "@l", "JUMP"), Halt.OUT_OF_GAS),
        (assemble(1, 2**255, "MSTORE"), Halt.OUT_OF_GAS),
        (assemble(1, 0, 0, "RETURNDATACOPY"), Halt.READ_OUT_OF_BOUNDS),
        (assemble(0, 0, "REVERT"), Halt.REVERT),
    ],
)
def test_every_way_to_fail_has_its_reason(code: bytes, reason: Halt, mode: Mode) -> None:
    """All but a revert take the gas that is left."""
    result = run(code, mode=mode)
    assert (result.success, result.error) == (False, reason)
    assert (result.gas_used == 1_000_000) == (reason is not Halt.REVERT)


def test_a_failed_call_undoes_only_itself() -> None:
    """The caller reads the revert data, sees 0, and goes on; its own writes stay."""
    inner = assemble(1, 1, "SSTORE", 0xBAD, 0, "MSTORE", 0, 0, "LOG0", 32, 0, "REVERT")
    call = assemble(0, 0, 0, 0, 0, int.from_bytes(TWO), "GAS", "CALL", 7, 2, "SSTORE", "RETURNDATASIZE")
    host = make_host(call + assemble(32, 0, 64, "RETURNDATACOPY", 64, "MLOAD") + return_stack(3), inner)
    result = execute_message(host, CONTEXT, Message(ALICE, ONE, 1_000_000))
    assert read_words(result) == [0xBAD, 32, 0]
    assert host.storages == {ONE: {2: 7}}
    assert result.logs == ()


def test_a_static_call_may_read_but_not_write() -> None:
    for write in (["SSTORE"], ["TSTORE"], ["LOG0"], [0, "CREATE"], ["SELFDESTRUCT"]):
        call = assemble(0, 0, 0, 0, int.from_bytes(TWO), 90_000, "STATICCALL") + return_stack()
        assert read_words(run(call, assemble(0, 0, *write))) == [0], write
        assert read_words(run(call, assemble(0, "SLOAD"))) == [1]


def test_code_can_be_run_in_another_place() -> None:
    """DELEGATECALL keeps storage, caller and value; CALL does not."""
    store = assemble("CALLER", 1, "SSTORE", "ADDRESS", 2, "SSTORE")
    delegate = assemble(0, 0, 0, 0, int.from_bytes(TWO), "GAS", "DELEGATECALL")
    host = make_host(delegate, store)
    execute_message(host, CONTEXT, Message(ALICE, ONE, 1_000_000))
    assert host.storages == {ONE: {1: int.from_bytes(ALICE), 2: int.from_bytes(ONE)}}
    host = make_host(assemble(0, 0, 0, 0, 0, int.from_bytes(TWO), "GAS", "CALL"), store)
    execute_message(host, CONTEXT, Message(ALICE, ONE, 1_000_000))
    assert host.storages == {TWO: {1: int.from_bytes(ONE), 2: int.from_bytes(TWO)}}


def test_calls_go_1024_deep_without_the_stack_of_the_host() -> None:
    """Each level adds 1 to a word in memory of its caller; the 1025th is not made."""
    call = [32, 0, 0, 0, 0, "ADDRESS", "GAS", "CALL", "POP"]
    code = assemble(*call, 0, "MLOAD", 1, "ADD", 0, "MSTORE", 32, 0, "RETURN")
    assert read_words(run(code, gas=10**13)) == [1025]


def test_transient_storage_lasts_for_one_transaction() -> None:
    code = assemble(1, "TLOAD", 5, 1, "TSTORE", 1, "TLOAD") + return_stack(2)
    host = make_host(code)
    for _ in range(2):
        assert read_words(execute_message(host, CONTEXT, Message(ALICE, ONE, 100_000))) == [5, 0]


@pytest.mark.parametrize(
    ("creator", "salt", "initcode", "expected"),
    [
        ("00" * 20, 0, "00", "4d1a2e2bb4f88f0250f26ffff098b0b30b26bf38"),
        ("deadbeef" + "00" * 16, 0, "00", "b928f69bb1d91cd65274e3c79d8986362984fda3"),
        ("deadbeef" + "00" * 16, 0xFEED << 144, "00", "d04116cdd17bebe565eb2422f2497e06cc1c9833"),
        ("00" * 20, 0, "deadbeef", "70f2b2914a2a4b783faefb75f459a580616fcb5e"),
        (
            "00000000000000000000000000000000deadbeef",
            0xCAFEBABE,
            "deadbeef",
            "60f3f640a8508fc6a86d45df051962668e1e8ac7",
        ),
        ("00" * 20, 0, "", "e33c0c7f7df4809055c3eba6c09cfe4baf1bd9e0"),
    ],
)
def test_create2_addresses_are_those_of_eip_1014(creator: str, salt: int, initcode: str, expected: str) -> None:
    assert compute_create2_address(bytes.fromhex(creator), salt, bytes.fromhex(initcode)).hex() == expected


def test_create_addresses_are_ethereums() -> None:
    """The first contracts of a well-known account."""
    creator = bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0")
    made = [compute_create_address(creator, nonce).hex() for nonce in range(4)]
    assert made == [
        "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
        "343c43a37d37dff08ae8c4a11544c718abb4fcf8",
        "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
        "fffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c",
    ]
    assert len({compute_create_address(creator, nonce) for nonce in (0, 127, 128, 255, 256, 2**64 - 2)}) == 6


def test_keccak_is_not_sha3() -> None:
    assert compute_keccak(b"") == EMPTY_HASH
    assert compute_keccak(b"abc").hex() == "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    assert compute_keccak_word(b"abc") == int.from_bytes(compute_keccak(b"abc"))
    assert compute_keccak_word(b"a" * 999) == int.from_bytes(compute_keccak(b"a" * 999))


def test_an_account_may_be_created_and_destroyed_in_one_transaction() -> None:
    """EIP-6780: then it is gone; an older one only loses its money."""
    initcode = assemble("CALLER", "SELFDESTRUCT")
    create = assemble(int.from_bytes(initcode), 0, "MSTORE", len(initcode), 32 - len(initcode), 9, "CREATE")
    host = make_host(create)
    assert execute_message(host, CONTEXT, Message(ALICE, ONE, 1_000_000)).success
    assert compute_create_address(ONE, 1) not in host.accounts
    assert host.accounts[ONE] == Account(2, 1000)
    host = make_host(assemble(int.from_bytes(NOBODY), "SELFDESTRUCT"))
    execute_message(host, CONTEXT, Message(ALICE, ONE, 1_000_000))
    assert (host.accounts[ONE].balance, host.accounts[NOBODY].balance) == (0, 1000)
    assert host.codes[ONE]


def test_precompiles_that_are_not_supported_say_so() -> None:
    result = execute_message(make_host(b""), CONTEXT, Message(ALICE, Address(bytes(19) + b"\x0b"), 100_000))
    assert result.error is Halt.PRECOMPILE_NOT_SUPPORTED


@pytest.mark.parametrize(
    ("message", "rule"),
    [
        (Message(ALICE, ONE, 20_999), "evm/intrinsic-gas"),
        (Message(ALICE, ONE, 21_100, data=bytes(50)), "evm/intrinsic-gas"),
        (Message(ALICE, None, 10**7, data=bytes(49_153)), "evm/initcode-size"),
        (Message(ALICE, ONE, 10**6, value=10**13), "evm/balance"),
    ],
)
def test_a_message_that_cannot_run_is_refused(message: Message, rule: str) -> None:
    host = make_host(b"")
    before = replace(host, accounts=dict(host.accounts))
    for execute in (execute_message, execute_transaction):
        with pytest.raises(InvalidTransaction) as refused:
            execute(host, CONTEXT, message)
        assert refused.value.rule == rule
    assert host == before


@pytest.mark.parametrize(
    ("message", "context", "rule"),
    [
        (Message(ALICE, ONE, 50_000, nonce=4), CONTEXT, "evm/nonce"),
        (Message(ALICE, ONE, 50_000), replace(CONTEXT, base_fee=4), "evm/gas-price"),
        (Message(ONE, TWO, 50_000), replace(CONTEXT, gas_price=0), "evm/sender"),
        (Message(TWO, ONE, 50_000), CONTEXT, "evm/balance"),
    ],
)
def test_a_transaction_has_rules_of_its_own(message: Message, context: Context, rule: str) -> None:
    with pytest.raises(InvalidTransaction) as refused:
        execute_transaction(make_host(assemble("STOP"), b""), context, message)
    assert refused.value.rule == rule


def test_a_transaction_pays_fees_and_counts() -> None:
    """Money is conserved but for the base fee, which is burnt."""
    host = make_host(assemble("STOP"))
    result = execute_transaction(host, replace(CONTEXT, base_fee=2), Message(ALICE, ONE, 50_000, value=10))
    assert host.accounts[ALICE] == Account(6, 10**12 - 10 - 3 * result.gas_used)
    assert host.accounts[COINBASE].balance == result.gas_used
    assert host.accounts[ONE].balance == 1010


@MODES
def test_hostile_code_does_not_break_the_translation(mode: Mode) -> None:
    """Chains that would nest an expression without end, constants of every size, jumps into the middle of nowhere."""
    chains = [
        ["CALLDATASIZE", *["ISZERO"] * 900],
        ["CALLDATASIZE", *["DUP1", "LT"] * 400],
        [*[2**256 - 1, 2**255, "SHL", "POP"] * 50, 0, 5, "DIV", "POP", 0, 5, "SMOD"],
        [1, *["DUP1", "MUL"] * 300],
    ]
    for chain in chains:
        code = assemble(*chain) + return_stack()
        assert run(code, mode=mode) == run(code, mode=Mode.PLAIN)


def test_long_call_data_is_not_copied_for_the_price_of_a_call() -> None:
    """A megabyte of data that nobody reads: the callee sees its length, and reads from its middle."""
    read = assemble("CALLDATASIZE", 500_000, "CALLDATALOAD") + return_stack(2)
    fill = assemble(0xABC, 500_000, "MSTORE", 1, 999_968, "MSTORE")
    code = fill + assemble(64, 0, 10**6, 0, 0, int.from_bytes(TWO), "GAS", "CALL", 1, 10**6, "MSTORE", 64, 0, "RETURN")
    assert read_words(run(code, read, gas=10**7)) == [0xABC, 10**6]

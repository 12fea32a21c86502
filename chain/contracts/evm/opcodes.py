"""The opcodes as data: name, words popped and pushed, fixed gas, and the function that does it.

Fixed gas is what is paid whatever the words are; what depends on them is paid inside the function. Functions take the
frame and the popped words, the top of the stack first. An opcode with no function is part of the interpreter's loop:
PUSH, DUP, SWAP, POP, jumps and PC only move words and the program counter.
"""

from collections.abc import Callable
from enum import Enum, auto
from typing import Any, Final, NamedTuple

from chain.contracts.evm import arithmetic, calls, environment, storage
from chain.contracts.evm.frame import Frame
from chain.contracts.evm.gas import CREATE, WARM_ACCESS

MAX_STACK: Final = 1024


class Kind(Enum):
    """What an opcode does to the flow."""

    PLAIN = auto()
    """Pops, computes, pushes; the next opcode follows."""
    MOVE = auto()
    """The interpreter's own."""
    BRANCH = auto()
    """Ends the block with a signal: a call, a creation or a halt."""


class Opcode(NamedTuple):
    """One row of the table."""

    byte: int
    name: str
    pops: int
    pushes: int
    gas: int
    function: Callable[..., Any] | None = None
    kind: Kind = Kind.PLAIN
    exact: bool = False
    """The function looks at the gas left or can halt for another reason: nothing behind it may be paid before."""


def get_gas(frame: Frame) -> int:
    """Return the gas left after this opcode was paid."""
    return frame.gas


_M, _B = Kind.MOVE, Kind.BRANCH
_a, _e, _s = arithmetic, environment, storage
_ROWS: Final = (
    Opcode(0x00, "STOP", 0, 0, 0, calls.stop, _B),
    Opcode(0x01, "ADD", 2, 1, 3, _a.add),
    Opcode(0x02, "MUL", 2, 1, 5, _a.mul),
    Opcode(0x03, "SUB", 2, 1, 3, _a.sub),
    Opcode(0x04, "DIV", 2, 1, 5, _a.div),
    Opcode(0x05, "SDIV", 2, 1, 5, _a.sdiv),
    Opcode(0x06, "MOD", 2, 1, 5, _a.mod),
    Opcode(0x07, "SMOD", 2, 1, 5, _a.smod),
    Opcode(0x08, "ADDMOD", 3, 1, 8, _a.addmod),
    Opcode(0x09, "MULMOD", 3, 1, 8, _a.mulmod),
    Opcode(0x0A, "EXP", 2, 1, 10, _a.exp),
    Opcode(0x0B, "SIGNEXTEND", 2, 1, 5, _a.signextend),
    Opcode(0x10, "LT", 2, 1, 3, _a.lt),
    Opcode(0x11, "GT", 2, 1, 3, _a.gt),
    Opcode(0x12, "SLT", 2, 1, 3, _a.slt),
    Opcode(0x13, "SGT", 2, 1, 3, _a.sgt),
    Opcode(0x14, "EQ", 2, 1, 3, _a.eq),
    Opcode(0x15, "ISZERO", 1, 1, 3, _a.iszero),
    Opcode(0x16, "AND", 2, 1, 3, _a.and_),
    Opcode(0x17, "OR", 2, 1, 3, _a.or_),
    Opcode(0x18, "XOR", 2, 1, 3, _a.xor),
    Opcode(0x19, "NOT", 1, 1, 3, _a.not_),
    Opcode(0x1A, "BYTE", 2, 1, 3, _a.byte),
    Opcode(0x1B, "SHL", 2, 1, 3, _a.shl),
    Opcode(0x1C, "SHR", 2, 1, 3, _a.shr),
    Opcode(0x1D, "SAR", 2, 1, 3, _a.sar),
    Opcode(0x20, "KECCAK256", 2, 1, 30, _s.keccak256),
    Opcode(0x30, "ADDRESS", 0, 1, 2, _e.address),
    Opcode(0x31, "BALANCE", 1, 1, WARM_ACCESS, _e.balance),
    Opcode(0x32, "ORIGIN", 0, 1, 2, _e.origin),
    Opcode(0x33, "CALLER", 0, 1, 2, _e.caller),
    Opcode(0x34, "CALLVALUE", 0, 1, 2, _e.callvalue),
    Opcode(0x35, "CALLDATALOAD", 1, 1, 3, _e.calldataload),
    Opcode(0x36, "CALLDATASIZE", 0, 1, 2, _e.calldatasize),
    Opcode(0x37, "CALLDATACOPY", 3, 0, 3, _e.calldatacopy),
    Opcode(0x38, "CODESIZE", 0, 1, 2, _e.codesize),
    Opcode(0x39, "CODECOPY", 3, 0, 3, _e.codecopy),
    Opcode(0x3A, "GASPRICE", 0, 1, 2, _e.gasprice),
    Opcode(0x3B, "EXTCODESIZE", 1, 1, WARM_ACCESS, _e.extcodesize),
    Opcode(0x3C, "EXTCODECOPY", 4, 0, WARM_ACCESS, _e.extcodecopy),
    Opcode(0x3D, "RETURNDATASIZE", 0, 1, 2, _e.returndatasize),
    Opcode(0x3E, "RETURNDATACOPY", 3, 0, 3, _e.returndatacopy, exact=True),
    Opcode(0x3F, "EXTCODEHASH", 1, 1, WARM_ACCESS, _e.extcodehash),
    Opcode(0x40, "BLOCKHASH", 1, 1, 20, _e.blockhash),
    Opcode(0x41, "COINBASE", 0, 1, 2, _e.coinbase),
    Opcode(0x42, "TIMESTAMP", 0, 1, 2, _e.timestamp),
    Opcode(0x43, "NUMBER", 0, 1, 2, _e.number),
    Opcode(0x44, "PREVRANDAO", 0, 1, 2, _e.prevrandao),
    Opcode(0x45, "GASLIMIT", 0, 1, 2, _e.gaslimit),
    Opcode(0x46, "CHAINID", 0, 1, 2, _e.chainid),
    Opcode(0x47, "SELFBALANCE", 0, 1, 5, _e.selfbalance),
    Opcode(0x48, "BASEFEE", 0, 1, 2, _e.basefee),
    Opcode(0x49, "BLOBHASH", 1, 1, 3, _e.blobhash),
    Opcode(0x4A, "BLOBBASEFEE", 0, 1, 2, _e.blobbasefee),
    Opcode(0x50, "POP", 1, 0, 2, None, _M),
    Opcode(0x51, "MLOAD", 1, 1, 3, _s.mload),
    Opcode(0x52, "MSTORE", 2, 0, 3, _s.mstore),
    Opcode(0x53, "MSTORE8", 2, 0, 3, _s.mstore8),
    Opcode(0x54, "SLOAD", 1, 1, WARM_ACCESS, _s.sload),
    Opcode(0x55, "SSTORE", 2, 0, 0, _s.sstore, exact=True),
    Opcode(0x56, "JUMP", 1, 0, 8, None, _M),
    Opcode(0x57, "JUMPI", 2, 0, 10, None, _M),
    Opcode(0x58, "PC", 0, 1, 2, None, _M),
    Opcode(0x59, "MSIZE", 0, 1, 2, _s.msize),
    Opcode(0x5A, "GAS", 0, 1, 2, get_gas, exact=True),
    Opcode(0x5B, "JUMPDEST", 0, 0, 1, None, _M),
    Opcode(0x5C, "TLOAD", 1, 1, WARM_ACCESS, _s.tload),
    Opcode(0x5D, "TSTORE", 2, 0, WARM_ACCESS, _s.tstore, exact=True),
    Opcode(0x5E, "MCOPY", 3, 0, 3, _s.mcopy),
    Opcode(0x5F, "PUSH0", 0, 1, 2, None, _M),
    *(Opcode(0x5F + size, f"PUSH{size}", 0, 1, 3, None, _M) for size in range(1, 33)),
    *(Opcode(0x7F + place, f"DUP{place}", place, place + 1, 3, None, _M) for place in range(1, 17)),
    *(Opcode(0x8F + place, f"SWAP{place}", place + 1, place + 1, 3, None, _M) for place in range(1, 17)),
    *(Opcode(0xA0 + count, f"LOG{count}", 2 + count, 0, 375 * (1 + count), _s.log, exact=True) for count in range(5)),
    Opcode(0xF0, "CREATE", 3, 1, CREATE, calls.create, _B),
    Opcode(0xF1, "CALL", 7, 1, WARM_ACCESS, calls.call, _B),
    Opcode(0xF2, "CALLCODE", 7, 1, WARM_ACCESS, calls.callcode, _B),
    Opcode(0xF3, "RETURN", 2, 0, 0, calls.return_, _B),
    Opcode(0xF4, "DELEGATECALL", 6, 1, WARM_ACCESS, calls.delegatecall, _B),
    Opcode(0xF5, "CREATE2", 4, 1, CREATE, calls.create2, _B),
    Opcode(0xFA, "STATICCALL", 6, 1, WARM_ACCESS, calls.staticcall, _B),
    Opcode(0xFD, "REVERT", 2, 0, 0, calls.revert, _B),
    Opcode(0xFF, "SELFDESTRUCT", 1, 0, 5000, calls.selfdestruct, _B),
)

OPCODES: Final[tuple[Opcode | None, ...]] = tuple({row.byte: row for row in _ROWS}.get(byte) for byte in range(256))
"""By byte; None for what is no opcode (0xfe, INVALID, is one of them on purpose)."""


def get_opcode_name(byte: int) -> str:
    """Return an opcode's name; INVALID for what is none."""
    row = OPCODES[byte]
    return row.name if row else "INVALID"

"""One running program: its stack, memory, gas and place in the tree of calls."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final, Protocol

from chain.contracts.evm.gas import compute_memory_gas
from chain.contracts.evm.halts import ExceptionalHalt, Halt, fail_out_of_gas
from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.journal import Journal
from chain.contracts.evm.message import Message, Mode
from chain.contracts.evm.program import Program, get_program

if TYPE_CHECKING:
    from chain.contracts.evm.precompiles import Precompile

GiveWay = Callable[[], None]
_give_way: list[GiveWay | None] = [None]


def set_give_way(give_way: GiveWay | None) -> None:
    """Let messages that begin from now on call something every now and then: the code of one may run for minutes.

    It may take its time or raise, and must not change what the message can read; results do not depend on it.
    """
    _give_way[0] = give_way


def give_way() -> None:
    """Call what ``set_give_way`` asked for: long work around messages, such as reading a trace, does so as well."""
    if (waiting := _give_way[0]) is not None:
        waiting()


Data = bytes | memoryview
"""Call data; long data is a view into the caller's memory, which stands still while the called frame runs."""


class Observer(Protocol):
    """Who is told what happens; then everything runs plainly."""

    def on_enter(self, frame: "Frame") -> None:
        """A frame is about to run: its money is moved."""

    def on_step(self, frame: "Frame", pc: int, opcode: int) -> None:
        """An opcode is about to run."""

    def on_leave(self, frame: "Frame") -> None:
        """A frame is finished: ``output``, ``error`` and ``gas`` are final."""


HALTED: Final = -1
"""Signal of a finished frame, in place of a program counter."""
CALLED: Final = -2
"""Signal of a frame that waits for ``execution.child``."""
_VIEW_BYTES: Final = 4096
"""Call data up to this length is copied."""


class Execution:
    """What all frames of one message share."""

    __slots__ = (
        "_programs",
        "blob_hashes",
        "child",
        "context",
        "give_way",
        "host",
        "journal",
        "mode",
        "observer",
        "origin",
    )

    def __init__(self, host: Host, context: Context, message: Message, mode: Mode, observer: Observer | None) -> None:
        self.host, self.context, self.mode, self.observer = host, context, mode, observer
        self.origin, self.blob_hashes = int.from_bytes(message.sender), message.blob_hashes
        self.journal = Journal(host)
        self.child: Frame | None = None
        self.give_way = _give_way[0]
        """Called every few opcodes, if anything."""
        self._programs: dict[bytes, Program] = {}

    def get_program(self, code: bytes) -> Program:
        """Return the program of a code; in one message it is looked at once, however many others there are."""
        program = self._programs.get(code)
        if program is None:
            program = self._programs[code] = get_program(code)
        return program


class Frame:
    """One call or creation while it runs."""

    __slots__ = (
        "address",
        "caller",
        "creates",
        "data",
        "depth",
        "error",
        "execution",
        "gas",
        "journal",
        "mark",
        "memory",
        "output",
        "output_at",
        "output_size",
        "pc",
        "precompile",
        "program",
        "return_data",
        "slots",
        "stack",
        "static",
        "value",
    )

    def __init__(
        self,
        execution: Execution,
        program: Program,
        address: int,
        caller: int,
        value: int,
        data: Data,
        gas: int,
        depth: int,
        static: bool,
    ) -> None:
        self.execution, self.program, self.gas, self.depth, self.static = execution, program, gas, depth, static
        self.address, self.caller, self.value, self.data = address, caller, value, data
        self.journal = execution.journal
        self.slots = execution.journal.get_slots(address)
        self.mark = execution.journal.take_snapshot()
        self.stack: list[int] = []
        self.memory = bytearray()
        self.pc = 0
        self.return_data = b""
        """What the last finished call returned (EIP-211)."""
        self.output = b""
        self.error: Halt | None = None
        self.creates = False
        self.precompile: Precompile | None = None
        self.output_at = self.output_size = 0
        """Where in the caller's memory the output goes, and how much of it at most."""


def use_gas(frame: Frame, amount: int) -> None:
    """Pay gas or halt."""
    frame.gas -= amount
    if frame.gas < 0:
        raise fail_out_of_gas()


def grow_memory(frame: Frame, end: int) -> None:
    """Pay for, and add, the memory that makes byte ``end - 1`` exist. Memory grows by whole words."""
    memory = frame.memory
    old, new = len(memory) >> 5, (end + 31) >> 5
    if new > old:
        use_gas(frame, compute_memory_gas(new) - compute_memory_gas(old))
        memory += bytes((new - old) << 5)


def grow_for(frame: Frame, offset: int, size: int) -> None:
    """Make ``size`` bytes of memory at ``offset`` exist; no bytes need no memory, wherever they are."""
    if size and offset + size > len(frame.memory):
        grow_memory(frame, offset + size)
    if size > _VIEW_BYTES and frame.execution.give_way is not None:
        frame.execution.give_way()  # what is done with so many bytes takes its time


def read_memory(frame: Frame, offset: int, size: int) -> bytes:
    """Return bytes of memory that exist."""
    return bytes(frame.memory[offset : offset + size]) if size else b""


def view_memory(frame: Frame, offset: int, size: int) -> Data:
    """Return bytes of memory that exist, without copying when they are many: calls are priced whatever their size."""
    if size > _VIEW_BYTES:
        return memoryview(frame.memory)[offset : offset + size]
    return bytes(frame.memory[offset : offset + size]) if size else b""


def check_writable(frame: Frame) -> None:
    """Halt when the frame runs under a static call (EIP-214)."""
    if frame.static:
        raise ExceptionalHalt(Halt.WRITE_IN_STATIC_CALL)

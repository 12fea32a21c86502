"""What a message did, step by step, forwards and backwards.

Idea: an execution is a function of its host, block and message, so nothing has to be kept to go back. The first run
notes only a few numbers for each step: place, opcode, gas, call. The stack and memory at a step come from running
again up to it; what lies around it is kept, so that the next steps in either direction cost nothing.

Invariant: the host is never written to. It must be as it was before the message; then ``trace.result`` is what the
message came to.

Simplification: after ``MAX_STEPS`` steps the noting ends (``truncated``), so that any message opens at once; calls
that are open then have no end. The result is whole all the same.
"""

from array import array
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

from chain.contracts.evm.frame import Frame, give_way
from chain.contracts.evm.halts import Halt
from chain.contracts.evm.host import Context, Host
from chain.contracts.evm.message import Message, Mode, Result
from chain.contracts.evm.opcodes import get_opcode_name
from chain.contracts.evm.transaction import execute_message
from chain.units import Address

MAX_STEPS: Final = 250_000
KEPT_BYTES: Final = 4096
"""Bytes of each call's data and output that are kept: calls are cheap and their data may be long."""
_WINDOW_STEPS: Final = 64
"""Steps kept before and behind the one asked for."""
_WINDOW_BYTES: Final = 8 << 20
"""Memory kept with them at most."""
_STEPS_A_TURN: Final = 10_000
_SSTORE: Final = 0x55
_KECCAK256: Final = 0x20
_PREIMAGE_BYTES: Final = range(1, 257)
"""Lengths of hashed data that may name a place in storage."""
_MOST_PREIMAGES: Final = 20_000


@dataclass(slots=True)
class Call:
    """One frame in the tree of calls."""

    index: int
    parent: int | None
    """The call that made it; None for the message's own."""
    kind: str
    """The opcode that made it; MESSAGE for the first."""
    depth: int
    caller: Address
    address: Address
    """Whose storage and money it works on."""
    code: bytes
    """What runs; empty for a plain transfer or a precompile."""
    value: int
    data: bytes
    """Call data, at most its first ``KEPT_BYTES``."""
    gas: int
    """Gas it was given."""
    first_step: int
    """Its first step, or where that would be."""
    gas_used: int = 0
    output: bytes = b""
    """What it returned, at most the first ``KEPT_BYTES``."""
    error: Halt | None = None
    last_step: int = -1
    """Its last step; -1 when it has none."""


@dataclass(frozen=True, slots=True)
class StorageChange:
    """A write to storage: undone later if its call, or one around it, failed."""

    step: int
    call: int
    address: Address
    key: int
    old: int
    new: int


@dataclass(frozen=True, slots=True)
class Step:
    """A moment: everything is as it was before the opcode ran."""

    index: int
    pc: int
    opcode: int
    name: str
    gas: int
    """Gas left."""
    cost: int
    """Gas it takes, with all that its call takes."""
    call: int
    depth: int
    stack: tuple[int, ...]
    """The top is last."""
    memory: bytes
    return_data: bytes


@dataclass(slots=True)
class Trace:
    """All steps of one message."""

    host: Host
    context: Context
    message: Message
    result: Result
    pcs: "array[int]" = field(default_factory=lambda: array("L"))
    opcodes: bytearray = field(default_factory=bytearray)
    gas: "array[int]" = field(default_factory=lambda: array("Q"))
    costs: "array[int]" = field(default_factory=lambda: array("Q"))
    call_of: "array[int]" = field(default_factory=lambda: array("L"))
    calls: list[Call] = field(default_factory=list)
    storage_changes: list[StorageChange] = field(default_factory=list)
    preimages: dict[bytes, None] = field(default_factory=dict)
    """Short data that was hashed, in order: keys of maps are among it."""
    truncated: bool = False
    _window: dict[int, tuple[tuple[int, ...], bytes, bytes]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.pcs)

    def get_step(self, index: int) -> Step:
        """Return a step with its stack and memory. Raises IndexError when there is none of that number."""
        if not 0 <= index < len(self):
            raise IndexError(index)
        if index not in self._window:
            self._window = _run_window(self, index)
        call = self.call_of[index]
        opcode = self.opcodes[index]
        return Step(
            index,
            self.pcs[index],
            opcode,
            get_opcode_name(opcode),
            self.gas[index],
            self.costs[index],
            call,
            self.calls[call].depth,
            *self._window[index],
        )

    def get_next_in_call(self, index: int) -> int | None:
        """Return the step after a step in the same call, passing over the calls it makes; None at the end."""
        call, last = self.call_of[index], self.calls[self.call_of[index]].last_step
        while index < last:
            index += 1
            if self.call_of[index] == call:
                return index
        return None

    def compute_memory_changes(self, index: int) -> list[tuple[int, bytes, bytes]]:
        """Return the words of memory that a step changes: place, before, after (both 32 bytes; new memory was zero)."""
        following = self.get_next_in_call(index)
        if following is None:
            return []
        old, new = self.get_step(index).memory, self.get_step(following).memory
        places = range(0, len(new), 32)
        words = ((at, old[at : at + 32].ljust(32, b"\0"), new[at : at + 32]) for at in places)
        return [(at, before, after) for at, before, after in words if before != after]

    def compute_gas_profile(self, code: bytes) -> dict[int, int]:
        """Return the gas that each place of a code took in all its calls, without what the calls it made took."""
        profile: dict[int, int] = {}
        own = {call.index for call in self.calls if call.code == code}
        inner = {call.first_step - 1: call.gas_used for call in self.calls if call.parent is not None}
        for index, call in enumerate(self.call_of):
            if index % _STEPS_A_TURN == 0:
                give_way()
            if call in own:
                spent = max(self.costs[index] - inner.get(index, 0), 0)
                profile[self.pcs[index]] = profile.get(self.pcs[index], 0) + spent
        return profile


class _Enough(Exception):
    """Ends a run when it has shown what was wanted."""


class _Recorder:
    """Notes the steps of the first run."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.open: list[tuple[Call, Frame]] = []

    def on_enter(self, frame: Frame) -> None:
        """Note a new call."""
        trace, parent = self.trace, self.open[-1][0].index if self.open else None
        kind = get_opcode_name(trace.opcodes[-1]) if parent is not None else "MESSAGE"
        call = Call(
            index=len(trace.calls),
            parent=parent,
            kind=kind,
            depth=frame.depth,
            caller=Address(frame.caller.to_bytes(20)),
            address=Address(frame.address.to_bytes(20)),
            code=frame.program.code,
            value=frame.value,
            data=bytes(frame.data[:KEPT_BYTES]),
            gas=frame.gas,
            first_step=len(trace),
        )
        self.open.append((call, frame))
        trace.calls.append(call)

    def on_step(self, frame: Frame, pc: int, opcode: int) -> None:
        """Note a step."""
        trace, call = self.trace, self.open[-1][0]
        self._settle(call, frame)
        if len(trace.pcs) >= MAX_STEPS:
            raise _Enough
        if opcode == _SSTORE and len(frame.stack) > 1:
            self._note_write(call, frame)
        elif opcode == _KECCAK256 and len(frame.stack) > 1:
            self._note_hash(frame)
        call.last_step = len(trace.pcs)
        trace.pcs.append(pc)
        trace.opcodes.append(opcode)
        trace.gas.append(frame.gas)
        trace.costs.append(0)
        trace.call_of.append(call.index)

    def on_leave(self, frame: Frame) -> None:
        """Note how a call ended."""
        call, _ = self.open.pop()
        self._settle(call, frame)
        call.gas_used, call.output, call.error = call.gas - frame.gas, frame.output[:KEPT_BYTES], frame.error
        changes = self.trace.storage_changes
        if frame.error is not None and changes and changes[-1].step == call.last_step:
            changes.pop()  # the write itself failed

    def _settle(self, call: Call, frame: Frame) -> None:
        """Note what the call's last step cost, now that it is over."""
        if call.last_step >= 0 and not self.trace.costs[call.last_step]:
            self.trace.costs[call.last_step] = max(self.trace.gas[call.last_step] - max(frame.gas, 0), 0)

    def _note_write(self, call: Call, frame: Frame) -> None:
        key, new = frame.stack[-1], frame.stack[-2]
        old = frame.slots.get(key)
        if old is None:
            old = frame.journal.get_original(frame.address, key)
        if old != new:
            change = StorageChange(len(self.trace), call.index, call.address, key, old, new)
            self.trace.storage_changes.append(change)

    def _note_hash(self, frame: Frame) -> None:
        offset, size = frame.stack[-1], frame.stack[-2]
        known = self.trace.preimages
        if size in _PREIMAGE_BYTES and offset + size <= len(frame.memory) and len(known) < _MOST_PREIMAGES:
            known[bytes(frame.memory[offset : offset + size])] = None


class _Window:
    """Keeps stacks and memories around one step of a run."""

    def __init__(self, wanted: int) -> None:
        self.wanted, self.index, self.size = wanted, 0, 0
        self.kept: dict[int, tuple[tuple[int, ...], bytes, bytes]] = {}

    def on_enter(self, frame: Frame) -> None:
        """Nothing is kept of a call's beginning."""

    def on_leave(self, frame: Frame) -> None:
        """Nothing is kept of a call's end."""

    def on_step(self, frame: Frame, pc: int, opcode: int) -> None:
        """Keep a step that is near, as long as there is room; the wanted one always."""
        index, self.index = self.index, self.index + 1
        if index < self.wanted - _WINDOW_STEPS:
            return
        length = len(frame.memory) + len(frame.return_data)
        if index > self.wanted + _WINDOW_STEPS or (index > self.wanted and self.size + length > _WINDOW_BYTES):
            raise _Enough
        if self.size + length > _WINDOW_BYTES:
            self.kept, self.size = {}, 0
        self.size += length
        self.kept[index] = (tuple(frame.stack), bytes(frame.memory), frame.return_data)


def _run_window(trace: Trace, index: int) -> dict[int, tuple[tuple[int, ...], bytes, bytes]]:
    window = _Window(index)
    with suppress(_Enough):
        execute_message(trace.host, trace.context, trace.message, mode=Mode.PLAIN, observer=window, write=False)
    return window.kept


def trace_message(host: Host, context: Context, message: Message, result: Result | None = None) -> Trace:
    """Run a message without writing and return its steps.

    ``result`` is what it came to, where that is known; it saves running a long message to its end. Raises
    InvalidTransaction like ``execute_message``.
    """
    trace = Trace(host, context, message, Result(False, b"", 0, 0, (), None, None, 0))
    recorder = _Recorder(trace)
    try:
        trace.result = execute_message(host, context, message, mode=Mode.PLAIN, observer=recorder, write=False)
    except _Enough:
        trace.truncated = True
        trace.result = result or execute_message(host, context, message, write=False)
    return trace

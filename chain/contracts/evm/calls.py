"""Calls, creations and endings: opcodes 0xf0 to 0xff.

A call does not run the called program: it makes its frame, leaves it in ``execution.child`` and returns the signal
CALLED. The interpreter runs frames one after another from a list of its own, so that 1024 nested calls need no more of
the host's stack than one. When the child is finished, ``finish`` commits or rolls back and ``receive`` hands its
output to the caller.
"""

from chain.contracts.addresses import compute_create2_address, compute_create_address
from chain.contracts.evm.environment import touch_account
from chain.contracts.evm.frame import (
    CALLED,
    HALTED,
    Data,
    Execution,
    Frame,
    check_writable,
    grow_for,
    read_memory,
    use_gas,
    view_memory,
)
from chain.contracts.evm.gas import (
    CALL_VALUE,
    CODE_BYTE,
    COLD_ACCOUNT,
    INITCODE_WORD,
    KECCAK_WORD,
    MAX_CODE_BYTES,
    MAX_DEPTH,
    MAX_INITCODE_BYTES,
    MAX_NONCE,
    NEW_ACCOUNT,
    STIPEND,
    WARM_ACCESS,
    count_words,
)
from chain.contracts.evm.halts import ExceptionalHalt, Halt, fail_out_of_gas
from chain.contracts.evm.journal import EMPTY, get_delegate
from chain.contracts.evm.precompiles import PRECOMPILES
from chain.contracts.evm.program import Program

INVALID_FIRST_BYTE = 0xEF
"""No code may begin with it (EIP-3541)."""


def open_call(
    execution: Execution,
    target: int,
    caller: int,
    value: int,
    data: Data,
    gas: int,
    depth: int,
    static: bool,
    code_address: int,
    moves: bool,
) -> Frame:
    """Return the frame of a call, its money already moved.

    The code is that of ``code_address`` or of the account it delegates to (EIP-7702), which then is never a
    precompile. ``moves`` is false for DELEGATECALL, which sees the value without getting it.
    """
    journal = execution.journal
    code = journal.get(code_address).code
    delegate = get_delegate(code)
    if delegate is not None:
        code = journal.get(delegate).code
    frame = Frame(execution, execution.get_program(code), target, caller, value, data, gas, depth, static)
    if delegate is None:
        frame.precompile = PRECOMPILES.get(code_address)
    elif delegate in PRECOMPILES:
        frame.program = execution.get_program(b"")
    if moves and value:
        journal.move(caller, target, value)
    return frame


def open_creation(
    execution: Execution, target: int, caller: int, value: int, initcode: bytes, gas: int, depth: int
) -> Frame:
    """Return the frame that runs initcode for a new account, which already exists with nonce 1."""
    journal = execution.journal
    frame = Frame(execution, Program(initcode), target, caller, value, b"", gas, depth, False)
    frame.creates = True
    journal.created[target] = True
    journal.increment_nonce(target)
    if value:
        journal.move(caller, target, value)
    return frame


def finish(frame: Frame) -> None:
    """Pay for the code that a creation leaves, and roll back what a failed frame did."""
    if frame.creates and frame.error is None:
        try:
            _leave_code(frame)
        except ExceptionalHalt as halt:
            fail(frame, halt.reason)
    if frame.error is not None:
        frame.journal.roll_back(frame.mark)
    if isinstance(frame.data, memoryview):
        frame.data.release()


def _leave_code(frame: Frame) -> None:
    code = frame.output
    if code and code[0] == INVALID_FIRST_BYTE:
        raise ExceptionalHalt(Halt.INVALID_CODE_PREFIX)
    use_gas(frame, CODE_BYTE * len(code))
    if len(code) > MAX_CODE_BYTES:
        raise fail_out_of_gas()
    nonce, balance, _ = frame.journal.get(frame.address)
    frame.journal.put_account(frame.address, nonce, balance, code)


def fail(frame: Frame, reason: Halt) -> None:
    """End a frame with an error that takes all its gas."""
    frame.gas, frame.output, frame.error = 0, b"", reason


def receive(frame: Frame, child: Frame) -> None:
    """Hand a finished child's gas, output and success to the frame that made it."""
    frame.gas += child.gas
    success = child.error is None
    if child.creates:
        frame.return_data = b"" if success else child.output
        frame.stack.append(child.address if success else 0)
        return
    frame.return_data = child.output
    frame.stack.append(1 if success else 0)
    size = min(child.output_size, len(child.output))
    if size:
        frame.memory[child.output_at : child.output_at + size] = child.output[:size]


def _call(
    frame: Frame,
    gas: int,
    code_address: int,
    value: int,
    sent: tuple[int, int],
    wanted: tuple[int, int],
    target: int,
    caller: int,
    moves: bool = True,
    static: bool = False,
    new_account: bool = False,
    forbidden: bool = False,
) -> int:
    """Pay for a call, open its frame and return CALLED; ``frame.pc`` already stands behind the opcode.

    At most 63/64 of the gas left go along (EIP-150). A call that cannot be made for want of money or depth pushes 0
    and gets its gas back. ``moves`` is false for DELEGATECALL, ``new_account`` true when the call makes an account,
    ``forbidden`` when a static frame wants to send money.
    """
    journal = frame.journal
    delegate = get_delegate(journal.get(code_address).code)
    if delegate is not None:
        use_gas(frame, COLD_ACCOUNT if journal.touch(delegate) else WARM_ACCESS)
    grow_for(frame, *sent)
    grow_for(frame, *wanted)
    paid = moves and value > 0
    use_gas(frame, (CALL_VALUE if paid else 0) + (NEW_ACCOUNT if new_account else 0))
    gas = min(gas, frame.gas - frame.gas // 64)
    frame.gas -= gas
    if forbidden:
        check_writable(frame)
    gas += STIPEND if paid else 0
    frame.return_data = b""
    if frame.depth + 1 > MAX_DEPTH or (paid and journal.get(frame.address).balance < value):
        frame.gas += gas
        frame.stack.append(0)
        return frame.pc
    data = view_memory(frame, *sent)
    child = open_call(
        frame.execution,
        target,
        caller,
        value,
        data,
        gas,
        frame.depth + 1,
        static or frame.static,
        code_address,
        moves,
    )
    child.output_at, child.output_size = wanted
    frame.execution.child = child
    return CALLED


def call(frame: Frame, gas: int, to: int, value: int, at: int, size: int, out: int, out_size: int) -> int:
    """Call another account."""
    to = touch_account(frame, to)
    new_account = value > 0 and frame.journal.get(to) == EMPTY
    me = frame.address
    return _call(
        frame, gas, to, value, (at, size), (out, out_size), to, me, new_account=new_account, forbidden=value > 0
    )


def callcode(frame: Frame, gas: int, to: int, value: int, at: int, size: int, out: int, out_size: int) -> int:
    """Run another account's code on the own storage, as if called by oneself."""
    to = touch_account(frame, to)
    return _call(frame, gas, to, value, (at, size), (out, out_size), frame.address, frame.address)


def delegatecall(frame: Frame, gas: int, to: int, at: int, size: int, out: int, out_size: int) -> int:
    """Run another account's code in the own place: own storage, own caller, own value (EIP-7)."""
    to = touch_account(frame, to)
    return _call(frame, gas, to, frame.value, (at, size), (out, out_size), frame.address, frame.caller, moves=False)


def staticcall(frame: Frame, gas: int, to: int, at: int, size: int, out: int, out_size: int) -> int:
    """Call another account that may change nothing (EIP-214)."""
    to = touch_account(frame, to)
    return _call(frame, gas, to, 0, (at, size), (out, out_size), to, frame.address, static=True)


def create(frame: Frame, value: int, at: int, size: int) -> int:
    """Create a contract whose address follows from the creator and its nonce."""
    use_gas(frame, INITCODE_WORD * count_words(size))
    grow_for(frame, at, size)
    creator, nonce = frame.address.to_bytes(20), frame.journal.get(frame.address).nonce
    return _create(frame, compute_create_address(creator, nonce), value, read_memory(frame, at, size))


def create2(frame: Frame, value: int, at: int, size: int, salt: int) -> int:
    """Create a contract whose address follows from the creator, the initcode and a salt (EIP-1014)."""
    use_gas(frame, (INITCODE_WORD + KECCAK_WORD) * count_words(size))
    grow_for(frame, at, size)
    initcode = read_memory(frame, at, size)
    return _create(frame, compute_create2_address(frame.address.to_bytes(20), salt, initcode), value, initcode)


def _create(frame: Frame, name: bytes, value: int, initcode: bytes) -> int:
    journal, me = frame.journal, frame.address
    if len(initcode) > MAX_INITCODE_BYTES:
        raise fail_out_of_gas()
    gas = frame.gas - frame.gas // 64
    frame.gas -= gas
    check_writable(frame)
    frame.return_data = b""
    nonce, balance, _ = journal.get(me)
    if balance < value or nonce == MAX_NONCE or frame.depth + 1 > MAX_DEPTH:
        frame.gas += gas
        frame.stack.append(0)
        return frame.pc
    target = int.from_bytes(name)
    journal.touch(target)
    journal.increment_nonce(me)
    if journal.is_taken(target):
        frame.stack.append(0)
        return frame.pc
    frame.execution.child = open_creation(frame.execution, target, me, value, initcode, gas, frame.depth + 1)
    return CALLED


def stop(frame: Frame) -> int:  # noqa: ARG001
    """End well, returning nothing."""
    return HALTED


def return_(frame: Frame, offset: int, size: int) -> int:
    """End well, returning bytes of memory."""
    grow_for(frame, offset, size)
    frame.output = read_memory(frame, offset, size)
    return HALTED


def revert(frame: Frame, offset: int, size: int) -> int:
    """End badly, keeping the gas left and returning bytes of memory (EIP-140)."""
    grow_for(frame, offset, size)
    frame.output, frame.error = read_memory(frame, offset, size), Halt.REVERT
    return HALTED


def selfdestruct(frame: Frame, heir: int) -> int:
    """End well, sending all money away; the account goes only if this transaction created it (EIP-6780)."""
    journal, me = frame.journal, frame.address
    heir &= (1 << 160) - 1
    use_gas(frame, COLD_ACCOUNT if journal.touch(heir) else 0)
    balance = journal.get(me).balance
    use_gas(frame, NEW_ACCOUNT if balance and journal.get(heir) == EMPTY else 0)
    check_writable(frame)
    journal.move(me, heir, balance)
    if me in journal.created:
        journal.add_balance(me, -journal.get(me).balance)  # what was sent to itself is burnt
        journal.put(journal.doomed, me, True)
    return HALTED

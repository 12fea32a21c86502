"""Running frames: the plain loop over opcodes, and the list of frames that stands for the stack of calls.

``run_block`` executes opcodes from a program counter until the flow leaves the line: a jump that is taken, a call, a
halt. It is the definition of what a program does; ``translate`` is only a faster way to the same end, and falls back
on it wherever something unusual is near.
"""

from typing import Final

from chain.contracts.evm.calls import fail, finish, receive
from chain.contracts.evm.frame import HALTED, Execution, Frame
from chain.contracts.evm.halts import ExceptionalHalt, Halt
from chain.contracts.evm.message import Mode
from chain.contracts.evm.opcodes import MAX_STACK, OPCODES, Kind
from chain.contracts.evm.program import Program
from chain.contracts.evm.translate import translate

_GAS: Final = [row.gas if row else 0 for row in OPCODES]
_NEEDS: Final = [row.pops if row else MAX_STACK + 1 for row in OPCODES]
"""Words an opcode wants to find; an undefined one wants more than there can be."""
_ROOM: Final = [MAX_STACK - max(row.pushes - row.pops, 0) if row else 0 for row in OPCODES]
"""The most words there may be before an opcode."""
_FUNCTIONS: Final = [row.function if row else None for row in OPCODES]
_PUSHES: Final = [row.pushes if row else 0 for row in OPCODES]
_BRANCHES: Final = [row is not None and row.kind is Kind.BRANCH for row in OPCODES]

_HOT_VISITS: Final = 4
"""A part is translated when it was run that often, and"""
_CREDIT_PER_OPCODE: Final = 24
"""when that many opcodes were run plainly for each that would be translated: so translating never takes longer than
running did, whatever the program."""
_MIN_TRACE: Final = 48
_MAX_TRACE: Final = 256
"""Opcodes in one translated part: no less credit than for the first, never more than the second."""
_MAX_TRACED: Final = 8192
"""Opcodes translated for one program at most."""


def _refuse(frame: Frame, opcode: int, height: int) -> ExceptionalHalt:
    """Return why an opcode cannot run, in the order in which the specification looks."""
    row = OPCODES[opcode]
    if row is None:
        return ExceptionalHalt(Halt.INVALID_OPCODE)
    moves = opcode >= 0x80 and row.kind is Kind.MOVE  # DUP and SWAP are paid before they look
    if height < row.pops and not (moves and frame.gas < 0):
        return ExceptionalHalt(Halt.STACK_UNDERFLOW)
    return ExceptionalHalt(Halt.OUT_OF_GAS if frame.gas < 0 else Halt.STACK_OVERFLOW)


def run_block(frame: Frame, pc: int) -> int:
    """Run opcodes from ``pc`` on and return where to go on, or a signal. Raises ExceptionalHalt."""
    program, stack, observer = frame.program, frame.stack, frame.execution.observer
    code, pop, push = program.padded, stack.pop, stack.append
    count = 0
    while True:
        opcode = code[pc]
        if observer is not None:
            observer.on_step(frame, pc, opcode)
        count += 1
        height = len(stack)
        frame.gas -= _GAS[opcode]
        if height < _NEEDS[opcode] or height > _ROOM[opcode] or frame.gas < 0:
            raise _refuse(frame, opcode, height)
        if 0x5F <= opcode <= 0x7F:
            end = pc + opcode - 0x5E
            push(int.from_bytes(code[pc + 1 : end]))
            pc = end
            continue
        pc += 1
        function = _FUNCTIONS[opcode]
        if function is not None:
            needs = _NEEDS[opcode]
            if _BRANCHES[opcode]:
                frame.pc = pc
                program.credit += count
                signal: int = function(frame, *(pop() for _ in range(needs)))
                return signal
            if needs == 2:
                result = function(frame, pop(), pop())
            elif needs == 1:
                result = function(frame, pop())
            else:
                result = function(frame, *(pop() for _ in range(needs)))
            if _PUSHES[opcode]:
                push(result)
        elif 0x80 <= opcode <= 0x8F:
            push(stack[0x7F - opcode])
        elif 0x90 <= opcode <= 0x9F:
            place = 0x8E - opcode
            stack[-1], stack[place] = stack[place], stack[-1]
        elif opcode == 0x50:
            pop()
        elif opcode in (0x56, 0x57):
            target = pop()
            if opcode == 0x57 and not pop():
                continue
            if target not in program.jump_destinations and not program.is_jump_destination(target):
                raise ExceptionalHalt(Halt.INVALID_JUMP)
            program.credit += count
            return target
        elif opcode == 0x58:
            push(pc - 1)


def _get_trace_or_run(frame: Frame, pc: int, eager: bool) -> int:
    """Run plainly from ``pc``, translating the part that begins there when it is hot."""
    program = frame.program
    visits = program.visits[pc] = program.visits.get(pc, 0) + 1
    if (eager or visits >= _HOT_VISITS) and _translate_if_paid(program, pc, eager):
        trace = program.traces[pc]
        if trace is not None:
            return trace(frame)
    return run_block(frame, pc)


def _translate_if_paid(program: Program, pc: int, eager: bool) -> bool:
    """Translate the part that begins at ``pc`` if enough was run plainly for it; tell whether it is settled now."""
    affordable = _MAX_TRACE if eager else min(program.credit // _CREDIT_PER_OPCODE, _MAX_TRACE)
    if affordable < _MIN_TRACE:
        return False
    trace, length = None, 0
    if program.traced < _MAX_TRACED:
        trace, length = translate(program, pc, run_block, affordable)
    program.traces[pc] = trace
    program.traced += length
    program.credit -= length * _CREDIT_PER_OPCODE
    return True


def resume(frame: Frame) -> int:
    """Run a frame until it halts or calls, and return the signal. Raises ExceptionalHalt."""
    if frame.precompile is not None:
        frame.output = frame.precompile(frame)
        return HALTED
    pc, mode, traces, give_way = frame.pc, frame.execution.mode, frame.program.traces, frame.execution.give_way
    if mode is Mode.PLAIN or frame.execution.observer is not None:
        while pc >= 0:
            if give_way is not None:
                give_way()
            pc = run_block(frame, pc)
        return pc
    eager = mode is Mode.EAGER
    while pc >= 0:
        if give_way is not None:
            give_way()
        trace = traces.get(pc)
        if trace is not None:
            pc = trace(frame)
        elif pc in traces:
            pc = run_block(frame, pc)
        else:
            pc = _get_trace_or_run(frame, pc, eager)
    return pc


def run(execution: Execution, frame: Frame) -> None:
    """Run a frame and every frame below it to the end; ``frame.error`` and ``frame.output`` tell how it went."""
    frames, observer = [frame], execution.observer
    if observer is not None:
        observer.on_enter(frame)
    while True:
        try:
            signal = resume(frame)
        except ExceptionalHalt as halt:
            fail(frame, halt.reason)
            signal = HALTED
        if signal != HALTED:
            assert execution.child is not None
            frame = execution.child
            frames.append(frame)
            if observer is not None:
                observer.on_enter(frame)
            continue
        finish(frame)
        if observer is not None:
            observer.on_leave(frame)
        frames.pop()
        if not frames:
            return
        receive(frames[-1], frame)
        frame = frames[-1]

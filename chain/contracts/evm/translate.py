"""Turning hot code into Python: a trace is a straight line through a program, from an entry to where the flow leaves.

Idea: from the entry the line follows the code, through jumps whose target is known (a constant pushed before) and past
conditional jumps, which leave the line when they are taken. Along the line the stack is symbolic: a word is a constant
or a Python variable, so PUSH, DUP, SWAP and known jumps cost nothing at run time. Only where the line is left is the
real stack written.

Gas: the fixed gas of a stretch is paid at its beginning, in one subtraction. A frame that runs out of gas loses all
of it and undoes everything, so *where* in a stretch it does makes no difference. A stretch ends at every conditional
jump and behind every opcode that looks at the gas left or can halt for another reason (``Opcode.exact``).

The stack's bounds are checked once, at the entry, for the whole line. When they might be broken the block is run
plainly instead, which finds the exact reason.

Invariant: a trace and the plain loop agree in everything; the tests hold them against each other.

The generated text is made of the templates below, numbers and names counted here: nothing of a program's bytes but
numbers gets into it.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from chain.contracts.evm import opcodes as table
from chain.contracts.evm.frame import grow_memory
from chain.contracts.evm.gas import KECCAK_WORD, count_words
from chain.contracts.evm.halts import ExceptionalHalt, Halt, fail_out_of_gas
from chain.contracts.evm.line import Line, Word
from chain.contracts.evm.opcodes import MAX_STACK, OPCODES, Kind, Opcode
from chain.contracts.evm.program import Program, Trace
from chain.contracts.evm.storage import load_cold
from chain.contracts.keccak import compute_keccak_word

if TYPE_CHECKING:
    from chain.contracts.evm.frame import Frame

_CHECK_JUMP: Final = "if {0} not in J and not K({0}): raise ExceptionalHalt(INVALID_JUMP)"
_MASK: Final = f"{2**256 - 1:#x}"
_SIGN: Final = f"{1 << 255:#x}"
_WORDS: Final = {
    "ADD": f"({{0}} + {{1}}) & {_MASK}",
    "SUB": f"({{0}} - {{1}}) & {_MASK}",
    "MUL": f"({{0}} * {{1}}) & {_MASK}",
    "DIV": "{0} // {1} if {1} else 0",
    "MOD": "{0} % {1} if {1} else 0",
    "AND": "{0} & {1}",
    "OR": "{0} | {1}",
    "XOR": "{0} ^ {1}",
    "NOT": f"{{0}} ^ {_MASK}",
    "SHL": f"({{1}} << {{0}}) & {_MASK} if {{0}} < 256 else 0",
    "SHR": "{1} >> {0} if {0} < 256 else 0",
    "ADDRESS": "f.address",
    "CALLER": "f.caller",
    "CALLVALUE": "f.value",
    "CALLDATASIZE": "len(f.data)",
    "RETURNDATASIZE": "len(f.return_data)",
    "MSIZE": "len(m)",
}
"""Opcodes whose word is one expression of the popped words."""
_TRUTHS: Final = {
    "LT": "{0} < {1}",
    "GT": "{0} > {1}",
    "EQ": "{0} == {1}",
    "SLT": f"({{0}} ^ {_SIGN}) < ({{1}} ^ {_SIGN})",
    "SGT": f"({{0}} ^ {_SIGN}) > ({{1}} ^ {_SIGN})",
}
"""Opcodes whose word is 1 when a condition holds."""
_FOLDED: Final = frozenset(range(0x01, 0x1E)) - {0x0A}
"""Opcodes that are computed here when their words are constants: all arithmetic but EXP, which pays inside."""
_MAX_OFFSET: Final = 1 << 20
"""Constant memory offsets under this are written as slices."""

RunBlock = Callable[["Frame", int], int]


def translate(program: Program, entry: int, run_block: RunBlock, limit: int) -> tuple[Trace | None, int]:
    """Return the trace from ``entry`` with at most ``limit`` opcodes, and how many it has; None when it has too few."""
    line = Line(program)
    pc, count, seen = entry, 0, set[int]()
    while pc >= 0:
        row = OPCODES[program.padded[pc]]
        if row is None or count == limit or pc in seen or not _is_translated(row):
            line.close_stretch()
            line.leave(str(pc))
            break
        seen.add(pc)
        count += 1
        pc = _add(line, row, pc)
    if count < 3:
        return None, count
    return _compile(line, entry, run_block), count


def _is_translated(row: Opcode) -> bool:
    return row.kind is not Kind.BRANCH or row.name in ("STOP", "RETURN", "REVERT")


def _add(line: Line, row: Opcode, pc: int) -> int:
    """Write one opcode and return where the line goes on, or -1 when it ends."""
    line.stretch_gas += row.gas
    if 0x5F <= row.byte <= 0x7F:
        end = pc + row.byte - 0x5E
        line.push(Word(constant=int.from_bytes(line.program.padded[pc + 1 : end])))
        return end
    if row.kind is Kind.MOVE:
        return _add_move(line, row, pc)
    words = [line.pop() for _ in range(row.pops)]
    if row.kind is Kind.BRANCH:
        names = ", ".join(["f", *(line.use(word) for word in words)])
        line.close_stretch()
        line.write("f.gas = g")
        line.write(f"return {row.name}({names})")
        return -1
    constants = [word.constant for word in words if word.constant is not None]
    writer = _WRITERS.get(row.name)
    if row.byte in _FOLDED and len(constants) == row.pops and row.function is not None:
        line.push(Word(constant=row.function(None, *constants)))
    elif writer is not None:
        writer(line, *words)
    elif row.name in _TRUTHS:
        line.push(Word(condition=_TRUTHS[row.name].format(*(line.use(word) for word in words))))
    elif row.name in _WORDS:
        line.push(line.compute(_WORDS[row.name].format(*(line.use(word) for word in words))))
    else:
        line.call(row.name, [line.use(word) for word in words], bool(row.pushes))
    if row.exact:
        line.close_stretch()
    return pc + 1


def _add_move(line: Line, row: Opcode, pc: int) -> int:
    """Write an opcode that only moves words or the program counter."""
    if row.name.startswith("DUP"):
        place = row.byte - 0x7F
        line.reach(place)
        line.push(line.stack[-place])
    elif row.name.startswith("SWAP"):
        place = row.byte - 0x8E
        line.reach(place)
        line.stack[-1], line.stack[-place] = line.stack[-place], line.stack[-1]
    elif row.name == "POP":
        line.pop()
    elif row.name == "PC":
        line.push(Word(constant=pc))
    elif row.name == "JUMP":
        return _add_jump(line, line.pop())
    elif row.name == "JUMPI":
        return _add_conditional_jump(line, line.pop(), line.pop(), pc + 1)
    return pc + 1


def _add_jump(line: Line, target: Word) -> int:
    if target.constant is not None and line.program.is_jump_destination(target.constant):
        return target.constant
    name = line.use(target)
    line.close_stretch()
    line.write(_CHECK_JUMP.format(name))
    line.leave(name)
    return -1


def _add_conditional_jump(line: Line, target: Word, condition: Word, following: int) -> int:
    name = line.use(target)
    if condition.constant is None:
        text = condition.condition if condition.condition and not condition.name else line.use(condition)
    elif condition.constant:
        return _add_jump(line, target)
    else:
        return following
    statements = line.save()
    line.close_stretch()
    if target.constant is None or not line.program.is_jump_destination(target.constant):
        statements.insert(0, _CHECK_JUMP.format(name))
    line.write(f"if {text}:")
    for statement in [*statements, f"return {name}"]:
        line.write(" " + statement)
    line.close_stretch()
    return following


def _add_iszero(line: Line, word: Word) -> None:
    nested = word.condition is None or word.name or word.condition.startswith("not ")  # Python limits the nesting
    line.push(Word(condition=f"not ({line.use(word) if nested else word.condition})"))


def _need_memory(line: Line, offset: Word, size: int) -> tuple[str, str]:
    """Make memory exist and return the texts of where it begins and ends."""
    if offset.constant is not None and offset.constant < _MAX_OFFSET:
        end = offset.constant + size
        if end > line.memory_known:
            line.write(f"if len(m) < {end}: f.gas = g; grow_memory(f, {end}); g = f.gas")
            line.memory_known = (end + 31) & ~31
        return str(offset.constant), str(end)
    start = line.use(offset)
    end_word = line.compute(f"{start} + {size}")
    line.write(f"if len(m) < {end_word.name}: f.gas = g; grow_memory(f, {end_word.name}); g = f.gas")
    return start, end_word.name


def _add_mload(line: Line, offset: Word) -> None:
    start, end = _need_memory(line, offset, 32)
    line.push(line.compute(f"from_bytes(m[{start}:{end}])"))


def _add_mstore(line: Line, offset: Word, word: Word) -> None:
    value = str(word.constant.to_bytes(32)) if word.constant is not None else f"{line.use(word)}.to_bytes(32)"
    start, end = _need_memory(line, offset, 32)
    line.write(f"m[{start}:{end}] = {value}")


def _add_keccak(line: Line, offset: Word, size: Word) -> None:
    if size.constant is None or not 0 < size.constant < _MAX_OFFSET:
        line.call("KECCAK256", [line.use(offset), line.use(size)], True)
        return
    line.stretch_gas += KECCAK_WORD * count_words(size.constant)
    start, end = _need_memory(line, offset, size.constant)
    line.push(line.compute(f"keccak(bytes(m[{start}:{end}]))"))


def _add_sload(line: Line, key: Word) -> None:
    name = line.use(key)
    word = line.compute(f"w.get({name})")
    line.write(f"if {word.name} is None: f.gas = g; {word.name} = load_cold(f, {name}); g = f.gas")
    line.push(word)


_WRITERS: Final[dict[str, Callable[..., None]]] = {
    "ISZERO": _add_iszero,
    "MLOAD": _add_mload,
    "MSTORE": _add_mstore,
    "KECCAK256": _add_keccak,
    "SLOAD": _add_sload,
}
_NAMES: Final[dict[str, Any]] = {
    "ExceptionalHalt": ExceptionalHalt,
    "INVALID_JUMP": Halt.INVALID_JUMP,
    "fail_out_of_gas": fail_out_of_gas,
    "from_bytes": int.from_bytes,
    "grow_memory": grow_memory,
    "keccak": compute_keccak_word,
    "load_cold": load_cold,
    **{row.name: row.function for row in table.OPCODES if row and row.function},
}


def _compile(line: Line, entry: int, run_block: RunBlock) -> Trace:
    """Return the function whose text the line has written."""
    head = [
        "def trace(f):",
        " s = f.stack",
        f" if not {line.below} <= len(s) <= {MAX_STACK - line.highest}: return run_block(f, {entry})",
        " g = f.gas; m = f.memory; w = f.slots",
    ]
    text = "\n".join([*head, *(f" {statement}" for statement in line.text if statement)])
    names = line.program.names  # one dictionary for all traces of a program: they may be many
    if not names:
        names.update(_NAMES, J=line.program.jump_destinations, K=line.program.is_jump_destination, run_block=run_block)
    exec(compile(text, f"<trace {entry}>", "exec"), names)  # noqa: S102  # see the module's docstring
    trace: Trace = names.pop("trace")
    return trace

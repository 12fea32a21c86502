"""Machine code as a list of instructions that people can read.

Code and data are not told apart by anything in the code: what follows the last STOP or INVALID may be data that reads
as instructions.
"""

from dataclasses import dataclass

from chain.contracts.evm.opcodes import OPCODES, get_opcode_name
from chain.contracts.evm.program import PUSH0, PUSH32


@dataclass(frozen=True, slots=True)
class Instruction:
    """One opcode with its place."""

    pc: int
    """Byte in the code."""
    opcode: int
    name: str
    operand: bytes = b""
    """What a PUSH pushes; zeros where the code ends before."""
    gas: int = 0
    """What it costs at least."""

    def __str__(self) -> str:
        return f"{self.pc:5d}  {self.name}" + (f" 0x{self.operand.hex()}" if self.operand else "")


def disassemble(code: bytes) -> list[Instruction]:
    """Return the instructions of a code in order; byte for byte nothing is left out."""
    instructions, pc = [], 0
    while pc < len(code):
        opcode = code[pc]
        size = opcode - PUSH0 if PUSH0 < opcode <= PUSH32 else 0
        operand = code[pc + 1 : pc + 1 + size].ljust(size, b"\0")
        row = OPCODES[opcode]
        instructions.append(Instruction(pc, opcode, get_opcode_name(opcode), operand, row.gas if row else 0))
        pc += 1 + size
    return instructions

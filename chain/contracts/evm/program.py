"""Code, looked at once: where jumps may land, and which parts have been translated.

A program is kept for each code that accounts hold, so that what is learnt about a code serves every account that has
it, in every node. The code of a creation runs once and is not kept.

Simplification: none in results. How often a part has run decides only when it is translated.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from chain.contracts.evm.frame import Frame

JUMPDEST: Final = 0x5B
PUSH0: Final = 0x5F
PUSH32: Final = 0x7F
_PADDING: Final = bytes(33)
"""Code reads as zeros (STOP) beyond its end, also in the middle of a PUSH."""

Trace = Callable[["Frame"], int]
"""A translated part: runs from its entry and returns the next program counter, or a negative signal."""


class Program:
    """One code with what is known about it."""

    __slots__ = ("_jump_destinations", "code", "credit", "names", "padded", "traced", "traces", "visits")

    def __init__(self, code: bytes) -> None:
        self.code = code
        self.padded = code + _PADDING
        self._jump_destinations: frozenset[int] | None = None
        self.traces: dict[int, Trace | None] = {}
        """Translated parts by entry; None where there is nothing to translate."""
        self.names: dict[str, Any] = {}
        """What the text of the translated parts refers to."""
        self.visits: dict[int, int] = {}
        """How often each entry was run plainly."""
        self.credit = 0
        """Opcodes run plainly and not yet spent on translating."""
        self.traced = 0
        """Opcodes translated so far."""

    @property
    def jump_destinations(self) -> frozenset[int]:
        """Return every JUMPDEST that is not data of a PUSH (Yellow Paper, section 9.4.3)."""
        if self._jump_destinations is None:
            self._jump_destinations = frozenset(compute_jump_destinations(self.code))
        return self._jump_destinations


def compute_jump_destinations(code: bytes) -> list[int]:
    """Return the places in ``code`` where a jump may land, ascending."""
    places, pc, end = [], 0, len(code)
    while pc < end:
        opcode = code[pc]
        if opcode == JUMPDEST:
            places.append(pc)
        elif PUSH0 < opcode <= PUSH32:
            pc += opcode - PUSH0
        pc += 1
    return places


@lru_cache(maxsize=128)
def get_program(code: bytes) -> Program:
    """Return the one program of a code that an account holds."""
    return Program(code)

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

    __slots__ = ("_jump_map", "code", "credit", "jump_destinations", "names", "padded", "traced", "traces", "visits")

    def __init__(self, code: bytes) -> None:
        self.code = code
        self.padded = code + _PADDING
        self._jump_map: bytes | None = None
        self.jump_destinations: set[int] = set()
        """Those of the places where a jump may land that were asked for: what is seldom asked takes no room."""
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

    def is_jump_destination(self, target: int) -> bool:
        """Tell whether a jump may land at a place: at a JUMPDEST that is not data of a PUSH."""
        if target in self.jump_destinations:
            return True
        if self._jump_map is None:
            self._jump_map = compute_jump_map(self.code)
        if target >= len(self._jump_map) or not self._jump_map[target]:
            return False
        self.jump_destinations.add(target)
        return True


def compute_jump_map(code: bytes) -> bytes:
    """Return for each place of ``code`` 1 where a jump may land, else 0 (Yellow Paper, section 9.4.3)."""
    places, pc, end = bytearray(len(code)), 0, len(code)
    while pc < end:
        opcode = code[pc]
        if opcode == JUMPDEST:
            places[pc] = 1
        elif PUSH0 < opcode <= PUSH32:
            pc += opcode - PUSH0
        pc += 1
    return bytes(places)


@lru_cache(maxsize=128)
def get_program(code: bytes) -> Program:
    """Return the one program of a code that an account holds."""
    return Program(code)

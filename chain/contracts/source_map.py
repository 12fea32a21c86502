"""Which piece of source an instruction comes from.

Vyper gives lines and columns by place in the code, but leaves out what it adds itself: the subtraction of a checked
``-=`` has no place, the statement before and behind it has. ``read_vyper_spans`` gives such an instruction the larger
of the pieces before and behind it on its straight line, because a statement is larger than the words in it. Solidity
gives a compressed list by instruction, in bytes of the text.

Source: Vyper documentation, "Compiling a Contract"; Solidity documentation, "Source Mappings".
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from chain.contracts.disassembler import Instruction, disassemble

_ENDS: Final = frozenset({"STOP", "RETURN", "REVERT", "JUMP", "INVALID", "SELFDESTRUCT"})
"""Behind these the line of instructions is broken."""


class Span(NamedTuple):
    """A piece of source: lines count from 1, columns from 0."""

    line: int
    column: int
    end_line: int
    end_column: int

    def get_size(self) -> tuple[int, int]:
        """Return how much text it is, in lines and then in columns."""
        return self.end_line - self.line, self.end_column - self.column


def read_number(value: object) -> int | None:
    """Return a whole number written in decimals; None for anything else, and for what is longer than a word."""
    text = str(value)[:80]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 80 else None


def read_vyper_spans(value: object, code: bytes) -> dict[int, Span]:
    """Return the source of each place of a code from ``{"place": [line, column, end line, end column]}``."""
    known = {}
    for pc, numbers in value.items() if isinstance(value, Mapping) else ():
        place = read_number(pc)
        if place is not None and isinstance(numbers, (list, tuple)) and len(numbers) == len(Span._fields):
            known[place] = Span(*(number if isinstance(number, int) else 0 for number in numbers))
    return _fill(known, disassemble(code)) if known else {}


def _fill(known: dict[int, Span], instructions: list[Instruction]) -> dict[int, Span]:
    before, behind = _carry(known, instructions, False), _carry(known, reversed(instructions), True)
    spans = dict[int, Span]()
    for instruction in instructions:
        pc = instruction.pc
        found = [span for span in (known.get(pc) or before.get(pc), known.get(pc) or behind.get(pc)) if span]
        if found:
            spans[pc] = max(found, key=Span.get_size)
    return spans


def _carry(known: dict[int, Span], instructions: Iterable[Instruction], backwards: bool) -> dict[int, Span]:
    """Return for each place the nearest known span on its line that comes earlier in the given order."""
    carried, current = dict[int, Span](), None
    for instruction in instructions:
        ends = instruction.name in _ENDS
        if backwards and ends:
            current = None
        current = known.get(instruction.pc, current)
        if current is not None:
            carried[instruction.pc] = current
        if not backwards and ends:
            current = None
    return carried


def pack_spans(spans: Mapping[int, Span], code: bytes) -> list[list[int]]:
    """Return spans in short, for files: first place, last place and the four numbers, for each run of one span."""
    rows, current = list[list[int]](), None
    for instruction in disassemble(code):
        span = spans.get(instruction.pc)
        if span is not None and span == current:
            rows[-1][1] = instruction.pc
        elif span is not None:
            rows.append([instruction.pc, instruction.pc, *span])
        current = span
    return rows


def unpack_spans(rows: object, code: bytes) -> dict[int, Span]:
    """Return the spans that ``pack_spans`` wrote; rows that are none, or not behind the one before, are left out."""
    spans, done = dict[int, Span](), -1
    places = [instruction.pc for instruction in disassemble(code)]
    for row in rows if isinstance(rows, list) else ():
        whole = isinstance(row, list) and len(row) == 2 + len(Span._fields)
        if whole and all(isinstance(number, int) for number in row) and done < row[0] <= row[1]:
            done = row[1]
            inside = places[bisect_left(places, row[0]) : bisect_right(places, row[1])]
            spans.update(dict.fromkeys(inside, Span(*row[2:])))
    return spans


def read_solidity_spans(source_map: str, runtime: bytes, source: str, file_number: int = 0) -> dict[int, Span]:
    """Return the source of each place of the running code from solc's compressed list; {} without the text.

    An entry is ``start:length:file:jump:depth``, in bytes of the source; what is left out is as in the entry before.
    Only one source file, the contract's own, is mapped.
    """
    text = source.encode()
    if not text:
        return {}
    line_starts = [0, *(place + 1 for place, byte in enumerate(text) if byte == 0x0A)]
    spans, current = dict[int, Span](), ["0", "0", "-1"]
    for instruction, entry in zip(disassemble(runtime), source_map.split(";"), strict=False):
        for place, number in enumerate(entry.split(":")[:3]):
            current[place] = number or current[place]
        start, length = read_number(current[0]), read_number(current[1])
        if current[2] == str(file_number) and start is not None and length is not None:
            spans[instruction.pc] = Span(*_find_line(line_starts, start), *_find_line(line_starts, start + length))
    return spans


def _find_line(starts: list[int], place: int) -> tuple[int, int]:
    line = bisect_right(starts, place)
    return line, place - starts[line - 1]

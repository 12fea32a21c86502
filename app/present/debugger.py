"""A past transaction, step by step: where in the source, what lies on the stack and in memory, what storage became.

A step is a moment before its opcode runs. Moving by lines goes to the next step that belongs to another line of source,
or to another call; ``over`` stays out of the calls a line makes, ``out`` leaves the present call.
"""

import re
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.present.contracts import Shelf
from chain.contracts.artifact import Artifact
from chain.contracts.evm.frame import give_way
from chain.contracts.evm.halts import Halt
from chain.contracts.evm.message import Result
from chain.contracts.source_map import Span
from chain.contracts.storage_layout import read_layout
from chain.contracts.storage_places import StoragePlaces
from chain.contracts.tracer import Call as TracedCall
from chain.contracts.tracer import Step, Trace, trace_message
from chain.ledger.actions import Call, Create
from chain.ledger.block import Receipt
from chain.simulation.world import World
from chain.units import Hash

MOST_MARKED_LINES: Final = 6
STEPS_A_TURN: Final = 1_000
"""Steps that are read before somebody else may have a turn."""
_HEAD: Final = re.compile(r"\s*(?:def\s+\w+|function\s+\w+|constructor|receive|fallback)\s*\(")
"""How a function begins, in Vyper and in Solidity."""
_CREATIONS: Final = ("CREATE", "CREATE2")


class Seen(NamedTuple):
    """A step as one looks at it."""

    step: Step
    changes: list[tuple[int, bytes, bytes]]
    """Words of memory that it changes: place, before, after."""


@dataclass(slots=True)
class Debugger:
    """A trace, the artifacts of the codes in it, and the step one is at."""

    trace: Trace
    transaction: Hash
    shelf: Shelf
    is_creation: bool
    index: int = 0
    _artifacts: dict[int, Artifact | None] = field(default_factory=dict)
    _places: dict[str, StoragePlaces] = field(default_factory=dict)
    _profiles: dict[bytes, dict[int, int]] = field(default_factory=dict)
    _seen: Seen | None = None

    @property
    def step(self) -> Step:
        """The present step."""
        return self.look().step

    def look(self) -> Seen:
        """Return the present step and what it does to memory; the trace runs again for a step that is far away."""
        if self._seen is None or self._seen.step.index != self.index:
            step = self.trace.get_step(self.index)
            self._seen = Seen(step, self.trace.compute_memory_changes(self.index))
        return self._seen

    def prepare(self) -> None:
        """Work out all that is shown of the present step: what takes long is kept."""
        if len(self.trace):
            self.look()
            self.get_profile(self.call.code)

    def get_profile(self, code: bytes) -> dict[int, int]:
        """Return the gas that each place of a code took in the whole transaction."""
        if code not in self._profiles:
            self._profiles[code] = self.trace.compute_gas_profile(code)
        return self._profiles[code]

    @property
    def call(self) -> TracedCall:
        """The call the present step belongs to."""
        return self.trace.calls[self.trace.call_of[self.index]]

    def get_artifact(self, call: TracedCall) -> Artifact | None:
        """Return the artifact of a call's code."""
        if call.index not in self._artifacts:
            self._artifacts[call.index] = (
                self.shelf.find_creating(call.code) if self.creates(call) else self.shelf.find(call.code)
            )
        return self._artifacts[call.index]

    def get_places(self, artifact: Artifact) -> StoragePlaces:
        """Return the names of places in storage, as far as what the transaction hashed tells them."""
        if artifact.name not in self._places:
            self._places[artifact.name] = StoragePlaces(read_layout(artifact))
            self._places[artifact.name].learn(self.trace.preimages)
        return self._places[artifact.name]

    def creates(self, call: TracedCall) -> bool:
        """Tell whether a call runs initcode."""
        return call.kind in _CREATIONS or (call.parent is None and self.is_creation)

    def find_span(self, index: int) -> Span | None:
        """Return the piece of source a step belongs to."""
        call = self.trace.calls[self.trace.call_of[index]]
        artifact = self.get_artifact(call)
        return None if artifact is None else artifact.find_span(self.trace.pcs[index], self.creates(call))

    def begin(self) -> None:
        """Go to the first line of the function that was called, past what chooses it."""
        lines = self._find_function_lines()
        if not self._begin_within(lines):
            self._begin_within(range(1, 10**9))

    def _begin_within(self, lines: range) -> bool:
        for index in range(len(self.trace)):
            span = self.find_span(index) if self._is_narrow(index) else None
            if span is not None and span.line in lines:
                self.index = index
                return True
        return False

    def _find_function_lines(self) -> range:
        """Return the lines of the called function's body; none where it is not found in the source."""
        call = self.trace.calls[0] if self.trace.calls else None
        artifact = self.get_artifact(call) if call is not None else None
        if call is None or artifact is None:
            return range(0)
        function = artifact.abi.find_function(call.data)
        names = "__init__|constructor" if self.is_creation else re.escape(function.name) if function else "__default__"
        lines = artifact.source.splitlines()
        heads = [number for number, line in enumerate(lines, 1) if _HEAD.match(line)]
        wanted = re.compile(rf"\s*(?:def\s+|function\s+)?(?:{names})\s*\(")
        first = next((number for number in heads if wanted.match(lines[number - 1])), None)
        if first is None:
            return range(0)
        return range(first, next((number for number in heads if number > first), len(lines) + 1))

    def find_failure(self) -> int | None:
        """Return the step that made the transaction fail, in the innermost call whose failure the others passed on.

        None when it succeeded. The compiler often jumps to one common end, so it is the last step before it that
        belongs to a line.
        """
        if self.trace.result.success or not len(self.trace):
            return None
        call = self.trace.calls[0]
        while (inner := self._find_last_inner(call)) and inner.error and inner.output == call.output:
            call = inner
        last = max(call.last_step, call.first_step)
        steps = (it for it in range(last, call.first_step - 1, -1) if self.trace.call_of[it] == call.index)
        return next((it for it in steps if self._is_narrow(it)), last)

    def _find_last_inner(self, call: TracedCall) -> TracedCall | None:
        """Return the last call that a call made, if it ran any code."""
        made = (it for it in reversed(self.trace.calls) if it.parent == call.index)
        last = next(made, None)
        return last if last is not None and last.last_step >= 0 else None

    def _is_narrow(self, index: int) -> bool:
        if index % STEPS_A_TURN == 0:
            give_way()
        span = self.find_span(index)
        return span is not None and span.end_line - span.line <= MOST_MARKED_LINES

    # Moving ----------------------------------------------------------------------------------------------------------

    def go(self, index: int) -> None:
        """Go to a step, or as near as there is one."""
        self.index = max(0, min(index, len(self.trace) - 1))

    def move_line(self, direction: int) -> None:
        """Go to the next, or the previous, line of source or call."""
        here, index = self._get_place(self.index), self.index
        while 0 <= index + direction < len(self.trace):
            index += direction
            place = self._get_place(index)
            if place != here and place[1] is not None:
                break
        if direction < 0:  # to the first step of that line, as one arrives at it going forwards
            place = self._get_place(index)
            while index > 0 and self._get_place(index - 1) == place:
                index -= 1
        self.go(index)

    def _get_place(self, index: int) -> tuple[int, int | None]:
        if index % STEPS_A_TURN == 0:
            give_way()
        span = self.find_span(index)
        if span is None and self.get_artifact(self.trace.calls[self.trace.call_of[index]]) is None:
            return self.trace.call_of[index], -1  # a call without source is one line
        return self.trace.call_of[index], None if span is None else span.line

    def move_over(self) -> None:
        """Go to the next line of this call, or of the one that made it."""
        depth, here = self.call.depth, self._get_place(self.index)
        index = self.index
        while index + 1 < len(self.trace):
            index += 1
            place = self._get_place(index)
            if self.trace.calls[place[0]].depth <= depth and place != here and place[1] is not None:
                break
        self.go(index)

    def move_out(self) -> None:
        """Go to where the call that made this one goes on; to the end from the outermost."""
        depth, index = self.call.depth, self.index
        while index + 1 < len(self.trace) and self.trace.calls[self.trace.call_of[index]].depth >= depth:
            index += 1
        self.go(index)

    def move_to_write(self, direction: int) -> None:
        """Go to the next, or the previous, write to storage."""
        steps = [change.step for change in self.trace.storage_changes]
        if direction > 0:
            self.go(next((it for it in steps if it > self.index), len(self.trace) - 1))
        else:
            self.go(next((it for it in reversed(steps) if it < self.index), 0))


def open_debugger(world: World, block: Hash, place: int, shelf: Shelf) -> Debugger:
    """Return a transaction of a known block, traced as it happened. Its action must be `Create` or `Call`."""
    run = world.ledger.open_run(block, place)
    signed = world.tree[block].block.transactions[place]
    action = signed.transaction.action
    assert isinstance(action, Create | Call), "nothing runs in other actions"
    trace = trace_message(*run.open_message(signed, action), _read_result(world.ledger.receipts(block)[place]))
    return Debugger(trace, signed.id, shelf, isinstance(action, Create))


def _read_result(receipt: Receipt) -> Result:
    """Return what a transaction came to, as its receipt says: a long one need not be run to its end again."""
    error = Halt(receipt.error) if receipt.error else None
    gas, logs = receipt.gas_used, receipt.logs
    return Result(receipt.is_success, receipt.output, gas, 0, logs, receipt.created, error, gas)

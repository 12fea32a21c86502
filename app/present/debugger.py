"""A past transaction, step by step: where in the source, what lies on the stack and in memory, what storage became.

A step is a moment before its opcode runs. Moving by lines goes to the next step that belongs to another line of source,
or to another call; ``over`` stays out of the calls a line makes, ``out`` leaves the present call.
"""

from dataclasses import dataclass, field
from typing import Final, NamedTuple

from app.contract_values import format_integer
from app.present.contracts import NO_ABI, Shelf, describe_data
from app.present.holders import Holders
from app.present.storage import describe_path, describe_value
from app.present.words import format_coins, format_count
from app.widgets.models import Cell, Column, Field, Tone
from app.widgets.source_view import Marked
from app.widgets.text import clean
from chain.contracts.artifact import Artifact
from chain.contracts.evm.frame import give_way
from chain.contracts.evm.halts import Halt
from chain.contracts.evm.message import Result
from chain.contracts.source_map import Span
from chain.contracts.storage_layout import read_layout
from chain.contracts.storage_places import StoragePlaces
from chain.contracts.tracer import Call as TracedCall
from chain.contracts.tracer import Step, StorageChange, Trace, trace_message
from chain.ledger.actions import Call, Create
from chain.ledger.block import Receipt
from chain.simulation.world import World
from chain.units import Address, Hash

MOST_ROWS: Final = 2_000
MOST_MARKED_LINES: Final = 6
STEPS_A_TURN: Final = 1_000
"""Steps that are read before somebody else may have a turn."""
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
        """Go to the first line of what was called, past what chooses the function."""
        for index in range(len(self.trace)):
            if self._is_narrow(index):
                self.index = index
                return

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


# What is shown ---------------------------------------------------------------------------------------------------


def build_marked(debugger: Debugger) -> Marked | None:
    """Return the running piece of source."""
    span = debugger.find_span(debugger.index) if len(debugger.trace) else None
    if span is None:
        return None
    is_wide = span.end_line - span.line > MOST_MARKED_LINES  # what belongs to a whole function or file marks its head
    return Marked(span.line, span.column, span.line, 10**6) if is_wide else Marked(*span)


def build_gas_notes(debugger: Debugger) -> dict[int, str]:
    """Return the gas each line of the running contract took in the whole transaction."""
    artifact, call = debugger.get_artifact(debugger.call), debugger.call
    if artifact is None:
        return {}
    lines = dict[int, int]()
    for pc, gas in debugger.get_profile(call.code).items():
        span = artifact.find_span(pc, debugger.creates(call))
        if span is not None:
            lines[span.line] = lines.get(span.line, 0) + gas
    return {line: format_count(gas) for line, gas in lines.items()}


def build_step_fields(debugger: Debugger, holders: Holders) -> tuple[Field, ...]:
    """Return the present step in a few lines."""
    step, call, artifact = debugger.step, debugger.call, debugger.get_artifact(debugger.call)
    reason = artifact.reasons.get(step.pc, "") if artifact and not debugger.creates(call) else ""
    result = debugger.trace.result
    outcome = "succeeded" if result.success else explain_outcome(debugger)
    return (
        Field("step", "step", f"{format_count(step.index + 1)} of {format_count(len(debugger.trace))}"),
        Field("opcode", "opcode", f"{step.name} at {step.pc}", "accent", note=reason),
        Field("gas", "gas left", format_count(step.gas), note=f"takes {format_count(step.cost)}"),
        Field("contract", "in", clean(describe_place(call, artifact, holders), 60), "strong"),
        Field("caller", "called by", clean(holders.describe_long(call.caller), 60)),
        Field("value", "with", format_coins(call.value) if call.value else "no coins", "muted"),
        Field("depth", "depth", str(call.depth), "muted"),
        Field("outcome", "it", clean(outcome, 80), "good" if result.success else "bad"),
    )


def describe_place(call: TracedCall, artifact: Artifact | None, holders: Holders) -> str:
    """Return which contract runs, and which function."""
    known = holders.get(call.address)
    name = known.name if known else (artifact.name if artifact else holders.describe(call.address))
    function = artifact.abi.find_function(call.data) if artifact else None
    return f"{name}.{function.name}" if function else name


def explain_outcome(debugger: Debugger) -> str:
    """Return why the whole transaction failed."""
    result, artifact = debugger.trace.result, debugger.get_artifact(debugger.trace.calls[0])
    abi = artifact.abi if artifact else NO_ABI
    if result.error is Halt.REVERT:
        return f"reverted: {abi.explain_revert(result.output)}"
    return str(result.error)


STACK_COLUMNS: Final = (Column("", 3, "right"), Column("stack, the top first", 20, is_flexible=True))


def list_stack(step: Step, holders: Holders) -> list[tuple[Cell, ...]]:
    """Return the stack's words, the top first."""
    words = reversed(step.stack)
    return [(Cell(str(place), "muted"), Cell(describe_word(word, holders))) for place, word in enumerate(words)]


def describe_word(word: int, holders: Holders) -> str:
    """Return a word as what it most likely is: a known address, a small number, or 32 bytes."""
    if word < 1 << 64:
        return f"{format_integer(word)}"
    if word < 1 << 160 and (known := holders.get(Address(word.to_bytes(20)))) is not None:
        return clean(known.name, 40)
    return f"{word:#x}"


MEMORY_COLUMNS: Final = (Column("at", 6, "right"), Column("memory", 64, is_flexible=True))


def list_memory(debugger: Debugger) -> list[tuple[Cell, ...]]:
    """Return the words of memory; those this step changes stand out."""
    step, changes = debugger.look()
    changed = {at for at, _, _ in changes}
    places = range(0, min(len(step.memory), 32 * MOST_ROWS), 32)
    return [
        (Cell(f"{at:#x}", "muted"), Cell(step.memory[at : at + 32].hex(), "warning" if at in changed else "text"))
        for at in places
    ]


WRITE_COLUMNS: Final = (
    Column("", 1),
    Column("where", 20, is_flexible=True),
    Column("before", 16, "right"),
    Column("after", 16, "right"),
)


def list_writes(debugger: Debugger, holders: Holders) -> list[tuple[Cell, ...]]:
    """Return every write to storage; those still to come are dim."""
    return [_build_write_row(debugger, change, holders) for change in debugger.trace.storage_changes[:MOST_ROWS]]


def _build_write_row(debugger: Debugger, change: StorageChange, holders: Holders) -> tuple[Cell, ...]:
    call = debugger.trace.calls[change.call]
    artifact = debugger.get_artifact(call)
    owner = describe_place(call, artifact, holders).partition(".")[0]
    places = debugger.get_places(artifact).find(change.key) if artifact else ()
    shown = [
        (describe_path(it.path, holders), *(describe_value(it, word, holders) for word in (change.old, change.new)))
        for it in places
    ]
    changed = [it for it in shown if it[1] != it[2]]
    if not changed:
        word = f"{change.key:#x}"
        words = (describe_word(change.old, holders), describe_word(change.new, holders))
        changed = [(word if len(word) < 12 else f"{word[:12]}…", *words)]
    names, befores, afters = (", ".join(column) for column in zip(*changed, strict=True))
    tone: Tone = "text" if change.step < debugger.index else "muted"
    mark = Cell("✔", "good") if change.step < debugger.index else Cell(" ")
    if change.step == debugger.index:
        tone, mark = "warning", Cell("▸", "warning")
    return mark, Cell(clean(f"{owner}.{names}", 100), tone), Cell(befores, "muted"), Cell(afters, tone)


CALL_TREE_COLUMNS: Final = (
    Column("calls", 30, is_flexible=True),
    Column("coins", 10, "right"),
    Column("gas", 9, "right"),
)


def list_calls(debugger: Debugger, holders: Holders) -> list[tuple[Cell, ...]]:
    """Return the tree of calls, the present one marked."""
    rows = list[tuple[Cell, ...]]()
    for call in debugger.trace.calls[:MOST_ROWS]:
        artifact, here = debugger.get_artifact(call), call is debugger.call
        name = describe_place(call, artifact, holders).partition(".")[0]
        text = describe_data(call.data, artifact.abi if artifact else NO_ABI, holders)
        what = "created" if debugger.creates(call) else text
        mark = "▸" if here else ("✖" if call.error else " ")
        rows.append(
            (
                Cell(
                    f"{mark} {'  ' * call.depth}{clean(name, 30)} · {clean(what, 100)}",
                    "strong" if here else ("bad" if call.error else "text"),
                ),
                Cell(format_coins(call.value, 2) if call.value else "", "muted"),
                Cell(format_count(call.gas_used), "muted"),
            )
        )
    return rows

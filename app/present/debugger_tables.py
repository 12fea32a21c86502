"""What the debugger shows of a step: the running piece of source, gas by line, stack, memory, storage, calls."""

from typing import Final

from app.contract_values import format_integer, shorten_integer
from app.present.contracts import NO_ABI, describe_data
from app.present.debugger import MOST_MARKED_LINES, Debugger
from app.present.holders import Holders
from app.present.storage import describe_path, describe_value
from app.present.words import format_coins, format_count
from app.widgets.models import Cell, Column, Field, Tone
from app.widgets.source_view import Marked
from app.widgets.text import clean
from chain.contracts.artifact import Artifact
from chain.contracts.evm.halts import Halt
from chain.contracts.storage_layout import WORD_BYTES
from chain.contracts.storage_places import Place
from chain.contracts.tracer import Call as TracedCall
from chain.contracts.tracer import Step, StorageChange
from chain.units import Address

MOST_ROWS: Final = 2_000
MOST_DIGITS: Final = 14
"""Cells that a number may take where two stand side by side."""


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
    Column("before", MOST_DIGITS, "right"),
    Column("after", MOST_DIGITS, "right"),
)


def list_writes(debugger: Debugger, holders: Holders) -> list[tuple[Cell, ...]]:
    """Return every write to storage; those still to come are dim."""
    return [_build_write_row(debugger, change, holders) for change in debugger.trace.storage_changes[:MOST_ROWS]]


def _build_write_row(debugger: Debugger, change: StorageChange, holders: Holders) -> tuple[Cell, ...]:
    call = debugger.trace.calls[change.call]
    artifact = debugger.get_artifact(call)
    owner = describe_place(call, artifact, holders).partition(".")[0]
    places = debugger.get_places(artifact).find(change.key) if artifact else ()
    shown = [(describe_path(it.path, holders), *describe_change(it, change, holders)) for it in places]
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
    return mark, Cell(clean(f"{names} · {owner}", 100), tone), Cell(befores, "muted"), Cell(afters, tone)


def describe_change(place: Place, change: StorageChange, holders: Holders) -> tuple[str, str]:
    """Return a value before and after; of numbers too long to compare, the second is how much more or less."""
    before, after = (describe_value(place, word, holders) for word in (change.old, change.new))
    is_number = place.kind.startswith("uint") and place.size == WORD_BYTES
    if not is_number or max(len(before), len(after)) <= MOST_DIGITS or before == after:
        return before, after
    delta = change.new - change.old
    sign = "+" if delta > 0 else "−"
    return shorten_integer(change.old, MOST_DIGITS), sign + shorten_integer(abs(delta), MOST_DIGITS - 1)


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

"""The step debugger: a past transaction of a contract, forwards and backwards, line by line or opcode by opcode.

Left the source with the gas of each line and the piece that is running; right the step, stack, writes to storage, the
tree of calls and memory. It is the very execution of the block that runs again, from the state before the transaction.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Final, TypeVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static

from app.commands import get_bindings
from app.present import debugger_tables as present
from app.present.contracts import Shelf, get_shelf
from app.present.debugger import Debugger, open_debugger
from app.present.index import get_including_block, get_index
from app.present.words import format_count
from app.screens.holders import get_holders
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.session import Session
from app.turns import TURN_S, Job
from app.widgets.field_list import FieldList
from app.widgets.models import Why
from app.widgets.source_view import Marked, SourceView
from app.widgets.text import clean
from app.widgets.virtual_table import VirtualTable
from app.widgets.way_back import build_key_link
from chain.consensus.block_tree import BlockRecord
from chain.contracts.disassembler import disassemble
from chain.ledger.actions import Call, Create
from chain.simulation.world import World
from chain.units import Hash, TimeUs

if TYPE_CHECKING:
    from app.app import ChainroomApp

MOST_CODE_LINES: Final = 30_000
FIRST_TURN_S: Final = 0.03
"""How long something is waited for before the interface goes on without it."""
KEYS: Final = (
    ("←", "left"), ("→ line ", "right"), (",", "comma"), (". opcode ", "full_stop"), ("o over ", "o"),
    ("u out ", "u"), ("w write ", "w"), ("esc", "escape"),
)  # fmt: skip
"""What the frame names, and which key a click on it presses."""
TURNS_A_WORD: Final = 20
"""Turns between two words about how far it is."""
T = TypeVar("T")


class DebuggerScreen(RunScreen):
    """``DebuggerScreen(block, place, shelf)``: the transaction at a place of a block.

    Where it is opened at a certain step, ``debugger`` stands there, and each line of ``note`` says what is to be seen.
    """

    BINDINGS: ClassVar[list[BindingType]] = get_bindings("debugger")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="DebuggerScreen")
        + """
    DebuggerScreen #debugger-title { height: 1; padding: 0 1; text-style: bold; }
    DebuggerScreen #debugger-note { height: auto; max-height: 3; padding: 0 1; color: $accent; }
    DebuggerScreen #debugger-body { height: 1fr; }
    DebuggerScreen .panel { height: 1fr; width: 1fr; }
    DebuggerScreen #debugger-right { width: 1fr; max-width: 72; height: 1fr; }
    DebuggerScreen #debugger-step { height: 10; }
    DebuggerScreen.-narrow #debugger-body { layout: vertical; }
    DebuggerScreen.-narrow #debugger-right { max-width: 100%; height: 11; }
    """
    )

    app: "ChainroomApp"

    def __init__(
        self,
        block: BlockRecord,
        place: int,
        shelf: Shelf,
        debugger: "Debugger | None" = None,
        note: str = "",
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._block, self._place, self._shelf, self._note = block, place, shelf, note
        self._debugger = debugger
        self._deck = PanelDeck()
        self._shown: object = None
        self._job: Job[Any] | None = None
        """What runs in turns just now."""
        self._listing: tuple[bytes, str, dict[int, int]] = (b"", "", {})
        """Code without a source: itself, its opcodes line by line, and the line of each place."""

    def compose_body(self) -> ComposeResult:
        """Source, and what the machine holds."""
        yield Static(id="debugger-title", markup=False)
        note = "\n".join(clean(line, 300) for line in self._note.splitlines())
        yield Static(note, id="debugger-note", markup=False)
        with Horizontal(id="debugger-body"):
            yield SourceView(classes="panel")
            with Vertical(id="debugger-right"):
                yield FieldList(id="debugger-step", classes="panel")
                yield VirtualTable(present.WRITE_COLUMNS, id="debugger-writes", classes="panel", empty="No writes")
                yield VirtualTable(present.STACK_COLUMNS, id="debugger-stack", classes="panel", empty="Empty")
                yield VirtualTable(present.CALL_TREE_COLUMNS, id="debugger-calls", classes="panel")
                yield VirtualTable(present.MEMORY_COLUMNS, id="debugger-memory", classes="panel", empty="Empty")

    def on_mount(self) -> None:
        """Trace at once: most transactions take well under a second, and the others let the interface go on."""
        session = self.app.session
        assert session is not None
        session.is_playing = False
        self.query_one("#debugger-note").display = bool(self._note)
        self.query_one(SourceView).focus()
        self.call_after_refresh(self._open)

    def _open(self) -> None:
        session, known = self.app.session, self._debugger
        if session is None or not self.is_attached:
            return
        world, shelf = session.simulation.world, self._shelf

        def trace() -> "Debugger":
            debugger = known or open_debugger(world, self._block.hash, self._place, shelf)
            if known is None:
                debugger.begin()
            debugger.prepare()
            return debugger

        def show(debugger: "Debugger") -> None:
            self._debugger = debugger
            self._show_step()

        self._work(trace, show)

    # Long work -------------------------------------------------------------------------------------------------------

    def _work(self, do: "Callable[[], T]", done: "Callable[[T], None]") -> None:
        """Do something that may take long: at once if it is short, otherwise in turns with the interface."""
        if self._job is not None:
            return
        job = Job(do)
        if job.go_on(FIRST_TURN_S):
            done(job.get())
        else:
            self._job = job
            self._go_on(job, done)

    @work(exclusive=True, group="debugger")
    async def _go_on(self, job: "Job[T]", done: "Callable[[T], None]") -> None:
        title, turns = self.query_one("#debugger-title", Static), 0
        try:
            while not job.go_on(TURN_S):
                turns += 1
                if turns % TURNS_A_WORD == 1:
                    seconds = turns * TURN_S
                    title.update(f" ◌ running the transaction again … {seconds:.0f} s of work · esc stops")
                await asyncio.sleep(0)
        finally:
            self._job = None
            job.drop()
        done(job.get())

    def action_back(self) -> None:
        """Stop what takes long; or leave."""
        if self._job is not None and self._debugger is not None:
            self.workers.cancel_group(self, "debugger")
            self.call_after_refresh(self._show_step)
        else:
            super().action_back()

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    # What is shown ---------------------------------------------------------------------------------------------------

    def show_body(self, session: Session) -> None:
        """Nothing here follows the clock."""
        if self._shown is None and self._debugger is not None and self._job is None:
            self._show_step()

    def _show_step(self) -> None:
        debugger, session = self._debugger, self.app.session
        if debugger is None or session is None or not self.is_ready or not len(debugger.trace):
            if debugger is not None and not len(debugger.trace):
                self.query_one("#debugger-title", Static).update(" no code ran: there is nothing to step through")
            return
        self._shown = debugger.index
        holders = get_holders(self.app, session.simulation.world)
        self._show_source(debugger)
        self.query_one(FieldList).show(present.build_step_fields(debugger, holders))
        for name, rows in (
            ("writes", present.list_writes(debugger, holders)),
            ("stack", present.list_stack(debugger.step, holders)),
            ("calls", present.list_calls(debugger, holders)),
            ("memory", present.list_memory(debugger)),
        ):
            self.query_one(f"#debugger-{name}", VirtualTable).show(len(rows), rows.__getitem__)
        outcome = "succeeded" if debugger.trace.result.success else present.explain_outcome(debugger)
        if debugger.trace.truncated:
            outcome += f" · only its first {format_count(len(debugger.trace))} steps are here"
        title = f" transaction {debugger.transaction.hex()[:12]}… in block #{self._block.height} · {outcome}"
        self.query_one("#debugger-title", Static).update(clean(title, 200))
        self._arrange()

    def _show_source(self, debugger: "Debugger") -> None:
        artifact, view = debugger.get_artifact(debugger.call), self.query_one(SourceView)
        if artifact is not None and artifact.source:
            view.show(artifact.source, present.build_gas_notes(debugger))
            view.mark(present.build_marked(debugger))
            return
        text, lines = self._list_code(debugger.call.code)
        view.show(text)
        line = lines.get(debugger.step.pc)
        view.mark(Marked(line, 0, line, 80) if line else None)

    def _list_code(self, code: bytes) -> tuple[str, dict[int, int]]:
        if self._listing[0] != code:
            rows = disassemble(code)[:MOST_CODE_LINES]
            self._listing = code, "\n".join(map(str, rows)), {row.pc: number for number, row in enumerate(rows, 1)}
        return self._listing[1:]

    def _get_panels(self) -> list[Panel]:
        debugger = self._debugger
        writes = len(debugger.trace.storage_changes) if debugger else 0
        calls = len(debugger.trace.calls) if debugger else 0
        panels = [
            Panel(self.query_one("#debugger-writes"), f"Storage {writes}"),
            Panel(self.query_one("#debugger-stack"), "Stack"),
            Panel(self.query_one("#debugger-calls"), f"Calls {calls}"),
            Panel(self.query_one("#debugger-memory"), "Memory"),
        ]
        return [Panel(self.query_one(FieldList), "Step"), *panels] if self.has_class("-narrow") else panels

    def _arrange(self) -> None:
        if not self.is_ready:
            return
        view = self.query_one(SourceView)
        view.border_title = "Source · gas of each line"
        view.border_subtitle = Content(" ").join(build_key_link(text, key) for text, key in KEYS)
        fields = self.query_one(FieldList)
        if not self.has_class("-narrow"):
            fields.display, fields.border_title, fields.border_subtitle = True, "Step", ""
        is_roomy = not self.has_class("-narrow") and self.size.height >= 34
        self._deck.arrange(self._get_panels(), 2 if is_roomy else 1)

    def get_focused_thing(self) -> Thing | None:
        """Return the transaction."""
        return None if self._debugger is None else Thing("transaction", self._debugger.transaction)

    def get_why(self) -> Why | None:
        """Explain the step: its opcode, and why the compiler put a check there."""
        debugger = self._debugger
        if debugger is None or not len(debugger.trace):
            return None
        step, artifact = debugger.step, debugger.get_artifact(debugger.call)
        reason = artifact.reasons.get(step.pc, "") if artifact and not debugger.creates(debugger.call) else ""
        text = "The Ethereum machine takes its words from the stack and leaves its result there. "
        text += f"The compiler put this check here: {reason}." if reason else "docs/contracts has more."
        numbers = (("gas left", str(step.gas)), ("takes", str(step.cost)), ("words on the stack", str(len(step.stack))))
        return Why(f"{step.name} at place {step.pc}", "evm/opcode", numbers, text)

    # Actions ---------------------------------------------------------------------------------------------------------

    def action_panel(self) -> None:
        """The next of the folded panels."""
        self._deck.turn(self._get_panels())
        self._arrange()

    def _do(self, move: "Callable[[Debugger], None]") -> None:
        """Go somewhere else; a copy goes there, so that one can stop on the way."""
        debugger = self._debugger
        if debugger is None or not len(debugger.trace):
            return

        def go() -> "Debugger":
            there = replace(debugger)
            move(there)
            there.prepare()
            return there

        def show(there: "Debugger") -> None:
            if there.index == debugger.index:
                self.app.tell("nothing more that way")
            self._debugger = there
            self._show_step()

        self._work(go, show)

    def action_line(self, direction: int) -> None:
        """The next line, or the previous one."""
        self._do(lambda it: it.move_line(direction))

    def action_opcode(self, direction: int) -> None:
        """The next opcode, or the previous one."""
        self._do(lambda it: it.go(it.index + direction))

    def action_over(self) -> None:
        """The next line, without going into calls."""
        self._do(lambda it: it.move_over())

    def action_out(self) -> None:
        """To where the caller goes on."""
        self._do(lambda it: it.move_out())

    def action_write(self, direction: int) -> None:
        """The next write to storage, or the previous one."""
        self._do(lambda it: it.move_to_write(direction))

    def action_first(self) -> None:
        """The first step."""
        self._do(lambda it: it.go(0))

    def action_last(self) -> None:
        """The last step: where it ended, or failed."""
        self._do(lambda it: it.go(len(it.trace) - 1))


def build_debugger_screen(world: World, transaction: Hash, at_us: TimeUs) -> DebuggerScreen | None:
    """Return the debugger over a transaction of the branch at a moment; None where no code ran in it."""
    record = world.transactions.get(transaction)
    block = get_including_block(world, get_index(world), record, at_us) if record is not None else None
    if record is None or block is None or not isinstance(record.signed.transaction.action, Create | Call):
        return None
    return DebuggerScreen(block, block.block.transactions.index(record.signed), get_shelf())

"""A proof, step by step: from a transaction up the Merkle tree, or down the state's map to an account.

What is shown is the verdict ``chainroom verify-proof`` would give on the file that ``x`` writes. ``k`` changes one
digit and checks again, so that one sees where a lie is noticed.
"""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from app.commands import get_bindings
from app.present.proof import Proof, build_fields, build_proof, build_steps, encode_document, tamper_with
from app.screens.dialogs import NameDialog
from app.screens.panels import PANELS_CSS, Panel, PanelDeck
from app.screens.run_screen import RunScreen
from app.screens.view import Thing
from app.session import Session
from app.widgets.field_list import FieldList
from app.widgets.merkle_tree import MerkleTree
from app.widgets.models import Why
from app.widgets.text import clean
from app.widgets.timeline import Event, Timeline
from chain.errors import ChainroomError

if TYPE_CHECKING:
    from textual.widget import Widget


class ProofPage(RunScreen):
    """What is proven and what is trusted, the steps, and the Merkle tree of a transaction's block."""

    AUTO_FOCUS = "Timeline"  # the steps, whatever is folded away on a small terminal
    BINDINGS: ClassVar[list[BindingType]] = get_bindings("proof")
    DEFAULT_CSS = (
        PANELS_CSS.format(name="ProofPage")
        + """
    ProofPage #proof-title { height: auto; max-height: 5; padding: 0 1; }
    ProofPage #proof-body { height: 1fr; }
    ProofPage .panel { width: 1fr; height: 1fr; }
    ProofPage FieldList.panel { max-width: 46; }
    ProofPage #proof-right { width: 1fr; height: 1fr; }
    ProofPage.-narrow FieldList.panel { max-width: 100%; }
    ProofPage.-narrow.-fields #proof-right { display: none; }
    """
    )

    def __init__(self, thing: Thing) -> None:
        super().__init__()
        self._thing = thing
        self._proof: Proof | None = None
        self._is_changed = False
        self._key: object = None
        self._deck = PanelDeck()

    def compose_body(self) -> ComposeResult:
        """The claim above; fields beside steps and tree."""
        yield Static(id="proof-title", markup=False)
        with Horizontal(id="proof-body"):
            yield FieldList(classes="panel")
            with Vertical(id="proof-right"):
                yield Timeline(classes="panel")
                yield MerkleTree(classes="panel")

    def on_mount(self) -> None:
        """Show it at once."""
        if self.app.session is not None:
            self.show_body(self.app.session)

    def on_resize(self, event: events.Resize) -> None:
        """Fold or unfold."""
        super().on_resize(event)
        self.call_after_refresh(self._arrange)

    def show_body(self, session: Session) -> None:
        """Prove it at the cursor; the proof stays until the cursor moves to another moment."""
        world = session.simulation.world
        key = (world, session.cursor_us, self.app.theme)
        if self._key is not None and (key == self._key or session.is_playing):
            return  # while time passes, the proof of the moment it was asked for stays
        self._key = key
        found = build_proof(world, self._thing, session.cursor_us)
        self._proof, self._is_changed = (None, False) if isinstance(found, str) else (found, False)
        self._show_proof("" if self._proof is not None else str(found))

    def _show_proof(self, problem: str = "") -> None:
        proof, colours = self._proof, self.app.theme_variables
        title = Text()
        if proof is None:
            title.append(clean(problem, 240))
        else:
            is_good = proof.verdict.is_good
            words = f"✓ Proven: {proof.proven}" if is_good else "✗ Not proven: one digit is changed, and it is noticed"
            title.append(clean(words, 240), style=f"bold {colours.get('success' if is_good else 'error', '')}")
            claim = "Checked from the document alone, as chainroom verify-proof does. x write it, k change a digit"
            title.append(f"\n{claim}", style=colours.get("muted", ""))
        self.query_one("#proof-title", Static).update(title)
        self.query_one(FieldList).show(build_fields(proof) if proof else ())
        steps = build_steps(proof) if proof else ()
        self.query_one(Timeline).show(tuple(Event(*step[:5]) for step in steps))
        if proof is not None:
            self.query_one(MerkleTree).show(proof.levels, proof.leaf)
        self._arrange()

    def _get_panels(self) -> list[Panel]:
        panels = [Panel(self.query_one(Timeline), "Steps")]
        if self._proof is not None and self._proof.levels:
            panels.append(Panel(self.query_one(MerkleTree), "Merkle tree"))
        return panels

    def _arrange(self) -> None:
        fields, panels = self.query_one(FieldList), self._get_panels()
        self.query_one(MerkleTree).display = False
        is_narrow = self.has_class("-narrow")
        if is_narrow:
            self._deck.arrange([*panels, Panel(fields, "What it shows")], 1)
        else:
            fields.display, fields.border_title = True, "What it shows"
            self._deck.arrange(panels, 1 if self.has_class("-short") else 2)
        self.set_class(is_narrow and fields.display, "-fields")  # set too early, it would take the focus from the steps

    def action_panel(self) -> None:
        """The next of the folded panels."""
        panels = self._get_panels()
        if self.has_class("-narrow"):
            panels.append(Panel(self.query_one(FieldList), "What it shows"))
        self._deck.turn(panels)
        self._arrange()
        widget: Widget = panels[self._deck.active].widget
        widget.focus()

    def action_change(self) -> None:
        """Change a digit of the document, or take the change back."""
        session = self.app.session
        if self._proof is None or session is None:
            return
        if self._is_changed:
            self._key = None
            self.show_body(session)
        else:
            self._proof, self._is_changed = tamper_with(self._proof), True
            self._show_proof()

    def action_export(self) -> None:
        """Ask for a file, and write the document."""
        if self._proof is None:
            self.app.tell("there is no proof to write")
            return
        lead = "A JSON document. Anybody can check it with: chainroom verify-proof FILE"
        self.app.push_screen(
            NameDialog("Write the proof", lead, self._proof.name, partial(self._write, self._proof)),
        )

    def _write(self, proof: Proof, name: str) -> str:
        from app.storage.atomic import write_new

        if not name.strip():
            return "a file needs a name"
        try:
            path = Path(name.strip()).expanduser()
            write_new(path, encode_document(proof))
        except (ChainroomError, OSError, ValueError) as error:
            return f"{error}; choose another name"
        self.app.tell(f"the proof is in {path}; check it with chainroom verify-proof")
        return ""

    def get_focused_thing(self) -> Thing | None:
        """Return what is proved, or the block it is in."""
        fields = self.query_one(FieldList)
        if self._proof is not None and fields.has_focus and fields.fields[fields.cursor].key == "block":
            return Thing("block", bytes.fromhex(self._proof.document["block"]))
        return self._thing

    def get_why(self) -> Why | None:
        """Return what the proof is worth."""
        if self._proof is None:
            return None
        trusted = "".join(f" On trust: {text}." for text in self._proof.verdict.trusted)
        text = (
            "Each step hashes what is in the document and compares. Whoever has the hash of the block needs nothing "
            "else; hashes leave no room for another transaction or another balance."
        )
        return Why(self._proof.proven, "proof/steps", (), text + trusted)

    @on(FieldList.FieldOpened)
    def on_field_opened(self, message: FieldList.FieldOpened) -> None:
        """Open the block, explain the rest."""
        if message.key == "block" and self._proof is not None:
            self.app.open_thing(Thing("block", bytes.fromhex(self._proof.document["block"])))
        elif message.key.startswith("trust") and self._proof is not None:
            text = self._proof.verdict.trusted[int(message.key.partition("-")[2])]
            self.app.show_why(Why("To be taken on trust", "proof/trust", (), f"{text[0].upper()}{text[1:]}."))
        else:
            self.action_why()

    @on(Timeline.EventOpened)
    def on_step_opened(self, message: Timeline.EventOpened) -> None:
        """Tell a step in full."""
        if self._proof is not None:
            step = self._proof.verdict.steps[message.place]
            state = "holds" if step.is_good else "fails"
            title = f"Step {message.place + 1}, {step.name}, {state}"
            self.app.show_why(Why(title, "proof/steps", (), f"{step.text[0].upper()}{step.text[1:]}."))

    @on(FieldList.WhyAsked)
    def on_why_asked(self) -> None:
        """Explain."""
        self.action_why()

    @on(FieldList.CopyAsked)
    def on_copy_asked(self, message: FieldList.CopyAsked) -> None:
        """Copy the chosen value."""
        field = next((it for it in self.query_one(FieldList).fields if it.key == message.key), None)
        if field is not None:
            self.app.copy_text(field.value, field.label)

"""What somebody new sees: a small card over the living network, which goes on behind it.

``w`` walks through a wallet, ``r`` restores one, ``N`` chooses another run, ``esc`` looks around first. Whoever just
presses another key of the screen looks around too: the card goes and the key does what it does. The wallet screen
offers the same again later.
"""

from typing import TYPE_CHECKING, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from app.widgets.way_back import build_way_back

if TYPE_CHECKING:
    from app.app import ChainroomApp


class FirstRunScreen(ModalScreen[None]):
    """The card."""

    DEFAULT_CSS = """
    FirstRunScreen { align: right bottom; background: transparent; }
    FirstRunScreen > #card {
        width: 68; max-width: 100%; height: auto; padding: 0 2; margin: 0 2 3 0;
        background: $surface; border: round $primary; border-title-color: $primary; border-title-style: bold;
        border-subtitle-color: $muted;
    }
    FirstRunScreen Static { height: auto; margin: 1 0; }
    FirstRunScreen Horizontal { height: auto; }
    FirstRunScreen Button { min-width: 10; margin-right: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "make", "Make your wallet", id="first.make", tooltip="Words, a password, coins, a first payment"),
        Binding("r", "restore", "Restore", id="first.restore", tooltip="You have words already"),
        Binding(
            "escape", "look", "Look around first", id="first.look", tooltip="Close this; the wallet screen has it too"
        ),
    ]

    app: "ChainroomApp"

    def compose(self) -> ComposeResult:
        """What this is, and three ways on."""
        with Vertical(id="card") as card:
            card.border_title = " Welcome to chainroom "
            card.border_subtitle = build_way_back(" esc look around ", "screen.look")
            yield Static(
                "Behind this card a network is at work: every dot is a node with its own copy of the chain, miners "
                "look for the next block, people pay each other. Make a wallet and be one of them: two minutes, "
                "simulated coins, real signatures."
            )
            with Horizontal():
                yield Button("Make a wallet  w", id="make", variant="primary")
                yield Button("Restore  r", id="restore")
                yield Button("New run  N", id="new")
                yield Button("Look  esc", id="look")

    @on(Button.Pressed, "#make")
    def action_make(self) -> None:
        """Walk through a wallet."""
        self._leave_for("make_wallet")

    @on(Button.Pressed, "#restore")
    def action_restore(self) -> None:
        """Restore one."""
        self._leave_for("restore_wallet")

    @on(Button.Pressed, "#new")
    def on_new(self) -> None:
        """Close the card, and ask which run it should be."""
        self.dismiss(None)
        self.app.call_later(self.app.home.action_new_run)

    @on(Button.Pressed, "#look")
    def action_look(self) -> None:
        """Close the card."""
        self.dismiss(None)

    def _leave_for(self, action: str) -> None:
        start = getattr(self.app.home.get_view("wallet"), f"action_{action}")
        self.dismiss(None)
        self.app.call_later(start)

    async def on_key(self, event: events.Key) -> None:
        """A key of the screen behind closes the card and does its work there."""
        if event.key in ("tab", "shift+tab", "enter", "w", "r", "escape"):
            return
        if event.key in self.app.home.active_bindings:
            event.stop()
            self.app.pop_screen()
            self.app.call_later(self.app.simulate_key, event.key)

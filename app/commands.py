"""The one registry of what a person can do: key bindings, the palette, the help and the docs are made from it.

Idea: a command is a line of data. ``scope`` says where it works: ``everywhere`` (the application), the name of a view
(``network``, ``wallet`` …), or of a page (``node``). Widgets may bind further keys of their own; the help shows these too.
Invariant: nothing here is a priority binding, so whoever types into a field gets every letter.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from textual.binding import Binding


class CommandSpec(NamedTuple):
    """One thing a person can do."""

    id: str
    """Unique, such as ``run.pause``; also the id of its binding."""
    key: str
    """Keys as Textual names them, with commas between; empty for commands of the palette only."""
    title: str
    """Two or three words, for the palette and the key hints."""
    help: str
    """One sentence."""
    scope: str
    """Where it works."""
    action: str
    """Textual's action."""
    hint: str = ""
    """The key as people read it, such as ``space``; made from ``key`` when empty."""
    is_hinted: bool = False
    """Whether the line of key hints names it."""


# fmt: off
COMMANDS: Final[tuple[CommandSpec, ...]] = (
    # The clock
    CommandSpec("run.pause", "space", "Pause or play", "Stop the clock, or let it run.", "everywhere", "pause", "space", True),
    CommandSpec("run.back", "comma", "Step back", "Pause, and go to what happened before.", "everywhere", "step(-1)", ",", True),
    CommandSpec("run.step", "full_stop", "Step", "Pause, and go on to the next thing that happens.", "everywhere", "step(1)", ".", True),
    CommandSpec("run.slower", "less_than_sign", "Slower", "Let less time pass in a second.", "everywhere", "speed(-1)", "<", True),
    CommandSpec("run.faster", "greater_than_sign", "Faster", "Let more time pass in a second.", "everywhere", "speed(1)", ">", True),
    CommandSpec("run.live", "end", "Go to now", "Leave the past: follow the right end of the timeline.", "everywhere", "live", "end"),
    CommandSpec("run.start", "home", "Go to the beginning", "Show the first moment of the run.", "everywhere", "seek_start", "home"),
    CommandSpec("run.bookmark", "b", "Bookmark", "Mark this moment on the timeline.", "everywhere", "bookmark", "b", True),
    CommandSpec("run.branch", "B", "Branch here", "Go on from the moment shown, as if what came after had not happened.", "everywhere", "branch", "B"),
    CommandSpec("run.save", "ctrl+s", "Save the run", "Write the run to a file that replays it exactly.", "everywhere", "save_run", "ctrl+s"),
    CommandSpec("run.open", "o", "Open a run", "Open a scenario or a saved run.", "everywhere", "open_run", "o"),
    # Where to
    CommandSpec("go.network", "1", "Network", "The map of nodes and what travels between them.", "everywhere", "go('network')"),
    CommandSpec("go.chain", "2", "Chain", "The block tree and every field of a block.", "everywhere", "go('chain')"),
    CommandSpec("go.wallet", "3", "Wallet", "Your accounts: receive, send, history.", "everywhere", "go('wallet')"),
    CommandSpec("go.mempool", "4", "Mempool", "What waits for a block, and at which fee.", "everywhere", "go('mempool')"),
    CommandSpec("go.back", "escape", "Back", "Close this page.", "everywhere", "back", "esc"),
    CommandSpec("go.find", "slash", "Find", "Find a block, transaction, address or node.", "everywhere", "find", "/", True),
    # Do
    CommandSpec("do.send", "s", "Send coins", "Pay somebody from your wallet.", "everywhere", "send", "s", True),
    CommandSpec("do.mine", "m", "Mine now", "Let the chosen node make a block now.", "everywhere", "mine", "m", True),
    # The chosen thing
    CommandSpec("thing.why", "question_mark", "Why?", "Explain why the chosen thing is as it is.", "everywhere", "why", "?", True),
    CommandSpec("thing.copy", "y", "Copy", "Copy the chosen thing's name or hash.", "everywhere", "copy", "y"),
    # The program
    CommandSpec("app.palette", "ctrl+p", "Commands", "Find and run any command.", "everywhere", "command_palette", "^p", True),
    CommandSpec("app.help", "f1,h", "Help", "What is focused here, and every key that works.", "everywhere", "help", "h"),
    CommandSpec("app.theme", "t", "Theme", "Choose the colours.", "everywhere", "choose_theme", "t"),
    CommandSpec("app.presenter", "P", "Presenter mode", "For a projector: captions, masked secrets, no toasts.", "everywhere", "presenter", "P"),
    CommandSpec("app.quit", "q,ctrl+q", "Quit", "Leave chainroom.", "everywhere", "quit", "q"),
)
# fmt: on


def get_bindings(scope: str) -> list[Binding]:
    """Return Textual's bindings of a scope."""
    return [
        Binding(
            spec.key, spec.action, spec.title, id=spec.id, tooltip=spec.help, key_display=get_hint(spec), show=False
        )
        for spec in iter_commands(scope)
        if spec.key
    ]


def iter_commands(scope: str) -> Iterator[CommandSpec]:
    """Yield the commands of a scope, in the order of the registry."""
    return (spec for spec in COMMANDS if spec.scope == scope)


def get_hint(spec: CommandSpec) -> str:
    """Return the key of a command as people read it."""
    return spec.hint or spec.key.split(",")[0]

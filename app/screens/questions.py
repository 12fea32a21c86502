"""What the shell asks: a name for a save, which run to open, which colours."""

from functools import partial
from typing import TYPE_CHECKING

from textual.theme import BUILTIN_THEMES

from app.screens.dialogs import Choice, ChoiceDialog, NameDialog
from app.starting import build_choices, parse_choice, propose_name, save_session

if TYPE_CHECKING:
    from app.app import ChainroomApp
    from app.present.attacks import Found


def ask_save(app: "ChainroomApp") -> None:
    """Ask for a name, and save the run under it."""
    session = app.session
    if session is None:
        return
    lead = "The file replays the run exactly. It holds signed transactions and addresses, never a key."
    app.push_screen(
        NameDialog("Save the run", lead, propose_name(session), partial(save_session, app.saves, session)),
        lambda name: app.tell(f"saved as {name}; chainroom replay {name} --verify checks it") if name else None,
    )


def ask_open(app: "ChainroomApp") -> None:
    """Ask which scenario or saved run to open, and open it."""
    app.push_screen(
        ChoiceDialog("Open a scenario or a saved run", build_choices(app.saves)),
        lambda key: _open(app, key) if key else None,
    )


def _open(app: "ChainroomApp", key: str) -> None:
    if key == "new/":
        ask_new(app)
    else:
        app.open_run(parse_choice(key))


def ask_new(app: "ChainroomApp") -> None:
    """Ask for scenario, protocol and parameters, and open the run."""
    from app.screens.new_run import NewRunScreen

    app.push_screen(NewRunScreen())


def ask_theme(app: "ChainroomApp") -> None:
    """Choose the colours: what the cursor visits shows at once, and leaving takes it back."""
    themes = {name: theme for name, theme in app.available_themes.items() if not name.startswith("ansi")}
    names = sorted(themes, key=lambda name: (name in BUILTIN_THEMES, name))
    choices = [
        Choice(
            name, name, ("dark" if themes[name].dark else "light") + (", of Textual" if name in BUILTIN_THEMES else "")
        )
        for name in names
    ]
    app.push_screen(
        ChoiceDialog("Theme", choices, app.theme, partial(app.apply_theme, is_kept=False)),
        lambda name: app.apply_theme(name) if name else None,
    )


def ask_attack(app: "ChainroomApp") -> None:
    """Choose one of the attacks on contracts in this run, and open the debugger where it is to be seen."""
    from app.present.attacks import describe_due, find_attacks, list_attacks

    session = app.session
    if session is None:
        return
    attacks = list_attacks(session.simulation)
    if not attacks:
        app.tell("no contract is attacked in this run: open (o) one of the scenarios whose name begins with attack")
        return
    found = {it.attack: it for it in find_attacks(session.simulation, session.now_us)}
    choices = [
        Choice(it.title, it.title, it.look_for if it in found else describe_due(it), it in found) for it in attacks
    ]
    app.push_screen(
        ChoiceDialog("Attacks on contracts", choices),
        lambda title: _show_attack(app, next(found[it] for it in found if it.title == title)) if title else None,
    )


def _show_attack(app: "ChainroomApp", found: "Found") -> None:
    """Move the cursor there, so that every screen shows that moment, and walk through the transaction."""
    from app.present.attacks import open_attack
    from app.present.contracts import get_shelf
    from app.screens.debugger import DebuggerScreen

    assert app.session is not None
    block, place, shelf = found.doing.block, found.doing.place, get_shelf()
    app.session.is_playing = False
    app.session.seek(block.published_us)
    debugger = open_attack(app.session.simulation, found, shelf)
    app.push_screen(DebuggerScreen(block, place, shelf, debugger, found.attack.note))

"""How a session begins and is kept: from a scenario or a saved run, in words a person chooses from; and saving it.

Everything here imports the engine, so it is imported after the first paint only.
"""

from typing import Any, Final, NamedTuple

from app.screens.dialogs import Choice
from app.session import Session
from app.storage.errors import ExistingFile
from app.storage.paths import get_shipped_scenarios
from app.storage.saves import SaveDocument, Saves
from chain.errors import ChainroomError
from chain.replay import Replay, record
from chain.scenario import Scenario, build, load_scenario
from chain.units import HOUR, MINUTE

DEFAULT_SCENARIO: Final = "classroom"


class Source(NamedTuple):
    """What can be opened."""

    kind: str
    """``scenario`` or ``save``."""
    name: str
    scenario: Scenario | None = None
    """The scenario as a person changed it; None for the one of the library as it is."""
    seed: int | None = None


def build_session(scenario: Scenario | str | None, seed: int | None, document: SaveDocument | None) -> Session:
    """Build the run; the slow part of starting. Raises InvalidScenario, InvalidReplay."""
    if document is not None:
        replay = Replay(document)
        speed = replay.simulation.scenario.view.speed  # type: ignore[attr-defined]  # built from a scenario
        return Session(replay.simulation, speed=speed, replay=replay, bookmarks=list(replay.document.bookmarks))
    if not isinstance(scenario, Scenario):
        scenario = read_shipped_scenario(scenario or DEFAULT_SCENARIO)
    return Session(build(scenario, seed), speed=scenario.view.speed)


def read_shipped_scenario(name: str) -> Scenario:
    """Return a scenario of the library. Raises InvalidScenario."""
    path = get_shipped_scenarios() / f"{name}.toml"
    return load_scenario(path.read_text(encoding="utf-8"), name)


def list_scenarios() -> list[str]:
    """Return the names of the library's scenarios."""
    return sorted(path.stem for path in get_shipped_scenarios().glob("*.toml"))


def read_source(source: Source, saves: Saves) -> tuple[Any, ...]:
    """Return what ``build_session`` takes. Raises InvalidScenario and what reading a save raises."""
    if source.kind == "scenario":
        return source.scenario or read_shipped_scenario(source.name), source.seed, None
    return None, None, saves.read(source.name)


def build_choices(saves: Saves) -> list[Choice]:
    """Return every scenario of the library and every saved run, damaged ones as not possible."""
    choices = [Choice("new/", "a new run …", "Choose scenario, protocol, parameters and seed.")]
    for path in sorted(get_shipped_scenarios().glob("*.toml")):
        scenario = read_shipped_scenario(path.stem)
        choices.append(Choice(f"scenario/{path.stem}", path.stem, scenario.description or scenario.title))
    for entry in saves.get_entries():
        seed = entry.summary.get("seed", "")
        note = entry.problem or f"saved run{' that ships' if entry.is_shipped else ''} · seed {seed}"
        choices.append(Choice(f"save/{entry.name}", entry.name, note, entry.problem is None))
    return choices


def parse_choice(key: str) -> Source:
    """Return what a line of ``build_choices`` names."""
    kind, _, name = key.partition("/")
    return Source(kind, name)


def propose_name(session: Session) -> str:
    """Return a name for a save: scenario, seed and how long it ran."""
    hours, minutes = session.now_us // HOUR, session.now_us % HOUR // MINUTE
    name = getattr(session.simulation.scenario, "name", "run")
    return f"{name}-{session.simulation.seed}-{hours}h{minutes:02d}"


def save_session(saves: Saves, session: Session, name: str) -> str:
    """Write the run under a name; return what is wrong, or nothing."""
    session.settle()
    try:
        saves.write(name.strip(), record(session.simulation, tuple(session.bookmarks)))
    except ExistingFile:
        return f"there is a run named {name} already; take another name"
    except ChainroomError as error:
        return str(error)
    return ""

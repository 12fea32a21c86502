"""How a word on the command line finds a scenario or a saved run.

A scenario is a name of the library or a path to a ``.toml`` file; a saved run is a name or a path to a ``.json`` file.
What has a folder in it, or is a file that exists and ends like one, is a path.
"""

from difflib import get_close_matches
from pathlib import Path

import click

from app.cli.saves import open_saves
from app.storage.atomic import read_whole
from app.storage.errors import MissingFile
from app.storage.paths import get_shipped_scenarios
from app.storage.saves import SaveDocument, read_save_file
from chain.errors import InvalidInput
from chain.scenario import Scenario, load_scenario

SCENARIO_LIMIT_BYTES = 1024 * 1024
_SCENARIO_SUFFIX, _SAVE_SUFFIX = ".toml", ".json"


def get_scenario_names() -> list[str]:
    """The names of the library of scenarios."""
    return sorted(path.stem for path in get_shipped_scenarios().glob(f"*{_SCENARIO_SUFFIX}"))


def find_scenario(source: str) -> Path:
    """The file of a scenario. Raises MissingFile, naming the nearest names."""
    if is_path(source, _SCENARIO_SUFFIX):
        return Path(source)
    names, name = get_scenario_names(), source.removesuffix(_SCENARIO_SUFFIX)
    if name in names:
        return get_shipped_scenarios() / f"{name}{_SCENARIO_SUFFIX}"
    near = get_close_matches(name, names, n=2) or names
    raise MissingFile(
        f"{source}: there is no scenario of this name; there is {', '.join(near)}, or a path to a .toml file"
    )


def read_scenario_text(source: str) -> str:
    """The text of a scenario. Raises MissingFile, StorageError, InvalidInput."""
    path = find_scenario(source)
    try:
        return read_whole(path, SCENARIO_LIMIT_BYTES).decode("utf-8")
    except FileNotFoundError:
        raise MissingFile(f"{path}: there is no such file") from None
    except UnicodeDecodeError as error:
        raise InvalidInput("scenario", str(path), f"text in UTF-8; byte {error.start} is not") from None


def read_scenario(source: str) -> Scenario:
    """The scenario. Raises MissingFile, StorageError, InvalidScenario."""
    return load_scenario(read_scenario_text(source), find_scenario(source).stem)


def read_save(ctx: click.Context, source: str) -> SaveDocument:
    """The document of a saved run. Raises MissingFile, DamagedFile, NewerFile, StorageError, InvalidInput."""
    return read_save_file(Path(source)) if is_path(source, _SAVE_SUFFIX) else open_saves(ctx).read(source)


def is_scenario(ctx: click.Context, source: str) -> bool:
    """Tell whether the word means a scenario rather than a saved run. Raises MissingFile, InvalidInput."""
    if source.endswith((_SCENARIO_SUFFIX, _SAVE_SUFFIX)):
        return source.endswith(_SCENARIO_SUFFIX)
    is_known = source in get_scenario_names()
    try:
        open_saves(ctx).get_entry(source)
    except (MissingFile, InvalidInput):
        if is_known:
            return True
        names = ", ".join(get_scenario_names())
        raise MissingFile(f"{source}: there is no scenario and no saved run of this name; scenarios: {names}") from None
    if is_known:
        raise InvalidInput("name", source, f"{source}.toml for the scenario or {source}.json for the saved run")
    return False


def is_path(source: str, suffix: str = _SAVE_SUFFIX) -> bool:
    """Tell whether the word is a path to a file that ends in ``suffix`` rather than a name."""
    return "/" in source or "\\" in source or (source.endswith(suffix) and Path(source).is_file())

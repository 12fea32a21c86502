"""The contracts that ship: each a readable Vyper source, its compiled artifact beside it, and a page in docs/contracts.

``tools/compile_contracts.py`` writes the artifacts; a test recompiles and compares. An artifact carries its source, so
debugger and gallery need no compiler. The contracts teach: they are real, tested and small, not audited.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from chain.contracts.artifact import Artifact, read_artifact
from chain.errors import InvalidInput

_PLACE = files(__name__)


@cache
def iter_names() -> tuple[str, ...]:
    """Return the names of all shipped contracts in order."""
    return tuple(sorted(_find_names()))


def _find_names() -> Iterator[str]:
    for file in _PLACE.iterdir():
        if file.name.endswith(".json"):
            yield file.name.removesuffix(".json")


@cache
def load_artifact(name: str) -> Artifact:
    """Return a shipped contract by its name. Raises InvalidInput naming those there are."""
    if name not in iter_names():
        raise InvalidInput("shipped contract", name, f"one of {', '.join(iter_names())}")
    return read_artifact(_PLACE.joinpath(f"{name}.json").read_bytes())

"""The contracts that ship: each a readable Vyper source, its compiled artifact beside it, and a page in docs/contracts.

``tools/compile_contracts.py`` writes the artifacts; a test recompiles and compares. An artifact carries its source, so
debugger and gallery need no compiler. The contracts teach: they are real, tested and small, not audited.
"""

from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import NamedTuple

import msgspec

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


class _Document(msgspec.Struct):
    bytecode: str
    deployedBytecode: str  # noqa: N815 - as compilers call it


class Codes(NamedTuple):
    """The codes of a contract, without arguments and immutables."""

    creation: bytes
    runtime: bytes


@cache
def get_codes() -> dict[str, Codes]:
    """Return the codes of all shipped contracts by name; nothing else of their artifacts is read."""
    documents = {
        it: msgspec.json.decode(_PLACE.joinpath(f"{it}.json").read_bytes(), type=_Document) for it in iter_names()
    }
    return {it: Codes(_read_hex(found.bytecode), _read_hex(found.deployedBytecode)) for it, found in documents.items()}


def _read_hex(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))

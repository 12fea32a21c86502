"""The shelf of shipped contracts: every source has its artifact, and the artifact is what the source compiles to."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.contracts_compiler import compile_vyper
from chain.contracts.evm.gas import MAX_CODE_BYTES
from chain.contracts.library import iter_names, load_artifact
from chain.errors import InvalidInput

LIBRARY = Path(__file__).parents[3] / "chain" / "contracts" / "library"
PAGES = Path(__file__).parents[3] / "docs" / "contracts"
FULL = bool(os.environ.get("CHAINROOM_FULL"))
PYTHON = os.environ.get("CHAINROOM_VYPER", sys.executable)
"""A Python with Vyper in it; what `compile_contracts.py` takes too."""


def is_vyper_there() -> bool:
    return subprocess.run([PYTHON, "-c", "import vyper"], capture_output=True, check=False).returncode == 0


def test_every_source_has_its_artifact_and_the_other_way_round() -> None:
    assert {path.stem for path in LIBRARY.glob("*.vy")} == set(iter_names())


@pytest.mark.parametrize("name", iter_names())
def test_an_artifact_carries_the_source_beside_it(name: str) -> None:
    """Whoever edits a source and forgets to compile it is told here, without a compiler."""
    artifact = load_artifact(name)
    assert artifact.source == (LIBRARY / f"{name}.vy").read_text(encoding="utf-8")
    assert artifact.name == name
    assert 0 < len(artifact.runtime) <= MAX_CODE_BYTES
    assert artifact.spans


def test_every_contract_is_told_on_a_page() -> None:
    pages = "".join(path.read_text(encoding="utf-8") for path in sorted(PAGES.glob("*.md")))
    assert [name for name in iter_names() if f"`{name}.vy`" not in pages] == []


def test_an_unknown_contract_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidInput, match=r"one of .*token"):
        load_artifact("../token")


@pytest.mark.statistics
@pytest.mark.skipif(not is_vyper_there(), reason="needs the Vyper compiler (CHAINROOM_VYPER)")
@pytest.mark.parametrize("name", iter_names() if FULL else ["deed", "oracle", "token"])
def test_every_source_compiles_to_its_artifact(name: str) -> None:
    assert compile_vyper((LIBRARY / f"{name}.vy").read_text(encoding="utf-8"), name, PYTHON) == load_artifact(name)

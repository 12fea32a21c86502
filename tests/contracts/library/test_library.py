"""The shelf of shipped contracts: every source has its artifact, and the artifact is what the source compiles to."""

import hashlib
import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from chain.contracts.artifact import Artifact, read_artifact
from chain.contracts.evm.gas import MAX_CODE_BYTES
from chain.contracts.library import iter_names, load_artifact
from chain.errors import InvalidInput

ROOT = Path(__file__).parents[3]
LIBRARY = ROOT / "chain" / "contracts" / "library"
PAGES = ROOT / "docs" / "contracts"
WORKER = ROOT / "app" / "contracts_compiler_worker.py"
FULL = bool(os.environ.get("CHAINROOM_FULL"))
PYTHON = os.environ.get("CHAINROOM_VYPER", sys.executable)
"""A Python with Vyper in it; what `compile_contracts.py` takes too."""
CACHE = "chainroom/compiled"
COMPILE_ALL = """
import json, runpy, sys
compile_source = runpy.run_path(sys.argv[1])["compile_source"]
json.dump({name: compile_source(source, name) for name, source in json.load(sys.stdin).items()}, sys.stdout)
"""


@cache
def get_vyper_version() -> str:
    """Return the compiler's version; empty where there is none."""
    ask = "from importlib.metadata import version; print(version('vyper'))"
    return subprocess.run([PYTHON, "-c", ask], capture_output=True, encoding="utf-8", check=False).stdout


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


def compile_sources(names: list[str]) -> dict[str, Artifact]:
    """Return what sources compile to, all in one process, which is what takes long to start."""
    sources = {name: (LIBRARY / f"{name}.vy").read_text(encoding="utf-8") for name in names}
    done = subprocess.run(
        [PYTHON, "-I", "-c", COMPILE_ALL, str(WORKER)],
        input=json.dumps(sources),
        capture_output=True,
        encoding="utf-8",
        env={"PYTHONHASHSEED": "0"},
        check=True,
    )
    made = json.loads(done.stdout)
    return {name: read_artifact(json.dumps(made[name]).encode(), source=source) for name, source in sources.items()}


def hash_text(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.skipif(not get_vyper_version(), reason="needs the Vyper compiler (CHAINROOM_VYPER)")
def test_every_source_compiles_to_its_artifact(pytestconfig: pytest.Config) -> None:
    """What a source gave once is remembered by the hashes of source and compiler: only what is new is compiled again.

    CHAINROOM_FULL compiles all. The artifacts are compared with what the compiler said, each time.
    """
    compiler = hash_text(get_vyper_version() + WORKER.read_text(encoding="utf-8"))
    keys = {name: compiler + hash_text((LIBRARY / f"{name}.vy").read_text(encoding="utf-8")) for name in iter_names()}
    known: dict[str, str] = {} if FULL else pytestconfig.cache.get(CACHE, {}) if pytestconfig.cache else {}
    new = [name for name in keys if keys[name] not in known]
    for name, artifact in compile_sources(new).items() if new else ():
        known[keys[name]] = hash_text(json.dumps(artifact.to_json()))
    if pytestconfig.cache:
        pytestconfig.cache.set(CACHE, {key: known[key] for key in keys.values()})
    assert [name for name in keys if known[keys[name]] != hash_text(json.dumps(load_artifact(name).to_json()))] == [], (
        "tools/compile_contracts.py NAME writes them again"
    )

"""Compiling Vyper: in a process of its own, with limits, so that no source can hang or fill the program.

The compiler is imported only there. It has no files to read: the search path is empty. What comes back is an
``Artifact``, or ``CompileFailed`` with the line and column of each problem for the editor.
"""

import importlib.util
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import msgspec

from chain.contracts.artifact import Artifact, read_artifact
from chain.errors import ChainroomError, InvalidInput

MAX_SOURCE_BYTES: Final = 100_000
TIMEOUT_S: Final = 30
"""Seconds a source may take; a token takes one."""
MEMORY_BYTES: Final = 2 << 30
_WORKER: Final = Path(__file__).with_name("contracts_compiler_worker.py")


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a source does not compile."""

    message: str
    line: int | None = None
    """From 1; None when it concerns the whole source."""
    column: int | None = None
    """From 0."""
    hint: str = ""


class _Failure(msgspec.Struct):
    problems: tuple[Problem, ...] = ()


class CompileFailed(ChainroomError):
    """A source that does not compile: ``problems`` says where and why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        lines = (f"line {p.line}, column {p.column}: {p.message}" if p.line else p.message for p in problems)
        super().__init__("; ".join(lines))


def is_compiler_installed() -> bool:
    """Tell whether Vyper is there, without importing it."""
    return importlib.util.find_spec("vyper") is not None


def compile_vyper(source: str, name: str = "contract", python: str = sys.executable) -> Artifact:
    """Return the compiled contract. Raises CompileFailed, also for a source that takes too long or too much memory.

    Raises InvalidInput when the source is too long or the name no identifier.
    """
    if len(source.encode()) > MAX_SOURCE_BYTES:
        raise InvalidInput("size of the source", len(source.encode()), f"at most {MAX_SOURCE_BYTES} bytes")
    if not name.isidentifier():
        raise InvalidInput("name of the contract", name, "letters, digits and _")
    answer = _run(source, name, python)
    try:
        failure = msgspec.json.decode(answer, type=_Failure)
    except (msgspec.DecodeError, RecursionError) as error:
        raise CompileFailed((Problem(f"the compiler's answer cannot be read: {error}"),)) from None
    if failure.problems:
        raise CompileFailed(failure.problems)
    return read_artifact(answer.encode(), source=source)


def _run(source: str, name: str, python: str) -> str:
    command = [python, "-I", str(_WORKER), name, str(TIMEOUT_S), str(MEMORY_BYTES)]
    with tempfile.TemporaryDirectory() as place:
        try:
            done = subprocess.run(
                command,
                input=source,
                capture_output=True,
                encoding="utf-8",
                timeout=TIMEOUT_S,
                cwd=place,
                env={"PYTHONHASHSEED": "0"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise CompileFailed((Problem(f"the compiler took more than {TIMEOUT_S} seconds"),)) from None
    if done.returncode:
        why = done.stderr.strip().splitlines()[-1:] or [f"exit status {done.returncode}"]
        if "No module named 'vyper'" in why[0]:
            why = ["the compiler is not installed: pip install vyper"]
        raise CompileFailed((Problem(f"the compiler stopped: {why[0][:200]}"),))
    return done.stdout

"""Compiling Vyper in a process of its own. Without Vyper only the refusals can be tested."""

import sys
from pathlib import Path

import pytest
from tokens import TOKEN

from app.contracts_compiler import MAX_SOURCE_BYTES, CompileFailed, compile_vyper, is_compiler_installed
from chain.errors import InvalidInput

MATERIAL = Path(__file__).parent / "material"
needs_vyper = pytest.mark.skipif(not is_compiler_installed(), reason="needs the Vyper compiler")


@needs_vyper
def test_the_source_compiles_to_the_committed_artifact() -> None:
    assert compile_vyper((MATERIAL / "token.vy").read_text(), "token") == TOKEN


@needs_vyper
@pytest.mark.parametrize(
    ("source", "line", "column", "words"),
    [
        ("x: uint256\n@external\ndef f() -> uint256:\n    return self.y\n", 4, 11, "'y' has not been declared"),
        ("def f(:\n", 2, 0, "EOF"),
        ("a: uint256\na: uint256\na: uint256\n", 1, 0, "already exists"),
        ("from . import secret\n", 1, 0, "ModuleNotFound: secret"),
        ("import os\n", 1, 0, "ModuleNotFound: os"),
        ("x: constant(uint256) = " + "(" * 3000 + "1" + ")" * 3000, 1, 223, "nested"),
    ],
)
def test_a_problem_has_its_line_and_column(source: str, line: int, column: int, words: str) -> None:
    with pytest.raises(CompileFailed, match=words) as failed:
        compile_vyper(source)
    assert (failed.value.problems[0].line, failed.value.problems[0].column) == (line, column)


@needs_vyper
def test_interfaces_of_vyper_itself_can_be_imported() -> None:
    assert compile_vyper("from ethereum.ercs import IERC20\ntoken: public(IERC20)\n").bytecode


@needs_vyper
def test_a_source_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.contracts_compiler.TIMEOUT_S", 1)
    with pytest.raises(CompileFailed, match=r"more than 1 seconds|stopped"):
        compile_vyper("a: uint256\n" * 5000)


@pytest.mark.skipif(is_compiler_installed(), reason="Vyper is there")
def test_a_missing_compiler_is_named() -> None:
    with pytest.raises(CompileFailed, match="pip install vyper"):
        compile_vyper("x: uint256")


def test_absurd_sources_are_refused_before_a_process_is_made() -> None:
    with pytest.raises(InvalidInput, match="size of the source"):
        compile_vyper("#" * (MAX_SOURCE_BYTES + 1), python="/nowhere")
    with pytest.raises(InvalidInput, match="name of the contract"):
        compile_vyper("", "../../x", python="/nowhere")


def test_a_compiler_that_answers_nonsense_is_told(tmp_path: Path) -> None:
    script = tmp_path / "python"
    script.write_text(f"#!{sys.executable}\nprint('nonsense')\n")
    script.chmod(0o755)
    with pytest.raises(CompileFailed, match="cannot be read"):
        compile_vyper("", python=str(script))

"""Lazy groups, errors as one line, exit codes, safe output."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli import saves, scenario, wallet
from app.cli.base import RootGroup, clean_text, get_module, show_progress
from app.cli.root import COMMANDS, cli
from chain.errors import ChainroomError

GROUPS = {
    "app.cli": COMMANDS,
    "app.cli.saves": saves.COMMANDS,
    "app.cli.scenario": scenario.COMMANDS,
    "app.cli.wallet": wallet.COMMANDS,
}
HELPERS = {"app.cli.base", "app.cli.root", "app.cli.secrets", "app.cli.sources"}
HEAVY = ("textual", "numpy", "bip_utils", "rich", "tinydb", "msgspec", "nacl", "filelock", "mnemonic")


def run_python(*args: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *args],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


@pytest.mark.parametrize("package", GROUPS)
def test_table_and_files_agree(package: str) -> None:
    found = {f"{package}.{module.name}" for module in pkgutil.iter_modules(importlib.import_module(package).__path__)}
    assert found - HELPERS == {get_module(package, name) for name in GROUPS[package]}
    for name, line in GROUPS[package].items():
        command = importlib.import_module(get_module(package, name)).command
        assert isinstance(command, click.Command)
        assert command.name
        assert line.endswith(".")
        assert len(line) <= 60


ALL_COMMANDS = [[], *([*package.split(".")[2:], name] for package, table in GROUPS.items() for name in table)]


@pytest.mark.parametrize("arguments", ALL_COMMANDS, ids=" ".join)
def test_every_command_has_help(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, [*arguments, "--help"], prog_name="chainroom")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: {' '.join(['chainroom', *arguments])} ")
    assert "--debug" in result.stdout


def test_top_level_help_lists_every_command() -> None:
    result = run_python("-m", "app", "--help")
    assert result.returncode == 0
    for name, line in COMMANDS.items():
        assert f"  {name} " in result.stdout
        assert line in result.stdout


def test_help_imports_nothing_heavy() -> None:
    program = f"""
import sys
sys.argv = ["chainroom", "--help"]
from app.__main__ import main
try:
    main()
except SystemExit as end:
    assert not end.code
heavy = [name for name in {HEAVY!r} if name in sys.modules]
assert not heavy, heavy
print("LIGHT")
"""
    result = run_python("-c", program)
    assert result.stdout.endswith("LIGHT\n"), result.stderr


def test_version_is_that_of_the_package() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert result.exit_code == 0
    assert result.stdout.split()[0] == "chainroom"
    assert result.stdout.split()[1][0].isdecimal()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["savs"], "there is no command 'savs'; there is saves"),
        (["saves", "lst"], "there is no command 'lst'; there is list; see 'chainroom saves --help'"),
        (["saves", "list", "--colour"], "see 'chainroom saves list --help'"),
        (["saves", "show"], "Missing argument 'SAVE'; see"),
        (["run", "quiet", "--seed", "-1"], "--seed"),
        (["run", "quiet", "--seed", str(2**63)], "--seed"),
        (["run", "quiet", "--seed", "seven"], "--seed"),
    ],
)
def test_command_line_that_cannot_be_understood_exits_with_2(arguments: list[str], message: str) -> None:
    result = CliRunner().invoke(cli, arguments, prog_name="chainroom")
    assert result.exit_code == 2
    assert result.stderr.count("\n") == 1
    assert message in result.stderr


def test_interface_without_a_terminal_says_so() -> None:
    for arguments in ([], ["play"], ["play", "quiet"]):
        result = run_python("-m", "app", *arguments)
        assert result.returncode == 1
        assert result.stderr == "chainroom: the interface needs a terminal; 'chainroom run' works without\n"


# --- errors -----------------------------------------------------------------------------------------------------


def run_failing(error: BaseException, *arguments: str) -> tuple[int, str]:
    """Run a command that raises ``error``, in the group that all commands are in."""

    @click.group(cls=RootGroup, package="none", table={}, invoke_without_command=True)
    @click.option("--debug", is_flag=True, is_eager=True)
    @click.pass_obj
    def failing(state: object, debug: bool) -> None:
        state.debug = debug  # type: ignore[attr-defined]
        raise error

    result = CliRunner().invoke(failing, arguments)
    return result.exit_code, result.stderr


def test_refusal_is_one_clean_line() -> None:
    code, text = run_failing(ChainroomError("file a\nb\x1b[31m\u202e: is damaged"))
    assert code == 1
    assert text == "chainroom: file a b [31m : is damaged\n"


def test_bug_tells_its_type_only() -> None:
    code, text = run_failing(KeyError("legal winner thank year"))
    assert code == 1
    assert text == "chainroom: this is a bug (KeyError); the same command with --debug tells where\n"


def test_traceback_only_with_debug() -> None:
    assert "Traceback" not in run_failing(ChainroomError("refused"))[1]
    code, text = run_failing(ChainroomError("refused"), "--debug")
    assert code == 1
    assert "Traceback (most recent call last)" in text


def test_debug_is_understood_before_and_after_the_command() -> None:
    for arguments in (["--debug", "saves", "show", "nothing"], ["saves", "show", "nothing", "--debug"]):
        result = CliRunner().invoke(cli, arguments)
        assert result.exit_code == 1
        assert "Traceback" in result.stderr


def test_interrupt_exits_with_130() -> None:
    assert run_failing(KeyboardInterrupt()) == (130, "\nchainroom: interrupted\n")


def test_file_errors_of_the_system_are_one_line() -> None:
    assert run_failing(FileNotFoundError(2, "No such file or directory", "x.toml")) == (
        1,
        "chainroom: x.toml: No such file or directory\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="pipes end differently")
def test_reader_that_leaves_early_makes_no_noise(tmp_path: Path) -> None:
    result = subprocess.run(
        f"{sys.executable} -m app scenario show classroom | true",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "Traceback" not in result.stderr


# --- output -----------------------------------------------------------------------------------------------------


def test_text_from_elsewhere_cannot_move_the_cursor_or_turn_the_line() -> None:
    assert clean_text("a\x1b[2Jb\r\nc\u202ed\ud800") == "a [2Jb  c d "
    assert clean_text("1\u00a0240 Übung 数学 ●") == "1\u00a0240 Übung 数学 ●"


def test_progress_draws_nothing_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    with show_progress("running", 10) as advance:
        advance(5)
        advance(10)
    assert capsys.readouterr() == ("", "")


def test_json_is_one_object_with_ascii_only() -> None:
    result = run_python("-m", "app", "scenario", "list", "--json", PYTHONIOENCODING="ascii")
    assert {entry["name"] for entry in json.loads(result.stdout)} >= {"classroom", "quiet"}
    assert result.stdout.isascii()
    assert "\x1b" not in result.stdout


def test_import_time_of_the_command_line_is_small() -> None:
    """Not a timing: counts modules, of which each costs; measured 2.6 times ``python -c pass`` with 190."""
    program = "import sys; before = len(sys.modules); import app.cli.root; print(len(sys.modules) - before)"
    assert int(run_python("-c", program).stdout) < 260

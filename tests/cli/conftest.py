"""A command line of one's own: every test has its own home, no terminal, and no variables of the person running it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from app.cli.root import cli
from app.storage.keystore import Keystore
from app.storage.vault import CHEAPEST

Chainroom = Callable[..., Result]
CheckFailure = Callable[..., None]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("CHAINROOM_SAVES", "CHAINROOM_PASSWORD_FILE", "NO_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAINROOM_HOME", str(tmp_path / "home"))
    defaults = Keystore.__init__.__kwdefaults__
    assert defaults is not None
    monkeypatch.setitem(defaults, "cost", CHEAPEST)
    return tmp_path / "home"


@pytest.fixture
def chainroom(home: Path) -> Chainroom:
    """Run ``chainroom`` with these arguments; ``stdin`` is what standard input holds."""

    def run(*args: object, stdin: str = "") -> Result:
        return CliRunner().invoke(cli, [str(arg) for arg in args], input=stdin, prog_name="chainroom")

    return run


@pytest.fixture
def check_failure() -> CheckFailure:
    """Check that a command failed as all commands do: nothing on standard output, one line on standard error."""

    def check(result: Result, message: str, code: int = 1) -> None:
        assert result.exit_code == code, result.output
        assert result.stdout == ""
        assert result.stderr.startswith("chainroom: ")
        assert result.stderr.count("\n") == 1
        assert message in result.stderr
        assert "Traceback" not in result.stderr

    return check

"""The whole program in a real terminal: it starts, listens to keys, follows the window's size and leaves no trace."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pexpect
import pyte
import pytest

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


class Terminal:
    """chainroom in a pseudo-terminal, with what a person would see."""

    def __init__(self, home: Path, *arguments: str, columns: int = 120, rows: int = 36) -> None:
        environment = {**os.environ, "CHAINROOM_HOME": str(home), "TERM": "xterm-256color", "PYTHONWARNINGS": "error"}
        for name in ("NO_COLOR", "COLUMNS", "LINES"):  # the window says how large it is
            environment.pop(name, None)
        self.screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self.screen)
        self.raw = b""
        self.process = pexpect.spawn(
            sys.executable, ["-m", "app", *arguments], cwd=str(ROOT), env=environment, dimensions=(rows, columns)
        )
        self.process.delaybeforesend = None

    def read(self) -> str:
        """Take in what was written; return the screen as text."""
        try:
            data = self.process.read_nonblocking(1 << 16, timeout=0.05)
        except (pexpect.TIMEOUT, pexpect.EOF):
            data = b""
        self.raw += data
        self._stream.feed(data)
        return "\n".join(self.screen.display)

    def wait_for(self, text: str) -> str:
        """Return the screen once it shows a text."""
        return self.wait_until(lambda shown: text in shown, f"{text!r} never came")

    def wait_until(self, holds: Callable[[str], bool], problem: str) -> str:
        """Return the screen once the condition holds."""
        end_s = time.monotonic() + PATIENCE_S
        while time.monotonic() < end_s:
            shown = self.read()
            if holds(shown):
                return shown
        raise AssertionError(f"{problem}:\n" + "\n".join(self.screen.display))

    def press(self, keys: str) -> None:
        """Type."""
        self.process.send(keys)

    def resize(self, columns: int, rows: int) -> None:
        """Change the size of the window."""
        self.screen.resize(rows, columns)
        self.process.setwinsize(rows, columns)

    def leave(self) -> int:
        """Read to the end; return the exit code."""
        end_s = time.monotonic() + PATIENCE_S
        while self.process.isalive() and time.monotonic() < end_s:
            self.read()
        self.read()
        self.process.close()
        assert self.process.exitstatus is not None, f"killed by signal {self.process.signalstatus}"
        return int(self.process.exitstatus)


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """The classroom with a seed, on 120 columns and 36 rows."""
    window = Terminal(tmp_path, "play", "classroom", "--seed", "7")
    yield window
    window.process.close(force=True)


def test_starts_listens_resizes_and_leaves_the_terminal_as_it_was(terminal: Terminal) -> None:
    terminal.wait_for("miners at work")
    terminal.press(" ")
    terminal.wait_for("paused")
    for key, text in (("2", "Merkle tree"), ("4", "Next blocks"), ("1", "What it saw")):
        terminal.press(key)
        terminal.wait_for(text)
    terminal.press("?")
    terminal.wait_for("consensus/fork-choice")
    terminal.press("\x1b")
    terminal.wait_until(lambda shown: "fork-choice" not in shown, "the explanation stayed")
    terminal.resize(80, 24)
    terminal.wait_until(lambda shown: "miners at work" in shown and "What it saw" not in shown, "did not fold")
    terminal.resize(50, 15)
    terminal.wait_for("needs a window of 60×18")
    terminal.press("q")
    assert terminal.leave() == 0
    assert b"\x1b[?1049l" in terminal.raw, "the first screen did not come back"
    assert terminal.raw.rstrip().rfind(b"\x1b[?25h") > terminal.raw.rfind(b"\x1b[?25l"), "the cursor stayed hidden"
    assert b"Traceback" not in terminal.raw
    assert b"this is a bug" not in terminal.raw


def test_somebody_new_is_welcomed_over_the_living_network(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    try:
        terminal.wait_for("Welcome to chainroom")
        terminal.wait_for("miners at work")
        terminal.press("\x1b")
        terminal.wait_until(lambda shown: "Welcome" not in shown, "the card stayed")
        terminal.press("\x11")  # ctrl+q
        assert terminal.leave() == 0
    finally:
        terminal.process.close(force=True)


def test_a_scenario_that_does_not_exist_is_told_in_one_line(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path, "play", "classrom")
    assert terminal.leave() == 1
    assert b"classroom" in terminal.raw
    assert b"\x1b[?1049h" not in terminal.raw

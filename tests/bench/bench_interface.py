"""How fast the interface is: the first paint beside a minimal Textual app, frames a second, key to paint.

::

    python tests/bench/bench_interface.py [first-paint|map] [--runs 5] [--seconds 10] [--speed 1000]

Everything is measured in a pseudo-terminal of 120×36, as a person has it. *First paint* is the time from the start of
the process until the first line of text has been written. *map* plays the classroom at 1000× with the map on: bytes
written between two lulls are a frame; a key is pressed at odd moments and the time until its effect is on the screen is
taken. Not a test: it judges nothing, and pytest does not collect it.
"""

import argparse
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from fcntl import ioctl
from pathlib import Path
from termios import TIOCSWINSZ

ROOT = Path(__file__).resolve().parents[2]
MINIMAL = """
from textual.app import App
from textual.widgets import Static

class Minimal(App):
    def compose(self):
        yield Static("chainroom")

Minimal().run()
"""
CHAINROOM = [sys.executable, "-m", "app"]
NODES = 12
"""Nodes of the classroom."""
SYNC_END = b"\x1b[?2026l"
"""What Textual writes after every frame, on terminals that know synchronized output."""


class Terminal:
    """A process in a pseudo-terminal."""

    def __init__(self, command: list[str], home: str) -> None:
        master, slave = pty.openpty()
        ioctl(slave, TIOCSWINSZ, struct.pack("HHHH", 36, 120, 0, 0))
        environment = {**os.environ, "CHAINROOM_HOME": home, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        self.started_s = time.perf_counter()
        self.process = subprocess.Popen(
            command, stdin=slave, stdout=slave, stderr=slave, env=environment, cwd=ROOT, start_new_session=True
        )
        os.close(slave)
        self.master = master

    def read(self, timeout_s: float) -> bytes:
        """Return what was written, or nothing when the time is up or the process has ended."""
        ready, _, _ = select.select([self.master], [], [], timeout_s)
        if not ready:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            return b""
        self._answer(data)
        return data

    def _answer(self, data: bytes) -> None:
        if b"\x1b[?2026$p" in data:
            os.write(self.master, b"\x1b[?2026;2$y")  # this terminal knows synchronized output

    def wait_for(self, found: Callable[[bytes], bool], timeout_s: float = 30.0) -> float:
        """Read until the condition holds; return the seconds since the start of the process."""
        seen, end_s = b"", time.perf_counter() + timeout_s
        while time.perf_counter() < end_s:
            seen += self.read(0.5)
            if found(seen):
                return time.perf_counter() - self.started_s
        raise SystemExit(f"nothing came within {timeout_s} s; last: {seen[-200:]!r}")

    def close(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.wait(10)
        os.close(self.master)


def measure_first_paint(command: list[str], home: str) -> float:
    """Return the seconds until the word chainroom is on the screen."""
    terminal = Terminal(command, home)
    try:
        return terminal.wait_for(
            lambda seen: b"chainroom" in seen.replace(b"]0;chainroom", b"").replace(b"]2;chainroom", b"")
        )
    finally:
        terminal.close()


def bench_first_paint(runs: int, home: str) -> None:
    """Print the median first paint of both, measured in turns."""
    minimal, ours = [], []
    for _ in range(runs):
        minimal.append(measure_first_paint([sys.executable, "-c", MINIMAL], home))
        ours.append(measure_first_paint(CHAINROOM, home))
    one, two = statistics.median(minimal), statistics.median(ours)
    print(
        f"first paint: minimal {one * 1000:.0f} ms, chainroom {two * 1000:.0f} ms, ratio {two / one:.2f} (at most 1.8)"
    )


def bench_map(seconds: float, speed: int, home: str) -> None:
    """Print frames a second and the time from key to paint."""
    terminal = Terminal([*CHAINROOM, "play", "classroom", "--seed", "7", "--set", f"view.speed={speed}"], home)
    try:
        terminal.wait_for(lambda seen: b"up to date" in seen)
        frames, latencies = _play(terminal, seconds)
    finally:
        terminal.close()
    latencies.sort()
    p50, p95 = (latencies[int(len(latencies) * part)] * 1000 for part in (0.5, 0.95))
    print(f"map at {speed}×: {frames / seconds:.1f} frames a second (at least 12)")
    print(f"key to paint: p50 {p50:.0f} ms, p95 {p95:.0f} ms of {len(latencies)} keys (p95 under 60)")


def _play(terminal: Terminal, seconds: float) -> tuple[int, list[float]]:
    """Choose one node after the other; return (frames, seconds from each key to its paint)."""
    latencies: list[float] = []
    frames, number, start_s = 0, 0, time.perf_counter()
    next_key_s, pressed_s = start_s + 1, 0.0
    while time.perf_counter() < start_s + seconds:
        data = terminal.read(0.005)
        frames += data.count(SYNC_END)
        now_s = time.perf_counter()
        if pressed_s and re.search(
            rb" n%02d [A-Z]" % (number % NODES), data
        ):  # the name of the chosen node, on the map
            latencies.append(now_s - pressed_s)
            pressed_s = 0.0
        if not pressed_s and now_s >= next_key_s:
            os.write(terminal.master, b"]")
            pressed_s, number = now_s, number + 1
            next_key_s = now_s + 0.137 + 0.011 * (number % 7)
        if pressed_s and now_s - pressed_s > 2:
            raise SystemExit(f"key {number} had no effect within 2 s")
    return frames, latencies


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("what", nargs="?", choices=("first-paint", "map"))
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--speed", type=int, default=1000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        if options.what != "map":
            bench_first_paint(options.runs, home)
        if options.what != "first-paint":
            bench_map(options.seconds, options.speed, home)


if __name__ == "__main__":
    main()

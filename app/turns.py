"""Long work in turns with the interface: it runs in a thread of its own, and only while the interface waits for it.

Contract code can keep the machine busy for many seconds; a block of 30 million gas is one event of the simulation. The
machine asks now and then whether it should give way (``set_give_way``); when its turn is over, the thread stands still
in the middle of the code until it is let on. So there are never two at work: nobody sees anything half changed, and
what comes out is the same as in one go.

One opcode is a single step that nothing interrupts: a hash of many rounds. ``compress_elsewhere`` has it done in a
process of its own, in turns as well.

Invariant: between two turns the work is inside the machine, which has written nothing to any table yet.
"""

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Generic, TypeVar

from chain.contracts.evm.blake2 import load_compress, set_far_compress
from chain.contracts.evm.frame import set_give_way

T = TypeVar("T")
TURN_S: Final = 0.006
_COMPRESS: Final = (
    "import json, sys; from blake2b import compress; sys.stdout.buffer.write(bytes(compress(*json.load(sys.stdin))))"
)
_COMPRESSED_BYTES: Final = 64


class _Dropped(BaseException):
    """Ends work that nobody wants any more."""


class Job(Generic[T]):
    """A function that is run in turns: ``while not job.go_on(0.006): …``, then ``job.get()``."""

    def __init__(self, work: Callable[[], T], clock: Callable[[], float] = time.perf_counter) -> None:
        self._work, self._clock = work, clock
        self._results: list[T] = []
        self._error: BaseException | None = None
        self._is_done = self._is_dropped = False
        self._deadline_s = 0.0
        self._turn_over, self._next_turn = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._run, name="job", daemon=True)

    def go_on(self, seconds: float) -> bool:
        """Let it work for about so long; return whether it is done. Raises what the work raises."""
        if self._is_done:
            return True
        self._deadline_s = self._clock() + seconds
        set_give_way(self._give_way)
        set_far_compress(compress_elsewhere)
        try:
            if self._thread.ident is None:
                self._thread.start()
            else:
                self._next_turn.release()
            self._turn_over.acquire()
        finally:
            set_give_way(None)
            set_far_compress(None)
        if self._error is not None:
            raise self._error
        return self._is_done

    def get(self) -> T:
        """Return what came of it, once it is done."""
        [result] = self._results
        return result

    def drop(self) -> None:
        """End it where it stands; it leaves no trace."""
        if self._thread.ident is not None and not self._is_done:
            self._is_dropped = True
            self._next_turn.release()
            self._thread.join()

    def _run(self) -> None:
        try:
            self._results.append(self._work())
        except _Dropped:
            pass
        except BaseException as error:  # whatever it is belongs to whoever waits
            self._error = error
        self._is_done = True
        self._turn_over.release()

    def _give_way(self) -> None:
        if self._clock() < self._deadline_s or threading.get_ident() != self._thread.ident:
            return
        self._turn_over.release()
        self._next_turn.acquire()
        if self._is_dropped:
            raise _Dropped


def compress_elsewhere(
    rounds: int, state: list[int], block: list[int], offsets: list[int], final: bool, give_way: Callable[[], None]
) -> bytes:
    """Return what BLAKE2b's compression comes to, computed by another process; here if there can be none."""
    task = json.dumps([rounds, state, block, offsets, final]).encode()
    try:
        with subprocess.Popen(
            [sys.executable, "-I", "-c", _COMPRESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as process:
            output = _await_answer(process, task, give_way)
    except OSError:
        output = b""
    return output if len(output) == _COMPRESSED_BYTES else load_compress()(rounds, state, block, offsets, final)


def _await_answer(process: subprocess.Popen[bytes], task: bytes, give_way: Callable[[], None]) -> bytes:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(task)
        process.stdin.close()
        while process.poll() is None:
            give_way()
            with suppress(subprocess.TimeoutExpired):
                process.wait(TURN_S / 2)
    finally:
        process.kill()
    return process.stdout.read()


async def run_in_turns(work: Callable[[], T]) -> T:
    """Run something in turns with everything else on the event loop, and return what came of it."""
    job = Job(work)
    try:
        while not job.go_on(TURN_S):
            await asyncio.sleep(0)
        return job.get()
    finally:
        job.drop()

"""What is set aside from Python's cyclic collector is the history of a run, not what was on the screen just then."""

import subprocess
import sys

SCRIPT = """
import gc
from app.collector import ENOUGH, THRESHOLDS, set_aside_history

class Line:
    alive = 0
    def __init__(self):
        self.itself = self
        Line.alive += 1
    def __del__(self):
        Line.alive -= 1

gc.collect()
gc.freeze()
gc.set_threshold(*THRESHOLDS)
history, screen = [], []
for tick in range(2_000):
    history += [[tick] for _ in range({objects_a_tick})]
    screen = [Line() for _ in range(50)]
    gc.collect(1)  # as happens by itself between two ticks
    set_aside_history()
print(Line.alive, len(gc.get_objects(generation=2)) // ENOUGH)
"""


def run_ticks(objects_a_tick: int) -> tuple[int, int]:
    """Paint 2000 times 50 lines beside a growing history; return the lines not freed, and what waits in ENOUGHs."""
    script = SCRIPT.format(objects_a_tick=objects_a_tick)
    answer = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    alive, waiting = answer.split()
    return int(alive), int(waiting)


def test_lines_that_were_painted_are_freed_while_little_happens() -> None:
    alive, waiting = run_ticks(0)
    assert alive < 25_000  # of 100 000: at most what comes together until it is searched
    assert waiting == 0


def test_a_growing_history_is_set_aside_and_hardly_any_line_with_it() -> None:
    alive, waiting = run_ticks(400)
    assert alive < 25_000
    assert waiting == 0  # most of the history is not looked at any more

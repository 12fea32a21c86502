"""The worst programs found, by seconds a million gas. The machine's prices are Ethereum's; its speed is Python's.

Run ``python tests/bench/bench_hostile.py [millions of gas [a piece of their names]]``. Prints the dearest first and the
most memory taken; nothing is asserted. Under a second of the processor a million gas is promised.
"""

import sys
import time
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "contracts"))

from hostile import Case, build_hostile

from chain.contracts.evm import Context, execute_message


def measure(case: Case, gas: int) -> tuple[float, int, str]:
    """Return seconds, gas used, and how it ended."""
    host, message = case.open(gas)
    start = time.process_time()
    result = execute_message(host, Context(number=300, time_s=1_000_000), message)
    return time.process_time() - start, result.gas_before_refund, str(result.error or "done")


def measure_memory(case: Case, gas: int) -> int:
    """Return the most bytes taken at once."""
    host, message = case.open(gas)
    tracemalloc.start()
    execute_message(host, Context(number=300, time_s=1_000_000), message)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def main() -> None:
    """Measure and print."""
    gas = round(float(sys.argv[1] if len(sys.argv) > 1 else 1) * 10**6)
    wanted = sys.argv[2] if len(sys.argv) > 2 else ""
    cases = {name: case for name, case in build_hostile().items() if wanted in name}
    rows = []
    for name, case in cases.items():
        (seconds, used, how), again = measure(case, gas), measure(case, gas)[0]
        rows.append((max(seconds, again) / used * 10**6, seconds, again, name, how))
    for worst, seconds, again, name, how in sorted(rows, reverse=True):
        print(f"{worst:7.4f} s a million gas  {name:34} first {seconds:7.4f} s, again {again:7.4f} s  {how}")
    if gas <= 2 * 10**6:
        peaks = sorted(((measure_memory(case, gas), name) for name, case in cases.items()), reverse=True)
        for peak, name in peaks[:6]:
            print(f"{peak / 2**20:7.1f} MiB  {name}")


if __name__ == "__main__":
    main()

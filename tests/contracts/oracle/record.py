"""Record what the executable specification says, so that the tests need it only now and then.

usage: python tests/contracts/oracle/record.py      (after tools/make_oracle.sh)

``directed.json``: for each case of directed.py a hash of the case and the result in a line. ``random.json``: whole
cases with whole results, independent of the program that made them. ``abi.json``: types, values and what
eth-abi encodes them to.
"""

import json
import subprocess
import sys
from pathlib import Path
from random import Random

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2])]

from abi_values import make_type, make_value  # noqa: E402
from cases import ENV, VECTORS, ask_specification, digest, get_oracle, shorten  # noqa: E402
from directed import make_directed_cases  # noqa: E402
from programs import make_random_case  # noqa: E402

RANDOM_CASES = 250


def record_directed() -> None:
    """Write the results of the directed cases."""
    cases = make_directed_cases()
    lines = [[digest(case), *shorten(result)] for case, result in zip(cases, ask_specification(cases), strict=True)]
    text = ",\n".join(json.dumps(line) for line in lines)
    (VECTORS / "directed.json").write_text(f"[\n{text}\n]\n")


def record_random() -> None:
    """Write random cases that are short and not alike in how they end."""
    cases = [make_random_case(seed) for seed in range(1_000_000, 1_000_000 + 6 * RANDOM_CASES)]
    kept, room = [], {None: 150, "OutOfGasError": 50}
    for case, result in zip(cases, ask_specification(cases), strict=True):
        end = result.get("error", "invalid")
        if "invalid" in result or len(json.dumps(case)) > 2200 or room.setdefault(end, 25) == 0:
            continue
        room[end] -= 1
        changed = {name: state for name, state in result["post"].items() if case["pre"].get(name) != state}
        gone = [name for name in case["pre"] if name not in result["post"]]
        assert case.pop("env") == ENV
        kept.append({"case": case, "result": {**result, "post": changed}, "gone": gone})
    text = ",\n".join(json.dumps(case, separators=(",", ":")) for case in kept[:RANDOM_CASES])
    (VECTORS / "random.json").write_text(f"[\n{text}\n]\n")


def record_abi() -> None:
    """Write types, values and what eth-abi makes of them."""
    cases = []
    for seed in range(200):
        random = Random(seed)
        kind = make_type(random)
        cases.append([kind, make_value(random, kind)])
    cases = [case for case in cases if len(json.dumps(case)) < 900]
    lines = "".join(json.dumps(case) + "\n" for case in cases)
    script = [get_oracle(), HERE / "run_abi.py"]
    done = subprocess.run(script, input=lines, capture_output=True, text=True, check=True)
    rows = [json.dumps([*case, code]) for case, code in zip(cases, done.stdout.splitlines(), strict=True)]
    (VECTORS / "abi.json").write_text("[\n" + ",\n".join(rows) + "\n]\n")


if __name__ == "__main__":
    record_abi()
    record_directed()
    record_random()

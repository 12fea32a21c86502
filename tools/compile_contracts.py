"""Compile the shipped contracts to the artifacts beside them. Needs Vyper, in this environment or another one.

usage: python tools/compile_contracts.py [--python PYTHON_WITH_VYPER] [NAME ...]
(without --python: $CHAINROOM_VYPER, or this very Python; without names: all sources)
"""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Final

from app.contracts_compiler import CompileFailed, compile_vyper

LIBRARY: Final = Path(__file__).resolve().parents[1] / "chain" / "contracts" / "library"


def compile_contract(name: str, python: str) -> str:
    """Return a shipped contract's artifact as it is committed. Raises CompileFailed."""
    source = (LIBRARY / f"{name}.vy").read_text(encoding="utf-8")
    artifact = compile_vyper(source, name, python)
    return json.dumps(artifact.to_json(), indent=None, separators=(",", ":"), ensure_ascii=False) + "\n"


def main() -> int:
    """Write the artifacts of the named contracts, or of all; return how many failed."""
    parser = argparse.ArgumentParser(description="Compile the shipped contracts.")
    parser.add_argument("--python", default=os.environ.get("CHAINROOM_VYPER", sys.executable))
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    failed = 0
    for name in arguments.names or sorted(path.stem for path in LIBRARY.glob("*.vy")):
        try:
            text = compile_contract(name, arguments.python)
        except CompileFailed as error:
            failed += 1
            print(f"{name}.vy: {error}", file=sys.stderr)
        else:
            (LIBRARY / f"{name}.json").write_text(text, encoding="utf-8")
            print(f"{name}.json: {len(text)} bytes")
    return failed


if __name__ == "__main__":
    sys.exit(main())

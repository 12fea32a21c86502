"""Compiles one Vyper source; run by contracts_compiler.py in a process of its own, never imported.

Reads the source on standard input and writes one JSON object: Vyper's outputs, or ``{"problems": [...]}`` with line
(from 1), column (from 0) and message. The search path is empty: a source can import Vyper's own interfaces and
nothing else, least of all files.
"""

import json
import re
import sys
from pathlib import PurePath
from typing import Any

OUTPUTS = ["abi", "bytecode", "bytecode_runtime", "source_map", "source_map_runtime", "layout"]
MAX_MESSAGE = 2000


def limit_resources(seconds: int, memory_bytes: int) -> None:
    """Let the system end this process when it takes too much; where there is no such limit, the time-out does."""
    try:
        import resource
    except ImportError:
        return
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))


def describe(error: BaseException) -> dict[str, Any]:
    """Return where and why a source does not compile."""
    line, column = getattr(error, "lineno", None), getattr(error, "col_offset", None)
    for annotation in getattr(error, "annotations", None) or ():
        node = annotation[1] if isinstance(annotation, tuple) else annotation
        if line is None and getattr(node, "lineno", None) is not None:
            line, column = node.lineno, node.col_offset
    message = str(getattr(error, "message", None) or error).strip()
    if line is None and (found := re.search(r"line (\d+):(\d+)", message)):  # several problems in one text
        line, column = int(found[1]), int(found[2])
    text = f"{type(error).__name__}: {message}"
    return {"line": line, "column": column, "message": text[:MAX_MESSAGE], "hint": get_hint(error)[:MAX_MESSAGE]}


def get_hint(error: BaseException) -> str:
    """Return what Vyper would try instead."""
    try:
        return str(getattr(error, "hint", None) or "")
    except Exception:  # hints are worked out on demand, and that can fail too
        return ""


def compile_source(source: str, name: str) -> dict[str, Any]:
    """Return Vyper's outputs or the problems."""
    import vyper  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from vyper.compiler import compile_code  # type: ignore[import-not-found, import-untyped, unused-ignore]
    from vyper.compiler.input_bundle import (  # type: ignore[import-not-found, import-untyped, unused-ignore]
        JSONInputBundle,
    )
    from vyper.compiler.settings import Settings  # type: ignore[import-not-found, import-untyped, unused-ignore]

    bundle = JSONInputBundle({}, [PurePath(".")])
    try:
        made = compile_code(
            source,
            f"{name}.vy",
            output_formats=OUTPUTS,
            input_bundle=bundle,
            settings=Settings(evm_version="prague"),
        )
    except Exception as error:
        return {"problems": [describe(error)]}
    return {**made, "compiler": f"vyper {vyper.__version__}", "contractName": name}


if __name__ == "__main__":
    limit_resources(int(sys.argv[2]), int(sys.argv[3]))
    print(json.dumps(compile_source(sys.stdin.read(), sys.argv[1])))

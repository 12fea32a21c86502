"""What is shown when the program fails: where, never a value. Locals and messages may hold secrets."""

import traceback
from typing import Final

MOST_FRAMES: Final = 8


def describe_crash(error: BaseException | None) -> str:
    """Return the kind of the failure and where it happened."""
    lines = ["chainroom failed; this is a bug. Your saved runs and your wallet are as they were."]
    cause = getattr(error, "error", error)  # a worker's failure wraps what failed
    if isinstance(cause, BaseException):
        lines.append(f"{type(cause).__name__} at:")
        lines += [line.rstrip() for line in traceback.format_tb(cause.__traceback__)[-MOST_FRAMES:]]
    return "\n".join(lines)

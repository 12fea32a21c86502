"""A value that must not be seen by accident: a key, a recovery phrase, a passphrase.

Idea: what is secret travels inside a ``Secret``; whoever really needs it calls ``reveal``, which is easy to search for.

Invariants: nothing that prints, formats, logs, copies, pickles or encodes a Secret gets at its content; comparing two
takes a time that does not depend on where they differ.

Simplification: Python cannot wipe memory; a Secret guards against disclosure, not against a debugger.
"""

import hmac
from typing import Final, Generic, NoReturn, TypeVar

S = TypeVar("S", bytes, str)

REDACTED: Final = "Secret(…)"


class Secret(Generic[S]):
    """A secret ``bytes`` or ``str``."""

    __slots__ = ("_value",)

    def __init__(self, value: S) -> None:
        self._value: S = value

    def reveal(self) -> S:
        """Return the content."""
        return self._value

    def __repr__(self) -> str:
        return REDACTED

    def __format__(self, spec: str) -> str:
        return REDACTED

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(_get_bytes(self), _get_bytes(other))

    __hash__ = None  # type: ignore[assignment]  # no place in a set or dict: their look-ups compare hashes first

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is never copied, pickled or encoded; keep it encrypted in the keystore")


def _get_bytes(secret: "Secret[bytes] | Secret[str]") -> bytes:
    value = secret.reveal()
    return b"b" + value if isinstance(value, bytes) else b"s" + value.encode("utf-8", "surrogatepass")

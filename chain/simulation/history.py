"""The one door out: what happened, in order, append-only, with a rolling digest.

Every record changes the digest, so two runs are equal when their digests are. The short form of the digest is kept for
every record, which lets a replay name the first record that differs.
"""

import hashlib
from collections.abc import Callable
from typing import Final

import msgspec

from chain.encoding import encode
from chain.network.spread import Spread
from chain.simulation.commands import Command
from chain.units import TimeUs, format_time

SHORT_DIGEST_BYTES: Final = 4
ROLLING_EVERY: Final = 256
"""Records between two digests that are kept whole."""
NOTED: Final = 1024
"""Notes that may wait for the next record."""


class Record(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One thing that happened."""

    time_us: TimeUs
    kind: str
    """``block``, ``refused-block``, ``transaction``, ``refused-transaction``, ``command``."""
    node: int
    """The node it happened at; -1 for the whole network."""
    subject: bytes
    """The hash of the block or transaction it is about; empty for commands."""
    detail: str = ""
    """The name of the command; the rule and numbers of a refusal."""


class History:
    """Records, and the digest over them."""

    __slots__ = ("_hash", "_noted", "commands", "records", "rolling", "short_digests")

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.commands: dict[int, Command] = {}
        """By number of its record what was commanded; its canonical bytes are in the digest."""
        self.short_digests = bytearray()
        self.rolling: list[tuple[int, int, str]] = []
        """(number of records, virtual time, digest), now and then."""
        self._hash = hashlib.blake2b(digest_size=32, person=b"chainroom-run")
        self._noted: list[tuple[bytes, Spread | None]] = []  # yet to enter the digest

    def append(self, record: Record, evidence: bytes = b"") -> None:
        """Add a record. ``evidence`` enters the digest but is kept elsewhere (arrival tables, command arguments)."""
        self._settle()
        self.records.append(record)
        self._hash.update(encode((record, hashlib.blake2b(evidence, digest_size=32).digest())))
        digest = self._hash.digest()
        self.short_digests += digest[:SHORT_DIGEST_BYTES]
        if len(self.records) % ROLLING_EVERY == 0:
            self.rolling.append((len(self.records), record.time_us, digest.hex()))

    def note(self, evidence: bytes, spread: Spread | None = None) -> None:
        """Let something enter the digest that is too frequent for a record of its own, such as a vote and its spread.

        It enters later, in its turn, so that spreads can be computed many at a time.
        """
        self._noted.append((evidence, spread))
        if len(self._noted) >= NOTED:
            self._settle()

    def _settle(self) -> None:
        noted, self._noted = self._noted, []
        for evidence, spread in noted:
            self._hash.update(evidence if spread is None else evidence + spread.arrival.tobytes())

    def compute_digest(self) -> bytes:
        """Return the digest of everything so far."""
        self._settle()
        return self._hash.digest()

    def describe(self, index: int) -> str:
        """Return where a record stands in words: ``day 0  02:14:37.250, node n07``."""
        record = self.records[index]
        node = f", node n{record.node:02d}" if record.node >= 0 else ""
        return f"{format_time(record.time_us)}{node}"

    def freeze(self) -> Callable[[], "History"]:
        """Return what builds independent histories in the state of now; noted down is only how long it is."""
        self._settle()
        count, rolled, commands, state = len(self.records), len(self.rolling), self.commands.copy(), self._hash.copy()

        def build() -> History:
            other = History()
            other.records, other.rolling = self.records[:count], self.rolling[:rolled]
            other.short_digests = self.short_digests[: count * SHORT_DIGEST_BYTES]
            other.commands, other._hash = commands.copy(), state.copy()
            return other

        return build

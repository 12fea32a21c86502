"""What only some members may read: the content travels from node to node, and the chain holds its commitment alone.

A commitment is the hash of a random salt and the content. Everybody sees it, in a ``Commit`` transaction with its
sender, its time and its place for ever; who has the content can prove what was committed to, and nobody else can guess
it, however few contents are likely, because the salt is secret too.

Sources: Hyperledger Fabric, "Private data" (the hash on the channel's ledger, the data from peer to peer; what is
easily guessed needs a random salt). Commitments by hash: Katz & Lindell, "Introduction to Modern Cryptography".

Simplification: the content goes straight to each member, sealed for it; keys and encryption are left out.
"""

from dataclasses import dataclass, field, replace
from typing import Final

import msgspec

from chain.crypto.hashing import digest
from chain.encoding import encode
from chain.errors import AccessRefused, CommandRefused
from chain.network.spread import Spread
from chain.units import Hash, NodeId, TimeUs

SALT_BYTES: Final = 32
MAX_CONTENT_BYTES: Final = 4096


class Payload(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What is shared: the opening of a commitment."""

    salt: bytes
    content: bytes
    """UTF-8."""


def compute_commitment(payload: Payload) -> Hash:
    """Return the 32 bytes that stand for a payload on the chain."""
    return digest("payload", encode(payload))


def check_payload(payload: Payload) -> None:
    """Check salt and content by themselves. Raises CommandRefused, rule command/payload."""
    if len(payload.salt) != SALT_BYTES or not 1 <= len(payload.content) <= MAX_CONTENT_BYTES:
        raise CommandRefused(
            "command/payload",
            f"a payload has a salt of {SALT_BYTES} bytes and a content of 1 to {MAX_CONTENT_BYTES}, "
            f"not {len(payload.salt)} and {len(payload.content)}",
        )
    try:
        payload.content.decode()
    except UnicodeDecodeError:
        raise CommandRefused("command/payload", "the content of a payload is text in UTF-8, and this is not") from None


@dataclass(slots=True)
class PayloadRecord:
    """A payload that was shared."""

    commitment: Hash
    payload: Payload
    origin: NodeId
    shared_us: TimeUs
    members: tuple[NodeId, ...]
    """Who may read it, the origin included, in order."""
    spreads: dict[NodeId, Spread]
    """How it goes to each other member."""

    def get_known_us(self, node: int) -> int:
        """Return when a member has the content."""
        return self.shared_us if node == self.origin else self.spreads[NodeId(node)].arrival_us(node)


@dataclass(slots=True)
class PayloadTable:
    """Everything shared in a run, by commitment, in order."""

    records: dict[Hash, PayloadRecord] = field(default_factory=dict)

    def add(self, record: PayloadRecord) -> None:
        """Append a payload."""
        self.records[record.commitment] = record

    def get_record(self, commitment: Hash, node: int, at_us: int) -> PayloadRecord:
        """Return what a commitment stands for, as a node had it at a moment. Raises AccessRefused, access/read."""
        record = self.records.get(commitment)
        name = f"commitment {commitment.hex()[:16]}…"
        if record is None or record.shared_us > at_us:
            raise AccessRefused("access/read", f"nobody has shared what {name} stands for")
        allowed = ", ".join(f"n{member:02d}" for member in record.members)
        if node not in record.members:
            raise AccessRefused("access/read", f"n{node:02d} may not read what {name} stands for; may: {allowed}")
        if record.get_known_us(node) > at_us:
            raise AccessRefused("access/read", f"what {name} stands for has not reached n{node:02d} yet")
        return record

    def refresh(self, changed: list[Spread]) -> None:
        """Take over arrivals that a change of links has moved."""
        by_key = {spread.key: spread for spread in changed}
        for record in self.records.values():
            for member, spread in record.spreads.items():
                record.spreads[member] = by_key.get(spread.key, spread)

    def copy(self) -> "PayloadTable":
        """Return an independent table; payloads are shared."""
        return PayloadTable({key: replace(it, spreads=it.spreads.copy()) for key, it in self.records.items()})

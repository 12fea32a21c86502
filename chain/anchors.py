"""Anchors: the hash of a private block, written into a public chain, and the proof of it that anybody can check.

A proof is a document of plain values that needs no chain to be checked::

    kind          "anchor", version 1
    anchored      {chain_id, height, block}: what is claimed to be written down
    private_header  the anchored block's header, in hex
    transaction   the signed Anchor transaction on the public chain, in hex
    path          of {side, hash}: from the transaction to the root in the first of the headers
    headers       of the public chain, in hex: the block with the transaction, and what was built on it
    confirmations how many headers there are
    finality      what "final" means there: none, depth, economic or instant
    digest        of all the rest (`seal`)

A member that rewrites its chain below an anchor cannot hide it: another header has another hash, and the public chain
still names the old one.

Sources: Nakamoto, section 8 (headers and a branch of the Merkle tree); Haber & Stornetta (1991), "How to Time-Stamp a
Digital Document"; OpenTimestamps, which writes hashes of anything into Bitcoin.
"""

import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, Literal, NamedTuple

import msgspec

from chain.crypto import merkle
from chain.crypto.hashing import HASH_BYTES, digest
from chain.encoding import decode, encode
from chain.errors import InvalidInput
from chain.ledger.actions import Anchor
from chain.ledger.block import Header
from chain.ledger.transaction import SignedTransaction
from chain.units import Address, Hash
from chain.wallet.address import decode_address, encode_address

KIND: Final = "anchor"
VERSION: Final = 1


class Anchored(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is claimed to be written down."""

    chain_id: int
    height: int
    block: str
    """Its hash, in hex."""


class Partner(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A neighbour on the way up a Merkle tree."""

    side: Literal["left", "right"]
    hash: str


class AnchorProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The document."""

    kind: str
    version: int
    anchored: Anchored
    private_header: str
    transaction: str
    sender: str
    """The address that writes anchors for the private chain."""
    path: tuple[Partner, ...]
    headers: tuple[str, ...]
    confirmations: int
    finality: Literal["none", "depth", "economic", "instant"]
    digest: str = ""


class Step(NamedTuple):
    """One thing that was checked."""

    name: str
    is_good: bool
    text: str
    """The numbers that agreed, or did not."""


class Verdict(NamedTuple):
    """What a proof is worth."""

    steps: tuple[Step, ...]
    """In order; nothing is checked after the first that fails."""
    trusted: tuple[str, ...]
    """What the proof cannot show, and one must know from elsewhere."""

    @property
    def is_good(self) -> bool:
        """Whether every step holds."""
        return all(step.is_good for step in self.steps)


def build_path(leaves: list[bytes], index: int) -> tuple[Partner, ...]:
    """Return the partners on the way from a leaf to the root, with their sides."""
    path, place = [], index
    for level in merkle.compute_levels(leaves)[:-1]:
        if place ^ 1 < len(level):
            path.append(Partner("left" if place & 1 else "right", level[place ^ 1].hex()))
        place >>= 1
    return tuple(path)


def iter_path(name: str, what: str, leaf: bytes, path: tuple[Partner, ...], root: Hash) -> Iterator[Step]:
    """Yield a step a level: the pair that is hashed, and the node above it; the last compares with the root.

    ValueError may escape when a partner's hash cannot be read.
    """
    found = merkle.hash_leaf(leaf)
    yield Step(name, True, f"the {what} as a leaf hashes to {_short(found.hex())}")
    for partner in path:
        other = bytes.fromhex(partner.hash)
        left, right = (other, found) if partner.side == "left" else (found, other)
        found = merkle.hash_pair(left, right)
        text = f"hash of {_short(left.hex())} and {_short(right.hex())} is {_short(found.hex())}"
        yield Step(name, len(other) == HASH_BYTES, text)
    yield Step(name, found == root, f"leads to {_short(found.hex())}; the header commits to {_short(root.hex())}")


def seal(document: msgspec.Struct) -> dict[str, Any]:
    """Return a proof as plain values, with the digest of all of them but itself.

    It shows that nothing was damaged on the way, also where no other step looks, such as in the last header. It shows
    no more: whoever forges a proof can compute it anew.
    """
    plain: dict[str, Any] = msgspec.to_builtins(document)
    rest = {key: value for key, value in plain.items() if key != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return {**plain, "digest": digest("proof-document", text.encode()).hex()}


def check_seal(proof: msgspec.Struct, claimed: str) -> Step:
    """Return the last step of a proof: whether the whole document is as it was written."""
    found = seal(proof)["digest"]
    return Step("document", found == claimed, f"all of it hashes to {_short(found)}; it says {_short(claimed)}")


def build_anchor_proof(
    private_header: Header, signed: SignedTransaction, ids: list[bytes], headers: tuple[Header, ...], finality: str
) -> dict[str, Any]:
    """Return the document of an anchor as plain values.

    ``ids`` are those of all transactions of the public block that holds it, ``headers`` begin with that block's.
    """
    action = signed.transaction.action
    assert isinstance(action, Anchor), "only an Anchor transaction proves an anchor"
    document = AnchorProof(
        kind=KIND,
        version=VERSION,
        anchored=Anchored(action.chain_id, action.height, action.block.hex()),
        private_header=encode(private_header).hex(),
        transaction=encode(signed).hex(),
        sender=encode_address(signed.sender),
        path=build_path(ids, ids.index(signed.id)),
        headers=tuple(encode(header).hex() for header in headers),
        confirmations=len(headers),
        finality=finality,  # type: ignore[arg-type]  # the value of a Finality
    )
    return seal(document)


def read_anchor_proof(document: object) -> AnchorProof:
    """Return the typed document. Raises InvalidInput saying what is wrong with its form."""
    try:
        typed = msgspec.convert(document, AnchorProof)
    except (msgspec.ValidationError, RecursionError) as error:
        raise InvalidInput("anchor proof", str(error), "a document as chainroom writes it") from None
    if (typed.kind, typed.version) != (KIND, VERSION):
        raise InvalidInput("anchor proof", f"{typed.kind} {typed.version}", f"{KIND} {VERSION}")
    return typed


def verify_anchor(document: object, private_header: Header | None = None, sender: Address | None = None) -> Verdict:
    """Check a proof step by step. Raises InvalidInput when it is no anchor proof at all.

    ``private_header``: of the block that somebody shows today as the one at that height; ``sender``: the account known
    to write this chain's anchors. Both are taken from the proof itself when they are not given, and are then trusted.
    """
    proof = read_anchor_proof(document)
    steps = []
    try:
        for step in _iter_steps(proof, private_header, sender):
            steps.append(step)
            if not step.is_good:
                break
    except (InvalidInput, ValueError) as error:
        steps.append(Step("form", False, f"a part cannot be read: {error}"))
    return Verdict(tuple(steps), _get_trusted(proof, private_header, sender))


def _iter_steps(proof: AnchorProof, private_header: Header | None, sender: Address | None) -> Iterator[Step]:
    """Yield each step; one that follows on a failed step may rely on it and is never asked for."""
    own = decode(Header, bytes.fromhex(proof.private_header))
    signed = decode(SignedTransaction, bytes.fromhex(proof.transaction))
    headers = [decode(Header, bytes.fromhex(header)) for header in proof.headers]
    claimed, shown = decode_address(proof.sender), private_header or own
    anchored, action = proof.anchored, signed.transaction.action
    is_right = shown.hash.hex() == anchored.block and shown.height == anchored.height
    yield Step(
        "private block",
        is_right,
        f"the header of private block #{shown.height} has the hash {_short(shown.hash.hex())}; "
        f"anchored is #{anchored.height} {_short(anchored.block)}",
    )
    is_named = isinstance(action, Anchor) and _describe(action) == _describe_claim(anchored)
    named = _describe(action) if isinstance(action, Anchor) else f"nothing: it is a {type(action).__name__}"
    yield Step("transaction", is_named, f"the transaction writes down {named}; claimed is {_describe_claim(anchored)}")
    expected = sender or claimed
    yield Step(
        "signature",
        signed.is_signature_valid and signed.sender == expected,
        f"signed by {encode_address(signed.sender)}, expected {encode_address(expected)}; "
        f"the signature {'holds' if signed.is_signature_valid else 'does not hold'}",
    )
    yield from _iter_headers(proof, signed, headers)


def _iter_headers(proof: AnchorProof, signed: SignedTransaction, headers: list[Header]) -> Iterator[Step]:
    """Yield the steps on the public chain."""
    if not headers:
        yield Step("inclusion", False, "the proof has no header of the public chain")
        return
    yield from iter_path("inclusion", "transaction", signed.id, proof.path, headers[0].transactions_root)
    broken = [n.height for p, n in pairwise(headers) if n.parent != p.hash or n.height != p.height + 1]
    text = f"block #{broken[0]} does not name the one before" if broken else "each names the one before"
    yield Step("chain of headers", not broken, f"{len(headers)} public headers: {text}")
    count = proof.confirmations
    yield Step("confirmations", len(headers) == count, f"{count} are claimed, and there are {len(headers)} headers")
    yield check_seal(proof, proof.digest)


def _get_trusted(proof: AnchorProof, private_header: Header | None, sender: Address | None) -> tuple[str, ...]:
    last = proof.headers[-1][:16] if proof.headers else "none"
    trusted = [
        f"that the last public header ({last}…) belongs to the public chain's main branch: ask any public node",
        f"that {len(proof.headers)} confirmations are enough there ({proof.finality} finality)",
    ]
    if sender is None:
        trusted.append(f"that {proof.sender} writes the anchors of chain {proof.anchored.chain_id}")
    if private_header is None:
        trusted.append("nothing is said of later private blocks, nor that this one is valid: only that it was so then")
    return tuple(trusted)


def _describe(action: Anchor) -> str:
    return f"chain {action.chain_id} #{action.height} {_short(action.block.hex())}"


def _describe_claim(anchored: Anchored) -> str:
    return f"chain {anchored.chain_id} #{anchored.height} {_short(anchored.block)}"


def _short(text: str) -> str:
    return f"{text[:16]}…"

"""A Merkle tree over a list of leaves: one hash for all of them, and short proofs that one is among them.

Idea: leaves are hashed in the domain ``merkle-leaf``, pairs in ``merkle-node``; a node without a partner rises to the
next level as it is.

Invariants: two different lists never share a root (tags keep a node from passing as a leaf; nothing is duplicated, so
Bitcoin's CVE-2012-2459 cannot happen); a proof of n leaves has at most ceil(log2 n) hashes.

Source: Merkle (1987); the shape is that of RFC 6962, section 2.1.

Simplification: the root does not commit to the number of leaves, so a proof shows that the leaf is in the tree; that it
is at ``index`` holds only as far as ``leaf_count`` is trusted.
"""

from collections.abc import Sequence
from typing import Final

import msgspec

from chain.crypto.hashing import HASH_BYTES, digest
from chain.errors import InvalidInput
from chain.units import Hash

EMPTY_ROOT: Final = digest("merkle-empty", b"")
"""The root of no leaves."""


class MerkleProof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What someone needs, besides the leaf, to recompute the root."""

    index: int
    """The leaf's place in the list, from 0."""
    leaf_count: int
    """How many leaves the tree has."""
    path: tuple[bytes, ...]
    """The partners' hashes, from the leaves upwards; levels on which the node has no partner are left out."""


def hash_leaf(leaf: bytes) -> Hash:
    """Return the hash of a leaf."""
    return digest(b"merkle-leaf", leaf)


def hash_pair(left: bytes, right: bytes) -> Hash:
    """Return the hash of the node above two nodes."""
    return digest(b"merkle-node", left + right)


def compute_levels(leaves: Sequence[bytes]) -> list[list[Hash]]:
    """Return every level of the tree, leaf hashes first, the root alone in the last; no levels for no leaves."""
    if not leaves:
        return []
    levels = [[hash_leaf(leaf) for leaf in leaves]]
    while len(level := levels[-1]) > 1:
        above = [hash_pair(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        levels.append(above + level[len(above) * 2 :])
    return levels


def compute_root(leaves: Sequence[bytes]) -> Hash:
    """Return the root over the leaves in their order."""
    levels = compute_levels(leaves)
    return levels[-1][0] if levels else EMPTY_ROOT


def build_proof(leaves: Sequence[bytes], index: int) -> MerkleProof:
    """Return the proof that ``leaves[index]`` is in the tree. Raises InvalidInput when there is no such leaf."""
    if not 0 <= index < len(leaves):
        raise InvalidInput("leaf index", index, f"0 to {len(leaves) - 1}")
    path, place = [], index
    for level in compute_levels(leaves)[:-1]:
        if place ^ 1 < len(level):
            path.append(level[place ^ 1])
        place >>= 1
    return MerkleProof(index, len(leaves), tuple(path))


def verify_proof(root: bytes, leaf: bytes, proof: MerkleProof) -> bool:
    """Tell whether the proof shows that ``leaf`` is in the tree with this root; a malformed proof does not."""
    place, last, found = proof.index, proof.leaf_count - 1, hash_leaf(leaf)
    if not 0 <= place <= last:
        return False
    partners = iter(proof.path)
    while last > 0:
        if place ^ 1 <= last:
            partner = next(partners, b"")
            if len(partner) != HASH_BYTES:
                return False
            found = hash_pair(partner, found) if place & 1 else hash_pair(found, partner)
        place, last = place >> 1, last >> 1
    return next(partners, None) is None and found == root

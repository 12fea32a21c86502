"""A Merkle tree: levels as they are drawn, a root, proofs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.crypto.merkle import (
    EMPTY_ROOT,
    MerkleProof,
    build_proof,
    compute_levels,
    compute_root,
    hash_leaf,
    hash_pair,
    verify_proof,
)
from chain.encoding import decode, encode
from chain.errors import InvalidInput

LEAVES = st.lists(st.binary(max_size=8), min_size=1, max_size=40)


def compute_root_of_rfc_6962(leaves: list[bytes]) -> bytes:
    """The definition of RFC 6962, section 2.1: split at the largest power of two below the number of leaves."""
    if len(leaves) == 1:
        return hash_leaf(leaves[0])
    split = 1 << (len(leaves) - 1).bit_length() - 1
    return hash_pair(compute_root_of_rfc_6962(leaves[:split]), compute_root_of_rfc_6962(leaves[split:]))


def test_five_leaves_by_hand() -> None:
    a, b, c, d, e = (hash_leaf(leaf) for leaf in (b"a", b"b", b"c", b"d", b"e"))
    ab, cd = hash_pair(a, b), hash_pair(c, d)
    abcd = hash_pair(ab, cd)
    levels = compute_levels([b"a", b"b", b"c", b"d", b"e"])
    assert levels == [[a, b, c, d, e], [ab, cd, e], [abcd, e], [hash_pair(abcd, e)]]
    assert build_proof([b"a", b"b", b"c", b"d", b"e"], 4) == MerkleProof(4, 5, (abcd,))


def test_no_leaves() -> None:
    assert compute_levels([]) == []
    assert compute_root([]) == EMPTY_ROOT
    with pytest.raises(InvalidInput, match="leaf index"):
        build_proof([], 0)


@given(LEAVES)
def test_the_shape_is_that_of_rfc_6962(leaves: list[bytes]) -> None:
    assert compute_root(leaves) == compute_root_of_rfc_6962(leaves)


@given(LEAVES, st.data())
def test_a_proof_shows_its_leaf_and_no_other(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    root, proof = compute_root(leaves), build_proof(leaves, index)
    assert len(proof.path) <= (len(leaves) - 1).bit_length()
    assert verify_proof(root, leaves[index], proof)
    assert not verify_proof(root, leaves[index] + b"!", proof)
    assert not verify_proof(hash_leaf(b"another root"), leaves[index], proof)
    assert decode(MerkleProof, encode(proof)) == proof


@given(LEAVES, st.integers(-2, 50), st.integers(-2, 2**63), st.lists(st.binary(min_size=31, max_size=33), max_size=7))
def test_a_made_up_proof_shows_nothing(leaves: list[bytes], index: int, count: int, path: list[bytes]) -> None:
    root = compute_root(leaves)
    assert not verify_proof(root, b"not a leaf of this tree", MerkleProof(index, count, tuple(path)))


@given(LEAVES, LEAVES)
def test_different_lists_have_different_roots(left: list[bytes], right: list[bytes]) -> None:
    assert (compute_root(left) == compute_root(right)) == (left == right)


def test_a_repeated_tail_changes_the_root() -> None:
    """Bitcoin's CVE-2012-2459: there the odd leaf is paired with itself, so that these two lists share a root."""
    assert compute_root([b"a", b"b", b"c"]) != compute_root([b"a", b"b", b"c", b"c"])


def test_a_node_cannot_pass_as_a_leaf() -> None:
    left, right = hash_leaf(b"a"), hash_leaf(b"b")
    assert compute_root([left + right]) != compute_root([b"a", b"b"])

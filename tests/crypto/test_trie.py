"""The persistent Merkle map obeys the laws of a dict, and its root depends on the content alone."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from chain.crypto.hashing import digest
from chain.crypto.trie import (
    EMPTY_ROOT,
    EMPTY_TRIE,
    MAX_KEY_BYTES,
    Trie,
    TrieProof,
    TrieStep,
    hash_branch,
    hash_leaf,
    verify_proof,
)
from chain.encoding import decode, encode
from chain.errors import InvalidInput

# Few different bytes, so that keys share prefixes, and one may be the beginning of another.
KEYS = st.lists(st.sampled_from([0, 1, 16, 255]), max_size=4).map(bytes)
VALUES = st.sampled_from([b"", b"1", b"2"])
CONTENTS = st.dictionaries(KEYS, VALUES, max_size=24)


def build_addresses(count: int) -> list[bytes]:
    return [digest("test", str(i).encode())[:20] for i in range(count)]


def test_it_is_used_like_this() -> None:
    empty = EMPTY_TRIE
    one = empty.put(b"key", b"value")
    two = one.put(b"other", b"thing")
    assert (empty.get(b"key"), one.get(b"key"), one.get(b"other")) == (None, b"value", None)
    assert list(two.items()) == [(b"key", b"value"), (b"other", b"thing")]
    assert two.delete(b"other").root == one.root
    assert list(one.diff(two)) == [(b"other", None, b"thing")]
    proof = two.prove(b"key")
    assert verify_proof(two.root, b"key", b"value", proof)


def test_the_root_by_hand() -> None:
    first, second = hash_leaf(b"\x12\x34", b"a"), hash_leaf(b"\x12\x56", b"b")
    assert EMPTY_TRIE.root == EMPTY_ROOT
    assert Trie({b"\x12\x34": b"a"}).root == first
    # Both keys share the nibbles 1 and 2 (steps 2 and 3) and part at 3 and 5 (steps 4 and 6).
    branch = hash_branch(b"\x02\x03", 1 << 4 | 1 << 6, [first, second])
    assert Trie({b"\x12\x34": b"a", b"\x12\x56": b"b"}).root == branch


def test_a_key_that_begins_another_ends_at_step_0() -> None:
    leaves = [hash_leaf(b"\x12", b"a"), hash_leaf(b"\x12\x56", b"b")]
    assert Trie({b"\x12": b"a", b"\x12\x56": b"b"}).root == hash_branch(b"\x02\x03", 1 << 0 | 1 << 6, leaves)


class TrieLaws(RuleBasedStateMachine):
    """A map and a dict that go through the same changes stay the same; old versions stay as they were."""

    def __init__(self) -> None:
        super().__init__()
        self.trie, self.model = EMPTY_TRIE, dict[bytes, bytes]()
        self.versions: list[tuple[Trie, bytes, dict[bytes, bytes]]] = []

    @rule(key=KEYS, value=VALUES)
    def put(self, key: bytes, value: bytes) -> None:
        self.trie = self.trie.put(key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def delete(self, key: bytes) -> None:
        self.trie = self.trie.delete(key)
        self.model.pop(key, None)

    @rule(changes=st.dictionaries(KEYS, VALUES | st.none(), max_size=8))
    def put_many(self, changes: dict[bytes, bytes | None]) -> None:
        self.trie = self.trie.put_many(changes)
        merged: dict[bytes, bytes | None] = {**self.model, **changes}
        self.model = {key: value for key, value in merged.items() if value is not None}

    @rule()
    def remember(self) -> None:
        self.versions.append((self.trie, self.trie.root, dict(self.model)))

    @invariant()
    def is_the_same(self) -> None:
        assert list(self.trie.items()) == sorted(self.model.items())
        assert self.trie.root == Trie(self.model).root

    @invariant()
    def old_versions_stay(self) -> None:
        for trie, root, model in self.versions:
            assert list(trie.items()) == sorted(model.items())
            assert trie.root == root == Trie(model).root


TrieLaws.TestCase.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
test_laws = TrieLaws.TestCase


@given(CONTENTS, KEYS)
def test_get(content: dict[bytes, bytes], key: bytes) -> None:
    assert Trie(content).get(key) == content.get(key)


@given(st.permutations(sorted(Trie({bytes([i % 7, i]): b"x" for i in range(9)}).items())))
def test_the_order_of_changes_does_not_matter(items: list[tuple[bytes, bytes]]) -> None:
    one_by_one = EMPTY_TRIE
    for key, value in items:
        one_by_one = one_by_one.put(key, value)
    assert one_by_one.root == Trie(sorted(items)).root


@given(CONTENTS, KEYS, VALUES)
def test_deleting_is_as_if_never_put(content: dict[bytes, bytes], key: bytes, value: bytes) -> None:
    content.pop(key, None)
    assert Trie(content).put(key, value).delete(key).root == Trie(content).root


@given(CONTENTS, CONTENTS)
def test_equal_content_equal_root(left: dict[bytes, bytes], right: dict[bytes, bytes]) -> None:
    assert (Trie(left).root == Trie(right).root) == (left == right)
    assert (Trie(left) == Trie(right)) == (left == right)


@given(CONTENTS, CONTENTS)
def test_diff(left: dict[bytes, bytes], right: dict[bytes, bytes]) -> None:
    keys = sorted(left.keys() | right.keys())
    expected = [(key, left.get(key), right.get(key)) for key in keys if left.get(key) != right.get(key)]
    assert list(Trie(left).diff(Trie(right))) == expected


@given(CONTENTS, KEYS)
def test_items_below_a_prefix(content: dict[bytes, bytes], prefix: bytes) -> None:
    assert list(Trie(content).items(prefix)) == sorted(item for item in content.items() if item[0].startswith(prefix))


@given(CONTENTS, KEYS, VALUES | st.none())
def test_a_proof_shows_the_value_or_the_absence_and_nothing_else(
    content: dict[bytes, bytes], key: bytes, claimed: bytes | None
) -> None:
    trie = Trie(content)
    proof = trie.prove(key)
    assert verify_proof(trie.root, key, claimed, proof) == (claimed == content.get(key))
    assert decode(TrieProof, encode(proof)) == proof


@given(CONTENTS, KEYS, KEYS, VALUES | st.none())
def test_a_proof_for_one_key_never_misleads_about_another(
    content: dict[bytes, bytes], key: bytes, other: bytes, claimed: bytes | None
) -> None:
    trie = Trie(content)
    if verify_proof(trie.root, other, claimed, trie.prove(key)):
        assert claimed == content.get(other)


STEPS = st.builds(
    TrieStep,
    st.binary(max_size=3),
    st.integers(-1, 1 << 18),
    st.lists(st.binary(min_size=31, max_size=33), max_size=3).map(tuple),
)


@given(CONTENTS, KEYS, st.lists(STEPS, max_size=3), st.tuples(KEYS, VALUES) | st.none(), VALUES | st.none(), st.data())
def test_a_made_up_proof_shows_nothing_false(
    content: dict[bytes, bytes],
    key: bytes,
    steps: list[TrieStep],
    item: tuple[bytes, bytes] | None,
    claimed: bytes | None,
    data: st.DataObject,
) -> None:
    trie = Trie(content)
    true_steps = trie.prove(key).steps
    kept = data.draw(st.integers(0, len(true_steps)))
    if verify_proof(trie.root, key, claimed, TrieProof((*true_steps[:kept], *steps), item)):
        assert claimed == content.get(key)


def test_a_made_up_root_whose_branch_is_longer_than_the_key_shows_no_value() -> None:
    """No map has such a branch, but who makes up a root can make up its proof too: it must get an answer."""
    step = TrieStep(b"\0", 1, (hash_leaf(b"", b"x"),))
    root = hash_branch(step.prefix, step.bitmap, step.hashes)
    assert not verify_proof(root, b"", b"x", TrieProof((step,), (b"", b"x")))


def test_a_thousand_addresses() -> None:
    keys = build_addresses(1000)
    trie = Trie((key, b"balance") for key in keys)
    assert [trie.get(key) for key in keys] == [b"balance"] * 1000
    assert [key for key, _ in trie.items()] == sorted(keys)
    assert len(trie.prove(keys[0]).steps) <= 5  # log16 1000 = 2.5


def test_versions_share_what_they_have_in_common() -> None:
    keys = build_addresses(1000)
    before = Trie((key, b"balance") for key in keys)
    after = before.put(keys[0], b"changed")
    children_before, children_after = before._top.children, after._top.children  # type: ignore[union-attr]
    assert sum(a is not b for a, b in zip(children_before, children_after, strict=True)) == 1


def test_changes_that_change_nothing_return_the_same_version() -> None:
    trie = Trie((key, b"balance") for key in build_addresses(50))
    key = build_addresses(1)[0]
    assert trie.put(key, b"balance") is trie
    assert trie.delete(b"not there") is trie
    assert trie.put_many({key: b"balance", b"not there": None}) is trie
    assert trie.put_many({}) is trie


def test_a_diff_does_not_enter_equal_parts() -> None:
    keys = build_addresses(2000)
    before = Trie((key, b"balance") for key in keys)
    rebuilt = Trie((key, b"balance") for key in keys)  # equal, but no object in common
    hashed = rebuilt.root, before.root
    assert hashed[0] == hashed[1]
    assert next(before.diff(rebuilt), None) is None
    changed = rebuilt.put(keys[3], b"other")
    assert list(before.diff(changed)) == [(keys[3], b"balance", b"other")]


@pytest.mark.parametrize("key", [bytes(MAX_KEY_BYTES), b"\xff" * MAX_KEY_BYTES])
def test_the_longest_keys_and_the_deepest_paths(key: bytes) -> None:
    beginnings = {key[:length]: b"x" for length in range(MAX_KEY_BYTES + 1)}
    trie = Trie(beginnings)
    assert list(trie.items()) == sorted(beginnings.items())
    assert verify_proof(trie.root, key, b"x", trie.prove(key))
    assert trie.put_many(dict.fromkeys(beginnings)).root == EMPTY_ROOT


def test_a_longer_key_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at most 128 bytes"):
        EMPTY_TRIE.put(bytes(MAX_KEY_BYTES + 1), b"")

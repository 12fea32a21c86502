"""A persistent Merkle map from bytes to bytes: every version is a value, and versions share what they have in common.

Idea: a radix-16 tree over the half-bytes (nibbles) of the keys. A branch stands only where keys part, so a map of n
evenly spread keys is about log16 n deep; a leaf holds its whole key. A change copies the branches on its way and shares
the rest; hashes are computed when first asked for and then kept in the node.

Keys are not hashed before use, so that items come in the order of the keys and a common prefix (an account's storage)
is one subtree. Keys may have any lengths up to MAX_KEY_BYTES: a path is the nibbles counted from 1, closed by the step
0, so that a key which is the start of another parts from it like any other.

Invariants:
- The shape, hence the root, depends on the content alone: never on the order of changes, nor on what was deleted.
- A branch has at least two children. A node is never changed, except that its hash is filled in.
- A root commits to every key and value; two different contents never share one.

Source: Morrison, PATRICIA (1968); Ethereum's Merkle Patricia trie (Yellow Paper, appendix D) without RLP, extension
nodes and hashed keys; path copying after Driscoll et al. (1989).

Simplification: with unhashed keys somebody who chooses keys can make single paths long (a step per nibble at most).
Addresses and slots of this network are mostly hashes, where that costs as much as grinding.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

import msgspec

from chain.crypto.hashing import HASH_BYTES, digest
from chain.errors import InvalidInput
from chain.units import Hash

MAX_KEY_BYTES: Final = 128
EMPTY_ROOT: Final = digest("trie-empty", b"")
"""The root of the map without items."""

_FANOUT: Final = 17  # 16 nibbles and the end of the key
_STEPS: Final = bytes.maketrans(b"0123456789abcdef", bytes(range(1, _FANOUT)))


class Leaf(msgspec.Struct, gc=False):
    """An item. Nodes are no garbage-collected objects: they cannot form cycles, and there are many of them."""

    key: bytes
    value: bytes
    hash: Hash | None = None


class Branch(msgspec.Struct, gc=False):
    """A place where keys part."""

    prefix: bytes
    """The steps that all keys below share after those that led here."""
    bitmap: int
    """Bit s is set when there is a child at step s."""
    children: tuple["Node", ...]
    """The children that exist, by step."""
    hash: Hash | None = None


Node = Leaf | Branch
Change = tuple[bytes, bytes, bytes | None]
"""The path of a key, the key, its new value or None to delete it."""


def compute_path(key: bytes) -> bytes:
    """Return the steps of a key: its nibbles plus one, then 0. Raises InvalidInput when the key is too long."""
    if len(key) > MAX_KEY_BYTES:
        raise InvalidInput("trie key length", len(key), f"at most {MAX_KEY_BYTES} bytes")
    return key.hex().encode().translate(_STEPS) + b"\0"


def hash_leaf(key: bytes, value: bytes) -> Hash:
    """Return the hash of an item."""
    return digest(b"trie-leaf", len(key).to_bytes(2) + key + value)


def hash_branch(prefix: bytes, bitmap: int, hashes: Iterable[bytes]) -> Hash:
    """Return the hash of a branch with these children's hashes."""
    return digest(b"trie-branch", b"".join((len(prefix).to_bytes(2), prefix, bitmap.to_bytes(3), *hashes)))


def compute_hash(node: Node) -> Hash:
    """Return a node's hash, computing it and those below it where they are not known yet."""
    if node.hash is None:
        if isinstance(node, Leaf):
            node.hash = hash_leaf(node.key, node.value)
        else:
            hashes = [child.hash or compute_hash(child) for child in node.children]
            node.hash = hash_branch(node.prefix, node.bitmap, hashes)
    return node.hash


def _count_common(left: bytes, right: bytes) -> int:
    """Return how many steps two paths share."""
    length = min(len(left), len(right))
    unlike = int.from_bytes(left[:length]) ^ int.from_bytes(right[:length])
    return length - (unlike.bit_length() + 7) // 8


def _get_rest(node: Node, depth: int) -> bytes:
    """Return the steps from ``depth`` on that everything in the node shares."""
    return compute_path(node.key)[depth:] if isinstance(node, Leaf) else node.prefix


def _open(node: Node | None, rest: bytes, common: int) -> tuple[int, list[Node]]:
    """Return the bitmap and the children a node would have as a branch ``common`` steps down its shared rest."""
    if node is None:
        return 0, []
    if isinstance(node, Leaf):
        return 1 << rest[common], [node]
    if common == len(rest):
        return node.bitmap, list(node.children)
    return 1 << rest[common], [Branch(rest[common + 1 :], node.bitmap, node.children)]


def _join(prefix: bytes, bitmap: int, children: list[Node]) -> Node | None:
    """Return the one proper node for these children: none, the only child with its path restored, or a branch."""
    if len(children) > 1:
        return Branch(prefix, bitmap, tuple(children))
    only = children[0] if children else None
    if only is None or isinstance(only, Leaf):
        return only
    step = bytes((bitmap.bit_length() - 1,))
    return Branch(prefix + step + only.prefix, only.bitmap, only.children)


def _update(node: Node | None, changes: list[Change], depth: int) -> Node | None:
    """Return the node after changes to distinct keys, sorted by path, whose first ``depth`` steps led to the node."""
    path, key, value = changes[0]
    if len(changes) == 1 and (node is None or (isinstance(node, Leaf) and node.key == key)):
        if node is not None and node.value == value:
            return node
        return None if value is None else Leaf(key, value)
    rest = path[depth:] if node is None else _get_rest(node, depth)
    common = len(rest) and min(_count_common(rest, path[depth:]), _count_common(rest, changes[-1][0][depth:]))
    return _update_children(node, rest, common, changes, depth)


def _update_children(node: Node | None, rest: bytes, common: int, changes: list[Change], depth: int) -> Node | None:
    """Open the node where the changes part from it or from each other, and hand each child its share of them."""
    bitmap, children = _open(node, rest, common)
    at, start, same = depth + common, 0, True
    while start < len(changes):
        step, end = changes[start][0][at], start + 1
        while end < len(changes) and changes[end][0][at] == step:
            end += 1
        bit = 1 << step
        index = (bitmap & (bit - 1)).bit_count()
        old = children[index] if bitmap & bit else None
        new = _update(old, changes[start:end], at + 1)
        if new is not old:
            children[index : index + (old is not None)] = () if new is None else (new,)
            bitmap = bitmap | bit if new is not None else bitmap & ~bit
            same = False
        start = end
    return node if same else _join(rest[:common], bitmap, children)


def _iterate(node: Node) -> Iterator[tuple[bytes, bytes]]:
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, Leaf):
            yield node.key, node.value
        else:
            stack.extend(reversed(node.children))


Difference = tuple[bytes, bytes | None, bytes | None]
"""A key, its value in the one map and in the other; None where it is missing."""


def _diff(left: Node | None, right: Node | None, depth: int) -> Iterator[Difference]:
    if left is right:
        return
    if left is None or right is None:
        for key, value in _iterate(left or right):  # type: ignore[arg-type]  # they are not both None
            yield (key, None, value) if left is None else (key, value, None)
        return
    if compute_hash(left) == compute_hash(right):
        return
    if isinstance(left, Leaf) and isinstance(right, Leaf) and left.key == right.key:
        yield left.key, left.value, right.value
        return
    rests = _get_rest(left, depth), _get_rest(right, depth)
    common = _count_common(*rests)
    (left_bitmap, lefts), (right_bitmap, rights) = _open(left, rests[0], common), _open(right, rests[1], common)
    for step in range(_FANOUT):
        bit = 1 << step
        if (left_bitmap | right_bitmap) & bit:
            yield from _diff(
                lefts.pop(0) if left_bitmap & bit else None,
                rights.pop(0) if right_bitmap & bit else None,
                depth + common + 1,
            )


class TrieStep(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """One branch on the way to a key, as its hash commits to it."""

    prefix: bytes
    bitmap: int
    hashes: tuple[bytes, ...]


class TrieProof(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What shows that a key has a value in the map with a given root, or that it has none."""

    steps: tuple[TrieStep, ...]
    """The branches from the root towards the key, as far as they lead."""
    item: tuple[bytes, bytes] | None
    """The key and value of the leaf where the way ends; None when it ends in front of a missing child."""


def verify_proof(root: bytes, key: bytes, value: bytes | None, proof: TrieProof) -> bool:
    """Tell whether the proof shows that ``key`` has ``value`` (None: has none) in the map with this root.

    A malformed proof shows nothing. Raises InvalidInput when the key is too long for any map.
    """
    path, depth = compute_path(key), 0
    expected: bytes | None = root
    for step in proof.steps:
        if expected is None or not _is_well_formed(step):
            return False
        if hash_branch(step.prefix, step.bitmap, step.hashes) != expected:
            return False
        is_below = path.startswith(step.prefix, depth)
        depth += len(step.prefix)
        bit = 1 << path[depth] if is_below and depth < len(path) else 0
        expected = step.hashes[(step.bitmap & (bit - 1)).bit_count()] if step.bitmap & bit else None
        depth += 1
    if proof.item is None:
        return value is None and (expected is None or expected == EMPTY_ROOT)
    found_key, found_value = proof.item
    if expected != hash_leaf(found_key, found_value):
        return False
    return value == found_value if found_key == key else value is None


def _is_well_formed(step: TrieStep) -> bool:
    return (
        0 < step.bitmap < 1 << _FANOUT
        and step.bitmap.bit_count() == len(step.hashes)
        and len(step.prefix) <= 2 * MAX_KEY_BYTES
        and all(len(found) == HASH_BYTES for found in step.hashes)
    )


class Trie:
    """One version of the map: an immutable value. Changes return new versions that share the unchanged parts."""

    __slots__ = ("_top",)

    def __init__(self, items: Mapping[bytes, bytes] | Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._top: Node | None = None
        self._top = self.put_many(items)._top

    @property
    def root(self) -> Hash:
        """The hash that commits to the whole content; computed when first asked for."""
        return EMPTY_ROOT if self._top is None else compute_hash(self._top)

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key, or None when it has none."""
        path, depth, node = compute_path(key), 0, self._top
        while isinstance(node, Branch):
            depth += len(node.prefix)  # need not be compared: the leaf has the whole key
            bit = 1 << path[depth] if depth < len(path) else 0
            if not node.bitmap & bit:
                return None
            node = node.children[(node.bitmap & (bit - 1)).bit_count()]
            depth += 1
        return node.value if isinstance(node, Leaf) and node.key == key else None

    def put(self, key: bytes, value: bytes) -> "Trie":
        """Return the version in which the key has this value."""
        return self._change([(compute_path(key), key, value)])

    def delete(self, key: bytes) -> "Trie":
        """Return the version in which the key has no value."""
        return self._change([(compute_path(key), key, None)])

    def put_many(self, items: Mapping[bytes, bytes | None] | Iterable[tuple[bytes, bytes | None]]) -> "Trie":
        """Return the version after many changes; None deletes. Each touched node is copied once; the last of equal
        keys counts.
        """
        changes = {compute_path(key): (key, value) for key, value in dict(items).items()}
        return self._change([(path, *changes[path]) for path in sorted(changes)])

    def items(self, prefix: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """Yield the items whose keys begin with ``prefix``, by key."""
        path, depth, node = compute_path(prefix)[:-1], 0, self._top
        while isinstance(node, Branch) and depth + len(node.prefix) < len(path):
            depth += len(node.prefix)
            bit = 1 << path[depth]
            if not node.bitmap & bit:
                return
            node = node.children[(node.bitmap & (bit - 1)).bit_count()]
            depth += 1
        for item in _iterate(node) if node else ():
            if not item[0].startswith(prefix):
                return  # what is below a node either shares the prefix or does not
            yield item

    def diff(self, other: "Trie") -> Iterator[Difference]:
        """Yield ``(key, value here, value there)`` where the two maps differ, by key; equal hashes are not entered."""
        return _diff(self._top, other._top, 0)

    def prove(self, key: bytes) -> TrieProof:
        """Return the proof of the key's value, or of its absence; ``verify_proof`` checks it against the root."""
        path, depth, node, steps = compute_path(key), 0, self._top, []
        while isinstance(node, Branch):
            steps.append(TrieStep(node.prefix, node.bitmap, tuple(compute_hash(child) for child in node.children)))
            depth += len(node.prefix)
            bit = 1 << path[depth] if path.startswith(node.prefix, depth - len(node.prefix)) else 0
            node = node.children[(node.bitmap & (bit - 1)).bit_count()] if node.bitmap & bit else None
            depth += 1
        return TrieProof(tuple(steps), (node.key, node.value) if isinstance(node, Leaf) else None)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trie) and self.root == other.root

    def __hash__(self) -> int:
        return hash(self.root)

    def _change(self, changes: list[Change]) -> "Trie":
        top = _update(self._top, changes, 0) if changes else self._top
        if top is self._top:
            return self
        trie = Trie.__new__(Trie)
        trie._top = top
        return trie


EMPTY_TRIE: Final = Trie()

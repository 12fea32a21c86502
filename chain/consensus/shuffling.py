"""Chain randomness to duties: the swap-or-not shuffle, committees, and proposers by stake.

Idea: one seed an epoch orders all active validators, every one's place known to all. Committees are slices of that
order, so each validator attests once an epoch; a proposer is the first candidate to pass a lottery in proportion to its
effective balance.

Source: ethereum/consensus-specs phase0, ``compute_shuffled_index``, ``compute_committee``, ``compute_proposer_index``.
The shuffle is Hoang, Morris and Rogaway's (CRYPTO 2012), 90 rounds.

Simplifications: a slot has one committee, as Ethereum has below 8192 validators; with more it would be cut in several.
Candidates for proposer are drawn one by one, where the specification walks through a shuffled order of all: with a
million validators that is the same, with twelve it would favour the large. The lottery has 128 bits, not 8 or 16.
"""

from functools import lru_cache
from hashlib import sha256
from itertools import pairwise
from typing import Final

import numpy as np

SHUFFLE_ROUNDS: Final = 90


@lru_cache(maxsize=64)
def compute_shuffled_indices(count: int, seed: bytes) -> tuple[int, ...]:
    """Return the specification's shuffled index of 0, 1, … ``count`` − 1: a permutation drawn by the seed."""
    places = np.arange(count)
    for number in range(SHUFFLE_ROUNDS if count else 0):
        opening = sha256(seed + bytes([number]))
        pivot = int.from_bytes(opening.digest()[:8], "little") % count
        flips = (pivot - places) % count
        bits = np.unpackbits(np.frombuffer(_draw_bits(seed, number, count), np.uint8), bitorder="little")
        places = np.where(bits[np.maximum(places, flips)], flips, places)
    return tuple(places.tolist())


def _draw_bits(seed: bytes, number: int, count: int) -> bytes:
    blocks = range((count + 255) // 256)
    return b"".join(sha256(seed + bytes([number]) + block.to_bytes(4, "little")).digest() for block in blocks)


def compute_committees(active: tuple[int, ...], seed: bytes, slots: int) -> tuple[tuple[int, ...], ...]:
    """Return the validators that attest in each slot of an epoch: all active ones, each once."""
    order = [active[place] for place in compute_shuffled_indices(len(active), seed)]
    bounds = [len(order) * slot // slots for slot in range(slots + 1)]
    return tuple(tuple(order[start:stop]) for start, stop in pairwise(bounds))


@lru_cache(maxsize=4096)
def compute_proposer(active: tuple[int, ...], balances: tuple[int, ...], seed: bytes) -> int:
    """Return the proposer of the slot with this seed: by chance, in proportion to effective balance.

    ``balances`` are those of the ``active`` validators, at least one of them positive.
    """
    count, most, attempt = len(active), max(balances), 0
    while True:
        luck = sha256(seed + attempt.to_bytes(8, "little")).digest()
        candidate = int.from_bytes(luck[:16], "little") * count >> 128
        if balances[candidate] << 128 > int.from_bytes(luck[16:], "little") * most:
            return active[candidate]
        attempt += 1

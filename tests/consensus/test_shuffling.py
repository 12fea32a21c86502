"""Duties from randomness: the specification's shuffle, committees that cover everybody, proposers by stake."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.shuffling import compute_committees, compute_proposer, compute_shuffled_indices


def compute_shuffled_index(index: int, count: int, seed: bytes) -> int:
    """The function of the specification, index by index."""
    for number in range(90):
        pivot = int.from_bytes(sha256(seed + bytes([number])).digest()[:8], "little") % count
        flip = (pivot + count - index) % count
        position = max(index, flip)
        source = sha256(seed + bytes([number]) + (position // 256).to_bytes(4, "little")).digest()
        if source[position % 256 // 8] >> position % 8 & 1:
            index = flip
    return index


@pytest.mark.parametrize("count", [1, 2, 3, 100, 256, 257, 300])
def test_all_places_at_once_are_the_specifications_one_by_one(count: int) -> None:
    seed = sha256(count.to_bytes(4)).digest()
    shuffled = compute_shuffled_indices(count, seed)
    assert list(shuffled) == [compute_shuffled_index(index, count, seed) for index in range(count)]
    assert sorted(shuffled) == list(range(count))


def test_nobody_shuffles_to_nothing() -> None:
    assert compute_shuffled_indices(0, bytes(32)) == ()


@given(
    st.sets(st.integers(min_value=0, max_value=500), max_size=60), st.integers(min_value=1, max_value=40), st.binary()
)
def test_everybody_attests_exactly_once_an_epoch(active: set[int], slots: int, seed: bytes) -> None:
    committees = compute_committees(tuple(sorted(active)), seed, slots)
    assert len(committees) == slots
    assert sorted(index for committee in committees for index in committee) == sorted(active)
    sizes = [len(committee) for committee in committees]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("stakes", [(32,) * 5, (1, 2, 3, 4), (1, 1, 30), (100, 200, 300, 400, 2048), (0, 5)])
def test_proposers_are_drawn_in_proportion_to_stake(stakes: tuple[int, ...]) -> None:
    """Within 4 standard deviations, for each validator."""
    samples, active = 4000, tuple(range(10, 10 + len(stakes)))
    counts = dict.fromkeys(active, 0)
    for number in range(samples):
        seed = sha256(b"%d of %d" % (number, sum(stakes))).digest()
        counts[compute_proposer.__wrapped__(active, stakes, seed)] += 1
    for index, stake in zip(active, stakes, strict=True):
        share = stake / sum(stakes)
        deviation = (samples * share * (1 - share)) ** 0.5
        assert abs(counts[index] - samples * share) <= 4 * deviation

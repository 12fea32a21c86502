"""Tendermint's proposer selection: published sequences, and what they follow from.

Vectors: CometBFT, types/validator_set_test.go and spec/consensus/proposer-selection.md.
"""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.proposer_priority import Seat, Seats, build_seats, elect, update_seats

NAMES = {"f": "foo", "r": "bar", "z": "baz"}
PUBLISHED = [
    NAMES[letter]
    for letter in (
        "fzfrffzfrffzffrfzffrffzfrffzfrffzffrfzffrfzffrfzffrfzfffzrfffzfrffzfrffzfrffzfrffzffrfzffrfzffrfzff"
    )
]


def take(seats: Seats, count: int) -> tuple[Seats, list[str]]:
    """Return the queue after some elections, and who was elected."""
    names = []
    for _ in range(count):
        seats, address = elect(seats)
        names.append(address.decode())
    return seats, names


def get_priorities(seats: Seats) -> dict[str, int]:
    return {seat.address.decode(): seat.priority for seat in seats}


def test_the_published_sequence_of_99_proposers() -> None:
    _, names = take(build_seats({b"foo": 1000, b"bar": 300, b"baz": 330}), 99)
    assert names == PUBLISHED


def test_a_stable_set_as_in_the_specification() -> None:
    seats, names = take(build_seats({b"p1": 1, b"p2": 3}), 8)
    assert names == ["p2", "p1", "p2", "p2"] * 2
    assert get_priorities(seats) == {"p1": 0, "p2": 0}


@pytest.mark.parametrize(("power", "first"), [(100, ["a", "b", "c", "a"]), (400, ["c", "a"]), (401, ["c", "c", "a"])])
def test_of_equal_priorities_the_lower_address_wins(power: int, first: list[str]) -> None:
    """TestProposerSelection2: at 400 of 600 one does not yet propose twice in a row at first; at 401 it does."""
    assert take(build_seats({b"a": 100, b"b": 100, b"c": power}), 4)[1][: len(first)] == first


@pytest.mark.parametrize(
    ("priorities", "times", "mean"), [((1, 2, 3), 1, 2), ((10, -10, 1), 11, 0), ((100, -10, 1), 1, 91 // 3)]
)
def test_priorities_are_centred_once_before_elections(priorities: tuple[int, ...], times: int, mean: int) -> None:
    """TestAveragingInIncrementProposerPriority: without power nothing else changes them."""
    seats = tuple(Seat(name, 0, it) for name, it in zip((b"a", b"b", b"c"), priorities, strict=True))
    after, _ = elect(seats, times)
    assert [seat.priority for seat in after] == [it - mean for it in priorities]


AVERAGING = [
    ("a", (-2, 1, 1)), ("a", (-4, 2, 2)), ("a", (-6, 3, 3)), ("a", (-8, 4, 4)), ("b", (2, -7, 5)), ("a", (0, -6, 6)),
    ("a", (-2, -5, 7)), ("a", (-4, -4, 8)), ("c", (6, -3, -3)), ("a", (4, -2, -2)), ("a", (2, -1, -1)),
]  # fmt: skip
"""After 1, 2, … 11 elections: who was elected last, and the priorities."""


def test_many_elections_at_once_are_as_many_single_ones() -> None:
    """TestAveragingInIncrementProposerPriorityWithVotingPower: powers 10, 1 and 1, all its cases."""
    seats = build_seats({b"a": 10, b"b": 1, b"c": 1})
    for times, (name, priorities) in enumerate(AVERAGING, 1):
        after, elected = elect(seats, times)
        assert (elected.decode(), tuple(seat.priority for seat in after)) == (name, priorities)
        assert after == take(seats, times)[0]


@pytest.mark.parametrize("times", [[1], [1, 3, 2, 1, 1, 4], [4, 4, 2]])
def test_of_equal_powers_all_go_in_order_however_many_elections_at_once(times: list[int]) -> None:
    """TestProposerSelection3."""
    seats, done = build_seats(dict.fromkeys((b"a", b"b", b"c", b"d"), 1)), 0
    for count in times * 20:
        seats, elected = elect(seats, count)
        done += count
        assert elected == b"abcd"[(done - 1) % 4 : (done - 1) % 4 + 1]


def test_as_many_turns_as_power_in_a_long_run() -> None:
    """TestProposerSelection2: powers 4, 5 and 3, in 120 elections."""
    assert Counter(take(build_seats({b"a": 4, b"b": 5, b"c": 3}), 120)[1]) == {"a": 40, "b": 50, "c": 30}


MOST = (2**63 - 1) // 8
"""MaxTotalVotingPower: no power, and no priority, needs more than 64 bits, so that nothing is ever clipped."""


@pytest.mark.parametrize(
    ("before", "changes"),
    [
        ({"v1": 1, "v2": MOST - 1}, {"v1": MOST - 1, "v2": 1}),
        ({"v1": 1, "v2": MOST - 1}, {"v1": MOST // 2 - 1, "v2": MOST // 2}),
        ({"v1": MOST - 2, "v2": 1, "v3": 1}, {"v1": 0, "v4": MOST - 2}),
        (
            {"v1": MOST // 4, "v2": MOST // 4, "v3": MOST // 4, "v4": MOST // 4},
            {"v2": 0, "v1": MOST // 2 - 2, "v3": MOST // 2 - 3, "v4": 2, "v5": 3},
        ),
    ],
)
def test_the_greatest_powers_there_are_stay_within_64_bits(before: dict[str, int], changes: dict[str, int]) -> None:
    """TestValSetUpdateOverflowRelated, and verifyValidatorSet: centred, and within twice the power."""
    seats = elect(build_seats({name.encode(): power for name, power in before.items()}))[0]
    seats = update_seats(seats, {name.encode(): power for name, power in changes.items()})
    assert {seat.address.decode(): seat.power for seat in seats} == {k: v for k, v in (before | changes).items() if v}
    priorities, total = [seat.priority for seat in seats], sum(seat.power for seat in seats)
    assert abs(sum(priorities)) < len(seats)
    assert max(priorities) - min(priorities) <= 2 * total
    assert all(abs(it) < 2**63 for it in (*priorities, 2 * total))


def test_power_changes_keep_the_place_in_the_queue() -> None:
    """The specification's "Voting Power Change": p1 goes from 1 to 4 while p1 is at 1 and p2 at −1."""
    seats, _ = take(build_seats({b"p1": 1, b"p2": 3}), 1)
    assert get_priorities(seats) == {"p1": 1, "p2": -1}
    seats = update_seats(seats, {b"p1": 4})
    assert get_priorities(seats) == {"p1": 1, "p2": -1}
    seats, names = take(seats, 1)
    assert (names, get_priorities(seats)) == (["p1"], {"p1": -2, "p2": 2})


def test_who_leaves_shifts_the_others_to_the_centre() -> None:
    """The specification's "Validator Removal": p1 1, p2 2, p3 3 stand at 1, 2 and −3 when p2 leaves; the mean is −1."""
    seats, names = take(build_seats({b"p1": 1, b"p2": 2, b"p3": 3}), 1)
    assert (names, get_priorities(seats)) == (["p3"], {"p1": 1, "p2": 2, "p3": -3})
    seats = update_seats(seats, {b"p2": 0})
    assert get_priorities(seats) == {"p1": 2, "p3": -2}
    seats, names = take(seats, 1)
    assert (names, get_priorities(seats)) == (["p1"], {"p1": -1, "p3": 1})


def test_a_newcomer_begins_far_back() -> None:
    """The specification's "New Validator": p3 with 8 joins 1 and 3, at −1.125 · 12 = −13, behind both."""
    seats, _ = take(build_seats({b"p1": 1, b"p2": 3}), 2)
    assert get_priorities(seats) == {"p1": -2, "p2": 2}
    seats = update_seats(seats, {b"p3": 8})
    assert get_priorities(seats) == {"p1": -2 + 5, "p2": 2 + 5, "p3": -13 + 5}  # the mean −13/3 is rounded down
    seats, names = take(seats, 12)
    assert names[0] == "p2"
    assert names.index("p3") > 0
    assert Counter(take(seats, 1200)[1]) == {"p1": 100, "p2": 300, "p3": 800}


def test_leaving_and_coming_back_does_not_pay() -> None:
    seats, names = take(build_seats({b"big": 10, b"mid": 9, b"sly": 1}), 1)
    stayed = take(seats, 40)[1]
    for _ in range(10):
        seats = update_seats(update_seats(seats, {b"sly": 0}), {b"sly": 1})
        seats, more = take(seats, 4)
        names += more
    assert names.count("sly") <= stayed.count("sly")


def test_the_distance_of_priorities_is_bounded() -> None:
    """The specification's "Proposer Priority Range": without scaling p3 would wait 4500 elections for p2."""
    seats, _ = take(build_seats({b"p1": 80_000}), 1)
    seats, _ = take(update_seats(seats, {b"p2": 10}), 1)
    seats, _ = take(update_seats(seats, {b"p3": 10}), 1)
    seats, names = take(update_seats(seats, {b"p1": 0}), 10)
    assert set(names) == {"p2", "p3"}
    priorities = get_priorities(seats).values()
    assert max(priorities) - min(priorities) <= 2 * 20


POWERS = st.dictionaries(st.binary(min_size=1, max_size=3), st.integers(1, 50), min_size=1, max_size=8)


@given(POWERS)
def test_in_as_many_elections_as_there_is_power_each_gets_its_power(powers: dict[bytes, int]) -> None:
    seats, elected = build_seats(powers), Counter[bytes]()
    for _ in range(sum(powers.values())):
        seats, address = elect(seats)
        elected[address] += 1
    assert elected == powers
    assert {seat.priority for seat in seats} == {0}


@given(POWERS, st.lists(st.tuples(POWERS, st.integers(1, 30)), max_size=5))
def test_priorities_stay_centred_and_close_whatever_changes(
    powers: dict[bytes, int], story: list[tuple[dict[bytes, int], int]]
) -> None:
    seats = build_seats(powers)
    for changes, times in story:
        seats = update_seats(seats, changes)
        total, priorities = sum(seat.power for seat in seats), [seat.priority for seat in seats]
        assert abs(sum(priorities)) < len(seats)
        assert max(priorities) - min(priorities) <= 2 * total
        assert [seat.address for seat in seats] == sorted(powers | changes)
        powers = powers | changes
        seats, _ = elect(seats, times)

"""Messages and quorums: when a node has enough votes is an order statistic over arrivals, kept up vote by vote."""

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.consensus.base import Broadcast, Envelope
from chain.network.spread import Spread
from chain.node.messages import MessageTable, compute_order_statistic
from chain.units import NEVER, Hash, NodeId, TimeUs

NODES = 5
TOPIC = ("vote", 1)


@dataclass(frozen=True)
class Vote:
    sender: int
    value: bytes
    arrivals: tuple[int, ...]


def add(table: MessageTable, vote: Vote, number: int, weight: int = 1) -> list[str]:
    """Publish a vote and return which watches moved."""
    key = number.to_bytes(32)
    arrival = np.array(vote.arrivals, dtype=np.int64)
    spread = Spread(key, 0, 0, 100, "message", True, arrival, np.zeros(NODES, dtype=np.int16))
    about = Envelope(TOPIC, vote.value, vote.sender, weight)
    record = table.add(Hash(key), Broadcast(None), about, NodeId(0), TimeUs(0), spread)
    return [watch.name for watch in table.update(record)]


def test_a_quorum_is_the_arrival_of_the_vote_that_completes_it() -> None:
    table = MessageTable(NODES)
    watch = table.watch(2, TOPIC, b"A", 3, "three for A")
    for number, arrivals in enumerate([(1, 9, 3, 4, 5), (2, 8, 3, 4, 5)]):
        assert add(table, Vote(number, b"A", arrivals), number) == []
    add(table, Vote(2, b"B", (0, 0, 0, 0, 0)), 2)
    assert watch.quorum_us is None
    assert add(table, Vote(3, b"A", (7, 7, 7, 7, NEVER)), 3) == ["three for A"]
    assert watch.quorum_us is not None
    assert watch.quorum_us.tolist() == [7, 9, 7, 7, NEVER]
    assert add(table, Vote(4, b"A", (6, 9, 8, 2, 6)), 4) == ["three for A"]
    assert watch.quorum_us.tolist() == [6, 9, 7, 4, 6]
    assert add(table, Vote(5, b"A", (9, 9, 9, 9, 9)), 5) == []


def test_nodes_that_wait_are_told_once_and_in_order() -> None:
    table = MessageTable(NODES)
    for node in (3, 1, 4):
        watch = table.watch(node, TOPIC, None, 1, "any")
    assert watch.get_next_us() == NEVER
    add(table, Vote(0, b"A", (1, 5, 1, 5, 8)), 0)
    assert watch.get_next_us() == 5
    assert watch.tell_due(4) == []
    assert watch.tell_due(5) == [1, 3]
    assert (watch.get_next_us(), watch.tell_due(5)) == (8, [])
    assert table.watch(1, TOPIC, None, 1, "any") is watch
    assert watch.tell_due(6) == [1]


def test_a_sender_counts_once_and_contradictions_are_kept() -> None:
    table = MessageTable(NODES)
    anything = table.watch(0, TOPIC, None, 2, "two for anything")
    add(table, Vote(7, b"A", (1,) * NODES), 0)
    add(table, Vote(7, b"B", (2,) * NODES), 1)
    add(table, Vote(7, b"A", (3,) * NODES), 2)
    assert anything.quorum_us is None
    assert [(one.value, other.value) for one, other in table.tallies[TOPIC].conflicts] == [(b"A", b"B")]
    add(table, Vote(8, b"", (5,) * NODES), 3)
    assert anything.quorum_us is not None
    assert anything.quorum_us.tolist() == [5] * NODES


def test_what_is_forgotten_is_gone_with_its_watches() -> None:
    table = MessageTable(NODES)
    table.watch(0, TOPIC, None, 1, "any")
    add(table, Vote(0, b"A", (1,) * NODES), 0)
    assert table.forget([TOPIC, ("unknown",)]) == [bytes(32)]
    assert (table.tallies, table.records, table.watches, table.count) == ({}, {}, {}, 1)
    assert table.get(bytes(32)) is None


@pytest.mark.parametrize(
    ("weights", "threshold", "expected"),
    [([1, 1, 1], 2, 20), ([1, 1, 1], 3, 30), ([3, 1, 1], 3, 10), ([3, 1, 1], 4, 20), ([1, 1, 5], 3, 30)],
)
def test_weights_count(weights: list[int], threshold: int, expected: int) -> None:
    arrivals = np.array([[10], [20], [30]], dtype=np.int64)
    assert compute_order_statistic(arrivals, weights, threshold).tolist() == [expected]


VOTES = st.lists(
    st.builds(
        Vote,
        st.integers(0, 9),
        st.sampled_from([b"A", b"B"]),
        st.tuples(*[st.one_of(st.integers(0, 20), st.just(int(NEVER)))] * NODES),
    ),
    max_size=25,
)


@given(VOTES, st.lists(st.integers(1, 4), min_size=10, max_size=10), st.integers(1, 20), st.booleans())
def test_votes_one_by_one_give_what_all_at_once_would(
    votes: list[Vote], weights: list[int], threshold: int, are_equal: bool
) -> None:
    """Against a checker that, for each node and moment, adds up the weights of the senders heard of."""
    weights = [2] * 10 if are_equal else weights
    table = MessageTable(NODES)
    watches = {value: table.watch(0, TOPIC, value, threshold, "q") for value in (None, b"A", b"B")}
    for number, vote in enumerate(votes):
        add(table, vote, number, weights[vote.sender])
        table = table if number % 7 else table.copy()
        watches = {watch.value: watch for watch in table.watches.values()}
        for value, watch in watches.items():
            for node in range(NODES):
                heard = [weigh(votes[: number + 1], weights, value, node, at_us) for at_us in range(21)]
                expected = min((at_us for at_us in range(21) if heard[at_us] >= threshold), default=NEVER)
                assert (NEVER if watch.quorum_us is None else watch.quorum_us[node]) == expected
                assert table.tallies[TOPIC].get_stack(value).compute_weight(node, 11) == heard[11]
    late = table.watch(1, TOPIC, b"A", threshold, "late")
    assert late.quorum_us is None or late.quorum_us.tolist() == watches[b"A"].quorum_us.tolist()  # type: ignore[union-attr]


def weigh(votes: list[Vote], weights: list[int], value: bytes | None, node: int, at_us: int) -> int:
    senders = {vote.sender for vote in votes if value in (None, vote.value) and vote.arrivals[node] <= at_us}
    return sum(weights[sender] for sender in sorted(senders))

"""Links over time: what shuts them, what opens them, and what was at any past moment."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.network.links import Links
from chain.network.topology import index_links
from chain.units import NEVER

SQUARE = index_links(4, ((0, 1), (1, 2), (2, 3), (3, 0)))


def get_open(links: Links) -> list[int]:
    return [link for link, since in enumerate(links.open_since.tolist()) if since != NEVER]


def test_all_links_are_open_from_the_start() -> None:
    links = Links(SQUARE)
    assert links.open_since.tolist() == [0, 0, 0, 0]
    assert links.is_all_open


def test_a_link_needs_every_reason_gone_to_open() -> None:
    links = Links(SQUARE)
    links.close([0], 10)
    links.set_online(1, False, 20)
    links.partition([[0]], 30)
    assert get_open(links) == [2]  # 0 closed and cut, 1 offline, 3 cut
    links.open([0], 40)
    links.set_online(1, True, 50)
    assert get_open(links) == [1, 2]
    links.heal(60)
    assert links.open_since.tolist() == [60, 50, 0, 60]


def test_the_past_can_be_looked_up() -> None:
    links = Links(SQUARE)
    links.close([2], 10)
    links.open([2], 25)
    links.set_online(0, False, 30)
    assert [links.is_open(2, at_us) for at_us in (9, 10, 24, 25)] == [True, False, False, True]
    assert [links.is_online(0, at_us) for at_us in (29, 30)] == [True, False]
    assert [links.is_open(0, at_us) for at_us in (29, 30)] == [True, False]
    assert links.get_changes(2) == (10, 25)
    assert not links.is_online_now(0)


def test_unnamed_nodes_are_a_group_of_their_own() -> None:
    links = Links(SQUARE)
    links.partition([[0], [1]], 5)
    assert get_open(links) == [2]  # 2 and 3 stay together


def test_lag_adds_latency_and_takes_the_least_bandwidth() -> None:
    links = Links(SQUARE)
    links.set_lag(5, links=[0], extra_us=7, bandwidth_per_mille=500)
    links.set_lag(5, nodes=[1], extra_us=100, bandwidth_per_mille=100)
    assert links.extra_us.tolist() == [107, 100, 0, 0]
    assert links.bandwidth_per_mille.tolist() == [100, 100, 1000, 1000]
    links.set_lag(6, nodes=[1])
    links.set_lag(6, links=[0])
    assert not links.is_lagged


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda links: links.close([4], 20), "link: '4'.*0 to 3"),
        (lambda links: links.set_online(4, False, 20), "node: '4'.*0 to 3"),
        (lambda links: links.partition([[0, 1], [1]], 20), "each node in one group only"),
        (lambda links: links.set_lag(20, links=[0], bandwidth_per_mille=0), "lag"),
        (lambda links: links.close([0], 9), "moment of a change of links: '9'.*10 or later"),
        (lambda links: links.heal(9), "10 or later"),
        (lambda links: links.set_online(3, False, 9), "10 or later"),
    ],
)
def test_an_invalid_change_leaves_no_trace(change: object, message: str) -> None:
    links = Links(SQUARE)
    links.close([1], 10)
    with pytest.raises(InvalidInput, match=message):
        change(links)
    assert (get_open(links), links.changed_us, links.is_lagged) == ([0, 2, 3], 10, False)


def test_a_copy_goes_its_own_way() -> None:
    links = Links(SQUARE)
    links.close([0], 10)
    twin = links.copy()
    twin.open([0], 20)
    twin.set_online(3, False, 20)
    assert (get_open(links), get_open(twin)) == ([1, 2, 3], [0, 1])
    assert links.get_changes(0) == (10,)
    assert links.is_online(3, 99)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.booleans()), max_size=12))
def test_the_present_is_the_last_entry_of_the_past(steps: list[tuple[int, bool, bool]]) -> None:
    links = Links(SQUARE)
    for now_us, (index, on, is_node) in enumerate(steps, start=1):
        if is_node:
            links.set_online(index, on, now_us)
        elif on:
            links.open([index], now_us)
        else:
            links.close([index], now_us)
        opened = get_open(links)
        assert [link for link in range(4) if links.is_open(link, now_us)] == opened
        assert all(links.is_open(link, int(links.open_since[link])) for link in opened)

"""The queue: time first, then lane, then the order of scheduling."""

import pytest

from chain.simulation.kernel import LANE_ARRIVAL, LANE_TIMER, Kernel


def test_events_come_by_time_lane_and_order_of_scheduling() -> None:
    kernel = Kernel()
    kernel.schedule(20, LANE_TIMER, "late")
    kernel.schedule(10, LANE_TIMER, "timer one")
    kernel.schedule(10, LANE_TIMER, "timer two")
    kernel.schedule(10, LANE_ARRIVAL, "arrival")
    assert [kernel.pop().kind for _ in range(4)] == ["arrival", "timer one", "timer two", "late"]
    assert (kernel.now_us, kernel.steps, kernel.get_next_us()) == (20, 4, None)


def test_a_copy_goes_its_own_way() -> None:
    kernel = Kernel()
    kernel.schedule(1, LANE_TIMER, "both")
    other = kernel.copy()
    other.schedule(2, LANE_TIMER, "only there")
    assert [other.pop().kind, other.pop().kind] == ["both", "only there"]
    assert kernel.pop().kind == "both"
    assert kernel.get_next_us() is None


def test_the_past_cannot_be_scheduled() -> None:
    kernel = Kernel()
    kernel.schedule(5, LANE_TIMER, "x")
    kernel.pop()
    with pytest.raises(AssertionError):
        kernel.schedule(4, LANE_TIMER, "y")

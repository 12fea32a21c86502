"""Moments of a run as people type them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.moments import Moment, parse_moment
from chain.errors import InvalidInput
from chain.units import DAY, HOUR, MINUTE, SECOND, TimeUs

NOW_US = 5 * MINUTE


@pytest.mark.parametrize(
    ("text", "at_us"),
    [
        ("in 10m", 15 * MINUTE),
        ("1h30m", 95 * MINUTE),
        ("+ 2s", NOW_US + 2 * SECOND),
        ("02:30", 2 * HOUR + 30 * MINUTE),
        (" 0:00:07.25 ", 7 * SECOND + SECOND // 4),
        ("Day 2  01:00", 2 * DAY + HOUR),
    ],
)
def test_times(text: str, at_us: int) -> None:
    assert parse_moment(text, NOW_US) == Moment(TimeUs(at_us), None)


@pytest.mark.parametrize("text", ["block 120", "#120", "Block120"])
def test_blocks(text: str) -> None:
    assert parse_moment(text, NOW_US) == Moment(None, 120)


@pytest.mark.parametrize("text", ["", "soon", "25", "02:61", "block", "block -1", "9" * 40 + "d", "٣:00"])
def test_what_is_no_moment_is_refused_with_examples(text: str) -> None:
    with pytest.raises(InvalidInput, match=r"moment: .* in 10m, 02:30:00"):
        parse_moment(text, NOW_US)


@given(st.text(max_size=30))
def test_any_text_is_a_moment_or_refused_in_words(text: str) -> None:
    try:
        moment = parse_moment(text, NOW_US)
    except InvalidInput:
        return
    assert (moment.at_us is None) != (moment.height is None)

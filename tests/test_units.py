"""Time in microseconds and money in units, and how people write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chain.errors import InvalidInput
from chain.units import (
    COIN,
    DAY,
    HOUR,
    MINUTE,
    NEVER,
    SECOND,
    Span,
    format_amount,
    format_time,
    parse_amount,
    parse_span,
)


@pytest.mark.parametrize(
    ("text", "span_us"),
    [
        ("250ms", 250_000),
        ("30m", 30 * MINUTE),
        ("1h30m", 90 * MINUTE),
        ("1h 30m", 90 * MINUTE),
        ("7d", 7 * DAY),
        ("1w", 7 * DAY),
        ("0.5s", 500_000),
        (".5s", 500_000),
        ("1.0000019s", 1_000_001),  # cut, never rounded
        ("0s", 0),
        ("15us", 15),
        ("2H", 2 * HOUR),
        ("  10s ", 10 * SECOND),
    ],
)
def test_spans_are_numbers_with_a_unit(text: str, span_us: int) -> None:
    assert parse_span(text) == span_us


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "10",
        "s",
        "ten seconds",
        "-5s",
        "1.2.3s",
        "5 s s",
        "10x",
        "1e3s",
        ".s",
        "9" * 19 + "s",
        "99999999999w",
        "٣s",
    ],
)
def test_other_texts_are_no_spans(text: str) -> None:
    with pytest.raises(InvalidInput, match="250ms, 30m, 1h30m, 7d"):
        parse_span(text)


@given(st.integers(min_value=0, max_value=NEVER - 1))
def test_a_span_reads_back_what_it_writes(span_us: int) -> None:
    assert parse_span(str(Span(span_us))) == span_us


@given(st.text(max_size=30))
def test_a_span_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert 0 <= parse_span(text) < NEVER


@pytest.mark.parametrize(("span_us", "text"), [(0, "0s"), (90 * MINUTE, "1h30m"), (1_500_000, "1s500ms"), (7, "7us")])
def test_a_span_is_written_from_the_largest_unit_down(span_us: int, text: str) -> None:
    assert str(Span(span_us)) == text


def test_a_moment_is_a_day_and_a_time() -> None:
    assert format_time(0) == "day 0  00:00:00.000"
    assert format_time(DAY + 2 * HOUR + 14 * MINUTE + 37_250_999) == "day 1  02:14:37.250"


@pytest.mark.parametrize(
    ("text", "units"),
    [("25", 25 * COIN), ("0.001", COIN // 1000), (".5", COIN // 2), ("5.", 5 * COIN), ("1 240.5", 1_240_500_000_000),
     ("1_000", 1000 * COIN), ("0.000000001", 1), ("0", 0)],
)  # fmt: skip
def test_amounts_are_coins_with_at_most_nine_decimals(text: str, units: int) -> None:
    assert parse_amount(text) == units


@pytest.mark.parametrize("text", ["", ".", "-1", "+1", "1e3", "1,5", "0.0000000001", "1" * 13, "five", "1.2.3", "١"])
def test_other_texts_are_no_amounts(text: str) -> None:
    with pytest.raises(InvalidInput, match="at most 9 decimals"):
        parse_amount(text)


@given(st.integers(min_value=0, max_value=10**12 * COIN - 1))
def test_an_amount_reads_back_what_it_writes(units: int) -> None:
    assert parse_amount(format_amount(units)) == units


@pytest.mark.parametrize(
    ("units", "decimals", "text"),
    [
        (1_240_500_000_000, 9, "1 240.5"),
        (25 * COIN, 9, "25"),
        (1, 9, "0.000000001"),
        (-COIN // 2, 9, "-0.5"),
        (1_999_999_999, 2, "1.99"),  # cut, never rounded
        (1, 2, "0"),
        (0, 9, "0"),
    ],
)
def test_amounts_are_written_in_coins(units: int, decimals: int, text: str) -> None:
    assert format_amount(units, decimals) == text

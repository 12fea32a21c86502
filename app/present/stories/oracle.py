"""What reporters told an oracle: the price it made of it over time, and what each of them said last."""

from typing import Final, NamedTuple

from app.present.stories.reader import Chart, Reader, build_series, thin
from app.present.words import format_span
from app.widgets.models import Field, Series, Tone
from chain.economy.reporters import Reporters
from chain.units import MINUTE, SECOND

STEP_S: Final = 30
UNIT: Final = 10**18
"""What a price of one dollar for a coin is told as."""
FAR: Final = 0.03
"""From how far off the median a report is shown as a bad one."""


class Told(NamedTuple):
    """The oracle's price after a report."""

    time_us: int
    price: float
    """Dollars for a coin."""


def list_prices(reader: Reader) -> list[Told]:
    """Return the median of the fresh reports after each report, as long as there were enough of them."""
    quorum, max_age_us = reader.read("oracle", "quorum"), reader.read("oracle", "max_age_s") * SECOND
    last, prices = dict[bytes, tuple[int, int]](), list[Told]()
    for event in reader.list_events("oracle", "Reported"):
        last[event.values["reporter"]] = event.time_us, event.values["price"]
        fresh = sorted(price for time_us, price in last.values() if event.time_us - time_us <= max_age_us)
        if len(fresh) >= quorum:
            prices.append(Told(event.time_us, (fresh[len(fresh) // 2] + fresh[(len(fresh) - 1) // 2]) / (2 * UNIT)))
    return prices


def find_price(reader: Reader) -> int | None:
    """Return the oracle's price now, None when too few reports are fresh."""
    is_told = reader.read("oracle", "fresh_count") >= reader.read("oracle", "quorum")
    return int(reader.read("oracle", "price")) if is_told else None


def build_price_field(reader: Reader, reporters: Reporters, price: int | None) -> Field:
    """Return the field of the oracle's price, with the one outside."""
    note = f"outside {reporters.course.compute_price(reader.time_s) / UNIT:.4f}"
    if price is None:
        return Field("price", "coin costs", "nobody knows", "bad", note=note)
    return Field("price", "coin costs", f"{price / UNIT:.4f} USD", "strong", note=note)


def build_reporter_fields(reader: Reader, reporters: Reporters, price: int | None) -> tuple[Field, ...]:
    """Return what each reporter said last: full dots count, hollow ones are too old."""
    max_age_s, fields = reader.read("oracle", "max_age_s"), list[Field]()
    for person in reporters.people:
        told, time_s = reader.read("oracle", "report_of", reader.get_address(person))
        age_s, name = reader.time_s - time_s, reader.application.get_person_name(person)
        is_old = not told or age_s > max_age_s
        is_far = price is not None and abs(told / price - 1) > FAR
        tone: Tone = "muted" if is_old else "bad" if is_far else "text"
        value = f"{'○' if is_old else '●'} {told / UNIT:.4f} USD" if told else "○ nothing yet"
        age = f"{format_span(age_s * SECOND)} ago" if age_s else "now"
        note = "" if not told else "too old" if is_old else "far off" if is_far else age
        fields.append(Field(f"reporter-{person}", name, value, tone, note=note))
    return tuple(fields)


def build_oracle_chart(reader: Reader, reporters: Reporters, prices: list[Told], liquidated: Series) -> Chart:
    """Return the oracle's price and the one outside over time, with a point for each liquidation."""
    end_s = reader.time_s
    start_s = prices[0].time_us // SECOND if prices else end_s
    times = thin(range(end_s, start_s - 1, -STEP_S)[::-1])
    outside = [(time_s * SECOND, reporters.course.compute_price(time_s) / UNIT) for time_s in times]
    oracle = [(it.time_us, it.price) for it in prices] + ([(end_s * SECOND, prices[-1].price)] if prices else [])
    lines = Series("liquidated", ()), build_series("oracle", oracle), build_series("outside", outside)
    values = [value for line in lines for _, value in line.points]
    y_range = (0.95 * min(values), 1.05 * max(values)) if values else None
    return Chart("Price of a coin", lines, "USD", y_range=y_range, markers=(liquidated,), is_area=False)


def place_on(prices: list[Told], times_us: list[int]) -> Series:
    """Return points at moments, at the price the oracle had then."""
    points, place = list[tuple[float, float]](), 0
    for time_us in times_us:
        while place + 1 < len(prices) and prices[place + 1].time_us <= time_us:
            place += 1
        if prices:
            points.append((time_us / MINUTE, prices[place].price))
    return Series("", tuple(points))

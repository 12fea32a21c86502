"""The exchange pool: its price beside the one outside, what each trade cost, and what it is like to be a provider."""

from collections.abc import Sequence
from typing import Final, NamedTuple

from app.present.stories.reader import Chart, Happened, Reader, Story, build_series, thin
from app.present.words import format_count
from app.widgets.models import Field, Tone
from chain.economy.applications.exchange import ARBITRAGEUR, Exchange
from chain.economy.applications.money import FOUNDER
from chain.theory.amm import compute_arbitrage_bounds, compute_impermanent_loss, compute_slippage
from chain.units import COIN, MINUTE, format_amount

SHOWN_US: Final = 20 * MINUTE
"""How much of the price is drawn: over hours the bounds would be thinner than a dot."""
STEP_S: Final = 10
LATEST: Final = 6
DEAR: Final = 0.03
"""From which slippage on a trade is shown as a bad one."""
NOBODY: Final = bytes(20)


class Trade(NamedTuple):
    """A swap, with what it cost."""

    time_us: int
    trader: bytes
    is_coins_in: bool
    amount_in: int
    amount_out: int
    before: tuple[int, int]
    """The reserve of what came in, then the other, before it."""

    @property
    def slippage(self) -> float:
        """How much less it gave than at the price before, fee included."""
        return compute_slippage(self.amount_in, *self.before)


class Moment(NamedTuple):
    """The pool after a change."""

    time_us: int
    x: int
    y: int
    shares: int

    @property
    def price(self) -> float:
        """Dollars for a coin."""
        return self.y / self.x


class Past(NamedTuple):
    """All that happened to the pool."""

    moments: list[Moment]
    trades: list[Trade]


def build_exchange_story(reader: Reader) -> Story:
    """Return the story of the pool at the reader's moment."""
    past = _tell_past(reader.list_events("pool"))
    if not past.moments:
        return Story("The founder puts two moneys, a pool and a router on the chain and brings the first liquidity.")
    outside = _get_exchange(reader).course.compute_price(reader.time_s) / COIN
    low, high = compute_arbitrage_bounds(outside)
    price, last = past.moments[-1].price, past.moments[-1]
    is_inside = low <= price <= high
    coins_in = sum(it.amount_in for it in past.trades if it.is_coins_in)
    dollars_in = sum(it.amount_in for it in past.trades if not it.is_coins_in)
    fields = (
        Field("price", "price here", f"{price:.4f} USD", "good" if is_inside else "warning",
              note="inside the bounds" if is_inside else f"{100 * (price / outside - 1):+.2f} %"),
        Field("outside", "outside", f"{outside:.4f} USD", note=f"{low:.3f} to {high:.3f}"),
        Field("reserves", "in the pool", f"{format_amount(last.x, 1)} CR · {format_amount(last.y, 1)} USD"),
        Field("volume", "volume", f"{format_amount(coins_in, 1)} CR · {format_amount(dollars_in, 1)} USD"),
        Field("fees", "fees", f"{format_amount(coins_in * 3 // 1000, 2)} CR · "
              f"{format_amount(dollars_in * 3 // 1000, 2)} USD"),
        *_build_provider_fields(reader, past),
        Field("gain", "arbitrageur", _format_dollars(_compute_arbitrage_gain(reader, past)), note="gain"),
        Field("trades", "trades", format_count(len(past.trades)), "strong", note="slippage"),
        *(_build_trade_field(reader, place, trade) for place, trade in enumerate(past.trades[: -LATEST - 1 : -1])),
    )  # fmt: skip
    charts = _build_price_chart(reader, past), _build_provider_chart(reader, past)
    return Story(_tell(reader, past, price / outside - 1, is_inside), fields, charts)


def _get_exchange(reader: Reader) -> Exchange:
    assert isinstance(reader.application, Exchange)
    return reader.application


def _tell_past(events: list[Happened]) -> Past:
    """Go through the events once: shares are counted by transfers from and to nobody, reserves told by Sync."""
    past, shares, before = Past([], []), 0, (0, 0)
    for event in events:
        told = event.values
        if event.name == "Transfer":
            shares += told["amount"] * ((told["sender"] == NOBODY) - (told["receiver"] == NOBODY and shares > 0))
        elif event.name == "Sync":
            before = (past.moments[-1].x, past.moments[-1].y) if past.moments else (0, 0)
            past.moments.append(Moment(event.time_us, told["reserve0"], told["reserve1"], shares))
        elif event.name == "Swap":
            is_coins = told["amount0In"] > 0
            given, taken = (
                (told["amount0In"], told["amount1Out"]) if is_coins else (told["amount1In"], told["amount0Out"])
            )
            sides = before if is_coins else before[::-1]
            past.trades.append(Trade(event.time_us, told["to"], is_coins, given, taken, sides))
    return past


def _tell(reader: Reader, past: Past, off: float, is_inside: bool) -> str:
    if not past.trades:
        return "The pool is open: it holds the first provider's coins and dollars, and waits for a trade."
    last = past.trades[-1]
    if last.trader == reader.get_address(ARBITRAGEUR):
        way = "sold coins to" if last.is_coins_in else "bought coins from"
        return f"The arbitrageur {way} the pool, until its price was as far from the one outside as the fee allows."
    what = f"{reader.name(last.trader)} swapped {_describe(last)}, {100 * last.slippage:.2f} % below the price before"
    if last.slippage >= DEAR:
        return f"{what}: too large a trade for this pool, and a gain for the next one."
    if not is_inside:
        return f"{what}; the price is {100 * abs(off):.2f} % off the one outside, which pays an arbitrageur."
    return f"{what}; the price is so near the one outside that nobody gains by arbitrage."


def _describe(trade: Trade) -> str:
    source, target = ("CR", "USD") if trade.is_coins_in else ("USD", "CR")
    return f"{format_amount(trade.amount_in, 2)} {source} for {format_amount(trade.amount_out, 2)} {target}"


def _build_trade_field(reader: Reader, place: int, trade: Trade) -> Field:
    tone: Tone = "bad" if trade.slippage >= DEAR else "warning" if trade.slippage >= DEAR / 3 else "text"
    source, target = ("CR", "USD") if trade.is_coins_in else ("USD", "CR")
    amounts = f"{format_amount(trade.amount_in, 1)} {source} → {format_amount(trade.amount_out, 1)} {target}"
    return Field(f"trade-{place}", reader.name(trade.trader), amounts, tone, note=f"{100 * trade.slippage:.2f} %")


def _format_part(part: float) -> str:
    return f"{round(100 * part, 3) + 0:+.3f} %"  # + 0: no negative zero


def _format_dollars(dollars: float) -> str:
    return f"{round(dollars, 2) + 0:+.2f} USD"


# The first provider -------------------------------------------------------------------------------------------------


def _compare_with_holding(reader: Reader, first: Moment, moments: Sequence[Moment]) -> list[tuple[int, float, float]]:
    """Return (time, gain with fees, loss without) of the founder's shares against holding what was brought, in parts.

    Both are at the pool's price. Without fees the loss depends on the price alone: 2 √r / (1 + r) − 1.
    """
    owned = reader.read("pool", "balanceOf", reader.get_address(FOUNDER))
    return [
        (it.time_us, 2 * it.y * owned / it.shares / (first.x * it.price + first.y) - 1,
         compute_impermanent_loss(it.price / first.price))
        for it in moments
    ]  # fmt: skip


def _build_provider_fields(reader: Reader, past: Past) -> tuple[Field, ...]:
    first, last = past.moments[0], past.moments[-1]
    _, gain, loss = _compare_with_holding(reader, first, (last,))[0]
    held = (first.x * last.price + first.y) / COIN
    return (
        Field("held", "1st provider", f"{held:.2f} USD", "muted", note="if held"),
        Field("loss", "imperm. loss", _format_part(loss), "bad" if loss < -0.001 else "text",
              note=f"price × {last.price / first.price:.3f}"),
        Field("earned", "fees earned", _format_part(gain - loss), "good", note=_format_dollars((gain - loss) * held)),
        Field("sum", "in all", _format_part(gain), "good" if gain > -0.00001 else "bad",
              note=_format_dollars(gain * held)),
    )  # fmt: skip


def _build_provider_chart(reader: Reader, past: Past) -> Chart:
    compared = _compare_with_holding(reader, past.moments[0], thin(past.moments))
    lines = (
        build_series("with fees", [(time_us, 100 * gain) for time_us, gain, _ in compared]),
        build_series("without", [(time_us, 100 * loss) for time_us, _, loss in compared]),
    )
    return Chart("First provider against holding", lines, "%", is_area=False)


# Price --------------------------------------------------------------------------------------------------------------


def _build_price_chart(reader: Reader, past: Past) -> Chart:
    end_s = reader.time_s
    start_s = max(past.moments[0].time_us // 10**6, end_s - SHOWN_US // 10**6)
    here = [(it.time_us, it.price) for it in past.moments if it.time_us >= start_s * 10**6]
    course = _get_exchange(reader).course
    times = range(end_s, start_s - 1, -STEP_S)[::-1]
    outside = [(time_s * 10**6, course.compute_price(time_s) / COIN) for time_s in times]
    bounds = [(time_us, compute_arbitrage_bounds(price)) for time_us, price in outside]
    here = here or [(end_s * 10**6, past.moments[-1].price)]
    lines = (
        build_series("pool", here),
        build_series("outside", outside),
        build_series("bounds", [(time_us, low) for time_us, (low, _) in bounds]),
        build_series("", [(time_us, high) for time_us, (_, high) in bounds]),
    )
    prices = [price for line in lines for _, price in line.points]
    return Chart("Price of a coin", lines, "USD", y_range=(min(prices), max(prices)), is_area=False)


def _compute_arbitrage_gain(reader: Reader, past: Past) -> float:
    """Return what the arbitrageur's trades were worth at the price outside of their time, in dollars."""
    arbitrageur, course, gain = reader.get_address(ARBITRAGEUR), _get_exchange(reader).course, 0.0
    for trade in past.trades:
        if trade.trader == arbitrageur:
            price = course.compute_price(trade.time_us // 10**6) / COIN
            given, taken = (trade.amount_in * price, trade.amount_out) if trade.is_coins_in else (
                trade.amount_in, trade.amount_out * price)  # fmt: skip
            gain += (taken - given) / COIN
    return gain

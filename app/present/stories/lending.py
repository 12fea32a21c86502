"""The lending market: what is lent at which rate, how healthy each debt is, and who was liquidated."""

from typing import Final

from app.present.stories.levels import Level, draw_levels
from app.present.stories.oracle import (
    build_oracle_chart,
    build_price_field,
    build_reporter_fields,
    find_price,
    list_prices,
    place_on,
)
from app.present.stories.reader import Chart, Happened, Reader, Story
from app.present.words import plural
from app.widgets.bars import get_bar
from app.widgets.models import Field, Series, Tone
from chain.economy.applications.lending import BASE, CAREFUL, JUMP, KINK, SLOPE, THRESHOLD, LendingMarket
from chain.theory.lending import (
    WAD,
    compute_health_factor,
    compute_jump_rate,
    compute_liquidation_price,
    compute_supply_rate,
)
from chain.units import format_amount

BAR_CELLS: Final = 10
TOP: Final = 2.5
"""The health factor at which a bar is full."""
TOLD: Final = ("Supplied", "Withdrawn", "CollateralAdded", "CollateralTaken", "Borrowed", "Repaid", "Liquidated")


def build_lending_story(reader: Reader) -> Story:
    """Return the story of the market at the reader's moment."""
    if not reader.is_deployed():
        return Story("The founder puts two moneys, an oracle, a rate and the market on the chain.")
    market = reader.application
    assert isinstance(market, LendingMarket)
    price, used = find_price(reader), reader.read("lending", "utilization")
    people = market.get_borrowers()
    borrowers = [(it, _read_of(reader, "collateral", it), _read_of(reader, "debt", it)) for it in people]
    liquidated = reader.list_events("lending", "Liquidated")
    fields = (
        build_price_field(reader, market.reporters, price),
        Field("used", "lent out", f"{get_bar(used / WAD, BAR_CELLS)} {100 * used / WAD:.1f} %",
              "warning" if used > KINK else "good", note=f"kink {100 * KINK // WAD} %"),
        Field("borrow", "borrow rate", f"{_read_rate(reader, 'borrow'):.2f} % a year"),
        Field("supply", "supply rate", f"{_read_rate(reader, 'supply'):.2f} % a year"),
        Field("cash", "cash", _format_dollars(reader.read("lending", "cash"))),
        Field("lent", "lent", _format_dollars(reader.read("lending", "borrows"))),
        Field("reserves", "reserves", f"{format_amount(reader.read('lending', 'reserves'), 6)} USD",
              note=f"lost: {_format_dollars(_sum(reader, 'DebtLost'))}"),
        Field("earned", "interest", f"{format_amount(_sum(reader, 'InterestAccrued', 'interest'), 6)} USD"),
        Field("falls", "liquidated", plural(len(liquidated), "time"), "warning" if liquidated else "muted",
              note=f"{_format_dollars(sum(it.values['repaid'] for it in liquidated))} paid"),
        *(_build_borrower_field(market, it, coins, debt, price) for it, coins, debt in borrowers),
        *(Field(f"supplier-{it}", market.get_person_name(it), _format_dollars(_read_of(reader, "supplied", it)),
                note="supplied") for it in market.get_suppliers()),
        *build_reporter_fields(reader, market.reporters, price),
    )  # fmt: skip
    prices = list_prices(reader)
    falls = place_on(prices, [it.time_us for it in liquidated])
    charts = build_oracle_chart(reader, market.reporters, prices, falls), _build_rate_chart(used)
    levels = [_judge(market.get_person_name(it), coins, debt, price) for it, coins, debt in borrowers if debt]
    return Story(_tell(reader, market, price), fields, charts, draw_levels(levels, 1, TOP))


def _read_rate(reader: Reader, side: str) -> float:
    return 100 * int(reader.read("lending", f"{side}_rate_per_year")) / WAD


def _read_of(reader: Reader, what: str, person: int) -> int:
    return int(reader.read("lending", f"{what}_of", reader.get_address(person)))


def _sum(reader: Reader, name: str, value: str = "amount") -> int:
    return sum(it.values[value] for it in reader.list_events("lending", name))


def _format_dollars(amount: int) -> str:
    return f"{format_amount(amount, 2)} USD"


# Borrowers ----------------------------------------------------------------------------------------------------------


def _judge(name: str, coins: int, debt: int, price: int | None) -> Level:
    """Return how healthy a debt is."""
    health = compute_health_factor(coins, price, THRESHOLD, debt) if price is not None else None
    if health is None or not coins:
        return Level(name, 0, "no price" if coins else "nothing left", "muted")
    tone: Tone = "bad" if health < WAD else "warning" if health < CAREFUL else "good"
    falls_at = compute_liquidation_price(coins, THRESHOLD, debt) / WAD
    return Level(name, health / WAD, f"{health * 100 // WAD / 100:.2f}", tone, f"falls at {falls_at:.2f} USD")


def _build_borrower_field(market: LendingMarket, person: int, coins: int, debt: int, price: int | None) -> Field:
    name = market.get_person_name(person)
    if not debt:
        text = f"{format_amount(coins, 0)} CR, no debt" if coins else "not here yet"
        return Field(f"borrower-{person}", name, text, "muted")
    level = _judge(name, coins, debt, price)
    text = f"{format_amount(coins, 0)} CR → {format_amount(debt, 0)} USD"
    return Field(f"borrower-{person}", name, text, level.tone, note=level.sign)


# The sentence -------------------------------------------------------------------------------------------------------


def _tell(reader: Reader, market: LendingMarket, price: int | None) -> str:
    told = reader.list_events("lending", *TOLD)
    if price is None:
        return "Too few reporters have told a price lately: nobody can borrow or be liquidated, paying back goes on."
    if not told:
        return "The market is open; it waits for somebody to bring dollars."
    return _tell_last(reader, told[-1], price) + _tell_danger(reader, market)


def _tell_last(reader: Reader, last: Happened, price: int) -> str:
    told = last.values
    who = reader.name(told.get("borrower") or told["supplier"])
    if last.name == "Liquidated":
        paid, coins = _format_dollars(told["repaid"]), format_amount(told["seized"], 1)
        liquidator = reader.name(told["liquidator"])
        cause = f"A coin costs {price / WAD:.2f} USD"
        return f"{cause}: the {liquidator} paid {paid} for {who} and took {coins} CR, worth 8 % more."
    amount = format_amount(told["amount"], 1)
    return {
        "Supplied": f"{who} brought {amount} USD to earn interest.",
        "Withdrawn": f"{who} took {amount} USD back.",
        "CollateralAdded": f"{who} left {amount} CR as collateral.",
        "CollateralTaken": f"{who} took {amount} CR of collateral back.",
        "Borrowed": f"{who} borrowed {amount} USD against coins.",
        "Repaid": f"{who} paid {amount} USD back to be on the safe side.",
    }[last.name]


def _tell_danger(reader: Reader, market: LendingMarket) -> str:
    health = [
        (reader.read("lending", "health_factor", reader.get_address(it)), market.get_person_name(it))
        for it in market.get_borrowers()
    ]
    ill = [name for factor, name in health if factor < WAD]
    if not ill:
        return ""
    return f" {' and '.join(ill[:2])} {'is' if len(ill) == 1 else 'are'} below 1: anybody may liquidate."


# The rate -----------------------------------------------------------------------------------------------------------


def _build_rate_chart(used: int) -> Chart:
    """Return what borrowers pay and suppliers get by how much is lent, with a mark where the market is."""
    reserve = WAD // 10

    def compute_rates(utilization: int) -> tuple[float, float]:
        rate = compute_jump_rate(utilization, BASE, SLOPE, JUMP, KINK)
        return 100 * rate / WAD, 100 * compute_supply_rate(rate, utilization, reserve) / WAD

    points = [(percent, compute_rates(percent * WAD // 100)) for percent in range(0, 101, 2)]
    lines = tuple(
        Series(label, tuple((float(percent), rates[side]) for percent, rates in points))
        for side, label in enumerate(("borrowers", "suppliers"))
    )
    now = tuple(Series("", ((100 * used / WAD, rate),)) for rate in compute_rates(used))
    return Chart("Interest by what is lent", lines, "%/year", "% lent", markers=now, is_area=False)

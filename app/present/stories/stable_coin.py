"""The stable coin: how well it is covered, each vault beside the least it must be worth, and what reporters say."""

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
from app.present.stories.reader import Chart, Happened, Reader, Story, build_series
from app.present.words import plural
from app.widgets.models import Field, Tone
from chain.economy.applications.stable_coin import KEEPER, MINIMUM_RATIO, SAFE, StableCoin
from chain.theory.lending import WAD
from chain.units import COIN, format_amount

TOLD: Final = ("Locked", "Freed", "Minted", "Repaid", "Liquidated")
TOP: Final = 4
"""The ratio at which a bar is full."""
NOBODY: Final = bytes(20)


def build_stable_coin_story(reader: Reader) -> Story:
    """Return the story of the stable coin at the reader's moment."""
    if not reader.is_deployed():
        return Story("An oracle of five reporters and a stable coin are being put on the chain.")
    coin = reader.application
    assert isinstance(coin, StableCoin)
    price, liquidated = find_price(reader), reader.list_events("stable_coin", "Liquidated")
    vaults = [(it, *_read_vault(reader, it)) for it in (*coin.get_owners(), KEEPER)]
    supply, owed = (reader.read("stable_coin", name) for name in ("totalSupply", "debt_total"))
    treasury = reader.read("stable_coin", "balanceOf", reader.get_address(0))
    fields = (
        build_price_field(reader, coin.reporters, price),
        Field("supply", "dollars made", f"{format_amount(supply, 2)} USD", "strong"),
        Field("owed", "owed", f"{format_amount(owed, 4)} USD", note="fee included"),
        Field("treasury", "treasury", f"{format_amount(treasury, 6)} USD", note="fee, 5 % a year"),
        _build_cover_field(reader, supply, price),
        Field("falls", "liquidated", plural(len(liquidated), "time"), "warning" if liquidated else "muted",
              note=f"{format_amount(sum(it.values['repaid'] for it in liquidated), 2)} USD burnt"),
        *(_build_vault_field(coin, it, coins, debt, price) for it, coins, debt in vaults),
        *build_reporter_fields(reader, coin.reporters, price),
        _build_quorum_field(reader, coin, price),
    )  # fmt: skip
    prices = list_prices(reader)
    falls = place_on(prices, [it.time_us for it in liquidated])
    charts = build_oracle_chart(reader, coin.reporters, prices, falls), _build_supply_chart(reader)
    levels = [_judge(coin.get_person_name(it), coins, debt, price) for it, coins, debt in vaults if debt]
    drawing = draw_levels(levels, MINIMUM_RATIO / WAD, TOP)
    return Story(_tell(reader, coin, price), fields, charts, drawing)


def _read_vault(reader: Reader, person: int) -> tuple[int, int]:
    address = reader.get_address(person)
    return reader.read("stable_coin", "vault_of", address)[0], reader.read("stable_coin", "debt_of", address)


def _build_cover_field(reader: Reader, supply: int, price: int | None) -> Field:
    if price is None or not supply:
        return Field("cover", "covered", "–", "muted", note="no price" if price is None else "no dollars yet")
    ratio = reader.read("stable_coin", "covered_ratio")
    tone: Tone = "good" if ratio >= MINIMUM_RATIO else "bad" if ratio < WAD else "warning"
    return Field("cover", "covered", f"{100 * ratio // WAD} % by coins", tone,
                 note=f"{format_amount(reader.get_coins('stable_coin'), 0)} CR")  # fmt: skip


def _build_quorum_field(reader: Reader, coin: StableCoin, price: int | None) -> Field:
    outside = coin.reporters.course.compute_price(reader.time_s)
    off = "no price" if price is None else f"{100 * (price / outside - 1):+.2f} %"
    count, quorum = (reader.read("oracle", name) for name in ("fresh_count", "quorum"))
    return Field("off", "off outside", off, note=f"{count} fresh, {quorum} needed")


# Vaults -------------------------------------------------------------------------------------------------------------


def _judge(name: str, coins: int, debt: int, price: int | None) -> Level:
    """Return how much a vault with a debt is worth."""
    if price is None or not coins:
        return Level(name, 0, "no price" if coins else "nothing left", "muted")
    ratio = coins * price // debt
    tone: Tone = "bad" if ratio < MINIMUM_RATIO else "warning" if ratio < SAFE else "good"
    return Level(
        name, ratio / WAD, f"{100 * ratio // WAD} %", tone, f"falls at {debt * MINIMUM_RATIO / WAD / coins:.2f} USD"
    )


def _build_vault_field(coin: StableCoin, person: int, coins: int, debt: int, price: int | None) -> Field:
    name = coin.get_person_name(person)
    if not debt:
        return Field(f"vault-{person}", name, f"{format_amount(coins, 0)} CR, no debt" if coins else "–", "muted")
    level = _judge(name, coins, debt, price)
    amounts = f"{format_amount(coins, 0)} CR → {format_amount(debt, 0)} USD"
    return Field(f"vault-{person}", name, amounts, level.tone, note=level.sign)


def _build_supply_chart(reader: Reader) -> Chart:
    supply, points = 0, list[tuple[int, float]]()
    for event in reader.list_events("stable_coin", "Transfer"):
        is_new, is_gone = (event.values[side] == NOBODY for side in ("sender", "receiver"))
        if is_new or is_gone:
            supply += event.values["amount"] if is_new else -event.values["amount"]
            points.append((event.time_us, supply / COIN))
    return Chart("Dollars there are", (build_series("supply", points),), "USD")


# The sentence -------------------------------------------------------------------------------------------------------


def _tell(reader: Reader, coin: StableCoin, price: int | None) -> str:
    told = reader.list_events("stable_coin", *TOLD)
    if price is None:
        return "Too few reports are fresh: nobody can make dollars or be liquidated until the oracle has a price."
    if not told:
        return "Reporters tell what a coin costs; no vault has been opened yet."
    return _tell_last(reader, told[-1], price) + _tell_lie(reader, coin, price)


def _tell_last(reader: Reader, last: Happened, price: int) -> str:
    told, who = last.values, reader.name(last.values["owner"])
    if last.name == "Liquidated":
        paid, coins = format_amount(told["repaid"], 2), format_amount(told["coins"], 1)
        keeper = reader.name(told["liquidator"])
        return (
            f"A coin costs {price / WAD:.2f} USD: the {keeper} burnt {paid} USD for {who} and took {coins} CR, "
            "worth 13 % more."
        )
    payer = reader.name(told.get("payer", told["owner"]))
    amount = format_amount(told["coins" if last.name in ("Locked", "Freed") else "amount"], 1)
    return {
        "Locked": f"{who} locked {amount} CR in a vault.",
        "Freed": f"{who} took {amount} CR out of the vault.",
        "Minted": f"{who} made {amount} new USD, covered by coins.",
        "Repaid": f"{payer} burnt {amount} USD and owes less.",
    }[last.name]


def _tell_lie(reader: Reader, coin: StableCoin, price: int) -> str:
    liar = coin.reporters.people[-1]
    told, _ = reader.read("oracle", "report_of", reader.get_address(liar))
    if told < 2 * price:
        return ""
    return f" {coin.get_person_name(liar)} says {told / WAD:.2f}: the one in the middle counts, so it moves nothing."

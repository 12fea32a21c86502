"""Two pools and a trader without money: how far apart the prices are, and the latest loop as a drawing."""

from typing import Final, NamedTuple

from app.present.stories.picture import Picture
from app.present.stories.reader import Chart, Happened, Reader, Story, build_series
from app.present.words import format_count, plural
from app.widgets.models import Field, Line
from chain.economy.applications.flash_arbitrage import PENNILESS, POOLS
from chain.theory.amm import compute_arbitrage_bounds
from chain.units import COIN, format_amount

LATEST: Final = 5
NAMES: Final = tuple(label.replace("_", " ") for label in POOLS)


class Loop(NamedTuple):
    """Coins taken from one pool and sold in the other."""

    time_us: int
    source: str
    target: str
    coins: int
    got: int
    owed: int

    @property
    def gain(self) -> int:
        """What was left, in units of a dollar."""
        return self.got - self.owed


def build_flash_arbitrage_story(reader: Reader) -> Story:
    """Return the story of both pools and of who goes between them."""
    synced = [reader.list_events(label, "Sync") for label in POOLS]
    if not all(synced):
        return Story("The founder fills two pools alike; somebody without money puts the loop on the chain.")
    prices = [[(it.time_us, it.values["reserve1"] / it.values["reserve0"]) for it in told] for told in synced]
    east, west = (told[-1][1] for told in prices)
    _, two_fees = compute_arbitrage_bounds(compute_arbitrage_bounds(1.0)[1])
    is_apart = max(east / west, west / east) > two_fees
    owned = reader.read("dollar", "balanceOf", reader.get_address(PENNILESS)) / COIN
    loops = _list_loops(reader)
    gains = [(0, 0.0)]
    for loop in loops:
        gains.append((loop.time_us, gains[-1][1] + loop.gain / COIN))
    fields = (
        *(Field(label, name, f"{price:.4f} USD", note="for a coin")
          for label, name, price in zip(POOLS, NAMES, (east, west), strict=True)),
        Field("gap", "apart", f"{100 * abs(east / west - 1):.2f} %", "warning" if is_apart else "good",
              note="a loop pays" if is_apart else "two fees eat it"),
        Field("loops", "loops", format_count(len(loops)), "strong"),
        Field("gain", "gained", f"{gains[-1][1]:.2f} USD", "good", note="for gas only"),
        Field("own", "penniless has", f"{owned:.2f} USD", "muted", note="nothing at first"),
        Field("undone", "never happened", plural(len(reader.list_failures("loop")), "loop"), "muted", note="undone"),
        *(Field(f"loop-{place}", f"from {it.source}", f"{format_amount(it.coins, 2)} CR",
                note=f"+{format_amount(it.gain, 3)} USD")
          for place, it in enumerate(loops[: -LATEST - 1 : -1])),
    )  # fmt: skip
    lines = tuple(build_series(name.split()[0], told) for name, told in zip(NAMES, prices, strict=True))
    values = [value for line in lines for _, value in line.points]
    charts = (
        Chart("Price of a coin", lines, "USD", y_range=(min(values), max(values)), is_area=False),
        Chart("Gained without own money", (build_series("gain", gains),), "USD"),
    )
    return Story(_tell(reader, synced, loops, is_apart), fields, charts, _draw(loops[-1]) if loops else ())


def _list_loops(reader: Reader) -> list[Loop]:
    """Return what each loop did: its transaction holds a swap of either pool."""
    swaps: dict[bytes, dict[str, Happened]] = {}
    for label, name in zip(POOLS, NAMES, strict=True):
        for event in reader.list_events(label, "Swap"):
            swaps.setdefault(event.doing.signed.id, {})[name] = event
    loops = []
    for gained in reader.list_events("loop", "Gained"):
        pair = swaps[gained.doing.signed.id]
        source = next(name for name, it in pair.items() if it.values["amount0Out"])
        target = next(name for name in pair if name != source)
        bought, sold = pair[source].values, pair[target].values
        loops.append(
            Loop(gained.time_us, source, target, bought["amount0Out"], sold["amount1Out"], bought["amount1In"])
        )
    return loops


def _tell(reader: Reader, synced: list[list[Happened]], loops: list[Loop], is_apart: bool) -> str:
    traded = [event for label in POOLS for event in reader.list_events(label, "Swap")]
    if not traded:
        return "Both pools hold the same, so a coin costs the same in both: there is nothing to gain between them."
    last_us = max(told[-1].time_us for told in synced)
    if loops and loops[-1].time_us == last_us:
        it = loops[-1]
        return (
            f"Somebody without money took {format_amount(it.coins, 2)} CR from the {it.source}, sold them in the "
            f"{it.target}, paid, and kept {format_amount(it.gain, 3)} USD: all in one transaction."
        )
    if is_apart:
        return "Trades have moved the pools apart by more than two fees: a loop through both pays."
    return "The pools say nearly the same price: two fees would eat what a loop could gain."


def _draw(loop: Loop) -> tuple[Line, ...]:
    """Return where coins and dollars went in a loop, and in which order."""
    picture = Picture()
    coins, owed, got = (format_amount(it, 2) for it in (loop.coins, loop.owed, loop.got))
    picture.draw_box(0, 0, 14, loop.source, ["coins cheap"], "good")
    picture.draw_box(31, 0, 12, "the loop", [f"+{format_amount(loop.gain, 2)}"], "accent")
    picture.draw_box(60, 0, 14, loop.target, ["coins dear"], "warning")
    for x, first, second in ((14, f"1 {coins} CR", f"4 {owed} USD"), (43, f"2 {coins} CR", f"3 {got} USD")):
        picture.put(x, 0, f"{f' {first} ':─^16}▸"[:17], "muted")
        picture.put(x, 2, f"◂{f' {second} ':─^16}"[:17], "muted")
    picture.put(0, 3, "paid after the sale: were 3 less than 4, none of it would have happened", "muted")
    return picture.get_lines()

"""The shared house: who holds how much of it, what rent came and where it is, and the houses that were not divided."""

from typing import Final

from app.present.stories.picture import draw_bar
from app.present.stories.reader import Chart, Reader, Story, build_series
from app.present.words import format_coins, format_count, plural
from app.widgets.models import Field, Line
from chain.economy.applications.shared_house import HOUSE, SHARES
from chain.units import COIN, Address

BAR_CELLS: Final = 24
NOBODY: Final = Address(bytes(20))
LATEST: Final = 5


def build_shared_house_story(reader: Reader) -> Story:
    """Return the story of the house at the reader's moment."""
    if not reader.is_deployed("deed") or not reader.read("deed", "totalSupply"):
        return Story("The land registry opens and writes the deed of a house.")
    if not reader.is_deployed("fraction") or not reader.read("fraction", "totalSupply"):
        owner = reader.name(reader.read("deed", "ownerOf", HOUSE))
        return Story(f"The {owner} owns a house alone, and is about to divide it into {format_count(SHARES)} shares.")
    total, paid, waiting = (reader.read("fraction", f"rent_{it}") for it in ("total", "paid", "waiting"))
    owners = _list_owners(reader)
    claimable = sum(it[1] for it in owners)
    rents = reader.list_events("fraction", "RentPaid")
    fields = (
        Field("house", "the house", reader.read("deed", "tokenURI", HOUSE), "strong", note="deed 1"),
        Field("owner", "owned by", reader.name(reader.read("deed", "ownerOf", HOUSE)), note=plural(SHARES, "share")),
        Field("rent", "rent came", format_coins(total), note=f"{len(rents)} ×"),
        Field("paid", "taken", format_coins(paid), "good"),
        Field("claimable", "to be taken", format_coins(claimable), "warning" if claimable else "muted"),
        Field("waiting", "waiting", f"{format_count(waiting)} units", "muted", note="not divisible yet"),
        Field("sum", "adds up", "✔ to the unit" if paid + claimable + waiting == total else "✖ no",
              "good" if paid + claimable + waiting == total else "bad"),
        Field("share", "a share", format_coins(reader.read("fraction", "rent_per_share"))),
        *(Field(f"holder-{place}", reader.name(address), plural(shares, "share"), note=f"{format_coins(due, 2)} due")
          for place, (shares, due, address) in enumerate(owners)),
        Field("deeds", "whole houses", plural(reader.read("deed", "totalSupply") - 1, "deed"), note="× sold"),
        *_build_deed_fields(reader),
    )  # fmt: skip
    return Story(_tell(reader), fields, (_build_rent_chart(reader),), _draw(reader, owners))


def _list_owners(reader: Reader) -> list[tuple[int, int, Address]]:
    """Return (shares, rent to be taken, who) of everybody who has or had any, the largest first."""
    shares = dict[Address, int]()
    for event in reader.list_events("fraction", "Transfer"):
        for side, sign in (("sender", -1), ("receiver", 1)):
            who = Address(event.values[side])
            shares[who] = shares.get(who, 0) + sign * event.values["amount"]
    shares.pop(NOBODY, None)
    found = [(count, reader.read("fraction", "claimable", who), who) for who, count in shares.items()]
    return sorted((it for it in found if it[0] or it[1]), key=lambda it: (-it[0], -it[1], it[2]))


def _build_deed_fields(reader: Reader) -> tuple[Field, ...]:
    """Return the houses sold whole lately, each with its owner and how often it changed hands."""
    sales, owners = dict[int, int](), dict[int, bytes]()
    for event in reader.list_events("deed", "Transfer"):
        deed = event.values["token_id"]
        sales[deed] = sales.get(deed, 0) + (event.values["sender"] != NOBODY)
        owners.pop(deed, None)
        owners[deed] = event.values["receiver"]
    return tuple(
        Field(f"deed-{deed}", f"deed {deed}, {sales[deed]} ×", reader.read("deed", "tokenURI", deed), "muted",
              note=reader.name(owners[deed]))
        for deed in [it for it in reversed(owners) if it != HOUSE][:LATEST]
    )  # fmt: skip


def _build_rent_chart(reader: Reader) -> Chart:
    came, taken, sums = list[tuple[int, float]](), list[tuple[int, float]](), [0, 0]
    for event in reader.list_events("fraction", "RentPaid", "RentClaimed"):
        side = int(event.name == "RentClaimed")
        sums[side] += event.values["amount"]
        (came, taken)[side].append((event.time_us, sums[side] / COIN))
    return Chart("Rent", (build_series("came", came), build_series("taken", taken)), "CR")


def _draw(reader: Reader, owners: list[tuple[int, int, Address]]) -> tuple[Line, ...]:
    """Return the way from the deed to the holders, with a bar for each share of the house."""
    text, largest = reader.read("deed", "tokenURI", HOUSE), max(shares for shares, _, _ in owners)
    lines: list[Line] = [((f"deed 1, {text}", "strong"), ("  ─▶  ", "muted"), (f"{SHARES} shares", "accent"))]
    shown = [it for it in owners if it[0]]
    for place, (shares, _, address) in enumerate(shown):
        joint = "└" if place == len(shown) - 1 else "├"
        bar = draw_bar(shares / largest, BAR_CELLS)
        lines.append(((f"  {joint}─ {reader.name(address):<12} ", "muted"), (bar, "good"), (f" {shares:>4}", "text")))
    return tuple(lines)


# The sentence -------------------------------------------------------------------------------------------------------


def _tell(reader: Reader) -> str:
    last = max(
        (*reader.list_events("fraction")[-1:], *reader.list_events("deed")[-1:]), key=lambda event: event.time_us
    )
    told = last.values
    if last.name == "RentPaid":
        rent, earned = format_coins(told["amount"]), format_coins(told["per_share"])
        return f"The tenant paid {rent} of rent: {earned} for each share."
    if last.name == "RentClaimed":
        return f"{reader.name(told['holder'])} took {format_coins(told['amount'], 2)} of rent out of the house."
    if last.name == "Transfer" and "token_id" in told:
        return _tell_deed(reader, told["sender"], told["receiver"], told["token_id"])
    if told["sender"] == NOBODY:
        return f"The deed lies in the contract now, and the {reader.name(told['receiver'])} has all {SHARES} shares."
    seller, buyer = reader.name(told["sender"]), reader.name(told["receiver"])
    return f"{seller} sold {plural(told['amount'], 'share')} to {buyer}; rent that came before stays with {seller}."


def _tell_deed(reader: Reader, sender: bytes, receiver: bytes, deed: int) -> str:
    house = reader.read("deed", "tokenURI", deed)
    if sender == NOBODY:
        return f"The registry wrote deed {deed}, {house}, to {reader.name(receiver)}."
    return f"{reader.name(sender)} sold the whole house {house} to {reader.name(receiver)}."

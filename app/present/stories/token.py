"""The launch of a token: how much is sold, whether the goal is reached, who owns how much afterwards."""

from app.present.stories.reader import Chart, Reader, Story, build_series
from app.present.words import format_clock, format_coins, format_count, plural
from app.widgets.models import Field
from chain.economy.applications.token import TOKEN
from chain.units import Address

MOST_OWNERS = 5


def build_token_story(reader: Reader) -> Story:
    """Return the story of the launch at the reader's moment."""
    if not reader.is_deployed():
        return Story("The founder is putting the token and its sale on the chain.")
    sold, goal, cap = (reader.read("token_sale", name) for name in ("sold_lots", "goal_lots", "cap_lots"))
    price, end_s = reader.read("token_sale", "price_per_lot"), reader.read("token_sale", "deadline_s")
    bought = reader.list_events("token_sale", "Bought")
    is_open = reader.time_s < end_s
    owned = _list_owners(reader)
    fields = (
        Field("sold", "sold", f"{format_count(sold)} of {format_count(cap)} lots", "strong"),
        Field("goal", "goal", f"{format_count(goal)} lots", "good" if sold >= goal else "warning",
              note="reached" if sold >= goal else f"{format_count(goal - sold)} missing"),
        Field("raised", "raised", format_coins(sold * price)),
        Field("price", "a lot", format_coins(price), "muted"),
        Field("until", "sale ends", format_clock(end_s * 10**6), "muted", note="open" if is_open else "over"),
        Field("moves", "transfers", format_count(len(reader.list_events("token", "Transfer")))),
        *(Field(f"owner-{place}", reader.name(address), f"{amount // TOKEN} tokens",
                note=f"{100 * amount / max(1, reader.read('token', 'totalSupply')):.1f} %")
          for place, (amount, address) in enumerate(owned)),
    )  # fmt: skip
    total, points = 0, [(0, 0.0)]
    for event in bought:
        total += event.values["lots"]
        points.append((event.time_us, float(total)))
    target = [(0, float(goal)), (max(reader.at_us, 1), float(goal))]
    chart = Chart("Lots sold", (build_series("sold", points), build_series("goal", target)), "lots")
    return Story(_tell(reader, sold, goal, is_open), fields, (chart,))


def _tell(reader: Reader, sold: int, goal: int, is_open: bool) -> str:
    bought = reader.list_events("token_sale", "Bought")
    if is_open and bought:
        last = bought[-1].values
        done = "the goal is reached" if sold >= goal else f"{format_count(goal - sold)} more reach the goal"
        return f"{reader.name(last['buyer'])} bought {plural(last['lots'], 'lot')}; {done}."
    if reader.read("token_sale", "state") == "waiting":
        return "The sale has not begun: first the founder hands over all tokens that are for sale."
    if is_open:
        return "The sale is open; nobody has bought yet."
    if sold < goal:
        return "The goal was missed: buyers take their money back, and nobody had to trust the founder."
    claimed = len(reader.list_events("token_sale", "Claimed"))
    return f"The goal was reached: {claimed} buyers have claimed their tokens, which now change hands."


def _list_owners(reader: Reader) -> list[tuple[int, Address]]:
    everybody = [reader.get_address(who) for who in (*range(len(reader.application.signers)), "token_sale")]
    owned = [(reader.read("token", "balanceOf", address), address) for address in everybody]
    return sorted((it for it in owned if it[0]), key=lambda it: (-it[0], it[1]))[:MOST_OWNERS]

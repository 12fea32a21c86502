"""The stories of the attacks on contracts: the one with the mistake beside the repaired one."""

from collections.abc import Sequence

from app.present.attacks import Found, describe_due, find_attacks, list_attacks
from app.present.stories.reader import Chart, Happened, Reader, Story, build_series
from app.present.words import format_clock, format_coins, format_count, plural
from app.widgets.models import Field, Line, Tone
from chain.economy.applications import attack_front_running as front_running
from chain.economy.applications import attack_oracle as oracle
from chain.economy.applications import attack_sandwich as sandwich
from chain.economy.applications.attack_access import PURSES
from chain.economy.applications.attack_integers import FORGED, TOKENS
from chain.economy.applications.attack_reentrancy import BANKS
from chain.theory.amm import compute_amount_out
from chain.units import COIN

MOST_STAIRS = 14
"""Lines of a drawing."""


def _find(reader: Reader) -> list[Found]:
    return find_attacks(reader.simulation, reader.at_us)


def _build_attack_fields(reader: Reader) -> tuple[Field, ...]:
    """Return the attacks of the run: when they were, or when they come."""
    found = {it.attack: it for it in _find(reader)}
    return tuple(
        Field(
            f"attack-{place}",
            format_clock(found[attack].doing.block.published_us)[:-4] if attack in found else "still to come",
            attack.title,
            ("bad" if attack.is_success else "good") if attack in found else "muted",
            note="press a" if attack in found else describe_due(attack),
        )
        for place, attack in enumerate(list_attacks(reader.simulation))
    )


def _tell(reader: Reader, before: str, between: str, after: str) -> str:
    """Return the headline of the phase: before the attack, after it, after the repaired contract was tried too."""
    titles = [it.attack.title for it in _find(reader)]
    attacks = list_attacks(reader.simulation)
    if attacks[1].title in titles:
        return after
    return between if attacks[0].title in titles else before


def _compare(name: str, label: str, has: int, owes: int, unit: str = "") -> Field:
    """Return what a contract has beside what it says it owes."""
    tone: Tone = "good" if has >= owes else "bad"
    shown = (f"{format_count(it)}{unit}" if unit else format_coins(it, 2) for it in (has, owes))
    first, second = shown
    return Field(name, label, first, tone, note=f"owes {second}")


def _draw(lines: Sequence[str]) -> tuple[Line, ...]:
    """Return plain lines as a drawing."""
    return tuple(((line, "text"),) for line in lines)


# Re-entrancy -----------------------------------------------------------------------------------------------------


def build_reentrancy_story(reader: Reader) -> Story:
    """Return what lies in both banks, what they owe, and the robbery as a staircase."""
    if not reader.is_deployed():
        return Story("Two banks open, and somebody writes a contract against each.")
    told = {bank: reader.list_events(bank) for bank in BANKS}
    owed = {bank: _compute_owed(told[bank]) for bank in BANKS}
    robbed = reader.list_events("thief", "Robbed")
    stairs = _draw_stairs(robbed[0], told["naive_vault"]) if robbed else ()
    loot = robbed[0].values["loot"] - robbed[0].values["stake"] if robbed else 0
    fields = (
        *_build_attack_fields(reader),
        _compare("naive", "naive bank", reader.get_coins("naive_vault"), owed["naive_vault"]),
        _compare("fixed", "repaired bank", reader.get_coins("fixed_vault"), owed["fixed_vault"]),
        Field("loot", "stolen", format_coins(loot, 2) if robbed else "nothing yet", "bad" if robbed else "muted"),
        Field("calls", "entered", plural(reader.read("thief", "calls"), "time") if robbed else "–", "muted"),
        Field("failed", "turned away", format_count(len(reader.list_failures("naive_vault")))),
    )
    series = tuple(
        build_series(title, _follow_money(told[bank]))
        for title, bank in (("naive bank", "naive_vault"), ("repaired bank", "fixed_vault"))
    )
    headline = _tell(
        reader,
        "Savers use two banks; one of them pays before it notes what it paid.",
        "The naive bank paid the same savings again and again: what it owes is not there any more.",
        "The repaired bank notes first and then pays: the same robbery undid itself.",
    )
    return Story(headline, fields, (Chart("Coins in the banks", series, "CR"),), _draw(stairs))


def _compute_owed(told: list[Happened]) -> int:
    """Return what a bank's books say: each person's deposits since they last took all."""
    owed: dict[bytes, int] = {}
    for event in told:
        who = event.values["who"]
        owed[who] = owed.get(who, 0) + event.values["amount"] if event.name == "Deposited" else 0
    return sum(owed.values())


def _follow_money(told: list[Happened]) -> list[tuple[int, float]]:
    total, points = 0, [(0, 0.0)]
    for event in told:
        total += event.values["amount"] if event.name == "Deposited" else -event.values["amount"]
        points.append((event.time_us, total / COIN))
    return points


def _draw_stairs(robbed: Happened, told: list[Happened]) -> tuple[str, ...]:
    """Return the calls of the robbery, each inside the one before."""
    paid = [it for it in told if it.doing.signed.id == robbed.doing.signed.id and it.name == "Withdrawn"]
    lines = ["the robbery, each call inside the one before:"]
    for depth, event in enumerate(paid[:MOST_STAIRS]):
        lines.append(f"{'  ' * depth}└ withdraw pays {format_coins(event.values['amount'], 2)}")
    if len(paid) > MOST_STAIRS:
        lines.append(f"  … {len(paid) - MOST_STAIRS} more")
    return tuple(lines)


# Access ----------------------------------------------------------------------------------------------------------


def build_access_story(reader: Reader) -> Story:
    """Return whose the purses are, and what is in them."""
    if not reader.is_deployed():
        return Story("An owner makes two purses that people pay into.")
    fields = list[Field]()
    for purse in PURSES:
        owner = reader.read(purse, "owner")
        is_safe = owner == reader.get_address(0)
        fields.append(Field(f"{purse}-owner", f"{purse.replace('_', ' ')} of", reader.name(owner),
                            "good" if is_safe else "bad"))  # fmt: skip
        fields.append(Field(f"{purse}-coins", "holds", format_coins(reader.get_coins(purse), 2)))
    fields.append(Field("refused", "refused by the safe one", format_count(len(reader.list_failures("safe_purse")))))
    series = tuple(
        build_series(purse.replace("_", " "), _follow_purse(reader.list_events(purse, "Received", "Paid")))
        for purse in PURSES
    )
    headline = _tell(
        reader,
        "Customers pay into two purses; one of them lets anybody say whose it is.",
        "A stranger called set_up of the open purse, as anybody could, and is its owner.",
        "The safe purse asked who is calling, and is still its owner's.",
    )
    chart = Chart("Coins in the purses", series, "CR")
    return Story(headline, (*_build_attack_fields(reader), *fields), (chart,))


def _follow_purse(told: list[Happened]) -> list[tuple[int, float]]:
    total, points = 0, [(0, 0.0)]
    for event in told:
        total += event.values["amount"] if event.name == "Received" else -event.values["amount"]
        points.append((event.time_us, total / COIN))
    return points


# Integers --------------------------------------------------------------------------------------------------------


def build_integers_story(reader: Reader) -> Story:
    """Return the supply of both tokens beside what people own of them."""
    if not reader.is_deployed():
        return Story("Two tokens are issued that differ in how they multiply.")
    fields = list[Field]()
    people = range(len(reader.application.signers))
    for token in TOKENS:
        owned = sum(reader.read(token, "balances", reader.get_address(it)) for it in people)
        total, name = reader.read(token, "total"), token.replace("_", " ")
        shown = format_count(owned) if owned < FORGED else f"2²⁵⁶ + {format_count(owned - 2 * FORGED)}"
        fields.append(Field(f"{token}-total", f"{name} issued", format_count(total)))
        fields.append(Field(f"{token}-owned", "owned by all", shown, "good" if owned == total else "bad"))
        fields.append(Field(f"{token}-moves", "transfers", format_count(len(reader.list_events(token, "Transfer"))),
                            "muted"))  # fmt: skip
    sums = ("  2 receivers × 2²⁵⁵ tokens each", "= 2²⁵⁶, which is one more than a word holds", "= 0 in round_token",
            "= an error in safe_token")  # fmt: skip
    headline = _tell(
        reader,
        "Holders pay each other in two tokens; one of them counts past its largest number.",
        "A stranger who owned nothing gave away 2²⁵⁶ tokens: to the contract that was nothing.",
        "The safe token checks each multiplication, and refused.",
    )
    return Story(headline, (*_build_attack_fields(reader), *fields), (), _draw(sums))


# Front-running ---------------------------------------------------------------------------------------------------


def build_front_running_story(reader: Reader) -> Story:
    """Return who got each prize, and how the block was ordered."""
    if not reader.is_deployed():
        return Story("A founder puts up prizes for the answers to four puzzles.")
    labels = [f"puzzle_{place}" for place in range(1, len(front_running.ANSWERS) + 1)] + ["sealed_puzzle"]
    fields, blocks = list[Field](), list[list[str]]()
    for label in labels:
        solved = reader.list_events(label, "Solved")
        name = label.replace("_", " ")
        if not solved:
            fields.append(Field(label, name, "open", "muted", note=f"{front_running.PRIZE_COINS} CR"))
            continue
        solver = solved[0].values["solver"]
        is_just = solver == reader.get_address(front_running.SOLVER)
        fields.append(Field(label, f"{name} won by", reader.name(solver), "good" if is_just else "bad",
                            note=f"“{solved[0].values['answer']}”"))  # fmt: skip
        blocks.append([f"block #{solved[0].doing.block.height}, in this order:", *_draw_order(reader, solved[0])])
    headline = _tell(
        reader,
        "Whoever answers first gets the prize; an answer waits where everybody can read it.",
        "The watcher copied the answer from the mempool, paid twice the tip, and was first.",
        "A sealed answer was copied in vain: the commitment names who may reveal it.",
    )
    return Story(
        headline,
        (*_build_attack_fields(reader), *fields),
        (),
        _draw([line for block in blocks[-2:] for line in block][:MOST_STAIRS]),
    )


def _draw_order(reader: Reader, solved: Happened) -> list[str]:
    """Return the calls of a block's puzzles in the order of execution, with their tips."""
    block, addresses = solved.doing.block, set(reader.application.addresses.values())
    lines = list[str]()
    for signed, receipt in zip(block.block.transactions, reader.world.ledger.receipts(block.hash), strict=True):
        if getattr(signed.transaction.action, "contract", None) in addresses:
            outcome = "gets the prize" if receipt.is_success else "fails"
            tip = signed.transaction.max_tip_per_gas
            lines.append(f"  {reader.name(signed.sender):10} tip {tip:4}  {outcome}")
    return lines


# Sandwich --------------------------------------------------------------------------------------------------------


def build_sandwich_story(reader: Reader) -> Story:
    """Return the price as it jumps, what victims got, and what the sandwicher gained."""
    if not reader.is_deployed() or not (synced := reader.list_events("pool", "Sync")):
        return Story("A pool of gold and silver is filled; everybody lets the router take their tokens.")
    price = [(it.time_us, it.values["reserve1"] / it.values["reserve0"]) for it in synced if it.values["reserve0"]]
    swaps = reader.list_events("pool", "Swap")
    gain = sum(_compute_gain(it) for it in swaps if _is_by(reader, it, sandwich.SANDWICHER))
    victims = [it for it in swaps if _is_by(reader, it, sandwich.CARELESS)]
    fields = (
        *_build_attack_fields(reader),
        Field("price", "gold in silver", f"{price[-1][1]:.4f}", "strong"),
        Field("gain", "sandwicher's gain", f"{gain / COIN:.2f}", "bad" if gain > 0 else "good", note="tokens, both"),
        Field("victims", "careless trades", format_count(len(victims))),
        *(Field(f"victim-{place}", f"trade {place + 1} got", f"{it.values['amount1Out'] / COIN:.2f} silver", "warning",
                note=f"alone {_compute_alone(it, synced) / COIN:.2f}") for place, it in enumerate(victims[-3:])),
        Field("undone", "trades undone", format_count(len(reader.list_failures("router"))), "muted"),
    )  # fmt: skip
    headline = _tell(
        reader,
        "Traders swap gold and silver; what they ask for waits in the mempool first.",
        "Somebody bought before a careless trade and sold after it, all in one block.",
        "The careful trade says the least it takes: a sandwich undoes it, or is not worth it.",
    )
    chart = Chart("Gold in silver", (build_series("price", price),), is_area=False)
    return Story(headline, fields, (chart,), _draw_sandwich(reader, victims[-1], swaps, synced) if victims else ())


def _compute_gain(swap: Happened) -> int:
    """Return what a swap brought, gold and silver together, which are worth about the same."""
    told = swap.values
    return int(told["amount0Out"] + told["amount1Out"] - told["amount0In"] - told["amount1In"])


def _compute_alone(swap: Happened, synced: list[Happened]) -> int:
    """Return the silver that a swap of gold would have brought without the others in its block."""
    before = [it.values for it in synced if it.time_us < swap.time_us][-1]
    return compute_amount_out(swap.values["amount0In"], before["reserve0"], before["reserve1"])


def _draw_sandwich(reader: Reader, victim: Happened, swaps: list[Happened], synced: list[Happened]) -> tuple[Line, ...]:
    """Return the swaps of the victim's block in the order of execution."""
    lines = [f"block #{victim.doing.block.height}, in this order:"]
    for swap in (it for it in swaps if it.doing.block.hash == victim.doing.block.hash):
        told, is_gold = swap.values, swap.values["amount0In"] > 0
        given, taken = (told["amount0In"], told["amount1Out"]) if is_gold else (told["amount1In"], told["amount0Out"])
        source, target = sandwich.TOKENS if is_gold else sandwich.TOKENS[::-1]
        note = f"  alone {_compute_alone(swap, synced) / COIN:.2f}" if swap is victim else ""
        who = reader.name(swap.doing.signed.sender)
        lines.append(f"  {who:10} {given / COIN:8.2f} {source:6} → {taken / COIN:8.2f} {target:6}{note}")
    return _draw(lines)


def _is_by(reader: Reader, event: Happened, person: int) -> bool:
    return event.doing.signed.sender == reader.get_address(person)


# Oracle ----------------------------------------------------------------------------------------------------------


def build_oracle_attack_story(reader: Reader) -> Story:
    """Return both markets, the price they believe, and the thief's gain."""
    if not reader.is_deployed():
        return Story("A pool and three lending markets are made and filled.")
    synced = reader.list_events("pool", "Sync")
    price = [(it.time_us, it.values["reserve0"] / it.values["reserve1"]) for it in synced]
    average = [(it.time_us, it.values["price"] / oracle.UNIT) for it in reader.list_events("average_oracle", "Updated")]
    loot = reader.read("cash", "balanceOf", reader.get_address(oracle.THIEF))
    fields = [Field("loot", "the thief has", f"{loot / oracle.UNIT:.2f} cash", "bad" if loot else "muted")]
    for label, name in (("trusting_market", "trusting market"), ("patient_market", "patient market")):
        cash, lent = (reader.read(label, function) for function in ("cash", "borrows"))
        fields.append(Field(label, f"{name} holds", f"{cash / oracle.UNIT:.2f}", "bad" if lent > cash else "good",
                            note=f"lent {lent / oracle.UNIT:.2f}"))  # fmt: skip
    top = max((value for _, value in price), default=1.0)
    fields.append(Field("price", "gold in cash", f"{price[-1][1]:.4f}" if price else "–", note=f"most {top:.2f}"))
    series = (build_series("at the moment", price), build_series("average", average))
    headline = _tell(
        reader,
        "Two markets lend cash against gold; one believes the price of the moment, one an average.",
        "For a moment gold looked 25 times as dear, and the market lent all it had against a little of it.",
        "In an average what happens within one block counts for nothing: the same call undid itself.",
    )
    chart = Chart("Gold in cash", series, "cash", is_area=False)
    return Story(headline, (*_build_attack_fields(reader), *fields), (chart,))

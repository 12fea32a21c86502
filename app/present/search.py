"""Finding things by what people type: a height, a hash or a part of it, an address, a node, a name.

Only what exists at the moment on screen is found. What is not found says what was looked for, and why there is none.
"""

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from app.present.chain import GLYPHS, TONES, format_title, get_standing
from app.present.holders import Holders
from app.present.index import RunIndex, get_index
from app.present.words import format_clock, format_coins, name_node, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Tone
from chain.consensus.block_tree import BlockRecord
from chain.errors import InvalidInput
from chain.simulation.world import World
from chain.units import Address, TimeUs
from chain.wallet.address import decode_address, encode_address, shorten_address

MOST_RESULTS: Final = 60
LEAST_HASH_DIGITS: Final = 3
_HEIGHT: Final = re.compile(r"#?\s*(\d{1,12})[′']?")
_NODE: Final = re.compile(r"n(?:ode)?\s*(\d{1,5})")
_HASH: Final = re.compile(rf"(?:0x)?([0-9a-f]{{{LEAST_HASH_DIGITS},64}})")
_SHORT_HASH: Final = re.compile(r"([0-9a-f]{2,8})(?:…|\.{2,3})([0-9a-f]{2,8})")
ALLOWED: Final = (
    "a height (812), a hash or either end of it (9f3a), an address (cr1…), a node (n07), or a name (faucet)"
)

COLUMNS: Final = (
    Column("", 2),
    Column("what", 11),
    Column("name", 22, is_flexible=True),
    Column("", 20, is_flexible=True),
)


class Result(NamedTuple):
    """Something that was found."""

    thing: Thing
    mark: str
    title: str
    note: str
    tone: Tone = "text"


class Found(NamedTuple):
    """The answer to a search."""

    results: tuple[Result, ...]
    message: str
    """What to say above the list, or instead of it."""


def search(world: World, holders: Holders, text: str, at_us: TimeUs) -> Found:
    """Return what matches a text at a moment, the best match first."""
    query = " ".join(text.lower().split())
    index = get_index(world)
    if not query:
        return Found(_suggest(world, holders, index, at_us), f"Type {ALLOWED}")
    results: dict[Thing, Result] = {}
    for result in (
        *_find_heights(world, index, query, at_us),
        *_find_nodes(world, query, at_us),
        *_find_holders(world, holders, query, at_us),
        *_find_hashes(world, index, query, at_us),
    ):
        results.setdefault(result.thing, result)
    if not results:
        return Found((), explain_nothing(world, query, at_us))
    found = tuple(results.values())[:MOST_RESULTS]
    more = " or more; type more of it" if len(results) >= MOST_RESULTS else ""
    return Found(found, f"{plural(len(found), 'match', 'matches')}{more}")


def explain_nothing(world: World, query: str, at_us: TimeUs) -> str:
    """Return why nothing was found."""
    height, node = _HEIGHT.fullmatch(query), _NODE.fullmatch(query)
    head = world.tree.get_best(at_us)
    moment = format_clock(at_us)
    if height and int(height[1]) > head.height:
        return f"There is no block #{height[1]} at {moment}: the chain has reached #{head.height}."
    if node and int(node[1]) >= world.node_count:
        return f"There is no node n{node[1]}: this network has n00 to {name_node(world.node_count - 1)}."
    if query.startswith("cr1"):
        try:
            decode_address(query)
        except InvalidInput as error:
            return f"{error.thing}: {error.value} is not right; allowed: {error.allowed}."
    if _HASH.fullmatch(query):
        return f"No block or transaction whose hash begins or ends with {query} has been published by {moment}."
    return f"Nothing at {moment} matches “{query[:60]}”. Search takes {ALLOWED}."


def build_row(result: Result) -> tuple[Cell, ...]:
    """Return the cells of a result, for COLUMNS."""
    return (
        Cell(result.mark, result.tone),
        Cell(result.thing.kind, "muted"),
        Cell(result.title, "strong"),
        Cell(result.note),
    )


# One kind after the other ----------------------------------------------------------------------------------------


def _suggest(world: World, holders: Holders, index: RunIndex, at_us: TimeUs) -> tuple[Result, ...]:
    """Return places to start from: the newest block, the person's own accounts, the faucet."""
    own = [_build_holder(world, holders, address, at_us) for address in holders.labels]
    head = _build_block(world, index, world.tree.get_best(at_us), at_us)
    return (head, *own, _build_holder(world, holders, world.faucet.address, at_us))


def _build_block(world: World, index: RunIndex, record: BlockRecord, at_us: TimeUs) -> Result:
    standing = get_standing(world, index, record, at_us)
    title = f"{format_title(record, standing)} {shorten_hash(record.hash)}"
    note = f"{standing.words} · {plural(len(record.block.transactions), 'transaction')}"
    return Result(Thing("block", record.hash), GLYPHS[standing.state], title, note, TONES[standing.state])


def _build_holder(world: World, holders: Holders, address: Address, at_us: TimeUs) -> Result:
    holder = holders.get(address)
    balance = world.ledger.state(world.tree.get_best(at_us).hash).get_account(address).balance
    title = shorten_address(address) if holder is None else f"{holder.name} {shorten_address(address)}"
    kind = "unknown holder" if holder is None else holder.kind
    return Result(Thing("address", address), "●", title, f"{kind} · {format_coins(balance, 4)}", "accent")


def _find_heights(world: World, index: RunIndex, query: str, at_us: TimeUs) -> list[Result]:
    match = _HEIGHT.fullmatch(query)
    records = index.get_at_height(int(match[1]), at_us) if match else []
    head = world.tree.get_best(at_us)
    records.sort(key=lambda record: not index.is_on_branch(record, head))
    return [_build_block(world, index, record, at_us) for record in records]


def _find_nodes(world: World, query: str, at_us: TimeUs) -> list[Result]:
    match = _NODE.fullmatch(query) or re.fullmatch(r"(\d{1,5})", query)
    cities = [node for node, place in enumerate(world.network.places) if len(query) > 2 and query in place.city.lower()]
    nodes = [int(match[1])] if match and int(match[1]) < world.node_count else cities
    return [_build_node(world, node, at_us) for node in nodes[:MOST_RESULTS]]


def _build_node(world: World, node: int, at_us: TimeUs) -> Result:
    is_online = world.network.links.is_online(node, at_us)
    head = world.tree.get_head(world.view(node).node, at_us)
    note = f"{world.network.places[node].city} · on #{head.height}" if is_online else "switched off"
    return Result(
        Thing("node", node), "●" if is_online else "○", name_node(node), note, "text" if is_online else "muted"
    )


def _find_holders(world: World, holders: Holders, query: str, at_us: TimeUs) -> list[Result]:
    addresses = [address for address, _ in holders.search(query, MOST_RESULTS)]
    if query.startswith("cr1"):
        try:
            addresses.append(decode_address(query))
        except InvalidInput:
            addresses += _find_addresses(get_index(world), query, at_us)
    return [_build_holder(world, holders, address, at_us) for address in dict.fromkeys(addresses)]


def _find_addresses(index: RunIndex, query: str, at_us: TimeUs) -> list[Address]:
    """Return addresses without a name that have been used by then and begin like this."""
    seen = ((address, payments[0].submitted_us) for address, payments in index.payments.items())
    used = (Address(address) for address, first_us in seen if first_us <= at_us)
    return [address for address in used if encode_address(address).startswith(query)][:MOST_RESULTS]


def _find_hashes(world: World, index: RunIndex, query: str, at_us: TimeUs) -> list[Result]:
    """Return blocks, transactions and refusals whose hash begins or ends like this, newest first."""
    short, whole = _SHORT_HASH.fullmatch(query), _HASH.fullmatch(query)
    if short is None and whole is None:
        return []
    begin, end = (short[1], short[2]) if short else ("", "")
    part = whole[1] if whole else ""

    def matches(digest: bytes) -> bool:
        digits = digest.hex()
        if part:
            return digits.startswith(part) or digits.endswith(part)
        return digits.startswith(begin) and digits.endswith(end)

    blocks = reversed(world.tree.records[: world.tree.count_published(at_us)])
    results = [_build_block(world, index, record, at_us) for record in blocks if matches(record.hash)][:MOST_RESULTS]
    for transaction in reversed(world.transactions.records):
        if transaction.submitted_us <= at_us and matches(transaction.id):
            action = transaction.signed.transaction.action
            note = f"{format_coins(action.amount, 4)} at {format_clock(transaction.submitted_us)}"
            results.append(Result(Thing("transaction", transaction.id), "→", shorten_hash(transaction.id), note))
        if len(results) >= MOST_RESULTS:
            break
    return results + _find_refused(index, matches, at_us)


def _find_refused(index: RunIndex, matches: Callable[[bytes], bool], at_us: TimeUs) -> list[Result]:
    results = []
    for subject, refusals in index.refusals.items():
        if refusals[0].time_us <= at_us and matches(subject):
            kind = "block" if refusals[0].kind == "refused-block" else "transaction"
            note = f"refused by {name_node(refusals[0].node)}"
            results.append(Result(Thing(kind, subject), "✗", shorten_hash(subject), note, "bad"))  # type: ignore[arg-type]
    return results

"""Finding things by what people type: a height, a hash or a part of it, an address, a node, a name.

Only what exists at the moment on screen is found. What is not found says what was looked for, and why there is none.
"""

import re
from bisect import bisect_right
from collections.abc import Callable
from itertools import islice
from typing import Final, NamedTuple, TypeVar

from app.present.chain import GLYPHS, TONES, format_title, get_block, get_standing
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import RunIndex, get_index, get_submitted
from app.present.listing import LISTS
from app.present.prefixes import PrefixIndex
from app.present.tokens import list_tokens
from app.present.words import format_clock, format_coins, name_node, plural, shorten_hash
from app.screens.view import Kind, Thing
from app.widgets.models import Cell, Column, Tone
from app.widgets.text import clean
from chain.consensus.block_tree import BlockRecord
from chain.errors import InvalidInput
from chain.node.transactions import TransactionRecord
from chain.simulation.history import Record
from chain.simulation.world import World
from chain.units import Address, Hash, TimeUs
from chain.wallet.address import ADDRESS_BYTES, decode_address, encode_address, shorten_address
from chain.wallet.bech32m import CHARSET

R = TypeVar("R")

MOST_RESULTS: Final = 60
LEAST_HASH_DIGITS: Final = 3
LEAST_ADDRESS_LETTERS: Final = 3
LEAST_EVENT_LETTERS: Final = 4
EVENTS_SEARCHED: Final = 5_000
"""How many events back words are looked for."""
MOST_EVENTS: Final = 20
_ADDRESS_HEAD: Final = encode_address(Address(bytes(ADDRESS_BYTES)))[:4]
_HEIGHT: Final = re.compile(r"#?\s*(\d{1,12})[′']?")
_NODE: Final = re.compile(r"(?:n|node|v|validator|signer|producer|miner)\s*(\d{1,5})")
_HASH: Final = re.compile(rf"(?:0x)?([0-9a-f]{{{LEAST_HASH_DIGITS},64}})")
_SHORT_HASH: Final = re.compile(r"([0-9a-f]{2,8})(?:…|\.{2,3})([0-9a-f]{2,8})")
ALLOWED: Final = (
    "a height (812), a hash or either end of it (9f3a), an address (cr1…), a node or validator (n07), a name, token "
    "or label (faucet), or a list (stale)"
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
        *_find_notes(world, holders, query, at_us),
        *_find_tokens(world, query, at_us),
        *_find_hashes(world, index, query, at_us),
        *_find_lists(query),
        *_find_events(world, index, query, at_us),
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
    head = get_canonical(world, at_us)
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
    head = _build_block(world, index, get_canonical(world, at_us), at_us)
    return (head, *own, _build_holder(world, holders, world.faucet.address, at_us))


def _build_block(world: World, index: RunIndex, record: BlockRecord, at_us: TimeUs) -> Result:
    standing = get_standing(world, index, record, at_us)
    title = f"{format_title(record, standing)} {shorten_hash(record.hash)}"
    note = f"{standing.words} · {plural(len(record.block.transactions), 'transaction')}"
    return Result(Thing("block", record.hash), GLYPHS[standing.state], title, note, TONES[standing.state])


def _build_holder(world: World, holders: Holders, address: Address, at_us: TimeUs) -> Result:
    holder = holders.get(address)
    balance = world.ledger.state(get_canonical(world, at_us).hash).get_account(address).balance
    title = shorten_address(address) if holder is None else f"{holder.name} {shorten_address(address)}"
    kind = "unknown holder" if holder is None else holder.kind
    return Result(Thing("address", address), "●", title, f"{kind} · {format_coins(balance, 4)}", "accent")


def _find_heights(world: World, index: RunIndex, query: str, at_us: TimeUs) -> list[Result]:
    match = _HEIGHT.fullmatch(query)
    records = index.get_at_height(int(match[1]), at_us) if match else []
    head = get_canonical(world, at_us)
    records.sort(key=lambda record: not index.is_on_branch(record, head))
    return [_build_block(world, index, record, at_us) for record in records]


def _find_nodes(world: World, query: str, at_us: TimeUs) -> list[Result]:
    match = _NODE.fullmatch(query) or re.fullmatch(r"(\d{1,5})", query)
    cities = [node for node, place in enumerate(world.network.places) if len(query) > 2 and query in place.city.lower()]
    nodes = [int(match[1])] if match and int(match[1]) < world.node_count else cities
    return [_build_node(world, node, at_us) for node in nodes[:MOST_RESULTS]]


def _build_node(world: World, node: int, at_us: TimeUs) -> Result:
    is_online = world.network.links.is_online(node, at_us)
    head = world.view(node, at_us).get_head()
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
    """Return addresses without a name that have been used by then and begin like this, or as in ``cr1qw508…k3v7``.

    Five bits of the address stand in each letter; the hexadecimal digits they make are looked up.
    """
    begin, _, end = query.replace("...", "…").partition("…")
    letters = begin[len(_ADDRESS_HEAD) :]
    if len(letters) < LEAST_ADDRESS_LETTERS or any(letter not in CHARSET for letter in letters):
        return []
    bits = "".join(f"{CHARSET.index(letter):05b}" for letter in letters)[: 8 * ADDRESS_BYTES]
    digits = f"{int(bits[: len(bits) & ~3], 2):0{len(bits) // 4}x}"
    found = (Address(it) for it in index.addresses.iter_with(digits, "") if is_used(index, Address(it), at_us))
    alike = (it for it in found if (text := encode_address(it)).startswith(begin) and text.endswith(end))
    return list(islice(alike, MOST_RESULTS))


def is_used(index: RunIndex, address: Address, at_us: TimeUs) -> bool:
    """Return whether somebody had an address by then: paid, was paid, or proposed a block."""
    payments = index.payments.get(address)
    return bool((payments and payments[0].submitted_us <= at_us) or index.get_proposed(address, at_us))


def _find_tokens(world: World, query: str, at_us: TimeUs) -> list[Result]:
    """Return the tokens whose symbol or name contains this, those with just this symbol first."""
    found = [it for it in list_tokens(world, at_us) if query in it.symbol.lower() or query in it.name.lower()]
    found.sort(key=lambda it: query not in (it.symbol.lower(), it.name.lower()))
    note = "token · contract"
    return [Result(Thing("address", it.address), "◈", it.title, note, "accent") for it in found[:MOST_RESULTS]]


def _find_notes(world: World, holders: Holders, query: str, at_us: TimeUs) -> list[Result]:
    """Return the transactions that the person noted this about, newest first."""
    noted = (it for it, note in holders.notes.items() if query in note.lower())
    records = [record for it in noted if (record := get_submitted(world, it, at_us)) is not None]
    records.sort(key=lambda record: -record.index)
    return [
        _build_transaction(it)._replace(title=f"{clean(holders.notes[it.id], 40)} {shorten_hash(it.id)}")
        for it in records[:MOST_RESULTS]
    ]


def _find_lists(query: str) -> list[Result]:
    """Return the lists whose words begin like this."""
    found = (
        (name, spec)
        for name, spec in LISTS.items()
        if len(query) > 2 and any(word.startswith(query) for word in (*spec.words.split(), spec.title.lower()))
    )
    return [Result(Thing("list", name), "≡", spec.title, spec.note, "accent") for name, spec in found]


def _find_events(world: World, index: RunIndex, query: str, at_us: TimeUs) -> list[Result]:
    """Return what happened lately, transactions and blocks left out, whose words contain this; newest first."""
    if len(query) < LEAST_EVENT_LETTERS:
        return []
    records = world.history.records
    count = bisect_right(index.events, at_us, key=lambda place: records[place].time_us)
    latest = index.events[max(0, count - EVENTS_SEARCHED) : count]
    alike = (place for place in reversed(latest) if query in _describe_event(records[place]))
    return [_build_event(records[place], place) for place in islice(alike, MOST_EVENTS)]


def _describe_event(record: Record) -> str:
    return f"{record.kind.replace('-', ' ')} {record.detail}"


def _build_event(record: Record, place: int) -> Result:
    node = f"{name_node(record.node)} · " if record.node >= 0 else ""
    title, note = clean(_describe_event(record), 80), f"{node}{format_clock(record.time_us)}"
    return Result(Thing("event", place), "•", title, note)


def _find_hashes(world: World, index: RunIndex, query: str, at_us: TimeUs) -> list[Result]:
    """Return blocks, transactions and refusals whose hash begins or ends like this, newest first."""
    ways = _get_ways(query)
    blocks = _match(index.block_hashes, ways, lambda it: get_block(world, it, at_us))
    payments = _match(index.transaction_hashes, ways, lambda it: get_submitted(world, Hash(it), at_us))
    refused = _match(index.refused_hashes, ways, lambda it: _get_refusal(index, it, at_us))
    blocks.sort(key=lambda record: -record.index)
    payments.sort(key=lambda record: -record.index)
    return [
        *(_build_block(world, index, record, at_us) for record in blocks),
        *(_build_transaction(record) for record in payments),
        *map(_build_refused, refused),
    ]


def _get_ways(query: str) -> tuple[tuple[str, str], ...]:
    """Return with what a hash may begin and end to match a text: nothing, both ends, or either of them."""
    short, whole = _SHORT_HASH.fullmatch(query), _HASH.fullmatch(query)
    if short is not None:
        return ((short[1], short[2]),)
    return ((whole[1], ""), ("", whole[1])) if whole is not None else ()


def _match(hashes: PrefixIndex, ways: tuple[tuple[str, str], ...], get: Callable[[bytes], R | None]) -> list[R]:
    """Return what is found under the first matching hashes of each way, each once."""
    found: dict[bytes, R] = {}
    for way in ways:
        there = ((digest, it) for digest in hashes.iter_with(*way) if (it := get(digest)) is not None)
        found.update(islice(there, MOST_RESULTS))
    return list(found.values())


def _build_transaction(record: TransactionRecord) -> Result:
    action = record.signed.transaction.action
    note = f"{format_coins(action.amount, 4)} at {format_clock(record.submitted_us)}"
    return Result(Thing("transaction", record.id), "→", shorten_hash(record.id), note)


def _get_refusal(index: RunIndex, subject: bytes, at_us: TimeUs) -> Record | None:
    first = index.refusals[subject][0]
    return first if first.time_us <= at_us else None


def _build_refused(refusal: Record) -> Result:
    kind: Kind = "block" if refusal.kind == "refused-block" else "transaction"
    thing = Thing(kind, refusal.subject)
    return Result(thing, "✗", shorten_hash(refusal.subject), f"refused by {name_node(refusal.node)}", "bad")

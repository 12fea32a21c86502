"""Pages that list things: the rich, what went stale, who spent twice, what happened, the contracts, bare headers.

Each has a name, by which search finds it and a command opens it. Rows are built when they are seen.
"""

from collections.abc import Callable
from typing import Final

from app.present.chain import GLYPHS, TONES, format_bytes, get_standing
from app.present.events import build_events
from app.present.fate import describe_fate, get_fate
from app.present.heads import get_canonical
from app.present.holders import Holders
from app.present.index import find_double_spends, find_stale_blocks, get_index
from app.present.light_client import build_light_client
from app.present.listing import build_listing
from app.present.pages import NotThere, Page, TableModel
from app.present.public_chain import build_public_chain
from app.present.rich_list import get_rich_list
from app.present.words import format_clock, format_coins, format_count, name_node, plural, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Cell, Column, Field
from chain.simulation.simulation import Simulation
from chain.units import TimeUs, format_amount


def build_list_page(simulation: Simulation, holders: Holders, name: bytes, at_us: TimeUs) -> Page | NotThere:
    """Return the page of a list."""
    return _BUILDERS[name](simulation, holders, at_us)


# The rich --------------------------------------------------------------------------------------------------------

_RICH_COLUMNS: Final = (
    Column("rank", 6, "right"),
    Column("account", 12, is_flexible=True),
    Column("kind", 12, is_flexible=True),
    Column("balance", 20, "right"),
    Column("share", 8, "right"),
)


def _build_rich(simulation: Simulation, holders: Holders, at_us: TimeUs) -> Page:
    world = simulation.world
    head = get_canonical(world, at_us)
    found = get_rich_list(world, world.ledger.state(head.hash))
    ranked, total = found.ranked, max(1, found.total)

    def get_row(place: int) -> tuple[Cell, ...]:
        balance, address = -ranked[place][0], ranked[place][1]
        holder = holders.get(address)
        return (
            Cell(format_count(place + 1), "muted"),
            Cell(holders.describe(address), "accent"),
            Cell(holder.kind if holder else "unknown", "muted"),
            Cell(format_amount(balance, 4), "strong"),
            Cell(f"{balance * 10_000 // total / 100:.2f} %"),
        )

    richest = sum(-balance for balance, _ in ranked[:10])
    fields = (
        Field("accounts", "accounts", format_count(len(ranked)), note="that own anything"),
        Field("total", "together", format_coins(found.total), "strong", note=f"after block #{head.height}"),
        Field("ten", "richest ten", f"{richest * 1000 // total / 10:.1f} %", note="of all there is"),
    )
    table = TableModel(
        "rich",
        f"Accounts {format_count(len(ranked))}",
        _RICH_COLUMNS,
        len(ranked),
        get_row,
        lambda place: Thing("address", ranked[place][1]),
        "Nobody owns anything",
    )
    why = (
        "Balances of the state after the canonical head. One person may hold many accounts: the chain knows addresses, "
        "not people."
    )
    return build_listing(b"rich", f"● {plural(len(ranked), 'account')}", why, fields, table, why)


# Stale blocks and double spends ----------------------------------------------------------------------------------

_STALE_COLUMNS: Final = (
    Column("", 1),
    Column("height", 9, "right"),
    Column("hash", 9),
    Column("made by", 8),
    Column("when", 13, "right"),
    Column("tx", 4, "right"),
    Column("state", 14, is_flexible=True),
)


def _build_stale(simulation: Simulation, _holders: Holders, at_us: TimeUs) -> Page:
    world = simulation.world
    index, head = get_index(world), get_canonical(world, at_us)
    records = find_stale_blocks(index, head, at_us)[::-1]

    def get_row(place: int) -> tuple[Cell, ...]:
        record = records[place]
        standing = get_standing(world, index, record, at_us)
        tone = TONES[standing.state]
        return (
            Cell(GLYPHS[standing.state], tone),
            Cell(f"#{record.height}"),
            Cell(shorten_hash(record.hash)),
            Cell(name_node(record.origin), "muted"),
            Cell(format_clock(record.published_us), "muted"),
            Cell(str(len(record.block.transactions)), "muted"),
            Cell(standing.words, tone),
        )

    published = world.tree.count_published(at_us) - 1
    share = f"{len(records) * 1000 // max(1, published) / 10:.1f} %"
    fields = (
        Field("stale", "off the branch", format_count(len(records)), "stale"),
        Field("published", "published", format_count(published), note="blocks in all"),
        Field("share", "share", share, note="of all blocks"),
    )
    table = TableModel(
        "stale",
        f"Blocks {len(records)}",
        _STALE_COLUMNS,
        len(records),
        get_row,
        lambda place: Thing("block", records[place].hash),
        "No block has lost so far. Cut the network apart (Network, c) and let both halves find blocks",
    )
    why = (
        "Two nodes propose at nearly the same time, or apart from each other: one block stays, the other goes stale. "
        "Its transactions go back to the mempools."
    )
    return build_listing(b"stale", f"□ {plural(len(records), 'block')}", why, fields, table, why)


_DOUBLE_COLUMNS: Final = (
    Column("when", 13, "right"),
    Column("account", 10, is_flexible=True),
    Column("nonce", 6, "right"),
    Column("first", 9),
    Column("became", 20, is_flexible=True),
    Column("second", 9),
    Column("became", 20, is_flexible=True),
)


def _build_doubles(simulation: Simulation, holders: Holders, at_us: TimeUs) -> Page:
    world = simulation.world
    index = get_index(world)
    pairs = find_double_spends(index, at_us)[::-1]

    def get_row(place: int) -> tuple[Cell, ...]:
        first, second = pairs[place]
        fates = [get_fate(world, index, it, at_us) for it in (first, second)]
        return (
            Cell(format_clock(second.submitted_us), "muted"),
            Cell(holders.describe(second.signed.sender), "accent"),
            Cell(str(second.signed.transaction.nonce)),
            Cell(shorten_hash(first.id)),
            Cell(*describe_fate(fates[0])),
            Cell(shorten_hash(second.id)),
            Cell(*describe_fate(fates[1])),
        )

    fields = (Field("pairs", "pairs", format_count(len(pairs)), "warning" if pairs else "text"),)
    table = TableModel(
        "doubles",
        f"Pairs {len(pairs)}",
        _DOUBLE_COLUMNS,
        len(pairs),
        get_row,
        lambda place: Thing("transaction", pairs[place].second.id),
        "Nobody has used a nonce twice. Speed a payment up in the wallet, or try a double spend in the lab",
    )
    why = (
        "An account's nonces are used once each: of two transactions with one nonce at most one is in a chain. On "
        "another branch it may be the other one, which is how a merchant who waits for no confirmation is cheated."
    )
    return build_listing(b"doubles", f"✗ {plural(len(pairs), 'pair')}", why, fields, table, why)


# Contracts -------------------------------------------------------------------------------------------------------

_CONTRACT_COLUMNS: Final = (
    Column("address", 14, is_flexible=True),
    Column("code", 10, "right"),
    Column("balance", 14, "right"),
    Column("since", 9, "right"),
    Column("calls", 7, "right"),
)


def _build_contracts(simulation: Simulation, holders: Holders, at_us: TimeUs) -> Page:
    world = simulation.world
    index, head = get_index(world), get_canonical(world, at_us)
    state = world.ledger.state(head.hash)
    found = [
        (address, record)
        for address, record in index.contracts.items()
        if record.published_us <= at_us and state.get_code(address)
    ]

    def get_row(place: int) -> tuple[Cell, ...]:
        address, record = found[place]
        return (
            Cell(holders.describe(address), "accent"),
            Cell(format_bytes(len(state.get_code(address))), "muted"),
            Cell(format_amount(state.get_account(address).balance, 4)),
            Cell(f"#{record.height}", "muted"),
            Cell(format_count(len(index.get_payments(address, at_us)))),
        )

    fields = (Field("contracts", "contracts", format_count(len(found)), note=f"after block #{head.height}"),)
    table = TableModel(
        "contracts",
        f"Contracts {len(found)}",
        _CONTRACT_COLUMNS,
        len(found),
        get_row,
        lambda place: Thing("address", found[place][0]),
        "No contract yet: create one from the gallery (Contracts, 5)",
    )
    why = "Accounts with code: tokens, exchanges, whatever somebody created. The code decides what a call does."
    return build_listing(b"contracts", f"● {plural(len(found), 'contract')}", why, fields, table, why)


Builder = Callable[[Simulation, Holders, TimeUs], Page | NotThere]
_BUILDERS: Final[dict[bytes, Builder]] = {
    b"rich": _build_rich,
    b"stale": _build_stale,
    b"doubles": _build_doubles,
    b"events": build_events,
    b"contracts": _build_contracts,
    b"light": build_light_client,
    b"public": build_public_chain,
}

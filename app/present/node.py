"""One node at a moment: its facts, its peers, and what it saw.

Everything is this node's own view: its head, its mempool, its rewards on its own chain. Hash rates are those of now,
because past ones are not kept; lag is read from the log of commands.
"""

from bisect import bisect_right
from typing import Final, NamedTuple

from app.present.access import build_reading_field
from app.present.command_words import describe_command
from app.present.finality import describe_fork_choice, describe_weight, get_promise
from app.present.heads import get_canonical, get_node_finalized, get_node_head
from app.present.index import get_index
from app.present.roles import describe_role, get_hash_rate, get_power
from app.present.words import (
    format_coins,
    format_count,
    format_delay,
    format_hashes,
    format_span,
    name_node,
    plural,
    shorten_hash,
)
from app.screens.view import Thing
from app.widgets.bars import get_sparkline
from app.widgets.models import Field, Tone, Why
from chain.consensus.block_tree import BlockRecord
from chain.ledger.fees import compute_effective_tip
from chain.ledger.transaction import SignedTransaction
from chain.network.regions import REGIONS, YEARS
from chain.simulation.commands import SetLag
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import MILLISECOND, NodeId, TimeUs, format_amount

SIGHTS: Final = 80
"""How many things a node saw are listed."""
_LOOK_BACK_BLOCKS: Final = 40
_LOOK_BACK_TRANSACTIONS: Final = 120
_LOOK_BACK_RECORDS: Final = 400
_WINDOWS: Final = 8
_WINDOW_BLOCKS: Final = 10
REGION_NAMES: Final = {
    "NA": "North America", "EU": "Europe", "SA": "South America", "AP": "Asia", "JP": "Japan", "AU": "Australia",
}  # fmt: skip


class Peer(NamedTuple):
    """One link of a node."""

    node: int
    place: str
    latency_us: int
    """Mean time of one message, lag included."""
    is_open: bool
    state: str
    """``open``, ``cut`` or ``offline``."""
    height: int
    """Height of the head it follows."""


class MempoolRow(NamedTuple):
    """A transaction that waits at a node."""

    transaction: bytes
    """Its hash."""
    name: str
    amount: str
    tip: str
    """Effective tip in units per gas at the next block's base fee."""
    state: str
    tone: Tone
    why: Why | None
    """Why it is not pending."""


class Sight(NamedTuple):
    """Something a node saw."""

    time_us: int
    text: str
    delay: str
    """How long after it was published, such as ``+312 ms``."""
    tone: Tone
    thing: Thing | None
    why: Why | None


def describe_node(world: World, node: int) -> str:
    """Return its name, place and part: ``n07 · Frankfurt · miner``."""
    place = world.network.places[node]
    return f"{name_node(node)} · {place.city} · {describe_role(world, node)}"


def build_facts(simulation: Simulation, node: int, at_us: TimeUs) -> tuple[Field, ...]:
    """Return what the panel of a node says."""
    world = simulation.world
    head = get_node_head(world, node, at_us)
    return (
        _build_state(world, node, at_us),
        Field(
            "head",
            "head",
            f"#{head.height} {shorten_hash(head.hash)}",
            "strong",
            note=_describe_head(head, at_us),
        ),
        _build_hash_rate(world, node, at_us),
        _build_mempool(world, node, at_us, head),
        _build_peers(simulation, node, at_us),
        _build_rewards(world, node, head),
    )


def _build_state(world: World, node: int, at_us: TimeUs) -> Field:
    if not world.network.links.is_online(node, at_us):
        return Field("state", "state", "○ switched off", "warning", has_why=True)
    if (reading := build_reading_field(world, node, at_us)) is not None:
        return reading
    best, head = get_canonical(world, at_us), get_node_head(world, node, at_us)
    shared = world.tree.get_fork_point(best, head)
    if shared is not best:
        behind = f"◆ {plural(best.height - shared.height, 'block')} behind"
        return Field("state", "state", behind + (" · forked" if head is not shared else ""), "warning", has_why=True)
    return Field("state", "state", "● up to date", "good", has_why=True)


def _describe_head(head: BlockRecord, at_us: TimeUs) -> str:
    return f"{format_span(at_us - head.published_us)} old" if head.height else "the first block"


def _build_hash_rate(world: World, node: int, at_us: TimeUs) -> Field:
    if hasattr(world.consensus.rules, "keyring"):
        return _build_part(world, node)
    rates = [get_hash_rate(world, other) for other in range(world.node_count)]
    total = sum(rates)
    if not rates[node]:
        return Field("hashrate", "hash rate", "does not mine", "muted")
    share = f"{100 * rates[node] / total:.1f} % {get_sparkline(_count_found(world, node, at_us))}"
    return Field("hashrate", "hash rate", share, note=f"{format_hashes(rates[node])}/s")


def _build_part(world: World, node: int) -> Field:
    """Return what a node is where nobody mines."""
    note = "c who takes part"
    if not get_power(world, node):
        return Field("part", "part", "only follows", "muted", note=note)
    return Field("part", "part", describe_role(world, node), note=note)


def _count_found(world: World, node: int, at_us: TimeUs) -> list[int]:
    """Blocks the node found among each of the last tens of blocks, oldest first."""
    stop = world.tree.count_published(at_us)
    origins = [record.origin for record in world.tree.records[max(1, stop - _WINDOWS * _WINDOW_BLOCKS) : stop]]
    return [
        origins[start : start + _WINDOW_BLOCKS].count(NodeId(node)) for start in range(0, len(origins), _WINDOW_BLOCKS)
    ]


def _build_mempool(world: World, node: int, at_us: TimeUs, head: BlockRecord) -> Field:
    mempool = world.view(node, at_us).compute_mempool(head)
    waiting = [*mempool.pending, *(hindrance.signed for hindrance in mempool.queued)]
    size = sum(signed.size_bytes for signed in waiting)
    return Field("mempool", "mempool", f"{format_count(len(waiting))} tx · {size / 1000:.1f} kB")


def _build_peers(simulation: Simulation, node: int, at_us: TimeUs) -> Field:
    peers = build_peers(simulation, node, at_us)
    shut = sum(not peer.is_open for peer in peers)
    lag_us = get_lag_us(simulation, node, at_us)
    lag = f" · +{format_span(lag_us)} lag" if lag_us else ""
    return Field("peers", "peers", f"{len(peers) - shut} open · {shut} cut{lag}", "warning" if shut or lag else "text")


def _build_rewards(world: World, node: int, head: BlockRecord) -> Field:
    proposer, index = world.tables.proposers[node], get_index(world)
    count, _ = index.get_earnings(proposer, head, head.published_us)
    balance = world.ledger.state(head.hash).get_account(proposer).balance
    return Field("rewards", "rewards", f"{plural(count, 'block')} · {format_coins(balance, 3)}")


# Peers -----------------------------------------------------------------------------------------------------------


def build_peers(simulation: Simulation, node: int, at_us: TimeUs) -> tuple[Peer, ...]:
    """Return the node's links, nearest first."""
    world = simulation.world
    links, peers = world.network.links, []
    for index, ends in enumerate(links.topology.links):
        if node not in ends:
            continue
        other = ends[1] if ends[0] == node else ends[0]
        is_open = links.is_open(index, at_us)
        is_online = links.is_online(other, at_us) and links.is_online(node, at_us)
        state = "open" if is_open else "cut" if is_online else "offline"
        lag_us = get_lag_us(simulation, node, at_us) + get_lag_us(simulation, other, at_us)
        latency_us = _get_latency_us(world, node, other) + lag_us
        height = get_node_head(world, other, at_us).height
        peers.append(Peer(other, world.network.places[other].city, latency_us, is_open, state, height))
    return tuple(sorted(peers, key=lambda peer: (peer.latency_us, peer.node)))


def _get_latency_us(world: World, node: int, other: int) -> int:
    parameters = world.network.parameters
    if parameters.delay_model != "regions":
        return parameters.delay_us
    one, two = (REGIONS.index(world.network.places[end].region) for end in (node, other))
    return YEARS[parameters.year].latency_ms[one][two] * MILLISECOND


def get_lag_us(simulation: Simulation, node: int, at_us: TimeUs) -> int:
    """Return the delay added to a node at a moment: what the last command about it said."""
    given = [(entry.time_us, entry.command) for entry in simulation.log]
    entries = sorted([*simulation.world.setup.events, *given], key=lambda entry: entry[0])
    lags = [
        command.extra_us
        for time_us, command in entries
        if time_us <= at_us and isinstance(command, SetLag) and command.node == node
    ]
    return lags[-1] if lags else 0


def format_latency(peer: Peer) -> str:
    """Return the mean latency of a link; a shut one has none."""
    return format_span(peer.latency_us) if peer.is_open else "–"


# Its mempool -----------------------------------------------------------------------------------------------------


def build_mempool_rows(world: World, node: int, at_us: TimeUs) -> tuple[MempoolRow, ...]:
    """Return what waits at a node: best tips first, then what waits for something else, with the reason."""
    view = world.view(node, at_us)
    head = view.get_head()
    mempool, base_fee = view.compute_mempool(head), world.ledger.next_base_fee(head.hash)
    rows = [_build_row(signed, base_fee, "pending", "pending", None) for signed in mempool.pending]
    for hindrance in mempool.queued:
        why = Why(f"tx {hindrance.signed.id.hex()[:4]} waits", hindrance.rule, (), hindrance.message)
        rows.append(_build_row(hindrance.signed, base_fee, "queued ?", "warning", why))
    return tuple(rows)


def _build_row(signed: SignedTransaction, base_fee: int, state: str, tone: Tone, why: Why | None) -> MempoolRow:
    transaction = signed.transaction
    tip = compute_effective_tip(transaction.max_fee_per_gas, transaction.max_tip_per_gas, base_fee)
    amount = format_amount(transaction.action.amount, 3)
    return MempoolRow(signed.id, shorten_hash(signed.id), amount, format_count(tip), state, tone, why)


# What it saw -----------------------------------------------------------------------------------------------------


def build_sights(world: World, node: int, at_us: TimeUs, with_transactions: bool = True) -> tuple[Sight, ...]:
    """Return what the node saw last, newest first."""
    sights = [*_see_blocks(world, node, at_us), *_see_records(world, node, at_us)]
    if with_transactions:
        sights += _see_transactions(world, node, at_us)
    sights.sort(key=lambda sight: -sight.time_us)
    return tuple(sights[:SIGHTS])


def _see_blocks(world: World, node: int, at_us: TimeUs) -> list[Sight]:
    sights = []
    published = world.tree.count_published(at_us)
    head, index = get_node_head(world, node, at_us), get_index(world)
    for record in world.tree.records[max(1, published - _LOOK_BACK_BLOCKS) : published]:
        seen_us = int(record.arrival_us[node])
        if seen_us > at_us:
            continue
        is_own = record.origin == node
        spread = world.spreads[record.hash]
        source = "found" if is_own else f"from {name_node(spread.parent_of(node))}"
        is_kept = index.is_on_branch(record, head)
        text = f"block #{record.height}{'' if is_kept else '′'} {source}"
        delay = (
            plural(len(record.block.transactions), "tx", "tx")
            if is_own
            else format_delay(seen_us - record.published_us)
        )
        tone: Tone = ("good" if is_own else "strong") if is_kept else "stale"
        sights.append(Sight(seen_us, text, delay, tone, Thing("block", record.hash), None))
    return sights


def _see_transactions(world: World, node: int, at_us: TimeUs) -> list[Sight]:
    sights = []
    records = world.transactions.records
    stop = bisect_right(records, at_us, key=lambda record: record.submitted_us)
    for record in records[max(0, stop - _LOOK_BACK_TRANSACTIONS) : stop]:
        seen_us = record.spread.arrival_us(node)
        if seen_us <= at_us:
            is_own = record.origin == node
            source = "handed in" if is_own else f"from {name_node(record.spread.parent_of(node))}"
            delay = "" if is_own else format_delay(seen_us - record.submitted_us)
            thing = Thing("transaction", record.id)
            sights.append(Sight(seen_us, f"tx {record.id.hex()[:4]} {source}", delay, "muted", thing, None))
    return sights


def _see_records(world: World, node: int, at_us: TimeUs) -> list[Sight]:
    """Refusals and commands: the part of history that happened at this node."""
    sights = []
    records = world.history.records
    stop = bisect_right(records, at_us, key=lambda record: record.time_us)
    for index in range(max(0, stop - _LOOK_BACK_RECORDS), stop):
        record = records[index]
        if record.node != node or record.kind in ("block", "transaction"):
            continue
        if record.kind == "command":
            text = describe_command(world, index)
            sights.append(Sight(record.time_us, text, "", "accent", None, None))
            continue
        rule, _, message = record.detail.partition(": ")
        what = {"refused-transaction": "tx", "refused-block": "block"}.get(record.kind, "command")
        name = f"{what} {record.subject.hex()[:4]}".strip()
        why = Why(f"{name} was refused by {name_node(node)}", rule, (), message)
        kind = {"tx": "transaction", "block": "block"}.get(what)
        thing = Thing(kind, record.subject) if kind else None  # type: ignore[arg-type]  # one of the kinds
        sights.append(Sight(record.time_us, f"{name} refused: {rule.partition('/')[2]}", "", "bad", thing, why))
    return sights


def explain_state(world: World, node: int, at_us: TimeUs) -> Why:
    """Return why a node follows the head it follows."""
    name, head, best = name_node(node), get_node_head(world, node, at_us), get_canonical(world, at_us)
    numbers: tuple[tuple[str, str], ...] = (
        ("its head", f"#{head.height} {shorten_hash(head.hash)}"),
        describe_weight(head),
        ("final for it", f"#{get_node_finalized(world, node, at_us).height} {get_promise(world).word}".strip()),
    )
    if not world.network.links.is_online(node, at_us):
        text = "It is switched off: it hears nothing, so it stays on the last head it knew. Start it and it catches up."
        return Why(f"{name} is offline", "node/online", numbers, text)
    text = describe_fork_choice(world)
    if head is not best:
        known_us = int(best.known_us[node])
        numbers += (("canonical head", f"#{best.height} {shorten_hash(best.hash)}, {describe_weight(best)[1]}"),)
        if known_us > at_us:
            numbers += (("reaches this node in", format_span(known_us - at_us)),)
        text += " What others follow is still on its way, or it has not heard yet what makes it better."
    return Why(f"{name} follows #{head.height}", "consensus/fork-choice", numbers, text)

"""Why a thing is as it is, in plain words with the rule and the numbers; and what ``y`` copies of it."""

from app.present.chain import get_standing
from app.present.chain_why import explain_block
from app.present.events import explain_event
from app.present.index import get_including_block, get_index
from app.present.listing import LISTS
from app.present.node import explain_state
from app.present.transaction_why import explain_balance
from app.present.words import format_span, name_node, shorten_hash
from app.screens.view import Thing
from app.widgets.models import Why
from chain.simulation.simulation import Simulation
from chain.simulation.world import World
from chain.units import Address, Hash, TimeUs
from chain.wallet.address import encode_address


def get_copy_text(thing: Thing) -> tuple[str, str]:
    """Return what to copy, and what it is."""
    if isinstance(thing.key, int):
        is_node = thing.kind == "node"
        return (name_node(thing.key), "the name of the node") if is_node else (f"event {thing.key + 1}", "the event")
    if thing.kind == "address":
        return encode_address(thing.key), "the address"
    if thing.kind == "list":
        return LISTS[thing.key].title, "the name of the list"
    return thing.key.hex(), f"the hash of the {thing.kind}"


def explain_thing(simulation: Simulation, thing: Thing, at_us: TimeUs) -> Why | None:
    """Return why a thing stands as it does at a moment; None when there is nothing to say."""
    world = simulation.world
    if isinstance(thing.key, int):
        is_node = thing.kind == "node"
        return explain_state(world, thing.key, at_us) if is_node else explain_event(world, thing.key)
    if thing.kind == "block":
        return _explain_block(world, Hash(thing.key), at_us)
    if thing.kind == "transaction":
        return _explain_transaction(world, Hash(thing.key), at_us)
    if thing.kind == "list":
        return Why(LISTS[thing.key].title, "", (), f"A list: {LISTS[thing.key].note}.")
    return explain_balance(world, Address(thing.key), at_us)


def _explain_refusal(world: World, digest: Hash, at_us: TimeUs, what: str) -> Why | None:
    refusals = [record for record in get_index(world).refusals.get(digest, ()) if record.time_us <= at_us]
    if not refusals:
        return None
    rule, _, message = refusals[-1].detail.partition(": ")
    return Why(f"{what} {shorten_hash(digest)} was refused by {name_node(refusals[-1].node)}", rule, (), message)


def _explain_block(world: World, digest: Hash, at_us: TimeUs) -> Why | None:
    record = world.tree.get(digest)
    if record is None:
        return _explain_refusal(world, digest, at_us, "block")
    return explain_block(world, record, at_us)


def _explain_transaction(world: World, digest: Hash, at_us: TimeUs) -> Why | None:
    record = world.transactions.get(digest)
    if record is None:
        return _explain_refusal(world, digest, at_us, "transaction")
    seen = record.spread.count_known(at_us)
    numbers: tuple[tuple[str, str], ...] = (
        ("known by", f"{seen} of {world.node_count} nodes"),
        ("waiting or waited since", format_span(at_us - record.submitted_us)),
    )
    block = get_including_block(world, get_index(world), record, at_us)
    if block is not None:
        standing = get_standing(world, get_index(world), block, at_us)
        text = f"It is in block #{block.height}: {standing.words}. {standing.meaning}"
        return Why(f"Transaction {shorten_hash(digest)} is confirmed", "consensus/finality", numbers, text)
    mempool = world.view(record.origin, at_us).compute_mempool()
    for hindrance in (*mempool.queued, *mempool.refused):
        if hindrance.signed.id == digest:
            return Why(
                f"Transaction {shorten_hash(digest)} waits at {name_node(record.origin)}",
                hindrance.rule,
                numbers,
                hindrance.message,
            )
    place = next((place for place, signed in enumerate(mempool.pending, 1) if signed.id == digest), 0)
    numbers += (("place by tip", f"{place} of {len(mempool.pending)}"),)
    text = "It waits for a block. Miners take the best tips first, as many as fit under the gas limit."
    return Why(f"Transaction {shorten_hash(digest)} is pending", "mempool/selection", numbers, text)

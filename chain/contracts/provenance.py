"""Where goods come from: the events of ``library/supply_chain.vy`` read back as a graph of batches.

Idea: every batch was made by somebody, or derived from batches that were used up for it; in between it went from hand
to hand. All of that was told by events, so who has the events can draw the way of a batch from the field to the shop
without asking the contract anything.

Invariant: parents have smaller numbers than their children, so ascending numbers are an order in time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from chain.contracts.abi import Abi
from chain.contracts.evm.message import Log
from chain.units import Address

NOTHING: Final[Mapping[int, "Batch"]] = {}


class HandOver(NamedTuple):
    """A batch that changed hands."""

    time_us: int
    giver: Address
    receiver: Address


@dataclass(frozen=True, slots=True)
class Batch:
    """All that was told of a batch."""

    number: int
    product: str
    quantity: int
    """In the product's own unit."""
    maker: Address
    """Who made, split or merged it."""
    time_us: int
    """When that was."""
    parents: tuple[int, ...] = ()
    """The batches it was split from or merged of; none for one that was made."""
    hand_overs: tuple[HandOver, ...] = ()
    """In the order in which they happened."""
    offered_to: Address | None = None
    """Who has still to accept it."""
    is_used: bool = False
    """Another batch was derived from it."""
    is_retired: bool = False
    recall: str | None = None
    """Why it was itself recalled; None when it was not."""

    @property
    def holder(self) -> Address:
        """Return who holds it, or held it last."""
        return self.hand_overs[-1].receiver if self.hand_overs else self.maker

    @property
    def is_live(self) -> bool:
        """Tell whether it is still goods: neither used for another batch nor retired."""
        return not (self.is_used or self.is_retired)


def read_batches(abi: Abi, logs: Iterable[tuple[int, Log]]) -> dict[int, Batch]:
    """Return the batches by number that the contract's logs, each with its time in µs, tell of in their order."""
    decoded = ((time_us, abi.decode_log(log)) for time_us, log in logs)
    return tell_batches((time_us, found[0].name, found[1]) for time_us, found in decoded if found)


def tell_batches(
    events: Iterable[tuple[int, str, Mapping[str, Any]]], before: Mapping[int, Batch] = NOTHING
) -> dict[int, Batch]:
    """Return the batches by number that decoded events tell of: (time in µs, name, values) in their order.

    Who knows the batches ``before`` gives later events only.
    """
    batches = dict(before)
    for time_us, name, values in events:
        if "batch" in values:
            _apply_event(batches, time_us, name, values)
    return batches


def _apply_event(batches: dict[int, Batch], time_us: int, name: str, values: Mapping[str, Any]) -> None:
    number = values["batch"]
    if name == "Made":
        batches[number] = Batch(number, values["product"], values["quantity"], values["maker"], time_us)
    elif name == "Derived":
        _derive(batches, time_us, number, values["parent"], values["quantity"])
    elif name == "Offered":
        receiver = values["receiver"] if any(values["receiver"]) else None
        batches[number] = replace(batches[number], offered_to=receiver)
    elif name == "Handed":
        passed = HandOver(time_us, values["giver"], values["receiver"])
        batch = batches[number]
        batches[number] = replace(batch, hand_overs=(*batch.hand_overs, passed), offered_to=None)
    elif name == "Retired":
        batches[number] = replace(batches[number], is_retired=True, offered_to=None)
    elif name == "Recalled":
        batches[number] = replace(batches[number], recall=values["reason"])


def _derive(batches: dict[int, Batch], time_us: int, number: int, parent: int, quantity: int) -> None:
    source = batches[parent]
    batch = batches.get(number, Batch(number, source.product, quantity, source.holder, time_us))
    batches[number] = replace(batch, parents=(*batch.parents, parent))
    batches[parent] = replace(source, is_used=True, offered_to=None)


def get_lineage(batches: Mapping[int, Batch], number: int) -> tuple[int, ...]:
    """Return a batch and all it was made of, in the order in which they came to be."""
    found, open_ends = {number}, [number]
    while open_ends:
        new = [parent for parent in batches[open_ends.pop()].parents if parent not in found]
        found.update(new)
        open_ends += new
    return tuple(sorted(found))


def get_descendants(batches: Mapping[int, Batch], number: int) -> tuple[int, ...]:
    """Return a batch and all that was made of it, in the order in which they came to be."""
    found = {number}
    for other in sorted(batches):
        if not found.isdisjoint(batches[other].parents):
            found.add(other)
    return tuple(sorted(found))


def find_recall(batches: Mapping[int, Batch], number: int) -> Batch | None:
    """Return the batch whose recall stops this one: itself or an ancestor; None when nothing does."""
    return next((batches[n] for n in get_lineage(batches, number) if batches[n].recall is not None), None)

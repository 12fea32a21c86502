"""Who proposes when: Tendermint's proposer selection, a weighted round robin over validators who may come and go.

At every election each validator's priority grows by its power; the highest one proposes and falls back by the total
power. So of P elections with total power P each validator gets exactly its power. Before elections priorities are
scaled into a window of twice the total power and centred around zero. A newcomer begins at −1.125 P, P being the total
with it, so that leaving and coming back never pays.

Source: CometBFT, spec/consensus/proposer-selection.md and types/validator_set.go (``IncrementProposerPriority``,
``RescalePriorities``, ``shiftByAvgProposerPriority``, ``computeNewPriorities``): scaling divides towards zero, the mean
is rounded down, and of equal priorities the lower address wins. No 64-bit clipping, since integers have no limit here.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

PRIORITY_WINDOW: Final = 2
"""Priorities lie no further apart than this many times the total power."""


class Seat(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A validator's place in the queue of proposers."""

    address: bytes
    power: int
    priority: int


Seats = tuple[Seat, ...]
"""In order of address."""


def build_seats(powers: Mapping[bytes, int]) -> Seats:
    """Return the queue of a new set, given each address's power. The first proposer is the first one elected."""
    return update_seats((), powers)


def update_seats(seats: Seats, powers: Mapping[bytes, int]) -> Seats:
    """Return the queue after some powers were set: new addresses join, a power of 0 leaves."""
    known = {seat.address: seat for seat in seats}
    kept = sum(seat.power for seat in seats if powers.get(seat.address, 1))
    removed = sum(seat.power for seat in seats) - kept
    changed = sum(power - (known[it].power if it in known else 0) for it, power in powers.items() if power)
    total = kept + changed + removed  # with the updates, before the removals, as the source has it
    newcomer = -(total + (total >> 3))
    merged = {address: seat.power for address, seat in known.items()} | dict(powers)
    updated = [
        Seat(address, merged[address], known[address].priority if address in known else newcomer)
        for address in sorted(merged)
        if merged[address]
    ]
    return _center(_scale(tuple(updated)))


def elect(seats: Seats, times: int = 1) -> tuple[Seats, bytes]:
    """Return the queue after a number of elections, at least one, and the last one's proposer."""
    assert seats, "nobody to elect"
    assert times > 0, times
    seats = _center(_scale(seats))
    powers, priorities = [seat.power for seat in seats], [seat.priority for seat in seats]
    total, chosen = sum(powers), 0
    for _ in range(times):
        priorities = [priority + power for priority, power in zip(priorities, powers, strict=True)]
        chosen = priorities.index(max(priorities))  # the first is the lowest address
        priorities[chosen] -= total
    after = tuple(Seat(seat.address, seat.power, it) for seat, it in zip(seats, priorities, strict=True))
    return after, seats[chosen].address


def _scale(seats: Seats) -> Seats:
    priorities = [seat.priority for seat in seats]
    window = PRIORITY_WINDOW * sum(seat.power for seat in seats)
    distance = max(priorities, default=0) - min(priorities, default=0)
    if not 0 < window < distance:
        return seats
    ratio = (distance + window - 1) // window
    return tuple(Seat(it.address, it.power, _divide_towards_zero(it.priority, ratio)) for it in seats)


def _divide_towards_zero(number: int, divisor: int) -> int:
    return number // divisor if number >= 0 else -(-number // divisor)


def _center(seats: Seats) -> Seats:
    mean = sum(seat.priority for seat in seats) // len(seats) if seats else 0
    return tuple(Seat(it.address, it.power, it.priority - mean) for it in seats) if mean else seats

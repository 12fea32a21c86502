"""Announce: inventory → request → block, one upload at a time. The loop that everything else in this relay feeds.

A node that has a block sends an inventory to each neighbour. A node requests from the first inventory only. The holder
serves requests in the order they come, one at a time: an upload starts when the one before it has been delivered. Where
both ends support compact blocks a compact one is sent; it fails by luck, and then the missing part is requested and
queued at the same holder. As in SimBlock (Aoki et al. 2019; Nagayama et al., arXiv:1912.04464; BIP 152).

What makes it quick, and is exact: of the inventories to a node only the earliest can matter; a delivery is known as
soon as its request is served, so only inventories and requests need be events; and the events come in order of (time,
node), so equal moments have one meaning.

``run_announce`` is plain Python over plain integers, and compiles as it stands where numba is installed
(``get_compiled``): the same source, the same microseconds.
"""

import importlib
import importlib.util
from collections.abc import Callable
from functools import lru_cache
from heapq import heappop, heappush
from typing import Any, Final

KIND_BITS: Final = 2
NODE_BITS: Final = 15
EVENT_BITS: Final = KIND_BITS + NODE_BITS
"""An event is one integer: µs after the start, node, kind."""
NODE_MASK: Final = (1 << NODE_BITS) - 1
KIND_MASK: Final = (1 << KIND_BITS) - 1
INVENTORY: Final = 0
REQUEST: Final = 1
REQUEST_MISSING: Final = 2


def run_announce(  # noqa: PLR0915 - one loop on purpose: numba compiles it as it stands
    origin: int,
    relay: int,
    control_us: int,
    processing_us: int,
    first: Any,
    neighbor: Any,
    owner: Any,
    table_start: Any,
    extra: Any,
    transfer: Any,
    is_compact: Any,
    bandwidth: Any,
    tables: Any,
    inventory: Any,
    request: Any,
    block: Any,
    missing_request: Any,
    missing_block: Any,
    fails: Any,
    missing_bits: Any,
    reserved_first: Any,
    reserved_begin: Any,
    reserved_end: Any,
    busy: Any,
    best: Any,
    via: Any,
    arrival: Any,
    first_begin: Any,
    first_end: Any,
    missing_begin: Any,
) -> None:
    """Fill ``arrival`` and ``via`` (the position of the edge a node got the block over), and when uploads to it run.

    Times are µs after the start. By position, for the edge owner → neighbor: ``inventory`` (delay of the inventory,
    FAR when closed), ``table_start`` and ``extra`` (latency table, lag), ``transfer`` and ``is_compact`` (of the first
    block message), ``bandwidth`` in bit/s. By node: the levels of luck of its four messages, whether a compact block
    ``fails`` it, what is then missing, ``busy`` (0: when its last upload ends), ``best`` (FAR − 1), ``via`` (−1) and,
    all FAR, ``arrival``, ``first_begin`` and ``first_end`` (of the first upload to it), ``missing_begin`` (of the
    second). Uploads of earlier blocks are ``reserved``: those of a node begin at ``reserved_first``, in order; an
    upload starts in the first gap it fits into. One function, and long, so that it compiles as it stands.
    """
    node = origin
    moment = 0
    arrival[origin] = 0
    best[origin] = -1
    is_reserved = len(reserved_begin) > 0
    heap = [0]
    heappop(heap)
    while True:
        # the node has the block since `moment`: it announces it
        if relay or node == origin:
            for place in range(first[node], first[node + 1]):
                offer = moment + inventory[place]
                target = neighbor[place]
                if offer <= best[target]:
                    if offer < best[target]:
                        best[target] = offer
                        via[target] = place
                        heappush(heap, (offer << EVENT_BITS) | (target << KIND_BITS))
                    elif node < owner[via[target]]:
                        via[target] = place
        # go on until the next node gets it
        while True:
            if not heap:
                return
            event = heappop(heap)
            time = event >> EVENT_BITS
            node = (event >> KIND_BITS) & NODE_MASK
            kind = event & KIND_MASK
            place = via[node]
            latency = table_start[place]
            if kind == INVENTORY:
                if best[node] == time:  # otherwise an earlier one has come
                    best[node] = -1
                    time += tables[latency + request[node]] + extra[place] + control_us
                    heappush(heap, (time << EVENT_BITS) | (node << KIND_BITS) | REQUEST)
                continue
            if kind == REQUEST:
                length = tables[latency + block[node]] + transfer[place] + extra[place]
            else:
                length = tables[latency + missing_block[node]] + processing_us + extra[place]
                length += missing_bits[node] * 1_000_000 // bandwidth[place]
            sender = owner[place]
            begin = max(time, busy[sender])
            if is_reserved:
                for index in range(reserved_first[sender], reserved_first[sender + 1]):
                    if begin + length > reserved_begin[index]:
                        begin = max(begin, reserved_end[index])
            moment = begin + length
            busy[sender] = moment
            if kind == REQUEST:
                first_begin[node] = begin
                first_end[node] = moment
                if is_compact[place] and fails[node]:
                    time = moment + tables[latency + missing_request[node]] + extra[place] + control_us
                    heappush(heap, (time << EVENT_BITS) | (node << KIND_BITS) | REQUEST_MISSING)
                    continue
            else:
                missing_begin[node] = begin
            arrival[node] = moment
            break


def is_numba_installed() -> bool:
    """Return whether the extra ``fast`` is there; asks without importing it."""
    return importlib.util.find_spec("numba") is not None


@lru_cache(maxsize=1)
def get_compiled() -> Callable[..., None]:
    """Return ``run_announce`` compiled by numba; importing it takes about half a second, compiling a few.

    The machine code is kept beside this file or, where that cannot be written, in the user's cache; else nowhere.
    """
    numba = importlib.import_module("numba")
    try:
        compiled: Callable[..., None] = numba.njit(cache=True)(run_announce)
    except RuntimeError:  # no place to keep it
        compiled = numba.njit(run_announce)
    return compiled

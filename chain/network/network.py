"""The network as the rest of the engine sees it: publish an item and get its ``Spread``; change links and get those
spreads whose future changed.

A Spread depends on the seed, on the item's key, origin, moment and size, on the state of links, and (blocks with relay
``announce``) on uploads of earlier items still under way; on nothing else. Spreads that may still change are "in
flight": some node is yet to be reached. The others are dropped here; whoever published them keeps them.

``copy`` is cheap: flights and arrays are never changed, only replaced, so a checkpoint shares them.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.errors import InvalidInput
from chain.network.announce_luck import Announcing
from chain.network.announce_relay import AnnounceRelay
from chain.network.compact import draw_compact_nodes
from chain.network.direct_relay import DirectRelay
from chain.network.flight import Change, Flight, Item, Reserved, build_reserved
from chain.network.links import FULL_BANDWIDTH, Links
from chain.network.parameters import NetworkParameters
from chain.network.placement import build_places
from chain.network.push_relay import PushRelay
from chain.network.spread import PendingSpread, Spread
from chain.network.timing import Timing
from chain.network.topology import build_topology
from chain.units import NEVER

IntArray = npt.NDArray[np.int64]

BLOCK_KIND: Final = "block"
"""The kind of item that is announced first where the relay is ``announce``; all others are pushed."""
SWEEP_AT: Final = 64
"""Flights at which settled ones are looked for."""


class Network:
    """Nodes, links and what travels over them."""

    def __init__(self, parameters: NetworkParameters, seed: int, fast: bool | None = None) -> None:
        """Build the network. Raises InvalidScenario when the parameters cannot be met.

        ``fast`` says whether numba compiles the announce loop (False: never); None where it is installed and pays. The
        results are the same to the microsecond.
        """
        self.parameters = parameters
        self.seed = seed
        self.topology = build_topology(parameters, seed)
        self.places = build_places(parameters, seed)
        """Region, city, latitude and longitude by node."""
        self.links = Links(self.topology)
        self._messages = self._bytes_sent = 0
        self._timing = timing = Timing(parameters, seed, self.topology, self.places)
        self._longest_us = timing.get_longest_us()
        self._push = PushRelay(timing)
        self._direct = DirectRelay(timing)
        self._announce: AnnounceRelay | None = None
        if parameters.relay == "announce" and self.topology.links:
            compact = draw_compact_nodes(parameters.nodes, seed, parameters.compact_blocks)
            self._announce = AnnounceRelay(Announcing(timing, compact), fast)
        self._nothing_reserved = build_reserved(parameters.nodes, [])
        self._flights: dict[bytes, Flight] = {}
        self._sweep_at = SWEEP_AT
        self._pending: dict[bytes, PendingSpread] = {}  # published by publish_later, in order
        self.compute_opened: Callable[[IntArray], IntArray] | None = None
        """By the moments at which something reaches the nodes, when each can open it; None: at once, all of them."""
        self._sealed: dict[bytes, Spread] = {}  # as they reach the nodes, where some cannot open them at once

    def copy(self) -> "Network":
        """Return a network that goes on from here on its own."""
        self.settle()
        twin = object.__new__(Network)
        twin.__dict__.update(self.__dict__)
        twin.links, twin._flights, twin._sealed = self.links.copy(), dict(self._flights), dict(self._sealed)
        twin._pending = {}
        return twin

    @property
    def messages(self) -> int:
        """Messages sent since the start; those of spreads in flight count as foreseen."""
        self.settle()
        return self._messages

    @property
    def bytes_sent(self) -> int:
        """Bytes of items in these messages; control messages count nothing."""
        self.settle()
        return self._bytes_sent

    def publish(self, key: bytes, origin: int, time_us: int, size_bytes: int, kind: str, relay: bool = True) -> Spread:
        """Return the spread of an item that ``origin`` publishes now.

        With ``relay=False`` (an invalid item) only the neighbours of the origin receive it and nobody passes it on.
        Raises InvalidInput when the key is in flight already or the moment lies before the last change of links.
        """
        self.settle()
        item = self._build_item(key, origin, time_us, size_bytes, kind, relay)
        if self._announce is not None and kind == BLOCK_KIND:
            return self._launch(self._announce.start(item, self.links, self._get_reserved(key, time_us)))
        return self._launch(self._push.start(item, self.links))

    def send(
        self, key: bytes, origin: int, time_us: int, size_bytes: int, kind: str, target: int | None = None
    ) -> Spread:
        """Return the spread of an item that ``origin`` sends now to one node, or to every node by itself.

        Others pass it on only where a link is closed or missing. Raises InvalidInput like ``publish``.
        """
        self.settle()
        item = self._build_item(key, origin, time_us, size_bytes, kind, True)
        return self._launch(self._direct.start(item, self.links, target))

    def publish_later(self, key: bytes, origin: int, time_us: int, size_bytes: int, kind: str) -> Spread:
        """Return the spread of a small item for every node: in a full mesh sent to each, otherwise pushed.

        It is the same as that of ``send`` or ``publish``, but computed together with others like it, as soon as
        anybody looks at the arrivals of one of them or anything else happens in the network.
        """
        self._check_item(key, time_us)
        spread = self._pending[key] = PendingSpread(key, origin, time_us, size_bytes, kind, self.settle)
        return spread

    def settle(self) -> None:
        """Compute the spreads that wait."""
        if not self._pending:
            return
        pending, self._pending = list(self._pending.values()), {}
        items = [Item(it.key, it.origin, it.start_us, it.size_bytes, it.kind, True) for it in pending]
        relay = self._direct if self.parameters.topology == "complete" else self._push
        for spread, flight in zip(pending, relay.start_many(items, self.links), strict=True):
            spread.fill(self._launch(flight).arrival, flight.spread.parent)

    def get_groups(self) -> IntArray:
        """Return a label for each node: two have the same one when open links lead from one to the other."""
        return self._direct.get_groups(self.links)

    def ask(self, sources: IntArray, targets: IntArray, levels: IntArray, size_bytes: int) -> IntArray:
        """Return what small messages between pairs of nodes take, in µs, and count them; to oneself they take nothing.

        They go straight from node to node, whatever the topology; whether any way is open is not looked at.
        """
        self.count_asked(levels.size - int(np.count_nonzero(sources == targets)), size_bytes)
        return self.compute_asked_us(sources, targets, levels)

    def compute_asked_us(self, sources: IntArray, targets: IntArray, levels: IntArray) -> IntArray:
        """Return the same and count nothing."""
        delays = self._timing.compute_small_delays(sources, targets, levels, self.links)
        delays[sources == targets] = 0
        return delays

    def count_asked(self, messages: int, size_bytes: int) -> None:
        """Count small messages."""
        self._messages += messages
        self._bytes_sent += messages * size_bytes

    def get_longest_us(self) -> IntArray | None:
        """Return, by level of luck, the longest a small message takes between any nodes; None while links lag."""
        return None if self.links.is_lagged else self._longest_us

    def _build_item(self, key: bytes, origin: int, time_us: int, size_bytes: int, kind: str, relay: bool) -> Item:
        self._check_item(key, time_us)
        if kind == BLOCK_KIND and self.parameters.block_bytes:
            size_bytes = self.parameters.block_bytes
        return Item(key, origin, time_us, size_bytes, kind, relay)

    def _check_item(self, key: bytes, time_us: int) -> None:
        if key in self._flights or key in self._pending:
            raise InvalidInput("item", key.hex(), "a key that is not in flight already")
        if time_us < self.links.changed_us:
            raise InvalidInput("moment of publishing", time_us, f"{self.links.changed_us} or later")

    def _launch(self, flight: Flight) -> Spread:
        spread = flight.spread
        self._flights[spread.key] = flight
        self._messages += flight.messages
        self._bytes_sent += flight.bytes_sent
        if len(self._flights) > self._sweep_at:
            self._sweep(spread.start_us)
        return self._open(spread)

    def _open(self, spread: Spread) -> Spread:
        """Return a spread whose arrivals are the moments at which the nodes can open the item."""
        opened = spread.arrival if self.compute_opened is None else self.compute_opened(spread.arrival)
        if opened is spread.arrival:
            return spread
        self._sealed[spread.key] = spread
        return replace(spread, arrival=opened)

    def refresh_opened(self) -> list[Spread]:
        """Return everything that a change of who can open what may concern: what is sealed or in flight."""
        self.settle()
        spreads = self._sealed | {key: flight.spread for key, flight in self._flights.items()}
        return [self._open(spread) for spread in spreads.values()]

    def get_flights(self) -> list[Spread]:
        """Return the spreads that may still change, in the order they were published."""
        self.settle()
        return [flight.spread for flight in self._flights.values()]

    def forget(self, keys: Iterable[bytes]) -> None:
        """Drop spreads from flight, for instance of transactions that are history: they stay as they are now."""
        self.settle()
        for key in keys:
            self._flights.pop(key, None)
            self._sealed.pop(key, None)

    def close_links(self, links: Iterable[int], now_us: int) -> list[Spread]:
        """Close links; what is in flight over them is lost. Return the spreads whose future changed."""
        return self._change(now_us, lambda state: state.close(links, now_us))

    def open_links(self, links: Iterable[int], now_us: int) -> list[Spread]:
        """Open closed links; both ends offer what they have. Return the spreads whose future changed."""
        return self._change(now_us, lambda state: state.open(links, now_us))

    def set_online(self, node: int, online: bool, now_us: int) -> list[Spread]:
        """Let a node leave, or come back and catch up. Return the spreads whose future changed."""
        return self._change(now_us, lambda state: state.set_online(node, online, now_us))

    def partition(self, groups: Sequence[Iterable[int]], now_us: int) -> list[Spread]:
        """Cut all links between groups; unnamed nodes are one more group. Return the spreads whose future changed."""
        return self._change(now_us, lambda state: state.partition(groups, now_us))

    def heal(self, now_us: int) -> list[Spread]:
        """End the partition. Return the spreads whose future changed."""
        return self._change(now_us, lambda state: state.heal(now_us))

    def set_lag(
        self,
        now_us: int,
        *,
        links: Iterable[int] = (),
        nodes: Iterable[int] = (),
        extra_us: int = 0,
        bandwidth_per_mille: int = FULL_BANDWIDTH,
    ) -> list[Spread]:
        """Slow links, or all links of nodes, for messages sent from now on; the default values end a lag.

        Return the spreads whose future changed.
        """
        links, nodes = list(links), list(nodes)
        return self._change(
            now_us,
            lambda state: state.set_lag(
                now_us, links=links, nodes=nodes, extra_us=extra_us, bandwidth_per_mille=bandwidth_per_mille
            ),
        )

    def _change(self, now_us: int, apply: Callable[[Links], None]) -> list[Spread]:
        """Change the links and compute the future of every flight again. An invalid change leaves no trace."""
        self.settle()
        after = self.links.copy()
        apply(after)
        before, self.links = self.links, after
        if after.is_like(before):
            return []
        opened = bool(((before.open_since == NEVER) & (after.open_since != NEVER)).any())
        change = Change(now_us, before, after, opened)
        self._sweep(now_us)
        changed = []
        for key, old in self._flights.items():
            if old.is_direct:
                new = self._direct.change(old, change)
            elif self._announce is not None and old.spread.kind == BLOCK_KIND:
                new = self._announce.change(old, change, self._get_reserved(key, now_us))
            else:
                new = self._push.change(old, change)
            self._flights[key] = new
            self._messages += new.messages - old.messages
            self._bytes_sent += new.bytes_sent - old.bytes_sent
            if not new.spread.is_like(old.spread):
                changed.append(self._open(new.spread))
        return changed

    def _get_reserved(self, key: bytes, now_us: int) -> Reserved:
        """Return when nodes upload other items that are still under way."""
        moving = [
            flight
            for other, flight in self._flights.items()
            if flight.uploads and flight.last_us > now_us and other != key
        ]
        return build_reserved(self.topology.nodes, moving) if moving else self._nothing_reserved

    def _sweep(self, now_us: int) -> None:
        """Drop the flights that have reached every node, and what the resting ones no longer need."""
        flights: dict[bytes, Flight] = {}
        for key, flight in self._flights.items():
            if flight.last_us > now_us:
                flights[key] = flight
            elif not flight.is_complete:
                flights[key] = replace(flight, delays=None, base=None, uploads=())
        self._flights = flights
        self._sweep_at = max(SWEEP_AT, 2 * len(flights))

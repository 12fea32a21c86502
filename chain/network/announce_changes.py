"""Announce while links open and close: every message an event. Slow, and used only for spreads that a change meets.

Without a change it gives what ``run_announce`` gives. A link that closes takes with it every message on it, each
inventory heard over it, each request waiting at its other end, and stops an upload over it. The holder goes on with its
next request. A node whose request is lost so turns to the earliest inventory it has heard over a link that has not
closed, or waits for one. When a link opens, each end that has the block sends its inventory anew, with the same luck. A
message takes the lag that holds when it is sent. What happens at the moment of a change happens before it.

A spread that rests (nothing of it is under way) starts from what every node has; one that moves starts from its
beginning and meets the same changes again, so its past comes out the same.
"""

from collections import deque
from heapq import heappop, heappush
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.network.announce_luck import Announcing
from chain.network.flight import Base, Change, Item, Uploads
from chain.network.push import FAR
from chain.network.spread import NO_PARENT
from chain.units import NEVER

IntArray = npt.NDArray[np.int64]

PUBLISHED: Final = 0
INVENTORY: Final = 1
REQUEST: Final = 2
REQUEST_MISSING: Final = 3
BLOCK: Final = 4
MISSING: Final = 5
"""Kinds of events, each at the moment the message is received."""

Event = tuple[int, int, int, int, int]
"""(moment, requesting node, kind, position of the edge holder → node, how often its link had closed when sent)."""


def run_changes(announcing: Announcing, item: Item, base: Base) -> tuple[IntArray, list[int], Uploads, int]:
    """Return (arrival, parent, uploads, bytes sent), in µs after the start, FAR and NO_PARENT where none."""
    run = _Run(announcing, item, base)
    for change in base.changes:
        run.go_to(change.now_us)
        run.on_change(change)
    run.go_to(NEVER)
    moments = np.array(run.arrival, dtype=np.int64)
    arrival = np.where(moments == NEVER, FAR, moments - item.start_us)
    holder, begin, end = np.array(run.uploads, dtype=np.int64).reshape(-1, 3).T
    return arrival, run.parent, (holder, begin - item.start_us, end - item.start_us), run.bytes_sent


class _Run:
    def __init__(self, announcing: Announcing, item: Item, base: Base) -> None:
        topology = announcing.topology
        self.announcing, self.item, self.topology = announcing, item, topology
        self.luck = announcing.draw_luck(item)
        self.links = base.links
        self.bandwidth = announcing.get_bandwidth(self.links)
        self.reserved = base.reserved
        self.arrival: list[int] = [NEVER] * topology.nodes
        self.parent = [NO_PARENT] * topology.nodes
        self.uploads: list[tuple[int, int, int]] = []
        """(holder, begin, end) of all uploads that were finished or stopped."""
        self.bytes_sent = 0
        self.closings: dict[int, int] = {}
        """By link: how often it closed; a message sent before that is lost."""
        self.heard: dict[int, list[tuple[int, int]]] = {}
        """By node: (position, closings) of the inventories it heard, in order."""
        self.asked: dict[int, tuple[int, int]] = {}
        """By node: the (position, closings) it requested over and waits for."""
        self.waiting: dict[int, deque[Event]] = {}
        """By holder: the requests that wait."""
        self.uploading: dict[int, tuple[int, int]] = {}
        """By holder: the position it uploads over now, and since when."""
        self.events: list[Event] = []
        if base.spread is None:
            self.events.append((item.start_us, item.origin, PUBLISHED, -1, 0))
        else:
            self.arrival, self.parent = base.spread.arrival.tolist(), base.spread.parent.tolist()

    def go_to(self, moment_us: int) -> None:
        """Let everything up to and including a moment happen."""
        while self.events and self.events[0][0] <= moment_us:
            self.on_event(heappop(self.events))

    def on_event(self, event: Event) -> None:
        now_us, node, kind, place, closings = event
        if kind == PUBLISHED:
            self.on_arrival(now_us, node, NO_PARENT)
        elif closings != self.get_closings(place):
            return
        elif kind == INVENTORY:
            if self.arrival[node] == NEVER:
                self.heard.setdefault(node, []).append((place, closings))
                if node not in self.asked:
                    self.request(now_us, node)
        elif kind in (REQUEST, REQUEST_MISSING):
            holder = int(self.topology.owner[place])
            self.waiting.setdefault(holder, deque()).append(event)
            self.serve(now_us, holder)
        else:
            self.on_delivered(now_us, node, kind, place)

    def on_delivered(self, now_us: int, node: int, kind: int, place: int) -> None:
        holder = int(self.topology.owner[place])
        self.uploads.append((holder, self.uploading.pop(holder)[1], now_us))
        if kind == BLOCK and self.announcing.is_compact[place] and self.luck.fails[node]:
            self.send(
                now_us + self.announcing.control_us, node, REQUEST_MISSING, place, self.luck.missing_request[node]
            )
        else:
            self.asked.pop(node)
            self.on_arrival(now_us, node, holder)
        self.serve(now_us, holder)

    def on_arrival(self, now_us: int, node: int, parent: int) -> None:
        self.arrival[node], self.parent[node] = now_us, parent
        self.heard.pop(node, None)
        for place in range(int(self.topology.first[node]), int(self.topology.first[node + 1])):
            self.announce(now_us, place)

    def announce(self, now_us: int, place: int) -> None:
        """Send the inventory over an edge, if its link is open and its owner passes the item on."""
        owner, node = int(self.topology.owner[place]), int(self.topology.neighbor[place])
        is_open = self.links.open_since[self.topology.link[place]] != NEVER
        if is_open and (self.item.relay or owner == self.item.origin) and self.arrival[node] == NEVER:
            self.send(now_us + self.announcing.control_us, node, INVENTORY, place, self.luck.inventory[place])

    def request(self, now_us: int, node: int) -> None:
        """Ask for the block where it was first heard of, among links that have not closed since."""
        for place, closings in self.heard.get(node, ()):
            if closings == self.get_closings(place):
                self.asked[node] = (place, closings)
                self.send(now_us + self.announcing.control_us, node, REQUEST, place, self.luck.request[node])
                return

    def serve(self, now_us: int, holder: int) -> None:
        """Start the next upload of a holder that is free."""
        queue = self.waiting.get(holder)
        while queue and holder not in self.uploading:
            _, node, kind, place, closings = queue.popleft()
            if closings != self.get_closings(place):
                continue
            first = kind == REQUEST
            level = self.luck.block[node] if first else self.luck.missing_block[node]
            size = self.get_size(place) if first else int(self.luck.missing_bytes[node])
            transfer_us = size * 8_000_000 // int(self.bandwidth[place]) + self.announcing.timing.processing_us
            length_us = transfer_us + self.get_latency_us(place, level)
            begin_us = self.find_gap(holder, now_us, length_us)
            self.uploading[holder] = place, begin_us
            self.bytes_sent += size
            self.send(begin_us + transfer_us, node, BLOCK if first else MISSING, place, level)

    def find_gap(self, holder: int, now_us: int, length_us: int) -> int:
        """Return when an upload of this length starts, between uploads of earlier items."""
        begin_us, reserved = now_us, self.reserved
        for index in range(int(reserved.first[holder]), int(reserved.first[holder + 1])):
            if begin_us + length_us > reserved.begin_us[index]:
                begin_us = max(begin_us, int(reserved.end_us[index]))
        return begin_us

    def send(self, from_us: int, node: int, kind: int, place: int, level: np.integer) -> None:
        """Put a message on its way."""
        moment_us = from_us + self.get_latency_us(place, level)
        heappush(self.events, (moment_us, node, kind, place, self.get_closings(place)))

    def get_latency_us(self, place: int, level: np.integer) -> int:
        latency_us = int(self.announcing.timing.tables[self.announcing.table_start[place] + level])
        return latency_us + int(self.links.extra_us[self.topology.link[place]])

    def on_change(self, change: Change) -> None:
        """Close and open links. Everything up to the moment of the change has happened."""
        was_shut, is_shut = change.before.open_since == NEVER, change.after.open_since == NEVER
        self.links = change.after
        self.bandwidth = self.announcing.get_bandwidth(self.links)
        closed, opened = np.flatnonzero(is_shut & ~was_shut), np.flatnonzero(was_shut & ~is_shut)
        for link in closed.tolist():
            self.closings[link] = self.closings.get(link, 0) + 1
        for node in np.unique(self.topology.ends[closed]).tolist():
            self.on_closed(change.now_us, node)
        places = np.flatnonzero(np.isin(self.topology.link, opened)).tolist() if len(opened) else []
        for place in places:
            if self.arrival[int(self.topology.owner[place])] <= change.now_us:
                self.announce(change.now_us, place)

    def on_closed(self, now_us: int, node: int) -> None:
        """Give up what went over links of ``node`` that closed: its request, its upload."""
        asked = self.asked.get(node)
        if asked is not None and asked[1] != self.get_closings(asked[0]):
            del self.asked[node]
            self.request(now_us, node)
        place, begin_us = self.uploading.get(node, (-1, now_us))
        if place >= 0 and self.links.open_since[self.topology.link[place]] == NEVER:
            del self.uploading[node]
            if begin_us < now_us:
                self.uploads.append((node, begin_us, now_us))
            self.serve(now_us, node)

    def get_size(self, place: int) -> int:
        return int(self.announcing.get_first_bytes(self.item.size_bytes, self.announcing.is_compact[place]))

    def get_closings(self, place: int) -> int:
        return self.closings.get(int(self.topology.link[place]), 0)

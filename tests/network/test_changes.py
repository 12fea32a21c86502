"""Links that open and close while items travel, against checkers that send every single message and lose some.

A story is a list of steps: items published, links closed and opened, nodes leaving and coming back, partitions, lag.
The network tells it by recomputing tables; the checkers retell it message by message, from the same luck. They must
agree on every arrival and parent, to the microsecond.
"""

import heapq
from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chain.network.network import Network
from chain.network.parameters import NetworkParameters
from chain.network.regions import REGIONS, YEARS
from chain.network.spread import Spread
from chain.units import NEVER


@dataclass(frozen=True)
class Step:
    """What happens at a moment, with a number that says to which node or link."""

    at_us: int
    what: str
    which: int


CHANGES = ("close", "open", "offline", "online", "partition", "heal", "lag", "no lag")


def draw_story(longest_us: int, items: int) -> st.SearchStrategy[list[Step]]:
    """Return stories with that many items and up to twelve changes, in order of time, some at the same moment."""
    moments = st.one_of(st.integers(0, longest_us), st.sampled_from([0, longest_us // 4, longest_us // 2]))
    changes = st.lists(st.builds(Step, moments, st.sampled_from(CHANGES), st.integers(0, 99)), max_size=12)
    starts = st.sampled_from([0, longest_us // 8, longest_us // 4])
    published = st.builds(Step, starts, st.just("publish"), st.integers(0, 99))
    stories = st.tuples(changes, st.lists(published, min_size=1, max_size=items))
    return stories.map(lambda story: sorted([*story[1], *story[0]], key=lambda step: step.at_us))


def draw_network(relay: str, longest_us: int) -> st.SearchStrategy[NetworkParameters]:
    """Return small networks of every delay model."""
    return st.builds(
        NetworkParameters,
        nodes=st.integers(2, 9),
        topology=st.sampled_from(["random", "ring", "complete"]),
        degree=st.integers(1, 3),
        shares=st.just("even"),
        delay_model=st.sampled_from(["regions", "constant", "uniform"]),
        delay_us=st.just(longest_us // 10),
        relay=st.just(relay),
        compact_blocks=st.booleans(),
        block_bytes=st.sampled_from([0, 1_000, 100_000]),
    )


def tell(network: Network, story: list[Step], kind: str) -> dict[bytes, Spread]:
    """Carry out a story on the network under test and return the last spread of each item."""
    spreads: dict[bytes, Spread] = {}
    for number, step in enumerate(story):
        before = dict(spreads)
        if step.what == "publish":
            key = b"item %d" % number
            relay = step.which % 7 != 0
            spreads[key] = network.publish(key, step.which % network.topology.nodes, step.at_us, 5_000, kind, relay)
            continue
        for spread in apply_change(network, step):
            old = spreads[spread.key]
            assert not spread.is_like(old)
            past = old.arrival <= step.at_us
            assert np.array_equal(past, spread.arrival <= step.at_us)
            assert np.array_equal(old.arrival[past], spread.arrival[past])
            assert np.array_equal(old.parent[past], spread.parent[past])
            spreads[spread.key] = spread
        assert list(before) == list(spreads)
    return spreads


def apply_change(network: Network, step: Step) -> list[Spread]:
    now_us, links = step.at_us, len(network.topology.links)
    node, link = step.which % network.topology.nodes, step.which % links
    match step.what:
        case "close":
            return network.close_links([link], now_us)
        case "open":
            return network.open_links([link], now_us)
        case "offline" | "online":
            return network.set_online(node, step.what == "online", now_us)
        case "partition":
            return network.partition([range(node + 1)], now_us)
        case "heal":
            return network.heal(now_us)
        case "lag":
            return network.set_lag(now_us, nodes=[node], extra_us=30_000 * (step.which % 3), bandwidth_per_mille=250)
        case _:
            return network.set_lag(now_us, nodes=[node])


@dataclass
class Wires:
    """The checkers' own idea of which links are open and how slow they are."""

    ends: tuple[tuple[int, int], ...]
    closed: set[int] = field(default_factory=set)
    offline: set[int] = field(default_factory=set)
    group: int = -1
    lag: dict[int, int] = field(default_factory=dict)

    def is_open(self, link: int) -> bool:
        one, other = self.ends[link]
        cut = self.group >= 0 and (one <= self.group) != (other <= self.group)
        return link not in self.closed and not cut and one not in self.offline and other not in self.offline

    def apply(self, step: Step) -> None:
        nodes = 1 + max(max(pair) for pair in self.ends)
        node, link = step.which % nodes, step.which % len(self.ends)
        match step.what:
            case "close":
                self.closed.add(link)
            case "open":
                self.closed.discard(link)
            case "offline":
                self.offline.add(node)
            case "online":
                self.offline.discard(node)
            case "partition":
                self.group = node
            case "heal":
                self.group = -1
            case "lag":
                self.lag[node] = 30_000 * (step.which % 3)
            case "no lag":
                self.lag.pop(node, None)

    def get_extra_us(self, link: int) -> int:
        return sum(self.lag.get(node, 0) for node in self.ends[link])

    def get_per_mille(self, link: int) -> int:
        return 250 if any(node in self.lag for node in self.ends[link]) else 1000


class Checker:
    """Retells one item of a story, message by message."""

    def __init__(self, network: Network, spread: Spread) -> None:
        self.network, self.item = network, spread
        self.wires = Wires(network.topology.links)
        self.arrival = [NEVER] * network.topology.nodes
        self.parent = [-1] * network.topology.nodes
        self.messages: list[tuple[int, int, int, str, int]] = []
        """(moment, target, source, what, link) of each message on its way."""

    def retell(self, story: list[Step]) -> tuple[list[int], list[int]]:
        for number, step in enumerate(story):
            self.go_to(step.at_us)
            if self.item.key == b"item %d" % number:
                self.get_item(step.at_us, self.item.origin, -1)
            elif step.what != "publish":
                was = [self.wires.is_open(link) for link in range(len(self.wires.ends))]
                self.wires.apply(step)
                now = [self.wires.is_open(link) for link in range(len(self.wires.ends))]
                shut = {link for link, (before, after) in enumerate(zip(was, now, strict=True)) if before and not after}
                self.messages = [message for message in self.messages if message[4] not in shut]
                heapq.heapify(self.messages)
                self.on_shut(step.at_us, shut)
                for link, (before, after) in enumerate(zip(was, now, strict=True)):
                    if after and not before:
                        self.offer(step.at_us, link)
        self.go_to(NEVER)
        return self.arrival, self.parent

    def go_to(self, moment_us: int) -> None:
        while self.messages and self.messages[0][0] <= moment_us:
            self.on_message(*heapq.heappop(self.messages))

    def get_item(self, now_us: int, node: int, parent: int) -> None:
        self.arrival[node], self.parent[node] = now_us, parent
        for link in self.network.topology.get_links(node):
            self.offer(now_us, link, node)

    def offer(self, now_us: int, link: int, only: int | None = None) -> None:
        """Let the ends of a link that have the item send it, or word of it, to the other end."""
        for source, target in (self.wires.ends[link], self.wires.ends[link][::-1]):
            may = self.arrival[source] <= now_us and (self.item.relay or source == self.item.origin)
            if may and self.wires.is_open(link) and only in (None, source):
                self.send_offer(now_us, source, target, link)

    def get_transfer_us(self, size_bytes: int, source: int, target: int, link: int) -> int:
        if self.network.parameters.delay_model != "regions":
            return 0
        regions = [REGIONS.index(self.network.places[node].region) for node in (source, target)]
        bandwidth = YEARS[2019].get_bandwidth(regions[0], regions[1]) * self.wires.get_per_mille(link) // 1000
        return size_bytes * 8_000_000 // bandwidth + 2_000

    def on_message(self, now_us: int, target: int, source: int, what: str, link: int) -> None:
        raise NotImplementedError

    def send_offer(self, now_us: int, source: int, target: int, link: int) -> None:
        raise NotImplementedError

    def on_shut(self, now_us: int, shut: set[int]) -> None:
        """Links have closed, and what was on them is lost."""


class PushChecker(Checker):
    """Every node that gets the item sends it over every open link."""

    def __init__(self, network: Network, spread: Spread) -> None:
        super().__init__(network, spread)
        timing, topology = network._push._timing, network.topology
        levels = timing.draw_levels(spread.key, 2 * len(topology.links)) >> 4
        latencies = timing.tables[timing.table_start + levels].tolist()
        edges = zip(topology.neighbor.tolist(), topology.owner.tolist(), strict=True)
        self.latency = dict(zip(edges, latencies, strict=True))

    def send_offer(self, now_us: int, source: int, target: int, link: int) -> None:
        delay = self.latency[source, target] + self.wires.get_extra_us(link)
        delay += self.get_transfer_us(self.item.size_bytes, source, target, link)
        heapq.heappush(self.messages, (now_us + delay, target, source, "item", link))

    def on_message(self, now_us: int, target: int, source: int, what: str, link: int) -> None:
        if self.arrival[target] == NEVER:
            self.get_item(now_us, target, source)


class AnnounceChecker(Checker):
    """Inventory, request, block: with a queue at every holder and a list of what each node has heard."""

    def __init__(self, network: Network, spread: Spread) -> None:
        super().__init__(network, spread)
        assert network._announce is not None
        announcing, topology = network._announce._announcing, network.topology
        self.luck = announcing.draw_luck(spread)
        self.tables = announcing.timing.tables
        edges = list(zip(topology.owner.tolist(), topology.neighbor.tolist(), strict=True))
        self.start = dict(zip(edges, announcing.table_start.tolist(), strict=True))
        self.inventory = dict(zip(edges, self.luck.inventory.tolist(), strict=True))
        self.compact = dict(zip(edges, announcing.is_compact.tolist(), strict=True))
        self.control_us = 10_000 if network.parameters.delay_model == "regions" else 0
        self.heard: dict[int, list[tuple[int, int]]] = {node: [] for node in range(topology.nodes)}
        self.asked: dict[int, tuple[int, int]] = {}
        self.queue: dict[int, list[tuple[int, str, int]]] = {node: [] for node in range(topology.nodes)}
        self.busy: dict[int, int] = {}
        """By holder: the link it uploads over."""

    def send(self, from_us: int, edge: tuple[int, int], level: int, message: tuple[int, int, str, int]) -> None:
        delay = int(self.tables[self.start[edge] + level]) + self.wires.get_extra_us(message[3])
        heapq.heappush(self.messages, (from_us + delay, *message))

    def send_offer(self, now_us: int, source: int, target: int, link: int) -> None:
        edge = (source, target)
        self.send(now_us + self.control_us, edge, self.inventory[edge], (target, source, "a inventory", link))

    def on_message(self, now_us: int, target: int, source: int, what: str, link: int) -> None:
        # requests are kept under the asking node, so that equal moments come in its order
        if what == "a inventory" and self.arrival[target] == NEVER:
            self.heard[target].append((source, link))
            if target not in self.asked:
                self.ask(now_us, target)
        elif what in ("b request", "c request missing"):
            self.queue[source].append((target, what, link))
            self.serve(now_us, source)
        elif what in ("d block", "e missing"):
            del self.busy[source]
            if what == "d block" and self.compact[source, target] and self.luck.fails[target]:
                level = self.luck.missing_request[target]
                self.send(
                    now_us + self.control_us, (source, target), level, (target, source, "c request missing", link)
                )
            else:
                self.get_item(now_us, target, source)
                self.asked.pop(target)
            self.serve(now_us, source)

    def ask(self, now_us: int, node: int) -> None:
        if self.heard[node]:
            source, link = self.asked[node] = self.heard[node][0]
            level = self.luck.request[node]
            self.send(now_us + self.control_us, (source, node), level, (node, source, "b request", link))

    def serve(self, now_us: int, holder: int) -> None:
        if holder in self.busy or not self.queue[holder]:
            return
        target, what, link = self.queue[holder].pop(0)
        edge, size = (holder, target), int(self.luck.missing_bytes[target])
        if what == "b request":
            size = min(18_000, self.item.size_bytes) if self.compact[edge] else self.item.size_bytes
        level = self.luck.block[target] if what == "b request" else self.luck.missing_block[target]
        self.busy[holder] = link
        reply = "d block" if what == "b request" else "e missing"
        from_us = now_us + self.get_transfer_us(size, holder, target, link)
        self.send(from_us, edge, level, (target, holder, reply, link))

    def on_shut(self, now_us: int, shut: set[int]) -> None:
        for node in range(self.network.topology.nodes):
            self.heard[node] = [offer for offer in self.heard[node] if offer[1] not in shut]
            self.queue[node] = [entry for entry in self.queue[node] if entry[2] not in shut]
        for node in range(self.network.topology.nodes):
            if node in self.asked and self.asked[node][1] in shut:
                del self.asked[node]
                self.ask(now_us, node)
            if self.busy.get(node) in shut:
                del self.busy[node]
                self.serve(now_us, node)


def check(network: Network, story: list[Step], spreads: dict[bytes, Spread], checker: type[Checker]) -> None:
    for spread in spreads.values():
        arrival, parent = checker(network, spread).retell(story)
        assert spread.arrival.tolist() == arrival
        assert spread.parent.tolist() == parent


@settings(max_examples=300, deadline=None)
@given(draw_network("push", 2_000_000), draw_story(2_000_000, 3), st.integers(0, 9))
def test_push_agrees_with_every_single_message(parameters: NetworkParameters, story: list[Step], seed: int) -> None:
    network = Network(parameters, seed)
    check(network, story, tell(network, story, "transaction"), PushChecker)


@settings(max_examples=100, deadline=None)
@given(draw_network("push", 2_000_000), draw_story(2_000_000, 3), st.integers(0, 9))
def test_whole_arrays_give_what_plain_integers_give(
    parameters: NetworkParameters, story: list[Step], seed: int
) -> None:
    network = Network(parameters, seed)
    network._push._adjacency = None  # the way of large networks
    check(network, story, tell(network, story, "block"), PushChecker)


@settings(max_examples=300, deadline=None)
@given(draw_network("announce", 4_000_000), draw_story(4_000_000, 1), st.integers(0, 9))
def test_announce_agrees_with_every_single_message(parameters: NetworkParameters, story: list[Step], seed: int) -> None:
    network = Network(parameters, seed, fast=False)
    check(network, story, tell(network, story, "block"), AnnounceChecker)


@settings(max_examples=100, deadline=None)
@given(draw_network("announce", 4_000_000), draw_story(4_000_000, 4), st.integers(0, 9))
def test_blocks_that_share_uploads_keep_their_past_and_all_arrive(
    parameters: NetworkParameters, story: list[Step], seed: int
) -> None:
    """``tell`` checks that no change rewrites the past; when all is well again every valid block gets everywhere."""
    network = Network(parameters, seed, fast=False)
    spreads = tell(network, story, "block")
    repairs = [network.heal(5_000_000), network.open_links(range(len(network.topology.links)), 5_000_000)]
    repairs += [network.set_online(node, True, 5_000_000) for node in range(network.topology.nodes)]
    spreads.update({spread.key: spread for changed in repairs for spread in changed})
    assert all(spread.get_last_us() < NEVER for spread in spreads.values() if spread.relay)


@pytest.mark.parametrize("relay", ["push", "announce"])
@settings(max_examples=50, deadline=None)
@given(story=draw_story(4_000_000, 3), seed=st.integers(0, 9))
def test_a_copy_tells_the_rest_of_the_story_alike_and_apart(relay: str, story: list[Step], seed: int) -> None:
    parameters = NetworkParameters(nodes=7, degree=2, relay=relay, block_bytes=100_000)
    network, half = Network(parameters, seed), len(story) // 2
    tell(network, story[:half], "block")
    twin = network.copy()
    before = get_state(twin)
    rest = [step for step in story[half:] if step.what != "publish"]
    one = [(spread.key, spread.arrival.tolist()) for step in rest for spread in apply_change(network, step)]
    assert get_state(twin) == before
    assert one == [(spread.key, spread.arrival.tolist()) for step in rest for spread in apply_change(twin, step)]


def get_state(network: Network) -> tuple[object, ...]:
    arrivals = [spread.arrival.tolist() for spread in network.get_flights()]
    return network.messages, network.bytes_sent, network.links.changed_us, network.links.open_since.tolist(), arrivals

"""Sixteen pools that race: how many of their blocks are stale, after Gervais et al.

Who gets a block when is what the upload of the pool that found it makes of it. A pool has 700 peers, the fifteen other
pools among them. It announces a block to all at once; each asks for it, and the pool uploads the block to one after the
other, in the order in which their requests arrive: over all of them an upload of 100 Mbit/s takes half a minute for
half a megabyte. So a pool across the ocean comes after everybody who is nearer, and works on the old block meanwhile.
With a relay network pools send each other the block in short form at once, unasked, and only validation and latency
remain. Requests for a block that somebody else found queue there too, from those peers who hear of it first from there.

Source: A. Gervais et al., "On the Security and Performance of Proof of Work Blockchains", CCS 2016, and its companion
simulator (github arthurgervais/Bitcoin-Simulator): ``bitcoin-topology-helper.cc`` (regions, latencies, 700 connections,
100 Mbit/s), ``bitcoin-miner.cc`` (``MineBlock``: shares, mean waiting time, sizes that scale with the interval, short
form), ``bitcoin-node.cc`` (``HandleRead``: requests and queues; ``ValidateBlock``). Nothing is fitted to its results.

Simplifications: only pools and their own peers are followed, not how a block gets on from there, so a peer may ask a
second pool that would have had the block from a neighbour by then; a pool's other peers are drawn without regard to how
many connections these have; block sizes are the means of twenty equally likely parts of the measured distribution.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from chain.draws import draw_array, draw_below, draw_exponential, draw_weighted
from chain.network.latency import LEVELS, build_latency_tables
from chain.network.regions import REGIONS, SHARES
from chain.network.topology import draw_by_quota

IntArray = npt.NDArray[np.int64]

POOL_SHARES: Final = (289, 196, 159, 133, 66, 54, 29, 16, 12, 12, 12, 9, 5, 5, 2, 2)
"""Shares of the hash rate, in thousandths: Bitcoin's pools of 2015."""
POOL_REGIONS: Final = ("AP", "AP", "AP", "NA", "AP", "NA", "EU", "EU", "NA", "NA", "NA", "EU", "NA", "NA", "NA", "NA")
NODES: Final = 6000
CONNECTIONS: Final = 700
UPLOAD_BYTES_PER_S: Final = 12_500_000
"""100 Mbit/s, which pools also download with."""
VALIDATION_US: Final = 174_000
VALIDATED_BYTES: Final = 458_263
"""A block of so many bytes takes so long to validate, others in proportion."""
HEADER_BYTES: Final = 81
MESSAGE_BYTES: Final = 90
TRANSACTION_BYTES: Final = 522
SHORT_TRANSACTION_BYTES: Final = 2
"""In the relay network's short form a transaction is an index."""
INTERVAL_S: Final = 600
"""The interval at which blocks have the measured sizes."""
BLOCK_KILOBYTES: Final = (
    *(3, 49, 105, 153, 202, 244, 285, 343, 408, 483),
    *(566, 667, 743, 749, 829, 918, 934, 958, 992, 997),
)
"""Sizes of Bitcoin's blocks of 2015: means of twenty equally likely parts of the simulator's distribution."""
WAITING_NUMERATOR, WAITING_DENOMINATOR = 200, 190
"""The simulator draws waiting times with mean 2 / 0.19 minutes over the share where the interval is ten minutes."""
RECENT_BLOCKS: Final = 80
"""Requests for older blocks have been answered."""
LONGEST_LATENCY_US: Final = 1_000_000
NEVER: Final = 1 << 60


@dataclass(frozen=True, slots=True)
class PoolNetwork:
    """Who is a peer of which pool, and how far away: one-way latencies in µs, NEVER where there is no link."""

    by_peer: IntArray
    """Nodes × pools; the first nodes are the pools."""
    peers: tuple[IntArray, ...]
    """By pool its peers, those whose request arrives first coming first."""
    latencies: tuple[IntArray, ...]
    """By pool, for each of these peers, its latencies to all pools."""


@dataclass(frozen=True, slots=True)
class RacedBlock:
    """A block of the race."""

    pool: int
    parent: int
    """Index of the parent; −1 for the first."""
    height: int
    tallest: int
    """The greatest height of all blocks found so far."""
    found_us: int
    upload_us: int
    """What one upload takes."""
    valid_us: IntArray
    """By pool: when it has the block, and all before it, validated."""


@dataclass(frozen=True, slots=True)
class Race:
    """What came of it."""

    blocks: tuple[RacedBlock, ...]
    is_stale: tuple[bool, ...]
    """By block."""

    def get_stale_share(self) -> float:
        """Return the share of all blocks that are stale."""
        return sum(self.is_stale) / len(self.blocks)

    def get_stale_share_of(self, pool: int) -> tuple[float, int]:
        """Return the share of a pool's blocks that are stale, and how many it found."""
        own = [is_stale for block, is_stale in zip(self.blocks, self.is_stale, strict=True) if block.pool == pool]
        return sum(own) / len(own) if own else 0.0, len(own)


def build_pool_network(seed: int) -> PoolNetwork:
    """Draw the regions of the nodes, the peers of the pools and the latencies of their links."""
    pools = len(POOL_SHARES)
    region = np.array(draw_by_quota(NODES, SHARES["btc2015"], seed, "pool-race/region"))
    region[:pools] = [REGIONS.index(name) for name in POOL_REGIONS]
    tables, starts = build_latency_tables("regions", 0, 2015)
    latency = np.full((NODES, pools), NEVER, dtype=np.int64)
    for pool in range(pools):
        level = (draw_array(seed, "pool-race/latency", pool, size=NODES) % LEVELS).astype(np.int64)
        order = np.argsort(draw_array(seed, "pool-race/peers", pool, size=NODES), kind="stable")
        chosen = np.concatenate([np.arange(pools), order[order >= pools][: CONNECTIONS - pools + 1]])
        latency[chosen, pool] = tables[starts[region[chosen], region[pool]] + level[chosen]]
        latency[:pool, pool] = latency[pool, :pool]  # a link has one latency both ways
        latency[pool, pool] = 0
    peers = []
    for pool in range(pools):
        nearest = np.argsort(latency[:, pool], kind="stable")
        peers.append(nearest[(latency[nearest, pool] < NEVER) & (nearest != pool)])
    return PoolNetwork(latency, tuple(peers), tuple(latency[nodes] for nodes in peers))


def run_race(seed: int, interval_s: float, blocks: int, has_relay: bool) -> Race:
    """Let the pools find so many blocks at an interval, with sizes in proportion to it, and see which are stale."""
    network = build_pool_network(seed)
    interval_us = round(interval_s * 10**6)
    mean_us = interval_us * WAITING_NUMERATOR // WAITING_DENOMINATOR * 1000 // sum(POOL_SHARES)
    bounds = np.cumsum(POOL_SHARES).tolist()
    raced: list[RacedBlock] = []
    now_us = 0
    for number in range(blocks):
        now_us += draw_exponential(seed, mean_us, "pool-race/wait", number)
        pool = draw_weighted(seed, bounds, "pool-race/winner", number)
        kilobytes = BLOCK_KILOBYTES[draw_below(seed, len(BLOCK_KILOBYTES), "pool-race/size", number)]
        size_bytes = max(kilobytes * interval_us // (INTERVAL_S * 1000), TRANSACTION_BYTES) + HEADER_BYTES
        parent = _choose_head(raced, pool, now_us)
        if has_relay:
            valid_us = _spread_short(network, pool, now_us, size_bytes)
        else:
            valid_us = _spread_full(network, raced, pool, now_us, size_bytes)
        if parent >= 0:
            valid_us = np.maximum(valid_us, raced[parent].valid_us)
        height = raced[parent].height + 1 if parent >= 0 else 1
        tallest = max(height, raced[-1].tallest if raced else 0)
        raced.append(RacedBlock(pool, parent, height, tallest, now_us, _compute_upload_us(size_bytes), valid_us))
    return Race(tuple(raced), _find_stale(raced))


def _choose_head(raced: list[RacedBlock], pool: int, now_us: int) -> int:
    """Return the highest block the pool knows, of several the one it knew first; −1 for none."""
    chosen, rank = -1, (0, 0)
    for index in range(len(raced) - 1, -1, -1):
        block = raced[index]
        if -block.tallest > rank[0]:
            break
        known_us = block.valid_us.item(pool)
        if known_us <= now_us and (-block.height, known_us) < rank:
            chosen, rank = index, (-block.height, known_us)
    return chosen


def _find_stale(raced: list[RacedBlock]) -> tuple[bool, ...]:
    is_stale, index = [True] * len(raced), max(range(len(raced)), key=lambda it: (raced[it].height, -it))
    while index >= 0:
        is_stale[index] = False
        index = raced[index].parent
    return tuple(is_stale)


def _compute_upload_us(size_bytes: int) -> int:
    return size_bytes * 10**6 // UPLOAD_BYTES_PER_S


def _compute_receipt_us(size_bytes: int, full_bytes: int) -> int:
    """Return what remains once the first byte is there: the transfer, and validation of the full block."""
    return _compute_upload_us(size_bytes + MESSAGE_BYTES) + VALIDATION_US * full_bytes // VALIDATED_BYTES


def _spread_short(network: PoolNetwork, pool: int, now_us: int, size_bytes: int) -> IntArray:
    """Return when each pool has a block that the relay network sends in short form."""
    transactions = (size_bytes - HEADER_BYTES) // TRANSACTION_BYTES
    short_bytes = HEADER_BYTES + SHORT_TRANSACTION_BYTES * transactions
    latency_us = network.by_peer[: len(POOL_SHARES), pool]
    valid_us = now_us + _compute_upload_us(short_bytes) + latency_us + _compute_receipt_us(short_bytes, size_bytes)
    valid_us[pool] = now_us
    return np.asarray(valid_us)


def _spread_full(network: PoolNetwork, raced: list[RacedBlock], pool: int, now_us: int, size_bytes: int) -> IntArray:
    """Return when each pool has a block that it asks for and waits its turn to get."""
    peers = network.peers[pool]
    latency_us, upload_us = network.by_peer[peers, pool], _compute_upload_us(size_bytes)
    asked_us = now_us + 2 * latency_us  # announced, and asked for
    before_us, before_uploads = _get_load(network, raced, pool, now_us)
    if len(before_us):
        arrivals, uploads = np.concatenate([asked_us, before_us]), np.full(len(peers) + len(before_us), upload_us)
        uploads[len(peers) :] = before_uploads
        order = np.argsort(arrivals, kind="stable")
        begins = np.empty(len(order), dtype=np.int64)
        begins[order] = _compute_begins(arrivals[order], uploads[order])
    else:
        begins = _compute_begins(asked_us, np.full(len(peers), upload_us))
    is_pool = peers < len(POOL_SHARES)
    valid_us = np.full(len(POOL_SHARES), now_us, dtype=np.int64)
    receipt_us = _compute_receipt_us(size_bytes, size_bytes)
    valid_us[peers[is_pool]] = begins[: len(peers)][is_pool] + latency_us[is_pool] + receipt_us
    return valid_us


def _compute_begins(arrivals: IntArray, uploads: IntArray) -> IntArray:
    """Return when each upload begins: first come, first served, one at a time."""
    ends = np.cumsum(uploads)
    begins: IntArray = np.maximum.accumulate(arrivals - (ends - uploads)) + (ends - uploads)
    return begins


def _get_load(network: PoolNetwork, raced: list[RacedBlock], pool: int, now_us: int) -> tuple[IntArray, IntArray]:
    """Return when requests for earlier blocks arrive at a pool that may still be busy with them, and their uploads."""
    arrivals, uploads = [np.zeros(0, dtype=np.int64)], [np.zeros(0, dtype=np.int64)]
    for block in reversed(raced[-RECENT_BLOCKS:]):
        done_us = CONNECTIONS * block.upload_us + 2 * LONGEST_LATENCY_US  # after it is heard of
        if block.found_us + 2 * done_us < now_us:
            break
        if block.valid_us.item(pool) + done_us < now_us:
            continue
        asked_us = _get_requests(network, block, pool)
        arrivals.append(asked_us)
        uploads.append(np.full(len(asked_us), block.upload_us))
    return np.concatenate(arrivals), np.concatenate(uploads)


def _get_requests(network: PoolNetwork, block: RacedBlock, pool: int) -> IntArray:
    """Return when requests for a block arrive at a pool: of all its peers, or of those who hear of it there first."""
    latencies = network.latencies[pool]
    own_us = latencies[:, pool]
    if block.pool != pool:
        offers = latencies + block.valid_us
        own_us = own_us[(latencies[:, block.pool] == NEVER) & (offers.min(axis=1) == offers[:, pool])]
    asked_us: IntArray = block.valid_us.item(pool) + 2 * own_us
    return asked_us

"""Sixteen pools race: the mechanism of Gervais et al., piece by piece, and their stale rates."""

import os

import numpy as np
import pytest

from chain.lab.checks_stale import PUBLISHED_RACES
from chain.lab.pool_race import (
    CONNECTIONS,
    NEVER,
    POOL_REGIONS,
    POOL_SHARES,
    _compute_begins,
    build_pool_network,
    run_race,
)

IS_FULL = bool(os.environ.get("CHAINROOM_FULL"))


def test_a_pool_has_seven_hundred_peers_and_all_other_pools_among_them() -> None:
    network, pools = build_pool_network(5), len(POOL_SHARES)
    assert all(len(peers) == CONNECTIONS for peers in network.peers)
    assert (network.by_peer[:pools] < NEVER).all()
    assert (network.by_peer[:pools] == network.by_peer[:pools].T).all()
    for pool, peers in enumerate(network.peers):
        assert pool not in peers
        assert (np.diff(network.by_peer[peers, pool]) >= 0).all()  # the nearest asks first


def test_uploads_follow_one_another_in_the_order_of_requests() -> None:
    begins = _compute_begins(np.array([0, 1, 2, 50]), np.array([10, 10, 10, 10]))
    assert begins.tolist() == [0, 10, 20, 50]


def test_who_is_across_the_ocean_comes_last() -> None:
    """What an Asian pool finds: other Asian pools have it within seconds, American ones half a minute later."""
    race = run_race(2, 600, 300, has_relay=False)
    asian = [pool for pool, region in enumerate(POOL_REGIONS) if region == "AP"]
    american = [pool for pool, region in enumerate(POOL_REGIONS) if region == "NA"]
    waits = [
        [
            np.median([block.valid_us[pool] - block.found_us for pool in others if pool != block.pool])
            for others in (asian, american)
        ]
        for block in race.blocks
        if block.pool in asian and block.upload_us > 40_000
    ]
    near_s, far_s = (float(np.median(column)) / 10**6 for column in zip(*waits, strict=True))
    assert near_s < 5
    assert 15 < far_s < 60


def test_a_relay_network_takes_latency_and_validation_only() -> None:
    race = run_race(2, 600, 200, has_relay=True)
    longest_us = max(int(block.valid_us.max()) - block.found_us for block in race.blocks)
    assert longest_us < 2_000_000
    assert race.get_stale_share() < 0.02


def test_the_branch_of_greatest_height_stays() -> None:
    race = run_race(3, 1, 400, has_relay=False)
    kept = [block for block, is_stale in zip(race.blocks, race.is_stale, strict=True) if not is_stale]
    assert [block.height for block in kept] == list(range(1, len(kept) + 1))
    for block in race.blocks:
        if block.parent >= 0:
            parent = race.blocks[block.parent]
            assert parent.height == block.height - 1
            assert int(parent.valid_us[block.pool]) <= block.found_us
    assert sum(race.get_stale_share_of(pool)[1] for pool in range(16)) == 400


def test_large_pools_lose_fewer_blocks() -> None:
    race = run_race(4, 5, 4_000, has_relay=False)
    largest, _ = race.get_stale_share_of(0)
    others = [race.get_stale_share_of(pool)[0] for pool in (3, 5)]  # American ones
    assert largest < min(others)


ROWS = [(600, False), (10, False), (2, False), (10, True), (1, True)]
ALL_ROWS = [(interval_s, has_relay) for has_relay, rows in PUBLISHED_RACES.items() for interval_s in rows]


@pytest.mark.statistics
@pytest.mark.parametrize(("interval_s", "has_relay"), ALL_ROWS if IS_FULL else ROWS)
def test_stale_shares_are_those_published(interval_s: float, has_relay: bool) -> None:
    """Within four standard errors of both, and 15 per cent where as many as fifty blocks were counted."""
    published = PUBLISHED_RACES[has_relay][interval_s] / 100
    blocks = min(100_000, round((1_500 if IS_FULL else 150) / published))
    share = run_race(6, interval_s, blocks, has_relay).get_stale_share()
    error = (2 * published * (1 / blocks + 1 / 10_000)) ** 0.5
    assert abs(share - published) < 4 * error
    if IS_FULL and published >= 0.005:
        assert share == pytest.approx(published, rel=0.15)

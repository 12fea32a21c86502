"""Which pools lose blocks to others when all are the same delay apart."""

import pytest

from chain.theory.mining import compute_stale_share
from chain.theory.pools import compute_pool_stale_shares


def test_equal_pools_lose_what_many_miners_lose_less_their_own_share() -> None:
    pools = 16
    shares = compute_pool_stale_shares([1 / pools] * pools, 0.001)
    assert shares[0] == pytest.approx(compute_stale_share(0.001, pools), rel=0.01)


def test_all_together_lose_one_of_each_two_rivals() -> None:
    """Two blocks within a delay by different pools: one of them is stale. So many pairs there are, one way round."""
    sizes = [0.289, 0.196, 0.159, 0.133, 0.223]
    stale = sum(size * lost for size, lost in zip(sizes, compute_pool_stale_shares(sizes, 0.01), strict=True))
    assert stale == pytest.approx(0.01 * (1 - sum(size * size for size in sizes)))


def test_the_larger_lose_less() -> None:
    shares = compute_pool_stale_shares([0.5, 0.3, 0.15, 0.05], 0.02)
    assert shares == sorted(shares)
    assert compute_pool_stale_shares([1.0], 0.02) == [0.0]

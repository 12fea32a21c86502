# pragma version ^0.4.0
"""
@title A price averaged over time
@notice Says what a token cost in a pool on average over the last full period. Whoever wants to move it must hold the
        pool away from its price for a good part of the period, while everybody else is free to trade it back: a
        moment's manipulation, as with a flash loan, lasts for no seconds and counts for nothing.
@dev Source: Uniswap v2 periphery, ExampleOracleSimple. Somebody must call `update` once a period; after two periods
     without, the price is too old to be told. The price is that of 10**18 units of the token, in units of the other.
"""

interface Pool:
    def token0() -> address: view
    def token1() -> address: view
    def getReserves() -> (uint256, uint256, uint256): view
    def price0CumulativeLast() -> uint256: view
    def price1CumulativeLast() -> uint256: view

event Updated:
    price: uint256

pool: public(immutable(address))
token: public(immutable(address))
period_s: public(immutable(uint256))
is_token0: immutable(bool)

cumulative_last: public(uint256)
updated_at_s: public(uint256)
average: uint256  # with 112 binary digits after the point; 0 before the first update


@deploy
def __init__(pool_: address, token_: address, period_s_: uint256):
    assert token_ in [staticcall Pool(pool_).token0(), staticcall Pool(pool_).token1()], "not a token of this pool"
    assert period_s_ > 0, "no period"
    pool = pool_
    token = token_
    period_s = period_s_
    is_token0 = token_ == staticcall Pool(pool_).token0()
    self.cumulative_last = self._get_cumulative()
    self.updated_at_s = block.timestamp


@external
def update():
    """
    @notice Take the average since the last update as the price; at most once a period. Anybody may.
    """
    elapsed_s: uint256 = block.timestamp - self.updated_at_s
    assert elapsed_s >= period_s, "too early"
    cumulative: uint256 = self._get_cumulative()
    self.average = unsafe_sub(cumulative, self.cumulative_last) // elapsed_s
    self.cumulative_last = cumulative
    self.updated_at_s = block.timestamp
    log Updated(price=self._get_price())


@external
@view
def price() -> uint256:
    """
    @notice What 10**18 units of the token cost on average. Refused before the first update and when it is too old.
    """
    assert self.average > 0, "no price yet"
    assert block.timestamp - self.updated_at_s <= 2 * period_s, "price too old"
    return self._get_price()


@internal
@view
def _get_price() -> uint256:
    return (self.average * 10**18) >> 112


@internal
@view
def _get_cumulative() -> uint256:
    """
    @dev The pool's accumulator as it would be if the pool were called now.
    """
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    time_s: uint256 = 0
    reserve0, reserve1, time_s = staticcall Pool(pool).getReserves()
    assert reserve0 > 0 and reserve1 > 0, "empty pool"
    elapsed_s: uint256 = block.timestamp - time_s
    if is_token0:
        price0: uint256 = (reserve1 << 112) // reserve0
        return unsafe_add(staticcall Pool(pool).price0CumulativeLast(), unsafe_mul(price0, elapsed_s))
    price1: uint256 = (reserve0 << 112) // reserve1
    return unsafe_add(staticcall Pool(pool).price1CumulativeLast(), unsafe_mul(price1, elapsed_s))

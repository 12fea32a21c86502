# pragma version ^0.4.0
"""
@title A price that anybody can move for a moment
@notice Says what a token costs in a pool right now. That is cheap and always fresh, and whoever has enough tokens for
        one transaction, if only borrowed in a flash, makes it say anything. Ask it for a chart, never for a loan.
@dev The mistake that the oracle attack shows. The price is that of 10**18 units of the token, in units of the other.
"""

interface Pool:
    def token0() -> address: view
    def token1() -> address: view
    def getReserves() -> (uint256, uint256, uint256): view

pool: public(immutable(address))
token: public(immutable(address))


@deploy
def __init__(pool_: address, token_: address):
    assert token_ in [staticcall Pool(pool_).token0(), staticcall Pool(pool_).token1()], "not a token of this pool"
    pool = pool_
    token = token_


@external
@view
def price() -> uint256:
    """
    @notice What 10**18 units of the token cost at this moment.
    """
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    time_s: uint256 = 0
    reserve0, reserve1, time_s = staticcall Pool(pool).getReserves()
    if token == staticcall Pool(pool).token0():
        return reserve1 * 10**18 // reserve0
    return reserve0 * 10**18 // reserve1

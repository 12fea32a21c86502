# pragma version ^0.4.0
"""
@title Arbitrage without own money
@notice Two pools of the same tokens say different prices. This contract takes a token from the pool where it is
        cheap, before paying, sells it to the pool where it is dear, pays the first from that and leaves the rest to
        its caller. All in one transaction: if it does not pay, it never happened. Such traders are why pools agree.
@dev Source: Uniswap v2 periphery, ExampleFlashSwap. Only the pool called a moment ago may call back.
"""

from ethereum.ercs import IERC20

interface Pool:
    def token0() -> address: view
    def token1() -> address: view
    def getReserves() -> (uint256, uint256, uint256): view
    def swap(amount0Out: uint256, amount1Out: uint256, to: address, data: Bytes[1024]): nonpayable

event Gained:
    trader: indexed(address)
    token: indexed(address)
    amount: uint256

struct Plan:
    trader: address
    source: address  # the pool where the token is cheap
    target: address  # the pool where it is dear
    token: address

_plan: transient(Plan)


@external
@nonreentrant
def run(source: address, target: address, token: address, amount: uint256, least_gain: uint256) -> uint256:
    """
    @notice Buy an amount of a token in one pool and sell it in another; the caller gets the gain, in the other token.
    @return The gain.
    """
    token0: address = staticcall Pool(source).token0()
    other: address = staticcall Pool(source).token1() if token == token0 else token0
    self._plan = Plan(trader=msg.sender, source=source, target=target, token=token)
    if token == token0:
        extcall Pool(source).swap(amount, 0, self, b"pay later")
    else:
        extcall Pool(source).swap(0, amount, self, b"pay later")
    self._plan = empty(Plan)
    gain: uint256 = staticcall IERC20(other).balanceOf(self)
    assert gain >= least_gain, "less than the least"
    assert extcall IERC20(other).transfer(msg.sender, gain, default_return_value=True), "not transferred"
    log Gained(trader=msg.sender, token=other, amount=gain)
    return gain


@external
def uniswapV2Call(sender: address, amount0: uint256, amount1: uint256, data: Bytes[1024]):
    """
    @notice The pool has paid; sell what it paid and pay it.
    """
    plan: Plan = self._plan
    assert msg.sender == plan.source and sender == self, "not called"
    amount: uint256 = amount0 + amount1  # one of them is 0
    reserve_in: uint256 = 0
    reserve_out: uint256 = 0
    reserve_in, reserve_out = self._get_reserves(plan.target, plan.token)
    counted: uint256 = amount * 997
    got: uint256 = counted * reserve_out // (reserve_in * 1000 + counted)
    assert extcall IERC20(plan.token).transfer(plan.target, amount, default_return_value=True), "not transferred"
    token0: address = staticcall Pool(plan.target).token0()
    other: address = staticcall Pool(plan.target).token1() if plan.token == token0 else token0
    if plan.token == token0:
        extcall Pool(plan.target).swap(0, got, self, b"")
    else:
        extcall Pool(plan.target).swap(got, 0, self, b"")
    reserve_out, reserve_in = self._get_reserves(plan.source, plan.token)
    owed: uint256 = reserve_in * amount * 1000 // ((reserve_out - amount) * 997) + 1
    assert got >= owed, "no gain"
    assert extcall IERC20(other).transfer(plan.source, owed, default_return_value=True), "not transferred"


@internal
@view
def _get_reserves(pool: address, token: address) -> (uint256, uint256):
    """
    @dev The reserve of the token, then of the other, as the pool remembers them.
    """
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    time_s: uint256 = 0
    reserve0, reserve1, time_s = staticcall Pool(pool).getReserves()
    if token == staticcall Pool(pool).token0():
        return reserve0, reserve1
    return reserve1, reserve0

# pragma version ^0.4.0
"""
@title The counter in front of the pools
@notice Pools take what lies there and ask no questions; the router makes that safe. It takes your tokens (approve it
        first), sends them to the pool and calls it in the same transaction, and undoes everything if you would get
        less than you said, or if it is later than you said. Between the price you saw and the block your trade lands
        in others trade too: the least you take is your protection, and what a sandwich feeds on if you set it low.
@dev Source: Uniswap v2 periphery, UniswapV2Library and UniswapV2Router02, to the unit. There the pools of a path are
     found through a factory; here the caller names them.
"""

from ethereum.ercs import IERC20

interface Pool:
    def token0() -> address: view
    def token1() -> address: view
    def getReserves() -> (uint256, uint256, uint256): view
    def mint(to: address) -> uint256: nonpayable
    def burn(to: address) -> (uint256, uint256): nonpayable
    def swap(amount0Out: uint256, amount1Out: uint256, to: address, data: Bytes[1024]): nonpayable
    def transferFrom(owner: address, receiver: address, amount: uint256) -> bool: nonpayable

MAX_POOLS: constant(uint256) = 4


@external
@nonreentrant
def add_liquidity(
    pool: address,
    wanted0: uint256,
    wanted1: uint256,
    least0: uint256,
    least1: uint256,
    to: address,
    deadline_s: uint256,
) -> (uint256, uint256, uint256):
    """
    @notice Bring tokens to a pool, in its present ratio: all of one and what of the other belongs to it.
    @return The amounts brought and the shares given.
    """
    assert block.timestamp <= deadline_s, "too late"
    amount0: uint256 = wanted0
    amount1: uint256 = wanted1
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    reserve0, reserve1 = self._get_reserves(pool, staticcall Pool(pool).token0())
    if reserve0 > 0 or reserve1 > 0:
        amount1 = self._quote(wanted0, reserve0, reserve1)
        if amount1 > wanted1:
            amount0 = self._quote(wanted1, reserve1, reserve0)
            amount1 = wanted1
    assert amount0 >= least0, "less of token 0"
    assert amount1 >= least1, "less of token 1"
    self._take(staticcall Pool(pool).token0(), pool, amount0)
    self._take(staticcall Pool(pool).token1(), pool, amount1)
    return amount0, amount1, extcall Pool(pool).mint(to)


@external
@nonreentrant
def remove_liquidity(
    pool: address, liquidity: uint256, least0: uint256, least1: uint256, to: address, deadline_s: uint256
) -> (uint256, uint256):
    """
    @notice Turn shares of a pool back into its tokens.
    @return The amounts of token 0 and token 1.
    """
    assert block.timestamp <= deadline_s, "too late"
    self._take(pool, pool, liquidity)
    amount0: uint256 = 0
    amount1: uint256 = 0
    amount0, amount1 = extcall Pool(pool).burn(to)
    assert amount0 >= least0, "less of token 0"
    assert amount1 >= least1, "less of token 1"
    return amount0, amount1


@external
@nonreentrant
def swap_exact_in(
    amount_in: uint256,
    least_out: uint256,
    token_in: address,
    pools: DynArray[address, MAX_POOLS],
    to: address,
    deadline_s: uint256,
) -> uint256:
    """
    @notice Give exactly so much of a token, through one pool or several, for at least so much at the end.
    @return What the receiver gets.
    """
    assert block.timestamp <= deadline_s, "too late"
    amounts: DynArray[uint256, MAX_POOLS + 1] = self._get_amounts_out(amount_in, token_in, pools)
    assert amounts[len(pools)] >= least_out, "less than the least"
    self._swap(amounts, token_in, pools, to)
    return amounts[len(pools)]


@external
@nonreentrant
def swap_exact_out(
    amount_out: uint256,
    most_in: uint256,
    token_in: address,
    pools: DynArray[address, MAX_POOLS],
    to: address,
    deadline_s: uint256,
) -> uint256:
    """
    @notice Get exactly so much at the end, for at most so much of a token.
    @return What it cost.
    """
    assert block.timestamp <= deadline_s, "too late"
    amounts: DynArray[uint256, MAX_POOLS + 1] = self._get_amounts_in(amount_out, token_in, pools)
    assert amounts[0] <= most_in, "more than the most"
    self._swap(amounts, token_in, pools, to)
    return amounts[0]


@external
@pure
def quote(amount: uint256, reserve: uint256, other_reserve: uint256) -> uint256:
    """
    @notice What belongs to an amount in the ratio of two reserves, without fee.
    """
    return self._quote(amount, reserve, other_reserve)


@external
@pure
def getAmountOut(amount_in: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256:
    """
    @notice What a pool gives for an amount.
    """
    return self._get_amount_out(amount_in, reserve_in, reserve_out)


@external
@pure
def getAmountIn(amount_out: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256:
    """
    @notice What a pool takes for an amount.
    """
    return self._get_amount_in(amount_out, reserve_in, reserve_out)


@external
@view
def get_amounts_out(
    amount_in: uint256, token_in: address, pools: DynArray[address, MAX_POOLS]
) -> DynArray[uint256, MAX_POOLS + 1]:
    """
    @notice What comes out behind each pool now.
    """
    return self._get_amounts_out(amount_in, token_in, pools)


@external
@view
def get_amounts_in(
    amount_out: uint256, token_in: address, pools: DynArray[address, MAX_POOLS]
) -> DynArray[uint256, MAX_POOLS + 1]:
    """
    @notice What must go in before each pool now.
    """
    return self._get_amounts_in(amount_out, token_in, pools)


@internal
@pure
def _quote(amount: uint256, reserve: uint256, other_reserve: uint256) -> uint256:
    assert amount > 0, "no amount"
    assert reserve > 0 and other_reserve > 0, "empty pool"
    return amount * other_reserve // reserve


@internal
@pure
def _get_amount_out(amount_in: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256:
    assert amount_in > 0, "no amount"
    assert reserve_in > 0 and reserve_out > 0, "empty pool"
    counted: uint256 = amount_in * 997  # the fee of 3/1000 does not count
    return counted * reserve_out // (reserve_in * 1000 + counted)


@internal
@pure
def _get_amount_in(amount_out: uint256, reserve_in: uint256, reserve_out: uint256) -> uint256:
    assert amount_out > 0, "no amount"
    assert reserve_in > 0 and reserve_out > 0, "empty pool"
    assert amount_out < reserve_out, "more than the pool has"
    return reserve_in * amount_out * 1000 // ((reserve_out - amount_out) * 997) + 1


@internal
@view
def _get_reserves(pool: address, token_in: address) -> (uint256, uint256):
    """
    @dev The reserve of the token given first, then of the other.
    """
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    time_s: uint256 = 0
    reserve0, reserve1, time_s = staticcall Pool(pool).getReserves()
    if token_in == staticcall Pool(pool).token0():
        return reserve0, reserve1
    assert token_in == staticcall Pool(pool).token1(), "not a token of this pool"
    return reserve1, reserve0


@internal
@view
def _get_other(pool: address, token: address) -> address:
    token0: address = staticcall Pool(pool).token0()
    return staticcall Pool(pool).token1() if token == token0 else token0


@internal
@view
def _get_amounts_out(
    amount_in: uint256, token_in: address, pools: DynArray[address, MAX_POOLS]
) -> DynArray[uint256, MAX_POOLS + 1]:
    assert len(pools) > 0, "no pool"
    amounts: DynArray[uint256, MAX_POOLS + 1] = [amount_in]
    token: address = token_in
    for pool: address in pools:
        reserve_in: uint256 = 0
        reserve_out: uint256 = 0
        reserve_in, reserve_out = self._get_reserves(pool, token)
        amounts.append(self._get_amount_out(amounts[len(amounts) - 1], reserve_in, reserve_out))
        token = self._get_other(pool, token)
    return amounts


@internal
@view
def _get_amounts_in(
    amount_out: uint256, token_in: address, pools: DynArray[address, MAX_POOLS]
) -> DynArray[uint256, MAX_POOLS + 1]:
    """
    @dev Forwards to learn the tokens before each pool, then backwards to learn the amounts.
    """
    assert len(pools) > 0, "no pool"
    tokens: DynArray[address, MAX_POOLS + 1] = [token_in]
    amounts: DynArray[uint256, MAX_POOLS + 1] = [amount_out]
    for pool: address in pools:
        tokens.append(self._get_other(pool, tokens[len(tokens) - 1]))
        amounts.append(amount_out)
    for step: uint256 in range(len(pools), bound=MAX_POOLS):
        place: uint256 = len(pools) - 1 - step
        reserve_in: uint256 = 0
        reserve_out: uint256 = 0
        reserve_in, reserve_out = self._get_reserves(pools[place], tokens[place])
        amounts[place] = self._get_amount_in(amounts[place + 1], reserve_in, reserve_out)
    return amounts


@internal
def _swap(
    amounts: DynArray[uint256, MAX_POOLS + 1], token_in: address, pools: DynArray[address, MAX_POOLS], to: address
):
    """
    @dev Each pool pays the next one, the last one the receiver.
    """
    self._take(token_in, pools[0], amounts[0])
    token: address = token_in
    for place: uint256 in range(len(pools), bound=MAX_POOLS):
        pool: address = pools[place]
        amount: uint256 = amounts[place + 1]
        receiver: address = to if place + 1 == len(pools) else pools[place + 1]
        if token == staticcall Pool(pool).token0():
            extcall Pool(pool).swap(0, amount, receiver, b"")
        else:
            extcall Pool(pool).swap(amount, 0, receiver, b"")
        token = self._get_other(pool, token)


@internal
def _take(token: address, receiver: address, amount: uint256):
    moved: bool = extcall IERC20(token).transferFrom(msg.sender, receiver, amount, default_return_value=True)
    assert moved, "not transferred"

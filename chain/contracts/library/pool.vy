# pragma version ^0.4.0
"""
@title An exchange without anybody on the other side
@notice Two tokens lie in the pool, and the product of the two amounts may never fall. Whoever puts in one may take
        out so much of the other; the more is taken, the dearer it gets. 0.3 % of what is put in stays, for those who
        brought the tokens. They hold shares of the pool, which are a token too. This contract trusts nobody: it looks
        at what lies here and compares it with what it remembers. People use the router, which sends tokens here and
        calls in one go; tokens sent without a call belong to whoever calls next.
@dev Source: Uniswap v2 core, UniswapV2Pair, with its names and to the unit: fee, shares, the first 1000 shares that
     nobody gets, flash swaps, price accumulators, and the sixth of the fee that can be switched on. Whitepaper: H.
     Adams, N. Zinsmeister, D. Robinson, "Uniswap v2 Core", 2020. Without factory, permit and packing into one slot.
"""

from ethereum.ercs import IERC20

implements: IERC20

interface UniswapV2Callee:
    def uniswapV2Call(sender: address, amount0: uint256, amount1: uint256, data: Bytes[1024]): nonpayable

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

event Mint:
    sender: indexed(address)
    amount0: uint256
    amount1: uint256

event Burn:
    sender: indexed(address)
    amount0: uint256
    amount1: uint256
    to: indexed(address)

event Swap:
    sender: indexed(address)
    amount0In: uint256
    amount1In: uint256
    amount0Out: uint256
    amount1Out: uint256
    to: indexed(address)

event Sync:
    reserve0: uint112
    reserve1: uint112

MINIMUM_LIQUIDITY: public(constant(uint256)) = 1000
MAX_RESERVE: constant(uint256) = 2**112 - 1

token0: public(immutable(address))
token1: public(immutable(address))
name: public(constant(String[32])) = "Pool share"
symbol: public(constant(String[8])) = "POOL"
decimals: public(constant(uint8)) = 18

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])

reserve0: public(uint256)  # what the pool remembers of each token; what lies here can be more
reserve1: public(uint256)
price0CumulativeLast: public(uint256)  # price of token 0 in token 1 (112 binary digits after the point) times seconds
price1CumulativeLast: public(uint256)
blockTimestampLast: public(uint256)
kLast: public(uint256)  # product of the reserves after the last change of liquidity, while the sixth is taken
feeTo: public(address)  # who gets a sixth of the growth; nobody at first
feeToSetter: public(immutable(address))


@deploy
def __init__(token0_: address, token1_: address):
    assert token0_ != token1_, "the same token"
    token0 = token0_
    token1 = token1_
    feeToSetter = msg.sender


@external
@view
def getReserves() -> (uint256, uint256, uint256):
    """
    @notice Both reserves and the time of the last change in seconds.
    """
    return self.reserve0, self.reserve1, self.blockTimestampLast


@external
@nonreentrant
def mint(to: address) -> uint256:
    """
    @notice Give shares for the tokens that have come since the last call: as large a part of the pool as they are.
    @return The number of new shares.
    """
    balance0: uint256 = 0
    balance1: uint256 = 0
    balance0, balance1 = self._get_balances()
    amount0: uint256 = balance0 - self.reserve0
    amount1: uint256 = balance1 - self.reserve1
    self._mint_fee()
    liquidity: uint256 = 0
    if self.totalSupply == 0:
        # nobody gets the first 1000, so that a share can never be made too dear to buy one
        liquidity = isqrt(amount0 * amount1) - MINIMUM_LIQUIDITY
        self._mint(empty(address), MINIMUM_LIQUIDITY)
    else:
        liquidity = min(amount0 * self.totalSupply // self.reserve0, amount1 * self.totalSupply // self.reserve1)
    assert liquidity > 0, "no shares for that"
    self._mint(to, liquidity)
    self._update(balance0, balance1)
    self._remember_k()
    log Mint(sender=msg.sender, amount0=amount0, amount1=amount1)
    return liquidity


@external
@nonreentrant
def burn(to: address) -> (uint256, uint256):
    """
    @notice Give back tokens for the shares that were sent here: the part of the pool that they are.
    @return The amounts of token 0 and token 1.
    """
    balance0: uint256 = 0
    balance1: uint256 = 0
    balance0, balance1 = self._get_balances()
    liquidity: uint256 = self.balanceOf[self]
    self._mint_fee()
    amount0: uint256 = liquidity * balance0 // self.totalSupply
    amount1: uint256 = liquidity * balance1 // self.totalSupply
    assert amount0 > 0 and amount1 > 0, "no tokens for that"
    self.balanceOf[self] = 0
    self.totalSupply -= liquidity
    log Transfer(sender=self, receiver=empty(address), amount=liquidity)
    self._pay(token0, to, amount0)
    self._pay(token1, to, amount1)
    balance0, balance1 = self._get_balances()
    self._update(balance0, balance1)
    self._remember_k()
    log Burn(sender=msg.sender, amount0=amount0, amount1=amount1, to=to)
    return amount0, amount1


@external
@nonreentrant
def swap(amount0Out: uint256, amount1Out: uint256, to: address, data: Bytes[1024]):
    """
    @notice Take tokens out, if enough has come in for them: before, or, with data, during a call back to the receiver.
    @dev 3/1000 of what came in do not count; without them the product must not be less than before.
    """
    assert amount0Out > 0 or amount1Out > 0, "nothing asked"
    assert amount0Out < self.reserve0 and amount1Out < self.reserve1, "more than the pool has"
    assert to not in [token0, token1], "no receiver"
    self._pay(token0, to, amount0Out)  # paid on trust; what follows makes sure
    self._pay(token1, to, amount1Out)
    if len(data) > 0:
        extcall UniswapV2Callee(to).uniswapV2Call(msg.sender, amount0Out, amount1Out, data)
    balance0: uint256 = 0
    balance1: uint256 = 0
    balance0, balance1 = self._get_balances()
    left0: uint256 = self.reserve0 - amount0Out
    left1: uint256 = self.reserve1 - amount1Out
    amount0In: uint256 = balance0 - left0 if balance0 > left0 else 0
    amount1In: uint256 = balance1 - left1 if balance1 > left1 else 0
    assert amount0In > 0 or amount1In > 0, "nothing came in"
    product: uint256 = (balance0 * 1000 - amount0In * 3) * (balance1 * 1000 - amount1In * 3)
    assert product >= self.reserve0 * self.reserve1 * 1000**2, "product would fall"
    self._update(balance0, balance1)
    log Swap(
        sender=msg.sender,
        amount0In=amount0In,
        amount1In=amount1In,
        amount0Out=amount0Out,
        amount1Out=amount1Out,
        to=to,
    )


@external
@nonreentrant
def skim(to: address):
    """
    @notice Take what lies here beyond the reserves.
    """
    balance0: uint256 = 0
    balance1: uint256 = 0
    balance0, balance1 = self._get_balances()
    self._pay(token0, to, balance0 - self.reserve0)
    self._pay(token1, to, balance1 - self.reserve1)


@external
@nonreentrant
def sync():
    """
    @notice Remember what lies here, and let the price accumulators run up to now.
    """
    balance0: uint256 = 0
    balance1: uint256 = 0
    balance0, balance1 = self._get_balances()
    self._update(balance0, balance1)


@external
def setFeeTo(receiver: address):
    """
    @notice Let somebody have a sixth of the fees from now on; the zero address: nobody.
    """
    assert msg.sender == feeToSetter, "only the creator"
    self.feeTo = receiver


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Give away some of your shares.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let somebody take up to so many of your shares.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Take shares from an owner who has allowed it.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "more than allowed"
    self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, receiver, amount)
    return True


@internal
@view
def _get_balances() -> (uint256, uint256):
    return staticcall IERC20(token0).balanceOf(self), staticcall IERC20(token1).balanceOf(self)


@internal
def _update(balance0: uint256, balance1: uint256):
    """
    @dev Once a second at most, add price times time to the accumulators, at the price before this change. They may
         run over: only differences are ever used.
    """
    assert balance0 <= MAX_RESERVE and balance1 <= MAX_RESERVE, "too much for the pool"
    elapsed_s: uint256 = block.timestamp - self.blockTimestampLast
    if elapsed_s > 0 and self.reserve0 > 0 and self.reserve1 > 0:
        price0: uint256 = (self.reserve1 << 112) // self.reserve0
        price1: uint256 = (self.reserve0 << 112) // self.reserve1
        self.price0CumulativeLast = unsafe_add(self.price0CumulativeLast, unsafe_mul(price0, elapsed_s))
        self.price1CumulativeLast = unsafe_add(self.price1CumulativeLast, unsafe_mul(price1, elapsed_s))
    self.reserve0 = balance0
    self.reserve1 = balance1
    self.blockTimestampLast = block.timestamp
    log Sync(reserve0=convert(balance0, uint112), reserve1=convert(balance1, uint112))


@internal
def _mint_fee():
    """
    @dev If somebody gets the sixth: new shares for a sixth of the growth of the product's root since the last time.
    """
    if self.feeTo == empty(address) or self.kLast == 0:
        return
    root: uint256 = isqrt(self.reserve0 * self.reserve1)
    root_last: uint256 = isqrt(self.kLast)
    if root > root_last:
        liquidity: uint256 = self.totalSupply * (root - root_last) // (root * 5 + root_last)
        if liquidity > 0:
            self._mint(self.feeTo, liquidity)


@internal
def _remember_k():
    self.kLast = self.reserve0 * self.reserve1 if self.feeTo != empty(address) else 0


@internal
def _pay(token: address, receiver: address, amount: uint256):
    if amount > 0:
        assert extcall IERC20(token).transfer(receiver, amount, default_return_value=True), "not transferred"


@internal
def _mint(receiver: address, amount: uint256):
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, amount=amount)


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert receiver != empty(address), "no receiver"
    assert self.balanceOf[sender] >= amount, "more than there is"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, amount=amount)

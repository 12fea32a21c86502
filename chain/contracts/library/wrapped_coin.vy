# pragma version ^0.4.0
"""
@title The chain's own coins as a token
@notice Coins are no ERC-20 token, and pools and lending markets speak only ERC-20. This contract keeps your coins and
        gives you as many units of a token for them; give the token back and the coins are yours again.
        Every unit of the token is covered: the supply never exceeds the coins that lie here.
@dev Source: WETH9. Coins have nine decimals here.
"""

from ethereum.ercs import IERC20

implements: IERC20

event Transfer:
    sender: indexed(address)
    receiver: indexed(address)
    amount: uint256

event Approval:
    owner: indexed(address)
    spender: indexed(address)
    amount: uint256

name: public(constant(String[32])) = "Wrapped coin"
symbol: public(constant(String[8])) = "WCR"
decimals: public(constant(uint8)) = 9
totalSupply: public(uint256)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@external
@payable
def deposit():
    """
    @notice Turn the coins that come along into tokens.
    """
    self.totalSupply += msg.value
    self.balanceOf[msg.sender] += msg.value
    log Transfer(sender=empty(address), receiver=msg.sender, amount=msg.value)


@external
def withdraw(amount: uint256):
    """
    @notice Turn tokens back into coins.
    """
    assert self.balanceOf[msg.sender] >= amount, "more than there is"
    self.balanceOf[msg.sender] -= amount  # first the books, then the coins: whoever is paid may call again
    self.totalSupply -= amount
    log Transfer(sender=msg.sender, receiver=empty(address), amount=amount)
    raw_call(msg.sender, b"", value=amount)


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
